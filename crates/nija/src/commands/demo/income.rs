//! What the demo earned, counted from the journal: revenue by stream, invoices, copies.

use nija_core::billing::revenue::Stream;
use nija_core::billing::subscription::step::Step;
use nija_core::desk::answer::{Query, View};
use nija_core::desk::event::Event;
use nija_core::ports::Desks;
use nija_core::words::id::PartitionId;
use nija_core::words::money::Money;
use nija_core::words::order::{Origin, Purpose};
use std::fmt::Write as _;

/// Sums of a run.
#[derive(Default)]
pub(super) struct Income {
    earned: [Money; Stream::ALL.len()],
    issued: u64,
    paid: u64,
    void: u64,
    copied: u64,
    skipped: u64,
}

impl Income {
    /// Adds what an event says.
    pub(super) fn count(&mut self, event: &Event) {
        for leg in event.entry().map(|entry| entry.legs()).unwrap_or_default() {
            if let Some(stream) = Stream::of(leg.book) {
                let sum = &mut self.earned[stream as usize];
                // Income is a credit.
                *sum = sum.saturating_sub(leg.amount);
            }
        }
        match event {
            Event::Subscribed { step, .. } => match &**step {
                Step::Invoiced { .. } => self.issued += 1,
                Step::Settled { .. } => self.paid += 1,
                Step::Lapsed { .. } | Step::Voided { .. } => self.void += 1,
                _ => {}
            },
            Event::Approved { ticket, .. } => {
                let copy = matches!(ticket.origin, Origin::Copy { .. });
                self.copied += u64::from(copy && ticket.purpose == Purpose::Entry);
            }
            Event::CopySkipped { .. } => self.skipped += 1,
            _ => {}
        }
    }

    /// All of it for people, with what recurs by now.
    pub(super) async fn told(&self, desks: &impl Desks, partitions: u16) -> anyhow::Result<String> {
        let mut recurring = Money::ZERO;
        for partition in (0..partitions).map(PartitionId) {
            if let View::House(house) = desks.query(Query::House(partition)).await? {
                recurring = recurring.saturating_add(house.recurring.now());
            }
        }
        let mut text = String::from("Revenue (fees are of simulated profits):\n");
        for stream in Stream::ALL {
            let amount = self.earned[stream as usize];
            let _ = writeln!(text, "  {:<26}{amount:.2}", stream.name());
        }
        let _ = writeln!(text, "  {:<26}{recurring:.2}", "monthly_recurring");
        text.push_str("Invoices:\n");
        let open = self.issued.saturating_sub(self.paid).saturating_sub(self.void);
        for (state, count) in [("paid", self.paid), ("void", self.void), ("open", open)] {
            let _ = writeln!(text, "  {state:<26}{count}");
        }
        text.push_str("Copies:\n");
        for (what, count) in [("purchases", self.copied), ("left out", self.skipped)] {
            let _ = writeln!(text, "  {what:<26}{count}");
        }
        Ok(text)
    }
}
