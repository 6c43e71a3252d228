//! The gateway of one venue: releases wait in the lanes and leave in their turn, several at a time.
//!
//! It tries again only what certainly did not happen. A doubtful order is looked up by its id, then adopted or
//! lapsed; there is no resend. Every release ends in a report. A slow answer holds up nothing but what must follow
//! it; a cancelled order that has not begun its way to the venue never begins it.

mod flights;

use crate::latency::Latencies;
use flights::{Flights, Waiting, Way};
use nija_core::commit::{ENTRY_GOOD_FOR, Release};
use nija_core::desk::held::Act;
use nija_core::lanes::Lanes;
use nija_core::ports::{Clock, Found, Venue, VenueError};
use nija_core::words::id::OrderId;
use nija_core::words::order::{Outcome, Report};
use nija_core::words::tier::Tier;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Entries that may wait in one lane.
const LANE_CAPACITY: usize = 65_536;
/// Tries that may be under way at once.
const TRIES: usize = 32;
/// Flights that may wait for an answer or for their next try.
const FLIGHTS: usize = 4_096;
/// How long a venue may take to answer.
const SUBMIT_TIMEOUT: Duration = Duration::from_secs(10);
/// The first pause before another try; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

const CANCELLED: &str = "cancelled before it was sent";
const NEVER: &str = "the venue never received it";

/// One venue's door for releases.
pub struct Gateway {
    venue: Arc<dyn Venue>,
    clock: Arc<dyn Clock>,
    latencies: Arc<Latencies>,
    flights: Mutex<Flights>,
    tries: Arc<Semaphore>,
    woken: Notify,
    idle: Notify,
}

impl Gateway {
    /// The gateway of a venue.
    #[must_use]
    pub fn new(venue: Arc<dyn Venue>, clock: Arc<dyn Clock>, latencies: Arc<Latencies>) -> Self {
        Self {
            venue,
            clock,
            latencies,
            flights: Mutex::new(Flights::new(Lanes::new(LANE_CAPACITY))),
            tries: Arc::new(Semaphore::new(TRIES)),
            woken: Notify::new(),
            idle: Notify::new(),
        }
    }

