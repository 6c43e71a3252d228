//! The follower's side of a lead: every sleeve that copies the leader has its turn, in an order drawn for the lead;
//! its size is in proportion, its price is bound, and the follower's own gates judge it. A lead is heard in parts,
//! so that other orders come between, and what was heard is known by number: a repeat finds nothing to do.

use super::Desk;
use super::account::Account;
use super::answer::Answer;
use super::event::{Event, Size, Wish};
use super::family::TOGETHER;
use super::orders::Idea;
use crate::copy::lead::{CopySkip, LATE_AFTER, Lead, ROUND_TRIP};
use crate::copy::sleeve::{Sleeve, Stage};
use crate::ledger::chart::Book;
use crate::words::fixed::Round;
use crate::words::id::{AccountId, AccountNo, InstrumentId};
use crate::words::money::{Money, Price, Qty};
use crate::words::order::{OrderType, Origin, Side, TimeInForce};

/// Sleeves that have their turn in one part.
const PART: usize = 448;

/// Sleeves in the order of their turns, for one lead. No part of the state: it is drawn again after a restart.
#[derive(Default)]
pub(super) struct Turns {
    of: Option<(AccountId, u64)>,
    rest: Vec<AccountNo>,
}

/// What a purchase is worth, or how much of it would have been too little.
enum Worth {
    Buy(Qty),
    Skip(CopySkip, Money),
}

impl Desk {
    /// Hears a part of a lead.
    pub(super) fn hear_lead(&mut self, lead: &Lead) -> Answer {
        if self.turns.of != Some((lead.leader, lead.no)) {
            self.draw_turns(lead);
        }
        for _ in 0..PART / TOGETHER {
            let begin = self.turns.rest.len().saturating_sub(TOGETHER);
            self.look_ahead(self.turns.rest.get(begin..).unwrap_or_default());
            for no in self.turns.rest.split_off(begin).into_iter().rev() {
                self.hear_copy(no, lead);
            }
        }
        let left = self.turns.rest.len();
        if left == 0 {
            // The lead is kept in mind: other desks may not be through with it, and it is told to all of them.
            self.turns.rest = Vec::new();
        }
        Answer::Led { left: u32::try_from(left).unwrap_or(u32::MAX) }
    }

    /// Reads what the next verdicts will look at; see [`super::state::State::look_ahead`].
    fn look_ahead(&self, sleeves: &[AccountNo]) {
        let look = |no: &AccountNo| {
            let account = self.state.account(*no)?;
            let sleeve = account.sleeve.as_deref()?;
            let owner = self.state.account(sleeve.parent)?;
            let of = |of: &Account| (of.orders.len(), of.peak, of.books.balance(Book::Cash));
            let of_sleeve = (of(account), sleeve.heard, sleeve.most, sleeve.terms.paused);
            let of_owner = (of(owner), owner.sleeves.first());
            let sent = self.pulses.get(no.0 as usize).map(|pulse| pulse.unfilled);
            core::hint::black_box((of_sleeve, of_owner, sent));
            Some(())
        };
        sleeves.iter().for_each(|no| look(no).unwrap_or_default());
    }

    fn draw_turns(&mut self, lead: &Lead) {
        let told = self.told.entry(lead.leader).or_default();
        *told = lead.no.max(*told);
        let followers = self.state.followers.get(&lead.leader).into_iter().flatten();
        let behind = followers.filter(|(_, heard)| **heard < lead.no);
        let turn = lead.turns();
        let of = |no: &AccountNo| u64::from(turn(*no)) << 32 | u64::from(no.0);
        let mut turns: Vec<u64> = behind.map(|(no, _)| of(no)).collect();
        // The last one is first: turns are taken from the end.
        turns.sort_unstable_by(|a, b| b.cmp(a));
        let known = self.state.heard.get(&lead.leader).map_or(0, |heard| heard.last);
        if !turns.is_empty() && lead.no > known {
            let sleeves = u32::try_from(turns.len()).unwrap_or(u32::MAX);
            self.emit(Event::LeadHeard { lead: *lead, sleeves });
        }
        let rest = turns.into_iter().map(|turn| AccountNo(turn as u32)).collect();
        self.turns = Turns { of: Some((lead.leader, lead.no)), rest };
    }

