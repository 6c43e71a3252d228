//! Samples of what was learned, as it travels with signals and orders.

use nija_core::words::insight::{Insight, Opinion};
use nija_core::words::score::{Score, Strength};
use nija_core::words::signal::Signal;

pub(crate) fn insights() -> Vec<Insight> {
    let features = [500, -500, 0, 24, -24, 1, -1, i16::MIN];
    let opinion = Opinion { model: 20_248, score: Score::points(61), features };
    let weight = Strength::parts(2_500);
    [None, Some(opinion)].map(|opinion| Insight { weight, opinion }).to_vec()
}

/// The same signal with each of them.
pub(crate) fn signals(of: Signal) -> impl Iterator<Item = Signal> {
    insights().into_iter().map(move |insight| Signal { insight: Some(insight), ..of })
}
