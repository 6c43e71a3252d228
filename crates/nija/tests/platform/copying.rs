//! A master and a follower in different partitions of the real server: what the one buys the other copies, with all
//! that the follower may do about it, and the master's part of the fee comes home.

use crate::abuse::variables;
use crate::caller::{Caller, appoint};
use crate::child::{Nija, PATIENCE, until};
use nija_core::words::id::AccountId;
use serde_json::{Value, json};
use std::net::SocketAddr;

const PARTITIONS: u16 = 8;
const BOSS_PASSWORD: &str = "nineteen quiet herons";

/// Somebody who trades by hand.
struct Person {
    caller: Caller,
    account: AccountId,
}

impl Person {
    fn joins(address: SocketAddr, name: &str) -> Self {
        let caller = Caller::register(address, &format!("{name}@example.com"));
        caller.put("/api/v2/autopilot", &json!({"enabled": false})).good();
        let me = caller.get("/api/v2/me").good();
        let account = me["account_id"].as_str().unwrap().parse().unwrap();
        Self { caller, account }
    }

    /// Joins until it lives elsewhere than another.
    fn joins_elsewhere(address: SocketAddr, than: &Self) -> Self {
        let home = |person: &Self| person.account.partition(PARTITIONS);
        let mut people = (0..20).map(|n| Self::joins(address, &format!("follower{n}")));
        people.find(|person| home(person) != home(than)).unwrap()
    }

    fn buys(&self, symbol: &str, size: u32) {
        let order = json!({"symbol": symbol, "side": "buy", "size": size});
        let placed = self.caller.post("/api/v2/trade", &order).good();
        assert_eq!(placed["success"], true, "{placed}");
    }

    fn get(&self, path: &str) -> Value {
        self.caller.get(&format!("/api/v2/{path}")).good()
    }
}

/// A follower's copy of a master.
struct Copy<'a> {
    by: &'a Person,
    path: String,
}

impl<'a> Copy<'a> {
    fn begins(by: &'a Person, master: &Person) -> Self {
        let path = format!("copy/{}", master.account);
        let start = json!({"amount": 500, "max_slippage_pct": 10});
        by.caller.post(&format!("/api/v2/{path}"), &start).good();
        Self { by, path }
    }

    fn now(&self) -> Value {
        self.by.get(&self.path)
    }

    fn pauses(&self, paused: bool) {
        let path = format!("/api/v2/{}", self.path);
        self.by.caller.change(&path, &json!({"paused": paused})).good();
    }

    /// Waits for a decision of this kind with this code.
    fn decided(&self, kind: &str, code: &str) {
        until(&format!("no decision {code}"), || {
            let found = self.by.get(&format!("{}/decisions?kind={kind}", self.path));
            let mut rows = found["items"].as_array().unwrap().iter();
            rows.any(|row| row["code"] == code).then_some(())
        });
    }
}

#[test]
fn what_a_master_buys_is_copied_in_another_partition() {
    let folder = tempfile::tempdir().unwrap();
    let of = ("NIJA_PARTITIONS", "8");
    let variables: Vec<_> = variables().into_iter().chain([of]).collect();
    let server = Nija::start(folder.path(), &["serve"], &variables);
    server.after("\"serving\"");
    let address = server.address();
    let master = Person::joins(address, "master");
    let follower = Person::joins_elsewhere(address, &master);
    master.caller.post("/api/v2/copy/master", &json!({"accept_disclosure": 1})).good();
    let copy = Copy::begins(&follower, &master);
    a_purchase_is_copied(&master, &copy);
    a_pause_and_the_switch_hold(&master, &copy);
    appoint(folder.path(), "boss@example.com", BOSS_PASSWORD);
    let boss = Caller::login(address, "boss@example.com", BOSS_PASSWORD);
    the_master_is_paid(&master, &copy, &boss);
    the_board_tells_of_it(&master, &follower);
    assert!(!server.text().contains("\"ERROR\""), "{}", server.text());
    server.signal("TERM");
    let (status, text) = server.end(PATIENCE);
    assert!(status.success(), "{text}");
    let (status, text) = Nija::start(folder.path(), &["verify"], &variables).end(PATIENCE);
    assert!(status.success(), "the books do not balance: {text}");
}

