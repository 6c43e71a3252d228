//! The state of a desk: what a snapshot keeps and a state hash covers. Changed only by `apply`.

use super::account::{Account, Open};
use super::blocks::Blocks;
use super::ended::Ended;
use crate::billing::recurring::Recurring;
use crate::billing::revenue::Revenue;
use crate::copy::parcel::Parcel;
use crate::ledger::chart::Books;
use crate::positions::Position;
use crate::risk::kill::Pressed;
use crate::words::conditions::Conditions;
use crate::words::fixed::Round;
use crate::words::id::{AccountId, AccountNo, InstrumentId, OrderId, PartitionId, SignalId};
use crate::words::instrument::{Hours, Instrument, VenueName};
use crate::words::money::{Money, Price, Qty};
use crate::words::time::Timestamp;
use hashbrown::HashTable;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Everything that the events of a partition add up to.
#[derive(Clone, Debug, Default, Encode, Decode)]
pub(super) struct State {
    #[n(0)]
    pub(super) now: Timestamp,
    #[n(1)]
    pub(super) accounts: Blocks<Account>,
    #[n(2)]
    pub(super) orders: BTreeMap<OrderId, Box<Open>>,
    #[n(3)]
    pub(super) next_order: u64,
    #[n(4)]
    pub(super) listings: BTreeMap<InstrumentId, Listing>,
    #[n(5)]
    pub(super) sessions: Vec<Session>,
    #[n(6)]
    pub(super) conditions: Option<Conditions>,
    #[n(7)]
    pub(super) pressed: Vec<Pressed>,
    #[n(8)]
    pub(super) venues_down: Vec<VenueName>,
    #[n(9)]
    pub(super) ended: Ended,
    /// The house's own books in this partition.
    #[n(10)]
    #[cbor(default)]
    pub(super) house: Books,
    /// What the house earned, by day, tier and stream.
    #[n(11)]
    #[cbor(default)]
    pub(super) revenue: Revenue,
    /// The month whose fees are still open; 0 before the first event of billing.
    #[n(12)]
    #[cbor(default)]
    pub(super) month: i32,
    /// Parcels that somebody may not have yet.
    #[n(13)]
    #[cbor(default)]
    pub(super) outbox: VecDeque<Parcel>,
    /// Number of the last parcel.
    #[n(14)]
    #[cbor(default)]
    pub(super) last_parcel: u64,
    /// The last parcel with fees that came from a partition.
    #[n(15)]
    #[cbor(default)]
    pub(super) received: BTreeMap<PartitionId, u64>,
    /// What was heard of leaders.
    #[n(16)]
    #[cbor(default)]
    pub(super) heard: BTreeMap<AccountId, Heard>,
    /// Copy fees taken for leaders that no parcel carries yet; below zero what was given back of earlier ones.
    #[n(17)]
    #[cbor(default)]
    pub(super) due: BTreeMap<AccountId, Money>,
    /// Invoices that this partition has issued.
    #[n(18)]
    #[cbor(default)]
    pub(super) invoices: u32,
    /// Credit notes that it has issued.
    #[n(19)]
    #[cbor(default)]
    pub(super) notes: u32,
    /// What subscriptions are worth a month, and what moved that.
    #[n(20)]
    #[cbor(default)]
    pub(super) recurring: Recurring,
    /// The highest number that an option was given.
    #[n(21)]
    #[cbor(default)]
    pub(super) last_option: InstrumentId,
    /// What an account's legs have bought of a thing beyond what they sold, below zero sold, while one of them is open.
    /// What is traded in two places is named by the lower number of its instruments.
    #[n(22)]
    #[cbor(default)]
    pub(super) crossings: BTreeMap<(AccountNo, InstrumentId), Qty>,
    /// Number of the last signal of an owner's own model.
    #[n(23)]
    #[cbor(default)]
    pub(super) last_signal: SignalId,
    /// Derived: never encoded, rebuilt by `index`.
    #[cbor(skip)]
    by_id: HashTable<AccountNo>,
    /// Derived: who holds what.
    #[cbor(skip)]
    pub(super) holders: BTreeMap<InstrumentId, BTreeSet<AccountNo>>,
    /// Derived: what the legs that ended last had bought beyond what they sold, by thing.
    #[cbor(skip)]
    pub(super) uneven: Vec<(InstrumentId, Qty)>,
    /// Derived: whom the price adopted last was about.
    #[cbor(skip)]
    pub(super) priced: Priced,
    /// Derived: accounts that lead or once did.
    #[cbor(skip)]
    pub(super) masters: BTreeSet<AccountNo>,
    /// Derived: sleeves that copy a leader or once did, each with a lead up to which it needs to hear nothing.
    #[cbor(skip)]
    pub(super) followers: BTreeMap<AccountId, BTreeMap<AccountNo, u64>>,
}

