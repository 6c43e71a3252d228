//! The auditor: reads the journal, nothing else, and keeps books of its own by simpler rules than the desk's.
//! It judges each event as it reads it; `laws` holds the desks and the venue to its books.

use crate::disk::Disk;
use crate::truth::Truth;
use nija_core::desk::event::{Event, Size, Wish};
use nija_core::journal::Head;
use nija_core::ledger::chart::Book;
use nija_core::risk::kill::Scope;
use nija_core::risk::refusal::Code;
use nija_core::words::fixed::Round;
use nija_core::words::id::{AccountId, AccountNo, FillId, InstrumentId, OrderId, PartitionId};
use nija_core::words::instrument::Instrument;
use nija_core::words::money::Price;
use nija_core::words::order::{Fill, OrderState, Origin, Purpose, Side, Ticket};
use nija_engine::audit::Copies;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An account's number in its partition.
pub(crate) type Place = (PartitionId, AccountNo);

/// An order by the journal.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) ticket: Ticket,
    pub(crate) fills: BTreeMap<FillId, Fill>,
    /// Fills that could not be booked and were told to a person.
    pub(crate) told: BTreeMap<FillId, Fill>,
    pub(crate) state: OrderState,
}

impl Kept {
    pub(crate) fn filled(&self) -> i64 {
        self.fills.values().map(|fill| fill.qty.raw()).sum()
    }
    fn left(&self) -> i64 {
        self.ticket.qty.raw() - self.filled()
    }
    fn is_open(&self) -> bool {
        !self.state.is_final()
    }
}

/// Books by account.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub(crate) id: AccountId,
    /// The main account behind a sleeve.
    owner: Option<AccountNo>,
    pub(crate) books: BTreeMap<Book, i64>,
    pub(crate) held: BTreeMap<InstrumentId, i64>,
    queued: BTreeSet<InstrumentId>,
    /// More was sold than was held, or filled than was ordered: a person must be called.
    pub(crate) odd: bool,
    pub(crate) called: bool,
}

/// The auditor's books.
pub(crate) struct Auditor {
    truth: Arc<Truth>,
    disk: Arc<Disk>,
    instruments: BTreeMap<InstrumentId, Instrument>,
    heads: BTreeMap<PartitionId, Head>,
    pub(crate) accounts: BTreeMap<Place, Account>,
    /// Books of the house, over all partitions.
    pub(crate) house: BTreeMap<Book, i64>,
    pub(crate) copies: Copies,
    pub(crate) orders: BTreeMap<OrderId, Kept>,
    open: BTreeSet<OrderId>,
    pressed: BTreeSet<(PartitionId, Scope)>,
    pub(crate) events: u64,
    /// Fills that came after the end of their order.
    pub(crate) late: u64,
}

impl Auditor {
    pub(crate) fn of(truth: Arc<Truth>, disk: Arc<Disk>, instruments: &[Instrument]) -> Self {
        Self {
            truth,
            disk,
            instruments: instruments.iter().map(|i| (i.id, i.clone())).collect(),
            heads: BTreeMap::new(),
            accounts: BTreeMap::new(),
            house: BTreeMap::new(),
            copies: Copies::default(),
            orders: BTreeMap::new(),
            open: BTreeSet::new(),
            pressed: BTreeSet::new(),
            events: 0,
            late: 0,
        }
    }

    /// Reads what has become durable since.
    pub(crate) fn read(&mut self, partitions: u16) {
        for partition in (0..partitions).map(PartitionId) {
            let mut head = self.heads.get(&partition).copied().unwrap_or_default();
            for batch in self.disk.behind(partition, head.seq) {
                match batch.follows(&head) {
                    Ok(next) => head = next,
                    Err(damage) => self.breach("the chain is whole", damage.to_string()),
                }
                for event in batch.events().unwrap() {
                    self.events += 1;
                    self.event(partition, &event);
                }
            }
            self.heads.insert(partition, head);
        }
        for (law, what) in self.copies.judge() {
            self.breach(law, what);
        }
    }

    fn breach(&self, law: &'static str, what: impl Into<String>) {
        self.truth.breach(law, what);
    }

