//! Momentum swing, the plain baseline: holds the shares that rose most over twelve months without the last one
//! (Jegadeesh and Titman 1993), ranked anew every `hold` sessions, sized to a volatility, with a stop below. A model
//! learns to rank them beside it and takes over only while it has proven to do better (`learn::ranker`).
//!
//! The ranking uses the closes of the sessions before; entries and exits follow at each share's next close. A share
//! that was stopped out waits for the next ranking. Nothing is entered within a session of the company's report,
//! as far as the calendar tells; exits need no leave.

use crate::candle::{Candle, Timeframe};
use crate::clamp;
use crate::date::weekdays_between;
use crate::earnings::{News, Report};
use crate::engine::{Strategy, View, Want};
use crate::indicator::{Atr, RealizedVolatility, Window};
use crate::learn::progress::Progress;
use crate::learn::ranker::{self, Ranker};
use crate::sizing;
use nija_core::words::id::InstrumentId;
use nija_core::words::insight::Opinion;
use nija_core::words::signal::{Action, StrategyName};
use nija_core::words::time::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Settings, in daily bars.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Version of rules and parameters together.
    pub version: u16,
    /// How far back the return begins.
    pub look_back: usize,
    /// How far back it ends: the last month tends to turn.
    pub skip: usize,
    /// Part of the ranked shares that is held, rounded up.
    pub top: f64,
    /// Sessions from one ranking to the next.
    pub hold: u32,
    /// Bars of the average true range.
    pub range: usize,
    /// Stop below the entry, in average true ranges.
    pub stop: f64,
    /// Bars of realized volatility.
    pub volatility: usize,
    /// Volatility a year that a full position may have, as a fraction.
    pub target_volatility: f64,
    /// Sessions around a report without entries.
    pub earnings_days: i32,
}

/// Swings among shares.
#[derive(Clone, Debug)]
pub struct MomentumSwing {
    wants: Vec<Want>,
    parameters: Parameters,
    shares: BTreeMap<InstrumentId, Share>,
    ranker: Ranker,
    /// What the model thought of the latest entry.
    opinion: Option<Opinion>,
    /// The session that candles arrive for, and how many have passed since the last ranking.
    day: Option<i32>,
    sessions: u32,
}

#[derive(Clone, Debug)]
struct Share {
    closes: Window,
    range: Atr,
    volatility: RealizedVolatility,
    /// Days of announced reports by period; the last few are kept.
    reports: BTreeMap<i32, i32>,
    chosen: bool,
    stop: Option<f64>,
}

/// Reports of one company that are remembered.
const REPORTS: usize = 4;

impl Share {
    fn new(p: &Parameters) -> Self {
        Self {
            closes: Window::new(p.look_back.max(p.skip).saturating_add(1)),
            range: Atr::new(p.range),
            volatility: RealizedVolatility::new(p.volatility, 252.0),
            reports: BTreeMap::new(),
            chosen: false,
            stop: None,
        }
    }

    /// Return from `look_back` bars ago to `skip` bars ago.
    fn momentum(&self, p: &Parameters) -> Option<f64> {
        let gained = self.closes.back(p.skip)? / self.closes.back(p.look_back)? - 1.0;
        gained.is_finite().then_some(gained)
    }

    /// Does the company report within this many sessions of the day? The entry would be filled in the next session.
    fn is_reporting(&self, day: i32, sessions: i32) -> bool {
        self.reports.values().any(|&on| weekdays_between(day, on).abs() <= sessions)
    }
}

impl MomentumSwing {
    /// Swings among these shares.
    #[must_use]
    pub fn new(
        universe: &[InstrumentId],
        parameters: Parameters,
        ranking: ranker::Parameters,
    ) -> Self {
        let want = |&instrument| Want { instrument, timeframe: Timeframe::Day1 };
        let share = |&instrument| (instrument, Share::new(&parameters));
        Self {
            wants: universe.iter().map(want).collect(),
            shares: universe.iter().map(share).collect(),
            ranker: Ranker::new(universe, ranking),
            opinion: None,
            parameters,
            day: None,
            sessions: 0,
        }
    }

    /// Counts sessions, and ranks when enough have passed, by what was known before this one.
    fn turn(&mut self, day: i32) {
        if self.day.is_some_and(|known| day <= known) {
            return;
        }
        self.day = Some(day);
        self.sessions = self.sessions.saturating_add(1);
        if self.sessions >= self.parameters.hold.max(1) {
            self.sessions = if self.rank() { 0 } else { self.sessions };
        }
    }

    /// Chooses the shares to hold; tells whether there was anything to choose from.
    fn rank(&mut self) -> bool {
        let gained =
            |(&id, share): (&InstrumentId, &Share)| Some((share.momentum(&self.parameters)?, id));
        let learned = |&id: &InstrumentId| Some((self.ranker.standing(id)?.score, id));
        let mut ranked: Vec<(f64, InstrumentId)> = if self.ranker.promotion().promoted() {
            self.shares.keys().filter_map(learned).collect()
        } else {
            self.shares.iter().filter_map(gained).collect()
        };
        // The best first; equals by their number.
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        // The best of one is no choice.
        if ranked.len() < 2 {
            return false;
        }
        let count = (self.parameters.top.clamp(0.0, 1.0) * ranked.len() as f64).ceil() as usize;
        let best: Vec<InstrumentId> = ranked.iter().take(count).map(|share| share.1).collect();
        for (id, share) in &mut self.shares {
            share.chosen = best.contains(id);
        }
        true
    }
}

impl Strategy for MomentumSwing {
    fn name(&self) -> StrategyName {
        StrategyName::EquityMomentumSwing
    }

    fn version(&self) -> u16 {
        self.parameters.version
    }

