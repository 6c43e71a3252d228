//! Ranks shares by what a model learned in the run itself, walking forward, or by the plain baseline while the
//! model has not proven itself.
//!
//! At the end of each day every share is described and compared with the others. Ten sessions later the rank of
//! its return is known and becomes a lesson. Once a month a new model is trained on the lessons that ended before
//! an embargo. Rankings for the contest are made at a close and followed from the next one.

use super::boost::{Baseline, Boosted, Parameters as Growth, Scorer, area};
use super::contest::{Contest, Promotion};
use super::features::{Past, Row, compare, ranks};
use super::progress::Progress;
use crate::candle::Candle;
use crate::clamp;
use nija_core::words::id::InstrumentId;
use nija_core::words::insight::Opinion;
use nija_core::words::time::Span;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Sessions ahead that the label looks, which is also how long a ranking is held.
const AHEAD: usize = 10;
/// Periods of that length in a year of sessions.
const PERIODS_A_YEAR: f64 = 252.0 / AHEAD as f64;
/// Days between first days of trainings.
const TRAIN_EVERY: i32 = 30;

/// How the ranker learns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// How trees are grown.
    pub growth: Growth,
    /// Lessons before the first training.
    pub least_lessons: usize,
    /// Lessons that are kept; the oldest go first.
    pub most_lessons: usize,
    /// Sessions between the end of the last lesson and the training.
    pub embargo: u32,
    /// Fewest shares that make a comparison.
    pub least_shares: usize,
    /// Part of the shares that the contest holds, rounded up.
    pub top: f64,
    /// Cost of one side in the contest, as a fraction.
    pub cost: f64,
}

impl Default for Parameters {
    /// Two years of twenty shares before the first training; five basis points a side.
    fn default() -> Self {
        Self {
            growth: Growth::default(),
            least_lessons: 1_000,
            most_lessons: 50_000,
            embargo: 5,
            least_shares: 10,
            top: 0.2,
            cost: 0.0005,
        }
    }
}

/// A description and the rank of what followed, which ended in this session.
#[derive(Clone, Debug)]
struct Lesson {
    ended: u32,
    row: Row,
    label: f64,
}

/// The close of one session.
#[derive(Clone, Debug)]
struct Day {
    closes: Vec<Option<f64>>,
    rows: Vec<Option<Row>>,
    /// What the model of the day said of them, if there was one.
    scores: Vec<Option<f64>>,
}

/// One share: its past, and its candle of the day that is still open.
#[derive(Clone, Debug)]
struct Share {
    instrument: InstrumentId,
    past: Past,
    close: Option<f64>,
}

/// Where a share stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// Score to rank by; higher is better.
    pub score: f64,
    /// What the model said of it, where there is one. It is evidence only while the baseline trades.
    pub opinion: Option<Opinion>,
}

/// Ranks a universe of shares.
#[derive(Clone, Debug)]
pub struct Ranker {
    parameters: Parameters,
    shares: Vec<Share>,
    /// The day that is open, and sessions ended so far.
    day: Option<i32>,
    session: u32,
    /// Sessions after which the model ranked.
    led: u32,
    /// The most shares that could be compared on one day.
    compared: usize,
    days: VecDeque<Day>,
    lessons: VecDeque<Lesson>,
    model: Option<Boosted>,
    trained: Option<i32>,
    contest: Contest,
    /// What both chose at the last ranking, to be followed from the next close.
    chosen: Option<[Vec<usize>; 2]>,
    promotion: Promotion,
}

impl Ranker {
    /// Ranks these shares; it has seen nothing.
    #[must_use]
    pub fn new(universe: &[InstrumentId], parameters: Parameters) -> Self {
        let share = |&instrument| Share { instrument, past: Past::default(), close: None };
        let contest = Contest::new(parameters.cost);
        Self {
            shares: universe.iter().map(share).collect(),
            day: None,
            session: 0,
            led: 0,
            compared: 0,
            days: VecDeque::new(),
            lessons: VecDeque::new(),
            model: None,
            trained: None,
            chosen: None,
            promotion: contest.report(PERIODS_A_YEAR),
            contest,
            parameters,
        }
    }

    /// Takes a closed daily candle. The first one of a later day ends the day before it; what comes late is ignored.
    pub fn on_candle(&mut self, candle: &Candle) {
        let day = candle.open_at.day(Span::ZERO);
        let Some(place) = self.shares.iter().position(|s| s.instrument == candle.instrument) else {
            return;
        };
        match self.day {
            Some(open) if day < open => return,
            Some(open) if day > open => self.end(open),
            _ => {}
        }
        self.day = Some(day);
        let share = &mut self.shares[place];
        if share.close.is_none() && candle.close.is_positive() {
            share.past.push(candle);
            share.close = Some(candle.close_f64());
        }
    }

    /// Where a share stood at the end of the last session.
    #[must_use]
    pub fn standing(&self, instrument: InstrumentId) -> Option<Standing> {
        let place = self.shares.iter().position(|s| s.instrument == instrument)?;
        let last = self.days.back()?;
        let row = last.rows[place].as_ref()?;
        let said = self.model.as_ref().zip(last.scores[place]);
        let opinion = said.map(|(model, score)| Opinion {
            model: model.version(),
            score: clamp::score(100.0 * score),
            features: row.map(|x| (1_000.0 * x).round() as i16),
        });
        let score = match last.scores[place].filter(|_| self.promotion.promoted()) {
            Some(score) => score,
            None => Baseline.score(row),
        };
        Some(Standing { score, opinion })
    }

