//! The node: one thread that owns its desks and the only way into them.
//!
//! It takes what has arrived, seals, commits, and only then lets releases, answers and notices go. While one
//! batch is on the disk the next collects by itself; nothing is tuned. A failed append ends the node: the start
//! is the recovery. Only a full disk does not: the desks go back to what is durable and wait for space.

mod counts;
mod handle;
mod room;
mod storage;

use crate::copier::Parcels;
use crate::partitions::{Partitions, Stopped};
use crate::recovery::recover;
use counts::Counts;
pub use handle::Handle;
use nija_core::commit::{Release, commit};
use nija_core::desk::answer::{Answer, Query, View};
use nija_core::desk::held::Held;
use nija_core::desk::input::{Command, Input, Key};
use nija_core::ports::{AppendError, Bus, Clock, DeskError, Journal, Notice, ReadError, Space};
use nija_core::words::id::AccountId;
use nija_core::words::order::Report;
use nija_core::words::time::Timestamp;
use std::sync::Arc;
use std::time::Instant;
use storage::{LOOK_AGAIN, Shown, Storage};
use tokio::sync::{mpsc, oneshot};

/// Inputs that may wait for the desks.
const INBOX: usize = 32_768;
/// Inputs taken into one batch.
const BATCH: usize = 2_048;
/// Batches of a partition after which a snapshot is worth its cost.
const SNAPSHOT_EVERY: u64 = 4_096;
/// Reports that may wait for space before those who bring more are held up.
const REPORTS: usize = 65_536;

