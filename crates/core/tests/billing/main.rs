//! What must always hold of fees, invoices and subscriptions, on thousands of histories made by chance.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod corners;
mod costs;
mod house;
mod lives;
mod marks;
mod subscriptions;

use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;

/// As many histories as told, the same in every run.
fn histories(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(0x0b17),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}
