//! A hostile venue in front of the real simulated exchange. It keeps a log of its own, which is the truth about
//! orders and fills, and holds everything it is sent to the journal.
//!
//! Two kinds. One remembers its orders over a restart of the process and does to its reports whatever a network
//! may do. The other lives in the process, as the paper venue does: it forgets, recovery hands its orders back,
//! and its reports come in order. Absent: an order that arrives after `find` has said that it never will.

use crate::disk::Disk;
use crate::fault::Fault;
use crate::truth::Truth;
use nija_core::commit::Release;
use nija_core::desk::Outstanding;
use nija_core::desk::held::Act;
use nija_core::ports::{Abilities, Doing, Found, Memory, Venue, VenueError};
use nija_core::words::id::{FillId, OrderId};
use nija_core::words::instrument::{Instrument, VenueName};
use nija_core::words::money::{Money, Qty};
use nija_core::words::order::{Fill, Outcome, Report, Ticket};
use nija_core::words::time::{Span, Timestamp};
use nija_engine::feeds::MarketEvent;
use nija_engine::sim::{Exchange, Rules};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// What the venue knows of one order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    /// How often it was sent here and arrived.
    pub(crate) arrivals: u32,
    /// What the exchange said.
    true_story: Vec<Report>,
    /// What this venue makes of it, and says whenever it is asked.
    pub(crate) story: Vec<Report>,
}

struct Hall {
    exchange: Exchange,
    log: BTreeMap<OrderId, Record>,
    /// Reports on their way, with the time when they arrive.
    stream: Vec<(Timestamp, Report)>,
    stream_down_until: Timestamp,
    down_until: Timestamp,
    gap: bool,
    /// When an order was first sent so that it may have arrived.
    sent: BTreeMap<OrderId, Timestamp>,
}

/// The venue.
pub(crate) struct Hostile {
    memory: Memory,
    rules: Rules,
    instruments: Vec<Instrument>,
    truth: Arc<Truth>,
    disk: Arc<Disk>,
    hall: Mutex<Hall>,
    /// Whose order is stopped by which pressed switch: asked when an entry arrives.
    stopped: Box<dyn Fn(&Ticket) -> bool + Send + Sync>,
}

/// What a listener hears at once.
pub(crate) struct Heard {
    pub(crate) reports: Vec<Report>,
    /// Some reports before these were lost: ask.
    pub(crate) gap: bool,
}

impl Hostile {
    pub(crate) fn open(
        memory: Memory,
        rules: Rules,
        instruments: &[Instrument],
        (truth, disk): (Arc<Truth>, Arc<Disk>),
        stopped: Box<dyn Fn(&Ticket) -> bool + Send + Sync>,
    ) -> Self {
        let hall = Hall {
            exchange: exchange(rules, instruments),
            log: BTreeMap::new(),
            stream: Vec::new(),
            stream_down_until: Timestamp::EPOCH,
            down_until: Timestamp::EPOCH,
            gap: false,
            sent: BTreeMap::new(),
        };
        let instruments = instruments.to_vec();
        Self { memory, rules, instruments, truth, disk, hall: Mutex::new(hall), stopped }
    }

