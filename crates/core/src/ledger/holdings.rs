//! What an account holds: the sums of its entries and fills. Two of them, and what was booked between, are all that
//! a statement is made of.

use super::chart::{Book, Books};
use super::entry::Entry;
use crate::words::id::{AccountNo, InstrumentId};
use crate::words::money::{Money, Qty};
use crate::words::order::Side;
use minicbor::{Decode, Encode};

/// Books, positions at cost, and the high-water mark.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Holdings {
    /// Ledger balances.
    #[n(0)]
    pub books: Books,
    /// By instrument; none that is empty.
    #[n(1)]
    positions: Vec<Stake>,
    /// Where the high-water mark stands.
    #[n(2)]
    pub high: Money,
}

/// A position without its lots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Stake {
    /// Of what.
    #[n(0)]
    pub instrument: InstrumentId,
    /// How much; below zero it is short.
    #[n(1)]
    pub qty: Qty,
    /// What it cost, or was agreed at; below zero of what is short.
    #[n(2)]
    pub cost: Money,
}

/// What an entry traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traded {
    /// Of what.
    pub instrument: InstrumentId,
    /// Bought or sold.
    pub side: Side,
    /// How much; zero when what is held was settled and stays.
    pub qty: Qty,
}

impl Holdings {
    /// Books the lines of an entry that are this account's, and what it traded. `None` beyond the range.
    #[must_use]
    pub fn book(&mut self, no: AccountNo, entry: &Entry, traded: Option<Traded>) -> Option<()> {
        let mut cost = Money::ZERO;
        for leg in entry.legs().iter().filter(|leg| leg.account == no) {
            self.books.post(leg.book, leg.amount)?;
            if leg.book == Book::Positions {
                cost = cost.checked_add(leg.amount)?;
            }
        }
        traded.map_or(Some(()), |traded| self.trade(traded, cost))
    }

    fn trade(&mut self, traded: Traded, cost: Money) -> Option<()> {
        let Traded { instrument, side, qty } = traded;
        let at = self.positions.binary_search_by_key(&instrument, |held| held.instrument);
        let at = at.unwrap_or_else(|at| {
            self.positions.insert(at, Stake { instrument, qty: Qty::ZERO, cost: Money::ZERO });
            at
        });
        let held = &mut self.positions[at];
        held.qty = match side {
            Side::Buy => held.qty.checked_add(qty)?,
            Side::Sell => held.qty.checked_sub(qty)?,
        };
        held.cost = held.cost.checked_add(cost)?;
        if held.qty.is_zero() && held.cost.is_zero() {
            self.positions.remove(at);
        }
        Some(())
    }

    /// What it holds, in order of the instruments' numbers.
    #[must_use]
    pub fn positions(&self) -> &[Stake] {
        &self.positions
    }
    /// Cash less what is owed in fees, and less what contracts are agreed at: with the worth of the positions it is the
    /// equity.
    #[must_use]
    pub const fn money(&self) -> Money {
        self.books.money()
    }
    /// Is there neither money nor a position?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.money().is_zero() && self.positions.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO: AccountNo = AccountNo(3);

    fn traded(side: Side, qty: i32) -> Option<Traded> {
        Some(Traded { instrument: InstrumentId(7), side, qty: Qty::whole(qty) })
    }

    #[test]
    fn positions_follow_their_fills_at_cost() {
        let [cent, m100, m120] = [Money::CENT, Money::whole(100), Money::whole(120)];
        let mut held = Holdings::default();
        held.book(NO, &Entry::transfer(NO, Money::whole(500)).unwrap(), None).unwrap();
        let bought = Entry::bought(NO, m100, cent).unwrap();
        held.book(NO, &bought, traded(Side::Buy, 4)).unwrap();
        let sold = Entry::sold(NO, Money::whole(90), Money::whole(75), cent).unwrap();
        held.book(NO, &sold, traded(Side::Sell, 3)).unwrap();
        let left =
            Stake { instrument: InstrumentId(7), qty: Qty::whole(1), cost: Money::whole(25) };
        assert_eq!(held.positions(), [left]);
        assert_eq!(held.money(), "489.98".parse().unwrap());
        assert_eq!(held.books.sum(), 0);
        let bytes = minicbor::to_vec(&held).unwrap();
        assert_eq!(minicbor::decode::<Holdings>(&bytes).unwrap(), held);
        let sold = Entry::sold(NO, m120, Money::whole(25), Money::ZERO).unwrap();
        held.book(NO, &sold, traded(Side::Sell, 1)).unwrap();
        assert!(held.positions().is_empty() && !held.is_empty());
    }

    #[test]
    fn lines_of_others_are_not_its_own() {
        let mut held = Holdings::default();
        let moved = Entry::moved(AccountNo(1), NO, Money::CENT).unwrap();
        held.book(NO, &moved, None).unwrap();
        assert_eq!(held.money(), Money::CENT);
    }
}
