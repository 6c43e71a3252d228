//! Drift after earnings: prices go on for months in the direction of a surprise (Ball and Brown 1968; Bernard and
//! Thomas 1989, 1990). A surprise is this quarter's earnings against those a year before, less their usual growth,
//! in deviations of it. Bought is what ranks in the top decile of recent surprises and rose on the news.
//!
//! Long only: the reference earns on the short side too. The drift has shrunk since it was published.

use crate::candle::{Candle, Timeframe};
use crate::clamp;
use crate::earnings::{News, Report};
use crate::engine::{Strategy, View, Want};
use crate::indicator::PercentileRank;
use nija_core::words::id::InstrumentId;
use nija_core::words::signal::{Action, StrategyName};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Version of rules and parameters together.
    pub version: u16,
    /// Changes from year to year that say what is usual.
    pub seasons: usize,
    /// Surprises of all companies that one is ranked among.
    pub reports: usize,
    /// As many are needed before any is traded.
    pub least_reports: usize,
    /// Percentile from which a surprise counts.
    pub decile: f64,
    /// Sessions after the report whose return must agree.
    pub reaction_sessions: u32,
    /// Sessions that a position is held.
    pub hold: u32,
    /// Part of full size: many small positions.
    pub size: f64,
}

/// Quarters of a year.
const YEAR: usize = 4;
/// Longest history of changes that settings may ask for.
const LONGEST: usize = 40;

/// The surprise in the last of these earnings, oldest first: its change from the year before, less the mean of
/// the changes before it, in their sample deviations. None where there are fewer than two of those, or they never
/// differed.
#[must_use]
pub fn surprise(earned: &[f64]) -> Option<f64> {
    let changes: Vec<f64> = earned.windows(YEAR + 1).map(|year| year[YEAR] - year[0]).collect();
    let (last, before) = changes.split_last()?;
    let n = before.len() as f64;
    let mean = before.iter().sum::<f64>() / n;
    let squares = before.iter().map(|change| (change - mean).powi(2)).sum::<f64>();
    let deviation = (squares / (n - 1.0)).sqrt();
    let surprise = (last - mean) / deviation;
    (before.len() > 1 && deviation > 0.0 && surprise.is_finite()).then_some(surprise)
}

/// Trades the drift of these companies.
#[derive(Clone, Debug)]
pub struct Drift {
    wants: Vec<Want>,
    parameters: Parameters,
    companies: BTreeMap<InstrumentId, Company>,
    ranks: PercentileRank,
}

#[derive(Clone, Debug, Default)]
struct Company {
    period: Option<i32>,
    earned: VecDeque<f64>,
    close: Option<f64>,
    news: Option<Reaction>,
    /// Sessions since the entry.
    held: Option<u32>,
}

/// A surprise whose reaction is awaited.
#[derive(Clone, Copy, Debug)]
struct Reaction {
    base: f64,
    sessions: u32,
}

impl Drift {
    /// Trades these companies' shares.
    #[must_use]
    pub fn new(universe: &[InstrumentId], parameters: Parameters) -> Self {
        let want = |&instrument| Want { instrument, timeframe: Timeframe::Day1 };
        let company = |&instrument| (instrument, Company::default());
        Self {
            wants: universe.iter().map(want).collect(),
            companies: universe.iter().map(company).collect(),
            ranks: PercentileRank::new(parameters.reports, parameters.least_reports),
            parameters,
        }
    }
}

impl Company {
    /// Has the reaction to a surprise come in, and does it agree?
    fn agrees(&mut self, close: f64, sessions: u32) -> bool {
        let Some(news) = &mut self.news else {
            return false;
        };
        news.sessions += 1;
        if news.sessions < sessions.max(1) {
            return false;
        }
        let agrees = close > news.base;
        self.news = None;
        agrees
    }
}

impl Strategy for Drift {
    fn name(&self) -> StrategyName {
        StrategyName::EquityEarningsVolatility
    }

    fn version(&self) -> u16 {
        self.parameters.version
    }

    fn wants(&self) -> &[Want] {
        &self.wants
    }

