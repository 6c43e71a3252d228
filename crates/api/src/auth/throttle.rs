//! How often a password may be tried: per account and address, per account, and
//! how many accounts per address. An attempt counts before its password is checked, so that many at
//! once gain nothing. Unknown accounts count like known ones. Nothing locks for good: sessions that
//! exist are left alone, and where an account has logged in before, guesses made elsewhere delay nobody.

use crate::address::Origin;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);
/// Failures of one account from one address within the window, then 429.
const FAILURES: usize = 10;
const FAILURES_WINDOW: Duration = Duration::from_secs(15 * 60);
/// Delays begin with this failure of an account in a row, from wherever: 1, 2, 4 ... 60 seconds.
const FREE_FAILURES: u32 = 5;
/// From this failure in a row an account takes one attempt an hour.
const STREAK_MOST: u32 = 100;
/// Accounts that one address may try in vain within the window.
const ACCOUNTS: usize = 30;
const ACCOUNTS_WINDOW: Duration = Duration::from_secs(10 * 60);
/// Rows of one table; the longest untouched half goes when it is full.
const CAPACITY: usize = 65_536;

struct Table<V> {
    rows: HashMap<u64, (V, Instant)>,
}

impl<V: Default> Table<V> {
    fn row(&mut self, key: u64, now: Instant) -> &mut V {
        if self.rows.len() >= CAPACITY && !self.rows.contains_key(&key) {
            let mut touched: Vec<Instant> = self.rows.values().map(|row| row.1).collect();
            let (_, &mut median, _) = touched.select_nth_unstable(CAPACITY / 2);
            let mut excess = CAPACITY / 2;
            self.rows.retain(|_, row| {
                let goes = row.1 <= median && excess > 0;
                excess -= usize::from(goes);
                !goes
            });
        }
        let row = self.rows.entry(key).or_insert_with(|| (V::default(), now));
        row.1 = now;
        &mut row.0
    }
}

/// What is known of the address that an attempt comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing bad.
    Clean,
    /// Attempts of the last minutes were in vain.
    Doubtful,
}

/// An attempt that was let through and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) standing: Standing,
    account: u64,
    address: u64,
    pair: u64,
    /// Is it the address's first of this account?
    first: bool,
}

/// An account's failures in a row.
#[derive(Default)]
struct Streak {
    failures: u32,
    not_before: Option<Instant>,
}

struct Tables {
    pairs: Table<Vec<Instant>>,
    /// By account; by pair where the account has logged in before.
    streaks: Table<Streak>,
    addresses: Table<Vec<(u64, Instant)>>,
    /// Pairs that have logged in.
    known: Table<()>,
}

impl Tables {
    fn streak(&self, account: u64, pair: u64) -> u64 {
        if self.known.rows.contains_key(&pair) { pair } else { account }
    }
}

/// The memory of failed logins.
pub(crate) struct Throttle {
    hash: RandomState,
    tables: Mutex<Tables>,
}

impl Default for Throttle {
    fn default() -> Self {
        let tables = Tables {
            pairs: Table { rows: HashMap::new() },
            streaks: Table { rows: HashMap::new() },
            addresses: Table { rows: HashMap::new() },
            known: Table { rows: HashMap::new() },
        };
        Self { hash: RandomState::new(), tables: Mutex::new(tables) }
    }
}

fn seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX).max(1)
}

fn delay(failures: u32) -> Duration {
    match failures {
        n if n < FREE_FAILURES => Duration::ZERO,
        n if n >= STREAK_MOST => 60 * MINUTE,
        n => Duration::from_secs(1 << (n - FREE_FAILURES).min(6)).min(MINUTE),
    }
}

impl Throttle {
    /// Counts an attempt, or says for how many seconds there may be none.
    pub(crate) fn attempt(
        &self,
        email: &str,
        origin: Origin,
        now: Instant,
    ) -> Result<Attempt, u32> {
        let account = self.hash.hash_one(email);
        let address = self.hash.hash_one(origin);
        let pair = self.hash.hash_one((account, address));
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);

        let tried = tables.addresses.row(address, now);
        tried.retain(|(_, at)| now.duration_since(*at) < ACCOUNTS_WINDOW);
        let standing = if tried.is_empty() { Standing::Clean } else { Standing::Doubtful };
        let known = tried.iter().any(|(other, _)| *other == account);
        if let Some((_, oldest)) = tried.first().filter(|_| !known && tried.len() >= ACCOUNTS) {
            return Err(seconds(ACCOUNTS_WINDOW - now.duration_since(*oldest)));
        }
        if !known {
            tried.push((account, now));
        }

        let failures = tables.pairs.row(pair, now);
        failures.retain(|at| now.duration_since(*at) < FAILURES_WINDOW);
        if let Some(oldest) = failures.first().filter(|_| failures.len() >= FAILURES) {
            return Err(seconds(FAILURES_WINDOW - now.duration_since(*oldest)));
        }

