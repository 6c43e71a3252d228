//! Recovery: snapshot, then the tail of the journal, checked batch by batch. It decides nothing, so changed
//! rules cannot change history. The normal start is this: `take_over` recovers all desks and announces them.

use crate::node::Ended;
use crate::partitions::{Partitions, Stopped};
use nija_core::commit::{Release, commit};
use nija_core::desk::input::Input;
use nija_core::desk::{Desk, Outstanding, Rules};
use nija_core::journal::{Damage, Head};
use nija_core::ports::{Journal, ReadError};
use nija_core::words::id::{Epoch, InstrumentId, PartitionId, Seq};
use nija_core::words::instrument::Instrument;
use nija_core::words::money::Price;
use nija_core::words::order::{Outcome, Report};
use nija_core::words::time::Timestamp;
use std::sync::Arc;

/// Batches asked of the journal at a time.
const STRIDE: usize = 512;

/// The prices that desks know, for a venue that remembers nothing: it would reject what they let pass before the first
/// quote.
pub fn known_prices(partitions: &Partitions) -> impl Iterator<Item = (InstrumentId, Price)> {
    // Each desk hears every price.
    partitions.desks().iter().take(1).flat_map(Desk::marks)
}

/// Hands open orders back to a venue that remembers nothing. What was cancelled does not come back, and is reported so:
/// nothing may trade between a kill switch and its cancels.
pub fn hand_back(
    partitions: &Partitions,
    at: Timestamp,
    mut back: impl FnMut(&Outstanding),
) -> Vec<Report> {
    let mut cancelled = Vec::new();
    for open in partitions.desks().iter().flat_map(Desk::outstanding) {
        if open.cancelling {
            let outcome = Outcome::Cancelled { why: "taken back before the restart" };
            cancelled.push(Report { order: open.ticket.id, outcome, at });
        } else {
            back(&open);
        }
    }
    cancelled
}

/// Recovers every desk, announces this node in its journal, lists the catalog and asks again for cancels that a
/// restart may have lost. Nothing else happens before that is durable. `configured` counts partitions only at the
/// first start: accounts are spread over them, so their number is fixed by it.
///
/// # Errors
/// [`Ended`]; nothing was released.
pub async fn take_over(
    journal: &Arc<dyn Journal>,
    configured: u16,
    rules: &Arc<Rules>,
    instruments: &[Instrument],
    now: Timestamp,
) -> Result<(Partitions, Vec<Release>), Ended> {
    let known = journal.partitions().await?;
    let count = known.iter().map(|p| p.0 + 1).max().unwrap_or(configured.max(1));
    let mut desks = recover_all(journal, count, rules).await?;
    let mut held = Vec::new();
    for desk in &mut desks {
        let partition = desk.partition();
        let stopped = |broken| Stopped { partition, broken };
        let epoch = Epoch(desk.head().epoch.0 + 1);
        desk.take(Input::Announce { node: "embedded".to_owned(), epoch }, now).map_err(stopped)?;
        for instrument in instruments {
            desk.take(Input::List(instrument.clone()), now).map_err(stopped)?;
        }
        desk.resume_cancels();
        held.extend(desk.seal());
    }
    let releases = commit(&**journal, held).await?;
    Ok((Partitions::of(desks), releases))
}

/// Brings the desks of partitions `0..count` back, as many at a time as the runtime has threads.
///
/// # Errors
/// As [`recover`], for the lowest partition that has one.
pub async fn recover_all(
    journal: &Arc<dyn Journal>,
    count: u16,
    rules: &Arc<Rules>,
) -> Result<Vec<Desk>, ReadError> {
    let mut tasks = Vec::with_capacity(usize::from(count));
    for partition in (0..count).map(PartitionId) {
        let (journal, rules) = (Arc::clone(journal), Arc::clone(rules));
        tasks.push(tokio::spawn(async move { recover(&*journal, partition, &rules).await }));
    }
    let mut desks = Vec::with_capacity(tasks.len());
    for task in tasks {
        let ended = |e: tokio::task::JoinError| ReadError::Unavailable(e.to_string());
        desks.push(task.await.map_err(ended)??);
    }
    Ok(desks)
}

