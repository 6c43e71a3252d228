//! A newcomer's way through the running demo, with the blueprint's own bodies.

use crate::caller::{Caller, PASSWORD};
use crate::child::{Nija, until};
use serde_json::{Value, json};
use std::net::SocketAddr;

fn trade(size: f64) -> Value {
    json!({
        "symbol": "AAPL", "asset_class": "equity", "side": "buy", "size": size, "order_type": "market"
    })
}

fn rows(reply: &Value) -> usize {
    reply["items"].as_array().unwrap().len()
}

#[test]
fn a_newcomer_trades_in_the_running_demo() {
    let folder = tempfile::tempdir().unwrap();
    // The weeks before the crash, a day in half a second; generated prices go on behind the history.
    let options = ["demo", "--slow-from", "2020-01-02", "--speed", "2"];
    let demo = Nija::start(folder.path(), &options, &[]);
    let password = demo.after("admin@demo.nija, password ");
    let address = demo.address();
    operators_are_served(address);
    demo.after("\n2020-01-0");

    let user = Caller::register(address, "user@example.com");
    // The strategies' own orders would come between.
    user.put("/api/v2/autopilot", &json!({"enabled": false})).good();
    allocation_adds_up(&user);
    let order = a_trade_is_filled(&user);
    too_much_is_refused(&user);
    deposits_are_no_profit(&user);
    own_limits_hold(&user);
    the_switch_stops_entries(&user);
    a_position_is_closed(&user);
    decisions_explain(&user);
    others_see_nothing(address, &order);
    admins_see_more(address, password.trim(), &user);
}

fn operators_are_served(address: SocketAddr) {
    let stranger = Caller::stranger(address);
    for path in ["/health", "/health/live", "/health/ready", "/health/startup"] {
        assert_eq!(stranger.get(path).status, 200, "{path}");
    }
    let docs = stranger.get("/api/docs/");
    assert!(docs.status == 200 && docs.text.contains("swagger"), "{docs:?}");
    let described = stranger.get("/api/openapi.json").good();
    assert!(described["paths"]["/api/v2/trade"]["post"].is_object());
    assert_eq!(stranger.get("/api/v2/status").problem()["status"], 401);
}

fn allocation_adds_up(user: &Caller) {
    let split = user.get("/api/v2/allocation").good();
    let sum = |unit: &str| -> f64 {
        let parts = ["crypto", "equity", "derivatives", "cash"];
        parts.iter().map(|part| split[format!("{part}_{unit}")].as_f64().unwrap()).sum()
    };
    assert!((sum("pct") - 100.0).abs() < 1e-6, "{split}");
    assert!((sum("usd") - 1_000.0).abs() < 1e-6, "{split}");
    assert!(split["reason"].as_str().is_some_and(|reason| reason.len() > 10), "{split}");
}

/// Buys the blueprint's hundred dollars of AAPL, and gives the order's id.
fn a_trade_is_filled(user: &Caller) -> String {
    let preview = user.post("/api/v2/preview", &trade(100.0)).good();
    assert_eq!(preview["approved"], true, "{preview}");
    let placed = user.post("/api/v2/trade", &trade(100.0)).good();
    assert_eq!(placed["success"], true, "{placed}");
    assert_eq!(placed["quantity"], preview["quantity"]);
    assert_eq!(placed["routing"]["venue"], "paper");
    let id = placed["order_id"].as_str().unwrap().to_owned();
    let path = format!("/api/v2/orders/{id}");
    let order = until("the order was not filled", || {
        // The row follows the answer: the views are behind the journal.
        let order = user.get(&path);
        (order.status == 200).then(|| order.json()).filter(|order| order["state"] == "filled")
    });
    assert_eq!(order["filled_qty"], order["qty"]);
    assert_eq!((&order["symbol"], &order["origin"]), (&json!("AAPL"), &json!("user")));
    let held = user.get("/api/v2/positions").good();
    assert_eq!((rows(&held), &held["items"][0]["qty"]), (1, &order["qty"]), "{held}");
    let fills = user.get("/api/v2/fills").good();
    assert_eq!(fills["items"][0]["order_id"], id.as_str());
    id
}

