//! `apply`: how an event changes the state. It decides nothing, so a replay needs no rule, limit or strategy.

use super::account::{Account, Open, Seen};
use super::bookkeeping::Heard;
use super::claims::Claims;
use super::event::{Event, Setting};
use super::family::TOGETHER;
use super::keys::Kept;
use super::state::{Listing, Session, State};
use crate::ledger::chart::Books;
use crate::ledger::entry::Entry;
use crate::positions::Lot;
use crate::risk::kill::{Pressed, Scope};
use crate::risk::refusal::Code;
use crate::words::fixed::Round;
use crate::words::id::{AccountNo, InstrumentId, OrderId};
use crate::words::money::{Money, Qty};
use crate::words::order::{Fill, OrderState, Purpose, Side, Ticket};

/// An event that does not fit the state: a bug or a forged journal. The partition stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It names an account that was never opened, or opens one out of order.
    #[error("event about an unknown account")]
    Account,
    /// It names an order that is not open, or opens one twice.
    #[error("event about an unknown order")]
    Order,
    /// It names an instrument that was never listed.
    #[error("event about an unknown instrument")]
    Instrument,
    /// A balance left the range of what can be held.
    #[error("a balance is out of range")]
    Range,
    /// Time went back.
    #[error("time went back")]
    Clock,
}

impl State {
    pub(super) fn at(&mut self, no: AccountNo) -> Result<&mut Account, Broken> {
        self.accounts.get_mut(no.0 as usize).ok_or(Broken::Account)
    }

    /// Applies one event.
    pub(super) fn apply(&mut self, event: &Event) -> Result<(), Broken> {
        match event {
            Event::Clock { at } if *at < self.now => return Err(Broken::Clock),
            Event::Clock { at } => self.now = *at,
            Event::Announced { .. } | Event::Skipped { .. } => {}
            Event::Signaled { signal, .. } => self.last_signal = signal.id,
            Event::Refused { account, wish, .. } => {
                self.hear(*account, wish.origin, Heard::Refused)
            }
            Event::Listed { instrument } => {
                let known = self.listings.get(&instrument.id);
                let (mark, mark_at) = known.map_or((None, self.now), |l| (l.mark, l.mark_at));
                let listing = Listing { instrument: instrument.clone(), mark, mark_at };
                if instrument.is_option() {
                    self.last_option = self.last_option.max(instrument.id);
                }
                self.listings.insert(instrument.id, listing);
            }
            Event::Delisted { instrument } => {
                self.listings.remove(instrument);
                self.holders.remove(instrument);
            }
            Event::SessionChanged { hours, open, until } => {
                self.sessions.retain(|s| s.hours != *hours);
                self.sessions.push(Session { hours: *hours, open: *open, until: *until });
            }
            Event::Marked { instrument, price } => self.mark(*instrument, *price)?,
            Event::ConditionsRead { conditions } => self.conditions = Some(*conditions),
            Event::VenueChanged { venue, up } => {
                self.venues_down.retain(|v| v != venue);
                if !up {
                    self.venues_down.push(*venue);
                }
            }
            Event::Killed { .. } | Event::Rearmed { .. } => self.switch(event),
            Event::Acknowledged { order } => {
                let open = self.orders.get_mut(order).ok_or(Broken::Order)?;
                if open.state == OrderState::Approved {
                    open.state = OrderState::Working;
                }
            }
            Event::CancelRequested { order } => {
                self.orders.get_mut(order).ok_or(Broken::Order)?.cancelling = true;
            }
            Event::Approved { ticket, .. } => {
                self.open_order(ticket)?;
                self.hear(
                    ticket.account,
                    ticket.origin,
                    Heard::order(ticket.purpose, ticket.instrument),
                );
            }
            Event::Filled { order, fill, entry } => self.fill(*order, *fill, entry)?,
            Event::Settled { .. } => self.settle_contracts(event)?,
            Event::Swapped { .. } => self.apply_swap(event)?,
            Event::Closed { order, state, .. } => self.close_order(*order, *state)?,
            Event::Discrepancy { order, fill, .. } => self.ended.tell(*order, fill.id),
            _ => self.apply_to_account(event)?,
        }
        Ok(())
    }