fn a_purchase_is_copied(master: &Person, copy: &Copy<'_>) {
    master.buys("BTC-USD", 80);
    let held = until("the purchase was not copied", || {
        let now = copy.now();
        (now["positions"][0]["symbol"] == "BTC-USD").then_some(now)
    });
    assert_eq!((&held["copied"], &held["skipped"]), (&json!(1), &json!(0)), "{held}");
    let worth: f64 = held["positions"][0]["cost"].as_str().unwrap().parse().unwrap();
    assert!((38.0..42.0).contains(&worth), "8 percent of 500: {held}");
    let order = until("the copy has no filled order", || {
        let orders = copy.by.get(&format!("{}/orders", copy.path));
        (orders["items"][0]["state"] == "filled").then(|| orders["items"][0].clone())
    });
    assert_eq!((&order["origin"], &order["side"]), (&json!("copy"), &json!("buy")));
    let fills = copy.by.get(&format!("{}/fills", copy.path));
    assert_eq!(fills["items"][0]["order_id"], order["id"]);
    let entries = copy.by.get(&format!("{}/entries?limit=200", copy.path));
    let of = |cause: &str| entries["items"].as_array().unwrap().iter().any(|e| e["cause"] == cause);
    assert!(of("copy_funding") && of("fill"), "{entries}");
    assert_eq!(copy.by.get("orders")["items"], json!([]), "the main account did nothing");
    let page = copy.by.get(&format!("copy/masters/{}", master.account));
    assert_eq!(page["holdings"][0]["symbol"], "BTC-USD");
    let status = copy.by.get("status");
    assert_eq!((&status["copying"], &status["active_positions"]), (&json!(1), &json!(0)));
}

fn a_pause_and_the_switch_hold(master: &Person, copy: &Copy<'_>) {
    copy.pauses(true);
    master.buys("ETH-USD", 60);
    copy.decided("skipped", "COPY_PAUSED");
    copy.pauses(false);
    let kill = json!({"reason": "a look at the books", "flatten": true});
    copy.by.caller.post("/api/v2/kill", &kill).good();
    until("the switch did not sell the copy", || {
        copy.now()["positions"].as_array().unwrap().is_empty().then_some(())
    });
    master.buys("LTC-USD", 60);
    copy.decided("refused", "KILL_SWITCH");
    assert_eq!(copy.now()["positions"], json!([]));
    copy.by.caller.post("/api/v2/rearm", &json!({"reason": "all is well"})).good();
}

fn the_master_is_paid(master: &Person, copy: &Copy<'_>, boss: &Caller) {
    // As if won by trading; the sleeve is an account like any other.
    let sleeve = copy.now()["account"].as_str().unwrap().to_owned();
    let won = json!({"kind": "dividend", "amount": 100, "why": "a test"});
    boss.post(&format!("/api/v2/admin/accounts/{sleeve}/adjust"), &won).good();
    copy.by.caller.delete(&format!("/api/v2/{}", copy.path)).good();
    let stopped = until("the copy did not stop", || {
        let now = copy.now();
        (now["stage"] == "stopped").then_some(now)
    });
    assert_eq!((&stopped["equity"], &stopped["positions"]), (&json!("0"), &json!([])));
    let fee = until("the fee is not in the history", || {
        let fees = copy.by.get(&format!("{}/fees", copy.path));
        let rows = fees["items"].as_array().unwrap().clone();
        rows.into_iter().find(|row| row["cause"] == "stopped")
    });
    let dollars = |of: &Value| of.as_str().unwrap().parse::<f64>().unwrap();
    let gain = dollars(&fee["equity"]) - dollars(&fee["mark_before"]);
    assert!((90.0..110.0).contains(&gain), "{fee}");
    assert!((dollars(&fee["master_fee"]) - gain * 0.05).abs() <= 0.01, "{fee}");
    assert!((dollars(&fee["platform_fee"]) - gain * 0.02).abs() <= 0.01, "{fee}");
    until("the master was not paid", || {
        let entries = master.get("entries?limit=200");
        let mut rows = entries["items"].as_array().unwrap().iter();
        let paid =
            |row: &Value| row["cause"] == "copy_fee_earned" && row["amount"] == fee["master_fee"];
        rows.any(paid).then_some(())
    });
    let status = copy.by.get("status");
    assert_eq!((&status["copying"], &status["copy_equity"]), (&json!(0), &json!("0")));
}

fn the_board_tells_of_it(master: &Person, follower: &Person) {
    let row = until("the board is behind", || {
        let rows = follower.get("copy/masters")["items"].clone();
        let row = rows.as_array()?.iter().find(|row| row["id"] == master.account.to_string())?;
        (row["followers_ever"] == 1 && row["followers"] == 0).then(|| row.clone())
    });
    assert_eq!((&row["followers_won_pct"], &row["money_following"]), (&json!("100"), &json!("0")));
    let page = follower.get(&format!("copy/masters/{}", master.account));
    assert!(page["holdings"].is_null(), "whoever left sees it no more: {page}");
    assert_eq!(page["fees_earned"], row["fees_earned"]);
}