    fn hear_copy(&mut self, no: AccountNo, lead: &Lead) {
        let sleeve = self.state.account(no).and_then(|account| account.sleeve.as_deref());
        // Who stopped while others had their turns, and who had theirs before a restart, is passed by.
        let has_turn = |s: &Sleeve| s.stage == Stage::Active && s.heard < lead.no;
        if !sleeve.is_some_and(has_turn) {
            return;
        }
        match lead.side {
            Side::Buy => self.copy_purchase(no, lead),
            Side::Sell => self.copy_sale(no, lead),
        }
    }

    /// Buys in proportion to what the leader bought.
    pub(super) fn copy_purchase(&mut self, no: AccountNo, lead: &Lead) {
        let Some(sleeve) = self.state.account(no).and_then(|a| a.sleeve.as_deref()) else {
            return;
        };
        let ceiling = self.ceiling(sleeve, lead);
        let worth = match self.may_copy(sleeve, lead, ceiling) {
            Some(why) => Worth::Skip(why, Money::ZERO),
            None => self.worth_of(no, lead, ceiling),
        };
        let qty = match worth {
            Worth::Buy(qty) => qty,
            Worth::Skip(why, size) => return self.skip_copy(no, lead, size, why),
        };
        let listing = self.state.listings.get(&lead.instrument);
        let hours = listing.map(|listing| listing.instrument.hours);
        let open = hours.is_some_and(|hours| self.state.session(hours).open);
        let wish = Wish {
            instrument: lead.instrument,
            side: Side::Buy,
            size: Size::Units(qty),
            order_type: OrderType::Limit { limit: ceiling },
            tif: if open { TimeInForce::Ioc } else { TimeInForce::Day },
            origin: Origin::Copy { lead: lead.no, price: lead.price },
        };
        let _ = self.enter(no, wish, Idea::default(), true);
    }

    /// The worst price at which the follower copies: so far above what the leader paid and what the market was.
    fn ceiling(&self, sleeve: &Sleeve, lead: &Lead) -> Price {
        let from = lead.price.min(lead.mark);
        let most = from.moved(sleeve.terms.max_slippage_pct, Round::Down).unwrap_or(from);
        let listing = self.state.listings.get(&lead.instrument);
        listing.map_or(most, |listing| most.floor_to(listing.instrument.tick))
    }

    /// Why a purchase is not copied, before its size is asked.
    fn may_copy(&self, sleeve: &Sleeve, lead: &Lead, ceiling: Price) -> Option<CopySkip> {
        let terms = &sleeve.terms;
        let mark = self.state.listings.get(&lead.instrument).and_then(|listing| listing.mark);
        let heard = self.state.heard.get(&lead.leader);
        let just_sold = heard.is_some_and(|heard| {
            let mut sold = heard.sold.iter();
            sold.any(|(id, at)| *id == lead.instrument && lead.at.since(*at) <= ROUND_TRIP)
        });
        [
            (terms.paused, CopySkip::Paused),
            (
                terms.symbols.as_ref().is_some_and(|list| !list.contains(&lead.instrument)),
                CopySkip::NotOnAllowList,
            ),
            (self.clock.since(lead.at) > LATE_AFTER, CopySkip::Late),
            (just_sold, CopySkip::RoundTrip),
            (mark.is_none(), CopySkip::NoPrice),
            (mark.is_some_and(|mark| mark > ceiling), CopySkip::Slippage),
        ]
        .into_iter()
        .find_map(|(stands, why)| stands.then_some(why))
    }

