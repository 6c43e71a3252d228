//! The street: instruments, their prices, and the users, strategies and operators who make the process do things.
//! What they do is drawn from the history's chance.

use crate::truth::Truth;
use nija_core::desk::answer::{AccountView, Query, View};
use nija_core::desk::event::{OwnLimits, Setting, Size, Wish};
use nija_core::desk::input::{Command, Input, Key};
use nija_core::ports::Clock;
use nija_core::risk::kill::{Actor, Scope};
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::id::{AccountId, InstrumentId, SignalId, UserId};
use nija_core::words::instrument::{AssetClass, Hours, Instrument, Kind, VenueName};
use nija_core::words::money::{Money, Pct, Price, Qty};
use nija_core::words::order::{OrderType, Origin, Side, TimeInForce};
use nija_core::words::score::{Score, Strength};
use nija_core::words::signal::{Action, Signal, StrategyName};
use nija_core::words::tier::{Tier, Tolerance};
use nija_core::words::time::Span;
use nija_engine::feeds::{self, MarketEvent};
use nija_engine::partitions::Partitions;
use std::collections::BTreeMap;
use std::sync::Arc;

const COIN: InstrumentId = InstrumentId(1);
const TOKEN: InstrumentId = InstrumentId(2);
const SHARE: InstrumentId = InstrumentId(3);
pub(crate) const OF: [InstrumentId; 3] = [COIN, TOKEN, SHARE];
const STRATEGIES: [(StrategyName, InstrumentId); 4] = [
    (StrategyName::CryptoTrendRiding, COIN),
    (StrategyName::CryptoMomentumScalping, COIN),
    (StrategyName::CryptoTrendRiding, TOKEN),
    (StrategyName::EquityMeanReversion, SHARE),
];

/// An input, and what its answer means to whoever asked.
pub(crate) struct Work {
    pub(crate) input: Input,
    pub(crate) asked: Asked,
}

/// What was asked for, as far as the answer must be held to it.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    Nothing,
    /// Under a key: whoever asks again must hear the same.
    Keyed(AccountId, Key),
    Kill(Scope),
    Rearm(Scope),
}

/// The catalog.
pub(crate) fn instruments() -> Vec<Instrument> {
    let row = |id, symbol: &str, class, kind, hours, tick: &str, lot: &str| Instrument {
        id,
        symbol: symbol.to_owned(),
        class,
        kind,
        hours,
        tick: tick.parse().unwrap(),
        lot: lot.parse().unwrap(),
        stale_after: Span::seconds(600),
        venue: VenueName::Paper,
    };
    let (crypto, equity) = (AssetClass::Crypto, AssetClass::Equity);
    vec![
        row(COIN, "COIN-USD", crypto, Kind::Spot, Hours::Always, "0.01", "0.00000001"),
        row(TOKEN, "TOKEN-USD", crypto, Kind::Spot, Hours::Always, "0.0001", "0.01"),
        row(SHARE, "SHARE", equity, Kind::Share, Hours::Nyse, "0.01", "0.0001"),
    ]
}

/// Accounts, with their tiers and first deposits.
pub(crate) const ACCOUNTS: [(u128, Tier, i32); 8] = [
    (1, Tier::Starter, 120),
    (2, Tier::Investor, 1_000),
    (3, Tier::Baller, 60_000),
    (4, Tier::Livable, 20_000),
    (5, Tier::Income, 5_000),
    (6, Tier::Saver, 400),
    (7, Tier::Baller, 60_000),
    (8, Tier::Income, 5_000),
];

/// Everybody outside the process.
pub(crate) struct Street {
    truth: Arc<Truth>,
    prices: BTreeMap<InstrumentId, Price>,
    signals: u64,
    keys: u64,
    /// Commands that were sent under a key, to be sent again.
    sent: Vec<(AccountId, Key, Command)>,
}

impl Street {
    pub(crate) fn of(truth: Arc<Truth>) -> Self {
        let prices = [(COIN, "60000"), (TOKEN, "1.25"), (SHARE, "180")];
        let prices = prices.map(|(id, price)| (id, price.parse().unwrap()));
        Self { truth, prices: BTreeMap::from(prices), signals: 0, keys: 0, sent: Vec::new() }
    }

