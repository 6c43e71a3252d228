//! Every call of the blueprint, as it is written there.

use crate::world::{call, registration, token, trade, world};
use axum::http::StatusCode;
use nija_core::desk::event::Size;
use nija_core::desk::input::Command;
use nija_core::words::money::Money;
use serde_json::json;

#[tokio::test]
async fn register_and_login() {
    let world = world();
    let mail = "user@example.com";
    let joined = call("POST", "/api/v2/register").json(&registration(mail)).send(&world).await;
    assert_eq!(joined.status, StatusCode::CREATED, "{}", joined.text);
    let login = json!({"email": "user@example.com", "password": "secure_password"});
    let again = call("POST", "/api/v2/login").json(&login).send(&world).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text);
    for body in [joined.json(), again.json()] {
        assert_eq!(body["token_type"], "bearer");
        assert_eq!(body["tier"], "INVESTOR");
        assert_eq!(body["expires_in"], 600);
        assert_eq!(body["user_id"].as_str().unwrap().len(), 32);
        assert!(body["access_token"].as_str().unwrap().split('.').count() == 3);
    }
    assert_eq!(joined.json()["user_id"], again.json()["user_id"]);
}

#[tokio::test]
async fn allocation_is_the_example_to_the_letter() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let reply = call("GET", "/api/v2/allocation").token(&token).send(&world).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    assert!(
        reply.text.starts_with(concat!(
            r#"{"crypto_pct":60.0,"equity_pct":40.0,"derivatives_pct":0.0,"cash_pct":0.0,"#,
            r#""crypto_usd":600.0,"equity_usd":400.0"#
        )),
        "{}",
        reply.text
    );
    let body = reply.json();
    assert_eq!(body["reason"], "No regime is known yet.");
    assert!(body["regime"].is_null());
}

#[tokio::test]
async fn status_has_the_fields_of_the_product() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let body = call("GET", "/api/v2/status").token(&token).send(&world).await.json();
    assert_eq!(body["tier"], "INVESTOR");
    assert_eq!(body["total_capital"], 1000.0);
    assert_eq!(
        body["asset_allocation"],
        json!({"crypto": 60.0, "equity": 40.0, "derivatives": 0.0, "cash": 0.0})
    );
    assert_eq!(body["active_positions"], 1);
    assert_eq!(body["risk_status"], "safe");
    assert_eq!(body["execution_priority"], "High");
}

#[tokio::test]
async fn a_hundred_dollars_of_aapl_are_approved() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let reply = call("POST", "/api/v2/trade").token(&token).json(&trade()).send(&world).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let body = reply.json();
    assert_eq!(body["success"], true);
    assert_eq!(body["risk_level"], "warning");
    assert_eq!(body["order_id"], "0001000000000001");
    let routing = &body["routing"];
    assert_eq!((&routing["tier"], &routing["priority"]), (&json!("INVESTOR"), &json!("High")));
    assert_eq!(
        (&routing["venue"], &routing["latency_promise_ms"]),
        (&json!("paper"), &json!(3000))
    );
    let memory = world.desks.memory.lock().unwrap();
    let Some((_, Command::Place(wish))) = memory.commands.last() else { panic!("nothing placed") };
    assert_eq!(wish.size, Size::Dollars(Money::whole(100)));
}

#[tokio::test]
async fn a_refusal_is_an_answer_with_its_evidence() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let mut order = trade();
    order["size"] = json!("100.01");
    for path in ["/api/v2/trade", "/api/v2/preview"] {
        let reply = call("POST", path).token(&token).json(&order).send(&world).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        let body = reply.json();
        assert_eq!(body["success"].as_bool().or(body["approved"].as_bool()), Some(false));
        assert_eq!(body["risk_level"], "critical");
        let refusal = &body["refusal"];
        assert_eq!(refusal["code"], "POSITION_LIMIT");
        assert_eq!(refusal["gate"], "capital");
        assert_eq!(refusal["measured"], json!({"unit": "dollars", "value": "100.01"}));
        assert_eq!(refusal["changes"][0]["change"], "size_at_most");
        assert_eq!(refusal["changes"][0]["to"], "100");
        assert_eq!(body["message"], refusal["sentence"]);
    }
    assert_eq!(world.desks.memory.lock().unwrap().orders, 0);
}

#[tokio::test]
async fn execution_stats_and_health() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let body = call("GET", "/api/v2/execution/stats").token(&token).send(&world).await.json();
    assert_eq!(body["tiers"].as_array().unwrap().len(), 7);
    assert_eq!(body["tiers"][2]["p50_ms"], 1.5);
    assert_eq!(call("GET", "/health").send(&world).await.text, r#"{"status":"ok","storage":"ok"}"#);
    assert_eq!(call("GET", "/health/live").send(&world).await.status, StatusCode::OK);
    for path in ["/health/ready", "/health/startup"] {
        assert_eq!(call("GET", path).send(&world).await.code(), "not_ready");
    }
    world.readiness.set_started();
    world.readiness.set_serving(true);
    for path in ["/health/ready", "/health/startup"] {
        assert_eq!(call("GET", path).send(&world).await.status, StatusCode::OK);
    }
}
