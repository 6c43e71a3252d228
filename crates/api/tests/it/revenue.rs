//! What the platform earned, with the rules of the core behind the API: worked example A to the cent, copy fees, and
//! books that balance.

use crate::admin::admin;
use crate::copying::Person;
use crate::floor::Floor;
use crate::world::{PASSWORD, Reply, World, call, world_on};
use axum::http::StatusCode;
use nija_core::billing::plans::{Cycle, Plan};
use nija_core::billing::subscription::request::Request;
use nija_core::desk::answer::{Answer, Query, View};
use nija_core::desk::input::Command;
use nija_core::ports::Desks as _;
use nija_core::words::id::{AccountId, UserId};
use nija_core::words::money::Money;
use nija_core::words::tier::{Tier, Tolerance};
use nija_core::words::time::Span;
use serde_json::{Value, json};
use std::sync::Arc;

/// A user, an administrator, and time between them.
struct Scene<'w> {
    world: &'w World,
    floor: Arc<Floor>,
    user: Person<'w>,
    boss: String,
}

impl<'w> Scene<'w> {
    async fn begins(world: &'w World, floor: &Arc<Floor>) -> Self {
        let user = Person::joins(world, "user").await;
        Self { world, floor: Arc::clone(floor), user, boss: admin(world).await }
    }

    /// Profit or loss, as if of trading.
    async fn wins(&self, account: &str, amount: &str) {
        let body = json!({"kind": "correction", "amount": amount, "why": "a test"});
        let path = format!("/api/v2/admin/accounts/{account}/adjust");
        let reply = call("POST", path).token(&self.boss).json(&body).send(self.world).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    }

    async fn returns(&mut self) {
        self.user.returns().await;
        let login = json!({"email": "boss@example.com", "password": PASSWORD});
        let reply = call("POST", "/api/v2/login").json(&login).send(self.world).await.json();
        self.boss = reply["access_token"].as_str().unwrap().to_owned();
    }

    async fn next_month(&mut self) {
        self.floor.next_month();
        self.returns().await;
    }

    async fn next_day(&mut self) {
        self.floor.wait(Span::DAY);
        self.returns().await;
    }

    async fn asks(&self, path: &str) -> Reply {
        let reply = call("GET", format!("/api/v2/{path}")).token(&self.boss).send(self.world).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text);
        reply
    }

    async fn stands(&self, equity: &str, mark: &str) {
        let fees = self.user.get("fees").await;
        assert_eq!((&fees["equity"], &fees["mark"]), (&json!(equity), &json!(mark)), "{fees}");
    }

    async fn revenue(&self) -> Value {
        self.asks("revenue").await.json()
    }
}

