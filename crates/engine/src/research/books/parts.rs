//! What market making earned, by its causes. Of every fill: the distance from the middle at which it was made
//! (`spread`), what the middle did in the moments after it (`adverse`, below zero when it went on through), and what it
//! did from then on to the end (`inventory`). Together, less fees, they are what the balances say, to the rounding of
//! a fill. Sums are integers: twice the step of a price times the step of a quantity.

use nija_core::words::fixed::SCALE;
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::Side;
use nija_core::words::time::{Span, Timestamp};
use std::collections::VecDeque;

/// How long after a fill the middle is looked at again.
pub const MOMENTS: Span = Span::seconds(5);

/// A fill whose moments are not over.
#[derive(Clone, Copy, Debug)]
struct Mark {
    due: Timestamp,
    signed: i128,
    middle: i128,
}

/// The sums so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    marks: VecDeque<Mark>,
    spread: i128,
    adverse: i128,
    /// Quantity whose moments are over, bought less sold, and the same times the middle there.
    later: (i128, i128),
}

/// What the parts came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// Distance from the middle at which fills were made.
    pub spread: Money,
    /// What the middle did in the five seconds after them.
    pub adverse: Money,
    /// What it did from then on.
    pub inventory: Money,
}

impl Parts {
    /// Time passes to `at`, with this middle as the last one known before it.
    pub(super) fn pass(&mut self, at: Timestamp, middle: i128) {
        while let Some(mark) = self.marks.pop_front_if(|mark| mark.due <= at) {
            self.end(mark, middle);
        }
    }

    fn end(&mut self, mark: Mark, middle: i128) {
        self.adverse += mark.signed * (middle - mark.middle);
        self.later.0 += mark.signed;
        self.later.1 += mark.signed * middle;
    }

    /// Notes a fill, with twice the middle before it.
    pub(super) fn fill(
        &mut self,
        side: Side,
        (price, qty): (Price, Qty),
        middle: i128,
        at: Timestamp,
    ) {
        let signed = match side {
            Side::Buy => i128::from(qty.raw()),
            Side::Sell => -i128::from(qty.raw()),
        };
        self.spread += signed * (middle - 2 * i128::from(price.raw()));
        self.marks.push_back(Mark { due: at.plus(MOMENTS), signed, middle });
    }

    /// The sums, with the middle at the end.
    pub(super) fn finish(mut self, middle: i128) -> Split {
        for mark in std::mem::take(&mut self.marks) {
            self.end(mark, middle);
        }
        let inventory = middle * self.later.0 - self.later.1;
        Split {
            spread: money(self.spread),
            adverse: money(self.adverse),
            inventory: money(inventory),
        }
    }
}

/// Dollars of such a sum, to the nearest step.
fn money(sum: i128) -> Money {
    let step = 2 * i128::from(SCALE);
    let nearest = (sum + step / 2).div_euclid(step);
    Money::from_raw(i64::try_from(nearest).unwrap_or(if sum > 0 { i64::MAX } else { i64::MIN }))
}

/// What so many units are worth at a doubled middle.
pub(super) fn worth(units: Qty, middle: i128) -> Money {
    money(i128::from(units.raw()) * middle)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bought 2 a dollar below a middle of 100 that fell to 98 within the moments and rose to 101 after them.
    #[test]
    fn parts_by_hand() {
        let twice = |dollars: i32| 2 * i128::from(Price::whole(dollars).raw());
        let mut parts = Parts::default();
        parts.fill(Side::Buy, (Price::whole(99), Qty::whole(2)), twice(100), Timestamp(0));
        parts.pass(Timestamp(4_999_999), twice(90));
        parts.pass(Timestamp(5_000_000), twice(98));
        parts.fill(
            Side::Sell,
            (Price::whole(102), Qty::whole(1)),
            twice(100),
            Timestamp(6_000_000),
        );
        let split = parts.finish(twice(101));
        assert_eq!(split.spread, Money::whole(2 + 2));
        assert_eq!(split.adverse, Money::whole(-4 - 1));
        assert_eq!(split.inventory, Money::whole(6));
        assert_eq!(worth(Qty::whole(3), twice(7)), Money::whole(21));
    }
}
