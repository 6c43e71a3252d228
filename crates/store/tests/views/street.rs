//! A real desk whose batches go into the views: what a month says is held to what the desk says.

use crate::fixture::{World, world};
use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::copy::master::{DISCLOSURE, MasterChange};
use nija_core::copy::parcel::Content;
use nija_core::copy::terms::CopyTerms;
use nija_core::desk::answer::{AccountView, Answer, HouseView, Query, View};
use nija_core::desk::event::{Adjustment, Event, Size, Wish};
use nija_core::desk::input::{Command, CopyAct, Input, LeaderFacts};
use nija_core::desk::{Desk, Rules};
use nija_core::journal::Batch;
use nija_core::ports::views::Projection as _;
use nija_core::ports::views::Scope;
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::fixed::Round;
use nija_core::words::id::{AccountId, FillId, InstrumentId, OrderId, PartitionId, UserId};
use nija_core::words::instrument::{AssetClass, Hours, Instrument, Kind, VenueName};
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{Fill, OrderType, Origin, Outcome, Report, Side, TimeInForce};
use nija_core::words::score::Score;
use nija_core::words::tier::{DEFAULT_TABLE, Tier, TierTable, Tolerance};
use nija_core::words::time::{Span, Timestamp};
use std::sync::Arc;

pub(crate) const HERE: PartitionId = PartitionId(2);
pub(crate) const COIN: InstrumentId = InstrumentId(1);
pub(crate) const FUTURE: InstrumentId = InstrumentId(2);
/// Another coin, and what it costs in the first.
pub(crate) const OTHER: InstrumentId = InstrumentId(3);
pub(crate) const PAIR: InstrumentId = InstrumentId(4);
/// Some days before a month ends.
pub(crate) const START: Timestamp = Timestamp(1_771_934_400_000_000);

pub(crate) fn usd(text: &str) -> Money {
    text.parse().unwrap()
}

/// The desk, its views, and prices that somebody sets.
pub(crate) struct Street {
    pub(crate) world: World,
    pub(crate) desk: Desk,
    pub(crate) now: Timestamp,
    /// The journal.
    pub(crate) batches: Vec<Batch>,
    fills: u64,
}

fn instrument(id: InstrumentId, kind: Kind, class: AssetClass) -> Instrument {
    Instrument {
        id,
        symbol: ["BTC-USD", "ES", "ETH-USD", "ETH-BTC"][id.0 as usize - 1].to_owned(),
        class,
        kind,
        hours: Hours::Always,
        tick: "0.01".parse().unwrap(),
        lot: "0.00000001".parse().unwrap(),
        stale_after: Span(400 * Span::DAY.0),
        venue: VenueName::Paper,
    }
}

impl Street {
    /// A coin at 100 and a future of five times 50.
    pub(crate) async fn open() -> Self {
        let tiers = TierTable::parse(DEFAULT_TABLE).unwrap();
        let plans = Plans::parse(DEFAULT_PLANS).unwrap();
        let rules = Arc::new(Rules::new(tiers, plans, Money::whole(10)));
        let (world, desk) = (world(), Desk::new(HERE, rules));
        let mut street = Self { world, desk, now: START, batches: Vec::new(), fills: 0 };
        let expiry = START.plus(Span(900 * Span::DAY.0));
        let future = Kind::Future { multiplier: 5, expiry, maintenance: None };
        street.take(Input::List(instrument(COIN, Kind::Spot, AssetClass::Crypto))).await;
        street.take(Input::List(instrument(FUTURE, future, AssetClass::Derivatives))).await;
        street.mark(COIN, "100").await;
        street.mark(FUTURE, "50").await;
        let conditions = Conditions {
            at: START,
            regime: Some(Regime::Ranging),
            crypto_volatility: Some(Score::points(30)),
            equity_volatility: Some(Score::points(30)),
            ..Conditions::default()
        };
        street.take(Input::Conditions(conditions)).await;
        street
    }

    /// Another coin at 10, and at a tenth of the first.
    pub(crate) async fn list_pair(&mut self) {
        let pair = Kind::Pair { base: OTHER, quote: COIN };
        for (id, kind, price) in [(OTHER, Kind::Spot, "10"), (PAIR, pair, "0.1")] {
            self.take(Input::List(instrument(id, kind, AssetClass::Crypto))).await;
            self.mark(id, price).await;
        }
    }

    /// Takes an input; what became of it is in the views at once.
    pub(crate) async fn take(&mut self, input: Input) -> Answer {
        let answer = self.desk.take(input, self.now).unwrap();
        if let Some(held) = self.desk.seal() {
            self.batches.push(held.batch().clone());
            self.world.projection.project(vec![held.batch().clone()]).await.unwrap();
        }
        answer
    }

    pub(crate) async fn command(&mut self, account: AccountId, command: Command) -> Answer {
        self.take(Input::Command { account, key: None, command }).await
    }

    pub(crate) async fn mark(&mut self, instrument: InstrumentId, price: &str) {
        let price = price.parse().unwrap();
        self.take(Input::Mark { instrument, price }).await;
    }

    pub(crate) async fn customer(&mut self, id: u128, tier: Tier, dollars: i32) -> AccountId {
        let account = AccountId(id);
        let open = Command::Open {
            user: UserId(id),
            tier,
            tolerance: Tolerance::Moderate,
            day_starts: Span::seconds(5 * 3_600),
            deposit: Money::whole(dollars),
        };
        assert_eq!(self.command(account, open).await, Answer::Done);
        account
    }

