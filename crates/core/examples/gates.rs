//! How long a verdict and a split take, hot: nanoseconds each, the best of many runs.

use nija_core::allocation::allocate;
use nija_core::risk::approval::judge;
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::score::Score;
use nija_core::words::tier::{DEFAULT_TABLE, TableError, Tier, TierTable, Tolerance};
use std::hint::black_box;
use std::time::Instant;

#[path = "../tests/scene/calm.rs"]
mod calm;

const TIMES: u32 = 50_000;

fn best(mut once: impl FnMut()) -> f64 {
    let runs = (0..50).map(|_| {
        let began = Instant::now();
        (0..TIMES).for_each(|_| once());
        began.elapsed().as_secs_f64() * 1e9 / f64::from(TIMES)
    });
    runs.fold(f64::MAX, f64::min)
}

fn main() -> Result<(), TableError> {
    let facts = calm::calm();
    let judged = best(|| drop(black_box(judge(black_box(&facts)))));
    println!("judge_ns {judged:.1}");
    let table = TierTable::parse(DEFAULT_TABLE)?;
    let conditions = Conditions {
        regime: Some(Regime::TrendingUp),
        liquidity: Some(Score::points(90)),
        ..Conditions::default()
    };
    for tier in [Tier::Investor, Tier::Baller, Tier::Saver] {
        let rules = table.rules(tier);
        let split = || allocate(black_box(Some(&conditions)), rules, Tolerance::Conservative);
        let split = best(|| {
            let _ = black_box(split());
        });
        println!("allocate_ns {} {split:.1}", tier.name());
    }
    Ok(())
}
