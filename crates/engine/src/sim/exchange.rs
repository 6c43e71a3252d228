//! The exchange: orders in, market events in, reports out. A state machine without clock, thread or chance.
//!
//! A day order stands until the end of the session in which it can first trade; for markets that never close
//! that is the end of the UTC day. An event at that very end still counts if it is the bar that ends there.

use super::book::Book;
use super::check::check;
use super::friction::Friction;
use super::latency::Latency;
use super::line::Line;
use super::memory::{Memory, story};
use super::order::{Order, Orders, Stage};
use super::place::Place;
use super::rules::{Rules, Terms};
use super::trading::{Seen, Told, Trading};
use crate::calendar::Cursor;
use crate::feeds::{Kind, MarketEvent};
use nija_core::desk::held::Act;
use nija_core::ports::Found;
use nija_core::words::id::{AccountNo, InstrumentId, OrderId, PartitionId};
use nija_core::words::instrument::{Hours, Instrument};
use nija_core::words::money::{Price, Qty};
use nija_core::words::order::{Outcome, Report, Side, Ticket, TimeInForce};
use nija_core::words::time::{Span, Timestamp};
use nija_market::book::Level;
use std::collections::{BTreeMap, VecDeque};
use std::mem::take;

/// Orders that may be open at once.
pub const MAX_OPEN: usize = 1_000_000;

/// Something that happens to an order at a time of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Its time is over.
    Expire,
    /// Its cancel arrives.
    Cancel,
}

/// Times at which something is due, with the order it is about.
pub(super) type Agenda = BTreeMap<(Timestamp, u64), (OrderId, Due)>;

/// The simulated exchange.
#[derive(Debug)]
pub struct Exchange {
    rules: Rules,
    books: BTreeMap<InstrumentId, Book>,
    /// Open orders. Looked up, never walked through: their order here is random.
    orders: Orders,
    agenda: Agenda,
    memory: Memory,
    outbox: VecDeque<Report>,
    /// Room for what an event leads to; empty between two events.
    told: Told,
    /// What the fills of each account cost beside their fees.
    frictions: BTreeMap<(PartitionId, AccountNo), Friction>,
    now: Timestamp,
    seq: u64,
    /// One for each sort of hours, in their order.
    cursors: [Cursor; 3],
}

/// The book of a pair, told the last price of what it is priced in.
fn rated(
    books: &mut BTreeMap<InstrumentId, Book>,
    pair: InstrumentId,
    quote: InstrumentId,
) -> Option<&mut Book> {
    let rate = books.get(&quote).and_then(|book| book.last);
    let book = books.get_mut(&pair)?;
    book.rate = rate;
    Some(book)
}

/// The terms that hold at a book: its own, where it has some.
const fn terms_at<'a>(rules: &'a Rules, book: &'a Book) -> &'a Terms {
    match &book.own {
        Some(own) => &own.0,
        None => rules.terms_of(&book.instrument),
    }
}

