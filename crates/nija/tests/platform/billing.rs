//! From an invoice to revenue in the real server, without a trial: not served until it is paid, served at once then,
//! given back, withdrawn, begun again; and what the platform earned of it, down to the lines of its books.

use crate::abuse::variables;
use crate::caller::{Caller, appoint};
use crate::child::{Nija, PATIENCE, until};
use nija_core::billing::plans::DEFAULT_PLANS;
use nija_core::words::id::AccountId;
use serde_json::{Value, json};
use std::path::Path;

const BOSS_PASSWORD: &str = "nineteen quiet herons";
const SUBSCRIPTION: &str = "/api/v2/subscription";

/// Starts a server that gives no trials.
fn serve(folder: &Path) -> Nija {
    let plans = folder.join("plans.toml");
    std::fs::write(&plans, DEFAULT_PLANS.replacen("trial_days = 14", "trial_days = 0", 1)).unwrap();
    let plans = [("NIJA_PLANS_FILE", plans.to_str().unwrap())];
    let variables: Vec<_> = variables().into_iter().chain(plans).collect();
    let server = Nija::start(folder, &["serve"], &variables);
    server.after("\"serving\"");
    server
}

/// A user and an administrator.
struct Scene {
    user: Caller,
    boss: Caller,
    account: AccountId,
}

impl Scene {
    fn subscription(&self) -> Value {
        self.user.get(SUBSCRIPTION).good()
    }

    /// The number of the invoice that waits.
    fn invoice(&self) -> String {
        self.subscription()["invoice"].as_str().unwrap().to_owned()
    }

    fn acts(&self, invoice: &str, act: &str, body: &Value) -> Value {
        self.boss.post(&format!("/api/v2/admin/invoices/{invoice}/{act}"), body).good()
    }

    fn pays(&self, invoice: &str) {
        self.acts(invoice, "paid", &json!({"reference": format!("transfer for {invoice}")}));
    }

    /// Phase, tier, and the largest trade that the tier allows.
    #[track_caller]
    fn stands(&self, phase: &str, tier: &str, max_trade: &str) {
        let of = self.subscription();
        assert_eq!((&of["phase"], &of["tier"]), (&json!(phase), &json!(tier)), "{of}");
        let limits = self.user.get("/api/v2/limits").good();
        assert_eq!(limits["of_tier"]["max_trade"], max_trade, "{limits}");
        assert_eq!(self.user.get("/api/v2/status").good()["tier"], tier);
    }

    /// The invoice once its list shows it like this: rows follow answers.
    fn shown(&self, invoice: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        until("the invoice is not shown as it stands", || {
            let reply = self.user.get(&format!("/api/v2/invoices/{invoice}"));
            (reply.status == 200).then(|| reply.json()).filter(|shown| wanted(shown))
        })
    }

    fn revenue(&self) -> Value {
        self.boss.get("/api/v2/revenue").good()
    }

    /// What the house's books have of the user's account, by cause and book.
    fn lines(&self) -> Vec<(String, String, String)> {
        let partition = self.account.partition(2);
        let path = format!("/api/v2/admin/ledger/entries?partition={partition}&limit=200");
        let lines = self.boss.get(&path).good();
        let text = |of: &Value| of.as_str().unwrap().to_owned();
        let mut own = Vec::new();
        for line in lines["items"].as_array().unwrap() {
            if line["account"] == self.account.to_string() {
                own.push((text(&line["cause"]), text(&line["book"]), text(&line["amount"])));
            }
        }
        own
    }

    fn balances(&self) {
        let trial = self.boss.get("/api/v2/admin/ledger/trial-balance").good();
        assert_eq!((&trial["balanced"], &trial["off"]), (&json!(true), &json!("0")), "{trial}");
        assert_eq!(trial["clearing"], "0", "{trial}");
    }
}

#[test]
fn an_invoice_becomes_service_and_revenue() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path());
    let address = server.address();
    let user = Caller::register(address, "user@example.com");
    user.put("/api/v2/autopilot", &json!({"enabled": false})).good();
    appoint(folder.path(), "boss@example.com", BOSS_PASSWORD);
    let boss = Caller::login(address, "boss@example.com", BOSS_PASSWORD);
    let me = user.get("/api/v2/me").good();
    let account = me["account_id"].as_str().unwrap().parse().unwrap();
    let scene = Scene { user, boss, account };
    let stranger = Caller::register(address, "other@example.com");
    let first = unpaid_is_not_served(&scene, &stranger);
    paid_is_served_at_once(&scene, &first);
    it_is_printed(&scene, &first, &stranger);
    the_books_tell_of_it(&scene);
    a_win_of_a_thousand_earns_a_hundred(&scene);
    what_goes_back_is_noted(&scene, &first);
    a_withdrawn_one_is_void_and_another_begins(&scene);
    assert!(!server.text().contains("\"ERROR\""), "{}", server.text());
    server.signal("TERM");
    let (status, text) = server.end(PATIENCE);
    assert!(status.success(), "{text}");
}

