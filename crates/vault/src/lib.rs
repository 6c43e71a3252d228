//! Seals and opens venue keys; the only crate in which a plain key exists.
//!
//! Promises: what was sealed for one place opens in no other, a wrong key is told apart from
//! altered bytes, and plain bytes are wiped when dropped. Absent: storage, clocks, chance (it is
//! handed in), any way to print a secret.
#![deny(missing_docs)]

mod context;
mod error;
mod keyring;
mod seal;
mod secret;

pub use context::{Context, Environment, Owner};
pub use error::Error;
pub use keyring::{Dek, DekId, Kek, KekId, Keyring, WrappedDek};
pub use secret::{SECRET_BYTES_MAX, Secret};
