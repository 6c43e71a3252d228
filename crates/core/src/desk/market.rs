//! What the market brings: catalog, sessions, prices, conditions; and the guards that they may trip.

use super::Desk;
use super::account::Account;
use super::answer::{Answer, Decline};
use super::calm::Calm;
use super::event::{Event, Wish};
use super::state::Listing;
use crate::copy::sleeve::StopCause;
use crate::risk::drawdown::{fall, fell};
use crate::risk::kill::{Actor, Scope};
use crate::risk::refusal::{Code, Measure};
use crate::risk::volatility::BLACK_SWAN_ABOVE;
use crate::words::conditions::Conditions;
use crate::words::fixed::Round;
use crate::words::id::{AccountNo, InstrumentId};
use crate::words::instrument::{AssetClass, Hours};
use crate::words::money::{Money, Pct, Price};
use crate::words::order::{OrderType, Side};
use crate::words::time::{Span, Timestamp};
use std::collections::BTreeSet;

/// How old the price of something that nobody here holds may grow between bars.
const QUIET: Span = Span::seconds(10);

impl Desk {
    pub(super) fn session(&mut self, hours: Hours, open: bool, until: Option<Timestamp>) -> Answer {
        let known = self.state.session(hours);
        let listed = self.state.sessions.iter().any(|s| s.hours == hours);
        if !listed || known.open != open || known.until != until {
            self.emit(Event::SessionChanged { hours, open, until });
        }
        Answer::Done
    }

    /// Adopts a price between bars where it can change something: somebody holds the instrument, or the price known
    /// so far grows old. A desk at rest then writes little.
    pub(super) fn tick(&mut self, instrument: InstrumentId, price: Price) -> Answer {
        let is_new = self.state.listings.get(&instrument).is_some_and(|l| {
            let quiet = QUIET.min(Span(l.instrument.stale_after.0 / 2));
            l.mark.is_some() && self.clock.since(l.mark_at) < quiet
        });
        if is_new && !self.is_held(instrument) {
            Answer::Done
        } else {
            self.mark(instrument, price)
        }
    }

    /// Does somebody here hold it?
    #[must_use]
    pub fn is_held(&self, instrument: InstrumentId) -> bool {
        self.state.holders.get(&instrument).is_some_and(|of| !of.is_empty())
    }

    /// Is it known that a price of this, at this instant, changes nothing but the price?
    #[inline]
    #[must_use]
    pub fn is_calm(&self, instrument: InstrumentId, price: Price, at: Timestamp) -> bool {
        let covers = |calm: Calm| calm.is_of(instrument) && calm.covers(price);
        at < self.next_roll && self.calm.is_some_and(covers)
    }

    /// Would a price of this, at this instant, change nothing but the price? No day ends, and for whoever holds it
    /// nothing follows.
    #[must_use]
    pub fn rests(&mut self, instrument: InstrumentId, price: Price, at: Timestamp) -> bool {
        if at >= self.next_roll {
            return false;
        }
        if !self.is_calm_at(instrument, price) {
            return false;
        }
        let known = self.calm.filter(|calm| calm.is_of(instrument));
        let further = known.and_then(|calm| calm.beyond(price));
        let calm = known.unwrap_or(Calm::at(instrument, price)).with(price);
        self.calm = Some(match further {
            Some(further) if self.is_calm_at(instrument, further) => calm.with(further),
            _ => calm,
        });
        true
    }

    /// Does nothing follow from a price for whoever holds this?
    fn is_calm_at(&self, instrument: InstrumentId, price: Price) -> bool {
        let holders = self.state.holders.get(&instrument);
        holders.is_none_or(|of| of.iter().all(|no| self.stays_calm(*no, instrument, price)))
    }

    /// Would a price leave an account as it is? Nothing waits for one, and what the account is worth at it is neither
    /// a new peak nor a loss that a guard stops. Families and contracts are not even judged.
    fn stays_calm(&self, no: AccountNo, instrument: InstrumentId, price: Price) -> bool {
        let listing = self.state.listings.get(&instrument);
        let Some((account, Listing { instrument: row, .. })) = self.state.account(no).zip(listing)
        else {
            return false;
        };
        let is_family = account.owner.is_some() || !account.sleeves.is_empty();
        if is_family || account.is_busy() || row.is_margined() {
            return false;
        }
        let held = account.position(instrument);
        let worth = held.map(|position| row.value(price, position.signed(), Round::Down));
        // Beyond the range of money it would count at its cost, which does not move with the price.
        let Some(Some(worth)) = worth else {
            return false;
        };
        let equity = self.state.equity_where(account, |position| {
            if position.instrument == instrument {
                Some(worth)
            } else {
                self.state.worth(position.instrument, position.signed())
            }
        });
        equity <= account.peak && self.tripped(account, equity) == [None; 2]
    }

