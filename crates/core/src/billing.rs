//! What the house is paid, and how: marks and fees, plans, subscriptions, invoices, revenue, the cost screen.
//! Pure rules: they say what is due and remember what happened. The desk books it and decides when.

pub mod bill;
pub mod cost;
pub mod fee;
pub mod invoice;
pub mod mark;
pub mod movement;
pub mod plans;
pub mod recurring;
pub mod revenue;
pub mod subscription;
