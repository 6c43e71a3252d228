//! A model of one's own through the real server: its signal, its order, its stop, where they are shown, and what a
//! restart leaves of them.

use crate::abuse::serve;
use crate::caller::{Caller, PASSWORD};
use crate::child::until;
use serde_json::{Value, json};
use std::time::Duration;

const OWNER: &str = "owner@example.com";

fn owner(address: std::net::SocketAddr) -> Caller {
    let body = json!({
        "email": OWNER, "password": PASSWORD, "tier": "BALLER", "initial_capital": 50_000
    });
    let stranger = Caller::stranger(address);
    assert_eq!(stranger.post("/api/v2/register", &body).status, 201);
    Caller::login(address, OWNER, PASSWORD)
}

fn rows(user: &Caller, path: &str) -> Vec<Value> {
    user.get(path).good()["items"].as_array().unwrap().clone()
}

fn enter(name: &str) -> Value {
    json!({
        "symbol": "BTC-USD", "action": "enter", "strength": 0.5, "stop_price": 100,
        "model": "ridge-7", "confidence": 81, "reason": "breadth turned", "client_order_id": name
    })
}

/// What the model bought, and the orders that it has asked for.
fn held(user: &Caller) -> Option<Value> {
    let positions = rows(user, "/api/v2/positions");
    let lots = positions.iter().flat_map(|of| of["lots"].as_array().unwrap().clone());
    lots.into_iter().find(|lot| lot["strategy"] == "own").map(|lot| lot["qty"].clone())
}

#[test]
fn a_models_signal_is_traded_shown_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let user = owner(server.address());
    let other = Caller::register(server.address(), "other@example.com");
    other.put("/api/v2/autopilot", &json!({"enabled": false})).good();
    let placed = until("the gates never let it pass", || {
        // Prices come with the feed.
        static TRIES: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let n = TRIES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let answer = user.post("/api/v2/signals", &enter(&format!("s-{n}"))).good();
        (answer["success"] == true).then_some((n, answer))
    });
    let (n, placed) = placed;
    assert_eq!(placed["routing"]["priority"], "Ultra High", "{placed}");
    let qty = until("it was not filled", || held(&user));
    let again = user.post("/api/v2/signals", &enter(&format!("s-{n}"))).good();
    assert_eq!(again, placed, "a repeat");

    // The same word in every list.
    let orders = until("the stop does not rest", || {
        let orders = rows(&user, "/api/v2/orders");
        orders.iter().any(|of| of["origin"] == "protection").then_some(orders)
    });
    let order = orders.iter().find(|of| of["id"] == placed["order_id"]).unwrap();
    assert_eq!((&order["origin"], &order["state"]), (&json!("own"), &json!("filled")));
    assert_eq!((&order["version"], &order["insight"]), (&json!(0), &Value::Null));
    let said = rows(&user, "/api/v2/decisions?kind=signaled");
    assert_eq!((&said[0]["origin"], &said[0]["symbol"]), (&json!("own"), &json!("BTC-USD")));
    assert_eq!(said[0]["size"], "50.00% of a full position");
    let evidence = &said[0]["evidence"];
    assert_eq!(evidence["model"], "ridge-7");
    assert_eq!(
        (&evidence["confidence"], &evidence["reason"]),
        (&json!("81.00"), &json!("breadth turned"))
    );
    let approved = rows(&user, "/api/v2/decisions?kind=approved");
    let approved = approved.iter().find(|of| of["order_id"] == placed["order_id"]).unwrap();
    assert_eq!(approved["evidence"]["origin"]["signal"], evidence["signal"], "{approved}");
    assert_eq!(approved["evidence"]["version"], 0, "{approved}");

    // Nobody else heard it, and nobody else may.
    assert!(rows(&other, "/api/v2/decisions?kind=signaled").is_empty());
    assert!(rows(&other, "/api/v2/orders").is_empty());
    assert_eq!(other.post("/api/v2/signals", &enter("x")).problem()["code"], "not_in_pool");

    server.signal("KILL");
    server.end(Duration::from_secs(30));
    let server = serve(folder.path());
    let user = Caller::login(server.address(), OWNER, PASSWORD);
    assert_eq!(held(&user), Some(qty));
    let again = user.post("/api/v2/signals", &enter(&format!("s-{n}"))).good();
    assert_eq!(again, placed, "a repeat after a crash");
    user.put("/api/v2/autopilot", &json!({"enabled": false})).good();
    let off = user.post("/api/v2/signals", &enter("off")).good();
    assert_eq!((&off["success"], &off["skipped"]), (&json!(false), &json!("autopilot_off")));
    let exit = json!({"symbol": "BTC-USD", "action": "exit", "model": "ridge-7"});
    assert_eq!(user.post("/api/v2/signals", &exit).good()["success"], true);
    until("what the model bought was not sold", || held(&user).is_none().then_some(()));
}
