//! The language of each venue, and the conformance suite that all of them pass.
//!
//! Absent for now: any venue beyond NIJA's own simulated one, which lives with the engine.
#![deny(missing_docs)]

pub mod conformance;
