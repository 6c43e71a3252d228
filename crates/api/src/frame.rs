//! Around every request: id, address, checks that need no handler, the time limit, caught panics,
//! and on the way out the problem document, the security headers, one line of log and the metrics.

use crate::address::{self, Peer};
use crate::error::{Problem, Reason};
use crate::headers;
use crate::state::App;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

const LONGEST_URI: usize = 8 * 1024;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The outermost layer.
pub(crate) async fn frame(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = app.request_id();
    let peer = request.extensions().get::<Peer>().copied();
    let origin = address::origin(peer, request.headers(), &app.settings.trusted_proxies);
    request.extensions_mut().insert(origin);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let shared = headers::shared_with(request.headers(), &app.settings);

    let mut response = match admit(&request) {
        Err(problem) => problem.into_response(),
        Ok(()) => match headers::preflight(&method, request.headers(), &app.settings) {
            Some(answer) => answer,
            None => run(&app, request, next).await,
        },
    };
    document(&mut response, &id);
    headers::protect(response.headers_mut(), &app.settings);
    headers::share(shared, response.headers_mut());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let ended = (response.status(), began.elapsed());
    record(&app, &id, &method, route.as_ref(), ended);
    response
}

fn admit(request: &Request) -> Result<(), Problem> {
    headers::one_host(request.headers())?;
    let length = |uri: &Uri| uri.path_and_query().map_or(0, |p| p.as_str().len());
    if length(request.uri()) > LONGEST_URI {
        let detail = "the address is longer than 8 KiB";
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "uri_too_long", detail));
    }
    Ok(())
}

async fn run(app: &App, request: Request, next: Next) -> Response {
    let caught = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(app.settings.request_timeout, caught).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Problem::internal().into_response(),
        Err(_) => Problem::unavailable(
            "timeout",
            "no answer in time, and it may be done: ask again with the same Idempotency-Key",
            1,
        )
        .into_response(),
    }
}

/// Replaces the body of every answer of status 400 and above.
fn document(response: &mut Response, id: &str) {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return;
    }
    let problem = response.extensions_mut().remove::<Problem>();
    let problem = problem.unwrap_or_else(|| Problem::of_status(status));
    let reason = response.extensions_mut().remove::<Reason>();
    *response.body_mut() = Body::from(problem.document(id, reason.as_ref()));
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(seconds) = problem.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::REQUEST_TIMEOUT {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
}

fn record(
    app: &App,
    id: &str,
    method: &Method,
    route: Option<&MatchedPath>,
    (status, took): (StatusCode, Duration),
) {
    let route = route.map_or("unmatched", MatchedPath::as_str);
    let (micros, code) = (took.as_micros(), status.as_u16());
    if status.is_server_error() {
        tracing::error!(request_id = id, %method, route, status = code, %micros, "request");
    } else {
        tracing::debug!(request_id = id, %method, route, status = code, %micros, "request");
    }
    app.meters.record(method, route, status, took);
}
