//! Research over displayed books: strategies that quote and cross, at one venue or several at once, on recorded or
//! made ticks, without account rules (decision 0026). Each place is a venue of its own with its book, fees, latency
//! and balances; an order goes to the venue of its instrument.
//!
//! What it promises: long only, nothing is sold that is not held and nothing bought that is not paid; what a run earned
//! is split into parts whose sum is what the balances say; equal inputs give equal results.

pub mod account;
pub mod crossing;
pub mod making;
pub mod parts;

use crate::feeds::MarketEvent;
use crate::sim::{Exchange, Rules};
use account::Account;
use nija_core::words::id::{AccountNo, OrderId};
use nija_core::words::instrument::Instrument;
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{
    Fill, OrderType, Origin, Outcome, Purpose, Side, Ticket, TimeInForce,
};
use nija_core::words::time::Timestamp;
use nija_market::book::{Book, Level};
use std::collections::BTreeMap;

/// Fills that are kept one by one; those beyond are counted.
pub const KEPT: usize = 10_000;

/// A place to trade, and what lies ready there.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is traded there, `SYMBOL.VENUE`.
    pub instrument: Instrument,
    /// Fees and latency; the terms of its class must follow the book.
    pub rules: Rules,
    /// Dollars.
    pub cash: Money,
    /// Units.
    pub units: Qty,
}

/// How an order is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meant {
    /// It rests or is taken back.
    Rest,
    /// It is filled at once; what is left lapses.
    Take,
}

/// A fill of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dealt {
    /// When.
    pub at: Timestamp,
    /// At which place, by its number.
    pub place: u8,
    /// Bought or sold.
    pub side: Side,
    /// How much, at which price, for which fee.
    pub fill: Fill,
}

/// What became of an order.
#[derive(Clone, Copy, Debug)]
struct Told {
    order: OrderId,
    place: u8,
    side: Side,
    limit: Price,
    fill: Option<Fill>,
    is_last: bool,
    at: Timestamp,
}

/// An order on its way or at its venue.
#[derive(Clone, Copy, Debug)]
struct Sent {
    place: u8,
    side: Side,
    limit: Price,
    left: Qty,
}

/// One place.
struct Venue {
    instrument: Instrument,
    exchange: Exchange,
    account: Account,
}

/// All places of a run.
struct Venues {
    venues: Vec<Venue>,
    number: u64,
    orders: BTreeMap<OrderId, Sent>,
    /// Orders that the balances did not bear.
    refused: u64,
    dealt: Vec<Dealt>,
    fills: u64,
}

impl Venues {
    fn new(plans: &[Plan]) -> Self {
        let open = |plan: &Plan| {
            let mut exchange = Exchange::new(plan.rules);
            exchange.list(plan.instrument.clone());
            let fee = plan.rules.terms(plan.instrument.class).fee;
            let account = Account::new(plan.cash, plan.units, fee);
            Venue { instrument: plan.instrument.clone(), exchange, account }
        };
        let venues = plans.iter().map(open).collect();
        let (orders, dealt) = (BTreeMap::new(), Vec::new());
        Self { venues, number: 0, orders, refused: 0, dealt, fills: 0 }
    }

    /// Brings an event to the venue of its instrument.
    fn on_market(&mut self, event: &MarketEvent) {
        let of = event.instrument();
        for venue in self.venues.iter_mut().filter(|v| of.is_none_or(|id| id == v.instrument.id)) {
            venue.exchange.on_market(event);
        }
    }

    /// Sends an order to a place; none where its balances do not bear it.
    fn send(
        &mut self,
        place: u8,
        (side, meant): (Side, Meant),
        level: Level,
        at: Timestamp,
    ) -> Option<OrderId> {
        let venue = self.venues.get_mut(usize::from(place))?;
        let (limit, qty) = (level.price, level.qty.floor_to(venue.instrument.lot));
        if !qty.is_positive() || !venue.account.hold(&venue.instrument, side, (limit, qty)) {
            self.refused += 1;
            return None;
        }
        self.number += 1;
        let id = OrderId(self.number);
        let ticket = ticket(id, &venue.instrument, (side, meant), Level { price: limit, qty }, at);
        venue.exchange.place(&ticket, at);
        self.orders.insert(id, Sent { place, side, limit, left: qty });
        Some(id)
    }

    fn cancel(&mut self, order: OrderId, at: Timestamp) {
        if let Some(sent) = self.orders.get(&order)
            && let Some(venue) = self.venues.get_mut(usize::from(sent.place))
        {
            venue.exchange.cancel(order, at);
        }
    }

    /// Takes what the venues say, in the order of the places, and books it.
    fn reports(&mut self) -> Vec<Told> {
        let mut told = Vec::new();
        for venue in &mut self.venues {
            for report in venue.exchange.take_reports(usize::MAX) {
                let fill = match report.outcome {
                    Outcome::Acknowledged => continue,
                    Outcome::Filled(fill) => Some(fill),
                    Outcome::Cancelled { .. }
                    | Outcome::Rejected { .. }
                    | Outcome::Lapsed { .. } => None,
                };
                let Some(sent) = self.orders.get_mut(&report.order) else { continue };
                let Sent { place, side, limit, .. } = *sent;
                let (order, at) = (report.order, report.at);
                match fill {
                    Some(fill) => {
                        sent.left = sent.left.saturating_sub(fill.qty);
                        venue.account.book(&venue.instrument, side, limit, &fill);
                        self.fills += 1;
                        if self.dealt.len() < KEPT {
                            self.dealt.push(Dealt { at, place, side, fill });
                        }
                    }
                    None => venue.account.release(&venue.instrument, side, (limit, sent.left)),
                }
                let is_last = fill.is_none() || sent.left.is_zero();
                if is_last {
                    self.orders.remove(&order);
                }
                told.push(Told { order, place, side, limit, fill, is_last, at });
            }
        }
        told
    }

    /// How the book of a place is displayed now.
    fn book(&self, place: u8, at: Timestamp, levels: usize) -> Option<Book> {
        let venue = self.venues.get(usize::from(place))?;
        let [bids, asks] = venue.exchange.displayed(venue.instrument.id, levels)?;
        // Strategies know one instrument at numbered places.
        let instrument = self.venues.first()?.instrument.id;
        Some(Book { instrument, place, at, bids, asks })
    }

    /// Twice the middle of a place, in steps of a price.
    fn middle(&self, place: u8) -> Option<i128> {
        let book = self.book(place, Timestamp::EPOCH, 1)?;
        let (bid, ask) = (book.best(Side::Sell)?, book.best(Side::Buy)?);
        Some(i128::from(bid.raw()) + i128::from(ask.raw()))
    }
}

fn ticket(
    id: OrderId,
    instrument: &Instrument,
    (side, meant): (Side, Meant),
    level: Level,
    at: Timestamp,
) -> Ticket {
    Ticket {
        id,
        account: AccountNo(0),
        instrument: instrument.id,
        side,
        qty: level.qty,
        order_type: OrderType::Limit { limit: level.price },
        tif: match meant {
            Meant::Rest => TimeInForce::PostOnly,
            Meant::Take => TimeInForce::Ioc,
        },
        origin: Origin::User,
        // Long only: what is sold was held.
        purpose: match side {
            Side::Buy => Purpose::Entry,
            Side::Sell => Purpose::Exit,
        },
        reserved: Money::ZERO,
        protect: None,
        pair: None,
        swap: None,
        at,
        venue: instrument.venue,
    }
}

#[cfg(test)]
mod tests;
