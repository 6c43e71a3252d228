//! Masters and those who copy them, with the rules of the core behind the API.

use crate::floor::Floor;
use crate::world::{PASSWORD, Reply, World, call, join, trade, world_on};
use axum::http::StatusCode;
use nija_core::words::time::Span;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Somebody with a token, an account and a name that must not get about.
pub(crate) struct Person<'w> {
    world: &'w World,
    pub(crate) email: String,
    pub(crate) user: String,
    pub(crate) account: String,
    pub(crate) token: String,
}

impl<'w> Person<'w> {
    pub(crate) async fn joins(world: &'w World, name: &str) -> Self {
        let email = format!("{name}@example.com");
        let joined = join(world, &email).await;
        let token = joined["access_token"].as_str().unwrap().to_owned();
        let me = call("GET", "/api/v2/me").token(&token).send(world).await.json();
        let text = |of: &Value| of.as_str().unwrap().to_owned();
        let (user, account) = (text(&joined["user_id"]), text(&me["account_id"]));
        Self { world, email, user, account, token }
    }

    /// A new token, where the clock has left the old one behind.
    pub(crate) async fn returns(&mut self) {
        let login = json!({"email": self.email, "password": PASSWORD});
        let reply = call("POST", "/api/v2/login").json(&login).send(self.world).await.json();
        self.token = reply["access_token"].as_str().unwrap().to_owned();
    }

    pub(crate) async fn send(&self, method: &'static str, path: &str, body: Value) -> Reply {
        let request = call(method, format!("/api/v2/{path}")).token(&self.token);
        let request = if body.is_null() { request } else { request.json(&body) };
        request.send(self.world).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let reply = self.send("GET", path, json!(null)).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text);
        reply.json()
    }

    pub(crate) async fn does(&self, method: &'static str, path: &str, body: Value) {
        let reply = self.send(method, path, body).await;
        assert_eq!(reply.status, StatusCode::OK, "{method} {path}: {}", reply.text);
    }

    pub(crate) async fn fails(
        &self,
        method: &'static str,
        path: &str,
        body: Value,
    ) -> (u16, String) {
        let reply = self.send(method, path, body).await;
        (reply.status.as_u16(), reply.code())
    }

    /// Becomes a master.
    pub(crate) async fn leads(&self) {
        self.does("POST", "copy/master", json!({"accept_disclosure": 1})).await;
    }

    /// The copy of a master.
    fn of(&self, master: &Self) -> String {
        format!("copy/{}", master.account)
    }
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

async fn bought(floor: &Arc<Floor>, person: &Person<'_>) {
    person.does("POST", "trade", trade()).await;
    floor.settle();
}

#[tokio::test]
async fn a_master_opts_in_and_shows_a_record_but_no_name() {
    let floor = Floor::calm();
    let world = world_on(&floor);
    let (master, reader) =
        (Person::joins(&world, "master").await, Person::joins(&world, "reader").await);
    let disclosure = reader.get("copy/disclosure").await;
    assert_eq!(disclosure["version"], 1);
    assert!(disclosure["text"].as_str().unwrap().contains("high-water mark"));
    assert_eq!(master.fails("DELETE", "copy/master", json!(null)).await, is(409, "not_a_master"));
    let old = json!({"accept_disclosure": 0});
    assert_eq!(master.fails("POST", "copy/master", old).await, is(409, "disclosure"));
    let none = master.send("POST", "copy/master", json!({})).await;
    assert_eq!(none.json()["field"], "accept_disclosure");
    let page = format!("copy/masters/{}", master.account);
    assert_eq!(reader.fails("GET", &page, json!(null)).await, is(404, "not_found"));
    master.leads().await;
    bought(&floor, &master).await;

    let list = reader.send("GET", "copy/masters", json!(null)).await;
    let row = &list.json()["items"][0];
    assert_eq!((&row["id"], &row["leads"]), (&json!(master.account), &json!(true)));
    assert_eq!((&row["risk_score"], &row["followers_return_pct"]), (&json!(null), &json!(null)));
    let one = reader.send("GET", &page, json!(null)).await;
    assert_eq!(one.json()["holdings"], json!(null), "not for everybody");
    let own = master.get(&page).await;
    let held = json!([{"symbol": "AAPL", "share_pct": "9.999", "mark": "150"}]);
    assert_eq!(own["holdings"], held);
    for text in [list.text, one.text] {
        assert!(!text.contains(&master.user) && !text.contains("master@"), "{text}");
        assert!(!text.contains("AAPL"), "{text}");
    }
    let actions = world.control.actions();
    assert!(actions.contains(&"master_opened".to_owned()));

    master.does("DELETE", "copy/master", json!(null)).await;
    assert_eq!(reader.get(&page).await["leads"], false);
    floor.wait(Span::seconds(11));
    assert_eq!(reader.get("copy/masters").await["items"], json!([]));
    let all = reader.get("copy/masters?stopped=true").await;
    assert_eq!(all["items"][0]["leads"], false, "nobody's record disappears");
}

