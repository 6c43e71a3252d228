//! Reads the times of market data: RFC 3339 texts and epoch integers, down to microseconds.

use jiff::fmt::temporal::DateTimeParser;
use nija_core::words::time::Timestamp;

static PARSER: DateTimeParser = DateTimeParser::new();

/// An RFC 3339 text; what is finer than a microsecond is cut off.
pub(crate) fn read(text: &[u8]) -> Option<Timestamp> {
    let at = PARSER.parse_timestamp(text).ok()?;
    at.as_nanosecond().div_euclid(1_000).try_into().ok().map(Timestamp)
}

/// Nanoseconds since 1970, in digits.
pub(super) fn from_nanos_text(text: &[u8]) -> Option<Timestamp> {
    std::str::from_utf8(text).ok()?.parse().ok().map(from_nanos)
}

/// Nanoseconds since 1970.
pub(super) const fn from_nanos(nanos: i64) -> Timestamp {
    Timestamp(nanos.div_euclid(1_000))
}

/// Milliseconds since 1970.
pub(super) fn from_millis(millis: i64) -> Option<Timestamp> {
    millis.checked_mul(1_000).map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_to_the_microsecond() {
        for (text, micros) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T00:00:00.000001Z", 951_782_400_000_001),
            ("2020-03-16T02:00:00+02:00", 1_584_316_800_000_000),
            ("1969-12-31T23:59:59.9999995Z", -1),
        ] {
            assert_eq!(read(text.as_bytes()), Some(Timestamp(micros)), "{text}");
        }
        for text in ["", "2020-03-16", "16.3.2020", "2020-13-01T00:00:00Z", "2020-03-16T00:00:00"] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
        assert_eq!(from_nanos_text(b"1723161254087891268"), Some(Timestamp(1_723_161_254_087_891)));
        assert_eq!(from_nanos_text(b"x"), None);
        assert_eq!(from_millis(i64::MAX), None);
    }
}
