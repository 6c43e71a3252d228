//! How far a share has moved at its reports: from the last close ahead of the news to the first one behind it.

use super::{News, Report, Slot, last_session};
use crate::candle::Candle;
use nija_core::words::time::Span;
use std::collections::VecDeque;

/// An announcement that is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// The quarter it is about.
    pub period: i32,
    /// Its day since 1970.
    pub day: i32,
    /// When of the day; none where that is not confirmed.
    pub slot: Option<Slot>,
}

impl Awaited {
    /// The last session that closes before the news; unconfirmed, it may come before the open.
    #[must_use]
    pub fn last(&self) -> i32 {
        last_session(self.day, self.slot.unwrap_or(Slot::Before))
    }
}

/// What a piece of news did to the announcement that was awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing, or its time of day was confirmed.
    Same,
    /// It is the first one heard of its quarter.
    New,
    /// It was moved or called off: it was no date.
    Moved,
}

/// Follows one share and its reports.
#[derive(Clone, Debug)]
pub struct Reactions {
    most: usize,
    awaited: Option<Awaited>,
    /// Last close of the share and its day.
    close: Option<(i32, f64)>,
    moves: VecDeque<f64>,
}

impl Reactions {
    /// Remembers so many moves.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self { most, awaited: None, close: None, moves: VecDeque::new() }
    }

    /// The announcement that is awaited.
    #[must_use]
    pub const fn awaited(&self) -> Option<Awaited> {
        self.awaited
    }

    /// Learns about a report of the share.
    pub fn hear(&mut self, report: &Report) -> Heard {
        let known = self.awaited.filter(|awaited| awaited.period == report.period);
        match (report.news, known) {
            (News::Planned { day, slot }, Some(awaited)) => {
                let moved = awaited.day != day || (awaited.slot != slot && awaited.slot.is_some());
                self.awaited = Some(Awaited { day, slot, ..awaited });
                if moved { Heard::Moved } else { Heard::Same }
            }
            (News::Planned { day, slot }, None) => {
                self.awaited = Some(Awaited { period: report.period, day, slot });
                Heard::New
            }
            (News::Cancelled, Some(_)) => {
                self.awaited = None;
                Heard::Moved
            }
            (News::Cancelled | News::Published { .. }, _) => Heard::Same,
        }
    }

    /// Follows a daily candle of the share; true at the first close behind the news, which is not awaited any more.
    /// Only a confirmed time of day says which close that was.
    pub fn follow(&mut self, candle: &Candle) -> bool {
        let (day, close) = (candle.open_at.day(Span::ZERO), candle.close_f64());
        let before = self.close.replace((day, close));
        let Some(awaited) = self.awaited.take_if(|awaited| day > awaited.last()) else {
            return false;
        };
        let base = before.filter(|&(day, _)| day <= awaited.last());
        if let (Some((_, base)), Some(_)) = (base, awaited.slot) {
            self.moves.push_back((close / base - 1.0).abs());
            if self.moves.len() > self.most {
                self.moves.pop_front();
            }
        }
        true
    }

    /// Median move of the last reports, as a fraction; none before there were enough.
    #[must_use]
    pub fn usual(&self) -> Option<f64> {
        if self.moves.len() < self.most.max(1) {
            return None;
        }
        let mut sorted: Vec<f64> = self.moves.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let half = sorted.len() / 2;
        let odd = sorted.len() % 2 == 1;
        Some(if odd { sorted[half] } else { f64::midpoint(sorted[half - 1], sorted[half]) })
    }
}