fn too_much_is_refused(user: &Caller) {
    let before = rows(&user.get("/api/v2/decisions").good());
    let preview = user.post("/api/v2/preview", &trade(1_000.0)).good();
    let after = rows(&user.get("/api/v2/decisions").good());
    assert_eq!((before, &preview["approved"]), (after, &json!(false)));
    let refused = user.post("/api/v2/trade", &trade(1_000.0)).good();
    assert_eq!(refused["success"], false, "{refused}");
    assert!(refused["order_id"].is_null());
    let (said, foretold) = (&refused["refusal"], &preview["refusal"]);
    assert!(said["code"].is_string() && said["sentence"].is_string(), "{refused}");
    assert_eq!((&said["code"], &said["gate"]), (&foretold["code"], &foretold["gate"]));
    until("the refusal was not recorded", || {
        let decisions = user.get("/api/v2/decisions?kind=refused").good();
        (decisions["items"][0]["code"] == said["code"]).then_some(())
    });
}

fn deposits_are_no_profit(user: &Caller) {
    let before = user.get("/api/v2/status").good();
    user.post("/api/v2/deposits", &json!({"amount": 500})).good();
    let after = user.get("/api/v2/status").good();
    let dollars = |status: &Value| status["cash"].as_str().unwrap().parse::<f64>().unwrap();
    assert!((dollars(&after) - dollars(&before) - 500.0).abs() < 1e-6, "{before} {after}");
    let lost = |status: &Value| status["drawdown_pct"].as_str().unwrap().parse::<f64>().unwrap();
    // Less than the market moves meanwhile: paid-in money would have hidden any fall.
    assert!((lost(&after) - lost(&before)).abs() < 5.0);
    let entries = until("the deposit was not booked", || {
        let entries = user.get("/api/v2/entries").good();
        let paid = |row: &&Value| row["cause"] == "transfer" && row["amount"] == "-500";
        let booked = entries["items"].as_array().unwrap().iter().find(paid).cloned();
        booked.map(|row| (row, entries))
    });
    assert_eq!(entries.0["book"], "capital", "{}", entries.1);
    let realized = |row: &&Value| row["book"] == "realized";
    assert_eq!(entries.1["items"].as_array().unwrap().iter().filter(realized).count(), 0);
    user.post("/api/v2/withdrawals", &json!({"amount": "500"})).good();
}

fn own_limits_hold(user: &Caller) {
    let looser = user.put("/api/v2/limits", &json!({"max_position_pct": 90}));
    assert_eq!((looser.status, &looser.problem()["field"]), (422, &json!("max_position_pct")));
    user.put("/api/v2/limits", &json!({"max_trade": 30})).good();
    let limits = user.get("/api/v2/limits").good();
    assert_eq!(limits["in_force"]["max_trade"], "30");
    let refused = user.post("/api/v2/preview", &trade(31.0)).good();
    assert_eq!(refused["approved"], false, "{refused}");
    user.put("/api/v2/limits", &json!({})).good();
    let limits = user.get("/api/v2/limits").good();
    assert_eq!(limits["in_force"]["max_trade"], limits["of_tier"]["max_trade"]);
}

fn the_switch_stops_entries(user: &Caller) {
    let silent = user.post("/api/v2/kill", &json!({}));
    assert_eq!((silent.status, &silent.problem()["field"]), (422, &json!("reason")));
    user.post("/api/v2/kill", &json!({"reason": "a look at the books first"})).good();
    let status = user.get("/api/v2/status").good();
    assert_eq!(status["kill_switches"][0]["reason"], "a look at the books first");
    let mut other = trade(25.0);
    other["symbol"] = json!("MSFT");
    let refused = user.post("/api/v2/trade", &other).good();
    assert_eq!(refused["refusal"]["code"], "KILL_SWITCH", "{refused}");
    user.post("/api/v2/rearm", &json!({"reason": "the books are in order"})).good();
    let status = user.get("/api/v2/status").good();
    assert_eq!(status["kill_switches"], json!([]));
    let passed = user.post("/api/v2/preview", &other).good();
    assert!(passed["refusal"]["code"] != "KILL_SWITCH", "{passed}");
}

