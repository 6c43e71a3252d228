//! What the exchange still knows of orders that are closed: the last few thousand, to answer repeats.

use super::fold::ByOrder;
use super::order::Order;
use nija_core::words::id::OrderId;
use nija_core::words::order::{Outcome, Report};
use nija_core::words::time::Timestamp;
use std::collections::{HashMap, VecDeque};

/// Closed orders that are remembered.
pub(super) const REMEMBERED: usize = 4_096;

/// Closed orders with everything that happened to them.
#[derive(Debug, Default)]
pub(super) struct Memory {
    reports: HashMap<OrderId, Vec<Report>, ByOrder>,
    row: VecDeque<OrderId>,
}

impl Memory {
    /// Keeps a closed order, and forgets the oldest.
    pub(super) fn keep(&mut self, order: OrderId, reports: Vec<Report>) {
        if self.reports.insert(order, reports).is_none() {
            self.row.push_back(order);
        }
        if self.row.len() > REMEMBERED
            && let Some(oldest) = self.row.pop_front()
        {
            self.reports.remove(&oldest);
        }
    }
    pub(super) fn get(&self, order: OrderId) -> Option<&[Report]> {
        self.reports.get(&order).map(Vec::as_slice)
    }
}

/// What happened to an order so far, as reports: its acknowledgement and its fills.
pub(super) fn story(order: &Order) -> Vec<Report> {
    let id = order.ticket.id;
    let report = |outcome, at: Timestamp| Report { order: id, outcome, at };
    let fills = order.log.iter().map(|(fill, at)| report(Outcome::Filled(*fill), *at));
    std::iter::once(report(Outcome::Acknowledged, order.accepted)).chain(fills).collect()
}
