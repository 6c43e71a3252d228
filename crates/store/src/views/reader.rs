//! Walks an account's chains. What it finds is held to the account that was asked for, whatever led there.

use super::chain::{Chain, Head, Heads, Holder, Place};
use super::folio::Folio;
use super::record::Record;
use super::standing::Standing;
use crate::error::Fault;
use nija_core::ports::views::{Page, Row, Scope};
use nija_core::words::id::{AccountNo, InstrumentId, OrderId, PartitionId};
use nija_core::words::instrument::Instrument;
use nija_core::words::time::Span;
use rusqlite::{Connection, OptionalExtension};

const ACCOUNT: &str = "SELECT key, day_starts FROM account WHERE id = ?1 AND user = ?2";
const ROW: &str = "SELECT body FROM log WHERE id = ?1";
/// The nearest mark at or behind a number: from there it is at most 256 records back to it.
const MARK: &str = "SELECT place FROM mark WHERE account = ?1 AND chain = ?2 AND number >= ?3 \
     ORDER BY number LIMIT 1";
const OPEN: &str = "SELECT number, place FROM open_order WHERE account = ?1 AND number < ?2 \
     ORDER BY number DESC LIMIT ?3";
const STANDING: &str = "SELECT body FROM standing WHERE id = ?1";
const LISTING: &str = "SELECT body FROM instrument \
     WHERE partition = ?1 AND id = ?2 AND since <= ?3 ORDER BY since DESC LIMIT 1";

/// The most rows of one page, whatever is asked for.
const PAGE_MOST: u32 = 1_000;

/// One account's records.
pub(super) struct Reader<'c> {
    connection: &'c Connection,
    holder: Holder,
    pub(super) day_starts: Span,
    heads: Heads,
    /// The row of the log that was read last.
    row: (i64, Vec<u8>),
}