impl Exchange {
    /// An exchange without instruments.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            books: BTreeMap::new(),
            orders: Orders::default(),
            agenda: Agenda::new(),
            memory: Memory::default(),
            outbox: VecDeque::new(),
            told: Told::default(),
            frictions: BTreeMap::new(),
            now: Timestamp::EPOCH,
            seq: 0,
            cursors: [Hours::Always, Hours::Nyse, Hours::Cme].map(Cursor::new),
        }
    }

    /// Lists an instrument, or replaces its row of the catalog.
    pub fn list(&mut self, instrument: Instrument) {
        match self.books.get_mut(&instrument.id) {
            Some(book) => book.instrument = instrument,
            None => {
                self.books.insert(instrument.id, Book::new(instrument));
            }
        }
    }

    /// An instrument of a place of its own: its orders have these terms and this latency.
    pub fn apart(&mut self, instrument: InstrumentId, terms: Terms, latency: Latency) {
        if let Some(book) = self.books.get_mut(&instrument) {
            book.own = Some(Box::new((terms, latency)));
        }
    }

    /// How long an order of an instrument, or its cancel, is under way.
    fn latency(&self, order: OrderId, instrument: InstrumentId) -> Span {
        let own = self.books.get(&instrument).and_then(|book| book.own.as_deref());
        let latency = own.map_or(self.rules.latency, |(_, latency)| *latency);
        latency.of(self.rules.seed, order)
    }

    /// Lists a contract; books of contracts that have expired, and of which nothing can trade, go.
    fn list_contract(&mut self, instrument: Instrument) {
        let now = self.now;
        self.books.retain(|_, book| book.instrument.expiry().is_none_or(|expiry| expiry >= now));
        self.list(instrument);
    }

    /// Does what a release permits.
    pub fn act(&mut self, act: &Act, now: Timestamp) {
        match act {
            Act::Place(approved) => self.place(approved.ticket(), now),
            Act::Cancel { order, .. } => {
                self.cancel(*order, now);
            }
        }
    }

    /// Takes an order; reports its acknowledgement or its rejection. An id that is known already is no second
    /// order: everything that happened to the first is reported again.
    pub fn place(&mut self, ticket: &Ticket, now: Timestamp) {
        let now = self.moved_to(now);
        if let Found::Known(reports) = self.find(ticket.id) {
            self.outbox.extend(reports);
            return;
        }
        let eligible_at = now.plus(self.latency(ticket.id, ticket.instrument));
        match self.refusal(ticket, eligible_at) {
            None => {
                let session = self.session_end(ticket, eligible_at);
                self.accept(ticket.clone(), (eligible_at, session), (Qty::ZERO, 0));
            }
            Some(why) => {
                let outcome = Outcome::Rejected { why };
                let report = Report { order: ticket.id, outcome, at: now };
                self.memory.keep(ticket.id, vec![report.clone()]);
                self.outbox.push_back(report);
            }
        }
    }

    /// Takes an open order back after a restart, with what the journal knows: how much of it is filled, in how
    /// many fills. A stop without fills has to be reached again; an ioc or fok is over. A known order is left as it is.
    pub fn restore(&mut self, ticket: &Ticket, filled: Qty, fills: u64, now: Timestamp) {
        let now = self.moved_to(now);
        if filled >= ticket.qty || self.find(ticket.id) != Found::Never {
            return;
        }
        let why = match self.books.get(&ticket.instrument) {
            None => Some("its instrument is not listed any more"),
            Some(_) if matches!(ticket.tif, TimeInForce::Ioc | TimeInForce::Fok) => {
                Some("it could not be filled at once: the venue was restarted")
            }
            Some(_) => None,
        };
        if let Some(why) = why {
            let report = Report { order: ticket.id, outcome: Outcome::Cancelled { why }, at: now };
            self.memory.keep(ticket.id, vec![report.clone()]);
            self.outbox.push_back(report);
            return;
        }
        let eligible_at = now.plus(self.latency(ticket.id, ticket.instrument));
        // The session in which it could trade first still counts, not that of the restart.
        let first = ticket.at.plus(eligible_at.since(now));
        let session = self.session_end(ticket, first);
        // Its place in a queue is lost.
        self.accept(ticket.clone(), (eligible_at, session), (filled, fills));
    }

    fn refusal(&mut self, ticket: &Ticket, eligible_at: Timestamp) -> Option<String> {
        if self.orders.len() >= MAX_OPEN {
            return Some("too many open orders".to_owned());
        }
        let listed = self.books.get(&ticket.instrument);
        if let Some(quote) = listed.and_then(|book| book.instrument.priced_in()) {
            let _ = rated(&mut self.books, ticket.instrument, quote);
        }
        let Some(book) = self.books.get(&ticket.instrument) else {
            return Some("no such instrument is listed here".to_owned());
        };
        let is_open = self.cursors[book.instrument.hours as usize].is_open(eligible_at);
        check(ticket, book, terms_at(&self.rules, book), self.now, is_open).err()
    }

    /// When an order that can first trade at `first` has lived its time; none for one without an end.
    fn session_end(&mut self, ticket: &Ticket, first: Timestamp) -> Option<Timestamp> {
        if matches!(ticket.tif, TimeInForce::Gtc | TimeInForce::PostOnly) {
            return None;
        }
        let hours = self.books.get(&ticket.instrument)?.instrument.hours;
        let session = self.cursors[hours as usize].session_from(first);
        session.map(|session| session.close_at)
    }

    fn accept(
        &mut self,
        ticket: Ticket,
        (eligible_at, session_end): (Timestamp, Option<Timestamp>),
        (filled, fills): (Qty, u64),
    ) {
        let Some(book) = self.books.get_mut(&ticket.instrument) else {
            return;
        };
        let (now, contract_end) = (self.now, book.instrument.expiry());
        let expires_at = [session_end, contract_end].into_iter().flatten().min();
        self.seq += 1;
        let order = Order {
            seq: self.seq,
            accepted: now,
            leaving: false,
            eligible_at,
            expires_at,
            stage: Stage::Arriving,
            entered: 0,
            place: Place::default(),
            triggered: fills > 0,
            filled,
            fills,
            log: VecDeque::new(),
            ticket,
        };
        let id = order.ticket.id;
        if let Some(at) = expires_at {
            self.agenda.insert((at, order.seq), (id, Due::Expire));
        }
        book.insert(&order);
        self.orders.insert(id, Box::new(order));
        self.outbox.push_back(Report { order: id, outcome: Outcome::Acknowledged, at: now });
    }

    /// Takes an order back, after the latency of the order. False when no such order was ever seen; one that
    /// is over already is reported again.
    pub fn cancel(&mut self, order: OrderId, now: Timestamp) -> bool {
        let now = self.moved_to(now);
        let Some(open) = self.orders.get_mut(&order) else {
            let known = self.memory.get(order);
            self.outbox.extend(known.into_iter().flatten().cloned());
            return known.is_some();
        };
        if open.leaving {
            return true;
        }
        open.leaving = true;
        let instrument = open.ticket.instrument;
        let latency = self.latency(order, instrument);
        if latency == Span::ZERO {
            self.close(order, Due::Cancel);
        } else {
            self.seq += 1;
            self.agenda.insert((now.plus(latency), self.seq), (order, Due::Cancel));
        }
        true
    }

    /// Lets time pass without a market event: cancels that have arrived by now, orders whose time was over.
    pub fn advance(&mut self, now: Timestamp) {
        let now = self.moved_to(now);
        self.settle(now, true);
    }

    /// What is known of an order.
    #[must_use]
    pub fn find(&self, order: OrderId) -> Found {
        match (self.orders.get(&order), self.memory.get(order)) {
            (Some(open), _) => Found::Known(story(open)),
            (None, Some(reports)) => Found::Known(reports.to_vec()),
            (None, None) => Found::Never,
        }
    }

    /// Takes the oldest report.
    pub fn take_report(&mut self) -> Option<Report> {
        self.outbox.pop_front()
    }

    /// Takes up to `limit` reports, oldest first.
    pub fn take_reports(&mut self, limit: usize) -> Vec<Report> {
        // Mostly there are none, and emptying nothing is work all the same.
        if self.outbox.is_empty() {
            return Vec::new();
        }
        let count = self.outbox.len().min(limit);
        self.outbox.drain(..count).collect()
    }
    /// Reports that wait to be taken.
    #[must_use]
    pub fn waiting_reports(&self) -> usize {
        self.outbox.len()
    }
    /// Orders that are open.
    #[must_use]
    pub fn open_orders(&self) -> usize {
        self.orders.len()
    }

    /// Trades what an event allows.
    #[inline]
    pub fn on_market(&mut self, event: &MarketEvent) {
        // Most events meet nobody.
        if self.agenda.is_empty()
            && let Some(instrument) = event.instrument()
            && let Some(book) = self.books.get_mut(&instrument)
            && book.is_quiet()
            && !terms_at(&self.rules, book).follows_book()
            && !matches!(event.kind, Kind::Listed(_))
        {
            self.now = self.now.max(event.at);
            return book.note(&event.kind);
        }
        self.take_event(event);
    }

    #[inline(never)]
    fn take_event(&mut self, event: &MarketEvent) {
        self.moved_to(event.at);
        self.settle(event.at, matches!(event.kind, Kind::BarClosed(_)));
        match (event.kind, event.instrument()) {
            (Kind::Listed(terms), Some(id)) if !self.follows_book(id) => {
                self.list_contract(terms.instrument());
            }
            (_, Some(instrument)) => self.meet(instrument, event),
            (_, None) => {}
        }
    }

    fn follows_book(&self, instrument: InstrumentId) -> bool {
        let book = self.books.get(&instrument);
        book.is_some_and(|book| terms_at(&self.rules, book).follows_book())
    }

    /// Brings an event to the book it is about.
    fn meet(&mut self, instrument: InstrumentId, event: &MarketEvent) {
        let Some(book) = self.books.get_mut(&instrument) else {
            return;
        };
        let book = match book.instrument.priced_in() {
            None => Some(book),
            Some(quote) => rated(&mut self.books, instrument, quote),
        };
        let Some(book) = book else {
            return;
        };
        let own = book.own.clone();
        let terms = match own.as_deref() {
            Some((terms, _)) => terms,
            None => self.rules.terms_of(&book.instrument),
        };
        let cursor = &mut self.cursors[book.instrument.hours as usize];
        if terms.follows_book() {
            let is_open = cursor.is_open(event.at);
            let mut line = Line::new(book, terms, self.now, take(&mut self.told));
            line.take_event(&event.kind, is_open, &mut self.orders);
            let told = line.finish();
            return self.conclude(told);
        }
        let Some(seen) = Seen::of(event) else {
            return;
        };
        // A bar belongs to the session that it ends, whose own last instant is not open any more.
        let inside = if seen.is_end() { seen.at.plus(Span(-1)) } else { seen.at };
        let is_open = cursor.is_open(inside);
        book.note(&event.kind);
        if is_open && !book.is_empty() {
            let told = take(&mut self.told);
            let mut trading = Trading::new(book, &seen, terms, self.now, told);
            trading.run(&mut self.orders);
            let told = trading.finish();
            self.conclude(told);
        } else if is_open {
            book.forget_taken(&seen);
        }
    }

    /// Hands out reports, adds up what was paid, and remembers the orders that are over.
    fn conclude(&mut self, mut told: Told) {
        self.outbox.extend(told.reports.drain(..));
        for (partition, account, friction) in told.paid.drain(..) {
            let sum = self.frictions.entry((partition, account)).or_default();
            *sum = sum.plus(friction);
        }
        for (order, last) in told.closed.drain(..) {
            if let Some(at) = order.expires_at {
                self.agenda.remove(&(at, order.seq));
            }
            let mut reports = story(&order);
            reports.extend(last);
            self.memory.keep(order.ticket.id, reports);
        }
        self.told = told;
    }

    /// Does what is due by `at`; what is due at `at` itself waits if bars still end there.
    fn settle(&mut self, at: Timestamp, is_end: bool) {
        while let Some((&(due_at, seq), &(order, due))) = self.agenda.first_key_value() {
            if due_at > at || (is_end && due_at == at) {
                return;
            }
            self.agenda.remove(&(due_at, seq));
            self.close(order, due);
        }
    }

    fn close(&mut self, id: OrderId, due: Due) {
        let Some(order) = self.orders.remove(&id) else {
            return;
        };
        let book = self.books.get_mut(&order.ticket.instrument);
        let contract_end = book.as_ref().and_then(|book| book.instrument.expiry());
        if let Some(book) = book {
            book.remove(&order);
        }
        if let Some(at) = order.expires_at {
            self.agenda.remove(&(at, order.seq));
        }
        let why = match due {
            Due::Cancel => "taken back as asked",
            Due::Expire if order.expires_at == contract_end => "the contract has expired",
            Due::Expire => "its session has ended",
        };
        let report = Report { order: id, outcome: Outcome::Cancelled { why }, at: self.now };
        let mut reports = story(&order);
        reports.push(report.clone());
        self.memory.keep(id, reports);
        self.outbox.push_back(report);
    }

    /// Time never goes back here, whatever clock or event tells it.
    fn moved_to(&mut self, at: Timestamp) -> Timestamp {
        self.now = self.now.max(at);
        self.now
    }

    /// Tells a last price from before this exchange began: nothing trades at it, and an order that waits for the
    /// opening is not refused for want of one.
    pub fn know(&mut self, instrument: InstrumentId, price: Price) {
        if let Some(book) = self.books.get_mut(&instrument) {
            book.last.get_or_insert(price);
        }
    }

    /// The book of an instrument as it is displayed, less what orders of this exchange took of it: so many levels a
    /// side. None where no book is followed.
    #[must_use]
    pub fn displayed(&self, instrument: InstrumentId, levels: usize) -> Option<[Vec<Level>; 2]> {
        let depth = &self.books.get(&instrument)?.depth;
        Some([Side::Buy, Side::Sell].map(|side| depth.levels(side, levels)))
    }

    /// What the fills of an account have cost beside their fees.
    #[must_use]
    pub fn friction(&self, partition: PartitionId, account: AccountNo) -> Friction {
        self.frictions.get(&(partition, account)).copied().unwrap_or_default()
    }

    /// Last price seen of an instrument.
    #[must_use]
    pub fn last_price(&self, instrument: InstrumentId) -> Option<Price> {
        self.books.get(&instrument)?.last
    }
}
