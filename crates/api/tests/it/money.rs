//! Everything a user does beside the blueprint's calls: idempotency, lists, funds, limits,
//! switches, admin.

use crate::users::order_row;
use crate::world::{OPTION, call, token, trade, world};
use axum::http::StatusCode;
use nija_core::desk::event::{Setting, Size};
use nija_core::desk::input::Command;
use nija_core::ports::DeskError;
use nija_core::ports::views::OrderRow;
use nija_core::words::id::{InstrumentId, OrderId, PartitionId};
use nija_core::words::insight::{Insight, Opinion};
use nija_core::words::money::{Money, Pct};
use nija_core::words::score::{Score, Strength};
use serde_json::{Value, json};

#[tokio::test]
async fn a_key_answers_the_same_and_refuses_another_request() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let place = |body: String| {
        let post = call("POST", "/api/v2/trade").token(&token);
        post.raw(body).header("idempotency-key", "order-1").send(&world)
    };
    let first = place(trade().to_string()).await;
    let reordered = concat!(
        r#"{ "size": 100.0, "side":"buy","order_type":"market","#,
        r#" "asset_class":"equity","symbol":"AAPL" }"#
    );
    let second = place(reordered.to_owned()).await;
    assert_eq!(first.json()["order_id"], second.json()["order_id"]);
    let mut other = trade();
    other["size"] = json!(99);
    let reused = place(other.to_string()).await;
    assert_eq!(
        (reused.status, reused.code().as_str()),
        (StatusCode::CONFLICT, "idempotency_key_reused")
    );
    let elsewhere = call("POST", "/api/v2/deposits").token(&token).json(&json!({"amount": 1}));
    let elsewhere = elsewhere.header("idempotency-key", "order-1").send(&world).await;
    assert_eq!(elsewhere.code(), "idempotency_key_reused");
    assert_eq!(world.desks.memory.lock().unwrap().orders, 1);
}

#[tokio::test]
async fn lists_page_to_their_end() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let account = world.control.records.lock().unwrap().users[0].account;
    for n in 1..=7 {
        let row = order_row(OrderId::new(PartitionId(1), n));
        world.views.orders.lock().unwrap().push((account, n as i64, row));
    }
    let (mut seen, mut cursor) = (Vec::new(), None::<String>);
    for _ in 0..4 {
        let more = cursor.as_ref().map(|c| format!("&cursor={c}")).unwrap_or_default();
        let path = format!("/api/v2/orders?open=true&limit=3{more}");
        let page = call("GET", path).token(&token).send(&world).await.json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|o| o["id"].clone()));
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    let newest_first: Vec<Value> =
        (1..=7).rev().map(|n| json!(OrderId::new(PartitionId(1), n).to_string())).collect();
    assert_eq!(seen, newest_first);
}

#[tokio::test]
async fn an_order_tells_who_spoke_and_what_was_learned() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let account = world.control.records.lock().unwrap().users[0].account;
    let by_hand = order_row(OrderId(1));
    let features = [500, -500, 0, 24, -24, 1, -1, 0];
    let opinion = Some(Opinion { model: 20_248, score: Score::points(61), features });
    let learned = Insight { weight: Strength::parts(2_500), opinion, implied: None };
    let (version, insight) = (Some(3), Some(learned));
    let learned = OrderRow { version, insight, ..order_row(OrderId(2)) };
    world.views.orders.lock().unwrap().extend([(account, 1, by_hand), (account, 2, learned)]);
    let told = call("GET", "/api/v2/orders").token(&token).send(&world).await.json();
    let opinion = json!({ "model": 20_248, "score": 6_100, "features": features });
    let learned = json!({ "weight": 2_500, "opinion": opinion, "implied": null });
    assert_eq!((&told["items"][0]["version"], &told["items"][0]["insight"]), (&json!(3), &learned));
    // Nobody's: both are there, as null.
    let by_hand = ["version", "insight"].map(|name| told["items"][1].get(name));
    assert_eq!(by_hand, [Some(&Value::Null); 2]);
}

