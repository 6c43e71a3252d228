//! A stand-in for the desks: keeps accounts, answers by a few fixed rules, remembers what it was
//! asked.

use nija_core::allocation::allocate;
use nija_core::billing::fee::{Fee, Rates};
use nija_core::billing::plans::FeePolicy;
use nija_core::billing::subscription::request::Request;
use nija_core::copy::decline::CopyDecline;
use nija_core::desk::answer::{
    AccountView, Answer, Decline, FeesView, InstrumentView, MarketView, PositionView, Previewed,
    Query, View,
};
use nija_core::desk::event::{Grant, OwnLimits, PaidOut, Setting, Size, Skip, Wish};
use nija_core::desk::input::{Command, Key, OwnSignal};
use nija_core::ledger::chart::Books;
use nija_core::ports::{DeskError, Desks, Doing};
use nija_core::risk::kill::{Actor, Scope};
use nija_core::risk::refusal::{Change, Code, Level, Measure, Refusal};
use nija_core::words::id::{AccountId, InstrumentId, OrderId, PartitionId, UserId};
use nija_core::words::instrument::Instrument;
use nija_core::words::money::{Money, Pct, Price, Qty};
use nija_core::words::order::{Purpose, Side};
use nija_core::words::tier::{Tier, TierTable, Tolerance};
use nija_core::words::time::{Span, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) user: UserId,
    pub(crate) tier: Tier,
    granted: Option<Grant>,
    pub(crate) tolerance: Tolerance,
    pub(crate) cash: Money,
    pub(crate) own: OwnLimits,
    pub(crate) autopilot: bool,
    keys: BTreeMap<u64, (u64, Answer)>,
}

#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) accounts: BTreeMap<AccountId, Account>,
    pub(crate) commands: Vec<(AccountId, Command)>,
    pub(crate) switches: Vec<(Scope, bool)>,
    pub(crate) orders: u64,
    /// What everybody holds beside two AAPL: so many of these.
    pub(crate) holds: Option<(InstrumentId, i32)>,
    /// How often many commands came at once.
    pub(crate) batches: u64,
    /// What every call answers instead, when set.
    pub(crate) broken: Option<DeskError>,
    /// Makes every command panic, when set.
    pub(crate) panics: bool,
    /// Makes every command wait for ever, when set.
    pub(crate) hangs: bool,
}

pub(crate) struct FakeDesks {
    pub(crate) memory: Mutex<Memory>,
    pub(crate) tiers: Arc<TierTable>,
    pub(crate) instruments: Vec<Instrument>,
}

fn refusal(size: Money, most: Money) -> Refusal {
    Refusal {
        code: Code::PositionLimit,
        measured: Measure::Dollars(size),
        limit: Measure::Dollars(most),
        age: Span::millis(12),
        changes: vec![Change::SizeAtMost(most)],
    }
}

/// The answer to a signal of somebody's own model, which buys where the tier may have one.
fn hear(tier: Tier, signal: &OwnSignal, orders: u64) -> Answer {
    if tier != Tier::Baller {
        return Answer::Declined(Decline::NotInPool { tier });
    }
    if signal.action.reduces() {
        return Answer::Skipped(Skip::NothingToClose);
    }
    let (order, purpose) = (OrderId::new(PartitionId(1), orders), Purpose::Entry);
    Answer::Placed { order, purpose, qty: Qty::whole(1), level: Level::Safe }
}

impl FakeDesks {
    fn most(&self, account: &Account) -> Money {
        let limits = self.tiers.rules(account.tier).limits;
        account.cash.percent(limits.max_position_pct, nija_core::words::fixed::Round::Down).unwrap()
    }

    fn judge(&self, account: &Account, wish: &Wish) -> Result<Purpose, Refusal> {
        match (wish.side, wish.size) {
            (Side::Buy, Size::Dollars(size)) if size > self.most(account) => {
                Err(refusal(size, self.most(account)))
            }
            (Side::Buy, _) => Ok(Purpose::Entry),
            (Side::Sell, _) => Ok(Purpose::Exit),
        }
    }

