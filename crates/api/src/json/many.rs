//! Bodies that come together: `{"orders": [...]}`, each held to the limits of a body of its own, so that one that
//! cannot be read spoils no other. What is wrong with the list itself refuses it whole.

use super::outline::{Item, items};
use super::{Valid, caller_key, client_order_id, fields, json_only, read, request_key, text};
use crate::auth::Principal;
use crate::error::Problem;
use crate::state::App;
use crate::turnstile::Pass;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

/// Most orders in a list.
const MOST_ORDERS: usize = 500;
/// Largest body of a list.
const LIST_LIMIT: usize = 256 * 1024;
/// Each order of a list has the key that it would have had alone.
const ALONE: &[u8] = b"POST /api/v2/trade\n";

/// The bodies of a list, in order.
pub(crate) struct Many<T> {
    pub(crate) items: Vec<Result<Valid<T>, Problem>>,
    /// Held until the answer is made.
    pub(crate) pass: Pass,
}

impl<T: DeserializeOwned> FromRequest<App> for Many<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        json_only(&parts.headers)?;
        let caller = caller_key(&parts.headers)?;
        let principal = parts.extensions.get::<Principal>().ok_or(Problem::unauthorized())?;
        let pass = app.lists.enter(principal.user())?;
        let bytes = read(body, app, LIST_LIMIT).await?;
        let found = items(text(&bytes)?, "orders", MOST_ORDERS)?;
        if found.is_empty() || found.len() > MOST_ORDERS {
            return Err(Problem::field("orders", "must hold 1 to 500 orders"));
        }
        let one = |(n, found)| item(found, caller, n);
        Ok(Self { items: found.into_iter().enumerate().map(one).collect(), pass })
    }
}

/// An order of the list. Its key is its own, or follows from the list's key and its place.
fn item<T: DeserializeOwned>(
    found: Item<'_>,
    caller: Option<&[u8]>,
    place: usize,
) -> Result<Valid<T>, Problem> {
    let outline = found?;
    let body = fields(&outline)?;
    let key = match (client_order_id(&outline)?, caller) {
        (Some(own), _) => Some(request_key(own.as_bytes(), ALONE.to_vec(), outline)),
        (None, Some(caller)) => {
            // No caller's own key has a slash, so these are apart from all of them.
            let derived = [caller, b"/", place.to_string().as_bytes()].concat();
            Some(request_key(&derived, ALONE.to_vec(), outline))
        }
        (None, None) => None,
    };
    Ok(Valid { body, key })
}
