//! The batch: what one append writes, chained by hash to the one before it.

use crate::desk::event::Event;
use crate::words::id::{Epoch, PartitionId, Seq};
use crate::words::time::Timestamp;

/// A BLAKE3 hash.
pub type Hash = [u8; 32];

/// Number and hash of a partition's last batch, and the time and epoch it was written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Its number; 0 before the first batch.
    pub seq: Seq,
    /// Generation of the writer.
    pub epoch: Epoch,
    /// Its time.
    pub at: Timestamp,
    /// Its hash; zeros before the first batch.
    pub hash: Hash,
}

/// A run of events of one partition, written whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Whose.
    pub partition: PartitionId,
    /// Number, dense from 1.
    pub seq: Seq,
    /// Generation of the writer.
    pub epoch: Epoch,
    /// Time of its first event.
    pub at: Timestamp,
    /// How many events.
    pub count: u32,
    /// Hash of the batch before.
    pub prev: Hash,
    /// Hash of all of the above and the body.
    pub hash: Hash,
    /// The events, one CBOR item after the other.
    pub body: Vec<u8>,
    /// The events as they are, of a run that nobody reads again. Then there is no body, and the hash is that of before.
    pub told: Vec<Event>,
}

/// A batch that is not what was written, or does not follow the one before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The number does not follow.
    #[error("batch {found} follows {last}: some are missing or out of order")]
    Gap {
        /// Last good number.
        last: Seq,
        /// Number found.
        found: Seq,
    },
    /// The journal ends before a batch that was there.
    #[error("the journal ends here, and a snapshot was made at batch {}", .known.0)]
    Missing {
        /// Number of a batch that was there.
        known: Seq,
    },
    /// The chain is broken.
    #[error("the batch is not chained to the one before it")]
    Unchained,
    /// The contents are not those that were hashed.
    #[error("the contents do not match their hash")]
    Altered,
    /// An older owner wrote after a newer one.
    #[error("epoch {found} after {last}")]
    Epoch {
        /// Epoch before.
        last: Epoch,
        /// Epoch found.
        found: Epoch,
    },
    /// The events cannot be read.
    #[error("the events cannot be read: {0}")]
    Unreadable(String),
}

impl Batch {
    /// Chains a body of events to the head before it.
    #[must_use]
    pub fn chained(
        partition: PartitionId,
        epoch: Epoch,
        at: Timestamp,
        head: &Head,
        (count, body): (u32, Vec<u8>),
    ) -> Self {
        let mut batch = Self {
            partition,
            seq: Seq(head.seq.0 + 1),
            epoch,
            at,
            count,
            prev: head.hash,
            hash: [0; 32],
            body,
            told: Vec::new(),
        };
        batch.hash = batch.digest();
        batch
    }

    /// A batch whose events are told and not written.
    pub(crate) fn told(
        partition: PartitionId,
        epoch: Epoch,
        at: Timestamp,
        head: &Head,
        (count, told): (u32, Vec<Event>),
    ) -> Self {
        let seq = Seq(head.seq.0 + 1);
        let (prev, hash, body) = (head.hash, head.hash, Vec::new());
        Self { partition, seq, epoch, at, count, prev, hash, body, told }
    }

    fn digest(&self) -> Hash {
        let mut fixed = [0u8; 62];
        fixed[..32].copy_from_slice(&self.prev);
        fixed[32..34].copy_from_slice(&self.partition.0.to_be_bytes());
        fixed[34..42].copy_from_slice(&self.seq.0.to_be_bytes());
        fixed[42..50].copy_from_slice(&self.epoch.0.to_be_bytes());
        fixed[50..58].copy_from_slice(&self.at.0.to_be_bytes());
        fixed[58..62].copy_from_slice(&self.count.to_be_bytes());
        *blake3::Hasher::new().update(&fixed).update(&self.body).finalize().as_bytes()
    }

    /// Holds the batch to its hash and to the head before it, and gives the new head.
    ///
    /// # Errors
    /// See [`Damage`]; the batch must not be used.
    pub fn follows(&self, head: &Head) -> Result<Head, Damage> {
        if self.digest() != self.hash {
            return Err(Damage::Altered);
        }
        if self.seq.0 != head.seq.0 + 1 {
            return Err(Damage::Gap { last: head.seq, found: self.seq });
        }
        if self.prev != head.hash {
            return Err(Damage::Unchained);
        }
        if self.epoch < head.epoch {
            return Err(Damage::Epoch { last: head.epoch, found: self.epoch });
        }
        Ok(Head { seq: self.seq, epoch: self.epoch, at: self.at, hash: self.hash })
    }
}
