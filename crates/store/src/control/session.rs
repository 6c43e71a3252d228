//! Sessions: begun, refreshed by exchanging single-use tokens, ended as a family.
//!
//! A session is alive before both of its ends: `expires_at`, which never moves, and the end of its idle time,
//! which each exchange moves. An exchanged token that is seen again ends its session; there is no grace.

use super::{bytes, id_of, is_orphan};
use crate::error::Fault;
use nija_core::ports::control::{ControlError, Rotation, Session};
use nija_core::words::id::UserId;
use nija_core::words::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

/// Sessions of one user at a time; the oldest ends first.
const SESSIONS_MOST: u32 = 10;
/// How many dead sessions of anybody a login clears away.
const CLEARED: u32 = 32;

const INSERT: &str = "INSERT INTO session (id, user, refresh, created_at, used_at, idle_until, expires_at) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)";
const CLEAR: &str = "DELETE FROM session WHERE id IN (SELECT id FROM session \
     WHERE min(idle_until, expires_at) <= ?1 ORDER BY min(idle_until, expires_at) LIMIT ?2)";
const CLEAR_OF_USER: &str =
    "DELETE FROM session WHERE user = ?1 AND min(idle_until, expires_at) <= ?2";
const CROWD_OUT: &str = "DELETE FROM session WHERE id IN (SELECT id FROM session WHERE user = ?1 \
     ORDER BY created_at DESC, rowid DESC LIMIT -1 OFFSET ?2)";
const ONE: &str = "SELECT id, user, refresh, created_at, used_at, expires_at FROM session \
     WHERE id = ?1 AND min(idle_until, expires_at) > ?2";
const OF_USER: &str = "SELECT id, user, refresh, created_at, used_at, expires_at FROM session \
     WHERE user = ?1 AND min(idle_until, expires_at) > ?2 ORDER BY created_at DESC, rowid DESC";
const BY_TOKEN: &str = "SELECT id, user, refresh, created_at, used_at, expires_at, idle_until FROM session \
     WHERE refresh = ?1";
const SPENT: &str = "SELECT s.id, s.user FROM spent_token t JOIN session s ON s.id = t.session \
     WHERE t.refresh = ?1";
const END: &str = "DELETE FROM session WHERE id = ?1";
const EXCHANGE: &str =
    "UPDATE session SET refresh = ?2, used_at = ?3, idle_until = min(?4, expires_at) WHERE id = ?1";

/// One refresh: the token handed in, the next one, and until when that may wait.
pub(super) struct Exchange {
    pub(super) old: [u8; 32],
    pub(super) new: [u8; 32],
    pub(super) now: Timestamp,
    pub(super) idle_until: Timestamp,
}

pub(super) fn begin(
    transaction: &Transaction<'_>,
    session: &Session,
    now: Timestamp,
) -> Result<(), Fault> {
    let user = bytes(session.user.0);
    transaction.prepare_cached(CLEAR_OF_USER)?.execute((user, now.0))?;
    transaction.prepare_cached(CLEAR)?.execute((now.0, CLEARED))?;
    let begun = transaction.prepare_cached(INSERT)?.execute((
        bytes(session.id),
        user,
        &session.refresh,
        session.created_at.0,
        session.used_at.0,
        session.expires_at.0,
    ));
    match begun {
        Err(e) if is_orphan(&e) => return Err(ControlError::NotFound.into()),
        other => other?,
    };
    transaction.prepare_cached(CROWD_OUT)?.execute((user, SESSIONS_MOST))?;
    Ok(())
}

pub(super) fn one(
    connection: &Connection,
    id: u128,
    now: Timestamp,
) -> Result<Option<Session>, Fault> {
    let mut statement = connection.prepare_cached(ONE)?;
    Ok(statement.query_row((bytes(id), now.0), session_of).optional()?)
}

pub(super) fn of_user(
    connection: &Connection,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<Session>, Fault> {
    let mut statement = connection.prepare_cached(OF_USER)?;
    let rows = statement.query_map((bytes(user.0), now.0), session_of)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn rotate(
    transaction: &Transaction<'_>,
    exchange: &Exchange,
) -> Result<Rotation, Fault> {
    let Exchange { old, new, now, idle_until } = exchange;
    let found = transaction
        .prepare_cached(BY_TOKEN)?
        .query_row([old], |row| Ok((session_of(row)?, Timestamp(row.get(6)?))))
        .optional()?;
    let Some((session, idle_end)) = found else {
        return reused(transaction, old);
    };
    // A session that was never refreshed has no idle end yet: the span allowed now counts from its last use.
    let idle = now.since(session.used_at) > idle_until.since(*now);
    if *now >= session.expires_at || *now >= idle_end || idle {
        transaction.prepare_cached(END)?.execute([bytes(session.id)])?;
        return Ok(Rotation::Unknown);
    }
    transaction
        .prepare_cached("INSERT INTO spent_token (refresh, session) VALUES (?1, ?2)")?
        .execute((old, bytes(session.id)))?;
    transaction.prepare_cached(EXCHANGE)?.execute((bytes(session.id), new, now.0, idle_until.0))?;
    Ok(Rotation::Rotated(Session { refresh: *new, used_at: *now, ..session }))
}

/// A token that is valid no more: spent, then its session ends, or never seen.
fn reused(transaction: &Transaction<'_>, old: &[u8; 32]) -> Result<Rotation, Fault> {
    let spent = transaction
        .prepare_cached(SPENT)?
        .query_row([old], |row| Ok((id_of(row, 0)?, UserId(id_of(row, 1)?))))
        .optional()?;
    let Some((session, user)) = spent else {
        return Ok(Rotation::Unknown);
    };
    transaction.prepare_cached(END)?.execute([bytes(session)])?;
    Ok(Rotation::Reused(user))
}

fn session_of(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: id_of(row, 0)?,
        user: UserId(id_of(row, 1)?),
        refresh: row.get(2)?,
        created_at: Timestamp(row.get(3)?),
        used_at: Timestamp(row.get(4)?),
        expires_at: Timestamp(row.get(5)?),
    })
}
