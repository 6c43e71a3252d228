//! Fees on profits through the API: what would be due, what was charged, and what administrators do about it.

use crate::admin::admin;
use crate::copying::Person;
use crate::floor::Floor;
use crate::world::{PASSWORD, Reply, World, call, world, world_on};
use axum::http::StatusCode;
use serde_json::{Value, json};

struct Boss<'w>(&'w World, String);

impl Boss<'_> {
    async fn sends(&self, path: &str, key: &str, body: Value) -> Reply {
        let request = call("POST", format!("/api/v2/admin/{path}")).token(&self.1).json(&body);
        request.header("idempotency-key", key).send(self.0).await
    }
    async fn does(&self, path: &str, key: &str, body: Value) {
        let reply = self.sends(path, key, body).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text);
    }
    async fn returns(&mut self) {
        let login = json!({"email": "boss@example.com", "password": PASSWORD});
        let reply = call("POST", "/api/v2/login").json(&login).send(self.0).await.json();
        self.1 = reply["access_token"].as_str().unwrap().to_owned();
    }
}

fn profit(amount: &str) -> Value {
    json!({"kind": "dividend", "amount": amount, "why": "a test"})
}

#[tokio::test]
async fn a_gain_is_accrued_then_charged_and_given_back() {
    let floor = Floor::calm();
    let world = world_on(&floor);
    let mut user = Person::joins(&world, "user").await;
    let mut boss = Boss(&world, admin(&world).await);
    let of = format!("accounts/{}", user.account);
    // Under one key money is booked once.
    for _ in 0..2 {
        boss.does(&format!("{of}/adjust"), "first", profit("200")).await;
    }
    let fees = user.get("fees").await;
    assert_eq!((&fees["equity"], &fees["mark"]), (&json!("1200"), &json!("1000")));
    assert_eq!((&fees["gain"], &fees["loss"]), (&json!("200"), &json!("0")));
    assert_eq!(fees["accrued"], json!({"platform": "20", "master": "0"}));
    assert_eq!((&fees["platform_pct"], &fees["policy"]), (&json!("10"), &json!("everyone")));
    assert_eq!((&fees["owed"], &fees["qualified"]), (&json!("0"), &json!(null)));
    assert_eq!(fees["next_charge"], "2026-10-01T00:00:00Z");
    let refund = json!({"reason": "a wrong price"});
    let none = boss.sends(&format!("{of}/refund-fee"), "none", refund.clone()).await;
    assert_eq!((none.status, none.code().as_str()), (StatusCode::CONFLICT, "no_fee"));

    floor.next_month();
    user.returns().await;
    boss.returns().await;
    let fees = user.get("fees").await;
    assert_eq!((&fees["equity"], &fees["mark"]), (&json!("1180"), &json!("1180")));
    boss.does(&format!("{of}/refund-fee"), "refund", refund).await;
    let fees = user.get("fees").await;
    assert_eq!((&fees["equity"], &fees["mark"]), (&json!("1200"), &json!("1000")));
    let history = user.get("fees/history").await;
    assert_eq!(
        (&history["items"][0]["platform_fee"], &history["items"][0]["mark"]),
        (&json!("10"), &json!("1090"))
    );
    boss.does(&format!("{of}/adjust"), "loss", profit("-300.5")).await;
    assert_eq!(user.get("fees").await["loss"], "100.5");

    boss.does(&format!("{of}/qualify"), "q1", json!({"evidence": "a statement, seen"})).await;
    assert_eq!(user.get("fees").await["qualified"], "a statement, seen");
    boss.does(&format!("{of}/qualify"), "q2", json!({"evidence": null})).await;
    assert_eq!(user.get("fees").await["qualified"], json!(null));
    let log = world.control.records.lock().unwrap().audit.clone();
    let lines: Vec<_> = log.iter().filter(|line| line.subject == user.account).collect();
    let actions: Vec<&str> = lines.iter().map(|line| line.action.as_str()).collect();
    let expected = [
        "account_adjusted",
        "account_adjusted",
        "fee_refunded",
        "fee_refunded",
        "account_adjusted",
        "owner_qualified",
        "owner_qualified",
    ];
    assert_eq!(actions, expected);
    assert_eq!(lines[0].detail, "dividend of $200: a test");
}

#[tokio::test]
async fn a_master_is_vetted_and_paid_by_followers() {
    let floor = Floor::calm();
    let world = world_on(&floor);
    let (mut master, follower) =
        (Person::joins(&world, "master").await, Person::joins(&world, "follower").await);
    let boss = Boss(&world, admin(&world).await);
    let vet = json!({"vetted": true, "reason": "identity and record seen"});
    let path = format!("masters/{}/vet", master.account);
    assert_eq!(boss.sends(&path, "early", vet.clone()).await.code(), "not_a_master");
    master.leads().await;
    boss.does(&path, "vet", vet).await;
    let of = format!("copy/{}", master.account);
    follower.does("POST", &of, json!({"amount": 500})).await;
    let sleeve = follower.get(&of).await["account"].as_str().unwrap().to_owned();
    boss.does(&format!("accounts/{sleeve}/adjust"), "won", profit("50")).await;
    for body in [json!({"evidence": "a test"}), json!({"evidence": null})] {
        let reply = boss.sends(&format!("accounts/{sleeve}/qualify"), "k", body).await;
        assert_eq!((reply.status, reply.code().as_str()), (StatusCode::CONFLICT, "of_owner"));
    }
    let copy = follower.get(&of).await;
    assert_eq!((&copy["equity"], &copy["profit"]), (&json!("550"), &json!("50")));
    assert_eq!(copy["fees"]["accrued"], json!({"platform": "1", "master": "2.5"}));
    floor.next_month();
    master.returns().await;
    let page = master.get(&format!("copy/masters/{}", master.account)).await;
    assert_eq!((&page["vetted"], &page["fees_earned"]), (&json!(true), &json!("2.5")));
    assert_eq!(
        (&page["followers_profit"], &page["followers_return_pct"]),
        (&json!("46.5"), &json!("9.3"))
    );
    assert_eq!(page["followers_won_pct"], "100");
    // What a master earns is no profit of its trading.
    let fees = master.get("fees").await;
    assert_eq!((&fees["mark"], &fees["gain"]), (&json!("1002.5"), &json!("0")));
}

#[tokio::test]
async fn acts_about_nobody_and_without_a_reason_are_refused() {
    let world = world();
    let boss = Boss(&world, admin(&world).await);
    let nobody = format!("accounts/{:032x}", 7);
    for (path, body) in [
        ("adjust", profit("1")),
        ("refund-fee", json!({"reason": "a test"})),
        ("qualify", json!({"evidence": "a test"})),
    ] {
        let reply = boss.sends(&format!("{nobody}/{path}"), "k", body.clone()).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (StatusCode::NOT_FOUND, "not_found"),
            "{path}"
        );
    }
    let odd = boss.sends("accounts/x/adjust", "k", profit("1")).await;
    assert_eq!(odd.code(), "not_found");
    for (path, field, body) in [
        ("adjust", "kind", json!({"kind": "gift", "amount": 1, "why": "a test"})),
        ("adjust", "amount", json!({"kind": "dividend", "amount": 0, "why": "a test"})),
        ("adjust", "why", json!({"kind": "dividend", "amount": 1})),
        ("refund-fee", "reason", json!({"reason": "x"})),
        ("qualify", "evidence", json!({})),
    ] {
        let reply = boss.sends(&format!("{nobody}/{path}"), "k", body).await;
        assert_eq!(reply.json()["field"], field, "{path}");
    }
}