    fn apply_to_account(&mut self, event: &Event) -> Result<(), Broken> {
        let now = self.now;
        match event {
            Event::AccountOpened { .. } => self.open_account(event)?,
            Event::Transferred { account, amount, entry } => {
                self.transfer(*account, *amount, entry)?
            }
            Event::SettingsChanged { account, change: Setting::Tier(tier) } => {
                // Sleeves go with their owner.
                for no in self.family_nos(*account).collect::<Vec<_>>() {
                    self.at(no)?.tier = *tier;
                }
            }
            Event::SettingsChanged { account, change } => {
                let account = self.at(*account)?;
                match change {
                    Setting::Tier(_) => {}
                    Setting::Tolerance(tolerance) => account.tolerance = *tolerance,
                    Setting::OwnLimits(own) => account.own = Some(Box::new(own.clone())),
                    Setting::Autopilot(on) => account.autopilot = *on,
                    Setting::Qualified(evidence) if evidence.is_empty() => account.qualified = None,
                    Setting::Qualified(evidence) => {
                        account.qualified = Some(evidence.as_str().into());
                    }
                    Setting::Granted(grant) => account.granted = grant.clone().map(Box::new),
                }
            }
            Event::Reallocated { account, split, .. } => self.at(*account)?.split = Some(*split),
            Event::ExitQueued { account, instrument, exit } => {
                self.at(*account)?.position_mut(*instrument).queue(*exit);
                self.settle(*account, *instrument);
                self.hear(*account, exit.origin, Heard::order(Purpose::Exit, *instrument));
            }
            Event::Halted { account, code, .. } => {
                let account = self.at(*account)?;
                match code {
                    Code::DailyLoss => account.daily_halt = true,
                    _ => account.drawdown_halt = true,
                }
                account.active = true;
            }
            Event::Remembered { account, key, request, outcome } => {
                let kept = Kept::new(*request, outcome);
                let account = self.at(*account)?;
                account.keys.get_or_insert_with(Box::default).keep(now, *key, &kept);
            }
            Event::DayClosed { account, day, equity, .. } => {
                let account = self.at(*account)?;
                if let Some(master) = account.master.as_deref_mut().filter(|master| master.leads) {
                    master.record.day(account.day_start, *equity);
                }
                if let Some(mark) = &mut account.mark {
                    mark.close_day();
                }
                account.day = *day;
                account.day_start = *equity;
                account.daily_halt = false;
                account.active = !account.positions.is_empty() || !account.orders.is_empty();
            }
            _ => self.apply_to_billing(event)?,
        }
        Ok(())
    }

    fn open_account(&mut self, event: &Event) -> Result<(), Broken> {
        let Event::AccountOpened { id, no, user, tier, tolerance, day_starts } = event else {
            return Ok(());
        };
        if no.0 as usize != self.accounts.len() || self.number(*id).is_some() {
            return Err(Broken::Account);
        }
        self.add(Account {
            id: *id,
            user: *user,
            tier: *tier,
            tolerance: *tolerance,
            autopilot: true,
            opened_at: self.now,
            day_starts: *day_starts,
            day: self.now.day(*day_starts),
            active: false,
            books: Books::default(),
            reserved: Money::ZERO,
            peak: Money::ZERO,
            day_start: Money::ZERO,
            daily_halt: false,
            drawdown_halt: false,
            pressed: None,
            own: None,
            split: None,
            positions: Vec::new(),
            orders: Vec::new(),
            keys: None,
            mark: None,
            sleeve: None,
            master: None,
            qualified: None,
            charged: None,
            subscription: None,
            began: None,
            claims: Claims::default(),
            owner: None,
            may_stop: false,
            granted: None,
            sleeves: Vec::new(),
        });
        Ok(())
    }

    fn mark(
        &mut self,
        instrument: InstrumentId,
        price: crate::words::money::Price,
    ) -> Result<(), Broken> {
        let now = self.now;
        let listing = self.listings.get_mut(&instrument).ok_or(Broken::Instrument)?;
        listing.mark = Some(price);
        listing.mark_at = now;
        let mut priced = core::mem::take(&mut self.priced);
        priced.clear();
        priced.owners.extend(self.owners_of(instrument).map(|owner| (owner, Money::ZERO)));
        priced.owners.sort_unstable();
        priced.owners.dedup();
        for block in priced.owners.chunks_mut(TOGETHER) {
            self.look_ahead(block);
            for (owner, worth) in block {
                *worth = self.raise_family(*owner, &mut priced.busy)?;
            }
        }
        // Its room serves the next price.
        self.priced = priced;
        Ok(())
    }

    /// What an account is worth now. One of which a price calls for more is noted.
    fn priced(&self, no: AccountNo, busy: &mut Vec<AccountNo>) -> Result<Money, Broken> {
        let account = self.account(no).ok_or(Broken::Account)?;
        if account.is_busy() {
            busy.push(no);
        }
        Ok(self.equity(account))
    }

