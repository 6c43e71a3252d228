//! The suite's own side of the street: one desk, a journal in memory, and the reports heard so far.
//!
//! Its time is made up and moves with each step, so that no rule about time stands in the way of a case.

use super::kept::Kept;
use super::{Fault, Ground};
use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::commit::{Release, commit};
use nija_core::desk::answer::Answer;
use nija_core::desk::event::{Size, Wish};
use nija_core::desk::input::{Command, Input, Key};
use nija_core::desk::{Desk, Rules};
use nija_core::ports::{Found, VenueError};
use nija_core::words::conditions::Conditions;
use nija_core::words::id::{AccountId, Epoch, OrderId, UserId};
use nija_core::words::instrument::Instrument;
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{Fill, OrderType, Origin, Outcome, Report, Side, TimeInForce};
use nija_core::words::score::Score;
use nija_core::words::tier::{DEFAULT_TABLE, Tier, TierTable, Tolerance};
use nija_core::words::time::{Span, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::time::{Instant, timeout};

/// Where every case finds the market.
pub(super) const START: Price = Price::whole(100);
/// What each order of the suite is worth, about: within every limit of the account.
const WORTH: Money = Money::whole(1_000);
/// Where the suite's time begins: noon of a working day.
const NOON: Timestamp = Timestamp(1_718_193_600_000_000);

/// What the cases work with.
pub(super) struct Bench<'a> {
    ground: &'a dyn Ground,
    desk: Desk,
    journal: Kept,
    now: Timestamp,
    account: AccountId,
    key: u64,
    releases: Vec<Release>,
    heard: BTreeMap<OrderId, Vec<Report>>,
    /// The venue's own row of what is traded.
    pub(super) row: Instrument,
}

pub(super) fn venue<T>(why: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Venue(why.into()))
}

pub(super) fn suite<T>(why: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Suite(why.into()))
}

impl<'a> Bench<'a> {
    pub(super) fn new(ground: &'a dyn Ground) -> Result<Self, Fault> {
        let row = ground.instrument();
        if row.tick.raw() < 2 || row.lot.raw() < 2 {
            return suite("the instrument's tick and lot must be coarser than 10^-8");
        }
        if row.venue != ground.venue().name() {
            return suite("the instrument must be the venue's own");
        }
        let tiers = TierTable::parse(DEFAULT_TABLE).map_err(|why| Fault::Suite(why.to_string()))?;
        let plans = Plans::parse(DEFAULT_PLANS).map_err(|why| Fault::Suite(why.to_string()))?;
        let rules = Arc::new(Rules::new(tiers, plans, Money::whole(10)));
        let mut desk = Desk::new(ground.partition(), rules);
        let announce = Input::Announce { node: "conformance".to_owned(), epoch: Epoch(1) };
        desk.take(announce, NOON).map_err(|why| Fault::Suite(why.to_string()))?;
        Ok(Self {
            ground,
            desk,
            journal: Kept::default(),
            now: NOON,
            account: AccountId(0),
            key: 0,
            releases: Vec::new(),
            heard: BTreeMap::new(),
            row,
        })
    }

    /// Begins a case: an account of its own, the catalog as the venue has it, the market at [`START`].
    pub(super) async fn begin(&mut self) -> Result<(), Fault> {
        self.account = AccountId(self.account.0 + 1);
        self.row = self.ground.instrument();
        self.list(self.row.clone()).await?;
        let open = Command::Open {
            user: UserId(self.account.0),
            tier: Tier::Baller,
            tolerance: Tolerance::Moderate,
            day_starts: Span::ZERO,
            deposit: Money::whole(1_000_000),
        };
        match self.command(open).await? {
            Answer::Done => self.price(START).await,
            other => suite(format!("no account was opened: {other:?}")),
        }
    }

    /// Goes on with the venue's contract, where it has one.
    pub(super) async fn turn_to_contract(&mut self) -> Result<bool, Fault> {
        let Some(row) = self.ground.contract() else { return Ok(false) };
        if !row.is_margined() || row.lot.raw() < 2 || row.venue != self.row.venue {
            return suite("the contract must be a future of the venue's own");
        }
        self.row = row;
        self.list(self.row.clone()).await?;
        self.price(START).await?;
        Ok(true)
    }

