//! A month of an account, told from its two ends: how it stood at them is kept, and what lies between is walked
//! through in parts, so that no reader has the file for long.

use super::chain::{Chain, Holder, Place};
use super::folio::Folio;
use super::reader::{Reader, damaged};
use super::record::Record;
use super::street::Street;
use crate::error::Fault;
use nija_core::desk::event::Event;
use nija_core::ledger::chart::{Book, Books};
use nija_core::ledger::holdings::Traded;
use nija_core::ports::views::Scope;
use nija_core::ports::views::month::{
    AccountMonth, LINES_MAX, Line, Months, Prices, TooMuch, days,
};
use nija_core::words::id::PartitionId;
use nija_core::words::time::{Span, Timestamp};
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;

const CHECKPOINT: &str = "SELECT at FROM checkpoint WHERE partition = ?1";
/// Records that are read at once.
const PART: usize = 1_000;
/// The chains of what moves money, positions or mark, and of what is paid outside.
const TOLD: [Chain; 3] = [Chain::Entries, Chain::Fees, Chain::Subscription];
/// Behind the log, whatever its length.
const END: Place = Place(i64::MAX);

/// A month with its ends, while it is walked through.
pub(super) struct Frame {
    scope: Scope,
    told: AccountMonth,
    /// What is still to be read of each chain: from there back to what has that number.
    rest: Vec<(Chain, Place, i64)>,
    /// By batch and index.
    found: BTreeMap<(u64, u32), Line>,
}

/// The month that is open in a partition, and how far its views are told.
fn open_month(connection: &Connection, partition: PartitionId) -> Result<(i32, Timestamp), Fault> {
    let mut statement = connection.prepare_cached(CHECKPOINT)?;
    let known = statement.query_row([partition.0], |row| row.get(0).map(Timestamp)).optional()?;
    let now = known.unwrap_or(Timestamp::EPOCH);
    Ok((Street::now(connection, partition)?.month(now), now))
}

fn partition(holder: Holder) -> Result<PartitionId, Fault> {
    let number = u16::try_from(holder.partition());
    number.map(PartitionId).map_err(|_| damaged("there is no such partition"))
}

/// The months of an account.
pub(super) fn months(reader: &Reader<'_>) -> Result<Option<Months>, Fault> {
    let (connection, holder) = (reader.connection(), reader.holder());
    let Some(folio) = Folio::find(connection, holder)? else { return Ok(None) };
    let (last, _) = open_month(connection, partition(holder)?)?;
    Ok(Some(Months { first: folio.first, last: last.max(folio.first) }))
}

/// Balances at the ends of months, summed over accounts of one user.
pub(super) fn balances(
    connection: &mut Connection,
    scopes: &[Scope],
    first: i32,
) -> Result<Vec<(i32, Books)>, Fault> {
    let one_moment = connection.transaction()?;
    let mut sums: Vec<(i32, Books)> = Vec::new();
    for scope in scopes {
        let Some(reader) = Reader::of(&one_moment, scope)? else { continue };
        let holder = reader.holder();
        let (open, _) = open_month(&one_moment, partition(holder)?)?;
        if sums.is_empty() {
            sums = (first..=open).map(|month| (month, Books::default())).collect();
        }
        for (month, sum) in &mut sums {
            let Some(folio) = Folio::at_end(&one_moment, holder, *month)? else { continue };
            for book in Book::ALL {
                let added = sum.post(book, folio.held.books.balance(book));
                added.ok_or_else(|| damaged("balances are beyond the range"))?;
            }
        }
    }
    Ok(sums)
}

/// A month of some accounts of one user, all as of one moment; those that had not begun are left out.
pub(super) fn frames(
    connection: &mut Connection,
    scopes: &[Scope],
    month: i32,
) -> Result<Vec<Frame>, Fault> {
    let one_moment = connection.transaction()?;
    let framed = scopes.iter().map(|scope| Frame::of(&one_moment, *scope, month));
    framed.filter_map(Result::transpose).collect()
}

fn prices(
    connection: &Connection,
    partition: PartitionId,
    (from, to): (Timestamp, Timestamp),
    is_over: bool,
) -> Result<Vec<Prices>, Fault> {
    let before = |at: Timestamp| {
        let known = Street::before(connection, partition, at.day(Span::ZERO))?;
        Ok::<_, Fault>(Prices { at, of: known.unwrap_or_default().prices })
    };
    let mut told = vec![before(from)?];
    for at in days(from, to) {
        told.push(before(at)?);
    }
    let last = match is_over {
        true => before(to)?,
        false => Prices { at: to, of: Street::now(connection, partition)?.prices },
    };
    told.push(last);
    Ok(told)
}

