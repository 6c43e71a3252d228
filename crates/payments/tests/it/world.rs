//! What the tests share: charges, settings, a door to a fake.

use nija_core::ports::payments::{Charge, Payer, Refund};
use nija_core::words::id::{AccountId, UserId};
use nija_core::words::time::{Span, Timestamp};
use nija_payments::Stripe;
use nija_payments::stripe::{Patience, Secret, Settings};
use nija_stripe_fake::{Fake, KEY};
use std::time::Duration;

pub(crate) const INVOICE: &str = "NIJA-0003-000017";
pub(crate) const ACCOUNT: AccountId = AccountId(0xa1);
pub(crate) const WEBHOOK_SECRET: &str = "whsec_the_one_in_use";
pub(crate) const NEXT_SECRET: &str = "whsec_the_next_one";
pub(crate) const NOW: Timestamp = Timestamp(1_790_000_000 * Span::seconds(1).0);

pub(crate) fn charge() -> Charge {
    Charge {
        invoice: INVOICE.to_owned(),
        user: UserId(0xb2),
        account: ACCOUNT,
        amount: "49.90".parse().unwrap(),
        description: "Investor, monthly".to_owned(),
        email: Some("ada@example.com".to_owned()),
        payer: None,
    }
}

/// The same charge of somebody with a card on file.
pub(crate) fn renewal(card: &str) -> Charge {
    let payer = Payer { customer: "cus_ada".to_owned(), method: card.to_owned() };
    Charge { payer: Some(payer), ..charge() }
}

pub(crate) fn refund(reference: &str, key: &str) -> Refund {
    let amount = "10.00".parse().unwrap();
    Refund { reference: reference.to_owned(), amount, key: key.to_owned() }
}

pub(crate) fn settings(api_url: String) -> Settings {
    Settings {
        secret_key: Secret::new(KEY.to_owned()),
        webhook_secrets: [WEBHOOK_SECRET, NEXT_SECRET].map(str::to_owned).map(Secret::new).into(),
        api_url,
        success_url: "https://nija.example/paid?session={CHECKOUT_SESSION_ID}".to_owned(),
        cancel_url: "https://nija.example/plans".to_owned(),
        patience: Patience { pause: Duration::from_millis(1), ..Patience::default() },
    }
}

pub(crate) fn door(fake: &Fake) -> Stripe {
    Stripe::new(settings(fake.url.clone())).unwrap()
}

/// A door that soon stops waiting.
pub(crate) fn impatient(url: String) -> Stripe {
    let settings = settings(url);
    let answer = Duration::from_millis(400);
    let patience = Patience { answer, ..settings.patience };
    Stripe::new(Settings { patience, ..settings }).unwrap()
}
