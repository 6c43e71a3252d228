//! Headers of every answer, cross-origin rules, and the demand for exactly one
//! `Host`.

use crate::error::Problem;
use crate::settings::Settings;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Of the API: nothing may be loaded or framed.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// Of the documentation pages: own scripts only. Swagger UI draws its icons from `data:` URLs
/// and sets styles on elements.
pub(crate) const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; \
     style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
     object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Of a page that anyone may look at: its own style sheet, and nothing else.
pub(crate) const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Headers of an ordinary answer, those of the connection included.
const MOST: usize = 12;

const ALWAYS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), payment=()",
    ),
];

/// Adds what every answer carries; a handler that set its own policy keeps it.
pub(crate) fn protect(headers: &mut HeaderMap, settings: &Settings) {
    // At once: a map that grows by halves is hashed anew each time.
    headers.reserve(MOST);
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(API_POLICY));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if settings.tls {
        let year = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
}

/// One `Host`, no more and no less (RFC 9112, 3.2).
pub(crate) fn one_host(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.get_all(header::HOST).iter().count() == 1 {
        Ok(())
    } else {
        let detail = "send exactly one Host header";
        Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_host", detail))
    }
}

fn allowed<'a>(headers: &'a HeaderMap, settings: &Settings) -> Option<&'a HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    let listed = settings.cors_origins.iter().any(|own| own.as_bytes() == origin.as_bytes());
    (listed && origin != "null" && origin != "*").then_some(origin)
}

/// The answer to a browser that asks first, when its origin is on the list.
pub(crate) fn preflight(
    method: &Method,
    headers: &HeaderMap,
    settings: &Settings,
) -> Option<Response> {
    let asks =
        method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    allowed(headers, settings).filter(|_| asks)?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    let answers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, idempotency-key"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    for (name, value) in answers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Some(response)
}

/// Lets scripts of listed origins read the answer. No credentials, no reflection of unlisted
/// origins.
pub(crate) fn share(origin: Option<HeaderValue>, headers: &mut HeaderMap) {
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static("retry-after, x-request-id");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        let cross = HeaderValue::from_static("cross-origin");
        headers.insert(HeaderName::from_static("cross-origin-resource-policy"), cross);
    }
}

/// The listed origin of a request, if it has one.
pub(crate) fn shared_with(headers: &HeaderMap, settings: &Settings) -> Option<HeaderValue> {
    allowed(headers, settings).cloned()
}
