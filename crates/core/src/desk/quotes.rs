//! Quotes: what a strategy rests on both sides of a market becomes orders of each account, one a side, that never take.
//! Each signal says anew what is wanted; what rests elsewhere is taken back. Long only: what is offered is held.

use super::Desk;
use super::account::Open;
use super::event::{Event, Size, Skip, Wish};
use super::orders::Idea;
use super::signals::part_of;
use crate::positions::QueuedExit;
use crate::risk::approval::Exit;
use crate::risk::refusal::{Code, Refusal};
use crate::words::fixed::{Round, mul_div};
use crate::words::id::AccountNo;
use crate::words::money::{Money, Price, Qty};
use crate::words::order::{OrderType, Origin, Side, TimeInForce};
use crate::words::score::Strength;
use crate::words::signal::{Quote, Signal};

/// Parts of half the inventory that an account may hold.
const WHOLE: i64 = 10_000;

/// Why an account has no part in what is said every moment, quotes and crossings: a reason is told once. No part of
/// the state, so it is told again after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum No {
    Skipped(Skip),
    Refused(Code),
}

impl Desk {
    pub(super) fn hear_quote(&mut self, no: AccountNo, signal: &Signal, quote: &Quote) {
        let Some(account) = self.state.account(no) else {
            return;
        };
        let takes_part = self.follows(account, signal.strategy);
        if !takes_part && account.orders.is_empty() && account.positions.is_empty() {
            return;
        }
        let origin = signal.origin();
        let [bid, ask] = self.leaning(no, signal, quote);
        // Who takes no part any more still offers what the strategy holds.
        let bid = bid.filter(|_| takes_part);
        if self.keep_quote(no, signal, Side::Sell, ask) {
            self.offer(no, signal, quote, (ask, origin));
        }
        if self.keep_quote(no, signal, Side::Buy, bid) {
            self.bid(no, signal, quote, (bid, origin));
        }
    }

    /// Dollars that an account's inventory may come to.
    fn most_of(&self, no: AccountNo, most: Strength) -> Option<Money> {
        let account = self.state.account(no)?;
        let limits = account.limits(self.tier(account));
        let full = self.state.equity(account).percent(limits.max_position_pct, Round::Down)?;
        Some(part_of(full, most)).filter(|most| most.is_positive())
    }

    /// Bid and ask of an account: below the signal's where it holds more than half of what it may, above it where it
    /// holds less. Prices lie on the tick, away from each other.
    fn leaning(&self, no: AccountNo, signal: &Signal, quote: &Quote) -> [Option<Price>; 2] {
        let listing = self.state.listings.get(&signal.instrument);
        let Some((listing, most)) = listing.zip(self.most_of(no, quote.most)) else {
            return [None; 2];
        };
        let tick = listing.instrument.tick;
        let position = self.state.account(no).and_then(|a| a.position(signal.instrument));
        let held = position.map_or(Qty::ZERO, |p| p.held_by(signal.strategy));
        let worth = self.state.worth(signal.instrument, held).unwrap_or(most).min(most);
        let part = mul_div(worth.raw(), 2 * WHOLE, most.raw(), Round::HalfEven).unwrap_or(WHOLE);
        let shift = mul_div(quote.lean.raw(), part - WHOLE, WHOLE, Round::HalfEven).unwrap_or(0);
        let moved = |price: Price| price.raw().checked_sub(shift).map(Price::from_raw);
        let sane = |price: &Price| price.is_positive();
        [
            quote.bid.and_then(moved).map(|price| price.floor_to(tick)).filter(sane),
            quote.ask.and_then(moved).map(|price| price.ceil_to(tick)).filter(sane),
        ]
    }

    /// Takes back what rests on a side at another price than wanted. Is there room for a new quote?
    fn keep_quote(
        &mut self,
        no: AccountNo,
        signal: &Signal,
        side: Side,
        price: Option<Price>,
    ) -> bool {
        let is_quote = |open: &&Open| {
            let ticket = &open.ticket;
            ticket.instrument == signal.instrument
                && ticket.side == side
                && ticket.tif == TimeInForce::PostOnly
                && Event::strategy(ticket.origin) == Some(signal.strategy)
                && !open.cancelling
        };
        let rests = self.state.orders_of(no).filter(is_quote);
        let rests: Vec<_> =
            rests.map(|open| (open.ticket.id, open.ticket.order_type.limit())).collect();
        let mut stays = false;
        for (order, limit) in rests {
            if limit == price && !stays {
                stays = true;
            } else {
                self.request_cancel(order);
            }
        }
        price.is_some() && !stays
    }