impl Frame {
    fn of(connection: &Connection, scope: Scope, month: i32) -> Result<Option<Self>, Fault> {
        let Some(reader) = Reader::of(connection, &scope)? else { return Ok(None) };
        let holder = reader.holder();
        let partition = partition(holder)?;
        let (open, now) = open_month(connection, partition)?;
        let end = Folio::at_end(connection, holder, month)?.filter(|_| month <= open);
        let Some(end) = end else { return Ok(None) };
        let begin = Folio::at_end(connection, holder, month.saturating_sub(1))?;
        let begin = begin.unwrap_or_else(|| Folio::new(end.tier, month));
        let is_over = month < open;
        let from = Timestamp::of_month(month);
        let ends = Timestamp::of_month(month.saturating_add(1));
        let to = if is_over { ends } else { now.max(from) };
        let rest = TOLD.map(|chain| {
            let (last, first) = (end.heads.of(chain), begin.heads.of(chain));
            (chain, last.place, first.number)
        });
        let told = AccountMonth {
            id: scope.account(),
            no: holder.no(),
            from,
            to,
            is_over,
            tier: end.tier,
            opening: begin.held,
            closing: end.held,
            lines: Vec::new(),
            prices: prices(connection, partition, (from, to), is_over)?,
            instruments: BTreeMap::new(),
        };
        Ok(Some(Self { scope, told, rest: rest.into(), found: BTreeMap::new() }))
    }

    /// Reads a part of it; `true` when that was all.
    pub(super) fn read(&mut self, connection: &Connection) -> Result<Result<bool, TooMuch>, Fault> {
        let Some(mut reader) = Reader::of(connection, &self.scope)? else {
            return Err(damaged("an account is gone"));
        };
        let mut left = PART;
        while let Some((chain, place, first)) = self.rest.pop() {
            let mut place = place;
            while left > 0 && !place.is_nowhere() {
                let record = reader.record(place)?;
                let link = record.link(chain).ok_or_else(|| damaged("a chain leads elsewhere"))?;
                if link.number <= first {
                    place = Place::default();
                    break;
                }
                if link.before.0 >= place.0 {
                    return Err(damaged("a chain does not lead back"));
                }
                place = link.before;
                left -= 1;
                self.keep(&mut reader, record)?;
            }
            if self.found.len() > LINES_MAX {
                return Ok(Err(TooMuch));
            }
            if !place.is_nowhere() {
                self.rest.push((chain, place, first));
                return Ok(Ok(false));
            }
        }
        Ok(Ok(true))
    }

    fn keep(&mut self, reader: &mut Reader<'_>, record: Record) -> Result<(), Fault> {
        let traded = match &record.event {
            Event::Filled { fill, .. } => {
                let approval = reader.record(record.order)?;
                let Event::Approved { ticket, .. } = approval.event else {
                    return Err(damaged("an order begins elsewhere"));
                };
                let (instrument, side) = (ticket.instrument, ticket.side);
                ticket.swap.is_none().then_some(Traded { instrument, side, qty: fill.qty })
            }
            other => other.traded(),
        };
        let at = record.at.now;
        let place = (record.at.seq.0, record.at.index);
        self.found.insert(place, Line { at, event: record.event, traded });
        Ok(())
    }

    /// The month, when all of it was read.
    pub(super) fn close(self, connection: &Connection) -> Result<AccountMonth, Fault> {
        let Self { scope, mut told, found, .. } = self;
        let reader =
            Reader::of(connection, &scope)?.ok_or_else(|| damaged("an account is gone"))?;
        told.lines = found.into_values().collect();
        let ends = told.opening.positions().iter().chain(told.closing.positions());
        let traded = told.lines.iter().filter_map(|line| line.traded);
        let named = ends.map(|held| held.instrument).chain(traded.map(|traded| traded.instrument));
        for id in named.collect::<std::collections::BTreeSet<_>>() {
            told.instruments.insert(id, reader.listed_at(END, id)?);
        }
        // A batch is known by the time of its first event: what happened in it came a little later.
        let last = told.lines.iter().map(|line| line.at).max();
        let (from, ends) = (told.from, told.to);
        let to = if told.is_over { ends } else { last.map_or(ends, |last| last.max(ends)) };
        // Fees that fall due with the end of a month are written when the next one has begun.
        for line in &mut told.lines {
            line.at = line.at.max(from).min(to);
        }
        told.to = to;
        if let Some(prices) = told.prices.last_mut() {
            prices.at = to;
        }
        Ok(told)
    }
}
