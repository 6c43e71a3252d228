//! The two worked examples of the fees, to the cent, through the API of the running demo: months pass, the marks move,
//! and history and statements say what a pencil says. Nobody trades, so that no price comes between.

use crate::caller::Caller;
use crate::child::{Nija, until};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// Somebody on a granted tier, so that no invoice comes between.
struct Person {
    caller: Caller,
    account: String,
}

impl Person {
    fn joins(address: SocketAddr, name: &str, boss: &Caller) -> Self {
        let caller = Caller::register(address, &format!("{name}@example.com"));
        caller.put("/api/v2/autopilot", &json!({"enabled": false})).good();
        let me = caller.get("/api/v2/me").good();
        let text = |of: &Value| of.as_str().unwrap().to_owned();
        let (user, account) = (text(&me["user_id"]), text(&me["account_id"]));
        let grant = json!({"tier": "INVESTOR", "reason": "a guest of the test"});
        boss.put(&format!("/api/v2/admin/users/{user}/tier"), &grant).good();
        Self { caller, account }
    }

    fn get(&self, path: &str) -> Value {
        self.caller.get(&format!("/api/v2/{path}")).good()
    }

    fn posts(&self, path: &str, body: &Value) -> Value {
        self.caller.post(&format!("/api/v2/{path}"), body).good()
    }

