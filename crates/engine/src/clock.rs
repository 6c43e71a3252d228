//! The two clocks: the system's, and one that a replay moves. Asked by drivers only.

use nija_core::ports::Clock;
use nija_core::words::time::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The system's clock.
pub struct Real;

impl Clock for Real {
    #[allow(
        clippy::disallowed_methods,
        reason = "the one place where the system is asked for the time"
    )]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// A clock that only moves when it is told, and never back.
#[derive(Default)]
pub struct Simulated(AtomicI64);

impl Simulated {
    /// Moves on to `at`; an earlier time is ignored.
    pub fn advance(&self, at: Timestamp) {
        self.0.fetch_max(at.0, Ordering::AcqRel);
    }
}

impl Clock for Simulated {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Acquire))
    }
}
