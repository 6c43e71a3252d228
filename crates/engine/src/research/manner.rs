//! Manners of other backtesters that no venue has, so that what they print can be repeated (decision 0044). Without one
//! a run fills and pays as the venue does.

use crate::sim::rules::Terms;
use nija_core::words::fixed::Round;
use nija_core::words::money::{Money, Pct};

/// Half of a cent.
const HALF_CENT: Money = Money::from_raw(500_000);

/// How a run differs from the venue; not at all unless it is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// Where a wish is filled.
    pub moment: Moment,
    /// How a fee is charged.
    pub charge: Charge,
    /// What follows from a wish for where it stands already.
    pub repeat: Repeat,
}

/// Where the wish of a close is filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Moment {
    /// At the next open.
    #[default]
    NextOpen,
    /// At that close itself, which nobody can get: an order for the close is given before the close is known.
    SignalClose,
}

/// How a fee is charged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Charge {
    /// As the terms say, exactly.
    #[default]
    Exact,
    /// The fee of an order in whole cents, half a cent up. From one side to the other is one order.
    Cents,
    /// Beside the terms' own fee, so many percent of the price in the price of an entry; nothing at an exit.
    EntryPrice(Pct),
}

/// What follows from a wish for the side that is held already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Repeat {
    /// Nothing.
    #[default]
    Keep,
    /// The position is left and taken anew, at the size and the costs of the moment.
    Reopen,
}

impl Charge {
    /// The terms of an entry, where those of an exit are `terms`.
    pub(super) fn entry(self, terms: Terms) -> Terms {
        match self {
            Self::Exact | Self::Cents => terms,
            Self::EntryPrice(part) => {
                Terms { half_spread: terms.half_spread.saturating_add(part), ..terms }
            }
        }
    }

    /// What is charged for a fill, whose exact fee is `owed`, of an order that owed so much `before`.
    pub(super) fn of(self, owed: Money, before: Money) -> Money {
        match self {
            Self::Exact | Self::EntryPrice(_) => owed,
            Self::Cents => cents(before.saturating_add(owed)).saturating_sub(cents(before)),
        }
    }
}

fn cents(fee: Money) -> Money {
    fee.saturating_add(HALF_CENT).to_cents(Round::Down)
}
