//! One event meets one displayed book: who arrives, what moves up, who trades.
//!
//! An order meets the book as it stood when it arrived, so before the event at hand is looked at. Taking walks down
//! the levels; resting waits behind what is displayed. A trade beyond a resting price, or a display that crosses it,
//! says that the market went through: then it trades at its limit, as it would have.

use super::book::{Book, FRONT};
use super::depth::{meets, other};
use super::friction::Deal;
use super::matching::{Meeting, Print};
use super::order::{Order, Orders, Stage, WOULD_TAKE};
use super::place::Place;
use super::rules::Terms;
use super::trading::Told;
use crate::feeds::Kind;
use nija_core::words::id::{FillId, OrderId};
use nija_core::words::money::{Price, Qty};
use nija_core::words::order::{Fill, Outcome, Report, Side, TimeInForce};
use nija_core::words::time::Timestamp;

const SIDES: [Side; 2] = [Side::Buy, Side::Sell];

/// The event's way through the book.
pub(super) struct Line<'a> {
    book: &'a mut Book,
    terms: &'a Terms,
    now: Timestamp,
    told: Told,
}

impl<'a> Line<'a> {
    /// `told` is room for what the event leads to.
    pub(super) fn new(book: &'a mut Book, terms: &'a Terms, now: Timestamp, told: Told) -> Self {
        Self { book, terms, now, told }
    }

    /// What it led to.
    pub(super) fn finish(self) -> Told {
        self.told
    }

    /// Takes an event; while the market is closed it changes the display and nothing else.
    pub(super) fn take_event(&mut self, kind: &Kind, is_open: bool, orders: &mut Orders) {
        self.book.event += 1;
        if is_open {
            self.arrive(orders);
        }
        self.show(kind, orders);
        if !is_open {
            return;
        }
        if let Kind::Trade { price, qty, taker, .. } = *kind {
            self.printed(price, (qty, taker), orders);
        }
        for side in SIDES {
            self.crossed(side, orders);
            self.stops(side, kind, orders);
            self.markets(side, orders);
        }
    }

    /// Lets in what has arrived: it takes what it may, and rests or ends.
    fn arrive(&mut self, orders: &mut Orders) {
        while let Some(id) = self.book.arrived(self.now, false) {
            let Some(order) = orders.get_mut(&id) else {
                return;
            };
            order.entered = self.book.event;
            self.restage(order);
            if order.stage != Stage::Stop {
                self.enter(id, orders);
            }
        }
    }

    fn restage(&mut self, order: &mut Order) {
        self.book.remove(order);
        order.stage = order.next_stage();
        self.book.insert(order);
    }

    /// An order takes what it may take; what is left of it finds its place or ends.
    fn enter(&mut self, id: OrderId, orders: &mut Orders) {
        let Some(order) = orders.get(&id) else {
            return;
        };
        let (side, limit, tif) =
            (order.ticket.side, order.ticket.order_type.limit(), order.ticket.tif);
        let offered = self.book.depth.offered(side, limit);
        if tif == TimeInForce::PostOnly && offered.is_positive() {
            return self.end(id, WOULD_TAKE, orders);
        }
        if tif == TimeInForce::Fok && offered < order.left() {
            return self.end(id, "not all of it could be filled at once", orders);
        }
        self.walk(id, orders);
        let Some(order) = orders.get_mut(&id) else {
            return;
        };
        match (tif, limit) {
            (TimeInForce::Ioc, _) => self.end(id, "the rest could not be filled at once", orders),
            (TimeInForce::Fok, _) => self.end(id, "not all of it could be filled at once", orders),
            (_, Some(limit)) => order.place = Place::behind(self.book.depth.queue(side, limit)),
            (_, None) => {}
        }
    }

    /// Takes what is displayed, level by level.
    fn walk(&mut self, id: OrderId, orders: &mut Orders) {
        let Some(order) = orders.get(&id) else {
            return;
        };
        let (side, limit) = (order.ticket.side, order.ticket.order_type.limit());
        let lots = (order.left(), self.book.instrument.lot);
        let depth = &mut self.book.depth;
        let Some(best) = depth.best(other(side)) else {
            return;
        };
        // Where nobody stands on the other side, there is no middle.
        let shown = Print::Quote { bid: depth.best(side).unwrap_or(best), ask: best }.middle(best);
        for level in depth.take(side, limit, lots) {
            let deal = Deal { shown, best, price: level.price };
            self.fill(id, (deal, level.qty), true, orders);
        }
    }

    /// Changes the display, and moves up whom that moves.
    fn show(&mut self, kind: &Kind, orders: &mut Orders) {
        match *kind {
            Kind::Trade { price, .. } | Kind::BarOpened { price, .. } => {
                self.book.last = Some(price)
            }
            Kind::BarClosed(candle) => self.book.last = Some(candle.close),
            Kind::Cleared { .. } => self.book.depth.clear(),
            Kind::Level { side, price, qty, .. } => {
                self.book.depth.set(side, price, qty);
                self.move_up(side, price, orders);
            }
            Kind::Quote { bid, ask, bid_qty, ask_qty, .. } => {
                self.book.last = Some(bid);
                for (side, price, qty) in [(Side::Buy, bid, bid_qty), (Side::Sell, ask, ask_qty)] {
                    self.book.depth.set_best(side, price, qty);
                    self.move_up(side, price, orders);
                }
            }
            Kind::SessionOpened { .. }
            | Kind::SessionClosed { .. }
            | Kind::Listed(_)
            | Kind::Pictured { .. } => {}
        }
    }

