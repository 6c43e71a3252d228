//! The gateway of one venue: releases wait in the lanes and leave in their turn.
//!
//! It tries again only what certainly did not happen. A doubtful order is looked up by its id, then adopted or
//! lapsed; there is no resend. Every release ends in a report.

use crate::latency::Latencies;
use nija_core::commit::{ENTRY_GOOD_FOR, Release};
use nija_core::desk::held::Act;
use nija_core::lanes::Lanes;
use nija_core::ports::{Clock, Found, Venue, VenueError};
use nija_core::words::order::{Outcome, Report};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc};

/// Entries that may wait in one lane.
const LANE_CAPACITY: usize = 65_536;
/// How long a venue may take to answer.
const SUBMIT_TIMEOUT: Duration = Duration::from_secs(10);
/// The first pause before another try; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// One venue's door for releases.
pub struct Gateway {
    venue: Arc<dyn Venue>,
    clock: Arc<dyn Clock>,
    latencies: Arc<Latencies>,
    lanes: Mutex<Lanes<Waiting>>,
    woken: Notify,
    idle: Notify,
    /// Releases accepted and not yet reported or sent.
    open: Mutex<usize>,
}

struct Waiting {
    release: Release,
    since: Instant,
}

impl Gateway {
    /// The gateway of a venue.
    #[must_use]
    pub fn new(venue: Arc<dyn Venue>, clock: Arc<dyn Clock>, latencies: Arc<Latencies>) -> Self {
        Self {
            venue,
            clock,
            latencies,
            lanes: Mutex::new(Lanes::new(LANE_CAPACITY)),
            woken: Notify::new(),
            idle: Notify::new(),
            open: Mutex::new(0),
        }
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes<Waiting>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self) -> MutexGuard<'_, usize> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn done(&self, count: usize) {
        let mut open = self.count();
        *open = open.saturating_sub(count);
        if *open == 0 {
            self.idle.notify_waiters();
        }
    }

    /// Queues releases. Reports of what cannot wait come back at once.
    #[must_use = "reports must reach the desks"]
    pub fn accept(&self, releases: Vec<Release>) -> Vec<Report> {
        let mut reports = Vec::new();
        let now = self.clock.now();
        let lapsed = |order, why| Report { order, outcome: Outcome::Lapsed { why }, at: now };
        let since = Instant::now();
        let mut lanes = self.lanes();
        for release in releases {
            let (lane, order) = (release.lane(), release.order());
            *self.count() += 1;
            if matches!(release.act(), Act::Cancel { .. }) {
                let dropped = lanes.drop_entries(|w| w.release.order() == order);
                if let Some(waiting) = dropped.first() {
                    self.latencies.lapsed(waiting.release.tier());
                    reports.push(lapsed(order, "cancelled before it was sent"));
                    self.done(dropped.len() + 1);
                    continue;
                }
            }
            let is_entry = release.is_entry();
            let waiting = Waiting { release, since };
            if !is_entry {
                lanes.push_exit(lane, waiting);
            } else if let Err(back) = lanes.push_entry(lane, waiting) {
                self.latencies.lapsed(back.release.tier());
                reports.push(lapsed(order, "its lane is full"));
                self.done(1);
            }
        }
        drop(lanes);
        self.woken.notify_one();
        reports
    }

    /// Sends what waits, in turn, until the node is gone. Reports go to `reports`.
    pub async fn run(&self, reports: mpsc::Sender<Report>) {
        let mut next = self.lanes().pop();
        loop {
            let Some(waiting) = next else {
                tokio::select! {
                    () = self.woken.notified() => {}
                    () = reports.closed() => return,
                }
                next = self.lanes().pop();
                continue;
            };
            let told = self.send(&waiting).await;
            for report in told {
                if reports.send(report).await.is_err() {
                    return;
                }
            }
            // Finding the lanes empty ends their round. That comes before anyone hears that all is sent, so the
            // turns of the next releases do not depend on who is quicker.
            next = self.lanes().pop();
            self.done(1);
        }
    }

    /// How many wait in each lane, the lowest first.
    #[must_use]
    pub fn waiting(&self) -> [usize; 4] {
        self.lanes().waiting()
    }

    /// Waits until every release that was accepted has been sent or reported.
    pub async fn settled(&self) {
        loop {
            let idle = self.idle.notified();
            tokio::pin!(idle);
            // Registered before the count is read, so a release that ends in between is not missed.
            idle.as_mut().enable();
            if *self.count() == 0 {
                return;
            }
            idle.await;
        }
    }

    async fn send(&self, waiting: &Waiting) -> Vec<Report> {
        let release = &waiting.release;
        let (tier, order) = (release.tier(), release.order());
        let mut pause = FIRST_PAUSE;
        let mut tries_left = release.retries();
        loop {
            if release.is_entry() && waiting.since.elapsed() > millis(ENTRY_GOOD_FOR.as_millis()) {
                return self.lapse(release, "it waited too long to be sent");
            }
            let submit = self.venue.submit(release);
            let answer = tokio::time::timeout(SUBMIT_TIMEOUT, submit).await;
            let answer = answer.unwrap_or(Err(VenueError::Unknown));
            if let Err(why) = &answer {
                metrics::counter!("nija_venue_errors_total", "kind" => kind(why)).increment(1);
            }
            match answer {
                Ok(()) => {
                    let promise = millis(release.promise().as_millis());
                    self.latencies.sent(tier, waiting.since.elapsed(), promise);
                    metrics::counter!("nija_orders_sent_total", "tier" => tier.name()).increment(1);
                    return Vec::new();
                }
                Err(VenueError::Rejected(_)) if release.ticket().is_none() => return Vec::new(),
                Err(VenueError::Rejected(why)) => {
                    let (outcome, at) = (Outcome::Rejected { why }, self.clock.now());
                    return vec![Report { order, outcome, at }];
                }
                Err(VenueError::Unknown) => return self.settle(release).await,
                // What reduces risk is tried until the venue takes it.
                Err(_) if tries_left == 0 && release.is_entry() => {
                    return self.lapse(release, "the venue could not be reached");
                }
                Err(_) => {
                    tries_left = tries_left.saturating_sub(1);
                    self.latencies.retried(tier);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(5));
                }
            }
        }
    }

    /// Finds out what became of an order whose answer was lost.
    async fn settle(&self, release: &Release) -> Vec<Report> {
        if release.ticket().is_none() {
            return Vec::new();
        }
        let mut pause = FIRST_PAUSE;
        loop {
            let find = self.venue.find(release.order());
            match tokio::time::timeout(SUBMIT_TIMEOUT, find).await {
                Ok(Ok(Found::Known(reports))) => return reports,
                Ok(Ok(Found::Never)) => {
                    return self.lapse(release, "the venue never received it");
                }
                Ok(Err(_)) | Err(_) => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(5));
                }
            }
        }
    }

    fn lapse(&self, release: &Release, why: &'static str) -> Vec<Report> {
        if release.ticket().is_none() {
            return Vec::new();
        }
        self.latencies.lapsed(release.tier());
        let outcome = Outcome::Lapsed { why };
        vec![Report { order: release.order(), outcome, at: self.clock.now() }]
    }
}

/// The word that watchers see.
const fn kind(error: &VenueError) -> &'static str {
    match error {
        VenueError::Rejected(_) => "rejected",
        VenueError::Unknown => "unknown",
        VenueError::Unreachable => "unreachable",
        VenueError::Throttled => "throttled",
    }
}

fn millis(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}
