//! Walking forward: choose the best parameters on one stretch, trade the next stretch with them, move on by that
//! stretch. What is reported was chosen without knowing it.

pub(super) mod file;
mod told;
mod trust;

use super::super::options::{Rank, WalkForward};
use super::results::Result;
use super::study::dollars;
use super::whole;
use crate::statistics::{self, Closed, Curve, Point, Year};
use nija_core::words::money::Money;
use nija_core::words::time::Timestamp;
use nija_market::learn::overfit::{Gate, Judgment};
use trust::Trust;

/// From one instant to another.
pub(in super::super) type Stretch = (Timestamp, Timestamp);

/// What was chosen on one stretch.
pub(in super::super) struct Choice {
    pub(in super::super) on: Stretch,
    /// How many bars or days that were.
    pub(in super::super) length: usize,
    /// The chosen parameters as they were written.
    pub(in super::super) words: String,
    /// What they came to there.
    pub(in super::super) best: Result,
    /// How far to believe the trial with the highest Sharpe ratio there; none where that stretch is too short to say.
    pub(in super::super) judgment: Option<Judgment>,
}

impl Choice {
    /// The best of all trials of one stretch, which has `words` for each; none where nothing was tried.
    pub(in super::super) fn of(
        (on, length): (Stretch, usize),
        results: &[Result],
        rank: Rank,
        words: impl Fn(usize) -> String,
    ) -> Option<(usize, Self)> {
        let at = rank.best(results)?;
        let returns: Vec<&[f64]> = results.iter().map(|result| result.returns.as_slice()).collect();
        let judgment = Gate::default().judge(&returns);
        // What it did day by day is judged, and kept no longer.
        let best = Result { trial: at, returns: Vec::new(), ..results.get(at)?.clone() };
        Some((at, Self { on, length, words: words(at), best, judgment }))
    }
}

