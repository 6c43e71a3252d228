//! The projector: reads the journal behind each view's checkpoint and writes rows. Resumable, and never in the
//! way of a desk; what it lags behind is shown, not waited for.

use nija_core::ports::views::Projection;
use nija_core::ports::{AppendError, Bus, Heard, Journal, ReadError};
use nija_core::words::id::{PartitionId, Seq};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Batches read at a time.
const STRIDE: usize = 256;
/// How long notices gather before the views are written: a transaction for each would cost as much as the desks.
const GATHER: Duration = Duration::from_millis(10);

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

impl Projector {
    /// From this journal into these views.
    #[must_use]
    pub const fn new(journal: Arc<dyn Journal>, views: Arc<dyn Projection>) -> Self {
        Self { journal, views }
    }

    /// Projects what one partition has behind its checkpoint, and tells the new one.
    ///
    /// # Errors
    /// See [`Ended`]; what was projected stays.
    pub async fn catch_up(&self, partition: PartitionId) -> Result<Seq, Ended> {
        let mut at = self.views.checkpoint(partition).await?;
        loop {
            let batches = self.journal.read(partition, at, STRIDE).await?;
            let Some(last) = batches.last() else { return Ok(at) };
            let last = last.seq;
            self.views.project(&batches).await?;
            at = last;
        }
    }

    /// Projects every partition of the journal, and tells the new checkpoints.
    ///
    /// # Errors
    /// See [`Ended`].
    pub async fn catch_up_all(&self) -> Result<BTreeMap<PartitionId, Seq>, Ended> {
        let mut done = BTreeMap::new();
        for partition in self.journal.partitions().await? {
            done.insert(partition, self.catch_up(partition).await?);
        }
        Ok(done)
    }

    /// Follows the bus until it or the watch is gone.
    ///
    /// # Errors
    /// See [`Ended`].
    pub async fn run(&self, bus: &dyn Bus, mut stop: watch::Receiver<bool>) -> Result<(), Ended> {
        let mut heard = bus.subscribe();
        let mut done = self.catch_up_all().await?;
        loop {
            let next = tokio::select! {
                next = heard.next() => next,
                _ = stop.wait_for(|stop| *stop) => None,
            };
            match next {
                None => {
                    self.catch_up_all().await?;
                    return Ok(());
                }
                Some(Heard::Lost(_)) => done = self.catch_up_all().await?,
                Some(Heard::Notice(notice)) => {
                    if done.get(&notice.partition).is_some_and(|&at| notice.seq <= at) {
                        continue;
                    }
                    done.entry(notice.partition).or_default();
                    // What comes meanwhile is written in the same transaction.
                    tokio::time::sleep(GATHER).await;
                    for (&partition, at) in &mut done {
                        *at = self.catch_up(partition).await?;
                    }
                }
            }
        }
    }
}
