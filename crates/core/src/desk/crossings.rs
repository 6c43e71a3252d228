//! Crossings: the same thing bought where it is cheap and sold where it is dear, each leg filled at once or not at all.
//! Both legs are judged before either is ordered. When both have ended, what one filled beyond the other is hedged at
//! the market. A signal knows no account: each trades what it holds and may hold.

use super::Desk;
use super::answer::Answer;
use super::event::{Event, Size, Skip, Wish};
use super::exits::AT_ONCE;
use super::orders::Idea;
use super::state::State;
use crate::allocation::Split;
use crate::risk::approval::Exit;
use crate::words::fixed::Round;
use crate::words::id::{AccountNo, InstrumentId};
use crate::words::money::{Money, Price, Qty};
use crate::words::order::{Fill, OrderType, Origin, Purpose, Side, Swap, Ticket, TimeInForce};
use crate::words::score::Strength;
use crate::words::signal::Signal;

/// Part of full size that is bought at first, to have something that can be sold.
pub(super) const STOCK: Strength = Strength::parts(5_000);

/// What is meant at one place.
#[derive(Clone, Copy)]
pub(super) struct Leg {
    pub(super) of: InstrumentId,
    pub(super) side: Side,
    pub(super) limit: Price,
}

impl Leg {
    /// An order of so much of it, for now.
    pub(super) const fn wish(self, qty: Qty, origin: Origin) -> Wish {
        let Self { of: instrument, side, limit } = self;
        let (order_type, tif) = (OrderType::Limit { limit }, TimeInForce::Ioc);
        Wish { instrument, side, size: Size::Units(qty), order_type, tif, origin }
    }
}

/// How much of a leg an account may trade, and whether that closes what its strategy holds.
type Room = (Qty, Purpose);

/// An order of a crossing or a loop, and the leg beside it.
pub(super) type Order = (Wish, Purpose, Option<InstrumentId>);

/// What a leg buys and sells, each by the name under which it is counted.
fn things(ticket: &Ticket) -> impl Iterator<Item = InstrumentId> + use<> {
    let things = match (ticket.swap, ticket.pair) {
        _ if !ticket.crosses() => [None; 2],
        (Some(swap), _) => [Some(swap.gives), Some(swap.gets)],
        (None, other) => [other.map(|other| other.min(ticket.instrument)), None],
    };
    things.into_iter().flatten()
}

impl State {
    /// Counts what a leg filled.
    pub(super) fn count_leg(&mut self, ticket: &Ticket, fill: Fill) {
        let [out, into] = match ticket.swap {
            Some(_) => Swap::units(ticket.side, fill.qty, fill.price).unwrap_or_default(),
            None if ticket.side == Side::Buy => [fill.qty.negated(), Qty::ZERO],
            None => [fill.qty, Qty::ZERO],
        };
        for (thing, signed) in things(ticket).zip([out.negated(), into]) {
            let beyond = self.crossings.entry((ticket.account, thing)).or_default();
            *beyond = beyond.saturating_add(signed);
        }
    }

    /// A leg has ended, or was told of late. With the last one of a thing, what it comes to is to be hedged: the desk
    /// does so before the batch is sealed.
    pub(super) fn end_leg(&mut self, ticket: &Ticket) {
        if !ticket.crosses() {
            return;
        }
        let no = ticket.account;
        let waits = |of: &InstrumentId| {
            self.orders_of(no).any(|open| things(&open.ticket).any(|thing| thing == *of))
        };
        let ended: Vec<InstrumentId> = things(ticket).filter(|of| !waits(of)).collect();
        let beyond =
            ended.into_iter().filter_map(|of| Some((of, self.crossings.remove(&(no, of))?)));
        self.uneven = beyond.filter(|(_, beyond)| !beyond.is_zero()).collect();
    }

    /// What a strategy holds that an order of this side would close, and that nobody is closing already.
    fn closable_by(&self, no: AccountNo, of: InstrumentId, side: Side, origin: Origin) -> Qty {
        let position = self.account(no).and_then(|account| account.position(of));
        let closable = position.filter(|position| position.closable(side).is_positive());
        closable.map_or(Qty::ZERO, |position| {
            let free = position.available().saturating_sub(self.waiting(no, of)).or_zero();
            self.leg(no, of, origin).0.min(free)
        })
    }

    /// Is an order of the strategy in this instrument on its way or waiting?
    fn moves(&self, no: AccountNo, of: InstrumentId, origin: Origin) -> bool {
        let strategy = Event::strategy(origin);
        let position = self.account(no).and_then(|account| account.position(of));
        let mut queued = position.map_or(&[][..], |position| position.queued()).iter();
        let mut open = self.orders_of(no).map(|open| &open.ticket);
        queued.any(|queued| queued.is_of(origin))
            || open.any(|o| o.touches(of) && Event::strategy(o.origin) == strategy)
    }

