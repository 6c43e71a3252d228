//! An order in the exchange's book, from acceptance to its last report.

use super::fold::ByOrder;
use super::place::Place;
use nija_core::words::id::{FillId, OrderId};
use nija_core::words::money::{Price, Qty};
use nija_core::words::order::{Fill, Side, Ticket};
use nija_core::words::time::Timestamp;
use std::collections::{HashMap, VecDeque};

/// Fills of one order that are kept to answer questions about it.
const REMEMBERED_FILLS: usize = 4_096;

/// Why a post-only order is taken back.
pub(super) const WOULD_TAKE: &str = "post-only, and it would have taken at once";

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// On its way to the market, or waiting for the session.
    Arriving,
    /// Takes the next price.
    Market,
    /// Waits for its trigger.
    Stop,
    /// Waits for its price.
    Limit,
}

/// Open orders by their ids, to be looked up and never walked through.
pub(super) type Orders = HashMap<OrderId, Box<Order>, ByOrder>;

/// An open order.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) ticket: Ticket,
    /// Position in the row of acceptance.
    pub(super) seq: u64,
    /// When it was accepted.
    pub(super) accepted: Timestamp,
    /// Is its cancel on the way?
    pub(super) leaving: bool,
    /// From when on an event may trade it.
    pub(super) eligible_at: Timestamp,
    /// When it is taken back by itself.
    pub(super) expires_at: Option<Timestamp>,
    pub(super) stage: Stage,
    /// Number of the book's event that brought it in; at that event it takes prices, later it rests.
    pub(super) entered: u64,
    /// Its place behind what is displayed at its price, where books are followed.
    pub(super) place: Place,
    /// Has its stop been reached?
    pub(super) triggered: bool,
    /// How much is filled.
    pub(super) filled: Qty,
    /// Id of its last fill, which is their number.
    pub(super) fills: u64,
    /// The last of its fills, with their times.
    pub(super) log: VecDeque<(Fill, Timestamp)>,
}

impl Order {
    /// How much is still to be filled.
    pub(super) const fn left(&self) -> Qty {
        self.ticket.qty.saturating_sub(self.filled)
    }
    /// Notes a fill and gives it its number.
    pub(super) fn fill(&mut self, mut fill: Fill, at: Timestamp) -> Fill {
        self.fills += 1;
        fill.id = FillId(self.fills);
        self.filled = self.filled.saturating_add(fill.qty);
        if self.log.len() == REMEMBERED_FILLS {
            self.log.pop_front();
        }
        self.log.push_back((fill, at));
        fill
    }
    /// Where it goes from its arrival, or from its trigger.
    pub(super) const fn next_stage(&self) -> Stage {
        let ticket = &self.ticket;
        if ticket.order_type.stop().is_some() && !self.triggered {
            Stage::Stop
        } else if ticket.order_type.limit().is_some() {
            Stage::Limit
        } else {
            Stage::Market
        }
    }
    /// Key in the row of its stage: smaller keys go first.
    pub(super) fn key(&self) -> (i64, u64) {
        let side = self.ticket.side;
        let price = match self.stage {
            Stage::Arriving => return (self.eligible_at.0, self.seq),
            Stage::Market => 0,
            Stage::Stop => self.ticket.order_type.stop().map_or(0, |stop| stop_key(side, stop)),
            Stage::Limit => {
                self.ticket.order_type.limit().map_or(0, |limit| limit_key(side, limit))
            }
        };
        (price, self.seq)
    }
}

/// Buys with the highest limit first, sells with the lowest.
pub(super) const fn limit_key(side: Side, price: Price) -> i64 {
    match side {
        Side::Buy => -price.raw(),
        Side::Sell => price.raw(),
    }
}

/// Buys with the lowest stop first, sells with the highest: the ones reached first.
pub(super) const fn stop_key(side: Side, price: Price) -> i64 {
    match side {
        Side::Buy => price.raw(),
        Side::Sell => -price.raw(),
    }
}
