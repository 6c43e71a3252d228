//! The lengths of time that candles come in, and how instants fall into them. Buckets are aligned to UTC.

use nija_core::words::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Length of a candle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timeframe {
    /// One minute.
    #[serde(rename = "1m")]
    Minutes1,
    /// Five minutes.
    #[serde(rename = "5m")]
    Minutes5,
    /// A quarter of an hour.
    #[serde(rename = "15m")]
    Minutes15,
    /// One hour.
    #[serde(rename = "1h")]
    Hour1,
    /// One day, or one session.
    #[serde(rename = "1d")]
    Day1,
}

/// A text that names no timeframe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a timeframe; write 1m, 5m, 15m, 1h or 1d")]
pub struct ParseTimeframeError;

impl Timeframe {
    /// All of them, shortest first.
    pub const ALL: [Self; 5] =
        [Self::Minutes1, Self::Minutes5, Self::Minutes15, Self::Hour1, Self::Day1];

    /// How long it is.
    #[must_use]
    pub const fn span(self) -> Span {
        Span::seconds(match self {
            Self::Minutes1 => 60,
            Self::Minutes5 => 300,
            Self::Minutes15 => 900,
            Self::Hour1 => 3_600,
            Self::Day1 => 86_400,
        })
    }

    /// The word used in files and settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Minutes1 => "1m",
            Self::Minutes5 => "5m",
            Self::Minutes15 => "15m",
            Self::Hour1 => "1h",
            Self::Day1 => "1d",
        }
    }

    /// The shortest timeframe that holds `span`: a session of some hours is a day, a first half hour an hour.
    #[must_use]
    pub fn covering(span: Span) -> Option<Self> {
        Self::ALL.into_iter().find(|timeframe| span <= timeframe.span())
    }

    /// First instant of the bucket that contains `at`.
    #[must_use]
    pub const fn start_of(self, at: Timestamp) -> Timestamp {
        Timestamp(at.0.saturating_sub(at.0.rem_euclid(self.span().0)))
    }
}

impl core::fmt::Display for Timeframe {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

impl core::str::FromStr for Timeframe {
    type Err = ParseTimeframeError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|t| t.name() == text).ok_or(ParseTimeframeError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for timeframe in Timeframe::ALL {
            assert_eq!(timeframe.name().parse(), Ok(timeframe));
        }
        assert_eq!("2m".parse::<Timeframe>(), Err(ParseTimeframeError));
    }

    #[test]
    fn spans_find_their_timeframe() {
        assert_eq!(Timeframe::covering(Span::seconds(60)), Some(Timeframe::Minutes1));
        assert_eq!(Timeframe::covering(Span::seconds(1_800)), Some(Timeframe::Hour1));
        assert_eq!(Timeframe::covering(Span::seconds(23_400)), Some(Timeframe::Day1));
        assert_eq!(Timeframe::covering(Span::seconds(86_401)), None);
        let before = Timestamp(-1);
        assert_eq!(Timeframe::Hour1.start_of(before), Timestamp(-3_600_000_000));
    }
}