#[tokio::test]
async fn a_follower_copies_changes_terms_and_stops() {
    let floor = Floor::calm();
    let world = world_on(&floor);
    let (master, follower) =
        (Person::joins(&world, "master").await, Person::joins(&world, "follower").await);
    master.leads().await;
    bought(&floor, &master).await;
    let of = follower.of(&master);
    let start =
        json!({"amount": 500, "copy_open": true, "stop_loss_pct": "30", "symbols": ["AAPL"]});
    follower.does("POST", &of, start.clone()).await;
    assert_eq!(follower.fails("POST", &of, start).await, is(409, "already_copied"));
    floor.settle();

    let copy = follower.get(&of).await;
    assert_eq!((&copy["stage"], &copy["master"]), (&json!("active"), &json!(master.account)));
    assert_eq!((&copy["equity"], &copy["paid_in"]), (&json!("500"), &json!("500")));
    assert_eq!((&copy["profit"], &copy["fees"]["mark"]), (&json!("0"), &json!("500")));
    assert_eq!(
        (&copy["fees"]["platform_pct"], &copy["fees"]["master_pct"]),
        (&json!("2"), &json!("5"))
    );
    assert_eq!(copy["positions"][0]["symbol"], "AAPL");
    assert_eq!(copy["terms"]["symbols"], json!(["AAPL"]));
    assert_eq!(
        (&copy["terms"]["stop_loss_pct"], &copy["terms"]["max_slippage_pct"]),
        (&json!("30"), &json!("1"))
    );
    assert_eq!(follower.get("copy").await["items"], json!([copy]));
    let status = follower.get("status").await;
    assert_eq!(status["total_capital"], 1000.0, "a copy is still one's own money");
    assert_eq!((&status["own_equity"], &status["copy_equity"]), (&json!("500"), &json!("500")));
    assert_eq!((&status["copying"], &status["active_positions"]), (&json!(1), &json!(0)));
    let page = follower.get(&format!("copy/masters/{}", master.account)).await;
    assert_eq!(page["holdings"][0]["symbol"], "AAPL", "for those who copy");
    floor.wait(Span::seconds(11));
    let page = follower.get(&format!("copy/masters/{}", master.account)).await;
    assert_eq!((&page["followers"], &page["money_following"]), (&json!(1), &json!("500")));

    let terms = json!({"paused": true, "max_trade": 40, "symbols": null});
    follower.does("PATCH", &of, terms).await;
    let changed = follower.get(&of).await["terms"].clone();
    let kept = json!({
        "stop_loss_pct": "30", "max_trade": "40", "max_slippage_pct": "1", "symbols": null, "paused": true
    });
    assert_eq!(changed, kept);

    follower.does("POST", &format!("{of}/funds"), json!({"amount": "100"})).await;
    follower.does("POST", &format!("{of}/funds"), json!({"amount": -50.5})).await;
    assert_eq!(follower.get(&of).await["equity"], "549.5");
    let much = follower.send("POST", &format!("{of}/funds"), json!({"amount": -5000})).await;
    assert_eq!(
        (much.code(), much.json()["field"].clone()),
        ("not_enough_cash".into(), json!("amount"))
    );

    let position = format!("{of}/positions/AAPL");
    follower.does("DELETE", &position, json!(null)).await;
    floor.settle();
    assert_eq!(follower.get(&of).await["positions"], json!([]));
    assert_eq!(follower.fails("DELETE", &position, json!(null)).await, is(404, "no_position"));

    follower.does("DELETE", &of, json!(null)).await;
    floor.settle();
    let stopped = follower.get(&of).await;
    assert_eq!((&stopped["stage"], &stopped["equity"]), (&json!("stopped"), &json!("0")));
    assert_eq!(follower.get("status").await["own_equity"], "1000");
    assert_eq!(follower.fails("DELETE", &of, json!(null)).await, is(404, "not_copied"));
    follower.does("POST", &of, json!({"amount": 100})).await;
}

