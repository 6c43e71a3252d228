//! Contracts and options held against the backtest of their own market: months of a future that are held short, settled
//! each day and rolled; straddles over reports; and what people hold by hand until it ends. Real closes of 2013 to
//! 2016; the months are made of a fund's, the options are modeled.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::desk::Rules;
use nija_core::desk::answer::Answer;
use nija_core::desk::event::{Event, Size, Wish};
use nija_core::desk::input::{Command, Input};
use nija_core::journal::{Batch, Head};
use nija_core::ports::{AppendError, Doing, Journal, ReadError, Snapshot};
use nija_core::words::id::{AccountId, Epoch, InstrumentId, PartitionId, Seq, UserId};
use nija_core::words::instrument::{AssetClass, Hours, Instrument, Kind, VenueName};
use nija_core::words::money::{Money, Pct, Price, Qty};
use nija_core::words::order::{OrderType, Origin, Side, TimeInForce};
use nija_core::words::score::Score;
use nija_core::words::signal::StrategyName;
use nija_core::words::tier::{DEFAULT_TABLE, Tier, TierTable, Tolerance};
use nija_core::words::time::{Span, Timestamp};
use nija_engine::backtest::Backtest;
use nija_engine::backtest::tape::Tape;
use nija_engine::calendar::session_of;
use nija_engine::feeds::bars::Terms;
use nija_engine::feeds::chain::modeled::{Modeled, Settings};
use nija_engine::feeds::chain::{Numbers, Underlying};
use nija_engine::feeds::merge::Merge;
use nija_engine::feeds::recorded::Once;
use nija_engine::feeds::steps::Steps;
use nija_engine::feeds::{self, Feed, MarketEvent, csv};
use nija_engine::parity::Paper;
use nija_engine::parity::compare::Report;
use nija_engine::parity::parts::Cause;
use nija_engine::parity::rerun::World;
use nija_engine::partitions::Partitions;
use nija_engine::sim::fee::Fee;
use nija_engine::sim::{Exchange, Rules as VenueRules};
use nija_engine::trader::Trader;
use nija_market::analyst::{Analyst, Setup};
use nija_market::candle::Timeframe;
use nija_market::earnings;
use nija_market::engine::Contract;
use nija_market::roll::Family;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

const BTC: InstrumentId = InstrumentId(1);
const SPY: InstrumentId = InstrumentId(2);
const VIX: InstrumentId = InstrumentId(3);
const AAPL: InstrumentId = InstrumentId(4);
const FIRST_MONTH: u32 = 100;
const ACCOUNT: AccountId = AccountId(1);
/// The account trades from here on; what lies before is read by the analyst alone.
const BEGIN: &str = "2015-01-02";
const END: &str = "2016-07-01";
/// Ends of the months.
const ENDS: [&str; 8] = [
    "2014-12-19", "2015-03-20", "2015-06-19", "2015-09-18", "2015-12-18", "2016-03-18", "2016-06-17",
    "2016-09-16",
];

fn shared(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(file)
}

fn at(date: &str) -> Timestamp {
    let date: jiff::civil::Date = date.parse().unwrap();
    let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).unwrap();
    Timestamp(midnight.timestamp().as_microsecond())
}

fn day(date: &str) -> i32 {
    at(date).day(Span::ZERO)
}

fn row(id: InstrumentId, symbol: &str, kind: Kind) -> Instrument {
    let (class, hours) = match &kind {
        Kind::Spot => (AssetClass::Crypto, Hours::Always),
        Kind::Future { .. } => (AssetClass::Derivatives, Hours::Nyse),
        _ => (AssetClass::Equity, Hours::Nyse),
    };
    let lot = if class == AssetClass::Derivatives { 1_000_000 } else { 10_000 };
    Instrument {
        id,
        symbol: symbol.to_owned(),
        class,
        kind,
        hours,
        tick: Price::STEP,
        lot: Qty::from_raw(lot),
        stale_after: Span::seconds(360_000),
        venue: VenueName::Paper,
    }
}

