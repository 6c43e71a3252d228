//! A master, those who copy it, and the days that they live through.

use super::say;
use crate::house::House;
use anyhow::{Result, bail};
use nija_core::copy::master::{DISCLOSURE, MasterChange};
use nija_core::copy::terms::CopyTerms;
use nija_core::desk::answer::{Query, View};
use nija_core::desk::event::{Size, Wish};
use nija_core::desk::input::{Command, CopyAct, Input, LeaderFacts};
use nija_core::ports::Desks;
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::fixed::Round;
use nija_core::words::id::{AccountId, InstrumentId, UserId};
use nija_core::words::money::{Money, Pct, Price, Qty};
use nija_core::words::order::{OrderType, Origin, Side, TimeInForce};
use nija_core::words::score::Score;
use nija_core::words::tier::{Tier, Tolerance};
use nija_core::words::time::Span;
use nija_engine::feeds::{Kind, MarketEvent};

const LEADER: AccountId = AccountId(u128::MAX - 1);
/// Tiers that may copy whom they like.
const TIERS: [Tier; 4] = [Tier::Investor, Tier::Income, Tier::Livable, Tier::Baller];
const BTC: InstrumentId = InstrumentId(1);
/// Dollars at which the master buys; at which it mostly sells; and at which it sometimes does.
const LOW: i32 = 60_000;
const HIGH: i32 = 63_000;
const LOSS: i32 = 59_000;

/// The master and all who copy it.
pub(crate) struct Crowd {
    followers: u128,
    rounds: i32,
}

impl Crowd {
    pub(crate) const fn of(followers: u128) -> Self {
        Self { followers, rounds: 0 }
    }

    fn follower(n: u128) -> AccountId {
        AccountId((n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
    }

    /// Opens what is not there yet: whoever was killed here begins again, and what was done before is declined.
    pub(crate) async fn open(&self, house: &House) -> Result<()> {
        self.price(house, LOW).await?;
        let lead = Command::Lead(MasterChange::Opened(DISCLOSURE));
        let mut commands = vec![(LEADER, account(LEADER, Tier::Baller)), (LEADER, lead)];
        for n in 0..self.followers {
            let (id, tier) = (Self::follower(n), TIERS[(n % 4) as usize]);
            let facts = LeaderFacts {
                user: UserId(LEADER.0),
                leads: true,
                vetted: false,
                risk: None,
                last: 0,
                holds: Vec::new(),
            };
            let (terms, leader) = (CopyTerms::default(), Box::new(facts));
            let amount = Money::whole(4_000 + i32::try_from(n)?);
            let act = CopyAct::Start { amount, terms, leader, open: false };
            commands.extend([(id, account(id, tier)), (id, Command::Copy { leader: LEADER, act })]);
        }
        let input = |(account, command)| Input::Command { account, key: None, command };
        house.step(&[], commands.into_iter().map(input).collect()).await
    }

    /// Lets everything that is on its way arrive.
    pub(crate) async fn rest(&self, house: &House) -> Result<()> {
        // Orders that a start hands back to the venue end with the next prices.
        for _ in 0..2 {
            house.forward(Span::seconds(1));
            self.price(house, LOW).await?;
        }
        Ok(())
    }

    /// Ten days: a month may end; then the master buys, or sells what it bought, mostly for more.
    pub(crate) async fn round(&mut self, house: &House) -> Result<()> {
        self.rounds += 1;
        let View::Account(view) = house.handle.query(Query::Account(LEADER)).await? else {
            bail!("the master is gone");
        };
        let (side, size, dollars) = if view.positions.is_empty() {
            (Side::Buy, Size::Dollars(Money::whole(1_100)), LOW)
        } else {
            let dollars = if self.rounds % 8 == 0 { LOSS } else { HIGH };
            (Side::Sell, Size::All, dollars)
        };
        let month = house.now().month();
        house.forward(Span::seconds(10 * 86_400));
        if house.now().month() > month {
            say(&"month")?;
        }
        self.price(house, dollars).await?;
        let (order_type, tif) = (OrderType::Market, TimeInForce::Gtc);
        let wish = Wish { instrument: BTC, side, size, order_type, tif, origin: Origin::User };
        say(&"lead")?;
        house.handle.command(LEADER, None, Command::Place(wish)).await?;
        // Its fill, the fills of the copies, and the rest of what did not fill.
        for _ in 0..3 {
            house.forward(Span::seconds(1));
            self.price(house, dollars).await?;
        }
        Ok(())
    }

    /// A calm market at a price.
    async fn price(&self, house: &House, dollars: i32) -> Result<()> {
        let (at, middle) = (house.now(), Price::whole(dollars));
        let spread = |pct: i64| middle.moved(Pct::from_raw(pct), Round::Down).unwrap_or(middle);
        let tick = Price::from_raw(1_000_000);
        let kind = Kind::Quote {
            instrument: BTC,
            bid: spread(-1_000_000).floor_to(tick),
            ask: spread(1_000_000).floor_to(tick),
            bid_qty: Qty::whole(1_000_000),
            ask_qty: Qty::whole(1_000_000),
        };
        let calm = Conditions {
            at,
            regime: Some(Regime::Ranging),
            crypto_volatility: Some(Score::points(20)),
            equity_volatility: Some(Score::points(20)),
            ..Conditions::default()
        };
        let inputs = vec![Input::Mark { instrument: BTC, price: middle }, Input::Conditions(calm)];
        house.step(&[MarketEvent { at, kind }], inputs).await
    }
}

const fn account(id: AccountId, tier: Tier) -> Command {
    let (user, tolerance, deposit) = (UserId(id.0), Tolerance::Moderate, Money::whole(40_000));
    Command::Open { user, tier, tolerance, day_starts: Span::ZERO, deposit }
}
