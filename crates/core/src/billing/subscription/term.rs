//! The time that one invoice of a plan pays for: calendar months from an instant, on an anchor day.

use crate::billing::invoice::Period;
use crate::words::fixed::Round;
use crate::words::money::Money;
use crate::words::time::Timestamp;
use minicbor::{Decode, Encode};
use serde::Serialize;

/// Whole months from an instant on. A term that began on the 31st keeps to the 31st where a month has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Term {
    #[n(0)]
    from: Timestamp,
    #[n(1)]
    months: u8,
    #[n(2)]
    anchor: u8,
}

/// What is left of a term at some instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rest {
    /// Microseconds left of the month that runs.
    pub left: i64,
    /// Microseconds of that month.
    pub month: i64,
    /// Months after it.
    pub months: u8,
}

impl Term {
    /// A first term.
    #[must_use]
    pub const fn starting(from: Timestamp, months: u8) -> Self {
        Self { from, months, anchor: from.day_of_month() }
    }
    /// The term that follows without a gap.
    #[must_use]
    pub const fn following(&self, months: u8) -> Self {
        Self { from: self.until(), months, anchor: self.anchor }
    }
    /// Its months.
    #[must_use]
    pub const fn months(&self) -> u8 {
        self.months
    }
    /// When its month with this number begins, from 0.
    #[must_use]
    pub const fn month(&self, number: u8) -> Timestamp {
        self.from.plus_months(number as i32, self.anchor)
    }
    /// First instant after it.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.month(self.months)
    }
    /// From when to when.
    #[must_use]
    pub const fn period(&self) -> Period {
        Period { from: self.from, until: self.until() }
    }
    /// How many of its months have begun.
    #[must_use]
    pub fn begun(&self, now: Timestamp) -> u8 {
        (0..self.months).take_while(|&number| self.month(number) <= now).count() as u8
    }
    /// What is left of it; nothing once it is over.
    pub(super) fn rest(&self, now: Timestamp) -> Rest {
        let begun = self.begun(now).max(1);
        let (from, until) = (self.month(begun - 1), self.month(begun));
        let month = until.since(from).0.max(1);
        Rest {
            left: until.since(now).0.clamp(0, month),
            month,
            months: self.months.saturating_sub(begun),
        }
    }
}

impl Rest {
    /// `month` dollars a month for what is left, not rounded to cents: first for the month that runs,
    /// then for those after it. `None` beyond the range.
    pub(super) fn worth(&self, month: Money) -> Option<[Money; 2]> {
        let running = month.share(self.left, self.month, Round::Down)?;
        Some([running, month.share(i64::from(self.months), 1, Round::Down)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 31 January 2023.
    const START: Timestamp = Timestamp(1_675_123_200_000_000);

    #[test]
    fn a_year_from_the_last_of_january_keeps_to_the_last_days() {
        let year = Term::starting(START, 12);
        let ends = |number| year.month(number).to_string()[..10].to_owned();
        assert_eq!(
            (ends(0), ends(1), ends(2)),
            ("2023-01-31".into(), "2023-02-28".into(), "2023-03-31".into())
        );
        assert_eq!(ends(12), "2024-01-31");
        let month = Term::starting(START, 1).following(1).following(1);
        assert_eq!(month.period(), Period { from: year.month(2), until: year.month(3) });
    }

    #[test]
    fn what_is_left_is_counted_by_time_and_by_months() {
        let term = Term::starting(START, 3);
        assert_eq!(term.begun(Timestamp(START.0 - 1)), 0);
        assert_eq!(term.begun(START), 1);
        assert_eq!(term.begun(term.month(1)), 2);
        assert_eq!(term.begun(Timestamp(i64::MAX)), 3);
        // The second month runs from 28 February to 31 March, 31 days; seven are over.
        let now = Timestamp(term.month(1).0 + 7 * 86_400_000_000);
        let rest = term.rest(now);
        assert_eq!((rest.left * 31, rest.months), (rest.month * 24, 1));
        let worth = rest.worth(Money::whole(31)).unwrap();
        assert_eq!(worth, [Money::whole(24), Money::whole(31)]);
        let over = term.rest(term.until());
        assert_eq!((over.left, over.months), (0, 0));
    }
}
