//! Recorded quotes, trades and levels of a book from CSV text, plain or compressed, in order of their receipt.
//!
//! `recv_ts_ns,bid_price,bid_qty,ask_price,ask_qty`, `recv_ts_ns,price,qty,taker_side`,
//! `recv_ts_ns,kind,side,price,qty` (a snapshot clears what was there, a quantity of zero deletes), and pictures of
//! ten levels a side (`pictures`). Further columns are passed over; equal times keep their order.

mod pictures;

use super::bars::Summary;
use super::csv::{Table, shown};
use super::error::{Error, Fault};
use super::{Feed, Kind, MarketEvent, instant};
use nija_core::words::id::InstrumentId;
use nija_core::words::money::{Price, Qty};
use nija_core::words::order::Side;
use nija_core::words::time::{Span, Timestamp};
use std::collections::VecDeque;
use std::path::Path;

const QUOTES: &[&str] = &["recv_ts_ns", "bid_price", "bid_qty", "ask_price", "ask_qty"];
const TRADES: &[&str] = &["recv_ts_ns", "price", "qty", "taker_side"];
const LEVELS: &[&str] = &["recv_ts_ns", "kind", "side", "price", "qty"];
/// A longer silence of one file is counted as a gap.
const QUIET: Span = Span::seconds(5);

/// What the rows of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Best bid and ask.
    Quotes,
    /// Trades of others.
    Trades,
    /// Changes of single prices of a book.
    Levels,
    /// Pictures of the ten best prices of both sides.
    Pictures,
}

/// A feed of one file of ticks.
pub struct Ticks {
    table: Table,
    content: Content,
    instrument: InstrumentId,
    skip_bad: bool,
    /// The longest silence that is no error.
    most_silence: Option<Span>,
    ahead: VecDeque<MarketEvent>,
    last: Option<Timestamp>,
    /// Is the row before part of a snapshot?
    in_snapshot: bool,
    summary: Summary,
}

/// Opens a file of ticks of one instrument.
///
/// # Errors
/// When the file cannot be read or a column is missing; faults of rows come from the feed.
pub fn open(
    path: &Path,
    content: Content,
    instrument: InstrumentId,
    skip_bad: bool,
) -> Result<Ticks, Error> {
    let (columns, text) = match content {
        Content::Quotes => (QUOTES, "recv_ts_ns,bid_price,bid_qty,ask_price,ask_qty"),
        Content::Trades => (TRADES, "recv_ts_ns,price,qty,taker_side"),
        Content::Levels => (LEVELS, "recv_ts_ns,kind,side,price,qty"),
        Content::Pictures => (pictures::COLUMNS, "recv_ts_ms, then bid1_price to ask10_qty"),
    };
    Ok(Ticks {
        table: Table::open(path, columns, text)?,
        content,
        instrument,
        skip_bad,
        most_silence: None,
        ahead: VecDeque::new(),
        last: None,
        in_snapshot: false,
        summary: Summary::default(),
    })
}

impl Ticks {
    /// The same, with an error where nothing comes for longer than this.
    #[must_use]
    pub const fn unbroken(mut self, most: Span) -> Self {
        self.most_silence = Some(most);
        self
    }

