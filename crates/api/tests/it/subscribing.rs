//! What a subscription refuses: a code for programs, and for people a sentence that says what to do next.

use crate::admin::admin;
use crate::copying::Person;
use crate::floor::Floor;
use crate::world::{PASSWORD, Reply, World, call, world_on};
use nija_core::words::time::Span;
use serde_json::{Value, json};

/// The code of a refusal, which must name the next step.
#[track_caller]
fn refused(reply: &Reply, code: &str, next: &str) {
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (409, code), "{}", reply.text);
    let detail = reply.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(next), "{code}: {detail:?} does not say {next:?}");
}

async fn boss(world: &World, token: &str, path: &str, body: &Value) -> Reply {
    call("POST", format!("/api/v2/admin/invoices/{path}")).token(token).json(body).send(world).await
}

#[tokio::test]
async fn each_refusal_says_what_to_do_next() {
    let floor = Floor::calm();
    let world = world_on(&floor);
    admin(&world).await;
    let mut user = Person::joins(&world, "user").await;
    let plan = |tier: &str| json!({ "tier": tier });
    let asks = async |user: &Person<'_>, method, path: &str, body| {
        user.send(method, &format!("subscription{path}"), body).await
    };
    refused(&asks(&user, "POST", "", plan("SAVER")).await, "subscription_running", "PATCH");
    refused(&asks(&user, "PATCH", "", plan("PAPER")).await, "paper_is_free", "DELETE");
    refused(&asks(&user, "PATCH", "", plan("INVESTOR")).await, "same_plan", "another tier");
    let early = asks(&user, "POST", "/reactivate", json!(null)).await;
    refused(&early, "subscription_not_canceled", "pay it");
    user.does("DELETE", "subscription", json!(null)).await;
    let twice = asks(&user, "DELETE", "", json!(null)).await;
    refused(&twice, "subscription_canceled", "reactivate");
    user.does("POST", "subscription/reactivate", json!(null)).await;

    // The trial ends.
    floor.wait(Span(90 * Span::DAY.0));
    user.returns().await;
    user.does("POST", "deposits", json!({"amount": 1})).await;
    let login = json!({"email": "boss@example.com", "password": PASSWORD});
    let reply = call("POST", "/api/v2/login").json(&login).send(&world).await.json();
    let token = reply["access_token"].as_str().unwrap();
    let invoice = user.get("subscription").await["invoice"].as_str().unwrap().to_owned();
    let paths = ["paid", "void", "refund"].map(|act| format!("{invoice}/{act}"));
    let [paid, void, refund] = paths;
    let back = json!({"amount": 99, "reason": "a test"});
    let early = boss(&world, token, &refund, &back).await;
    refused(&early, "invoice_not_paid", "adjust the account");
    let seen = json!({"reference": "a transfer"});
    assert_eq!(boss(&world, token, &paid, &seen).await.status, 200);
    assert_eq!(boss(&world, token, &paid, &seen).await.status, 200, "one payment, told twice");
    let other = boss(&world, token, &paid, &json!({"reference": "another"})).await;
    refused(&other, "invoice_not_open", "GET /api/v2/invoices");
    let empty = call("POST", format!("/api/v2/admin/invoices/{void}")).token(token);
    refused(&empty.send(&world).await, "invoice_not_open", "withdrawn");
    let checkout = user.send("POST", &format!("invoices/{invoice}/checkout"), json!(null)).await;
    refused(&checkout, "invoice_not_open", "neither paid");
    let much = boss(&world, token, &refund, &json!({"amount": 99.01, "reason": "a test"})).await;
    refused(&much, "more_than_was_paid", "`free`");
    assert_eq!(much.json()["free"], "99");
    assert_eq!(boss(&world, token, &refund, &back).await.status, 200);

    let ends = json!({"amount": 1, "reason": "a test", "end": true});
    let more = boss(&world, token, &refund, &ends).await;
    assert_eq!((more.code().as_str(), &more.json()["free"]), ("more_than_was_paid", &json!("0")));
}
