//! Clamped integers through which the market's floats reach the core: scores and strengths.

use minicbor::{Decode, Decoder, Encode};
use serde::{Deserialize, Serialize};

/// 0.00 to 100.00 in hundredths: volatility score, liquidity, percentile, confidence.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Serialize, Deserialize,
)]
#[cbor(transparent)]
#[serde(from = "u16", into = "u16")]
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
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Serialize, Deserialize,
)]
#[cbor(transparent)]
#[serde(from = "u16", into = "u16")]
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
    /// This part of it, rounded down.
    #[must_use]
    pub const fn scaled(self, by: Self) -> Self {
        Self((self.0 as u32 * by.0 as u32 / Self::FULL.0 as u32) as u16)
    }
    /// So many times it, up to full.
    #[must_use]
    pub const fn times(self, n: u16) -> Self {
        Self::parts(self.0.saturating_mul(n))
    }
}

/// Whatever way a value comes in, it is clamped.
macro_rules! clamped {
    ($name:ident, $clamp:path) => {
        impl From<u16> for $name {
            fn from(n: u16) -> Self {
                $clamp(n)
            }
        }
        impl From<$name> for u16 {
            fn from(value: $name) -> Self {
                value.0
            }
        }
        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                d.u16().map($clamp)
            }
        }
    };
}
clamped!(Score, Score::hundredths);
clamped!(Strength, Strength::parts);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_strength_rounds_down() {
        assert_eq!(Strength::parts(7_501).scaled(Strength::parts(5_000)), Strength::parts(3_750));
        assert_eq!(Strength::FULL.scaled(Strength::FULL), Strength::FULL);
    }

    #[test]
    fn a_multiple_of_a_strength_ends_at_full() {
        assert_eq!(Strength::parts(3_000).times(2), Strength::parts(6_000));
        assert_eq!(Strength::parts(9_000).times(9), Strength::FULL);
        assert_eq!(Strength::parts(3_000).times(1), Strength::parts(3_000));
    }

    #[test]
    fn values_are_clamped_whatever_way_they_come_in() {
        let bytes = minicbor::to_vec(60_000u16).unwrap();
        assert_eq!(minicbor::decode::<Score>(&bytes).unwrap(), Score::MAX);
        assert_eq!(minicbor::decode::<Strength>(&bytes).unwrap(), Strength::FULL);
        assert_eq!(Score::from(10_001), Score::MAX);
        assert_eq!(
            minicbor::to_vec(Score::points(42)).unwrap(),
            minicbor::to_vec(4_200u16).unwrap()
        );
    }
}
