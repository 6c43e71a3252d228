//! Why fees and other money moved, as events tell it.

use crate::ledger::chart::Book;
use crate::words::money::Money;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Why a high-water mark moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case", tag = "cause", content = "of")]
pub enum BillCause {
    /// Its owner paid in (positive) or takes out.
    #[n(0)]
    Flow(#[n(0)] Money),
    /// A month ended.
    #[n(1)]
    Month(#[n(0)] i32),
    /// Copying stopped.
    #[n(2)]
    Stopped,
    /// The account goes on with a lower tier.
    #[n(3)]
    TierChanged,
    /// The owner came to qualify for performance fees: gains made before are free.
    #[n(4)]
    Qualified,
    /// A person gave the last fee back, and the mark went back with it.
    #[n(5)]
    Refunded,
    /// The account is older than its mark: the mark begins where it stands.
    #[n(6)]
    Began,
}

impl BillCause {
    /// The word used in answers and screens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flow(_) => "flow",
            Self::Month(_) => "month",
            Self::Stopped => "stopped",
            Self::TierChanged => "tier_changed",
            Self::Qualified => "qualified",
            Self::Refunded => "refunded",
            Self::Began => "began",
        }
    }
}

/// A sort of money that is neither trade, fee nor the owner's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Adjustment {
    /// A dividend.
    #[n(0)]
    Dividend,
    /// Funding or interest.
    #[n(1)]
    Funding,
    /// A correction by a person.
    #[n(2)]
    Correction,
}

impl Adjustment {
    /// The book it is booked in.
    #[must_use]
    pub const fn book(self) -> Book {
        match self {
            Self::Dividend => Book::Dividends,
            Self::Funding => Book::Funding,
            Self::Correction => Book::Corrections,
        }
    }
    /// The word used in answers and screens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dividend => "dividend",
            Self::Funding => "funding",
            Self::Correction => "correction",
        }
    }
}
