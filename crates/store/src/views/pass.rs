//! One pass over batches: each event that a screen lists becomes a record at the end of the log, orders get their
//! new standing, accounts their new heads. What a pass looked up it remembers to its end, so memory is bounded
//! by its batches; what changed is written once, however often it changed.

use super::chain::{Chain, Head, Holder, Place};
use super::folio::Folio;
use super::log::Log;
use super::record::{Cover, Link, Position};
use super::standing::Standing;
use super::street::Street;
use crate::error::Fault;
use nija_core::desk::event::{Event, Setting};
use nija_core::journal::Batch;
use nija_core::ledger::entry::Entry;
use nija_core::ledger::holdings::Traded;
use nija_core::words::id::{AccountNo, InstrumentId, OrderId, PartitionId, Seq};
use nija_core::words::instrument::Instrument;
use nija_core::words::order::Ticket;
use nija_core::words::tier::Tier;
use nija_core::words::time::Timestamp;
use rusqlite::{CachedStatement, Connection, OptionalExtension};
use std::collections::BTreeMap;

const STANDING: &str = "SELECT body FROM standing WHERE id = ?1";
const SET_STANDING: &str = "INSERT OR REPLACE INTO standing (id, body) VALUES (?1, ?2)";
const OPEN: &str = "INSERT INTO open_order (account, number, place) VALUES (?1, ?2, ?3)";
const SHUT: &str = "DELETE FROM open_order WHERE account = ?1 AND number = ?2";
const MARK: &str = "INSERT INTO mark (account, chain, number, place) VALUES (?1, ?2, ?3, ?4)";
const OPEN_ACCOUNT: &str =
    "INSERT INTO account (id, user, key, day_starts) VALUES (?1, ?2, ?3, ?4)";
const LISTING: &str = "SELECT body FROM instrument \
     WHERE partition = ?1 AND id = ?2 ORDER BY since DESC LIMIT 1";
const LIST: &str = "INSERT OR REPLACE INTO instrument (partition, id, since, body) \
     VALUES (?1, ?2, ?3, ?4)";

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
    folios: BTreeMap<Holder, Folio>,
    orders: BTreeMap<OrderId, Order>,
    listings: BTreeMap<(PartitionId, InstrumentId), Option<Instrument>>,
    streets: BTreeMap<PartitionId, Street>,
    find_standing: CachedStatement<'c>,
}

