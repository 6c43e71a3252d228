//! Webhooks: what each event tells, and every forgery that we could think of telling nothing.

use crate::events::{
    SECONDS, dispute, event, header, intent, metadata, movement, returned, session, with,
};
use crate::world::{ACCOUNT, INVOICE, NEXT_SECRET, NOW, WEBHOOK_SECRET, settings};
use nija_core::ports::payments::{
    News, Payer, Payment, Payments, Stage, Standing, Told, WEBHOOK_BYTES_MAX, WebhookError,
};
use nija_core::words::time::{Span, Timestamp};
use nija_payments::Stripe;
use nija_payments::stripe::{EVENTS, Secret, Settings};
use nija_stripe_fake::signature;
use serde_json::{Value, json};

fn stripe() -> Stripe {
    Stripe::new(settings("https://api.stripe.example".to_owned())).unwrap()
}

/// Delivers a body under a header.
fn deliver(header: &str, body: &[u8]) -> Result<Told, WebhookError> {
    stripe().webhook(&[("Stripe-Signature", header.as_bytes())], body, NOW)
}

/// What a well signed body tells.
fn told(body: &[u8]) -> Result<Told, WebhookError> {
    deliver(&header(body), body)
}

fn news(kind: &str, object: &Value) -> News {
    told(event(kind, object).to_string().as_bytes()).unwrap().news
}

fn payment(standing: Standing) -> Payment {
    Payment {
        invoice: INVOICE.to_owned(),
        account: ACCOUNT,
        amount: "49.90".parse().unwrap(),
        reference: "pi_1".to_owned(),
        payer: None,
        standing,
    }
}

fn payer() -> Option<Payer> {
    Some(Payer { customer: "cus_ada".to_owned(), method: "pm_ada".to_owned() })
}

#[test]
fn money_that_came_is_told_with_where_it_belongs() {
    let paid = payment(Standing::Paid);
    assert_eq!(news("checkout.session.completed", &session("paid")), News::Paid(paid.clone()));
    let later = "checkout.session.async_payment_succeeded";
    assert_eq!(news(later, &session("paid")), News::Paid(paid.clone()));
    let with_payer = Payment { payer: payer(), ..paid };
    assert_eq!(news("payment_intent.succeeded", &intent("succeeded")), News::Paid(with_payer));
    let whole =
        told(event("payment_intent.succeeded", &intent("succeeded")).to_string().as_bytes());
    let Told { event, at, .. } = whole.unwrap();
    assert_eq!((event.as_str(), at), ("evt_1", Timestamp(1_789_999_990_000_000)));
}

#[test]
fn another_amount_is_told_as_it_is() {
    let object = with(session("paid"), "/amount_total", json!(1));
    let News::Paid(payment) = news("checkout.session.completed", &object) else { panic!() };
    assert_eq!(payment.amount.to_string(), "0.01");
}

#[test]
fn money_that_did_not_come_is_told() {
    let unpaid = payment(Standing::Unpaid);
    let why = "the bank did not pay".to_owned();
    let news_of = news("checkout.session.async_payment_failed", &session("unpaid"));
    assert_eq!(news_of, News::Failed { payment: unpaid.clone(), why });
    let error = json!({"type": "card_error", "code": "card_declined", "message": "No\u{7} money."});
    let object = with(intent("requires_payment_method"), "/last_payment_error", error);
    let failed = News::Failed {
        payment: Payment { payer: payer(), ..unpaid },
        why: "No  money.".to_owned(),
    };
    assert_eq!(news("payment_intent.payment_failed", &object), failed);
}

#[test]
fn money_that_goes_back_is_told() {
    let total = "10".parse().unwrap();
    let refunded = News::Refunded { payment: payment(Standing::Paid), total };
    assert_eq!(news("charge.refunded", &movement(1_000)), refunded);
    let failed = News::RefundFailed {
        reference: "pi_1".to_owned(),
        refund: "re_1".to_owned(),
        amount: total,
        why: "lost_or_stolen_card".to_owned(),
    };
    assert_eq!(news("refund.failed", &returned("failed")), failed);
    for (kind, status, stage) in [
        ("created", "warning_needs_response", Stage::Opened),
        ("created", "needs_response", Stage::Opened),
        ("funds_withdrawn", "needs_response", Stage::Taken),
        ("funds_reinstated", "won", Stage::Returned),
        ("closed", "won", Stage::Won),
        ("closed", "warning_closed", Stage::Won),
        ("closed", "lost", Stage::Lost),
    ] {
        let disputed = News::Disputed {
            reference: "pi_1".to_owned(),
            dispute: "dp_1".to_owned(),
            amount: "49.90".parse().unwrap(),
            stage,
            why: "fraudulent".to_owned(),
        };
        assert_eq!(news(&format!("charge.dispute.{kind}"), &dispute(status)), disputed, "{status}");
    }
}

