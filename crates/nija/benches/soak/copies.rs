//! A house in which a master trades and hundreds copy it, day after day by a clock that is moved, until somebody kills
//! it: the victim of `cargo xtask faults copying`. Rooms, journal and copier are the product's; the HTTP layer is
//! absent.
//!
//! A start carries what the death before left behind, holds the whole journal to its own books of copies and fees, and
//! says what it found in one line of JSON. Then it trades, and says `month` and `lead` before each month's end and each
//! order of the master, so that who kills it can aim. `--once` ends it in good order instead.

mod crowd;

use crate::house::House;
use anyhow::{Result, bail, ensure};
use crowd::Crowd;
use nija_core::desk::answer::{Query, View};
use nija_core::ledger::chart::Book;
use nija_core::ports::{Desks, Journal};
use nija_core::words::id::{PartitionId, Seq};
use nija_engine::audit::Copies;
use nija_engine::clock::Real;
use nija_store::sqlite::{Database, Mode};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Batches read at a time.
const STRIDE: usize = 256;

/// Partitions of the house: few, so that a lead takes each of them several parts.
pub(crate) const PARTITIONS: u16 = 2;

/// Lives in this folder until it is killed, or once.
pub(crate) fn live(folder: &Path, followers: u128, once: bool) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut journal = Journalled::default();
        journal.read(folder).await?;
        let died = journal.books.unfinished();
        let house = House::open(folder, PARTITIONS).await?;
        let mut crowd = Crowd::of(followers);
        crowd.open(&house).await?;
        crowd.rest(&house).await?;
        journal.read(folder).await?;
        let broken = audit(&mut journal.books, &house, followers).await?;
        let found = json!({
            "leads": journal.books.leads(),
            "outcomes": journal.books.heard,
            "months_billed": journal.books.months,
            "died_in_fan_out": died.leads > 0,
            "died_half_heard": died.half_heard > 0,
            "died_in_fees": died.fees > 0,
            "broken": broken,
        });
        say(&found)?;
        if !once {
            loop {
                crowd.round(&house).await?;
            }
        }
        let closed = house.close().await?;
        ensure!(closed.trial_balance == 0, "trial balance {}", closed.trial_balance);
        Ok(())
    })
}

/// One line for whoever started this.
fn say(what: &impl std::fmt::Display) -> Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{what}")?)
}

/// Books of what was read of the journal so far.
#[derive(Default)]
struct Journalled {
    books: Copies,
    read: BTreeMap<PartitionId, Seq>,
}

impl Journalled {
    /// Reads on to the end of every partition.
    async fn read(&mut self, folder: &Path) -> Result<()> {
        let path = folder.join("nija.db");
        if !path.exists() {
            return Ok(());
        }
        let database = Database::open(path, Mode::Reader, Arc::new(Real))?;
        let journal = database.journal();
        for partition in journal.partitions().await? {
            let after = self.read.entry(partition).or_default();
            loop {
                let batches = journal.read(partition, *after, STRIDE).await?;
                let Some(last) = batches.last() else { break };
                *after = last.seq;
                for batch in &batches {
                    batch.events()?.iter().for_each(|event| self.books.event(partition, event));
                }
            }
        }
        Ok(())
    }
}

/// What does not hold now that everything has come to rest.
async fn audit(books: &mut Copies, house: &House, followers: u128) -> Result<Vec<String>> {
    let mut broken: Vec<String> =
        books.at_rest().into_iter().map(|(law, what)| format!("{law}: {what}")).collect();
    let (mut clearing, mut balance, mut active) = (0i128, 0i128, 0);
    for partition in (0..PARTITIONS).map(PartitionId) {
        let View::House(view) = house.handle.query(Query::House(partition)).await? else {
            bail!("{partition} shows no books");
        };
        clearing += i128::from(view.books.balance(Book::Clearing).raw());
        balance += view.trial_balance.abs();
        if let View::Followers(sums) = house.handle.query(Query::Followers(partition, None)).await?
        {
            active += sums.iter().map(|sum| u128::from(sum.active)).sum::<u128>();
        }
    }
    if clearing != 0 || balance != 0 {
        broken.push(format!("clearing {clearing}, trial balance {balance}"));
    }
    if active != followers {
        broken.push(format!("{active} of {followers} followers copy"));
    }
    Ok(broken)
}
