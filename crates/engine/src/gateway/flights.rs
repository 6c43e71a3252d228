//! What waits for a venue and what is on its way there. Of one account and instrument, one order is on its way at a
//! time; what follows it waits behind it. A cancelled order that has not begun its way never begins it.

use nija_core::commit::Release;
use nija_core::desk::held::Act;
use nija_core::lanes::Lanes;
use nija_core::words::id::{AccountNo, InstrumentId, OrderId, PartitionId};
use nija_core::words::tier::Tier;
use std::collections::{BTreeMap, VecDeque};
use tokio::time::Instant;

/// A release with the time at which it came.
pub(super) struct Waiting {
    pub(super) release: Release,
    pub(super) since: Instant,
}

/// What keeps its order: the orders of one account in one instrument, or the cancel of one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Of(PartitionId, AccountNo, InstrumentId),
    Cancel(OrderId),
}

struct Flight {
    order: OrderId,
    /// Cancelled meanwhile: no further try is begun.
    revoked: bool,
    behind: VecDeque<Waiting>,
}

/// Lanes and flights of one gateway.
pub(super) struct Flights {
    lanes: Lanes<Waiting>,
    ways: BTreeMap<Way, Flight>,
    /// The ways of orders that are placed just now.
    placing: BTreeMap<OrderId, Way>,
    /// Releases accepted and neither sent nor reported.
    pub(super) open: usize,
}

impl Flights {
    pub(super) const fn new(lanes: Lanes<Waiting>) -> Self {
        Self { lanes, ways: BTreeMap::new(), placing: BTreeMap::new(), open: 0 }
    }

    /// How many wait in each lane, the lowest first; those behind a flight not counted.
    pub(super) fn waiting(&self) -> [usize; 4] {
        self.lanes.waiting()
    }

    /// Queues a release in its lane; an entry whose lane is full is dropped, and its tier told.
    pub(super) fn push(&mut self, waiting: Waiting) -> Result<(), Tier> {
        let lane = waiting.release.lane();
        if waiting.release.is_entry() {
            return self.lanes.push_entry(lane, waiting).map_err(|back| back.release.tier());
        }
        self.lanes.push_exit(lane, waiting);
        Ok(())
    }

    /// Does the order wait to be placed, or is it being placed?
    pub(super) fn holds(&self, order: OrderId) -> bool {
        let places = |w: &Waiting| w.release.ticket().is_some_and(|ticket| ticket.id == order);
        let mut behind = self.ways.values().flat_map(|flight| &flight.behind);
        self.placing.contains_key(&order) || behind.any(places) || self.lanes.any(places)
    }

    /// Takes out those of these orders that wait to be placed, and keeps those on their way from another try.
    pub(super) fn revoke(&mut self, cancelled: &[OrderId]) -> Vec<Waiting> {
        let is_one = |waiting: &Waiting| {
            let ticket = waiting.release.ticket();
            ticket.is_some_and(|ticket| cancelled.binary_search(&ticket.id).is_ok())
        };
        let mut out = self.lanes.take_out(is_one);
        for flight in self.ways.values_mut() {
            flight.revoked |= cancelled.binary_search(&flight.order).is_ok();
            while let Some(at) = flight.behind.iter().position(is_one) {
                out.extend(flight.behind.remove(at));
            }
        }
        out
    }

    /// The next in turn whose way is free; what is in turn behind a flight joins it.
    pub(super) fn next(&mut self) -> Option<(Way, Waiting)> {
        while let Some(waiting) = self.lanes.pop() {
            let order = waiting.release.order();
            let way = match waiting.release.act() {
                Act::Place(approved) => {
                    let ticket = approved.ticket();
                    Way::Of(order.partition(), ticket.account, ticket.instrument)
                }
                Act::Cancel { .. } => *self.placing.get(&order).unwrap_or(&Way::Cancel(order)),
            };
            if let Some(flight) = self.ways.get_mut(&way) {
                flight.behind.push_back(waiting);
                continue;
            }
            if waiting.release.ticket().is_some() {
                self.placing.insert(order, way);
            }
            self.ways.insert(way, Flight { order, revoked: false, behind: VecDeque::new() });
            return Some((way, waiting));
        }
        None
    }

    /// May the flight on this way begin a try?
    pub(super) fn may_begin(&self, way: Way) -> bool {
        self.ways.get(&way).is_some_and(|flight| !flight.revoked)
    }

    /// Ends the flight on this way; what waited behind it is the first of its lanes again.
    pub(super) fn land(&mut self, way: Way) {
        let Some(flight) = self.ways.remove(&way) else { return };
        self.placing.remove(&flight.order);
        for waiting in flight.behind.into_iter().rev() {
            let (lane, is_entry) = (waiting.release.lane(), waiting.release.is_entry());
            self.lanes.put_back(lane, is_entry, waiting);
        }
    }
}
