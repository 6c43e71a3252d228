//! What is taken of a gain: rates per payee, and fees in whole cents, each rounded down by itself.

use crate::words::fixed::Round;
use crate::words::money::{Money, Pct};
use minicbor::{Decode, Encode};
use serde::Serialize;

/// What is taken of a gain, percent, per payee. Together at most half of it: plans hold to that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Rates {
    /// The house's part.
    #[n(0)]
    pub platform: Pct,
    /// The part of the leader who is copied.
    #[n(1)]
    pub leader: Pct,
}

/// Whole cents per payee; negative where something is given back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Fee {
    /// The house's part.
    #[n(0)]
    pub platform: Money,
    /// The leader's part.
    #[n(1)]
    pub leader: Money,
}

impl Rates {
    /// For whom nothing may be charged.
    pub const NONE: Self = Self { platform: Pct::ZERO, leader: Pct::ZERO };

    /// The fee on a gain: each payee's part on its own, down to the cent. Nothing on a loss.
    #[must_use]
    pub fn on(&self, gain: Money) -> Fee {
        // Percentages up to a hundred of what is in range are in range.
        let part = |pct| gain.or_zero().percent(pct, Round::Down).map(|m| m.to_cents(Round::Down));
        Fee {
            platform: part(self.platform).unwrap_or_default(),
            leader: part(self.leader).unwrap_or_default(),
        }
    }
}

impl Fee {
    /// Nothing.
    pub const ZERO: Self = Self { platform: Money::ZERO, leader: Money::ZERO };

    /// Both parts. In range, as the parts are of one amount.
    #[must_use]
    pub const fn total(&self) -> Money {
        self.platform.saturating_add(self.leader)
    }
    /// Is nothing to book?
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.platform.is_zero() && self.leader.is_zero()
    }
    /// As many cents of it as `most` pays for, the house's first.
    pub(super) fn within(self, most: Money) -> Option<Self> {
        let most = most.to_cents(Round::Down);
        let platform = self.platform.min(most);
        Some(Self { platform, leader: self.leader.min(most.checked_sub(platform)?) })
    }
    /// The smaller part of each payee.
    pub(super) fn min(self, other: Self) -> Self {
        Self { platform: self.platform.min(other.platform), leader: self.leader.min(other.leader) }
    }
    /// Sum per payee; `None` beyond the range.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Some(Self {
            platform: self.platform.checked_add(other.platform)?,
            leader: self.leader.checked_add(other.leader)?,
        })
    }
    /// Difference per payee; `None` beyond the range.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        Some(Self {
            platform: self.platform.checked_sub(other.platform)?,
            leader: self.leader.checked_sub(other.leader)?,
        })
    }
}