    fn event(&mut self, partition: PartitionId, event: &Event) {
        self.copies.event(partition, event);
        match event {
            Event::AccountOpened { id, no, .. } => {
                let account = Account { id: *id, ..Account::default() };
                self.accounts.insert((partition, *no), account);
            }
            Event::Transferred { entry, .. }
            | Event::Billed { entry, .. }
            | Event::Collected { entry, .. }
            | Event::Adjusted { entry, .. }
            | Event::Moved { entry, .. }
            | Event::Credited { entry, .. } => self.post(partition, entry),
            Event::Followed { sleeve, parent, .. } => {
                self.accounts.get_mut(&(partition, *sleeve)).unwrap().owner = Some(*parent);
            }
            Event::Approved { ticket, evidence } => self.approved(partition, ticket, evidence.mark),
            Event::Filled { order, fill, entry } => {
                self.post(partition, entry);
                self.filled(partition, *order, *fill);
            }
            Event::Acknowledged { order } => {
                if let Some(kept) = self.orders.get_mut(order) {
                    kept.state = kept.state.max(OrderState::Working);
                }
            }
            Event::Closed { order, state, .. } => match self.orders.get_mut(order) {
                Some(kept) if kept.is_open() => {
                    kept.state = *state;
                    self.open.remove(order);
                }
                _ => self.breach("an order ends once", order.to_string()),
            },
            Event::ExitQueued { account, instrument, .. } => {
                let account = self.accounts.get_mut(&(partition, *account)).unwrap();
                account.queued.insert(*instrument);
            }
            Event::Refused { account, wish, refusal, .. } => {
                self.refused((partition, *account), wish, refusal.code);
            }
            Event::Discrepancy { order, account, fill, what } => {
                if let Some(no) = account {
                    self.accounts.get_mut(&(partition, *no)).unwrap().called = true;
                }
                if let Some(kept) = self.orders.get_mut(order).filter(|_| !what.is_booked())
                    // Told again when the desk has forgotten the order, weeks later by its clock.
                    && !kept.fills.contains_key(&fill.id)
                {
                    kept.told.insert(fill.id, *fill);
                }
            }
            Event::Killed { scope, .. } => drop(self.pressed.insert((partition, *scope))),
            Event::Rearmed { scope, .. } => drop(self.pressed.remove(&(partition, *scope))),
            _ => {}
        }
    }

    fn post(&mut self, partition: PartitionId, entry: &nija_core::ledger::entry::Entry) {
        let mut sum = 0i128;
        for leg in entry.legs() {
            sum += i128::from(leg.amount.raw());
            let books = match leg.account {
                AccountNo::HOUSE => &mut self.house,
                no => &mut self.accounts.get_mut(&(partition, no)).unwrap().books,
            };
            *books.entry(leg.book).or_default() += leg.amount.raw();
        }
        if sum != 0 {
            self.breach("the ledger sums to zero", format!("an entry is off by {sum}"));
        }
    }

    /// Open orders of an account.
    fn open_of(&self, place: Place) -> impl Iterator<Item = &Kept> {
        let open = self.open.iter().filter_map(|id| self.orders.get(id));
        open.filter(move |k| (k.ticket.id.partition(), k.ticket.account) == place)
    }
    /// What open entries claim of cash.
    pub(crate) fn claimed(&self, place: Place) -> i64 {
        let share = |kept: &Kept| {
            let (left, all) = (kept.left(), kept.ticket.qty.raw());
            kept.ticket.reserved.share(left, all, Round::Up).unwrap().raw()
        };
        self.open_of(place).map(share).sum()
    }
    fn leaving(&self, place: Place, instrument: InstrumentId) -> i64 {
        let exits = self.open_of(place).filter(|kept| {
            kept.ticket.purpose == Purpose::Exit && kept.ticket.instrument == instrument
        });
        exits.map(Kept::left).sum()
    }
    pub(crate) fn cash(&self, place: Place) -> i64 {
        self.balance(place, Book::Cash)
    }
    fn balance(&self, place: Place, book: Book) -> i64 {
        self.accounts.get(&place).and_then(|a| a.books.get(&book)).copied().unwrap_or(0)
    }

    /// What an order costs at its own price, or at the mark it was judged by.
    fn worth(&self, ticket: &Ticket, mark: Price) -> i64 {
        let price = ticket.order_type.limit().or(ticket.order_type.stop()).unwrap_or(mark);
        let instrument = &self.instruments[&ticket.instrument];
        instrument.value(price, ticket.qty, Round::Down).unwrap().raw()
    }

