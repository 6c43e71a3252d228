//! From an invoice to money and back: the running server against a server on loopback that speaks Stripe's protocol.
//! What is forged, old, repeated, late or out of order changes nothing that it should not.

use crate::caller::{Caller, Reply, appoint, exchange};
use crate::child::{Nija, until};
use nija_stripe_fake::{Fake, KEY, event, signed};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::time::SystemTime;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const BOSS: &str = "a long password of a boss";
const SECRET: &str = "whsec_of_this_run_of_the_tests";
const PLANS: &str = include_str!("../../../core/src/data/plans.toml");

/// A server that is paid through the fake, without trials.
struct Shop {
    folder: TempDir,
    server: Nija,
    stripe: Fake,
    /// Serves the fake.
    _runtime: Runtime,
}

impl Shop {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let plans = PLANS.replace("trial_days = 14", "trial_days = 0");
        std::fs::write(folder.path().join("plans.toml"), plans).unwrap();
        let runtime = Runtime::new().unwrap();
        let stripe = runtime.block_on(Fake::start());
        let server = serve(folder.path(), &stripe.url);
        appoint(folder.path(), "boss@example.com", BOSS);
        Self { folder, server, stripe, _runtime: runtime }
    }

    fn address(&self) -> SocketAddr {
        self.server.address()
    }

    fn boss(&self) -> Caller {
        Caller::login(self.address(), "boss@example.com", BOSS)
    }

    /// The newest payment at the provider.
    fn newest(&self) -> Value {
        self.stripe.shop().world.intents.last().unwrap().clone()
    }

    /// Tells an event as the provider does.
    fn tell(&self, name: &str, kind: &str, object: &Value) -> Reply {
        let body = event(name, kind, now(), object).to_string();
        self.deliver(&signed(SECRET, now(), body.as_bytes()), &body)
    }

    /// Delivers a body under a signature.
    fn deliver(&self, signature: &str, body: &str) -> Reply {
        let head = format!(
            "POST /api/v2/payments/webhook HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n",
            self.address(),
            body.len()
        );
        let signature = match signature {
            "" => String::new(),
            signature => format!("Stripe-Signature: {signature}\r\n"),
        };
        exchange(self.address(), format!("{head}{signature}\r\n{body}").as_bytes())
    }

    /// How often payments rang an alarm of a kind.
    fn alarms(&self, kind: &str) -> u32 {
        let text = Caller::stranger(self.address()).get("/metrics").text;
        let row = format!("nija_payment_alarms_total{{kind=\"{kind}\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&row));
        line.unwrap_or_else(|| panic!("{kind} is not counted")).parse().unwrap()
    }
}

fn serve(folder: &Path, stripe: &str) -> Nija {
    let variables = [
        ("JWT_SECRET_KEY", "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"),
        ("DATABASE_URL", "sqlite:nija.db"),
        ("HOST", "127.0.0.1"),
        ("NIJA_PLANS_FILE", "plans.toml"),
        ("NIJA_PAYMENTS", "stripe"),
        ("STRIPE_API_URL", stripe),
        ("STRIPE_SECRET_KEY", KEY),
        ("STRIPE_WEBHOOK_SECRET", SECRET),
        ("NIJA_PAYMENTS_SUCCESS_URL", "https://nija.test/paid"),
        ("NIJA_PAYMENTS_CANCEL_URL", "https://nija.test/plans"),
    ];
    let server = Nija::start(folder, &["serve"], &variables);
    server.after("\"serving\"");
    server
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    since.as_secs().try_into().unwrap()
}

fn subscription(user: &Caller) -> Value {
    user.get("/api/v2/subscription").good()
}

#[track_caller]
fn stands(user: &Caller, phase: &str, tier: &str, credit: &str) {
    let of = subscription(user);
    let found = [&of["phase"], &of["tier"], &of["credit"]];
    assert_eq!(found, [phase, tier, credit], "{of}");
}

