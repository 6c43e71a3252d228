//! Double entry behind every movement of cash: an entry that does not balance cannot be made.

pub mod chart;
pub mod entry;
pub mod holdings;
