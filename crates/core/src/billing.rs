//! What is owed for what, and why: high-water marks and their fees, and what the house earned by them.

pub mod charges;
pub mod mark;
pub mod revenue;
