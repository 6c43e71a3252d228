//! Reads numbers of market data into exact decimals of eight places.
//!
//! Rule: plain digits or an exponent (`9e-05`); what lies beyond the eighth place is rounded half to even.
//! A binary float counts as the shortest decimal that reads back as the same float.

use nija_core::words::fixed::{Round, SCALE, mul_div};

/// Why a text is no number of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not digits with at most one point, a leading minus and an exponent.
    #[error("not a number; write it like 12.5")]
    Malformed,
    /// Beyond plus or minus 92,233,720,368.
    #[error("out of range; the largest number is 92233720368")]
    TooLarge,
}

/// Longest number that is read; more digits are noise.
const LONGEST: usize = 48;
const PLACES: i32 = 8;

/// Powers of ten up to the scale.
const POWERS: [i64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The short way of most numbers: some digits, perhaps a point and up to eight more. None for all others.
fn plain(text: &[u8]) -> Option<i64> {
    // Eighteen digits cannot leave 64 bits.
    if text.len() > 18 {
        return None;
    }
    let (mut value, mut point) = (0_i64, text.len());
    for (at, &byte) in text.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            value = value * 10 + i64::from(digit);
        } else if byte == b'.' && point == text.len() && at > 0 {
            point = at;
        } else {
            return None;
        }
    }
    let places = text.len() - point;
    // A point alone at the end is no number; the long way says so.
    let missing = match places {
        0 if !text.is_empty() => 8,
        2..=9 => 9 - places,
        _ => return None,
    };
    value.checked_mul(POWERS[missing])
}

/// Reads a decimal text into units of 10^-8.
pub(super) fn read(text: &[u8]) -> Result<i64, NumberError> {
    plain(text).map_or_else(|| general(text), Ok)
}

fn general(text: &[u8]) -> Result<i64, NumberError> {
    if text.len() > LONGEST {
        return Err(NumberError::Malformed);
    }
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match digits.iter().position(|b| matches!(b, b'e' | b'E')) {
        Some(at) => (&digits[..at], power(&digits[at + 1..])?),
        None => (digits, 0),
    };
    let mut value: i128 = 0;
    let (mut places, mut point, mut seen) = (0, false, false);
    for &byte in mantissa {
        match byte {
            b'0'..=b'9' => {
                seen = true;
                places += i32::from(point);
                value = value
                    .checked_mul(10)
                    .and_then(|v| v.checked_add(i128::from(byte - b'0')))
                    .ok_or(NumberError::TooLarge)?;
            }
            b'.' if !point && seen => point = true,
            _ => return Err(NumberError::Malformed),
        }
    }
    if !seen || mantissa.ends_with(b".") {
        return Err(NumberError::Malformed);
    }
    let units = scaled(value, exponent - places + PLACES)?;
    i64::try_from(if negative { -units } else { units }).map_err(|_| NumberError::TooLarge)
}

/// Reads the digits of an exponent.
fn power(text: &[u8]) -> Result<i32, NumberError> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    if digits.is_empty() || digits.len() > 3 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(NumberError::Malformed);
    }
    let value = digits.iter().fold(0, |sum, b| sum * 10 + i32::from(b - b'0'));
    Ok(if negative { -value } else { value })
}

/// A whole number with so many decimal places behind it.
pub(super) fn from_digits(value: i128, places: i32) -> Result<i64, NumberError> {
    let units = scaled(value.checked_abs().ok_or(NumberError::TooLarge)?, PLACES - places)?;
    i64::try_from(if value < 0 { -units } else { units }).map_err(|_| NumberError::TooLarge)
}

/// `value * 10^shift` of a value of zero or more, rounded half to even.
fn scaled(value: i128, shift: i32) -> Result<i128, NumberError> {
    if value == 0 {
        return Ok(0);
    }
    let Ok(factor) = 10i128.checked_pow(shift.unsigned_abs()).ok_or(NumberError::TooLarge) else {
        return if shift < 0 { Ok(0) } else { Err(NumberError::TooLarge) };
    };
    if shift >= 0 {
        return value.checked_mul(factor).ok_or(NumberError::TooLarge);
    }
    let (quotient, rest) = (value / factor, value % factor);
    // Compared with what is missing to the next unit, so that nothing overflows.
    let up = match rest.cmp(&(factor - rest)) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient % 2 != 0,
        std::cmp::Ordering::Greater => true,
    };
    Ok(quotient + i128::from(up))
}

