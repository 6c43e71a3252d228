//! Rows of open, high, low, close and volume, checked one by one and turned into events.
//!
//! A bar ends with its timeframe, its session or the next bar, whichever comes first, so that no recording
//! convention makes a bar known too early or late. Daily bars of a market with sessions are those sessions.

use super::error::{Error, Fault};
use super::{Feed, Kind, MarketEvent};
use crate::calendar::{Cursor, knows_holidays, session_of};
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::Hours;
use nija_core::words::money::Price;
use nija_core::words::time::{Span, Timestamp};
use nija_market::candle::{Candle, Timeframe};
use std::collections::VecDeque;

/// Longest rest of a market whose holidays are not known.
const LONGEST_REST: Span = Span(5 * Span::DAY.0);

/// What a file of bars does not say about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// About which instrument.
    pub instrument: InstrumentId,
    /// When it trades.
    pub hours: Hours,
    /// How long its bars are.
    pub timeframe: Timeframe,
    /// Leave out rows that are wrong in themselves, and count them, instead of stopping there?
    pub skip_bad: bool,
}

/// What was read so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows that became events.
    pub rows: u64,
    /// Rows left out because `skip_bad` is set.
    pub skipped: u64,
    /// The first of them: its line and its fault.
    pub first_skipped: Option<(u64, Fault)>,
    /// Times at which bars were missing while the market was open.
    pub gaps: u64,
    /// Longest of them, from the open that was expected to the one that came.
    pub longest_gap: Span,
    /// The first of them: the line behind it and what was missing.
    pub first_gap: Option<(u64, Fault)>,
    /// Rows whose prices lie far from their neighbors.
    pub spikes: u64,
    /// The first of them: its line and what is odd about it.
    pub first_spike: Option<(u64, Fault)>,
}

impl Summary {
    /// Notes a row that is left out.
    pub(super) fn skip(&mut self, line: u64, fault: Fault) {
        self.skipped += 1;
        self.first_skipped.get_or_insert((line, fault));
    }

    /// Notes that bars were missing before a line; a fault where the reading is strict.
    pub(super) fn gap(
        &mut self,
        line: u64,
        (from, to): (Timestamp, Timestamp),
        strict: bool,
    ) -> Result<(), Fault> {
        let fault = Fault::Gap { from, to };
        self.gaps += 1;
        self.longest_gap = self.longest_gap.max(to.since(from));
        if strict {
            return Err(fault);
        }
        self.first_gap.get_or_insert((line, fault));
        Ok(())
    }

    /// Looks whether a row lies far from the closes before and after it; a fault where the reading is strict.
    pub(super) fn judge(
        &mut self,
        row: &Row,
        (before, after): (Option<Price>, Option<Price>),
        strict: bool,
    ) -> Result<(), Fault> {
        let Some(fault) = spike(row, before, after) else {
            return Ok(());
        };
        self.spikes += 1;
        if strict {
            return Err(fault);
        }
        self.first_spike.get_or_insert((row.line, fault));
        Ok(())
    }
}

/// One row of a file, as its reader found it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) stamp: Timestamp,
    pub(super) open: Price,
    pub(super) high: Price,
    pub(super) low: Price,
    pub(super) close: Price,
    pub(super) volume: f64,
}

/// A file that yields rows.
pub(super) trait Rows: Send {
    fn file(&self) -> &str;
    fn next_row(&mut self) -> Result<Option<Row>, Error>;
}

/// A row with the stretch of time that its bar may cover.
#[derive(Clone, Copy)]
struct Placed {
    row: Row,
    open_at: Timestamp,
    close_by: Timestamp,
}

/// A feed of one file of bars.
pub struct Bars {
    rows: Box<dyn Rows>,
    terms: Terms,
    sessions: Cursor,
    last: Option<Timestamp>,
    ahead: Option<Placed>,
    /// The row before, and when the one behind it was expected.
    before: Option<(Row, Option<Timestamp>)>,
    strict: bool,
    ready: VecDeque<MarketEvent>,
    started: bool,
    summary: Summary,
}

impl Bars {
    pub(super) fn new(rows: Box<dyn Rows>, terms: Terms) -> Self {
        Self {
            rows,
            terms,
            sessions: Cursor::new(terms.hours),
            last: None,
            ahead: None,
            before: None,
            strict: false,
            ready: VecDeque::with_capacity(2),
            started: false,
            summary: Summary::default(),
        }
    }

    /// Stops at a gap or a price far from its neighbors where that is asked for, instead of telling of them.
    #[must_use]
    pub const fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// What was read so far; the whole file once the feed is at its end.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The next row that can be used.
    fn pull(&mut self) -> Result<Option<Placed>, Error> {
        let skip_bad = self.terms.skip_bad;
        while let Some(row) = readable(&mut *self.rows, skip_bad, &mut self.summary)? {
            let fault = match in_order(&mut self.last, row.stamp).and_then(|()| self.place(row)) {
                Ok(placed) => return Ok(Some(placed)),
                Err(fault) => fault,
            };
            if !(skip_bad && fault.is_skippable()) {
                let file = self.rows.file().to_owned();
                return Err(Error::Row { file, line: row.line, fault });
            }
            self.summary.skip(row.line, fault);
        }
        Ok(None)
    }

