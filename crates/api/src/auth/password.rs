//! Passwords: Argon2id with m = 19 MiB, t = 2, p = 1 (OWASP), on threads that step back behind those that serve, as
//! many at once as there are cores and 32 waiting. Attempts from doubtful addresses have half of the cores and a
//! short queue, so that a storm of guesses leaves room for everybody else, and orders do not notice it. NFKC before
//! hashing, so that one password typed on two keyboards stays one; this is a deliberate deviation from "exactly as
//! received" (ASVS 6.2.8).

use super::blocklist;
use super::throttle::Standing;
use crate::error::Problem;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SHORTEST: usize = 15;
const LONGEST: usize = 256;
const WAITING: usize = 32;
const DOUBTFUL_WAITING: usize = 4;
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// What unknown users' passwords are hashed with: the same work, and nothing to find.
const NOBODYS_SALT: [u8; 16] = *b"nobody's salt 16";

/// Hashes and checks passwords without stopping everything else.
pub(crate) struct Hasher {
    all: Lane,
    /// Passed by doubtful attempts before the lane of all.
    doubtful: Lane,
    /// What a thread does before it hashes.
    step_back: fn(),
}

/// So many at once, and so many more that wait.
struct Lane {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

impl Lane {
    fn new(at_once: usize, waiting: usize) -> Self {
        let admitted = Arc::new(Semaphore::new(at_once + waiting));
        Self { running: Arc::new(Semaphore::new(at_once)), admitted }
    }

    /// Waits for a turn, which lasts as long as what is given; a full queue is a problem.
    async fn enter(&self) -> Result<[OwnedSemaphorePermit; 2], Problem> {
        const FULL: Problem = Problem::unavailable("busy", "too many logins at once; try again", 1);
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| FULL)?;
        let waiting = Arc::clone(&self.running).acquire_owned();
        let running = tokio::time::timeout(LONGEST_WAIT, waiting).await.map_err(|_| FULL)?;
        Ok([admitted, running.map_err(|_| FULL)?])
    }
}

fn argon() -> Option<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(32)).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn normal(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfkc().collect())
}

/// A password that may not be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password {0}")]
pub struct Unusable(pub(crate) &'static str);

/// Why a password cannot be chosen for an account with this address.
pub(crate) fn check(password: &str, email: &str) -> Result<(), Unusable> {
    let normal = normal(password);
    let length = normal.chars().take(LONGEST + 1).count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        return Err(Unusable("must have 15 to 256 characters"));
    }
    if blocklist::is_guessable(&normal, email) {
        return Err(Unusable("is too easy to guess; choose several unrelated words"));
    }
    Ok(())
}

/// Hashes a password in PHC form with this salt. Blocks for some 30 ms: for commands, not for
/// handlers.
///
/// # Errors
/// [`Unusable`] when the password may not be chosen for this address.
pub fn hash_password(password: &str, email: &str, salt: [u8; 16]) -> Result<String, Unusable> {
    check(password, email)?;
    hash(&normal(password), &salt).ok_or(Unusable("cannot be hashed on this machine"))
}

fn hash(normal: &str, salt: &[u8]) -> Option<String> {
    let hash: PasswordHash = argon()?.hash_password_with_salt(normal.as_bytes(), salt).ok()?;
    Some(hash.to_string())
}

/// Does the password belong to the hash? Without a hash the same work is done for nothing.
fn matches(normal: &str, stored: Option<&str>) -> bool {
    let Some(argon) = argon() else { return false };
    match stored.map(PasswordHash::new) {
        Some(Ok(stored)) => argon.verify_password(normal.as_bytes(), &stored).is_ok(),
        Some(Err(_)) | None => {
            std::hint::black_box(hash(normal, &NOBODYS_SALT));
            false
        }
    }
}

/// Was the hash made with less than today's parameters?
pub(crate) fn is_outdated(stored: &str) -> bool {
    let Ok(stored) = PasswordHash::new(stored) else {
        return true;
    };
    let Ok(params) = Params::try_from(&stored) else {
        return true;
    };
    params.m_cost() < MEMORY_KIB || params.t_cost() < PASSES
}

impl Hasher {
    pub(crate) fn new(cores: usize, step_back: fn()) -> Self {
        let cores = cores.clamp(1, 64);
        let doubtful = Lane::new(cores.div_ceil(2), DOUBTFUL_WAITING);
        Self { all: Lane::new(cores, WAITING), doubtful, step_back }
    }

