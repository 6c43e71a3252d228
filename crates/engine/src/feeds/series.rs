//! One file of bars as a plain series: no sessions and no catalog, a few rows in memory however long it is.
//!
//! How far apart its bars are, and whether its market ever rests, is read off the first rows where nobody says
//! it. Times that do not rise and rows that are wrong in themselves are faults. Gaps and prices far from their
//! neighbors are counted and told, or faults as well where the reading is strict.

use super::bars::{Row, Rows, Summary, check, in_order, may_rest, readable};
use super::error::{Error, Fault};
use super::{csv, parquet};
use crate::calendar::Cursor;
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::Hours;
use nija_core::words::money::Price;
use nija_core::words::time::{Span, Timestamp};
use nija_market::candle::Candle;
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;

/// Rows that are looked at before the first is handed out.
const LOOK: usize = 256;
/// Candles handed out at a time.
const HANDFUL: usize = 1_024;

/// How a file is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// From one bar to the next; the most frequent distance of the first rows where it is not said.
    pub step: Option<Span>,
    /// When the market trades; around the clock where the first rows hold a weekend and it is not said.
    pub hours: Option<Hours>,
    /// Leave out rows that are wrong in themselves, and count them?
    pub skip_bad: bool,
    /// Stop at a gap or a price far from its neighbors?
    pub strict: bool,
}

/// A file of bars, read on demand.
pub struct Series {
    rows: Box<dyn Rows>,
    instrument: InstrumentId,
    reading: Reading,
    step: Span,
    sessions: Cursor,
    hours: Hours,
    looked: VecDeque<Row>,
    last: Option<Timestamp>,
    /// The row that is handed out next: its end and its oddities depend on the one behind it.
    current: Option<Row>,
    before: Option<Price>,
    started: bool,
    summary: Summary,
}

