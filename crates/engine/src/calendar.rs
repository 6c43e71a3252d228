//! When markets trade: pure functions of the hours and the instant, never of a clock.
//!
//! New York holidays and half days are known from 2010 to 2028; outside these years every weekday counts
//! as a whole session. `Always` trades in sessions of one UTC day that follow each other without a pause.

mod cme;

use exchange_hours::{Exchange, ExchangeCalendar, SessionKind};
use nija_core::words::instrument::Hours;
use nija_core::words::time::{Span, Timestamp};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// First and last instants the calendar answers for: years 1 to 9999.
const KNOWN: (i64, i64) = (-62_135_596_800_000_000, 253_402_300_799_000_000);

/// Days on which New York was closed and the source does not know: 2018-12-05, the day of mourning for
/// President George H. W. Bush (announced by NYSE on 2018-12-01; SPY has no trade that day).
const CLOSED_TOO: [i32; 1] = [17_870];

/// Are the holidays of this instant known? Without them every weekday counts as a session.
#[must_use]
pub const fn knows_holidays(hours: Hours, at: Timestamp) -> bool {
    // From 2010-01-01 to 2028-12-31.
    matches!(hours, Hours::Always) || matches!(at.day(Span::ZERO), 14_610..=21_549)
}

/// One trading session: open from the first instant, closed again at the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// First instant of trading.
    pub open_at: Timestamp,
    /// First instant after it.
    pub close_at: Timestamp,
}

impl Session {
    /// Does it run at this instant?
    #[must_use]
    pub const fn contains(&self, at: Timestamp) -> bool {
        self.open_at.0 <= at.0 && at.0 < self.close_at.0
    }
}

/// The session of a date, given as the number of its day since 1970-01-01; none when the market rests.
#[must_use]
pub fn session_of(hours: Hours, day: i32) -> Option<Session> {
    let midnight = Timestamp::of_day(day, Span::ZERO);
    match hours {
        Hours::Always => Some(utc_day(midnight)),
        // Sessions in New York open after 09:00 UTC, so the date of the open is the date of the session.
        Hours::Nyse => session_from(hours, midnight).filter(|s| s.open_at.day(Span::ZERO) == day),
        Hours::Cme => cme::session_of(day),
    }
}

/// The session that runs at this instant, or the next one; none beyond the years the calendar knows.
#[must_use]
pub fn session_from(hours: Hours, at: Timestamp) -> Option<Session> {
    if at.0 < KNOWN.0 || at.0 > KNOWN.1 {
        return None;
    }
    match hours {
        Hours::Always => Some(utc_day(at)),
        Hours::Nyse => {
            let session = nyse_session(at)?;
            if CLOSED_TOO.contains(&session.open_at.day(Span::ZERO)) {
                return nyse_session(session.close_at);
            }
            Some(session)
        }
        // The session of a date began the evening before; four days are the longest rest.
        Hours::Cme => {
            let day = at.day(Span::ZERO);
            let mut sessions = (day..day.saturating_add(7)).filter_map(cme::session_of);
            sessions.find(|session| at < session.close_at)
        }
    }
}

fn nyse_session(at: Timestamp) -> Option<Session> {
    let calendar =
        ExchangeCalendar::new(Exchange::Nyse).with_last_known_week().with_next_known_week();
    let bounds = calendar.session_bounds_with(system_time(at)?.into(), SessionKind::Regular);
    // With both views no date is refused; should one be, the market counts as closed.
    let (open, close) = bounds.ok().flatten()?;
    Some(Session { open_at: timestamp(open.into())?, close_at: timestamp(close.into())? })
}

/// Is the market open at this instant?
#[must_use]
pub fn is_open(hours: Hours, at: Timestamp) -> bool {
    session_from(hours, at).is_some_and(|session| session.contains(at))
}

/// The first instant after `at` at which the market opens or closes; none for `Always`, which never does.
#[must_use]
pub fn next_change(hours: Hours, at: Timestamp) -> Option<Timestamp> {
    match hours {
        Hours::Always => None,
        Hours::Nyse | Hours::Cme => {
            let session = session_from(hours, at)?;
            Some(if session.contains(at) { session.close_at } else { session.open_at })
        }
    }
}

/// Remembers the session it found last, for callers whose instants mostly move forward.
#[derive(Clone, Debug)]
pub struct Cursor {
    hours: Hours,
    /// The session found last and the instant from which it is the answer.
    found: Option<(Timestamp, Session)>,
}

impl Cursor {
    /// A cursor over these hours.
    #[must_use]
    pub const fn new(hours: Hours) -> Self {
        Self { hours, found: None }
    }
    /// As [`session_from`].
    pub fn session_from(&mut self, at: Timestamp) -> Option<Session> {
        if let Some((since, session)) = self.found
            && since <= at
            && at < session.close_at
        {
            return Some(session);
        }
        let session = session_from(self.hours, at)?;
        self.found = Some((at, session));
        Some(session)
    }
    /// As [`is_open`].
    pub fn is_open(&mut self, at: Timestamp) -> bool {
        self.session_from(at).is_some_and(|session| session.contains(at))
    }
}

