//! Two gauges of stress that a deployment may have: the term structure of implied volatility, and credit.

use crate::candle::Candle;
use crate::indicator::Window;
use nija_core::words::time::{Span, Timestamp};

/// Implied volatility of one month and of three at the same close.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// The close.
    pub at: Timestamp,
    /// One month over three: above 1 the near future is feared more than the far one.
    pub ratio: f64,
    /// Was it above 1 at this close and at the one before?
    pub inverted: bool,
    /// Rise of the one-month level since the close before, as a fraction.
    pub jump: f64,
}

/// Pairs the two levels by their close.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Structure {
    near: Option<(Timestamp, f64)>,
    far: Option<(Timestamp, f64)>,
    /// The last paired close: when, the near level, and its ratio.
    last: Option<(Timestamp, f64, f64)>,
    term: Option<Term>,
}

impl Structure {
    pub(super) fn near(&mut self, candle: &Candle) {
        keep(&mut self.near, candle);
        self.pair();
    }

    pub(super) fn far(&mut self, candle: &Candle) {
        keep(&mut self.far, candle);
        self.pair();
    }

    pub(super) const fn term(&self) -> Option<Term> {
        self.term
    }

    fn pair(&mut self) {
        let (Some((at, near)), Some((also, far))) = (self.near, self.far) else {
            return;
        };
        if at != also || self.last.is_some_and(|(paired, ..)| at <= paired) {
            return;
        }
        let ratio = near / far;
        let last = self.last.replace((at, near, ratio));
        self.term = last.map(|(_, near_then, ratio_then)| Term {
            at,
            ratio,
            inverted: ratio > 1.0 && ratio_then > 1.0,
            jump: near / near_then - 1.0,
        });
    }
}

/// Takes over a later, positive close.
fn keep(known: &mut Option<(Timestamp, f64)>, candle: &Candle) {
    let later = known.is_none_or(|(at, _)| candle.close_at > at);
    if later && candle.close.is_positive() {
        *known = Some((candle.close_at, candle.close_f64()));
    }
}

/// Sessions of the return, and of the year that it is compared with.
const MONTH: usize = 20;
const YEAR: usize = 252;

/// How the 20-session return of a fund of high-yield bonds compares with those of the last year.
#[derive(Clone, Debug)]
pub(super) struct Credit {
    closes: Window,
    year: Window,
    at: Timestamp,
    score: Option<f64>,
}

impl Credit {
    pub(super) fn new() -> Self {
        let at = Timestamp(i64::MIN);
        Self { closes: Window::new(MONTH + 1), year: Window::new(YEAR), at, score: None }
    }

    pub(super) fn push(&mut self, candle: &Candle) {
        if candle.close_at <= self.at || !candle.close.is_positive() {
            return;
        }
        self.at = candle.close_at;
        self.closes.push(candle.close_f64());
        let gained =
            self.closes.back(0).zip(self.closes.back(MONTH)).map(|(now, then)| now / then - 1.0);
        let Some(gained) = gained else {
            return;
        };
        // Compared with the year before, so that a break does not soften its own measure.
        let mean = self.year.sum().map(|sum| sum / YEAR as f64);
        let deviation = self.year.variance().map(f64::sqrt).filter(|&d| d > 0.0);
        self.score = mean.zip(deviation).map(|(mean, deviation)| (gained - mean) / deviation);
        self.year.push(gained);
    }

    /// The score in deviations, while it is not older than `silent`.
    pub(super) fn score(&self, at: Timestamp, silent: Span) -> Option<f64> {
        self.score.filter(|_| at.since(self.at) <= silent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::flat;
    use nija_core::words::id::InstrumentId;

    fn close(day: i64, level: f64) -> Candle {
        flat(InstrumentId(1), day, level)
    }

    #[test]
    fn levels_are_paired_by_their_close() {
        let mut structure = Structure::default();
        structure.near(&close(1, 20.0));
        structure.far(&close(1, 22.0));
        assert_eq!(structure.term(), None);
        structure.near(&close(2, 30.0));
        assert_eq!(structure.term(), None, "the far level of the day is not known yet");
        structure.far(&close(2, 25.0));
        let term = structure.term().unwrap();
        assert!((term.ratio - 1.2).abs() < 1e-12 && (term.jump - 0.5).abs() < 1e-12);
        assert!(!term.inverted);
        structure.far(&close(3, 25.0));
        structure.near(&close(3, 26.0));
        assert!(structure.term().unwrap().inverted);
    }

    #[test]
    fn a_credit_break_is_measured_by_the_year_before_it() {
        let mut credit = Credit::new();
        let silent = Span(7 * Span::DAY.0);
        for day in 0..300 {
            credit.push(&close(day, 80.0 + (day % 7) as f64 * 0.1));
        }
        let calm = credit.score(Timestamp(300 * Span::DAY.0), silent).unwrap();
        credit.push(&close(300, 76.0));
        let score = credit.score(Timestamp(301 * Span::DAY.0), silent).unwrap();
        assert!(calm.abs() < 2.0 && score < -5.0, "{calm} {score}");
        assert_eq!(credit.score(Timestamp(309 * Span::DAY.0), silent), None);
    }
}
