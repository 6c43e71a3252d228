//! A server whose disk has no room for its reserve: it comes up, sells, cancels and stops, and buys nothing.

use crate::abuse::{serve, variables};
use crate::caller::{Caller, PASSWORD};
use crate::child::{Nija, until};
use serde_json::{Value, json};
use std::time::Duration;

const USER: &str = "user@example.com";

fn order(side: &str, more: &[(&str, &str)]) -> Value {
    // A sale of all that was bought would be one of more than is held as soon as the price falls.
    let size = if side == "sell" { 10 } else { 25 };
    let mut order = json!({"symbol": "BTC-USD", "side": side, "size": size});
    for (name, value) in more {
        order[*name] = json!(value);
    }
    order
}

#[test]
fn without_room_it_closes_risk_and_opens_none() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let user = Caller::register(server.address(), USER);
    assert_eq!(user.get("/health").good()["storage"], "ok");
    user.put("/api/v2/autopilot", &json!({"enabled": false})).good();
    let rests = [("order_type", "limit"), ("limit_price", "100"), ("time_in_force", "gtc")];
    let rests = user.post("/api/v2/trade", &order("buy", &rests)).good();
    assert_eq!(user.post("/api/v2/trade", &order("buy", &[])).good()["success"], true);
    until("nothing was bought", || {
        let held = user.get("/api/v2/positions").good();
        (!held["items"].as_array().unwrap().is_empty()).then_some(())
    });
    server.signal("TERM");
    assert_eq!(server.end(Duration::from_secs(10)).0.code(), Some(0));

    let mut small = variables().to_vec();
    small.push(("NIJA_RESERVE_MIB", "1000000000"));
    let server = Nija::start(folder.path(), &["serve"], &small);
    server.after("storage is low");
    server.after("\"serving\"");
    let stranger = Caller::stranger(server.address());
    let user = Caller::login(server.address(), USER, PASSWORD);
    assert_eq!(stranger.get("/health/ready").good()["storage"], "low");
    for (path, body) in [
        ("/api/v2/trade", order("buy", &[])),
        ("/api/v2/deposits", json!({"amount": 10})),
        ("/api/v2/rearm", json!({"reason": "a test"})),
    ] {
        let refused = user.post(path, &body);
        assert_eq!((refused.status, &refused.problem()["code"]), (503, &json!("storage_full")));
    }
    let both = json!({"orders": [order("sell", &[]), order("buy", &[])]});
    assert_eq!(user.post("/api/v2/orders/batch", &both).problem()["code"], "storage_full");
    for path in ["status", "positions", "orders", "fills", "decisions", "market"] {
        user.get(&format!("/api/v2/{path}")).good();
    }
    let rests = rests["order_id"].as_str().unwrap();
    user.delete(&format!("/api/v2/orders/{rests}")).good();
    let sold = user.post("/api/v2/trade", &order("sell", &[])).good();
    assert_eq!(sold["success"], true, "{sold}");
    user.post("/api/v2/kill", &json!({"reason": "the disk is full", "flatten": true})).good();
    until("it was not sold", || {
        let held = user.get("/api/v2/positions").good();
        held["items"].as_array().unwrap().is_empty().then_some(())
    });
    server.signal("TERM");
    assert_eq!(server.end(Duration::from_secs(10)).0.code(), Some(0));
}
