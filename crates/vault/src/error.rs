//! What can go wrong in the vault, and what to do about each. No variant carries secret bytes.

use crate::keyring::KekId;
use nija_core::ports::EntropyError;

/// Why the vault refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The commitment differs: another key, or sealed for another place.
    #[error("sealed under another key or for another place; check the key ring and the record")]
    WrongKey,
    /// The key is right and the bytes are not what was written.
    #[error("sealed bytes were altered; restore the record from a backup or ask for the key again")]
    Altered,
    /// The blob has no shape this version knows.
    #[error("not a sealed record of a known format; restore the record from a backup")]
    BadForm,
    /// The record names a master key that the ring does not hold.
    #[error("no master key {0} in the ring; add its file or finish the rewrap before removing it")]
    UnknownKek(KekId),
    /// Two master keys share a number, or none was given.
    #[error("a key ring needs between 1 and {max} master keys with different numbers")]
    BadRing {
        /// The most keys a ring holds.
        max: usize,
    },
    /// A master key that was never drawn at random.
    #[error("master key {0} is one repeated byte; draw 32 random bytes")]
    WeakKek(KekId),
    /// Empty, or longer than a venue key ever is.
    #[error("a secret has between 1 and {max} bytes; this one has {got}")]
    BadLength {
        /// Bytes offered.
        got: usize,
        /// The most that is sealed.
        max: usize,
    },
    /// No random bytes were to be had; nothing was sealed.
    #[error("no random bytes from the system; try again, and stop the process if it stays so")]
    NoEntropy,
}

impl From<EntropyError> for Error {
    fn from(_: EntropyError) -> Self {
        Self::NoEntropy
    }
}
