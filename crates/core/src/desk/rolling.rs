//! Rolls: what a strategy holds of one month of a contract moves into the next. The exit leaves first and always
//! passes. The entry goes through the gates, which judge it as if the exit were done: both trade at the next price.

use super::Desk;
use super::event::{Event, Size, Skip, Wish};
use super::exits::AT_ONCE;
use super::orders::Idea;
use crate::positions::QueuedExit;
use crate::risk::facts::Facts;
use crate::words::fixed::{Round, mul_div};
use crate::words::id::{AccountNo, InstrumentId};
use crate::words::money::{Money, Price, Qty};
use crate::words::order::{Origin, Side};
use crate::words::signal::Signal;

impl Desk {
    /// Moves what the strategy holds for this account. Without autopilot it is only left.
    pub(super) fn hear_roll(&mut self, no: AccountNo, signal: &Signal, from: InstrumentId) {
        let Signal { strategy, id, instrument, version, .. } = *signal;
        let origin = Origin::Roll { strategy, signal: id, from, version: Some(version) };
        let Some((side, held)) = self.moving(no, origin, from) else {
            let _ = self.leave(no, from, signal.origin());
            return;
        };
        let (order_type, tif) = AT_ONCE;
        let mut wish = Wish { instrument, side, size: Size::Units(held), order_type, tif, origin };
        wish.size = Size::Units(self.most(no, &wish, held));
        let protect = self.moved_stop(no, signal, (from, side));
        let _ = self.leave(no, from, origin);
        let why = if !self.state.is_margined(instrument) && side == Side::Sell {
            Some(Skip::NotShortable)
        } else if self.stands_against(no, instrument, side) {
            Some(Skip::OtherSide)
        } else {
            None
        };
        match why {
            Some(why) => drop(self.skip(no, signal, why)),
            None => drop(self.enter(no, wish, Idea { protect, ..Idea::default() }, true)),
        }
    }

    /// What a strategy moves out of a month, and the side it is held on; none where nothing is held or nothing may be
    /// entered for the account.
    fn moving(&self, no: AccountNo, origin: Origin, from: InstrumentId) -> Option<(Side, Qty)> {
        let account = self.state.account(no)?;
        if !self.follows(account, origin.signalled()?) {
            return None;
        }
        let side = if account.position(from)?.is_short() { Side::Sell } else { Side::Buy };
        let (order_type, tif) = AT_ONCE;
        let exit = QueuedExit { qty: Qty::ZERO, origin, order_type, tif };
        let held = self.state.unsold(no, from, &exit);
        held.is_positive().then_some((side, held))
    }

    /// As much of the next month, but no more than one entry may be.
    fn most(&self, no: AccountNo, wish: &Wish, held: Qty) -> Qty {
        let account = self.state.account(no);
        let listing = self.state.listings.get(&wish.instrument);
        let most = account.zip(listing).zip(self.entry_reference(wish)).and_then(
            |((account, listing), price)| {
                let limits = account.limits(self.tier(account));
                let equity = self.state.guarded_equity(self.state.root_of(no));
                let full = equity.percent(limits.max_position_pct, Round::Down)?;
                let room = full.saturating_sub(self.in_symbol(no, wish.instrument)).or_zero();
                listing.instrument.quantity(limits.max_trade.min(room), price)
            },
        );
        most.map_or(held, |most| held.min(most))
    }

    /// Where the stop that guards the old month would lie in the next one: as far from the price, in parts of it.
    fn moved_stop(
        &self,
        no: AccountNo,
        signal: &Signal,
        (from, side): (InstrumentId, Side),
    ) -> Option<Price> {
        let strategy = Some(signal.strategy);
        let mut stops = self.state.exits_of(no, from).filter(|open| open.protects());
        let stop = stops.find(|open| Event::strategy(open.ticket.origin) == strategy)?;
        let (stop, mark) = (stop.ticket.order_type.stop()?, self.last_price(from)?);
        let moved = mul_div(stop.raw(), signal.mark.raw(), mark.raw(), Round::HalfEven)?;
        self.stop_of(signal, side, Price::from_raw(moved))
    }

    /// Gives an entry that rolls the room that its exit makes: what stands behind the month that is left, and its
    /// place among the positions.
    pub(super) fn make_room(&self, no: AccountNo, wish: &Wish, facts: &mut Facts) {
        let Origin::Roll { strategy, from, .. } = wish.origin else { return };
        let Some(position) = self.state.account(no).and_then(|account| account.position(from))
        else {
            return;
        };
        let leaving = position.held_by(strategy);
        let cost = position.cost_of(leaving, Some(strategy));
        let worth = self.state.worth(from, leaving).unwrap_or(cost);
        let gain = worth.saturating_sub(cost);
        let gain = if position.is_short() { gain.negated() } else { gain };
        // What was not settled yet is lost with the exit; what it gains is there when it is.
        let freed = cost.saturating_add(gain.min(Money::ZERO));
        facts.free_cash = facts.free_cash.saturating_add(freed);
        if leaving == position.qty() {
            facts.positions = facts.positions.saturating_sub(1);
        }
    }
}
