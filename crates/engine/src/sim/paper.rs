//! The exchange as a venue: shared between the gateway that brings orders and the driver that brings events.
//!
//! A lock around the pure exchange and a bell for its reports. It never waits for anything but reports.

use super::Exchange;
use crate::feeds::MarketEvent;
use nija_core::commit::Release;
use nija_core::desk::held::Act;
use nija_core::ports::{Abilities, Clock, Doing, Found, Memory, Venue, VenueError};
use nija_core::words::id::{InstrumentId, OrderId};
use nija_core::words::instrument::{Instrument, VenueName};
use nija_core::words::money::{Price, Qty};
use nija_core::words::order::{Report, Ticket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Reports that may wait before new orders are asked to come later. Events are never held up: they can add
/// no more reports than there are open orders.
pub const OUTBOX: usize = 65_536;
/// Reports that are handed over at once.
const HANDFUL: usize = 1_024;
/// Longest wait before looking again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The paper venue.
pub struct Paper {
    exchange: Mutex<Exchange>,
    clock: Arc<dyn Clock>,
    bell: Notify,
    closed: AtomicBool,
}

impl Paper {
    /// Opens the venue. `clock` tells when orders arrive: the real one in paper trading, one that is moved by
    /// the data in a backtest.
    #[must_use]
    pub fn new(exchange: Exchange, clock: Arc<dyn Clock>) -> Self {
        let (exchange, bell) = (Mutex::new(exchange), Notify::new());
        Self { exchange, clock, bell, closed: AtomicBool::new(false) }
    }

    /// Lists an instrument.
    pub fn list(&self, instrument: Instrument) {
        self.exchange().list(instrument);
    }
    /// Tells a last price from before; see [`Exchange::know`].
    pub fn know(&self, instrument: InstrumentId, price: Price) {
        self.exchange().know(instrument, price);
    }
    /// Takes an open order back after a restart; see [`Exchange::restore`].
    pub fn restore(&self, ticket: &Ticket, filled: Qty, fills: u64) {
        let now = self.clock.now();
        self.exchange().restore(ticket, filled, fills, now);
        self.bell.notify_one();
    }
    /// Trades what a market event allows.
    pub fn on_market(&self, event: &MarketEvent) {
        let mut exchange = self.exchange();
        exchange.on_market(event);
        self.ring(&exchange);
    }
    /// Lets time pass while no events come.
    pub fn advance(&self) {
        let now = self.clock.now();
        let mut exchange = self.exchange();
        exchange.advance(now);
        self.ring(&exchange);
    }
    /// Takes up to `limit` reports at once, without waiting: for drivers that go step by step.
    #[must_use]
    pub fn take_reports(&self, limit: usize) -> Vec<Report> {
        self.exchange().take_reports(limit)
    }
    /// Closes the venue for good: once its reports are taken, listeners hear the end.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.bell.notify_one();
    }

    fn ring(&self, exchange: &Exchange) {
        if exchange.waiting_reports() > 0 {
            self.bell.notify_one();
        }
    }
    fn exchange(&self) -> MutexGuard<'_, Exchange> {
        // A panic elsewhere cannot leave the exchange half changed in a way its own reports would not show.
        self.exchange.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn do_submit(&self, act: &Act) -> Result<(), VenueError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(VenueError::Unreachable);
        }
        let now = self.clock.now();
        let mut exchange = self.exchange();
        match act {
            Act::Place(_) if exchange.waiting_reports() >= OUTBOX => {
                return Err(VenueError::Throttled);
            }
            Act::Cancel { order, .. } if !exchange.cancel(*order, now) => {
                return Err(VenueError::Rejected("no such order was ever placed here".to_owned()));
            }
            Act::Cancel { .. } => {}
            Act::Place(approved) => exchange.place(approved.ticket(), now),
        }
        self.ring(&exchange);
        Ok(())
    }
}

impl Venue for Paper {
    fn name(&self) -> VenueName {
        VenueName::Paper
    }
    fn abilities(&self) -> Abilities {
        Abilities { memory: Memory::Journal, queues_when_closed: true }
    }
    fn submit<'a>(&'a self, release: &'a Release) -> Doing<'a, Result<(), VenueError>> {
        Box::pin(async move { self.do_submit(release.act()) })
    }
    fn find(&self, order: OrderId) -> Doing<'_, Result<Found, VenueError>> {
        Box::pin(async move { Ok(self.exchange().find(order)) })
    }
    fn reports(&self) -> Doing<'_, Option<Vec<Report>>> {
        Box::pin(async move {
            loop {
                let rung = self.bell.notified();
                let reports = self.take_reports(HANDFUL);
                if !reports.is_empty() {
                    return Some(reports);
                }
                if self.closed.load(Ordering::Acquire) {
                    return None;
                }
                // The bell may have been heard by another listener: nobody sleeps on it for ever.
                let _ = tokio::time::timeout(LOOK_AGAIN, rung).await;
            }
        })
    }
}