fn unpaid_is_not_served(scene: &Scene, stranger: &Caller) -> String {
    scene.stands("waiting", "PAPER", "250");
    // Another plan in its place: the invoice before it is void.
    scene.user.post(SUBSCRIPTION, &json!({"tier": "LIVABLE"})).good();
    scene.stands("waiting", "PAPER", "250");
    let of = scene.subscription();
    assert_eq!((&of["to_pay"], &of["plan"]["tier"]), (&json!("499"), &json!("LIVABLE")), "{of}");
    let number = scene.invoice();
    let open = scene.shown(&number, |shown| shown["state"] == "open");
    assert_eq!((&open["total"], &open["lines"][0]["amount"]), (&json!("499"), &json!("499")));
    let all = scene.user.get("/api/v2/invoices").good();
    let states: Vec<_> = all["items"].as_array().unwrap().iter().map(|of| &of["state"]).collect();
    assert_eq!(states, ["open", "void"]);

    let checkout = format!("/api/v2/invoices/{number}/checkout");
    let way = scene.user.post(&checkout, &json!({})).good();
    let told = way["instructions"].as_str().unwrap();
    assert!(told.contains("499") && told.contains(&number), "{way}");
    assert!(way["url"].is_null(), "a transfer has no page: {way}");
    assert_eq!(stranger.post(&checkout, &json!({})).problem()["status"], 404);
    assert_eq!(stranger.get(&format!("/api/v2/invoices/{number}")).problem()["status"], 404);
    let paid = format!("/api/v2/admin/invoices/{number}/paid");
    let seen = json!({"reference": "a transfer of mine"});
    assert_eq!(scene.user.post(&paid, &seen).problem()["status"], 403);
    let waiting = scene.boss.get("/api/v2/admin/invoices").good();
    let mine = waiting["items"].as_array().unwrap().iter().find(|of| of["number"] == number);
    assert_eq!(mine.unwrap()["to_pay"], "499", "{waiting}");
    assert_eq!(scene.revenue()["total_revenue"], 0.0, "nothing is earned before it is paid");
    number
}

fn paid_is_served_at_once(scene: &Scene, number: &str) {
    assert_eq!(scene.user.get("/api/v2/fees").good()["platform_pct"], "0");
    scene.pays(number);
    scene.stands("active", "LIVABLE", "500");
    let status = scene.user.get("/api/v2/status").good();
    assert_eq!(status["execution_priority"], "Very High");
    assert_eq!(scene.user.get("/api/v2/fees").good()["platform_pct"], "10");
    // The same transfer, seen twice.
    scene.pays(number);
    let revenue = scene.revenue();
    assert_eq!(
        (&revenue["total_revenue"], &revenue["mrr"], &revenue["arr"]),
        (&json!(499.0), &json!(499.0), &json!(5988.0)),
        "{revenue}"
    );
    let again = scene.user.post(&format!("/api/v2/invoices/{number}/checkout"), &json!({}));
    assert_eq!(again.problem()["code"], "invoice_not_open");
}

fn it_is_printed(scene: &Scene, number: &str, stranger: &Caller) {
    let paid = scene.shown(number, |shown| shown["state"] == "paid");
    assert!(paid["lines"][0]["from"].is_string() && paid["ended"].is_string(), "{paid}");
    let path = |form: &str| format!("/api/v2/invoices/{number}?format={form}");
    let html = scene.user.get(&path("html"));
    assert!(html.status == 200 && html.kind.starts_with("text/html"), "{html:?}");
    for word in [number, "499.00", "user@example.com", "LIVABLE"] {
        assert!(html.text.contains(word), "no {word} in {}", html.text);
    }
    let pdf = scene.user.get(&path("pdf"));
    assert_eq!((pdf.status, pdf.kind.as_str()), (200, "application/pdf"));
    assert!(pdf.text.starts_with("%PDF-") && pdf.text.len() > 1_000, "{:?}", pdf.head);
    assert!(pdf.head.contains("attachment; filename="), "{}", pdf.head);
    assert_eq!(scene.user.get(&path("docx")).problem()["field"], "format");
    assert_eq!(stranger.get(&path("pdf")).problem()["status"], 404);
}

