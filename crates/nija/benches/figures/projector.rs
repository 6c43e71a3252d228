//! What it costs to turn journalled orders into rows for screens: processor time an order, with its
//! approval, acknowledgement and fill. Beside plain SQLite inserting one narrow row for each of the same
//! events, no index, in the same transactions: what a row an event costs at least.

use crate::figure::Figure;
use crate::journal::database;
use crate::life::Life;
use crate::meter::Process;
use crate::peer;
use crate::scene::{PARTITIONS, block};
use crate::{RUNS, Scale};
use anyhow::{Result, ensure};
use nija_core::journal::Batch;
use nija_core::ports::Journal;
use nija_core::words::id::{PartitionId, Seq};
use nija_engine::projector::Projector;
use std::path::Path;

/// Orders refused after each round of two thousand that live whole lives.
const REFUSED: usize = 200;

/// What one journal cost to project.
struct Cost {
    /// Processor seconds.
    cpu: f64,
    orders: u64,
    /// Events before the first order, and since.
    opened: u64,
    events: u64,
}

impl Cost {
    fn micros_an_order(&self) -> f64 {
        self.cpu * 1e6 / self.orders as f64
    }
}

pub(crate) fn projector(scale: &Scale) -> Result<Vec<Figure>> {
    let rounds = scale.of(50);
    block(async {
        let mut figures = Vec::new();
        for accounts in [1_000, 50_000] {
            let (mut followed, mut floor, mut again) = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..RUNS {
                let folder = tempfile::tempdir()?;
                let cost = follow(folder.path(), accounts, rounds).await?;
                followed.push(cost.micros_an_order());
                let batches = orders(folder.path(), cost.events).await?;
                floor.push(peer::plain_rows(folder.path(), &batches)? * 1e6 / cost.orders as f64);
                again.push(replay(folder.path(), cost.opened + cost.events).await?);
            }
            let of = format!("of {accounts} accounts");
            let what = "a plain SQLite row an event";
            figures.extend([
                Figure::new("projector", format!("following, {of}"), "us CPU/order", followed)
                    .limit(what, &floor),
                Figure::new("projector", format!("from the start, {of}"), "events/CPU s", again),
            ]);
        }
        Ok(figures)
    })?
}

/// Projects after every round of orders, as a server under load does between its pauses.
async fn follow(folder: &Path, accounts: u32, rounds: u32) -> Result<Cost> {
    let database = database(folder)?;
    let mut life = Life::new(database.journal(), PARTITIONS, accounts, true).await?;
    life.shuffle();
    let projector = Projector::new(database.journal(), database.projection());
    projector.catch_up().await?;
    let (process, opened) = (Process::own(), life.events);
    let mut cost = Cost { cpu: 0.0, orders: 0, opened, events: 0 };
    for _ in 0..rounds {
        cost.orders += life.round().await? + life.refuse(REFUSED).await?;
        let began = process.cpu()?;
        projector.catch_up().await?;
        cost.cpu += process.cpu()? - began;
    }
    life.check()?;
    cost.events = life.events - opened;
    Ok(cost)
}

/// Projects everything once more, from empty views; events a processor second.
async fn replay(folder: &Path, events: u64) -> Result<f64> {
    let database = database(folder)?;
    let views = database.projection();
    nija_core::ports::views::Projection::reset(&*views).await?;
    let process = Process::own();
    let began = process.cpu()?;
    let done = Projector::new(database.journal(), views).catch_up().await?;
    ensure!(done.len() == usize::from(PARTITIONS), "{} partitions projected", done.len());
    Ok(events as f64 / (process.cpu()? - began))
}

/// The last batches of a journal's partitions: about so many events.
async fn orders(folder: &Path, events: u64) -> Result<Vec<Batch>> {
    let database = database(folder)?;
    let (journal, mut batches) = (database.journal(), Vec::new());
    for partition in (0..PARTITIONS).map(PartitionId) {
        let mut after = Seq(0);
        loop {
            let some = journal.read(partition, after, usize::MAX).await?;
            let Some(last) = some.last() else { break };
            after = last.seq;
            batches.extend(some);
        }
    }
    batches.sort_by_key(|batch| std::cmp::Reverse(batch.at));
    let mut sum = 0;
    batches.retain(|batch| {
        sum += u64::from(batch.count);
        sum <= events
    });
    Ok(batches)
}
