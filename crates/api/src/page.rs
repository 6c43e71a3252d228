//! Lists by pages: an opaque cursor in, the next one out. Also the query parameters, held to their
//! names.

use crate::error::Problem;
use crate::state::App;
use axum::extract::{FromRequestParts, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use nija_core::ports::views::{Page, Row};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

const MOST: u32 = 200;
const USUAL: u32 = 50;

/// Query parameters; unknown and repeated ones are refused.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Params<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        const WRONG: Problem = Problem::new(
            StatusCode::BAD_REQUEST,
            "invalid_query",
            "the address has a query parameter that is unknown, repeated or malformed",
        );
        Query::try_from_uri(&parts.uri).map(|Query(params)| Self(params)).map_err(|_| WRONG)
    }
}

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// `next_cursor` of the page before; none for the first page.
    pub(crate) cursor: Option<String>,
    /// Rows at most, 1 to 200; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<u32>,
}

impl Paging {
    pub(crate) fn page(&self) -> Result<Page, Problem> {
        page(self.cursor.as_deref(), self.limit)
    }
}

/// Reads a cursor and a limit.
pub(crate) fn page(cursor: Option<&str>, limit: Option<u32>) -> Result<Page, Problem> {
    let before = cursor.map(read).transpose()?;
    let limit = limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::field("limit", "must be 1 to 200"));
    }
    Ok(Page { before, limit })
}

fn read(cursor: &str) -> Result<i64, Problem> {
    const WRONG: Problem =
        Problem::field("cursor", "is not a cursor of this list; begin without one");
    let digits = cursor.strip_prefix('c').filter(|digits| digits.len() == 16).ok_or(WRONG)?;
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(WRONG);
    }
    let number = u64::from_str_radix(digits, 16).map_err(|_| WRONG)?;
    i64::try_from(number).map_err(|_| WRONG)
}

/// The cursor that goes on before a row.
pub(crate) fn cursor(number: i64) -> String {
    format!("c{number:016x}")
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct Listed<T> {
    /// The rows, newest first.
    pub(crate) items: Vec<T>,
    /// Pass it as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_cursor: Option<String>,
}

impl<T> Listed<T> {
    /// A whole list on one page.
    pub(crate) const fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }
    /// A page of rows; a full page may have a next one.
    pub(crate) fn of<R: Into<T>>(rows: Vec<Row<R>>, page: Page) -> Self {
        let full = rows.len() >= usize::try_from(page.limit).unwrap_or(usize::MAX);
        let last = rows.last().map(|row| row.number).filter(|_| full);
        Self {
            items: rows.into_iter().map(|row| row.row.into()).collect(),
            next_cursor: last.map(cursor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_does() {
        let rows = vec![Row { number: 77, row: 1u8 }];
        let listed: Listed<u8> = Listed::of(rows, Page { before: None, limit: 1 });
        let cursor = listed.next_cursor.unwrap();
        assert_eq!(page(Some(&cursor), Some(5)), Ok(Page { before: Some(77), limit: 5 }));
        for wrong in ["", "77", "cxyz", "c+00000000000001", "cffffffffffffffff", "' or 1=1"] {
            assert!(page(Some(wrong), None).is_err(), "{wrong}");
        }
        assert!(page(None, Some(0)).is_err());
        assert!(page(None, Some(201)).is_err());
    }
}