    /// Offers a part of what the strategy holds and does not offer already.
    fn offer(
        &mut self,
        no: AccountNo,
        signal: &Signal,
        quote: &Quote,
        (ask, origin): (Option<Price>, Origin),
    ) {
        let Some(limit) = ask else {
            return;
        };
        let terms = (OrderType::Limit { limit }, TimeInForce::PostOnly);
        let all = QueuedExit { qty: Qty::MAX, origin, order_type: terms.0, tif: terms.1 };
        let unsold = self.state.due(no, signal.instrument, &all);
        let waiting = self.state.waiting(no, signal.instrument);
        let Some(account) = self.state.account(no) else {
            return;
        };
        let Some(position) = account.position(signal.instrument) else {
            return;
        };
        let free = unsold.min(position.available().saturating_sub(waiting));
        let each = self.each(no, quote).and_then(|each| {
            self.state.listings.get(&signal.instrument)?.instrument.quantity(each, limit)
        });
        let (Some(each), true) = (each, free.is_positive()) else {
            return;
        };
        // A rest too small for a quote of its own goes along.
        let rest = self.state.worth(signal.instrument, free.saturating_sub(each));
        let least = account.limits(self.tier(account)).min_trade;
        let qty = if rest.is_none_or(|rest| rest < least) { free } else { each.min(free) };
        if let Ok(exit) = Exit::of(position, qty) {
            let _ = self.send_exit(no, signal.instrument, exit, origin, terms);
        }
    }

    /// Bids for one more quote while the inventory, with what is on its way, has room for it.
    fn bid(
        &mut self,
        no: AccountNo,
        signal: &Signal,
        quote: &Quote,
        (bid, origin): (Option<Price>, Origin),
    ) {
        let Some(limit) = bid else {
            return;
        };
        let wish = |size| Wish {
            instrument: signal.instrument,
            side: Side::Buy,
            size: Size::Dollars(size),
            order_type: OrderType::Limit { limit },
            tif: TimeInForce::PostOnly,
            origin,
        };
        let wish = match self.size_bid(no, signal, quote, origin) {
            Ok(size) => wish(size),
            // An inventory that is full is no news.
            Err(Skip::AlreadyIn) => return,
            Err(why) => return self.skip_once(no, signal, why),
        };
        if let Some(refused) = self.refused_leg(no, &[wish]) {
            return self.refuse_once(no, signal, refused);
        }
        self.noes.remove(&(no, signal.strategy, signal.instrument));
        let _ = self.enter(no, wish, Idea { insight: signal.insight, ..Idea::default() }, true);
    }

    /// Tells why a signal leads to nothing, unless that was told last.
    pub(super) fn skip_once(&mut self, no: AccountNo, signal: &Signal, why: Skip) {
        if self.is_news(no, signal, No::Skipped(why)) {
            self.emit(Event::Skipped { account: no, signal: *signal, why });
        }
    }

    /// Tells what a gate refuses, unless that was told last.
    pub(super) fn refuse_once(
        &mut self,
        no: AccountNo,
        signal: &Signal,
        (wish, refusal): (Wish, Refusal),
    ) {
        if self.is_news(no, signal, No::Refused(refusal.code)) {
            let refusal = self.name_switches(no, &wish, refusal);
            let _ = self.refuse(no, wish, refusal, signal.insight);
        }
    }

    fn is_news(&mut self, no: AccountNo, signal: &Signal, why: No) -> bool {
        self.noes.insert((no, signal.strategy, signal.instrument), why) != Some(why)
    }

    fn size_bid(
        &mut self,
        no: AccountNo,
        signal: &Signal,
        quote: &Quote,
        origin: Origin,
    ) -> Result<Money, Skip> {
        let split = self.reallocate(no);
        let room = self.size(no, signal, quote.most, &split)?;
        let account = self.state.account(no).ok_or(Skip::NoBudget)?;
        let position = account.position(signal.instrument);
        let held = position.map_or(Qty::ZERO, |p| p.held_by(signal.strategy));
        let inventory = held.saturating_add(self.state.coming(no, signal.instrument, origin));
        let bounds =
            self.most_of(no, quote.most).zip(self.state.worth(signal.instrument, inventory));
        let left = bounds.map_or(Money::ZERO, |(most, worth)| most.saturating_sub(worth));
        let each = self.each(no, quote).ok_or(Skip::TooSmall)?;
        let size = room.min(left).min(each).to_cents(Round::Down);
        let least = account.limits(self.tier(account)).min_trade;
        if size < least { Err(Skip::AlreadyIn) } else { Ok(size) }
    }

    /// Dollars of one quote: a part of full size, the smallest trade at least.
    fn each(&self, no: AccountNo, quote: &Quote) -> Option<Money> {
        let account = self.state.account(no)?;
        let limits = account.limits(self.tier(account));
        Some(self.most_of(no, quote.each)?.max(limits.min_trade).min(limits.max_trade))
    }
}
