//! Exact decimal arithmetic on 64-bit integers in units of 10^-8 (decision 0001).
//! Everything is checked; whatever must round says how. Deliberately absent: floats, wrapping.

use core::fmt;

/// Units in one whole: eight decimal places.
pub const SCALE: i64 = 100_000_000;
const DECIMALS: usize = 8;

/// How a result that does not fit eight decimals is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// Toward zero.
    Down,
    /// Away from zero.
    Up,
    /// To the nearest, ties to the even neighbor.
    HalfEven,
}

/// A text that is no exact decimal of at most eight places in range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Not digits with at most one point and an optional leading minus.
    #[error("not a decimal number; write it like 12.5")]
    Malformed,
    /// More than eight decimal places that are not zero.
    #[error("more than 8 decimal places")]
    TooPrecise,
    /// Beyond plus or minus 92,233,720,368.
    #[error("out of range; the largest amount is 92233720368")]
    TooLarge,
}

/// Reads an exact decimal. Exponents, signs other than a leading minus, and separators are refused.
///
/// # Errors
/// See [`ParseError`].
pub fn parse(text: &str) -> Result<i64, ParseError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !numeric(whole) || !numeric(fraction) || text.len() > 64 {
        return Err(ParseError::Malformed);
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > DECIMALS {
        return Err(ParseError::TooPrecise);
    }
    let mut value: i128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        value = value
            .checked_mul(10)
            .and_then(|v| v.checked_add(i128::from(byte - b'0')))
            .ok_or(ParseError::TooLarge)?;
    }
    for _ in fraction.len()..DECIMALS {
        value = value.checked_mul(10).ok_or(ParseError::TooLarge)?;
    }
    i64::try_from(if negative { -value } else { value }).map_err(|_| ParseError::TooLarge)
}

/// Writes the shortest decimal text that reads back to the same value.
///
/// # Errors
/// Those of the formatter.
pub fn write(units: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let wanted = f.precision().filter(|&places| places < DECIMALS);
    let magnitude = units.unsigned_abs();
    let scale = SCALE.unsigned_abs();
    let (mut whole, mut fraction) = (magnitude / scale, magnitude % scale);
    // From the last digit to the first; 19 digits, a point and a sign fit.
    let mut text = [0_u8; 24];
    let mut at = text.len();
    for place in (1..=DECIMALS).rev() {
        let digit = fraction % 10;
        fraction /= 10;
        let begun = at < text.len();
        if wanted.map_or(begun || digit != 0, |places| place <= places) {
            at -= 1;
            text[at] = b'0' + digit as u8;
        }
    }
    if at < text.len() {
        at -= 1;
        text[at] = b'.';
    }
    loop {
        at -= 1;
        text[at] = b'0' + (whole % 10) as u8;
        whole /= 10;
        if whole == 0 {
            break;
        }
    }
    if units < 0 {
        at -= 1;
        text[at] = b'-';
    }
    f.pad_integral(true, "", core::str::from_utf8(&text[at..]).map_err(|_| fmt::Error)?)
}

/// `a * b / c` without an intermediate overflow. `None` when `c` is zero or the result does not fit.
#[must_use]
pub fn mul_div(a: i64, b: i64, c: i64, round: Round) -> Option<i64> {
    if c == 0 {
        return None;
    }
    if c > 0 {
        if let Some(product) = a.checked_mul(b) {
            return narrow(0, product, c, round);
        }
        // Whole multiples of the divisor need no division; the rest of most products fits.
        let parts = (a / c).checked_mul(b).zip((a % c).checked_mul(b));
        if let Some((whole, product)) = parts {
            return narrow(whole, product, c, round);
        }
    }
    let (product, divisor) = (i128::from(a) * i128::from(b), i128::from(c));
    let quotient = product / divisor;
    // Of 128 bits a second division costs more than everything else here.
    let rest = product - quotient * divisor;
    if rest == 0 {
        return i64::try_from(quotient).ok();
    }
    let away = if (product < 0) == (divisor < 0) { 1 } else { -1 };
    let bump = match round {
        Round::Down => false,
        Round::Up => true,
        Round::HalfEven => {
            let (twice, unit) = (rest.unsigned_abs() * 2, divisor.unsigned_abs());
            twice > unit || (twice == unit && quotient % 2 != 0)
        }
    };
    i64::try_from(if bump { quotient + away } else { quotient }).ok()
}

/// `whole + product / divisor` of parts that fit, whole not of the other sign, and a divisor above zero: most of
/// them, at a tenth of the cost.
fn narrow(whole: i64, product: i64, divisor: i64, round: Round) -> Option<i64> {
    let (quotient, rest) = (whole.checked_add(product / divisor)?, product % divisor);
    if rest == 0 {
        return Some(quotient);
    }
    let bump = match round {
        Round::Down => false,
        Round::Up => true,
        Round::HalfEven => {
            let (rest, unit) = (rest.unsigned_abs(), divisor.unsigned_abs());
            rest > unit - rest || (rest == unit - rest && quotient % 2 != 0)
        }
    };
    if bump { quotient.checked_add(product.signum()) } else { Some(quotient) }
}