    /// When the month ends.
    fn month(&self) -> String {
        self.get("fees")["next_charge"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    fn stands(&self, equity: &str, mark: &str) {
        let fees = self.get("fees");
        assert_eq!((&fees["equity"], &fees["mark"]), (&json!(equity), &json!(mark)), "{fees}");
    }
}

/// Everybody, and the months that have begun.
struct Scene {
    boss: Caller,
    owner: Person,
    follower: Person,
    copy: String,
    sleeve: String,
    months: Vec<String>,
}

impl Scene {
    /// Profit or loss, as if of trading.
    fn wins(&self, account: &str, amount: &str) {
        let won = json!({"kind": "correction", "amount": amount, "why": "a test"});
        self.boss.post(&format!("/api/v2/admin/accounts/{account}/adjust"), &won).good();
    }

    fn owner_wins(&self, amount: &str) {
        self.wins(&self.owner.account, amount);
    }

    fn copy_wins(&self, amount: &str) {
        self.wins(&self.sleeve, amount);
    }

    /// Waits until the next month has begun. What was done before was done in time.
    fn next_month(&mut self) {
        let now = self.owner.month();
        assert_eq!(self.months.last(), Some(&now), "a month ended too early: a slow machine?");
        let next = until("the month did not end", || {
            let month = self.owner.month();
            (month != now).then_some(month)
        });
        self.months.push(next);
    }

    #[track_caller]
    fn copy_stands(&self, equity: &str, mark: &str) {
        let copy = self.follower.get(&self.copy);
        let of = (&copy["equity"], &copy["fees"]["mark"]);
        assert_eq!(of, (&json!(equity), &json!(mark)), "{copy}");
    }
}

#[test]
fn the_worked_examples_to_the_cent() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["demo", "--slow-from", "2017-02-01", "--speed", "6"];
    let demo = Nija::start(folder.path(), &options, &[]);
    let password = demo.after("admin@demo.nija, password ");
    let address = demo.address();
    demo.after("\n2017-02-0");
    let boss = Caller::login(address, "admin@demo.nija", password.trim());
    let [owner, master, follower] =
        ["owner", "master", "follower"].map(|name| Person::joins(address, name, &boss));
    master.posts("copy/master", &json!({"accept_disclosure": 1}));
    let copy = format!("copy/{}", master.account);
    follower.posts(&copy, &json!({"amount": 1000}));
    let sleeve = follower.get(&copy)["account"].as_str().unwrap().to_owned();
    let months = vec![owner.month()];
    let mut scene = Scene { boss, owner, follower, copy, sleeve, months };
    five_months(&mut scene);
    the_history_is_the_pencils(&scene);
    the_statements_add_up(&scene);
    the_copy_is_told(&scene, &master);
}

/// Example A on the owner's account, and B, which takes three months, on the copy.
fn five_months(scene: &mut Scene) {
    scene.owner_wins("200");
    scene.copy_wins("100");
    scene.next_month();
    scene.owner.stands("1180", "1180");
    scene.owner_wins("-280");
    scene.copy_stands("1093", "1093");
    scene.copy_wins("-193");
    scene.copy_wins("50");
    let funds = format!("{}/funds", scene.copy);
    scene.follower.posts(&funds, &json!({"amount": -380}));
    scene.copy_stands("570", "655.8");
    scene.copy_wins("130");
    scene.next_month();
    scene.owner.stands("900", "1180");
    scene.owner.posts("deposits", &json!({"amount": 500}));
    scene.owner.stands("1400", "1680");
    scene.owner_wins("140");
    scene.copy_stands("696.91", "696.91");
    scene.copy_wins("23.09");
    scene.follower.caller.delete(&format!("/api/v2/{}", scene.copy)).good();
    scene.next_month();
    let out = scene.owner.posts("withdrawals", &json!({"amount": 770}));
    assert_eq!((&out["paid_out"], &out["performance_fee"]), (&json!("770"), &json!("0")), "{out}");
    scene.owner.stands("770", "840");
    scene.owner_wins("100");
    scene.next_month();
    scene.owner.stands("867", "867");
    scene.owner_wins("133");
    let out = scene.owner.posts("withdrawals", &json!({"amount": 250}));
    let told = (&out["paid_out"], &out["performance_fee"], &out["cash"]);
    assert_eq!(told, (&json!("246.68"), &json!("3.32"), &json!("750")), "{out}");
    scene.owner.stands("750", "650.25");
    scene.owner_wins("-40");
    assert_eq!(scene.owner.get("fees")["accrued"]["platform"], "5.97");
    scene.next_month();
    scene.owner.stands("704.03", "704.03");
}

fn rows(of: &Value, fields: &[&str]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let row = |row: &Value| fields.iter().map(|f| text(&row[*f])).collect::<Vec<_>>().join(" ");
    of["items"].as_array().unwrap().iter().rev().map(row).collect()
}

fn the_history_is_the_pencils(scene: &Scene) {
    let fields = ["cause", "amount", "equity", "mark_before", "platform_fee", "mark"];
    let expected = [
        "flow 1000 0 - 0 1000",
        "month - 1200 1000 20 1180",
        "flow 500 900 1180 0 1680",
        "flow -770 1540 1680 0 840",
        "month - 870 840 3 867",
        "flow -250 1000 867 3.32 650.25",
        "month - 710 650.25 5.97 704.03",
    ];
    let history = until("the history is behind", || {
        let history = rows(&scene.owner.get("fees/history"), &fields);
        (history.len() >= expected.len()).then_some(history)
    });
    assert_eq!(history, expected);
}

fn the_statements_add_up(scene: &Scene) {
    let expected = [
        ("1180", "20"),
        ("900", "0"),
        ("1540", "0"),
        ("867", "3"),
        // Three dollars and 32 cents as money left, and 5.97 as the month ended.
        ("704.03", "9.29"),
    ];
    for (n, (equity, fee)) in expected.into_iter().enumerate() {
        let month = format!("2017-{:02}", n + 2);
        let total = until("the statement is not complete", || {
            let told = scene.owner.caller.get(&format!("/api/v2/statements/{month}"));
            let told = (told.status == 200).then(|| told.json())?;
            (told["complete"] == true).then(|| told["total"].clone())
        });
        let charged = match &total["fees"]["performance_fee"] {
            Value::Null => json!("0"),
            some => some.clone(),
        };
        assert_eq!(
            (&total["closing_equity"], &charged),
            (&json!(equity), &json!(fee)),
            "{month}: {total}"
        );
        let html = scene.owner.caller.get(&format!("/api/v2/statements/{month}?format=html"));
        assert!(html.status == 200 && html.text.contains(&month), "{html:?}");
    }
}

fn the_copy_is_told(scene: &Scene, master: &Person) {
    let fields = ["cause", "amount", "equity", "platform_fee", "master_fee", "mark"];
    let path = format!("{}/fees", scene.copy);
    let told = rows(&scene.follower.get(&path), &fields);
    let charged: Vec<_> = told.iter().filter(|row| !row.ends_with(" 0 0 1000")).collect();
    let expected = [
        "month - 1100 2 5 1093",
        "flow -380 950 0 0 655.8",
        "month - 700 0.88 2.21 696.91",
        "stopped - 720 0.46 1.15 718.39",
    ];
    for row in expected {
        assert!(charged.iter().any(|told| *told == row), "{row}: {told:?}");
    }
    // 1,000 less the copy, what came back, and 380 before it.
    let back = scene.follower.get("status");
    assert_eq!((&back["cash"], &back["copy_equity"]), (&json!("1098.39"), &json!("0")), "{back}");
    // 5.00, 2.21 and 1.15 are the master's.
    let earned = until("the master was not paid", || {
        let of = master.get("status")["cash"].clone();
        (of != "1000").then_some(of)
    });
    assert_eq!(earned, "1008.36");
}
