//! A node whose journal's disk fills up: what is still taken, what never happens, and the way back.

use super::*;
use crate::clock::Simulated;
use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::desk::Rules;
use nija_core::desk::event::{Event, Setting, Size, Wish};
use nija_core::desk::input::Command;
use nija_core::journal::{Batch, Head};
use nija_core::ports::{Desks, Doing, Heard, Snapshot, Subscription};
use nija_core::risk::kill::Actor;
use nija_core::words::conditions::Conditions;
use nija_core::words::id::{
    AccountId, Epoch, FillId, InstrumentId, OrderId, PartitionId, Seq, UserId,
};
use nija_core::words::instrument::{AssetClass, Hours, Instrument, Kind, VenueName};
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{Fill, OrderType, Origin, Outcome, Side, TimeInForce};
use nija_core::words::score::Score;
use nija_core::words::tier::{DEFAULT_TABLE, Tier, TierTable, Tolerance};
use nija_core::words::time::Span;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

pub(crate) const NOON: Timestamp = Timestamp(1_718_193_600_000_000);
const ACCOUNT: AccountId = AccountId(1);
pub(crate) const COIN: InstrumentId = InstrumentId(1);

/// A journal on a disk that a test fills and frees.
#[derive(Default)]
pub(crate) struct Disk {
    batches: Mutex<Vec<Batch>>,
    space: AtomicU8,
}

impl Disk {
    pub(crate) fn becomes(&self, space: Space) {
        self.space.store(space as u8, Ordering::SeqCst);
    }
    pub(crate) fn batches(&self) -> Vec<Batch> {
        self.batches.lock().unwrap().clone()
    }
    pub(crate) fn events(&self) -> Vec<Event> {
        self.batches.lock().unwrap().iter().flat_map(|batch| batch.events().unwrap()).collect()
    }
}

impl Journal for Disk {
    fn append<'a>(&'a self, batches: &'a [Batch]) -> Doing<'a, Result<(), AppendError>> {
        Box::pin(async move {
            if self.space.load(Ordering::SeqCst) == Space::Full as u8 {
                return Err(AppendError::Full);
            }
            self.batches.lock().unwrap().extend_from_slice(batches);
            Ok(())
        })
    }
    fn at(&self, of: PartitionId, seq: Seq) -> Doing<'_, Result<Option<Head>, ReadError>> {
        Box::pin(async move {
            let batches = self.batches.lock().unwrap();
            let found = batches.iter().find(|batch| (batch.partition, batch.seq) == (of, seq));
            Ok(found.map(|b| Head { seq, epoch: b.epoch, at: b.at, hash: b.hash }))
        })
    }
    fn read(
        &self,
        of: PartitionId,
        after: Seq,
        _: usize,
    ) -> Doing<'_, Result<Vec<Batch>, ReadError>> {
        Box::pin(async move {
            let batches = self.batches.lock().unwrap();
            let behind = |batch: &&Batch| batch.partition == of && batch.seq > after;
            Ok(batches.iter().filter(behind).cloned().collect())
        })
    }
    fn save(&self, _: Snapshot) -> Doing<'_, Result<(), AppendError>> {
        Box::pin(async { Ok(()) })
    }
    fn snapshot(&self, _: PartitionId) -> Doing<'_, Result<Option<Snapshot>, ReadError>> {
        Box::pin(async { Ok(None) })
    }
    fn partitions(&self) -> Doing<'_, Result<Vec<PartitionId>, ReadError>> {
        Box::pin(async { Ok(vec![PartitionId(0)]) })
    }
    /// As on a real disk, a full one is noticed by an append that fails.
    fn space(&self) -> Space {
        match self.reclaim() {
            Space::Low => Space::Low,
            _ => Space::Ample,
        }
    }
    fn reclaim(&self) -> Space {
        match self.space.load(Ordering::SeqCst) {
            0 => Space::Ample,
            1 => Space::Low,
            _ => Space::Full,
        }
    }
}

