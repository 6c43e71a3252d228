//! Durable figures of the engine without HTTP: batches of about a thousand events into the journal in
//! SQLite, and whole decisions into it; beside the same bytes appended to a plain file, one
//! `fdatasync` a batch, into blocks that were written before.

use crate::figure::{Better, Figure, Goal};
use crate::life::Life;
use crate::meter::timed;
use crate::peer;
use crate::scene::{self, NOON, block, desks, memory_journal, populate, wish};
use crate::{RUNS, Scale};
use anyhow::{Result, ensure};
use nija_core::commit::commit;
use nija_core::desk::answer::Answer;
use nija_core::desk::input::{Command, Key};
use nija_core::journal::Batch;
use nija_core::ports::Journal;
use nija_core::words::id::{PartitionId, Seq};
use nija_core::words::order::Side;
use nija_core::words::time::Span;
use nija_engine::clock::Real;
use nija_store::sqlite::{Database, Mode};
use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::Arc;

/// Orders of a group of decisions.
const GROUP: usize = 1_000;
/// Bytes beside the body that a record of a batch needs.
const RECORD: usize = 96;

/// Opens a journal as a server owns it.
pub(crate) fn database(folder: &Path) -> Result<Database> {
    Ok(Database::open(folder.join("nija.db"), Mode::Owner, Arc::new(Real))?)
}

/// Batches as the life of orders makes them, of about a thousand events each.
async fn batches(count: u64) -> Result<Vec<Batch>> {
    let journal = memory_journal();
    let mut life = Life::new(journal.clone(), 1, 10_000, true).await?;
    let first = life.desks.desks().first().map_or(Seq(0), |desk| desk.head().seq);
    while life.desks.desks().first().is_some_and(|d| d.head().seq.0 < first.0 + count) {
        life.round().await?;
    }
    Ok(journal.read(PartitionId(0), Seq(0), usize::MAX).await?)
}

/// Seconds for groups of records in a plain file, each group durable before the next.
fn raw(folder: &Path, groups: &[usize]) -> Result<f64> {
    let all: usize = groups.iter().sum();
    let most = groups.iter().copied().max().unwrap_or(0);
    let bytes = vec![0x5a; most];
    let mut file = File::create(folder.join("raw"))?;
    file.write_all(&vec![0; all])?;
    file.sync_all()?;
    file.rewind()?;
    let (took, done) = timed(|| -> Result<()> {
        for &group in groups {
            file.write_all(&bytes[..group])?;
            file.sync_data()?;
        }
        Ok(())
    });
    done?;
    Ok(took.as_secs_f64())
}

pub(crate) fn journal(scale: &Scale) -> Result<Vec<Figure>> {
    block(async {
        let mut figures = events(scale).await?;
        figures.extend(decisions(scale).await?);
        Ok(figures)
    })?
}

/// Appends batches that are there already.
async fn events(scale: &Scale) -> Result<Vec<Figure>> {
    let batches = batches(u64::from(scale.of(400))).await?;
    let events: u64 = batches.iter().map(|batch| u64::from(batch.count)).sum();
    let sizes: Vec<usize> = batches.iter().map(|batch| batch.body.len() + RECORD).collect();
    let (mut ours, mut limit, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let folder = tempfile::tempdir()?;
        let database = database(folder.path())?;
        let journal = database.journal();
        let began = std::time::Instant::now();
        for batch in &batches {
            journal.append(std::slice::from_ref(batch)).await?;
        }
        ours.push(events as f64 / began.elapsed().as_secs_f64());
        limit.push(events as f64 / raw(folder.path(), &sizes)?);
        rows.push(events as f64 / peer::durable_rows(folder.path(), &batches)?);
    }
    let each = events as f64 / batches.len() as f64;
    let name = format!("durable events a second, {each:.0} in a batch");
    let goal = Goal::ratio("P9", Better::More, 0.4, 0.8);
    let what = "append and fdatasync of the same bytes";
    let sqlite = Goal::ratio("P9", Better::More, 1.5, 3.0);
    Ok(vec![
        Figure::new("journal", name.clone(), "1/s", ours.clone()).limit(what, &limit).goal(goal),
        Figure::new("journal", name, "1/s", ours)
            .peer("SQLite, 1,000 rows a commit", &rows)
            .goal(sqlite),
    ])
}

/// Decides groups of orders under keys and commits each: what a loaded server does behind its door.
async fn decisions(scale: &Scale) -> Result<Vec<Figure>> {
    let groups = scale.of(100) as usize;
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let folder = tempfile::tempdir()?;
        let database = database(folder.path())?;
        let journal = database.journal();
        let mut desks = desks(scene::PARTITIONS)?;
        let accounts = populate(&mut desks, 10_000)?;
        drop(commit(&*journal, desks.seal()).await?);
        let (mut at, mut sizes) = (NOON, Vec::with_capacity(groups));
        let began = std::time::Instant::now();
        for group in 0..groups {
            at = at.plus(Span::millis(1));
            for n in group * GROUP..(group + 1) * GROUP {
                let key = Key { key: n as u64, request: n as u64 };
                let place = Command::Place(wish(Side::Buy, 100));
                let answer = desks.command(accounts[n % accounts.len()], Some(key), place, at)?;
                ensure!(matches!(answer, Answer::Placed { .. }), "not placed: {answer:?}");
            }
            let held = desks.seal();
            sizes.push(held.iter().map(|h| h.batch().body.len() + RECORD).sum());
            drop(commit(&*journal, held).await?);
        }
        let decisions = (groups * GROUP) as f64;
        ours.push(decisions / began.elapsed().as_secs_f64());
        limit.push(decisions / raw(folder.path(), &sizes)?);
    }
    let name = format!("durable decisions a second, {GROUP} in a commit, 8 desks");
    let what = "append and fdatasync of the same bytes";
    Ok(vec![Figure::new("journal", name, "1/s", ours).limit(what, &limit)])
}
