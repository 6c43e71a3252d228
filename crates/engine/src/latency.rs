//! How long orders took from accepted to sent, per tier: percentiles, broken promises, retries.

use hdrhistogram::Histogram;
use nija_core::words::tier::Tier;
use std::sync::Mutex;
use std::time::Duration;

/// The longest time that is told apart: ten minutes in microseconds.
const LONGEST_US: u64 = 600_000_000;
/// A percentile is right to a hundredth of itself; a digit more would take a megabyte.
const DIGITS: u8 = 2;

/// Figures of all tiers. Shared between the gateways and whoever asks.
pub struct Latencies {
    tiers: Mutex<[Record; 7]>,
}

struct Record {
    sent: Histogram<u64>,
    breaches: u64,
    retries: u64,
    lapsed: u64,
}

/// Figures of one tier.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Orders sent.
    pub sent: u64,
    /// Half were faster, in microseconds.
    pub p50_us: u64,
    /// 95 of 100 were faster, in microseconds.
    pub p95_us: u64,
    /// 99 of 100 were faster, in microseconds.
    pub p99_us: u64,
    /// Slower than the tier's promise.
    pub breaches: u64,
    /// Sends tried again.
    pub retries: u64,
    /// Never sent: too old, cancelled before, or out of tries.
    pub lapsed: u64,
}

impl Latencies {
    /// No figures yet.
    ///
    /// # Errors
    /// When a histogram of two digits up to ten minutes cannot be made.
    pub fn new() -> Result<Self, hdrhistogram::CreationError> {
        let sent = Histogram::new_with_max(LONGEST_US, DIGITS)?;
        let record = |_| Record { sent: sent.clone(), breaches: 0, retries: 0, lapsed: 0 };
        Ok(Self { tiers: Mutex::new(std::array::from_fn(record)) })
    }

    fn with<T>(&self, tier: Tier, change: impl FnOnce(&mut Record) -> T) -> T {
        let mut tiers = self.tiers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        change(&mut tiers[tier as usize])
    }

    pub(crate) fn sent(&self, tier: Tier, took: Duration, promise: Duration) {
        self.with(tier, |record| {
            let us = u64::try_from(took.as_micros()).unwrap_or(LONGEST_US);
            record.sent.saturating_record(us);
            record.breaches += u64::from(took > promise);
        });
    }
    pub(crate) fn retried(&self, tier: Tier) {
        self.with(tier, |record| record.retries += 1);
    }
    pub(crate) fn lapsed(&self, tier: Tier) {
        self.with(tier, |record| record.lapsed += 1);
    }

    /// The figures of one tier.
    #[must_use]
    pub fn figures(&self, tier: Tier) -> Figures {
        self.with(tier, |record| Figures {
            sent: record.sent.len(),
            p50_us: record.sent.value_at_quantile(0.50),
            p95_us: record.sent.value_at_quantile(0.95),
            p99_us: record.sent.value_at_quantile(0.99),
            breaches: record.breaches,
            retries: record.retries,
            lapsed: record.lapsed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_was_late() {
        let latencies = Latencies::new().unwrap();
        for ms in 1..=100 {
            let promise = Duration::from_millis(90);
            latencies.sent(Tier::Investor, Duration::from_millis(ms), promise);
        }
        let figures = latencies.figures(Tier::Investor);
        assert_eq!((figures.sent, figures.breaches), (100, 10));
        assert!((49_900..50_200).contains(&figures.p50_us), "{figures:?}");
        assert_eq!(latencies.figures(Tier::Saver), Figures::default());
    }
}