#[test]
fn every_event_that_is_registered_for_is_read() {
    for kind in EVENTS {
        let nothing = event(kind, &json!({})).to_string();
        assert_eq!(told(nothing.as_bytes()), Err(WebhookError::Malformed), "{kind}");
    }
    let other = event("customer.created", &json!({})).to_string();
    assert!(matches!(told(other.as_bytes()).unwrap().news, News::Ignored(_)));
}

#[test]
fn what_is_not_ours_is_ignored() {
    for metadata in [json!({}), Value::Null, json!({"order": "7"})] {
        for (kind, object) in [
            ("checkout.session.completed", session("paid")),
            ("payment_intent.succeeded", intent("succeeded")),
            ("payment_intent.payment_failed", intent("requires_payment_method")),
            ("charge.refunded", movement(4_990)),
        ] {
            let object = with(object, "/metadata", metadata.clone());
            assert!(matches!(news(kind, &object), News::Ignored(_)), "{kind} {metadata}");
        }
    }
    assert!(matches!(news("checkout.session.completed", &session("unpaid")), News::Ignored(_)));
    for (path, value) in [("/currency", json!("eur")), ("/payment_intent", Value::Null)] {
        let object = with(dispute("lost"), path, value.clone());
        assert!(matches!(news("charge.dispute.closed", &object), News::Ignored(_)), "{path}");
        let object = with(returned("failed"), path, value);
        assert!(matches!(news("refund.failed", &object), News::Ignored(_)), "{path}");
    }
    let mut connected = event("payment_intent.succeeded", &intent("succeeded"));
    connected["account"] = json!("acct_2");
    let told = told(connected.to_string().as_bytes()).unwrap();
    assert!(matches!(told.news, News::Ignored(_)), "{told:?}");
}

#[test]
fn what_is_ours_and_odd_is_for_a_person() {
    let odd = |kind: &str, object: Value| {
        let news = news(kind, &object);
        assert!(matches!(news, News::Suspect(_)), "{kind} {object} {news:?}");
    };
    for (path, value) in [
        ("/metadata", json!({"nija_invoice": INVOICE})),
        ("/metadata", json!({"nija_account": ACCOUNT.to_string()})),
        ("/metadata/nija_invoice", json!("")),
        ("/metadata/nija_invoice", json!("../../x")),
        ("/metadata/nija_invoice", json!("A".repeat(41))),
        ("/metadata/nija_account", json!("a1")),
        ("/metadata/nija_account", json!("000000000000000000000000000000zz")),
        ("/currency", json!("eur")),
        ("/currency", json!("USD")),
        ("/amount_total", json!(-1)),
        ("/amount_total", Value::Null),
        ("/payment_intent", Value::Null),
        ("/payment_intent", json!("pi_1/../2")),
        ("/payment_status", json!("no_payment_required")),
    ] {
        odd("checkout.session.completed", with(session("paid"), path, value));
    }
    odd("payment_intent.succeeded", intent("processing"));
    odd("payment_intent.succeeded", with(intent("succeeded"), "/amount_received", json!(i64::MAX)));
    odd("charge.refunded", movement(-5));
    odd("charge.dispute.closed", dispute("a_new_status"));
    odd("charge.dispute.created", with(dispute("lost"), "/amount", json!(-1)));
}

#[test]
fn test_money_never_pays_where_money_is_real() {
    let body = event("payment_intent.succeeded", &intent("succeeded"));
    for (key, live, believed) in [
        ("sk_live_0123456789", true, true),
        ("sk_live_0123456789", false, false),
        ("sk_test_0123456789", true, false),
        ("rk_test_0123456789", false, true),
        ("a_gateway_of_ours", true, true),
    ] {
        let secret_key = Secret::new(key.to_owned());
        let settings = settings("https://api.stripe.example".to_owned());
        let door = Stripe::new(Settings { secret_key, ..settings }).unwrap();
        let body = with(body.clone(), "/livemode", json!(live)).to_string();
        let header = header(body.as_bytes());
        let headers = [("stripe-signature", header.as_bytes())];
        let told = door.webhook(&headers, body.as_bytes(), NOW).unwrap();
        assert_eq!(matches!(told.news, News::Paid(_)), believed, "{key} {live}");
        assert_eq!(matches!(told.news, News::Suspect(_)), !believed, "{key} {live}");
    }
}