    /// Adopts a price, then looks at every account that holds the instrument.
    pub(super) fn mark(&mut self, instrument: InstrumentId, price: Price) -> Answer {
        if !self.state.listings.contains_key(&instrument) {
            return Answer::Declined(Decline::UnknownInstrument);
        }
        if !price.is_positive() {
            return super::settings::invalid("price", "must be above 0");
        }
        self.emit(Event::Marked { instrument, price });
        let priced = core::mem::take(&mut self.state.priced);
        for &(owner, equity) in &priced.owners {
            self.guard_owner(owner, equity);
        }
        if self.state.is_margined(instrument) {
            let holders = self.state.holders.get(&instrument).into_iter().flatten().copied();
            for no in holders.collect::<Vec<_>>() {
                self.call_margin(no);
            }
        }
        for &no in &priced.busy {
            self.guard_sleeve(no);
            self.retry_exits(no, instrument);
            self.protect_parts(no, instrument);
            self.part_legs(no, instrument);
        }
        // Its room serves the next price.
        self.state.priced = priced;
        Answer::Done
    }

    /// Looks at all guards that an account's money can trip: its own and its owner's.
    pub(super) fn guard(&mut self, no: AccountNo) {
        self.guard_sleeve(no);
        let owner = self.state.root_of(no);
        self.guard_owner(owner, self.state.guarded_equity(owner));
    }

    /// Stops a sleeve that has lost what its follower allows.
    fn guard_sleeve(&mut self, no: AccountNo) {
        let account = self.state.account(no).filter(|account| account.may_stop);
        let lost = account.is_some_and(|account| {
            let equity = self.state.equity(account);
            account.sleeve.as_deref().is_some_and(|sleeve| sleeve.is_lost(equity))
        });
        if lost {
            self.stop_copying(no, StopCause::StopLoss);
        }
    }

    /// Halts a main account that reached its daily loss or its drawdown, and takes its open entries back.
    fn guard_owner(&mut self, no: AccountNo, equity: Money) {
        let Some(account) = self.state.account(no) else {
            return;
        };
        for (code, from, limit) in self.tripped(account, equity).into_iter().flatten() {
            let measured = Measure::Percent(fall(from, equity));
            let limit = Measure::Percent(limit);
            self.emit(Event::Halted { account: no, code, measured, limit });
            for no in self.state.family_nos(no).collect::<Vec<_>>() {
                self.cancel_entries(no, |_| true);
            }
        }
    }

    /// Guards of an account that this equity trips: which, from where it fell, and how far it may.
    fn tripped(&self, account: &Account, equity: Money) -> [Option<(Code, Money, Pct)>; 2] {
        let limits = account.limits(self.tier(account));
        [
            (account.daily_halt, Code::DailyLoss, account.day_start, limits.max_daily_loss_pct),
            (account.drawdown_halt, Code::Drawdown, account.peak, limits.max_drawdown_pct),
        ]
        .map(|(halted, code, from, limit)| {
            (!halted && fell(from, equity, limit)).then_some((code, from, limit))
        })
    }

    pub(super) fn conditions(&mut self, conditions: Conditions) -> Answer {
        if self.state.conditions == Some(conditions) {
            return Answer::Done;
        }
        self.emit(Event::ConditionsRead { conditions });
        for class in AssetClass::ALL {
            let score = conditions.volatility(class);
            let beyond = score.is_some_and(|s| s > BLACK_SWAN_ABOVE);
            if !beyond && !conditions.black_swan(class) {
                continue;
            }
            let scope = Scope::Class(class);
            if self.state.pressed.iter().any(|p| p.scope == scope) {
                continue;
            }
            let reason = match score.filter(|_| beyond) {
                Some(score) => {
                    format!("black swan: volatility score {score} is above {BLACK_SWAN_ABOVE}")
                }
                None => "black swan: the day's move is beyond six sigma".to_owned(),
            };
            self.kill(scope, Actor::Platform, reason, false);
        }
        Answer::Done
    }

