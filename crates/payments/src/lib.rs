//! How an invoice becomes money: Stripe, or a transfer that an admin confirms.
//!
//! Promises: nothing is charged twice for one attempt of one invoice; a webhook is believed only when signed,
//! fresh and about what we made; secrets are never printed. Absent: memory of what was told before, which is
//! the books' (one payment for each invoice and reference), clocks, and the environment.
#![deny(missing_docs)]

mod bounds;
pub mod stripe;
mod transfer;

pub use stripe::Stripe;
pub use transfer::Transfer;