#[test]
fn an_invoice_is_paid_renewed_by_the_card_on_file_and_given_back() {
    let shop = Shop::open();
    let user = Caller::register(shop.address(), "ada@example.com");
    stands(&user, "waiting", "PAPER", "0");
    let invoice = subscription(&user)["invoice"].as_str().unwrap().to_owned();
    let page = format!("/api/v2/invoices/{invoice}/checkout");
    let checkout = user.post(&page, &json!({})).good();
    assert_eq!(checkout["reference"], "cs_test_1", "{checkout}");
    assert_eq!(user.post(&page, &json!({})).good(), checkout, "one page for one invoice");

    shop.stripe.shop().world.finish("cs_test_1", "succeeded");
    let payment = shop.newest();
    what_is_forged_or_old_is_refused(&shop, &payment);
    stands(&user, "waiting", "PAPER", "0");
    shop.tell("evt_1", "payment_intent.succeeded", &payment).good();
    stands(&user, "active", "INVESTOR", "0");
    what_comes_again_or_late_changes_nothing(&shop, &user, &payment);
    documents(&user, &invoice);

    // A higher tier: the card on file is charged for the difference, once.
    assert_eq!(subscription(&user)["method_on_file"], true);
    let charges = || shop.stripe.shop().world.intents.len();
    assert_eq!(charges(), 1);
    let higher = json!({"tier": "LIVABLE", "cycle": "monthly"});
    user.change("/api/v2/subscription", &higher).good();
    until("the card was not charged", || (subscription(&user)["tier"] == "LIVABLE").then_some(()));
    stands(&user, "active", "LIVABLE", "0");
    assert_eq!(charges(), 2);
    shop.tell("evt_9", "payment_intent.succeeded", &shop.newest()).good();
    stands(&user, "active", "LIVABLE", "0");

    money_goes_back(&shop, &user, &invoice);
    let paid = shop.newest();
    let before = event("evt_9", "payment_intent.succeeded", now() - 1, &paid).to_string();
    user.delete("/api/v2/subscription/method").good();
    assert_eq!(subscription(&user)["method_on_file"], false);
    shop.deliver(&signed(SECRET, now(), before.as_bytes()), &before).good();
    assert_eq!(subscription(&user)["method_on_file"], false, "old news, told again");
}

fn what_is_forged_or_old_is_refused(shop: &Shop, payment: &Value) {
    let body = event("evt_1", "payment_intent.succeeded", now(), payment).to_string();
    let altered = body.replacen("\"amount_received\":", "\"amount_received\":9", 1);
    assert_ne!(altered, body);
    let right = signed(SECRET, now(), body.as_bytes());
    for (signature, body) in [
        (String::new(), &body),
        ("nonsense".to_owned(), &body),
        (signed("whsec_of_somebody_else", now(), body.as_bytes()), &body),
        (signed(SECRET, now() - 400, body.as_bytes()), &body),
        (signed(SECRET, now() + 400, body.as_bytes()), &body),
        (right.clone(), &altered),
    ] {
        let refused = shop.deliver(&signature, body);
        assert_eq!(refused.status, 400, "{signature}: {refused:?}");
        assert_eq!(refused.problem()["code"], "webhook_refused");
    }
    let long = format!("{body}{}", " ".repeat(70_000));
    let refused = shop.deliver(&signed(SECRET, now(), long.as_bytes()), &long);
    assert!((400..500).contains(&refused.status), "{refused:?}");
    // Signed, and about somebody whom nobody here knows.
    let mut stranger = payment.clone();
    stranger["metadata"]["nija_account"] = json!("000000000000000000000000000000b2");
    shop.tell("evt_2", "payment_intent.succeeded", &stranger).good();
    assert_eq!(shop.alarms("payment_not_booked"), 1);
}

fn what_comes_again_or_late_changes_nothing(shop: &Shop, user: &Caller, payment: &Value) {
    let session = shop.stripe.shop().world.sessions[0].clone();
    let mut failed = payment.clone();
    failed["status"] = json!("requires_payment_method");
    failed["amount_received"] = json!(0);
    for _ in 0..3 {
        shop.tell("evt_1", "payment_intent.succeeded", payment).good();
        shop.tell("evt_3", "checkout.session.completed", &session).good();
        shop.tell("evt_4", "payment_intent.payment_failed", &failed).good();
    }
    stands(user, "active", "INVESTOR", "0");
    // Lists come from the views, which are a moment behind the desk.
    let listed = until("the invoice is not listed", || {
        let items = user.get("/api/v2/invoices").good()["items"].as_array().unwrap().clone();
        (!items.is_empty()).then_some(items)
    });
    assert_eq!(listed.len(), 1, "{listed:?}");
}

fn documents(user: &Caller, invoice: &str) {
    let told = until("the invoice is not paid", || {
        let told = user.get(&format!("/api/v2/invoices/{invoice}")).good();
        (told["state"] == "paid").then_some(told)
    });
    assert_eq!(told["total"], "99", "{told}");
    let html = user.get(&format!("/api/v2/invoices/{invoice}?format=html"));
    assert!(html.kind.starts_with("text/html") && html.text.contains(invoice), "{html:?}");
    assert!(html.text.contains("99.00"), "{html:?}");
    let pdf = user.get(&format!("/api/v2/invoices/{invoice}?format=pdf"));
    assert!(pdf.kind == "application/pdf" && pdf.text.starts_with("%PDF-"), "{}", pdf.head);
}

