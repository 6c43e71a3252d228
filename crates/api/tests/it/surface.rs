//! The whole surface, walked along its own description: what is open, what needs a token, what
//! needs a role, and the headers that every answer carries.

use crate::world::{call, settings, token, world, world_with};
use axum::http::{HeaderMap, StatusCode};
use nija_api::{Settings, openapi};
use serde_json::{Value, json};
use std::path::Path;

const OPEN: [&str; 11] = [
    "POST /api/v2/register",
    "POST /api/v2/login",
    "POST /api/v2/token/refresh",
    "GET /health",
    "GET /health/live",
    "GET /health/ready",
    "GET /health/startup",
    "GET /metrics",
    "GET /api/v2/plans",
    "GET /api/v2/regimes/scorecard",
    // A signature over the body is the proof.
    "POST /api/v2/payments/webhook",
];

fn operations() -> Vec<(&'static str, String, Value)> {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = match method.as_str() {
                "get" => "GET",
                "post" => "POST",
                "put" => "PUT",
                "patch" => "PATCH",
                "delete" => "DELETE",
                _ => continue,
            };
            all.push((method, path.clone(), operation.clone()));
        }
    }
    all
}

fn concrete(path: &str) -> String {
    let id = "00000000000000000000000000000001";
    path.replace("{id}", id)
        .replace("{master}", id)
        .replace("{symbol}", "AAPL")
        .replace("{month}", "2026-01")
}

fn is_admin(path: &str) -> bool {
    path.starts_with("/api/v2/admin/") || path == "/api/v2/revenue"
}

#[tokio::test]
async fn without_a_token_only_the_open_list_answers() {
    let mut open = Vec::new();
    for (method, path, operation) in operations() {
        let world = world();
        let reply = call(method, concrete(&path)).send(&world).await;
        let name = format!("{method} {path}");
        if OPEN.contains(&name.as_str()) {
            assert!(operation["security"].is_null(), "{name}");
            open.push(name);
        } else {
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{name}");
            assert_eq!(operation["security"], json!([{"bearer": []}]), "{name}");
        }
        if reply.status.is_client_error() {
            reply.code();
        }
    }
    open.sort();
    let mut expected = OPEN.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(open, expected);
}

#[tokio::test]
async fn users_are_refused_on_admin_addresses_and_served_elsewhere() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    for (method, path, _) in operations() {
        if path == "/api/v2/logout" {
            continue;
        }
        let reply = call(method, concrete(&path)).token(&token).send(&world).await;
        if is_admin(&path) {
            assert_eq!(
                (reply.status, reply.code().as_str()),
                (StatusCode::FORBIDDEN, "forbidden"),
                "{path}"
            );
        } else {
            assert_ne!(reply.status, StatusCode::FORBIDDEN, "{path}");
            assert_ne!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert_ne!(reply.status, StatusCode::INTERNAL_SERVER_ERROR, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn methods_that_are_not_described_are_not_served() {
    let world = world();
    let described = operations();
    let paths: std::collections::BTreeSet<_> = described.iter().map(|o| o.1.clone()).collect();
    for path in paths {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
            if described.iter().any(|(m, p, _)| *m == method && *p == path) {
                continue;
            }
            let status = call(method, concrete(&path)).send(&world).await.status.as_u16();
            assert!(matches!(status, 401 | 405 | 429), "{method} {path}: {status}");
        }
    }
}

#[test]
fn the_description_is_complete() {
    let document = serde_json::to_value(openapi()).unwrap();
    assert_eq!(document["info"]["title"], "NIJA");
    assert!(document["components"]["schemas"]["Problem"].is_object());
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name} is referred to and not described");
    }
    for (method, path, operation) in operations() {
        let name = format!("{method} {path}");
        assert!(operation["summary"].is_string(), "{name} has no summary");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name}");
        for (status, response) in responses {
            if status.starts_with('4') || status.starts_with('5') {
                let problem = &response["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(problem, "#/components/schemas/Problem", "{name} {status}");
            }
        }
        if !OPEN.contains(&name.as_str()) {
            assert!(responses.contains_key("401"), "{name}");
        }
        let keyed = operation["parameters"].to_string().contains("Idempotency-Key");
        assert!(!keyed || responses.contains_key("409"), "{name}");
    }
    let size = &schemas["TradeRequest"]["properties"]["size"]["$ref"];
    assert_eq!(size, "#/components/schemas/Decimal");
    assert_eq!(schemas["TradeRequest"]["required"], json!(["symbol", "side", "size"]));
}

