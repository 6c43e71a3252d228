//! The platform as a whole: the real binary as a child process, spoken to over loopback, and the paper run held
//! to the backtest. Every wait has a deadline, and every child is gone when its test is.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod abuse;
mod attack;
mod backtests;
mod backup;
mod batch;
mod billing;
mod caller;
mod child;
mod copying;
mod demo;
mod evidence;
mod low_storage;
mod months;
mod parity;
mod paying;
mod regimes;
mod restart;
mod rolls;
mod signals;
mod tour;
mod watching;
mod worked;
