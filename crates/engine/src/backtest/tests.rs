//! What cannot be seen from outside: one batch that places an entry and takes it back.

mod crossings;
mod rolls;
mod triangles;

use super::*;
use crate::backtest::tape::Tape;
use crate::sim::Rules as Terms;
use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::desk::Rules;
use nija_core::desk::event::{Event, Size, Wish};
use nija_core::desk::input::Command;
use nija_core::ports::Found;
use nija_core::risk::kill::{Actor, Scope};
use nija_core::words::conditions::Conditions;
use nija_core::words::id::{AccountId, Epoch, InstrumentId, UserId};
use nija_core::words::instrument::{AssetClass, Hours, Instrument, Kind, VenueName};
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{OrderState, OrderType, Origin, Side, TimeInForce};
use nija_core::words::score::Score;
use nija_core::words::tier::{DEFAULT_TABLE, Tier, TierTable, Tolerance};
use nija_core::words::time::Span;
use nija_market::analyst::{Analyst, Setup};
use std::sync::Mutex;

const NOON: Timestamp = Timestamp(1_718_193_600_000_000);
const ACCOUNT: AccountId = AccountId(1);
const COIN: InstrumentId = InstrumentId(1);

fn coin() -> Instrument {
    Instrument {
        id: COIN,
        symbol: "COIN-USD".to_owned(),
        class: AssetClass::Crypto,
        kind: Kind::Spot,
        hours: Hours::Always,
        tick: Price::from_raw(1_000_000),
        lot: Qty::from_raw(10_000),
        stale_after: Span::DAY,
        venue: VenueName::Paper,
    }
}

fn command(command: Command) -> Input {
    Input::Command { account: ACCOUNT, key: None, command }
}

type Batches = Arc<Mutex<Vec<Batch>>>;

fn trader() -> Trader {
    let setup = include_str!("../../../nija/data/analyst.toml");
    Trader::new(Analyst::new(&toml::from_str::<Setup>(setup).unwrap()))
}

fn exchange() -> Exchange {
    let mut exchange = Exchange::new(Terms::frictionless(1));
    exchange.list(coin());
    exchange
}

fn buy(order_type: OrderType) -> Input {
    command(Command::Place(Wish {
        instrument: COIN,
        side: Side::Buy,
        size: Size::Dollars(Money::whole(1_000)),
        order_type,
        tif: TimeInForce::Gtc,
        origin: Origin::User,
    }))
}

/// A run with an account and a price.
async fn begun() -> (Backtest, Arc<Tape>, Batches) {
    let tiers = TierTable::parse(DEFAULT_TABLE).unwrap();
    let plans = Plans::parse(DEFAULT_PLANS).unwrap();
    let desks = Partitions::new(1, &Arc::new(Rules::new(tiers, plans, Money::whole(10))));
    let batches = Batches::default();
    let kept = Arc::clone(&batches);
    let seen = Box::new(move |batch: &Batch| kept.lock().unwrap().push(batch.clone()));
    let tape = Arc::new(Tape::default());
    let mut run = Backtest::new(desks, exchange(), trader(), tape.clone(), seen);

    let calm = Some(Score::points(20));
    let calm = Conditions {
        at: NOON,
        crypto_volatility: calm,
        equity_volatility: calm,
        ..Conditions::default()
    };
    let open = Command::Open {
        user: UserId(1),
        tier: Tier::Baller,
        tolerance: Tolerance::Moderate,
        day_starts: Span::ZERO,
        deposit: Money::whole(100_000),
    };
    for input in [
        Input::Announce { node: "test".to_owned(), epoch: Epoch(1) },
        Input::List(coin()),
        Input::Conditions(calm),
        Input::Mark { instrument: COIN, price: Price::whole(100) },
        command(open),
    ] {
        run.input(input, NOON).await.unwrap();
    }
    (run, tape, batches)
}

#[tokio::test]
async fn after_a_restart_an_order_waits_for_the_first_price() {
    let (mut run, ..) = begun().await;
    run.begin_again(exchange(), trader(), NOON).await.unwrap();
    let placed = run.input(buy(OrderType::Market), NOON).await.unwrap();
    let Answer::Placed { order, .. } = placed else { panic!("{placed:?}") };
    let Found::Known(reports) = run.exchange.find(order) else { panic!("it was never sent") };
    let outcomes: Vec<Outcome> = reports.into_iter().map(|report| report.outcome).collect();
    assert_eq!(outcomes, [Outcome::Acknowledged]);
}

#[tokio::test]
async fn an_entry_taken_back_in_its_own_batch_is_never_sent() {
    let (mut run, tape, batches) = begun().await;
    let limit = OrderType::Limit { limit: Price::whole(99) };
    let placed = run.desks.take(buy(limit), NOON).unwrap();
    let Answer::Placed { order, .. } = placed else { panic!("{placed:?}") };
    let kill = Input::Kill {
        scope: Scope::Class(AssetClass::Crypto),
        by: Actor::Platform,
        reason: "black swan".to_owned(),
        flatten: false,
    };
    run.desks.take(kill, NOON).unwrap();
    run.settle(NOON).await.unwrap();

    assert_eq!(run.exchange.find(order), Found::Never);
    let batches = std::mem::take(&mut *batches.lock().unwrap());
    let events: Vec<Event> = batches.iter().flat_map(|batch| batch.events().unwrap()).collect();
    let lapsed = Event::Closed {
        order,
        state: OrderState::Lapsed,
        why: "cancelled before it was sent".to_owned(),
    };
    assert!(events.contains(&lapsed), "{events:?}");

    // The journal kept the end of the chain, and takes nothing that does not follow it.
    let last = batches.last().unwrap();
    let head = tape.at(last.partition, last.seq).await.unwrap().unwrap();
    assert_eq!((head.seq, head.hash), (last.seq, last.hash));
    let again = tape.append(std::slice::from_ref(last)).await;
    assert_eq!(again, Err(AppendError::Fenced(last.partition)));
}
