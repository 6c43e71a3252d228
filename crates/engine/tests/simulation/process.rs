//! The process: the real desks, commit, gateway and recovery, driven on one thread as the node drives them, and
//! killed wherever a process can be killed. Absent: the node's own inbox and thread, the API, the views.

use crate::auditor::Auditor;
use crate::disk::Disk;
use crate::fault::Fault;
use crate::truth::Truth;
use crate::venue::Hostile;
use nija_core::commit::commit;
use nija_core::desk::answer::Answer;
use nija_core::desk::input::Input;
use nija_core::desk::{Outstanding, Rules};
use nija_core::journal::Head;
use nija_core::ports::{Clock, Journal, Memory, Venue};
use nija_core::words::id::PartitionId;
use nija_core::words::instrument::Instrument;
use nija_core::words::order::Report;
use nija_core::words::time::Span;
use nija_engine::gateway::Gateway;
use nija_engine::latency::Latencies;
use nija_engine::node::Ended;
use nija_engine::partitions::Partitions;
use nija_engine::recovery::take_over;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Partitions of the simulated node.
pub(crate) const PARTITIONS: u16 = 2;
/// Reports that may wait between the gateway and the desks.
const REPORTS: usize = 4_096;
/// Starts after which something is wrong with starting itself.
const STARTS: u32 = 50;

/// What the process stands on; it survives every death.
#[derive(Clone)]
pub(crate) struct Ground {
    pub(crate) truth: Arc<Truth>,
    pub(crate) disk: Arc<Disk>,
    pub(crate) venue: Arc<Hostile>,
    pub(crate) auditor: Arc<Mutex<Auditor>>,
    pub(crate) rules: Arc<Rules>,
    pub(crate) instruments: Vec<Instrument>,
}

/// A living process.
pub(crate) struct Process {
    ground: Ground,
    pub(crate) partitions: Partitions,
    gateway: Arc<Gateway>,
    sending: JoinHandle<()>,
    reports: mpsc::Receiver<Report>,
    early: Vec<Report>,
}

/// What became of a batch of inputs.
pub(crate) enum Turn {
    /// Durable and released: these may be told.
    Done(Vec<Answer>),
    /// The process is dead, nobody has been told anything.
    Dead,
}

impl Process {
    /// Starts as the product does: takes the journal over, hands open orders to the venue or asks it about them,
    /// then sends what the start released.
    pub(crate) async fn start(ground: &Ground) -> Option<Self> {
        for _ in 0..STARTS {
            ground.disk.crash();
            ground.venue.crash();
            let clock: Arc<dyn Clock> = Arc::clone(&ground.truth) as Arc<dyn Clock>;
            let now = clock.now();
            let (rules, instruments) = (&ground.rules, &ground.instruments);
            let disk: Arc<dyn Journal> = Arc::clone(&ground.disk) as Arc<dyn Journal>;
            let taken = take_over(&disk, PARTITIONS, rules, instruments, now).await;
            let (partitions, releases) = match taken {
                Ok(taken) => taken,
                Err(Ended::Journal(_)) => continue,
                Err(why) => {
                    ground.truth.breach("recovery succeeds", why.to_string());
                    return None;
                }
            };
            if ground.truth.strikes(Fault::CrashInRecovery) {
                continue;
            }
            ground.auditor.lock().unwrap().read(PARTITIONS);
            let latencies = Arc::new(Latencies::new().unwrap());
            let venue = Arc::clone(&ground.venue) as Arc<dyn Venue>;
            let gateway = Arc::new(Gateway::new(venue, clock, latencies));
            let (send, reports) = mpsc::channel(REPORTS);
            let running = Arc::clone(&gateway);
            let sending = tokio::spawn(async move { running.run(send).await });
            let mut process = Self {
                ground: ground.clone(),
                partitions,
                gateway,
                sending,
                reports,
                early: Vec::new(),
            };
            process.resume().await;
            let early = process.gateway.accept(releases);
            process.early.extend(early);
            return Some(process);
        }
        ground.truth.breach("recovery succeeds", "it never did");
        None
    }

    /// Settles the open orders with the venue.
    async fn resume(&mut self) {
        if self.ground.venue.abilities().memory == Memory::Venue {
            self.early = self.ask_again().await;
            return;
        }
        let auditor = Arc::clone(&self.ground.auditor);
        self.ground.venue.keep_fills(&|order, fill| {
            let auditor = auditor.lock().unwrap();
            auditor.orders.get(&order).is_some_and(|kept| kept.fills.contains_key(&fill))
        });
        self.outstanding().iter().for_each(|order| self.ground.venue.restore(order));
    }

    pub(crate) fn outstanding(&self) -> Vec<Outstanding> {
        self.partitions.desks().iter().flat_map(|desk| desk.outstanding()).collect()
    }

    /// The reports of the gateway that have come so far.
    pub(crate) fn take_reports(&mut self) -> Vec<Report> {
        let mut reports = std::mem::take(&mut self.early);
        while let Ok(report) = self.reports.try_recv() {
            reports.push(report);
        }
        reports
    }

    /// Takes inputs, makes them durable, releases what they led to and gives their answers.
    pub(crate) async fn turn(&mut self, inputs: Vec<Input>) -> Turn {
        let Ground { truth, disk, auditor, .. } = self.ground.clone();
        let now = Clock::now(&*truth);
        let mut answers = Vec::with_capacity(inputs.len());
        for (n, input) in (0..).zip(inputs) {
            // Time passes while a batch collects.
            match self.partitions.take(input, now.plus(Span::millis(n))) {
                Ok(answer) => answers.push(answer),
                Err(stopped) => {
                    truth.breach("no desk meets a bug", stopped.to_string());
                    return Turn::Dead;
                }
            }
        }
        if truth.strikes(Fault::CrashBeforeAppend) {
            return Turn::Dead;
        }
        let Ok(releases) = commit(&*disk, self.partitions.seal()).await else {
            return Turn::Dead;
        };
        auditor.lock().unwrap().read(PARTITIONS);
        if truth.strikes(Fault::CrashBeforeRelease) {
            return Turn::Dead;
        }
        let early = self.gateway.accept(releases);
        self.early.extend(early);
        if truth.strikes(Fault::CrashBeforeAnswer) {
            return Turn::Dead;
        }
        Turn::Done(answers)
    }

    /// After a restart or a gap in the venue's reports: what became of every open order, and of those that were
    /// cancelled lately.
    pub(crate) async fn ask_again(&self) -> Vec<Report> {
        self.gateway.adopt(self.partitions.in_doubt()).await
    }

    /// Has everything that was released been sent or reported?
    pub(crate) async fn is_settled(&self) -> bool {
        tokio::time::timeout(Duration::from_secs(1), self.gateway.settled()).await.is_ok()
    }

    /// Keeps a snapshot of one desk.
    pub(crate) async fn save(&self, partition: PartitionId) {
        let desk = &self.partitions.desks()[usize::from(partition.0)];
        if let Some(snapshot) = desk.snapshot() {
            self.ground.disk.save(snapshot).await.unwrap();
        }
    }

    /// Where each partition stands.
    pub(crate) fn heads(&self) -> BTreeMap<PartitionId, Head> {
        self.partitions.desks().iter().map(|desk| (desk.partition(), *desk.head())).collect()
    }

    /// Ends it in the middle of whatever it does.
    pub(crate) async fn stop(&mut self) {
        self.sending.abort();
        // An aborted task ends as cancelled: that is what was asked for.
        let _ = (&mut self.sending).await;
    }
}
