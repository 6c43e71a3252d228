//! Users, sessions, the audit log and the till in SQLite, beside the journal in one file, on connections of their own.
//!
//! Promises: a change and its audit line, or a token's exchange, are one transaction; nothing blocks an async
//! thread; ended sessions are never returned and are deleted when their owner or the next login passes by.

use crate::error::{Fault, is_damage};
use crate::sqlite::Owner;
use crate::sqlite::link::{Gate, Link, words};
use crate::sqlite::reserve::Reserve;
use nija_core::ports::control::{Audit, ControlError, Role, Rotation, Session, User};
use nija_core::ports::views::{Page, Row as Numbered};
use nija_core::ports::{Clock, Doing};
use nija_core::words::id::{AccountId, UserId};
use nija_core::words::time::Timestamp;
use rusqlite::{
    Connection, ErrorCode, OptionalExtension, Row, ToSql, Transaction, TransactionBehavior,
};
use std::sync::Arc;

mod session;
mod till;

/// The most lines that one read of the audit log gives.
const AUDIT_MOST: u32 = 1_000;
/// The most users on one page.
const USERS_MOST: u32 = 1_000;

const ADD_USER: &str = "INSERT INTO user (id, email, password, role, account, created_at, active) \
                        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const BY_EMAIL: &str =
    "SELECT id, email, password, role, account, created_at, active FROM user WHERE email = ?1";
const BY_ID: &str =
    "SELECT id, email, password, role, account, created_at, active FROM user WHERE id = ?1";
/// Rows keep the order in which they came.
const USERS: &str = "SELECT id, email, password, role, account, created_at, active, rowid FROM user \
                     WHERE rowid < ?1 ORDER BY rowid DESC LIMIT ?2";
const ADD_AUDIT: &str =
    "INSERT INTO audit (at, actor, action, subject, detail) VALUES (?1, ?2, ?3, ?4, ?5)";
const AUDIT_LOG: &str =
    "SELECT at, actor, action, subject, detail FROM audit ORDER BY number DESC LIMIT ?1";

/// Control data in SQLite.
pub struct Control {
    writer: Link,
    reader: Link,
    gate: Gate,
    clock: Arc<dyn Clock>,
    /// With the lock of the owner.
    owned: Option<(Arc<Reserve>, Arc<Owner>)>,
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").finish_non_exhaustive()
    }
}

impl Control {
    pub(crate) fn on(
        (writer, reader): (Link, Link),
        gate: Gate,
        clock: Arc<dyn Clock>,
        owned: Option<(Arc<Reserve>, Arc<Owner>)>,
    ) -> Self {
        Self { writer, reader, gate, clock, owned }
    }

    /// Runs `work` in a transaction that is durable when this answers. On a full disk it lives on the reserve:
    /// without a session nobody could sell.
    fn write<'a, T: Send + 'static>(
        &'a self,
        work: impl Fn(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Doing<'a, Result<T, ControlError>> {
        let gate = self.gate.clone();
        let reserve = self.owned.as_ref().map(|(reserve, _)| Arc::clone(reserve));
        let done = self.writer.call(move |connection| {
            let _turn = gate.enter()?;
            let mut done = transact(connection, &work);
            if done.as_ref().is_err_and(Fault::is_full) && reserve.is_some_and(|r| r.give_up()) {
                done = transact(connection, &work);
            }
            if let Err(Fault::Sqlite(e)) = &done
                && is_doubtful(e)
            {
                gate.close(&words(connection, e));
            }
            done
        });
        Box::pin(async move { Ok(done.await?) })
    }

    fn read<'a, T: Send + 'static>(
        &'a self,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Doing<'a, Result<T, ControlError>> {
        let done = self.reader.call(move |connection| work(connection));
        Box::pin(async move { Ok(done.await?) })
    }
}

fn transact<T>(
    connection: &mut Connection,
    work: impl Fn(&Transaction<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let told = work(&transaction)?;
    transaction.commit()?;
    Ok(told)
}

/// Does a failed write leave it open what stands on the disk?
fn is_doubtful(e: &rusqlite::Error) -> bool {
    is_damage(e) || e.sqlite_error_code() == Some(ErrorCode::SystemIoFailure)
}

/// A 128-bit id as its column keeps it.
const fn bytes(id: u128) -> [u8; 16] {
    id.to_be_bytes()
}

fn id_of(row: &Row<'_>, column: usize) -> rusqlite::Result<u128> {
    row.get(column).map(u128::from_be_bytes)
}

/// Runs a change that must touch a row.
fn change(
    transaction: &Transaction<'_>,
    sql: &str,
    parameters: &[&dyn ToSql],
) -> Result<(), Fault> {
    match transaction.prepare_cached(sql)?.execute(parameters)? {
        0 => Err(ControlError::NotFound.into()),
        _ => Ok(()),
    }
}

fn write_audit(transaction: &Transaction<'_>, line: &Audit) -> Result<(), Fault> {
    transaction.prepare_cached(ADD_AUDIT)?.execute((
        line.at.0,
        line.actor.map(|actor| bytes(actor.0)),
        &line.action,
        &line.subject,
        &line.detail,
    ))?;
    Ok(())
}

fn insert_user(transaction: &Transaction<'_>, user: &User) -> Result<(), Fault> {
    if transaction.prepare_cached(BY_EMAIL)?.exists([&user.email])? {
        return Err(ControlError::EmailTaken.into());
    }
    transaction.prepare_cached(ADD_USER)?.execute((
        bytes(user.id.0),
        &user.email,
        &user.password,
        role_word(user.role),
        bytes(user.account.0),
        user.created_at.0,
        user.active,
    ))?;
    let line = Audit {
        at: user.created_at,
        actor: Some(user.id),
        action: "user_added".to_owned(),
        subject: user.id.to_string(),
        detail: format!("role {}, account {}", role_word(user.role), user.account),
    };
    write_audit(transaction, &line)
}

const fn role_word(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Admin => "admin",
    }
}

fn user_of(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: UserId(id_of(row, 0)?),
        email: row.get(1)?,
        password: row.get(2)?,
        // The column's check admits these two words only.
        role: if row.get_ref(3)?.as_str()? == "admin" { Role::Admin } else { Role::User },
        account: AccountId(id_of(row, 4)?),
        created_at: Timestamp(row.get(5)?),
        active: row.get(6)?,
    })
}