/// A refund goes back at the provider by itself, once; one that nobody here asked for rings.
fn money_goes_back(shop: &Shop, user: &Caller, invoice: &str) {
    let boss = shop.boss();
    let refund = json!({"amount": 9, "reason": "as agreed"});
    boss.post(&format!("/api/v2/admin/invoices/{invoice}/refund"), &refund).good();
    until("the refund did not go back", || (subscription(user)["payouts"] == "0").then_some(()));
    let returned = shop.stripe.shop().world.refunds.clone();
    assert_eq!(returned.len(), 1);
    assert_eq!(
        (&returned[0]["amount"], &returned[0]["payment_intent"]),
        (&json!(900), &json!("pi_1"))
    );
    let waiting = boss.get("/api/v2/admin/payouts").good();
    assert_eq!(waiting["items"], json!([]));

    let metadata = shop.stripe.shop().world.intents[0]["metadata"].clone();
    let charge = |refunded: i64| {
        json!({
            "id": "ch_1", "object": "charge", "amount": 9900, "amount_captured": 9900, "paid": true,
            "amount_refunded": refunded, "currency": "usd", "payment_intent": "pi_1",
            "metadata": metadata, "refunded": refunded == 9900,
        })
    };
    shop.tell("evt_5", "charge.refunded", &charge(900)).good();
    assert_eq!(shop.alarms("refund_not_booked"), 0);
    shop.tell("evt_6", "charge.refunded", &charge(1_900)).good();
    assert_eq!(shop.alarms("refund_not_booked"), 1);
    let dispute = json!({
        "id": "dp_1", "object": "dispute", "amount": 9900, "currency": "usd", "charge": "ch_1",
        "payment_intent": "pi_1", "reason": "fraudulent", "status": "needs_response",
    });
    shop.tell("evt_7", "charge.dispute.created", &dispute).good();
    assert_eq!(shop.alarms("payment_disputed"), 1);
    let books = boss.get("/api/v2/admin/ledger/trial-balance").good();
    assert_eq!([&books["off"], &books["clearing"]], ["0", "0"], "{books}");
}

#[test]
fn what_is_paid_otherwise_closes_its_checkout_and_what_came_by_transfer_goes_back_by_hand() {
    let shop = Shop::open();
    let (user, boss) = (Caller::register(shop.address(), "bob@example.com"), shop.boss());
    let invoice = subscription(&user)["invoice"].as_str().unwrap().to_owned();
    user.post(&format!("/api/v2/invoices/{invoice}/checkout"), &json!({})).good();
    let address = format!("/api/v2/admin/invoices/{invoice}");
    let paid = json!({"reference": "bank statement 7, line 3"});
    boss.post(&format!("{address}/paid"), &paid).good();
    boss.post(&format!("{address}/paid"), &paid).good();
    stands(&user, "active", "INVESTOR", "0");
    until("the checkout stays open", || {
        (shop.stripe.shop().world.sessions[0]["status"] == "expired").then_some(())
    });
    let closed = user.post(&format!("/api/v2/invoices/{invoice}/checkout"), &json!({})).problem();
    assert_eq!(closed["code"], "invoice_not_open");

    let refund = json!({"amount": "20.50", "reason": "as agreed", "end": true});
    boss.post(&format!("{address}/refund"), &refund).good();
    stands(&user, "ended", "PAPER", "0");
    assert_eq!(subscription(&user)["payouts"], "20.5");
    let waits = boss.get("/api/v2/admin/payouts").good()["items"][0].clone();
    assert_eq!([&waits["invoice"], &waits["amount"]], [invoice.as_str(), "20.5"], "{waits}");
    let whose = waits["user"].as_str().unwrap();
    let made = |number: u16| {
        let path = format!("/api/v2/admin/users/{whose}/payouts/{number}/paid");
        boss.post(&path, &json!({"reference": "bank statement 9"}))
    };
    assert_eq!(made(2).problem()["code"], "no_payout");
    made(1).good();
    made(1).good();
    assert_eq!(subscription(&user)["payouts"], "0");
    assert_eq!(boss.get("/api/v2/admin/payouts").good()["items"], json!([]));
    assert!(shop.stripe.shop().world.refunds.is_empty());
    assert!(shop.folder.path().join("nija.db").exists());
}
