//! Contracts and options through analyst, desks and venue: against their backtest, and over a restart.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod parity;
mod restart;
mod world;
