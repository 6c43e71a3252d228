//! Instants and spans in microseconds. The core never asks what time it is; it is told.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    Serialize,
    Deserialize,
)]
#[cbor(transparent)]
pub struct Timestamp(#[n(0)] pub i64);

/// A length of time in microseconds.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    Serialize,
    Deserialize,
)]
#[cbor(transparent)]
pub struct Span(#[n(0)] pub i64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// One day of 24 hours.
    pub const DAY: Self = Self::seconds(86_400);
    /// Whole days of 24 hours.
    #[must_use]
    pub const fn days(n: u16) -> Self {
        Self(n as i64 * Self::DAY.0)
    }
    /// Whole seconds.
    #[must_use]
    pub const fn seconds(n: i64) -> Self {
        Self(n * 1_000_000)
    }
    /// Whole milliseconds.
    #[must_use]
    pub const fn millis(n: i64) -> Self {
        Self(n * 1_000)
    }
    /// Milliseconds, rounded down.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0 / 1_000
    }
}

impl Timestamp {
    /// The beginning of time.
    pub const EPOCH: Self = Self(0);

    /// Later by `span`.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
    /// How long after `earlier` this is (negative when it is before).
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
    /// Number of the trading day that contains this instant, when days begin `starts` after midnight UTC.
    #[must_use]
    pub const fn day(self, starts: Span) -> i32 {
        let day = self.0.saturating_sub(starts.0).div_euclid(Span::DAY.0);
        if day > i32::MAX as i64 {
            i32::MAX
        } else if day < i32::MIN as i64 {
            i32::MIN
        } else {
            day as i32
        }
    }
    /// First instant of a trading day, by its number.
    #[must_use]
    pub const fn of_day(day: i32, starts: Span) -> Self {
        Self((day as i64).saturating_mul(Span::DAY.0).saturating_add(starts.0))
    }
    /// Number of the calendar month in UTC that contains this instant: January 1970 is 0.
    #[must_use]
    pub const fn month(self) -> i32 {
        let (year, month, _) = civil(self.0.div_euclid(Span::DAY.0));
        // The whole range of instants lies within 300,000 years.
        ((year - 1970) * 12 + month - 1) as i32
    }
    /// First instant of a calendar month, by its number.
    #[must_use]
    pub const fn of_month(month: i32) -> Self {
        Self(day_number(month, 1).saturating_mul(Span::DAY.0))
    }
    /// Day of the month in UTC, from 1.
    #[must_use]
    pub const fn day_of_month(self) -> u8 {
        civil(self.0.div_euclid(Span::DAY.0)).2 as u8
    }
    /// The same time of day so many calendar months later, on day `anchor` of the month or on its last day
    /// where it is shorter: from 31 January by 28 February to 31 March.
    #[must_use]
    pub const fn plus_months(self, months: i32, anchor: u8) -> Self {
        let month = self.month().saturating_add(months);
        let length = day_number(month.saturating_add(1), 1) - day_number(month, 1);
        let day = if (anchor as i64) < length { anchor as i64 } else { length };
        let midnight = day_number(month, day).saturating_mul(Span::DAY.0);
        Self(midnight.saturating_add(self.0.rem_euclid(Span::DAY.0)))
    }
}

impl core::fmt::Display for Timestamp {
    /// RFC 3339 in UTC with microseconds only where there are any.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let days = self.0.div_euclid(Span::DAY.0);
        let micros = self.0.rem_euclid(Span::DAY.0);
        let (y, m, d) = civil(days);
        let seconds = micros / 1_000_000;
        let (hh, mm, ss) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{y:04}-{m:02}-{d:02}T{hh:02}:{mm:02}:{ss:02}")?;
        match micros % 1_000_000 {
            0 => f.write_str("Z"),
            rest => write!(f, ".{rest:06}Z"),
        }
    }
}

/// Gregorian year, month, day of a day number since 1970-01-01
/// (Howard Hinnant, "chrono-compatible low-level date algorithms").
const fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + if month <= 2 { 1 } else { 0 }, month, day)
}

/// Days since 1970-01-01 of a day of a month counted from January 1970; the inverse of [`civil`], same source.
const fn day_number(month: i32, day: i64) -> i64 {
    let month = month as i64;
    let (year, m) = (1970 + month.div_euclid(12), month.rem_euclid(12) + 1);
    let y = if m <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y - era * 400;
    let doy = (153 * (if m > 2 { m - 3 } else { m + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_like_a_calendar() {
        assert_eq!(Timestamp(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp(951_782_400_000_001).to_string(), "2000-02-29T00:00:00.000001Z");
        assert_eq!(Timestamp(1_584_316_800_000_000).to_string(), "2020-03-16T00:00:00Z");
    }

    #[test]
    fn months_begin_on_their_first() {
        let at = Timestamp(951_782_400_000_001);
        assert_eq!(at.month(), 30 * 12 + 1, "29 February 2000");
        for month in [-1, 0, 1, 361, 362, 600, 1_571] {
            let first = Timestamp::of_month(month);
            assert_eq!((first.month(), first.plus(Span(-1)).month()), (month, month - 1));
            assert!(first.to_string().ends_with("-01T00:00:00Z"), "{first}");
        }
    }

    #[test]
    fn trading_days_begin_where_told() {
        let five_pm = Span::seconds(17 * 3600);
        let at = Timestamp(1_584_316_800_000_000);
        assert_eq!(at.day(Span::ZERO), at.plus(Span(-1)).day(Span::ZERO) + 1);
        assert_eq!(at.day(five_pm), at.plus(Span(-1)).day(five_pm));
        assert!(Timestamp::of_day(at.day(five_pm), five_pm) <= at);
        assert_eq!(Timestamp(-1).day(Span::ZERO), -1);
        assert_eq!(Timestamp(i64::MIN).day(five_pm), -106_751_992);
        assert_eq!(Timestamp::of_day(i32::MAX, five_pm), Timestamp(i64::MAX));
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        let mut months = vec![Timestamp::of_month(0)];
        for n in 0..1_000_000 {
            let at = Timestamp(n * Span::DAY.0);
            if at.day_of_month() == 1 && n > 0 {
                months.push(at);
            }
            assert_eq!(at.month() as usize, months.len() - 1);
            assert_eq!(Timestamp::of_month(at.month()), months[months.len() - 1]);
        }
        assert_eq!(Timestamp(-1).month(), -1);
        assert_eq!(Timestamp::of_month(-1).to_string(), "1969-12-01T00:00:00Z");
    }

    #[test]
    fn a_month_later_is_the_same_day_or_the_last() {
        // 31 January 2024, at one o'clock.
        let start = Timestamp(1_706_662_800_000_000);
        let day = |months| start.plus_months(months, 31).to_string();
        assert_eq!(day(0), "2024-01-31T01:00:00Z");
        assert_eq!(day(1), "2024-02-29T01:00:00Z");
        assert_eq!(day(2), "2024-03-31T01:00:00Z");
        assert_eq!(day(13), "2025-02-28T01:00:00Z");
        assert_eq!(day(-2), "2023-11-30T01:00:00Z");
        assert_eq!(start.plus_months(1, 31).plus_months(1, 31), start.plus_months(2, 31));
        assert_eq!(Timestamp(i64::MAX).plus_months(1, 1), Timestamp(i64::MAX));
    }
}
