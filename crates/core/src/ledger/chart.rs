//! The chart of accounts: which books each trading account and the house keep.
//! Debits are positive. Over all books of an account, and over all of the house, balances always sum to zero.

use crate::words::money::Money;
use minicbor::data::Type;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

macro_rules! books {
    ($($(#[$doc:meta])* $variant:ident = $number:literal $name:literal;)*) => {
        /// One book, of a trading account or of the house.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize,
            Deserialize,
        )]
        #[serde(rename_all = "snake_case")]
        #[cbor(index_only)]
        pub enum Book {
            $($(#[$doc])* #[n($number)] $variant,)*
        }
        impl Book {
            /// All books, in order of their numbers.
            pub const ALL: [Self; 22] = [$(Self::$variant),*];
            /// The word used in files, answers and screens.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

books! {
    /// Dollars at hand (asset).
    Cash = 0 "cash";
    /// What open positions cost (asset).
    Positions = 1 "positions";
    /// What the owner paid in less what was paid out (equity, so negative).
    Capital = 2 "capital";
    /// Realized profit, before fees (income, so a profit is negative).
    Realized = 3 "realized";
    /// Fees paid to venues (expense).
    VenueFees = 4 "venue_fees";
    /// Performance fees charged (expense).
    PerformanceFees = 5 "performance_fees";
    /// Copy fees charged, the leader's and the platform's part (expense).
    CopyFees = 6 "copy_fees";
    /// Copy fees that followers paid to this account's owner (income).
    Earned = 7 "earned";
    /// Dividends (income).
    Dividends = 8 "dividends";
    /// Funding and interest, received (income) or paid.
    Funding = 9 "funding";
    /// What a person put right (income or expense).
    Corrections = 10 "corrections";
    /// Fees charged and not taken yet, for want of cash (liability).
    Owed = 11 "owed";
    /// The house: money it holds, of its own and for others (asset).
    Bank = 12 "bank";
    /// The house: fees charged to accounts that had no cash for them (asset).
    Receivable = 13 "receivable";
    /// The house: on its way to an account of another partition (liability).
    Clearing = 14 "clearing";
    /// The house: paid months that are not served yet (liability).
    Deferred = 15 "deferred";
    /// The house: what clients have paid beyond their invoices (liability).
    Credit = 16 "credit";
    /// The house: tax it has to pass on (liability).
    Tax = 17 "tax";
    /// The house: subscriptions earned (income).
    SubscriptionRevenue = 18 "subscription_revenue";
    /// The house: performance fees earned (income).
    PerformanceRevenue = 19 "performance_revenue";
    /// The house: its part of copy fees earned (income).
    CopyRevenue = 20 "copy_revenue";
    /// What contracts that are held were agreed at, which nobody has paid: the other side of their cost in
    /// `positions` (liability; of short ones an asset).
    Agreed = 21 "agreed";
}

/// Books that every account uses; the others are kept where one was ever booked.
const USUAL: usize = 5;

/// Balances of one trading account or of the house, one per book.
#[derive(Clone, Debug, Default, Eq)]
pub struct Books {
    usual: [Money; USUAL],
    others: Option<Box<[Money; Book::ALL.len() - USUAL]>>,
}

/// By their balances: a book that was used and is empty again is like one that never was.
impl PartialEq for Books {
    fn eq(&self, other: &Self) -> bool {
        Book::ALL.iter().all(|book| self.balance(*book) == other.balance(*book))
    }
}

impl Books {
    /// Balance of one book, debit positive.
    #[must_use]
    pub const fn balance(&self, book: Book) -> Money {
        let at = book as usize;
        match &self.others {
            _ if at < USUAL => self.usual[at],
            Some(others) => others[at - USUAL],
            None => Money::ZERO,
        }
    }
    /// Books `amount`; `None`, and nothing booked, beyond the range.
    #[must_use]
    pub fn post(&mut self, book: Book, amount: Money) -> Option<()> {
        let at = book as usize;
        let balance = match at.checked_sub(USUAL) {
            None => &mut self.usual[at],
            Some(at) => &mut self.others.get_or_insert_default()[at],
        };
        *balance = balance.checked_add(amount)?;
        Some(())
    }
    /// Cash less what is owed in fees, and less what contracts are agreed at: with the worth of all positions it is
    /// the equity.
    #[must_use]
    pub const fn money(&self) -> Money {
        let cash = self.balance(Book::Cash).saturating_add(self.balance(Book::Owed));
        cash.saturating_add(self.balance(Book::Agreed))
    }
    /// Is there neither money nor a position?
    #[must_use]
    pub const fn is_clear(&self) -> bool {
        self.balance(Book::Cash).is_zero() && self.balance(Book::Positions).is_zero()
    }
    /// Sum over all books in units of 10^-8: zero, or something is badly wrong.
    #[must_use]
    pub fn sum(&self) -> i128 {
        Book::ALL.iter().map(|book| i128::from(self.balance(*book).raw())).sum()
    }
}

/// A list in order of the books' numbers; zeros at its end are left out.
impl<C> Encode<C> for Books {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        let used = Book::ALL.iter().rposition(|book| !self.balance(*book).is_zero());
        let count = used.map_or(USUAL, |last| USUAL.max(last + 1));
        // As a struct with one field, which is how it was written when there were only the usual ones.
        e.array(1)?.array(count as u64)?;
        Book::ALL[..count].iter().try_for_each(|book| self.balance(*book).encode(e, ctx))
    }
}

impl<'b, C> Decode<'b, C> for Books {
    fn decode(d: &mut minicbor::Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        let refused = |what| minicbor::decode::Error::message(what).at(at);
        if d.datatype()? != Type::Array || d.array()? != Some(1) {
            return Err(refused("books are one list"));
        }
        let count = d.array()?.ok_or_else(|| refused("books without a count"))?;
        let books = usize::try_from(count).ok().and_then(|count| Book::ALL.get(..count));
        let mut read = Self::default();
        for book in books.ok_or_else(|| refused("more books than there are"))? {
            let balance = Money::decode(d, ctx)?;
            if !balance.is_zero() {
                read.post(*book, balance).ok_or_else(|| refused("balance out of range"))?;
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_book_stands_at_its_number() {
        for (number, book) in Book::ALL.iter().enumerate() {
            assert_eq!(*book as usize, number, "{book:?}");
        }
    }

    #[test]
    fn books_read_back_and_those_of_old_have_the_same_bytes() {
        let mut books = Books::default();
        books.post(Book::Cash, Money::CENT).unwrap();
        books.post(Book::Capital, Money::CENT.negated()).unwrap();
        #[derive(Encode)]
        struct Old {
            #[n(0)]
            balances: [Money; 5],
        }
        let balances =
            [Book::Cash, Book::Positions, Book::Capital, Book::Realized, Book::VenueFees];
        let old = Old { balances: balances.map(|book| books.balance(book)) };
        assert_eq!(minicbor::to_vec(&books).unwrap(), minicbor::to_vec(&old).unwrap());
        books.post(Book::CopyRevenue, Money::whole(3)).unwrap();
        let bytes = minicbor::to_vec(&books).unwrap();
        assert_eq!(minicbor::decode::<Books>(&bytes).unwrap(), books);
        assert_eq!(books.sum(), i128::from(Money::whole(3).raw()));
    }

    #[test]
    fn a_book_that_is_empty_again_is_like_one_that_never_was() {
        let mut books = Books::default();
        for amount in [Money::CENT, Money::CENT.negated()] {
            books.post(Book::PerformanceFees, amount).unwrap();
        }
        assert_eq!(books, Books::default());
    }

    #[test]
    fn bytes_that_are_no_books_are_refused() {
        for bytes in [&[0x81, 0x98, 0x16][..], &[0x80], &[0x81, 0x9f, 0xff], &[0xa0], &[0x81]] {
            assert!(minicbor::decode::<Books>(bytes).is_err(), "{bytes:?}");
        }
    }
}