/// Names of what is described, in the sources below a folder.
fn described(folder: &Path, into: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            described(&path, into);
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        for part in text.split("ToSchema)]\n").skip(1) {
            let mut words = part.split(|c: char| !c.is_alphanumeric());
            into.extend(
                words
                    .find(|w| ["struct", "enum"].contains(w))
                    .and_then(|_| words.next())
                    .map(str::to_owned),
            );
        }
    }
}

#[test]
fn no_two_bodies_share_a_name() {
    // The description goes by the name alone: the second would be shown as the first.
    let mut names = Vec::new();
    described(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut names);
    assert!(names.len() > 50, "{names:?}");
    names.sort();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

fn has(headers: &HeaderMap, name: &str, value: &str) {
    assert_eq!(headers.get(name).map(|v| v.to_str().unwrap()), Some(value), "{name}");
}

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    for (path, token) in
        [("/health", ""), ("/nothing", ""), ("/api/v2/me", token.as_str()), ("/api/docs/", "")]
    {
        let reply = call("GET", path).token(token).send(&world).await;
        let headers = &reply.headers;
        has(headers, "x-content-type-options", "nosniff");
        has(headers, "referrer-policy", "no-referrer");
        has(headers, "cross-origin-resource-policy", "same-origin");
        has(headers, "permissions-policy", "camera=(), microphone=(), geolocation=(), payment=()");
        assert!(
            headers.get("server").is_none() && headers.get("strict-transport-security").is_none()
        );
        assert!(headers.get("access-control-allow-origin").is_none());
        assert_eq!(headers["x-request-id"].len(), 28);
        if path != "/api/docs/" {
            has(headers, "content-security-policy", "default-src 'none'; frame-ancestors 'none'");
            has(headers, "cache-control", "no-store");
        }
    }
    let world = world_with(Settings { tls: true, ..settings() });
    let reply = call("GET", "/health").send(&world).await;
    has(&reply.headers, "strict-transport-security", "max-age=63072000; includeSubDomains");
}

#[tokio::test]
async fn request_ids_are_ours_and_differ() {
    let world = world();
    let get = || call("GET", "/health").header("x-request-id", "chosen").send(&world);
    let (one, two) = (get().await, get().await);
    assert_ne!(one.headers["x-request-id"], two.headers["x-request-id"]);
    assert_ne!(one.headers["x-request-id"], "chosen");
}

#[tokio::test]
async fn other_origins_are_let_in_by_name_only() {
    let friend = "https://app.example";
    let cors_origins = vec![friend.to_owned(), "null".to_owned(), "*".to_owned()];
    let world = world_with(Settings { cors_origins, ..settings() });
    let asks = |origin: &str| {
        call("OPTIONS", "/api/v2/trade")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .send(&world)
    };
    let welcome = asks(friend).await;
    assert_eq!(welcome.status, StatusCode::NO_CONTENT);
    has(&welcome.headers, "access-control-allow-origin", friend);
    assert!(welcome.headers.get("access-control-allow-credentials").is_none());
    for stranger in ["https://evil.example", "null", "*", "https://app.example.evil"] {
        let refused = asks(stranger).await;
        assert!(refused.headers.get("access-control-allow-origin").is_none(), "{stranger}");
    }
    let read = call("GET", "/health").header("origin", friend).send(&world).await;
    has(&read.headers, "access-control-allow-origin", friend);
    has(&read.headers, "cross-origin-resource-policy", "cross-origin");
}

#[tokio::test]
async fn the_documentation_needs_nothing_from_elsewhere() {
    let world = world();
    let page = call("GET", "/api/docs/").send(&world).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.headers["content-security-policy"].to_str().unwrap().contains("script-src 'self'")
    );
    assert!(!page.text.contains("http://") && !page.text.contains("https://"), "{}", page.text);
    for part in page.text.split("src=\"").skip(1).chain(page.text.split("href=\"").skip(1)) {
        let asset = part.split('"').next().unwrap().trim_start_matches("./");
        let reply = call("GET", format!("/api/docs/{asset}")).send(&world).await;
        assert_eq!(reply.status, StatusCode::OK, "{asset}");
    }
    let document = call("GET", "/api/openapi.json").send(&world).await.json();
    assert_eq!(document, serde_json::to_value(openapi()).unwrap());
    assert_eq!(call("GET", "/api/docs").send(&world).await.status, StatusCode::SEE_OTHER);
}
