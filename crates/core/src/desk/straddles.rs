//! Straddles: a call and a put that a strategy wants together. Both are judged before either is ordered, and what one
//! leg has beyond the other, because that was refused, taken back or filled in part, is sold at once.

use super::Desk;
use super::answer::Answer;
use super::event::{Event, Size, Skip, Wish};
use super::exits::AT_ONCE;
use super::orders::Idea;
use super::signals::part_of;
use super::state::State;
use crate::allocation::Split;
use crate::positions::QueuedExit;
use crate::risk::approval::judge;
use crate::risk::capital::claim;
use crate::risk::refusal::Refusal;
use crate::words::fixed::Round;
use crate::words::id::{AccountNo, InstrumentId};
use crate::words::instrument::{AssetClass, Instrument, Kind};
use crate::words::money::{Money, Price, Qty};
use crate::words::order::{OrderType, Origin, Side, Ticket, TimeInForce};
use crate::words::score::Strength;
use crate::words::signal::Signal;
use crate::words::time::Span;

/// How long a filled leg waits for the other one.
const PATIENCE: Span = Span::seconds(60);

/// A leg and the price it was decided on.
type Leg = (InstrumentId, Price);

impl State {
    /// The class whose budget an instrument spends: its own; a bought option is a way to hold its underlying, and
    /// spends what is meant for that.
    pub(super) fn budget_class(&self, instrument: &Instrument) -> AssetClass {
        match instrument.kind {
            Kind::Option { underlying, .. } => {
                let listing = self.listings.get(&underlying);
                listing.map_or(instrument.class, |listing| listing.instrument.class)
            }
            _ => instrument.class,
        }
    }

    /// What a strategy holds of a leg and is not selling already, and what its open entries may still bring.
    pub(super) fn leg(
        &self,
        no: AccountNo,
        instrument: InstrumentId,
        origin: Origin,
    ) -> (Qty, Qty) {
        let (order_type, tif) = AT_ONCE;
        let exit = QueuedExit { qty: Qty::ZERO, origin, order_type, tif };
        let position = self.account(no).and_then(|account| account.position(instrument));
        let queued = position.map_or(&[][..], |position| position.queued()).iter();
        let leaving = queued.filter(|queued| queued.is_of(origin)).map(|queued| queued.qty);
        let leaving = leaving.fold(Qty::ZERO, Qty::saturating_add);
        let held = self.unsold(no, instrument, &exit).saturating_sub(leaving).or_zero();
        (held, self.coming(no, instrument, origin))
    }
}

impl Desk {
    pub(super) fn hear_straddle(
        &mut self,
        no: AccountNo,
        signal: &Signal,
        put: Leg,
        strength: Strength,
    ) {
        let Some(account) = self.state.account(no) else {
            return;
        };
        let rules = self.tier(account);
        if !self.follows(account, signal.strategy) {
            return;
        }
        let legs = [(signal.instrument, signal.mark), put];
        let origin = signal.origin();
        let is_in = |(of, _): &Leg| {
            let (held, coming) = self.state.leg(no, *of, origin);
            held.is_positive() || coming.is_positive()
        };
        let verdict = if !rules.allows(AssetClass::Derivatives) {
            Err(Skip::ClassNotAllowed)
        } else if legs.iter().any(is_in) {
            Err(Skip::AlreadyIn)
        } else {
            let split = self.reallocate(no);
            self.size_straddle(no, legs, strength, &split)
        };
        match verdict {
            Ok(qty) => self.enter_straddle(no, signal, put.0, qty),
            Err(why) => self.emit(Event::Skipped { account: no, signal: *signal, why }),
        }
    }

    /// How many straddles: both premiums together within a part of full size and the budget, each leg within what
    /// one trade may be.
    fn size_straddle(
        &self,
        no: AccountNo,
        legs: [Leg; 2],
        strength: Strength,
        split: &Split,
    ) -> Result<Qty, Skip> {
        let account = self.state.account(no).ok_or(Skip::NoBudget)?;
        let limits = account.limits(self.tier(account));
        let [call, put] = legs.map(|(of, mark)| {
            let listing = self.state.listings.get(&of)?;
            let worth = listing.instrument.value(mark, Qty::whole(1), Round::Up)?;
            Some((self.state.budget_class(&listing.instrument), worth))
        });
        let ((class, call), (_, put)) = call.zip(put).ok_or(Skip::NoBudget)?;
        let left = self.budget_left(no, class, split)?;
        let full = self.state.equity(account).percent(limits.max_position_pct, Round::Down);
        let wanted = part_of(full.unwrap_or(Money::ZERO), strength).min(left);
        let count = |money: Money, each: Money| money.raw() / each.raw().max(1);
        let dearest = call.max(put);
        let most = count(wanted, call.saturating_add(put)).min(count(limits.max_trade, dearest));
        let most = i32::try_from(most).unwrap_or(i32::MAX);
        let least = call.min(put).raw().saturating_mul(i64::from(most));
        if most < 1 || least < limits.min_trade.raw() {
            return Err(Skip::TooSmall);
        }
        Ok(Qty::whole(most))
    }