/// Whom a price was about.
#[derive(Clone, Debug, Default)]
pub(super) struct Priced {
    /// Owners who hold what it is of, in some account, with what all of theirs are worth.
    pub(super) owners: Vec<(AccountNo, Money)>,
    /// Those of their accounts of which more follows than that.
    pub(super) busy: Vec<AccountNo>,
}

impl Priced {
    pub(super) fn clear(&mut self) {
        self.owners.clear();
        self.busy.clear();
    }
}

/// What a partition has heard of a leader.
#[derive(Clone, Debug, Default, Encode, Decode)]
pub(super) struct Heard {
    /// Number of the last lead.
    #[n(0)]
    pub(super) last: u64,
    /// The last sales, to know a purchase of what was just sold.
    #[n(1)]
    pub(super) sold: VecDeque<(InstrumentId, Timestamp)>,
}

/// Spreads an id over 64 bits (multiplication by the golden ratio). Ids are random and nobody chooses them; the
/// table is never walked through, so its order reaches no result.
const fn spread(id: AccountId) -> u64 {
    let folded = (id.0 ^ (id.0 >> 64)) as u64;
    folded.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// A catalog row with its price.
#[derive(Clone, Debug, Encode, Decode)]
pub(super) struct Listing {
    #[n(0)]
    pub(super) instrument: Instrument,
    #[n(1)]
    pub(super) mark: Option<Price>,
    #[n(2)]
    pub(super) mark_at: Timestamp,
}

/// Whether the markets of these hours are open.
#[derive(Clone, Copy, Debug, Encode, Decode)]
pub(super) struct Session {
    #[n(0)]
    pub(super) hours: Hours,
    #[n(1)]
    pub(super) open: bool,
    #[n(2)]
    pub(super) until: Option<Timestamp>,
}

impl State {
    /// Rebuilds what is derived.
    pub(super) fn index(&mut self) {
        self.by_id.clear();
        self.holders.clear();
        self.accounts.iter_mut().for_each(|account| account.sleeves.clear());
        self.followers.clear();
        self.masters.clear();
        self.ended.index();
        for n in 0..self.accounts.len() {
            let no = AccountNo(u32::try_from(n).unwrap_or(u32::MAX));
            self.list(no);
            let claims = self.walk_claims(no);
            let Some(account) = self.accounts.get_mut(n) else { continue };
            account.claims = claims;
            for position in &account.positions {
                self.holders.entry(position.instrument).or_default().insert(no);
            }
            if account.master.is_some() {
                self.masters.insert(no);
            }
            self.relate(no);
        }
    }

    /// The number of an account that lives here.
    pub(super) fn number(&self, id: AccountId) -> Option<AccountNo> {
        let is_its = |no: &AccountNo| self.account(*no).is_some_and(|account| account.id == id);
        self.by_id.find(spread(id), is_its).copied()
    }

    /// Adds an account, whose number is the next.
    pub(super) fn add(&mut self, account: Account) {
        let no = AccountNo(u32::try_from(self.accounts.len()).unwrap_or(u32::MAX));
        self.accounts.push(account);
        self.list(no);
    }

    fn list(&mut self, no: AccountNo) {
        let hash = |no: &AccountNo| {
            self.accounts.get(no.0 as usize).map_or(0, |account| spread(account.id))
        };
        self.by_id.insert_unique(hash(&no), no, hash);
    }

    pub(super) fn account(&self, no: AccountNo) -> Option<&Account> {
        self.accounts.get(no.0 as usize)
    }

    pub(super) fn session(&self, hours: Hours) -> Session {
        let known = self.sessions.iter().find(|s| s.hours == hours).copied();
        known.unwrap_or(Session { hours, open: hours == Hours::Always, until: None })
    }

    /// Cash and positions at their marks, less fees owed and what contracts are agreed at; a position without a mark
    /// counts at its cost.
    pub(super) fn equity(&self, account: &Account) -> Money {
        self.equity_where(account, |position| self.worth(position.instrument, position.signed()))
    }

    /// The same with positions worth something else.
    pub(super) fn equity_where(
        &self,
        account: &Account,
        worth: impl Fn(&Position) -> Option<Money>,
    ) -> Money {
        account.positions.iter().fold(account.money(), |sum, position| {
            sum.saturating_add(worth(position).unwrap_or_else(|| position.signed_cost()))
        })
    }

    /// Is it held against margin, and not paid for?
    pub(super) fn is_margined(&self, instrument: InstrumentId) -> bool {
        self.listings.get(&instrument).is_some_and(|l| l.instrument.is_margined())
    }

    /// What a quantity is worth at the mark, where there is one; below zero if it is short.
    pub(super) fn worth(&self, instrument: InstrumentId, qty: Qty) -> Option<Money> {
        let listing = self.listings.get(&instrument)?;
        listing.instrument.value(listing.mark?, qty, Round::Down)
    }
}
