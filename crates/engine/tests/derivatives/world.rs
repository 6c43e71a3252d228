//! A market of 2013 to 2016 with months of a future and options in it, and who trades there.

use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::desk::Rules;
use nija_core::desk::event::{Size, Wish};
use nija_core::desk::input::{Command, Input, OwnSignal};
use nija_core::journal::{Batch, Head};
use nija_core::ports::{AppendError, Doing, Journal, ReadError, Snapshot};
use nija_core::words::catalog;
use nija_core::words::id::{AccountId, Epoch, InstrumentId, PartitionId, Seq, UserId};
use nija_core::words::instrument::{AssetClass, Hours, Instrument, Kind, Right, VenueName};
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{OrderType, Origin, Side, TimeInForce};
use nija_core::words::score::Score;
use nija_core::words::signal::{Action, Grounds};
use nija_core::words::tier::{DEFAULT_TABLE, Tier, TierTable, Tolerance};
use nija_core::words::time::{Span, Timestamp};
use nija_engine::calendar::session_of;
use nija_engine::feeds::bars::Terms;
use nija_engine::feeds::chain::modeled::{Modeled, Settings};
use nija_engine::feeds::chain::{Numbers, Underlying};
use nija_engine::feeds::merge::Merge;
use nija_engine::feeds::{self, Feed, MarketEvent, csv};
use nija_engine::sim::{Exchange, Rules as VenueRules};
use nija_engine::trader::Trader;
use nija_market::analyst::{Analyst, Setup};
use nija_market::candle::Timeframe;
use nija_market::chain;
use nija_market::earnings;
use nija_market::engine::Contract;
use nija_market::roll::Family;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

const BTC: InstrumentId = InstrumentId(1);
const SPY: InstrumentId = InstrumentId(2);
const VIX: InstrumentId = InstrumentId(3);
pub(crate) const AAPL: InstrumentId = InstrumentId(4);
pub(crate) const FIRST_MONTH: u32 = 100;
pub(crate) const ACCOUNT: AccountId = AccountId(1);
/// The account trades from here on; what lies before is read by the analyst alone.
pub(crate) const BEGIN: &str = "2015-01-02";
pub(crate) const END: &str = "2016-07-01";
/// Ends of the months.
const ENDS: [&str; 8] = [
    "2014-12-19",
    "2015-03-20",
    "2015-06-19",
    "2015-09-18",
    "2015-12-18",
    "2016-03-18",
    "2016-06-17",
    "2016-09-16",
];

fn shared(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(file)
}

pub(crate) fn at(date: &str) -> Timestamp {
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
pub(crate) fn months() -> Vec<Contract> {
    let month = |(n, date): (u32, &&str)| {
        let expiry = session_of(Hours::Nyse, day(date)).unwrap().close_at;
        Contract { instrument: InstrumentId(FIRST_MONTH + n), expiry }
    };
    (0..).zip(&ENDS).map(month).collect()
}

pub(crate) fn catalog() -> Vec<Instrument> {
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

/// What a server trades whose catalog names all months.
pub(crate) fn setup() -> Setup {
    setup_of(&catalog())
}

/// What a server trades of a catalog, whose months are a family.
pub(crate) fn setup_of(rows: &[Instrument]) -> Setup {
    let rows: Vec<&Instrument> = rows.iter().filter(|row| row.is_margined()).collect();
    let family = Family::from(&catalog::Family::of("M", &rows).unwrap());
    let mut setup = Setup::default();
    setup.roles.leader = Some(BTC);
    setup.roles.index = Some(SPY);
    setup.roles.vix = Some(VIX);
    setup.liquidity = Some(Score::MAX);
    setup.equity.earnings = vec![AAPL];
    let text = std::fs::read_to_string(shared("earnings/surprises_2012_2019.csv")).unwrap();
    setup.calendar = earnings::read(&text, |symbol| (symbol == "AAPL").then_some(AAPL)).unwrap();
    setup.derivatives.contracts = family.months.clone();
    setup.derivatives.families = vec![family];
    setup.derivatives.trend = vec![InstrumentId(FIRST_MONTH)];
    let trend = &mut setup.playbook.macro_trend.parameters;
    (trend.look_back, trend.center_of_mass, trend.cash_return) = (40, 20, 0.0);
    setup
}

/// The days of a shared file that are read here, under its heading.
fn days(file: &str) -> String {
    let text = std::fs::read_to_string(shared(file)).unwrap();
    let (heading, rows) = text.split_once('\n').unwrap();
    let is_read = |row: &&str| ("2013-01-01"..END).contains(&&row[..10]);
    let rows: Vec<&str> = rows.lines().filter(is_read).collect();
    format!("{heading}\n{}\n", rows.join("\n"))
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

static MARKET: LazyLock<Vec<MarketEvent>> = LazyLock::new(read);

/// The whole market from 2013 on.
pub(crate) fn market() -> &'static [MarketEvent] {
    &MARKET
}

fn read() -> Vec<MarketEvent> {
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
        let text = std::io::Cursor::new(days(file).into_bytes());
        sources.push(Box::new(csv::read(file, text, terms(id)).unwrap()));
    }
    let fund = days("etf/SPY/1d.csv");
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
        all.push(event);
    }
    all
}