const fn utc_day(at: Timestamp) -> Session {
    let day = at.day(Span::ZERO);
    Session {
        open_at: Timestamp::of_day(day, Span::ZERO),
        close_at: Timestamp::of_day(day.saturating_add(1), Span::ZERO),
    }
}

fn system_time(at: Timestamp) -> Option<SystemTime> {
    let distance = Duration::from_micros(at.0.unsigned_abs());
    if at.0 < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) }
}

fn timestamp(time: SystemTime) -> Option<Timestamp> {
    let micros = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_micros()).ok()?,
        Err(before) => -i64::try_from(before.duration().as_micros()).ok()?,
    };
    Some(Timestamp(micros))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::instant;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        instant::read(text.as_bytes()).unwrap()
    }
    fn nyse_on(text: &str) -> Option<(String, String)> {
        session_of(Hours::Nyse, at(text).day(Span::ZERO))
            .map(|s| (s.open_at.to_string(), s.close_at.to_string()))
    }
    fn pair(open: &str, close: &str) -> Option<(String, String)> {
        Some((open.to_owned(), close.to_owned()))
    }

    #[test]
    fn new_york_keeps_its_holidays_half_days_and_summer_time() {
        assert_eq!(
            nyse_on("2020-03-06T00:00:00Z"),
            pair("2020-03-06T14:30:00Z", "2020-03-06T21:00:00Z")
        );
        assert_eq!(
            nyse_on("2020-03-09T00:00:00Z"),
            pair("2020-03-09T13:30:00Z", "2020-03-09T20:00:00Z")
        );
        assert_eq!(
            nyse_on("2019-11-29T00:00:00Z"),
            pair("2019-11-29T14:30:00Z", "2019-11-29T18:00:00Z")
        );
        for closed in ["2020-03-07", "2019-12-25", "2018-12-05", "2012-10-29", "2025-01-09"] {
            assert_eq!(nyse_on(&format!("{closed}T00:00:00Z")), None, "{closed}");
        }
    }

    #[test]
    fn the_open_belongs_to_the_session_and_the_close_does_not() {
        let (open, close) = (at("2020-03-09T13:30:00Z"), at("2020-03-09T20:00:00Z"));
        assert!(!is_open(Hours::Nyse, open.plus(Span(-1))));
        assert!(is_open(Hours::Nyse, open));
        assert!(is_open(Hours::Nyse, close.plus(Span(-1))));
        assert!(!is_open(Hours::Nyse, close));
        assert_eq!(next_change(Hours::Nyse, open.plus(Span(-1))), Some(open));
        assert_eq!(next_change(Hours::Nyse, open), Some(close));
        assert_eq!(next_change(Hours::Nyse, close), Some(at("2020-03-10T13:30:00Z")));
    }

    #[test]
    fn crypto_never_rests() {
        let midnight = at("2020-03-09T00:00:00Z");
        assert!(is_open(Hours::Always, midnight));
        assert_eq!(next_change(Hours::Always, midnight), None);
        let session = session_from(Hours::Always, midnight.plus(Span(5))).unwrap();
        assert_eq!((session.open_at, session.close_at.since(midnight)), (midnight, Span::DAY));
    }

    #[test]
    fn instants_beyond_the_calendar_are_closed_and_nothing_breaks() {
        for at in [Timestamp(i64::MIN), Timestamp(i64::MAX), Timestamp(KNOWN.1 + 1)] {
            assert!(!is_open(Hours::Nyse, at));
            assert_eq!(next_change(Hours::Nyse, at), None);
        }
    }

    #[test]
    fn the_calendar_agrees_with_fifteen_years_of_trading() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/etf/SPY/1d.csv");
        let text = std::fs::read_to_string(file).unwrap();
        let days = text.lines().skip(1).map(|line| at(&line[..20]).day(Span::ZERO));
        let traded: Vec<i32> = days.filter(|day| *day >= 14_613).collect();
        let sessions = (14_613..=traded[traded.len() - 1])
            .filter(|day| session_of(Hours::Nyse, *day).is_some());
        assert_eq!(sessions.collect::<Vec<_>>(), traded);
        assert!(traded.len() > 3_800);
    }

    proptest! {
        #[test]
        fn a_cursor_says_what_the_calendar_says(instants in proptest::collection::vec(
            1_262_304_000_000_000i64..1_800_000_000_000_000, 1..20,
        )) {
            let mut cursor = Cursor::new(Hours::Nyse);
            for at in instants.into_iter().map(Timestamp) {
                prop_assert_eq!(cursor.session_from(at), session_from(Hours::Nyse, at));
                prop_assert_eq!(cursor.is_open(at), is_open(Hours::Nyse, at));
            }
        }
    }
}