    fn place(&mut self, row: Row) -> Result<Placed, Fault> {
        check(&row)?;
        let nothing = Fault::NoSession(row.stamp);
        let (open_at, close_by) = if self.terms.timeframe == Timeframe::Day1 {
            let day = row.stamp.day(Span::ZERO);
            if Timestamp::of_day(day, Span::ZERO) != row.stamp {
                return Err(Fault::NotMidnight(row.stamp));
            }
            let session = session_of(self.terms.hours, day).ok_or(nothing)?;
            (session.open_at, session.close_at)
        } else {
            let session = self.sessions.session_from(row.stamp);
            let session = session.filter(|s| s.contains(row.stamp)).ok_or(nothing)?;
            let end = row.stamp.plus(self.terms.timeframe.span());
            let close_by = match self.terms.hours {
                Hours::Always => end,
                Hours::Nyse | Hours::Cme => end.min(session.close_at),
            };
            (row.stamp, close_by)
        };
        Ok(Placed { row, open_at, close_by })
    }

    /// Turns one row into its two events; reads one row ahead, because the next bar ends this one.
    fn load(&mut self) -> Result<(), Error> {
        let current = if self.started { self.ahead.take() } else { self.pull()? };
        self.started = true;
        let Some(current) = current else {
            return Ok(());
        };
        self.ahead = self.pull()?;
        let close_at =
            self.ahead.map_or(current.close_by, |next| current.close_by.min(next.open_at));
        self.judge(&current, close_at)?;
        let Row { open, high, low, close, volume, .. } = current.row;
        let (instrument, open_at) = (self.terms.instrument, current.open_at);
        let candle = Candle { instrument, open_at, close_at, open, high, low, close, volume };
        self.ready.push_back(MarketEvent {
            at: open_at,
            kind: Kind::BarOpened { instrument, price: open },
        });
        self.ready.push_back(MarketEvent { at: close_at, kind: Kind::BarClosed(candle) });
        self.summary.rows += 1;
        Ok(())
    }

    /// Looks for what is odd about a row beside its neighbors.
    fn judge(&mut self, current: &Placed, close_at: Timestamp) -> Result<(), Error> {
        let (row, open_at) = (&current.row, current.open_at);
        let after = self.ahead.map(|next| next.row.close);
        let mut told =
            self.summary.judge(row, (self.before.map(|(b, _)| b.close), after), self.strict);
        if let Some((before, Some(expected))) = self.before
            && open_at > expected
            && !may_rest(self.terms.hours, before.stamp, row.stamp)
        {
            told = told.and(self.summary.gap(row.line, (expected, open_at), self.strict));
        }
        let following = self.sessions.session_from(close_at);
        self.before = Some((*row, following.map(|session| close_at.max(session.open_at))));
        let file = || self.rows.file().to_owned();
        told.map_err(|fault| Error::Strict { file: file(), line: row.line, fault })
    }
}

impl Feed for Bars {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        if self.ready.is_empty() {
            self.load()?;
        }
        Ok(self.ready.pop_front())
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        if self.ready.is_empty() {
            self.load()?;
        }
        Ok(self.ready.front().map(|event| event.at))
    }
}

/// Holds a row to the one before it: times rise.
pub(super) fn in_order(last: &mut Option<Timestamp>, stamp: Timestamp) -> Result<(), Fault> {
    match *last {
        Some(last) if last == stamp => return Err(Fault::Repeated(stamp)),
        Some(before) if before > stamp => return Err(Fault::Backwards { before, at: stamp }),
        _ => *last = Some(stamp),
    }
    Ok(())
}

/// Holds a row to what every bar must keep.
pub(super) fn check(row: &Row) -> Result<(), Fault> {
    let Row { open, high, low, close, volume, .. } = *row;
    let prices = [("open", open), ("high", high), ("low", low), ("close", close)];
    if let Some((column, price)) = prices.into_iter().find(|(_, price)| !price.is_positive()) {
        return Err(Fault::NotPositive { column, value: price.to_string() });
    }
    if high < open.max(close) || low > open.min(close) || high < low {
        return Err(Fault::Range { high, low, open, close });
    }
    if volume.is_finite() && volume >= 0.0 {
        Ok(())
    } else {
        Err(Fault::Volume(volume.to_string()))
    }
}

/// The next row that can be read; one whose fault is its own may be left out and counted.
pub(super) fn readable(
    rows: &mut dyn Rows,
    skip_bad: bool,
    summary: &mut Summary,
) -> Result<Option<Row>, Error> {
    loop {
        match rows.next_row() {
            Err(Error::Row { line, fault, .. }) if skip_bad && fault.is_skippable() => {
                summary.skip(line, fault);
            }
            read => return read,
        }
    }
}

/// May a market have rested from one bar to the next, since nobody knows its holidays then?
pub(super) fn may_rest(hours: Hours, stamp: Timestamp, next: Timestamp) -> bool {
    !knows_holidays(hours, stamp) && next.since(stamp) <= LONGEST_REST
}

/// A price that neither its bar nor its neighbors explain: a high of twice or a low of half the rest of the bar, or a
/// close that lies half away from the closes before and after it, on one side of both.
fn spike(row: &Row, before: Option<Price>, after: Option<Price>) -> Option<Fault> {
    let (top, bottom) = (row.open.max(row.close), row.open.min(row.close));
    let before_or = before.unwrap_or(row.open);
    let told = |column, price| Some(Fault::Spike { column, price, before: before_or });
    if row.high.raw() / 2 > top.raw().max(before_or.raw()) {
        return told("high", row.high);
    }
    if row.low.raw() < bottom.raw().min(before_or.raw()) / 2 {
        return told("low", row.low);
    }
    let (before, after) = (before?.raw(), after?.raw());
    let close = row.close.raw();
    let above = close / 3 > before.max(after) / 2;
    let below = close / 2 < before.min(after) / 3;
    if above || below { told("close", row.close) } else { None }
}
