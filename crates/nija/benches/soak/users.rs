//! A thousand users and the market around them: prices each minute, signals now and then, and every minute a
//! quarter of the users does something over the same door as the API.

use crate::house::House;
use anyhow::Result;
use nija_core::desk::answer::Answer;
use nija_core::desk::event::{Size, Wish};
use nija_core::desk::input::{Command, Input, Key};
use nija_core::ports::Desks;
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::id::{AccountId, InstrumentId, SignalId, UserId};
use nija_core::words::instrument::{AssetClass, Hours, Instrument};
use nija_core::words::money::{Money, Pct, Price, Qty};
use nija_core::words::order::{OrderType, Origin, Side, TimeInForce};
use nija_core::words::score::{Score, Strength};
use nija_core::words::signal::{Action, Signal, StrategyName};
use nija_core::words::tier::{Tier, Tolerance};
use nija_core::words::time::Span;
use nija_engine::feeds::{Kind, MarketEvent};
use std::collections::BTreeMap;
use tokio::task::JoinSet;

/// Users.
const USERS: u128 = 1_000;
/// One user in so many does something in a minute.
const BUSY: u64 = 4;
/// Minutes between two signals.
const SIGNAL_EVERY: u64 = 20;

/// Everybody outside the house.
pub(crate) struct Users {
    chance: u64,
    prices: BTreeMap<InstrumentId, Price>,
    signals: u64,
    keys: u64,
    pub(crate) placed: u64,
    /// Refusals by their reason.
    pub(crate) refused: BTreeMap<&'static str, u64>,
}

impl Users {
    pub(crate) const fn new(seed: u64) -> Self {
        let prices = BTreeMap::new();
        Self {
            chance: seed * 2 + 1,
            prices,
            signals: 0,
            keys: 0,
            placed: 0,
            refused: BTreeMap::new(),
        }
    }

    /// Chance from a seed (xorshift, Marsaglia 2003).
    const fn below(&mut self, n: u64) -> u64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        (self.chance >> 11) % n
    }

    fn account(n: u128) -> AccountId {
        AccountId(n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
    }

    /// A market, and the accounts: every tier that may hold crypto.
    pub(crate) async fn open_accounts(&mut self, house: &House) -> Result<()> {
        for row in house.instruments.iter().filter(|row| row.is_tradable()) {
            let price = if row.class == AssetClass::Crypto { "1000" } else { "150" };
            self.prices.insert(row.id, price.parse()?);
        }
        let open = Input::Session { hours: Hours::Nyse, open: true, until: None };
        let mut inputs = vec![open, self.reading(house)];
        for n in 0..USERS {
            let (account, user) = (Self::account(n), UserId(n));
            let tier = Tier::ALL[usize::try_from(n % 6)?];
            let deposit = Money::whole(if matches!(tier, Tier::Starter) { 500 } else { 50_000 });
            let (tolerance, day_starts) =
                (Tolerance::Moderate, Span::seconds(3_600 * (n % 24) as i64));
            let command = Command::Open { user, tier, tolerance, day_starts, deposit };
            inputs.push(Input::Command { account, key: None, command });
        }
        house.step(&[], inputs).await
    }

    fn reading(&mut self, house: &House) -> Input {
        let regime = Regime::ALL.get(self.below(6) as usize).copied();
        Input::Conditions(Conditions {
            at: house.now(),
            regime,
            crypto_volatility: Some(Score::points(40)),
            equity_volatility: Some(Score::points(30)),
            ..Conditions::default()
        })
    }

    /// One minute: prices, a reading and a signal where they are due, then the users.
    pub(crate) async fn minute(&mut self, house: &mut House, minute: u64) -> Result<()> {
        house.forward(Span::seconds(30));
        let (events, mut inputs) = self.market(house);
        if minute.is_multiple_of(240) {
            inputs.push(self.reading(house));
        }
        if minute.is_multiple_of(SIGNAL_EVERY) {
            inputs.push(self.signal(house));
        }
        house.step(&events, inputs).await?;
        house.forward(Span::seconds(30));
        self.trade(house).await?;
        house.step(&[], Vec::new()).await
    }

    fn market(&mut self, house: &House) -> (Vec<MarketEvent>, Vec<Input>) {
        let (at, mut events, mut inputs) = (house.now(), Vec::new(), Vec::new());
        for row in house.instruments.iter().filter(|row| row.is_tradable()) {
            let moved = Pct::from_raw((self.below(41) as i64 - 20) * 1_000_000);
            let Some(last) = self.prices.get_mut(&row.id) else { continue };
            let price = last.moved(moved, nija_core::words::fixed::Round::Down).unwrap_or(*last);
            let price = price.max(Price::whole(1)).floor_to(row.tick);
            *last = price;
            let (instrument, qty) = (row.id, Qty::whole(1_000_000));
            events.push(MarketEvent {
                at,
                kind: Kind::Trade { instrument, price, qty, taker: None },
            });
            inputs.push(Input::Mark { instrument, price });
        }
        (events, inputs)
    }

    fn signal(&mut self, house: &House) -> Input {
        self.signals += 1;
        let strategy = StrategyName::CryptoTrendRiding;
        let instrument = InstrumentId(1);
        let mark = self.prices.get(&instrument).copied().unwrap_or(Price::ZERO);
        let strength = Strength::parts(5_000);
        let stop = mark.moved(Pct::whole(-3), nija_core::words::fixed::Round::Down);
        let enter = Action::Enter { strength, stop };
        let action = if self.signals % 2 == 1 { enter } else { Action::Exit };
        let (id, at) = (SignalId(self.signals), house.now());
        Input::Signal(Signal {
            id,
            strategy,
            version: 1,
            instrument,
            action,
            mark,
            at,
            insight: None,
        })
    }

    /// A quarter of the users, all at once.
    async fn trade(&mut self, house: &House) -> Result<()> {
        let mut asked = JoinSet::new();
        for n in 0..USERS {
            if self.below(BUSY) > 0 {
                continue;
            }
            let (account, command) = (Self::account(n), self.command(&house.instruments));
            self.keys += 1;
            let key = self.keys.is_multiple_of(2).then_some(Key { key: self.keys, request: 1 });
            let desks = house.handle.clone();
            asked.spawn(async move { desks.command(account, key, command).await });
        }
        while let Some(answer) = asked.join_next().await {
            match answer?? {
                Answer::Placed { .. } | Answer::Queued => self.placed += 1,
                Answer::Refused(refusal) => {
                    *self.refused.entry(refusal.code.name()).or_default() += 1;
                }
                Answer::Done
                | Answer::Skipped(_)
                | Answer::PaidOut(_)
                | Answer::Led { .. }
                | Answer::Declined(_) => {}
            }
        }
        Ok(())
    }

    fn command(&mut self, instruments: &[Instrument]) -> Command {
        let crypto: Vec<&Instrument> =
            instruments.iter().filter(|row| row.class == AssetClass::Crypto).collect();
        let row = crypto[self.below(crypto.len() as u64) as usize];
        let sells = self.below(2) == 0;
        let (side, size) = if sells {
            (Side::Sell, Size::All)
        } else {
            (Side::Buy, Size::Dollars(Money::whole(10 + self.below(15) as i32)))
        };
        let price = self.prices.get(&row.id).copied().unwrap_or(Price::whole(1));
        let limit = price.floor_to(row.tick);
        let order_type =
            if self.below(5) == 0 { OrderType::Limit { limit } } else { OrderType::Market };
        let (tif, origin) = (TimeInForce::Day, Origin::User);
        Command::Place(Wish { instrument: row.id, side, size, order_type, tif, origin })
    }
}
