//! Model against baseline on paper, out of sample and net of costs, and the decision which of them trades.
//!
//! Each holds the best-scored part of the shares in equal parts, from one ranking to the next. The model is
//! promoted only when what it earned beyond the baseline passes the overfitting gate: a deflated Sharpe ratio of
//! at least 95 % for as many models as were tried. Otherwise the baseline trades, and the report says so.

use super::overfit::{Gate, Judgment};
use super::statistics::{mean, variance};
use core::fmt;
use serde::Serialize;

/// Rankings that are remembered: more than thirty years of one a fortnight.
const MOST: usize = 1_000;

/// What both earned since the first model was trained.
#[derive(Clone, Debug)]
pub struct Contest {
    cost: f64,
    /// Shares held by model and baseline, by their place in the universe.
    held: [Vec<usize>; 2],
    /// Net returns of each period.
    earned: [Vec<f64>; 2],
    /// Area under the curve of each period that had one, summed, and how many had.
    areas: (f64, usize),
}

impl Contest {
    /// One without a result; `cost` is that of one side as a fraction.
    #[must_use]
    pub fn new(cost: f64) -> Self {
        Self {
            cost,
            held: [Vec::new(), Vec::new()],
            earned: [Vec::new(), Vec::new()],
            areas: (0.0, 0),
        }
    }

    /// A period ended: both change to what they chose for the next one. `gained` tells a share's return over the
    /// period; a share without one counts as unmoved.
    pub fn turn(&mut self, gained: impl Fn(usize) -> Option<f64>, chosen: [Vec<usize>; 2]) {
        for ((held, earned), chosen) in self.held.iter_mut().zip(&mut self.earned).zip(chosen) {
            let gross: Vec<f64> = held.iter().map(|&share| gained(share).unwrap_or(0.0)).collect();
            let traded = turnover(held, &chosen);
            if !held.is_empty() && earned.len() < MOST {
                earned.push(mean(&gross) - self.cost * traded);
            }
            *held = chosen;
        }
    }

    /// How well the model's scores told the better half of a period from the worse.
    pub fn hear(&mut self, area: Option<f64>) {
        if let Some(area) = area {
            self.areas = (self.areas.0 + area, self.areas.1 + 1);
        }
    }

    /// The decision as it stands.
    #[must_use]
    pub fn report(&self, periods_a_year: f64) -> Promotion {
        let [model, baseline] = &self.earned;
        let beyond: Vec<f64> = model.iter().zip(baseline).map(|(m, b)| m - b).collect();
        Promotion {
            periods: beyond.len(),
            model: Record::of(model, periods_a_year),
            baseline: Record::of(baseline, periods_a_year),
            beyond: Record::of(&beyond, periods_a_year),
            area: (self.areas.1 > 0).then(|| self.areas.0 / self.areas.1 as f64),
            judgment: Gate::default().judge(&[beyond]),
        }
    }
}

/// Share of the capital that is bought and sold together, from one set of equal parts to another.
fn turnover(from: &[usize], to: &[usize]) -> f64 {
    let part = |set: &[usize], share: usize| {
        if set.contains(&share) { 1.0 / set.len() as f64 } else { 0.0 }
    };
    let left = from.iter().filter(|share| !to.contains(share));
    let all = to.iter().chain(left);
    all.map(|&share| (part(to, share) - part(from, share)).abs()).sum()
}

/// What one side earned.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Record {
    /// Mean return a year, net of costs, as a fraction.
    pub annual: f64,
    /// Mean over deviation, a year.
    pub sharpe: f64,
}

impl Record {
    fn of(returns: &[f64], periods_a_year: f64) -> Self {
        let annual = mean(returns) * periods_a_year;
        let deviation = (variance(returns) * periods_a_year).sqrt();
        Self { annual, sharpe: if deviation > 0.0 { annual / deviation } else { 0.0 } }
    }
}

/// The decision with its evidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Promotion {
    /// Periods out of sample.
    pub periods: usize,
    /// The model.
    pub model: Record,
    /// The plain baseline.
    pub baseline: Record,
    /// What the model earned beyond it.
    pub beyond: Record,
    /// Mean area under the curve of the model's scores, out of sample.
    pub area: Option<f64>,
    /// The gate's word on what was earned beyond; none while there is too little of it.
    pub judgment: Option<Judgment>,
}

impl Promotion {
    /// Does the model trade?
    #[must_use]
    pub fn promoted(&self) -> bool {
        self.judgment.is_some_and(|judgment| judgment.passed)
    }
}

impl fmt::Display for Promotion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(judgment) = self.judgment else {
            return write!(f, "The baseline trades: {} periods say nothing yet", self.periods);
        };
        let verdict = if judgment.passed { "The model trades" } else { "The baseline trades" };
        let (model, baseline) = (100.0 * self.model.annual, 100.0 * self.baseline.annual);
        write!(
            f,
            "{verdict}: over {} periods out of sample and net of costs the model earned {model:.1}% a year \
             (Sharpe {:.2}) and the baseline {baseline:.1}% (Sharpe {:.2}); the difference has a deflated Sharpe \
             ratio of {:.3}, of which 0.950 is asked",
            self.periods, self.model.sharpe, self.baseline.sharpe, judgment.deflated
        )?;
        match self.area {
            Some(area) => write!(f, "; area under the curve {area:.3}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_costs_and_turnover_by_hand() {
        let mut contest = Contest::new(0.001);
        contest.turn(|_| None, [vec![0, 1], vec![2]]);
        let gained = |share: usize| Some([0.02, 0.04, -0.01][share]);
        // The model keeps 0 and changes 1 for 2: half is sold and half bought. The baseline stays.
        contest.turn(gained, [vec![0, 2], vec![2]]);
        assert!((contest.earned[0][0] - (0.03 - 0.001)).abs() < 1e-12);
        assert!((contest.earned[1][0] + 0.01).abs() < 1e-12);
        assert_eq!(turnover(&[], &[1, 2]), 1.0);
        assert!((turnover(&[1, 2], &[1]) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn only_a_lead_that_is_no_luck_is_promoted() {
        let run = |lead: f64| {
            let mut contest = Contest::new(0.0);
            for n in 0..200_u32 {
                let swing = if n.wrapping_mul(2_654_435_761) >> 31 == 0 { 0.02 } else { -0.02 };
                contest.turn(|share| Some([swing + lead, -swing][share]), [vec![0], vec![1]]);
            }
            contest.report(25.0)
        };
        let (ahead, level, behind) = (run(0.02), run(0.0), run(-0.02));
        assert!(ahead.promoted() && !level.promoted() && !behind.promoted());
        assert!(ahead.to_string().starts_with("The model trades: over 199 periods"), "{ahead}");
        assert!(behind.to_string().starts_with("The baseline trades: over"), "{behind}");
        let nothing = Contest::new(0.0).report(25.0);
        assert_eq!(nothing.to_string(), "The baseline trades: 0 periods say nothing yet");
    }
}
