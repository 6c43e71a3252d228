//! A desk with a market around it: takes inputs, keeps batches and releases, and writes down what happened.

use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::commit::{Release, commit};
use nija_core::desk::alarm::Alarm;
use nija_core::desk::answer::{AccountView, Answer, Query, View};
use nija_core::desk::event::{OwnLimits, Size, Wish};
use nija_core::desk::input::{Command, Input, Key};
use nija_core::desk::{Desk, Rules};
use nija_core::journal::{Batch, Head};
use nija_core::ports::{AppendError, Doing, Journal, ReadError, Snapshot};
use nija_core::risk::kill::{Actor, Scope};
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::id::{
    AccountId, FillId, InstrumentId, OrderId, PartitionId, Seq, SignalId, UserId,
};
use nija_core::words::instrument::{AssetClass, Hours, Instrument, Kind, Right, VenueName};
use nija_core::words::money::{Money, Pct, Price, Qty};
use nija_core::words::order::{Fill, OrderType, Origin, Outcome, Report, Side, TimeInForce};
use nija_core::words::score::{Score, Strength};
use nija_core::words::signal::{Action, Signal, StrategyName};
use nija_core::words::tier::{DEFAULT_TABLE, Tier, TierTable, Tolerance};
use nija_core::words::time::{Span, Timestamp};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

pub(crate) const BTC: InstrumentId = InstrumentId(1);
pub(crate) const AAPL: InstrumentId = InstrumentId(2);
pub(crate) const ES: InstrumentId = InstrumentId(3);
/// One coin at two venues, in whole pieces, and a contract on it.
pub(crate) const HERE: InstrumentId = InstrumentId(4);
pub(crate) const THERE: InstrumentId = InstrumentId(5);
pub(crate) const PERP: InstrumentId = InstrumentId(6);
/// Ether, and what it costs in bitcoin.
pub(crate) const ETH: InstrumentId = InstrumentId(7);
pub(crate) const ETHBTC: InstrumentId = InstrumentId(8);
/// Options on AAPL at 200, which no desk lists by itself.
pub(crate) const CALL: InstrumentId = InstrumentId(100);
pub(crate) const PUT: InstrumentId = InstrumentId(101);
pub(crate) const PARTITION: PartitionId = PartitionId(5);
/// A Monday at noon, UTC.
pub(crate) const NOON: Timestamp = Timestamp(1_749_470_400_000_000);
pub(crate) const TREND: StrategyName = StrategyName::CryptoTrendRiding;

pub(crate) fn rules() -> Arc<Rules> {
    let tiers = TierTable::parse(DEFAULT_TABLE).unwrap();
    let plans = Plans::parse(DEFAULT_PLANS).unwrap();
    Arc::new(Rules::new(tiers, plans, Money::whole(10)))
}

pub(crate) fn instrument(id: InstrumentId) -> Instrument {
    let (symbol, class, kind, hours, tick, lot) = match id {
        BTC => ("BTC-USD", AssetClass::Crypto, Kind::Spot, Hours::Always, "0.01", "0.00000001"),
        AAPL => ("AAPL", AssetClass::Equity, Kind::Share, Hours::Nyse, "0.01", "0.0001"),
        ETH => ("ETH-USD", AssetClass::Crypto, Kind::Spot, Hours::Always, "0.01", "0.001"),
        ETHBTC => {
            let pair = Kind::Pair { base: ETH, quote: BTC };
            ("ETH-BTC", AssetClass::Crypto, pair, Hours::Always, "0.00001", "0.001")
        }
        HERE => ("COIN.HERE", AssetClass::Crypto, Kind::Spot, Hours::Always, "0.01", "1"),
        THERE => ("COIN.THERE", AssetClass::Crypto, Kind::Spot, Hours::Always, "0.01", "1"),
        PERP => {
            let expiry = NOON.plus(Span(30 * Span::DAY.0));
            let future = Kind::Future { multiplier: 1, expiry, maintenance: None };
            ("COIN-PERP.THERE", AssetClass::Derivatives, future, Hours::Always, "0.01", "1")
        }
        CALL | PUT => {
            let (symbol, right) =
                if id == CALL { ("AAPL C 200", Right::Call) } else { ("AAPL P 200", Right::Put) };
            let (strike, expiry) = (Price::whole(200), NOON.plus(Span(10 * Span::DAY.0)));
            let kind = Kind::Option { underlying: AAPL, right, strike, multiplier: 100, expiry };
            (symbol, AssetClass::Derivatives, kind, Hours::Nyse, "0.01", "1")
        }
        _ => {
            let expiry = NOON.plus(Span(30 * Span::DAY.0));
            let future = Kind::Future { multiplier: 5, expiry, maintenance: Some(Pct::whole(5)) };
            ("ES", AssetClass::Derivatives, future, Hours::Nyse, "0.25", "0.01")
        }
    };
    Instrument {
        id,
        symbol: symbol.to_owned(),
        class,
        kind,
        hours,
        tick: tick.parse().unwrap(),
        lot: lot.parse().unwrap(),
        stale_after: Span::seconds(60),
        venue: VenueName::Paper,
    }
}

