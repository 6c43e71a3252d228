//! Reads markets and knows no account: candles, indicators, conditions, regimes, strategies.
//!
//! Floats live here and leave only as a clamped `Score`, `Strength` or `Price`.
//! Absent on purpose: files, clocks, chance, threads, accounts, money.
#![deny(missing_docs)]

pub mod analyst;
pub mod book;
pub mod candle;
pub mod chain;
mod clamp;
pub mod conditions;
mod date;
pub mod earnings;
pub mod engine;
pub mod indicator;
pub mod learn;
pub mod options;
pub mod playbook;
pub mod rates;
pub mod regime;
pub mod roll;
pub mod session;
pub mod sizing;
pub mod table;
pub mod teaching;
