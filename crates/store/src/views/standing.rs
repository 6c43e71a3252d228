//! What became of an order: the one thing in the views that changes after it was written.

use super::chain::{Holder, Place};
use crate::error::Fault;
use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};
use nija_core::ledger::holdings::Traded;
use nija_core::words::id::{InstrumentId, OrderId};
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{Fill, OrderState, Side, Ticket};
use nija_core::words::time::Timestamp;

/// An order as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Standing {
    #[n(0)]
    holder: i64,
    /// Where its approval stands in the log.
    #[n(1)]
    approval: i64,
    /// Its number among the orders of the account.
    #[n(2)]
    pub(super) number: i64,
    #[n(3)]
    qty: Qty,
    #[n(4)]
    pub(super) filled: Qty,
    /// Sum of price times quantity over the fills: a signed number of 10^-16, most significant byte first.
    #[n(5)]
    turnover: ByteArray<16>,
    #[n(6)]
    pub(super) fees: Money,
    #[n(7)]
    pub(super) state: OrderState,
    #[n(8)]
    pub(super) open: bool,
    #[n(9)]
    pub(super) why: Option<String>,
    #[n(10)]
    pub(super) updated: Timestamp,
    #[n(11)]
    instrument: InstrumentId,
    #[n(12)]
    side: Side,
    /// Does it swap one coin for another? Its halves say what that traded.
    #[n(13)]
    #[cbor(default)]
    swaps: bool,
}

impl Standing {
    pub(super) fn approved(
        ticket: &Ticket,
        (holder, approval, number): (Holder, Place, i64),
        now: Timestamp,
    ) -> Self {
        Self {
            holder: holder.0,
            approval: approval.0,
            number,
            qty: ticket.qty,
            filled: Qty::ZERO,
            turnover: ByteArray::from([0; 16]),
            fees: Money::ZERO,
            state: OrderState::Approved,
            open: true,
            why: None,
            updated: now,
            instrument: ticket.instrument,
            side: ticket.side,
            swaps: ticket.swap.is_some(),
        }
    }

    /// What a fill of it traded.
    pub(super) fn traded(&self, fill: &Fill) -> Option<Traded> {
        let traded = Traded { instrument: self.instrument, side: self.side, qty: fill.qty };
        (!self.swaps).then_some(traded)
    }

    pub(super) const fn holder(&self) -> Holder {
        Holder(self.holder)
    }
    pub(super) const fn approval(&self) -> Place {
        Place(self.approval)
    }

    pub(super) fn acknowledge(&mut self, now: Timestamp) {
        self.updated = now;
        if self.state == OrderState::Approved {
            self.state = OrderState::Working;
        }
    }

    pub(super) fn close(&mut self, state: OrderState, why: &str, now: Timestamp) {
        (self.state, self.open, self.updated) = (state, !state.is_final(), now);
        self.why = Some(why.to_owned());
    }

    /// A fill that comes after its order was taken back leaves the order taken back, unless it completes it.
    pub(super) fn fill(&mut self, id: OrderId, fill: &Fill, now: Timestamp) -> Result<(), Fault> {
        let beyond = || Fault::Unusable(format!("order {id}: its fills are beyond the range"));
        let value = i128::from(fill.price.raw()) * i128::from(fill.qty.raw());
        let turnover = self.turnover().checked_add(value).ok_or_else(beyond)?;
        self.filled = self.filled.checked_add(fill.qty).ok_or_else(beyond)?;
        self.fees = self.fees.checked_add(fill.fee).ok_or_else(beyond)?;
        self.turnover = ByteArray::from(turnover.to_be_bytes());
        if self.filled.abs() >= self.qty.abs() {
            (self.state, self.open) = (OrderState::Filled, false);
        } else if self.open {
            self.state = OrderState::PartlyFilled;
        }
        self.updated = now;
        Ok(())
    }

    fn turnover(&self) -> i128 {
        i128::from_be_bytes(*self.turnover)
    }

    /// Turnover by quantity, rounded to the nearest step, ties to the even one; none before the first fill.
    pub(super) fn average(&self) -> Option<Price> {
        average(self.turnover(), self.filled)
    }
}

fn average(turnover: i128, filled: Qty) -> Option<Price> {
    let divisor = i128::from(filled.raw());
    let quotient = turnover.checked_div(divisor)?;
    let twice = (turnover % divisor).unsigned_abs() * 2;
    let up = match twice.cmp(&divisor.unsigned_abs()) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient % 2 != 0,
        std::cmp::Ordering::Greater => true,
    };
    let away = if (turnover < 0) == (divisor < 0) { 1 } else { -1 };
    i64::try_from(if up { quotient + away } else { quotient }).ok().map(Price::from_raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_average_is_rounded_to_the_nearest_step() {
        let of = |turnover, filled| average(turnover, Qty::from_raw(filled)).map(Price::raw);
        assert_eq!(of(0, 0), None);
        assert_eq!(of(10, 4), Some(2), "2.5 goes to the even step");
        assert_eq!(of(14, 4), Some(4), "3.5 goes to the even step");
        assert_eq!(of(11, 4), Some(3));
        assert_eq!(of(-11, 4), Some(-3));
        assert_eq!(of(i128::MAX, 1), None, "beyond the range");
    }
}