    /// Looks again at the display of all orders at a price or better.
    fn move_up(&mut self, side: Side, to: Price, orders: &mut Orders) {
        for id in self.book.limits_to(side, to) {
            if let Some(order) = orders.get_mut(&id)
                && let Some(limit) = order.ticket.order_type.limit()
            {
                order.place.displayed(self.book.depth.at(side, limit), self.now);
            }
        }
    }

    /// Somebody traded: the queue first, then those who wait behind it, in all no more than was traded.
    fn printed(&mut self, price: Price, (qty, taker): (Qty, Option<Side>), orders: &mut Orders) {
        let mut left = qty;
        for side in SIDES.into_iter().filter(|side| taker != Some(*side)) {
            for id in self.book.limits_to(side, price) {
                let Some(order) = orders.get_mut(&id) else {
                    continue;
                };
                let Some(limit) = order.ticket.order_type.limit() else {
                    continue;
                };
                let reached = if limit == price {
                    order.place.traded(left, self.now)
                } else {
                    order.place.passed();
                    left
                };
                let filled = self.fill(id, (Deal::rested(limit), reached), false, orders);
                left = left.saturating_sub(filled);
            }
        }
    }

    /// The display crosses what rests: those who stand there would have met it.
    fn crossed(&mut self, side: Side, orders: &mut Orders) {
        let Some(best) = self.book.depth.best(other(side)) else {
            return;
        };
        for id in self.book.limits_to(side, best) {
            let Some(order) = orders.get(&id) else {
                continue;
            };
            let limit = order.ticket.order_type.limit().filter(|limit| meets(side, *limit, best));
            let Some(limit) = limit else {
                continue;
            };
            let lots = (order.left(), self.book.instrument.lot);
            for level in self.book.depth.take(side, Some(limit), lots) {
                self.fill(id, (Deal::rested(limit), level.qty), false, orders);
            }
        }
    }

    /// Stops that a price reaches become what they are to become, and take.
    fn stops(&mut self, side: Side, kind: &Kind, orders: &mut Orders) {
        let print = match *kind {
            Kind::Trade { price, .. } => Print::Trade(price),
            Kind::Quote { bid, ask, .. } => Print::Quote { bid, ask },
            _ => return,
        };
        while let Some((_, id)) = self.book.next_stop(side, &print, FRONT) {
            let Some(order) = orders.get_mut(&id) else {
                return;
            };
            let meeting = Meeting { side, fresh: false, eligible_at: order.eligible_at };
            let stop = order.ticket.order_type.stop();
            if stop.and_then(|stop| print.trigger(&meeting, stop)).is_none() {
                return;
            }
            order.triggered = true;
            self.restage(order);
            self.enter(id, orders);
        }
    }

    /// Orders that take any price and are not whole yet go on with what is displayed now.
    fn markets(&mut self, side: Side, orders: &mut Orders) {
        let mut after = FRONT;
        while let Some((key, id)) = self.book.next_market(side, after) {
            after = key;
            self.walk(id, orders);
        }
    }

    /// Fills up to so much in whole lots, and gives how much.
    fn fill(
        &mut self,
        id: OrderId,
        (deal, most): (Deal, Qty),
        takes: bool,
        orders: &mut Orders,
    ) -> Qty {
        let Some(order) = orders.get_mut(&id) else {
            return Qty::ZERO;
        };
        let qty = order.left().min(most).floor_to(self.book.instrument.lot);
        let rate = if takes { self.terms.fee } else { self.terms.fee.of_maker() };
        let price = deal.price;
        let fee = self.book.fee(rate, price, qty, order.filled);
        // A fee beyond the range of money is a price beyond all reason: such a trade does not happen.
        let (true, Some(fee)) = (qty.is_positive(), fee) else {
            return Qty::ZERO;
        };
        let fill = order.fill(Fill { id: FillId(0), qty, price, fee }, self.now);
        self.told.pay(order, deal.friction(self.book, order, qty));
        self.told.reports.push(Report { order: id, outcome: Outcome::Filled(fill), at: self.now });
        if order.left().is_zero()
            && let Some(order) = orders.remove(&id)
        {
            self.book.remove(&order);
            self.told.closed.push((order, None));
        }
        qty
    }

    fn end(&mut self, id: OrderId, why: &'static str, orders: &mut Orders) {
        if let Some(order) = orders.remove(&id) {
            self.book.remove(&order);
            let report = Report { order: id, outcome: Outcome::Cancelled { why }, at: self.now };
            self.told.reports.push(report.clone());
            self.told.closed.push((order, Some(report)));
        }
    }
}
