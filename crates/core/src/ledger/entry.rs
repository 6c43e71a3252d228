//! A balanced entry: its legs sum to zero, or it does not exist. Checked when made and when read back.

use super::chart::Book;
use crate::billing::fee::Fee;
use crate::billing::movement::Movement;
use crate::words::id::AccountNo;
use crate::words::money::Money;
use minicbor::{Decode, Encode};

/// One line of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Leg {
    /// Whose book.
    #[n(0)]
    pub account: AccountNo,
    /// Which book.
    #[n(1)]
    pub book: Book,
    /// Debit positive, credit negative.
    #[n(2)]
    pub amount: Money,
}

/// Legs that do not sum to zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry does not balance: off by {off} units of 10^-8 dollars")]
pub struct Unbalanced {
    off: i128,
}

/// Legs that sum to zero.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub struct Entry {
    #[n(0)]
    legs: Vec<Leg>,
}

impl Entry {
    /// Makes an entry of legs that balance. Legs of zero are left out.
    ///
    /// # Errors
    /// [`Unbalanced`] when they do not.
    pub fn new(legs: impl IntoIterator<Item = Leg>) -> Result<Self, Unbalanced> {
        let legs: Vec<Leg> = legs.into_iter().filter(|leg| !leg.amount.is_zero()).collect();
        match legs.iter().map(|leg| i128::from(leg.amount.raw())).sum() {
            0 => Ok(Self { legs }),
            off => Err(Unbalanced { off }),
        }
    }

    /// Money paid in by (positive) or paid out to (negative) an account's owner.
    ///
    /// # Errors
    /// Never for amounts in range; typed so that the rule has no exception.
    pub fn transfer(account: AccountNo, amount: Money) -> Result<Self, Unbalanced> {
        let leg = |book, amount| Leg { account, book, amount };
        Self::new([leg(Book::Cash, amount), leg(Book::Capital, amount.negated())])
    }

    /// A purchase: cash becomes a position at its cost, the fee an expense.
    ///
    /// # Errors
    /// [`Unbalanced`] when cost and fee do not fit together in range.
    pub fn bought(account: AccountNo, cost: Money, fee: Money) -> Result<Self, Unbalanced> {
        let leg = |book, amount| Leg { account, book, amount };
        Self::new([
            leg(Book::Cash, cost.negated().saturating_sub(fee)),
            leg(Book::Positions, cost),
            leg(Book::VenueFees, fee),
        ])
    }

    /// A sale: proceeds come in, the cost of what was sold goes out, the difference is realized.
    ///
    /// # Errors
    /// [`Unbalanced`] when the amounts do not fit together in range.
    pub fn sold(
        account: AccountNo,
        proceeds: Money,
        cost: Money,
        fee: Money,
    ) -> Result<Self, Unbalanced> {
        let leg = |book, amount| Leg { account, book, amount };
        Self::new([
            leg(Book::Cash, proceeds.saturating_sub(fee)),
            leg(Book::Positions, cost.negated()),
            leg(Book::Realized, cost.saturating_sub(proceeds)),
            leg(Book::VenueFees, fee),
        ])
    }

    /// A trade or a settlement of contracts: what is held is agreed at `change` more (short ones at less), `gain` of
    /// what went or was settled is paid in cash, and nothing else is.
    ///
    /// # Errors
    /// [`Unbalanced`] when the amounts do not fit together in range.
    pub fn agreed(
        account: AccountNo,
        change: Money,
        gain: Money,
        fee: Money,
    ) -> Result<Self, Unbalanced> {
        let leg = |book, amount| Leg { account, book, amount };
        Self::new([
            leg(Book::Cash, gain.saturating_sub(fee)),
            leg(Book::Positions, change),
            leg(Book::Agreed, change.negated()),
            leg(Book::Realized, gain.negated()),
            leg(Book::VenueFees, fee),
        ])
    }

    /// Money moved from one account of an owner to another.
    ///
    /// # Errors
    /// Never for amounts in range; typed so that the rule has no exception.
    pub fn moved(from: AccountNo, to: AccountNo, amount: Money) -> Result<Self, Unbalanced> {
        let leg = |account, book, amount| Leg { account, book, amount };
        let out = amount.negated();
        Self::new([
            leg(from, Book::Cash, out),
            leg(from, Book::Capital, amount),
            leg(to, Book::Cash, amount),
            leg(to, Book::Capital, out),
        ])
    }

    /// Fees charged to an account, `taken` of them in cash and the rest owed: the platform's part is its revenue,
    /// the leader's part is on its way. Below zero it is a refund.
    ///
    /// # Errors
    /// [`Unbalanced`] when the amounts do not fit together in range.
    pub fn charged(
        account: AccountNo,
        fee: Fee,
        taken: Money,
        (expense, revenue): (Book, Book),
    ) -> Result<Self, Unbalanced> {
        let leg = |account, book, amount| Leg { account, book, amount };
        let (total, house) = (fee.total(), AccountNo::HOUSE);
        let owed = total.saturating_sub(taken);
        Self::new([
            leg(account, expense, total),
            leg(account, Book::Cash, taken.negated()),
            leg(account, Book::Owed, owed.negated()),
            leg(house, Book::Bank, taken),
            leg(house, Book::Receivable, owed),
            leg(house, revenue, fee.platform.negated()),
            leg(house, Book::Clearing, fee.leader.negated()),
        ])
    }