    async fn work<T: Send + 'static>(
        &self,
        standing: Standing,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let doubtful = match standing {
            Standing::Clean => None,
            Standing::Doubtful => Some(self.doubtful.enter().await?),
        };
        let turn = self.all.enter().await?;
        let step_back = self.step_back;
        let (tell, told) = oneshot::channel();
        // A thread of its own, since one that has stepped back never comes forward again; beside the work it costs
        // nothing. The turn goes with it: a caller who leaves does not make room while a core is still busy.
        let hashing = move || {
            step_back();
            let result = work();
            drop((turn, doubtful));
            // A caller who left needs no answer.
            let _ = tell.send(result);
        };
        let thread = std::thread::Builder::new().name("password".to_owned()).spawn(hashing);
        thread.map_err(|_| Problem::unavailable("busy", "no thread is free; try again", 1))?;
        told.await.map_err(|_| Problem::internal())
    }

    /// Checks a password; `None` stands for an unknown user.
    pub(crate) async fn verify(
        &self,
        password: Zeroizing<String>,
        stored: Option<String>,
        standing: Standing,
    ) -> Result<bool, Problem> {
        self.work(standing, move || {
            let fits = password.chars().take(LONGEST + 1).count() <= LONGEST;
            let shown = if fits { normal(&password) } else { Zeroizing::default() };
            matches(&shown, stored.as_deref()) && fits
        })
        .await
    }

    /// Hashes a password that may be chosen.
    pub(crate) async fn hash(
        &self,
        password: Zeroizing<String>,
        salt: [u8; 16],
    ) -> Result<String, Problem> {
        let hashed = self.work(Standing::Clean, move || hash(&normal(&password), &salt)).await?;
        hashed.ok_or(Problem::internal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn a_hash_has_the_parameters_and_fits_its_password_only() {
        let stored = hash_password("secure_password", "user@example.com", [7; 16]).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(matches("secure_password", Some(&stored)));
        assert!(!matches("secure_passwore", Some(&stored)));
        assert!(!matches("secure_password", None));
        assert!(!matches("secure_password", Some("not a hash")));
        assert!(!is_outdated(&stored));
        assert!(is_outdated(&stored.replace("m=19456", "m=8192")));
    }

    #[test]
    fn one_password_in_two_spellings_is_one() {
        let composed = hash_password("caf\u{e9} au lait pour tous", "a@b.c", [7; 16]).unwrap();
        let decomposed = hash_password("cafe\u{301} au lait pour tous", "a@b.c", [7; 16]).unwrap();
        assert_eq!(composed, decomposed);
    }

    #[test]
    fn length_is_counted_in_characters() {
        let check = |text: &str| check(text, "a@b.c");
        assert!(check("fourteen chars").is_err());
        assert_eq!(check("fifteen chars!!"), Ok(()));
        assert!(check(&"xy7 q".repeat(52)).is_err());
        assert_eq!(
            check(concat!(
                "\u{65e5}\u{672c}\u{8a9e}\u{306e}\u{9577}\u{3044}\u{5408}\u{8a00}",
                "\u{8449}\u{3092}\u{4f7f}\u{3046}\u{306e}\u{3060}\u{3088}"
            )),
            Ok(())
        );
    }

    #[tokio::test]
    async fn a_thread_steps_back_before_it_hashes() {
        static STEPS: AtomicUsize = AtomicUsize::new(0);
        let step = || {
            STEPS.fetch_add(1, Ordering::SeqCst);
        };
        let hasher = Hasher::new(1, step);
        for _ in 0..2 {
            let none = hasher.verify(Zeroizing::new("x".into()), None, Standing::Clean).await;
            assert_eq!(none, Ok(false));
        }
        assert_eq!(STEPS.load(Ordering::SeqCst), 2, "each is a new thread");
    }

    #[tokio::test]
    async fn a_full_queue_answers_busy() {
        let hasher = Hasher::new(1, || {});
        let verify = |standing| hasher.verify(Zeroizing::new("x".into()), None, standing);
        let admitted = &hasher.all.admitted;
        let all = Arc::clone(admitted).acquire_many_owned(1 + WAITING as u32).await.unwrap();
        let refused = verify(Standing::Clean).await.unwrap_err();
        assert_eq!((refused.code, refused.retry_after), ("busy", Some(1)));
        drop(all);
        assert_eq!(verify(Standing::Clean).await, Ok(false));
        let admitted = &hasher.doubtful.admitted;
        let _all =
            Arc::clone(admitted).acquire_many_owned(1 + DOUBTFUL_WAITING as u32).await.unwrap();
        assert_eq!(verify(Standing::Doubtful).await.unwrap_err().code, "busy");
        assert_eq!(verify(Standing::Clean).await, Ok(false), "room for everybody else");
    }
}
