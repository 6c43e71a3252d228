//! What strategies say becomes what accounts do: one signal, heard once, judged for every account that
//! holds its pool.

use super::Desk;
use super::account::Account;
use super::answer::{Answer, Decline};
use super::event::{Event, Size, Skip, Wish};
use super::exits::AT_ONCE;
use super::orders::Idea;
use crate::allocation::{Reason, Split, allocate};
use crate::words::fixed::{Round, mul_div};
use crate::words::id::{AccountNo, InstrumentId};
use crate::words::instrument::AssetClass;
use crate::words::money::{Money, Price, Qty};
use crate::words::order::{OrderType, Origin, Side, TimeInForce};
use crate::words::score::Strength;
use crate::words::signal::{Action, Signal, StrategyName};

impl Desk {
    pub(super) fn signal(&mut self, signal: &Signal) -> Answer {
        for n in 0..self.state.accounts.len() {
            let no = AccountNo(u32::try_from(n).unwrap_or(u32::MAX));
            match signal.action {
                Action::Enter { strength, stop } => {
                    self.hear_entry(no, signal, Side::Buy, (strength, stop));
                }
                Action::Short { strength, stop } => {
                    self.hear_entry(no, signal, Side::Sell, (strength, stop));
                }
                Action::Exit => drop(self.hear_exit(no, signal)),
                Action::Roll { from } => self.hear_roll(no, signal, from),
                Action::Trim { strength } => drop(self.hear_trim(no, signal, strength)),
                Action::Straddle { put, put_mark, strength } => {
                    self.hear_straddle(no, signal, (put, put_mark), strength);
                }
                Action::Quote(quote) => self.hear_quote(no, signal, &quote),
                Action::Loop(around) => self.hear_loop(no, signal, &around),
                Action::Cross { sell, sell_limit, buy_limit, most } => {
                    let places = [(signal.instrument, buy_limit), (sell, sell_limit)];
                    self.hear_crossing(no, signal, places, most);
                }
            }
        }
        Answer::Done
    }

    fn hear_entry(
        &mut self,
        no: AccountNo,
        signal: &Signal,
        side: Side,
        wanted: (Strength, Option<Price>),
    ) {
        let account = self.state.account(no);
        if account.is_some_and(|account| self.follows(account, signal.strategy)) {
            let _ = self.enter_by(no, signal, side, wanted);
        }
    }

    /// Enters for an account that hears the signal, or says why not.
    pub(super) fn enter_by(
        &mut self,
        no: AccountNo,
        signal: &Signal,
        side: Side,
        (strength, stop): (Strength, Option<Price>),
    ) -> Answer {
        let Some((account, class)) = self.state.account(no).zip(self.class_of(signal)) else {
            return Answer::Declined(Decline::UnknownInstrument);
        };
        let rules = self.tier(account);
        let pool = rules.pool;
        let verdict = if !rules.allows(class) {
            Err(Skip::ClassNotAllowed)
        } else if side == Side::Sell && !self.state.is_margined(signal.instrument) {
            Err(Skip::NotShortable)
        } else if self.is_entering(no, signal) {
            Err(Skip::AlreadyIn)
        } else if self.stands_against(no, signal.instrument, side) {
            Err(Skip::OtherSide)
        } else {
            let split = self.reallocate(no);
            let weight = signal.insight.filter(|_| pool.weighs()).map(|insight| insight.weight);
            let strength = strength.times(pool.pace());
            self.size(no, signal, strength.scaled(weight.unwrap_or(Strength::FULL)), &split)
        };
        match verdict {
            Ok(size) => {
                let wish = Wish {
                    instrument: signal.instrument,
                    side,
                    size: Size::Dollars(size),
                    order_type: OrderType::Market,
                    tif: TimeInForce::Gtc,
                    origin: signal.origin(),
                };
                let protect = stop.and_then(|stop| self.stop_of(signal, side, stop));
                let idea = Idea { protect, pair: None, insight: signal.insight };
                self.enter(no, wish, idea, true)
            }
            Err(why) => self.skip(no, signal, why),
        }
    }

    /// Tells why a signal leads to no order.
    pub(super) fn skip(&mut self, no: AccountNo, signal: &Signal, why: Skip) -> Answer {
        self.emit(Event::Skipped { account: no, signal: *signal, why });
        Answer::Skipped(why)
    }

