//! The chart of accounts: which books each trading account keeps.
//! Debits are positive. Over all books of an account the balances always sum to zero.

use crate::words::money::Money;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// One book of a trading account.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Book {
    /// Dollars at hand (asset).
    #[n(0)]
    Cash,
    /// What open positions cost (asset).
    #[n(1)]
    Positions,
    /// What the owner paid in less what was paid out (equity, so negative).
    #[n(2)]
    Capital,
    /// Realized profit, before fees (income, so a profit is negative).
    #[n(3)]
    Realized,
    /// Fees paid to venues (expense).
    #[n(4)]
    VenueFees,
}

impl Book {
    /// All books, in order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::Cash, Self::Positions, Self::Capital, Self::Realized, Self::VenueFees];

    /// The word used in files, answers and screens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Positions => "positions",
            Self::Capital => "capital",
            Self::Realized => "realized",
            Self::VenueFees => "venue_fees",
        }
    }
}

/// Balances of one trading account, one per book.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Books {
    #[n(0)]
    balances: [Money; 5],
}

impl Books {
    /// Balance of one book, debit positive.
    #[must_use]
    pub const fn balance(&self, book: Book) -> Money {
        self.balances[book as usize]
    }
    /// Books `amount`; `None`, and nothing booked, beyond the range.
    #[must_use]
    pub fn post(&mut self, book: Book, amount: Money) -> Option<()> {
        let balance = &mut self.balances[book as usize];
        *balance = balance.checked_add(amount)?;
        Some(())
    }
    /// Sum over all books in units of 10^-8: zero, or something is badly wrong.
    #[must_use]
    pub fn sum(&self) -> i128 {
        self.balances.iter().map(|b| i128::from(b.raw())).sum()
    }
}
