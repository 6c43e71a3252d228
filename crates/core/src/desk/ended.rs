//! Orders that are over and may still be heard of: venues tell fills late and out of turn, and the money is spent
//! all the same. The last few thousand are kept for some days, as a part of the state, so that it is booked.

use super::account::Open;
use crate::words::id::{FillId, OrderId};
use crate::words::order::OrderState;
use crate::words::time::{Span, Timestamp};
use minicbor::{Decode, Encode};
use std::collections::VecDeque;

/// How many ended orders are kept at most.
pub(super) const KEPT: usize = 4_096;
/// How long an ended order is kept.
pub(super) const KEPT_FOR: Span = Span(7 * Span::DAY.0);
/// How many fills that do not fit are told apart from their repeats.
const TOLD: usize = 1_024;

/// Ended orders in the order of their ends.
#[derive(Clone, Debug, Default, Encode, Decode)]
pub(super) struct Ended {
    #[n(0)]
    orders: VecDeque<Past>,
    /// Fills that were told as discrepancies, so that a repeat is not told again.
    #[n(1)]
    told: VecDeque<(OrderId, FillId)>,
    /// Derived: the ids of `orders`, close together. What is asked for ended lately, so a search from behind is
    /// short, and a stranger costs a walk over these alone.
    #[cbor(skip)]
    ids: VecDeque<OrderId>,
}

/// An order with the time of its end.
#[derive(Clone, Debug, Encode, Decode)]
struct Past {
    #[n(0)]
    at: Timestamp,
    #[n(1)]
    order: Open,
}

impl Ended {
    /// Rebuilds what is derived.
    pub(super) fn index(&mut self) {
        self.ids = self.orders.iter().map(|past| past.order.ticket.id).collect();
    }

    /// Keeps an order, and forgets those that are too old or too many.
    pub(super) fn keep(&mut self, now: Timestamp, order: Open) {
        while let Some(oldest) = self.orders.front() {
            if now.since(oldest.at) <= KEPT_FOR && self.orders.len() < KEPT {
                break;
            }
            self.orders.pop_front();
            self.ids.pop_front();
        }
        self.ids.push_back(order.ticket.id);
        self.orders.push_back(Past { at: now, order });
    }

    /// The last orders that were cancelled before all of them was filled, up to so many.
    pub(super) fn cancelled(&self, most: usize) -> Vec<OrderId> {
        let orders = self.orders.iter().rev().map(|past| &past.order);
        let cancelled = orders.filter(|order| order.state == OrderState::Cancelled);
        cancelled.take(most).map(|order| order.ticket.id).collect()
    }

    fn place(&self, id: OrderId) -> Option<usize> {
        self.ids.iter().rposition(|kept| *kept == id)
    }
    pub(super) fn find(&self, id: OrderId) -> Option<&Open> {
        self.orders.get(self.place(id)?).map(|past| &past.order)
    }
    pub(super) fn find_mut(&mut self, id: OrderId) -> Option<&mut Open> {
        let at = self.place(id)?;
        self.orders.get_mut(at).map(|past| &mut past.order)
    }

    /// Was this fill told as a discrepancy?
    pub(super) fn was_told(&self, order: OrderId, fill: FillId) -> bool {
        self.told.contains(&(order, fill))
    }
    /// Notes a fill that was told as a discrepancy, and forgets the oldest.
    pub(super) fn tell(&mut self, order: OrderId, fill: FillId) {
        if self.told.len() >= TOLD {
            self.told.pop_front();
        }
        self.told.push_back((order, fill));
    }
}
