//! Webhooks of payments: headers and bodies of anybody, and bodies that are signed as the processor signs them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nija_core::ports::payments::Payments;
use nija_core::words::time::{Span, Timestamp};
use nija_payments::Stripe;
use nija_payments::stripe::{Patience, Secret, Settings};
use nija_stripe_fake::{KEY, signed};
use std::sync::LazyLock;

const SECONDS: i64 = 1_790_000_000;
const SECRET: &str = "whsec_of_the_fuzzer";

static STRIPE: LazyLock<Stripe> = LazyLock::new(|| {
    let settings = Settings {
        secret_key: Secret::new(KEY.to_owned()),
        webhook_secrets: vec![Secret::new(SECRET.to_owned())],
        api_url: "https://api.stripe.example".to_owned(),
        success_url: "https://nija.example/paid?session={CHECKOUT_SESSION_ID}".to_owned(),
        cancel_url: "https://nija.example/plans".to_owned(),
        patience: Patience::default(),
    };
    Stripe::new(settings).expect("settings that fit")
});

fuzz_target!(|input: (&[u8], &[u8], i64)| {
    let (header, body, now) = input;
    let forged = STRIPE.webhook(&[("stripe-signature", header)], body, Timestamp(now));
    assert!(forged.is_err(), "nobody guesses a signature");
    let header = signed(SECRET, SECONDS, body);
    let now = Timestamp(Span::seconds(SECONDS).0);
    let _ = STRIPE.webhook(&[("stripe-signature", header.as_bytes())], body, now);
});