    /// Raises the peaks of all of an owner's accounts; gives what they are worth together.
    fn raise_family(
        &mut self,
        owner: AccountNo,
        busy: &mut Vec<AccountNo>,
    ) -> Result<Money, Broken> {
        let mut sum = self.priced(owner, busy)?;
        let mut sleeves = 0;
        while let Some(&no) = self.at(owner)?.sleeves.get(sleeves) {
            let worth = self.priced(no, busy)?;
            let sleeve = self.at(no)?;
            sleeve.peak = sleeve.peak.max(worth);
            sum = sum.saturating_add(worth);
            sleeves += 1;
        }
        let owner = self.at(owner)?;
        owner.peak = owner.peak.max(sum);
        Ok(sum)
    }

    /// Raises the peak of an account and its owner's.
    pub(super) fn raise_peaks(&mut self, no: AccountNo) -> Result<(), Broken> {
        self.raise_peak(no)?;
        self.raise_peak(self.root_of(no))
    }

    fn raise_peak(&mut self, no: AccountNo) -> Result<(), Broken> {
        let equity = self.guarded_equity(no);
        let account = self.at(no)?;
        account.peak = account.peak.max(equity);
        Ok(())
    }

    fn switch(&mut self, event: &Event) {
        match event {
            Event::Killed { scope, by, reason } => {
                let (by, reason) = (by.clone(), reason.clone());
                let pressed = Pressed { scope: *scope, by, reason, at: self.now };
                match self.own_account(*scope) {
                    Some(account) => account.pressed = Some(Box::new(pressed)),
                    None => self.pressed.push(pressed),
                }
            }
            Event::Rearmed { scope, .. } => {
                let equity = match scope {
                    Scope::Account(id) => self.number(*id).map(|no| self.guarded_equity(no)),
                    _ => None,
                };
                if let Some(account) = self.own_account(*scope) {
                    account.pressed = None;
                    if account.drawdown_halt {
                        account.drawdown_halt = false;
                        account.peak = equity.unwrap_or(account.peak);
                    }
                }
                self.pressed.retain(|p| p.scope != *scope);
            }
            _ => {}
        }
    }

    fn own_account(&mut self, scope: Scope) -> Option<&mut Account> {
        let Scope::Account(id) = scope else {
            return None;
        };
        let no = self.number(id)?;
        self.accounts.get_mut(no.0 as usize)
    }

    /// A deposit is never profit and a withdrawal never loss: peak and day's start move along.
    fn transfer(&mut self, no: AccountNo, amount: Money, entry: &Entry) -> Result<(), Broken> {
        self.account(no).ok_or(Broken::Account)?;
        let before = self.guarded_equity(no);
        self.post(no, entry)?;
        self.shift(no, amount, before).ok_or(Broken::Range)
    }

    /// Books an entry; what it brings the house comes from the tier of `payer`.
    pub(super) fn post(&mut self, payer: AccountNo, entry: &Entry) -> Result<(), Broken> {
        for leg in entry.legs() {
            if leg.account == AccountNo::HOUSE {
                self.post_to_house(payer, leg)?;
                continue;
            }
            let account = self.at(leg.account)?;
            account.books.post(leg.book, leg.amount).ok_or(Broken::Range)?;
        }
        Ok(())
    }

    fn open_order(&mut self, ticket: &Ticket) -> Result<(), Broken> {
        if self.orders.contains_key(&ticket.id) {
            return Err(Broken::Order);
        }
        let account = self.accounts.get_mut(ticket.account.0 as usize).ok_or(Broken::Account)?;
        account.reserved = account.reserved.checked_add(ticket.reserved).ok_or(Broken::Range)?;
        account.orders.push(ticket.id);
        account.active = true;
        if ticket.purpose == Purpose::Exit {
            let position = account.position_mut(ticket.instrument);
            position.exiting = position.exiting.checked_add(ticket.qty).ok_or(Broken::Range)?;
            position.unqueue(ticket.origin, ticket.qty);
        } else {
            account.claims.open(ticket.adds_to(), ticket.reserved);
        }
        self.claim_given(ticket, Qty::ZERO, ticket.qty)?;
        self.next_order = self.next_order.max((ticket.id.0 & 0xffff_ffff_ffff) + 1);
        self.orders.insert(
            ticket.id,
            Box::new(Open {
                ticket: ticket.clone(),
                state: OrderState::Approved,
                filled: Qty::ZERO,
                reserved: ticket.reserved,
                cancelling: false,
                fills: Seen::default(),
            }),
        );
        if ticket.purpose == Purpose::Exit {
            self.settle(ticket.account, ticket.instrument);
        }
        debug_assert!(self.claims_hold(ticket.account), "an order opened: {ticket:?}");
        Ok(())
    }