    fn act(&self, memory: &mut Memory, id: AccountId, command: &Command) -> Answer {
        if let Command::Open { user, tier, tolerance, deposit, .. } = command {
            if memory.accounts.contains_key(&id) {
                return Answer::Declined(Decline::AccountExists);
            }
            let account = Account {
                user: *user,
                tier: *tier,
                granted: None,
                tolerance: *tolerance,
                cash: *deposit,
                own: OwnLimits::default(),
                autopilot: true,
                keys: BTreeMap::new(),
            };
            memory.accounts.insert(id, account);
            return Answer::Done;
        }
        let orders = memory.orders + 1;
        let Some(account) = memory.accounts.get_mut(&id) else {
            return Answer::Declined(Decline::UnknownAccount);
        };
        match command {
            Command::Open { .. }
            | Command::Kill { .. }
            | Command::Rearm { .. }
            | Command::Adjust { .. }
            | Command::Credit { .. }
            | Command::Lead(_) => Answer::Done,
            // Billing and copying are tried on desks of the core: see `floor`.
            Command::Subscription(Request::Subscribe(plan)) => {
                account.tier = plan.tier;
                Answer::Done
            }
            Command::Subscription(_) => Answer::Done,
            Command::RefundFee => Answer::Declined(Decline::NoFee),
            Command::Copy { .. } => Answer::Declined(Decline::NotCopied),
            Command::Transfer(amount) => {
                let cash = account.cash.checked_add(*amount).unwrap();
                if cash.is_negative() {
                    return Answer::Declined(Decline::NotEnoughCash { free: account.cash });
                }
                account.cash = cash;
                if amount.is_positive() {
                    return Answer::Done;
                }
                Answer::PaidOut(PaidOut { paid: amount.negated(), fee: Money::ZERO, cash })
            }
            Command::Place(wish) => match self.judge(account, wish) {
                Err(refusal) => Answer::Refused(refusal),
                Ok(_) if wish.size == Size::All => Answer::Queued,
                Ok(purpose) => {
                    memory.orders = orders;
                    let order = OrderId::new(PartitionId(1), orders);
                    Answer::Placed { order, purpose, qty: Qty::whole(1), level: Level::Warning }
                }
            },
            Command::Signal(signal) => {
                let answer = hear(account.tier, signal, orders);
                memory.orders += u64::from(matches!(answer, Answer::Placed { .. }));
                answer
            }
            Command::Cancel(order) if order.0 & 0xffff <= memory.orders => Answer::Done,
            Command::Cancel(_) => Answer::Declined(Decline::UnknownOrder),
            Command::Set(setting) => self.set(account, setting),
        }
    }

    fn set(&self, account: &mut Account, setting: &Setting) -> Answer {
        match setting {
            Setting::Tier(tier) => account.tier = *tier,
            Setting::Tolerance(tolerance) => account.tolerance = *tolerance,
            Setting::Autopilot(on) => account.autopilot = *on,
            Setting::Qualified(_) => {}
            Setting::Granted(grant) => {
                account.tier = grant.as_ref().map_or(Tier::Paper, |grant| grant.tier);
                account.granted = grant.clone();
            }
            Setting::OwnLimits(own) => {
                let tier = self.tiers.rules(account.tier).limits;
                if own.max_position_pct.is_some_and(|pct| pct > tier.max_position_pct) {
                    let field = "max_position_pct";
                    return Answer::Declined(Decline::LooserThanTier { field });
                }
                account.own = own.clone();
            }
        }
        Answer::Done
    }

    fn view(
        &self,
        id: AccountId,
        account: &Account,
        holds: Option<(InstrumentId, i32)>,
    ) -> AccountView {
        let rules = self.tiers.rules(account.tier);
        let held = |(instrument, qty)| PositionView {
            instrument,
            qty: Qty::whole(qty),
            cost: Money::whole(300),
            value: Money::whole(310),
            margin: Money::ZERO,
            mark: Some(Price::whole(155)),
            exiting: Qty::ZERO,
            lots: Vec::new(),
        };
        let (split, reason) = allocate(None, rules, account.tolerance);
        AccountView {
            id,
            user: account.user,
            tier: account.tier,
            tolerance: account.tolerance,
            autopilot: account.autopilot,
            opened_at: Timestamp(0),
            cash: account.cash,
            reserved: Money::ZERO,
            margin: Money::ZERO,
            equity: account.cash,
            own_equity: account.cash,
            peak: account.cash,
            day_start: account.cash,
            day_ends: Timestamp(0),
            drawdown_pct: Pct::ZERO,
            daily_loss_pct: Pct::ZERO,
            daily_halt: false,
            drawdown_halt: false,
            pressed: Vec::new(),
            level: Level::Safe,
            limits: rules.limits,
            own: account.own.clone(),
            books: Books::default(),
            regime: None,
            split,
            reason,
            positions: [(self.instruments[0].id, 2)].into_iter().chain(holds).map(held).collect(),
            orders: Vec::new(),
            fees: FeesView {
                policy: FeePolicy::Everyone,
                high: None,
                gain: Money::ZERO,
                loss: Money::ZERO,
                rates: Rates::NONE,
                month_ends: Timestamp(0),
                accrued: Fee::ZERO,
                owed: Money::ZERO,
                qualified: None,
            },
            sleeve: None,
            sleeves: Vec::new(),
            master: None,
            subscription: None,
            granted: account.granted.clone(),
        }
    }