/// The exact decimal a float stands for, as its shortest text.
pub(super) fn from_float(value: f64) -> Result<i64, NumberError> {
    if !value.is_finite() {
        return Err(NumberError::Malformed);
    }
    // A decimal of up to fifteen digits that reads back as the same float is the shortest one.
    let units = (value * SCALE as f64).round();
    if units.abs() < 1e15 && units / SCALE as f64 == value {
        return Ok(units as i64);
    }
    read(format!("{value:e}").as_bytes())
}

/// The nearest whole number of ticks.
pub(super) fn to_tick(raw: i64, tick: i64) -> Option<i64> {
    let steps = mul_div(raw, 1, tick.max(1), Round::HalfEven)?;
    steps.checked_mul(tick.max(1))
}

/// Units of 10^-8 in a float, for volumes; nothing that is no volume survives.
pub(crate) fn volume_units(volume: f64) -> i64 {
    let units = volume * SCALE as f64;
    if units >= 1.0 { units as i64 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_read_exactly() {
        for (text, raw) in [
            ("61837.63", 6_183_763_000_000),
            ("9e-05", 9_000),
            ("1.5E+3", 150_000_000_000),
            ("-37.63", -3_763_000_000),
            ("0", 0),
            ("0.00000001", 1),
            ("1e-300", 0),
        ] {
            assert_eq!(read(text.as_bytes()), Ok(raw), "{text}");
        }
    }

    #[test]
    fn the_ninth_place_is_rounded_half_to_even() {
        for (text, raw) in [
            ("0.000000005", 0),
            ("0.000000015", 2),
            ("0.000000025", 2),
            ("0.0000000250001", 3),
            ("-0.000000015", -2),
            ("5e-9", 0),
        ] {
            assert_eq!(read(text.as_bytes()), Ok(raw), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in
            ["", ".", "1.", ".5", "+1", "1e", "1e+", "NaN", "inf", "1,0", " 1", "0x1", "1.2.3"]
        {
            assert_eq!(read(text.as_bytes()), Err(NumberError::Malformed), "{text}");
        }
        for text in ["92233720369", "1e30", "9e999"] {
            assert_eq!(read(text.as_bytes()), Err(NumberError::TooLarge), "{text}");
        }
        assert_eq!(from_float(f64::NAN), Err(NumberError::Malformed));
        assert_eq!(from_float(0.1), Ok(10_000_000));
    }

    proptest! {
        #[test]
        fn agrees_with_the_core_wherever_the_core_reads(raw: i64) {
            let text = nija_core::words::money::Price::from_raw(raw).to_string();
            prop_assert_eq!(read(text.as_bytes()), Ok(raw));
        }
        #[test]
        fn never_panics(text in "[-+0-9eE.]{0,60}") {
            let _ = read(text.as_bytes());
        }
        #[test]
        fn both_ways_read_the_same(text in "[0-9]{0,12}[.]?[0-9]{0,10}") {
            prop_assert_eq!(read(text.as_bytes()), general(text.as_bytes()));
        }
        #[test]
        fn floats_count_as_their_shortest_text(value in -1e9f64..1e9, places in 0i32..10) {
            let round = 10f64.powi(places);
            for value in [value, (value * round).round() / round] {
                prop_assert_eq!(from_float(value), general(format!("{value:e}").as_bytes()));
            }
        }
        #[test]
        fn ticks_hold(raw in 0i64..1_000_000_000_000, tick in 1i64..1_000_000) {
            let on = to_tick(raw, tick).unwrap();
            prop_assert_eq!(on % tick, 0);
            prop_assert!((on - raw).abs() * 2 <= tick);
        }
    }
}
