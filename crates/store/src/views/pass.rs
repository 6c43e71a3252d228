//! One pass over consecutive batches of a partition: the running clock, the names looked up so far, and the way
//! from each event to its rows. Lookups are remembered for the pass only, so memory is bounded by its batches.

use crate::error::Fault;
use nija_core::desk::event::Event;
use nija_core::journal::Batch;
use nija_core::words::id::{AccountNo, InstrumentId, PartitionId, Seq};
use nija_core::words::instrument::Instrument;
use nija_core::words::time::{Span, Timestamp};
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;
use std::rc::Rc;

const HOLDER: &str = "SELECT key, day_starts FROM account WHERE partition = ?1 AND no = ?2";
const OPEN_ACCOUNT: &str =
    "INSERT INTO account (partition, no, id, user, day_starts) VALUES (?1, ?2, ?3, ?4, ?5)";
const LISTING: &str = "SELECT symbol, asset_class FROM instrument WHERE partition = ?1 AND id = ?2";
const LIST: &str = "INSERT OR REPLACE INTO instrument (partition, id, symbol, asset_class) \
                    VALUES (?1, ?2, ?3, ?4)";

/// An account as rows name it.
#[derive(Clone, Copy)]
pub(super) struct Holder {
    pub(super) key: i64,
    pub(super) day_starts: Span,
}

/// An instrument as rows name it.
pub(super) struct Listing {
    pub(super) symbol: String,
    pub(super) asset_class: String,
}

/// Where in the journal the pass stands.
#[derive(Clone, Copy)]
pub(super) struct Position {
    pub(super) partition: PartitionId,
    pub(super) seq: Seq,
    pub(super) index: u32,
    pub(super) now: Timestamp,
}

/// A pass over batches.
pub(super) struct Pass<'c> {
    pub(super) connection: &'c Connection,
    pub(super) at: Position,
    holders: BTreeMap<AccountNo, Holder>,
    listings: BTreeMap<InstrumentId, Rc<Listing>>,
}

impl<'c> Pass<'c> {
    pub(super) fn over(connection: &'c Connection, partition: PartitionId) -> Self {
        let at = Position { partition, seq: Seq(0), index: 0, now: Timestamp::EPOCH };
        Self { connection, at, holders: BTreeMap::new(), listings: BTreeMap::new() }
    }

    /// Writes the rows of a batch's events.
    pub(super) fn batch(&mut self, batch: &Batch, events: Vec<Event>) -> Result<(), Fault> {
        (self.at.seq, self.at.now) = (batch.seq, batch.at);
        for (index, event) in (0..).zip(events) {
            self.at.index = index;
            self.event(&event)?;
        }
        Ok(())
    }

    fn event(&mut self, event: &Event) -> Result<(), Fault> {
        match event {
            Event::Clock { at } => self.at.now = *at,
            Event::Listed { instrument } => self.list(instrument)?,
            Event::AccountOpened { .. } => self.open_account(event)?,
            Event::Transferred { entry, .. } => self.book(entry, "transfer", None)?,
            Event::Reallocated { account, split, regime } => {
                self.reallocated(*account, split, *regime)?;
            }
            Event::Approved { ticket, evidence } => {
                self.place(ticket)?;
                self.approved(ticket, evidence)?;
            }
            Event::Refused { account, wish, refusal } => self.refused(*account, wish, refusal)?,
            Event::Skipped { account, signal, why } => self.skipped(*account, signal, *why)?,
            Event::Acknowledged { order } => self.acknowledge(*order)?,
            Event::Filled { order, fill, entry } => {
                self.fill(*order, fill, entry)?;
                self.book(entry, "fill", Some(*order))?;
            }
            Event::Closed { order, state, why } => self.close(*order, *state, why)?,
            Event::Halted { account, code, measured, limit } => {
                self.halted(*account, *code, (*measured, *limit))?;
            }
            Event::DayClosed { account, day, equity, cash } => {
                self.close_day(*account, *day, (*equity, *cash))?;
            }
            // Desks answer for these from their own state; no screen lists them.
            Event::Announced { .. }
            | Event::SessionChanged { .. }
            | Event::Marked { .. }
            | Event::ConditionsRead { .. }
            | Event::VenueChanged { .. }
            | Event::SettingsChanged { .. }
            | Event::CancelRequested { .. }
            | Event::ExitQueued { .. }
            | Event::Killed { .. }
            | Event::Rearmed { .. }
            | Event::Discrepancy { .. }
            | Event::Remembered { .. } => {}
        }
        Ok(())
    }

    fn open_account(&mut self, event: &Event) -> Result<(), Fault> {
        let Event::AccountOpened { id, no, user, day_starts, .. } = event else {
            return Ok(());
        };
        self.connection.prepare_cached(OPEN_ACCOUNT)?.execute((
            self.at.partition.0,
            no.0,
            id.0.to_be_bytes(),
            user.0.to_be_bytes(),
            day_starts.0,
        ))?;
        Ok(())
    }

    fn list(&mut self, instrument: &Instrument) -> Result<(), Fault> {
        self.connection.prepare_cached(LIST)?.execute((
            self.at.partition.0,
            instrument.id.0,
            &instrument.symbol,
            instrument.class.name(),
        ))?;
        self.listings.remove(&instrument.id);
        Ok(())
    }

    /// The account with this number.
    pub(super) fn holder(&mut self, no: AccountNo) -> Result<Holder, Fault> {
        if let Some(holder) = self.holders.get(&no) {
            return Ok(*holder);
        }
        let mut statement = self.connection.prepare_cached(HOLDER)?;
        let found = statement.query_row((self.at.partition.0, no.0), |row| {
            Ok(Holder { key: row.get(0)?, day_starts: row.get(1).map(Span)? })
        });
        let holder = found.optional()?.ok_or_else(|| self.unseen("account", no))?;
        self.holders.insert(no, holder);
        Ok(holder)
    }

    /// The instrument with this number, as it was listed last.
    pub(super) fn listing(&mut self, id: InstrumentId) -> Result<Rc<Listing>, Fault> {
        if let Some(listing) = self.listings.get(&id) {
            return Ok(listing.clone());
        }
        let mut statement = self.connection.prepare_cached(LISTING)?;
        let found = statement.query_row((self.at.partition.0, id.0), |row| {
            Ok(Rc::new(Listing { symbol: row.get(0)?, asset_class: row.get(1)? }))
        });
        let listing = found.optional()?.ok_or_else(|| self.unseen("instrument", id))?;
        self.listings.insert(id, listing.clone());
        Ok(listing)
    }

    /// Something is named that no earlier event brought in.
    pub(super) fn unseen(&self, what: &str, id: impl std::fmt::Display) -> Fault {
        let Position { partition, seq, index, .. } = self.at;
        Fault::Unusable(format!(
            "partition {partition} batch {seq} event {index}: {what} {id} is not in the views; \
             reset them and project from the start"
        ))
    }
}
