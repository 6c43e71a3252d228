//! Who is who: tokens, sessions, refresh, roles, login limits, and registrations that broke off.

use crate::users::order_row;
use crate::world::{PASSWORD, World, call, join, registration, token, world};
use axum::http::{StatusCode, header};
use nija_core::words::id::{OrderId, PartitionId};
use nija_core::words::time::Span;
use serde_json::{Value, json};

async fn me(world: &World, token: &str) -> StatusCode {
    call("GET", "/api/v2/me").token(token).send(world).await.status
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn tokens_that_are_not_ours_are_refused_alike() {
    let world = world();
    let good = token(&world, "user@example.com").await;
    let parts: Vec<&str> = good.split('.').collect();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
    let wrong = [
        String::new(),
        "x".to_owned(),
        format!("{none}.{}.", parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}x", parts[0], parts[1], parts[2]),
        format!("{good}{}", "A".repeat(5_000)),
    ];
    let mut bodies = Vec::new();
    for wrong in wrong {
        let reply = call("GET", "/api/v2/me").token(&wrong).send(&world).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (StatusCode::UNAUTHORIZED, "unauthorized")
        );
        assert_eq!(reply.headers[header::WWW_AUTHENTICATE], "Bearer");
        bodies.push(reply.json()["detail"].clone());
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "one answer for every reason");
    let basic = call("GET", "/api/v2/me").header("authorization", &format!("Basic {good}"));
    assert_eq!(basic.send(&world).await.status, StatusCode::UNAUTHORIZED);
    let twice = call("GET", "/api/v2/me").token(&good).token(&good);
    assert_eq!(twice.send(&world).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(me(&world, &good).await, StatusCode::OK);
}

#[tokio::test]
async fn a_token_ends_after_ten_minutes_and_a_session_after_an_hour_of_rest() {
    let world = world();
    let joined = join(&world, "user@example.com").await;
    let access = text(&joined, "access_token");
    world.clock.advance(Span::seconds(599));
    assert_eq!(me(&world, &access).await, StatusCode::OK);
    world.clock.advance(Span::seconds(31));
    assert_eq!(me(&world, &access).await, StatusCode::UNAUTHORIZED);
    world.clock.advance(Span::seconds(3_000));
    let body = json!({"refresh_token": joined["refresh_token"]});
    let reply = call("POST", "/api/v2/token/refresh").json(&body).send(&world).await;
    assert_eq!(reply.code(), "session_ended");
}

#[tokio::test]
async fn logout_takes_effect_at_once() {
    let world = world();
    let access = token(&world, "user@example.com").await;
    assert_eq!(me(&world, &access).await, StatusCode::OK);
    let reply = call("POST", "/api/v2/logout").token(&access).send(&world).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert_eq!(me(&world, &access).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn sessions_are_read_from_the_store_once_in_a_while_only() {
    let world = world();
    let access = token(&world, "user@example.com").await;
    for _ in 0..20 {
        assert_eq!(me(&world, &access).await, StatusCode::OK);
    }
    assert_eq!(world.control.records.lock().unwrap().session_reads, 1);
}

#[tokio::test]
async fn refresh_rotates_and_a_used_token_ends_the_family() {
    let world = world();
    let joined = join(&world, "user@example.com").await;
    let refresh = |token: Value| {
        call("POST", "/api/v2/token/refresh").json(&json!({"refresh_token": token})).send(&world)
    };
    let first = joined["refresh_token"].clone();
    let second = refresh(first.clone()).await;
    assert_eq!(second.status, StatusCode::OK, "{}", second.text);
    let second = second.json();
    assert_ne!(second["refresh_token"], first);
    let access = text(&second, "access_token");
    assert_eq!(me(&world, &access).await, StatusCode::OK);

    let reused = refresh(first).await;
    assert_eq!(
        (reused.status, reused.code().as_str()),
        (StatusCode::UNAUTHORIZED, "session_ended")
    );
    assert_eq!(
        me(&world, &access).await,
        StatusCode::UNAUTHORIZED,
        "access tokens of the family end"
    );
    assert_eq!(refresh(second["refresh_token"].clone()).await.code(), "session_ended");
    assert!(world.control.actions().contains(&"refresh_reused".to_owned()));
    for wrong in [json!("x"), json!("é".repeat(48)), json!("0".repeat(96))] {
        assert_eq!(refresh(wrong).await.code(), "session_ended");
    }
}

#[tokio::test]
async fn the_cookie_counts_only_for_our_own_page() {
    let world = world();
    let body = registration("user@example.com");
    let post = call("POST", "/api/v2/register").header("x-nija-csrf", "1").json(&body);
    let joined = post.send(&world).await;
    assert!(joined.json().get("refresh_token").is_none(), "browsers get the cookie only");
    let set = joined.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
    for part in ["__Host-nija_rt=", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict"] {
        assert!(set.contains(part), "{set}");
    }
    let cookie = set.split(';').next().unwrap();
    let refresh = || call("POST", "/api/v2/token/refresh").header("cookie", cookie);
    assert_eq!(refresh().send(&world).await.code(), "csrf");
    let foreign = refresh().header("origin", "https://evil.test").header("x-nija-csrf", "1");
    assert_eq!(foreign.send(&world).await.code(), "csrf");
    let bare = refresh().header("origin", "https://nija.test");
    assert_eq!(bare.send(&world).await.code(), "csrf");
    let own = refresh().header("origin", "https://nija.test").header("x-nija-csrf", "1");
    assert_eq!(own.send(&world).await.status, StatusCode::OK);
    let none = call("POST", "/api/v2/token/refresh").send(&world).await;
    assert_eq!(none.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let world = world();
    let first = token(&world, "user@example.com").await;
    let login = json!({"email": "user@example.com", "password": PASSWORD});
    let second = call("POST", "/api/v2/login").json(&login).send(&world).await.json();
    let second = text(&second, "access_token");
    assert_eq!(me(&world, &second).await, StatusCode::OK);
    let change = |old: &str, new: &str| {
        let body = json!({"old_password": old, "new_password": new});
        call("POST", "/api/v2/password").token(&first).json(&body).send(&world)
    };
    assert_eq!(
        change("wrong password!", "eleven purple tractors").await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(change(PASSWORD, "short").await.json()["field"], "new_password");
    let done = change(PASSWORD, "eleven purple tractors").await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.text);
    assert_eq!(me(&world, &first).await, StatusCode::OK);
    assert_eq!(me(&world, &second).await, StatusCode::UNAUTHORIZED);
    let old = call("POST", "/api/v2/login").json(&login).send(&world).await;
    assert_eq!(old.code(), "invalid_credentials");
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_owner_only() {
    let world = world();
    let mine = token(&world, "me@example.com").await;
    let theirs = token(&world, "them@example.com").await;
    let world = &world;
    let sessions = call("GET", "/api/v2/sessions").token(&theirs).send(world).await.json();
    let id = text(&sessions["items"][0], "id");
    assert_eq!(sessions["items"][0]["current"], true);
    let path = format!("/api/v2/sessions/{id}");
    let foreign = call("DELETE", path.clone()).token(&mine).send(world).await;
    assert_eq!(foreign.code(), "not_found");
    assert_eq!(me(world, &theirs).await, StatusCode::OK);
    assert_eq!(
        call("DELETE", path).token(&theirs).send(world).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(me(world, &theirs).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_belongs_to_others_does_not_exist() {
    let world = world();
    let mine = token(&world, "me@example.com").await;
    let theirs = token(&world, "them@example.com").await;
    let account = |email: &str| {
        let records = world.control.records.lock().unwrap();
        records.users.iter().find(|user| user.email == email).unwrap().account
    };
    let order = OrderId::new(PartitionId(1), 1);
    let row = (account("them@example.com"), 1, order_row(order));
    world.views.orders.lock().unwrap().push(row);
    let path = format!("/api/v2/orders/{order}");
    let one = |token: &str| call("GET", path.clone()).token(token);
    assert_eq!(one(&theirs).send(&world).await.status, StatusCode::OK);
    let foreign = one(&mine).send(&world).await;
    let unknown = call("GET", "/api/v2/orders/ffff000000000001").token(&mine).send(&world).await;
    let malformed = call("GET", "/api/v2/orders/x'--").token(&mine).send(&world).await;
    for reply in [&foreign, &unknown, &malformed] {
        assert_eq!((reply.status, reply.code().as_str()), (StatusCode::NOT_FOUND, "not_found"));
        assert_eq!(reply.json()["detail"], foreign.json()["detail"]);
    }
}