    /// In proportion to equity, with what was too small before, within caps and what the gates leave.
    fn worth_of(&self, no: AccountNo, lead: &Lead, ceiling: Price) -> Worth {
        let root = self.state.root_of(no);
        let parts = self.state.account(no).zip(self.state.account(root));
        let listing = self.state.listings.get(&lead.instrument);
        let Some(((account, owner), listing)) = parts.zip(listing) else {
            return Worth::Skip(CopySkip::NoPrice, Money::ZERO);
        };
        let Some((sleeve, mark)) = account.sleeve.as_deref().zip(listing.mark) else {
            return Worth::Skip(CopySkip::NoPrice, Money::ZERO);
        };
        let limits = owner.limits(self.tier(owner));
        let share = self.state.equity(account).percent(lead.share, Round::Down);
        let wanted = share.unwrap_or(Money::ZERO).saturating_add(sleeve.carried(lead.instrument));
        let full = self.state.guarded_equity(root).percent(limits.max_position_pct, Round::Down);
        let room = full.unwrap_or(Money::ZERO).saturating_sub(self.in_symbol(no, lead.instrument));
        let claimed = crate::words::money::Pct::whole(100).saturating_add(self.rules.buffer);
        let cash = account.free_cash();
        let spendable =
            cash.share(crate::words::money::Pct::whole(100).raw(), claimed.raw(), Round::Down);
        let caps = [limits.max_trade, room, spendable.unwrap_or(Money::ZERO)];
        let cap = caps.into_iter().fold(sleeve.terms.max_trade.unwrap_or(Money::MAX), Money::min);
        // In proportion at the mark; within the caps also if it fills at the ceiling.
        let quantity = |dollars, price| listing.instrument.quantity(dollars, price);
        let qty = quantity(wanted, mark).unwrap_or(Qty::ZERO);
        let qty = quantity(cap, ceiling).map_or(qty, |most| most.min(qty));
        let worth = listing.instrument.value(ceiling, qty, Round::Up).unwrap_or(Money::ZERO);
        if qty.is_positive() && worth >= limits.min_trade {
            Worth::Buy(qty)
        } else {
            Worth::Skip(CopySkip::TooSmall, wanted)
        }
    }

    /// Sells the part of the holding that the leader sold of its own; open purchases are taken back first.
    fn copy_sale(&mut self, no: AccountNo, lead: &Lead) {
        let instrument = lead.instrument;
        let origin = Origin::Copy { lead: lead.no, price: lead.price };
        self.cancel_entries(no, |open| open.ticket.instrument == instrument);
        let position = self.state.account(no).and_then(|account| account.position(instrument));
        let Some(free) = position.map(crate::positions::Position::available) else {
            return self.skip_copy(no, lead, Money::ZERO, CopySkip::NothingHeld);
        };
        if lead.is_whole() {
            let _ = self.sell_out(no, instrument, origin);
            let heard = self.state.account(no).and_then(|account| account.sleeve.as_deref());
            if heard.is_some_and(|sleeve| sleeve.heard < lead.no) {
                // All of it is on its way out already.
                self.skip_copy(no, lead, Money::ZERO, CopySkip::NothingHeld);
            }
            return;
        }
        let part = self.part(free, lead, instrument);
        if part.is_positive() {
            let _ = self.exit(no, instrument, part, origin, super::exits::AT_ONCE);
        } else {
            self.skip_copy(no, lead, Money::ZERO, CopySkip::TooSmall);
        }
    }

    fn part(&self, held: Qty, lead: &Lead, instrument: InstrumentId) -> Qty {
        let part = Money::from_raw(held.raw()).percent(lead.share, Round::Down);
        let part = Qty::from_raw(part.map_or(0, Money::raw));
        let listing = self.state.listings.get(&instrument);
        listing.map_or(part, |listing| part.floor_to(listing.instrument.lot))
    }

    fn skip_copy(&mut self, sleeve: AccountNo, lead: &Lead, size: Money, why: CopySkip) {
        let Lead { no: lead, instrument, side, .. } = *lead;
        self.emit(Event::CopySkipped { sleeve, lead, instrument, side, size, why });
    }
}
