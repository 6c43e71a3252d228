//! The doors. Rooms implement them; the roof joins them. Every wait behind a door has a timeout in its room.

use crate::commit::Release;
use crate::desk::answer::{Answer, Query, View};
use crate::desk::input::{Command, Key};
use crate::journal::{Batch, Hash, Head};
use crate::risk::kill::{Actor, Scope};
use crate::words::id::{AccountId, OrderId, PartitionId, Seq};
use crate::words::instrument::VenueName;
use crate::words::order::Report;
use crate::words::time::Timestamp;
use std::future::Future;
use std::pin::Pin;

pub mod backtests;
pub mod control;
pub mod documents;
pub mod greeks;
pub mod payments;
pub mod till;
pub mod views;

/// A boxed future: what a door answers later.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What time is it? Asked by drivers only, never by the core.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// Where chance comes from, handed in so that tests can repeat it.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with unpredictable ones.
    ///
    /// # Errors
    /// When the source fails; nothing may go on without it.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

/// The source of chance failed.
#[derive(Debug, thiserror::Error)]
#[error("no randomness from the system")]
pub struct EntropyError;

/// Why an append did not happen, or may not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Another owner wrote this number. Drop the partition; never retry.
    #[error("partition {0} belongs to another node now")]
    Fenced(PartitionId),
    /// No answer came; `commit` finds out what happened.
    #[error("the journal did not answer")]
    Unknown,
    /// Not written. Stop: recovery is the way to start.
    #[error("the journal cannot be written: {0}")]
    Unavailable(String),
    /// Not written because no space is left, and never to appear later.
    #[error("the journal's disk is full; free some space")]
    Full,
}

/// How much room the journal's disk has left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Space {
    /// Enough for everything.
    #[default]
    Ample,
    /// The reserve is in use: for what reduces risk, and for what has happened already.
    Low,
    /// Nothing can be written.
    Full,
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The store does not answer, or not in time.
    #[error("the store cannot be read: {0}")]
    Unavailable(String),
    /// What was read is not what was written.
    #[error("partition {partition}, batch {}: {damage}; run `nija verify`", seq.0)]
    Damaged {
        /// Where.
        partition: PartitionId,
        /// Which batch.
        seq: Seq,
        /// What is wrong.
        damage: crate::journal::Damage,
    },
}

/// A desk's whole state at a batch: where recovery begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Whose.
    pub partition: PartitionId,
    /// After which batch.
    pub head: Head,
    /// Hash of the state.
    pub state: Hash,
    /// The state, in CBOR.
    pub body: Vec<u8>,
}

/// The only truth: an append-only row of batches per partition.
pub trait Journal: Send + Sync {
    /// Appends batches of one or more partitions: all of them durably, or none.
    fn append<'a>(&'a self, batches: &'a [Batch]) -> Doing<'a, Result<(), AppendError>>;
    /// What stands at this number.
    fn at(&self, partition: PartitionId, seq: Seq) -> Doing<'_, Result<Option<Head>, ReadError>>;
    /// Up to `limit` batches after this number, in order, unchecked: the reader follows the chain.
    fn read(
        &self,
        partition: PartitionId,
        after: Seq,
        limit: usize,
    ) -> Doing<'_, Result<Vec<Batch>, ReadError>>;
    /// Keeps a snapshot; older ones of the partition may go.
    fn save(&self, snapshot: Snapshot) -> Doing<'_, Result<(), AppendError>>;
    /// The newest snapshot at or before a number.
    fn snapshot(&self, partition: PartitionId) -> Doing<'_, Result<Option<Snapshot>, ReadError>>;
    /// Every partition that has a batch.
    fn partitions(&self) -> Doing<'_, Result<Vec<PartitionId>, ReadError>>;
    /// Is it that of a run which nobody reads again? Then batches need not be written.
    fn forgets(&self) -> bool {
        false
    }
    /// Is there room? Quick: asked before every batch.
    fn space(&self) -> Space {
        Space::Ample
    }
    /// Looks again after room ran out, and fills the reserve up where it fits. May block on the disk.
    fn reclaim(&self) -> Space {
        self.space()
    }
}

/// What a venue can do; recovery and retries obey it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// Does the venue remember orders over a restart of this process?
    pub memory: Memory,
    /// Does it hold orders until its session opens?
    pub queues_when_closed: bool,
}

