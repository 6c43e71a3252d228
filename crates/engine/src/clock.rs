//! The two clocks: the system's, and one that a replay moves. Asked by drivers only. The system's is watched: it
//! can be set, and then sessions, days and quotes are not where they were.

use nija_core::ports::Clock;
use nija_core::words::time::{Span, Timestamp};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Time between two looks at the clock.
const LOOK: Duration = Duration::from_secs(1);
/// A clock that went so much more or less than the time that passed was set.
const DRIFT: Span = Span::millis(500);

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

/// Watches a clock against the time that really passes, and tells when it was set or stands still. For ever.
pub async fn watch(clock: &dyn Clock) {
    let mut last = (clock.now(), Instant::now());
    loop {
        tokio::time::sleep(LOOK).await;
        let now = (clock.now(), Instant::now());
        if let Some(jump) = jump(now.0.since(last.0), now.1.duration_since(last.1)) {
            metrics::counter!("nija_clock_jumps_total").increment(1);
            let ms = jump.as_millis();
            tracing::warn!(
                ms,
                "the system's clock was set or stands still; check its time service"
            );
        }
        last = now;
    }
}

/// By how much a clock went wrong, where that is more than drift.
fn jump(shown: Span, passed: Duration) -> Option<Span> {
    let passed = i64::try_from(passed.as_micros()).unwrap_or(i64::MAX);
    let jump = Span(shown.0.saturating_sub(passed));
    (jump.0.unsigned_abs() > DRIFT.0.unsigned_abs()).then_some(jump)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_more_than_drift_is_a_jump() {
        let second = Duration::from_secs(1);
        for (shown, told) in [
            (Span::millis(1_000), None),
            (Span::millis(1_499), None),
            (Span::millis(1_501), Some(501)),
            (Span::millis(-599_000), Some(-600_000)),
            (Span::millis(0), Some(-1_000)),
        ] {
            assert_eq!(jump(shown, second).map(|jump| jump.as_millis()), told, "{shown:?}");
        }
    }
}
