//! Requests that nobody honest sends, or sends by mistake: each gets a clear problem document of
//! status 4xx.

use crate::world::{World, call, registration, token, trade, world};
use axum::http::{StatusCode, header};
use serde_json::{Value, json};

async fn traded(world: &World, token: &str, body: impl Into<Vec<u8>>) -> (u16, String, Value) {
    let reply = call("POST", "/api/v2/preview").token(token).raw(body).send(world).await;
    let code = reply.code();
    (reply.status.as_u16(), code, reply.json()["field"].clone())
}

#[tokio::test]
async fn bodies_that_are_no_json_objects() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let deep = format!(r#"{{"symbol":{}1{}}}"#, "[".repeat(20), "]".repeat(20));
    let long = format!(r#"{{"symbol":"{}"}}"#, "x".repeat(10_001));
    let keys: Vec<String> = (0..101).map(|n| format!("\"k{n}\":1")).collect();
    let table: [(Vec<u8>, u16, &str); 15] = [
        (b"".to_vec(), 400, "malformed_json"),
        (b"{".to_vec(), 400, "malformed_json"),
        (b"[]".to_vec(), 400, "malformed_json"),
        (b"null".to_vec(), 400, "malformed_json"),
        (b"{\"size\": NaN}".to_vec(), 400, "malformed_json"),
        (b"{\"size\": Infinity}".to_vec(), 400, "malformed_json"),
        (b"{\"size\": +1}".to_vec(), 400, "malformed_json"),
        (b"{\"size\": 01}".to_vec(), 400, "malformed_json"),
        (b"{'size': 1}".to_vec(), 400, "malformed_json"),
        (b"{\"symbol\": \"\xff\"}".to_vec(), 400, "invalid_utf8"),
        (b"{\"size\": 1, \"size\": 2}".to_vec(), 400, "duplicate_key"),
        (deep.into_bytes(), 400, "json_too_deep"),
        (long.into_bytes(), 400, "json_string_too_long"),
        (format!("{{{}}}", keys.join(",")).into_bytes(), 400, "json_too_many_keys"),
        (vec![b' '; 64 * 1024 + 1], 413, "too_large"),
    ];
    for (body, status, code) in table {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let (got, problem, _) = traded(&world, &token, body).await;
        assert_eq!((got, problem.as_str()), (status, code), "{shown}");
    }
}

#[tokio::test]
async fn fields_that_cannot_be_used_are_named() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let table = [
        ("size", json!(-1)),
        ("size", json!(0)),
        ("size", json!(1e10)),
        ("size", json!("NaN")),
        ("size", json!("1e400")),
        ("size", json!(true)),
        ("size", json!(null)),
        ("size", json!([100])),
        ("size", json!("0.000000001")),
        ("symbol", json!("DOGE-MOON")),
        ("symbol", json!("aapl'; drop table users; --")),
        ("symbol", json!(7)),
        ("side", json!("hold")),
        ("side", json!("BUY")),
        ("asset_class", json!("crypto")),
        ("asset_class", json!("bonds")),
        ("order_type", json!("magic")),
        ("limit_price", json!(10)),
        ("stop_price", json!(-10)),
        ("time_in_force", json!("forever")),
    ];
    for (field, value) in table {
        let mut order = trade();
        order[field] = value.clone();
        let (status, _, named) = traded(&world, &token, order.to_string()).await;
        assert_eq!((status, named), (422, json!(field)), "{field} = {value}");
    }
    for field in ["symbol", "side", "size"] {
        let mut order = trade();
        order.as_object_mut().unwrap().remove(field);
        let (status, code, named) = traded(&world, &token, order.to_string()).await;
        assert_eq!((status, code.as_str(), named), (422, "invalid_field", json!(field)));
    }
    let mut order = trade();
    order["is_admin"] = json!(true);
    let (status, code, _) = traded(&world, &token, order.to_string()).await;
    assert_eq!((status, code.as_str()), (422, "unknown_field"));
}

#[tokio::test]
async fn order_types_need_their_prices_and_no_others() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let table = [
        (json!({"order_type": "limit"}), Some("limit_price")),
        (json!({"order_type": "limit", "limit_price": 10, "stop_price": 9}), Some("stop_price")),
        (json!({"order_type": "stop"}), Some("stop_price")),
        (json!({"order_type": "stop_limit", "limit_price": "10"}), Some("stop_price")),
        (json!({"order_type": "limit", "limit_price": "10.5"}), None),
        (json!({"order_type": "stop_limit", "limit_price": "10.5", "stop_price": 11}), None),
        (json!({"time_in_force": "gtc", "limit_price": null}), None),
        (json!({"time_in_force": "post_only"}), Some("time_in_force")),
        (json!({"order_type": "limit", "limit_price": "10.5", "time_in_force": "post_only"}), None),
    ];
    for (change, field) in table {
        let mut order = trade();
        order.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let reply = call("POST", "/api/v2/preview").token(&token).json(&order).send(&world).await;
        match field {
            Some(field) => assert_eq!(reply.json()["field"], field, "{change}"),
            None => assert_eq!(reply.status, StatusCode::OK, "{change}: {}", reply.text),
        }
    }
}