#[tokio::test]
async fn worked_example_a_to_the_cent() {
    let floor = Floor::calm();
    let world = world_on(&floor);
    let mut scene = Scene::begins(&world, &floor).await;
    let account = scene.user.account.clone();
    let flow = |path, amount| (path, json!({ "amount": amount }));

    scene.wins(&account, "200").await;
    scene.next_month().await;
    scene.stands("1180", "1180").await;
    scene.wins(&account, "-280").await;
    scene.next_month().await;
    let (path, body) = flow("deposits", "500");
    scene.user.does("POST", path, body).await;
    scene.stands("1400", "1680").await;
    assert_eq!(scene.revenue().await["total_revenue"], 20.0, "a deposit is never profit");
    scene.next_day().await;
    scene.wins(&account, "140").await;
    scene.next_month().await;
    let (path, body) = flow("withdrawals", "770");
    scene.user.does("POST", path, body).await;
    scene.stands("770", "840").await;
    scene.next_day().await;
    scene.wins(&account, "100").await;
    scene.next_month().await;
    scene.stands("867", "867").await;
    scene.wins(&account, "133").await;
    let (path, body) = flow("withdrawals", "250");
    let paid = scene.user.send("POST", path, body).await.json();
    let told = json!({
        "success": true, "message": "paid out, less the fee due with it",
        "paid_out": "246.68", "performance_fee": "3.32", "cash": "750"
    });
    assert_eq!(paid, told);
    scene.stands("750", "650.25").await;
    scene.next_day().await;
    scene.wins(&account, "-40").await;
    assert_eq!(scene.user.get("fees").await["accrued"]["platform"], "5.97");
    assert_eq!(scene.revenue().await["total_revenue"], 26.32, "what accrues is not booked");
    scene.next_month().await;
    scene.stands("704.03", "704.03").await;
    told_to_the_letter(&scene).await;
    the_table_adds_up(&scene).await;
    the_books_balance(&scene, "32.29").await;
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused() {
    let floor = Floor::calm();
    let world = world_on(&floor);
    let boss = admin(&world).await;
    for (path, field) in [
        ("revenue?format=xml", "format"),
        ("revenue?format=csv&from=2026-13-01", "from"),
        ("revenue?to=now", "to"),
        ("admin/ledger/trial-balance?partition=2", "partition"),
        ("admin/ledger/trial-balance?partition=x", "partition"),
    ] {
        let reply = call("GET", format!("/api/v2/{path}")).token(&boss).send(&world).await;
        assert_eq!(
            (reply.code().as_str(), &reply.json()["field"]),
            ("invalid_field", &json!(field))
        );
    }
}

async fn told_to_the_letter(scene: &Scene<'_>) {
    let reply = scene.asks("revenue").await;
    let letter = concat!(
        r#"{"total_revenue":32.29,"mrr":0.0,"arr":0.0,"#,
        r#""revenue_by_type":{"subscription":0.0,"performance_fee":32.29,"copy_trading_fee":0.0},"#,
        r#""revenue_last_30_days":5.97,"#
    );
    assert!(reply.text.starts_with(letter), "{}", reply.text);
    let revenue = reply.json();
    let slices = |of: &str| -> Vec<String> {
        let rows = revenue[of].as_array().unwrap().iter();
        rows.map(|row| format!("{} {}", row["of"].as_str().unwrap(), row["total"])).collect()
    };
    assert_eq!(slices("by_tier"), [r#"INVESTOR "32.29""#]);
    // A fee falls due with the month and is earned the instant after.
    assert_eq!(slices("by_month"), [r#"2026-10 "20""#, r#"2027-01 "6.32""#, r#"2027-02 "5.97""#]);
    assert_eq!(revenue["simulated"]["performance_fee"], "32.29");
    for nothing in ["deferred_revenue", "credits_owed", "tax_held", "receivable", "clearing"] {
        assert_eq!(revenue[nothing], "0", "{nothing}");
    }
}

async fn the_table_adds_up(scene: &Scene<'_>) {
    let reply = scene.asks("revenue?format=csv").await;
    assert_eq!(reply.headers["content-type"], "text/csv; charset=utf-8; header=present");
    let mut lines = reply.text.split("\r\n");
    assert_eq!(lines.next(), Some("day,tier,stream,partition,amount,entries"));
    let rows: Vec<Vec<&str>> =
        lines.filter(|line| !line.is_empty()).map(|line| line.split(',').collect()).collect();
    let days: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(days, ["2026-10-01", "2027-01-01", "2027-02-01"]);
    let cents = |row: &Vec<&str>| (row[4].parse::<f64>().unwrap() * 100.0).round();
    assert_eq!(rows.iter().map(cents).sum::<f64>(), 3_229.0);
    for row in &rows {
        let link = row[5].strip_prefix("/api/v2/").unwrap();
        let expected = format!("&day={}&partition={}", row[0], row[3]);
        assert!(link.ends_with(&expected) && link.contains("book=performance_revenue"), "{link}");
    }
    scene.asks(rows[0][5].strip_prefix("/api/v2/").unwrap()).await;
    let one = scene.asks("revenue?format=csv&from=2026-12-31&to=2027-01-31").await;
    assert_eq!(one.text.matches("\r\n").count(), 2, "{}", one.text);
}

async fn the_books_balance(scene: &Scene<'_>, bank: &str) {
    let trial = scene.asks("admin/ledger/trial-balance").await.json();
    assert_eq!((&trial["balanced"], &trial["off"]), (&json!(true), &json!("0")), "{trial}");
    assert_eq!(trial["clearing"], "0");
    assert_eq!(trial["partitions"].as_array().unwrap().len(), 2);
    let books = trial["books"].as_array().unwrap();
    let held = books.iter().find(|book| book["book"] == "bank").unwrap();
    assert_eq!((&held["house"], &held["accounts"]), (&json!(bank), &json!("0")));
    let one = scene.asks("admin/ledger/trial-balance?partition=1").await.json();
    assert_eq!(one["partitions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_subscription_recurs_and_is_stated_by_month() {
    let floor = Floor::calm();
    let world = world_on(&floor);
    let mut scene = Scene::begins(&world, &floor).await;
    // An account of its own: whoever registers over HTTP on a tier tries it already.
    let account = AccountId(0x77);
    let open = Command::Open {
        user: UserId(0x77),
        tier: Tier::Paper,
        tolerance: Tolerance::Moderate,
        day_starts: Span::ZERO,
        deposit: Money::whole(1_000),
    };
    assert_eq!(floor.command(account, None, open).await.unwrap(), Answer::Done);
    let asks = async |request: Request| {
        let answer = floor.command(account, None, Command::Subscription(request)).await.unwrap();
        assert_eq!(answer, Answer::Done);
    };
    let plan = Plan { tier: Tier::Investor, cycle: Cycle::Annual };
    asks(Request::Subscribe(plan)).await;
    // The floor's trial is long, so that its other users stay on their tiers.
    scene.floor.wait(Span(90 * Span::DAY.0));
    scene.returns().await;
    // A desk looks at its clock when something reaches it.
    let paid = floor.command(account, None, Command::Transfer(Money::whole(1))).await.unwrap();
    assert_eq!(paid, Answer::Done);
    assert_eq!(scene.revenue().await["subscriptions"]["paying"], 0);
    let View::Account(view) = floor.query(Query::Account(account)).await.unwrap() else {
        panic!("no account")
    };
    let subscription = view.subscription.unwrap();
    let (invoice, amount) = (subscription.open().unwrap().invoice, subscription.to_pay().unwrap());
    asks(Request::Pay { invoice, amount, reference: "a transfer".to_owned() }).await;
    let revenue = scene.revenue().await;
    // 12 x 99 less the coupon of 20 percent, a twelfth of it a month.
    assert_eq!((&revenue["mrr"], &revenue["arr"]), (&json!(79.2), &json!(950.4)));
    assert_eq!(revenue["total_revenue"], 79.2, "one month is served");
    assert_eq!(revenue["deferred_revenue"], "871.2");
    assert_eq!(revenue["by_tier"][0]["subscription"], "79.2");
    let of = &revenue["subscriptions"];
    assert_eq!((&of["paying"], &of["arpu"]), (&json!(1), &json!("79.2")));
    let paying = of["by_tier"].as_array().unwrap().iter().filter(|row| row["paying"] == 1);
    assert_eq!(paying.map(|row| &row["mrr"]).collect::<Vec<_>>(), ["79.2"]);
    let months = of["months"].as_array().unwrap();
    assert_eq!((months.len(), &months[0]["gained"]), (13, &json!("79.2")));
    assert_eq!(months[0]["net_revenue_retention_pct"], json!(null));
    scene.next_month().await;
    let months = scene.revenue().await["subscriptions"]["months"].clone();
    assert_eq!((&months[0]["opening_mrr"], &months[0]["churn_pct"]), (&json!("79.2"), &json!("0")));
    assert_eq!(months[0]["net_revenue_retention_pct"], "100");
    the_books_balance(&scene, "950.4").await;
}

#[tokio::test]
async fn copy_fees_are_the_platforms_part_only_and_clearing_comes_to_rest() {
    let floor = Floor::calm();
    let world = world_on(&floor);
    let mut scene = Scene::begins(&world, &floor).await;
    let master = Person::joins(&world, "master").await;
    master.leads().await;
    let of = format!("copy/{}", master.account);
    scene.user.does("POST", &of, json!({"amount": 500})).await;
    let sleeve = scene.user.get(&of).await["account"].as_str().unwrap().to_owned();
    scene.wins(&sleeve, "50").await;
    scene.floor.wait(Span::DAY);
    scene.returns().await;
    scene.next_month().await;
    let revenue = scene.revenue().await;
    assert_eq!(revenue["total_revenue"], 1.0, "two percent of 50; five are the master's");
    assert_eq!(revenue["revenue_by_type"]["copy_trading_fee"], 1.0);
    assert_eq!(revenue["simulated"]["copy_trading_fee"], "1");
    the_books_balance(&scene, "1").await;
}
