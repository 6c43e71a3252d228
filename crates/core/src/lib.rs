//! The exact core of NIJA: the words, the rules and the doors.
//!
//! Absent on purpose: floats, clocks, chance, threads, sockets, files. Time arrives with each input,
//! ids derive from the journal's numbers, and nothing here waits.
#![deny(clippy::float_arithmetic, missing_docs)]

pub mod allocation;
pub mod billing;
pub mod commit;
pub mod copy;
pub mod desk;
pub mod journal;
pub mod lanes;
pub mod ledger;
pub mod ports;
pub mod positions;
pub mod risk;
pub mod statement;
pub mod words;