    fn fill(&mut self, id: OrderId, fill: Fill, entry: &Entry) -> Result<(), Broken> {
        let payer = entry.legs().first().map_or(AccountNo::HOUSE, |leg| leg.account);
        self.post(payer, entry)?;
        let (open, is_late) = match self.orders.get_mut(&id) {
            Some(open) => (&mut **open, false),
            None => (self.ended.find_mut(id).ok_or(Broken::Order)?, true),
        };
        let before = if is_late { Qty::ZERO } else { open.remaining() };
        let claimed = fill.qty.min(before);
        open.filled = open.filled.checked_add(fill.qty).ok_or(Broken::Range)?;
        open.fills.add(fill.id);
        let left = open.remaining().or_zero();
        open.state = match open.state {
            _ if left.is_zero() => OrderState::Filled,
            ended if ended.is_final() => ended,
            _ => OrderState::PartlyFilled,
        };
        let keep = open.ticket.reserved.share(left.raw(), open.ticket.qty.raw(), Round::Up);
        let freed = open.reserved.saturating_sub(keep.unwrap_or(Money::ZERO)).or_zero();
        open.reserved = open.reserved.saturating_sub(freed);
        let ticket = open.ticket.clone();
        if ticket.swap.is_none() {
            self.trade(&ticket, fill)?;
        }
        let account = self.at(ticket.account)?;
        account.reserved = account.reserved.saturating_sub(freed);
        account.active = true;
        match ticket.purpose {
            Purpose::Entry => account.claims.free(ticket.adds_to(), freed),
            Purpose::Exit => {
                let position = account.position_mut(ticket.instrument);
                position.exiting = position.exiting.saturating_sub(claimed).or_zero();
            }
        }
        self.claim_given(&ticket, before, before.saturating_sub(claimed))?;
        self.note_slippage(&ticket, fill);
        self.count_leg(&ticket, fill);
        self.settle(ticket.account, ticket.instrument);
        self.raise_peaks(ticket.account)?;
        if left.is_zero() && !is_late {
            self.close_order(id, OrderState::Filled)?;
        } else if is_late {
            self.end_leg(&ticket);
        }
        debug_assert!(self.claims_hold(ticket.account), "an order was filled: {ticket:?}");
        Ok(())
    }

    /// Adds what a fill bought to the holding, or takes out of it what was sold.
    fn trade(&mut self, ticket: &Ticket, fill: Fill) -> Result<(), Broken> {
        let strategy = Event::strategy(ticket.origin);
        let listing = self.listings.get(&ticket.instrument).ok_or(Broken::Instrument)?;
        let cost = listing.instrument.value(fill.price, fill.qty, Round::HalfEven);
        let account = self.accounts.get_mut(ticket.account.0 as usize).ok_or(Broken::Account)?;
        let position = account.position_mut(ticket.instrument);
        let lot = || Some(Lot { qty: fill.qty, cost: cost?, at: self.now, strategy });
        if listing.instrument.is_margined() {
            let turn = lot().and_then(|lot| position.trade(ticket.side, lot));
            turn.ok_or(Broken::Range)?;
        } else if ticket.side == Side::Buy {
            position.add(lot().ok_or(Broken::Range)?);
        } else {
            let _ = position.take(fill.qty, strategy);
        }
        Ok(())
    }

    fn close_order(&mut self, id: OrderId, state: OrderState) -> Result<(), Broken> {
        let mut open = self.orders.remove(&id).ok_or(Broken::Order)?;
        let (no, instrument) = (open.ticket.account, open.ticket.instrument);
        let account = self.at(no)?;
        account.reserved = account.reserved.saturating_sub(open.reserved);
        account.orders.retain(|o| *o != id);
        if open.ticket.purpose == Purpose::Exit {
            let position = account.position_mut(instrument);
            let left = open.remaining().or_zero();
            position.exiting = position.exiting.saturating_sub(left).or_zero();
        } else {
            account.claims.close(open.ticket.adds_to(), open.reserved);
        }
        self.claim_given(&open.ticket, open.remaining().or_zero(), Qty::ZERO)?;
        open.state = state;
        open.reserved = Money::ZERO;
        self.settle(no, instrument);
        self.end_leg(&open.ticket);
        self.ended.keep(self.now, *open);
        Ok(())
    }
}
