//! How far the learning of a ranking has come, and which of the two trades for what reason.

use super::contest::Promotion;
use core::fmt;
use serde::Serialize;

/// Model and baseline of one ranking, as they stand.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Progress {
    /// Version of the model, which is the day of its training since 1970; none where none was trained.
    pub version: Option<u32>,
    /// The most shares that could be compared on one day, and the fewest that make a comparison.
    pub shares: usize,
    /// Fewest shares that make a comparison.
    pub least_shares: usize,
    /// Lessons so far.
    pub lessons: usize,
    /// Fewest lessons of a training.
    pub least_lessons: usize,
    /// Sessions so far.
    pub sessions: u32,
    /// Sessions of them after which the model ranked.
    pub led: u32,
    /// What the contest says.
    pub promotion: Promotion,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shares, least_shares, lessons, least_lessons, .. } = *self;
        if shares < least_shares {
            return write!(
                f,
                "The baseline trades: no model can speak, for it compares {least_shares} shares with a year of \
                 closes at least, and there were {shares}"
            );
        }
        if self.version.is_none() {
            return write!(
                f,
                "The baseline trades: no model was trained, for a training needs {least_lessons} lessons, and \
                 there were {lessons}"
            );
        }
        write!(f, "{}", self.promotion)
    }
}

#[cfg(test)]
mod tests {
    use super::super::contest::Contest;
    use super::*;

    #[test]
    fn what_keeps_a_model_from_speaking_is_said() {
        let promotion = Contest::new(0.0).report(25.0);
        let (version, sessions, led) = (None, 500, 0);
        let told = |version, shares, lessons| {
            let (least_shares, least_lessons) = (10, 1_000);
            let progress = Progress {
                version,
                shares,
                least_shares,
                lessons,
                least_lessons,
                sessions,
                led,
                promotion,
            };
            progress.to_string()
        };
        let few = told(version, 9, 0);
        assert!(
            few.ends_with("it compares 10 shares with a year of closes at least, and there were 9"),
            "{few}"
        );
        let early = told(version, 10, 999);
        assert!(early.ends_with("a training needs 1000 lessons, and there were 999"), "{early}");
        let silent = told(Some(17_000), 10, 1_000);
        assert_eq!(silent, "The baseline trades: 0 periods say nothing yet");
    }
}