/// A journal in memory that takes everything, or all that is written.
struct Memory {
    kept: Mutex<Vec<Batch>>,
    forgets: bool,
}

impl Journal for Memory {
    fn forgets(&self) -> bool {
        self.forgets
    }
    fn append<'a>(&'a self, batches: &'a [Batch]) -> Doing<'a, Result<(), AppendError>> {
        self.kept.lock().unwrap().extend_from_slice(batches);
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

/// The desk, what it released, and its journal.
pub(crate) struct World {
    pub(crate) desk: Desk,
    pub(crate) now: Timestamp,
    pub(crate) batches: Vec<Batch>,
    pub(crate) releases: Vec<Release>,
    pub(crate) alarms: Vec<Alarm>,
    pub(crate) log: String,
    /// Does nobody read its journal again?
    pub(crate) forgets: bool,
    fills: u64,
    signals: u64,
}

impl World {
    /// An empty desk at noon.
    pub(crate) fn empty() -> Self {
        Self {
            desk: Desk::new(PARTITION, rules()),
            now: NOON,
            batches: Vec::new(),
            releases: Vec::new(),
            alarms: Vec::new(),
            log: String::new(),
            forgets: false,
            fills: 0,
            signals: 0,
        }
    }

    /// Three instruments at their prices, open sessions, calm conditions.
    pub(crate) fn calm() -> Self {
        Self::empty().calmed()
    }

    /// The same of a world that is empty.
    pub(crate) fn calmed(self) -> Self {
        let mut world = self;
        for id in [BTC, AAPL, ES] {
            world.take(Input::List(instrument(id)));
        }
        world.session(true);
        for (id, price) in [(BTC, "50000"), (AAPL, "200"), (ES, "5000")] {
            world.mark(id, price);
        }
        world.conditions(Some(Regime::Ranging), 45, 45);
        world
    }

    pub(crate) fn wait(&mut self, span: Span) {
        self.now = self.now.plus(span);
    }

    /// Takes an input, seals and commits.
    pub(crate) fn take(&mut self, input: Input) -> Answer {
        let answer = self.desk.take(input, self.now).expect("the desk broke");
        self.commit();
        answer
    }

    /// Seals what happened; releases follow.
    pub(crate) fn commit(&mut self) {
        let Some(mut held) = self.desk.seal() else { return };
        self.alarms.extend(held.take_alarms());
        let batch = held.batch().clone();
        for event in batch.events().unwrap() {
            self.log.push_str(&crate::lines::line(&event));
        }
        let journal = Memory { kept: Mutex::default(), forgets: self.forgets };
        let mut done = pin!(commit(&journal, vec![held]));
        let Poll::Ready(released) = done.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        else {
            panic!("a journal in memory does not wait");
        };
        for release in released.unwrap() {
            self.log.push_str(&crate::lines::released(&release));
            self.releases.push(release);
        }
        self.batches.push(batch);
    }

    /// Writes a heading into the log.
    pub(crate) fn step(&mut self, heading: &str) {
        self.log.push_str(&format!("> {heading}\n"));
    }

    pub(crate) fn command(&mut self, account: AccountId, command: Command) -> Answer {
        self.take(Input::Command { account, key: None, command })
    }

    pub(crate) fn keyed(&mut self, account: AccountId, key: &str, command: Command) -> Answer {
        let request = format!("{command:?}");
        let key = Some(Key::of(key.as_bytes(), request.as_bytes()));
        self.take(Input::Command { account, key, command })
    }

    pub(crate) fn open(&mut self, id: u128, tier: Tier, dollars: i32) -> AccountId {
        self.open_at(id, tier, dollars, Span::ZERO)
    }

    pub(crate) fn open_at(&mut self, id: u128, tier: Tier, dollars: i32, day: Span) -> AccountId {
        let account = AccountId(id);
        let answer = self.command(
            account,
            Command::Open {
                user: UserId(id),
                tier,
                tolerance: Tolerance::Moderate,
                day_starts: day,
                deposit: Money::whole(dollars),
            },
        );
        assert_eq!(answer, Answer::Done);
        account
    }

    pub(crate) fn mark(&mut self, instrument: InstrumentId, price: &str) {
        let price = price.parse().unwrap();
        self.take(Input::Mark { instrument, price });
    }

    pub(crate) fn session(&mut self, open: bool) {
        self.take(Input::Session { hours: Hours::Nyse, open, until: None });
    }

    pub(crate) fn conditions(&mut self, regime: Option<Regime>, crypto: u8, equity: u8) {
        self.take(Input::Conditions(Conditions {
            at: self.now,
            regime,
            crypto_volatility: Some(Score::points(crypto)),
            equity_volatility: Some(Score::points(equity)),
            ..Conditions::default()
        }));
    }

    pub(crate) fn buy(&mut self, account: AccountId, of: InstrumentId, dollars: i32) -> Answer {
        self.command(account, Command::Place(wish(of, Side::Buy, dollars_of(dollars))))
    }

    pub(crate) fn sell(&mut self, account: AccountId, of: InstrumentId, size: Size) -> Answer {
        self.command(account, Command::Place(wish(of, Side::Sell, size)))
    }

    /// A limit sale far above the market, which rests.
    pub(crate) fn rest(&mut self, account: AccountId, of: InstrumentId, size: Size) -> Answer {
        let order_type = OrderType::Limit { limit: Price::whole(90_000) };
        let wish = Wish { order_type, ..wish(of, Side::Sell, size) };
        self.command(account, Command::Place(wish))
    }

    pub(crate) fn signal(&mut self, strategy: StrategyName, of: InstrumentId, action: Action) {
        self.signals += 1;
        let market = self.market();
        let mark = market.instruments.iter().find(|i| i.instrument.id == of).unwrap().mark;
        self.take(Input::Signal(Signal {
            id: SignalId(self.signals),
            strategy,
            version: 1,
            instrument: of,
            action,
            mark: mark.unwrap_or(Price::ZERO),
            at: self.now,
            insight: None,
        }));
    }

    /// A strategy enters with full strength.
    pub(crate) fn enter(&mut self, strategy: StrategyName, of: InstrumentId, stop: Option<&str>) {
        let stop = stop.map(|price| price.parse().unwrap());
        self.signal(strategy, of, Action::Enter { strength: Strength::FULL, stop });
    }

    pub(crate) fn report(&mut self, order: OrderId, outcome: Outcome) {
        self.take(Input::Report(Report { order, outcome, at: self.now }));
    }

    pub(crate) fn cancelled(&mut self, order: OrderId) {
        self.report(order, Outcome::Cancelled { why: "as asked" });
    }

    /// Fills `qty` at `price`, for a fee of a thousandth.
    pub(crate) fn fill(&mut self, order: OrderId, qty: Qty, price: &str) -> Fill {
        self.fills += 1;
        let price: Price = price.parse().unwrap();
        let of = self.ticket(order).map_or(BTC, |ticket| ticket.instrument);
        let worth = instrument(of).value(price, qty, nija_core::words::fixed::Round::Up).unwrap();
        let fill =
            Fill { id: FillId(self.fills), qty, price, fee: worth.share(1, 1_000, UP).unwrap() };
        self.report(order, Outcome::Filled(fill));
        fill
    }

    /// Fills all that is left of an order.
    pub(crate) fn fill_rest(&mut self, order: OrderId, price: &str) {
        let open = self.desk.outstanding().into_iter().find(|o| o.ticket.id == order).unwrap();
        let left = open.ticket.qty.checked_sub(open.filled).unwrap();
        self.fill(order, left, price);
    }

    pub(crate) fn kill(&mut self, scope: Scope, flatten: bool) {
        let (by, reason) = (Actor::User(UserId(1)), "as a test".to_owned());
        self.take(Input::Kill { scope, by, reason, flatten });
    }

    pub(crate) fn rearm(&mut self, scope: Scope, reason: &str) -> Answer {
        let (by, reason) = (Actor::User(UserId(1)), reason.to_owned());
        self.take(Input::Rearm { scope, by, reason })
    }

    pub(crate) fn own(&mut self, account: AccountId, own: OwnLimits) -> Answer {
        self.command(account, Command::limits(own))
    }

    pub(crate) fn view(&self, id: AccountId) -> AccountView {
        match self.desk.query(&Query::Account(id)) {
            View::Account(view) => *view,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn market(&self) -> nija_core::desk::answer::MarketView {
        match self.desk.query(&Query::Market) {
            View::Market(view) => *view,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn ticket(&self, order: OrderId) -> Option<nija_core::words::order::Ticket> {
        let open = self.desk.outstanding().into_iter();
        open.map(|o| o.ticket).find(|ticket| ticket.id == order)
    }

    /// The order placed last.
    pub(crate) fn last(&self) -> OrderId {
        let placed = self.releases.iter().rev().find(|r| r.ticket().is_some());
        placed.unwrap().order()
    }

    /// What is held of an instrument; below zero it is short.
    pub(crate) fn held(&self, id: AccountId, of: InstrumentId) -> Qty {
        let positions = self.view(id).positions;
        positions.iter().find(|p| p.instrument == of).map_or(Qty::ZERO, |p| p.qty)
    }
}

const UP: nija_core::words::fixed::Round = nija_core::words::fixed::Round::Up;

pub(crate) fn dollars_of(dollars: i32) -> Size {
    Size::Dollars(Money::whole(dollars))
}

/// A market order that may wait.
pub(crate) fn wish(instrument: InstrumentId, side: Side, size: Size) -> Wish {
    Wish {
        instrument,
        side,
        size,
        order_type: OrderType::Market,
        tif: TimeInForce::Gtc,
        origin: Origin::User,
    }
}
