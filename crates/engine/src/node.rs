//! The node: one thread that owns its desks and the only way into them.
//!
//! It takes what has arrived, seals, commits, and only then lets releases, answers and notices go. While one
//! batch is on the disk the next collects by itself; nothing is tuned. A failed append ends the node: the start
//! is the recovery.

mod counts;
mod room;

use crate::partitions::{Partitions, Stopped};
use counts::Counts;
use nija_core::commit::{Release, commit};
use nija_core::desk::answer::{Answer, Query, View};
use nija_core::desk::held::Held;
use nija_core::desk::input::{Command, Input, Key};
use nija_core::ports::{
    AppendError, Bus, Clock, DeskError, Desks, Doing, Journal, Notice, ReadError,
};
use nija_core::risk::kill::{Actor, Scope};
use nija_core::words::id::AccountId;
use nija_core::words::order::Report;
use nija_core::words::time::Timestamp;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};

/// Inputs that may wait for the desks.
const INBOX: usize = 32_768;
/// Inputs taken into one batch.
const BATCH: usize = 2_048;
/// Batches of a partition after which a snapshot is worth its cost.
const SNAPSHOT_EVERY: u64 = 4_096;

/// Why a node ended.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The journal did not take a batch. What was not acknowledged is not done; start again.
    #[error(transparent)]
    Journal(#[from] AppendError),
    /// A desk met a bug.
    #[error(transparent)]
    Broken(#[from] Stopped),
    /// The journal could not be read at the start.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The thread could not be started.
    #[error("the desks' thread could not be started: {0}")]
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
}

/// The way into a node.
#[derive(Clone)]
pub struct Handle {
    inbox: mpsc::Sender<Work>,
}

struct Node {
    parts: Parts,
    inbox: mpsc::Receiver<Work>,
    replies: Vec<Waiting>,
    queries: Vec<(Query, oneshot::Sender<View>)>,
    barriers: Vec<oneshot::Sender<()>>,
    reports: Vec<Report>,
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
    // No sockets: without them a wait is a parked thread, not a call of the system's event queue.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let snapshots = parts.partitions.desks().iter().map(|d| d.head().seq.0).collect();
    let mut node = Node {
        parts,
        inbox,
        replies: Vec::new(),
        queries: Vec::new(),
        barriers: Vec::new(),
        reports: Vec::new(),
        snapshots,
        counts: Counts::new(),
        stopping: false,
    };
    std::thread::Builder::new().name("desks".to_owned()).spawn(move || {
        let result = runtime.block_on(node.run());
        if let Err(why) = &result {
            tracing::error!(%why, "the desks stopped");
        }
        // Whoever hears of the end may close the journal: the desks have let go of it by then.
        drop(node);
        // Whoever waited for this may be gone already.
        let _ = ended.send(result);
    })?;
    Ok((Handle { inbox: send }, told))
}

impl Node {
    async fn run(&mut self) -> Result<(), Ended> {
        loop {
            if self.reports.is_empty() {
                match self.inbox.recv().await {
                    Some(work) => self.take(work)?,
                    None => self.stopping = true,
                }
            }
            for report in std::mem::take(&mut self.reports) {
                let at = report.at;
                self.parts.partitions.take(Input::Report(report), at)?;
            }
            self.counts.waiting(self.inbox.len());
            let mut taken = 1;
            while taken < BATCH && !self.parts.partitions.is_full() {
                let Ok(work) = self.inbox.try_recv() else { break };
                self.take(work)?;
                taken += 1;
            }
            self.commit().await?;
            if self.stopping && self.reports.is_empty() {
                return self.save_all().await;
            }
        }
    }

    fn take(&mut self, work: Work) -> Result<(), Stopped> {
        match work {
            Work::Input { input, at, reply } => {
                let at = at.unwrap_or_else(|| self.parts.clock.now());
                let answer = self.parts.partitions.take(input, at)?;
                if let Some(reply) = reply {
                    self.replies.push(Waiting::One(reply, answer));
                }
            }
            Work::Commands { account, commands, reply } => {
                let at = self.parts.clock.now();
                let mut answers = Vec::with_capacity(commands.len());
                for (key, command) in commands {
                    answers.push(self.parts.partitions.command(account, key, command, at)?);
                }
                self.replies.push(Waiting::Many(reply, answers));
            }
            Work::Slice { inputs, at } => {
                for input in inputs {
                    self.parts.partitions.take(input, at)?;
                }
            }
            Work::Query { query, reply } => self.queries.push((query, reply)),
            Work::Barrier(reply) => self.barriers.push(reply),
            Work::Stop => self.stopping = true,
        }
        Ok(())
    }

    /// Makes what was taken durable, then lets its effects go: releases, answers, views, notices.
    async fn commit(&mut self) -> Result<(), Ended> {
        let mut held = self.parts.partitions.seal();
        let alarms: Vec<_> = held.iter_mut().flat_map(Held::take_alarms).collect();
        let heads: Vec<Notice> = held
            .iter()
            .map(|h| Notice { partition: h.batch().partition, seq: h.batch().seq })
            .collect();
        let (batches, events) =
            held.iter().fold((0, 0), |(n, sum), h| (n + 1, sum + h.batch().count));
        let began = Instant::now();
        let releases = match commit(&*self.parts.journal, held).await {
            Ok(releases) => releases,
            Err(why) => {
                let error = match why {
                    AppendError::Full => DeskError::StorageFull,
                    _ => DeskError::Gone,
                };
                for waiting in self.replies.drain(..) {
                    waiting.fail(error.clone());
                }
                return Err(why.into());
            }
        };
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
        for (query, reply) in self.queries.drain(..) {
            let _ = reply.send(self.parts.partitions.query(&query));
        }
        for notice in heads {
            self.snapshot(notice.clone()).await;
            self.parts.bus.publish(notice);
        }
        for barrier in self.barriers.drain(..) {
            let _ = barrier.send(());
        }
        Ok(())
    }

    /// Keeps a snapshot now and then, so that a start is short. Failing to is no harm: the journal has all.
    async fn snapshot(&mut self, notice: Notice) {
        let at = usize::from(notice.partition.0);
        let last = self.snapshots.get(at).copied().unwrap_or(0);
        if notice.seq.0 < last + SNAPSHOT_EVERY {
            return;
        }
        self.save(at).await;
    }

    async fn save(&mut self, at: usize) {
        let Some(desk) = self.parts.partitions.desks().get(at) else { return };
        let Some(snapshot) = desk.snapshot() else { return };
        let seq = snapshot.head.seq.0;
        match self.parts.journal.save(snapshot).await {
            Ok(()) => {
                if let Some(last) = self.snapshots.get_mut(at) {
                    *last = seq;
                }
            }
            Err(why) => tracing::warn!(%why, partition = at, "snapshot not kept"),
        }
    }

    async fn save_all(&mut self) -> Result<(), Ended> {
        for at in 0..self.parts.partitions.desks().len() {
            let head = self.parts.partitions.desks().get(at).map_or(0, |d| d.head().seq.0);
            if self.snapshots.get(at).is_some_and(|&last| last < head) {
                self.save(at).await;
            }
        }
        Ok(())
    }
}

impl Handle {
    /// Brings an input; waits while the inbox is full. `at` is when it happened; none means now.
    ///
    /// # Errors
    /// [`DeskError::Gone`] when the node has ended.
    pub async fn send(&self, input: Input, at: Option<Timestamp>) -> Result<(), DeskError> {
        let work = Work::Input { input, at, reply: None };
        self.inbox.send(work).await.map_err(|_| DeskError::Gone)
    }

    /// Brings inputs of one instant, in order, and waits until they are durable and their releases are with the
    /// gateway. They are taken together: nothing comes between.
    ///
    /// # Errors
    /// [`DeskError::Gone`] when the node has ended.
    pub async fn slice(&self, inputs: Vec<Input>, at: Timestamp) -> Result<(), DeskError> {
        self.inbox.send(Work::Slice { inputs, at }).await.map_err(|_| DeskError::Gone)?;
        self.barrier().await
    }

    /// Waits until everything sent before is durable and its releases are with the gateway.
    ///
    /// # Errors
    /// [`DeskError::Gone`] when the node has ended.
    pub async fn barrier(&self) -> Result<(), DeskError> {
        let (reply, done) = oneshot::channel();
        self.inbox.send(Work::Barrier(reply)).await.map_err(|_| DeskError::Gone)?;
        done.await.map_err(|_| DeskError::Gone)
    }

    /// Asks the node to make everything durable and end.
    pub async fn stop(&self) {
        // A node that has ended already needs no asking.
        let _ = self.inbox.send(Work::Stop).await;
    }

    async fn ask<T>(&self, work: impl FnOnce(Reply<T>) -> Work) -> Result<T, DeskError> {
        let (reply, answer) = oneshot::channel();
        room::bring(&self.inbox, work(reply))?;
        answer.await.map_err(|_| DeskError::Gone)?
    }

    async fn bring(&self, input: Input) -> Result<Answer, DeskError> {
        self.ask(|reply| Work::Input { input, at: None, reply: Some(reply) }).await
    }
}

impl Desks for Handle {
    fn command(
        &self,
        account: AccountId,
        key: Option<Key>,
        command: Command,
    ) -> Doing<'_, Result<Answer, DeskError>> {
        Box::pin(self.bring(Input::Command { account, key, command }))
    }

    fn commands(
        &self,
        account: AccountId,
        commands: Vec<(Option<Key>, Command)>,
    ) -> Doing<'_, Result<Vec<Answer>, DeskError>> {
        Box::pin(self.ask(move |reply| Work::Commands { account, commands, reply }))
    }

    fn query(&self, query: Query) -> Doing<'_, Result<View, DeskError>> {
        Box::pin(async move {
            let (reply, view) = oneshot::channel();
            room::bring(&self.inbox, Work::Query { query, reply })?;
            view.await.map_err(|_| DeskError::Gone)
        })
    }

    fn kill(
        &self,
        scope: Scope,
        by: Actor,
        reason: String,
        flatten: bool,
    ) -> Doing<'_, Result<(), DeskError>> {
        Box::pin(
            async move { self.bring(Input::Kill { scope, by, reason, flatten }).await.map(drop) },
        )
    }

    fn rearm(&self, scope: Scope, by: Actor, reason: String) -> Doing<'_, Result<(), DeskError>> {
        Box::pin(async move { self.bring(Input::Rearm { scope, by, reason }).await.map(drop) })
    }
}
