//! What administrators do.

use crate::world::{PASSWORD, Reply, World, call, token, trade, world};
use axum::http::StatusCode;
use nija_core::desk::event::{Grant, Setting};
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
    let path = format!("users/{id}/tier");
    let grant = json!({"tier": "BALLER", "reason": "a guest of the house"});
    let moved = send(&world, &boss, &path, grant).await;
    assert_eq!(moved.status, StatusCode::OK, "{}", moved.text);
    let reason = "a guest of the house".to_owned();
    let grant = Grant { tier: Tier::Baller, reason: reason.clone() };
    assert_eq!(world.last_command(), Command::Set(Setting::Granted(Some(grant))));
    assert_eq!(routed().await, "BALLER");
    for path in ["status", "subscription"] {
        let get = call("GET", format!("/api/v2/{path}")).token(&user);
        assert_eq!(get.send(&world).await.json()["tier_granted"], reason, "{path}");
    }
    for (field, body) in [
        ("tier", json!({"reason": "a test"})),
        ("tier", json!({"tier": "GOLD", "reason": "a test"})),
        ("reason", json!({"tier": "BALLER"})),
        ("reason", json!({"tier": null})),
    ] {
        let reply = send(&world, &boss, &path, body.clone()).await;
        assert_eq!(reply.json()["field"], field, "{body}");
    }
    let back = json!({"tier": null, "reason": "the visit is over"});
    assert_eq!(send(&world, &boss, &path, back).await.status, StatusCode::OK);
    assert_eq!(world.last_command(), Command::Set(Setting::Granted(None)));
    let audit = world.control.records.lock().unwrap().audit.clone();
    let lines: Vec<_> = audit.iter().filter(|line| line.action.starts_with("tier_")).collect();
    let told: Vec<_> =
        lines.iter().map(|line| format!("{} {}", line.action, line.detail)).collect();
    let expected =
        ["tier_granted BALLER: a guest of the house", "tier_taken_back the visit is over"];
    assert_eq!(told, expected);
    let nobody = format!("users/{:032x}/tier", 1);
    let nobody = send(&world, &boss, &nobody, json!({"tier": "PAPER", "reason": "a test"})).await;
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
