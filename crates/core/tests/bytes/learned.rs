//! Samples of what was learned, as it travels with signals and orders.

use nija_core::words::insight::{Implied, Insight, Opinion};
use nija_core::words::money::{Pct, Price};
use nija_core::words::score::{Score, Strength};
use nija_core::words::signal::Signal;

pub(crate) fn insights() -> Vec<Insight> {
    let features = [500, -500, 0, 24, -24, 1, -1, i16::MIN];
    let opinion = Opinion { model: 20_248, score: Score::points(61), features };
    let weight = Strength::parts(2_500);
    let plain = Insight { weight, opinion: None, implied: None };
    let implied = Implied {
        spot: Price::whole(190),
        near: Pct::whole(80),
        near_days: 7,
        far: Pct::whole(50),
        far_days: 35,
        implied: Pct::whole(7),
        usual: Pct::whole(9),
        rate: Pct::whole(3),
    };
    vec![
        plain,
        Insight { opinion: Some(opinion), ..plain },
        Insight { implied: Some(implied), ..plain },
    ]
}

/// The same signal with each of them.
pub(crate) fn signals(of: Signal) -> impl Iterator<Item = Signal> {
    insights().into_iter().map(move |insight| Signal { insight: Some(insight), ..of })
}
