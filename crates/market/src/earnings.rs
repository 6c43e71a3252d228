//! What is known about companies' reports, and when: announcements planned, moved, cancelled, and the earnings
//! themselves. Each piece carries the instant from which it may be used; nobody sees it earlier.

mod reactions;
mod table;

pub use reactions::{Awaited, Heard, Reactions};
pub use table::read;

use nija_core::words::id::InstrumentId;
use nija_core::words::time::Timestamp;
use serde::{Deserialize, Serialize};

/// When of its day a company reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slot {
    /// Before the session opens.
    Before,
    /// After it has closed.
    After,
}

/// What became known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "news")]
pub enum News {
    /// It will report on this day. A second one for the same period moves it.
    Planned {
        /// Day since 1970.
        day: i32,
        /// When of the day; none where the company has not confirmed it.
        slot: Option<Slot>,
    },
    /// It will not report for this period.
    Cancelled,
    /// It reported.
    Published {
        /// Earnings per share in dollars.
        earned: f64,
    },
}

/// One piece of news about one quarter of one company.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The company's share.
    pub instrument: InstrumentId,
    /// The quarter, in any numbering that rises.
    pub period: i32,
    /// From when it may be used.
    pub known_at: Timestamp,
    /// What it is.
    #[serde(flatten)]
    pub news: News,
}

/// The last session that closes before the news is out.
pub(crate) const fn last_session(day: i32, slot: Slot) -> i32 {
    match slot {
        Slot::Before => crate::date::weekday_before(day),
        Slot::After => day,
    }
}