pub(crate) struct Given(pub(crate) VecDeque<MarketEvent>);

impl Feed for Given {
    fn next(&mut self) -> Result<Option<MarketEvent>, feeds::Error> {
        Ok(self.0.pop_front())
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, feeds::Error> {
        Ok(self.0.front().map(|event| event.at))
    }
}

/// The batches of a run, to be read.
pub(crate) struct Kept(pub(crate) Vec<Batch>);

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

pub(crate) fn rules() -> Arc<Rules> {
    let tiers = TierTable::parse(DEFAULT_TABLE).unwrap();
    Arc::new(Rules::new(tiers, Plans::parse(DEFAULT_PLANS).unwrap(), Money::whole(10)))
}

/// A trader of this setup that has read what came before a time.
pub(crate) fn trader(setup: &Setup, before: &str) -> Trader {
    let mut trader = Trader::new(Analyst::new(setup));
    for event in market().iter().take_while(|event| event.at < at(before)) {
        trader.step(std::slice::from_ref(event), drop);
    }
    trader
}

pub(crate) fn exchange(rules: VenueRules) -> Exchange {
    let mut exchange = Exchange::new(rules);
    catalog().into_iter().for_each(|row| exchange.list(row));
    exchange
}

/// Behind the close of a day in summer time, while quotes are fresh.
pub(crate) fn evening(date: &str) -> Timestamp {
    at(date).plus(Span::seconds(73_800))
}

/// What the owner asks for in the evening of a date.
pub(crate) type Asked = (&'static str, Command);

/// An order by hand.
pub(crate) const fn placed(instrument: InstrumentId, side: Side, qty: Qty) -> Command {
    let (order_type, tif, size) = (OrderType::Market, TimeInForce::Gtc, Size::Units(qty));
    Command::Place(Wish { instrument, side, size, order_type, tif, origin: Origin::User })
}

/// A signal of the owner's own model.
pub(crate) fn signaled(instrument: InstrumentId, action: Action) -> Command {
    let grounds = Grounds { model: "ridge-7".to_owned(), confidence: None, reason: None };
    Command::Signal(OwnSignal { instrument, action, grounds })
}

/// The dearest call that is listed early in the run and ends in it.
pub(crate) fn call(events: &[MarketEvent]) -> InstrumentId {
    let early = events.iter().take_while(|event| event.at < at("2015-03-01"));
    let calls = early.filter_map(|event| match event.kind {
        feeds::Kind::Listed(terms) => Some(terms),
        _ => None,
    });
    let lasts = |terms: &chain::Terms| terms.expiry > at("2015-04-01");
    let calls = calls.filter(|terms| terms.right == Right::Call).filter(lasts);
    calls.min_by_key(|terms| terms.strike).unwrap().id
}

/// What a run begins with: the catalog and one account.
pub(crate) fn beginning() -> impl Iterator<Item = Input> {
    let open = Command::Open {
        user: UserId(1),
        tier: Tier::Baller,
        tolerance: Tolerance::Moderate,
        day_starts: Span::ZERO,
        deposit: Money::whole(250_000),
    };
    let begins = Input::Announce { node: "test".to_owned(), epoch: Epoch(1) };
    let open = Input::Command { account: ACCOUNT, key: None, command: open };
    [begins].into_iter().chain(catalog().into_iter().map(Input::List)).chain([open])
}
