//! Clamped integers through which the market's floats reach the core: scores and strengths.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// 0.00 to 100.00 in hundredths: volatility score, liquidity, percentile, confidence.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    Serialize,
    Deserialize,
)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct Score(#[n(0)] u16);

impl Score {
    /// The lowest score.
    pub const MIN: Self = Self(0);
    /// The highest score, 100.00.
    pub const MAX: Self = Self(10_000);

    /// From hundredths; more than 10 000 becomes 10 000.
    #[must_use]
    pub const fn hundredths(n: u16) -> Self {
        if n > 10_000 { Self::MAX } else { Self(n) }
    }
    /// From whole points, 0 to 100.
    #[must_use]
    pub const fn points(n: u8) -> Self {
        Self::hundredths(n as u16 * 100)
    }
    /// In hundredths.
    #[must_use]
    pub const fn as_hundredths(self) -> u16 {
        self.0
    }
}

impl core::fmt::Display for Score {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// How strongly a strategy wants its position: 0 to 10 000 of its full size.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    Serialize,
    Deserialize,
)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct Strength(#[n(0)] u16);

impl Strength {
    /// The whole of what the account's budget allows.
    pub const FULL: Self = Self(10_000);

    /// From parts of ten thousand, clamped.
    #[must_use]
    pub const fn parts(n: u16) -> Self {
        if n > 10_000 { Self::FULL } else { Self(n) }
    }
    /// In parts of ten thousand.
    #[must_use]
    pub const fn as_parts(self) -> u16 {
        self.0
    }
}
