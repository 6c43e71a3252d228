//! Stripe's page: what is asked for, that asking twice opens one page, and what comes after it.

use crate::world::{ACCOUNT, INVOICE, charge, door, renewal};
use nija_core::ports::payments::{Charge, PaymentError, Payments, Withdrawn};
use nija_core::words::time::Timestamp;
use nija_stripe_fake::{Fake, KEY, Trouble};

#[tokio::test]
async fn a_page_is_asked_for_as_documented() {
    let fake = Fake::start().await;
    let checkout = door(&fake).checkout(&charge()).await.unwrap();
    assert_eq!(checkout.url.as_deref(), Some("https://checkout.stripe.com/c/pay/cs_test_1"));
    assert_eq!(checkout.reference, "cs_test_1");
    assert_eq!(checkout.expires_at, Some(Timestamp(1_790_086_400_000_000)));

    let shop = fake.shop();
    let [request] = shop.seen.as_slice() else { panic!("{} requests", shop.seen.len()) };
    assert_eq!(request.header("authorization"), format!("Bearer {KEY}"));
    assert!(request.key.as_ref().unwrap().contains(INVOICE));
    for (name, value) in [
        ("mode", "payment"),
        ("client_reference_id", INVOICE),
        ("line_items[0][price_data][unit_amount]", "4990"),
        ("line_items[0][price_data][currency]", "usd"),
        ("line_items[0][price_data][product_data][name]", "Investor, monthly"),
        ("line_items[0][quantity]", "1"),
        ("adaptive_pricing[enabled]", "false"),
        ("payment_intent_data[setup_future_usage]", "off_session"),
        ("metadata[nija_invoice]", INVOICE),
        ("payment_intent_data[metadata][nija_invoice]", INVOICE),
        ("payment_intent_data[metadata][nija_account]", &ACCOUNT.to_string()),
        ("customer_creation", "always"),
        ("customer_email", "ada@example.com"),
        ("success_url", "https://nija.example/paid?session={CHECKOUT_SESSION_ID}"),
        ("cancel_url", "https://nija.example/plans"),
    ] {
        assert_eq!(request.get(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn asked_again_it_is_the_same_page_while_it_is_open() {
    let fake = Fake::start().await;
    let door = door(&fake);
    let first = door.checkout(&charge()).await.unwrap();
    assert_eq!(door.checkout(&charge()).await.unwrap(), first);
    assert_eq!(fake.shop().world.sessions.len(), 1);

    assert_eq!(door.withdraw(&first.reference).await, Ok(Withdrawn::Closed));
    assert_eq!(door.withdraw(&first.reference).await, Ok(Withdrawn::Closed));
    let second = door.checkout(&charge()).await.unwrap();
    assert_ne!(second.reference, first.reference);
    assert_eq!(door.checkout(&charge()).await.unwrap(), second);
    assert_eq!(fake.shop().world.sessions.len(), 2);
}

#[tokio::test]
async fn a_page_that_was_paid_opens_no_other() {
    let fake = Fake::start().await;
    let door = door(&fake);
    let page = door.checkout(&charge()).await.unwrap().reference;
    for status in ["succeeded", "processing"] {
        fake.shop().world.finish(&page, status);
        let again = door.checkout(&charge()).await;
        assert!(matches!(again, Err(PaymentError::Rejected(_))), "{status}: {again:?}");
        assert_eq!(door.withdraw(&page).await, Ok(Withdrawn::Finished));
    }
    // The bank took days to say no: now another page is right.
    fake.shop().world.finish(&page, "requires_payment_method");
    assert_ne!(door.checkout(&charge()).await.unwrap().reference, page);
}

#[tokio::test]
async fn who_is_known_is_not_asked_again() {
    let fake = Fake::start().await;
    door(&fake).checkout(&renewal("pm_ada")).await.unwrap();
    let shop = fake.shop();
    assert_eq!(shop.seen[0].get("customer"), Some("cus_ada"));
    assert_eq!(shop.seen[0].get("customer_email"), None);
    assert_eq!(shop.seen[0].get("customer_creation"), None);
}

#[tokio::test]
async fn what_stripe_does_not_know_of_the_payer_is_left_out() {
    let mut gone = renewal("pm_ada");
    gone.payer.as_mut().unwrap().customer = "cus_gone".to_owned();
    let odd = Charge { email: Some("ada@localhost".to_owned()), ..charge() };
    for charge in [gone, odd] {
        let fake = Fake::start().await;
        assert!(door(&fake).checkout(&charge).await.unwrap().url.is_some());
        let shop = fake.shop();
        let last = shop.seen.last().unwrap();
        assert_eq!((last.get("customer"), last.get("customer_email")), (None, None));
    }
}

#[tokio::test]
async fn a_failure_of_yesterday_is_not_repeated_for_ever() {
    let fake = Fake::start().await;
    let door = door(&fake);
    fake.plan([Trouble::Fails { done: false }]);
    // The second try hears the first one's failure again, and the next key begins anew.
    assert!(door.checkout(&charge()).await.unwrap().url.is_some());
    assert_eq!(fake.shop().world.sessions.len(), 1);
}

#[tokio::test]
async fn nonsense_is_refused_before_anybody_is_asked() {
    let fake = Fake::start().await;
    let door = door(&fake);
    let of = |amount: &str| Charge { amount: amount.parse().unwrap(), ..charge() };
    let text = |invoice: &str, description: &str| Charge {
        invoice: invoice.to_owned(),
        description: description.to_owned(),
        ..charge()
    };
    for wrong in [
        of("0"),
        of("0.49"),
        of("-5"),
        of("1.005"),
        of("1000000"),
        text("", "a"),
        text("../../refunds", "a"),
        text("A", " "),
        text("A", &"long ".repeat(60)),
    ] {
        let refused = door.checkout(&wrong).await;
        assert!(matches!(refused, Err(PaymentError::Rejected(_))), "{wrong:?}: {refused:?}");
    }
    for page in ["", "..", "cs/../../refunds", "cs_1?x"] {
        assert!(matches!(door.withdraw(page).await, Err(PaymentError::Rejected(_))), "{page}");
    }
    assert_eq!(fake.shop().seen.len(), 0);
}

#[tokio::test]
async fn a_page_at_an_address_that_is_not_safe_is_not_shown() {
    let fake = Fake::start().await;
    let door = door(&fake);
    let page = door.checkout(&charge()).await.unwrap().reference;
    for url in ["javascript:alert(1)", "http://checkout.stripe.com/c/pay/1"] {
        fake.shop().world.sessions[0]["url"] = url.into();
        assert_eq!(door.checkout(&charge()).await, Err(PaymentError::Unknown), "{page} {url}");
    }
}
