//! Signals of a caller's own model: what reaches the desk, what its answers become, and what is refused before it.

use crate::world::{Reply, World, call, registration, token, world};
use axum::http::StatusCode;
use nija_core::desk::input::{Command, OwnSignal};
use nija_core::words::id::InstrumentId;
use nija_core::words::money::Price;
use nija_core::words::score::{Score, Strength};
use nija_core::words::signal::{Action, Grounds};
use serde_json::{Value, json};

const PATH: &str = "/api/v2/signals";

/// Somebody on BALLER.
async fn owner(world: &World) -> String {
    let mut body = registration("owner@example.com");
    body["tier"] = json!("BALLER");
    body["initial_capital"] = json!(50_000);
    let reply = call("POST", "/api/v2/register").json(&body).send(world).await;
    reply.json()["access_token"].as_str().unwrap().to_owned()
}

fn signal() -> Value {
    json!({
        "symbol": "BTC-USD",
        "action": "enter",
        "strength": 0.5,
        "stop_price": "120.25",
        "model": "ridge-7",
        "confidence": 81.5,
        "reason": "breadth turned",
    })
}

/// A signal with one member changed, or taken out where it is null.
fn with(name: &str, value: Value) -> Value {
    let mut signal = signal();
    if value.is_null() {
        signal.as_object_mut().unwrap().remove(name);
    } else {
        signal[name] = value;
    }
    signal
}

async fn send(world: &World, token: &str, body: &Value) -> Reply {
    call("POST", PATH).token(token).json(body).send(world).await
}

#[tokio::test]
async fn a_signal_reaches_the_desk_as_it_was_sent() {
    let world = world();
    let token = owner(&world).await;
    let reply = send(&world, &token, &signal()).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    let body = reply.json();
    assert_eq!((&body["success"], &body["purpose"]), (&json!(true), &json!("entry")));
    assert_eq!(body["routing"]["priority"], "Ultra High");
    let grounds = Grounds {
        model: "ridge-7".to_owned(),
        confidence: Some(Score::hundredths(8_150)),
        reason: Some("breadth turned".to_owned()),
    };
    let (strength, stop) = (Strength::parts(5_000), Some("120.25".parse::<Price>().unwrap()));
    let action = Action::Enter { strength, stop };
    let sent = OwnSignal { instrument: InstrumentId(2), action, grounds };
    assert_eq!(world.last_command(), Command::Signal(sent));

    let bare = json!({"symbol": "AAPL", "action": "exit", "model": "m"});
    let body = send(&world, &token, &bare).await.json();
    assert_eq!((&body["success"], &body["skipped"]), (&json!(false), &json!("nothing_to_close")));
    assert!(body["message"].as_str().unwrap().starts_with("no order: "), "{body}");
    for (action, strength) in [("trim", json!("0.25")), ("short", json!(1)), ("trim", json!(0))] {
        let body = json!({"symbol": "AAPL", "action": action, "strength": strength, "model": "m"});
        assert_eq!(send(&world, &token, &body).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_tier_without_the_pool_is_refused_by_its_name() {
    let world = world();
    let token = token(&world, "user@example.com").await;
    let reply = send(&world, &token, &signal()).await;
    assert_eq!((reply.status, reply.code()), (StatusCode::FORBIDDEN, "not_in_pool".to_owned()));
    let detail = reply.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("BALLER") && detail.contains("INVESTOR"), "{detail}");
    let nobody = call("POST", PATH).json(&signal()).send(&world).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_cannot_be_used_is_named() {
    let world = world();
    let token = owner(&world).await;
    let before = world.desks.memory.lock().unwrap().commands.len();
    let long = "x".repeat(65);
    for (name, value) in [
        ("symbol", Value::Null),
        ("action", json!("quote")),
        ("action", Value::Null),
        ("strength", json!(1.01)),
        ("strength", json!(0.00001)),
        ("strength", json!(-1)),
        ("strength", Value::Null),
        ("stop_price", json!(0)),
        ("model", Value::Null),
        ("model", json!("")),
        ("model", json!(" m")),
        ("model", json!("a\nb")),
        ("model", json!(long)),
        ("confidence", json!(101)),
        ("confidence", json!("high")),
        ("reason", json!("no")),
        ("reason", json!("x".repeat(201))),
        ("client_order_id", json!("a b")),
    ] {
        let reply = send(&world, &token, &with(name, value.clone())).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{name} {value}");
        assert_eq!(reply.json()["field"], name, "{value}: {}", reply.text);
    }
    let mut exit = with("stop_price", Value::Null);
    exit["action"] = json!("exit");
    assert_eq!(send(&world, &token, &exit).await.json()["field"], "strength");
    let mut trim = signal();
    trim["action"] = json!("trim");
    assert_eq!(send(&world, &token, &trim).await.json()["field"], "stop_price");
    let unknown = send(&world, &token, &with("symbol", json!("NONE"))).await;
    assert_eq!(unknown.code(), "unknown_symbol");
    assert_eq!(world.desks.memory.lock().unwrap().commands.len(), before, "nothing was asked");
}

#[tokio::test]
async fn a_repeat_answers_the_same_by_header_and_by_name() {
    let world = world();
    let token = owner(&world).await;
    let keyed =
        |body: &Value| call("POST", PATH).token(&token).header("idempotency-key", "s-1").json(body);
    let first = keyed(&signal()).send(&world).await.json();
    assert_eq!(keyed(&signal()).send(&world).await.json(), first);
    let named = send(&world, &token, &with("client_order_id", json!("s-1"))).await;
    assert_eq!(named.json(), first);
    let other = keyed(&with("strength", json!(0.6))).send(&world).await;
    assert_eq!(other.code(), "idempotency_key_reused");
    assert_eq!(world.desks.memory.lock().unwrap().orders, 1);
}

#[tokio::test]
async fn a_model_that_never_rests_waits_and_may_still_leave() {
    let world = world();
    let token = owner(&world).await;
    let mut limited = None;
    for n in 0..200 {
        let reply = send(&world, &token, &signal()).await;
        if reply.status == StatusCode::TOO_MANY_REQUESTS {
            limited = Some(n);
            break;
        }
    }
    assert!(limited.is_some_and(|n| n >= 100), "{limited:?}");
    let exit = json!({"symbol": "AAPL", "action": "exit", "model": "m"});
    assert_eq!(send(&world, &token, &exit).await.status, StatusCode::OK);
}