        let streak = tables.streak(account, pair);
        let streak = tables.streaks.row(streak, now);
        if let Some(until) = streak.not_before.filter(|until| now < *until) {
            return Err(seconds(until - now));
        }
        streak.failures = streak.failures.saturating_add(1);
        streak.not_before = Some(now + delay(streak.failures));
        tables.pairs.row(pair, now).push(now);
        Ok(Attempt { standing, account, address, pair, first: !known })
    }

    /// The password was right: what was counted here is forgotten, and the pair remembered.
    pub(crate) fn succeeded(&self, attempt: &Attempt, now: Instant) {
        let Attempt { account, address, pair, .. } = *attempt;
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let streak = tables.streak(account, pair);
        tables.streaks.rows.remove(&streak);
        tables.pairs.rows.remove(&pair);
        if let Some((tried, _)) = tables.addresses.rows.get_mut(&address) {
            tried.retain(|(other, _)| *other != account);
        }
        tables.known.row(pair, now);
    }

    /// The password was not looked at: nothing is counted.
    pub(crate) fn unjudged(&self, attempt: &Attempt) {
        let Attempt { account, address, pair, first, .. } = *attempt;
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let streak = tables.streak(account, pair);
        if let Some((streak, _)) = tables.streaks.rows.get_mut(&streak) {
            streak.failures = streak.failures.saturating_sub(1);
            streak.not_before = None;
        }
        if let Some((failures, _)) = tables.pairs.rows.get_mut(&pair) {
            failures.pop();
        }
        if let Some((tried, _)) = tables.addresses.rows.get_mut(&address).filter(|_| first) {
            tried.retain(|(other, _)| *other != account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Standing::{Clean, Doubtful};
    use std::net::{IpAddr, Ipv4Addr};

    fn from(n: u32) -> Origin {
        Origin(IpAddr::V4(Ipv4Addr::from_bits(n)))
    }

    fn attempt(of: &Throttle, email: &str, from: Origin, now: Instant) -> Result<Standing, u32> {
        of.attempt(email, from, now).map(|attempt| attempt.standing)
    }

    fn login(of: &Throttle, email: &str, from: Origin, now: Instant) {
        of.succeeded(&of.attempt(email, from, now).unwrap(), now);
    }

    #[test]
    fn delays_begin_at_the_fifth_failure_and_grow_to_a_minute() {
        let (throttle, mut now) = (Throttle::default(), Instant::now());
        assert_eq!(attempt(&throttle, "a", from(1), now), Ok(Clean));
        for _ in 0..4 {
            assert_eq!(attempt(&throttle, "a", from(1), now), Ok(Doubtful));
        }
        assert_eq!(attempt(&throttle, "a", from(2), now), Err(1), "whatever the address");
        for (n, wait) in [1u64, 2, 4, 8, 16, 32, 60, 60].into_iter().enumerate() {
            let address = from(10 + n as u32);
            assert_eq!(attempt(&throttle, "a", address, now), Err(wait as u32));
            now += Duration::from_secs(wait);
            assert!(attempt(&throttle, "a", address, now).is_ok());
        }
        login(&throttle, "a", from(1), now + MINUTE);
        assert_eq!(attempt(&throttle, "a", from(1), now + MINUTE), Ok(Clean));
    }

    #[test]
    fn an_owner_who_has_been_there_is_not_delayed_by_guesses_from_elsewhere() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let owner = from(1);
        login(&throttle, "a", owner, now);
        for n in 0..5 {
            assert_eq!(attempt(&throttle, "a", from(10 + n), now), Ok(Clean));
        }
        assert_eq!(attempt(&throttle, "a", from(20), now), Err(1));
        login(&throttle, "a", owner, now);
        assert_eq!(attempt(&throttle, "a", from(20), now), Err(1), "and frees no guesses");
        for _ in 0..5 {
            assert!(attempt(&throttle, "a", owner, now).is_ok());
        }
        assert_eq!(attempt(&throttle, "a", owner, now), Err(1), "delays of its own");
    }

    #[test]
    fn ten_failures_from_one_address_close_the_window() {
        let (throttle, began) = (Throttle::default(), Instant::now());
        let mut now = began;
        for _ in 0..10 {
            now += MINUTE;
            assert!(attempt(&throttle, "a", from(1), now).is_ok());
        }
        now += MINUTE;
        let wait = seconds(began + MINUTE + FAILURES_WINDOW - now);
        assert_eq!(attempt(&throttle, "a", from(1), now), Err(wait));
        assert_eq!(attempt(&throttle, "a", from(2), now), Ok(Clean), "the owner elsewhere may try");
        now += Duration::from_secs(wait.into());
        assert!(attempt(&throttle, "a", from(1), now).is_ok());
    }

    #[test]
    fn an_address_may_try_thirty_accounts() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for n in 0..30 {
            assert!(attempt(&throttle, &format!("u{n}"), from(1), now).is_ok());
        }
        assert_eq!(attempt(&throttle, "u30", from(1), now), Err(600));
        assert!(attempt(&throttle, "u0", from(1), now).is_ok(), "an account it has tried already");
        let later = now + ACCOUNTS_WINDOW;
        assert_eq!(attempt(&throttle, "u30", from(1), later), Ok(Clean));
    }

    #[test]
    fn an_office_may_log_in_as_often_as_it_has_people() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for n in 0..100 {
            assert_eq!(attempt(&throttle, &format!("u{n}"), from(1), now), Ok(Clean));
            login(&throttle, &format!("u{n}"), from(1), now);
        }
    }

    #[test]
    fn an_attempt_that_nobody_judged_does_not_count() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..100 {
            let attempt = throttle.attempt("a", from(1), now).unwrap();
            assert_eq!(attempt.standing, Clean);
            throttle.unjudged(&attempt);
        }
    }

    #[test]
    fn after_a_hundred_failures_one_attempt_an_hour() {
        let (throttle, mut now) = (Throttle::default(), Instant::now());
        for n in 0..100 {
            now += MINUTE;
            assert_eq!(attempt(&throttle, "a", from(n), now), Ok(Clean));
        }
        assert_eq!(attempt(&throttle, "a", from(200), now), Err(3600));
    }

    #[test]
    fn the_tables_are_bounded() {
        let mut table: Table<u8> = Table { rows: HashMap::new() };
        let now = Instant::now();
        for n in 0..200_000u64 {
            table.row(n, now + Duration::from_micros(n));
        }
        assert!(table.rows.len() <= CAPACITY);
        assert!(table.rows.contains_key(&199_999) && !table.rows.contains_key(&0));
    }
}
