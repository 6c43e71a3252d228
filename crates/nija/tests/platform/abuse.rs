//! Bad input at every write of the API's own description, against the real server: refused with a problem
//! document, never with a failure of the server, and without moving a cent.

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

/// The same about copying, and about an account by an administrator.
fn writes_of_copies() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("POST", "/api/v2/copy/master", json!({"accept_disclosure": 1})),
        (
            "POST",
            "/api/v2/copy/00000000000000000000000000000000",
            json!({"amount": 100, "copy_open": false, "stop_loss_pct": 20, "symbols": ["AAPL"]}),
        ),
        (
            "PATCH",
            "/api/v2/copy/00000000000000000000000000000000",
            json!({"paused": true, "max_trade": 30, "max_slippage_pct": 2}),
        ),
        ("POST", "/api/v2/copy/00000000000000000000000000000000/funds", json!({"amount": 10})),
        (
            "POST",
            "/api/v2/admin/accounts/00000000000000000000000000000000/adjust",
            json!({"kind": "dividend", "amount": 1, "why": "a test"}),
        ),
        (
            "POST",
            "/api/v2/admin/accounts/00000000000000000000000000000000/refund-fee",
            json!({"reason": "a test"}),
        ),
        (
            "POST",
            "/api/v2/admin/accounts/00000000000000000000000000000000/qualify",
            json!({"evidence": "a test"}),
        ),
        (
            "POST",
            "/api/v2/admin/masters/00000000000000000000000000000000/vet",
            json!({"vetted": true, "reason": "a test"}),
        ),
    ]
}

/// The same of subscriptions and invoices.
fn writes_of_billing() -> Vec<(&'static str, &'static str, Value)> {
    let plan = json!({"tier": "SAVER", "cycle": "annual"});
    vec![
        ("POST", "/api/v2/subscription", plan.clone()),
        ("PATCH", "/api/v2/subscription", plan),
        (
            "POST",
            "/api/v2/admin/invoices/NIJA-0003-000017/paid",
            json!({"reference": "a transfer", "amount": 49}),
        ),
        (
            "POST",
            "/api/v2/admin/invoices/NIJA-0003-000017/refund",
            json!({"amount": 1, "reason": "a test", "end": false}),
        ),
        (
            "POST",
            "/api/v2/admin/users/00000000000000000000000000000000/subscription/payout",
            json!({"amount": 1, "reason": "a test"}),
        ),
        (
            "POST",
            "/api/v2/admin/users/00000000000000000000000000000000/payouts/NIJA-0003-000017/paid",
            json!({"reference": "a test"}),
        ),
    ]
}

/// A write of the API with an order that would be accepted, field by field.
fn writes() -> Vec<(&'static str, &'static str, Value)> {
    let trade = json!({
        "symbol": "BTC-USD", "asset_class": "crypto", "side": "buy", "size": 50.0,
        "order_type": "limit", "limit_price": "1", "time_in_force": "gtc"
    });
    vec![
        ("POST", "/api/v2/trade", trade.clone()),
        ("POST", "/api/v2/preview", trade),
        ("POST", "/api/v2/deposits", json!({"amount": 10})),
        ("POST", "/api/v2/withdrawals", json!({"amount": 10})),
        (
            "PUT",
            "/api/v2/limits",
            json!({"max_trade": 30, "max_open_positions": 2, "symbols": ["AAPL"]}),
        ),
        ("PUT", "/api/v2/tolerance", json!({"risk_tolerance": "moderate"})),
        ("PUT", "/api/v2/autopilot", json!({"enabled": false})),
        ("POST", "/api/v2/kill", json!({"reason": "a test", "flatten": false})),
        ("POST", "/api/v2/rearm", json!({"reason": "a test"})),
        (
            "POST",
            "/api/v2/login",
            json!({"email": "none@example.com", "password": "a password of nobody"}),
        ),
        (
            "POST",
            "/api/v2/register",
            json!({"email": "x@example.com", "password": "seven garden chairs", "tier": "SAVER", "initial_capital": 5}),
        ),
        (
            "POST",
            "/api/v2/password",
            json!({"old_password": "secure_password", "password": "seven garden chairs"}),
        ),
        ("POST", "/api/v2/admin/kill", json!({"scope": "platform", "reason": "a test"})),
        ("POST", "/api/v2/admin/rearm", json!({"scope": "platform", "reason": "a test"})),
        (
            "PUT",
            "/api/v2/admin/users/00000000000000000000000000000000/tier",
            json!({"tier": "BALLER", "reason": "a test"}),
        ),
    ]
}