    /// Does an account enter where this strategy does? Its pool must hold it; what lies in a copy follows its master.
    pub(super) fn follows(&self, account: &Account, strategy: StrategyName) -> bool {
        account.autopilot && account.sleeve.is_none() && self.tier(account).pool.holds(strategy)
    }

    /// Where a protective stop can rest: below the market, under a short position above it.
    pub(super) fn stop_of(&self, signal: &Signal, side: Side, stop: Price) -> Option<Price> {
        let tick = self.state.listings.get(&signal.instrument)?.instrument.tick;
        match side {
            Side::Buy => {
                Some(stop.floor_to(tick)).filter(|stop| stop.is_positive() && *stop < signal.mark)
            }
            Side::Sell => Some(stop.ceil_to(tick)).filter(|stop| *stop > signal.mark),
        }
    }

    /// Does an account hold or enter the other side of a contract?
    pub(super) fn stands_against(&self, no: AccountNo, of: InstrumentId, side: Side) -> bool {
        if !self.state.is_margined(of) {
            return false;
        }
        let mut entries = self.state.orders_of(no).filter(|open| open.enters(of));
        entries.any(|open| open.ticket.side != side) || self.closable(no, of, side).is_positive()
    }

    /// The class of a signal's instrument. A strategy made for futures that buys a fund spends what is meant for funds.
    fn class_of(&self, signal: &Signal) -> Option<AssetClass> {
        let listing = self.state.listings.get(&signal.instrument);
        listing.map(|listing| listing.instrument.class)
    }

    /// Is an entry of the strategy in the instrument on its way already?
    fn is_entering(&self, no: AccountNo, signal: &Signal) -> bool {
        let Some(account) = self.state.account(no) else {
            return false;
        };
        let mut open = account.orders.iter().filter_map(|id| self.state.orders.get(id));
        open.any(|o| {
            o.is_entry()
                && o.ticket.instrument == signal.instrument
                && Event::strategy(o.ticket.origin) == Some(signal.strategy)
        })
    }

    /// The split in force after looking at the latest reading: it moves only when the move is worth its cost.
    pub(super) fn reallocate(&mut self, no: AccountNo) -> Split {
        let Some(account) = self.state.account(no) else {
            return self.split_of(no).0;
        };
        let in_force = account.split;
        let split = self.split_of(no).0;
        if in_force != Some(split) {
            let regime = self.state.conditions.and_then(|c| c.regime);
            self.emit(Event::Reallocated { account: no, split, regime });
        }
        split
    }

    /// The split an account has, or would take at its next decision, and why.
    pub(super) fn split_of(&self, no: AccountNo) -> (Split, Reason) {
        let account = self.state.account(no);
        let tier = account.map_or(crate::words::tier::Tier::Paper, |a| a.tier);
        let tolerance = account.map_or_else(Default::default, |a| a.tolerance);
        let rules = self.rules.tiers.rules(tier);
        let (target, reason) = allocate(self.state.conditions.as_ref(), rules, tolerance);
        match account.and_then(|a| a.split) {
            Some(held) if held != target && held.suits(rules) && !held.should_move_to(&target) => {
                (held, reason.kept())
            }
            _ => (target, reason),
        }
    }

    /// Dollars for an entry: the account's largest position scaled by strength, less what the strategy holds of
    /// it already, within the symbol's room, the class's budget and the largest trade.
    pub(super) fn size(
        &self,
        no: AccountNo,
        signal: &Signal,
        strength: Strength,
        split: &Split,
    ) -> Result<Money, Skip> {
        let account = self.state.account(no).ok_or(Skip::NoBudget)?;
        let limits = account.limits(self.tier(account));
        let class = self.class_of(signal).ok_or(Skip::NoBudget)?;
        let equity = self.state.equity(account);
        let left = self.budget_left(no, class, split)?;
        let full = equity.percent(limits.max_position_pct, Round::Down).unwrap_or(Money::ZERO);
        let wanted = part_of(full, strength).max(limits.min_trade).min(full);
        let position = account.position(signal.instrument);
        let own = position.map_or(Qty::ZERO, |p| p.held_by(signal.strategy));
        let held = self.state.worth(signal.instrument, own);
        // Others may hold a part of what the symbol may come to.
        let room = full.saturating_sub(self.in_symbol(no, signal.instrument));
        let wanted = wanted.saturating_sub(held.unwrap_or(Money::ZERO)).min(room);
        if wanted < limits.min_trade && wanted < full {
            return Err(Skip::AlreadyIn);
        }
        let size = wanted.min(limits.max_trade).min(left).to_cents(Round::Down);
        if size < limits.min_trade { Err(Skip::TooSmall) } else { Ok(size) }
    }

