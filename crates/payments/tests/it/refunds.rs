//! Money given back: once for each key.

use crate::world::{door, refund, renewal};
use nija_core::ports::payments::{PaymentError, Payments, Refund, Refunded};
use nija_stripe_fake::Fake;
use serde_json::json;

#[tokio::test]
async fn a_key_gives_back_once() {
    let fake = Fake::start().await;
    let door = door(&fake);
    door.collect(&renewal("pm_ada"), 1).await.unwrap();
    let done = Ok(Refunded::Done { reference: "re_1".to_owned() });
    assert_eq!(door.refund(&refund("pi_1", "credit-1")).await, done);
    assert_eq!(door.refund(&refund("pi_1", "credit-1")).await, done);
    fake.forget_keys();
    assert_eq!(door.refund(&refund("pi_1", "credit-1")).await, done);
    assert_eq!(fake.shop().world.refunds.len(), 1);
    assert_eq!(fake.shop().world.refunds[0]["amount"], 1_000);

    let second = Ok(Refunded::Done { reference: "re_2".to_owned() });
    assert_eq!(door.refund(&refund("pi_1", "credit-2")).await, second);
}

#[tokio::test]
async fn an_end_is_told_as_it_is() {
    let fake = Fake::start().await;
    let door = door(&fake);
    door.collect(&renewal("pm_ada"), 1).await.unwrap();
    door.refund(&refund("pi_1", "credit-1")).await.unwrap();
    fake.shop().world.refunds[0]["status"] = json!("pending");
    let pending = Refunded::Pending { reference: "re_1".to_owned() };
    assert_eq!(door.refund(&refund("pi_1", "credit-1")).await, Ok(pending));
    fake.shop().world.refunds[0]["status"] = json!("failed");
    fake.shop().world.refunds[0]["failure_reason"] = json!("lost_or_stolen_card");
    let failed = door.refund(&refund("pi_1", "credit-1")).await;
    assert!(matches!(failed, Err(PaymentError::Rejected(why)) if why.contains("lost_or_stolen")));
}

#[tokio::test]
async fn more_than_was_paid_is_refused() {
    let fake = Fake::start().await;
    let door = door(&fake);
    door.collect(&renewal("pm_ada"), 1).await.unwrap();
    let much = Refund { amount: "50".parse().unwrap(), ..refund("pi_1", "credit-1") };
    assert!(matches!(door.refund(&much).await, Err(PaymentError::Rejected(_))));
    let seen = fake.shop().seen.len();
    for wrong in [refund("../x", "k"), refund("pi_1", ""), refund("pi_1", "a b")] {
        assert!(matches!(door.refund(&wrong).await, Err(PaymentError::Rejected(_))), "{wrong:?}");
    }
    assert_eq!(fake.shop().seen.len(), seen);
}
