//! Dates from days: months, weekdays and the early closes of New York, without a clock or a table.
//! Days are counted from 1970; the civil calendar follows Howard Hinnant's algorithms.

use nija_core::words::time::{Span, Timestamp};

/// Year, month (1 to 12) and day of the month.
pub(crate) fn civil(day: i32) -> (i32, u32, u32) {
    let shifted = i64::from(day) + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let since_march = (5 * of_year + 2) / 153;
    let month = if since_march < 10 { since_march + 3 } else { since_march - 9 };
    let year = era * 400 + year + i64::from(month <= 2);
    (year as i32, month as u32, (of_year - (153 * since_march + 2) / 5 + 1) as u32)
}

/// The day of a date; none where there is no such date.
pub(crate) fn day_of(year: i32, month: u32, day: u32) -> Option<i32> {
    if !(1..=9_999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let y = i64::from(year) - i64::from(month <= 2);
    let (era, of_era) = (y.div_euclid(400), y.rem_euclid(400));
    let since_march = (i64::from(month) + 9) % 12;
    let of_year = (153 * since_march + 2) / 5 + i64::from(day) - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let days = days as i32;
    (civil(days) == (year, month, day)).then_some(days)
}

/// Months since January of year 0.
pub(crate) fn month_of(at: Timestamp) -> i32 {
    let (year, month, _) = civil(at.day(Span::ZERO));
    year * 12 + month as i32 - 1
}

/// 0 is Monday, 6 is Sunday.
pub(crate) const fn weekday(day: i32) -> i32 {
    (day as i64 + 3).rem_euclid(7) as i32
}

/// Days from Monday to Friday after `from`, up to and with `to`; negative when `to` comes first.
/// Holidays are not known here: around them the count is one too high.
pub(crate) const fn weekdays_between(from: i32, to: i32) -> i32 {
    const fn before(day: i32) -> i32 {
        // Monday 5 January 1970 is day 4.
        let since = day as i64 - 4;
        let (weeks, rest) = (since.div_euclid(7), since.rem_euclid(7));
        (weeks * 5 + if rest < 5 { rest } else { 4 }) as i32
    }
    before(to) - before(from)
}

/// The weekday before a day.
pub(crate) const fn weekday_before(day: i32) -> i32 {
    match weekday(day) {
        0 => day - 3,
        6 => day - 2,
        _ => day - 1,
    }
}

/// The next day on which the Federal Reserve publishes. Where a holiday falls on a Saturday some offices are closed on
/// the day before: that day is no business day here, so that nothing counts as published too early.
pub(crate) fn business_day_after(day: i32) -> i32 {
    let open = |day: &i32| weekday(*day) < 5 && !is_bank_holiday(*day);
    // No two holidays in a row lie beside a weekend: four days are closed at most.
    (day + 1..=day + 5).find(open).unwrap_or(day + 5)
}

/// Is it a federal holiday, or the day on which one is kept?
fn is_bank_holiday(day: i32) -> bool {
    let (year, month, of_month) = civil(day);
    let weekday = weekday(day);
    let nth = (of_month - 1) / 7 + 1;
    let monday = weekday == 0
        && match month {
            1 | 2 => nth == 3,
            5 => of_month > 24,
            9 => nth == 1,
            10 => nth == 2,
            _ => false,
        };
    let thanksgiving = month == 11 && weekday == 3 && nth == 4;
    let fixed = |day: i32| {
        let (_, month, of_month) = civil(day);
        let juneteenth = month == 6 && of_month == 19 && year >= 2021;
        juneteenth || matches!((month, of_month), (1, 1) | (7, 4) | (11, 11) | (12, 25))
    };
    let kept = match weekday {
        0 => fixed(day - 1),
        4 => fixed(day + 1),
        _ => false,
    };
    monday || thanksgiving || fixed(day) || kept
}

/// Does New York close at one o'clock? The eve of 4 July and of Christmas from Monday to Thursday, and the Friday
/// after Thanksgiving.
pub(crate) fn is_half_day(day: i32) -> bool {
    let (_, month, of_month) = civil(day);
    let weekday = weekday(day);
    match (month, of_month) {
        (7, 3) | (12, 24) => weekday < 4,
        (11, 23..=29) => weekday == 4,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_days_are_inverse() {
        assert_eq!(
            (civil(0), civil(-1), civil(11_016)),
            ((1970, 1, 1), (1969, 12, 31), (2000, 2, 29))
        );
        for day in (-200_000..200_000).step_by(37) {
            let (y, m, d) = civil(day);
            assert_eq!(day_of(y, m, d), (y >= 1).then_some(day));
        }
        assert_eq!(day_of(2023, 2, 29), None);
        assert_eq!(day_of(2023, 13, 1), None);
    }

    #[test]
    fn months_follow_the_calendar() {
        let month = |day: i32| month_of(Timestamp::of_day(day, Span::ZERO));
        assert_eq!((month(0), month(30), month(31)), (1970 * 12, 1970 * 12, 1970 * 12 + 1));
        assert_eq!(month(-1), 1969 * 12 + 11);
        assert_eq!((month(11_016), month(11_017)), (2000 * 12 + 1, 2000 * 12 + 2));
    }

    #[test]
    fn weekdays_are_counted() {
        // 1 January 1970 was a Thursday.
        assert_eq!((weekday(0), weekday(4), weekday(-1)), (3, 0, 2));
        assert_eq!(weekdays_between(0, 1), 1);
        assert_eq!(weekdays_between(1, 4), 1, "Friday to Monday");
        assert_eq!(weekdays_between(1, 3), 0, "Friday to Sunday");
        assert_eq!(weekdays_between(4, 1), -1);
        assert_eq!(weekdays_between(0, 14), 10);
        assert_eq!((weekday_before(4), weekday_before(1), weekday_before(3)), (1, 0, 1));
    }

    #[test]
    fn nothing_is_published_on_federal_holidays() {
        let of = |(y, m, d)| day_of(y, m, d).unwrap();
        for (day, next) in [
            ((2024, 7, 3), (2024, 7, 5)),
            ((2024, 1, 12), (2024, 1, 16)),
            ((2024, 5, 24), (2024, 5, 28)),
            ((2024, 10, 11), (2024, 10, 15)),
            ((2024, 11, 27), (2024, 11, 29)),
            ((2020, 6, 18), (2020, 6, 19)),
            ((2024, 6, 18), (2024, 6, 20)),
            // Kept on Monday; of a Saturday, on no day or on Friday.
            ((2022, 12, 23), (2022, 12, 27)),
            ((2021, 12, 30), (2022, 1, 3)),
            // Good Friday is none.
            ((2024, 3, 28), (2024, 3, 29)),
            ((2024, 3, 30), (2024, 4, 1)),
        ] {
            assert_eq!(business_day_after(of(day)), of(next), "{day:?}");
        }
    }

    #[test]
    fn early_closes_of_known_years() {
        let half = |y, m, d| is_half_day(day_of(y, m, d).unwrap());
        for (y, m, d) in
            [(2023, 7, 3), (2023, 11, 24), (2024, 7, 3), (2024, 11, 29), (2024, 12, 24)]
        {
            assert!(half(y, m, d), "{y}-{m}-{d}");
        }
        // In 2020 the third of July was the holiday itself; in 2021 the eve of Christmas was.
        for (y, m, d) in [(2020, 7, 3), (2021, 12, 24), (2023, 11, 23), (2024, 11, 22)] {
            assert!(!half(y, m, d), "{y}-{m}-{d}");
        }
    }
}
