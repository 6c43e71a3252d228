//! Numbers on the wire, exact both ways: a JSON number or a decimal string is read from its text,
//! never through a float, and the blueprint's own fields are written as JSON numbers. Everything
//! newer is written as a decimal string, which is what the core's numbers do by themselves.

use crate::field::{Readable, Why};
use nija_core::words::money::{Money, Pct, Price};
use nija_core::words::score::{Score, Strength};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt::Write as _;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

/// Nothing above a billion is accepted, whatever it is.
const LARGEST: i64 = 1_000_000_000 * nija_core::words::fixed::SCALE;
/// No honest number is longer.
const LONGEST: usize = 64;
const PLACES: i32 = 8;

/// In the API description: a JSON number or the same as a decimal string.
pub(crate) struct Decimal;

impl PartialSchema for Decimal {
    fn schema() -> RefOr<Schema> {
        either(
            r"^[0-9]{1,10}(\.[0-9]{1,8})?$",
            "A JSON number or a decimal string; at most 1e9, at most 8 decimal places.",
        )
    }
}
impl ToSchema for Decimal {}

/// The same where an amount may go either way.
pub(crate) struct SignedDecimal;

impl PartialSchema for SignedDecimal {
    fn schema() -> RefOr<Schema> {
        either(
            r"^-?[0-9]{1,10}(\.[0-9]{1,8})?$",
            "A JSON number or a decimal string, not 0; at most 1e9 either way, at most 8 decimal places.",
        )
    }
}
impl ToSchema for SignedDecimal {}

/// A JSON number, or the same as a string of this pattern.
fn either(pattern: &str, description: &str) -> RefOr<Schema> {
    let number = ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::Number))
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)))
        .build();
    let text = ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .pattern(Some(pattern))
        .build();
    let either = OneOfBuilder::new()
        .item(number)
        .item(text)
        .examples([serde_json::json!(100)])
        .description(Some(description))
        .build();
    RefOr::T(Schema::OneOf(either))
}

/// Reads a JSON number or string token as units of 10^-8, exactly.
fn decimal(raw: &str) -> Result<i64, Why> {
    const SHAPE: Why = "must be a number or a decimal string";
    let text: Cow<'_, str> = match raw.as_bytes().first() {
        Some(b'"') => serde_json::from_str(raw).map_err(|_| SHAPE)?,
        Some(b'-' | b'0'..=b'9') => Cow::Borrowed(raw),
        _ => return Err(SHAPE),
    };
    if text.len() > LONGEST {
        return Err("has too many digits");
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| SHAPE)?),
        None => (&*text, 0),
    };
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !numeric(whole) || !numeric(fraction) {
        return Err(SHAPE);
    }
    let mut value: i128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        value = value
            .checked_mul(10)
            .and_then(|v| v.checked_add(i128::from(byte - b'0')))
            .ok_or("has too many digits")?;
    }
    let places = i32::try_from(fraction.len()).unwrap_or(i32::MAX);
    let shift = PLACES.saturating_sub(places).saturating_add(exponent);
    let units = scaled(value, shift)?;
    i64::try_from(if negative { -units } else { units }).map_err(|_| TOO_LARGE)
}

const TOO_LARGE: Why = "must be at most 1000000000";

fn scaled(value: i128, shift: i32) -> Result<i128, Why> {
    if value == 0 {
        return Ok(0);
    }
    let power = 10_i128.checked_pow(shift.unsigned_abs());
    match (shift >= 0, power) {
        (true, Some(power)) => value.checked_mul(power).ok_or(TOO_LARGE),
        (true, None) => Err(TOO_LARGE),
        (false, Some(power)) if value % power == 0 => Ok(value / power),
        (false, _) => Err("has more than 8 decimal places"),
    }
}

/// Reads an amount of zero to a billion.
fn amount(raw: &str) -> Result<i64, Why> {
    match decimal(raw)? {
        n if n < 0 => Err("must not be negative"),
        n if n > LARGEST => Err(TOO_LARGE),
        n => Ok(n),
    }
}

/// Reads an amount above zero, up to a billion.
fn above_zero(raw: &str) -> Result<i64, Why> {
    match decimal(raw)? {
        n if n <= 0 => Err("must be above zero"),
        n if n > LARGEST => Err(TOO_LARGE),
        n => Ok(n),
    }
}

/// Zero to a billion dollars.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capital(pub(crate) Money);

impl Readable for Capital {
    fn read(raw: &str) -> Result<Self, Why> {
        amount(raw).map(|n| Self(Money::from_raw(n)))
    }
}
/// Dollars either way, up to a billion; never zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed(pub(crate) Money);

