//! The house's own books: read by administrators only, and by a scope of their own.

use super::{EntryRow, Page, Row};
use crate::ledger::chart::Book;
use crate::words::id::UserId;

/// Proof that an administrator asks. Made in `api/auth.rs` only; `cargo xtask tidy` holds that. No method that
/// takes a tenant's scope takes this one, nor the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HouseScope {
    admin: UserId,
}

impl HouseScope {
    /// The scope of a user whose role was looked up and is that of an administrator.
    #[must_use]
    pub const fn of_admin(admin: UserId) -> Self {
        Self { admin }
    }
    /// Who asks.
    #[must_use]
    pub const fn admin(&self) -> UserId {
        self.admin
    }
}

/// Which lines of the house's books.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HouseFilter {
    /// Of one book.
    pub book: Option<Book>,
    /// Of one day (UTC) since 1970.
    pub day: Option<i32>,
    /// Which page.
    pub page: Page,
}

/// A line of the house's books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HouseRow {
    /// The line.
    pub line: EntryRow,
    /// The account on the other side of its entry, where there is one.
    pub account: Option<String>,
    /// Whose account that is.
    pub user: Option<String>,
}

/// Lines that were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HouseRows {
    /// Newest first. A search looks at so many lines at once: there may be none although there are more.
    pub rows: Vec<Row<HouseRow>>,
    /// Where to go on, unless everything was looked at.
    pub next: Option<i64>,
}
