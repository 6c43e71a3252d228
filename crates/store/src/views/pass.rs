//! One pass over batches: each event that a screen lists becomes a record at the end of the log, orders get their
//! new standing, accounts their new heads. What a pass looked up it remembers to its end, so memory is bounded
//! by its batches; what changed is written once, however often it changed.

use super::chain::{Chain, Head, Heads, Holder, Place};
use super::log::Log;
use super::record::{Cover, Link, Position};
use super::standing::Standing;
use crate::error::Fault;
use nija_core::desk::event::Event;
use nija_core::journal::Batch;
use nija_core::ledger::entry::Entry;
use nija_core::words::id::{AccountNo, InstrumentId, OrderId, PartitionId, Seq};
use nija_core::words::instrument::Instrument;
use nija_core::words::time::Timestamp;
use rusqlite::{CachedStatement, Connection, OptionalExtension};
use std::collections::BTreeMap;

const HEADS: &str = "SELECT body FROM heads WHERE account = ?1";
const SET_HEADS: &str = "INSERT OR REPLACE INTO heads (account, body) VALUES (?1, ?2)";
const STANDING: &str = "SELECT body FROM standing WHERE id = ?1";
const SET_STANDING: &str = "INSERT OR REPLACE INTO standing (id, body) VALUES (?1, ?2)";
const OPEN: &str = "INSERT INTO open_order (account, number, place) VALUES (?1, ?2, ?3)";
const SHUT: &str = "DELETE FROM open_order WHERE account = ?1 AND number = ?2";
const MARK: &str = "INSERT INTO mark (account, chain, number, place) VALUES (?1, ?2, ?3, ?4)";
const OPEN_ACCOUNT: &str =
    "INSERT INTO account (id, user, key, day_starts) VALUES (?1, ?2, ?3, ?4)";
const LISTING: &str = "SELECT symbol, asset_class FROM instrument \
     WHERE partition = ?1 AND id = ?2 ORDER BY since DESC LIMIT 1";
const LIST: &str = "INSERT OR REPLACE INTO instrument (partition, id, since, symbol, asset_class) \
     VALUES (?1, ?2, ?3, ?4, ?5)";

/// Every so many numbers of a chain are marked.
const MARKED: i64 = 256;

/// An order in a pass.
struct Order {
    standing: Standing,
    /// Is it among the open orders of the file?
    listed: bool,
}

/// A pass over batches.
pub(super) struct Pass<'c> {
    connection: &'c Connection,
    at: Position,
    log: Log,
    heads: BTreeMap<Holder, Heads>,
    orders: BTreeMap<OrderId, Order>,
    listings: BTreeMap<(PartitionId, InstrumentId), Option<(String, String)>>,
    find_heads: CachedStatement<'c>,
    find_standing: CachedStatement<'c>,
}

impl<'c> Pass<'c> {
    pub(super) fn over(connection: &'c Connection) -> Result<Self, Fault> {
        let partition = PartitionId(0);
        Ok(Self {
            connection,
            at: Position { partition, seq: Seq(0), index: 0, now: Timestamp::EPOCH },
            log: Log::behind(connection)?,
            heads: BTreeMap::new(),
            orders: BTreeMap::new(),
            listings: BTreeMap::new(),
            find_heads: connection.prepare_cached(HEADS)?,
            find_standing: connection.prepare_cached(STANDING)?,
        })
    }

    /// Takes the events of a batch.
    pub(super) fn batch(&mut self, batch: &Batch) -> Result<(), Fault> {
        let (partition, seq) = (batch.partition, batch.seq);
        let mut next = 0;
        self.at = Position { partition, seq, index: 0, now: batch.at };
        batch.each(|event, bytes| {
            self.at.index = next;
            next += 1;
            self.event(&event, bytes)
        })
    }

