//! Monthly recurring revenue and what moved it, by calendar month (UTC). Each subscription is held to what it was
//! worth when the month began: up and down again within a month is no movement, and who began and left within one
//! was neither new nor lost.

use crate::words::money::Money;
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// What a subscription was worth a month when the month of its last change began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Began {
    #[n(0)]
    month: i32,
    #[n(1)]
    worth: Money,
}

/// A month's movements. Amounts are what a month of service is worth before tax.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Moved {
    /// All subscriptions when it began.
    #[n(0)]
    pub opening: Money,
    /// How many paid.
    #[n(1)]
    pub opening_count: u32,
    /// Of those who did not pay when it began.
    #[n(2)]
    pub gained: Money,
    /// How many.
    #[n(3)]
    pub gained_count: u32,
    /// Of those who pay more than when it began.
    #[n(4)]
    pub expansion: Money,
    /// Of those who pay less.
    #[n(5)]
    pub contraction: Money,
    /// Of those who pay no more.
    #[n(6)]
    pub churned: Money,
    /// How many.
    #[n(7)]
    pub churned_count: u32,
}

/// All months, and how it stands now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Recurring {
    #[n(0)]
    now: Money,
    #[n(1)]
    count: u32,
    #[n(2)]
    months: BTreeMap<i32, Moved>,
}

impl Recurring {
    /// A subscription that was worth `old` is worth `new` a month from now on. Gives what it was worth when the
    /// month began, to be handed in with its next change. `None` beyond the range.
    #[must_use]
    pub fn change(
        &mut self,
        month: i32,
        began: Option<Began>,
        (old, new): (Money, Money),
    ) -> Option<Began> {
        let (opening, opening_count) = (self.now, self.count);
        let moved = self.months.entry(month).or_insert(Moved {
            opening,
            opening_count,
            ..Moved::default()
        });
        let began = began.filter(|began| began.month == month);
        let began = began.unwrap_or(Began { month, worth: old });
        moved.count(began.worth, old, Money::checked_sub, u32::checked_sub)?;
        moved.count(began.worth, new, Money::checked_add, u32::checked_add)?;
        self.now = self.now.checked_sub(old)?.checked_add(new)?;
        self.count = match (old.is_positive(), new.is_positive()) {
            (false, true) => self.count.checked_add(1)?,
            (true, false) => self.count.checked_sub(1)?,
            _ => self.count,
        };
        Some(began)
    }

    /// Monthly recurring revenue now.
    #[must_use]
    pub const fn now(&self) -> Money {
        self.now
    }
    /// How many pay.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }
    /// Months in which something moved, oldest first.
    pub fn months(&self) -> impl Iterator<Item = (i32, Moved)> + '_ {
        self.months.iter().map(|(month, moved)| (*month, *moved))
    }
    /// A month, whether something moved in it or not.
    #[must_use]
    pub fn month(&self, month: i32) -> Moved {
        if let Some(moved) = self.months.get(&month) {
            return *moved;
        }
        let before = self.months.range(..month).next_back().map(|(_, moved)| moved.closing());
        let (opening, opening_count) = before.unwrap_or_default();
        Moved { opening, opening_count, ..Moved::default() }
    }
}

impl Moved {
    /// Counts, or takes back, what a subscription that began the month at `began` contributes at `worth`.
    fn count(
        &mut self,
        began: Money,
        worth: Money,
        money: fn(Money, Money) -> Option<Money>,
        number: fn(u32, u32) -> Option<u32>,
    ) -> Option<()> {
        match (began.is_positive(), worth.is_positive()) {
            (false, true) => {
                self.gained = money(self.gained, worth)?;
                self.gained_count = number(self.gained_count, 1)?;
            }
            (true, false) => {
                self.churned = money(self.churned, began)?;
                self.churned_count = number(self.churned_count, 1)?;
            }
            (true, true) if worth > began => {
                self.expansion = money(self.expansion, worth.checked_sub(began)?)?;
            }
            (true, true) => {
                self.contraction = money(self.contraction, began.checked_sub(worth)?)?;
            }
            (false, false) => {}
        }
        Some(())
    }