impl Readable for Signed {
    fn read(raw: &str) -> Result<Self, Why> {
        match decimal(raw)? {
            0 => Err("must not be 0"),
            n if n.abs() > LARGEST => Err(TOO_LARGE),
            n => Ok(Self(Money::from_raw(n))),
        }
    }
}
impl Readable for Money {
    fn read(raw: &str) -> Result<Self, Why> {
        above_zero(raw).map(Self::from_raw)
    }
}
impl Readable for Price {
    fn read(raw: &str) -> Result<Self, Why> {
        above_zero(raw).map(Self::from_raw)
    }
}
impl Readable for Pct {
    fn read(raw: &str) -> Result<Self, Why> {
        match above_zero(raw)? {
            n if n > Self::whole(100).raw() => Err("must be at most 100"),
            n => Ok(Self::from_raw(n)),
        }
    }
}
impl Readable for Score {
    fn read(raw: &str) -> Result<Self, Why> {
        const HUNDREDTH: i64 = nija_core::words::fixed::SCALE / 100;
        let units = amount(raw)?;
        let hundredths = u16::try_from(units / HUNDREDTH).ok().filter(|&n| n <= 10_000);
        match hundredths {
            Some(n) if units % HUNDREDTH == 0 => Ok(Self::hundredths(n)),
            Some(_) => Err("has more than 2 decimal places"),
            None => Err("must be at most 100"),
        }
    }
}
impl Readable for Strength {
    fn read(raw: &str) -> Result<Self, Why> {
        const PART: i64 = nija_core::words::fixed::SCALE / 10_000;
        let units = amount(raw)?;
        let parts = u16::try_from(units / PART).ok().filter(|&n| n <= Self::FULL.as_parts());
        match parts {
            Some(n) if units % PART == 0 => Ok(Self::parts(n)),
            Some(_) => Err("has more than 4 decimal places"),
            None => Err("must be at most 1"),
        }
    }
}
impl Readable for u16 {
    fn read(raw: &str) -> Result<Self, Why> {
        raw.parse().map_err(|_| "must be a whole number of 0 to 65535")
    }
}

/// An exact decimal that is written as a JSON number, with one decimal place at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plain(i64);

impl From<Money> for Plain {
    fn from(value: Money) -> Self {
        Self(value.raw())
    }
}
impl From<Pct> for Plain {
    fn from(value: Pct) -> Self {
        Self(value.raw())
    }
}

impl Serialize for Plain {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(24);
        write!(text, "{}", Money::from_raw(self.0)).map_err(S::Error::custom)?;
        if !text.contains('.') {
            text.push_str(".0");
        }
        serde_json::from_str::<&RawValue>(&text).map_err(S::Error::custom)?.serialize(to)
    }
}

/// A sum that may lie beyond the range of an amount, in units of 10^-8, as a decimal string.
pub(crate) fn exact(raw: i128) -> String {
    const SCALE: u128 = nija_core::words::fixed::SCALE as u128;
    let (sign, units) = (if raw < 0 { "-" } else { "" }, raw.unsigned_abs());
    let text = format!("{sign}{}.{:08}", units / SCALE, units % SCALE);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_numbers_and_strings_exactly() {
        for (raw, units) in [
            ("100.0", 10_000_000_000),
            ("\"100.0\"", 10_000_000_000),
            ("1e2", 10_000_000_000),
            ("1E+2", 10_000_000_000),
            ("1e-8", 1),
            ("0.10000000000000000000", 10_000_000),
            ("1000000000", LARGEST),
            ("0.1", 10_000_000),
        ] {
            assert_eq!(above_zero(raw), Ok(units), "{raw}");
        }
    }

    #[test]
    fn refuses_everything_else() {
        for raw in [
            "0",
            "-0",
            "-1",
            "1e-9",
            "1e10",
            "1e400",
            "1e99999999999",
            "\"NaN\"",
            "\"\"",
            "\" 1\"",
            "\"1,0\"",
            "null",
            "true",
            "[]",
            "{}",
            "1000000000.00000001",
            "\"+1\"",
            "\"0x1\"",
            "\"Infinity\"",
            "\"1_0\"",
            "0.000000001",
            "\"\\u0031\\u002\"",
            "99999999999999999999999999999999999999999999999",
        ] {
            assert!(above_zero(raw).is_err(), "{raw}");
        }
        assert_eq!(Score::read("100.01"), Err("must be at most 100"));
        assert_eq!(Score::read("80.5"), Ok(Score::hundredths(8050)));
        assert_eq!(Strength::read("1.0001"), Err("must be at most 1"));
        assert_eq!(Strength::read("0.00001"), Err("has more than 4 decimal places"));
        assert_eq!(Strength::read("\"0.25\""), Ok(Strength::parts(2_500)));
        assert!(Pct::read("100.1").is_err());
        for raw in ["0", "-0", "-1e10", "\"-\"", "--1", "-1000000000.00000001"] {
            assert!(Signed::read(raw).is_err(), "{raw}");
        }
        assert_eq!(Signed::read("\"-12.5\"").map(|s| s.0), Ok("-12.5".parse().unwrap()));
    }

    #[test]
    fn writes_plain_numbers() {
        let text = |raw| serde_json::to_string(&Plain(raw)).unwrap();
        assert_eq!(text(6_000_000_000), "60.0");
        assert_eq!(text(-1), "-0.00000001");
        assert_eq!(text(33_330_000_000), "333.3");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(raw in 1i64..=LARGEST) {
            let written = serde_json::to_string(&Plain(raw)).unwrap();
            prop_assert_eq!(above_zero(&written), Ok(raw));
            prop_assert_eq!(above_zero(&format!("\"{}\"", Money::from_raw(raw))), Ok(raw));
        }

        #[test]
        fn sums_are_written_like_amounts(raw in i64::MIN..=i64::MAX) {
            prop_assert_eq!(exact(i128::from(raw)), Money::from_raw(raw).to_string());
        }

        #[test]
        fn no_text_is_a_crash(text in ".{0,80}") {
            let _ = decimal(&text);
        }
    }
}
