//! The gateway between a real desk's releases and a venue that answers when it is told to.

use super::*;
use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::commit::commit;
use nija_core::desk::answer::Answer;
use nija_core::desk::event::{Size, Wish};
use nija_core::desk::input::{Command, Input};
use nija_core::desk::{Desk, Rules};
use nija_core::journal::{Batch, Head};
use nija_core::ports::{Abilities, AppendError, Doing, Journal, Memory, ReadError, Snapshot};
use nija_core::risk::kill::{Actor, Scope};
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::id::{AccountId, FillId, InstrumentId, PartitionId, Seq, UserId};
use nija_core::words::instrument::{AssetClass, Hours, Instrument, Kind, VenueName};
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{Fill, OrderType, Origin, Side, TimeInForce};
use nija_core::words::score::Score;
use nija_core::words::tier::{DEFAULT_TABLE, TierTable, Tolerance};
use nija_core::words::time::{Span, Timestamp};
use std::collections::BTreeSet;

const COIN: InstrumentId = InstrumentId(1);
const NOON: Timestamp = Timestamp(1_749_470_400_000_000);

/// A journal that takes everything and keeps nothing.
struct Taken;

impl Journal for Taken {
    fn append<'a>(&'a self, _: &'a [Batch]) -> Doing<'a, Result<(), AppendError>> {
        Box::pin(std::future::ready(Ok(())))
    }
    fn at(&self, _: PartitionId, _: Seq) -> Doing<'_, Result<Option<Head>, ReadError>> {
        Box::pin(std::future::ready(Ok(None)))
    }
    fn read(&self, _: PartitionId, _: Seq, _: usize) -> Doing<'_, Result<Vec<Batch>, ReadError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
    fn save(&self, _: Snapshot) -> Doing<'_, Result<(), AppendError>> {
        Box::pin(std::future::ready(Ok(())))
    }
    fn snapshot(&self, _: PartitionId) -> Doing<'_, Result<Option<Snapshot>, ReadError>> {
        Box::pin(std::future::ready(Ok(None)))
    }
    fn partitions(&self) -> Doing<'_, Result<Vec<PartitionId>, ReadError>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
}

struct Noon;
impl Clock for Noon {
    fn now(&self) -> Timestamp {
        NOON
    }
}

/// A venue that never answers some orders and cannot be reached for others, until it is told otherwise.
#[derive(Default)]
struct Moody {
    silent: Mutex<BTreeSet<OrderId>>,
    unreachable: Mutex<BTreeSet<OrderId>>,
    begun: Mutex<Vec<(OrderId, bool)>>,
    bell: Notify,
}

impl Moody {
    /// How often an order was begun to be placed.
    fn placed(&self, order: OrderId) -> usize {
        self.begun.lock().unwrap().iter().filter(|begun| **begun == (order, true)).count()
    }
    fn all(&self) -> usize {
        self.begun.lock().unwrap().len()
    }
}

impl Venue for Moody {
    fn name(&self) -> VenueName {
        VenueName::Paper
    }
    fn abilities(&self) -> Abilities {
        Abilities { memory: Memory::Venue, queues_when_closed: true }
    }
    fn submit<'a>(&'a self, release: &'a Release) -> Doing<'a, Result<(), VenueError>> {
        Box::pin(async move {
            let order = release.order();
            self.begun.lock().unwrap().push((order, release.ticket().is_some()));
            if self.unreachable.lock().unwrap().contains(&order) {
                return Err(VenueError::Unreachable);
            }
            loop {
                let told = self.bell.notified();
                if !self.silent.lock().unwrap().contains(&order) {
                    return Ok(());
                }
                told.await;
            }
        })
    }
    fn find(&self, _: OrderId) -> Doing<'_, Result<Found, VenueError>> {
        Box::pin(std::future::ready(Ok(Found::Never)))
    }
    fn reports(&self) -> Doing<'_, Option<Vec<Report>>> {
        Box::pin(std::future::pending())
    }
}

/// A desk full of accounts, the gateway and its venue.
struct Floor {
    desk: Desk,
    venue: Arc<Moody>,
    gateway: Arc<Gateway>,
    reports: mpsc::Receiver<Report>,
}

