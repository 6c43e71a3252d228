//! Desks of the core behind the API's door: two partitions, calm markets, and every order filled at its mark when a
//! test says so. For what only makes sense with the rules of the core behind it.

use crate::world::{FakeClock, instruments};
use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::copy::parcel::Content;
use nija_core::desk::answer::{Answer, Decline, Query, View};
use nija_core::desk::event::{Size, Wish};
use nija_core::desk::input::{Command, Input, Key};
use nija_core::desk::{Desk, Rules};
use nija_core::ports::{Clock, DeskError, Desks, Doing};
use nija_core::risk::kill::{Actor, Scope};
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::id::{AccountId, FillId, InstrumentId, PartitionId};
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{Fill, OrderType, Origin, Outcome, Report, Side, TimeInForce};
use nija_core::words::score::Score;
use nija_core::words::tier::{DEFAULT_TABLE, TierTable};
use nija_core::words::time::{Span, Timestamp};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

const PARTITIONS: u16 = 2;

pub(crate) struct Floor {
    pub(crate) clock: Arc<FakeClock>,
    desks: Mutex<Vec<Desk>>,
    fills: AtomicU64,
    /// How often all masters of a partition were asked for.
    pub(crate) walks: AtomicU64,
    /// How many looks at a master will be followed at once by a sale of that master.
    pub(crate) restless: AtomicU64,
}

impl Floor {
    /// Everything is listed, at $150, and nothing moves.
    pub(crate) fn calm() -> Arc<Self> {
        let tiers = TierTable::parse(DEFAULT_TABLE).unwrap();
        // Nothing is to be paid for in the months that the tests are about.
        let plans = Plans { trial_days: 90, ..Plans::parse(DEFAULT_PLANS).unwrap() };
        let rules = Arc::new(Rules::new(tiers, plans, Money::whole(10)));
        let desk = |n| Desk::new(PartitionId(n), Arc::clone(&rules));
        let floor = Self {
            clock: Arc::default(),
            desks: Mutex::new((0..PARTITIONS).map(desk).collect()),
            fills: AtomicU64::new(0),
            walks: AtomicU64::new(0),
            restless: AtomicU64::new(0),
        };
        for instrument in instruments() {
            floor.tell(&Input::List(instrument));
        }
        floor.marks();
        Arc::new(floor)
    }