fn the_books_tell_of_it(scene: &Scene) {
    let lines = until("the house's lines are behind", || {
        let lines = scene.lines();
        lines.iter().any(|(_, book, _)| book == "subscription_revenue").then_some(lines)
    });
    let sum = |of: &str| -> f64 {
        let amounts = lines.iter().filter(|(_, book, _)| book == of);
        amounts.map(|(_, _, amount)| amount.parse::<f64>().unwrap()).sum()
    };
    // What came in is credit of its owner first, and pays for the invoice then.
    assert_eq!((sum("bank"), sum("credit")), (499.0, 0.0), "{lines:?}");
    assert_eq!((sum("subscription_revenue"), sum("deferred")), (-499.0, 0.0), "{lines:?}");
    scene.balances();
}

fn a_win_of_a_thousand_earns_a_hundred(scene: &Scene) {
    let won = json!({"kind": "correction", "amount": 1000, "why": "a test"});
    scene.boss.post(&format!("/api/v2/admin/accounts/{}/adjust", scene.account), &won).good();
    assert_eq!(scene.user.get("/api/v2/fees").good()["accrued"]["platform"], "100");
    assert_eq!(scene.revenue()["revenue_by_type"]["performance_fee"], 0.0, "shown, not booked");
    // A lower tier is a point at which what was won is charged.
    scene.user.change(SUBSCRIPTION, &json!({"tier": "INVESTOR"})).good();
    scene.stands("active", "INVESTOR", "250");
    assert_eq!(scene.revenue()["revenue_by_type"]["performance_fee"], 100.0);
    let fees = scene.user.get("/api/v2/fees").good();
    assert_eq!((&fees["equity"], &fees["mark"]), (&json!("1900"), &json!("1900")), "{fees}");
    let history = until("the fee is not in the history", || {
        let rows = scene.user.get("/api/v2/fees/history").good()["items"].clone();
        (rows[0]["cause"] == "tier_changed").then_some(rows)
    });
    assert_eq!((&history[0]["platform_fee"], &history[0]["mark"]), (&json!("100"), &json!("1900")));
    scene.balances();
}

fn what_goes_back_is_noted(scene: &Scene, number: &str) {
    let before = scene.revenue()["revenue_by_type"]["subscription"].as_f64().unwrap();
    let back = json!({"amount": 9.9, "reason": "a promise that was not kept"});
    scene.acts(number, "refund", &back);
    let noted = |shown: &Value| {
        let notes = shown["credit_notes"].as_array().unwrap();
        notes.iter().any(|note| note["net"] == "9.9")
    };
    let shown = scene.shown(number, noted);
    assert_eq!(shown["state"], "paid", "{shown}");
    let after = scene.revenue()["revenue_by_type"]["subscription"].as_f64().unwrap();
    assert!((before - after - 9.9).abs() < 1e-9, "{before} {after}");
    let path = format!("/api/v2/admin/invoices/{number}/refund");
    let much = scene.boss.post(&path, &json!({"amount": 499, "reason": "all of it"}));
    let much = much.problem();
    assert_eq!((&much["code"], &much["status"]), (&json!("more_than_was_paid"), &json!(409)));
    let left = much["free"].as_str().unwrap();
    let last = json!({"amount": left, "reason": "they leave us", "end": true});
    scene.acts(number, "refund", &last);
    scene.stands("ended", "PAPER", "250");
    let html = scene.user.get(&format!("/api/v2/invoices/{number}?format=html"));
    assert!(html.text.contains("given back"), "{}", html.text);
    scene.balances();
}

fn a_withdrawn_one_is_void_and_another_begins(scene: &Scene) {
    // What the lower tier left over pays for the next invoices; here there is not enough of it.
    scene.user.post(SUBSCRIPTION, &json!({"tier": "BALLER"})).good();
    scene.stands("waiting", "PAPER", "250");
    let number = scene.invoice();
    scene.acts(&number, "void", &json!({}));
    scene.stands("lapsed", "PAPER", "250");
    scene.shown(&number, |shown| shown["state"] == "void");
    scene.user.post(&format!("{SUBSCRIPTION}/reactivate"), &json!({})).good();
    scene.stands("waiting", "PAPER", "250");
    let number = scene.invoice();
    scene.pays(&number);
    scene.stands("active", "BALLER", "5000");
    assert_eq!(scene.revenue()["mrr"], 999.0);
    scene.balances();
}
