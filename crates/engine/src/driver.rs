//! Drives a paper run: brings market events to the venue and the desks, one step after the other.
//!
//! A step is done when everything it caused is durable and the venue has nothing more to say, so a run over
//! recorded events decides exactly as the backtest over them does. Between steps the API trades freely.

use crate::clock::Simulated;
use crate::copier::Parcels;
use crate::feeds::steps::Steps;
use crate::feeds::{self, Feed, Kind, MarketEvent};
use crate::gateway::Gateway;
use crate::node::Handle;
use crate::sim::Paper;
use crate::trader::Trader;
use nija_core::desk::input::Input;
use nija_core::ports::{Clock, DeskError, Venue};
use nija_core::words::instrument::Instrument;
use nija_core::words::order::Report;
use nija_core::words::time::Timestamp;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

/// Reports taken from the venue at a time.
const HANDFUL: usize = 1_024;
/// How often the venue is told the time while no events come.
const TICK: Duration = Duration::from_millis(250);

/// How long a step waits for its releases before it takes what the venue has said so far.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// In real time the market does not wait longer than this for a release that is tried again and again.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The market data are not as they should be.
    #[error(transparent)]
    Feed(#[from] feeds::Error),
    /// The desks are gone.
    #[error(transparent)]
    Desk(#[from] DeskError),
}

/// How events follow one another.
pub enum Pace {
    /// In simulated time: a day of it takes as long as this says, from the instant it is about.
    /// `None` means as fast as the desks go.
    Simulated {
        /// The clock to move.
        clock: Arc<Simulated>,
        /// How long a simulated day takes.
        day: Box<dyn Fn(Timestamp) -> Option<Duration> + Send + Sync>,
    },
    /// In real time: an event happens when the clock has reached it.
    Real(Arc<dyn Clock>),
}

/// Where a driver brings its events.
pub struct Rooms {
    /// The desks.
    pub handle: Handle,
    /// The gateway of the paper venue.
    pub gateway: Arc<Gateway>,
    /// The paper venue.
    pub venue: Arc<Paper>,
    /// What travels between partitions.
    pub parcels: Arc<Parcels>,
}

/// Drives one feed.
pub struct Driver {
    rooms: Rooms,
    trader: Trader,
    pace: Pace,
    last: Option<Timestamp>,
    /// Is told of contracts that are listed.
    listed: Box<dyn Fn(Instrument) + Send + Sync>,
}

impl Driver {
    /// A driver into these rooms.
    #[must_use]
    pub fn new(rooms: Rooms, trader: Trader, pace: Pace) -> Self {
        Self { rooms, trader, pace, last: None, listed: Box::new(|_| ()) }
    }

    /// Tells of each contract that is listed on the way.
    #[must_use]
    pub fn telling(mut self, listed: Box<dyn Fn(Instrument) + Send + Sync>) -> Self {
        self.listed = listed;
        self
    }

    /// Drives a feed to its end, or until told to stop.
    ///
    /// # Errors
    /// See [`Ended`].
    pub async fn run(
        &mut self,
        feed: &mut dyn Feed,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), Ended> {
        let mut steps = Steps::of(feed);
        while let Some((at, events)) = steps.next_step()? {
            if !self.wait_for(at, stop).await? {
                return Ok(());
            }
            self.step(at, events).await?;
        }
        Ok(())
    }

    /// Keeps the venue's orders moving while no events come, until told to stop.
    ///
    /// # Errors
    /// See [`Ended`].
    pub async fn idle(&mut self, stop: &mut watch::Receiver<bool>) -> Result<(), Ended> {
        pump(&self.rooms, Duration::MAX, stop).await.map(drop)
    }

    /// Waits until an event's time has come. `false` when told to stop.
    async fn wait_for(
        &mut self,
        at: Timestamp,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<bool, Ended> {
        let wait = match &self.pace {
            Pace::Real(clock) => micros(at.since(clock.now()).0),
            Pace::Simulated { day, .. } => {
                let gap = self.last.map_or(0, |last| at.since(last).0.max(0));
                self.last = Some(at);
                let days = f64_days(gap);
                day(at).map_or(Duration::ZERO, |day| day.mul_f64(days))
            }
        };
        if wait.is_zero() {
            return Ok(!*stop.borrow());
        }
        pump(&self.rooms, wait, stop).await
    }

    /// Brings the events of one step and waits until everything they caused is done.
    async fn step(&mut self, at: Timestamp, events: &[MarketEvent]) -> Result<(), Ended> {
        if let Pace::Simulated { clock, .. } = &self.pace {
            clock.advance(at);
        }
        let rooms = &self.rooms;
        events.iter().for_each(|event| rooms.venue.on_market(event));
        let mut inputs: Vec<Input> = Vec::new();
        take_reports(rooms, &mut inputs);
        self.trader.step(events, |input| inputs.push(input));
        for event in events {
            if let Kind::Listed(terms) = event.kind {
                (self.listed)(terms.instrument());
            }
        }
        while !inputs.is_empty() {
            bring(rooms, std::mem::take(&mut inputs), at).await?;
            let began = Instant::now();
            let in_time =
                || matches!(self.pace, Pace::Simulated { .. }) || began.elapsed() < PATIENCE;
            // A venue whose reports wait untaken takes no more orders, so they are taken meanwhile.
            while tokio::time::timeout(LOOK_AGAIN, settled(rooms)).await.is_err() && in_time() {
                take_reports(rooms, &mut inputs);
            }
            take_reports(rooms, &mut inputs);
        }
        Ok(())
    }
}

/// Brings inputs of one instant in their order, no more at a time than others can wait for.
async fn bring(rooms: &Rooms, inputs: Vec<Input>, at: Timestamp) -> Result<(), DeskError> {
    let mut inputs = inputs.into_iter();
    while !inputs.as_slice().is_empty() {
        rooms.handle.slice(inputs.by_ref().take(HANDFUL).collect(), at).await?;
    }
    Ok(())
}

/// Takes what the venue has said so far.
fn take_reports(rooms: &Rooms, into: &mut Vec<Input>) {
    loop {
        let reports = rooms.venue.take_reports(HANDFUL);
        if reports.is_empty() {
            return;
        }
        into.extend(reports.into_iter().map(Input::Report));
    }
}

/// Waits until followers have heard what leaders did, and all of it is sent.
async fn settled(rooms: &Rooms) {
    rooms.parcels.settled().await;
    rooms.gateway.settled().await;
}

/// Lets time pass at the venue and carries its reports for so long. `false` when told to stop.
async fn pump(
    rooms: &Rooms,
    time: Duration,
    stop: &mut watch::Receiver<bool>,
) -> Result<bool, Ended> {
    let until = tokio::time::sleep(time);
    tokio::pin!(until);
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = &mut until => return Ok(true),
            () = told(stop) => return Ok(false),
            // By the venue's own clock: a simulated one stands still between events, and so does the venue.
            _ = tick.tick() => rooms.venue.advance(),
            reports = rooms.venue.reports() => match reports {
                Some(reports) => report(rooms, reports).await?,
                None => return Ok(false),
            },
        }
    }
}

async fn report(rooms: &Rooms, reports: Vec<Report>) -> Result<(), DeskError> {
    let Some(at) = reports.last().map(|r| r.at) else { return Ok(()) };
    let inputs = reports.into_iter().map(Input::Report).collect();
    rooms.handle.slice(inputs, at).await
}

/// Waits until told to stop.
async fn told(stop: &mut watch::Receiver<bool>) {
    // An error means that whoever could tell is gone: that is a stop, too.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn micros(us: i64) -> Duration {
    Duration::from_micros(u64::try_from(us).unwrap_or(0))
}

/// A span in days, for the pace of a replay only.
fn f64_days(us: i64) -> f64 {
    us as f64 / 86_400_000_000.0
}

#[cfg(test)]
mod tests;
