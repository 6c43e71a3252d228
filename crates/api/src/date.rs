//! Days and months of the calendar (UTC) in queries and answers: `2026-01-31`, `2026-01`.

use crate::error::Problem;
use nija_core::words::time::{Span, Timestamp};

/// Reads a month, counted from January 1970.
pub(crate) fn month(text: &str) -> Option<i32> {
    let (year, month) = text.split_once('-')?;
    let (year, month) = (number(year, 4)?, number(month, 2)?);
    let valid = (1970..=9999).contains(&year) && (1..=12).contains(&month);
    valid.then(|| (year - 1970) * 12 + month - 1)
}

/// Reads a day, counted from the first of 1970.
pub(crate) fn day(text: &str) -> Option<i32> {
    let (head, tail) = text.rsplit_once('-')?;
    let (month, day) = (month(head)?, number(tail, 2)?);
    let first = |month| Timestamp::of_month(month).day(Span::ZERO);
    let days = first(month.saturating_add(1)) - first(month);
    (1..=days).contains(&day).then(|| first(month) + day - 1)
}

/// A query parameter that names a day.
pub(crate) fn asked_day(name: &'static str, text: Option<&str>) -> Result<Option<i32>, Problem> {
    let why = "must be a day like 2026-01-31";
    text.map(|text| day(text).ok_or(Problem::field(name, why))).transpose()
}

fn number(text: &str, digits: usize) -> Option<i32> {
    let plain = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

/// A month in words.
pub(crate) fn month_word(month: i32) -> String {
    let mut text = Timestamp::of_month(month).to_string();
    text.truncate(7);
    text
}

/// A day in words.
pub(crate) fn day_word(day: i32) -> String {
    let mut text = Timestamp::of_day(day, Span::ZERO).to_string();
    text.truncate(10);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_read_back() {
        for text in ["1970-01", "2000-02", "2026-12", "9999-12"] {
            assert_eq!(month_word(month(text).unwrap()), text);
        }
        for text in ["1970-01-01", "2000-02-29", "2026-02-28", "2026-12-31"] {
            assert_eq!(day_word(day(text).unwrap()), text);
        }
    }

    #[test]
    fn nothing_else_is_one() {
        for text in ["", "2026", "2026-13", "2026-00", "26-01", "2026-1", "+026-01", "1969-12"] {
            assert_eq!(month(text), None, "{text}");
        }
        for text in ["2026-02-29", "2026-02-00", "2026-02-1", "2026-02", "2026-02-01T00", "%00"] {
            assert_eq!(day(text), None, "{text}");
        }
    }
}
