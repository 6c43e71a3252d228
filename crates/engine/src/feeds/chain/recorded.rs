//! Recorded chains from CSV text, plain or compressed: one row a contract and picture,
//! `quote_time,expiration,strike,right,bid,ask,underlying_price`, further columns are passed over.
//!
//! A `quote_time` at midnight is a picture of that day's close. Rows without bid and ask are counted and left out;
//! without a price of the underlying, parity of the puts and calls at the money says it.

use super::{LONGEST, Listed, Numbers, Underlying, closing, next_session};
use crate::feeds::bars::Summary;
use crate::feeds::csv::{Table, shown};
use crate::feeds::error::{Error, Fault};
use crate::feeds::{Feed, Kind, MarketEvent, instant};
use nija_core::words::money::{Price, Qty};
use nija_core::words::time::{Span, Timestamp};
use nija_market::options::Right;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

const COLUMNS: &[&str] =
    &["quote_time", "expiration", "strike", "right", "bid", "ask", "underlying_price"];
const COLUMNS_TEXT: &str = "quote_time,expiration,strike,right,bid,ask,underlying_price";
/// New contracts lie at most a tenth of the price away from it.
const NEAR: i64 = 10;
/// New contracts of one picture, those nearest the money first.
const MOST_NEW: usize = 200;
/// Files do not say how much stands behind a quote: a bid or an ask that is there is taken to be this large.
const SIZE: Qty = Qty::whole(10_000);

/// One row.
#[derive(Clone, Copy)]
struct Row {
    at: Timestamp,
    expiry: i32,
    strike: Price,
    right: Right,
    quote: Option<(Price, Price)>,
    spot: Option<Price>,
}

/// The recorded chain of one underlying.
pub struct Recorded {
    files: VecDeque<PathBuf>,
    table: Option<Table>,
    skip_bad: bool,
    listed: Listed,
    /// The first row of the next picture.
    next: Option<Row>,
    last: Option<Timestamp>,
    ahead: VecDeque<MarketEvent>,
    summary: Summary,
    unquoted: u64,
}

/// Opens the files of one underlying; their names sort by time.
///
/// # Errors
/// When the first file cannot be read or lacks a column; faults of rows come from the feed.
pub fn open(
    files: &[PathBuf],
    of: Underlying,
    numbers: &Numbers,
    skip_bad: bool,
) -> Result<Recorded, Error> {
    let mut files: Vec<PathBuf> = files.to_vec();
    files.sort();
    let mut recorded = Recorded {
        files: files.into(),
        table: None,
        skip_bad,
        listed: Listed::new(of, numbers.clone()),
        next: None,
        last: None,
        ahead: VecDeque::new(),
        summary: Summary::default(),
        unquoted: 0,
    };
    recorded.next = recorded.pull()?;
    Ok(recorded)
}

fn table(path: &Path) -> Result<Table, Error> {
    Table::open(path, COLUMNS, COLUMNS_TEXT)
}

impl Recorded {
    /// What was read so far.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }
    /// Rows so far that had no bid and ask.
    #[must_use]
    pub const fn unquoted(&self) -> u64 {
        self.unquoted
    }

    /// The next row of all files that can be used.
    fn pull(&mut self) -> Result<Option<Row>, Error> {
        loop {
            if self.table.is_none() {
                let Some(path) = self.files.pop_front() else { return Ok(None) };
                self.table = Some(table(&path)?);
            }
            let Some(table) = &mut self.table else { return Ok(None) };
            let Some(line) = table.advance()? else {
                self.table = None;
                continue;
            };
            match row(table, self.last) {
                Ok(row) => {
                    self.last = Some(row.at);
                    self.summary.rows += 1;
                    return Ok(Some(row));
                }
                Err(fault) if self.skip_bad && fault.is_skippable() => {
                    self.summary.skip(line, fault);
                }
                Err(fault) => return Err(table.fault(line, fault)),
            }
        }
    }

    /// Reads the next picture.
    fn fill(&mut self) -> Result<(), Error> {
        while self.ahead.is_empty() {
            let Some(first) = self.next.take() else { return Ok(()) };
            let mut rows = vec![first];
            while let Some(row) = self.pull()? {
                if row.at != first.at {
                    self.next = Some(row);
                    break;
                }
                rows.push(row);
            }
            self.picture(first.at, &rows);
        }
        Ok(())
    }

