//! Rows of tables that operators hand in: what can be wrong with one, and dates.

use crate::date;

/// A row that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Fault {
    /// Line of the file, the header is line 1.
    pub line: usize,
    /// What is wrong and what to write instead.
    pub what: &'static str,
}

/// The day of a date like 2024-07-30; none where it is none.
pub(crate) fn day(text: &str) -> Option<i32> {
    let mut parts = text.splitn(3, '-');
    let year = parts.next()?.parse().ok()?;
    let month = parts.next()?.parse().ok()?;
    date::day_of(year, month, parts.next()?.parse().ok()?)
}
