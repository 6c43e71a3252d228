//! A hash for order ids. The platform numbers orders itself, so nobody can choose ids that collide, and a
//! multiplication spreads a counter well enough. Not for anything that comes from outside.

use std::hash::{BuildHasherDefault, Hasher};

/// Builds the hash of a map by order id.
pub(super) type ByOrder = BuildHasherDefault<Fold>;

/// Multiplies by the golden ratio and brings the upper bits down.
#[derive(Debug, Default)]
pub(super) struct Fold(u64);

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }
    fn write_u64(&mut self, part: u64) {
        self.0 = (self.0 ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
