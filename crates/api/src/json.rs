//! The one way a request body comes in: `Valid<T>`, or many of them as `Many<T>`. JSON in UTF-8 only, at most
//! 64 KiB, 16 levels, 100 keys, strings of 10 kB; unknown and duplicate keys are refused, and the answer never
//! repeats the input.

use crate::error::Problem;
use crate::state::App;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use nija_core::desk::input::Key;
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;

mod many;
mod outline;

pub(crate) use many::Many;
use outline::{CLIENT_ORDER_ID, Flaw, Member, canonical, outline};

/// Largest body, but for a batch of orders.
const BODY_LIMIT: usize = 64 * 1024;

/// A body that has the right shape, with the caller's idempotency key where one came.
pub(crate) struct Valid<T> {
    pub(crate) body: T,
    pub(crate) key: Option<Key>,
}

/// The same for requests that may come without a body.
pub(crate) struct Perhaps<T>(pub(crate) Option<T>);

/// The idempotency key of a write without a body.
pub(crate) struct Keyed(pub(crate) Option<Key>);

impl<T: DeserializeOwned> FromRequest<App> for Valid<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        json_only(&parts.headers)?;
        let caller = caller_key(&parts.headers)?;
        let bytes = read(body, app, BODY_LIMIT).await?;
        let outline = outline(text(&bytes)?)?;
        let body = fields(&outline)?;
        let key = match (caller, client_order_id(&outline)?) {
            (Some(caller), Some(own)) if caller != own.as_bytes() => {
                return Err(Problem::field(CLIENT_ORDER_ID, "must equal the Idempotency-Key"));
            }
            (Some(caller), _) => Some(request_key(caller, scope(&parts), outline)),
            (None, Some(own)) => Some(request_key(own.as_bytes(), scope(&parts), outline)),
            (None, None) => None,
        };
        Ok(Self { body, key })
    }
}

/// A caller's key with the request it came with, whatever the order of its members.
fn request_key(caller: &[u8], mut request: Vec<u8>, outline: Vec<Member<'_>>) -> Key {
    canonical(outline, &mut request);
    Key::of(caller, &request)
}

impl<T: DeserializeOwned> FromRequest<App> for Perhaps<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(body, app, BODY_LIMIT).await?;
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        json_only(&parts.headers)?;
        Ok(Self(Some(fields(&outline(text(&bytes)?)?)?)))
    }
}

impl FromRequestParts<App> for Keyed {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        Ok(Self(caller_key(&parts.headers)?.map(|key| Key::of(key, &scope(parts)))))
    }
}

/// Method and path: one key must not answer for another address.
fn scope(parts: &Parts) -> Vec<u8> {
    let mut scope = Vec::with_capacity(256);
    scope.extend_from_slice(parts.method.as_str().as_bytes());
    scope.push(b' ');
    scope.extend_from_slice(parts.uri.path().as_bytes());
    scope.push(b'\n');
    scope
}

fn caller_key(headers: &HeaderMap) -> Result<Option<&[u8]>, Problem> {
    const WRONG: Problem = Problem::new(
        StatusCode::BAD_REQUEST,
        "invalid_idempotency_key",
        "send one Idempotency-Key of 1 to 64 letters, digits, - and _",
    );
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let bytes = value.as_bytes();
    if is_key(bytes) && values.next().is_none() { Ok(Some(bytes)) } else { Err(WRONG) }
}

fn is_key(bytes: &[u8]) -> bool {
    (1..=64).contains(&bytes.len())
        && bytes.iter().all(|&b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// The key inside a body, for orders.
fn client_order_id<'a>(outline: &[Member<'a>]) -> Result<Option<&'a str>, Problem> {
    match Member::find(outline, CLIENT_ORDER_ID) {
        None | Some("null") => Ok(None),
        Some(raw) => match raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) {
            Some(own) if is_key(own.as_bytes()) => Ok(Some(own)),
            _ => Err(Problem::field(CLIENT_ORDER_ID, "must be 1 to 64 letters, digits, - and _")),
        },
    }
}

fn json_only(headers: &HeaderMap) -> Result<(), Problem> {
    let mut kinds = headers.get_all(header::CONTENT_TYPE).iter();
    let kind = kinds.next().and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let (media, rest) = kind.split_once(';').unwrap_or((kind, ""));
    let json = media.trim().eq_ignore_ascii_case("application/json");
    let plain = rest.trim().is_empty() || rest.trim().eq_ignore_ascii_case("charset=utf-8");
    if json && plain && kinds.next().is_none() && !headers.contains_key(header::CONTENT_ENCODING) {
        Ok(())
    } else {
        Err(Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE))
    }
}

/// The bytes of a body of at most so many, in the time that a body has.
pub(crate) async fn read(body: Body, app: &App, most: usize) -> Result<Bytes, Problem> {
    let collected =
        tokio::time::timeout(app.settings.body_timeout, Limited::new(body, most).collect());
    match collected.await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE))
        }
        Ok(Err(_)) => Err(Problem::of_status(StatusCode::BAD_REQUEST)),
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_timeout",
            "the body did not arrive in time",
        )),
    }
}

fn text(bytes: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(bytes)
        .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "invalid_utf8", "the body is not UTF-8"))
}

/// A type made of fields, each of which reads its own text.
fn fields<T: DeserializeOwned>(outline: &[Member<'_>]) -> Result<T, Problem> {
    T::deserialize(MapDeserializer::new(outline.iter().map(Member::pair)))
        .map_err(|_| Flaw::Unknown.into())
}
