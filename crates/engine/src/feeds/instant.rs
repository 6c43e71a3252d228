//! Reads the times of market data: RFC 3339 texts, dates and counts since 1970, down to microseconds.

use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::TimeZone;
use nija_core::words::time::Timestamp;

static PARSER: DateTimeParser = DateTimeParser::new();

/// An RFC 3339 text, a date with or without a time of day (UTC where no zone is named), or a whole number of
/// seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size. What is finer than a
/// microsecond is cut off.
pub(crate) fn read(text: &[u8]) -> Option<Timestamp> {
    if let Some(at) = plain(text) {
        return Some(at);
    }
    if let Some(digits) = text.strip_prefix(b"-").or(Some(text)).filter(|d| is_digits(d)) {
        let number: i64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
        return Some(from_epoch(if digits.len() < text.len() { -number } else { number }));
    }
    let at = PARSER.parse_timestamp(text).or_else(|_| {
        let civil = PARSER.parse_datetime(text)?;
        civil.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp())
    });
    at.ok()?.as_nanosecond().div_euclid(1_000).try_into().ok().map(Timestamp)
}

fn is_digits(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// The short way of most times: `2024-03-11T13:30:00Z`. None for all others, and for what is no date.
fn plain(text: &[u8]) -> Option<Timestamp> {
    let text: &[u8; 20] = text.try_into().ok()?;
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'Z')];
    if marks.iter().any(|(at, mark)| text[*at] != *mark) {
        return None;
    }
    let number = |from: usize, to: usize| {
        text[from..to].iter().try_fold(0_i64, |sum, byte| {
            let digit = byte.wrapping_sub(b'0');
            (digit < 10).then(|| sum * 10 + i64::from(digit))
        })
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    // The last days of months and leap seconds are left to the long way.
    let sane = matches!((month, day), (1..=12, 1..=28)) && hour < 24 && minute < 60 && second < 60;
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    sane.then_some(Timestamp(seconds * 1_000_000))
}

/// Days since 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms").
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// A count since 1970 whose unit its size tells: seconds up to the year 5138, then finer ones.
pub(super) const fn from_epoch(count: i64) -> Timestamp {
    match count.unsigned_abs() {
        0..100_000_000_000 => Timestamp(count * 1_000_000),
        100_000_000_000..100_000_000_000_000 => Timestamp(count * 1_000),
        100_000_000_000_000..100_000_000_000_000_000 => Timestamp(count),
        _ => from_nanos(count),
    }
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
            ("2020-03-16", 1_584_316_800_000_000),
            ("2020-03-16 00:00:01", 1_584_316_801_000_000),
            ("2020-03-16T00:00", 1_584_316_800_000_000),
            ("2020-03-31T00:00:00Z", 1_585_612_800_000_000),
            ("1584316800", 1_584_316_800_000_000),
            ("1584316800001", 1_584_316_800_001_000),
            ("1584316800000001", 1_584_316_800_000_001),
            ("1584316800000001999", 1_584_316_800_000_001),
            ("-1", -1_000_000),
        ] {
            assert_eq!(read(text.as_bytes()), Some(Timestamp(micros)), "{text}");
        }
        for text in
            ["", "-", "16.3.2020", "2020-13-01T00:00:00Z", "2021-02-29T00:00:00Z", "2020-03"]
        {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
        assert_eq!(from_nanos_text(b"1723161254087891268"), Some(Timestamp(1_723_161_254_087_891)));
        assert_eq!(from_nanos_text(b"x"), None);
        assert_eq!(from_millis(i64::MAX), None);
    }

    #[test]
    fn the_short_way_finds_the_same_days() {
        for day in (-200_000..200_000).step_by(13) {
            let text = Timestamp::of_day(day, nija_core::words::time::Span::ZERO).to_string();
            let long = PARSER.parse_timestamp(text.as_bytes()).map(|at| at.as_microsecond());
            assert_eq!(read(text.as_bytes()), long.ok().map(Timestamp), "{text}");
        }
    }
}
