//! Whatever arrives: a webhook is refused or read, and nothing panics.

use crate::events::{dispute, event, header, intent, movement, returned, session};
use crate::world::{NOW, settings};
use nija_core::ports::payments::{News, Payments, WebhookError};
use nija_payments::Stripe;
use nija_payments::stripe::EVENTS;
use proptest::prelude::*;
use serde_json::Value;
use std::sync::LazyLock;

static STRIPE: LazyLock<Stripe> =
    LazyLock::new(|| Stripe::new(settings("https://api.stripe.example".to_owned())).unwrap());

/// Any JSON that fits in a test.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(Value::from("usd")),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((".{0,6}", inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn object() -> impl Strategy<Value = Value> {
    let objects =
        [session("paid"), intent("succeeded"), movement(10), returned("failed"), dispute("lost")];
    prop::sample::select(objects.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_are_refused_without_a_signature(
        header in prop::collection::vec(any::<u8>(), 0..120),
        body in prop::collection::vec(any::<u8>(), 0..400),
        now: i64,
    ) {
        let headers = [("stripe-signature", header.as_slice())];
        let told = STRIPE.webhook(&headers, &body, nija_core::words::time::Timestamp(now));
        prop_assert!(told.is_err());
    }

    #[test]
    fn headers_that_almost_fit_are_refused(text in "(t=[0-9]{0,14},|v1=[0-9a-f]{60,66},?|v0=x,|,|=){0,6}") {
        let told = STRIPE.webhook(&[("stripe-signature", text.as_bytes())], b"{}", NOW);
        prop_assert!(matches!(told, Err(WebhookError::Unsigned | WebhookError::Forged)));
    }

    #[test]
    fn any_signed_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..400)) {
        let header = header(&body);
        let told = STRIPE.webhook(&[("stripe-signature", header.as_bytes())], &body, NOW);
        prop_assert_eq!(told, Err(WebhookError::Malformed));
    }

    /// One value of a well formed event is replaced by anything: money is told only with our metadata in it.
    #[test]
    fn a_bent_event_tells_no_money_that_is_not_in_it(
        kind in prop::sample::select(EVENTS.to_vec()),
        object in object(),
        at: prop::sample::Index,
        value in anything(),
    ) {
        let mut bent = object;
        let fields = bent.as_object_mut().unwrap();
        let names: Vec<String> = fields.keys().cloned().collect();
        fields.insert(at.get(&names).clone(), value);
        let body = event(kind, &bent).to_string();
        let header = header(body.as_bytes());
        let told = STRIPE.webhook(&[("stripe-signature", header.as_bytes())], body.as_bytes(), NOW);
        if let Ok(News::Paid(payment)) = told.map(|told| told.news) {
            prop_assert_eq!(&bent["metadata"]["nija_invoice"], &Value::from(payment.invoice));
            prop_assert_eq!(&bent["currency"], &Value::from("usd"));
            prop_assert!(!payment.amount.is_negative());
        }
    }
}