#[test]
fn forged_signatures_tell_nothing() {
    let body = event("payment_intent.succeeded", &intent("succeeded")).to_string();
    let body = body.as_bytes();
    let time = SECONDS;
    let right = signature(WEBHOOK_SECRET, time, body);
    let wrong = signature("whsec_of_somebody_else", time, body);
    let other_time = SECONDS + 1;
    let flipped = right.replacen(['0', '1', '2'], "9", 1);
    for (header, error) in [
        (String::new(), WebhookError::Unsigned),
        ("t".to_owned(), WebhookError::Unsigned),
        (format!("t={time}"), WebhookError::Unsigned),
        (format!("v1={right}"), WebhookError::Unsigned),
        (format!("t={time},v0={right}"), WebhookError::Unsigned),
        (format!("t={time},t={time},v1={right}"), WebhookError::Unsigned),
        (format!("t=,v1={right}"), WebhookError::Unsigned),
        (format!("t=-{time},v1={right}"), WebhookError::Unsigned),
        (format!("t=+{time},v1={right}"), WebhookError::Unsigned),
        (format!("t= {time},v1={right}"), WebhookError::Unsigned),
        (format!("t=9{time}999,v1={right}"), WebhookError::Unsigned),
        (format!("t={time},v1={}", &right[..62]), WebhookError::Unsigned),
        (format!("t={time},v1={right}00"), WebhookError::Unsigned),
        (format!("t={time},v1={}", right.replacen(|_| true, "g", 1)), WebhookError::Unsigned),
        (format!("t={time},v1="), WebhookError::Unsigned),
        (format!("t={time}{}", format!(",v1={right}").repeat(9)), WebhookError::Unsigned),
        (format!("t={time},v1={right},v0={}", "a".repeat(2_000)), WebhookError::Unsigned),
        (format!("t={time},v1={wrong}"), WebhookError::Forged),
        (format!("t={time},v1={flipped}"), WebhookError::Forged),
        (format!("t={other_time},v1={right}"), WebhookError::Forged),
        (format!("t=0{time},v1={right}"), WebhookError::Forged),
    ] {
        assert_eq!(deliver(&header, body), Err(error), "{header}");
    }
    let good = format!("t={time},v1={right}");
    assert!(deliver(&good, body).is_ok());
    let altered = [body, b" "].concat();
    assert_eq!(deliver(&good, &altered), Err(WebhookError::Forged));
    assert_eq!(deliver(&good, &body[..body.len() - 1]), Err(WebhookError::Forged));
    assert_eq!(deliver(&good, b""), Err(WebhookError::Forged));
}

#[test]
fn headers_other_than_one_readable_one_tell_nothing() {
    let body = event("payment_intent.succeeded", &intent("succeeded")).to_string();
    let body = body.as_bytes();
    let good = header(body);
    let good = good.as_bytes();
    let cases: [&[(&str, &[u8])]; 4] = [
        &[],
        &[("signature", good)],
        &[("stripe-signature", good), ("Stripe-Signature", good)],
        &[("stripe-signature", b"t=1,v1=\xff")],
    ];
    for headers in cases {
        assert_eq!(stripe().webhook(headers, body, NOW), Err(WebhookError::Unsigned));
    }
    let among = [("host", &b"nija"[..]), ("STRIPE-SIGNATURE", good), ("accept", b"*/*")];
    assert!(stripe().webhook(&among, body, NOW).is_ok());
}

#[test]
fn only_what_is_fresh_is_believed_and_within_that_twice_is_the_same() {
    let body = event("payment_intent.succeeded", &intent("succeeded")).to_string();
    let body = body.as_bytes();
    let header = header(body);
    let headers = [("stripe-signature", header.as_bytes())];
    let door = stripe();
    let first = door.webhook(&headers, body, NOW).unwrap();
    for (offset, error) in [
        (0, None),
        (299, None),
        (300, None),
        (301, Some(WebhookError::Stale)),
        (-300, None),
        (-301, Some(WebhookError::Stale)),
        (86_400, Some(WebhookError::Stale)),
    ] {
        let told = door.webhook(&headers, body, NOW.plus(Span::seconds(offset)));
        match error {
            None => assert_eq!(told, Ok(first.clone()), "{offset}"),
            Some(error) => assert_eq!(told, Err(error), "{offset}"),
        }
    }
    for now in [Timestamp(i64::MIN), Timestamp(i64::MAX), Timestamp(0)] {
        assert_eq!(door.webhook(&headers, body, now), Err(WebhookError::Stale));
    }
}

