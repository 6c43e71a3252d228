//! What a node tells watchers: batches, time on the disk, what the desks decided. The handles are made once; a batch
//! costs some additions.

use crate::partitions::Partitions;
use metrics::{Counter, Gauge, Histogram};
use nija_core::desk::tally::Counted;
use nija_core::risk::refusal::Code;
use std::time::Duration;

/// Handles of a node's counts.
pub(super) struct Counts {
    inbox: Gauge,
    commit: Histogram,
    batches: Counter,
    events: Counter,
    released: Counter,
    decided: Vec<(Counted, Counter)>,
    refused: Vec<(Code, Counter)>,
}

impl Counts {
    pub(super) fn new() -> Self {
        let decided = |what: Counted| {
            (what, metrics::counter!("nija_decisions_total", "outcome" => what.name()))
        };
        let refused =
            |code: &Code| (*code, metrics::counter!("nija_refusals_total", "code" => code.name()));
        Self {
            inbox: metrics::gauge!("nija_inbox_waiting"),
            commit: metrics::histogram!("nija_commit_seconds"),
            batches: metrics::counter!("nija_journal_batches_total"),
            events: metrics::counter!("nija_journal_events_total"),
            released: metrics::counter!("nija_orders_released_total"),
            decided: Counted::ALL.into_iter().map(decided).collect(),
            refused: Code::ALL.iter().map(refused).collect(),
        }
    }

    pub(super) fn waiting(&self, inputs: usize) {
        self.inbox.set(inputs as f64);
    }

    /// Tells of a commit: batches and events in it, orders released by it, its time.
    pub(super) fn committed(
        &self,
        (batches, events, released): (u64, u64, u64),
        took: Duration,
        desks: &Partitions,
    ) {
        self.commit.record(took.as_secs_f64());
        self.batches.increment(batches);
        self.events.increment(events);
        self.released.increment(released);
        let desks = desks.desks();
        for (what, counter) in &self.decided {
            counter.absolute(desks.iter().map(|desk| desk.tally().of(*what)).sum());
        }
        for (code, counter) in &self.refused {
            counter.absolute(desks.iter().map(|desk| desk.tally().refused(*code)).sum());
        }
    }
}
