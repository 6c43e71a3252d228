//! Recorded quotes and trades from CSV text, plain or compressed, in order of their receipt.
//!
//! `recv_ts_ns,bid_price,bid_qty,ask_price,ask_qty` and `recv_ts_ns,price,qty,taker_side`; further columns
//! are passed over. Times are nanoseconds since 1970, cut to microseconds; equal times keep their order.

use super::bars::Summary;
use super::csv::{Table, shown};
use super::error::{Error, Fault};
use super::{Feed, Kind, MarketEvent, instant};
use nija_core::words::id::InstrumentId;
use nija_core::words::money::{Price, Qty};
use nija_core::words::time::Timestamp;
use std::path::Path;

const QUOTES: &[&str] = &["recv_ts_ns", "bid_price", "bid_qty", "ask_price", "ask_qty"];
const TRADES: &[&str] = &["recv_ts_ns", "price", "qty"];

/// What the rows of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Best bid and ask.
    Quotes,
    /// Trades of others.
    Trades,
}

/// A feed of one file of quotes or trades.
pub struct Ticks {
    table: Table,
    content: Content,
    instrument: InstrumentId,
    skip_bad: bool,
    ahead: Option<MarketEvent>,
    last: Option<Timestamp>,
    summary: Summary,
}

/// Opens a file of quotes or trades of one instrument.
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
        Content::Trades => (TRADES, "recv_ts_ns,price,qty"),
    };
    let table = Table::open(path, columns, text)?;
    let summary = Summary::default();
    Ok(Ticks { table, content, instrument, skip_bad, ahead: None, last: None, summary })
}

impl Ticks {
    /// What was read so far; gaps are not counted, as ticks come when they come.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    fn fill(&mut self) -> Result<(), Error> {
        while self.ahead.is_none() {
            let Some(line) = self.table.advance()? else {
                return Ok(());
            };
            match self.event() {
                Ok(event) => {
                    self.summary.rows += 1;
                    self.ahead = Some(event);
                }
                Err(fault) if self.skip_bad && fault.is_skippable() => {
                    self.summary.skip(line, fault);
                }
                Err(fault) => return Err(self.table.fault(line, fault)),
            }
        }
        Ok(())
    }

    fn event(&mut self) -> Result<MarketEvent, Fault> {
        let stamp = self.table.field(0);
        let at = instant::from_nanos_text(stamp).ok_or_else(|| Fault::Time(shown(stamp)))?;
        if let Some(before) = self.last
            && before > at
        {
            return Err(Fault::Backwards { before, at });
        }
        self.last = Some(at);
        let kind = match self.content {
            Content::Quotes => self.quote()?,
            Content::Trades => self.trade()?,
        };
        Ok(MarketEvent { at, kind })
    }

    fn quote(&self) -> Result<Kind, Fault> {
        let (bid, ask) = (self.table.price(1)?, self.table.price(3)?);
        let (bid_qty, ask_qty) = (self.table.qty(2)?, self.table.qty(4)?);
        positive("bid_price", bid.raw(), bid)?;
        positive("ask_price", ask.raw(), ask)?;
        for (column, qty) in [("bid_qty", bid_qty), ("ask_qty", ask_qty)] {
            // A side may be empty, not less than empty.
            positive(column, qty.raw().saturating_add(1), qty)?;
        }
        if ask < bid {
            return Err(Fault::Crossed { bid, ask });
        }
        Ok(Kind::Quote { instrument: self.instrument, bid, ask, bid_qty, ask_qty })
    }

    fn trade(&self) -> Result<Kind, Fault> {
        let (price, qty): (Price, Qty) = (self.table.price(1)?, self.table.qty(2)?);
        positive("price", price.raw(), price)?;
        positive("qty", qty.raw(), qty)?;
        Ok(Kind::Trade { instrument: self.instrument, price, qty })
    }
}

fn positive(column: &'static str, raw: i64, shown: impl core::fmt::Display) -> Result<(), Fault> {
    if raw > 0 { Ok(()) } else { Err(Fault::NotPositive { column, value: shown.to_string() }) }
}

impl Feed for Ticks {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        self.fill()?;
        Ok(self.ahead.take())
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        self.fill()?;
        Ok(self.ahead.map(|event| event.at))
    }
}

#[cfg(test)]
mod tests;