/// Why a node ended.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The journal did not take a batch. What was not acknowledged is not done; start again.
    #[error(transparent)]
    Journal(#[from] AppendError),
    /// A desk met a bug.
    #[error(transparent)]
    Broken(#[from] Stopped),
    /// The journal could not be read after its disk was full.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The thread could not be started.
    #[error("the desks' thread could not be started; allow the process more memory and threads")]
    Thread(#[from] std::io::Error),
}

/// What reaches the node.
enum Work {
    Input {
        input: Input,
        at: Option<Timestamp>,
        reply: Option<Reply<Answer>>,
    },
    /// Commands of one account, taken together.
    Commands {
        account: AccountId,
        commands: Vec<(Option<Key>, Command)>,
        reply: Reply<Vec<Answer>>,
    },
    /// Inputs of one instant, taken together.
    Slice {
        inputs: Vec<Input>,
        at: Timestamp,
    },
    Query {
        query: Query,
        reply: oneshot::Sender<View>,
    },
    /// Answers once everything before it is durable.
    Barrier(oneshot::Sender<()>),
    Stop,
}

impl Work {
    /// Does it take so long that who came before it should not wait for it? Then it begins a batch.
    const fn is_long(&self) -> bool {
        matches!(self, Self::Input { input: Input::Lead(_), .. })
    }
}

type Reply<T> = oneshot::Sender<Result<T, DeskError>>;

/// Somebody whose answer waits for the commit. A caller that went away has its answer in the journal.
enum Waiting {
    One(Reply<Answer>, Answer),
    Many(Reply<Vec<Answer>>, Vec<Answer>),
}

impl Waiting {
    fn tell(self) {
        match self {
            Self::One(reply, answer) => drop(reply.send(Ok(answer))),
            Self::Many(reply, answers) => drop(reply.send(Ok(answers))),
        }
    }

    fn fail(self, why: DeskError) {
        match self {
            Self::One(reply, _) => drop(reply.send(Err(why))),
            Self::Many(reply, _) => drop(reply.send(Err(why))),
        }
    }
}

/// What a node needs.
pub struct Parts {
    /// Desks as recovery left them.
    pub partitions: Partitions,
    /// Where batches go.
    pub journal: Arc<dyn Journal>,
    /// What time it is for inputs that bring none.
    pub clock: Arc<dyn Clock>,
    /// Who hears of new batches.
    pub bus: Arc<dyn Bus>,
    /// Where durable releases go; reports that come back at once are taken next.
    pub release: Box<dyn Fn(Vec<Release>) -> Vec<Report> + Send>,
    /// Who takes parcels from one partition to others is woken when there are some.
    pub parcels: Arc<Parcels>,
}

struct Node {
    parts: Parts,
    inbox: mpsc::Receiver<Work>,
    /// What begins the next batch.
    next: Option<Work>,
    replies: Vec<Waiting>,
    queries: Vec<(Query, oneshot::Sender<View>)>,
    barriers: Vec<oneshot::Sender<()>>,
    /// Reports to be taken next: the gateway's at once, or what waits for space.
    reports: Vec<Report>,
    /// Reports in the batches at hand: nobody would bring them again.
    unsaved: Vec<Report>,
    storage: Storage,
    snapshots: Vec<u64>,
    counts: Counts,
    stopping: bool,
}

/// Starts a node on a thread of its own. The receiver tells how it ended.
///
/// # Errors
/// [`Ended::Thread`] when the system gives no thread.
pub fn start(parts: Parts) -> Result<(Handle, oneshot::Receiver<Result<(), Ended>>), Ended> {
    let (send, inbox) = mpsc::channel(INBOX);
    let (ended, told) = oneshot::channel();
    let snapshots = parts.partitions.desks().iter().map(|d| d.head().seq.0).collect();
    let space = Shown::default();
    let mut node = Node {
        parts,
        inbox,
        next: None,
        replies: Vec::new(),
        queries: Vec::new(),
        barriers: Vec::new(),
        reports: Vec::new(),
        unsaved: Vec::new(),
        storage: Storage::new(space.clone()),
        snapshots,
        counts: Counts::new(),
        stopping: false,
    };
    std::thread::Builder::new().name("desks".to_owned()).spawn(move || {
        // No sockets: without them a wait is a parked thread, not a call of the system's event queue. Made here,
        // because the thread may not be given, and whoever calls may be in a runtime that must not drop another.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let result = match runtime {
            Ok(runtime) => runtime.block_on(node.run()),
            Err(why) => Err(Ended::Thread(why)),
        };
        if let Err(why) = &result {
            tracing::error!(%why, "the desks stopped");
        }
        // Whoever hears of the end may close the journal: the desks have let go of it by then.
        drop(node);
        // Whoever waited for this may be gone already.
        let _ = ended.send(result);
    })?;
    Ok((Handle { inbox: send, space }, told))
}

impl Node {
    async fn run(&mut self) -> Result<(), Ended> {
        loop {
            self.storage.look(&*self.parts.journal);
            if self.reports.is_empty() || self.storage.is_full() {
                self.first().await?;
            }
            if !self.storage.is_full() {
                for report in std::mem::take(&mut self.reports) {
                    let at = report.at;
                    self.hear(Input::Report(report), at)?;
                }
            }
            self.counts.waiting(self.inbox.len());
            let mut taken = 1;
            while taken < BATCH && !self.parts.partitions.is_full() {
                let Ok(work) = self.inbox.try_recv() else { break };
                if work.is_long() {
                    self.next = Some(work);
                    break;
                }
                self.take(work)?;
                taken += 1;
            }
            self.commit().await?;
            if self.stopping && (self.reports.is_empty() || self.storage.is_full()) {
                return self.save_all().await;
            }
        }
    }

    /// Waits for the first work of a batch; while space is short, no longer than until the next look for it.
    async fn first(&mut self) -> Result<(), Stopped> {
        if let Some(work) = self.next.take() {
            return self.take(work);
        }
        let next = if self.storage.is_ample() {
            self.inbox.recv().await
        } else {
            match tokio::time::timeout(LOOK_AGAIN, self.inbox.recv()).await {
                Ok(next) => next,
                Err(_) => return Ok(()),
            }
        };
        match next {
            Some(work) => self.take(work)?,
            None => self.stopping = true,
        }
        Ok(())
    }

    fn take(&mut self, work: Work) -> Result<(), Stopped> {
        match work {
            Work::Input { input, at, reply } => {
                let at = at.unwrap_or_else(|| self.parts.clock.now());
                let answer = self.hear(input, at)?;
                match (reply, answer) {
                    (Some(reply), Some(answer)) => self.replies.push(Waiting::One(reply, answer)),
                    // A caller that went away need not know.
                    (Some(reply), None) => drop(reply.send(Err(DeskError::StorageFull))),
                    (None, _) => {}
                }
            }
            Work::Commands { account, commands, reply } => {
                let command = |(key, command)| Input::Command { account, key, command };
                let inputs: Vec<Input> = commands.into_iter().map(command).collect();
                if !inputs.iter().all(|input| self.storage.admits(input)) {
                    drop(reply.send(Err(DeskError::StorageFull)));
                    return Ok(());
                }
                let at = self.parts.clock.now();
                let mut answers = Vec::with_capacity(inputs.len());
                for input in inputs {
                    answers.push(self.parts.partitions.take(input, at)?);
                }
                self.replies.push(Waiting::Many(reply, answers));
            }
            Work::Slice { inputs, at } => {
                for input in inputs {
                    self.hear(input, at)?;
                }
            }
            Work::Query { query, reply } => self.queries.push((query, reply)),
            Work::Barrier(reply) => self.barriers.push(reply),
            Work::Stop => self.stopping = true,
        }
        Ok(())
    }

    /// Gives an input to the desks. `None` when space is too short for it: then a report waits, for it happened
    /// and will not be told again, and everything else is passed by.
    fn hear(&mut self, input: Input, at: Timestamp) -> Result<Option<Answer>, Stopped> {
        if !self.storage.admits(&input) {
            if let Input::Report(report) = input {
                self.reports.push(report);
            }
            return Ok(None);
        }
        if let Input::Report(report) = &input {
            self.unsaved.push(report.clone());
        }
        self.parts.partitions.take(input, at).map(Some)
    }

    /// Makes what was taken durable, then lets its effects go: releases, answers, views, notices.
    async fn commit(&mut self) -> Result<(), Ended> {
        let mut held = self.parts.partitions.seal();
        let alarms: Vec<_> = held.iter_mut().flat_map(Held::take_alarms).collect();
        let parcels = held.iter().any(Held::sends_parcels);
        let heads: Vec<Notice> = held
            .iter()
            .map(|h| Notice { partition: h.batch().partition, seq: h.batch().seq })
            .collect();
        let (batches, events) =
            held.iter().fold((0, 0), |(n, sum), h| (n + 1, sum + h.batch().count));
        let began = Instant::now();
        let releases = match commit(&*self.parts.journal, held).await {
            Ok(releases) => releases,
            Err(AppendError::Full) => {
                self.fall_back(&heads).await?;
                self.answer();
                return Ok(());
            }
            Err(why) => {
                for waiting in self.replies.drain(..) {
                    waiting.fail(DeskError::Gone);
                }
                return Err(why.into());
            }
        };
        self.unsaved.clear();
        if batches > 0 {
            let count = (batches, events.into(), releases.len() as u64);
            self.counts.committed(count, began.elapsed(), &self.parts.partitions);
        }
        for alarm in alarms {
            metrics::counter!("nija_alarms_total", "kind" => alarm.kind).increment(1);
            tracing::error!(kind = alarm.kind, what = %alarm.text, "a person has to look");
        }
        if !releases.is_empty() {
            self.reports.extend((self.parts.release)(releases));
        }
        for waiting in self.replies.drain(..) {
            waiting.tell();
        }
        if parcels {
            self.parts.parcels.ring();
        }
        for notice in heads {
            self.snapshot(notice.clone()).await;
            self.parts.bus.publish(notice);
        }
        self.answer();
        Ok(())
    }

    /// Answers who waits without a batch. Those who bring reports go on as long as there is room for more.
    fn answer(&mut self) {
        for (query, reply) in self.queries.drain(..) {
            let _ = reply.send(self.parts.partitions.query(&query));
        }
        if self.reports.len() < REPORTS {
            for barrier in self.barriers.drain(..) {
                let _ = barrier.send(());
            }
        }
    }

    /// The disk took nothing: the desks go back to what is durable, callers hear that nothing happened, and the
    /// reports wait, in their order.
    async fn fall_back(&mut self, untaken: &[Notice]) -> Result<(), Ended> {
        self.storage.set(Space::Full);
        for waiting in self.replies.drain(..) {
            waiting.fail(DeskError::StorageFull);
        }
        let later = std::mem::replace(&mut self.reports, std::mem::take(&mut self.unsaved));
        self.reports.extend(later);
        for notice in untaken {
            let at = usize::from(notice.partition.0);
            let Some(desk) = self.parts.partitions.desks_mut().get_mut(at) else { continue };
            let rules = Arc::clone(desk.rules());
            let durable = recover(&*self.parts.journal, notice.partition, &rules).await?;
            *desk = durable.counting_on(desk);
        }
        Ok(())
    }

    /// Keeps a snapshot now and then, so that a start is short. Failing to is no harm: the journal has all.
    async fn snapshot(&mut self, notice: Notice) {
        let at = usize::from(notice.partition.0);
        let last = self.snapshots.get(at).copied().unwrap_or(0);
        if notice.seq.0 < last + SNAPSHOT_EVERY || !self.storage.is_ample() {
            return;
        }
        self.save(at).await;
    }

    async fn save(&mut self, at: usize) {
        let Some(desk) = self.parts.partitions.desks().get(at) else { return };
        let Some(snapshot) = desk.snapshot() else { return };
        let seq = snapshot.head.seq.0;
        if let Err(why) = self.parts.journal.save(snapshot).await {
            tracing::warn!(%why, partition = at, "snapshot not kept");
        }
        // Also after a failure: the next one is tried when it is due, not with every batch.
        if let Some(last) = self.snapshots.get_mut(at) {
            *last = seq;
        }
    }

    async fn save_all(&mut self) -> Result<(), Ended> {
        if !self.storage.is_ample() {
            let waiting = self.reports.len();
            tracing::warn!(
                waiting,
                "stopped while space is short: no snapshot, and reports that waited are lost"
            );
            return Ok(());
        }
        for at in 0..self.parts.partitions.desks().len() {
            let head = self.parts.partitions.desks().get(at).map_or(0, |d| d.head().seq.0);
            if self.snapshots.get(at).is_some_and(|&last| last < head) {
                self.save(at).await;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
