//! Contracts and options held against the backtest of their own market: months of a future that are held short, settled
//! each day and rolled; straddles over reports; and what people hold by hand until it ends.

use crate::world::{
    AAPL, ACCOUNT, Asked, BEGIN, END, Given, Kept, at, beginning, call, evening, exchange, market,
    months, placed, rules, setup, signaled, trader,
};
use nija_core::desk::answer::Answer;
use nija_core::desk::event::Event;
use nija_core::desk::input::Input;
use nija_core::journal::Batch;
use nija_core::words::money::{Money, Qty};
use nija_core::words::order::{Origin, Side};
use nija_core::words::score::Strength;
use nija_core::words::signal::{Action, StrategyName};
use nija_engine::backtest::Backtest;
use nija_engine::backtest::tape::Tape;
use nija_engine::feeds::MarketEvent;
use nija_engine::feeds::recorded::Once;
use nija_engine::feeds::steps::Steps;
use nija_engine::parity::Paper;
use nija_engine::parity::compare::Report;
use nija_engine::parity::parts::Cause;
use nija_engine::parity::rerun::World;
use nija_engine::partitions::Partitions;
use nija_engine::sim::Rules as VenueRules;
use nija_engine::sim::fee::Fee;
use std::sync::{Arc, Mutex};

struct Told {
    report: Report,
    events: Vec<Event>,
}

/// A paper run at a venue of these terms in which this was asked for, held against the backtest of the usual venue.
async fn compared(events: &[MarketEvent], terms: VenueRules, asked: &[Asked]) -> Told {
    let setup = setup();
    let live: Vec<_> = events.iter().copied().filter(|event| event.at >= at(BEGIN)).collect();
    let trader = || trader(&setup, BEGIN);
    let batches = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&batches);
    let seen = Box::new(move |batch: &Batch| kept.lock().unwrap().push(batch.clone()));
    let desks = Partitions::new(1, &rules());
    let mut run = Backtest::new(desks, exchange(terms), trader(), Arc::new(Tape::default()), seen);
    for input in beginning() {
        run.input(input, at(BEGIN)).await.unwrap();
    }
    let mut feed = Given(live.clone().into());
    let mut steps = Steps::of(&mut feed);
    let (mut asked, mut last) = (asked.iter().peekable(), at(BEGIN));
    while let Some((now, step)) = steps.next_step().unwrap() {
        while let Some((_, command)) = asked.next_if(|asked| evening(asked.0) < now) {
            let input = Input::Command { account: ACCOUNT, key: None, command: command.clone() };
            let answer = run.input(input, last).await.unwrap();
            assert!(matches!(answer, Answer::Placed { .. }), "{command:?}: {answer:?}");
        }
        run.step(now, step).await.unwrap();
        last = now;
    }
    let journal = Kept(std::mem::take(&mut *batches.lock().unwrap()));
    let events = journal.0.iter().flat_map(|batch| batch.events().unwrap()).collect();
    let paper = Paper::read(&journal, &rules(), (at(BEGIN), at(END))).await.unwrap();
    let usual = || exchange(VenueRules::default());
    let world = World { exchange: &usual, trader: &trader };
    let past = || Box::new(Once::of(Given(live.clone().into())));
    let report = paper.compare(&world, [past(), past()]).await.unwrap();
    for account in &report.accounts {
        assert_eq!(account.parts.sum(), account.paper - account.rerun, "{account:?}");
    }
    Told { report, events }
}

/// Approved orders of a strategy that look so.
fn approved(
    events: &[Event],
    strategy: StrategyName,
    fits: fn(&Origin, Side, bool) -> bool,
) -> usize {
    let of = events.iter().filter(|event| match event {
        Event::Approved { ticket, .. } => {
            let is_option = ticket.pair.is_some();
            Event::strategy(ticket.origin) == Some(strategy)
                && fits(&ticket.origin, ticket.side, is_option)
        }
        _ => false,
    });
    of.count()
}