#[test]
fn a_secret_is_replaced_without_a_gap() {
    let body = event("payment_intent.succeeded", &intent("succeeded")).to_string();
    let body = body.as_bytes();
    let time = SECONDS;
    let of = |secret: &str| signature(secret, time, body);
    let (mine, next, other) = (of(WEBHOOK_SECRET), of(NEXT_SECRET), of("whsec_of_another"));
    for header in [
        format!("t={time},v1={mine}"),
        format!("t={time},v1={next}"),
        format!("t={time},v1={other},v1={next}"),
        format!("v1={next},v1={mine},t={time}"),
        format!("t={time},v1={},v2=x", mine.to_uppercase()),
    ] {
        assert!(deliver(&header, body).is_ok(), "{header}");
    }
    assert_eq!(deliver(&format!("t={time},v1={other}"), body), Err(WebhookError::Forged));
}

#[test]
fn signed_nonsense_tells_nothing() {
    let good = event("payment_intent.succeeded", &intent("succeeded"));
    let text = good.to_string();
    let double = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1).into_bytes()
    };
    let deep = |depth: usize| {
        let nest = "[".repeat(depth) + &"]".repeat(depth);
        double("\"livemode\"", &format!("\"nested\":{nest},\"livemode\"")).clone()
    };
    for body in [
        b"".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\xff\xfe".to_vec(),
        text.as_bytes()[..text.len() / 2].to_vec(),
        [text.as_bytes(), b"{}"].concat(),
        double("\"evt_1\"", "\"evt 1\""),
        double("\"object\":\"event\"", "\"object\":\"charge\""),
        double("\"livemode\":false", "\"livemode\":0"),
        double("\"id\":\"evt_1\"", "\"id\":\"evt_1\",\"id\":\"evt_2\""),
        double("\"data\":", "\"data\":{},\"data\":"),
        double("\"nija_invoice\":", "\"nija_invoice\":\"NIJA-1\",\"nija_invoice\":"),
        double("\"amount\":4990", "\"amount\":4990,\"amount\":1"),
        double("\"amount\":4990", "\"amount\":4990.0"),
        double("\"amount\":4990", "\"amount\":\"4990\""),
        double("\"amount\":4990", "\"amount\":99999999999999999999"),
        double("\"created\":1789999990", "\"created\":-1"),
        double("\"created\":1789999990", "\"created\":9223372036854775807"),
        with(good.clone(), "/data/object/metadata/nija_invoice", json!(17))
            .to_string()
            .into_bytes(),
        with(good.clone(), "/data/object", json!([])).to_string().into_bytes(),
        text.replacen("\"type\"", "\"kind\"", 1).into_bytes(),
        [&b"\xef\xbb\xbf"[..], text.as_bytes()].concat(),
        text.replace("off_session", "\u{1}").replace('\u{1}', "\\ud800").into_bytes(),
    ] {
        let told = told(&body);
        let lone = body.windows(6).any(|six| six == b"\\ud800");
        if lone {
            // A broken escape in a field that nobody reads is skipped, or refused; it never panics.
            assert!(told.is_ok() || told == Err(WebhookError::Malformed));
        } else {
            assert_eq!(told, Err(WebhookError::Malformed), "{}", String::from_utf8_lossy(&body));
        }
    }
    // Not UTF-8 somewhere that nobody reads.
    let hidden = text.replacen("off_session", "off\u{fffd}session", 1).into_bytes();
    let broken: Vec<u8> = hidden.iter().map(|b| if *b == 0xbd { b'x' } else { *b }).collect();
    assert!(std::str::from_utf8(&broken).is_err());
    assert_eq!(told(&broken), Err(WebhookError::Malformed));
    // However deep: skipped or refused, without running out of stack.
    for depth in [100, 1_000, 20_000] {
        let told = told(&deep(depth));
        assert!(told.is_ok() || told == Err(WebhookError::Malformed), "{depth}");
    }
}

#[test]
fn what_is_too_large_is_not_even_hashed() {
    let body = event("payment_intent.succeeded", &intent("succeeded")).to_string();
    let padded = |size: usize| {
        let mut bytes = body.clone().into_bytes();
        bytes.resize(size, b' ');
        bytes
    };
    assert!(told(&padded(WEBHOOK_BYTES_MAX)).is_ok());
    assert_eq!(told(&padded(WEBHOOK_BYTES_MAX + 1)), Err(WebhookError::TooLarge));
    let unsigned = stripe().webhook(&[], &padded(WEBHOOK_BYTES_MAX + 1), NOW);
    assert_eq!(unsigned, Err(WebhookError::TooLarge));
}

#[test]
fn other_text_in_metadata_changes_nothing() {
    let mut object = intent("succeeded");
    object["metadata"]["nija_invoice "] = json!("NIJA-9");
    object["metadata"]["NIJA_INVOICE"] = json!("NIJA-9");
    object["client_reference_id"] = json!("NIJA-9");
    let News::Paid(payment) = news("payment_intent.succeeded", &object) else { panic!() };
    assert_eq!(payment.invoice, INVOICE);
    assert_eq!(metadata()["nija_invoice"], INVOICE);
}