    fn desks(&self) -> MutexGuard<'_, Vec<Desk>> {
        self.desks.lock().unwrap()
    }

    fn tell(&self, input: &Input) {
        for desk in &mut *self.desks() {
            desk.take(input.clone(), self.clock.now()).unwrap();
            desk.seal();
        }
    }

    /// Prices and the analyst's word, as of now.
    fn marks(&self) {
        for instrument in instruments() {
            self.tell(&Input::Mark { instrument: instrument.id, price: Price::whole(150) });
        }
        let (at, calm) = (self.clock.now(), Some(Score::points(40)));
        let regime = Some(Regime::Ranging);
        let (crypto_volatility, equity_volatility) = (calm, calm);
        self.tell(&Input::Conditions(Conditions {
            at,
            regime,
            crypto_volatility,
            equity_volatility,
            ..Conditions::default()
        }));
    }

    /// Later, with the market as it is.
    pub(crate) fn wait(&self, span: Span) {
        self.clock.advance(span);
        self.marks();
    }

    /// The first instant of the next month.
    pub(crate) fn next_month(&self) {
        let now = self.clock.now();
        self.wait(Timestamp::of_month(now.month() + 1).since(now));
        self.settle();
    }

    /// Fills what is open and carries parcels, until nothing is left.
    pub(crate) fn settle(&self) {
        while self.fill() | self.carry() {}
    }

    fn fill(&self) -> bool {
        let open: Vec<_> = self.desks().iter().flat_map(Desk::outstanding).collect();
        for order in &open {
            let qty = order.ticket.qty.checked_sub(order.filled).unwrap_or(Qty::ZERO);
            let id = FillId(self.fills.fetch_add(1, Ordering::SeqCst));
            let fill = Fill { id, qty, price: Price::whole(150), fee: Money::ZERO };
            let at = self.clock.now();
            let report = Report { order: order.ticket.id, outcome: Outcome::Filled(fill), at };
            let desk = usize::from(order.ticket.id.partition().0);
            let mut desks = self.desks();
            desks[desk].take(Input::Report(report), at).unwrap();
            desks[desk].seal();
        }
        !open.is_empty()
    }

    fn sell_a_little(&self, account: AccountId) {
        let wish = Wish {
            instrument: InstrumentId(1),
            side: Side::Sell,
            size: Size::Units("0.01".parse().unwrap()),
            order_type: OrderType::Market,
            tif: TimeInForce::Day,
            origin: Origin::User,
        };
        let answer = self.act(account, None, Command::Place(wish));
        assert!(matches!(answer, Answer::Placed { .. }), "{answer:?}");
        self.settle();
    }

    fn carry(&self) -> bool {
        let mut carried = false;
        for from in (0..PARTITIONS).map(PartitionId) {
            let View::Outbox(parcels) = self.ask(&Query::Outbox(from)) else { continue };
            for parcel in &parcels {
                match parcel.content {
                    Content::Lead(lead) => self.tell(&Input::Lead(lead)),
                    Content::Fees { to, amount } => {
                        let credit = Command::Credit { from, parcel: parcel.no, amount };
                        assert_eq!(self.act(to, None, credit), Answer::Done);
                    }
                }
                carried = true;
            }
            if let Some(last) = parcels.last() {
                let delivered = Input::Delivered { partition: from, parcel: last.no };
                let mut desks = self.desks();
                desks[usize::from(from.0)].take(delivered, self.clock.now()).unwrap();
                desks[usize::from(from.0)].seal();
            }
        }
        carried
    }

    fn act(&self, account: AccountId, key: Option<Key>, command: Command) -> Answer {
        let desk = usize::from(account.partition(PARTITIONS).0);
        let mut desks = self.desks();
        let input = Input::Command { account, key, command };
        let answer = desks[desk].take(input, self.clock.now()).unwrap();
        desks[desk].seal();
        answer
    }

    fn ask(&self, query: &Query) -> View {
        let partition = match query {
            Query::Market => PartitionId(0),
            Query::Account(id) | Query::Master(id) | Query::Preview { account: id, .. } => {
                id.partition(PARTITIONS)
            }
            Query::Masters(of)
            | Query::Followers(of, _)
            | Query::House(of)
            | Query::Outbox(of)
            | Query::Bills(of) => *of,
            Query::Bill(invoice) => invoice.partition,
        };
        match self.desks().get(usize::from(partition.0)) {
            Some(desk) => desk.query(query),
            None => View::Declined(Decline::UnknownPartition),
        }
    }
}

impl Desks for Floor {
    fn command(
        &self,
        account: AccountId,
        key: Option<Key>,
        command: Command,
    ) -> Doing<'_, Result<Answer, DeskError>> {
        let answer = self.act(account, key, command);
        Box::pin(async move { Ok(answer) })
    }
    fn commands(
        &self,
        account: AccountId,
        commands: Vec<(Option<Key>, Command)>,
    ) -> Doing<'_, Result<Vec<Answer>, DeskError>> {
        let each = commands.into_iter().map(|(key, command)| self.act(account, key, command));
        let answers = each.collect();
        Box::pin(async move { Ok(answers) })
    }
    fn query(&self, query: Query) -> Doing<'_, Result<View, DeskError>> {
        if matches!(query, Query::Masters(_)) {
            self.walks.fetch_add(1, Ordering::SeqCst);
        }
        let view = self.ask(&query);
        let less = |left: u64| left.checked_sub(1);
        if let Query::Master(id) = query
            && self.restless.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok()
        {
            self.sell_a_little(id);
        }
        Box::pin(async move { Ok(view) })
    }
    fn kill(
        &self,
        scope: Scope,
        by: Actor,
        reason: String,
        flatten: bool,
    ) -> Doing<'_, Result<(), DeskError>> {
        self.tell(&Input::Kill { scope, by, reason, flatten });
        Box::pin(async { Ok(()) })
    }
    fn rearm(&self, scope: Scope, by: Actor, reason: String) -> Doing<'_, Result<(), DeskError>> {
        self.tell(&Input::Rearm { scope, by, reason });
        Box::pin(async { Ok(()) })
    }
}
