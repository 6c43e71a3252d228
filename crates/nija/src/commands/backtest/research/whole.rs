//! One or several files as one account: its curve, its trades, its costs.

use super::super::report::merged;
use super::study::{Study, dollars};
use crate::statistics::{self, Closed, Curve, Point, Year};
use nija_core::words::money::Money;
use nija_core::words::time::Timestamp;
use serde_json::{Value, json};

/// What was paid for trading, and how much was traded.
#[derive(Clone, Copy, Default)]
pub(super) struct Costs {
    pub(super) fees: Money,
    pub(super) friction: Money,
    pub(super) traded: Money,
}

impl Costs {
    fn of(study: &Study) -> Self {
        let books = &study.outcome.portfolio;
        Self { fees: books.fees(), friction: books.friction(), traded: books.traded() }
    }
    fn plus(self, other: Self) -> Self {
        Self {
            fees: self.fees.saturating_add(other.fees),
            friction: self.friction.saturating_add(other.friction),
            traded: self.traded.saturating_add(other.traded),
        }
    }
    /// What was paid in all.
    pub(super) const fn paid(self) -> Money {
        self.fees.saturating_add(self.friction)
    }
}

/// All files as one account.
pub(super) struct Whole {
    pub(super) start: Money,
    pub(super) last: Money,
    pub(super) points: Vec<Point>,
    pub(super) curve: Curve,
    pub(super) closed: Closed,
    pub(super) costs: Costs,
    pub(super) bars: u64,
    pub(super) bars_in: u64,
    pub(super) span: Option<(Timestamp, Timestamp)>,
}

impl Whole {
    pub(super) fn of(studies: &[Study]) -> Self {
        let sum = |of: &dyn Fn(&Study) -> Money| {
            studies.iter().map(of).fold(Money::ZERO, Money::saturating_add)
        };
        let curves: Vec<Vec<Point>> = studies.iter().map(Study::points).collect();
        let starts: Vec<f64> = studies.iter().map(|study| dollars(study.start())).collect();
        let points = statistics::together(&curves, &starts);
        let start = sum(&Study::start);
        let rests = studies.iter().all(|study| study.year() == Year::Sessions252);
        let year = if rests { Year::Sessions252 } else { Year::Days365 };
        let curve = match studies {
            // Of one account the falls within days are known as well.
            [study] => study.curve(),
            _ => statistics::curve(dollars(start), &points, year),
        };
        let spans = studies.iter().filter_map(|study| study.outcome.record.span);
        Self {
            start,
            last: sum(&|study| study.equity),
            points,
            curve,
            closed: studies.iter().map(Study::closed).fold(Closed::default(), Closed::plus),
            costs: studies.iter().map(Costs::of).fold(Costs::default(), Costs::plus),
            bars: studies.iter().map(Study::bars).sum(),
            bars_in: studies.iter().map(|study| study.outcome.record.bars_in).sum(),
            span: spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))),
        }
    }

    /// What would have been earned without costs by the same trades.
    pub(super) const fn gross(&self) -> Money {
        self.last.saturating_sub(self.start).saturating_add(self.costs.paid())
    }

    /// What was paid for trading, by cause.
    pub(super) fn costs_told(&self) -> Value {
        json!({
            "fees": self.costs.fees,
            "spread_and_slippage": self.costs.friction,
            "total": self.costs.paid(),
            "earned_before_costs": self.gross(),
            "traded": self.costs.traded,
            "turnover_a_year": statistics::turnover(dollars(self.costs.traded), &self.points),
        })
    }

    pub(super) fn statistics(&self) -> Value {
        let mut whole = merged(&self.curve, &self.closed.read());
        if let Some(fields) = whole.as_object_mut() {
            let part = 100.0 * self.bars_in as f64 / self.bars.max(1) as f64;
            fields.insert("time_in_market_pct".into(), json!(part));
            let turnover = statistics::turnover(dollars(self.costs.traded), &self.points);
            fields.insert("turnover_a_year".into(), json!(turnover));
            fields.insert("costs_paid".into(), json!(self.costs.paid()));
        }
        whole
    }

    /// Net returns of the days, joined where there are very many.
    pub(super) fn returns(&self) -> Vec<f64> {
        returns(dollars(self.start), &self.points)
    }
}

/// Longest history of returns that is kept of a trial.
const PERIODS: usize = 1_024;

/// Net returns of days, joined by equal numbers of days where there are more than are kept.
pub(in super::super) fn returns(start: f64, points: &[Point]) -> Vec<f64> {
    let joined = points.len().div_ceil(PERIODS).max(1);
    let mut before = start;
    let ends = points.chunks(joined).filter_map(|days| days.last());
    let gain = |point: &Point| {
        let gain = if before > 0.0 { point.equity / before - 1.0 } else { 0.0 };
        before = point.equity;
        gain
    };
    ends.map(gain).collect()
}
