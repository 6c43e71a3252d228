//! A house in which a master trades and hundreds copy it, day after day by a clock that is moved, until somebody kills
//! it: the victim of `cargo xtask faults copying`. Rooms, journal and copier are the product's; the HTTP layer is
//! absent.
//!
//! A start carries what the death before left behind, holds the whole journal to its own books of copies and fees, and
//! says what it found in one line of JSON. Then it trades. `--once` ends it in good order instead.

mod crowd;

use crate::house::House;
use anyhow::{Result, ensure};
use crowd::Crowd;
use nija_core::desk::answer::{Query, View};
use nija_core::ledger::chart::Book;
use nija_core::ports::{Desks, Journal};
use nija_core::words::id::{PartitionId, Seq};
use nija_engine::audit::Copies;
use nija_store::sqlite::{Database, Mode};
use serde_json::json;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Batches read at a time.
const STRIDE: usize = 256;

/// Lives in this folder until it is killed, or once.
pub(crate) fn live(folder: &Path, followers: u128, once: bool) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let before = read(folder).await?;
        let house = House::open(folder).await?;
        let mut crowd = Crowd::of(followers);
        crowd.open(&house).await?;
        crowd.rest(&house).await?;
        let found = audit(folder, &house, &before).await?;
        writeln!(std::io::stdout().lock(), "{found}")?;
        if !once {
            loop {
                crowd.day(&house).await?;
            }
        }
        let closed = house.close().await?;
        ensure!(closed.trial_balance == 0, "trial balance {}", closed.trial_balance);
        Ok(())
    })
}

/// The books, from the first batch of every partition to the last.
async fn read(folder: &Path) -> Result<Copies> {
    let mut books = Copies::default();
    let path = folder.join("nija.db");
    if !path.exists() {
        return Ok(books);
    }
    let database = Database::open(path, Mode::Reader, Arc::new(nija_engine::clock::Real))?;
    let journal = database.journal();
    for partition in journal.partitions().await? {
        let mut after = Seq(0);
        loop {
            let batches = journal.read(partition, after, STRIDE).await?;
            let Some(last) = batches.last() else { break };
            after = last.seq;
            for batch in &batches {
                for event in batch.events()? {
                    books.event(partition, &event);
                }
            }
        }
    }
    Ok(books)
}

/// What does not hold now that everything has come to rest, and what was in the middle when the last process died.
async fn audit(folder: &Path, house: &House, before: &Copies) -> Result<serde_json::Value> {
    let mut books = read(folder).await?;
    let mut broken: Vec<String> =
        books.at_rest().into_iter().map(|(law, what)| format!("{law}: {what}")).collect();
    let (mut clearing, mut balance) = (0i128, 0i128);
    for partition in (0..crate::house::PARTITIONS).map(PartitionId) {
        let View::House(view) = house.handle.query(Query::House(partition)).await? else {
            broken.push(format!("{partition} shows no books"));
            continue;
        };
        clearing += i128::from(view.books.balance(Book::Clearing).raw());
        balance += view.trial_balance.abs();
        let outbox = house.handle.query(Query::Outbox(partition)).await?;
        if !matches!(outbox, View::Outbox(parcels) if parcels.is_empty()) {
            broken.push(format!("{partition} still has parcels"));
        }
    }
    if clearing != 0 || balance != 0 {
        broken.push(format!("clearing {clearing}, trial balance {balance}"));
    }
    let (waiting, fees) = before.waiting();
    Ok(json!({
        "leads": books.leads(),
        "outcomes": books.heard,
        "months_billed": books.months,
        "died_in_fan_out": waiting > fees,
        "died_in_fees": fees > 0,
        "broken": broken,
    }))
}
