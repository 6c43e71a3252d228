//! Hand-made events, chained into batches, and a world of two tenants to project them into.

use nija_core::allocation::allocate;
use nija_core::desk::event::{Event, Evidence, Size, Skip, Wish};
use nija_core::journal::{Batch, Head};
use nija_core::ledger::entry::Entry;
use nija_core::ports::views::{Page, Projection as _, Row, Scope};
use nija_core::ports::{Clock, ReadError};
use nija_core::risk::refusal::{Change, Code, Level, Measure, Refusal};
use nija_core::words::conditions::Regime;
use nija_core::words::id::{
    AccountId, AccountNo, Epoch, FillId, InstrumentId, OrderId, PartitionId, SignalId, UserId,
};
use nija_core::words::insight::{Insight, Opinion};
use nija_core::words::instrument::{AssetClass, Hours, Instrument, Kind, VenueName};
use nija_core::words::money::{Money, Pct, Price, Qty};
use nija_core::words::order::{Fill, OrderType, Origin, Purpose, Side, Ticket, TimeInForce};
use nija_core::words::score::{Score, Strength};
use nija_core::words::signal::{Action, Signal, StrategyName};
use nija_core::words::tier::{DEFAULT_TABLE, Tier, TierTable, Tolerance};
use nija_core::words::time::{Span, Timestamp};
use nija_store::sqlite::{Database, Mode};
use nija_store::views::{Projection, Views};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

pub(crate) struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }
}

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) views: Arc<Views>,
    pub(crate) projection: Arc<Projection>,
    pub(crate) database: Database,
}

pub(crate) fn open(folder: &Path) -> Database {
    Database::open(folder.join("nija.db"), Mode::Owner, Arc::new(Still)).unwrap()
}

pub(crate) fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path());
    let (views, projection) = (database.views(), database.projection());
    World { folder, views, projection, database }
}

pub(crate) const P: PartitionId = PartitionId(2);
pub(crate) const BTC: InstrumentId = InstrumentId(1);
pub(crate) const ADA: Scope = Scope::of(UserId(1), AccountId(11));
pub(crate) const BOB: Scope = Scope::of(UserId(2), AccountId(22));
pub(crate) const ALL: Page = Page { before: None, limit: 100 };
pub(crate) const NOON: Timestamp = Timestamp(1_584_316_800_000_000 + 12 * 3_600_000_000);

pub(crate) fn later(seconds: i64) -> Timestamp {
    NOON.plus(Span::seconds(seconds))
}

/// Packs events into chained batches, each at its time.
pub(crate) struct Book {
    pub(crate) head: Head,
    pub(crate) batches: Vec<Batch>,
}

impl Book {
    pub(crate) fn of(partition: PartitionId, batches: &[(Timestamp, Vec<Event>)]) -> Vec<Batch> {
        let mut book = Self { head: Head::default(), batches: Vec::new() };
        for (at, events) in batches {
            book.add(partition, *at, events);
        }
        book.batches
    }
    pub(crate) fn add(&mut self, partition: PartitionId, at: Timestamp, events: &[Event]) {
        let mut body = Vec::new();
        for event in events {
            minicbor::encode(event, &mut body).unwrap();
        }
        let count = u32::try_from(events.len()).unwrap();
        let batch = Batch::chained(partition, Epoch(1), at, &self.head, (count, body));
        self.head = batch.follows(&self.head).unwrap();
        self.batches.push(batch);
    }
}

pub(crate) fn listed() -> Event {
    Event::Listed {
        instrument: Instrument {
            id: BTC,
            symbol: "BTC-USD".to_owned(),
            class: AssetClass::Crypto,
            kind: Kind::Spot,
            hours: Hours::Always,
            tick: Price::from_raw(1_000_000),
            lot: Qty::from_raw(1_000),
            stale_after: Span::seconds(60),
            venue: VenueName::Paper,
        },
    }
}

pub(crate) fn opened(no: u32, scope: &Scope) -> Event {
    Event::AccountOpened {
        id: scope.account(),
        no: AccountNo(no),
        user: scope.user(),
        tier: Tier::Baller,
        tolerance: Tolerance::Moderate,
        day_starts: Span::seconds(17 * 3600),
    }
}

pub(crate) fn ticket(number: u64, no: u32, side: Side, qty: Qty) -> Ticket {
    Ticket {
        id: OrderId::new(P, number),
        account: AccountNo(no),
        instrument: BTC,
        side,
        qty,
        order_type: OrderType::Limit { limit: Price::whole(50_100) },
        tif: TimeInForce::Gtc,
        origin: Origin::User,
        purpose: if side == Side::Buy { Purpose::Entry } else { Purpose::Exit },
        reserved: Money::whole(100),
        at: later(0),
        venue: VenueName::Paper,
        protect: None,
        pair: None,
        swap: None,
    }
}

/// A signal of the third version of a strategy.
const fn trend() -> Origin {
    let (strategy, signal) = (StrategyName::CryptoTrendRiding, SignalId(7));
    Origin::Strategy { strategy, signal, version: Some(3) }
}