    pub(super) fn whole_lots(&self, of: InstrumentId, qty: Qty) -> Qty {
        self.listings.get(&of).map_or(Qty::ZERO, |listing| qty.floor_to(listing.instrument.lot))
    }
}

impl Desk {
    /// `places` are where is bought and where is sold, with the worst prices.
    pub(super) fn hear_crossing(
        &mut self,
        no: AccountNo,
        signal: &Signal,
        [(buy, buy_limit), (sell, sell_limit)]: [(InstrumentId, Price); 2],
        most: Qty,
    ) {
        let legs = [
            Leg { of: buy, side: Side::Buy, limit: buy_limit },
            Leg { of: sell, side: Side::Sell, limit: sell_limit },
        ];
        self.hear_legs(no, signal, &[buy, sell], |desk, split| {
            desk.plan_crossing(no, signal, legs, (most, split))
        });
    }

    /// Orders what a plan over these instruments comes to, for an account that takes part and has none of them under
    /// way.
    pub(super) fn hear_legs(
        &mut self,
        no: AccountNo,
        signal: &Signal,
        of: &[InstrumentId],
        plan: impl FnOnce(&Self, &Split) -> Result<Vec<Order>, Skip>,
    ) {
        let Some(account) = self.state.account(no) else {
            return;
        };
        let rules = self.tier(account);
        let origin = signal.origin();
        let moves = |of: &InstrumentId| self.state.moves(no, *of, origin);
        if !self.follows(account, signal.strategy) || of.iter().any(moves) {
            return;
        }
        let class = |of| self.state.listings.get(of).map(|listing| listing.instrument.class);
        let allows = |of| class(of).is_some_and(|class| rules.allows(class));
        let verdict = if of.iter().all(allows) {
            let split = self.reallocate(no);
            plan(self, &split)
        } else {
            Err(Skip::ClassNotAllowed)
        };
        match verdict {
            Ok(orders) => self.order_legs(no, signal, &orders),
            // Such signals come by the thousand.
            Err(why) => self.skip_once(no, signal, why),
        }
    }

    /// The orders of an account: both legs, or the purchase of what could be sold later.
    fn plan_crossing(
        &self,
        no: AccountNo,
        signal: &Signal,
        legs: [Leg; 2],
        (most, split): (Qty, &Split),
    ) -> Result<Vec<Order>, Skip> {
        let origin = signal.origin();
        let order =
            |leg: Leg, (qty, purpose): Room, beside| (leg.wish(qty, origin), purpose, beside);
        let [buy, sell] = legs;
        let sold = match self.leg_room(no, signal, sell, (Strength::FULL, split)) {
            Err(Skip::NoStock) if self.state.leg(no, buy.of, origin).0.is_zero() => {
                let room = self.leg_room(no, signal, buy, (STOCK, split))?;
                return Ok(vec![order(buy, room, None)]);
            }
            sold => sold?,
        };
        let bought = self.leg_room(no, signal, buy, (Strength::FULL, split))?;
        let qty = self.even_room(no, legs, [bought, sold], split)?.min(most);
        let qty = self.state.whole_lots(sell.of, self.state.whole_lots(buy.of, qty));
        let worth = self.state.listings.get(&buy.of);
        let worth = worth.and_then(|l| l.instrument.value(buy.limit, qty, Round::Down));
        let least = self.state.account(no).map(|account| account.limits(self.tier(account)));
        if worth < least.map(|limits| limits.min_trade) || qty.is_zero() {
            return Err(Skip::TooSmall);
        }
        let mut orders = vec![
            order(buy, (qty, bought.1), Some(sell.of)),
            order(sell, (qty, sold.1), Some(buy.of)),
        ];
        // What opens leaves first: what closes is certain to pass.
        orders.sort_by_key(|(_, purpose, _)| *purpose == Purpose::Exit);
        Ok(orders)
    }

    pub(super) fn leg_room(
        &self,
        no: AccountNo,
        signal: &Signal,
        leg: Leg,
        (strength, split): (Strength, &Split),
    ) -> Result<Room, Skip> {
        let Leg { of, side, limit } = leg;
        let origin = signal.origin();
        let closes = self.state.closable_by(no, of, side, origin);
        if closes.is_positive() {
            return Ok((closes, Purpose::Exit));
        }
        let listing = self.state.listings.get(&of).ok_or(Skip::NoBudget)?;
        if side == Side::Sell && !listing.instrument.is_margined() {
            return Err(Skip::NoStock);
        }
        if self.stands_against(no, of, side) {
            return Err(Skip::OtherSide);
        }
        let there = Signal { instrument: of, ..*signal };
        let dollars = self.size(no, &there, strength, split)?;
        // A short sale is worth no less than the mark.
        let price =
            if side == Side::Sell { listing.mark.map_or(limit, |m| m.max(limit)) } else { limit };
        let qty = listing.instrument.quantity(dollars, price).unwrap_or(Qty::ZERO);
        Ok((qty, Purpose::Entry))
    }