impl Floor {
    fn new(accounts: u128) -> Self {
        let tiers = TierTable::parse(DEFAULT_TABLE).unwrap();
        let plans = Plans::parse(DEFAULT_PLANS).unwrap();
        let desk = Desk::new(PartitionId(0), Arc::new(Rules::new(tiers, plans, Money::whole(10))));
        let venue = Arc::new(Moody::default());
        let latencies = Arc::new(Latencies::new().unwrap());
        let door = Arc::clone(&venue) as Arc<dyn Venue>;
        let gateway = Arc::new(Gateway::new(door, Arc::new(Noon), latencies));
        let (send, reports) = mpsc::channel(1_024);
        tokio::spawn(Arc::clone(&gateway).run(send));
        let mut floor = Self { desk, venue, gateway, reports };
        floor.take(Input::List(Instrument {
            id: COIN,
            symbol: "COIN-USD".to_owned(),
            class: AssetClass::Crypto,
            kind: Kind::Spot,
            hours: Hours::Always,
            tick: Price::STEP,
            lot: Qty::STEP,
            stale_after: Span::DAY,
            venue: VenueName::Paper,
        }));
        floor.take(Input::Mark { instrument: COIN, price: Price::whole(100) });
        floor.take(Input::Conditions(Conditions {
            at: NOON,
            regime: Some(Regime::Ranging),
            crypto_volatility: Some(Score::points(40)),
            ..Conditions::default()
        }));
        for n in 1..=accounts {
            let command = Command::Open {
                user: UserId(n),
                tier: Tier::Investor,
                tolerance: Tolerance::Moderate,
                day_starts: Span::ZERO,
                deposit: Money::whole(10_000),
            };
            floor.take(Input::Command { account: AccountId(n), key: None, command });
        }
        floor
    }

    fn take(&mut self, input: Input) -> Answer {
        self.desk.take(input, NOON).unwrap()
    }

    /// Places an order that is released with the next commit.
    fn place(&mut self, account: u128, side: Side, size: Size) -> OrderId {
        let wish = Wish {
            instrument: COIN,
            side,
            size,
            order_type: OrderType::Market,
            tif: TimeInForce::Gtc,
            origin: Origin::User,
        };
        let (account, command) = (AccountId(account), Command::Place(wish));
        match self.take(Input::Command { account, key: None, command }) {
            Answer::Placed { order, .. } => order,
            other => panic!("{other:?}"),
        }
    }

    fn buy(&mut self, account: u128, dollars: i32) -> OrderId {
        self.place(account, Side::Buy, Size::Dollars(Money::whole(dollars)))
    }

    /// Makes what was decided durable and hands it to the gateway.
    async fn commit(&mut self) -> Vec<Report> {
        let held = self.desk.seal().into_iter().collect();
        self.gateway.accept(commit(&Taken, held).await.unwrap())
    }

    /// Waits until something holds.
    async fn until(&self, holds: impl Fn(&Moody) -> bool) {
        let look = async {
            while !holds(&self.venue) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), look).await.expect("it never came");
    }

    async fn settled(&self) {
        let settled = self.gateway.settled();
        tokio::time::timeout(Duration::from_secs(20), settled).await.expect("never settled");
    }
}

#[tokio::test]
async fn a_slow_answer_holds_up_only_what_must_follow_it() {
    let mut floor = Floor::new(3);
    let slow = floor.buy(1, 50);
    floor.venue.silent.lock().unwrap().insert(slow);
    assert_eq!(floor.commit().await, []);
    floor.until(|venue| venue.placed(slow) == 1).await;
    let (second, third) = (floor.buy(1, 60), floor.buy(1, 70));
    let others = [floor.buy(2, 50), floor.buy(3, 50), floor.buy(2, 60)];
    assert_eq!(floor.commit().await, []);
    floor.until(|venue| others.iter().all(|order| venue.placed(*order) == 1)).await;
    assert_eq!((floor.venue.placed(second), floor.venue.placed(third)), (0, 0));
    floor.venue.silent.lock().unwrap().clear();
    floor.venue.bell.notify_waiters();
    floor.settled().await;
    let begun: Vec<OrderId> = floor.venue.begun.lock().unwrap().iter().map(|(o, _)| *o).collect();
    let first: Vec<OrderId> = begun.into_iter().filter(|o| !others.contains(o)).collect();
    assert_eq!(first, [slow, second, third], "the row of one account is kept");
}

