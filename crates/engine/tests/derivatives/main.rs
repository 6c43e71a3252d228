//! Contracts and options through analyst, desks and venue: against their backtest, and over restarts.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod families;
mod parity;
mod restart;
mod world;