#[tokio::test]
async fn paper_money_goes_in_and_out() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let send = |path: &str, amount: Value| {
        let path = format!("/api/v2/{path}");
        call("POST", path).token(&token).json(&json!({"amount": amount})).send(&world)
    };
    assert_eq!(send("deposits", json!("250.50")).await.status, StatusCode::OK);
    assert_eq!(world.last_command(), Command::Transfer("250.5".parse().unwrap()));
    let told = json!({
        "success": true, "message": "paid out",
        "paid_out": "0.1", "performance_fee": "0", "cash": "1250.4"
    });
    assert_eq!(send("withdrawals", json!(0.1)).await.json(), told);
    assert_eq!(world.last_command(), Command::Transfer("-0.1".parse().unwrap()));
    let much = send("withdrawals", json!(5000)).await;
    assert_eq!((much.code().as_str(), &much.json()["free"]), ("not_enough_cash", &json!("1250.4")));
    for wrong in [json!(0), json!(-5), json!("-5"), json!(1e10)] {
        assert_eq!(send("deposits", wrong).await.json()["field"], "amount");
    }
}

#[tokio::test]
async fn own_limits_are_exact_and_stricter_only() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let put = |body: Value| call("PUT", "/api/v2/limits").token(&token).json(&body).send(&world);
    let body = json!({
        "max_position_pct": "7.5", "volatility_limit": 62.25,
        "max_trade": 100, "max_open_positions": 2,
        "symbols": ["AAPL", "BTC-USD"], "max_daily_loss_pct": null,
    });
    assert_eq!(put(body).await.status, StatusCode::OK);
    let Command::Set(Setting::OwnLimits(own)) = world.last_command() else {
        panic!("no limits set")
    };
    assert_eq!(own.max_position_pct, Some("7.5".parse::<Pct>().unwrap()));
    assert_eq!(own.volatility_limit, Some(Score::hundredths(6225)));
    assert_eq!(own.max_trade, Some(Money::whole(100)));
    assert_eq!(own.symbols, Some(vec![InstrumentId(1), InstrumentId(2)]));
    assert_eq!((own.max_open_positions, own.max_daily_loss_pct), (Some(2), None));

    let shown = call("GET", "/api/v2/limits").token(&token).send(&world).await.json();
    assert_eq!(shown["own"]["volatility_limit"], "62.25");
    assert_eq!(shown["own"]["symbols"], json!(["AAPL", "BTC-USD"]));
    assert_eq!(shown["of_tier"]["max_trade"], "250");

    let looser = put(json!({"max_position_pct": 50})).await;
    assert_eq!(
        (looser.code().as_str(), &looser.json()["field"]),
        ("looser_than_tier", &json!("max_position_pct"))
    );
    for (field, wrong) in [
        ("volatility_limit", json!(100.5)),
        ("volatility_limit", json!("50.001")),
        ("max_open_positions", json!(-1)),
        ("max_open_positions", json!(70_000)),
        ("symbols", json!(["NOPE"])),
        ("symbols", json!("AAPL")),
        ("max_drawdown_pct", json!(101)),
    ] {
        assert_eq!(put(json!({ field: wrong.clone() })).await.json()["field"], field, "{wrong}");
    }
}

#[tokio::test]
async fn settings_and_the_own_switch() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let send = |method, path: &str, body: Value| {
        call(method, format!("/api/v2/{path}")).token(&token).json(&body).send(&world)
    };
    assert_eq!(
        send("PUT", "tolerance", json!({"risk_tolerance": "aggressive"})).await.status,
        StatusCode::OK
    );
    assert_eq!(send("PUT", "autopilot", json!({"enabled": false})).await.status, StatusCode::OK);
    assert_eq!(world.last_command(), Command::Set(Setting::Autopilot(false)));
    assert_eq!(send("PUT", "autopilot", json!({"enabled": "no"})).await.json()["field"], "enabled");
    for wrong in [
        json!({}),
        json!({"reason": "x"}),
        json!({"reason": "a\u{0}b c"}),
        json!({"reason": "x".repeat(201)}),
    ] {
        assert_eq!(send("POST", "kill", wrong).await.json()["field"], "reason");
    }
    let kill = json!({"reason": "going on holiday", "flatten": true});
    assert_eq!(send("POST", "kill", kill).await.status, StatusCode::OK);
    let Command::Kill { reason, flatten, .. } = world.last_command() else { panic!("no kill") };
    assert_eq!((reason.as_str(), flatten), ("going on holiday", true));
    assert_eq!(send("POST", "rearm", json!({"reason": "back again"})).await.status, StatusCode::OK);
    let actions = world.control.actions();
    assert!(
        actions.contains(&"kill_pressed".to_owned())
            && actions.contains(&"kill_released".to_owned())
    );
}

