//! The way back: ten million events of orders' lives replayed from the journal on disk, each batch
//! held to its hash; and the same from snapshots. The files are in the system's cache: what is
//! measured is the work, not the disk.

use crate::figure::{Better, Figure, Goal};
use crate::journal::database;
use crate::life::Life;
use crate::scene::{PARTITIONS, rules};
use crate::{RUNS, Scale, meter};
use anyhow::{Result, ensure};
use nija_core::desk::Desk;
use nija_core::journal::Hash;
use nija_core::ports::Journal;
use nija_engine::recovery::recover_all;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

const EVENTS: u32 = 10_000_000;
const ACCOUNTS: u32 = 20_000;

pub(crate) fn recovery(scale: &Scale) -> Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    // As a server has it: a thread for each core.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let (events, hashes) = write(folder.path(), u64::from(scale.of(EVENTS))).await?;
        let bytes = meter::size(&folder.path().join("nija.db"));
        let database = database(folder.path())?;
        let journal: Arc<dyn Journal> = database.journal();
        let mut replayed = Vec::new();
        for _ in 0..RUNS {
            replayed.push(all(&journal, &hashes).await?.0);
        }
        let (_, desks) = all(&journal, &hashes).await?;
        for snapshot in desks.iter().filter_map(Desk::snapshot) {
            journal.save(snapshot).await?;
        }
        drop(desks);
        let mut shortened = Vec::new();
        for _ in 0..RUNS {
            shortened.push(all(&journal, &hashes).await?.0);
        }
        let scaled = |seconds: &[f64]| -> Vec<f64> {
            seconds.iter().map(|s| s * f64::from(EVENTS) / events as f64).collect()
        };
        let mib = bytes / 1_048_576;
        let name = format!("10 M events replayed (measured over {events}, {mib} MiB)");
        Ok(vec![
            Figure::new("recovery", name, "s", scaled(&replayed)).goal(Goal::value(
                "P25",
                Better::Less,
                5.0,
                2.5,
            )),
            Figure::new(
                "recovery",
                "the same from snapshots, chain checked",
                "s",
                scaled(&shortened),
            ),
        ])
    })
}

/// Writes the journal and tells how many events it holds and where every desk stood.
async fn write(folder: &Path, events: u64) -> Result<(u64, Vec<Hash>)> {
    let database = database(folder)?;
    let mut life = Life::new(database.journal(), PARTITIONS, ACCOUNTS, true).await?;
    while life.events < events {
        life.mark()?;
        life.round().await?;
    }
    life.check()?;
    let hashes = life.desks.desks().iter().map(Desk::state_hash).collect();
    Ok((life.events, hashes))
}

/// Brings every desk back, as a start does; the time of that and the desks.
async fn all(journal: &Arc<dyn Journal>, hashes: &[Hash]) -> Result<(f64, Vec<Desk>)> {
    let rules = rules()?;
    let began = Instant::now();
    let desks = recover_all(journal, PARTITIONS, &rules).await?;
    let took = began.elapsed().as_secs_f64();
    let same = desks.iter().map(Desk::state_hash).eq(hashes.iter().copied());
    ensure!(same, "recovery led to another state");
    Ok((took, desks))
}
