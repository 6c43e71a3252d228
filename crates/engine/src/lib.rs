//! Drives analysts and desks: feeds, the node with its group commit, recovery, gateway, views' projector,
//! simulated venue, backtest.
//!
//! Promises: nothing leaves before it is durable; a paper run and a backtest of the same events decide alike.
//! Absent: rules of money and risk (core), and any other room.
#![deny(missing_docs)]

pub mod audit;
pub mod backtest;
pub mod calendar;
pub mod cashier;
pub mod clock;
pub mod copier;
pub mod driver;
pub mod feeds;
pub mod gateway;
pub mod greeks;
pub mod latency;
pub mod node;
pub mod parity;
pub mod partitions;
pub mod projector;
pub mod recovery;
pub mod research;
pub mod sim;
pub mod trader;