    /// What is left at its end, and of how many. In range, as it is what they pay.
    #[must_use]
    pub const fn closing(&self) -> (Money, u32) {
        let gained = self.opening.saturating_add(self.gained).saturating_add(self.expansion);
        let left = gained.saturating_sub(self.contraction).saturating_sub(self.churned);
        let count = self.opening_count.saturating_add(self.gained_count);
        (left, count.saturating_sub(self.churned_count))
    }

    /// What those who paid when it began pay at its end.
    #[must_use]
    pub const fn retained(&self) -> Money {
        let grown = self.opening.saturating_add(self.expansion);
        grown.saturating_sub(self.contraction).saturating_sub(self.churned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_month_is_held_to_its_beginning() {
        let mut recurring = Recurring::default();
        let m = Money::whole;
        let ada = recurring.change(1, None, (m(0), m(99))).unwrap();
        let bob = recurring.change(1, None, (m(0), m(49))).unwrap();
        let first = recurring.month(1);
        assert_eq!((first.gained, first.gained_count, first.opening), (m(148), 2, m(0)));
        // Up, down and up again: one expansion.
        let ada = recurring.change(2, Some(ada), (m(99), m(249))).unwrap();
        let ada = recurring.change(2, Some(ada), (m(249), m(0))).unwrap();
        assert_eq!((recurring.month(2).churned, recurring.month(2).churned_count), (m(99), 1));
        recurring.change(2, Some(ada), (m(0), m(199))).unwrap();
        recurring.change(2, Some(bob), (m(49), m(19))).unwrap();
        // Here and gone within the month.
        let eve = recurring.change(2, None, (m(0), m(499))).unwrap();
        recurring.change(2, Some(eve), (m(499), m(0))).unwrap();
        let second = recurring.month(2);
        assert_eq!((second.opening, second.opening_count), (m(148), 2));
        assert_eq!((second.expansion, second.contraction), (m(100), m(30)));
        assert_eq!((second.gained, second.gained_count), (m(0), 0));
        assert_eq!((second.churned, second.churned_count), (m(0), 0));
        assert_eq!((second.retained(), second.closing()), (m(218), (m(218), 2)));
        assert_eq!((recurring.now(), recurring.count()), (m(218), 2));
        assert_eq!(
            recurring.month(7),
            Moved { opening: m(218), opening_count: 2, ..Moved::default() }
        );
        assert_eq!(recurring.month(0), Moved::default());
    }

    proptest! {
        #[test]
        fn each_month_leads_from_the_one_before_to_the_next(
            changes in proptest::collection::vec((0usize..5, 0i32..4, 0u8..3), 1..60)
        ) {
            let (mut recurring, mut month) = (Recurring::default(), 10);
            let mut worths = [Money::ZERO; 5];
            let mut began = [None; 5];
            for (who, worth, later) in changes {
                month += i32::from(later / 2);
                let new = Money::whole(worth * 50);
                let change = (worths[who], new);
                began[who] = Some(recurring.change(month, began[who], change).unwrap());
                worths[who] = new;
            }
            let all = worths.into_iter().fold(Money::ZERO, Money::saturating_add);
            prop_assert_eq!(recurring.now(), all);
            let (mut left, mut count) = (Money::ZERO, 0);
            for (month, moved) in recurring.months() {
                prop_assert_eq!((moved.opening, moved.opening_count), (left, count), "{}", month);
                (left, count) = moved.closing();
            }
            prop_assert_eq!((left, count), (recurring.now(), recurring.count()));
            let bytes = minicbor::to_vec(&recurring).unwrap();
            prop_assert_eq!(minicbor::decode::<Recurring>(&bytes).unwrap(), recurring);
        }
    }
}
