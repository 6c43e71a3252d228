//! Chance that a seed repeats (SplitMix64, Steele, Lea and Flood 2014), and a secret that nothing
//! repeats.

use anyhow::{Context, Result};
use std::fs::File;
use std::io::Read;

/// A stream of chance.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A stream of its own for the `n`-th part of a run.
    pub(crate) fn part(&self, n: u64) -> Self {
        let mut part = Self(self.0 ^ (n + 1).wrapping_mul(0xd134_2543_de82_ef95));
        part.draw();
        part
    }

    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.draw() % (high.saturating_sub(low) + 1)
    }

    /// True once in `n` times.
    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.between(1, n) == 1
    }
}

/// 32 bytes of the system's chance, in hexadecimal digits.
pub(crate) fn secret() -> Result<String> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .context("no chance from the system")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_bounds_hold() {
        let draws = |seed| {
            let mut chance = Chance::new(seed).part(3);
            (0..200).map(|_| chance.between(5, 9)).collect::<Vec<_>>()
        };
        assert_eq!(draws(1), draws(1));
        assert_ne!(draws(1), draws(2));
        assert!((5..=9).all(|n| draws(1).contains(&n)));
        assert!(draws(1).iter().all(|n| (5..=9).contains(n)));
    }
}