/// What came of one stretch that was traded.
pub(in super::super) struct Traded {
    pub(in super::super) on: Stretch,
    /// How many bars or days that were.
    pub(in super::super) length: usize,
    pub(in super::super) last: Money,
    /// Equity at the end where everything cost twice as much, here and before.
    pub(in super::super) stressed: Money,
    pub(in super::super) points: Vec<Point>,
    pub(in super::super) year: Year,
    pub(in super::super) closed: Closed,
    /// Trades that are still open.
    pub(in super::super) open: usize,
    /// What was paid for trading, by cause.
    pub(in super::super) costs: Vec<(&'static str, Money)>,
    /// What was bought and sold.
    pub(in super::super) turned: Money,
    /// The regime that began on a day.
    pub(in super::super) bands: Vec<(i32, &'static str)>,
}

/// One window: a choice, and what it came to.
pub(super) struct Step {
    choice: Choice,
    on: Stretch,
    start: Money,
    last: Money,
    /// What the chosen one earned a bar or day where it was chosen, and where it was traded, in percent.
    seen_pct: f64,
    traded_pct: f64,
    curve: Curve,
    closed: Closed,
    open: usize,
}

/// What is walked over, and how.
pub(in super::super) struct Course {
    pub(in super::super) strategy: String,
    /// What it went over, for a page.
    pub(in super::super) over: String,
    /// What lengths are counted in: `bar` or `day`.
    pub(in super::super) unit: &'static str,
    pub(in super::super) windows: WalkForward,
    pub(in super::super) rank: Rank,
    /// Trials of each window.
    pub(in super::super) trials: usize,
    /// How many of all were found in a file of results.
    pub(in super::super) resumed: usize,
    pub(in super::super) start: Money,
    /// What is worth telling beside the figures.
    pub(in super::super) notes: Vec<String>,
    /// What has to be known before results are believed, in lines for people.
    pub(in super::super) warned: String,
}

/// A walk under way.
pub(in super::super) struct Walk {
    course: Course,
    cash: Money,
    stressed: Money,
    steps: Vec<Step>,
    points: Vec<Point>,
    closed: Closed,
    costs: Vec<(&'static str, Money)>,
    turned: Money,
    bands: Vec<(i32, &'static str)>,
    weekends: bool,
}

impl Walk {
    pub(in super::super) const fn new(course: Course) -> Self {
        Self {
            cash: course.start,
            stressed: course.start,
            course,
            steps: Vec::new(),
            points: Vec::new(),
            closed: Closed { count: 0, won: 0, gains: 0, losses: 0 },
            costs: Vec::new(),
            turned: Money::ZERO,
            bands: Vec::new(),
            weekends: false,
        }
    }

    /// What the next stretch begins with, and what it would begin with if everything had cost twice as much.
    pub(in super::super) const fn cash(&self) -> (Money, Money) {
        (self.cash, self.stressed)
    }

    /// Adds the next window.
    pub(in super::super) fn add(&mut self, choice: Choice, traded: Traded) {
        let start = dollars(self.cash);
        let gain = statistics::gain(start, dollars(traded.last)).unwrap_or(0.0) * 100.0;
        self.steps.push(Step {
            on: traded.on,
            start: self.cash,
            last: traded.last,
            seen_pct: choice.best.return_pct / choice.length.max(1) as f64,
            traded_pct: gain / traded.length.max(1) as f64,
            curve: statistics::curve(start, &traded.points, traded.year),
            closed: traded.closed,
            open: traded.open,
            choice,
        });
        (self.cash, self.stressed) = (traded.last, traded.stressed);
        self.weekends |= traded.year == Year::Days365;
        self.points.extend(traded.points);
        self.closed = self.closed.plus(traded.closed);
        for (name, amount) in traded.costs {
            match self.costs.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum = sum.saturating_add(amount),
                None => self.costs.push((name, amount)),
            }
        }
        self.turned = self.turned.saturating_add(traded.turned);
        self.bands.extend(traded.bands);
    }

    pub(in super::super) fn finish(self) -> Walked {
        let Self { course, steps, .. } = self;
        let year = if self.weekends { Year::Days365 } else { Year::Sessions252 };
        let (start, points) = (dollars(course.start), one_a_day(self.points));
        let gain = statistics::gain(start, dollars(self.stressed)).unwrap_or(0.0) * 100.0;
        let trust = Trust::of(&steps, &whole::returns(start, &points), gain);
        Walked {
            curve: statistics::curve(start, &points, year),
            trust,
            course,
            steps,
            points,
            closed: self.closed,
            costs: self.costs,
            turned: self.turned,
            bands: self.bands,
            last: self.cash,
        }
    }
}

/// A whole walk.
pub(in super::super) struct Walked {
    course: Course,
    steps: Vec<Step>,
    points: Vec<Point>,
    curve: Curve,
    closed: Closed,
    costs: Vec<(&'static str, Money)>,
    turned: Money,
    bands: Vec<(i32, &'static str)>,
    last: Money,
    trust: Trust,
}

impl Walked {
    /// Trials that were looked at, all windows together.
    fn trials(&self) -> usize {
        self.steps.len() * self.course.trials
    }

    /// How much of what was seen a bar or day was found again a bar or day.
    fn efficiency(&self) -> Option<f64> {
        let mean = |of: fn(&Step) -> f64| {
            self.steps.iter().map(of).sum::<f64>() / self.steps.len().max(1) as f64
        };
        let (seen, traded) = (mean(|step| step.seen_pct), mean(|step| step.traded_pct));
        (seen > 0.0).then(|| traded / seen)
    }

    /// What was paid in all.
    fn paid(&self) -> Money {
        self.costs.iter().fold(Money::ZERO, |sum, (_, amount)| sum.saturating_add(*amount))
    }

    /// What would have been earned without costs by the same trades.
    fn gross(&self) -> Money {
        self.last.saturating_sub(self.course.start).saturating_add(self.paid())
    }

    fn turnover(&self) -> Option<f64> {
        statistics::turnover(dollars(self.turned), &self.points)
    }
}

/// Days at which two stretches meet have two points; the later one counts.
fn one_a_day(points: Vec<Point>) -> Vec<Point> {
    let mut days: Vec<Point> = Vec::with_capacity(points.len());
    for point in points {
        match days.last_mut() {
            Some(last) if last.day == point.day => *last = point,
            _ => days.push(point),
        }
    }
    days
}