    fn approved(&mut self, partition: PartitionId, ticket: &Ticket, mark: Price) {
        let place = (partition, ticket.account);
        if ticket.purpose == Purpose::Entry {
            // What is owed in fees is not there to be spent.
            let own = self.cash(place) + self.balance(place, Book::Owed);
            let free = own - self.claimed(place);
            if ticket.reserved.raw() > free {
                let what = format!("order {} claims {} of {free}", ticket.id, ticket.reserved);
                self.breach("reserved and spent stay within capital", what);
            }
            if ticket.reserved.raw() < self.worth(ticket, mark) {
                let what = format!("order {} reserves {} only", ticket.id, ticket.reserved);
                self.breach("an entry reserves what it may cost", what);
            }
            if let Some(scope) = self.stopping(ticket) {
                let what = format!("order {} although {scope} is stopped", ticket.id);
                self.breach("no entry is approved under a pressed switch", what);
            }
        } else {
            let held = self.accounts[&place].held.get(&ticket.instrument).copied().unwrap_or(0);
            if ticket.qty.raw() > held - self.leaving(place, ticket.instrument) {
                let what = format!("order {} sells more than is held", ticket.id);
                self.breach("no more leaves than is held", what);
            }
        }
        let (fills, told) = (BTreeMap::new(), BTreeMap::new());
        let kept = Kept { ticket: ticket.clone(), fills, told, state: OrderState::Approved };
        if self.orders.insert(ticket.id, kept).is_some() {
            self.breach("an order id is given once", ticket.id.to_string());
        }
        self.open.insert(ticket.id);
    }

    fn filled(&mut self, partition: PartitionId, order: OrderId, fill: Fill) {
        let Some(kept) = self.orders.get_mut(&order) else {
            return self.breach("a fill belongs to an order", order.to_string());
        };
        self.late += u64::from(!kept.is_open());
        let again = kept.fills.insert(fill.id, fill).is_some();
        if kept.left() <= 0 {
            kept.state = OrderState::Filled;
            self.open.remove(&order);
        } else if kept.is_open() {
            kept.state = OrderState::PartlyFilled;
        }
        let (ticket, beyond) = (kept.ticket.clone(), kept.left() < 0);
        let account = self.accounts.get_mut(&(partition, ticket.account)).unwrap();
        let held = account.held.entry(ticket.instrument).or_default();
        *held += if ticket.side == Side::Buy { fill.qty.raw() } else { -fill.qty.raw() };
        // Both are the venue's doing; that they are told is judged once the batch is read.
        account.odd |= *held < 0 || beyond;
        *held = (*held).max(0);
        if again {
            self.breach("a fill is booked once", order.to_string());
        }
    }

    /// A sale may be refused for what it asks, never for the state of the world.
    fn refused(&self, place: Place, wish: &Wish, code: Code) {
        if wish.side == Side::Buy {
            return;
        }
        let account = &self.accounts[&place];
        let held = account.held.get(&wish.instrument).copied().unwrap_or(0);
        let own = !matches!(code, Code::ExceedsPosition | Code::TradeTooSmall | Code::NoPrice);
        // What no order sells and no exit waits for can be sold whole.
        let untouched = held > 0
            && !account.queued.contains(&wish.instrument)
            && !self.open_of(place).any(|kept| {
                kept.ticket.purpose == Purpose::Exit
                    && !matches!(kept.ticket.origin, Origin::Protection { .. })
            });
        let fits = match wish.size {
            Size::All => true,
            Size::Units(qty) => qty.raw() <= held,
            Size::Dollars(_) => false,
        };
        if own || (untouched && fits) {
            let what = format!("a sale of {:?} was refused: {code:?}", wish.size);
            self.breach("exits are never refused", what);
        }
    }

    /// The pressed switch that stops an entry, by the journal.
    fn stopping(&self, ticket: &Ticket) -> Option<Scope> {
        let partition = ticket.id.partition();
        let pressed = self.pressed.iter().filter(|(at, _)| *at == partition);
        pressed.map(|(_, scope)| *scope).find(|scope| self.stops(*scope, ticket))
    }

    /// Does this switch stop that order?
    pub(crate) fn stops(&self, scope: Scope, ticket: &Ticket) -> bool {
        let instrument = &self.instruments[&ticket.instrument];
        match scope {
            Scope::Platform => true,
            Scope::Venue(venue) => venue == instrument.venue,
            Scope::Class(class) => class == instrument.class,
            Scope::Symbol(id) => id == instrument.id,
            Scope::Strategy(name) => Event::strategy(ticket.origin) == Some(name),
            Scope::Account(id) => {
                let of = |no| self.accounts.get(&(ticket.id.partition(), no));
                let account = of(ticket.account);
                let owner = account.and_then(|account| account.owner).map_or(account, of);
                owner.is_some_and(|owner| owner.id == id)
            }
        }
    }
}