    /// Fees charged earlier that are taken now.
    ///
    /// # Errors
    /// Never for amounts in range; typed so that the rule has no exception.
    pub fn collected(account: AccountNo, amount: Money) -> Result<Self, Unbalanced> {
        let leg = |account, book, amount| Leg { account, book, amount };
        let (house, out) = (AccountNo::HOUSE, amount.negated());
        Self::new([
            leg(account, Book::Owed, amount),
            leg(account, Book::Cash, out),
            leg(house, Book::Bank, amount),
            leg(house, Book::Receivable, out),
        ])
    }

    /// Copy fees of followers, come from their partitions to a master's account.
    ///
    /// # Errors
    /// Never for amounts in range; typed so that the rule has no exception.
    pub fn credited(account: AccountNo, amount: Money) -> Result<Self, Unbalanced> {
        let leg = |account, book, amount| Leg { account, book, amount };
        let (house, out) = (AccountNo::HOUSE, amount.negated());
        Self::new([
            leg(house, Book::Clearing, amount),
            leg(house, Book::Bank, out),
            leg(account, Book::Cash, amount),
            leg(account, Book::Earned, out),
        ])
    }

    /// Money that came to an account, or went from it, otherwise than by trades, fees and its owner.
    ///
    /// # Errors
    /// Never for amounts in range; typed so that the rule has no exception.
    pub fn adjusted(account: AccountNo, book: Book, amount: Money) -> Result<Self, Unbalanced> {
        let leg = |book, amount| Leg { account, book, amount };
        Self::new([leg(Book::Cash, amount), leg(book, amount.negated())])
    }

    /// What a step of a subscription does to the house's books.
    ///
    /// # Errors
    /// [`Unbalanced`] when the movement does not balance.
    pub fn subscribed(movement: &Movement) -> Result<Self, Unbalanced> {
        let leg = |book, amount| Leg { account: AccountNo::HOUSE, book, amount };
        Self::new([
            leg(Book::Bank, movement.received.saturating_sub(movement.refunded)),
            leg(Book::SubscriptionRevenue, movement.earned.negated()),
            leg(Book::Deferred, movement.deferred.negated()),
            leg(Book::Tax, movement.tax.negated()),
            leg(Book::Credit, movement.credit.negated()),
        ])
    }

    /// Its lines.
    #[must_use]
    pub fn legs(&self) -> &[Leg] {
        &self.legs
    }
}

impl<'b, C> Decode<'b, C> for Entry {
    fn decode(d: &mut minicbor::Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        #[derive(Decode)]
        struct Read {
            #[n(0)]
            legs: Vec<Leg>,
        }
        let at = d.position();
        let Read { legs } = Read::decode(d, ctx)?;
        Self::new(legs).map_err(|_| minicbor::decode::Error::message("entry unbalanced").at(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_kind_of_entry_balances_and_reads_back(
            a in 0i64..1_000_000_000_000, b in 0i64..1_000_000_000_000, fee in 0i64..1_000_000_000,
        ) {
            let no = AccountNo(1);
            let [a, b, fee] = [a, b, fee].map(Money::from_raw);
            for entry in [
                Entry::transfer(no, a)?, Entry::bought(no, a, fee)?, Entry::sold(no, a, b, fee)?,
                Entry::moved(no, AccountNo(2), a)?, Entry::collected(no, fee)?,
                Entry::charged(
                    no,
                    Fee { platform: fee, leader: a },
                    b,
                    (Book::CopyFees, Book::CopyRevenue),
                )?,
                Entry::credited(no, a)?, Entry::agreed(no, a.negated(), b, fee)?,
                Entry::agreed(no, a, b.negated(), fee)?, Entry::adjusted(no, Book::Dividends, a)?,
            ] {
                let sum: i128 = entry.legs().iter().map(|l| i128::from(l.amount.raw())).sum();
                prop_assert_eq!(sum, 0);
                let bytes = minicbor::to_vec(&entry)?;
                prop_assert_eq!(minicbor::decode::<Entry>(&bytes)?, entry);
            }
        }
    }

    #[test]
    fn an_unbalanced_entry_cannot_be_made_or_read() {
        let leg = Leg { account: AccountNo(1), book: Book::Cash, amount: Money::CENT };
        assert!(Entry::new([leg]).is_err());
        let bytes = minicbor::to_vec(Entry { legs: vec![leg] }).unwrap();
        assert!(minicbor::decode::<Entry>(&bytes).is_err());
    }
}