    /// What the budget of a class has left for further entries: the smallest trade at least.
    pub(super) fn budget_left(
        &self,
        no: AccountNo,
        class: AssetClass,
        split: &Split,
    ) -> Result<Money, Skip> {
        let account = self.state.account(no).ok_or(Skip::NoBudget)?;
        let equity = self.state.equity(account);
        let budget = equity.percent(split.class(class), Round::Down).unwrap_or(Money::ZERO);
        if !budget.is_positive() {
            return Err(Skip::NoBudget);
        }
        let held = account.positions.iter().filter(|p| {
            let listing = self.state.listings.get(&p.instrument);
            listing.is_some_and(|l| self.state.budget_class(&l.instrument) == class)
        });
        let invested = held.fold(Money::ZERO, |sum, p| {
            sum.saturating_add(self.state.worth(p.instrument, p.qty()).unwrap_or(p.cost()))
        });
        let pending = self.pending_worth(account, class);
        let left = budget.saturating_sub(invested).saturating_sub(pending);
        if left < account.limits(self.tier(account)).min_trade {
            return Err(Skip::BudgetSpent);
        }
        Ok(left)
    }

    /// Sells what the strategy holds beyond a part of full size. Nothing while an order of it is on its way, and
    /// nothing for less than the smallest trade: the next signal looks again.
    pub(super) fn hear_trim(
        &mut self,
        no: AccountNo,
        signal: &Signal,
        strength: Strength,
    ) -> Option<Answer> {
        let qty = self.excess(no, signal, strength)?;
        Some(self.exit(no, signal.instrument, qty, signal.origin(), AT_ONCE))
    }

    fn excess(&self, no: AccountNo, signal: &Signal, strength: Strength) -> Option<Qty> {
        let account = self.state.account(no)?;
        let (strategy, instrument) = (signal.strategy, signal.instrument);
        let position = account.position(instrument)?;
        let mut orders = self.state.orders_of(no).map(|open| &open.ticket);
        let moves = |origin: Origin| origin.signalled() == Some(strategy);
        let waits = position.queued().iter().any(|queued| moves(queued.origin));
        if waits || orders.any(|o| o.instrument == instrument && moves(o.origin)) {
            return None;
        }
        let limits = account.limits(self.tier(account));
        let full = self.state.equity(account).percent(limits.max_position_pct, Round::Down)?;
        let own = position.held_by(strategy);
        let worth = self.state.worth(instrument, own)?;
        let strength = strength.times(self.tier(account).pool.pace());
        let beyond = worth.saturating_sub(part_of(full, strength));
        if beyond < limits.min_trade {
            return None;
        }
        let qty = mul_div(own.raw(), beyond.raw(), worth.raw(), Round::Down)?;
        let lot = self.state.listings.get(&instrument)?.instrument.lot;
        Some(Qty::from_raw(qty).floor_to(lot)).filter(|qty| qty.is_positive())
    }

    /// Sells what the strategy bought for this account and takes its open entries back.
    pub(super) fn hear_exit(&mut self, no: AccountNo, signal: &Signal) -> Option<Answer> {
        self.leave(no, signal.instrument, signal.origin())
    }

    /// Sells what the strategy behind this origin bought, and takes its open entries back; none where there is nothing
    /// at all.
    pub(super) fn leave(
        &mut self,
        no: AccountNo,
        instrument: InstrumentId,
        origin: Origin,
    ) -> Option<Answer> {
        let account = self.state.account(no)?;
        if account.orders.is_empty() && account.positions.is_empty() {
            return None;
        }
        let strategy = Event::strategy(origin);
        self.cancel_entries(no, |o| {
            o.ticket.instrument == instrument && Event::strategy(o.ticket.origin) == strategy
        });
        Some(self.sell_out(no, instrument, origin))
    }
}

/// A part of full size in dollars.
pub(super) fn part_of(full: Money, strength: Strength) -> Money {
    let part = mul_div(full.raw(), i64::from(strength.as_parts()), 10_000, Round::Down);
    Money::from_raw(part.unwrap_or(0))
}