    /// Ends the trading days that are over: writes their close, lifts daily halts.
    pub(super) fn roll_days(&mut self) {
        let clock = self.clock;
        self.expire();
        let due = |(n, a): (usize, &Account)| {
            let over = a.active && a.day_is_over(clock);
            over.then(|| AccountNo(u32::try_from(n).unwrap_or(u32::MAX)))
        };
        let over: Vec<AccountNo> = self.state.accounts.iter().enumerate().filter_map(due).collect();
        for no in over {
            self.settle_day(no);
            let Some(account) = self.state.account(no) else {
                continue;
            };
            let (equity, cash) = (self.state.guarded_equity(no), account.cash());
            let day = clock.day(account.day_starts);
            self.emit(Event::DayClosed { account: no, day, equity, cash });
        }
        self.delist();
        self.close_month();
        self.renew_subscriptions();
        self.plan_roll();
    }

    /// When the next trading day of any account, or the month, ends.
    pub(super) fn plan_roll(&mut self) {
        let ends = self.state.accounts.iter().enumerate().map(|(n, account)| {
            let no = AccountNo(u32::try_from(n).unwrap_or(u32::MAX));
            // What could not be done now is tried again at the day's end, not at once.
            let wakes = self.subscription_wakes(no);
            let ends = account.day_ends(self.clock);
            if wakes > self.clock { ends.min(wakes) } else { ends }
        });
        let ends = ends.min();
        let month = Timestamp::of_month(self.clock.month().saturating_add(1));
        self.next_roll = ends.map_or(Timestamp(i64::MAX), |ends| ends.min(month));
        let held = self.state.holders.iter().filter(|(_, holders)| !holders.is_empty());
        let ordered = self.state.orders.values().map(|open| open.ticket.instrument);
        let in_use = held.map(|(instrument, _)| *instrument).chain(ordered);
        for instrument in in_use.collect::<BTreeSet<_>>() {
            self.plan_expiry(instrument);
        }
    }

    /// Reference price for a new order: its own limit or stop, else the mark.
    pub(super) fn reference(&self, instrument: InstrumentId, order: OrderType) -> Option<Price> {
        let mark = self.state.listings.get(&instrument).and_then(|l| l.mark);
        match order {
            OrderType::Market => mark,
            OrderType::Limit { limit } | OrderType::StopLimit { limit, .. } => Some(limit),
            OrderType::Stop { stop } => Some(mark.map_or(stop, |m| m.max(stop))),
        }
    }

    /// Reference price for a new entry. A short sale is worth what it may bring, which is no less than the mark.
    pub(super) fn entry_reference(&self, wish: &Wish) -> Option<Price> {
        let price = self.reference(wish.instrument, wish.order_type);
        let mark = self.state.listings.get(&wish.instrument).and_then(|l| l.mark);
        match (wish.side, price, mark) {
            (Side::Sell, Some(price), Some(mark)) => Some(price.max(mark)),
            _ => price,
        }
    }

    /// Worth of what an owner holds of an instrument and of the open entries, in all accounts, whether long or short.
    pub(super) fn in_symbol(&self, no: AccountNo, instrument: InstrumentId) -> Money {
        let busy = |no: &AccountNo| {
            let account = self.state.account(*no);
            account.is_some_and(|a| !a.positions.is_empty() || !a.orders.is_empty())
        };
        let family = self.state.family_nos(self.state.root_of(no)).filter(busy);
        family.fold(Money::ZERO, |sum, no| {
            let held = self.held(no, instrument);
            let worth = self.state.worth(instrument, held).unwrap_or(Money::ZERO);
            let pending = self.state.account(no).map(|account| account.claims.of(instrument));
            sum.saturating_add(worth).saturating_add(pending.unwrap_or_default())
        })
    }

    /// What open entries of an account would add to a class.
    pub(super) fn pending_worth(&self, account: &Account, class: AssetClass) -> Money {
        let is_of = |id| {
            let listing = self.state.listings.get(&id);
            listing.is_some_and(|l| self.state.budget_class(&l.instrument) == class)
        };
        let of = account.claims.each().filter(|(instrument, _)| is_of(*instrument));
        of.fold(Money::ZERO, |sum, (_, claimed)| sum.saturating_add(claimed))
    }
}