    /// Makes events of the rows of a picture. One without a price of the underlying lists and says nothing.
    fn picture(&mut self, at: Timestamp, rows: &[Row]) {
        self.listed.expire(at);
        self.unquoted += rows.iter().filter(|row| row.quote.is_none()).count() as u64;
        let Some((spot, next_session)) = spot(rows).zip(next_session(at)) else { return };
        let today = at.day(Span::ZERO);
        let off = |row: &Row| (row.strike.raw() - spot.raw()).abs();
        let mut fresh: Vec<&Row> = rows.iter().filter(|row| row.quote.is_some()).collect();
        fresh.retain(|row| {
            let is_near = off(row).saturating_mul(NEAR) <= spot.raw();
            let is_short = row.expiry > today && row.expiry - today <= LONGEST;
            is_near && is_short && self.listed.find(row.expiry, row.right, row.strike).is_none()
        });
        fresh.sort_by_key(|row| off(row));
        for row in fresh.into_iter().take(MOST_NEW) {
            let terms = self.listed.list(row.expiry, row.right, row.strike);
            self.ahead.extend(terms.map(|terms| MarketEvent { at, kind: Kind::Listed(terms) }));
        }
        for row in rows {
            let known = self.listed.find(row.expiry, row.right, row.strike);
            if let Some((terms, (bid, ask))) = known.zip(row.quote) {
                let bid_qty = if bid.is_positive() { SIZE } else { Qty::ZERO };
                let kind = Kind::Quote { instrument: terms.id, bid, ask, bid_qty, ask_qty: SIZE };
                self.ahead.push_back(MarketEvent { at, kind });
            }
        }
        let underlying = self.listed.of.instrument;
        let kind = Kind::Pictured { underlying, spot, next_session };
        self.ahead.push_back(MarketEvent { at, kind });
    }
}

/// Reads a row; `last` is the time of the row before.
fn row(table: &Table, last: Option<Timestamp>) -> Result<Row, Fault> {
    let time = |column| {
        let text = table.field(column);
        instant::read(text).ok_or_else(|| Fault::Time(shown(text)))
    };
    let (stamp, expiry) = (time(0)?, time(1)?.day(Span::ZERO));
    let day = stamp.day(Span::ZERO);
    let at = if stamp == Timestamp::of_day(day, Span::ZERO) {
        closing(day).ok_or(Fault::NoSession(stamp))?
    } else {
        stamp
    };
    if let Some(before) = last.filter(|before| at < *before) {
        return Err(Fault::Backwards { before, at });
    }
    let right = match table.field(3) {
        b"C" => Right::Call,
        b"P" => Right::Put,
        other => {
            return Err(Fault::Word { column: "right", text: shown(other), wanted: "C or P" });
        }
    };
    let given = |column: usize| {
        let there = !table.field(column).is_empty();
        there.then(|| table.price(column)).transpose()
    };
    let (strike, bid, ask, spot) = (table.price(2)?, given(4)?, given(5)?, given(6)?);
    let above = |column, price: Price| {
        let fault = || Fault::NotPositive { column, value: price.to_string() };
        price.is_positive().then_some(()).ok_or_else(fault)
    };
    above("strike", strike)?;
    spot.map_or(Ok(()), |spot| above("underlying_price", spot))?;
    let quote = bid.zip(ask).filter(|(_, ask)| !ask.is_zero());
    if let Some((bid, ask)) = quote {
        above("ask", ask)?;
        // A bid of zero is nobody's; less than that is a mistake.
        if bid.raw() < 0 {
            return Err(Fault::NotPositive { column: "bid", value: bid.to_string() });
        }
        if ask < bid {
            return Err(Fault::Crossed { bid, ask });
        }
    }
    Ok(Row { at, expiry, strike, right, quote, spot })
}

/// The price of the underlying: as told, or by parity where a call and a put of the nearest expiry are worth the same.
fn spot(rows: &[Row]) -> Option<Price> {
    if let Some(spot) = rows.iter().find_map(|row| row.spot) {
        return Some(spot);
    }
    let quoted = |right| rows.iter().filter(move |row| row.right == right && row.quote.is_some());
    let middle = |row: &Row| row.quote.map(|(bid, ask)| i64::midpoint(bid.raw(), ask.raw()));
    let pairs = quoted(Right::Call).filter_map(|call| {
        let is_its = |put: &&Row| (put.expiry, put.strike) == (call.expiry, call.strike);
        let put = quoted(Right::Put).find(is_its)?;
        let apart = middle(call)?.checked_sub(middle(put)?)?;
        Some((call.expiry, apart.abs(), call.strike.raw().checked_add(apart)?))
    });
    let (_, _, spot) = pairs.min()?;
    Some(Price::from_raw(spot)).filter(|spot| spot.is_positive())
}

impl Feed for Recorded {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        self.fill()?;
        Ok(self.ahead.pop_front())
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        self.fill()?;
        Ok(self.ahead.front().map(|event| event.at))
    }
}
