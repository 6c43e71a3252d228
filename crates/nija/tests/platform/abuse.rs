//! Requests of the right shape that make no sense, against the real server: refused with a problem document, and
//! without moving a cent. Bodies of the wrong shape, and callers without a token, are `attack`'s.

use crate::caller::{Caller, Reply};
use crate::child::{Nija, until};
use serde_json::{Map, Value, json};
use std::path::Path;

/// A secret with chance enough; the tests' own.
pub(crate) const SECRET: &str = "5c1f0e7a93b84d26af17c3e9d40b6825f1ae73c09d5b4268";

/// What a server on generated prices is configured with.
pub(crate) const fn variables() -> [(&'static str, &'static str); 5] {
    [
        ("JWT_SECRET_KEY", SECRET),
        ("DATABASE_URL", "sqlite:nija.db"),
        ("NIJA_FEED", "generator"),
        ("NIJA_QUOTE_EVERY_MS", "50"),
        ("NIJA_PARTITIONS", "2"),
    ]
}

/// Starts a server, and waits until it serves.
pub(crate) fn serve(folder: &Path) -> Nija {
    let server = Nija::start(folder, &["serve"], &variables());
    server.after("\"serving\"");
    server
}

#[track_caller]
fn refused(reply: &Reply, sent: &str) {
    assert!((400..500).contains(&reply.status), "{sent}: {reply:?}");
    reply.problem();
}

/// What must not move.
fn balances(user: &Caller) -> Value {
    let status = user.get("/api/v2/status").good();
    let mut kept = Map::new();
    for field in ["cash", "reserved", "open_orders", "active_positions", "tier", "risk_tolerance"] {
        kept.insert(field.to_owned(), status[field].clone());
    }
    kept.insert("autopilot".to_owned(), status["autopilot"].clone());
    kept.insert("switches".to_owned(), status["kill_switches"].clone());
    kept.insert("limits".to_owned(), user.get("/api/v2/limits").good());
    kept.insert("entries".to_owned(), user.get("/api/v2/entries").good()["items"].clone());
    Value::Object(kept)
}

#[test]
fn bad_input_is_refused_aloud_and_moves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let address = server.address();
    let user = Caller::register(address, "user@example.com");
    user.put("/api/v2/autopilot", &json!({"enabled": false})).good();
    until("the deposit was not booked", || {
        (!user.get("/api/v2/entries").good()["items"].as_array().unwrap().is_empty()).then_some(())
    });
    let before = balances(&user);
    single_words(&user);
    assert_eq!(balances(&user), before);
    assert!(!server.text().contains("panicked"), "{}", server.text());
    server.signal("TERM");
    let (status, text) = server.end(std::time::Duration::from_secs(10));
    assert!(status.success(), "{text}");
}

/// Words and numbers that have the right shape and no sense.
fn single_words(user: &Caller) {
    let trade = |field: &str, value: Value| {
        let mut body = json!({"symbol": "BTC-USD", "side": "buy", "size": 50.0});
        body[field] = value;
        ("POST", "/api/v2/trade", body)
    };
    for (method, path, body) in [
        trade("symbol", json!("NO-SUCH")),
        trade("side", json!("short")),
        trade("size", json!(0)),
        trade("size", json!(2_000_000_000u64)),
        trade("asset_class", json!("equity")),
        trade("order_type", json!("limit")),
        trade("stop_price", json!(5)),
        trade("time_in_force", json!("forever")),
        trade("leverage", json!(10)),
        ("POST", "/api/v2/withdrawals", json!({"amount": 1_000_000})),
        ("POST", "/api/v2/deposits", json!({"amount": 0})),
        ("POST", "/api/v2/kill", json!({"reason": "x"})),
        ("POST", "/api/v2/kill", json!({"reason": "x".repeat(201)})),
        ("PUT", "/api/v2/limits", json!({"max_open_positions": 0})),
        ("PUT", "/api/v2/limits", json!({"max_trade": 1})),
        ("PUT", "/api/v2/limits", json!({"volatility_limit": 101})),
    ] {
        refused(&user.send(method, path, Some(&body.to_string())), &format!("{path} {body}"));
    }
    for path in ["/api/v2/orders/none", "/api/v2/orders/0000000000000001", "/api/v2/positions/NONE"]
    {
        assert_eq!(user.delete(path).problem()["status"], 404, "{path}");
    }
    let large = format!("{{\"reason\": \"{}\"}}", "x".repeat(70_000));
    assert_eq!(user.send("POST", "/api/v2/kill", Some(&large)).status, 413);
}