    pub(crate) fn draw(&self, n: u64) -> u64 {
        self.truth.draw(|chance| chance.below(n))
    }
    pub(crate) fn between(&self, least: i64, most: i64) -> i64 {
        self.truth.draw(|chance| chance.between(least, most))
    }
    pub(crate) fn pick<T: Copy>(&self, of: &[T]) -> T {
        self.truth.draw(|chance| chance.pick(of))
    }

    /// Sessions, prices, a calm market, accounts.
    pub(crate) fn opening(&mut self) -> Vec<Input> {
        let mut inputs =
            vec![Input::Session { hours: Hours::Nyse, open: true, until: None }, self.calm(30)];
        for (id, tier, dollars) in ACCOUNTS {
            let open = Command::Open {
                user: UserId(id),
                tier,
                tolerance: Tolerance::Moderate,
                day_starts: Span::seconds(i64::try_from(id).unwrap() * 3_600),
                deposit: Money::whole(dollars),
            };
            inputs.push(Input::Command { account: AccountId(id), key: None, command: open });
        }
        inputs.extend(Self::begin_to_lead());
        inputs
    }

    fn calm(&self, volatility: u8) -> Input {
        Input::Conditions(Conditions {
            at: Clock::now(&*self.truth),
            regime: Some(self.pick(&Regime::ALL)),
            crypto_volatility: Some(Score::points(volatility)),
            equity_volatility: Some(Score::points(volatility / 2)),
            ..Conditions::default()
        })
    }

    /// The market moves: the events for the venue, and the prices for the desks.
    pub(crate) fn market(&mut self) -> Vec<(MarketEvent, Input)> {
        let mut moved = Vec::new();
        for instrument in OF {
            let (price, qty) = self.moved(instrument);
            let at = self.truth.now();
            let kind = feeds::Kind::Trade { instrument, price, qty, taker: None };
            moved.push((MarketEvent { at, kind }, Input::Mark { instrument, price }));
        }
        moved
    }

    fn moved(&mut self, instrument: InstrumentId) -> (Price, Qty) {
        // Mostly by parts of a percent; now and then by a few percent at once.
        let most = if self.draw(40) == 0 { 700 } else { 40 };
        let hundredths = self.between(-most, most);
        let price = self.prices[&instrument];
        let change = Pct::from_raw(hundredths * Pct::whole(1).raw() / 100);
        let tick = Price::from_raw(10_000);
        let price = price.moved(change, nija_core::words::fixed::Round::Down).unwrap();
        let price = price.floor_to(Price::whole(1).min(tick)).max(Price::from_raw(1_000_000));
        let price =
            if instrument == TOKEN { price } else { price.floor_to("0.01".parse().unwrap()) };
        self.prices.insert(instrument, price);
        // Worth some hundred dollars, so that large orders fill in parts.
        let dollars = Money::whole(i32::try_from(self.between(50, 5_000)).unwrap());
        let qty = instruments().into_iter().find(|i| i.id == instrument).unwrap();
        (price, qty.quantity(dollars, price).unwrap())
    }

    fn near(&self, instrument: InstrumentId, percent: i64) -> Price {
        let change = Pct::whole(i32::try_from(percent).unwrap());
        let price = self.prices[&instrument];
        let moved = price.moved(change, nija_core::words::fixed::Round::Down).unwrap();
        moved.floor_to("0.01".parse().unwrap()).max("0.01".parse().unwrap())
    }

    fn account(&self) -> AccountId {
        AccountId(self.pick(&ACCOUNTS).0)
    }

