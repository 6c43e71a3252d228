//! Chance from the operating system, handed to the rooms that need it.

use nija_core::ports::{Entropy, EntropyError};

/// The system's generator.
pub(crate) struct System;

impl Entropy for System {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(bytes).map_err(|_| EntropyError)
    }
}