impl<'c> Pass<'c> {
    pub(super) fn over(connection: &'c Connection) -> Result<Self, Fault> {
        let partition = PartitionId(0);
        Ok(Self {
            connection,
            at: Position { partition, seq: Seq(0), index: 0, now: Timestamp::EPOCH },
            log: Log::behind(connection)?,
            folios: BTreeMap::new(),
            orders: BTreeMap::new(),
            listings: BTreeMap::new(),
            streets: BTreeMap::new(),
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
            Event::Marked { instrument, price } => {
                let (here, now) = ((self.connection, self.at.partition), self.at.now);
                self.street()?.mark(here, (*instrument, *price), now)?;
            }
            Event::MonthClosed { month } => {
                let (here, now) = ((self.connection, self.at.partition), self.at.now);
                self.street()?.open_month(here, *month, now)?;
            }
            Event::AccountOpened { .. } => self.open_account(event)?,
            Event::SettingsChanged { account, change: Setting::Tier(tier) } => {
                self.turned(*account)?.tier = *tier;
            }
            _ => self.listed_event(event, bytes)?,
        }
        Ok(())
    }

    /// What screens list of an account.
    fn listed_event(&mut self, event: &Event, bytes: &[u8]) -> Result<(), Fault> {
        match event {
            Event::Transferred { account, entry, .. }
            | Event::Billed { account, entry, .. }
            | Event::Adjusted { account, entry, .. }
            | Event::Collected { account, entry, .. }
            | Event::Credited { account, entry, .. }
            | Event::Subscribed { account, entry, .. }
            | Event::Settled { account, entry, .. }
            | Event::Swapped { account, entry, .. }
            | Event::Moved { from: account, entry, .. } => {
                self.book((*account, Place::default()), (entry, event.traded()), (event, bytes))?;
                if let Event::Billed { mark, .. } = event {
                    self.folio(*account)?.held.high = mark.high();
                }
            }
            Event::Followed { sleeve, loss, .. } => {
                self.record(*sleeve, (event, bytes))?;
                self.folio(*sleeve)?.held.high = *loss;
            }
            Event::Approved { ticket, .. } => self.approve(ticket, (event, bytes))?,
            Event::Refused { account, wish, .. } => {
                self.record(*account, (event, bytes))?;
                self.listed(wish.instrument)?;
            }
            Event::Skipped { account, signal, .. } | Event::Signaled { account, signal, .. } => {
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
            Event::Filled { .. } => self.fill(event, bytes)?,
            Event::Closed { order, state, why } => {
                let now = self.at.now;
                self.order(*order)?.close(*state, why, now);
            }
            // Desks answer for these from their own state, or they were taken before; no screen lists them.
            Event::Clock { .. }
            | Event::Listed { .. }
            | Event::Delisted { .. }
            | Event::Marked { .. }
            | Event::MonthClosed { .. }
            | Event::AccountOpened { .. }
            | Event::Announced { .. }
            | Event::SessionChanged { .. }
            | Event::ConditionsRead { .. }
            | Event::VenueChanged { .. }
            | Event::SettingsChanged { .. }
            | Event::CancelRequested { .. }
            | Event::ExitQueued { .. }
            | Event::Killed { .. }
            | Event::Rearmed { .. }
            | Event::Discrepancy { .. }
            | Event::MasterChanged { .. }
            | Event::CopyChanged { .. }
            | Event::Sent { .. }
            | Event::Delivered { .. }
            | Event::LeadHeard { .. }
            | Event::Remembered { .. } => {}
        }
        Ok(())
    }

    fn approve(&mut self, ticket: &Ticket, told: (&Event, &[u8])) -> Result<(), Fault> {
        let place = self.record(ticket.account, told)?;
        self.listed(ticket.instrument)?;
        let number = self.folio(ticket.account)?.heads.of(Chain::Orders).number;
        let named = (self.holder(ticket.account), place, number);
        let standing = Standing::approved(ticket, named, self.at.now);
        self.orders.insert(ticket.id, Order { standing, listed: false });
        Ok(())
    }

    fn fill(&mut self, event: &Event, bytes: &[u8]) -> Result<(), Fault> {
        let Event::Filled { order, fill, entry } = event else { return Ok(()) };
        let now = self.at.now;
        let standing = self.order(*order)?;
        standing.fill(*order, fill, now)?;
        let about = (standing.holder().no(), standing.approval());
        let traded = standing.traded(fill);
        self.book(about, (entry, traded), (event, bytes))
    }

    const fn holder(&self, no: AccountNo) -> Holder {
        Holder::new(self.at.partition, no)
    }

    fn record(&mut self, no: AccountNo, told: (&Event, &[u8])) -> Result<Place, Fault> {
        self.chain((no, Place::default()), Chain::of(told.0), 1, told.1)
    }

    /// An entry is a record for every account that it has legs of: nearly always one, and the house.
    fn book(
        &mut self,
        (no, order): (AccountNo, Place),
        (entry, traded): (&Entry, Option<Traded>),
        (event, bytes): (&Event, &[u8]),
    ) -> Result<(), Fault> {
        let legs = |of| entry.legs().iter().filter(|leg| leg.account == of).count() as i64;
        self.chain((no, order), Chain::of(event), legs(no), bytes)?;
        self.add_up(no, entry, traded)?;
        let mut done = vec![no];
        for leg in entry.legs() {
            if !done.contains(&leg.account) {
                done.push(leg.account);
                self.chain((leg.account, order), &[Chain::Entries], legs(leg.account), bytes)?;
                self.add_up(leg.account, entry, None)?;
            }
        }
        Ok(())
    }

    fn add_up(
        &mut self,
        no: AccountNo,
        entry: &Entry,
        traded: Option<Traded>,
    ) -> Result<(), Fault> {
        let added = self.folio(no)?.held.book(no, entry, traded);
        added
            .ok_or_else(|| Fault::Unusable(format!("account {no}: its books are beyond the range")))
    }

    /// Adds a record to chains of an account; it takes so many numbers among the entries, elsewhere one.
    fn chain(
        &mut self,
        (no, order): (AccountNo, Place),
        chains: &[Chain],
        legs: i64,
        event: &[u8],
    ) -> Result<Place, Fault> {
        let holder = self.holder(no);
        let mut heads = self.turned(no)?.heads;
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
        self.folio(no)?.heads = heads;
        Ok(place)
    }

    /// What an account's row becomes.
    fn folio(&mut self, no: AccountNo) -> Result<&mut Folio, Fault> {
        let holder = self.holder(no);
        if !self.folios.contains_key(&holder) {
            let folio = match Folio::find(self.connection, holder)? {
                Some(folio) => folio,
                // The house opens no account: its lists begin with its first entry.
                None if no == AccountNo::HOUSE => Folio::new(Tier::Paper, self.month()?),
                None => return Err(self.unseen("account", no)),
            };
            self.folios.insert(holder, folio);
        }
        self.folios.get_mut(&holder).ok_or(Fault::Lost)
    }

    /// The same, with what stood before the first record of the month put aside.
    fn turned(&mut self, no: AccountNo) -> Result<&mut Folio, Fault> {
        let (connection, holder, month) = (self.connection, self.holder(no), self.month()?);
        let folio = self.folio(no)?;
        folio.turn(connection, holder, month)?;
        Ok(folio)
    }

    fn month(&mut self) -> Result<i32, Fault> {
        let now = self.at.now;
        Ok(self.street()?.month(now))
    }

    fn street(&mut self) -> Result<&mut Street, Fault> {
        let partition = self.at.partition;
        if !self.streets.contains_key(&partition) {
            self.streets.insert(partition, Street::now(self.connection, partition)?);
        }
        self.streets.get_mut(&partition).ok_or(Fault::Lost)
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
        let Event::AccountOpened { id, no, user, tier, day_starts, .. } = event else {
            return Ok(());
        };
        let holder = self.holder(*no);
        self.connection.prepare_cached(OPEN_ACCOUNT)?.execute((
            id.0.to_be_bytes(),
            user.0.to_be_bytes(),
            holder.0,
            day_starts.0,
        ))?;
        let month = self.month()?;
        self.folios.insert(holder, Folio::new(*tier, month));
        Ok(())
    }

    fn list(&mut self, instrument: &Instrument) -> Result<(), Fault> {
        let partition = self.at.partition;
        if self.listing(instrument.id)?.as_ref() != Some(instrument) {
            let mut body = Vec::with_capacity(128);
            minicbor::encode(instrument, &mut body).map_err(|e| Fault::Unusable(e.to_string()))?;
            let row = (partition.0, instrument.id.0, self.log.end().0, body);
            self.connection.prepare_cached(LIST)?.execute(row)?;
            self.listings.insert((partition, instrument.id), Some(instrument.clone()));
        }
        Ok(())
    }

    /// The instrument as listed last.
    fn listing(&mut self, id: InstrumentId) -> Result<&Option<Instrument>, Fault> {
        let key = (self.at.partition, id);
        if !self.listings.contains_key(&key) {
            let mut statement = self.connection.prepare_cached(LISTING)?;
            let read = |row: &rusqlite::Row<'_>| Ok(minicbor::decode(row.get_ref(0)?.as_blob()?));
            let found = statement.query_row((key.0.0, id.0), read).optional()?;
            self.listings.insert(key, found.transpose().map_err(Fault::unreadable)?);
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
        for (holder, folio) in &self.folios {
            folio.save(self.connection, *holder, &mut row)?;
        }
        for (partition, street) in &mut self.streets {
            street.save(self.connection, *partition)?;
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