    /// Orders both legs, or neither.
    fn enter_straddle(&mut self, no: AccountNo, signal: &Signal, put: InstrumentId, qty: Qty) {
        let Signal { instrument: call, insight, .. } = *signal;
        let origin = signal.origin();
        let wish = |instrument| Wish {
            instrument,
            side: Side::Buy,
            size: Size::Units(qty),
            order_type: OrderType::Market,
            tif: TimeInForce::Gtc,
            origin,
        };
        if let Some((wish, refusal)) = self.refused_leg(no, &[wish(call), wish(put)]) {
            let refusal = self.name_switches(no, &wish, refusal);
            let _ = self.refuse(no, wish, refusal, insight);
            return;
        }
        for (leg, other) in [(call, put), (put, call)] {
            let idea = Idea { protect: None, pair: Some(other), insight };
            let answer = self.enter(no, wish(leg), idea, true);
            let sent = matches!(answer, Answer::Placed { order, .. } if self.state.orders.contains_key(&order));
            if !sent {
                self.cancel_entries(no, |open| open.ticket.origin == origin);
                return;
            }
        }
    }

    /// The leg that the gates refuse, each judged as if those before it were ordered; none where all pass.
    pub(super) fn refused_leg(&self, no: AccountNo, legs: &[Wish]) -> Option<(Wish, Refusal)> {
        let (mut claimed, mut opened) = (Money::ZERO, 0u16);
        for (before, leg) in (0u16..).zip(legs) {
            if let Some(refusal) = self.swap_of(leg).and_then(|swap| self.lacks(no, leg, swap)) {
                return Some((*leg, refusal));
            }
            let mut facts = self.facts(no, leg, &self.draft(leg), true)?;
            facts.free_cash = facts.free_cash.saturating_sub(claimed);
            facts.positions = facts.positions.saturating_add(opened);
            facts.open_orders = facts.open_orders.saturating_add(before);
            if let Err(refusal) = judge(&facts) {
                return Some((*leg, refusal));
            }
            claimed = claimed.saturating_add(claim(facts.notional, facts.buffer));
            opened = opened.saturating_add(u16::from(facts.opens));
        }
        None
    }

    /// Takes the entries of legs back whose other leg, this one, was filled and has waited long enough.
    pub(super) fn part_legs(&mut self, no: AccountNo, instrument: InstrumentId) {
        let position = self.state.account(no).and_then(|a| a.position(instrument));
        let lots = position.map_or(&[][..], |position| position.lots());
        let waiting = self.state.orders_of(no).filter(|open| {
            let strategy = Event::strategy(open.ticket.origin);
            let newest = lots.iter().filter(|lot| lot.strategy == strategy).map(|lot| lot.at).max();
            let waited = newest.is_some_and(|at| self.clock.since(at) >= PATIENCE);
            let is_leg = open.ticket.pair == Some(instrument) && !open.ticket.crosses();
            is_leg && open.is_entry() && !open.cancelling && waited
        });
        for order in waiting.map(|open| open.ticket.id).collect::<Vec<_>>() {
            self.request_cancel(order);
        }
    }

    /// Keeps the legs of a straddle equal once an entry of one has ended: what the other would bring beyond it is
    /// taken back, what it has beyond it is sold.
    pub(super) fn even_legs(&mut self, ticket: &Ticket) {
        let (Some(other), origin, no) = (ticket.pair, ticket.origin, ticket.account) else {
            return;
        };
        let strategy = Event::strategy(origin);
        for (leg, against) in [(ticket.instrument, other), (other, ticket.instrument)] {
            let (held, coming) = self.state.leg(no, leg, origin);
            let (held_there, coming_there) = self.state.leg(no, against, origin);
            let least = held_there.saturating_add(coming_there);
            if held.saturating_add(coming) <= least {
                continue;
            }
            self.cancel_entries(no, |open| {
                open.ticket.instrument == leg && Event::strategy(open.ticket.origin) == strategy
            });
            let excess = held.saturating_sub(least);
            if excess.is_positive() {
                let _ = self.exit(no, leg, excess, origin, AT_ONCE);
            }
        }
    }
}
