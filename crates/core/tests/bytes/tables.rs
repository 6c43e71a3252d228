//! Tables of tiers and plans as an operator may hand them in: what is read is sane, everything else refused.

use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::words::money::Pct;
use nija_core::words::tier::{DEFAULT_TABLE, TierTable};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// A shipped table with some characters replaced.
fn spoiled(table: &str, at: usize, length: usize, text: &str) -> String {
    let kept = |n| table.chars().take(n).collect::<String>();
    let start = at % table.chars().count();
    let rest: String = table.chars().skip(start + length).collect();
    [&kept(start), text, &rest].concat()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 256,
        rng_seed: RngSeed::Fixed(7),
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_table_makes_it_panic(at: u16, length in 0usize..40, text in ".{0,24}") {
        let _ = TierTable::parse(&text);
        let _ = Plans::parse(&text);
        let _ = TierTable::parse(&spoiled(DEFAULT_TABLE, at.into(), length, &text));
        if let Ok(plans) = Plans::parse(&spoiled(DEFAULT_PLANS, at.into(), length, &text)) {
            let rates = plans.performance();
            let all = rates.platform.saturating_add(rates.leader);
            prop_assert!(all <= Pct::whole(100), "{:?}", rates);
        }
    }
}
