//! What the exchange still knows of orders that are closed: the last few thousand, to answer repeats.

use super::fold::ByOrder;
use super::order::Order;
use nija_core::words::id::OrderId;
use nija_core::words::order::{Outcome, Report};
use nija_core::words::time::Timestamp;
use std::collections::HashMap;

/// Closed orders that are remembered at least; twice as many at most.
const REMEMBERED: usize = 4_096;

/// Closed orders with everything that happened to them.
type Closed = HashMap<OrderId, Vec<Report>, ByOrder>;

/// Two generations, of which the older one is forgotten at once when the younger one is full: to forget orders one by
/// one is a look for each into memory that has long left the cache.
#[derive(Debug, Default)]
pub(super) struct Memory {
    young: Closed,
    old: Closed,
}

impl Memory {
    /// Keeps a closed order, and forgets the oldest.
    pub(super) fn keep(&mut self, order: OrderId, reports: Vec<Report>) {
        if self.young.len() == REMEMBERED {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.insert(order, reports);
    }
    pub(super) fn get(&self, order: OrderId) -> Option<&[Report]> {
        self.young.get(&order).or_else(|| self.old.get(&order)).map(Vec::as_slice)
    }
}

/// What happened to an order so far, as reports: its acknowledgement and its fills.
pub(super) fn story(order: &Order) -> Vec<Report> {
    let id = order.ticket.id;
    let report = |outcome, at: Timestamp| Report { order: id, outcome, at };
    let fills = order.log.iter().map(|(fill, at)| report(Outcome::Filled(*fill), *at));
    std::iter::once(report(Outcome::Acknowledged, order.accepted)).chain(fills).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_few_thousand_are_known_and_the_first_are_not() {
        let mut memory = Memory::default();
        let told = |n: u64| {
            vec![Report { order: OrderId(n), outcome: Outcome::Acknowledged, at: Timestamp(1) }]
        };
        let all = 5 * REMEMBERED as u64 / 2;
        for n in 0..all {
            memory.keep(OrderId(n), told(n));
            let oldest = n.saturating_sub(REMEMBERED as u64 - 1);
            assert!(memory.get(OrderId(oldest)).is_some() && memory.get(OrderId(n)).is_some());
        }
        assert_eq!(memory.get(OrderId(0)), None);
        assert_eq!(memory.get(OrderId(all - 1)), Some(&told(all - 1)[..]));
        assert!(memory.young.len() + memory.old.len() <= 2 * REMEMBERED);
    }
}
