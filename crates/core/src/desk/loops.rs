//! Loops: dollars to one coin, to another, and back to dollars, all three legs at once, from coins that lie ready. The
//! leg between the coins is an order of a pair; what one leg has beyond the others is hedged as that of a crossing is.

use super::Desk;
use super::crossings::{Leg, Order, STOCK};
use super::event::{Size, Skip, Wish};
use crate::allocation::Split;
use crate::words::fixed::{Round, SCALE, mul_div};
use crate::words::id::{AccountNo, InstrumentId};
use crate::words::instrument::Kind;
use crate::words::money::{Money, Qty};
use crate::words::order::{OrderType, Purpose, Side, Swap, TimeInForce};
use crate::words::score::Strength;
use crate::words::signal::{Loop, Signal};

/// `qty * a / b`, zero where that is beyond the range.
fn scaled(qty: Qty, a: i64, b: i64, round: Round) -> Qty {
    mul_div(qty.raw(), a, b, round).map_or(Qty::ZERO, Qty::from_raw)
}

impl Desk {
    pub(super) fn hear_loop(&mut self, no: AccountNo, signal: &Signal, around: &Loop) {
        let listing = self.state.listings.get(&signal.instrument);
        let pair = listing.map(|listing| &listing.instrument);
        let Some(swap) = pair.and_then(|pair| pair.swap(around.side)) else {
            return;
        };
        let of = [signal.instrument, swap.gives, swap.gets];
        self.hear_legs(no, signal, &of, |desk, split| {
            desk.plan_loop(no, signal, (around, swap), split)
        });
    }

    /// The orders of an account: all three legs, or the purchase of a coin that is missing.
    fn plan_loop(
        &self,
        no: AccountNo,
        signal: &Signal,
        (around, swap): (&Loop, Swap),
        split: &Split,
    ) -> Result<Vec<Order>, Skip> {
        let origin = signal.origin();
        let pair = Leg { of: signal.instrument, side: around.side, limit: around.limit };
        let buy = Leg { of: swap.gives, side: Side::Buy, limit: around.buy_limit };
        let sell = Leg { of: swap.gets, side: Side::Sell, limit: around.sell_limit };
        for leg in [Leg { side: Side::Sell, ..buy }, sell] {
            if self.leg_room(no, signal, leg, (STOCK, split)) == Err(Skip::NoStock) {
                let mark = self.state.listings.get(&leg.of).and_then(|listing| listing.mark);
                let limit = mark.map_or(leg.limit, |mark| mark.max(leg.limit));
                let leg = Leg { side: Side::Buy, limit, ..leg };
                let (qty, purpose) = self.leg_room(no, signal, leg, (STOCK, split))?;
                let (order_type, tif) = (OrderType::Market, TimeInForce::Ioc);
                let size = Size::Units(qty);
                let (instrument, side) = (leg.of, leg.side);
                let wish = Wish { instrument, side, size, order_type, tif, origin };
                return Ok(vec![(wish, purpose, None)]);
            }
        }
        let [base, quote] = self.loop_room(no, signal, (around, [buy, sell]), split)?;
        let (bought, sold) = match around.side {
            Side::Buy => (quote, base),
            Side::Sell => (base, quote),
        };
        let account = self.state.account(no).ok_or(Skip::NoBudget)?;
        let got = self.state.listings.get(&sell.of).ok_or(Skip::NoBudget)?;
        let worth = got.instrument.value(sell.limit, sold, Round::Down);
        let least = account.limits(self.tier(account)).min_trade;
        if bought.is_zero() || sold.is_zero() || worth < Some(least) {
            return Err(Skip::TooSmall);
        }
        let order = |leg: Leg, qty, purpose| (leg.wish(qty, origin), purpose, Some(leg.of));
        Ok(vec![
            order(buy, bought, Purpose::Entry),
            order(pair, base, Purpose::Entry),
            order(sell, sold, Purpose::Exit),
        ])
    }

    /// How much of base and quote all three legs have room for: what is held of both coins, what may be bought of
    /// both, half of the budget for each of the two entries, and what the books give. In lots of all three.
    fn loop_room(
        &self,
        no: AccountNo,
        signal: &Signal,
        (around, [buy, sell]): (&Loop, [Leg; 2]),
        split: &Split,
    ) -> Result<[Qty; 2], Skip> {
        let row = |of| self.state.listings.get(&of).map(|l| &l.instrument).ok_or(Skip::NoBudget);
        let Kind::Pair { base, quote } = row(signal.instrument)?.kind else {
            return Err(Skip::NoBudget);
        };
        let room = |leg: Leg| {
            let room = self.leg_room(no, signal, leg, (Strength::FULL, split));
            room.map(|(qty, _)| qty)
        };
        let class = self.state.budget_class(row(buy.of)?);
        let half = self.budget_left(no, class, split)?.share(1, 2, Round::Down);
        let half = half.unwrap_or(Money::ZERO);
        let given = room(Leg { side: Side::Sell, ..buy })?;
        let fits = row(buy.of)?.quantity(half, buy.limit).unwrap_or(Qty::ZERO);
        let (bought, sold) = (room(buy)?.min(fits), room(sell)?);
        let got = self.pair_room(no, signal, (around, sell.of), (half, split))?;
        let (of_base, of_quote) = match around.side {
            // What is given is claimed at the limit.
            Side::Buy => {
                let given = scaled(given, SCALE, around.limit.raw(), Round::Down);
                (sold.min(got).min(given), bought)
            }
            Side::Sell => (given.min(bought).min(got), sold),
        };
        let (parts, whole) = (around.quote.raw(), around.base.raw());
        let qty = around.base.min(of_base).min(scaled(of_quote, whole, parts, Round::Down));
        let qty = self.state.whole_lots(base, self.state.whole_lots(signal.instrument, qty));
        // To the nearest lot: always down, what is off would add up.
        let exact = scaled(qty, parts, whole, Round::HalfEven);
        let step = row(quote)?.lot;
        let nearest = exact.saturating_add(Qty::from_raw(step.raw() / 2)).floor_to(step);
        Ok([qty, nearest.min(of_quote.floor_to(step))])
    }

    /// How much of the pair an account may trade, by what comes for it: worth what its order will be judged by.
    fn pair_room(
        &self,
        no: AccountNo,
        signal: &Signal,
        (around, gets): (&Loop, InstrumentId),
        (half, split): (Money, &Split),
    ) -> Result<Qty, Skip> {
        let listing = self.state.listings.get(&signal.instrument).ok_or(Skip::NoBudget)?;
        let origin = signal.origin();
        let leg = Leg { of: signal.instrument, side: around.side, limit: around.limit };
        let price = self.entry_reference(&leg.wish(Qty::ZERO, origin));
        let unit = price.and_then(|price| {
            self.state.dollars(&listing.instrument, price, Qty::whole(1), Round::Up)
        });
        let there = Signal { instrument: gets, ..*signal };
        let worth = self.size(no, &there, Strength::FULL, split)?.min(half);
        Ok(unit
            .map_or(Qty::ZERO, |unit| scaled(Qty::whole(1), worth.raw(), unit.raw(), Round::Down)))
    }
}