    fn market(&self) -> MarketView {
        let row = |instrument: &Instrument| InstrumentView {
            instrument: instrument.clone(),
            mark: Some(Price::whole(150)),
            mark_age: Span::millis(3),
            open: true,
        };
        MarketView {
            now: Timestamp(0),
            conditions: None,
            pressed: Vec::new(),
            instruments: self.instruments.iter().map(row).collect(),
        }
    }
}

impl Desks for FakeDesks {
    fn command(
        &self,
        account: AccountId,
        key: Option<Key>,
        command: Command,
    ) -> Doing<'_, Result<Answer, DeskError>> {
        Box::pin(async move {
            let hangs = self.memory.lock().unwrap().hangs;
            if hangs {
                std::future::pending::<()>().await;
            }
            let mut memory = self.memory.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            assert!(!memory.panics, "a secret text of the library");
            if let Some(error) = &memory.broken {
                return Err(error.clone());
            }
            let known =
                memory.accounts.get(&account).zip(key).and_then(|(a, k)| a.keys.get(&k.key));
            if let Some((request, answer)) = known {
                let same = Some(*request) == key.map(|k| k.request);
                let reused = Answer::Declined(Decline::KeyReused);
                return Ok(if same { answer.clone() } else { reused });
            }
            let answer = self.act(&mut memory, account, &command);
            memory.commands.push((account, command));
            if let (Some(key), Some(account)) = (key, memory.accounts.get_mut(&account)) {
                account.keys.insert(key.key, (key.request, answer.clone()));
            }
            Ok(answer)
        })
    }

    fn commands(
        &self,
        account: AccountId,
        commands: Vec<(Option<Key>, Command)>,
    ) -> Doing<'_, Result<Vec<Answer>, DeskError>> {
        Box::pin(async move {
            self.memory.lock().unwrap().batches += 1;
            let mut answers = Vec::new();
            for (key, command) in commands {
                answers.push(self.command(account, key, command).await?);
            }
            Ok(answers)
        })
    }

    fn query(&self, query: Query) -> Doing<'_, Result<View, DeskError>> {
        Box::pin(async move {
            let memory = self.memory.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Some(error) = &memory.broken {
                return Err(error.clone());
            }
            let account = |id| memory.accounts.get(&id).ok_or(Decline::UnknownAccount);
            let holds = memory.holds;
            Ok(match query {
                Query::Market => View::Market(Box::new(self.market())),
                Query::Account(id) => match account(id) {
                    Ok(account) => View::Account(Box::new(self.view(id, account, holds))),
                    Err(decline) => View::Declined(decline),
                },
                Query::Preview { account: id, wish } => match account(id) {
                    Ok(account) => {
                        View::Preview(self.judge(account, &wish).map(|purpose| Previewed {
                            purpose,
                            qty: Qty::whole(1),
                            notional: Money::whole(100),
                            level: Level::Safe,
                        }))
                    }
                    Err(decline) => View::Declined(decline),
                },
                Query::Masters(PartitionId(0)) => View::Masters(Vec::new()),
                Query::Followers(PartitionId(0), _) => View::Followers(Vec::new()),
                Query::Master(_) => View::Declined(Decline::Copying(CopyDecline::NotAMaster)),
                Query::Bill(_) => View::Bills(Vec::new()),
                Query::Masters(_)
                | Query::Followers(..)
                | Query::House(_)
                | Query::Outbox(_)
                | Query::Bills(_) => View::Declined(Decline::UnknownPartition),
            })
        })
    }

    fn kill(&self, scope: Scope, _: Actor, _: String, _: bool) -> Doing<'_, Result<(), DeskError>> {
        self.memory.lock().unwrap().switches.push((scope, true));
        Box::pin(async { Ok(()) })
    }

    fn rearm(&self, scope: Scope, _: Actor, _: String) -> Doing<'_, Result<(), DeskError>> {
        self.memory.lock().unwrap().switches.push((scope, false));
        Box::pin(async { Ok(()) })
    }
}