/// How a row is made of the n-th part of a record.
pub(super) type Make<T> = fn(&mut Reader<'_>, &Record, usize) -> Result<T, Fault>;

impl<'c> Reader<'c> {
    /// None where the scope's account is not its user's.
    pub(super) fn of(connection: &'c Connection, scope: &Scope) -> Result<Option<Self>, Fault> {
        let named = (scope.account().0.to_be_bytes(), scope.user().0.to_be_bytes());
        let mut statement = connection.prepare_cached(ACCOUNT)?;
        let read = |row: &rusqlite::Row<'_>| Ok((Holder(row.get(0)?), Span(row.get(1)?)));
        let Some((holder, day_starts)) = statement.query_row(named, read).optional()? else {
            return Ok(None);
        };
        let found = Folio::find(connection, holder)?;
        let heads = found.map_or_else(Heads::default, |folio| folio.heads);
        Ok(Some(Self { connection, holder, day_starts, heads, row: (0, Vec::new()) }))
    }

    /// The house in a partition; it has no account.
    pub(super) fn of_house(
        connection: &'c Connection,
        partition: PartitionId,
    ) -> Result<Self, Fault> {
        let holder = Holder::new(partition, AccountNo::HOUSE);
        let found = Folio::find(connection, holder)?;
        let heads = found.map_or_else(Heads::default, |folio| folio.heads);
        let day_starts = Span::ZERO;
        Ok(Self { connection, holder, day_starts, heads, row: (0, Vec::new()) })
    }

    pub(super) const fn connection(&self) -> &'c Connection {
        self.connection
    }
    pub(super) const fn holder(&self) -> Holder {
        self.holder
    }
    pub(super) const fn head(&self, chain: Chain) -> Head {
        self.heads.of(chain)
    }

    /// A page of a chain, newest first.
    pub(super) fn list<T>(
        &mut self,
        chain: Chain,
        page: Page,
        make: Make<T>,
    ) -> Result<Vec<Row<T>>, Fault> {
        let (mut rows, limit) = (Vec::new(), page.limit.min(PAGE_MOST) as usize);
        let before = page.before.unwrap_or(i64::MAX);
        let mut place = self.start(chain, before)?;
        while !place.is_nowhere() && rows.len() < limit {
            let record = self.record(place)?;
            let link = record.link(chain).ok_or_else(|| damaged("a chain leads elsewhere"))?;
            let parts = record.rows(chain);
            let first = link.number - parts + 1;
            for number in (first..=link.number).rev().filter(|&number| number < before) {
                if rows.len() < limit {
                    let part = usize::try_from(number - first).unwrap_or(0);
                    rows.push(Row { number, row: make(self, &record, part)? });
                }
            }
            if link.before.0 >= place.0 {
                return Err(damaged("a chain does not lead back"));
            }
            place = link.before;
        }
        Ok(rows)
    }

    /// A record at most 256 numbers behind the first one that is wanted.
    pub(super) fn start(&self, chain: Chain, before: i64) -> Result<Place, Fault> {
        let head = self.heads.of(chain);
        if before > head.number {
            return Ok(head.place);
        }
        Ok(self.marked(chain, before - 1)?.unwrap_or(head.place))
    }

    /// The first record at or behind a number that is marked.
    pub(super) fn marked(&self, chain: Chain, number: i64) -> Result<Option<Place>, Fault> {
        let mut statement = self.connection.prepare_cached(MARK)?;
        let wanted = (self.holder.0, chain as u8, number);
        Ok(statement.query_row(wanted, |row| row.get(0).map(Place)).optional()?)
    }

    /// The orders that are open, newest first.
    pub(super) fn open<T>(&mut self, page: Page, make: Make<T>) -> Result<Vec<Row<T>>, Fault> {
        let mut statement = self.connection.prepare_cached(OPEN)?;
        let before = page.before.unwrap_or(i64::MAX);
        let wanted = (self.holder.0, before, page.limit.min(PAGE_MOST));
        let found = statement
            .query_map(wanted, |row| Ok((row.get(0)?, Place(row.get(1)?))))?
            .collect::<Result<Vec<(i64, Place)>, _>>()?;
        let row = |(number, place)| {
            let record = self.record(place)?;
            Ok(Row { number, row: make(self, &record, 0)? })
        };
        found.into_iter().map(row).collect()
    }

    /// One order of the account.
    pub(super) fn order<T>(&mut self, id: OrderId, make: Make<T>) -> Result<Option<T>, Fault> {
        match self.standing(id)? {
            Some(standing) if standing.holder() == self.holder => {
                let record = self.record(standing.approval())?;
                make(self, &record, 0).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// How an order stands, whoever's it is.
    pub(super) fn standing(&self, id: OrderId) -> Result<Option<Standing>, Fault> {
        let mut statement = self.connection.prepare_cached(STANDING)?;
        let found = statement
            .query_row([id.0.cast_signed()], |row| Ok(minicbor::decode(row.get_ref(0)?.as_blob()?)))
            .optional()?;
        found.transpose().map_err(Fault::unreadable)
    }

    /// The record at a place; it must be the account's.
    pub(super) fn record(&mut self, place: Place) -> Result<Record, Fault> {
        if self.row.0 != place.row() {
            let mut statement = self.connection.prepare_cached(ROW)?;
            let body = statement.query_row([place.row()], |row| row.get(0)).optional()?;
            self.row = (place.row(), body.ok_or_else(|| damaged("a record is missing"))?);
        }
        let bytes = self.row.1.get(place.byte()..).unwrap_or_default();
        let record = Record::read(place, bytes).map_err(Fault::unreadable)?;
        if record.holder == self.holder {
            Ok(record)
        } else {
            Err(damaged("a record is elsewhere"))
        }
    }

    /// The instrument as it was listed when a record was made.
    pub(super) fn listing(&self, record: &Record, id: InstrumentId) -> Result<Instrument, Fault> {
        self.listed_at(record.place, id)
    }

    /// The instrument as it was listed at a place of the log.
    pub(super) fn listed_at(&self, place: Place, id: InstrumentId) -> Result<Instrument, Fault> {
        let mut statement = self.connection.prepare_cached(LISTING)?;
        let wanted = (self.holder.partition(), id.0, place.0);
        let read = |row: &rusqlite::Row<'_>| Ok(minicbor::decode(row.get_ref(0)?.as_blob()?));
        let found = statement.query_row(wanted, read).optional()?;
        let listing = found.ok_or_else(|| damaged("an instrument is missing"))?;
        listing.map_err(Fault::unreadable)
    }
}

/// What was read is not what was written.
pub(super) fn damaged(how: &str) -> Fault {
    Fault::Unusable(format!("the views are damaged: {how}; stop the server and run `nija replay`"))
}