/// When a month ends, and its number.
fn months() -> Vec<Contract> {
    let month = |(n, date): (u32, &&str)| {
        let expiry = session_of(Hours::Nyse, day(date)).unwrap().close_at;
        Contract { instrument: InstrumentId(FIRST_MONTH + n), expiry }
    };
    (0..).zip(&ENDS).map(month).collect()
}

fn catalog() -> Vec<Instrument> {
    let month = |of: Contract| {
        let kind = Kind::Future { multiplier: 1, expiry: of.expiry, maintenance: None };
        row(of.instrument, &format!("M{}", of.instrument.0), kind)
    };
    let rest = [
        row(BTC, "BTC-USD", Kind::Spot),
        row(SPY, "SPY", Kind::Fund),
        row(VIX, "VIX", Kind::Index),
        row(AAPL, "AAPL", Kind::Share),
    ];
    rest.into_iter().chain(months().into_iter().map(month)).collect()
}

fn setup() -> Setup {
    let mut setup = Setup::default();
    setup.roles.leader = Some(BTC);
    setup.roles.index = Some(SPY);
    setup.roles.vix = Some(VIX);
    setup.liquidity = Some(Score::MAX);
    setup.equity.earnings = vec![AAPL];
    let text = std::fs::read_to_string(shared("earnings/surprises_2012_2019.csv")).unwrap();
    setup.calendar = earnings::read(&text, |symbol| (symbol == "AAPL").then_some(AAPL)).unwrap();
    setup.derivatives.contracts = months();
    setup.derivatives.families = vec![Family { months: months() }];
    setup.derivatives.trend = vec![InstrumentId(FIRST_MONTH)];
    let trend = &mut setup.playbook.macro_trend.parameters;
    (trend.look_back, trend.center_of_mass, trend.cash_return) = (40, 20, 0.0);
    setup
}

/// The days of a month: the fund's closes, each month a percent dearer, traded more until a week before its end.
fn month(n: usize, text: &str) -> String {
    let ends = day(ENDS[n]);
    let mut file = "timestamp,open,high,low,close,volume\n".to_owned();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let left = ends - day(&cells[0][..10]);
        if !(0..=130).contains(&left) {
            continue;
        }
        let price = |of: usize| cells[of].parse::<f64>().unwrap() * 1.01f64.powi(n as i32);
        let prices = [1, 2, 3, 4].map(|of| format!("{:.4}", price(of))).join(",");
        let volume = if left <= 8 { 1 } else { 1_000 - left };
        file.push_str(&format!("{},{prices},{volume}\n", cells[0]));
    }
    file
}

/// The whole market from 2013 on.
fn market() -> Vec<MarketEvent> {
    let rows = catalog();
    let terms = |id| {
        let row = rows.iter().find(|row| row.id == id).unwrap();
        Terms { instrument: id, hours: row.hours, timeframe: Timeframe::Day1, skip_bad: false }
    };
    let files = [
        (BTC, "crypto/BTC-USD/1d.csv"),
        (SPY, "etf/SPY/1d.csv"),
        (VIX, "index/VIX/1d.csv"),
        (AAPL, "equity/AAPL/1d.csv"),
    ];
    let mut sources: Vec<Box<dyn Feed>> = Vec::new();
    for (id, file) in files {
        sources.push(Box::new(csv::open(&shared(file), terms(id)).unwrap()));
    }
    let fund = std::fs::read_to_string(shared("etf/SPY/1d.csv")).unwrap();
    for (n, contract) in months().into_iter().enumerate() {
        let text = std::io::Cursor::new(month(n, &fund).into_bytes());
        let feed = csv::read("a month", text, terms(contract.instrument)).unwrap();
        sources.push(Box::new(feed));
    }
    let merged = Merge::new(sources, &[Hours::Always, Hours::Nyse]);
    let set = setup();
    let straddle = set.playbook.equity_earnings_volatility.parameters.straddle;
    let (spread, jump, reports, rate) = (0.02, 0.6, straddle.moves, straddle.rate);
    let shares = [Underlying::of(&rows[3]).unwrap()];
    let numbers = Numbers::after([], InstrumentId(0));
    let settings = Settings { spread, jump, reports, rate };
    let mut feed = Modeled::new(merged, settings, &shares, set.calendar, &numbers);
    let mut all = Vec::new();
    while let Some(event) = feed.next().unwrap() {
        if event.at >= at("2013-01-01") && event.at < at(END) {
            all.push(event);
        }
    }
    all
}