#[tokio::test]
async fn orders_are_cancelled_and_positions_closed() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    call("POST", "/api/v2/trade").token(&token).json(&trade()).send(&world).await;
    let delete = |path: &str| call("DELETE", format!("/api/v2/{path}")).token(&token).send(&world);
    assert_eq!(delete("orders/0001000000000001").await.status, StatusCode::OK);
    assert_eq!(delete("orders/0001000000000009").await.code(), "not_found");
    let closed = delete("positions/AAPL").await.json();
    assert_eq!((&closed["success"], &closed["purpose"]), (&json!(true), &json!("exit")));
    let Command::Place(wish) = world.last_command() else { panic!("no exit") };
    assert_eq!(wish.size, Size::All);
    assert_eq!(delete("positions/NOPE").await.code(), "no_position");
    let held = call("GET", "/api/v2/positions").token(&token).send(&world).await.json();
    assert_eq!(held["items"][0]["symbol"], "AAPL");
    assert_eq!(held["items"][0]["unrealized"], "10");
    assert_eq!(held["items"][0]["greeks"], json!(null));
}

#[tokio::test]
async fn a_holding_of_options_tells_its_greeks() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    world.desks.memory.lock().unwrap().holds = Some((OPTION, 3));
    let held = call("GET", "/api/v2/positions").token(&token).send(&world).await.json();
    assert_eq!(held["items"][1]["symbol"], "AAPL260320P00150000");
    // Three contracts of a hundred.
    let want = json!({
        "underlying": "AAPL", "at": "1970-01-01T00:00:00Z", "volatility_pct": "42",
        "delta": "-135", "gamma": "6", "vega": "3", "theta": "-9",
    });
    assert_eq!(held["items"][1]["greeks"], want);
}

#[tokio::test]
async fn reads_answer() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let get = |path: &str| call("GET", format!("/api/v2/{path}")).token(&token).send(&world);
    for path in ["fills", "equity", "entries"] {
        assert_eq!(get(path).await.text, r#"{"items":[]}"#, "{path}");
    }
    let decisions = get("decisions?kind=refused").await.json();
    assert_eq!(decisions["items"][0]["evidence"]["measured"], "1.50");
    let market = get("market").await.json();
    assert_eq!(market["instruments"][1]["symbol"], "BTC-USD");
    assert_eq!(market["instruments"][1]["mark"], "150");
    assert!(market["conditions"].is_null());
    let me = get("me").await.json();
    assert_eq!((&me["email"], &me["role"]), (&json!("user@example.com"), &json!("user")));
}

#[tokio::test]
async fn desks_that_cannot_answer_are_503_with_a_time() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    for (error, code) in [
        (DeskError::Busy, "busy"),
        (DeskError::Gone, "unavailable"),
        (DeskError::StorageFull, "storage_full"),
    ] {
        world.desks.memory.lock().unwrap().broken = Some(error);
        let reply = call("POST", "/api/v2/trade").token(&token).json(&trade()).send(&world).await;
        assert_eq!((reply.status, reply.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, code));
    }
}

#[tokio::test]
async fn a_panic_is_500_with_an_id_and_nothing_else() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    world.desks.memory.lock().unwrap().panics = true;
    let reply = call("POST", "/api/v2/trade").token(&token).json(&trade()).send(&world).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (StatusCode::INTERNAL_SERVER_ERROR, "internal")
    );
    assert!(!reply.text.contains("secret text"));
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    // Not before: a password is hashed on a thread of its own, for which a clock that stands still does not wait.
    tokio::time::pause();
    world.desks.memory.lock().unwrap().hangs = true;
    let reply = call("POST", "/api/v2/trade").token(&token).json(&trade()).send(&world).await;
    assert_eq!(reply.code(), "timeout");
}