fn audit_of(row: &Row<'_>) -> rusqlite::Result<Audit> {
    let actor: Option<[u8; 16]> = row.get(1)?;
    Ok(Audit {
        at: Timestamp(row.get(0)?),
        actor: actor.map(|id| UserId(u128::from_be_bytes(id))),
        action: row.get(2)?,
        subject: row.get(3)?,
        detail: row.get(4)?,
    })
}

impl nija_core::ports::control::Control for Control {
    fn add_user(&self, user: User) -> Doing<'_, Result<(), ControlError>> {
        self.write(move |transaction| insert_user(transaction, &user))
    }

    fn activate(&self, user: UserId) -> Doing<'_, Result<(), ControlError>> {
        self.write(move |t| {
            change(t, "UPDATE user SET active = 1 WHERE id = ?1", &[&bytes(user.0)])
        })
    }

    fn user_by_email<'a>(
        &'a self,
        email: &'a str,
    ) -> Doing<'a, Result<Option<User>, ControlError>> {
        let email = email.to_owned();
        self.read(move |c| {
            Ok(c.prepare_cached(BY_EMAIL)?.query_row([email], user_of).optional()?)
        })
    }

    fn user(&self, id: UserId) -> Doing<'_, Result<Option<User>, ControlError>> {
        self.read(move |c| {
            Ok(c.prepare_cached(BY_ID)?.query_row([bytes(id.0)], user_of).optional()?)
        })
    }

    fn set_password(&self, user: UserId, hash: String) -> Doing<'_, Result<(), ControlError>> {
        self.write(move |t| {
            change(t, "UPDATE user SET password = ?2 WHERE id = ?1", &[&bytes(user.0), &hash])
        })
    }

    fn begin_session(&self, session: Session) -> Doing<'_, Result<(), ControlError>> {
        let now = self.clock.now();
        self.write(move |transaction| session::begin(transaction, &session, now))
    }

    fn session(&self, id: u128) -> Doing<'_, Result<Option<Session>, ControlError>> {
        let now = self.clock.now();
        self.read(move |connection| session::one(connection, id, now))
    }

    fn sessions(&self, user: UserId) -> Doing<'_, Result<Vec<Session>, ControlError>> {
        let now = self.clock.now();
        self.read(move |connection| session::of_user(connection, user, now))
    }

    fn rotate(
        &self,
        old: [u8; 32],
        new: [u8; 32],
        now: Timestamp,
        idle_until: Timestamp,
    ) -> Doing<'_, Result<Rotation, ControlError>> {
        self.write(move |t| session::rotate(t, &session::Exchange { old, new, now, idle_until }))
    }

    fn end_session(&self, user: UserId, id: u128) -> Doing<'_, Result<(), ControlError>> {
        self.write(move |t| {
            let sql = "DELETE FROM session WHERE user = ?1 AND id = ?2";
            change(t, sql, &[&bytes(user.0), &bytes(id)])
        })
    }

    fn end_sessions(
        &self,
        user: UserId,
        except: Option<u128>,
    ) -> Doing<'_, Result<(), ControlError>> {
        self.write(move |transaction| {
            let sql = "DELETE FROM session WHERE user = ?1 AND id IS NOT ?2";
            transaction.prepare_cached(sql)?.execute((bytes(user.0), except.map(bytes)))?;
            Ok(())
        })
    }

    fn audit(&self, line: Audit) -> Doing<'_, Result<(), ControlError>> {
        self.write(move |transaction| write_audit(transaction, &line))
    }

    fn audit_log(&self, limit: u32) -> Doing<'_, Result<Vec<Audit>, ControlError>> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(AUDIT_LOG)?;
            let rows = statement.query_map([limit.min(AUDIT_MOST)], audit_of)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    fn users(&self, page: Page) -> Doing<'_, Result<Vec<Numbered<User>>, ControlError>> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(USERS)?;
            let before = page.before.unwrap_or(i64::MAX);
            let rows = statement.query_map((before, page.limit.min(USERS_MOST)), |row| {
                Ok(Numbered { number: row.get(7)?, row: user_of(row)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    fn count_users(&self) -> Doing<'_, Result<u64, ControlError>> {
        self.read(|c| {
            let count: i64 = c.query_row("SELECT count(*) FROM user", [], |row| row.get(0))?;
            Ok(count.cast_unsigned())
        })
    }
}

/// Is it a broken foreign key: the user is not there?
fn is_orphan(e: &rusqlite::Error) -> bool {
    e.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
        && e.sqlite_error()
            .is_some_and(|e| e.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY)
}
