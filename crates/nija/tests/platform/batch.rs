//! Many commands by one way into a real node: one batch of the journal for all of them, an answer each, and the
//! same answers again.

use nija_bus::LocalBus;
use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::desk::Rules;
use nija_core::desk::answer::{Answer, Decline};
use nija_core::desk::event::{Size, Wish};
use nija_core::desk::input::{Command, Input, Key};
use nija_core::ports::{Clock, Desks, Journal};
use nija_core::words::catalog;
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::id::{AccountId, Epoch, InstrumentId, PartitionId, Seq, UserId};
use nija_core::words::money::{Money, Price};
use nija_core::words::order::{OrderType, Origin, Side, TimeInForce};
use nija_core::words::score::Score;
use nija_core::words::tier::{DEFAULT_TABLE, Tier, TierTable, Tolerance};
use nija_core::words::time::{Span, Timestamp};
use nija_engine::clock::Simulated;
use nija_engine::node::{self, Handle, Parts};
use nija_engine::partitions::Partitions;
use nija_store::memory;
use std::sync::{Arc, Mutex};

const NOW: Timestamp = Timestamp(1_577_836_800_000_000);
const ACCOUNT: AccountId = AccountId(1);
const ORDERS: usize = 150;

/// A node with one partition, one account and a price, and how many releases left it.
async fn node(journal: Arc<memory::Journal>) -> (Handle, Arc<Mutex<usize>>) {
    let plans = Plans::parse(DEFAULT_PLANS).unwrap();
    let tiers = TierTable::parse(DEFAULT_TABLE).unwrap();
    let rules = Arc::new(Rules::new(tiers, plans, Money::whole(10)));
    let mut partitions = Partitions::new(1, &rules);
    let announce = Input::Announce { node: "batch".to_owned(), epoch: Epoch(1) };
    partitions.take(announce, NOW).unwrap();
    for row in catalog::parse(include_str!("../../data/instruments.toml")).unwrap().instruments {
        partitions.take(Input::List(row), NOW).unwrap();
    }
    let clock = Arc::new(Simulated::default());
    clock.advance(NOW);
    let released = Arc::new(Mutex::new(0));
    let count = Arc::clone(&released);
    let parts = Parts {
        partitions,
        journal,
        clock: clock as Arc<dyn Clock>,
        bus: Arc::new(LocalBus::new()),
        parcels: Arc::default(),
        release: Box::new(move |releases| {
            *count.lock().unwrap() += releases.len();
            Vec::new()
        }),
    };
    let (handle, _ended) = node::start(parts).unwrap();
    let mark = Input::Mark { instrument: InstrumentId(1), price: Price::whole(100) };
    handle.send(mark, Some(NOW)).await.unwrap();
    let calm = Conditions {
        at: NOW,
        regime: Some(Regime::Ranging),
        crypto_volatility: Some(Score::points(40)),
        equity_volatility: Some(Score::points(40)),
        ..Conditions::default()
    };
    handle.send(Input::Conditions(calm), Some(NOW)).await.unwrap();
    let open = Command::Open {
        user: UserId(1),
        tier: Tier::Baller,
        tolerance: Tolerance::Moderate,
        day_starts: Span::ZERO,
        deposit: Money::whole(1_000_000),
    };
    assert_eq!(handle.command(ACCOUNT, None, open).await.unwrap(), Answer::Done);
    (handle, released)
}

async fn batches(journal: &memory::Journal) -> Vec<u32> {
    let all = journal.read(PartitionId(0), Seq(0), 1_000).await.unwrap();
    all.iter().map(|batch| batch.count).collect()
}

fn buy(dollars: i32) -> Command {
    Command::Place(Wish {
        instrument: InstrumentId(1),
        side: Side::Buy,
        size: Size::Dollars(Money::whole(dollars)),
        order_type: OrderType::Market,
        tif: TimeInForce::Day,
        origin: Origin::User,
    })
}

#[tokio::test]
async fn commands_that_come_together_become_durable_together() {
    let journal = Arc::new(memory::Journal::default());
    let (handle, released) = node(Arc::clone(&journal)).await;
    let before = batches(&journal).await.len();
    let key = |n: usize| Some(Key::of(n.to_string().as_bytes(), b"buy"));
    let mut commands: Vec<_> = (0..ORDERS).map(|n| (key(n), buy(100))).collect();
    commands[7].1 = buy(-1);
    commands[9] = commands[8].clone();
    let answers = handle.commands(ACCOUNT, commands.clone()).await.unwrap();
    assert_eq!(answers.len(), ORDERS);
    assert!(matches!(answers[7], Answer::Declined(Decline::Invalid { field: "size", .. })));
    assert_eq!(answers[8], answers[9], "one key, one order");
    let placed = answers.iter().filter(|a| matches!(a, Answer::Placed { .. })).count();
    let refused = answers.iter().filter(|a| matches!(a, Answer::Refused(_))).count();
    assert!(placed > 50 && refused > 0, "{placed} placed, {refused} refused");
    assert_eq!(*released.lock().unwrap(), placed - 1);
    let written = batches(&journal).await;
    assert_eq!(written.len(), before + 1, "one batch of the journal");
    assert_eq!(*written.last().unwrap(), 2 * u32::try_from(placed + refused - 1).unwrap());

    assert_eq!(handle.commands(ACCOUNT, commands).await.unwrap(), answers);
    assert_eq!(batches(&journal).await.len(), written.len(), "a repeat writes nothing");
    assert_eq!(*released.lock().unwrap(), placed - 1);
    let nobody = handle.commands(AccountId(9), vec![(None, buy(1))]).await.unwrap();
    assert_eq!(nobody, [Answer::Declined(Decline::UnknownAccount)]);
    handle.stop().await;
}