/// Values that no field of ours takes, each as raw JSON.
const NONSENSE: [&str; 12] = [
    "-1",
    "0.000000001",
    "1e400",
    "99999999999999999999",
    "\"NaN\"",
    "\"\"",
    "\"GOLD\"",
    "[]",
    "{}",
    "[[1]]",
    "\"\\u0000\"",
    "-0.01",
];

/// Bodies that are no JSON as it must be.
const MALFORMED: [&str; 9] = [
    "",
    "{",
    "null",
    "[]",
    "\"text\"",
    "{\"size\": NaN}",
    "{\"a\":1}",
    "{}{}",
    "{\"reason\": Infinity}",
];

/// Is a value one that this field takes after all?
fn may_pass(field: &str, value: &str) -> bool {
    match field {
        // Any three letters are a reason.
        "reason" => ["\"NaN\"", "\"GOLD\""].contains(&value),
        "symbols" => value == "[]",
        _ => false,
    }
}

fn with(body: &Value, field: &str, value: &str) -> String {
    let mut parts = Vec::new();
    for (name, kept) in body.as_object().unwrap() {
        let value = if name == field { value.to_owned() } else { kept.to_string() };
        parts.push(format!("{}:{value}", json!(name)));
    }
    format!("{{{}}}", parts.join(","))
}

/// Sends a write; a registration is not tried again, because few are let in from one address.
fn sent(user: &Caller, (method, path): (&str, &str), body: &str) -> Reply {
    match path {
        "/api/v2/register" => user.once(method, path, Some(body)),
        _ => user.send(method, path, Some(body)),
    }
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
    every_write_is_in_the_table(&user);

    for (method, path, body) in [writes(), writes_of_copies(), writes_of_billing()].concat() {
        for malformed in MALFORMED {
            // What is all optional may be left out: that is no bad input.
            if path == "/api/v2/limits" && malformed == "{}" {
                continue;
            }
            refused(
                &sent(&user, (method, path), malformed),
                &format!("{method} {path} {malformed:?}"),
            );
        }
        for field in body.as_object().unwrap().keys() {
            for value in NONSENSE {
                let bad = with(&body, field, value);
                if !may_pass(field, value) {
                    refused(&sent(&user, (method, path), &bad), &format!("{method} {path} {bad}"));
                }
            }
        }
        if !["/api/v2/login", "/api/v2/register"].contains(&path) {
            let reply = Caller::stranger(address).send(method, path, Some(&body.to_string()));
            assert_eq!(reply.problem()["status"], 401, "{method} {path} without a token");
        }
    }
    single_words(&user);
    assert_eq!(balances(&user), before);
    assert!(!server.text().contains("panicked"), "{}", server.text());
    server.signal("TERM");
    let (status, text) = server.end(std::time::Duration::from_secs(10));
    assert!(status.success(), "{text}");
}

/// Bad words where the table's nonsense is not bad enough.
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

/// The table above names every write that takes a body, or a new one would go untested.
fn every_write_is_in_the_table(user: &Caller) {
    let described = user.get("/api/openapi.json").good();
    for (path, calls) in described["paths"].as_object().unwrap() {
        for (method, call) in calls.as_object().unwrap() {
            // Bad orders of a batch are answered inside it: see `batch` and `attack::bodies`.
            // What the payment provider signs is not read before its signature: see `attack::signed`. A table of
            // bars is no JSON: see `backtests`.
            let elsewhere =
                ["/api/v2/token/refresh", "/api/v2/orders/batch", "/api/v2/payments/webhook"];
            if call["requestBody"]["content"]["application/json"].is_null()
                || elsewhere.contains(&path.as_str())
            {
                continue;
            }
            let nobody = "00000000000000000000000000000000";
            let plain = path.replace("{id}", nobody).replace("{master}", nobody);
            let plain = plain.replace("{number}", "NIJA-0003-000017");
            let method = method.to_uppercase();
            let known = [writes(), writes_of_copies(), writes_of_billing()].concat();
            let known = known.iter().any(|(m, p, _)| *m == method && *p == plain);
            assert!(known, "{method} {path} is not in the table of bad input");
        }
    }
}
