//! What cash earns: rates of interest by the instant from which they may be used, and what a dollar that is lent
//! from day to day has become. Nobody sees a rate earlier.

mod table;

pub use table::{Table, read};

use nija_core::words::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Microseconds of a year.
const YEAR: f64 = 365.25 * Span::DAY.0 as f64;

/// A rate of interest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// From when it may be used, until the next one may.
    pub known_at: Timestamp,
    /// A year, as a fraction.
    pub yearly: f64,
}

/// Rates that nobody may know yet.
#[derive(Clone, Debug)]
pub struct Coming {
    /// The soonest last.
    rates: Vec<Rate>,
}

impl Coming {
    /// All of these.
    #[must_use]
    pub fn new(mut rates: Vec<Rate>) -> Self {
        rates.sort_by_key(|rate| rate.known_at);
        rates.reverse();
        Self { rates }
    }

    /// The next one that has become known by now.
    pub fn next(&mut self, now: Timestamp) -> Option<Rate> {
        self.rates.pop_if(|rate| rate.known_at <= now)
    }
}

/// A dollar that has been lent since the first rate became known, each day at the rate known then.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lent {
    /// The rate that holds, and what the dollar was worth when it became known.
    since: Option<(Rate, f64)>,
}

impl Lent {
    /// Learns about a rate.
    pub fn hear(&mut self, rate: &Rate) {
        let worth = self.worth(rate.known_at).unwrap_or(1.0);
        self.since = Some((*rate, worth));
    }

    /// What the dollar is worth; none while no rate is known.
    #[must_use]
    pub fn worth(&self, at: Timestamp) -> Option<f64> {
        let (rate, worth) = self.since?;
        let years = at.since(rate.known_at).0.max(0) as f64 / YEAR;
        Some(worth * (1.0 + rate.yearly).powf(years))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i32) -> Timestamp {
        Timestamp::of_day(day, Span::ZERO)
    }

    #[test]
    fn rates_come_in_the_order_of_their_times_and_not_before() {
        let rate = |at, yearly| Rate { known_at: day(at), yearly };
        let mut coming = Coming::new(vec![rate(3, 0.03), rate(1, 0.01), rate(3, 0.04)]);
        assert_eq!(coming.next(Timestamp(day(1).0 - 1)), None);
        assert_eq!(coming.next(day(2)), Some(rate(1, 0.01)));
        assert_eq!(coming.next(day(2)), None);
        // Of several that become known together the last one holds.
        assert_eq!(
            [coming.next(day(3)), coming.next(day(3))],
            [rate(3, 0.03), rate(3, 0.04)].map(Some)
        );
    }

    #[test]
    fn a_dollar_earns_what_was_known_each_day() {
        let mut lent = Lent::default();
        assert_eq!(lent.worth(day(0)), None);
        lent.hear(&Rate { known_at: day(0), yearly: 0.02 });
        assert_eq!(lent.worth(day(0)), Some(1.0));
        let years = |days: f64| days / 365.25;
        let first = 1.02f64.powf(years(100.0));
        assert!((lent.worth(day(100)).unwrap() - first).abs() < 1e-12);
        lent.hear(&Rate { known_at: day(100), yearly: 0.06 });
        let both = first * 1.06f64.powf(years(50.0));
        assert!((lent.worth(day(150)).unwrap() - both).abs() < 1e-12);
    }
}