#[tokio::test]
async fn contracts_and_straddles_of_strategies_agree_with_their_backtest() {
    let told = compared(market(), VenueRules::default(), &[]).await;
    let (report, events) = (&told.report, &told.events);
    let rolls = approved(events, StrategyName::MacroTrend, |origin, _, _| {
        matches!(origin, Origin::Roll { .. })
    });
    let sold = approved(events, StrategyName::MacroTrend, |origin, side, _| {
        matches!(origin, Origin::Strategy { .. }) && side == Side::Sell
    });
    let legs = approved(events, StrategyName::EquityEarningsVolatility, |_, _, paired| paired);
    let settled = events.iter().filter(|e| matches!(e, Event::Settled { last: false, .. })).count();
    println!("{rolls} rolls, {sold} sales, {legs} legs, {settled} settlements");
    assert!(rolls >= 4 && sold >= 1 && legs >= 4 && settled > 100);
    assert!(report.agrees(), "{:?} {:?}", report.differences.first(), report.orders.first());
    assert_eq!(report.agreement_pct(), Some(100.0));
    assert!(report.total().2.is_zero() && report.data.is_empty());
}

#[tokio::test]
async fn what_people_hold_until_it_ends_is_settled_the_same_and_laid_at_their_hands() {
    let market = market();
    let month = months()[2].instrument;
    let (short, one) = (Qty::from_raw(500_000_000), Qty::whole(1));
    let hands = [
        ("2015-03-10", placed(call(market), Side::Buy, one)),
        ("2015-04-15", placed(month, Side::Sell, short)),
    ];
    let told = compared(market, VenueRules::default(), &hands).await;
    let last = told.events.iter().filter_map(|event| match event {
        Event::Settled { instrument, qty, last: true, .. } => Some((*instrument, *qty)),
        _ => None,
    });
    let last: Vec<_> = last.collect();
    assert!(last.contains(&(month, short.negated())), "{last:?}");
    assert!(last.contains(&(call(market), one)), "{last:?}");
    let report = &told.report;
    assert!(report.agrees(), "{:?} {:?}", report.differences.first(), report.orders.first());
    let (paper, rerun, parts) = report.total();
    assert!(paper != rerun && parts.of(Cause::Manual) == paper - rerun, "{parts:?}");
}

#[tokio::test]
async fn signals_of_ones_own_are_no_hand_and_are_heard_in_both_runs() {
    let enter = |parts| Action::Enter { strength: Strength::parts(parts), stop: None };
    let said = [
        ("2015-02-10", signaled(AAPL, enter(5_000))),
        ("2015-03-10", signaled(AAPL, enter(10_000))),
        ("2015-05-12", signaled(AAPL, Action::Exit)),
    ];
    let told = compared(market(), VenueRules::default(), &said).await;
    let is_own = |origin: &Origin| Event::strategy(*origin) == Some(StrategyName::Own);
    let own = told.events.iter().filter(|event| match event {
        Event::Approved { ticket, .. } => is_own(&ticket.origin),
        _ => false,
    });
    assert_eq!(own.count(), 3);
    let report = &told.report;
    assert!(report.agrees(), "{:?} {:?}", report.differences.first(), report.orders.first());
    assert_eq!(report.agreement_pct(), Some(100.0));
    let (paper, rerun, parts) = report.total();
    assert!(paper == rerun && parts.is_zero(), "{parts:?}");
}

#[tokio::test]
async fn a_dear_venue_of_contracts_is_fee() {
    let dear = Fee::PerContract { rate: Money::whole(9) };
    let mut terms = VenueRules::default();
    terms.derivatives.fee = dear;
    let told = compared(market(), terms, &[]).await;
    let (paper, rerun, parts) = told.report.total();
    assert!(paper < rerun);
    assert_eq!(parts.largest(), Some(Cause::Fee), "{parts:?}");
    let none = [Cause::Data, Cause::Manual, Cause::Decision].map(|cause| parts.of(cause));
    assert_eq!(none, [0; 3], "{parts:?}");
}
