//! Rows for screens, made from the journal and read under a tenant's scope.
//!
//! They live in a file of their own: their many small writes never wait for, or swell, the journal's log, and
//! a power cut may cost their last commits because they are disposable. Amounts are kept as whole numbers and
//! told as decimal texts. Every list is one statement shape that holds rows to the scope's account and user.

use crate::error::Fault;
use crate::sqlite::link::Link;
use crate::sqlite::migration::Schema;
use nija_core::ports::views::{
    DecisionRow, EntryRow, EquityRow, FillRow, OrderRow, Page, Row, Rows, Scope,
};
use nija_core::ports::{Doing, ReadError};
use nija_core::words::id::OrderId;
use rusqlite::{OptionalExtension, Row as Columns, ToSql};

mod books;
mod decision;
mod order;
mod pass;
mod projection;
mod row;
mod word;

pub use projection::Projection;

/// The views' file. A later version drops the rows that it shapes differently, checkpoints included.
pub(crate) const SCHEMA: Schema = Schema {
    application: 0x4e49_4a56,
    steps: &[include_str!("../migrations/views/0001_views.sql")],
};

/// The most rows of one page, whatever is asked for.
const PAGE_MOST: u32 = 1_000;

/// A list's statement: the columns of a table, and one more condition.
macro_rules! list {
    ($table:literal, $columns:expr, $more:literal) => {
        concat!(
            "SELECT number, ",
            $columns,
            " FROM ",
            $table,
            " WHERE account = ",
            "(SELECT key FROM account WHERE id = ?1 AND user = ?2) AND number < ?3 ",
            $more,
            " ORDER BY number DESC LIMIT ?4"
        )
    };
}
macro_rules! order_columns {
    () => {
        "id, symbol, asset_class, side, order_type, time_in_force, purpose, origin, qty, filled, \
         turnover, limit_price, stop_price, fees, state, why, created_at, updated_at"
    };
}
macro_rules! decision_columns {
    () => {
        "kind, symbol, side, size, origin, order_id, code, gate, sentence, evidence, at"
    };
}

const ORDERS: &str = list!("orders", order_columns!(), "");
const OPEN_ORDERS: &str = list!("orders", order_columns!(), "AND open = 1");
const ORDER: &str = concat!(
    "SELECT number, ",
    order_columns!(),
    " FROM orders WHERE account = (SELECT key FROM account WHERE id = ?1 AND user = ?2) AND id = ?3"
);
const FILLS: &str =
    list!("fill", "order_id, fill_id, symbol, side, qty, price, fee, realized, at", "");
const DECISIONS: &str = list!("decision", decision_columns!(), "");
const DECISIONS_OF_KIND: &str = list!("decision", decision_columns!(), "AND kind = ?5");
const EQUITY: &str = list!("equity", "at, equity, cash", "");
const ENTRIES: &str =
    list!("entry", "partition, seq, event_index, book, amount, cause, order_id, at", "");

/// Read queries over the views.
#[derive(Debug)]
pub struct Views(Link);

impl Views {
    pub(crate) const fn reading(link: Link) -> Self {
        Self(link)
    }

    fn list<'a, T: Send + 'static>(
        &'a self,
        sql: &'static str,
        (scope, page): (&Scope, Page),
        kind: Option<&str>,
        read: fn(&Columns<'_>) -> rusqlite::Result<T>,
    ) -> Doing<'a, Rows<T>> {
        let (account, user) = keys(scope);
        let before = page.before.unwrap_or(i64::MAX);
        let (limit, kind) = (page.limit.min(PAGE_MOST), kind.map(str::to_owned));
        let found = self.0.call(move |connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let mut parameters: Vec<&dyn ToSql> = vec![&account, &user, &before, &limit];
            parameters.extend(kind.as_ref().map(|kind| kind as &dyn ToSql));
            let rows = statement.query_map(&*parameters, |columns| {
                Ok(Row { number: columns.get(0)?, row: read(columns)? })
            })?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?)
        });
        Box::pin(async move { Ok(found.await?) })
    }
}

fn keys(scope: &Scope) -> ([u8; 16], [u8; 16]) {
    (scope.account().0.to_be_bytes(), scope.user().0.to_be_bytes())
}

impl nija_core::ports::views::Views for Views {
    fn orders<'a>(&'a self, scope: &'a Scope, page: Page, open: bool) -> Doing<'a, Rows<OrderRow>> {
        let sql = if open { OPEN_ORDERS } else { ORDERS };
        self.list(sql, (scope, page), None, row::order)
    }

    fn order<'a>(
        &'a self,
        scope: &'a Scope,
        id: OrderId,
    ) -> Doing<'a, Result<Option<OrderRow>, ReadError>> {
        let (account, user) = keys(scope);
        let found = self.0.call(move |connection| -> Result<_, Fault> {
            let mut statement = connection.prepare_cached(ORDER)?;
            let parameters = (account, user, id.0.cast_signed());
            Ok(statement.query_row(parameters, row::order).optional()?)
        });
        Box::pin(async move { Ok(found.await?) })
    }

    fn fills<'a>(&'a self, scope: &'a Scope, page: Page) -> Doing<'a, Rows<FillRow>> {
        self.list(FILLS, (scope, page), None, row::fill)
    }

    fn decisions<'a>(
        &'a self,
        scope: &'a Scope,
        page: Page,
        kind: Option<&'a str>,
    ) -> Doing<'a, Rows<DecisionRow>> {
        let sql = if kind.is_some() { DECISIONS_OF_KIND } else { DECISIONS };
        self.list(sql, (scope, page), kind, row::decision)
    }

    fn equity<'a>(&'a self, scope: &'a Scope, page: Page) -> Doing<'a, Rows<EquityRow>> {
        self.list(EQUITY, (scope, page), None, row::equity)
    }

    fn entries<'a>(&'a self, scope: &'a Scope, page: Page) -> Doing<'a, Rows<EntryRow>> {
        self.list(ENTRIES, (scope, page), None, row::entry)
    }
}
