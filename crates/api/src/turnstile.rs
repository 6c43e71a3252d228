//! Who may send something large: a few at once a user, and so a bounded number in all. Users share a row of
//! counters by a keyed hash, so that nobody chooses whose counter is used up.

use crate::error::Problem;
use nija_core::words::id::UserId;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const COUNTERS: u64 = 64;
const AT_ONCE: usize = 4;

/// The row of counters.
pub(crate) struct Turnstile {
    hash: RandomState,
    counters: Vec<Arc<Semaphore>>,
}

/// Somebody is inside until this is dropped.
pub(crate) struct Pass {
    _held: OwnedSemaphorePermit,
}

impl Default for Turnstile {
    fn default() -> Self {
        let counter = |_| Arc::new(Semaphore::new(AT_ONCE));
        Self { hash: RandomState::new(), counters: (0..COUNTERS).map(counter).collect() }
    }
}

impl Turnstile {
    /// Lets a user in, or says `busy`.
    pub(crate) fn enter(&self, user: UserId) -> Result<Pass, Problem> {
        const FULL: Problem = Problem::unavailable(
            "busy",
            "other batches of yours are on their way; ask again with the same Idempotency-Key",
            1,
        );
        let at = usize::try_from(self.hash.hash_one(user) % COUNTERS).unwrap_or(0);
        let counter = self.counters.get(at).ok_or(FULL)?;
        let held = Arc::clone(counter).try_acquire_owned().map_err(|_| FULL)?;
        Ok(Pass { _held: held })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_fills_no_more_than_a_counter() {
        let turnstile = Turnstile::default();
        let inside: Vec<Pass> = (0..AT_ONCE).map(|_| turnstile.enter(UserId(1)).unwrap()).collect();
        assert_eq!(turnstile.enter(UserId(1)).err().map(|p| p.code), Some("busy"));
        let others = (2..1_000).filter(|&n| turnstile.enter(UserId(n)).is_ok()).count();
        assert!(others > 900, "{others}");
        drop(inside);
        assert!(turnstile.enter(UserId(1)).is_ok());
    }
}
