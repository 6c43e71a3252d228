//! The projector: reads the journal behind the views' checkpoints and writes what screens list. Resumable, and never
//! in the way of a desk; what it lags behind is shown, not waited for.

use nija_core::ports::views::Projection;
use nija_core::ports::{AppendError, Bus, Heard, Journal, ReadError};
use nija_core::words::id::{PartitionId, Seq};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

/// Batches read at a time.
const STRIDE: usize = 256;
/// Bytes of events after which a transaction ends.
const TRANSACTION: usize = 8 * 1024 * 1024;
/// Rests between transactions last so many times as long as the one before took: a projector takes at most a fifth
/// of a core, and the busier the desks, the more orders share the pages that a transaction writes.
const REST: u32 = 4;
/// The shortest and the longest rest.
const RESTS: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(250)];

/// Pause before views that found the disk full are written again.
const FULL: Duration = Duration::from_secs(1);

/// Why a projector ended.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The journal or the checkpoints cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The views cannot be written.
    #[error("the views cannot be written: {0}")]
    Write(#[from] AppendError),
}

/// Keeps views up to date.
pub struct Projector {
    journal: Arc<dyn Journal>,
    views: Arc<dyn Projection>,
}

/// How far a partition is projected, and how far its journal is known to reach.
#[derive(Clone, Copy, Default)]
struct Reach {
    done: Seq,
    known: Seq,
}

type Reaches = BTreeMap<PartitionId, Reach>;

impl Projector {
    /// From this journal into these views.
    #[must_use]
    pub const fn new(journal: Arc<dyn Journal>, views: Arc<dyn Projection>) -> Self {
        Self { journal, views }
    }

    /// Projects everything that is in the journal, and tells the new checkpoints.
    ///
    /// # Errors
    /// See [`Ended`]; what was projected stays.
    pub async fn catch_up(&self) -> Result<BTreeMap<PartitionId, Seq>, Ended> {
        let reaches = self.everything().await?;
        Ok(reaches.into_iter().map(|(partition, reach)| (partition, reach.done)).collect())
    }

    async fn everything(&self) -> Result<Reaches, Ended> {
        let mut reaches = Reaches::new();
        for partition in self.journal.partitions().await? {
            let done = self.views.checkpoint(partition).await?;
            reaches.insert(partition, Reach { done, known: Seq(u64::MAX) });
        }
        self.advance(&mut reaches).await?;
        Ok(reaches)
    }

    /// Projects every partition as far as its journal is known to reach.
    async fn advance(&self, reaches: &mut Reaches) -> Result<(), Ended> {
        loop {
            let (mut batches, mut bytes) = (Vec::new(), 0);
            for (&partition, reach) in reaches.iter_mut() {
                if reach.done >= reach.known || bytes >= TRANSACTION {
                    continue;
                }
                let some = self.journal.read(partition, reach.done, STRIDE).await?;
                match some.last() {
                    Some(last) => reach.done = last.seq,
                    None => reach.known = reach.done,
                }
                bytes += some.iter().map(|batch| batch.body.len()).sum::<usize>();
                batches.extend(some);
            }
            if batches.is_empty() {
                return Ok(());
            }
            self.views.project(batches).await?;
        }
    }

    /// Follows the bus until it or the watch is gone. On a full disk the views stand still, and go on by themselves.
    ///
    /// # Errors
    /// See [`Ended`].
    pub async fn run(&self, bus: &dyn Bus, mut stop: watch::Receiver<bool>) -> Result<(), Ended> {
        let mut heard = bus.subscribe();
        let mut reaches = Reaches::new();
        let mut fits = fitted(self.everything().await.map(|all| reaches = all))?;
        let [shortest, longest] = RESTS;
        let mut rest = shortest;
        loop {
            let next = tokio::select! {
                next = heard.next(), if fits => next,
                () = sleep(FULL), if !fits => Some(Heard::Lost(0)),
                _ = stop.wait_for(|stop| *stop) => None,
            };
            let Some(next) = next else {
                return fitted(self.catch_up().await.map(drop)).map(drop);
            };
            let mut lost = note(&mut reaches, &next);
            if !lost && reaches.values().all(|reach| reach.done >= reach.known) {
                continue;
            }
            // What comes meanwhile is written in the same transaction.
            sleep(rest).await;
            while let Ok(Some(next)) = timeout(Duration::ZERO, heard.next()).await {
                lost |= note(&mut reaches, &next);
            }
            let began = Instant::now();
            let done = match lost {
                true => self.everything().await.map(|all| reaches = all),
                false => self.advance(&mut reaches).await,
            };
            fits = fitted(done)?;
            rest = (began.elapsed() * REST).clamp(shortest, longest);
        }
    }
}

/// Was there room for it?
fn fitted(done: Result<(), Ended>) -> Result<bool, Ended> {
    match done {
        Ok(()) => Ok(true),
        Err(Ended::Write(AppendError::Full)) => Ok(false),
        Err(why) => Err(why),
    }
}

/// Notes how far a partition's journal reaches now; were notices lost?
fn note(reaches: &mut Reaches, heard: &Heard) -> bool {
    match heard {
        Heard::Notice(notice) => {
            let reach = reaches.entry(notice.partition).or_default();
            reach.known = reach.known.max(notice.seq);
            false
        }
        Heard::Lost(_) => true,
    }
}