    fn hall(&self) -> MutexGuard<'_, Hall> {
        self.hall.lock().unwrap()
    }

    /// Everything that ever happened here.
    pub(crate) fn log(&self) -> BTreeMap<OrderId, Record> {
        self.hall().log.clone()
    }
    /// Until when nobody could reach it, the last time that it was gone.
    pub(crate) fn down_until(&self) -> Timestamp {
        self.hall().down_until
    }
    fn is_down(&self) -> bool {
        self.down_until() > self.truth.now()
    }

    /// Trades what a market event allows, and lets time pass.
    pub(crate) fn on_market(&self, event: &MarketEvent) {
        if self.truth.strikes(Fault::Outage) {
            let ms = self.truth.draw(|chance| chance.between(1_000, 40_000));
            let until = self.truth.now().plus(Span::millis(ms));
            let mut hall = self.hall();
            hall.down_until = until;
            hall.stream_down_until = hall.stream_down_until.max(until);
        }
        self.hall().exchange.on_market(event);
        self.absorb();
    }

    /// Takes the exchange's reports into the log and puts them on their way.
    fn absorb(&self) {
        loop {
            let reports = self.hall().exchange.take_reports(1_024);
            if reports.is_empty() {
                return;
            }
            for report in reports {
                let mut hall = self.hall();
                let Some(record) = hall.log.get_mut(&report.order) else { continue };
                // The exchange tells again what it is asked again; repeats are this venue's own affair.
                if record.true_story.contains(&report) {
                    continue;
                }
                record.true_story.push(report.clone());
                drop(hall);
                for report in self.bent(report) {
                    let mut hall = self.hall();
                    hall.log.entry(report.order).or_default().story.push(report.clone());
                    drop(hall);
                    self.put_on_its_way(report);
                }
            }
        }
    }

    fn remembers(&self) -> bool {
        self.memory == Memory::Venue
    }

    /// What a venue with other decimals makes of a true report.
    fn bent(&self, report: Report) -> Vec<Report> {
        let Outcome::Filled(fill) = report.outcome else {
            return vec![report];
        };
        if !self.remembers() {
            return vec![report];
        }
        let with = |fill| Report { outcome: Outcome::Filled(fill), ..report.clone() };
        let (first, second) = (FillId(fill.id.0 * 2), FillId(fill.id.0 * 2 + 1));
        if fill.qty.raw() > 3 && self.truth.strikes(Fault::WrongDecimals) {
            let part = Qty::from_raw(fill.qty.raw() / 3);
            let rest = fill.qty.checked_sub(part).unwrap();
            let fee = fill.fee.share(1, 3, nija_core::words::fixed::Round::Up).unwrap();
            let left = fill.fee.checked_sub(fee).unwrap_or(Money::ZERO);
            let price = nija_core::words::money::Price::from_raw(fill.price.raw() + 3);
            return vec![
                with(Fill { id: first, qty: part, fee, price }),
                with(Fill { id: second, qty: rest, fee: left, price }),
            ];
        }
        if self.truth.strikes(Fault::Overfill) {
            let qty = Qty::from_raw(fill.qty.raw() + 1);
            return vec![with(Fill { id: first, qty, ..fill })];
        }
        vec![with(Fill { id: first, ..fill })]
    }

    fn put_on_its_way(&self, report: Report) {
        let now = self.truth.now();
        let mut hall = self.hall();
        if hall.stream_down_until <= now
            && self.remembers()
            && self.truth.strikes(Fault::StreamLost)
        {
            let ms = self.truth.draw(|chance| chance.between(100, 20_000));
            hall.stream_down_until = now.plus(Span::millis(ms));
        }
        if hall.stream_down_until > now && self.remembers() {
            hall.gap = true;
            return;
        }
        let late = |most| now.plus(Span::millis(self.truth.draw(|chance| chance.between(1, most))));
        if self.truth.strikes(Fault::DuplicateReport) {
            hall.stream.push((late(60_000), report.clone()));
        }
        let is_late = self.remembers() && self.truth.strikes(Fault::OutOfOrder);
        let at = if is_late { late(20_000) } else { now };
        hall.stream.push((at, report));
    }

    /// The reports that have arrived by now. A broken stream tells so once it is back.
    pub(crate) fn hear(&self) -> Heard {
        let now = self.truth.now();
        let mut hall = self.hall();
        let (mut arrived, waiting): (Vec<_>, Vec<_>) =
            hall.stream.drain(..).partition(|(at, _)| *at <= now);
        hall.stream = waiting;
        arrived.sort_by_key(|(at, _)| *at);
        let gap = hall.gap && hall.stream_down_until <= now;
        hall.gap &= !gap;
        Heard { reports: arrived.into_iter().map(|(_, report)| report).collect(), gap }
    }
    /// When each order arrived, or may have.
    pub(crate) fn arrivals(&self) -> BTreeMap<OrderId, Timestamp> {
        self.hall().sent.clone()
    }
    /// Lets time pass without a trade.
    pub(crate) fn advance(&self) {
        let now = self.truth.now();
        self.hall().exchange.advance(now);
        self.absorb();
    }
    /// Are reports on their way?
    pub(crate) fn is_quiet(&self) -> bool {
        let hall = self.hall();
        hall.stream.is_empty() && !hall.gap
    }

    /// The process died. Its stream is gone; a venue inside it has forgotten what the journal does not know.
    pub(crate) fn crash(&self) {
        let mut hall = self.hall();
        hall.stream.clear();
        if self.remembers() {
            hall.gap = false;
            return;
        }
        hall.exchange = exchange(self.rules, &self.instruments);
        hall.log.retain(|order, _| self.disk.approved(*order).is_some());
    }

    /// Takes an open order back after a restart, as the paper venue does.
    pub(crate) fn restore(&self, open: &Outstanding) {
        let (ticket, now) = (&open.ticket, self.truth.now());
        let mut hall = self.hall();
        hall.exchange.restore(ticket, open.filled, open.fills, now);
        let record = hall.log.entry(ticket.id).or_default();
        record.arrivals = 1;
        drop(hall);
        self.absorb();
    }
    /// Forgets the fills that the journal does not have: a venue inside the process has lost them with it.
    pub(crate) fn keep_fills(&self, known: &dyn Fn(OrderId, FillId) -> bool) {
        let mut hall = self.hall();
        for (id, record) in &mut hall.log {
            record.true_story.clear();
            record.story.retain(|report| match report.outcome {
                Outcome::Filled(fill) => known(*id, fill.id),
                _ => false,
            });
        }
    }

    /// Holds what is sent to the journal and the switches, then lets it in.
    fn arrive(&self, act: &Act) -> Result<(), VenueError> {
        let now = self.truth.now();
        match act {
            Act::Place(approved) => {
                let ticket = approved.ticket();
                let mut hall = self.hall();
                let record = hall.log.entry(ticket.id).or_default();
                record.arrivals += 1;
                if record.arrivals > 1 {
                    let what = format!("order {} arrived {} times", ticket.id, record.arrivals);
                    self.truth.breach("nothing is sent twice", what);
                }
                hall.exchange.place(ticket, now);
            }
            Act::Cancel { order, .. } => {
                let mut hall = self.hall();
                if !hall.exchange.cancel(*order, now) && !hall.log.contains_key(order) {
                    return Err(VenueError::Rejected("no such order".to_owned()));
                }
            }
        }
        self.absorb();
        Ok(())
    }

    fn check(&self, ticket: &Ticket) {
        match self.disk.approved(ticket.id) {
            Some(known) if known == *ticket => {}
            Some(_) => {
                self.truth.breach("what is sent is what was approved", ticket.id.to_string())
            }
            None => {
                let law = "nothing is sent that is not in the journal";
                self.truth.breach(law, format!("order {}", ticket.id));
            }
        }
        if (self.stopped)(ticket) {
            let law = "no entry is sent after a kill was acknowledged";
            self.truth.breach(law, format!("order {}", ticket.id));
        }
    }

    async fn do_submit(&self, release: &Release) -> Result<(), VenueError> {
        let strikes = |fault| self.truth.strikes(fault);
        if let Some(ticket) = release.ticket() {
            self.check(ticket);
        }
        if self.is_down() || strikes(Fault::Unreachable) {
            return Err(VenueError::Unreachable);
        }
        if strikes(Fault::Throttled) {
            return Err(VenueError::Throttled);
        }
        self.hall().sent.entry(release.order()).or_insert(self.truth.now());
        if strikes(Fault::TimeoutBeforeAccept) {
            tokio::time::sleep(Duration::from_secs(30)).await;
            return Err(VenueError::Unknown);
        }
        if strikes(Fault::SlowVenue) {
            let ms = self.truth.draw(|chance| chance.below(8_000));
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        let answer = self.arrive(release.act());
        if strikes(Fault::TimeoutAfterAccept) {
            tokio::time::sleep(Duration::from_secs(30)).await;
        }
        if strikes(Fault::AnswerLost) {
            return Err(VenueError::Unknown);
        }
        answer
    }

    async fn do_find(&self, order: OrderId) -> Result<Found, VenueError> {
        if self.is_down() || self.truth.strikes(Fault::FindFails) {
            return Err(VenueError::Unreachable);
        }
        let hall = self.hall();
        Ok(match hall.log.get(&order) {
            Some(record) => Found::Known(record.story.clone()),
            None => Found::Never,
        })
    }
}

fn exchange(rules: Rules, instruments: &[Instrument]) -> Exchange {
    let mut exchange = Exchange::new(rules);
    instruments.iter().for_each(|instrument| exchange.list(instrument.clone()));
    exchange
}

impl Venue for Hostile {
    fn name(&self) -> VenueName {
        VenueName::Paper
    }
    fn abilities(&self) -> Abilities {
        Abilities { memory: self.memory, queues_when_closed: true }
    }
    fn submit<'a>(&'a self, release: &'a Release) -> Doing<'a, Result<(), VenueError>> {
        Box::pin(self.do_submit(release))
    }
    fn find(&self, order: OrderId) -> Doing<'_, Result<Found, VenueError>> {
        Box::pin(self.do_find(order))
    }
    fn reports(&self) -> Doing<'_, Option<Vec<Report>>> {
        Box::pin(async move { Some(self.hear().reports) })
    }
}
