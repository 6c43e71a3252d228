//! One market event meets one book: who trades, in which order, at which price, how much.
//!
//! First the orders that take any price, then stops, then limits, each by price and time. What a side may
//! take in all is its room; what does not fit waits, unless it was to be filled at once.

use super::book::{Book, FRONT, index};
use super::friction::{Deal, Friction};
use super::matching::{Cost, Meeting, Print, Range};
use super::order::{Order, Orders, Stage, WOULD_TAKE};
use super::rules::Terms;
use crate::feeds::{Kind, MarketEvent, volume_units};
use nija_core::words::id::{AccountNo, FillId, OrderId, PartitionId};
use nija_core::words::money::{Price, Qty};
use nija_core::words::order::{Fill, Outcome, Report, Side, TimeInForce};
use nija_core::words::time::Timestamp;
use nija_market::candle::Candle;

const SIDES: [Side; 2] = [Side::Buy, Side::Sell];

/// A price event as the exchange sees it.
pub(super) struct Seen {
    pub(super) print: Print,
    pub(super) at: Timestamp,
    /// Quantity at hand for buyers and for sellers, where the event tells it.
    pub(super) volume: Option<[Qty; 2]>,
}

impl Seen {
    /// What an event says of a price; none where it says nothing of one.
    pub(super) fn of(event: &MarketEvent) -> Option<Self> {
        let (print, volume) = match event.kind {
            Kind::BarOpened { price, .. } => (Print::Open(price), None),
            Kind::BarClosed(candle) => {
                let Candle { open_at, open, high, low, close, volume, .. } = candle;
                let volume = Qty::from_raw(volume_units(volume));
                (Print::Close(Range { open_at, open, high, low, close }), Some([volume; 2]))
            }
            Kind::Quote { bid, ask, bid_qty, ask_qty, .. } => {
                (Print::Quote { bid, ask }, Some([ask_qty, bid_qty]))
            }
            Kind::Trade { price, qty, .. } => (Print::Trade(price), Some([qty; 2])),
            Kind::SessionOpened { .. }
            | Kind::SessionClosed { .. }
            | Kind::Level { .. }
            | Kind::Cleared { .. }
            | Kind::Listed(_)
            | Kind::Pictured { .. } => return None,
        };
        Some(Self { print, at: event.at, volume })
    }
    /// Is it the end of a bar?
    pub(super) const fn is_end(&self) -> bool {
        matches!(self.print, Print::Close(_))
    }
    const fn is_bar(&self) -> bool {
        matches!(self.print, Print::Open(_) | Print::Close(_))
    }
}

/// An account, as far as an exchange can tell accounts apart.
type Account = (PartitionId, AccountNo, Side);

/// An order that is over, with its last report if that is no fill.
pub(super) type Closed = (Box<Order>, Option<Report>);

/// What an event led to.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) reports: Vec<Report>,
    pub(super) closed: Vec<Closed>,
    /// What fills cost beside their fees, and whom.
    pub(super) paid: Vec<(PartitionId, AccountNo, Friction)>,
}

impl Told {
    /// Notes what a fill cost beside its fee.
    pub(super) fn pay(&mut self, order: &Order, friction: Friction) {
        if friction != Friction::default() {
            self.paid.push((order.ticket.id.partition(), order.ticket.account, friction));
        }
    }
}

/// The event's way through the book.
pub(super) struct Trading<'a> {
    book: &'a mut Book,
    seen: &'a Seen,
    terms: &'a Terms,
    now: Timestamp,
    /// Quantity at hand, which slippage is measured against.
    volume: [Option<Qty>; 2],
    /// What each side may still take; `None` is without limit.
    room: [Option<Qty>; 2],
    /// Accounts whose stop was reached in this bar: their limits on that side wait.
    stopped: Vec<Account>,
    /// Orders that came in with this event and must not stay.
    immediate: Vec<OrderId>,
    told: Told,
}

impl<'a> Trading<'a> {
    /// Of an event that the book has noted; `told` is room for what it leads to.
    pub(super) fn new(
        book: &'a mut Book,
        seen: &'a Seen,
        terms: &'a Terms,
        now: Timestamp,
        told: Told,
    ) -> Self {
        let volume = match seen.volume {
            Some(volume) => volume.map(Some),
            // At the open the volume of the bar before is the newest that is known.
            None => [book.volume; 2],
        };
        let room = SIDES.map(|side| {
            let at = index(side);
            // Nobody stands behind a quote of nothing.
            if seen.print.is_quote() && volume[at].is_some_and(Qty::is_zero) {
                return Some(Qty::ZERO);
            }
            let taken = if seen.is_bar() { book.taken[at] } else { Qty::ZERO };
            let room = terms.filling.room(volume[at]);
            room.map(|room| room.saturating_sub(taken).or_zero())
        });
        Self {
            book,
            seen,
            terms,
            now,
            volume,
            room,
            stopped: Vec::new(),
            immediate: Vec::new(),
            told,
        }
    }

    /// Trades what can be traded.
    pub(super) fn run(&mut self, orders: &mut Orders) {
        self.book.event += 1;
        self.meet(orders);
        self.book.forget_taken(self.seen);
    }

    /// Lets the orders meet the event.
    fn meet(&mut self, orders: &mut Orders) {
        self.admit(orders);
        for side in SIDES {
            self.markets(orders, side);
            self.stops(orders, side);
        }
        for side in SIDES {
            self.limits(orders, side);
        }
        for id in std::mem::take(&mut self.immediate) {
            if let Some(order) = orders.remove(&id) {
                self.book.remove(&order);
                let why = match order.ticket.tif {
                    TimeInForce::Fok => "not all of it could be filled at once",
                    TimeInForce::PostOnly => WOULD_TAKE,
                    _ => "the rest could not be filled at once",
                };
                let outcome = Outcome::Cancelled { why };
                let report = Report { order: id, outcome, at: self.now };
                self.told.reports.push(report.clone());
                self.told.closed.push((order, Some(report)));
            }
        }
    }

