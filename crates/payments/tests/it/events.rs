//! Signed events as Stripe documents them, for the tests of webhooks.

use crate::world::{ACCOUNT, INVOICE, NOW, WEBHOOK_SECRET};
use nija_core::words::time::Span;
use nija_stripe_fake::signed;
use serde_json::{Value, json};

/// The time of the tests as Stripe writes it.
pub(crate) const SECONDS: i64 = NOW.0 / Span::seconds(1).0;

/// The header of a delivery at the time of the tests.
pub(crate) fn header(body: &[u8]) -> String {
    signed(WEBHOOK_SECRET, SECONDS, body)
}

/// What we write into what we ask for.
pub(crate) fn metadata() -> Value {
    json!({
        "nija_invoice": INVOICE, "nija_account": ACCOUNT.to_string(),
        "nija_user": "000000000000000000000000000000b2",
    })
}

/// An event about an object.
pub(crate) fn event(kind: &str, object: &Value) -> Value {
    nija_stripe_fake::event("evt_1", kind, SECONDS - 10, object)
}

pub(crate) fn session(payment_status: &str) -> Value {
    json!({
        "id": "cs_test_1", "object": "checkout.session", "amount_subtotal": 4990, "amount_total": 4990,
        "client_reference_id": INVOICE, "currency": "usd", "customer": "cus_ada", "mode": "payment",
        "expires_at": 1_790_086_400, "livemode": false, "metadata": metadata(), "payment_intent": "pi_1",
        "payment_status": payment_status, "status": "complete", "url": null,
    })
}

pub(crate) fn intent(status: &str) -> Value {
    json!({
        "id": "pi_1", "object": "payment_intent", "amount": 4990, "currency": "usd", "status": status,
        "amount_received": if status == "succeeded" { 4990 } else { 0 }, "customer": "cus_ada",
        "payment_method": "pm_ada", "metadata": metadata(), "last_payment_error": null,
        "latest_charge": "ch_1", "setup_future_usage": "off_session",
    })
}

/// A charge of which some was given back.
pub(crate) fn movement(refunded: i64) -> Value {
    json!({
        "id": "ch_1", "object": "charge", "amount": 4990, "amount_captured": 4990,
        "amount_refunded": refunded, "currency": "usd", "payment_intent": "pi_1", "paid": true,
        "metadata": metadata(), "refunded": refunded == 4990,
    })
}

pub(crate) fn returned(status: &str) -> Value {
    json!({
        "id": "re_1", "object": "refund", "amount": 1000, "currency": "usd", "payment_intent": "pi_1",
        "charge": "ch_1", "metadata": {"nija_refund": "credit-1"}, "status": status,
        "failure_reason": "lost_or_stolen_card",
    })
}

pub(crate) fn dispute(status: &str) -> Value {
    json!({
        "id": "dp_1", "object": "dispute", "amount": 4990, "charge": "ch_1", "currency": "usd",
        "payment_intent": "pi_1", "metadata": {}, "reason": "fraudulent", "status": status,
    })
}

/// The same object with another value somewhere in it.
pub(crate) fn with(mut object: Value, path: &str, value: Value) -> Value {
    *object.pointer_mut(path).unwrap() = value;
    object
}
