//! Everything between a request and its answer that can go wrong, and what is said about it: what may be
//! asked again, what is unknown, what is final. And that no charge is made twice by any of it.

use crate::world::{charge, door, impatient, renewal, settings};
use Trouble::{
    Advised, Endless, Garbled, InUse, Moved, None, Silent, SilentlyDone, Throttled, Unavailable,
};
use nija_core::ports::payments::{Collected, PaymentError, Payments};
use nija_payments::Stripe;
use nija_payments::stripe::{Secret, Settings};
use nija_stripe_fake::{Fake, KEY, Trouble};
use tokio::io::AsyncReadExt;

fn paid() -> Result<Collected, PaymentError> {
    Ok(Collected::Paid { reference: "pi_1".to_owned() })
}

#[tokio::test]
async fn a_post_is_repeated_under_its_key_and_never_done_twice() {
    // The first request lists what is there.
    for troubles in [
        vec![None, Throttled],
        vec![None, Unavailable, Unavailable],
        vec![None, InUse, InUse],
        vec![None, Endless],
        vec![None, Advised(400, "true")],
        vec![Throttled, Unavailable, None],
    ] {
        let fake = Fake::start().await;
        fake.plan(troubles.clone());
        assert_eq!(door(&fake).collect(&renewal("pm_ada"), 1).await, paid(), "{troubles:?}");
        assert_eq!(fake.shop().world.intents.len(), 1, "{troubles:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_known_is_told_as_unknown() {
    for (troubles, made) in [
        (vec![None, Unavailable, Unavailable, Unavailable], 0),
        (vec![None, InUse, InUse, InUse], 0),
        (vec![None, Throttled, Unavailable, Throttled], 0),
        (vec![None, Advised(500, "false")], 0),
        (vec![None, Garbled], 1),
    ] {
        let fake = Fake::start().await;
        let door = door(&fake);
        fake.plan(troubles.clone());
        let told = door.collect(&renewal("pm_ada"), 1).await;
        assert_eq!(told, Err(PaymentError::Unknown), "{troubles:?}");
        assert_eq!(fake.shop().world.intents.len(), made, "{troubles:?}");
        // Asked again, it finds out.
        assert_eq!(door.collect(&renewal("pm_ada"), 1).await, paid(), "{troubles:?}");
        assert_eq!(fake.shop().world.intents.len(), 1, "{troubles:?}");
    }
}

#[tokio::test]
async fn what_certainly_did_not_happen_is_told_so() {
    for (troubles, error) in [
        (vec![None, Throttled, Throttled, Throttled], PaymentError::Throttled),
        (vec![Throttled, Throttled, Throttled], PaymentError::Throttled),
        // Nothing can have come of a question.
        (vec![Unavailable, Unavailable, Unavailable], PaymentError::Unreachable),
    ] {
        let fake = Fake::start().await;
        fake.plan(troubles.clone());
        let told = door(&fake).collect(&renewal("pm_ada"), 1).await;
        assert_eq!(told, Err(error), "{troubles:?}");
        assert_eq!(fake.shop().world.intents.len(), 0, "{troubles:?}");
    }
}

#[tokio::test]
async fn advice_against_another_try_is_taken() {
    let fake = Fake::start().await;
    fake.plan([None, Advised(503, "false")]);
    door(&fake).collect(&renewal("pm_ada"), 1).await.unwrap_err();
    assert_eq!(fake.count("POST"), 1);
}

#[tokio::test]
async fn another_place_is_not_gone_to() {
    let fake = Fake::start().await;
    fake.plan([None, Moved]);
    let told = door(&fake).collect(&renewal("pm_ada"), 1).await;
    assert!(matches!(&told, Err(PaymentError::Rejected(why)) if why.contains("302")), "{told:?}");
}

#[tokio::test]
async fn silence_ends_and_what_was_done_in_it_is_found() {
    let fake = Fake::start().await;
    let door = impatient(fake.url.clone());
    fake.plan([None, SilentlyDone]);
    assert_eq!(door.collect(&renewal("pm_ada"), 1).await, paid());
    assert_eq!(fake.shop().world.intents.len(), 1);

    fake.plan([None, Silent, Silent, Silent]);
    let told = door.collect(&renewal("pm_ada"), 2).await;
    assert_eq!(told, Err(PaymentError::Unknown));
    assert_eq!(fake.shop().world.intents.len(), 1);
}

#[tokio::test]
async fn nobody_there_is_told_apart_from_a_connection_that_breaks() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let door = impatient(url);
    let task = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            // Some of the request, then the connection is gone.
            stream.read_exact(&mut [0; 64]).await.unwrap();
        }
    });
    assert_eq!(door.checkout(&charge()).await, Err(PaymentError::Unknown));
    assert_eq!(door.payment("pi_1").await, Err(PaymentError::Unreachable));
    task.abort();
    assert!(task.await.is_err());
    assert_eq!(door.checkout(&charge()).await, Err(PaymentError::Unreachable));
}

#[tokio::test]
async fn secrets_go_out_under_tls_or_not_at_all() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = [0; 512];
        let length = stream.read(&mut hello).await.unwrap();
        hello[..length].to_vec()
    });
    // The other end speaks no TLS, so nothing was asked.
    assert_eq!(impatient(url).checkout(&charge()).await, Err(PaymentError::Unreachable));
    let hello = task.await.unwrap();
    assert_eq!(hello.first(), Some(&22), "a handshake");
    assert!(!hello.windows(KEY.len()).any(|window| window == KEY.as_bytes()));
}

#[tokio::test]
async fn a_wrong_key_is_told_without_showing_it() {
    let fake = Fake::start().await;
    let canary = "sk_test_canary_in_the_mine";
    let secret_key = Secret::new(canary.to_owned());
    let door = Stripe::new(Settings { secret_key, ..settings(fake.url.clone()) }).unwrap();
    let told = door.checkout(&charge()).await.unwrap_err();
    let text = format!("{told} {told:?}");
    assert!(text.contains("secret key") && !text.contains("canary"), "{text}");
    // After a doubtful try the refusal at the door proves nothing.
    fake.plan([Unavailable]);
    assert_eq!(door.checkout(&charge()).await, Err(PaymentError::Unknown));
}

#[tokio::test]
async fn nothing_is_built_from_settings_that_leak() {
    for base in ["http://api.stripe.example", "https://user:password@api.stripe.example"] {
        assert!(Stripe::new(settings(base.to_owned())).is_err(), "{base}");
    }
    let settings = settings("https://api.stripe.example".to_owned());
    assert!(!format!("{settings:?}").contains(KEY));
}