    fn flights(&self) -> MutexGuard<'_, Flights> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn done(&self, count: usize) {
        let mut flights = self.flights();
        flights.open = flights.open.saturating_sub(count);
        if flights.open == 0 {
            self.idle.notify_waiters();
        }
    }

    /// Queues releases. Reports of what cannot wait come back at once. Once it returns, nothing that these
    /// releases cancel begins its way to the venue any more.
    #[must_use = "reports must reach the desks"]
    pub fn accept(&self, releases: Vec<Release>) -> Vec<Report> {
        let mut reports = Vec::new();
        let (at, since) = (self.clock.now(), Instant::now());
        let lapsed = |order, why| Report { order, outcome: Outcome::Lapsed { why }, at };
        let mut cancelled: Vec<OrderId> = releases
            .iter()
            .filter(|release| matches!(release.act(), Act::Cancel { .. }))
            .map(Release::order)
            .collect();
        cancelled.sort_unstable();
        let mut flights = self.flights();
        let out = if cancelled.is_empty() { Vec::new() } else { flights.revoke(&cancelled) };
        let mut over = out.len();
        let tier_of = |release: &Release| (release.order(), release.tier());
        let mut dropped: BTreeMap<OrderId, Tier> =
            out.iter().map(|waiting| tier_of(&waiting.release)).collect();
        flights.open += releases.len();
        for release in releases {
            let order = release.order();
            let waiting = Waiting { release, since };
            if waiting.release.ticket().is_some() {
                if cancelled.binary_search(&order).is_ok() {
                    dropped.extend([tier_of(&waiting.release)]);
                    over += 1;
                } else if let Err(tier) = flights.push(waiting) {
                    self.latencies.lapsed(tier);
                    reports.push(lapsed(order, "its lane is full"));
                    over += 1;
                }
            } else if let Some(tier) = dropped.remove(&order) {
                self.latencies.lapsed(tier);
                reports.push(lapsed(order, CANCELLED));
                over += 1;
            } else {
                // What reduces risk is never turned away.
                let _ = flights.push(waiting);
            }
        }
        drop(flights);
        self.done(over);
        self.woken.notify_one();
        reports
    }

    /// Sends what waits, in turn, until the node is gone. Reports go to `reports`. What a venue answers at once is
    /// done in the order of the lanes; what it does not goes on by itself.
    pub async fn run(self: Arc<Self>, reports: mpsc::Sender<Report>) {
        let mut going = JoinSet::new();
        let mut done = 0;
        loop {
            while going.try_join_next().is_some() {}
            let slot = tokio::select! {
                slot = Arc::clone(&self.tries).acquire_owned() => slot,
                () = reports.closed() => return,
            };
            let next = if going.len() < FLIGHTS { self.flights().next() } else { None };
            // Finding the lanes empty ends their round. That comes before anyone hears that all is sent, so the
            // turns of the next releases do not depend on who is quicker.
            self.done(std::mem::take(&mut done));
            let (Ok(slot), Some((way, waiting))) = (slot, next) else {
                tokio::select! {
                    () = self.woken.notified() => {}
                    Some(_) = going.join_next() => {}
                    () = reports.closed() => return,
                }
                continue;
            };
            let flight = Arc::clone(&self).fly(way, waiting, slot, reports.clone());
            let mut flight = Box::pin(flight);
            match poll_fn(|cx| Poll::Ready(flight.as_mut().poll(cx))).await {
                Poll::Ready(()) => done += 1,
                Poll::Pending => {
                    let gateway = Arc::clone(&self);
                    going.spawn(async move {
                        flight.await;
                        gateway.done(1);
                        gateway.woken.notify_one();
                    });
                }
            }
        }
    }

    /// How many wait in each lane, the lowest first.
    #[must_use]
    pub fn waiting(&self) -> [usize; 4] {
        self.flights().waiting()
    }

    /// Waits until every release that was accepted has been sent or reported.
    pub async fn settled(&self) {
        loop {
            let idle = self.idle.notified();
            tokio::pin!(idle);
            // Registered before the count is read, so a release that ends in between is not missed.
            idle.as_mut().enable();
            if self.flights().open == 0 {
                return;
            }
            idle.await;
        }
    }

    /// One release from its turn to its end.
    async fn fly(
        self: Arc<Self>,
        way: Way,
        waiting: Waiting,
        slot: OwnedSemaphorePermit,
        reports: mpsc::Sender<Report>,
    ) {
        for report in self.send(way, &waiting, slot).await {
            // Without listeners the node is gone: the start is the recovery.
            let _ = reports.send(report).await;
        }
        self.flights().land(way);
    }

    async fn send(&self, way: Way, waiting: &Waiting, slot: OwnedSemaphorePermit) -> Vec<Report> {
        let release = &waiting.release;
        let (tier, order) = (release.tier(), release.order());
        let (mut pause, mut tries_left) = (FIRST_PAUSE, release.retries());
        let mut slot = Some(slot);
        loop {
            if release.is_entry() && waiting.since.elapsed() > millis(ENTRY_GOOD_FOR.as_millis()) {
                return self.lapse(release, "it waited too long to be sent");
            }
            let Some(answer) = self.attempt(way, release).await else {
                return self.lapse(release, CANCELLED);
            };
            // Whoever waits between tries keeps nobody else from theirs.
            drop(slot.take());
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
                // A cancel may be repeated, an order never.
                Err(VenueError::Unknown) if release.ticket().is_some() => {
                    return self.settle(release).await;
                }
                // What reduces risk is tried until the venue takes it.
                Err(_) if tries_left == 0 && release.is_entry() => {
                    return self.lapse(release, "the venue could not be reached");
                }
                Err(_) => {
                    tries_left = tries_left.saturating_sub(1);
                    self.latencies.retried(tier);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    slot = Arc::clone(&self.tries).acquire_owned().await.ok();
                }
            }
        }
    }

    /// One try; none when the order was cancelled before. It begins under the lock that cancels take, so whoever
    /// cancels finds it either begun or never to begin.
    async fn attempt(&self, way: Way, release: &Release) -> Option<Result<(), VenueError>> {
        let mut submit = self.venue.submit(release);
        let begun = poll_fn(|cx| {
            let flights = self.flights();
            Poll::Ready(flights.may_begin(way).then(|| submit.as_mut().poll(cx)))
        });
        Some(match begun.await? {
            Poll::Ready(answer) => answer,
            Poll::Pending => {
                let answer = tokio::time::timeout(SUBMIT_TIMEOUT, submit).await;
                answer.unwrap_or(Err(VenueError::Unknown))
            }
        })
    }

    /// Finds out what became of an order whose answer was lost.
    async fn settle(&self, release: &Release) -> Vec<Report> {
        match self.find(release.order()).await {
            Found::Known(reports) => reports,
            Found::Never => self.lapse(release, NEVER),
        }
    }

    /// Asks what became of orders whose reports may be lost, after a restart or a gap in the venue's stream:
    /// everything that happened to each, or its lapse. What is still on its way from here is left out, so `orders`
    /// must be those that were open, with everything before them released, when the desks were asked.
    pub async fn adopt(&self, orders: Vec<OrderId>) -> Vec<Report> {
        let mut reports = Vec::new();
        for order in orders {
            if self.flights().holds(order) {
                continue;
            }
            match self.find(order).await {
                Found::Known(known) => reports.extend(known),
                Found::Never => {
                    let (outcome, at) = (Outcome::Lapsed { why: NEVER }, self.clock.now());
                    reports.push(Report { order, outcome, at });
                }
            }
        }
        reports
    }

    /// Asks until the venue answers.
    async fn find(&self, order: OrderId) -> Found {
        let mut pause = FIRST_PAUSE;
        loop {
            let find = self.venue.find(order);
            if let Ok(Ok(found)) = tokio::time::timeout(SUBMIT_TIMEOUT, find).await {
                return found;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
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

#[cfg(test)]
mod tests;
