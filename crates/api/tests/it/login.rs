//! How often one may ask, and registrations that broke off.

use crate::world::{PASSWORD, call, registration, settings, token, trade, world, world_with};
use axum::http::StatusCode;
use nija_api::Settings;
use nija_core::desk::input::Command;
use nija_core::ports::DeskError;
use serde_json::json;

#[tokio::test]
async fn wrong_passwords_and_unknown_users_look_alike_and_are_slowed_down() {
    let world = world();
    token(&world, "user@example.com").await;
    let login = |email: &str| {
        let body = json!({"email": email, "password": "not the password at all"});
        call("POST", "/api/v2/login").json(&body)
    };
    for email in ["user@example.com", "ghost@example.com"] {
        for _ in 0..5 {
            let reply = login(email).send(&world).await;
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
            assert_eq!(reply.code(), "invalid_credentials");
            assert_eq!(reply.json()["detail"], "address or password is wrong");
        }
    }
    // The delay of a second may be over on a slow machine; then the next failure doubles it, for
    // both alike.
    for email in ["user@example.com", "ghost@example.com"] {
        let mut slowed = false;
        for _ in 0..5 {
            let reply = login(email).send(&world).await;
            slowed |=
                reply.status == StatusCode::TOO_MANY_REQUESTS && reply.code() == "rate_limited";
        }
        assert!(slowed, "{email}");
    }
    let failed = world.control.actions().iter().filter(|a| *a == "login_failed").count();
    assert!(failed >= 10);
}

#[tokio::test]
async fn strangers_run_out_of_patience() {
    let world = world();
    let mut refused = None;
    for _ in 0..200 {
        let reply = call("GET", "/api/v2/me").send(&world).await;
        if reply.status == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(reply);
            break;
        }
    }
    assert_eq!(refused.map(|reply| reply.code()).as_deref(), Some("rate_limited"));
    assert_eq!(call("GET", "/health").send(&world).await.status, StatusCode::OK);
}

#[tokio::test]
async fn entries_have_a_budget_and_exits_another() {
    let world = world();
    let access = token(&world, "user@example.com").await;
    let mut refused = false;
    for _ in 0..500 {
        let reply = call("POST", "/api/v2/trade").token(&access).json(&trade()).send(&world).await;
        refused |= reply.status == StatusCode::TOO_MANY_REQUESTS;
        if refused {
            break;
        }
    }
    assert!(refused);
    let mut sale = trade();
    sale["side"] = json!("sell");
    let reply = call("POST", "/api/v2/trade").token(&access).json(&sale).send(&world).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let reply = call("DELETE", "/api/v2/positions/AAPL").token(&access).send(&world).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
}

#[tokio::test]
async fn a_registration_that_broke_off_is_completed() {
    let world = world();
    let body = registration("user@example.com");
    world.desks.memory.lock().unwrap().broken = Some(DeskError::Gone);
    let post = || call("POST", "/api/v2/register").json(&body).send(&world);
    let login = json!({"email": "user@example.com", "password": PASSWORD});
    let login = || call("POST", "/api/v2/login").json(&login).send(&world);
    assert_eq!(post().await.code(), "unavailable");
    world.desks.memory.lock().unwrap().broken = None;
    assert_eq!(login().await.code(), "registration_incomplete");

    let mut other = body.clone();
    other["password"] = json!("somebody else's guess");
    let stranger = call("POST", "/api/v2/register").json(&other).send(&world).await;
    assert_eq!(stranger.code(), "email_taken");

    let done = post().await;
    assert_eq!(done.status, StatusCode::CREATED, "{}", done.text);
    assert_eq!(login().await.status, StatusCode::OK);
    assert_eq!(post().await.code(), "email_taken", "once complete it is taken");
    let memory = world.desks.memory.lock().unwrap();
    let opened = memory.commands.iter().filter(|(_, c)| matches!(c, Command::Open { .. })).count();
    assert_eq!(opened, 1);
}

#[tokio::test]
async fn a_login_completes_a_registration_whose_account_is_open() {
    let world = world();
    token(&world, "user@example.com").await;
    world.control.records.lock().unwrap().users[0].active = false;
    let login = json!({"email": "user@example.com", "password": PASSWORD});
    let reply = call("POST", "/api/v2/login").json(&login).send(&world).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    assert!(world.control.records.lock().unwrap().users[0].active);
}

#[tokio::test]
async fn metrics_are_for_this_machine_or_behind_a_token() {
    let stranger = call("GET", "/metrics").send(&world()).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    let token = Some("s3cret".to_owned().into());
    let world = world_with(Settings { metrics_token: token, ..settings() });
    let get = || call("GET", "/metrics");
    assert_eq!(get().send(&world).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(get().token("s3cre").send(&world).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(get().token("s3cret").send(&world).await.text, "nija_up 1\n");
}