    /// One thing that somebody does.
    pub(crate) fn act(&mut self, partitions: &Partitions) -> Work {
        match self.draw(100) {
            0..22 => self.buy(),
            22..36 => self.sell(partitions),
            36..44 => self.cancel(partitions),
            44..53 => self.signal(),
            53..58 => self.exit_signal(),
            58..64 => self.repeat(),
            64..68 => self.transfer(),
            68..71 => self.kill(),
            71..78 => self.rearm(partitions),
            78..81 => self.set(),
            81..84 => plain(self.calm(u8::try_from(self.pick(&[20, 30, 45, 60, 88])).unwrap())),
            84..86 => {
                let up = self.draw(3) > 0;
                plain(Input::Venue { venue: VenueName::Paper, up })
            }
            _ => self.copy(partitions),
        }
    }

    fn terms(&self, instrument: InstrumentId) -> (OrderType, TimeInForce) {
        let order_type = match self.draw(6) {
            0..3 => OrderType::Market,
            3 | 4 => OrderType::Limit { limit: self.near(instrument, self.between(-4, 3)) },
            _ => OrderType::Stop { stop: self.near(instrument, self.between(-4, 4)) },
        };
        let tif = match (order_type, self.draw(6)) {
            (OrderType::Stop { .. }, _) | (_, 0..4) => TimeInForce::Gtc,
            (_, 4) => TimeInForce::Day,
            _ => self.pick(&[TimeInForce::Ioc, TimeInForce::Fok]),
        };
        (order_type, tif)
    }

    /// Under a key or not, as people do.
    pub(crate) fn command(&mut self, account: AccountId, command: Command) -> Work {
        if self.draw(3) == 0 {
            let input = Input::Command { account, key: None, command };
            return Work { input, asked: Asked::Nothing };
        }
        self.keys += 1;
        let key = Key::of(&self.keys.to_be_bytes(), format!("{command:?}").as_bytes());
        self.sent.push((account, key, command.clone()));
        let input = Input::Command { account, key: Some(key), command };
        Work { input, asked: Asked::Keyed(account, key) }
    }

    /// Somebody who heard nothing, or nothing they liked, sends the same again.
    fn repeat(&mut self) -> Work {
        let Some(last) = self.sent.len().checked_sub(1) else { return self.buy() };
        let back = usize::try_from(self.draw(8)).unwrap();
        let (account, key, command) = self.sent[last.saturating_sub(back)].clone();
        let input = Input::Command { account, key: Some(key), command };
        Work { input, asked: Asked::Keyed(account, key) }
    }

    fn buy(&mut self) -> Work {
        let (account, instrument) = (self.account(), self.pick(&OF));
        let dollars = match account.0 {
            1 | 6 => self.between(10, 25),
            2 => self.between(15, 100),
            _ => self.between(50, 900),
        };
        let (order_type, tif) = self.terms(instrument);
        let size = Size::Dollars(Money::whole(i32::try_from(dollars).unwrap()));
        let (side, origin) = (Side::Buy, Origin::User);
        let wish = Wish { instrument, side, size, order_type, tif, origin };
        self.command(account, Command::Place(wish))
    }

    fn sell(&mut self, partitions: &Partitions) -> Work {
        let mut account = self.account();
        let mut held = Vec::new();
        for _ in 0..4 {
            held = view(partitions, account).map_or_else(Vec::new, |view| view.positions);
            if !held.is_empty() {
                break;
            }
            account = self.account();
        }
        let Some(position) = held.first() else { return self.buy() };
        let instrument = position.instrument;
        let lot = instruments().into_iter().find(|i| i.id == instrument).unwrap().lot;
        let part = Qty::from_raw(position.qty.raw() / self.between(1, 4)).floor_to(lot);
        let some = part.is_positive() && self.draw(2) == 0;
        let size = if some { Size::Units(part) } else { Size::All };
        let (order_type, tif) = self.terms(instrument);
        let (side, origin) = (Side::Sell, Origin::User);
        let wish = Wish { instrument, side, size, order_type, tif, origin };
        self.command(account, Command::Place(wish))
    }

    fn cancel(&mut self, partitions: &Partitions) -> Work {
        let account = self.account();
        let orders = view(partitions, account).map_or_else(Vec::new, |view| view.orders);
        if orders.is_empty() {
            return self.buy();
        }
        let order = orders[usize::try_from(self.draw(orders.len() as u64)).unwrap()].ticket.id;
        self.command(account, Command::Cancel(order))
    }

