//! What every payment door must do, held by both.

use crate::world::{NOW, charge, door, refund};
use nija_core::ports::payments::{
    Charge, Collected, PaymentError, Payments, WebhookError, Withdrawn,
};
use nija_core::words::money::Money;
use nija_payments::Transfer;
use nija_stripe_fake::Fake;

/// Numbered, so that a door that fails says where.
async fn hold(door: &dyn Payments) {
    let name = door.name();
    assert!(!name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase()), "P-01 {name}");
    assert!(door.minimum().is_positive(), "P-02 {name}");

    let least = Charge { amount: door.minimum(), ..charge() };
    let checkout = door.checkout(&least).await.unwrap();
    assert!(!checkout.reference.is_empty() && !checkout.instructions.is_empty(), "P-03 {name}");
    assert_eq!(door.checkout(&least).await.unwrap(), checkout, "P-04 {name}: same charge");
    if checkout.url.is_none() {
        let all = [charge().invoice, format!("{:.2}", door.minimum())];
        assert!(all.iter().all(|it| checkout.instructions.contains(it)), "P-05 {name}");
    }
    for _ in 0..2 {
        let closed = door.withdraw(&checkout.reference).await;
        assert_eq!(closed, Ok(Withdrawn::Closed), "P-06 {name}");
    }

    let below = door.minimum().checked_sub(Money::CENT).unwrap();
    let half = door.minimum().checked_add(Money::STEP).unwrap();
    for amount in [below, half, Money::ZERO, Money::MAX, door.minimum().negated()] {
        let wrong = Charge { amount, ..charge() };
        for refused in [door.checkout(&wrong).await.err(), door.collect(&wrong, 1).await.err()] {
            assert!(matches!(refused, Some(PaymentError::Rejected(_))), "P-07 {name} {amount}");
        }
    }
    let unnamed = Charge { invoice: String::new(), ..charge() };
    assert!(matches!(door.checkout(&unnamed).await, Err(PaymentError::Rejected(_))), "P-08 {name}");

    // Nobody is charged without a method on file.
    assert_eq!(door.collect(&charge(), 1).await, Ok(Collected::NeedsPayer), "P-09 {name}");
    assert_eq!(door.of_charge(&charge()).await, Ok(Vec::new()), "P-10 {name}");
    assert_eq!(door.payment("pi_unknown").await, Ok(None), "P-11 {name}");
    let unkeyed = door.refund(&refund("pi_unknown", "")).await;
    assert!(matches!(unkeyed, Err(PaymentError::Rejected(_))), "P-12 {name}");

    let told = door.webhook(&[], b"{}", NOW);
    let refusals = [WebhookError::NotOffered, WebhookError::Unsigned];
    assert!(told.is_err_and(|error| refusals.contains(&error)), "P-13 {name}");
}

#[tokio::test]
async fn stripe_conforms() {
    let fake = Fake::start().await;
    hold(&door(&fake)).await;
}

#[tokio::test]
async fn the_built_in_door_conforms() {
    hold(&Transfer::new("Bank of Nowhere, 12-34-56".to_owned())).await;
    hold(&Transfer::new(String::new())).await;
}

#[tokio::test]
async fn the_built_in_door_says_all_a_payer_needs() {
    let door = Transfer::new("Bank of Nowhere, 12-34-56".to_owned());
    let checkout = door.checkout(&charge()).await.unwrap();
    assert_eq!(
        checkout.instructions,
        "Transfer 49.90 USD and quote NIJA-0003-000017. Pay to: Bank of Nowhere, 12-34-56"
    );
    assert_eq!((checkout.url, checkout.expires_at), (None, None));
    assert!(!door.collects());
    assert_eq!(door.webhook(&[], b"", NOW), Err(WebhookError::NotOffered));
}
