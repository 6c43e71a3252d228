//! How often one may ask, per address and per user (GCRA). The tables of keys
//! are bounded: idle keys are dropped every minute, and beyond the bound callers share a few
//! thousand buckets.

use crate::address::Origin;
use crate::error::Problem;
use crate::rate::{Rate, RateLimits};
use governor::clock::{Clock, QuantaClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use nija_core::words::id::UserId;
use nija_core::words::tier::{Tier, TierRules, TierTable};
use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const MOST_KEYS: usize = 100_000;
const SHARED_BUCKETS: u64 = 4_096;

struct Limiter {
    rates: RateLimiter<u64, HashMapStateStore<u64>, QuantaClock>,
    clock: QuantaClock,
    started: Instant,
    tended: AtomicU64,
}

impl Limiter {
    fn new(rate: Rate) -> Self {
        let clock = QuantaClock::default();
        let burst = NonZeroU32::new(rate.burst).unwrap_or(NonZeroU32::MIN);
        let one_per = rate.per / rate.count.max(1);
        let quota = Quota::with_period(one_per.max(Duration::from_nanos(1)))
            .unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN))
            .allow_burst(burst);
        let rates = RateLimiter::hashmap_with_clock(quota, clock.clone());
        Self { rates, clock, started: Instant::now(), tended: AtomicU64::new(0) }
    }

    fn check(&self, key: u64) -> Result<(), Problem> {
        let minute = self.started.elapsed().as_secs() / 60;
        if self.tended.swap(minute, Ordering::Relaxed) != minute {
            self.rates.retain_recent();
        }
        let key = if self.rates.len() < MOST_KEYS { key } else { key % SHARED_BUCKETS };
        self.rates.check_key(&key).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            Problem::too_many(u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX))
        })
    }
}

/// All rate limits of the API.
pub(crate) struct Rates {
    hash: RandomState,
    anonymous: Limiter,
    reads: Limiter,
    exits: Limiter,
    admin: Limiter,
    registrations: Limiter,
    refreshes: Limiter,
    webhooks: Limiter,
    orders: Vec<Limiter>,
}

impl Rates {
    pub(crate) fn new(tiers: &TierTable, limits: &RateLimits) -> Self {
        let of_tier = |rules: &TierRules| {
            Limiter::new(Rate::new(rules.orders_per_second.into(), 1, rules.order_burst.into()))
        };
        Self {
            hash: RandomState::new(),
            anonymous: Limiter::new(limits.anonymous),
            reads: Limiter::new(limits.reads),
            exits: Limiter::new(limits.exits),
            admin: Limiter::new(limits.admin),
            registrations: Limiter::new(limits.registrations),
            refreshes: Limiter::new(limits.refreshes),
            webhooks: Limiter::new(limits.webhooks),
            orders: tiers.iter().map(of_tier).collect(),
        }
    }

    fn key(&self, of: impl Hash) -> u64 {
        self.hash.hash_one(of)
    }

    /// A request of nobody known.
    pub(crate) fn anonymous(&self, origin: Origin) -> Result<(), Problem> {
        self.anonymous.check(self.key(origin))
    }
    /// A read or a change of settings.
    pub(crate) fn read(&self, user: UserId) -> Result<(), Problem> {
        self.reads.check(self.key(user))
    }
    /// An order that may open risk: by the tier's figures; the first tier's where it is not known.
    pub(crate) fn order(&self, user: UserId, tier: Option<Tier>) -> Result<(), Problem> {
        match self.orders.get(tier.map_or(0, |tier| tier as usize)) {
            Some(limiter) => limiter.check(self.key(user)),
            None => Ok(()),
        }
    }
    /// A sale, a cancel, a kill switch: its own budget, so that entries cannot use it up.
    pub(crate) fn exit(&self, user: UserId) -> Result<(), Problem> {
        self.exits.check(self.key(user))
    }
    /// An admin's request.
    pub(crate) fn admin(&self, user: UserId) -> Result<(), Problem> {
        self.admin.check(self.key(user))
    }
    /// A registration.
    pub(crate) fn registration(&self, origin: Origin) -> Result<(), Problem> {
        self.registrations.check(self.key(origin))
    }
    /// A webhook, whoever sent it: a budget of its own, so that a flood takes nothing from others.
    pub(crate) fn webhook(&self, origin: Origin) -> Result<(), Problem> {
        self.webhooks.check(self.key(origin))
    }
    /// A refresh of one session.
    pub(crate) fn refresh(&self, session: u128) -> Result<(), Problem> {
        self.refreshes.check(self.key(session))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_waits() {
        let limiter = Limiter::new(Rate::new(1, 3_600, 3));
        for _ in 0..3 {
            assert_eq!(limiter.check(1), Ok(()));
        }
        let refused = limiter.check(1).unwrap_err();
        assert_eq!(refused.retry_after, Some(3600));
        assert_eq!(limiter.check(2), Ok(()));
    }

    #[test]
    fn the_table_of_keys_is_bounded() {
        let limiter = Limiter::new(Rate::new(1, 3_600, 1));
        for key in 0..(MOST_KEYS as u64 + 20_000) {
            let _ = limiter.check(key.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
        assert!(limiter.rates.len() <= MOST_KEYS + SHARED_BUCKETS as usize);
    }
}
