//! An option order that is open while the platform stops: the journal brings it back, a venue that remembers nothing
//! takes it again, and what becomes of it is what would have become of it.

use crate::world::{
    ACCOUNT, BEGIN, Given, Kept, at, beginning, call, evening, exchange, market, rules, setup,
};
use nija_core::desk::Desk;
use nija_core::desk::answer::{AccountView, Answer, Query, View};
use nija_core::desk::event::{Event, Setting, Size, Wish};
use nija_core::desk::input::{Command, Input};
use nija_core::journal::Batch;
use nija_core::ports::Journal;
use nija_core::words::id::{InstrumentId, OrderId, PartitionId};
use nija_core::words::money::{Price, Qty};
use nija_core::words::order::{OrderState, OrderType, Origin, Side, TimeInForce};
use nija_core::words::time::{Span, Timestamp};
use nija_engine::backtest::Backtest;
use nija_engine::backtest::tape::Tape;
use nija_engine::partitions::Partitions;
use nija_engine::recovery;
use nija_engine::sim::Rules as VenueRules;
use nija_engine::trader::Trader;
use nija_market::analyst::Analyst;
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// In the evening of this day orders are placed, and the platform stops.
const DAY: &str = "2015-03-10";
const OVER: &str = "2015-07-01";

type Batches = Arc<Mutex<Vec<Batch>>>;

fn trader() -> Trader {
    Trader::new(Analyst::new(&setup()))
}

fn run_of(desks: Partitions, tape: Tape, batches: &Batches) -> Backtest {
    let kept = Arc::clone(batches);
    let seen = Box::new(move |batch: &Batch| kept.lock().unwrap().push(batch.clone()));
    let venue = exchange(VenueRules::default());
    Backtest::new(desks, venue, trader(), Arc::new(tape), seen)
}

async fn trade(run: &mut Backtest, span: Range<Timestamp>) {
    let events = market().iter().copied().filter(|event| span.contains(&event.at));
    run.run(&mut Given(events.collect())).await.unwrap();
}

fn buy(instrument: InstrumentId, order_type: OrderType) -> Input {
    let (side, tif, size) = (Side::Buy, TimeInForce::Gtc, Size::Units(Qty::whole(2)));
    let wish = Wish { instrument, side, size, order_type, tif, origin: Origin::User };
    Input::Command { account: ACCOUNT, key: None, command: Command::Place(wish) }
}

fn desk(run: &mut Backtest) -> &Desk {
    &run.partitions().unwrap().desks()[0]
}

/// Brings everything back from the journal alone.
async fn restarted(mut run: Backtest, batches: &Batches) -> Backtest {
    let before = desk(&mut run).state_hash();
    drop(run);
    let journal = Kept(batches.lock().unwrap().clone());
    let desk = recovery::recover(&journal, PartitionId(0), &rules()).await.unwrap();
    assert_eq!(desk.state_hash(), before, "the journal holds all of it");
    let tape = Tape::default();
    tape.append(&journal.0).await.unwrap();
    let mut run = run_of(Partitions::of(vec![desk]), tape, batches);
    let later = evening(DAY).plus(Span::seconds(60));
    run.begin_again(exchange(VenueRules::default()), trader(), later).await.unwrap();
    run
}

/// What an account has at the end, all that happened, and the two orders.
type Life = (Box<AccountView>, Vec<Event>, [OrderId; 2]);

/// Two orders for a call, one at the market and one at half of it; then the months until both have met their end, with
/// a stop of the platform behind them or without.
async fn lived(stops: bool) -> Life {
    let (batches, call) = (Batches::default(), call(market()));
    let mut run = run_of(Partitions::new(1, &rules()), Tape::default(), &batches);
    let off = Command::Set(Setting::Autopilot(false));
    let off = Input::Command { account: ACCOUNT, key: None, command: off };
    for input in beginning().chain([off]) {
        run.input(input, at(BEGIN)).await.unwrap();
    }
    trade(&mut run, at(BEGIN)..evening(DAY)).await;
    let mark = desk(&mut run).marks().find(|(id, _)| *id == call).unwrap().1;
    let cheap = Price::from_raw(mark.raw() / 2).floor_to(Price::from_raw(1_000_000));
    let mut orders = Vec::new();
    for order_type in [OrderType::Market, OrderType::Limit { limit: cheap }] {
        match run.input(buy(call, order_type), evening(DAY)).await.unwrap() {
            Answer::Placed { order, .. } => orders.push(order),
            other => panic!("{other:?}"),
        }
    }
    if stops {
        run = restarted(run, &batches).await;
    }
    assert_eq!(desk(&mut run).outstanding().len(), 2, "both are open");
    trade(&mut run, evening(DAY)..at(OVER)).await;
    assert_eq!((desk(&mut run).outstanding().len(), desk(&mut run).trial_balance()), (0, 0));
    let View::Account(view) = desk(&mut run).query(&Query::Account(ACCOUNT)) else {
        panic!("the account is gone");
    };
    let batches = batches.lock().unwrap();
    let events = batches.iter().flat_map(|batch| batch.events().unwrap()).collect();
    (view, events, orders.try_into().unwrap())
}

#[tokio::test]
async fn nothing_of_an_open_option_order_is_lost_or_doubled() {
    let (whole, ..) = lived(false).await;
    let (view, events, [at_market, cheap]) = lived(true).await;
    let money = |view: &AccountView| (view.cash, view.equity, view.reserved, view.positions.len());
    assert_eq!(money(&view), money(&whole));
    assert!(view.positions.is_empty() && view.reserved.is_zero());
    for order in [at_market, cheap] {
        let is_it =
            |event: &&Event| matches!(event, Event::Approved { ticket, .. } if ticket.id == order);
        assert_eq!(events.iter().filter(is_it).count(), 1);
    }
    let fills = events.iter().filter_map(|event| match event {
        Event::Filled { order, fill, .. } => Some((*order, fill.qty)),
        _ => None,
    });
    let fills: Vec<_> = fills.collect();
    assert_eq!(fills, [(at_market, Qty::whole(2))], "once, and only what was wanted at the market");
    let ended = events.iter().find_map(|event| match event {
        Event::Closed { order, state, why } if *order == cheap => Some((*state, why.as_str())),
        _ => None,
    });
    assert_eq!(ended, Some((OrderState::Cancelled, "the contract has expired")));
    let last = events.iter().filter_map(|event| match event {
        Event::Settled { qty, last: true, .. } => Some(*qty),
        _ => None,
    });
    assert_eq!(last.collect::<Vec<_>>(), [Qty::whole(2)]);
}
