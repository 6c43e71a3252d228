//! The API's description, from the same routers that serve it. What the guards add is added here,
//! too: which calls need a token, and the problem documents that any call may answer with.

use crate::error::Document;
use crate::number::{Decimal, SignedDecimal};
use crate::router;
use utoipa::OpenApi as _;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder};

const SCHEME: &str = "bearer";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "NIJA",
        description = "Multi-asset trading with four risk gates. Errors are problem documents \
            (RFC 9457) with a stable `code`; writes take an `Idempotency-Key`; lists page by \
            `cursor`. The blueprint's own fields are JSON numbers, all other amounts are decimal \
            strings; both are accepted as input.",
        license(name = "MIT OR Apache-2.0")
    ),
    components(schemas(Document<'_>, Decimal, SignedDecimal)),
    tags(
        (name = "authentication", description = "Registration, login, tokens"),
        (name = "trading", description = "Allocation, status, orders through the four gates"),
        (name = "orders", description = "Orders and fills"),
        (name = "positions", description = "Holdings"),
        (name = "ledger", description = "Equity, ledger lines, decisions"),
        (name = "copying", description = "Masters, copying them, and what came of it"),
        (name = "fees", description = "High-water mark, what is due above it, what was charged"),
        (name = "subscription", description = "Plans, subscriptions, invoices and their payment"),
        (name = "account", description = "The caller, limits, paper money"),
        (name = "risk", description = "The caller's kill switch"),
        (name = "market", description = "Instruments, marks, regime"),
        (name = "platform", description = "Figures of the platform"),
        (name = "admin", description = "For administrators"),
        (name = "health", description = "For operators")
    )
)]
struct Head;

/// The description of the whole API.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut whole = Head::openapi();
    let secured = [router::members(), router::admins()].map(|routes| {
        let mut part = routes.into_openapi();
        for operation in part.paths.paths.values_mut().flat_map(operations) {
            operation.security = Some(vec![SecurityRequirement::new(SCHEME, Vec::<String>::new())]);
            refusal(operation, "401", "No valid access token");
        }
        part
    });
    whole.merge(router::open().into_openapi());
    whole.merge(router::strangers().into_openapi());
    for part in secured {
        whole.merge(part);
    }
    for (path, item) in &mut whole.paths.paths {
        let admin = path.starts_with("/api/v2/admin/") || path == "/api/v2/revenue";
        for operation in operations(item) {
            if admin {
                refusal(operation, "403", "Only for administrators");
            }
            let takes = |place: &ParameterIn| {
                let mut all = operation.parameters.iter().flatten();
                all.any(|p| matches!(p, RefOr::T(p) if p.parameter_in == *place))
            };
            let (query, key) = (takes(&ParameterIn::Query), takes(&ParameterIn::Header));
            if query {
                refusal(operation, "400", "A query parameter is unknown or malformed");
                refusal(operation, "422", "A query parameter has a value that cannot be used");
            }
            if key {
                refusal(operation, "400", "The Idempotency-Key or the body is malformed");
                refusal(operation, "409", "The Idempotency-Key was used for another request");
            }
            if operation.request_body.is_some() {
                refusal(operation, "400", "The body is not JSON as it must be");
                refusal(operation, "413", "The body is larger than 64 KiB");
                refusal(operation, "415", "The body is not application/json");
                refusal(operation, "422", "A field has a value that cannot be used");
            }
            refusal(operation, "429", "Too many requests; see Retry-After");
            refusal(operation, "503", "Not serving now; see Retry-After");
            problems(operation);
        }
    }
    whole.merge(signed());
    let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    whole.components.get_or_insert_default().add_security_scheme(SCHEME, scheme);
    whole
}

/// What the payment provider calls: the bytes are its own, so nothing is said of their fields.
fn signed() -> OpenApi {
    let mut part = router::providers().into_openapi();
    for operation in part.paths.paths.values_mut().flat_map(operations) {
        refusal(operation, "429", "Too many requests; see Retry-After");
        refusal(operation, "503", "Not serving now; see Retry-After");
        problems(operation);
    }
    part
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, post, put, patch, delete, .. } = item;
    [get, post, put, patch, delete].into_iter().flatten()
}

fn refusal(operation: &mut Operation, status: &str, description: &str) {
    let response = ResponseBuilder::new().description(description).build();
    operation.responses.responses.entry(status.to_owned()).or_insert(response.into());
}

/// Gives every answer of status 400 and above its document.
fn problems(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && (status.starts_with('4') || status.starts_with('5'))
        {
            let content = Content::new(Some(Ref::from_schema_name("Problem")));
            response.content.insert("application/problem+json".to_owned(), content.into());
        }
    }
}
