//! Drives analysts and desks: feeds, calendar, simulated venue.
#![deny(missing_docs)]

pub mod calendar;
pub mod feeds;