#[tokio::test]
async fn a_master_that_trades_meanwhile_is_looked_at_again() {
    let floor = Floor::calm();
    let world = world_on(&floor);
    let (master, follower) =
        (Person::joins(&world, "master").await, Person::joins(&world, "follower").await);
    master.leads().await;
    bought(&floor, &master).await;
    let (of, start) = (follower.of(&master), json!({"amount": 500, "copy_open": true}));
    floor.restless.store(4, Ordering::SeqCst);
    assert_eq!(follower.fails("POST", &of, start.clone()).await, is(409, "master_moved"));
    floor.restless.store(3, Ordering::SeqCst);
    follower.does("POST", &of, start).await;
    floor.settle();
    let copy = follower.get(&of).await;
    assert_eq!((&copy["positions"][0]["symbol"], &copy["skipped"]), (&json!("AAPL"), &json!(0)));
}

#[tokio::test]
async fn what_cannot_be_copied_is_refused_by_name() {
    let floor = Floor::calm();
    let world = world_on(&floor);
    let (master, other) =
        (Person::joins(&world, "master").await, Person::joins(&world, "other").await);
    let start = json!({"amount": 100});
    let unknown = other.fails("POST", &other.of(&master), start.clone()).await;
    assert_eq!(unknown, is(404, "not_found"), "an account that does not lead is nobody's business");
    master.leads().await;
    assert_eq!(master.fails("POST", &master.of(&master), start.clone()).await, is(409, "oneself"));
    other.leads().await;
    assert_eq!(other.fails("POST", &other.of(&master), start).await, is(409, "master_copies"));
    other.does("DELETE", "copy/master", json!(null)).await;
    for (field, wrong) in [
        ("amount", json!({})),
        ("amount", json!({"amount": -5})),
        ("amount", json!({"amount": "10.001"})),
        ("amount", json!({"amount": 1})),
        ("stop_loss_pct", json!({"amount": 100, "stop_loss_pct": 96})),
        ("max_slippage_pct", json!({"amount": 100, "max_slippage_pct": 11})),
        ("symbols", json!({"amount": 100, "symbols": ["NOPE"]})),
        ("symbols", json!({"amount": 100, "symbols": []})),
        ("copy_open", json!({"amount": 100, "copy_open": "yes"})),
    ] {
        let reply = other.send("POST", &other.of(&master), wrong.clone()).await;
        assert_eq!(reply.json()["field"], field, "{wrong}: {}", reply.text);
    }
    let much = other.send("POST", &other.of(&master), json!({"amount": 1001})).await;
    assert_eq!(
        (much.code(), much.json()["free"].clone()),
        ("not_enough_cash".into(), json!("1000"))
    );
    other.does("POST", &other.of(&master), json!({"amount": 100})).await;
    let lead = json!({"accept_disclosure": 1});
    assert_eq!(other.fails("POST", "copy/master", lead).await, is(409, "follower_leads"));
    let zero =
        other.send("POST", &format!("{}/funds", other.of(&master)), json!({"amount": 0})).await;
    assert_eq!(zero.json()["field"], "amount");
}