/// Nobody listens.
pub(crate) struct Silent;
impl Bus for Silent {
    fn publish(&self, _: Notice) {}
    fn subscribe(&self) -> Box<dyn Subscription> {
        Box::new(Self)
    }
}
impl Subscription for Silent {
    fn next(&mut self) -> Doing<'_, Option<Heard>> {
        Box::pin(async { None })
    }
}

struct World {
    disk: Arc<Disk>,
    handle: Handle,
    sent: Arc<Mutex<Vec<OrderId>>>,
}

fn buy(dollars: i32) -> Command {
    Command::Place(Wish {
        instrument: COIN,
        side: Side::Buy,
        size: Size::Dollars(Money::whole(dollars)),
        order_type: OrderType::Limit { limit: Price::whole(99) },
        tif: TimeInForce::Gtc,
        origin: Origin::User,
    })
}

fn sell() -> Command {
    Command::Place(Wish {
        instrument: COIN,
        side: Side::Sell,
        size: Size::All,
        order_type: OrderType::Market,
        tif: TimeInForce::Gtc,
        origin: Origin::User,
    })
}

pub(crate) fn coin() -> Instrument {
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

fn filled(order: OrderId, qty: Qty) -> Input {
    let fill = Fill { id: FillId(1), qty, price: Price::whole(99), fee: Money::ZERO };
    Input::Report(Report { order, outcome: Outcome::Filled(fill), at: NOON })
}

impl World {
    /// A calm market, an account with $100,000, and a node that has room.
    async fn begin() -> Self {
        let (disk, sent) = (Arc::new(Disk::default()), Arc::new(Mutex::new(Vec::new())));
        let at_venue = Arc::clone(&sent);
        let clock = Simulated::default();
        clock.advance(NOON);
        let tiers = TierTable::parse(DEFAULT_TABLE).unwrap();
        let plans = Plans::parse(DEFAULT_PLANS).unwrap();
        let parts = Parts {
            partitions: Partitions::new(1, &Arc::new(Rules::new(tiers, plans, Money::whole(10)))),
            journal: disk.clone(),
            clock: Arc::new(clock),
            bus: Arc::new(Silent),
            parcels: Arc::default(),
            release: Box::new(move |releases| {
                at_venue.lock().unwrap().extend(releases.iter().map(Release::order));
                Vec::new()
            }),
        };
        let (handle, _) = start(parts).unwrap();
        let calm = Some(Score::points(20));
        let calm = Conditions { at: NOON, crypto_volatility: calm, ..Conditions::default() };
        let begin = vec![
            Input::Announce { node: "test".to_owned(), epoch: Epoch(1) },
            Input::List(coin()),
            Input::Conditions(calm),
            Input::Mark { instrument: COIN, price: Price::whole(100) },
        ];
        handle.slice(begin, NOON).await.unwrap();
        let world = Self { disk, handle, sent };
        let open = Command::Open {
            user: UserId(1),
            tier: Tier::Baller,
            tolerance: Tolerance::Moderate,
            day_starts: Span::ZERO,
            deposit: Money::whole(100_000),
        };
        assert_eq!(world.ask(open).await, Ok(Answer::Done));
        world
    }

    async fn ask(&self, command: Command) -> Result<Answer, DeskError> {
        self.handle.command(ACCOUNT, None, command).await
    }

    async fn placed(&self, command: Command) -> (OrderId, Qty) {
        match self.ask(command).await {
            Ok(Answer::Placed { order, qty, .. }) => (order, qty),
            other => panic!("{other:?}"),
        }
    }

    async fn reserved(&self) -> Money {
        let View::Account(account) = self.handle.query(Query::Account(ACCOUNT)).await.unwrap()
        else {
            panic!("no such account")
        };
        account.reserved
    }

    /// Waits until the node has noticed.
    async fn until(&self, space: Space) {
        for _ in 0..500 {
            if self.handle.space() == space {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("space stayed {:?}", self.handle.space());
    }
}

#[tokio::test]
async fn low_space_refuses_what_opens_risk_and_takes_what_closes_it() {
    let world = World::begin().await;
    let (resting, _) = world.placed(buy(100)).await;
    let (held, qty) = world.placed(buy(200)).await;
    world.handle.slice(vec![filled(held, qty)], NOON).await.unwrap();

    world.disk.becomes(Space::Low);
    world.handle.barrier().await.unwrap();
    let before = world.disk.events().len();
    for waits in [
        buy(150),
        Command::Transfer(Money::whole(5)),
        Command::Set(Setting::Autopilot(true)),
        Command::Rearm { by: Actor::Platform, reason: String::new() },
    ] {
        assert_eq!(world.ask(waits).await, Err(DeskError::StorageFull));
    }
    let both = vec![(None, sell()), (None, buy(160))];
    assert_eq!(world.handle.commands(ACCOUNT, both).await, Err(DeskError::StorageFull));
    let price = Input::Mark { instrument: COIN, price: Price::whole(101) };
    world.handle.slice(vec![price.clone()], NOON).await.unwrap();
    assert_eq!(world.disk.events().len(), before, "nothing of it was written");
    assert_eq!(world.sent.lock().unwrap().len(), 2, "and nothing sent");

    assert_eq!(world.ask(Command::Cancel(resting)).await, Ok(Answer::Done));
    let (sold, _) = world.placed(sell()).await;
    let kill = Command::Kill { by: Actor::Platform, reason: "test".to_owned(), flatten: false };
    assert_eq!(world.ask(kill).await, Ok(Answer::Done));
    assert!(world.sent.lock().unwrap().contains(&sold));

    world.disk.becomes(Space::Ample);
    world.until(Space::Ample).await;
    world.handle.slice(vec![price], NOON).await.unwrap();
    let marked = Event::Marked { instrument: COIN, price: Price::whole(101) };
    assert!(world.disk.events().contains(&marked), "prices are heard again");
}

#[tokio::test]
async fn a_full_disk_takes_nothing_and_loses_no_report() {
    let world = World::begin().await;
    let (held, qty) = world.placed(buy(200)).await;
    let (before, reserved) = (world.disk.events(), world.reserved().await);

    world.disk.becomes(Space::Full);
    assert_eq!(world.ask(buy(100)).await, Err(DeskError::StorageFull));
    assert_eq!(world.handle.space(), Space::Full);
    assert_eq!(world.reserved().await, reserved, "the desk is what the journal is");
    // One comes while nothing is taken; it must not hold up who brings it.
    world.handle.slice(vec![filled(held, qty)], NOON).await.unwrap();
    assert_eq!(world.ask(Command::Cancel(held)).await, Err(DeskError::StorageFull));
    assert_eq!((world.disk.events(), world.sent.lock().unwrap().len()), (before, 1));

    world.disk.becomes(Space::Ample);
    world.until(Space::Ample).await;
    world.handle.barrier().await.unwrap();
    let fills = |events: &[Event]| {
        let fill = |event: &&Event| matches!(event, Event::Filled { order, .. } if *order == held);
        events.iter().filter(fill).count()
    };
    assert_eq!(fills(&world.disk.events()), 1);
    let (next, _) = world.placed(buy(100)).await;
    assert_eq!(*world.sent.lock().unwrap(), [held, next]);
}

#[tokio::test]
async fn a_report_in_the_batch_that_did_not_fit_is_taken_again() {
    let world = World::begin().await;
    let (held, qty) = world.placed(buy(200)).await;
    world.disk.becomes(Space::Full);
    world.handle.slice(vec![filled(held, qty)], NOON).await.unwrap();
    assert_eq!(world.handle.space(), Space::Full);
    // Every look ends in an append that fails: the report goes round and stays one.
    world.disk.becomes(Space::Low);
    world.until(Space::Low).await;
    world.handle.barrier().await.unwrap();
    let fills = world.disk.events().into_iter().filter(|e| matches!(e, Event::Filled { .. }));
    assert_eq!(fills.count(), 1);
}
