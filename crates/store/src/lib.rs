//! Keeps things: journal, snapshots, views and control data, in memory or in SQLite.
//!
//! Promises: an append that answered `Ok` survives a power cut, a number of the journal is written once, and
//! every read of a view is held to one tenant in SQL. Absent: rules of the business, and any other room.
#![deny(missing_docs)]

mod admission;
pub mod control;
mod error;
pub mod memory;
pub mod sqlite;
pub mod views;

pub use error::Error;