struct Given(VecDeque<MarketEvent>);

impl Feed for Given {
    fn next(&mut self) -> Result<Option<MarketEvent>, feeds::Error> {
        Ok(self.0.pop_front())
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, feeds::Error> {
        Ok(self.0.front().map(|event| event.at))
    }
}

/// The batches of a run, to be read.
struct Kept(Vec<Batch>);

impl Journal for Kept {
    fn append<'a>(&'a self, _: &'a [Batch]) -> Doing<'a, Result<(), AppendError>> {
        Box::pin(std::future::ready(Ok(())))
    }
    fn at(&self, _: PartitionId, _: Seq) -> Doing<'_, Result<Option<Head>, ReadError>> {
        Box::pin(std::future::ready(Ok(None)))
    }
    fn read(
        &self,
        _: PartitionId,
        after: Seq,
        limit: usize,
    ) -> Doing<'_, Result<Vec<Batch>, ReadError>> {
        let next = self.0.iter().filter(|batch| batch.seq > after).take(limit).cloned().collect();
        Box::pin(std::future::ready(Ok(next)))
    }
    fn save(&self, _: Snapshot) -> Doing<'_, Result<(), AppendError>> {
        Box::pin(std::future::ready(Ok(())))
    }
    fn snapshot(&self, _: PartitionId) -> Doing<'_, Result<Option<Snapshot>, ReadError>> {
        Box::pin(std::future::ready(Ok(None)))
    }
    fn partitions(&self) -> Doing<'_, Result<Vec<PartitionId>, ReadError>> {
        Box::pin(std::future::ready(Ok(vec![PartitionId(0)])))
    }
}

fn rules() -> Arc<Rules> {
    let tiers = TierTable::parse(DEFAULT_TABLE).unwrap();
    Arc::new(Rules::new(tiers, Plans::parse(DEFAULT_PLANS).unwrap(), Money::whole(10)))
}

fn exchange(rules: VenueRules) -> Exchange {
    let mut exchange = Exchange::new(rules);
    catalog().into_iter().for_each(|row| exchange.list(row));
    exchange
}

