//! A month ends in the running demo: what was won is charged, the statement of the month adds up in every form, and
//! what the platform earned drills down to the ledger's lines.

use crate::caller::Caller;
use crate::child::{Nija, until};
use serde_json::{Value, json};

const JANUARY: &str = "2020-01";

#[test]
fn a_month_is_charged_stated_and_earned() {
    let folder = tempfile::tempdir().unwrap();
    // The last days of January, a day in a second; February goes on as slowly.
    let options = ["demo", "--slow-from", "2020-01-27", "--speed", "1"];
    let demo = Nija::start(folder.path(), &options, &[]);
    let password = demo.after("admin@demo.nija, password ");
    let address = demo.address();
    demo.after("\n2020-01-27");
    let user = Caller::register(address, "user@example.com");
    user.put("/api/v2/autopilot", &json!({"enabled": false})).good();
    let buy = json!({
        "symbol": "AAPL", "asset_class": "equity", "side": "buy", "size": 90, "order_type": "market"
    });
    user.post("/api/v2/trade", &buy).good();
    let boss = Caller::login(address, "admin@demo.nija", password.trim());
    let me = user.get("/api/v2/me").good();
    let account = me["account_id"].as_str().unwrap();
    let won = json!({"kind": "correction", "amount": 200, "why": "a test"});
    boss.post(&format!("/api/v2/admin/accounts/{account}/adjust"), &won).good();
    let began = user.get("/api/v2/statements").good()["items"][0].clone();
    let month = began["month"].as_str().unwrap().to_owned();
    assert!(month.as_str() >= JANUARY, "{began}");

    let url = format!("/api/v2/statements/{month}");
    let told = until("the month did not end", || {
        let told = user.get(&url);
        (told.status == 200).then(|| told.json()).filter(|told| told["complete"] == true)
    });
    it_adds_up(&told);
    for (form, kind) in [("html", "text/html"), ("csv", "text/csv")] {
        let reply = user.get(&format!("{url}?format={form}"));
        assert!(reply.status == 200 && reply.kind.starts_with(kind), "{reply:?}");
        assert!(reply.text.contains("AAPL"), "{reply:?}");
    }
    let fee = cents(&told["total"]["fees"]["performance_fee"]);
    assert!((fee - 2_000.0).abs() < 300.0, "about a tenth of 200: {told}");
    the_revenue_is_its_lines(&boss, account, &told);
    let paid = paid_as_in_the_history(&user);
    assert!(paid >= fee, "time goes on, and more may be charged: {paid} {fee}");
    assert_eq!(user.get("/api/v2/admin/ledger/entries").problem()["status"], 403);
}

/// What the cost screen says was paid, once it is what the history adds up to: between two questions days pass.
fn paid_as_in_the_history(user: &Caller) -> f64 {
    until("the costs are not those of the history", || {
        let costs = user.get("/api/v2/costs").good();
        let history = user.get("/api/v2/fees/history").good();
        let rows = history["items"].as_array().unwrap().iter();
        let charged: f64 = rows.map(|row| cents(&row["platform_fee"])).sum();
        let paid = cents(&costs["paid_last_12_months"]["performance"]);
        (paid == charged).then_some(paid)
    })
}

fn cents(of: &Value) -> f64 {
    let dollars: f64 = of.as_str().unwrap_or_else(|| panic!("{of}")).parse().unwrap();
    (dollars * 100.0).round()
}

fn it_adds_up(told: &Value) {
    let total = &told["total"];
    let amount = |of: &str| -> f64 { total[of].as_str().unwrap().parse().unwrap() };
    let sums = |of: &str| -> f64 {
        let kinds = total[of].as_object().unwrap().values();
        kinds.map(|kind| kind.as_str().unwrap().parse::<f64>().unwrap()).sum()
    };
    let ways = ["opening_equity", "deposits", "withdrawals", "realized", "unrealized_change"];
    let explained: f64 = ways.into_iter().map(amount).sum::<f64>() + sums("income") - sums("fees");
    assert!((explained - amount("closing_equity")).abs() < 1e-6, "{told}");
    assert_eq!(cents(&total["deposits"]), 100_000.0, "{told}");
    let held = &told["sections"][0]["positions"];
    assert_eq!((held.as_array().unwrap().len(), &held[0]["symbol"]), (1, &json!("AAPL")), "{told}");
    let steps = told["sections"][0]["high_water"]["steps"].as_array().unwrap();
    assert_eq!(steps.last().unwrap()["cause"], "fee_due", "{told}");
}

fn the_revenue_is_its_lines(boss: &Caller, account: &str, told: &Value) {
    let revenue = boss.get("/api/v2/revenue").good();
    assert!(revenue["revenue_by_type"]["performance_fee"].as_f64().unwrap() > 10.0, "{revenue}");
    let table = boss.get("/api/v2/revenue?format=csv");
    assert!(table.kind.starts_with("text/csv"), "{table:?}");
    let fee = &told["total"]["fees"]["performance_fee"];
    let found = table.text.lines().skip(1).any(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let lines = boss.get(cells[5]).good();
        let mut rows = lines["items"].as_array().unwrap().iter();
        rows.any(|row| {
            let amount = row["amount"].as_str().unwrap().trim_start_matches('-');
            row["account"] == account && Some(amount) == fee.as_str()
        })
    });
    assert!(found, "the fee is in no line: {}", table.text);
    let trial = boss.get("/api/v2/admin/ledger/trial-balance").good();
    assert_eq!((&trial["balanced"], &trial["off"]), (&json!(true), &json!("0")), "{trial}");
}