    /// Profit or loss without a trade.
    pub(crate) async fn profit(&mut self, account: AccountId, amount: &str) {
        let (kind, why) = (Adjustment::Correction, "a test".to_owned());
        let adjust = Command::Adjust { kind, amount: usd(amount), why };
        assert_eq!(self.command(account, adjust).await, Answer::Done);
    }

    pub(crate) async fn pay(&mut self, account: AccountId, amount: &str) -> Answer {
        self.command(account, Command::Transfer(usd(amount))).await
    }

    pub(crate) async fn order(
        &mut self,
        account: AccountId,
        (side, instrument): (Side, InstrumentId),
        size: Size,
    ) -> Answer {
        let wish = Wish {
            instrument,
            side,
            size,
            order_type: OrderType::Market,
            tif: TimeInForce::Day,
            origin: Origin::User,
        };
        let answer = self.command(account, Command::Place(wish)).await;
        self.fill_all().await;
        answer
    }

    /// Fills everything that is open at its mark, in two parts.
    pub(crate) async fn fill_all(&mut self) {
        loop {
            let open = self.desk.outstanding();
            let Some(order) = open.first() else { return };
            let left = order.ticket.qty.checked_sub(order.filled).unwrap();
            let part = Qty::from_raw(left.raw() / 3);
            let price = self.price(order.ticket.instrument);
            let (id, of) = (order.ticket.id, order.ticket.instrument);
            for qty in [part, left.checked_sub(part).unwrap()] {
                if qty.is_positive() {
                    self.fill(id, of, qty, price).await;
                }
            }
        }
    }

    async fn fill(&mut self, order: OrderId, of: InstrumentId, qty: Qty, price: Price) {
        self.fills += 1;
        let multiplier = if of == FUTURE { 5 } else { 1 };
        let worth = nija_core::words::fixed::mul_div(
            price.raw(),
            qty.raw() * multiplier,
            nija_core::words::fixed::SCALE,
            Round::Up,
        );
        let fee = Money::from_raw(worth.unwrap() / 1_000);
        let fill = Fill { id: FillId(self.fills), qty, price, fee };
        let outcome = Outcome::Filled(fill);
        self.take(Input::Report(Report { order, outcome, at: self.now })).await;
    }

    pub(crate) fn price(&self, of: InstrumentId) -> Price {
        let View::Market(market) = self.desk.query(&Query::Market) else { panic!("no market") };
        market.instruments.iter().find(|row| row.instrument.id == of).unwrap().mark.unwrap()
    }

    pub(crate) fn view(&self, id: AccountId) -> AccountView {
        match self.desk.query(&Query::Account(id)) {
            View::Account(view) => *view,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn house(&self) -> HouseView {
        match self.desk.query(&Query::House(HERE)) {
            View::House(house) => *house,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn lead(&mut self, account: AccountId) {
        let open = Command::Lead(MasterChange::Opened(DISCLOSURE));
        assert_eq!(self.command(account, open).await, Answer::Done);
    }

    pub(crate) async fn copy(
        &mut self,
        account: AccountId,
        leader: AccountId,
        act: CopyAct,
    ) -> Answer {
        self.command(account, Command::Copy { leader, act }).await
    }

    pub(crate) async fn follow(
        &mut self,
        account: AccountId,
        leader: AccountId,
        amount: Money,
    ) -> Answer {
        let View::Masters(masters) = self.desk.query(&Query::Masters(HERE)) else {
            panic!("no masters")
        };
        let master = masters.into_iter().find(|master| master.id == leader).unwrap();
        let facts = LeaderFacts {
            user: master.user,
            leads: master.master.leads,
            vetted: master.master.vetted,
            risk: master.master.record.risk_score(),
            last: master.master.last,
            holds: master.holds,
        };
        let (terms, leader_facts) = (CopyTerms::default(), Box::new(facts));
        let act = CopyAct::Start { amount, terms, leader: leader_facts, open: false };
        self.copy(account, leader, act).await
    }

    /// Carries parcels and fills what they led to, until nothing is left.
    pub(crate) async fn carry(&mut self) {
        while let View::Outbox(parcels) = self.desk.query(&Query::Outbox(HERE)) {
            let Some(last) = parcels.last().map(|parcel| parcel.no) else { return };
            for parcel in parcels {
                match parcel.content {
                    Content::Lead(lead) => {
                        while self.take(Input::Lead(lead)).await != (Answer::Led { left: 0 }) {}
                        self.fill_all().await;
                    }
                    Content::Fees { to, amount } => {
                        let credit = Command::Credit { from: HERE, parcel: parcel.no, amount };
                        assert_eq!(self.command(to, credit).await, Answer::Done);
                    }
                }
            }
            self.take(Input::Delivered { partition: HERE, parcel: last }).await;
        }
    }

    /// The first instant of the next month, or a little later; what is due is charged.
    pub(crate) async fn next_month(&mut self) {
        let begins = Timestamp::of_month(self.now.month() + 1);
        self.now = begins.plus(Span::millis(1_234));
        let price = self.price(COIN);
        self.take(Input::Mark { instrument: COIN, price }).await;
        self.carry().await;
    }
}

pub(crate) fn scope_of(account: AccountId) -> Scope {
    Scope::of(UserId(account.0), account)
}

/// Fees of profits that an event charged.
pub(crate) fn charged(event: &Event) -> Money {
    match event {
        Event::Billed { fee, .. } => fee.total(),
        _ => Money::ZERO,
    }
}