/// An order that a person places on a date, by hand.
type Hand = (&'static str, InstrumentId, Side, Qty);

fn placed((_, instrument, side, qty): Hand) -> Input {
    let (order_type, tif, size) = (OrderType::Market, TimeInForce::Gtc, Size::Units(qty));
    let wish = Wish { instrument, side, size, order_type, tif, origin: Origin::User };
    Input::Command { account: ACCOUNT, key: None, command: Command::Place(wish) }
}

struct Told {
    report: Report,
    events: Vec<Event>,
}

/// A paper run at a venue of these terms with these hands, held against the backtest of the usual venue.
async fn compared(events: &[MarketEvent], terms: VenueRules, hands: &[Hand]) -> Told {
    let setup = setup();
    let (warm, live): (Vec<_>, Vec<_>) = events.iter().copied().partition(|e| e.at < at(BEGIN));
    let trader = || {
        let mut trader = Trader::new(Analyst::new(&setup));
        let mut unheard = Vec::new();
        for event in &warm {
            trader.step(std::slice::from_ref(event), &mut unheard);
            unheard.clear();
        }
        trader
    };
    let batches = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&batches);
    let seen = Box::new(move |batch: &Batch| kept.lock().unwrap().push(batch.clone()));
    let desks = Partitions::new(1, &rules());
    let mut run = Backtest::new(desks, exchange(terms), trader(), Arc::new(Tape::default()), seen);
    let open = Command::Open {
        user: UserId(1),
        tier: Tier::Baller,
        tolerance: Tolerance::Moderate,
        day_starts: Span::ZERO,
        deposit: Money::whole(250_000),
    };
    let open = Input::Command { account: ACCOUNT, key: None, command: open };
    let begins = Input::Announce { node: "parity".to_owned(), epoch: Epoch(1) };
    let lists = catalog().into_iter().map(Input::List);
    for input in [begins].into_iter().chain(lists).chain([open]) {
        run.input(input, at(BEGIN)).await.unwrap();
    }
    let mut feed = Given(live.clone().into());
    let mut steps = Steps::of(&mut feed);
    let (mut hands, mut last) = (hands.iter().peekable(), at(BEGIN));
    while let Some((now, step)) = steps.next_step().unwrap() {
        while let Some(hand) = hands.next_if(|hand| at(hand.0) < now) {
            let answer = run.input(placed(*hand), last).await.unwrap();
            assert!(matches!(answer, Answer::Placed { .. }), "{hand:?}: {answer:?}");
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
fn approved(events: &[Event], strategy: StrategyName, fits: fn(&Origin, Side, bool) -> bool) -> usize {
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
    let told = compared(&market(), VenueRules::default(), &[]).await;
    let (report, events) = (&told.report, &told.events);
    let rolls = approved(events, StrategyName::MacroTrend, |origin, ..| {
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

/// The first call that is listed in the run, and ends in it.
fn call(events: &[MarketEvent]) -> InstrumentId {
    let listed = events.iter().filter(|event| event.at > at("2015-02-01"));
    let call = listed.filter_map(|event| match event.kind {
        feeds::Kind::Listed(terms) if terms.right == nija_core::words::instrument::Right::Call => {
            Some(terms.id)
        }
        _ => None,
    });
    call.into_iter().next().unwrap()
}

#[tokio::test]
async fn what_people_hold_until_it_ends_is_settled_the_same_and_laid_at_their_hands() {
    let market = market();
    let month = months()[2].instrument;
    let (short, one) = (Qty::from_raw(500_000_000), Qty::whole(1));
    let hands = [("2015-04-15", month, Side::Sell, short), ("2015-03-10", call(&market), Side::Buy, one)];
    let mut hands = hands.to_vec();
    hands.sort_by_key(|hand| hand.0);
    let told = compared(&market, VenueRules::default(), &hands).await;
    let last = told.events.iter().filter_map(|event| match event {
        Event::Settled { instrument, qty, last: true, .. } => Some((*instrument, *qty)),
        _ => None,
    });
    let last: Vec<_> = last.collect();
    assert!(last.contains(&(month, short.negated())), "{last:?}");
    assert!(last.contains(&(call(&market), one)), "{last:?}");
    let report = &told.report;
    assert!(report.agrees(), "{:?} {:?}", report.differences.first(), report.orders.first());
    let (paper, rerun, parts) = report.total();
    assert!(paper != rerun && parts.of(Cause::Manual) == paper - rerun, "{parts:?}");
}

#[tokio::test]
async fn a_dear_venue_of_contracts_is_fee() {
    let dear = Fee::Percent { rate: Pct::from_raw(50_000_000) };
    let mut terms = VenueRules::default();
    terms.derivatives.fee = dear;
    let told = compared(&market(), terms, &[]).await;
    let (paper, rerun, parts) = told.report.total();
    assert!(paper < rerun);
    assert_eq!(parts.largest(), Some(Cause::Fee), "{parts:?}");
    let none = [Cause::Data, Cause::Manual, Cause::Decision].map(|cause| parts.of(cause));
    assert_eq!(none, [0; 3], "{parts:?}");
}