/// Declares an exact decimal newtype in units of 10^-8.
macro_rules! fixed {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash,
            minicbor::Encode, minicbor::Decode,
        )]
        #[cbor(transparent)]
        pub struct $name(#[n(0)] i64);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);
            /// The largest value that can be held.
            pub const MAX: Self = Self(i64::MAX);
            /// The smallest step: 10^-8.
            pub const STEP: Self = Self(1);

            /// A whole number of units of one.
            #[must_use]
            pub const fn whole(units: i32) -> Self {
                Self(units as i64 * $crate::words::fixed::SCALE)
            }
            /// From raw units of 10^-8.
            #[must_use]
            pub const fn from_raw(raw: i64) -> Self {
                Self(raw)
            }
            /// Raw units of 10^-8.
            #[must_use]
            pub const fn raw(self) -> i64 {
                self.0
            }
            /// Sum; `None` beyond the range.
            #[must_use]
            pub const fn checked_add(self, other: Self) -> Option<Self> {
                match self.0.checked_add(other.0) {
                    Some(v) => Some(Self(v)),
                    None => None,
                }
            }
            /// Difference; `None` beyond the range.
            #[must_use]
            pub const fn checked_sub(self, other: Self) -> Option<Self> {
                match self.0.checked_sub(other.0) {
                    Some(v) => Some(Self(v)),
                    None => None,
                }
            }
            /// Sum that stops at the ends of the range: for limits and displays, never for booking.
            #[must_use]
            pub const fn saturating_add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }
            /// Difference that stops at the ends of the range: for limits and displays, never for booking.
            #[must_use]
            pub const fn saturating_sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
            /// Opposite sign (the most negative value becomes the largest).
            #[must_use]
            pub const fn negated(self) -> Self {
                Self(self.0.saturating_neg())
            }
            /// Distance from zero.
            #[must_use]
            pub const fn abs(self) -> Self {
                Self(self.0.saturating_abs())
            }
            /// Zero or less becomes zero.
            #[must_use]
            pub const fn or_zero(self) -> Self {
                if self.0 < 0 { Self(0) } else { self }
            }
            /// Above zero?
            #[must_use]
            pub const fn is_positive(self) -> bool {
                self.0 > 0
            }
            /// Below zero?
            #[must_use]
            pub const fn is_negative(self) -> bool {
                self.0 < 0
            }
            /// Exactly zero?
            #[must_use]
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                $crate::words::fixed::write(self.0, f)
            }
        }

        impl core::str::FromStr for $name {
            type Err = $crate::words::fixed::ParseError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::words::fixed::parse(text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use fixed;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::money::Money as Sample;
    use proptest::prelude::*;

    #[test]
    fn reads_and_writes_decimals() {
        for (text, raw) in [("0", 0), ("1", SCALE), ("-0.5", -SCALE / 2), ("0.00000001", 1)] {
            assert_eq!(parse(text), Ok(raw));
            assert_eq!(Sample::from_raw(raw).to_string(), text);
        }
        assert_eq!(format!("{:.2}", Sample::from_raw(123_456_789)), "1.23");
        assert_eq!(format!("{:>8.2}", Sample::from_raw(123_456_789)), "    1.23");
        assert_eq!(format!("{:.0}", Sample::from_raw(-199_999_999)), "-1");
        assert_eq!(Sample::from_raw(i64::MIN).to_string(), "-92233720368.54775808");
        assert_eq!(format!("{:.3}", Sample::from_raw(i64::MAX)), "92233720368.547");
    }

    #[test]
    fn refuses_what_is_not_an_exact_decimal() {
        for text in ["", ".", "1.", ".5", "+1", "1e3", "NaN", "inf", "1,000", " 1", "--1", "0x1"] {
            assert_eq!(parse(text), Err(ParseError::Malformed), "{text}");
        }
        assert_eq!(parse("0.000000001"), Err(ParseError::TooPrecise));
        assert_eq!(parse("92233720369"), Err(ParseError::TooLarge));
        assert_eq!(parse("1.100000000000"), Ok(110_000_000));
    }

    #[test]
    fn rounds_by_name() {
        for (a, b, c, down, up, even) in
            [(7, 1, 2, 3, 4, 4), (5, 1, 2, 2, 3, 2), (-7, 1, 2, -3, -4, -4), (1, 1, 3, 0, 1, 0)]
        {
            assert_eq!(mul_div(a, b, c, Round::Down), Some(down));
            assert_eq!(mul_div(a, b, c, Round::Up), Some(up));
            assert_eq!(mul_div(a, b, c, Round::HalfEven), Some(even));
        }
        assert_eq!(mul_div(1, 1, 0, Round::Down), None);
        assert_eq!(mul_div(i64::MAX, i64::MAX, 1, Round::Down), None);
    }

    proptest! {
        #[test]
        fn short_and_long_division_agree(a: i32, b: i32, c in 1i64..1 << 40) {
            for round in [Round::Down, Round::Up, Round::HalfEven] {
                for (b, c) in [(i64::from(b), c), (1, c.min(2 * i64::from(a).abs().max(1)))] {
                    // A divisor below zero takes the long way.
                    let long = mul_div(i64::from(a), b, -c, round).map(|v| -v);
                    prop_assert_eq!(mul_div(i64::from(a), b, c, round), long);
                }
            }
        }

        #[test]
        fn division_in_parts_and_long_division_agree(a: i64, b: i64, c in 1i64..) {
            // Of all sizes, so that products fit whole, in parts, and not at all.
            for (by, of) in [(0, 0), (20, 0), (20, 20), (40, 10), (30, 30), (0, 40)] {
                let (a, b) = (a >> by, b >> of);
                for c in [c, c >> 30 | 1, SCALE] {
                    for round in [Round::Down, Round::Up, Round::HalfEven] {
                        // A divisor below zero takes the long way.
                        let long = mul_div(a, b, -c, round).and_then(i64::checked_neg);
                        prop_assert_eq!(mul_div(a, b, c, round), long);
                    }
                }
            }
        }

        #[test]
        fn every_value_survives_its_text(raw: i64) {
            let value = Sample::from_raw(raw);
            prop_assert_eq!(value.to_string().parse::<Sample>(), Ok(value));
        }
    }
}
