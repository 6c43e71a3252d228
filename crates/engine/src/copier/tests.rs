//! Between partitions everything arrives, in order and once, whatever stops on the way.

use super::*;
use crate::clock::Simulated;
use crate::latency::Latencies;
use crate::node::tests::{COIN, Disk, NOON, Silent, coin};
use crate::node::{self, Parts};
use crate::sim::{Exchange, Paper, Rules as Terms};
use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::copy::master::{DISCLOSURE, MasterChange};
use nija_core::copy::terms::CopyTerms;
use nija_core::desk::Rules;
use nija_core::desk::event::{Event, Size, Wish};
use nija_core::desk::input::CopyAct;
use nija_core::ledger::chart::Book;
use nija_core::ports::{Clock, Space};
use nija_core::words::conditions::Conditions;
use nija_core::words::id::{Epoch, FillId, UserId};
use nija_core::words::money::{Money, Price};
use nija_core::words::order::{Fill, OrderType, Origin, Outcome, Report, Side, TimeInForce};
use nija_core::words::score::Score;
use nija_core::words::tier::{DEFAULT_TABLE, Tier, TierTable, Tolerance};
use nija_core::words::time::{Span, Timestamp};
use std::collections::BTreeMap;

const PARTITIONS: u16 = 3;
const FOLLOWERS: u128 = 12;
const LEADER: AccountId = AccountId(1);

struct World {
    disk: Arc<Disk>,
    clock: Arc<Simulated>,
    handle: Handle,
    gateway: Arc<Gateway>,
    parcels: Arc<Parcels>,
}

impl World {
    /// A calm market, a master, and all who copy it, over all partitions. Nobody carries parcels yet.
    async fn begin() -> Self {
        let (disk, clock) = (Arc::new(Disk::default()), Arc::new(Simulated::default()));
        clock.advance(NOON);
        let venue = Paper::new(Exchange::new(Terms::frictionless(1)), clock.clone());
        venue.list(coin());
        let latencies = Arc::new(Latencies::new().unwrap());
        let gateway = Arc::new(Gateway::new(Arc::new(venue), clock.clone(), latencies));
        let parcels = Arc::new(Parcels::default());
        let tiers = TierTable::parse(DEFAULT_TABLE).unwrap();
        let plans = Plans::parse(DEFAULT_PLANS).unwrap();
        let parts = Parts {
            partitions: Partitions::new(
                PARTITIONS,
                &Arc::new(Rules::new(tiers, plans, Money::whole(10))),
            ),
            journal: disk.clone(),
            clock: clock.clone(),
            bus: Arc::new(Silent),
            parcels: parcels.clone(),
            release: Box::new(|_| Vec::new()),
        };
        let (handle, _) = node::start(parts).unwrap();
        let world = Self { disk, clock, handle, gateway, parcels };
        let calm = Some(Score::points(20));
        let calm = Conditions { at: NOON, crypto_volatility: calm, ..Conditions::default() };
        let begin = vec![
            Input::Announce { node: "test".to_owned(), epoch: Epoch(1) },
            Input::List(coin()),
            Input::Conditions(calm),
            mark(100),
        ];
        world.handle.slice(begin, NOON).await.unwrap();
        world.open(LEADER).await;
        world.ask(LEADER, Command::Lead(MasterChange::Opened(DISCLOSURE))).await;
        for follower in followers() {
            world.open(follower).await;
            let leader = Box::new(LeaderFacts {
                user: UserId(LEADER.0),
                leads: true,
                vetted: false,
                risk: None,
                last: 0,
                holds: Vec::new(),
            });
            let (amount, terms) = (Money::whole(10_000), CopyTerms::default());
            let act = CopyAct::Start { amount, terms, leader, open: false };
            world.ask(follower, Command::Copy { leader: LEADER, act }).await;
        }
        world
    }

    async fn open(&self, id: AccountId) {
        let open = Command::Open {
            user: UserId(id.0),
            tier: Tier::Baller,
            tolerance: Tolerance::Moderate,
            day_starts: Span::ZERO,
            deposit: Money::whole(100_000),
        };
        self.ask(id, open).await;
    }

    async fn ask(&self, account: AccountId, command: Command) {
        assert_eq!(self.handle.command(account, None, command).await, Ok(Answer::Done));
    }

    /// The master trades and its order is filled.
    async fn trade(&self, side: Side, size: Size) {
        let (order_type, tif) = (OrderType::Market, TimeInForce::Gtc);
        let wish = Wish { instrument: COIN, side, size, order_type, tif, origin: Origin::User };
        let placed = self.handle.command(LEADER, None, Command::Place(wish)).await;
        assert!(matches!(placed, Ok(Answer::Placed { .. })), "{placed:?}");
        self.fill(|origin| origin == Origin::User).await;
    }

    /// Fills what is open of these origins.
    async fn fill(&self, of: fn(Origin) -> bool) {
        let mut open = BTreeMap::new();
        for event in self.disk.events() {
            match event {
                Event::Approved { ticket, .. } if of(ticket.origin) => {
                    open.insert(ticket.id, ticket.qty);
                }
                Event::Filled { order, .. } => drop(open.remove(&order)),
                _ => {}
            }
        }
        let filled = open.into_iter().map(|(order, qty)| {
            let fill = Fill { id: FillId(1), qty, price: Price::whole(100), fee: Money::ZERO };
            Input::Report(Report { order, outcome: Outcome::Filled(fill), at: NOON })
        });
        self.handle.slice(filled.collect(), self.clock.now()).await.unwrap();
    }

    async fn buy(&self) {
        self.trade(Side::Buy, Size::Dollars(Money::whole(2_000))).await;
    }