/// Who remembers the orders a venue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// The venue does: ask it, adopt what it has, lapse what it never saw.
    Venue,
    /// Our journal does: the venue lives in this process, so recovery hands it the open orders again.
    Journal,
}

/// Why a venue did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VenueError {
    /// It said no. Final.
    #[error("the venue refused: {0}")]
    Rejected(String),
    /// Nobody knows whether it happened: find it by its id, then adopt or lapse. Never resend.
    #[error("the venue did not answer; the order's fate is unknown")]
    Unknown,
    /// It certainly did not happen; trying again is safe.
    #[error("the venue could not be reached")]
    Unreachable,
    /// It certainly did not happen; try again later.
    #[error("the venue asks to slow down")]
    Throttled,
}

/// An exchange or broker, or NIJA's own simulated one.
pub trait Venue: Send + Sync {
    /// Which.
    fn name(&self) -> VenueName;
    /// What it can do.
    fn abilities(&self) -> Abilities;
    /// Does what a release permits. Acknowledgement and fills come as reports.
    fn submit<'a>(&'a self, release: &'a Release) -> Doing<'a, Result<(), VenueError>>;
    /// What it knows of an order, by our id.
    fn find(&self, order: OrderId) -> Doing<'_, Result<Found, VenueError>>;
    /// The next reports, in order; waits until there is one. `None` when the venue is closed for good.
    fn reports(&self) -> Doing<'_, Option<Vec<Report>>>;
}

/// What a venue knows of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Everything that happened to it, as reports; repeats are dropped by the desk.
    Known(Vec<Report>),
    /// It never heard of it.
    Never,
}

/// Why a desk did not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeskError {
    /// Its inbox is full: the caller waits and asks again with the same key.
    #[error("busy; ask again with the same Idempotency-Key")]
    Busy,
    /// It stopped or moved; the command may have been done: ask again with the same key.
    #[error("not serving; ask again with the same Idempotency-Key")]
    Gone,
    /// The journal's disk is full: nothing of it was done, nor will be. What opens risk waits until there is space.
    #[error("storage is full; reading still works")]
    StorageFull,
}

/// Ask a desk and await the durable answer.
pub trait Desks: Send + Sync {
    /// Does a command; the answer is durable when it comes.
    fn command(
        &self,
        account: AccountId,
        key: Option<Key>,
        command: Command,
    ) -> Doing<'_, Result<Answer, DeskError>>;
    /// Does commands of one account, in order, in one batch of the journal; one answer each, all of them durable.
    fn commands(
        &self,
        account: AccountId,
        commands: Vec<(Option<Key>, Command)>,
    ) -> Doing<'_, Result<Vec<Answer>, DeskError>>;
    /// Answers a question from durable state.
    fn query(&self, query: Query) -> Doing<'_, Result<View, DeskError>>;
    /// Presses a switch in every partition; `Ok` when it is durable in all of them.
    fn kill(
        &self,
        scope: Scope,
        by: Actor,
        reason: String,
        flatten: bool,
    ) -> Doing<'_, Result<(), DeskError>>;
    /// Releases a switch in every partition.
    fn rearm(&self, scope: Scope, by: Actor, reason: String) -> Doing<'_, Result<(), DeskError>>;
    /// How much room the journal has, as the desks last saw it.
    fn space(&self) -> Space {
        Space::Ample
    }
}

/// Something that became durable, told to whoever listens. Losing one loses nothing: the journal has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Where it stands in the journal.
    pub partition: PartitionId,
    /// In which batch.
    pub seq: Seq,
}

/// Carries notices.
pub trait Bus: Send + Sync {
    /// Tells everyone. Never waits; slow listeners lose the oldest.
    fn publish(&self, notice: Notice);
    /// Listens from now on.
    fn subscribe(&self) -> Box<dyn Subscription>;
}

/// One listener's end.
pub trait Subscription: Send {
    /// The next notice; `Lost` tells how many were dropped since the last one; `None` when the bus is gone.
    fn next(&mut self) -> Doing<'_, Option<Heard>>;
}

/// What a listener hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A notice.
    Notice(Notice),
    /// So many were dropped because the listener was slow.
    Lost(u64),
}
