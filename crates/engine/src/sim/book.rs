//! The resting orders of one instrument, sorted so that an event finds those it concerns and no others.

use super::depth::Depth;
use super::fee::Fee;
use super::latency::Latency;
use super::matching::Print;
use super::order::{Order, Stage, limit_key, stop_key};
use super::rules::Terms;
use super::trading::Seen;
use crate::feeds::{Kind, volume_units};
use nija_core::words::fixed::{Round, SCALE, mul_div};
use nija_core::words::id::OrderId;
use nija_core::words::instrument::Instrument;
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::Side;
use nija_core::words::time::Timestamp;
use std::collections::BTreeMap;
use std::ops::Bound;

/// Place of an order in its row.
pub(super) type Key = (i64, u64);
/// Before every key.
pub(super) const FRONT: Key = (i64::MIN, 0);
/// Orders by their keys.
type Row = BTreeMap<Key, OrderId>;

/// One instrument's book.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) instrument: Instrument,
    /// Number of the price event that is or was treated last.
    pub(super) event: u64,
    /// Last price of any sort.
    pub(super) last: Option<Price>,
    /// Volume of the last bar that ended.
    pub(super) volume: Option<Qty>,
    /// What the two sides have taken of the running bar.
    pub(super) taken: [Qty; 2],
    /// What the venue displays, where books are followed.
    pub(super) depth: Depth,
    /// Terms and latency of its own, where it is traded in another place than the rest.
    pub(super) own: Option<Box<(Terms, Latency)>>,
    /// Of a pair, dollars for one of what its prices are in, as last seen.
    pub(super) rate: Option<Price>,
    /// How many orders are in its rows.
    orders: usize,
    arriving: Row,
    market: [Row; 2],
    stops: [Row; 2],
    limits: [Row; 2],
}

pub(super) const fn index(side: Side) -> usize {
    match side {
        Side::Buy => 0,
        Side::Sell => 1,
    }
}

impl Book {
    pub(super) const fn new(instrument: Instrument) -> Self {
        Self {
            instrument,
            event: 0,
            last: None,
            volume: None,
            taken: [Qty::ZERO; 2],
            depth: Depth::new(),
            own: None,
            rate: None,
            orders: 0,
            arriving: Row::new(),
            market: [Row::new(), Row::new()],
            stops: [Row::new(), Row::new()],
            limits: [Row::new(), Row::new()],
        }
    }

    /// A price in dollars, rounded up; none of a pair of whose second coin no price is known.
    pub(super) fn in_dollars(&self, price: Price) -> Option<Price> {
        match self.instrument.priced_in() {
            None => Some(price),
            Some(_) => {
                mul_div(price.raw(), self.rate?.raw(), SCALE, Round::Up).map(Price::from_raw)
            }
        }
    }

    /// The fee of a fill of an order of which `before` was filled, dollars; `None` beyond the range.
    pub(super) fn fee(&self, fee: Fee, price: Price, qty: Qty, before: Qty) -> Option<Money> {
        fee.of(&self.instrument, self.in_dollars(price)?, qty, before)
    }

    fn row(&mut self, stage: Stage, side: Side) -> &mut Row {
        match stage {
            Stage::Arriving => &mut self.arriving,
            Stage::Market => &mut self.market[index(side)],
            Stage::Stop => &mut self.stops[index(side)],
            Stage::Limit => &mut self.limits[index(side)],
        }
    }

    pub(super) fn insert(&mut self, order: &Order) {
        let row = self.row(order.stage, order.ticket.side);
        let is_new = row.insert(order.key(), order.ticket.id).is_none();
        self.orders += usize::from(is_new);
    }
    pub(super) fn remove(&mut self, order: &Order) {
        let was_here = self.row(order.stage, order.ticket.side).remove(&order.key()).is_some();
        self.orders -= usize::from(was_here);
    }

    /// Notes what an event says about price and volume, whether or not the market is open.
    #[inline]
    pub(super) fn note(&mut self, kind: &Kind) {
        match kind {
            Kind::BarOpened { price, .. } => {
                self.taken = [Qty::ZERO; 2];
                self.last = Some(*price);
            }
            Kind::BarClosed(candle) => {
                self.last = Some(candle.close);
                self.volume = Some(Qty::from_raw(volume_units(candle.volume)));
            }
            Kind::Trade { price, .. } => self.last = Some(*price),
            Kind::Quote { bid, .. } => self.last = Some(*bid),
            _ => {}
        }
    }

    /// Is no order here, and was nothing taken of the running bar?
    pub(super) const fn is_quiet(&self) -> bool {
        self.is_empty() && self.taken[0].is_zero() && self.taken[1].is_zero()
    }
    /// With its end, what was taken of a bar counts no more.
    pub(super) const fn forget_taken(&mut self, seen: &Seen) {
        if seen.is_end() {
            self.taken = [Qty::ZERO; 2];
        }
    }

    /// Is no order here?
    pub(super) const fn is_empty(&self) -> bool {
        self.orders == 0
    }

    /// The next order that has arrived by this instant; `by` itself counts unless a bar ends there.
    pub(super) fn arrived(&self, by: Timestamp, is_end: bool) -> Option<OrderId> {
        let ((eligible_at, _), order) = self.arriving.first_key_value()?;
        let is_in = if is_end { *eligible_at < by.0 } else { *eligible_at <= by.0 };
        is_in.then_some(*order)
    }

    /// The first order after `after` that takes any price.
    pub(super) fn next_market(&self, side: Side, after: Key) -> Option<(Key, OrderId)> {
        next(&self.market[index(side)], after, 0)
    }
    /// The first stop after `after` that this event may reach.
    pub(super) fn next_stop(
        &self,
        side: Side,
        print: &Print,
        after: Key,
    ) -> Option<(Key, OrderId)> {
        next(&self.stops[index(side)], after, stop_key(side, print.worst(side)))
    }
    /// Resting limits of a side at this price or better, best first.
    pub(super) fn limits_to(&self, side: Side, price: Price) -> Vec<OrderId> {
        let end = (limit_key(side, price), u64::MAX);
        self.limits[index(side)].range(FRONT..=end).map(|(_, order)| *order).collect()
    }
    /// The first limit after `after` that this event may trade.
    pub(super) fn next_limit(
        &self,
        side: Side,
        print: &Print,
        after: Key,
    ) -> Option<(Key, OrderId)> {
        // Worse limits have larger keys for buys and sells alike, so the best price is the last key.
        next(&self.limits[index(side)], after, limit_key(side, print.best(side)))
    }
}

/// The first order behind `after` whose price key is not beyond `last`.
fn next(row: &Row, after: Key, last: i64) -> Option<(Key, OrderId)> {
    let end = (last, u64::MAX);
    if after >= end {
        return None;
    }
    let mut range = row.range((Bound::Excluded(after), Bound::Included(end)));
    range.next().map(|(key, order)| (*key, *order))
}
