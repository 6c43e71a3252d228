//! Sessions of CME's futures on indices and commodities: from six in the evening in New York to five the next day,
//! an hour of maintenance between them, from Sunday to Friday. A session has the date of the day on which it ends.
//!
//! New York's calendar tells the rest, in the simple form that index futures keep: no session at the turn of the year,
//! on Good Friday and at Christmas; on its other holidays the end is at one o'clock, on its half days a quarter past
//! one. Single products keep other hours on these days, and days of mourning ended earlier.

use super::{Session, session_from};
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use nija_core::words::instrument::Hours;
use nija_core::words::time::{Span, Timestamp};

/// From New York's open, half past nine: six in the evening before, five, one, and a quarter past one.
const OPENS: Span = minutes(-(15 * 60 + 30));
const CLOSES: Span = minutes(7 * 60 + 30);
const HOLIDAY: Span = minutes(3 * 60 + 30);
const HALF_DAY: Span = minutes(3 * 60 + 45);
/// A whole day in New York.
const WHOLE: Span = minutes(6 * 60 + 30);

const fn minutes(minutes: i64) -> Span {
    Span::seconds(60 * minutes)
}

/// The session of a date; none at weekends and where the market rests.
pub(super) fn session_of(day: i32) -> Option<Session> {
    let midnight = Timestamp::of_day(day, Span::ZERO);
    let next = session_from(Hours::Nyse, midnight)?;
    let trades = next.open_at.day(Span::ZERO);
    if trades != day && rests(date(day)?) {
        return None;
    }
    // Summer time changes on Sundays before the open: all of a session is as far from UTC as New York's open is, and
    // across a holiday nothing changes.
    let open = midnight.plus(next.open_at.since(Timestamp::of_day(trades, Span::ZERO)));
    let end = if trades != day {
        HOLIDAY
    } else if next.close_at.since(next.open_at) < WHOLE {
        HALF_DAY
    } else {
        CLOSES
    };
    Some(Session { open_at: open.plus(OPENS), close_at: open.plus(end) })
}

/// Does a day on which New York is closed have no session at all? Weekends have none; closed days around the two
/// feasts are these feasts, and the one in spring is Good Friday.
fn rests(date: Date) -> bool {
    let weekday = date.weekday();
    match (date.month(), date.day()) {
        _ if matches!(weekday, Weekday::Saturday | Weekday::Sunday) => true,
        (1, 1 | 2) | (12, 24 | 25 | 26 | 31) => true,
        (3 | 4, _) => weekday == Weekday::Friday,
        _ => false,
    }
}

fn date(day: i32) -> Option<Date> {
    Date::constant(1970, 1, 1).checked_add(day.days()).ok()
}

#[cfg(test)]
mod tests {
    use crate::calendar::{Cursor, is_open, next_change, session_from, session_of};
    use crate::feeds::instant;
    use nija_core::words::instrument::Hours::Cme;
    use nija_core::words::time::{Span, Timestamp};
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        instant::read(text.as_bytes()).unwrap()
    }

    fn on(date: &str) -> Option<(String, String)> {
        let day = at(&format!("{date}T00:00:00Z")).day(Span::ZERO);
        session_of(Cme, day).map(|s| (s.open_at.to_string(), s.close_at.to_string()))
    }

    #[test]
    fn sessions_follow_new_york_through_both_changes_of_summer_time() {
        for (date, open, close) in [
            // 2024: summer begins on Sunday, 10 March, and ends on Sunday, 3 November, before that evening's open.
            ("2024-03-08", "2024-03-07T23:00:00Z", "2024-03-08T22:00:00Z"),
            ("2024-03-11", "2024-03-10T22:00:00Z", "2024-03-11T21:00:00Z"),
            ("2024-11-01", "2024-10-31T22:00:00Z", "2024-11-01T21:00:00Z"),
            ("2024-11-04", "2024-11-03T23:00:00Z", "2024-11-04T22:00:00Z"),
        ] {
            assert_eq!(on(date), Some((open.to_owned(), close.to_owned())), "{date}");
        }
        assert_eq!((on("2024-03-09"), on("2024-03-10")), (None, None), "a weekend");
    }

    #[test]
    fn holidays_end_early_and_three_feasts_have_no_session() {
        for (date, close) in [
            ("2024-01-15", "2024-01-15T18:00:00Z"),
            ("2024-07-03", "2024-07-03T17:15:00Z"),
            ("2024-07-04", "2024-07-04T17:00:00Z"),
            ("2024-11-28", "2024-11-28T18:00:00Z"),
            ("2024-11-29", "2024-11-29T18:15:00Z"),
            ("2024-12-26", "2024-12-26T22:00:00Z"),
        ] {
            assert_eq!(on(date).map(|(_, close)| close).as_deref(), Some(close), "{date}");
        }
        let feasts = ["2024-12-25", "2025-01-01", "2024-03-29", "2023-04-07", "2023-01-02"];
        for closed in feasts.into_iter().chain(["2021-12-24", "2022-12-26"]) {
            assert_eq!(on(closed), None, "{closed}");
        }
    }

    #[test]
    fn an_hour_a_day_and_the_weekend_are_closed() {
        let rest = at("2024-06-12T21:00:00Z");
        assert!(is_open(Cme, rest.plus(Span(-1))) && !is_open(Cme, rest));
        assert_eq!(next_change(Cme, rest), Some(at("2024-06-12T22:00:00Z")));
        assert_eq!(next_change(Cme, at("2024-06-12T22:00:00Z")), Some(at("2024-06-13T21:00:00Z")));
        let friday = at("2024-06-14T21:00:00Z");
        assert_eq!(next_change(Cme, friday), Some(at("2024-06-16T22:00:00Z")));
        // Good Friday: from Thursday to Sunday.
        assert_eq!(next_change(Cme, at("2024-03-28T21:00:00Z")), Some(at("2024-03-31T22:00:00Z")));
    }

    /// Ten weeks of index futures, five minutes each, across a change of summer time: all of them in sessions but for
    /// the night before Good Friday, which had a short session of its own for the labor report.
    #[test]
    fn recorded_bars_lie_in_sessions() {
        let file = "/../../../shared/data/futures/ES/5m.csv.zst";
        let file = std::fs::File::open(format!("{}{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let text = std::io::read_to_string(zstd::Decoder::new(file).unwrap()).unwrap();
        let times = text.lines().skip(1).map(|line| at(&line[..20]));
        let outside: Vec<Timestamp> = times.filter(|at| !is_open(Cme, *at)).collect();
        assert_eq!(text.lines().count(), 13_769);
        let (first, last) = (outside[0], outside[outside.len() - 1]);
        assert_eq!((first, last), (at("2026-04-02T22:00:00Z"), at("2026-04-03T03:55:00Z")));
    }

    proptest! {
        #[test]
        fn sessions_follow_each_other_and_a_cursor_says_what_the_calendar_says(
            instants in proptest::collection::vec(946_684_800_000_000i64..1_800_000_000_000_000, 1..20),
        ) {
            let mut cursor = Cursor::new(Cme);
            for at in instants.into_iter().map(Timestamp) {
                let session = session_from(Cme, at).unwrap();
                prop_assert_eq!(cursor.session_from(at), Some(session));
                prop_assert!(at < session.close_at && session.open_at < session.close_at);
                let next = session_from(Cme, session.close_at).unwrap();
                prop_assert!(next.open_at.since(session.close_at) >= Span::seconds(3_600));
                let length = session.close_at.since(session.open_at);
                prop_assert!(length <= Span::seconds(23 * 3_600) && length >= Span::seconds(19 * 3_600));
            }
        }
    }
}