fn a_position_is_closed(user: &Caller) {
    let sold = user.delete("/api/v2/positions/AAPL").good();
    assert_eq!((&sold["success"], &sold["purpose"]), (&json!(true), &json!("exit")), "{sold}");
    until("the position was not sold", || {
        (rows(&user.get("/api/v2/positions").good()) == 0).then_some(())
    });
    let nothing = user.delete("/api/v2/positions/AAPL");
    assert!(nothing.status == 404 || nothing.good()["success"] == false, "{nothing:?}");
}

fn decisions_explain(user: &Caller) {
    let decisions = user.get("/api/v2/decisions").good();
    for row in decisions["items"].as_array().unwrap() {
        assert!(row["sentence"].as_str().is_some_and(|why| why.len() > 10), "{row}");
    }
    let approved = user.get("/api/v2/decisions?kind=approved").good();
    let entry = approved["items"].as_array().unwrap().iter().find(|row| row["side"] == "buy");
    let evidence = &entry.unwrap_or_else(|| panic!("{approved}"))["evidence"];
    assert!(evidence.is_object(), "{approved}");
}

fn others_see_nothing(address: SocketAddr, order: &str) {
    let other = Caller::register(address, "other@example.com");
    let path = format!("/api/v2/orders/{order}");
    assert_eq!(other.get(&path).problem()["status"], 404);
    assert_eq!(other.delete(&path).problem()["status"], 404);
    assert_eq!(rows(&other.get("/api/v2/orders").good()), 0);
    assert_eq!(rows(&other.get("/api/v2/fills").good()), 0);
    let again = json!({
        "email": "user@example.com", "password": PASSWORD, "tier": "SAVER", "initial_capital": 1
    });
    assert_eq!(Caller::stranger(address).post("/api/v2/register", &again).status, 409);
}

fn admins_see_more(address: SocketAddr, password: &str, user: &Caller) {
    let admin = Caller::login(address, "admin@demo.nija", password);
    let revenue = admin.get("/api/v2/revenue").good();
    // The demo's accounts have won something by now, and paid for three years of service.
    let streams = ["subscription", "performance_fee", "copy_trading_fee"];
    let amounts = streams.map(|of| revenue["revenue_by_type"][of].as_f64().unwrap());
    assert!(amounts.iter().all(|amount| *amount > 0.0), "{revenue}");
    let total = revenue["total_revenue"].as_f64().unwrap();
    assert!((total - amounts.iter().sum::<f64>()).abs() < 0.005, "{revenue}");
    assert_eq!(revenue["mrr"], 1814.2, "each of the six paid tiers once");
    for path in ["/api/v2/revenue", "/api/v2/admin/users", "/api/v2/admin/audit"] {
        assert_eq!(user.get(path).problem()["status"], 403, "{path}");
    }
    let metrics = user.get("/metrics");
    for name in ["nija_journal_events_total", "nija_orders_sent_total", "nija_commit_seconds"] {
        assert!(metrics.status == 200 && metrics.text.contains(name), "{name} in {metrics:?}");
    }
    let stats = user.get("/api/v2/execution/stats").good();
    let tiers = stats["tiers"].as_array().unwrap();
    assert_eq!(tiers.len(), 7, "{stats}");
    let investor = tiers.iter().find(|row| row["tier"] == "INVESTOR").unwrap();
    assert!(investor["sent"].as_u64().is_some_and(|sent| sent > 0), "{stats}");
}