impl Series {
    /// Opens a `.csv`, `.csv.zst` or `.parquet` file and looks at its first rows.
    ///
    /// # Errors
    /// When the file cannot be read, lacks a column, or its first rows are wrong.
    pub fn open(path: &Path, instrument: InstrumentId, reading: Reading) -> Result<Self, Error> {
        let is_parquet = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("parquet"));
        let rows = if is_parquet { parquet::rows(path)? } else { csv::rows(path)? };
        Self::of(rows, instrument, reading)
    }

    fn of(rows: Box<dyn Rows>, instrument: InstrumentId, reading: Reading) -> Result<Self, Error> {
        let mut series = Self {
            rows,
            instrument,
            reading,
            step: Span::DAY,
            sessions: Cursor::new(Hours::Always),
            hours: Hours::Always,
            looked: VecDeque::new(),
            last: None,
            current: None,
            before: None,
            started: false,
            summary: Summary::default(),
        };
        let mut ahead = VecDeque::new();
        while ahead.len() < LOOK
            && let Some(row) = series.pull()?
        {
            ahead.push_back(row);
        }
        series.hours = reading.hours.unwrap_or_else(|| hours(&ahead));
        series.sessions = Cursor::new(series.hours);
        series.step = reading.step.or_else(|| step(&ahead)).unwrap_or(Span::DAY);
        series.looked = ahead;
        Ok(series)
    }

    /// From one bar to the next.
    #[must_use]
    pub const fn step(&self) -> Span {
        self.step
    }
    /// When the market trades.
    #[must_use]
    pub const fn hours(&self) -> Hours {
        self.hours
    }
    /// When the first bar opened; none where there is no bar. To be asked before reading.
    #[must_use]
    pub fn first(&self) -> Option<Timestamp> {
        self.looked.front().map(|row| row.stamp)
    }
    /// What was read so far; the whole file once it is at its end.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Puts the next candles in place of those in `out`; false when there are none left.
    ///
    /// # Errors
    /// What is wrong with a row, where, and what to do; the series cannot be read on.
    pub fn next(&mut self, out: &mut Vec<Candle>) -> Result<bool, Error> {
        out.clear();
        if !self.started {
            self.started = true;
            self.current = self.pull()?;
        }
        while out.len() < HANDFUL
            && let Some(row) = self.current.take()
        {
            let following = self.pull()?;
            self.judge(&row, following.as_ref())?;
            let whole = row.stamp.plus(self.step);
            let Row { open, high, low, close, volume, .. } = row;
            out.push(Candle {
                instrument: self.instrument,
                open_at: row.stamp,
                close_at: following.map_or(whole, |next| whole.min(next.stamp)),
                open,
                high,
                low,
                close,
                volume,
            });
            self.before = Some(close);
            self.current = following;
        }
        self.summary.rows += out.len() as u64;
        Ok(!out.is_empty())
    }

    /// The next row that can be used.
    fn pull(&mut self) -> Result<Option<Row>, Error> {
        if let Some(row) = self.looked.pop_front() {
            return Ok(Some(row));
        }
        let skip_bad = self.reading.skip_bad;
        while let Some(row) = readable(&mut *self.rows, skip_bad, &mut self.summary)? {
            let Err(fault) = in_order(&mut self.last, row.stamp).and_then(|()| check(&row)) else {
                return Ok(Some(row));
            };
            if !(skip_bad && fault.is_skippable()) {
                return Err(self.fault(row.line, fault));
            }
            self.summary.skip(row.line, fault);
        }
        Ok(None)
    }

    fn fault(&self, line: u64, fault: Fault) -> Error {
        Error::Row { file: self.rows.file().to_owned(), line, fault }
    }

    /// Looks for what is odd about a row beside its neighbors.
    fn judge(&mut self, row: &Row, following: Option<&Row>) -> Result<(), Error> {
        let (before, after) = (self.before, following.map(|next| next.close));
        let strict = self.reading.strict;
        let odd = self.summary.judge(row, (before, after), strict);
        odd.map_err(|fault| self.strictly(row.line, fault))?;
        if let Some(next) = following
            && next.stamp > row.stamp.plus(self.step)
            && let Some(from) = self.gap(row.stamp, next.stamp)
        {
            let told = self.summary.gap(next.line, (from, next.stamp), strict);
            told.map_err(|fault| self.strictly(next.line, fault))?;
        }
        Ok(())
    }

    fn strictly(&self, line: u64, fault: Fault) -> Error {
        Error::Strict { file: self.rows.file().to_owned(), line, fault }
    }

    /// When a bar was missing first between two that are further apart than one step; none where the market rested.
    fn gap(&mut self, stamp: Timestamp, next: Timestamp) -> Option<Timestamp> {
        let close = stamp.plus(self.step);
        if may_rest(self.hours, stamp, next) {
            return None;
        }
        let expected = match self.step.0.cmp(&Span::DAY.0) {
            std::cmp::Ordering::Less => close.max(self.sessions.session_from(close)?.open_at),
            // A daily bar is stamped with the midnight of its date.
            std::cmp::Ordering::Equal => {
                let session = self
                    .sessions
                    .session_from(Timestamp::of_day(close.day(Span::ZERO), Span::ZERO))?;
                Timestamp::of_day(session.open_at.day(Span::ZERO), Span::ZERO)
            }
            // Weeks and months are not all of one length.
            std::cmp::Ordering::Greater => stamp.plus(Span(self.step.0.saturating_mul(3) / 2)),
        };
        (next > expected).then_some(expected)
    }
}

/// The most frequent distance between rows, the shortest of them where several are.
fn step(rows: &VecDeque<Row>) -> Option<Span> {
    let mut counts: BTreeMap<i64, u32> = BTreeMap::new();
    for (row, next) in rows.iter().zip(rows.iter().skip(1)) {
        *counts.entry(next.stamp.since(row.stamp).0).or_default() += 1;
    }
    let most = counts.values().max().copied()?;
    counts.into_iter().find(|(_, count)| *count == most).map(|(span, _)| Span(span))
}

/// Around the clock where some row lies on a weekend.
fn hours(rows: &VecDeque<Row>) -> Hours {
    // 1970-01-01 was a Thursday.
    let weekday = |row: &Row| (i64::from(row.stamp.day(Span::ZERO)) + 3).rem_euclid(7);
    if rows.iter().any(|row| weekday(row) >= 5) { Hours::Always } else { Hours::Nyse }
}

#[cfg(test)]
mod tests;