#[tokio::test]
async fn a_copy_of_somebody_else_cannot_be_named() {
    let floor = Floor::calm();
    let world = world_on(&floor);
    let master = Person::joins(&world, "master").await;
    let (follower, other) =
        (Person::joins(&world, "follower").await, Person::joins(&world, "other").await);
    master.leads().await;
    follower.does("POST", &follower.of(&master), json!({"amount": 100})).await;
    let sleeve = follower.get(&follower.of(&master)).await["account"].as_str().unwrap().to_owned();
    let before = follower.get("copy").await;
    for named in [&master.account, &sleeve, &follower.account] {
        let of = format!("copy/{named}");
        for (method, path, body) in [
            ("GET", of.clone(), json!(null)),
            ("PATCH", of.clone(), json!({"paused": true})),
            ("DELETE", of.clone(), json!(null)),
            ("POST", format!("{of}/funds"), json!({"amount": -10})),
            ("DELETE", format!("{of}/positions/AAPL"), json!(null)),
            ("GET", format!("{of}/orders"), json!(null)),
            ("GET", format!("{of}/fills"), json!(null)),
            ("GET", format!("{of}/decisions"), json!(null)),
            ("GET", format!("{of}/entries"), json!(null)),
            ("GET", format!("{of}/equity"), json!(null)),
            ("GET", format!("{of}/fees"), json!(null)),
        ] {
            assert_eq!(
                other.fails(method, &path, body).await,
                is(404, "not_copied"),
                "{method} {path}"
            );
        }
    }
    assert_eq!(follower.get("copy").await, before);
    // The follower's own lists are those of the sleeve, not of the main account.
    let account = sleeve.parse().unwrap();
    let row = crate::users::order_row(nija_core::words::id::OrderId(7));
    world.views.orders.lock().unwrap().push((account, 1, row));
    let orders = follower.get(&format!("{}/orders?open=true", follower.of(&master))).await;
    assert_eq!(orders["items"][0]["id"], "0000000000000007");
    assert_eq!(follower.get("orders").await["items"], json!([]));
    for list in ["fills", "entries", "equity"] {
        let path = format!("{}/{list}", follower.of(&master));
        assert_eq!(follower.get(&path).await["items"], json!([]), "{list}");
    }
    let kind = format!("{}/decisions?kind=luck", follower.of(&master));
    assert_eq!(follower.send("GET", &kind, json!(null)).await.json()["field"], "kind");
}

#[tokio::test]
async fn the_board_is_ordered_paged_and_asked_for_once_in_a_while() {
    let floor = Floor::calm();
    let world = world_on(&floor);
    let mut masters = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        let master = Person::joins(&world, name).await;
        master.leads().await;
        masters.push(master);
    }
    let follower = Person::joins(&world, "follower").await;
    follower.does("POST", &follower.of(&masters[2]), json!({"amount": 100})).await;
    follower.does("POST", &follower.of(&masters[4]), json!({"amount": 200})).await;
    let rows = follower.get("copy/masters?sort=following").await["items"].clone();
    assert_eq!(rows.as_array().unwrap().len(), 5);
    assert_eq!(
        (&rows[0]["id"], &rows[1]["id"]),
        (&json!(masters[4].account), &json!(masters[2].account))
    );
    // Who has followers comes before who has none, by default too.
    let rows = follower.get("copy/masters").await["items"].clone();
    assert!(rows[0]["followers_return_pct"] == "0" && rows[1]["followers_return_pct"] == "0");
    assert!(rows[2]["followers_return_pct"].is_null());
    let (mut seen, mut path) = (Vec::new(), "copy/masters?limit=2".to_owned());
    for _ in 0..4 {
        let page = follower.get(&path).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|row| row["id"].clone()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("copy/masters?limit=2&cursor={cursor}");
    }
    let whole: Vec<Value> = rows.as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
    assert_eq!(seen, whole);
    assert_eq!(follower.get("copy/masters?proven=true").await["items"], json!([]));
    let unproven = follower.get("copy/masters?proven=false&sort=risk_score").await;
    assert_eq!(unproven["items"].as_array().unwrap().len(), 5);
    let none = follower.send("GET", "copy/masters?limit=0", json!(null)).await;
    assert_eq!(none.json()["field"], "limit");
    let luck = follower.fails("GET", "copy/masters?sort=luck", json!(null)).await;
    assert_eq!(luck, is(400, "invalid_query"));
    // Two partitions and the end, however often it was asked; again when it is old.
    assert_eq!(floor.walks.load(Ordering::SeqCst), 3);
    floor.wait(Span::seconds(10));
    follower.get("copy/masters").await;
    assert_eq!(floor.walks.load(Ordering::SeqCst), 6);
}
