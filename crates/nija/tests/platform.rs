//! The platform as a whole: the real binary as a child process, spoken to over loopback, and the paper run held
//! to the backtest. Every wait has a deadline, and every child is gone when its test is.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "platform/abuse.rs"]
mod abuse;
#[path = "platform/caller.rs"]
mod caller;
#[path = "platform/child.rs"]
mod child;
#[path = "platform/demo.rs"]
mod demo;
#[path = "platform/parity.rs"]
mod parity;
#[path = "platform/restart.rs"]
mod restart;
#[path = "platform/tour.rs"]
mod tour;
