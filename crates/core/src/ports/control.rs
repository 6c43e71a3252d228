//! Control data: users, sessions, audit. Plain reads and writes; money is never here.

use super::Doing;
use super::views::{Page, Row};
use crate::words::id::{AccountId, UserId};
use crate::words::time::Timestamp;

/// Why a control read or write failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// The address is taken.
    #[error("an account with this address exists")]
    EmailTaken,
    /// No such row.
    #[error("no such record")]
    NotFound,
    /// The store does not answer, or not in time.
    #[error("the store cannot be reached: {0}")]
    Unavailable(String),
    /// Not written because no space is left.
    #[error("the store's disk is full; free some space")]
    Full,
}

/// Who somebody is to the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Trades for themselves.
    User,
    /// Runs the platform.
    Admin,
}

/// A user record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Id.
    pub id: UserId,
    /// Address, normalized to lower case.
    pub email: String,
    /// Argon2id hash in PHC form.
    pub password: String,
    /// Role.
    pub role: Role,
    /// The user's account at the desks.
    pub account: AccountId,
    /// Since when.
    pub created_at: Timestamp,
    /// Is the account open at its desk? False between the two steps of registration.
    pub active: bool,
}

/// A login that lasts: refreshed by rotating tokens, ended as a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Random id, `sid` of the tokens.
    pub id: u128,
    /// Whose.
    pub user: UserId,
    /// SHA-256 of the refresh token that is valid now.
    pub refresh: [u8; 32],
    /// Since when.
    pub created_at: Timestamp,
    /// Last refresh.
    pub used_at: Timestamp,
    /// Ends at the latest then.
    pub expires_at: Timestamp,
}

/// What rotating a refresh token led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The old one was valid; the new one is now.
    Rotated(Session),
    /// The old one had been used before: the whole family is ended.
    Reused(UserId),
    /// Unknown or expired.
    Unknown,
}

/// One line of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
    /// When.
    pub at: Timestamp,
    /// Who did it, where known.
    pub actor: Option<UserId>,
    /// What: `login`, `login_failed`, `session_ended`, `refresh_reused`, `password_changed`, ...
    pub action: String,
    /// About whom or what.
    pub subject: String,
    /// More, without secrets.
    pub detail: String,
}

/// Users, sessions and the audit log.
pub trait Control: Send + Sync {
    /// Adds a user, audited. The address must be free.
    fn add_user(&self, user: User) -> Doing<'_, Result<(), ControlError>>;
    /// Marks a user's account as open at its desk.
    fn activate(&self, user: UserId) -> Doing<'_, Result<(), ControlError>>;
    /// Finds a user by address.
    fn user_by_email<'a>(&'a self, email: &'a str)
    -> Doing<'a, Result<Option<User>, ControlError>>;
    /// Finds a user by id.
    fn user(&self, id: UserId) -> Doing<'_, Result<Option<User>, ControlError>>;
    /// Replaces a password hash.
    fn set_password(&self, user: UserId, hash: String) -> Doing<'_, Result<(), ControlError>>;
    /// Begins a session; beyond ten of a user the oldest ends.
    fn begin_session(&self, session: Session) -> Doing<'_, Result<(), ControlError>>;
    /// Is this session alive?
    fn session(&self, id: u128) -> Doing<'_, Result<Option<Session>, ControlError>>;
    /// All live sessions of a user, newest first.
    fn sessions(&self, user: UserId) -> Doing<'_, Result<Vec<Session>, ControlError>>;
    /// Exchanges a refresh token (by SHA-256) for the next one.
    fn rotate(
        &self,
        old: [u8; 32],
        new: [u8; 32],
        now: Timestamp,
        idle_until: Timestamp,
    ) -> Doing<'_, Result<Rotation, ControlError>>;
    /// Ends one session of a user, or all but one.
    fn end_session(&self, user: UserId, id: u128) -> Doing<'_, Result<(), ControlError>>;
    /// Ends all sessions of a user but `except`.
    fn end_sessions(
        &self,
        user: UserId,
        except: Option<u128>,
    ) -> Doing<'_, Result<(), ControlError>>;
    /// Writes a line of the audit log.
    fn audit(&self, line: Audit) -> Doing<'_, Result<(), ControlError>>;
    /// The newest lines of the audit log.
    fn audit_log(&self, limit: u32) -> Doing<'_, Result<Vec<Audit>, ControlError>>;
    /// Users, newest first.
    fn users(&self, page: Page) -> Doing<'_, Result<Vec<Row<User>>, ControlError>>;
    /// How many users there are.
    fn count_users(&self) -> Doing<'_, Result<u64, ControlError>>;
}