/// Brings a desk back to the end of its journal.
///
/// # Errors
/// [`ReadError::Damaged`] names the first bad batch; nothing of it or behind it was used.
pub async fn recover(
    journal: &dyn Journal,
    partition: PartitionId,
    rules: &Arc<Rules>,
) -> Result<Desk, ReadError> {
    let fresh = || Desk::new(partition, Arc::clone(rules));
    let desk = match journal.snapshot(partition).await? {
        Some(snapshot) => {
            let known = snapshot.head.seq;
            let head = chain_to(journal, partition, known).await?;
            if head.seq < known {
                return Err(damaged(partition, head.seq, Damage::Missing { known }));
            }
            match Desk::restore(&snapshot, Arc::clone(rules)) {
                Ok(desk) if head == snapshot.head => desk,
                // A snapshot is a shortcut: one that is damaged or of another history is passed over.
                _ => {
                    tracing::warn!(%partition, "snapshot passed over; replaying from the first batch");
                    fresh()
                }
            }
        }
        None => fresh(),
    };
    replay(journal, desk, |_| {}).await
}

/// Holds every batch up to `last` to its hash and its chain without applying it, so that a snapshot cannot hide
/// damage that lies before it. The head at the end.
async fn chain_to(
    journal: &dyn Journal,
    partition: PartitionId,
    last: Seq,
) -> Result<Head, ReadError> {
    let mut head = Head::default();
    while head.seq < last {
        let batches = journal.read(partition, head.seq, STRIDE).await?;
        if batches.is_empty() {
            return Ok(head);
        }
        for batch in batches.iter().take_while(|batch| batch.seq <= last) {
            head = batch.follows(&head).map_err(|damage| damaged(partition, batch.seq, damage))?;
        }
    }
    Ok(head)
}

/// Applies everything behind a desk's head; `seen` is told after each batch.
///
/// # Errors
/// As [`recover`].
pub async fn replay(
    journal: &dyn Journal,
    mut desk: Desk,
    mut seen: impl FnMut(&Desk),
) -> Result<Desk, ReadError> {
    let partition = desk.partition();
    loop {
        let after = desk.head().seq;
        let batches = journal.read(partition, after, STRIDE).await?;
        if batches.is_empty() {
            return Ok(desk);
        }
        for batch in &batches {
            desk.replay(batch).map_err(|damage| damaged(partition, batch.seq, damage))?;
            seen(&desk);
        }
    }
}

const fn damaged(partition: PartitionId, seq: Seq, damage: Damage) -> ReadError {
    ReadError::Damaged { partition, seq, damage }
}

/// What a full check of one partition found.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Which partition.
    pub partition: PartitionId,
    /// Its last batch.
    pub last: Seq,
    /// Hash of that batch.
    pub hash: nija_core::journal::Hash,
    /// How many accounts it holds.
    pub accounts: usize,
    /// Sum of all balances, in units of 10^-8 dollars.
    pub trial_balance: i128,
    /// Sum per book, in the order of the chart.
    pub books: [i128; nija_core::ledger::chart::Book::ALL.len()],
    /// Hash of the state at the end.
    pub state: nija_core::journal::Hash,
    /// The snapshot's hash, if there is a snapshot, and whether the replayed state had it at that batch.
    pub snapshot: Option<(Seq, bool)>,
}

/// Replays a partition from its first batch and holds its snapshot to the replayed state.
///
/// # Errors
/// As [`recover`].
pub async fn verify(
    journal: &dyn Journal,
    partition: PartitionId,
    rules: &Arc<Rules>,
) -> Result<Verified, ReadError> {
    let kept = journal.snapshot(partition).await?;
    let mut snapshot = kept.as_ref().map(|s| (s.head.seq, false));
    let desk = Desk::new(partition, Arc::clone(rules));
    let desk = replay(journal, desk, |desk| {
        if let Some(kept) = kept.as_ref().filter(|kept| kept.head == *desk.head()) {
            snapshot = Some((kept.head.seq, kept.state == desk.state_hash()));
        }
    })
    .await?;
    Ok(Verified {
        partition,
        last: desk.head().seq,
        hash: desk.head().hash,
        accounts: desk.len(),
        trial_balance: desk.trial_balance(),
        books: nija_core::ledger::chart::Book::ALL.map(|book| desk.book_total(book)),
        state: desk.state_hash(),
        snapshot,
    })
}
