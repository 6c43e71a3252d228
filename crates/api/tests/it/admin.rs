//! What administrators do.

use crate::world::{PASSWORD, Reply, World, call, token, trade, world};
use axum::http::StatusCode;
use nija_core::desk::event::Setting;
use nija_core::desk::input::Command;
use nija_core::risk::kill::Scope;
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::AssetClass;
use nija_core::words::tier::Tier;
use serde_json::{Value, json};

pub(crate) async fn admin(world: &World) -> String {
    token(world, "boss@example.com").await;
    world.control.promote("boss@example.com");
    let login = json!({"email": "boss@example.com", "password": PASSWORD});
    let reply = call("POST", "/api/v2/login").json(&login).send(world).await.json();
    reply["access_token"].as_str().unwrap().to_owned()
}

async fn send(world: &World, boss: &str, path: &str, body: Value) -> Reply {
    let method = if path.starts_with("users/") { "PUT" } else { "POST" };
    let path = format!("/api/v2/admin/{path}");
    call(method, path).token(boss).json(&body).send(world).await
}

#[tokio::test]
async fn admins_press_and_release_switches() {
    let world = world();
    token(&world, "user@example.com").await;
    let boss = admin(&world).await;
    let account = world.control.records.lock().unwrap().users[0].account.to_string();
    let switch = |scope: &str, of: Value| json!({"scope": scope, "of": of, "reason": "a drill"});
    for (path, scope, of) in [
        ("kill", "platform", json!(null)),
        ("kill", "class", json!("crypto")),
        ("rearm", "symbol", json!("AAPL")),
        ("kill", "account", json!(account)),
    ] {
        let reply = send(&world, &boss, path, switch(scope, of)).await;
        assert_eq!(reply.status, StatusCode::OK, "{scope}: {}", reply.text);
    }
    let pressed = [
        (Scope::Platform, true),
        (Scope::Class(AssetClass::Crypto), true),
        (Scope::Symbol(InstrumentId(1)), false),
    ];
    assert_eq!(world.desks.memory.lock().unwrap().switches, pressed);
    assert!(matches!(world.last_command(), Command::Kill { .. }));
    for (scope, of, field) in [
        ("venue", json!("moon"), "of"),
        ("venue", json!(null), "of"),
        ("platform", json!("earth"), "of"),
        ("strategy", json!("luck"), "of"),
        ("account", json!("1"), "of"),
        ("world", json!(null), "scope"),
    ] {
        let reply = send(&world, &boss, "kill", switch(scope, of)).await;
        assert_eq!(reply.json()["field"], field, "{scope}");
    }
}

#[tokio::test]
async fn a_new_tier_holds_at_once() {
    let world = world();
    let user = token(&world, "user@example.com").await;
    let boss = admin(&world).await;
    let routed = || async {
        let mut order = trade();
        order["size"] = json!(30);
        let post = call("POST", "/api/v2/trade").token(&user).json(&order);
        post.send(&world).await.json()["routing"]["tier"].clone()
    };
    assert_eq!(routed().await, "INVESTOR");
    let id = world.control.records.lock().unwrap().users[0].id;
    let moved = send(&world, &boss, &format!("users/{id}/tier"), json!({"tier": "BALLER"})).await;
    assert_eq!(moved.status, StatusCode::OK, "{}", moved.text);
    assert_eq!(world.last_command(), Command::Set(Setting::Tier(Tier::Baller)));
    assert_eq!(routed().await, "BALLER");
    let nobody = format!("users/{:032x}/tier", 1);
    let nobody = send(&world, &boss, &nobody, json!({"tier": "PAPER"})).await;
    assert_eq!(nobody.code(), "not_found");
}

#[tokio::test]
async fn admins_read_the_log_and_the_log_says_so() {
    let world = world();
    let boss = admin(&world).await;
    let get = |path: &str| call("GET", format!("/api/v2/admin/{path}")).token(&boss).send(&world);
    assert_eq!(get("users").await.json()["count"], 1);
    let log = get("audit?limit=2").await.json();
    assert_eq!(log["items"].as_array().unwrap().len(), 2);
    assert_eq!(log["items"][0]["action"], "audit_read");
    assert_eq!(get("audit?limit=501").await.json()["field"], "limit");
}

#[tokio::test]
async fn users_are_listed_by_pages_and_without_passwords() {
    let world = world();
    for name in ["a", "b", "c"] {
        token(&world, &format!("{name}@example.com")).await;
    }
    let boss = admin(&world).await;
    let get = |query: String| {
        call("GET", format!("/api/v2/admin/users{query}")).token(&boss).send(&world)
    };
    let first = get("?limit=3".to_owned()).await;
    assert!(!first.text.contains("argon2"), "{}", first.text);
    let first = first.json();
    assert_eq!((&first["count"], &first["items"][0]["role"]), (&json!(4), &json!("admin")));
    assert_eq!(first["items"][2]["email"], "b@example.com");
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = get(format!("?limit=3&cursor={cursor}")).await.json();
    assert_eq!(second["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&second["items"][0]["email"], &second["next_cursor"]),
        (&json!("a@example.com"), &Value::Null)
    );
    let stranger = token(&world, "d@example.com").await;
    let reply = call("GET", "/api/v2/admin/users").token(&stranger).send(&world).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    let log = call("GET", "/api/v2/admin/audit?limit=9").token(&boss).send(&world).await;
    assert!(log.text.contains("users_read"), "{}", log.text);
}