    fn on_report(&mut self, report: &Report) {
        let News::Published { earned } = report.news else {
            return;
        };
        let Some(company) = self.companies.get_mut(&report.instrument) else {
            return;
        };
        // What comes twice or late would shift the quarters.
        if !earned.is_finite() || company.period.is_some_and(|known| report.period <= known) {
            return;
        }
        company.period = Some(report.period);
        let seasons = self.parameters.seasons.clamp(2, LONGEST);
        company.earned.push_back(earned);
        while company.earned.len() > seasons + 1 + YEAR {
            company.earned.pop_front();
        }
        company.news = None;
        if company.earned.len() == seasons + 1 + YEAR
            && let Some(surprise) = surprise(company.earned.make_contiguous())
        {
            let rank = self.ranks.push(surprise);
            let counts = rank.is_some_and(|rank| rank >= self.parameters.decile);
            let base = company.close.filter(|_| counts);
            company.news = base.map(|base| Reaction { base, sessions: 0 });
        }
    }

    fn on_candle(&mut self, candle: &Candle, view: &View) -> Option<Action> {
        let p = self.parameters;
        let company = self.companies.get_mut(&candle.instrument)?;
        let close = candle.close_f64();
        company.close = (close > 0.0).then_some(close);
        let agrees = company.agrees(close, p.reaction_sessions);
        if let Some(sessions) = &mut company.held {
            *sessions += 1;
            if agrees {
                // The next surprise of the same sort begins the time anew.
                *sessions = 0;
            } else if *sessions >= p.hold {
                company.held = None;
                return Some(Action::Exit);
            }
            return None;
        }
        if !agrees || !view.open {
            return None;
        }
        company.held = Some(0);
        Some(Action::Enter { strength: clamp::strength(p.size), stop: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::equity::EarningsParameters;
    use crate::engine::flat;
    use nija_core::words::time::Timestamp;

    #[test]
    fn a_surprise_by_hand() {
        // Changes from year to year: 0.1, 0.3, 0.2, then 0.5. Mean 0.2, deviation 0.1: three deviations.
        let earned = [1.0, 1.0, 1.0, 1.0, 1.1, 1.3, 1.2, 1.5];
        assert!((surprise(&earned).unwrap() - 3.0).abs() < 1e-9);
        assert_eq!(surprise(&earned[..5]), None);
        assert_eq!(surprise(&[1.0; 9]), None, "what never differs has no deviation");
        assert_eq!(surprise(&[]), None);
    }

    fn published(period: i32, earned: f64) -> Report {
        let (instrument, news) = (InstrumentId(1), News::Published { earned });
        Report { instrument, period, known_at: Timestamp(0), news }
    }

    fn run(reaction: f64) -> Vec<(i64, bool)> {
        let shipped = EarningsParameters::default().drift;
        let parameters = Parameters { seasons: 3, least_reports: 2, hold: 4, ..shipped };
        let mut drift = Drift::new(&[InstrumentId(1)], parameters);
        let view = View { open: true, ..View::default() };
        // Seven quarters of small changes and one of a small surprise, then a large one on day 3.
        let small = [1.0, 1.0, 1.0, 1.0, 1.1, 1.3, 1.2, 1.2];
        (1..).zip(small).for_each(|(period, earned)| drift.on_report(&published(period, earned)));
        let mut said = Vec::new();
        for day in 0..12 {
            if day == 3 {
                drift.on_report(&published(8, 9.0));
                drift.on_report(&published(9, 2.0));
            }
            let close = if day < 3 { 10.0 } else { reaction };
            if let Some(action) = drift.on_candle(&flat(InstrumentId(1), day, close), &view) {
                said.push((day, action != Action::Exit));
            }
        }
        said
    }

    #[test]
    fn buys_what_surprised_and_rose_and_holds_it_for_its_time() {
        // The second session after the report is day 4; four sessions later it is sold.
        assert_eq!(run(10.5), [(4, true), (8, false)]);
        assert_eq!(run(9.5), [], "the reaction disagrees");
    }
}
