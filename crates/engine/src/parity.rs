//! Parity: a span of a paper run is run again as a backtest, and both are held against each other, decision by
//! decision and cent by cent.
//!
//! The market comes from a recording, accounts, settings, deposits and what people did from the journal. It is run
//! twice: with the hands of people and without. What the hands made is the difference between the two; what is left
//! between the run with hands and the paper run is laid at causes, order by order ([`parts`]). The parts sum to the
//! gap by construction: each is a step of one path from the one profit to the other.

pub mod compare;
pub mod given;
pub mod parts;
pub mod rerun;
pub mod story;

use crate::feeds::recorded::Past;
use crate::partitions::Partitions;
use compare::Report;
use given::{Given, Hands};
use nija_core::desk::{Desk, Rules};
use nija_core::journal::Damage;
use nija_core::ports::{Journal, ReadError};
use nija_core::words::id::Seq;
use nija_core::words::time::{Span, Timestamp};
use rerun::{Ended, World};
use std::sync::Arc;
use story::Story;

/// Batches asked of the journal at a time.
const STRIDE: usize = 512;

/// A paper run up to the end of a span, as its journal tells it.
pub struct Paper {
    /// When the span begins.
    pub from: Timestamp,
    /// When it is over.
    pub to: Timestamp,
    /// The desks as the span began.
    desks: Vec<Desk>,
    /// What was known as it began.
    before: Story,
    /// What happened in it.
    story: Story,
    /// What came to the desks otherwise than from the market, in order of time.
    given: Vec<Given>,
}

impl Paper {
    /// Reads a journal. Nothing behind `to` is looked at.
    ///
    /// # Errors
    /// [`ReadError`] where it cannot be read or is damaged.
    pub async fn read(
        journal: &dyn Journal,
        rules: &Arc<Rules>,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Self, ReadError> {
        let (mut before, mut desks) = (Story::default(), Vec::new());
        let (mut later, mut hands) = (Vec::new(), Hands::default());
        let mut ended = from;
        for partition in journal.partitions().await? {
            let mut desk = Desk::new(partition, Arc::clone(rules));
            let mut after = Seq(0);
            'all: loop {
                let batches = journal.read(partition, after, STRIDE).await?;
                let Some(last) = batches.last() else { break };
                after = last.seq;
                for batch in batches {
                    let seq = batch.seq;
                    let damaged = |damage: Damage| ReadError::Damaged { partition, seq, damage };
                    if batch.at >= to {
                        break 'all;
                    }
                    let at = hands.take(&batch, batch.at >= from).map_err(damaged)?;
                    ended = ended.max(at);
                    if batch.at < from {
                        desk.replay(&batch).map_err(damaged)?;
                        before.take(&batch).map_err(damaged)?;
                    } else {
                        later.push(batch);
                    }
                }
            }
            desks.push(desk);
        }
        before.begin(from);
        let mut story = before.clone();
        for batch in &later {
            let (partition, seq) = (batch.partition, batch.seq);
            story.take(batch).map_err(|damage| ReadError::Damaged { partition, seq, damage })?;
        }
        // What the market said after the paper run's last word is no part of it.
        let to = to.min(ended.plus(Span(1)));
        Ok(Self { from, to, desks, before, story, given: hands.given() })
    }

    /// What happened in the span.
    #[must_use]
    pub const fn story(&self) -> &Story {
        &self.story
    }

    /// Runs the span again over a market of the past, opened once for each of two runs, and compares.
    ///
    /// # Errors
    /// Those of the market data, and [`Ended::Copied`] where a desk cannot be begun again.
    pub async fn compare(
        &self,
        world: &World<'_>,
        [mut past, mut again]: [Box<dyn Past>; 2],
    ) -> Result<Report, Ended> {
        let span = (self.from, self.to);
        let run = rerun::run(self.desks()?, world, span, self.before.clone());
        let with = run.over(&mut *past, &self.given, true).await?;
        let without = if self.given.iter().any(|given| given.manual) {
            let run = rerun::run(self.desks()?, world, span, self.before.clone());
            Some(run.over(&mut *again, &self.given, false).await?.story)
        } else {
            None
        };
        Ok(Report::of(&self.story, &with, without.as_ref()))
    }

    fn desks(&self) -> Result<Partitions, Ended> {
        let copy = |desk: &Desk| {
            let snapshot = desk.snapshot()?;
            Desk::restore(&snapshot, Arc::clone(desk.rules())).ok()
        };
        let desks: Option<Vec<Desk>> = self.desks.iter().map(copy).collect();
        Ok(Partitions::of(desks.ok_or(Ended::Copied)?))
    }
}
