//! Do turns or prices follow what followers are? Correlations with tier and order of joining, in standard deviations
//! of what a shuffle gives (Pitman 1937), by partition: who lives together has its turns together.

use nija_core::words::id::PartitionId;
use std::collections::BTreeMap;

/// A copy in the order of turns.
pub(super) struct Copied {
    pub(super) partition: PartitionId,
    /// When it began to follow, in its partition.
    pub(super) joined: f64,
    pub(super) tier: f64,
    pub(super) price: Option<f64>,
}

/// How far what was found is from what a shuffle gives.
#[derive(Default)]
pub(super) struct Fairness {
    pub(super) turn_by_tier: f64,
    pub(super) turn_by_joining: f64,
    pub(super) price_by_tier: f64,
    pub(super) price_by_joining: f64,
}

impl Fairness {
    pub(super) fn of(copies: impl Iterator<Item = Copied>) -> Self {
        let mut partitions = BTreeMap::<PartitionId, Vec<Copied>>::new();
        for copy in copies {
            partitions.entry(copy.partition).or_default().push(copy);
        }
        let over = |tie: fn(&[Copied]) -> f64| {
            let sum: f64 = partitions.values().map(|copies| tie(copies)).sum();
            sum / (partitions.len() as f64).sqrt()
        };
        Self {
            turn_by_tier: over(|copies| by_turn(copies, |copy| copy.tier)),
            turn_by_joining: over(|copies| by_turn(copies, |copy| copy.joined)),
            price_by_tier: over(|copies| by_price(copies, |copy| copy.tier)),
            price_by_joining: over(|copies| by_price(copies, |copy| copy.joined)),
        }
    }

    /// The farthest of them.
    pub(super) fn most(&self) -> f64 {
        let all =
            [self.turn_by_tier, self.turn_by_joining, self.price_by_tier, self.price_by_joining];
        all.into_iter().map(f64::abs).fold(0.0, f64::max)
    }
}

fn by_turn(copies: &[Copied], what: fn(&Copied) -> f64) -> f64 {
    tie(copies.iter().enumerate().map(|(turn, copy)| (turn as f64, what(copy))))
}

fn by_price(copies: &[Copied], what: fn(&Copied) -> f64) -> f64 {
    tie(copies.iter().filter_map(|copy| Some((copy.price?, what(copy)))))
}

/// Correlation times the root of the number of pairs less one: a shuffle gives 0, plus or minus 1.
fn tie(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    let pairs: Vec<(f64, f64)> = pairs.collect();
    let count = pairs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let sum =
        |of: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|p| of(p.0 - x, p.1 - y)).sum::<f64>();
    let spread = (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt();
    if spread > 0.0 { sum(&|x, y| x * y) / spread * (count - 1.0).sqrt() } else { 0.0 }
}
