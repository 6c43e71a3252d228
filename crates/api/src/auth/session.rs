//! Sessions behind the tokens: begun at login, refreshed by opaque rotating tokens, looked up per
//! request through a bounded cache of five seconds. What is ended on this node is ended at once.

use super::Principal;
use super::token::{Bearer, LIFE, session as session_id};
use crate::error::Problem;
use crate::state::App;
use axum::http::StatusCode;
use nija_core::ports::control::{Rotation, Session, User};
use nija_core::words::id::UserId;
use nija_core::words::tier::Tier;
use nija_core::words::time::{Span, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Ends a session that was not refreshed for so long.
const IDLE: Span = Span::seconds(60 * 60);
/// Ends a session after so long, whatever happens.
pub(crate) const ABSOLUTE: Span = Span::DAY;
const FRESH: Duration = Duration::from_secs(5);
const SHARDS: usize = 16;
const SHARD_CAPACITY: usize = 8_192;

#[derive(Clone, Copy)]
struct Seen {
    principal: Principal,
    until: Instant,
}

/// Sessions seen within the last seconds.
#[derive(Default)]
pub(crate) struct Cache {
    shards: [Mutex<HashMap<u128, Seen>>; SHARDS],
    /// Grows with every revocation, so that a lookup begun before one cannot bring the session
    /// back.
    revocations: AtomicU64,
}

impl Cache {
    fn shard(&self, session: u128) -> MutexGuard<'_, HashMap<u128, Seen>> {
        // Session ids are random: the lowest bits spread them.
        let index = usize::try_from(session % SHARDS as u128).unwrap_or(0);
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, session: u128) -> Option<Principal> {
        let now = Instant::now();
        self.shard(session).get(&session).filter(|seen| now < seen.until).map(|seen| seen.principal)
    }

    fn put(&self, principal: Principal, revocations: u64) {
        let now = Instant::now();
        let mut shard = self.shard(principal.session);
        if self.revocations.load(Ordering::Acquire) != revocations {
            return;
        }
        if shard.len() >= SHARD_CAPACITY {
            shard.retain(|_, seen| now < seen.until);
        }
        if shard.len() >= SHARD_CAPACITY {
            // Forgetting costs a read each; searching the full shard again and again would cost
            // more.
            shard.clear();
        }
        shard.insert(principal.session, Seen { principal, until: now + FRESH });
    }

    pub(crate) fn remember_tier(&self, session: u128, tier: Tier) {
        if let Some(seen) = self.shard(session).get_mut(&session) {
            seen.principal.tier = Some(tier);
        }
    }

    /// Forgets one session.
    pub(crate) fn forget(&self, session: u128) {
        self.revocations.fetch_add(1, Ordering::AcqRel);
        self.shard(session).remove(&session);
    }

    /// Forgets all sessions of a user.
    pub(crate) fn forget_user(&self, user: UserId) {
        self.revocations.fetch_add(1, Ordering::AcqRel);
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.retain(|_, seen| seen.principal.user() != user);
        }
    }
}

fn is_alive(session: &Session, now: Timestamp) -> bool {
    now < session.expires_at
        && now < session.created_at.plus(ABSOLUTE)
        && now < session.used_at.plus(IDLE)
}

/// Who stands behind a live session.
pub(crate) async fn principal(app: &App, session: u128) -> Result<Principal, Problem> {
    if let Some(principal) = app.sessions.get(session) {
        return Ok(principal);
    }
    let revocations = app.sessions.revocations.load(Ordering::Acquire);
    let control = &app.doors.control;
    let session = control.session(session).await?.ok_or(Problem::unauthorized())?;
    if !is_alive(&session, app.now()) {
        return Err(Problem::unauthorized());
    }
    let user = control.user(session.user).await?.ok_or(Problem::unauthorized())?;
    let principal = Principal::new(&user, session.id);
    app.sessions.put(principal, revocations);
    Ok(principal)
}

