//! Carries notices from the desks to whoever listens. Promises to lose only what the journal still
//! has. Absent: truth. Nothing here is durable, so nothing may depend on having heard it.
#![deny(missing_docs)]

mod local;

pub use local::{CAPACITY, LocalBus};
