//! What every handler shares: doors, settings, and the API's own small memories, all of them
//! bounded.

use crate::auth::password::Hasher;
use crate::auth::session::Cache;
use crate::auth::throttle::Throttle;
use crate::auth::token::Tokens;
use crate::board::Boards;
use crate::doors::Doors;
use crate::error::Problem;
use crate::limit::Rates;
use crate::meter::Meters;
use crate::settings::{Settings, WeakSecret};
use crate::turnstile::Turnstile;
use nija_core::ports::EntropyError;
use nija_core::ports::control::Audit;
use nija_core::words::id::UserId;
use nija_core::words::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Semaphore;

/// Statements that are made at once: each may hold a hundred thousand events.
const STATEMENTS: usize = 2;
/// Length of a request's id.
const REQUEST_ID: usize = 28;

/// The shared state.
pub(crate) type App = Arc<Shared>;

pub(crate) struct Shared {
    pub(crate) doors: Doors,
    pub(crate) settings: Settings,
    pub(crate) tokens: Tokens,
    pub(crate) sessions: Cache,
    pub(crate) hasher: Hasher,
    pub(crate) throttle: Throttle,
    pub(crate) rates: Rates,
    pub(crate) boards: Boards,
    /// Lists of orders on their way.
    pub(crate) lists: Turnstile,
    /// Statements that are being made.
    pub(crate) statements: Arc<Semaphore>,
    pub(crate) meters: Meters,
    request_prefix: String,
    requests: AtomicU64,
}

/// Why the API cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The secret is weak and this is no demo.
    #[error(transparent)]
    WeakSecret(#[from] WeakSecret),
    /// No chance, no ids.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The first token could not be signed and read back.
    #[error("access tokens cannot be signed; the cryptography backend is missing from this build")]
    Tokens,
    /// The description of the API could not be written.
    #[error("the description of the API cannot be written as JSON: {0}")]
    Description(#[from] serde_json::Error),
}

impl Shared {
    pub(crate) fn new(doors: Doors, settings: Settings) -> Result<App, SetupError> {
        if !settings.demo {
            Settings::check_secret(&settings.jwt_secret)?;
        }
        let mut prefix = [0; 8];
        doors.entropy.fill(&mut prefix)?;
        let previous = settings.jwt_previous.as_ref().map(|secret| secret.as_slice());
        let tokens = Tokens::new(&settings.jwt_secret, previous).ok_or(SetupError::Tokens)?;
        Ok(Arc::new(Self {
            tokens,
            sessions: Cache::default(),
            hasher: Hasher::new(settings.cores, settings.step_back),
            throttle: Throttle::default(),
            rates: Rates::new(&doors.tiers, &settings.rates),
            boards: Boards::default(),
            lists: Turnstile::default(),
            statements: Arc::new(Semaphore::new(STATEMENTS)),
            meters: Meters::default(),
            request_prefix: format!("{:016x}", u64::from_be_bytes(prefix)),
            requests: AtomicU64::new(0),
            doors,
            settings,
        }))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.doors.clock.now()
    }

    /// Unpredictable bytes.
    pub(crate) fn random<const N: usize>(&self) -> Result<[u8; N], Problem> {
        let mut bytes = [0; N];
        self.doors.entropy.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// A new id for the log and the caller; never one of the caller's choosing.
    pub(crate) fn request_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let mut id = String::with_capacity(REQUEST_ID);
        id.push_str(&self.request_prefix);
        let digit = |place: u32| char::from_digit((number >> (4 * place)) as u32 & 0xf, 16);
        id.extend((0..12).rev().filter_map(digit));
        id
    }

    /// Writes a line of the audit log; whoever must not act without one asks for its result.
    pub(crate) async fn audit(
        &self,
        actor: Option<UserId>,
        action: &str,
        subject: String,
        detail: String,
    ) -> Result<(), Problem> {
        let line = Audit { at: self.now(), actor, action: action.to_owned(), subject, detail };
        Ok(self.doors.control.audit(line).await?)
    }
}