    /// What both legs have room for. Two that open spend one budget where both are of one class.
    fn even_room(
        &self,
        no: AccountNo,
        legs: [Leg; 2],
        rooms: [Room; 2],
        split: &Split,
    ) -> Result<Qty, Skip> {
        let [(bought, buys), (sold, sells)] = rooms;
        let qty = bought.min(sold);
        let [buy, sell] = legs.map(|leg| self.state.listings.get(&leg.of).map(|l| &l.instrument));
        let Some((buy, sell)) = buy.zip(sell) else {
            return Err(Skip::NoBudget);
        };
        let class = self.state.budget_class(buy);
        let share = class == self.state.budget_class(sell);
        if !share || buys == Purpose::Exit || sells == Purpose::Exit {
            return Ok(qty);
        }
        let half = self.budget_left(no, class, split)?.share(1, 2, Round::Down);
        let limit = legs[0].limit.max(legs[1].limit);
        let most = buy.quantity(half.unwrap_or(Money::ZERO), limit);
        Ok(qty.min(most.unwrap_or(Qty::ZERO)))
    }

    /// Orders all, or none where the gates refuse one.
    fn order_legs(&mut self, no: AccountNo, signal: &Signal, orders: &[Order]) {
        let insight = signal.insight;
        let entries = orders.iter().filter(|(_, purpose, _)| *purpose == Purpose::Entry);
        let entries: Vec<Wish> = entries.map(|(wish, ..)| *wish).collect();
        if let Some(refused) = self.refused_leg(no, &entries) {
            return self.refuse_once(no, signal, refused);
        }
        self.noes.remove(&(no, signal.strategy, signal.instrument));
        for (wish, purpose, beside) in orders {
            let answer = match purpose {
                Purpose::Entry => {
                    let idea = Idea { protect: None, pair: *beside, insight };
                    self.enter(no, *wish, idea, true)
                }
                Purpose::Exit => self.close_leg(no, wish, *beside),
            };
            let sent = matches!(answer, Answer::Placed { order, .. } if self.state.orders.contains_key(&order));
            if !sent {
                self.cancel_entries(no, |open| open.ticket.origin == wish.origin);
                return;
            }
        }
    }

    fn close_leg(&mut self, no: AccountNo, wish: &Wish, other: Option<InstrumentId>) -> Answer {
        let position = self.state.account(no).and_then(|a| a.position(wish.instrument));
        let Size::Units(qty) = wish.size else {
            return Answer::Declined(super::answer::Decline::NoPosition);
        };
        match position.and_then(|position| Exit::of(position, qty).ok()) {
            Some(exit) => {
                let terms = (wish.order_type, wish.tif);
                self.send_leg(no, (wish.instrument, other), exit, wish.origin, terms)
            }
            None => Answer::Declined(super::answer::Decline::NoPosition),
        }
    }

    /// Once all legs of a thing have ended, undoes what was bought beyond what was sold.
    pub(super) fn even_crossing(&mut self, ticket: &Ticket) {
        for (thing, beyond) in core::mem::take(&mut self.state.uneven) {
            let places = match ticket.pair.filter(|_| ticket.swap.is_none()) {
                Some(other) => [ticket.instrument, other],
                None => [thing; 2],
            };
            self.hedge(ticket.account, places, beyond, ticket.origin);
        }
    }

    /// Sells what was bought too much, where it is dearer, or buys back what was sold too much, where it is cheaper.
    /// What that closes always passes; what it opens is for the gates, and who is refused holds less.
    fn hedge(&mut self, no: AccountNo, mut places: [InstrumentId; 2], beyond: Qty, origin: Origin) {
        let mark = |of: &InstrumentId| self.state.listings.get(of).and_then(|l| l.mark);
        places.sort_by_key(mark);
        let side = if beyond.is_positive() { Side::Sell } else { Side::Buy };
        if side == Side::Sell {
            places.reverse();
        }
        let mut left = beyond.abs();
        for of in places {
            let closes = left.min(self.state.closable_by(no, of, side, origin));
            let closes = self.state.whole_lots(of, closes);
            if closes.is_positive() {
                left = left.saturating_sub(closes);
                let _ = self.exit(no, of, closes, origin, AT_ONCE);
            }
        }
        let opens = |of: &&InstrumentId| {
            (side == Side::Buy || self.state.is_margined(**of))
                && !self.stands_against(no, **of, side)
        };
        if let Some(&instrument) = places.iter().find(opens) {
            let size = self.state.whole_lots(instrument, left);
            let (order_type, tif) = AT_ONCE;
            let wish = Wish { instrument, side, size: Size::Units(size), order_type, tif, origin };
            if size.is_positive() {
                let _ = self.enter(no, wish, Idea::default(), true);
            }
        }
    }
}