    /// What was read so far. A gap is a silence of more than five seconds.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    fn fill(&mut self) -> Result<(), Error> {
        while self.ahead.is_empty() {
            let Some(line) = self.table.advance()? else {
                return Ok(());
            };
            match self.row() {
                Ok(()) => self.summary.rows += 1,
                Err(fault) if self.skip_bad && fault.is_skippable() => {
                    self.ahead.clear();
                    self.summary.skip(line, fault);
                }
                Err(fault) => return Err(self.table.fault(line, fault)),
            }
        }
        Ok(())
    }

    /// The events of a row.
    fn row(&mut self) -> Result<(), Fault> {
        let at = self.time()?;
        let kind = match self.content {
            Content::Quotes => self.quote()?,
            Content::Trades => self.trade()?,
            Content::Levels => self.level(at)?,
            Content::Pictures => return self.picture(at),
        };
        self.ahead.push_back(MarketEvent { at, kind });
        Ok(())
    }

    fn time(&mut self) -> Result<Timestamp, Fault> {
        let stamp = self.table.field(0);
        let at = match self.content {
            Content::Pictures => pictures::time(stamp),
            _ => instant::from_nanos_text(stamp),
        };
        let at = at.ok_or_else(|| Fault::Time(shown(stamp)))?;
        if let Some(before) = self.last {
            let silence = at.since(before);
            if before > at {
                return Err(Fault::Backwards { before, at });
            }
            if self.most_silence.is_some_and(|most| silence > most) {
                return Err(Fault::Silence { from: before, to: at });
            }
            if silence > QUIET {
                self.summary.gaps += 1;
                self.summary.longest_gap = self.summary.longest_gap.max(silence);
            }
        }
        self.last = Some(at);
        Ok(at)
    }

    fn quote(&self) -> Result<Kind, Fault> {
        let (bid, ask) = (self.table.price(1)?, self.table.price(3)?);
        let (bid_qty, ask_qty) = (self.table.qty(2)?, self.table.qty(4)?);
        positive("bid_price", bid.raw(), bid)?;
        positive("ask_price", ask.raw(), ask)?;
        not_negative("bid_qty", bid_qty)?;
        not_negative("ask_qty", ask_qty)?;
        if ask < bid {
            return Err(Fault::Crossed { bid, ask });
        }
        Ok(Kind::Quote { instrument: self.instrument, bid, ask, bid_qty, ask_qty })
    }

    fn trade(&self) -> Result<Kind, Fault> {
        let (price, qty): (Price, Qty) = (self.table.price(1)?, self.table.qty(2)?);
        positive("price", price.raw(), price)?;
        positive("qty", qty.raw(), qty)?;
        let taker = match self.table.field(3) {
            b"buy" => Some(Side::Buy),
            b"sell" => Some(Side::Sell),
            b"" => None,
            other => return Err(word("taker_side", other, "buy, sell, or nothing")),
        };
        Ok(Kind::Trade { instrument: self.instrument, price, qty, taker })
    }

    fn level(&mut self, at: Timestamp) -> Result<Kind, Fault> {
        let instrument = self.instrument;
        let is_snapshot = match self.table.field(1) {
            b"snapshot" => true,
            b"update" => false,
            other => return Err(word("kind", other, "snapshot or update")),
        };
        let side = match self.table.field(2) {
            b"bid" => Side::Buy,
            b"ask" => Side::Sell,
            other => return Err(word("side", other, "bid or ask")),
        };
        let (price, qty) = (self.table.price(3)?, self.table.qty(4)?);
        positive("price", price.raw(), price)?;
        not_negative("qty", qty)?;
        if is_snapshot && !self.in_snapshot {
            self.ahead.push_back(MarketEvent { at, kind: Kind::Cleared { instrument } });
        }
        self.in_snapshot = is_snapshot;
        Ok(Kind::Level { instrument, side, price, qty })
    }
}

fn positive(column: &'static str, raw: i64, shown: impl core::fmt::Display) -> Result<(), Fault> {
    if raw > 0 { Ok(()) } else { Err(Fault::NotPositive { column, value: shown.to_string() }) }
}

/// A side may be empty, not less than empty.
fn not_negative(column: &'static str, qty: Qty) -> Result<(), Fault> {
    positive(column, qty.raw().saturating_add(1), qty)
}

fn word(column: &'static str, found: &[u8], wanted: &'static str) -> Fault {
    Fault::Word { column, text: shown(found), wanted }
}

impl Feed for Ticks {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        self.fill()?;
        Ok(self.ahead.pop_front())
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        self.fill()?;
        Ok(self.ahead.front().map(|event| event.at))
    }
}

#[cfg(test)]
mod tests;
