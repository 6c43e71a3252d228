//! The one way a request body comes in: `Valid<T>`. JSON in UTF-8 only, at most 64 KiB, 16 levels,
//! 100 keys, strings of 10 kB; unknown and duplicate keys are refused, and the answer never repeats
//! the input.

use crate::error::Problem;
use crate::state::App;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use nija_core::desk::input::Key;
use serde::de::DeserializeOwned;

mod outline;

use outline::{Flaw, Member, canonical, outline};

/// Largest body.
pub(crate) const BODY_LIMIT: usize = 64 * 1024;

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
        let bytes = read(body, app).await?;
        let (body, outline) = parse(&bytes)?;
        let key = caller.map(|key| {
            let mut request = scope(&parts);
            canonical(outline, &mut request);
            Key::of(key, &request)
        });
        Ok(Self { body, key })
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Perhaps<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(body, app).await?;
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        json_only(&parts.headers)?;
        Ok(Self(Some(parse(&bytes)?.0)))
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
    let fits = (1..=64).contains(&bytes.len())
        && bytes.iter().all(|&b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if fits && values.next().is_none() { Ok(Some(bytes)) } else { Err(WRONG) }
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

async fn read(body: Body, app: &App) -> Result<Bytes, Problem> {
    let collected =
        tokio::time::timeout(app.settings.body_timeout, Limited::new(body, BODY_LIMIT).collect());
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

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, Vec<Member<'_>>), Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| {
        Problem::new(StatusCode::BAD_REQUEST, "invalid_utf8", "the body is not UTF-8")
    })?;
    let outline = outline(text)?;
    let body = serde_json::from_str(text).map_err(|error| {
        if error.is_data() {
            Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "unknown_field",
                "the body has a field that this address does not know",
            )
        } else {
            Problem::from(Flaw::Malformed)
        }
    })?;
    Ok((body, outline))
}