    /// Which of the two trades, and why.
    #[must_use]
    pub const fn promotion(&self) -> &Promotion {
        &self.promotion
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress {
            version: self.model.as_ref().map(Boosted::version),
            shares: self.compared,
            least_shares: self.parameters.least_shares,
            lessons: self.lessons.len(),
            least_lessons: self.parameters.least_lessons,
            sessions: self.session,
            led: self.led,
            promotion: self.promotion,
        }
    }

    /// The session of `day` is over.
    fn end(&mut self, day: i32) {
        self.session = self.session.saturating_add(1);
        let fresh = self.describe();
        self.days.push_back(fresh);
        if self.days.len() > AHEAD + 1 {
            self.days.pop_front();
        }
        if let Some(chosen) = self.chosen.take() {
            self.follow(chosen);
        }
        if self.session.is_multiple_of(AHEAD as u32) {
            self.learn();
            self.chosen = self.choose();
        }
        if self.trained.is_none_or(|last| day >= last + TRAIN_EVERY) {
            self.train(day);
        }
        self.led += u32::from(self.promotion.promoted());
    }

    /// Closes of the day, and every share with a candle compared with the others.
    fn describe(&mut self) -> Day {
        let traded = |share: &Share| share.close.and_then(|_| share.past.row());
        let mut rows: Vec<Option<Row>> = self.shares.iter().map(traded).collect();
        let mut compared: Vec<Row> = rows.iter().flatten().copied().collect();
        self.compared = self.compared.max(compared.len());
        if compared.len() < self.parameters.least_shares.max(2) {
            rows.fill(None);
        } else {
            compare(&mut compared);
            for (row, compared) in rows.iter_mut().flatten().zip(compared) {
                *row = compared;
            }
        }
        let score = |row: &Option<Row>| Some(self.model.as_ref()?.score(row.as_ref()?));
        let scores = rows.iter().map(score).collect();
        let closes = self.shares.iter_mut().map(|share| share.close.take()).collect();
        Day { closes, rows, scores }
    }

    /// Return of a share from `back` sessions ago to the last one.
    fn gained(&self, share: usize, back: usize) -> Option<f64> {
        let then = self.days.len().checked_sub(back + 1)?;
        Some(self.days.back()?.closes[share]? / self.days[then].closes[share]? - 1.0)
    }

    /// What was described ten sessions ago has its answer now.
    fn learn(&mut self) {
        if self.days.len() <= AHEAD {
            return;
        }
        let then = &self.days[self.days.len() - 1 - AHEAD];
        let known: Vec<(usize, Row, f64)> = (0..self.shares.len())
            .filter_map(|share| Some((share, then.rows[share]?, self.gained(share, AHEAD)?)))
            .collect();
        let labels = ranks(&known.iter().map(|known| known.2).collect::<Vec<f64>>());
        let scores: Option<Vec<f64>> = known.iter().map(|known| then.scores[known.0]).collect();
        let heard = scores.and_then(|scores| area(&scores, &labels));
        self.contest.hear(heard);
        let ended = self.session;
        let lesson = |((_, row, _), label): ((usize, Row, f64), f64)| Lesson { ended, row, label };
        self.lessons.extend(known.into_iter().zip(labels).map(lesson));
        let over = self.lessons.len().saturating_sub(self.parameters.most_lessons);
        self.lessons.drain(..over);
    }

    /// The best part of the shares for model and baseline; none before there is a model.
    fn choose(&self) -> Option<[Vec<usize>; 2]> {
        let (model, last) = (self.model.as_ref()?, self.days.back()?);
        let best = |scorer: &dyn Scorer| {
            let scored = last.rows.iter().enumerate();
            let scored =
                scored.filter_map(|(share, row)| Some((scorer.score(row.as_ref()?), share)));
            let mut scored: Vec<(f64, usize)> = scored.collect();
            scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let top = self.parameters.top.clamp(0.0, 1.0);
            let count = (top * scored.len() as f64).ceil() as usize;
            scored.into_iter().take(count).map(|(_, share)| share).collect::<Vec<usize>>()
        };
        Some([best(model), best(&Baseline)])
    }

    /// The close after a ranking: both change to what they chose.
    fn follow(&mut self, chosen: [Vec<usize>; 2]) {
        let gained: Vec<Option<f64>> =
            (0..self.shares.len()).map(|share| self.gained(share, AHEAD)).collect();
        self.contest.turn(|share| gained[share], chosen);
    }

    fn train(&mut self, day: i32) {
        let until = self.session.saturating_sub(self.parameters.embargo);
        let known = self.lessons.iter().filter(|lesson| lesson.ended <= until);
        let (rows, labels): (Vec<Row>, Vec<f64>) =
            known.map(|lesson| (lesson.row, lesson.label)).unzip();
        if rows.len() < self.parameters.least_lessons {
            return;
        }
        let version = u32::try_from(day).unwrap_or(0);
        if let Some(model) = Boosted::train(&rows, &labels, &self.parameters.growth, version) {
            (self.model, self.trained) = (Some(model), Some(day));
            self.promotion = self.contest.report(PERIODS_A_YEAR);
        }
    }
}
