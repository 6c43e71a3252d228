//! The copier: takes parcels out of each partition's outbox to whom they are for, in order, and has them forgotten
//! once everybody has them durably. Killed at any point it begins again with what the outboxes hold; who gets a
//! parcel twice drops the repeat. A lead is heard in parts, so that other orders come between.

use crate::gateway::Gateway;
use crate::node::Handle;
use crate::partitions::Partitions;
use nija_core::copy::lead::Lead;
use nija_core::copy::parcel::{Content, Parcel};
use nija_core::desk::answer::{Answer, Query, View};
use nija_core::desk::input::{Command, Input, LeaderFacts};
use nija_core::ports::{DeskError, Desks};
use nija_core::words::id::{AccountId, PartitionId};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

/// Orders that may wait at the gateway before the next part of a lead is heard.
const AT_GATEWAY: usize = 16_384;
/// Pause before a part that found the desks busy, the disk full or the gateway behind.
const PAUSE: Duration = Duration::from_millis(5);
/// Longest sleep without a bell.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The bell between desks that send parcels and the copier that takes them.
pub struct Parcels {
    sent: AtomicU64,
    taken: watch::Sender<u64>,
    bell: Notify,
}

impl Default for Parcels {
    fn default() -> Self {
        Self { sent: AtomicU64::new(0), taken: watch::Sender::new(0), bell: Notify::new() }
    }
}

impl Parcels {
    /// There are new ones, and they are durable; or, at a start, there may be.
    pub fn ring(&self) {
        self.sent.fetch_add(1, Ordering::Release);
        self.bell.notify_one();
    }

    /// Waits until everything sent so far has reached whom it is for.
    pub async fn settled(&self) {
        let sent = self.sent.load(Ordering::Acquire);
        if sent > 0 {
            // The sender is our own: it cannot be gone.
            let _ = self.taken.subscribe().wait_for(|taken| *taken >= sent).await;
        }
    }
}

/// What it takes to carry these parcels of a partition, in this order. A lead is told until nobody is left.
/// Done again after an interruption, what was done already changes nothing.
#[must_use]
pub fn errands(partition: PartitionId, parcels: &[Parcel]) -> Vec<Input> {
    let errand = |parcel: &Parcel| match parcel.content {
        Content::Lead(lead) => Input::Lead(lead),
        Content::Fees { to, amount } => {
            let command = Command::Credit { from: partition, parcel: parcel.no, amount };
            Input::Command { account: to, key: None, command }
        }
    };
    let last = parcels.last().map(|last| Input::Delivered { partition, parcel: last.no });
    parcels.iter().map(errand).chain(last).collect()
}

/// What its desk says of a leader to whoever begins to copy it.
#[must_use]
pub fn facts(partitions: &Partitions, leader: AccountId) -> LeaderFacts {
    match partitions.query(&Query::Master(leader)) {
        View::Master(view) => (*view).into(),
        _ => LeaderFacts::default(),
    }
}

/// Carries parcels between the partitions of a node.
pub struct Copier {
    handle: Handle,
    gateway: Arc<Gateway>,
    parcels: Arc<Parcels>,
    partitions: u16,
}

impl Copier {
    /// Between so many partitions.
    #[must_use]
    pub const fn new(
        handle: Handle,
        gateway: Arc<Gateway>,
        parcels: Arc<Parcels>,
        partitions: u16,
    ) -> Self {
        Self { handle, gateway, parcels, partitions }
    }

    /// Carries until the node is gone. What lies in the outboxes when it begins is carried first.
    pub async fn run(&self) {
        loop {
            let sent = self.parcels.sent.load(Ordering::Acquire);
            match self.empty_all().await {
                Ok(()) => {
                    self.parcels.taken.send_replace(sent);
                    if self.parcels.sent.load(Ordering::Acquire) == sent {
                        let _ =
                            tokio::time::timeout(LOOK_AGAIN, self.parcels.bell.notified()).await;
                    }
                }
                Err(DeskError::Gone) => return,
                Err(DeskError::Busy | DeskError::StorageFull) => sleep(PAUSE).await,
            }
        }
    }

    /// Turn by turn, so that no partition whose masters never rest keeps the others waiting.
    async fn empty_all(&self) -> Result<(), DeskError> {
        let mut carried = true;
        while carried {
            carried = false;
            for partition in (0..self.partitions).map(PartitionId) {
                carried |= self.empty(partition).await?;
            }
        }
        Ok(())
    }

    /// Carries what an outbox tells at once. `false` when it is empty.
    async fn empty(&self, partition: PartitionId) -> Result<bool, DeskError> {
        let View::Outbox(parcels) = self.handle.query(Query::Outbox(partition)).await? else {
            return Ok(false);
        };
        let errands = errands(partition, &parcels);
        let any = !errands.is_empty();
        for errand in errands {
            match errand {
                Input::Lead(lead) => self.lead(lead).await?,
                other => {
                    let answer = self.handle.tell(other).await?;
                    if answer != Answer::Done {
                        tracing::error!(%partition, ?answer, "copy fees could not be credited");
                    }
                }
            }
        }
        Ok(any)
    }

    /// Brings a lead to all partitions, part by part, no faster than the gateway sends.
    async fn lead(&self, lead: Lead) -> Result<(), DeskError> {
        loop {
            while self.gateway.waiting().into_iter().any(|waiting| waiting > AT_GATEWAY) {
                sleep(PAUSE).await;
            }
            match self.handle.tell(Input::Lead(lead)).await? {
                Answer::Led { left } if left > 0 => {}
                _ => return Ok(()),
            }
        }
    }
}

#[cfg(test)]
mod fairness;
#[cfg(test)]
mod tests;
