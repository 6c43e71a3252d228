//! Charges of a card on file, and reading payments back.

use crate::world::{ACCOUNT, INVOICE, charge, door, renewal};
use nija_core::ports::payments::{Charge, Collected, Payer, PaymentError, Payments, Standing};
use nija_core::words::id::AccountId;
use nija_stripe_fake::{Fake, Trouble};

#[tokio::test]
async fn a_card_is_charged_as_documented() {
    let fake = Fake::start().await;
    let paid = door(&fake).collect(&renewal("pm_ada"), 1).await.unwrap();
    assert_eq!(paid, Collected::Paid { reference: "pi_1".to_owned() });
    let shop = fake.shop();
    let request = shop.seen.iter().find(|request| request.method == "POST").unwrap();
    assert_eq!(request.key.as_deref(), Some(&*format!("nija-collect-{ACCOUNT}-{INVOICE}-1")));
    for (name, value) in [
        ("amount", "4990"),
        ("currency", "usd"),
        ("customer", "cus_ada"),
        ("payment_method", "pm_ada"),
        ("confirm", "true"),
        ("off_session", "true"),
        ("automatic_payment_methods[allow_redirects]", "never"),
        ("metadata[nija_invoice]", INVOICE),
        ("metadata[nija_account]", &ACCOUNT.to_string()),
        ("metadata[nija_attempt]", "1"),
    ] {
        assert_eq!(request.get(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn each_card_has_its_end() {
    let needs = Collected::NeedsPayer;
    let why = "Your card has insufficient funds.".to_owned();
    for (card, end) in [
        ("pm_slow", Collected::Pending { reference: "pi_1".to_owned() }),
        ("pm_declines", Collected::Declined { why }),
        ("pm_wants_payer", needs.clone()),
        ("pm_gone", needs.clone()),
    ] {
        let fake = Fake::start().await;
        let door = door(&fake);
        assert_eq!(door.collect(&renewal(card), 1).await, Ok(end.clone()), "{card}");
        // The same attempt asked again has the same end, today and after the key is forgotten.
        assert_eq!(door.collect(&renewal(card), 1).await, Ok(end.clone()), "{card}");
        fake.forget_keys();
        assert_eq!(door.collect(&renewal(card), 1).await, Ok(end), "{card}");
        assert!(fake.shop().world.intents.len() <= 1);
    }
    let fake = Fake::start().await;
    assert_eq!(door(&fake).collect(&charge(), 1).await, Ok(needs));
    assert_eq!(fake.shop().seen.len(), 0);
}

#[tokio::test]
async fn an_attempt_is_one_charge_and_another_attempt_another() {
    let fake = Fake::start().await;
    let door = door(&fake);
    let first = door.collect(&renewal("pm_ada"), 1).await.unwrap();
    assert_eq!(door.collect(&renewal("pm_ada"), 1).await, Ok(first.clone()));
    fake.forget_keys();
    assert_eq!(door.collect(&renewal("pm_ada"), 1).await, Ok(first.clone()));
    assert_eq!(fake.shop().world.intents.len(), 1);
    assert_ne!(door.collect(&renewal("pm_ada"), 2).await, Ok(first));
    assert_eq!(fake.shop().world.intents.len(), 2);
}

#[tokio::test]
async fn one_key_never_covers_two_things() {
    let fake = Fake::start().await;
    let door = door(&fake);
    // Whatever hides the first charge from the list: the key still holds.
    door.collect(&renewal("pm_ada"), 1).await.unwrap();
    fake.shop().world.intents.clear();
    let dearer = Charge { amount: "99.00".parse().unwrap(), ..renewal("pm_ada") };
    let refused = door.collect(&dearer, 1).await;
    assert!(
        matches!(&refused, Err(PaymentError::Rejected(why)) if why.contains("same parameters"))
    );
    assert_eq!(fake.shop().world.intents.len(), 0);
}

#[tokio::test]
async fn payments_are_read_back() {
    let fake = Fake::start().await;
    let door = door(&fake);
    door.collect(&renewal("pm_declines"), 1).await.unwrap();
    door.collect(&renewal("pm_ada"), 2).await.unwrap();
    let paid = door.payment("pi_2").await.unwrap().unwrap();
    assert_eq!((paid.invoice.as_str(), paid.account), (INVOICE, ACCOUNT));
    assert_eq!((paid.amount.to_string().as_str(), paid.standing), ("49.9", Standing::Paid));
    let payer = Payer { customer: "cus_ada".to_owned(), method: "pm_ada".to_owned() };
    assert_eq!(paid.payer, Some(payer));

    let all = door.of_charge(&renewal("pm_ada")).await.unwrap();
    let standings: Vec<_> = all.iter().map(|payment| payment.standing).collect();
    assert_eq!(standings, [Standing::Paid, Standing::Unpaid]);
    let other = Charge { invoice: "NIJA-1".to_owned(), ..renewal("pm_ada") };
    assert_eq!(door.of_charge(&other).await, Ok(Vec::new()));
    let other = Charge { account: AccountId(7), ..renewal("pm_ada") };
    assert_eq!(door.of_charge(&other).await, Ok(Vec::new()));
}

#[tokio::test]
async fn what_is_not_there_or_not_ours_is_no_payment() {
    let fake = Fake::start().await;
    let door = door(&fake);
    door.collect(&renewal("pm_ada"), 1).await.unwrap();
    assert_eq!(door.payment("pi_9").await, Ok(None));
    let seen = fake.shop().seen.len();
    for reference in ["", "..", "../refunds", "pi 1"] {
        assert_eq!(door.payment(reference).await, Ok(None), "{reference}");
    }
    assert_eq!(fake.shop().seen.len(), seen);
    for (field, value) in [("metadata", serde_json::json!({})), ("currency", "eur".into())] {
        let before = fake.shop().world.intents[0][field].clone();
        fake.shop().world.intents[0][field] = value;
        assert_eq!(door.payment("pi_1").await, Ok(None), "{field}");
        fake.shop().world.intents[0][field] = before;
    }
    assert!(door.payment("pi_1").await.unwrap().is_some());
}

#[tokio::test]
async fn a_lost_answer_is_found_by_asking_again() {
    let fake = Fake::start().await;
    let door = door(&fake);
    // The list, then the charge, which is done and answered with an error of theirs, kept for a day.
    fake.plan([Trouble::None, Trouble::Fails { done: true }]);
    assert_eq!(door.collect(&renewal("pm_ada"), 1).await, Err(PaymentError::Unknown));
    let found = door.collect(&renewal("pm_ada"), 1).await.unwrap();
    assert_eq!(found, Collected::Paid { reference: "pi_1".to_owned() });
    assert_eq!(fake.shop().world.intents.len(), 1);
}