    /// What it led to.
    pub(super) fn finish(self) -> Told {
        self.told
    }

    /// Lets in the orders that have arrived.
    fn admit(&mut self, orders: &mut Orders) {
        while let Some(id) = self.book.arrived(self.seen.at, self.seen.is_end()) {
            let Some(order) = orders.get_mut(&id) else {
                return;
            };
            order.entered = self.book.event;
            self.restage(order);
            if matches!(order.ticket.tif, TimeInForce::Ioc | TimeInForce::Fok) {
                self.immediate.push(id);
            }
        }
    }

    /// Moves an order to the row it belongs to now.
    fn restage(&mut self, order: &mut Order) {
        self.book.remove(order);
        order.stage = order.next_stage();
        self.book.insert(order);
    }

    fn markets(&mut self, orders: &mut Orders, side: Side) {
        let mut after = FRONT;
        while self.has_room(side)
            && let Some((key, id)) = self.book.next_market(side, after)
        {
            after = key;
            let Some(order) = orders.get(&id) else {
                continue;
            };
            let shown = self.seen.print.shown(&self.meeting(order));
            let deal = self.taken(order, shown);
            let shown = self.seen.print.middle(shown);
            self.fill(orders, id, Deal { shown, ..deal });
        }
    }

    /// Stops are reached whether or not there is room: what cannot be filled takes the next price.
    fn stops(&mut self, orders: &mut Orders, side: Side) {
        let mut after = FRONT;
        while let Some((key, id)) = self.book.next_stop(side, &self.seen.print, after) {
            after = key;
            let Some(order) = orders.get_mut(&id) else {
                continue;
            };
            let meeting = self.meeting(order);
            let Some(stop) = order.ticket.order_type.stop() else {
                continue;
            };
            let Some(shown) = self.seen.print.trigger(&meeting, stop) else {
                continue;
            };
            order.triggered = true;
            self.restage(order);
            if self.seen.is_end() {
                self.stopped.push(account(order));
            }
            let deal = match order.stage {
                Stage::Market => Some(self.taken(order, shown)),
                _ => order
                    .ticket
                    .order_type
                    .limit()
                    .and_then(|limit| self.cost().within(side, shown, limit)),
            };
            if let Some(deal) = deal {
                let shown = self.seen.print.middle(shown);
                self.fill(orders, id, Deal { shown, ..deal });
            }
        }
    }

    fn limits(&mut self, orders: &mut Orders, side: Side) {
        let mut after = FRONT;
        while self.has_room(side)
            && let Some((key, id)) = self.book.next_limit(side, &self.seen.print, after)
        {
            after = key;
            let Some(order) = orders.get(&id) else {
                continue;
            };
            let Some(limit) = order.ticket.order_type.limit() else {
                continue;
            };
            if self.stopped.contains(&account(order)) {
                continue;
            }
            let meeting = self.meeting(order);
            let deal = self.seen.print.limit(&meeting, limit, &self.cost());
            if let Some(deal) = deal {
                if meeting.fresh && order.ticket.tif == TimeInForce::PostOnly {
                    self.immediate.push(id);
                    continue;
                }
                self.fill(orders, id, deal);
            }
        }
    }

    const fn meeting(&self, order: &Order) -> Meeting {
        Meeting {
            side: order.ticket.side,
            fresh: order.entered == self.book.event,
            eligible_at: order.eligible_at,
        }
    }
    const fn cost(&self) -> Cost<'_> {
        let spread = !self.seen.print.is_quote();
        Cost { terms: self.terms, tick: self.book.instrument.tick, spread }
    }
    fn has_room(&self, side: Side) -> bool {
        self.room[index(side)].is_none_or(Qty::is_positive)
    }
    /// The price of an order that takes what is shown.
    fn taken(&self, order: &Order, shown: Price) -> Deal {
        let side = order.ticket.side;
        self.cost().deal(side, shown, order.left(), self.volume[index(side)])
    }

    /// Fills what there is room for, in whole lots.
    fn fill(&mut self, orders: &mut Orders, id: OrderId, deal: Deal) {
        let Some(order) = orders.get_mut(&id) else {
            return;
        };
        let (at, left) = (index(order.ticket.side), order.left());
        let room = self.room[at].unwrap_or(left);
        let qty = left.min(room).floor_to(self.book.instrument.lot);
        let is_short = qty < left && order.ticket.tif == TimeInForce::Fok;
        let price = deal.price;
        let fee = self.book.fee(self.terms.fee, price, qty, order.filled);
        // A fee beyond the range of money is a price beyond all reason: such a trade does not happen.
        let (false, true, Some(fee)) = (is_short, qty.is_positive(), fee) else {
            return;
        };
        let fill = order.fill(Fill { id: FillId(0), qty, price, fee }, self.now);
        self.told.pay(order, deal.friction(self.book, order, qty));
        self.told.reports.push(Report { order: id, outcome: Outcome::Filled(fill), at: self.now });
        if let Some(room) = &mut self.room[at] {
            *room = room.saturating_sub(qty);
        }
        if self.seen.is_bar() {
            self.book.taken[at] = self.book.taken[at].saturating_add(qty);
        }
        if order.left().is_zero()
            && let Some(order) = orders.remove(&id)
        {
            self.book.remove(&order);
            self.told.closed.push((order, None));
        }
    }
}

const fn account(order: &Order) -> Account {
    let ticket = &order.ticket;
    (ticket.id.partition(), ticket.account, ticket.side)
}
