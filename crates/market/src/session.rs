//! Where a candle stands within its trading session. The session is chosen explicitly, since round-the-clock
//! markets have no open of their own: a UTC day, New York's 390 minutes with its early closes, or the 23 hours that
//! CME's futures trade from one evening to the next.

use crate::candle::Candle;
use crate::date;
use nija_core::words::instrument::Hours;
use nija_core::words::time::{Span, Timestamp};

/// A pause after which New York's next candle opens a session.
const NIGHT: Span = Span::seconds(2 * 3_600);
/// CME opens at 22:00 of UTC in summer and an hour later in winter; the hour before is its rest.
const EVENING: Span = Span::seconds(22 * 3_600);
/// Minutes of a session, and of one that closes early.
const NYSE: i64 = 390;
const NYSE_EARLY: i64 = 210;
const CME: i64 = 1_380;
const CME_EARLY: i64 = 1_155;
const DAY: i64 = 1_440;

/// Where the close of a candle stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Is it the first candle of a session?
    pub first: bool,
    /// Minutes from the session's open.
    pub minutes: i64,
    /// Minutes to the session's end.
    pub left: i64,
}

/// Follows the sessions of one stream of intraday candles.
#[derive(Clone, Copy, Debug)]
pub struct Sessions {
    hours: Hours,
    opened: Option<Timestamp>,
    closed: Timestamp,
}

impl Sessions {
    /// Of a market that keeps these hours.
    #[must_use]
    pub const fn new(hours: Hours) -> Self {
        Self { hours, opened: None, closed: Timestamp(i64::MIN) }
    }

    /// Takes the next candle.
    pub fn push(&mut self, candle: &Candle) -> Moment {
        let day = candle.open_at.day(Span::ZERO);
        let (begins, length) = match self.hours {
            Hours::Always => (Timestamp::of_day(day, Span::ZERO), DAY),
            Hours::Nyse => {
                let length = if date::is_half_day(day) { NYSE_EARLY } else { NYSE };
                (candle.open_at, length)
            }
            Hours::Cme => {
                // The evening belongs to the next day.
                let day = candle.open_at.day(EVENING).saturating_add(1);
                let length = if date::is_half_day(day) { CME_EARLY } else { CME };
                (candle.open_at, length)
            }
        };
        let fresh = match (self.hours, self.opened) {
            (_, None) => true,
            (Hours::Always, Some(opened)) => opened != begins,
            (Hours::Nyse, Some(_)) => candle.open_at.since(self.closed) >= NIGHT,
            (Hours::Cme, Some(opened)) => opened.day(EVENING) != candle.open_at.day(EVENING),
        };
        let opened = match self.opened.filter(|_| !fresh) {
            Some(opened) => opened,
            None => begins,
        };
        (self.opened, self.closed) = (Some(opened), candle.close_at);
        let minutes = candle.close_at.since(opened).as_millis() / 60_000;
        Moment { first: fresh, minutes, left: length - minutes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::flat;
    use nija_core::words::id::InstrumentId;

    fn candle(day: i32, minute: i64, lasts: i64) -> Candle {
        let open_at = Timestamp::of_day(day, Span::ZERO).plus(Span::seconds(60 * minute));
        let close_at = open_at.plus(Span::seconds(60 * lasts));
        Candle { open_at, close_at, ..flat(InstrumentId(1), 0, 1.0) }
    }

    #[test]
    fn new_york_opens_with_the_first_candle_and_closes_early_on_eves() {
        let mut sessions = Sessions::new(Hours::Nyse);
        let day = date::day_of(2024, 7, 2).unwrap();
        let at = |sessions: &mut Sessions, day, minute| sessions.push(&candle(day, minute, 5));
        assert_eq!(at(&mut sessions, day, 810), Moment { first: true, minutes: 5, left: 385 });
        assert_eq!(at(&mut sessions, day, 815), Moment { first: false, minutes: 10, left: 380 });
        // The eve of the fourth: 210 minutes.
        assert_eq!(at(&mut sessions, day + 1, 810), Moment { first: true, minutes: 5, left: 205 });
        // In winter the same session opens an hour later of UTC.
        assert_eq!(
            at(&mut sessions, day + 180, 870),
            Moment { first: true, minutes: 5, left: 385 }
        );
    }

    #[test]
    fn cme_opens_in_the_evening_and_rests_an_hour() {
        let mut sessions = Sessions::new(Hours::Cme);
        let day = date::day_of(2024, 7, 1).unwrap();
        let at = |sessions: &mut Sessions, day, minute| sessions.push(&candle(day, minute, 5));
        // 18:00 in New York is 22:00 of UTC in summer.
        assert_eq!(at(&mut sessions, day, 1_320), Moment { first: true, minutes: 5, left: 1_375 });
        assert_eq!(at(&mut sessions, day + 1, 1_255).left, 0, "the last five minutes before 17:00");
        // The eve of the fourth ends a quarter past one.
        let eve = at(&mut sessions, day + 1, 1_320);
        assert_eq!((eve.first, eve.left), (true, 1_150));
    }

    #[test]
    fn a_market_without_a_close_has_utc_days() {
        let mut sessions = Sessions::new(Hours::Always);
        assert_eq!(
            sessions.push(&candle(3, 60, 60)),
            Moment { first: true, minutes: 120, left: 1_320 }
        );
        assert_eq!(sessions.push(&candle(3, 1_380, 60)).left, 0);
        assert!(sessions.push(&candle(4, 0, 60)).first);
    }
}