/// Both tokens of a session.
pub(crate) struct Pair {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

fn hash(refresh: &str) -> [u8; 32] {
    Sha256::digest(refresh.as_bytes()).into()
}

/// The session's id and 256 random bits; only the whole is ever stored, as a hash.
fn refresh_token(app: &App, session: u128) -> Result<String, Problem> {
    let random = app.random::<32>()?;
    let mut token = format!("{session:032x}");
    for byte in random {
        token.push_str(&format!("{byte:02x}"));
    }
    Ok(token)
}

fn access_token(app: &App, user: UserId, session: u128) -> Result<String, Problem> {
    let id = u128::from_be_bytes(app.random()?);
    app.tokens.sign(Bearer { user, session }, id, app.now()).ok_or(Problem::internal())
}

/// Begins a session of a user whose password was right.
pub(crate) async fn begin(app: &App, user: &User) -> Result<Pair, Problem> {
    let id = u128::from_be_bytes(app.random()?);
    let now = app.now();
    let refresh = refresh_token(app, id)?;
    let access = access_token(app, user.id, id)?;
    let session = Session {
        id,
        user: user.id,
        refresh: hash(&refresh),
        created_at: now,
        used_at: now,
        expires_at: now.plus(ABSOLUTE),
    };
    app.doors.control.begin_session(session).await?;
    Ok(Pair { access, refresh })
}

const ENDED: Problem =
    Problem::new(StatusCode::UNAUTHORIZED, "session_ended", "this session is over; log in again");

/// Exchanges a refresh token. One that was used before ends its whole family.
pub(crate) async fn refresh(app: &App, token: &str) -> Result<(Pair, Session), Problem> {
    let shaped = token.len() == 96 && token.is_ascii();
    let id = token.get(..32).filter(|_| shaped).and_then(session_id).ok_or(ENDED)?;
    app.rates.refresh(id)?;
    let now = app.now();
    // Rotation moves the time of the last use, so rest is judged before it.
    let known = app.doors.control.session(id).await?;
    if !known.is_some_and(|session| is_alive(&session, now)) {
        return Err(ENDED);
    }
    let next = refresh_token(app, id)?;
    let rotation = app.doors.control.rotate(hash(token), hash(&next), now, now.plus(IDLE)).await?;
    match rotation {
        Rotation::Rotated(session) if session.id == id && is_alive(&session, now) => {
            let access = access_token(app, session.user, id)?;
            Ok((Pair { access, refresh: next }, session))
        }
        Rotation::Rotated(session) => {
            end(app, session.user, session.id).await?;
            Err(ENDED)
        }
        Rotation::Reused(user) => {
            app.sessions.forget_user(user);
            let subject = user.to_string();
            app.audit(Some(user), "refresh_reused", subject, String::new()).await?;
            tracing::warn!(%user, "a used refresh token came again; its session is ended");
            Err(ENDED)
        }
        Rotation::Unknown => Err(ENDED),
    }
}

/// Ends one session of a user, here and in the store.
pub(crate) async fn end(app: &App, user: UserId, session: u128) -> Result<(), Problem> {
    let ended = app.doors.control.end_session(user, session).await;
    app.sessions.forget(session);
    Ok(ended?)
}

/// Ends all sessions of a user but one.
pub(crate) async fn end_others(app: &App, user: UserId, keep: u128) -> Result<(), Problem> {
    let ended = app.doors.control.end_sessions(user, Some(keep)).await;
    app.sessions.forget_user(user);
    Ok(ended?)
}

/// How long an access token lives, seconds.
pub(crate) const ACCESS_LIFE: u64 = LIFE;

#[cfg(test)]
mod tests {
    use super::*;
    use nija_core::ports::control::Role;
    use nija_core::words::id::AccountId;

    fn principal(session: u128) -> Principal {
        let user = User {
            id: UserId(1),
            email: String::new(),
            password: String::new(),
            role: Role::User,
            account: AccountId(1),
            created_at: Timestamp(0),
            active: true,
        };
        Principal::new(&user, session)
    }

    #[tokio::test(start_paused = true)]
    async fn the_cache_forgets_after_five_seconds_and_at_once_when_told() {
        let cache = Cache::default();
        cache.put(principal(1), 0);
        cache.remember_tier(1, Tier::Baller);
        assert_eq!(cache.get(1).unwrap().tier, Some(Tier::Baller));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert!(cache.get(1).is_none());
        cache.put(principal(2), 0);
        cache.forget_user(UserId(1));
        assert!(cache.get(2).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_lookup_begun_before_a_revocation_does_not_bring_it_back() {
        let cache = Cache::default();
        let before = cache.revocations.load(Ordering::Acquire);
        cache.forget(1);
        cache.put(principal(1), before);
        assert!(cache.get(1).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn the_cache_is_bounded() {
        let cache = Cache::default();
        for n in 0..(SHARDS * SHARD_CAPACITY) as u128 * 2 {
            cache.put(principal(n), 0);
        }
        let held: usize = cache.shards.iter().map(|shard| shard.lock().unwrap().len()).sum();
        assert!(held <= SHARDS * SHARD_CAPACITY);
        assert!(cache.get((SHARDS * SHARD_CAPACITY) as u128 * 2 - 1).is_some());
    }
}