/// What a model said of it.
pub(crate) fn learned() -> Insight {
    let opinion = Opinion {
        model: 18_336,
        score: Score::points(64),
        features: [12, -3, 0, 7, 450, -999, 1, 30],
    };
    Insight { weight: Strength::parts(5_000), opinion: Some(opinion), implied: None }
}

pub(crate) fn approved(ticket: Ticket) -> Event {
    let evidence = Evidence {
        mark: Price::whole(50_000),
        mark_age: Span::millis(12),
        equity: Money::whole(10_000),
        volatility: Some(Score::hundredths(4_210)),
        regime: Some(Regime::TrendingUp),
        level: Level::Warning,
        insight: Some(learned()),
    };
    Event::Approved { ticket, evidence }
}

pub(crate) fn filled(ticket: &Ticket, id: u64, (qty, price): (Qty, Price), entry: Entry) -> Event {
    let fill = Fill { id: FillId(id), qty, price, fee: Money::CENT };
    Event::Filled { order: ticket.id, fill, entry }
}

pub(crate) fn units(thousandths: i64) -> Qty {
    Qty::from_raw(thousandths * 100_000)
}

pub(crate) fn setup() -> Vec<Event> {
    let amount = Money::whole(10_000);
    let entry = Entry::transfer(AccountNo(0), amount).unwrap();
    let transferred = Event::Transferred { account: AccountNo(0), amount, entry };
    vec![listed(), opened(0, &ADA), opened(1, &BOB), transferred]
}

/// One order bought in two parts and sold with a profit.
pub(crate) fn round_trip() -> Vec<(Timestamp, Vec<Event>)> {
    let (buy, sell) = (ticket(1, 0, Side::Buy, units(3)), ticket(2, 0, Side::Sell, units(3)));
    let no = AccountNo(0);
    let fee = Money::CENT;
    let cost = |n: i32| Money::whole(n);
    vec![
        (later(0), setup()),
        (
            later(1),
            vec![
                approved(buy.clone()),
                Event::Acknowledged { order: buy.id },
                Event::Clock { at: later(2) },
                filled(
                    &buy,
                    1,
                    (units(1), Price::whole(50_000)),
                    Entry::bought(no, cost(50), fee).unwrap(),
                ),
                filled(
                    &buy,
                    2,
                    (units(2), Price::whole(50_001)),
                    Entry::bought(no, cost(100), fee).unwrap(),
                ),
            ],
        ),
        (
            later(3),
            vec![
                approved(sell.clone()),
                filled(
                    &sell,
                    3,
                    (units(3), Price::whole(50_100)),
                    Entry::sold(no, cost(160), cost(150), fee).unwrap(),
                ),
            ],
        ),
    ]
}

pub(crate) async fn projected(world: &World, batches: &[(Timestamp, Vec<Event>)]) -> Vec<Batch> {
    let batches = Book::of(P, batches);
    world.projection.project(batches.clone()).await.unwrap();
    batches
}

pub(crate) fn rows<T>(found: Result<Vec<Row<T>>, ReadError>) -> Vec<T> {
    found.unwrap().into_iter().map(|row| row.row).collect()
}

pub(crate) fn refusal() -> Event {
    Event::Refused {
        account: AccountNo(0),
        wish: Wish {
            instrument: BTC,
            side: Side::Buy,
            size: Size::Dollars(Money::whole(900)),
            order_type: OrderType::Market,
            tif: TimeInForce::Day,
            origin: trend(),
        },
        refusal: Refusal {
            code: Code::TradeTooLarge,
            measured: Measure::Dollars(Money::whole(900)),
            limit: Measure::Dollars(Money::whole(500)),
            age: Span::millis(12),
            changes: vec![Change::SizeAtMost(Money::whole(500)), Change::VenueUp],
        },
        insight: Some(learned()),
    }
}

/// One decision of each kind.
pub(crate) fn decisions() -> Vec<(Timestamp, Vec<Event>)> {
    let signal = Signal {
        id: SignalId(7),
        strategy: StrategyName::CryptoTrendRiding,
        version: 3,
        instrument: BTC,
        action: Action::Enter { strength: Strength::FULL, stop: None },
        mark: Price::whole(50_000),
        at: NOON,
        insight: Some(learned()),
    };
    let table = TierTable::parse(DEFAULT_TABLE).unwrap();
    let (split, _) = allocate(None, table.rules(Tier::Baller), Tolerance::Moderate);
    let account = AccountNo(0);
    let made = vec![
        approved(Ticket { origin: trend(), ..ticket(1, 0, Side::Buy, units(5)) }),
        refusal(),
        Event::Skipped { account, signal, why: Skip::BudgetSpent },
        Event::Halted {
            account,
            code: Code::DailyLoss,
            measured: Measure::Percent(Pct::whole(3)),
            limit: Measure::Percent(Pct::whole(2)),
        },
        Event::Reallocated { account, split, regime: None },
    ];
    vec![(later(0), setup()), (later(1), made)]
}
