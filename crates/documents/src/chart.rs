//! Equity over time as a curve in a box of one by one, for whoever draws it.

use crate::figure::{date, dollars};
use nija_core::words::money::Money;
use nija_core::words::time::Timestamp;

/// More points than a page has dots for.
const POINTS_MAX: usize = 400;

/// A curve. Its points run from left to right within 0 to 1; 0 is the bottom.
pub(crate) struct Chart {
    pub(crate) title: String,
    /// The same in words, for those who do not see it.
    pub(crate) words: String,
    pub(crate) points: Vec<(f32, f32)>,
    /// The values at its top and at its bottom.
    pub(crate) high: String,
    pub(crate) low: String,
    /// What its left and right ends stand for.
    pub(crate) from: String,
    pub(crate) to: String,
}

impl Chart {
    /// The curve through instants and amounts in order; none for fewer than two instants.
    pub(crate) fn of(title: &str, values: &[(Timestamp, Money)]) -> Option<Self> {
        let (first, last) = (values.first()?, values.last()?);
        let time = last.0.since(first.0).0;
        if time <= 0 {
            return None;
        }
        let amounts = || values.iter().map(|(_, amount)| *amount);
        let (low, high) = (amounts().min()?, amounts().max()?);
        let range = high.raw() as f64 - low.raw() as f64;
        let place = |(at, amount): &(Timestamp, Money)| {
            let above = amount.raw() as f64 - low.raw() as f64;
            let height = if range > 0.0 { above / range } else { 0.5 };
            ((at.since(first.0).0 as f64 / time as f64) as f32, height as f32)
        };
        // The last point is always among them: it is the figure that everything else explains.
        let stride = values.len().div_ceil(POINTS_MAX);
        let sparse = values.iter().rev().step_by(stride);
        let mut points: Vec<(f32, f32)> = sparse.map(place).collect();
        points.reverse();
        let words = format!(
            "{title}, from {} on {} to {} on {}; lowest {}, highest {}.",
            dollars(first.1),
            date(first.0),
            dollars(last.1),
            date(last.0),
            dollars(low),
            dollars(high),
        );
        Some(Self {
            title: title.to_owned(),
            words,
            points,
            high: format!("highest {}", dollars(high)),
            low: format!("lowest {}", dollars(low)),
            from: date(first.0),
            to: date(last.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_fills_its_box_and_ends_with_the_last_value() {
        let values: Vec<(Timestamp, Money)> =
            (0..1_000).map(|n| (Timestamp(n), Money::whole(n as i32 % 7))).collect();
        let chart = Chart::of("Equity", &values).unwrap();
        assert!(chart.points.len() <= POINTS_MAX);
        assert_eq!(chart.points.last().unwrap(), &(1.0, (999 % 7) as f32 / 6.0));
        assert!(
            chart.points.iter().all(|(x, y)| (0.0..=1.0).contains(x) && (0.0..=1.0).contains(y))
        );
        assert_eq!((chart.low.as_str(), chart.high.as_str()), ("lowest $0.00", "highest $6.00"));
    }

    #[test]
    fn one_instant_is_no_curve_and_a_level_one_lies_in_the_middle() {
        assert!(Chart::of("", &[]).is_none());
        assert!(Chart::of("", &[(Timestamp(1), Money::ZERO)]).is_none());
        let level = [(Timestamp(0), Money::CENT), (Timestamp(9), Money::CENT)];
        assert_eq!(Chart::of("", &level).unwrap().points, [(0.0, 0.5), (1.0, 0.5)]);
    }
}