    /// Begins to carry parcels.
    fn carry(&self) -> tokio::task::JoinHandle<()> {
        let (handle, gateway) = (self.handle.clone(), Arc::clone(&self.gateway));
        let copier = Copier::new(handle, gateway, Arc::clone(&self.parcels), PARTITIONS);
        tokio::spawn(async move { copier.run().await })
    }

    async fn settled(&self) -> bool {
        let settled = self.parcels.settled();
        tokio::time::timeout(Duration::from_secs(30), settled).await.is_ok()
    }

    async fn outbox(&self, partition: PartitionId) -> Vec<Parcel> {
        match self.handle.query(Query::Outbox(partition)).await.unwrap() {
            View::Outbox(parcels) => parcels,
            other => panic!("{other:?}"),
        }
    }

    async fn leads(&self) -> Vec<Lead> {
        let lead = |parcel: Parcel| match parcel.content {
            Content::Lead(lead) => Some(lead),
            Content::Fees { .. } => None,
        };
        let parcels = self.outbox(LEADER.partition(PARTITIONS)).await;
        parcels.into_iter().filter_map(lead).collect()
    }

    /// Purchases that were approved for copying.
    fn copies(&self) -> usize {
        let copied = |event: &Event| {
            matches!(event, Event::Approved { ticket, .. }
                if matches!(ticket.origin, Origin::Copy { .. }) && ticket.side == Side::Buy)
        };
        self.disk.events().iter().filter(|event| copied(event)).count()
    }

    async fn earned(&self) -> Money {
        match self.handle.query(Query::Account(LEADER)).await.unwrap() {
            View::Account(view) => view.books.balance(Book::Earned).negated(),
            other => panic!("{other:?}"),
        }
    }
}

fn followers() -> impl Iterator<Item = AccountId> {
    (0..FOLLOWERS).map(|n| AccountId((n + 100) * 0x1234_5678_9abc_def1))
}

fn mark(dollars: i32) -> Input {
    Input::Mark { instrument: COIN, price: Price::whole(dollars) }
}

#[tokio::test]
async fn a_lead_reaches_everybody_once_and_is_forgotten() {
    let world = World::begin().await;
    world.buy().await;
    let lead = world.leads().await;
    assert_eq!(lead.len(), 1);
    let _copier = world.carry();
    assert!(world.settled().await);
    assert_eq!(world.copies(), FOLLOWERS as usize);
    assert!(world.leads().await.is_empty());
    // A parcel that comes twice finds nothing to do.
    let again = world.handle.tell(Input::Lead(lead[0])).await;
    assert_eq!((again, world.copies()), (Ok(Answer::Led { left: 0 }), FOLLOWERS as usize));
}

#[tokio::test]
async fn a_copier_that_stopped_in_the_middle_begins_again_and_copies_nobody_twice() {
    let world = World::begin().await;
    world.buy().await;
    let lead = world.leads().await[0];
    assert_eq!(world.handle.tell(Input::Lead(lead)).await, Ok(Answer::Led { left: 0 }));
    assert_eq!(world.leads().await.len(), 1, "nobody has said that it was delivered");
    world.carry().abort();
    let _copier = world.carry();
    assert!(world.settled().await);
    assert_eq!((world.copies(), world.leads().await.len()), (FOLLOWERS as usize, 0));
}

#[tokio::test]
async fn leads_are_heard_in_their_order_in_every_partition() {
    let world = World::begin().await;
    world.buy().await;
    world.trade(Side::Sell, Size::All).await;
    assert_eq!(world.leads().await.len(), 2);
    let _copier = world.carry();
    assert!(world.settled().await);
    let heard = |event: &Event| match event {
        Event::LeadHeard { lead, .. } => Some(lead.no),
        _ => None,
    };
    let heard: Vec<u64> = world.disk.events().iter().filter_map(heard).collect();
    let partitions = usize::from(PARTITIONS);
    assert_eq!(heard, [vec![1; partitions], vec![2; partitions]].concat());
}

#[tokio::test]
async fn short_space_holds_a_lead_up_and_loses_none() {
    let world = World::begin().await;
    world.buy().await;
    world.disk.becomes(Space::Full);
    let _copier = world.carry();
    // The lead is tried, nothing of it is durable, and whoever waits for it waits on.
    while world.handle.space() != Space::Full {
        tokio::task::yield_now().await;
    }
    let waits = tokio::time::timeout(Duration::from_millis(50), world.parcels.settled()).await;
    assert!(waits.is_err() && world.copies() == 0);
    world.disk.becomes(Space::Ample);
    assert!(world.settled().await);
    assert_eq!((world.copies(), world.leads().await.len()), (FOLLOWERS as usize, 0));
}

#[tokio::test]
async fn fees_of_all_partitions_reach_the_master_once() {
    let world = World::begin().await;
    let _copier = world.carry();
    world.buy().await;
    assert!(world.settled().await);
    world.fill(|origin| matches!(origin, Origin::Copy { .. })).await;
    let august = Timestamp::of_month(NOON.month() + 1);
    world.clock.advance(august);
    world.handle.slice(vec![mark(110)], NOON).await.unwrap();
    world.handle.slice(vec![mark(110)], august).await.unwrap();
    assert!(world.settled().await);
    // Each sleeve bought 2 percent of 10,000 and won 10 percent of it: 5 percent of $20.
    let earned = world.earned().await;
    assert_eq!(earned, Money::whole(FOLLOWERS as i32));
    for event in world.disk.events() {
        if let Event::Credited { amount, from, parcel, .. } = event {
            world.ask(LEADER, Command::Credit { from, parcel, amount }).await;
        }
    }
    assert_eq!(world.earned().await, earned, "told again, nothing is credited again");
}
