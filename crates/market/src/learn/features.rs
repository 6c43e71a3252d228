//! What a model may know of a share at a close, compared with all other shares of the day.
//!
//! Every number comes from closes and volumes up to that day. Each is replaced by its rank among the shares, from
//! -0.5 to 0.5, so that levels and crises do not matter, only who stands where. Sector and earnings surprise of
//! the design are left out: no feed here tells them point in time.

use crate::candle::Candle;
use crate::indicator::{LogReturns, Window};

/// How many numbers describe a share.
pub const FEATURES: usize = 8;

/// The numbers of one share on one day, in the order of [`NAMES`].
pub type Row = [f64; FEATURES];

/// What the numbers are. The first is the plain baseline.
pub const NAMES: [&str; FEATURES] = [
    "return of 12 months without the last",
    "return of 6 months without the last",
    "return of the last month",
    "close over the highest close of a year",
    "volatility of 60 days",
    "volume of 20 days over that of 120",
    "return of the last week",
    "largest daily return of the last month",
];

/// Sessions of a week, a month, half a year, a year.
const WEEK: usize = 5;
const MONTH: usize = 21;
const HALF: usize = 126;
const YEAR: usize = 252;

/// The recent past of one share.
#[derive(Clone, Debug)]
pub struct Past {
    closes: Window,
    year: Window,
    returns: LogReturns,
    quarter: Window,
    month: Window,
    volumes: Window,
    fresh: Window,
}

impl Default for Past {
    fn default() -> Self {
        Self {
            closes: Window::new(YEAR + 1),
            year: Window::new(YEAR),
            returns: LogReturns::default(),
            quarter: Window::new(60),
            month: Window::new(MONTH),
            volumes: Window::new(120),
            fresh: Window::new(20),
        }
    }
}

impl Past {
    /// Takes a closed daily candle. One without a positive close is ignored.
    pub fn push(&mut self, candle: &Candle) {
        let close = candle.close_f64();
        if close <= 0.0 {
            return;
        }
        self.closes.push(close);
        self.year.push(close);
        if let Some(one) = self.returns.push(close) {
            self.quarter.push(one);
            self.month.push(one);
        }
        self.volumes.push(candle.volume);
        self.fresh.push(candle.volume);
    }

    /// The numbers as they are; none before there is a year of closes. Without volume its trend is 0.
    #[must_use]
    pub fn row(&self) -> Option<Row> {
        let back = |n: usize| self.closes.back(n);
        let (now, week, month) = (back(0)?, back(WEEK)?, back(MONTH)?);
        let most = |window: &Window| window.values().iter().copied().fold(f64::MIN, f64::max);
        let trend = (self.fresh.sum()? / 20.0) / (self.volumes.sum()? / 120.0);
        let row = [
            month / back(YEAR)? - 1.0,
            month / back(HALF)? - 1.0,
            now / month - 1.0,
            now / most(&self.year),
            self.quarter.variance()?.sqrt(),
            if trend.is_finite() { trend } else { 0.0 },
            now / week - 1.0,
            most(&self.month),
        ];
        row.iter().all(|x| x.is_finite()).then_some(row)
    }
}

/// Ranks of numbers, from 0 for the lowest to 1 for the highest; equals share theirs. One alone is in the middle.
#[must_use]
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let last = values.len().saturating_sub(1).max(1) as f64;
    let rank = |value: &f64| {
        let below = values.iter().filter(|&v| v < value).count() as f64;
        let equal = values.iter().filter(|&v| v == value).count() as f64;
        if values.len() < 2 { 0.5 } else { (below + (equal - 1.0) / 2.0) / last }
    };
    values.iter().map(rank).collect()
}

/// Replaces each number of each share by its rank among the shares, less a half.
pub fn compare(rows: &mut [Row]) {
    for feature in 0..FEATURES {
        let column: Vec<f64> = rows.iter().map(|row| row[feature]).collect();
        for (row, rank) in rows.iter_mut().zip(ranks(&column)) {
            row[feature] = rank - 0.5;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::flat;
    use nija_core::words::id::InstrumentId;

    #[test]
    fn a_row_by_hand() {
        let mut past = Past::default();
        for n in 0..=252 {
            assert_eq!(past.row(), None);
            let mut candle = flat(InstrumentId(1), n, if n == 126 { 200.0 } else { 100.0 });
            candle.volume = if n > 232 { 3.0 } else { 1.0 };
            if n == 252 {
                candle.close = crate::clamp::price(110.0).unwrap();
            }
            past.push(&candle);
        }
        let row = past.row().unwrap();
        let near = |n: usize, want: f64| assert!((row[n] - want).abs() < 1e-9, "{n}: {row:?}");
        // The close of 126 sessions ago was 200; the last day rose by a tenth.
        near(0, 0.0);
        near(1, -0.5);
        near(2, 0.1);
        near(3, 110.0 / 200.0);
        near(4, (1.1f64.ln().powi(2) / 60.0).sqrt());
        near(5, 3.0 / (160.0 / 120.0));
        near(6, 0.1);
        near(7, 1.1f64.ln());
    }

    #[test]
    fn ranks_run_from_low_to_high_and_equals_share() {
        assert_eq!(ranks(&[3.0, 1.0, 2.0]), [1.0, 0.0, 0.5]);
        assert_eq!(ranks(&[5.0, 5.0, 9.0]), [0.25, 0.25, 1.0]);
        assert_eq!(ranks(&[7.0]), [0.5]);
        let mut rows = [[1.0; FEATURES], [2.0; FEATURES]];
        compare(&mut rows);
        assert_eq!(rows, [[-0.5; FEATURES], [0.5; FEATURES]]);
    }
}