    fn event(&mut self, event: &Event, bytes: &[u8]) -> Result<(), Fault> {
        match event {
            Event::Clock { at } => self.at.now = *at,
            Event::Listed { instrument } => self.list(instrument)?,
            Event::AccountOpened { .. } => self.open_account(event)?,
            Event::Transferred { account, entry, .. }
            | Event::Billed { account, entry, .. }
            | Event::Adjusted { account, entry, .. }
            | Event::Collected { account, entry, .. }
            | Event::Credited { account, entry, .. }
            | Event::Subscribed { account, entry, .. }
            | Event::Moved { from: account, entry, .. } => {
                self.book((*account, Place::default()), entry, (event, bytes))?;
            }
            Event::Approved { ticket, .. } => {
                let (place, heads) = self.record(ticket.account, (event, bytes))?;
                self.listed(ticket.instrument)?;
                let holder = self.holder(ticket.account);
                let named = (holder, place, heads.of(Chain::Orders).number);
                let standing = Standing::approved(ticket, named, self.at.now);
                let order = Order { standing, listed: false };
                self.orders.insert(ticket.id, order);
            }
            Event::Refused { account, wish, .. } => {
                self.record(*account, (event, bytes))?;
                self.listed(wish.instrument)?;
            }
            Event::Skipped { account, signal, .. } => {
                self.record(*account, (event, bytes))?;
                self.listed(signal.instrument)?;
            }
            Event::CopySkipped { sleeve, instrument, .. } => {
                self.record(*sleeve, (event, bytes))?;
                self.listed(*instrument)?;
            }
            Event::Reallocated { account, .. }
            | Event::Halted { account, .. }
            | Event::DayClosed { account, .. } => {
                self.record(*account, (event, bytes))?;
            }
            Event::Acknowledged { order } => {
                let now = self.at.now;
                self.order(*order)?.acknowledge(now);
            }
            Event::Filled { order, fill, entry } => {
                let now = self.at.now;
                let standing = self.order(*order)?;
                standing.fill(*order, fill, now)?;
                let about = (standing.holder().no(), standing.approval());
                self.book(about, entry, (event, bytes))?;
            }
            Event::Closed { order, state, why } => {
                let now = self.at.now;
                self.order(*order)?.close(*state, why, now);
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
            | Event::MonthClosed { .. }
            | Event::MasterChanged { .. }
            | Event::Followed { .. }
            | Event::CopyChanged { .. }
            | Event::Sent { .. }
            | Event::Delivered { .. }
            | Event::LeadHeard { .. }
            | Event::Remembered { .. } => {}
        }
        Ok(())
    }

    const fn holder(&self, no: AccountNo) -> Holder {
        Holder::new(self.at.partition, no)
    }

    fn record(&mut self, no: AccountNo, told: (&Event, &[u8])) -> Result<(Place, Heads), Fault> {
        self.chain((no, Place::default()), Chain::of(told.0), 1, told.1)
    }

    /// An entry is a record for every account that it has legs of: nearly always one.
    fn book(
        &mut self,
        (no, order): (AccountNo, Place),
        entry: &Entry,
        (event, bytes): (&Event, &[u8]),
    ) -> Result<(), Fault> {
        let legs = |of| entry.legs().iter().filter(|leg| leg.account == of).count() as i64;
        self.chain((no, order), Chain::of(event), legs(no), bytes)?;
        let mut done = vec![no];
        for leg in entry.legs() {
            if !done.contains(&leg.account) {
                done.push(leg.account);
                self.chain((leg.account, order), &[Chain::Entries], legs(leg.account), bytes)?;
            }
        }
        Ok(())
    }

    /// Adds a record to chains of an account; it takes so many numbers among the entries, elsewhere one.
    fn chain(
        &mut self,
        (no, order): (AccountNo, Place),
        chains: &[Chain],
        legs: i64,
        event: &[u8],
    ) -> Result<(Place, Heads), Fault> {
        let holder = self.holder(no);
        let mut heads = self.heads(holder)?;
        let before = heads;
        let mut links = [Link { number: 0, before: Place::default() }; 3];
        for (link, &chain) in links.iter_mut().zip(chains) {
            let step = match chain {
                Chain::Entries => legs,
                own if own.numbered() == own => 1,
                _ => 0,
            };
            link.number = heads.of(chain.numbered()).number + step;
            link.before = heads.of(chain).place;
            heads.set(chain, Head { number: link.number, place: link.before });
        }
        let links = &links[..chains.len().min(links.len())];
        let cover = Cover { holder, at: self.at, order, links };
        let place = self.log.add(self.connection, &cover, event)?;
        for (link, &chain) in links.iter().zip(chains) {
            heads.set(chain, Head { number: link.number, place });
            if link.number / MARKED != before.of(chain).number / MARKED {
                let row = (holder.0, chain as u8, link.number, place.0);
                self.connection.prepare_cached(MARK)?.execute(row)?;
            }
        }
        self.heads.insert(holder, heads);
        Ok((place, heads))
    }

    fn heads(&mut self, holder: Holder) -> Result<Heads, Fault> {
        if let Some(heads) = self.heads.get(&holder) {
            return Ok(*heads);
        }
        let read = |row: &rusqlite::Row<'_>| Ok(Heads::read(row.get_ref(0)?.as_blob()?));
        let found = self.find_heads.query_row([holder.0], read).optional()?;
        if found.is_none() && holder.no() == AccountNo::HOUSE {
            // The house opens no account: its lists begin with its first entry.
            return Ok(Heads::default());
        }
        let heads = found.ok_or_else(|| self.unseen("account", holder.no()))?;
        heads.map_err(Fault::unreadable)
    }

    /// An order as it stands; what asks for it changes it.
    fn order(&mut self, id: OrderId) -> Result<&mut Standing, Fault> {
        if !self.orders.contains_key(&id) {
            let read = |row: &rusqlite::Row<'_>| Ok(minicbor::decode(row.get_ref(0)?.as_blob()?));
            let found = self.find_standing.query_row([id.0.cast_signed()], read).optional()?;
            let standing: Standing =
                found.ok_or_else(|| self.unseen("order", id))?.map_err(Fault::unreadable)?;
            let listed = standing.open;
            self.orders.insert(id, Order { standing, listed });
        }
        let order = self.orders.get_mut(&id).ok_or(Fault::Lost)?;
        Ok(&mut order.standing)
    }

    fn open_account(&mut self, event: &Event) -> Result<(), Fault> {
        let Event::AccountOpened { id, no, user, day_starts, .. } = event else {
            return Ok(());
        };
        let holder = self.holder(*no);
        self.connection.prepare_cached(OPEN_ACCOUNT)?.execute((
            id.0.to_be_bytes(),
            user.0.to_be_bytes(),
            holder.0,
            day_starts.0,
        ))?;
        self.heads.insert(holder, Heads::default());
        Ok(())
    }

    fn list(&mut self, instrument: &Instrument) -> Result<(), Fault> {
        let listing = (instrument.symbol.clone(), instrument.class.name().to_owned());
        let partition = self.at.partition;
        if self.listing(instrument.id)?.as_ref() != Some(&listing) {
            let (since, (symbol, class)) = (self.log.end().0, &listing);
            let row = (partition.0, instrument.id.0, since, symbol, class);
            self.connection.prepare_cached(LIST)?.execute(row)?;
            self.listings.insert((partition, instrument.id), Some(listing));
        }
        Ok(())
    }

    /// Symbol and class, as listed last.
    fn listing(&mut self, id: InstrumentId) -> Result<&Option<(String, String)>, Fault> {
        let key = (self.at.partition, id);
        if !self.listings.contains_key(&key) {
            let mut statement = self.connection.prepare_cached(LISTING)?;
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
            let found = statement.query_row((key.0.0, id.0), read).optional()?;
            self.listings.insert(key, found);
        }
        self.listings.get(&key).ok_or(Fault::Lost)
    }

    fn listed(&mut self, id: InstrumentId) -> Result<(), Fault> {
        if self.listing(id)?.is_none() { Err(self.unseen("instrument", id)) } else { Ok(()) }
    }

    /// Writes everything that the pass changed.
    pub(super) fn finish(mut self) -> Result<(), Fault> {
        self.log.flush(self.connection)?;
        let unwritable = |e: minicbor::encode::Error<_>| Fault::Unusable(e.to_string());
        let mut row = Vec::with_capacity(256);
        let mut set = self.connection.prepare_cached(SET_HEADS)?;
        for (holder, heads) in &self.heads {
            row.clear();
            heads.write(&mut row).map_err(unwritable)?;
            set.execute((holder.0, &row))?;
        }
        let mut set = self.connection.prepare_cached(SET_STANDING)?;
        let mut open = self.connection.prepare_cached(OPEN)?;
        let mut shut = self.connection.prepare_cached(SHUT)?;
        for (id, Order { standing, listed }) in &self.orders {
            row.clear();
            minicbor::encode(standing, &mut row).map_err(unwritable)?;
            set.execute((id.0.cast_signed(), &row))?;
            let (holder, number) = (standing.holder().0, standing.number);
            match (*listed, standing.open) {
                (false, true) => drop(open.execute((holder, number, standing.approval().0))?),
                (true, false) => drop(shut.execute((holder, number))?),
                _ => {}
            }
        }
        Ok(())
    }

    /// Something is named that no earlier event brought in.
    fn unseen(&self, what: &str, id: impl std::fmt::Display) -> Fault {
        let Position { partition, seq, index, .. } = self.at;
        Fault::Unusable(format!(
            "partition {partition} batch {seq} event {index}: {what} {id} is not in the views; \
             reset them and project from the start"
        ))
    }
}
