//! What the house earned, by day, tier and stream: sums of ledger lines, kept beside them so that a screen needs no
//! walk over the journal.

use crate::ledger::chart::Book;
use crate::words::money::Money;
use crate::words::tier::Tier;
use minicbor::{Decode, Encode};
use serde::Serialize;
use std::collections::BTreeMap;

/// A stream of revenue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Stream {
    /// Subscriptions.
    #[n(0)]
    Subscription,
    /// Performance fees.
    #[n(1)]
    PerformanceFee,
    /// The platform's part of copy fees.
    #[n(2)]
    CopyTradingFee,
}

impl Stream {
    /// All streams.
    pub const ALL: [Self; 3] = [Self::Subscription, Self::PerformanceFee, Self::CopyTradingFee];
    /// The word used in answers and screens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Subscription => "subscription",
            Self::PerformanceFee => "performance_fee",
            Self::CopyTradingFee => "copy_trading_fee",
        }
    }
    /// The stream whose income a book holds.
    #[must_use]
    pub const fn of(book: Book) -> Option<Self> {
        match book {
            Book::SubscriptionRevenue => Some(Self::Subscription),
            Book::PerformanceRevenue => Some(Self::PerformanceFee),
            Book::CopyRevenue => Some(Self::CopyTradingFee),
            _ => None,
        }
    }
}

/// One sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Earned {
    /// Day since 1970, UTC.
    pub day: i32,
    /// Tier of whoever paid.
    pub tier: Tier,
    /// Stream.
    pub stream: Stream,
    /// Earned on that day, what was given back taken off.
    pub amount: Money,
}

/// Sums by day, tier and stream: some twenty a day at most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Revenue(#[n(0)] BTreeMap<(i32, Tier, Stream), Money>);

impl Revenue {
    /// Adds what a ledger line says; `None` beyond the range.
    #[must_use]
    pub fn add(&mut self, day: i32, tier: Tier, stream: Stream, amount: Money) -> Option<()> {
        let sum = self.0.entry((day, tier, stream)).or_default();
        *sum = sum.checked_add(amount)?;
        Some(())
    }
    /// All sums, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = Earned> + '_ {
        self.0.iter().map(|(&(day, tier, stream), &amount)| Earned { day, tier, stream, amount })
    }
}