#[tokio::test]
async fn exits_tried_without_end_starve_nobody() {
    let mut floor = Floor::new(60);
    let bought: Vec<OrderId> = (1..=50).map(|n| floor.buy(n, 50)).collect();
    floor.commit().await;
    floor.settled().await;
    for order in bought {
        let (qty, price) = ("0.5".parse().unwrap(), Price::whole(100));
        let outcome = Outcome::Filled(Fill { id: FillId(1), qty, price, fee: Money::ZERO });
        floor.take(Input::Report(Report { order, outcome, at: NOON }));
    }
    let exits: Vec<OrderId> = (1..=50).map(|n| floor.place(n, Side::Sell, Size::All)).collect();
    floor.venue.unreachable.lock().unwrap().extend(&exits);
    floor.commit().await;
    floor.until(|venue| exits.iter().all(|order| venue.placed(*order) >= 2)).await;
    let entry = floor.buy(60, 50);
    floor.commit().await;
    floor.until(|venue| venue.placed(entry) == 1).await;
    // And they leave once the venue is back.
    floor.venue.unreachable.lock().unwrap().clear();
    floor.settled().await;
    assert!(floor.reports.try_recv().is_err());
}

#[tokio::test]
async fn nothing_begins_once_a_kill_switch_is_acknowledged() {
    let mut floor = Floor::new(20);
    let retried = floor.buy(1, 50);
    let slow = floor.buy(2, 50);
    floor.venue.unreachable.lock().unwrap().insert(retried);
    floor.venue.silent.lock().unwrap().insert(slow);
    floor.commit().await;
    floor.until(|venue| venue.placed(retried) >= 1 && venue.placed(slow) == 1).await;
    // One waits behind the slow one; others come in the same batch as the switch.
    let behind = floor.buy(2, 60);
    floor.commit().await;
    let waiting: Vec<OrderId> = (3..=20).map(|n| floor.buy(n, 50)).collect();
    let (by, reason) = (Actor::User(UserId(1)), "enough".to_owned());
    floor.take(Input::Kill { scope: Scope::Platform, by, reason, flatten: false });
    let reports = floor.commit().await;
    let began = floor.venue.all();
    let lapsed: BTreeSet<OrderId> = reports
        .iter()
        .filter(|report| matches!(report.outcome, Outcome::Lapsed { .. }))
        .map(|report| report.order)
        .collect();
    let expected: BTreeSet<OrderId> = waiting.iter().copied().chain([behind]).collect();
    assert_eq!(lapsed, expected);
    // The one between tries lapses by itself; the slow one, begun before, is cancelled behind its answer.
    let told = tokio::time::timeout(Duration::from_secs(20), floor.reports.recv()).await;
    assert_eq!(told.unwrap().map(|report| report.order), Some(retried));
    floor.venue.unreachable.lock().unwrap().clear();
    floor.venue.silent.lock().unwrap().clear();
    floor.venue.bell.notify_waiters();
    floor.settled().await;
    let begun = floor.venue.begun.lock().unwrap()[began..].to_vec();
    assert!(begun.iter().all(|(_, placed)| !placed), "placed after the switch: {begun:?}");
    assert!(begun.contains(&(slow, false)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switch_pressed_into_a_flood_stops_it_at_once() {
    for round in 0..20 {
        let mut floor = Floor::new(100);
        for dollars in [50, 60, 70] {
            for n in 1..=100 {
                floor.buy(n, dollars);
            }
            floor.commit().await;
            // Each round meets the sender at another place.
            (0..round * 50).for_each(|_| std::hint::spin_loop());
        }
        let (by, reason) = (Actor::User(UserId(1)), "enough".to_owned());
        floor.take(Input::Kill { scope: Scope::Platform, by, reason, flatten: false });
        let reports = floor.commit().await;
        let placed = floor.venue.begun.lock().unwrap().iter().filter(|(_, placed)| *placed).count();
        floor.settled().await;
        let after = floor.venue.begun.lock().unwrap().iter().filter(|(_, placed)| *placed).count();
        // The one whose turn had come, and had not begun, is told by the other way.
        let told = std::iter::from_fn(|| floor.reports.try_recv().ok()).count();
        assert_eq!((placed, placed + reports.len() + told), (after, 300));
    }
}