    fn wants(&self) -> &[Want] {
        &self.wants
    }

    fn opinion(&self) -> Option<Opinion> {
        self.opinion
    }

    fn progress(&self) -> Option<Progress> {
        Some(self.ranker.progress())
    }

    fn on_report(&mut self, report: &Report) {
        let Some(share) = self.shares.get_mut(&report.instrument) else {
            return;
        };
        match report.news {
            News::Planned { day, .. } => {
                share.reports.insert(report.period, day);
                while share.reports.len() > REPORTS {
                    share.reports.pop_first();
                }
            }
            News::Cancelled => {
                share.reports.remove(&report.period);
            }
            News::Published { .. } => {}
        }
    }

    fn on_candle(&mut self, candle: &Candle, view: &View) -> Option<Action> {
        let day = candle.open_at.day(Span::ZERO);
        self.ranker.on_candle(candle);
        self.turn(day);
        let p = self.parameters;
        let share = self.shares.get_mut(&candle.instrument)?;
        let bar = candle.bar();
        share.closes.push(bar.close);
        let (range, volatility) = (share.range.push(&bar), share.volatility.push(bar.close));
        if let Some(stop) = share.stop {
            let stopped = bar.low <= stop;
            if stopped || !share.chosen {
                share.stop = None;
                share.chosen &= !stopped;
                self.opinion = None;
                return Some(Action::Exit);
            }
            return None;
        }
        let (range, volatility) = (range?, volatility?);
        let stop = bar.close - p.stop * range;
        let calm = !share.is_reporting(day, p.earnings_days);
        if !(share.chosen && view.open && calm && stop < bar.close) {
            return None;
        }
        let size = sizing::for_volatility(p.target_volatility, volatility, 1.0);
        if size <= 0.0 {
            return None;
        }
        share.stop = Some(stop);
        self.opinion = self.ranker.standing(candle.instrument).and_then(|s| s.opinion);
        Some(Action::Enter { strength: clamp::strength(size), stop: clamp::price(stop) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::earnings::Slot;
    use crate::engine::flat;
    use nija_core::words::time::Timestamp;

    const SHARES: [InstrumentId; 3] = [InstrumentId(1), InstrumentId(2), InstrumentId(3)];

    fn swing() -> MomentumSwing {
        let parameters = Parameters {
            look_back: 4,
            skip: 1,
            top: 0.3,
            hold: 3,
            range: 1,
            volatility: 2,
            target_volatility: 1e9,
            ..Parameters::default()
        };
        MomentumSwing::new(&SHARES, parameters, ranker::Parameters::default())
    }

    fn run(swing: &mut MomentumSwing, days: &[[f64; 3]]) -> Vec<(usize, u32, bool)> {
        let view = View { open: true, ..View::default() };
        let mut said = Vec::new();
        for (n, closes) in days.iter().enumerate() {
            for (instrument, &close) in SHARES.into_iter().zip(closes) {
                // Four days from a Monday on: 5 January 1970 is day 4.
                let day = (4 + n / 4 * 7 + n % 4) as i64;
                if let Some(action) = swing.on_candle(&flat(instrument, day, close), &view) {
                    said.push((n, instrument.0, action != Action::Exit));
                }
            }
        }
        said
    }

    /// The leader of the return that ends a day earlier changes from the second share to the first.
    const DAYS: [[f64; 3]; 11] = [
        [10.0, 10.0, 10.0],
        [10.0, 11.0, 10.0],
        [10.1, 12.0, 10.0],
        [10.0, 13.0, 10.1],
        [10.1, 14.0, 10.0],
        [10.0, 14.1, 10.1],
        [12.0, 14.0, 10.0],
        [15.0, 14.1, 10.1],
        [17.0, 14.0, 10.0],
        [18.0, 14.1, 10.1],
        [19.0, 14.0, 10.0],
    ];

    #[test]
    fn holds_the_leader_and_changes_at_the_ranking() {
        // Five closes are there after day 4. Ranked on day 5: the second rose most from day 0 to day 3.
        // Ranked on day 8 by the closes up to day 7, from day 3 to day 6: the first rose by a fifth.
        let said = run(&mut swing(), &DAYS);
        assert_eq!(said, [(5, 2, true), (8, 1, true), (8, 2, false)]);
    }

    #[test]
    fn a_fall_of_two_ranges_ends_it_until_the_next_ranking() {
        let mut days = DAYS;
        days[6][1] = 5.0;
        days[7][1] = 5.1;
        let said = run(&mut swing(), &days[..8]);
        assert_eq!(said, [(5, 2, true), (6, 2, false)]);
    }

    #[test]
    fn nothing_is_entered_around_a_report() {
        let on = |day: i32, period, slot| Report {
            instrument: InstrumentId(2),
            period,
            known_at: Timestamp(0),
            news: News::Planned { day, slot },
        };
        // Day 5 of the table is Tuesday the 13th, day 12; a report on Wednesday holds the entry back to Friday.
        let mut swing = swing();
        swing.on_report(&on(13, 1, Some(Slot::After)));
        let quiet: Vec<[f64; 3]> =
            (0..8).map(|n| [10.0 + 0.01 * f64::from(n % 2), 10.0 + f64::from(n), 10.0]).collect();
        let said = run(&mut swing, &quiet);
        assert_eq!(said, [], "day 11 to 14 are too near");
        // Moved away, or called off, it holds nothing back.
        for news in [News::Planned { day: 40, slot: None }, News::Cancelled] {
            let mut swing = self::swing();
            swing.on_report(&on(13, 1, None));
            swing.on_report(&Report { news, ..on(13, 1, None) });
            assert_eq!(run(&mut swing, &quiet).first(), Some(&(5, 2, true)));
        }
    }
}