    /// Gives an input to the desk and commits what it leads to.
    async fn take(&mut self, input: Input) -> Result<Answer, Fault> {
        self.now = self.now.plus(Span::seconds(1));
        let answer =
            self.desk.take(input, self.now).map_err(|why| Fault::Suite(why.to_string()))?;
        let held = self.desk.seal().into_iter().collect();
        let released = commit(&self.journal, held).await;
        self.releases.extend(released.map_err(|why| Fault::Suite(why.to_string()))?);
        Ok(answer)
    }

    async fn command(&mut self, command: Command) -> Result<Answer, Fault> {
        self.key += 1;
        let key = Some(Key { key: self.key, request: self.key });
        self.take(Input::Command { account: self.account, key, command }).await
    }

    /// Lists a row at the desk, which may differ from the venue's: that is how the suite sends nonsense.
    pub(super) async fn list(&mut self, row: Instrument) -> Result<(), Fault> {
        self.take(Input::List(row)).await.map(drop)
    }

    /// Tells the desk a price without moving the market.
    pub(super) async fn mark(&mut self, row: &Instrument, price: Price) -> Result<(), Fault> {
        let calm = Some(Score::points(20));
        let (at, instrument) = (self.now, row.id);
        let calm = Conditions {
            at,
            crypto_volatility: calm,
            equity_volatility: calm,
            ..Conditions::default()
        };
        self.take(Input::Conditions(calm)).await?;
        self.take(Input::Mark { instrument, price }).await.map(drop)
    }

    /// Moves the market, and tells the desk.
    pub(super) async fn price(&mut self, price: Price) -> Result<(), Fault> {
        self.ground.price(self.row.id, price).await;
        self.mark(&self.row.clone(), price).await
    }

    /// The quantity that all orders of the suite are about.
    pub(super) fn qty(&self) -> Qty {
        self.row.quantity(WORTH, START).unwrap_or(self.row.lot)
    }

    /// Lets the desk approve an order of [`Bench::qty`], and gives its release.
    pub(super) async fn approve(
        &mut self,
        side: Side,
        order_type: OrderType,
        tif: TimeInForce,
    ) -> Result<Release, Fault> {
        let (row, qty) = (self.row.clone(), self.qty());
        self.approve_of(&row, qty, (side, order_type, tif)).await
    }

    pub(super) async fn approve_of(
        &mut self,
        row: &Instrument,
        qty: Qty,
        (side, order_type, tif): (Side, OrderType, TimeInForce),
    ) -> Result<Release, Fault> {
        let (instrument, size, origin) = (row.id, Size::Units(qty), Origin::User);
        let wish = Wish { instrument, side, size, order_type, tif, origin };
        match self.command(Command::Place(wish)).await? {
            Answer::Placed { order, .. } => self.released(order),
            Answer::Refused(refusal) => suite(format!("the desk refused: {refusal}")),
            other => suite(format!("the desk did not approve: {other:?}")),
        }
    }

    /// Asks the desk to take an order back, and gives that release.
    pub(super) async fn revoke(&mut self, order: OrderId) -> Result<Release, Fault> {
        match self.command(Command::Cancel(order)).await? {
            Answer::Done => self.released(order),
            other => suite(format!("the desk does not cancel: {other:?}")),
        }
    }

    fn released(&mut self, order: OrderId) -> Result<Release, Fault> {
        let found = self.releases.iter().position(|release| release.order() == order);
        match found {
            Some(at) => Ok(self.releases.swap_remove(at)),
            None => suite(format!("nothing was released for order {order}")),
        }
    }

    /// Submits; what is unknown or could not be reached is a fault here.
    pub(super) async fn submit(&mut self, release: &Release) -> Result<Result<(), String>, Fault> {
        self.heard.entry(release.order()).or_default();
        let answer = timeout(self.ground.patience(), self.ground.venue().submit(release)).await;
        match answer {
            Ok(Ok(())) => Ok(Ok(())),
            Ok(Err(VenueError::Rejected(why))) => {
                if release.ticket().is_some() {
                    self.forget(release.order(), why.clone()).await?;
                }
                Ok(Err(why))
            }
            Ok(Err(other)) => venue(format!("submitting order {}: {other}", release.order())),
            Err(_) => venue(format!("submitting order {} took too long", release.order())),
        }
    }

    /// Tells the desk what a gateway would: the order is not to be.
    async fn forget(&mut self, order: OrderId, why: String) -> Result<(), Fault> {
        let (outcome, at) = (Outcome::Rejected { why }, self.now);
        self.take(Input::Report(Report { order, outcome, at })).await.map(drop)
    }