    fn signal(&mut self) -> Work {
        let (strategy, instrument) = self.pick(&STRATEGIES);
        let strength = Strength::parts(u16::try_from(self.between(500, 10_000)).unwrap());
        let stop = (self.draw(3) > 0).then(|| self.near(instrument, -self.between(1, 5)));
        self.said(strategy, instrument, Action::Enter { strength, stop })
    }

    fn exit_signal(&mut self) -> Work {
        let (strategy, instrument) = self.pick(&STRATEGIES);
        self.said(strategy, instrument, Action::Exit)
    }

    fn said(&mut self, strategy: StrategyName, instrument: InstrumentId, action: Action) -> Work {
        self.signals += 1;
        let (id, mark) = (SignalId(self.signals), self.prices[&instrument]);
        let at = Clock::now(&*self.truth);
        plain(Input::Signal(Signal {
            id,
            strategy,
            version: 1,
            instrument,
            action,
            mark,
            at,
            insight: None,
        }))
    }

    fn transfer(&mut self) -> Work {
        let account = self.account();
        let most = i64::from(ACCOUNTS.iter().find(|(id, ..)| *id == account.0).unwrap().2);
        let dollars = self.between(-most / 3, most / 2);
        let amount = Money::whole(i32::try_from(dollars).unwrap());
        self.command(account, Command::Transfer(amount))
    }

    fn kill(&mut self) -> Work {
        let account = self.account();
        let (by, reason) = (Actor::User(UserId(9)), "the simulation says so".to_owned());
        let flatten = self.draw(3) == 0;
        let scope = match self.draw(12) {
            0 => Scope::Platform,
            1 => Scope::Venue(VenueName::Paper),
            2 => Scope::Class(self.pick(&[AssetClass::Crypto, AssetClass::Equity])),
            3 | 4 => Scope::Symbol(self.pick(&OF)),
            5 | 6 => Scope::Strategy(self.pick(&STRATEGIES).0),
            _ => Scope::Account(account),
        };
        let input = match scope {
            Scope::Account(account) => {
                let command = Command::Kill { by, reason, flatten };
                Input::Command { account, key: None, command }
            }
            _ => Input::Kill { scope, by, reason, flatten },
        };
        Work { input, asked: Asked::Kill(scope) }
    }

    /// Somebody releases a switch that is pressed.
    fn rearm(&mut self, partitions: &Partitions) -> Work {
        let (by, reason) = (Actor::User(UserId(9)), "seen to".to_owned());
        let View::Market(market) = partitions.query(&Query::Market) else { return self.buy() };
        let shared = market.pressed.first().map(|pressed| pressed.scope);
        let scope = match shared {
            Some(scope) if self.draw(3) > 0 => scope,
            _ => Scope::Account(self.account()),
        };
        // From here on it may be released, whatever becomes of the answer.
        self.truth.rearm(scope);
        let input = match scope {
            Scope::Account(account) => {
                Input::Command { account, key: None, command: Command::Rearm { by, reason } }
            }
            _ => Input::Rearm { scope, by, reason },
        };
        Work { input, asked: Asked::Rearm(scope) }
    }

    fn set(&mut self) -> Work {
        let account = self.account();
        let setting = match self.draw(4) {
            0 => Setting::Tier(self.pick(&Tier::ALL)),
            1 => Setting::Autopilot(self.draw(3) > 0),
            2 => Setting::Tolerance(Tolerance::Aggressive),
            _ => {
                let max_daily_loss_pct = Some(Pct::whole(2));
                Setting::OwnLimits(OwnLimits { max_daily_loss_pct, ..OwnLimits::default() })
            }
        };
        self.command(account, Command::Set(setting))
    }
}

const fn plain(input: Input) -> Work {
    Work { input, asked: Asked::Nothing }
}

/// An account as its desk shows it.
pub(crate) fn view(partitions: &Partitions, account: AccountId) -> Option<AccountView> {
    match partitions.query(&Query::Account(account)) {
        View::Account(view) => Some(*view),
        _ => None,
    }
}