#[tokio::test]
async fn registrations_that_cannot_be() {
    let world = world();
    let table = [
        ("tier", json!("GOLD"), "tier"),
        ("tier", json!("investor"), "tier"),
        ("tier", json!(""), "tier"),
        ("email", json!("nobody"), "email"),
        ("password", json!("too short"), "password"),
        ("password", json!("aaaaaaaaaaaaaaaaaaaa"), "password"),
        ("password", json!("user user user user"), "password"),
        ("initial_capital", json!(-0.01), "initial_capital"),
        ("initial_capital", json!(1_000_000_000.01), "initial_capital"),
        ("risk_tolerance", json!("yolo"), "risk_tolerance"),
    ];
    for (field, value, named) in table {
        let mut body = registration("user@example.com");
        body[field] = value.clone();
        let reply = call("POST", "/api/v2/register").json(&body).send(&world).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{field} = {value}");
        assert_eq!(
            (reply.code().as_str(), &reply.json()["field"]),
            ("invalid_field", &json!(named))
        );
    }
    let mut broke = registration("user@example.com");
    broke["initial_capital"] = json!(0);
    let reply = call("POST", "/api/v2/register").json(&broke).send(&world).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text);
}

#[tokio::test]
async fn envelopes_that_are_refused() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let body = trade().to_string();
    let post = || call("POST", "/api/v2/preview").token(&token);
    for kind in
        ["text/plain", "application/json; charset=latin1", "multipart/form-data; boundary=x"]
    {
        let reply = post().bytes(body.clone()).header("content-type", kind).send(&world).await;
        assert_eq!(reply.code(), "unsupported_media_type", "{kind}");
    }
    assert_eq!(post().bytes(body.clone()).send(&world).await.code(), "unsupported_media_type");
    let zipped = post().raw(body.clone()).header("content-encoding", "gzip").send(&world).await;
    assert_eq!(zipped.code(), "unsupported_media_type");
    for key in ["", "has space", &"x".repeat(65), "semi;colon"] {
        let reply = post().raw(body.clone()).header("idempotency-key", key).send(&world).await;
        assert_eq!(reply.code(), "invalid_idempotency_key", "{key}");
    }
    let reply = post().raw(body.clone()).header("host", "second.test").send(&world).await;
    assert_eq!(reply.code(), "invalid_host");
    let long = format!("/api/v2/orders?cursor={}", "x".repeat(9_000));
    assert_eq!(call("GET", long).token(&token).send(&world).await.code(), "uri_too_long");
    for query in
        ["limit=0", "limit=201", "limit=x", "limit=1&limit=2", "cursor=zzz", "page=2", "open=maybe"]
    {
        let reply = call("GET", format!("/api/v2/orders?{query}")).token(&token).send(&world).await;
        assert!(reply.status.is_client_error(), "{query}");
        reply.code();
    }
    let reply = call("GET", "/api/v2/decisions?kind=other").token(&token).send(&world).await;
    assert_eq!(reply.json()["field"], "kind");
}

#[tokio::test]
async fn addresses_and_methods_that_do_not_exist() {
    let world = world();
    let reply = call("GET", "/api/v2/nothing?secret=%3Cscript%3E").send(&world).await;
    assert_eq!((reply.status, reply.code().as_str()), (StatusCode::NOT_FOUND, "not_found"));
    assert!(!reply.text.contains("script"));
    let reply = call("DELETE", "/api/v2/login").send(&world).await;
    assert_eq!(reply.code(), "method_not_allowed");
    assert_eq!(reply.headers[header::ALLOW], "POST");
    for path in ["/admin", "/api/v1/trade", "/.env", "/api/v2//trade", "/api/v2/admin/../trade"] {
        assert_eq!(call("GET", path).send(&world).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn nothing_of_the_input_comes_back() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let canary = "canary-7f3a";
    for body in [
        format!(r#"{{"{canary}": 1}}"#),
        format!(r#"{{"symbol": "{canary}", "side": "buy", "size": 1}}"#),
        format!(r#"{{"side": "{canary}"}}"#),
        format!(r#"{{"size": "{canary}"}}"#),
        format!("{{{canary}"),
    ] {
        let reply = call("POST", "/api/v2/trade").token(&token).raw(body).send(&world).await;
        assert!(reply.status.is_client_error());
        assert!(!reply.text.contains(canary), "{}", reply.text);
        for library in ["serde", "line 1", "expected", "TradeRequest"] {
            assert!(!reply.text.contains(library), "{}", reply.text);
        }
    }
}