    /// Approves an order, submits it, and waits until it is acknowledged.
    pub(super) async fn working(
        &mut self,
        side: Side,
        order_type: OrderType,
        tif: TimeInForce,
    ) -> Result<Release, Fault> {
        let release = self.approve(side, order_type, tif).await?;
        let order = release.order();
        if let Err(why) = self.submit(&release).await? {
            return venue(format!("a sound order was refused: {why}"));
        }
        let has = |reports: &[Report]| reports.iter().any(|r| r.outcome == Outcome::Acknowledged);
        self.until(order, "its acknowledgement", has).await?;
        Ok(release)
    }

    /// Buys at the market and waits for the fill, so that there is something to sell.
    pub(super) async fn holding(&mut self) -> Result<OrderId, Fault> {
        let release = self.working(Side::Buy, OrderType::Market, TimeInForce::Gtc).await?;
        self.price(START).await?;
        self.filled(release.order()).await?;
        Ok(release.order())
    }

    /// Waits until an order is filled whole.
    pub(super) async fn filled(&mut self, order: OrderId) -> Result<Vec<Fill>, Fault> {
        let qty = self.qty();
        let all = |reports: &[Report]| total(&fills(reports)) >= qty;
        self.until(order, "all of its fills", all).await?;
        Ok(self.fills(order))
    }

    /// Waits until what was heard of an order satisfies `enough`.
    pub(super) async fn until(
        &mut self,
        order: OrderId,
        what: &str,
        enough: impl Fn(&[Report]) -> bool,
    ) -> Result<(), Fault> {
        let deadline = Instant::now() + self.ground.patience();
        while !enough(self.heard(order)) {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(told) = timeout(left, self.ground.venue().reports()).await else {
                return venue(format!("order {order}: {what} did not come"));
            };
            self.hear(told).await?;
        }
        Ok(())
    }

    /// Hears reports until there have been none for a while.
    pub(super) async fn quiet(&mut self) -> Result<(), Fault> {
        while let Ok(told) = timeout(self.ground.quiet(), self.ground.venue().reports()).await {
            self.hear(told).await?;
        }
        Ok(())
    }

    /// Notes reports and tells the desk.
    async fn hear(&mut self, told: Option<Vec<Report>>) -> Result<(), Fault> {
        let Some(reports) = told else {
            return venue("the venue closed while it was being used");
        };
        for report in reports {
            let Some(heard) = self.heard.get_mut(&report.order) else {
                return venue(format!("a report about order {}, never submitted", report.order));
            };
            heard.push(report.clone());
            self.take(Input::Report(report)).await?;
        }
        Ok(())
    }

    /// Everything heard of an order, repeats included.
    pub(super) fn heard(&self, order: OrderId) -> &[Report] {
        self.heard.get(&order).map_or(&[], Vec::as_slice)
    }

    /// The fills heard of an order, each once.
    pub(super) fn fills(&self, order: OrderId) -> Vec<Fill> {
        fills(self.heard(order))
    }

    /// Holds that an order has not traded so far.
    pub(super) async fn untouched(&mut self, order: OrderId, when: &str) -> Result<(), Fault> {
        self.quiet().await?;
        match self.fills(order).first() {
            None => Ok(()),
            Some(fill) => venue(format!("it traded at {} {when}", fill.price)),
        }
    }

    pub(super) async fn find(&self, order: OrderId) -> Result<Found, Fault> {
        match timeout(self.ground.patience(), self.ground.venue().find(order)).await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(why)) => venue(format!("`find` failed: {why}")),
            Err(_) => venue("`find` took too long"),
        }
    }
}

/// The fills among reports, repeats of an id apart.
pub(super) fn fills(reports: &[Report]) -> Vec<Fill> {
    let mut all: Vec<Fill> = Vec::new();
    for report in reports {
        if let Outcome::Filled(fill) = report.outcome
            && all.iter().all(|known| known.id != fill.id)
        {
            all.push(fill);
        }
    }
    all
}

pub(super) fn total(fills: &[Fill]) -> Qty {
    fills.iter().fold(Qty::ZERO, |sum, fill| sum.saturating_add(fill.qty))
}

/// Was it taken back?
pub(super) fn is_cancelled(reports: &[Report]) -> bool {
    reports.iter().any(|r| matches!(r.outcome, Outcome::Cancelled { .. }))
}
