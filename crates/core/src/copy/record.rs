//! The track record of an account, day by day from the first one: no window that somebody could choose.
//! Deposits and withdrawals are no returns. A few numbers stand for all days, so that a million records fit.

use crate::words::fixed::{Round, SCALE, mul_div};
use crate::words::money::{Money, Pct};
use minicbor::{Decode, Encode};

/// Days after which a record says something about risk.
pub const PROVEN_AFTER: u32 = 30;

/// Millionths: what daily returns are counted in.
const PARTS: i64 = 1_000_000;

/// Daily returns of an account, summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Record {
    /// Days counted.
    #[n(0)]
    pub days: u32,
    /// Sum of daily returns, millionths.
    #[n(1)]
    sum: i64,
    /// Sum of their squares, billionths (so that ten thousand wild days fit).
    #[n(2)]
    squares: i64,
    /// What 1 has become.
    #[n(3)]
    index: i64,
    /// The most it was.
    #[n(4)]
    peak: i64,
    /// Deepest fall below it.
    #[n(5)]
    max_drawdown: Pct,
}

impl Default for Record {
    fn default() -> Self {
        Self { days: 0, sum: 0, squares: 0, index: SCALE, peak: SCALE, max_drawdown: Pct::ZERO }
    }
}

impl Record {
    /// Counts a day that began with `start`, later flows included, and ended with `end`.
    pub fn day(&mut self, start: Money, end: Money) {
        if !start.is_positive() {
            return;
        }
        let gain = end.saturating_sub(start).raw();
        let most = 10 * PARTS;
        let parts = mul_div(gain, PARTS, start.raw(), Round::HalfEven).unwrap_or(most);
        let parts = parts.clamp(-PARTS, most);
        self.days = self.days.saturating_add(1);
        self.sum = self.sum.saturating_add(parts);
        self.squares = self.squares.saturating_add(parts * parts / 1_000);
        let index = mul_div(self.index, end.raw().max(0), start.raw(), Round::HalfEven);
        self.index = index.unwrap_or(i64::MAX / 2);
        self.peak = self.peak.max(self.index);
        let fall = Money::from_raw(self.peak.saturating_sub(self.index));
        let fall = fall.percent_of(Money::from_raw(self.peak), Round::Up).unwrap_or(Pct::ZERO);
        self.max_drawdown = self.max_drawdown.max(fall);
    }

    /// Return since the first day.
    #[must_use]
    pub fn total_return(&self) -> Pct {
        let gain = Money::from_raw(self.index.saturating_sub(SCALE));
        gain.percent_of(Money::from_raw(SCALE), Round::HalfEven).unwrap_or(Pct::ZERO)
    }
    /// Deepest fall from a peak.
    #[must_use]
    pub const fn max_drawdown(&self) -> Pct {
        self.max_drawdown
    }
    /// Standard deviation of daily returns over a year of 365 days; zero before the second day.
    #[must_use]
    pub fn volatility(&self) -> Pct {
        let days = i64::from(self.days);
        if days < 2 {
            return Pct::ZERO;
        }
        // Billionths, like the squares.
        let mean_square = mul_div(self.sum, self.sum, days.saturating_mul(1_000), Round::Down);
        let around = self.squares.saturating_sub(mean_square.unwrap_or(i64::MAX)).max(0);
        let a_year = mul_div(around, 365, days - 1, Round::HalfEven).unwrap_or(i64::MAX);
        // From billionths back to millionths under the root: times a thousand.
        let parts = a_year.saturating_mul(1_000).cast_unsigned().isqrt().cast_signed();
        Pct::from_raw(parts.saturating_mul(100 * (SCALE / PARTS)))
    }
    /// From 1, calm, to 10, wild: a point for every 8 percent of volatility and every 5 percent of the deepest
    /// fall, whichever is more. None before the record is proven.
    #[must_use]
    pub fn risk_score(&self) -> Option<u8> {
        let points = |pct: Pct, each: i64| pct.raw() / (each * SCALE);
        let wild = points(self.volatility(), 8).max(points(self.max_drawdown, 5));
        let score = u8::try_from(wild.clamp(0, 9)).unwrap_or(9) + 1;
        (self.days >= PROVEN_AFTER).then_some(score)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(days: &[i32]) -> Record {
        let mut record = Record::default();
        for end in days {
            record.day(Money::whole(100), Money::whole(*end));
        }
        record
    }

    #[test]
    fn returns_chain_and_falls_are_measured_from_the_peak() {
        let record = of(&[110, 90, 100]);
        assert_eq!(record.days, 3);
        assert_eq!(record.total_return(), "-1".parse().unwrap());
        assert_eq!(record.max_drawdown(), Pct::whole(10));
    }

    #[test]
    fn volatility_is_the_deviation_over_a_year() {
        // Daily returns of +1 % and -1 %, 100 of them: a deviation of 1.00504 % a day, 19.2 % a year.
        let record = of(&[101, 99].repeat(50));
        let volatility = record.volatility().to_string();
        assert!(volatility.starts_with("19.2"), "{volatility}");
        assert_eq!(record.risk_score(), Some(3));
        assert_eq!(of(&[100; 40]).risk_score(), Some(1));
        assert_eq!(of(&[150, 60].repeat(20)).risk_score(), Some(10));
        assert_eq!(of(&[101; 29]).risk_score(), None, "not proven yet");
    }

    #[test]
    fn nothing_counts_without_money_and_nothing_overflows() {
        let mut record = Record::default();
        record.day(Money::ZERO, Money::whole(5));
        assert_eq!(record, Record::default());
        for _ in 0..100_000 {
            record.day(Money::CENT, Money::MAX);
            record.day(Money::MAX, Money::ZERO);
        }
        assert_eq!(record.risk_score(), Some(10));
    }
}
