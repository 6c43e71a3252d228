//! An operator adds months to a family and starts the server again. What is held rolls on into them, as if they had
//! always been there; and the backtest of the whole, with the catalog as it is now, agrees about the time before.

use crate::world::{
    BEGIN, END, FIRST_MONTH, Kept, at, beginning, catalog, exchange, market, rules, setup,
    setup_of, trader,
};
use nija_core::desk::event::Event;
use nija_core::desk::input::Input;
use nija_core::journal::Batch;
use nija_core::words::id::{Epoch, InstrumentId};
use nija_core::words::money::{Price, Qty};
use nija_core::words::order::Origin;
use nija_core::words::time::Timestamp;
use nija_engine::backtest::Backtest;
use nija_engine::backtest::tape::Tape;
use nija_engine::feeds::recorded::Past;
use nija_engine::feeds::steps::Steps;
use nija_engine::feeds::{Error, Feed, MarketEvent};
use nija_engine::parity::Paper;
use nija_engine::parity::rerun::World;
use nija_engine::partitions::Partitions;
use nija_engine::sim::Rules as VenueRules;
use nija_engine::trader::Trader;
use nija_market::analyst::Analyst;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// A Saturday; the next month that nobody had named yet is traded since three weeks.
const AGAIN: &str = "2015-08-29";
/// So many months the catalog names before that.
const KNOWN: u32 = 4;
/// And so many behind it.
const ALL: u32 = 8;

/// A start of the server: when, up to when, and how many months its catalog names.
type Start = (&'static str, &'static str, u32);

const WHOLE: [Start; 1] = [(BEGIN, END, ALL)];
const TWICE: [Start; 2] = [(BEGIN, AGAIN, KNOWN), (AGAIN, END, ALL)];

/// Is it one of the months behind so many?
const fn is_later(instrument: InstrumentId, known: u32) -> bool {
    instrument.0 >= FIRST_MONTH + known && instrument.0 < FIRST_MONTH + ALL
}

/// What the feed of a server says that knows so many months.
fn fed(known: u32) -> impl Iterator<Item = MarketEvent> {
    let is_known =
        move |event: &&MarketEvent| !event.instrument().is_some_and(|of| is_later(of, known));
    market().iter().filter(is_known).copied()
}

/// A run of these starts, one after the other.
async fn lived(starts: &[Start]) -> Vec<Batch> {
    let batches = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&batches);
    let seen = Box::new(move |batch: &Batch| kept.lock().unwrap().push(batch.clone()));
    let (desks, venue) = (Partitions::new(1, &rules()), exchange(VenueRules::default()));
    let first = Trader::new(Analyst::new(&setup()));
    let mut run = Backtest::new(desks, venue, first, Arc::new(Tape::default()), seen);
    for ((from, to, known), epoch) in starts.iter().zip(1..) {
        let known = *known;
        let is_named = |input: &Input| match input {
            Input::Announce { .. } => epoch == 1,
            Input::List(row) => !is_later(row.id, known),
            _ => epoch == 1,
        };
        let again =
            (epoch > 1).then(|| Input::Announce { node: "test".to_owned(), epoch: Epoch(epoch) });
        for input in again.into_iter().chain(beginning().filter(is_named)) {
            run.input(input, at(from)).await.unwrap();
        }
        let rows: Vec<_> = catalog().into_iter().filter(|row| !is_later(row.id, known)).collect();
        let trader = trader(&setup_of(&rows), from);
        run.begin_again(exchange(VenueRules::default()), trader, at(from)).await.unwrap();
        let span = at(from)..at(to);
        let mut events = Starts::one(fed(known).filter(|event| span.contains(&event.at)).collect());
        let mut steps = Steps::of(&mut events);
        while let Some((now, step)) = steps.next_step().unwrap() {
            run.step(now, step).await.unwrap();
        }
    }
    std::mem::take(&mut *batches.lock().unwrap())
}

/// A recording: each start with all that its server read, what came before it included.
struct Starts {
    later: VecDeque<(Timestamp, VecDeque<MarketEvent>)>,
    events: VecDeque<MarketEvent>,
}

impl Starts {
    fn of(starts: &[Start]) -> Self {
        let start = |&(from, to, known): &Start| {
            (at(from), fed(known).take_while(|event| event.at < at(to)).collect())
        };
        Self { later: starts.iter().map(start).collect(), events: VecDeque::new() }
    }
    const fn one(events: VecDeque<MarketEvent>) -> Self {
        Self { later: VecDeque::new(), events }
    }
}

impl Past for Starts {
    fn begin(&mut self) -> Result<Option<Timestamp>, Error> {
        let Some((start, events)) = self.later.pop_front() else { return Ok(None) };
        self.events = events;
        Ok(Some(start))
    }
    fn known(&self) -> &[(InstrumentId, Price)] {
        &[]
    }
}

impl Feed for Starts {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        Ok(self.events.pop_front())
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        Ok(self.events.front().map(|event| event.at))
    }
}

/// What was rolled and when: out of which month, what was ordered, and the fills of all orders.
type Told = (Vec<(Timestamp, InstrumentId, InstrumentId)>, Vec<(Price, Qty)>);

fn told(batches: &[Batch]) -> Told {
    let (mut rolls, mut fills) = (Vec::new(), Vec::new());
    for batch in batches {
        for event in batch.events().unwrap() {
            match event {
                Event::Approved { ticket, .. } => {
                    if let Origin::Roll { from, .. } = ticket.origin {
                        rolls.push((batch.at, from, ticket.instrument));
                    }
                }
                Event::Filled { fill, .. } => fills.push((fill.price, fill.qty)),
                _ => {}
            }
        }
    }
    (rolls, fills)
}

#[tokio::test]
async fn a_month_that_is_added_is_rolled_into_as_if_it_had_always_been_there() {
    let (whole, twice) = (lived(&WHOLE).await, lived(&TWICE).await);
    let (rolls, fills) = told(&twice);
    let into = |at: &dyn Fn(Timestamp) -> bool, later| {
        rolls.iter().any(|(when, _, into)| at(*when) && is_later(*into, KNOWN) == later)
    };
    assert!(into(&|when| when < at(AGAIN), false), "{rolls:?}");
    assert!(into(&|when| when > at(AGAIN), true), "{rolls:?}");
    assert_eq!((rolls, fills), told(&whole));

    let (journal, setup) = (Kept(twice), setup());
    let paper = Paper::read(&journal, &rules(), (at(BEGIN), at(END))).await.unwrap();
    let usual = || exchange(VenueRules::default());
    let world = World { exchange: &usual, trader: &|| Trader::new(Analyst::new(&setup)) };
    let past = || Box::new(Starts::of(&TWICE));
    let report = paper.compare(&world, [past(), past()]).await.unwrap();
    assert!(report.agrees(), "{:?} {:?}", report.differences.first(), report.orders.first());
    assert_eq!(report.agreement_pct(), Some(100.0));
    assert!(report.total().2.is_zero() && report.data.is_empty());
}
