//! Stripe over HTTP: hosted checkout, charges of a saved method, refunds, signed webhooks.
//!
//! Own client of eight calls (decision 0017). Every post that could take or give money carries a key, so that
//! asking again is safe; what a webhook says about money is routed by metadata that we set ourselves.

mod checkout;
mod client;
mod collect;
mod form;
mod lookup;
mod objects;
mod refund;
mod secret;
mod settings;
mod signature;
mod webhook;

pub use secret::Secret;
pub use settings::{Patience, Settings, SettingsError};
pub use webhook::EVENTS;

use client::Client;
use nija_core::ports::Doing;
use nija_core::ports::payments::{
    Charge, Checkout, Collected, Payment, PaymentError, Payments, Refund, Refunded, Told,
    WebhookError, Withdrawn,
};
use nija_core::words::money::Money;
use nija_core::words::time::Timestamp;

/// What Stripe takes at least of a charge in dollars.
const MINIMUM: Money = Money::from_raw(50 * Money::CENT.raw());
/// The header that carries a webhook's signature.
const SIGNATURE: &str = "stripe-signature";

/// Payment through Stripe. One for the process: it keeps a pool of connections.
pub struct Stripe {
    client: Client,
    webhook_secrets: Vec<Secret>,
    success_url: String,
    cancel_url: String,
    /// Is the key for real money? Unknown for keys of another form than Stripe's.
    live: Option<bool>,
}

impl Stripe {
    /// Holds the settings to what is sensible and reads the system's root certificates; asks nobody.
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        let base = settings.check()?;
        Ok(Self {
            live: settings.secret_key.is_live(),
            client: Client::new(base, settings.secret_key, settings.patience)?,
            webhook_secrets: settings.webhook_secrets,
            success_url: settings.success_url,
            cancel_url: settings.cancel_url,
        })
    }
}

impl Payments for Stripe {
    fn name(&self) -> &'static str {
        "stripe"
    }

    fn collects(&self) -> bool {
        true
    }

    fn minimum(&self) -> Money {
        MINIMUM
    }

    fn checkout<'a>(&'a self, charge: &'a Charge) -> Doing<'a, Result<Checkout, PaymentError>> {
        Box::pin(checkout::open(self, charge))
    }

    fn withdraw<'a>(&'a self, checkout: &'a str) -> Doing<'a, Result<Withdrawn, PaymentError>> {
        Box::pin(checkout::withdraw(&self.client, checkout))
    }

    fn collect<'a>(
        &'a self,
        charge: &'a Charge,
        attempt: u8,
    ) -> Doing<'a, Result<Collected, PaymentError>> {
        Box::pin(collect::collect(&self.client, charge, attempt))
    }

    fn refund<'a>(&'a self, refund: &'a Refund) -> Doing<'a, Result<Refunded, PaymentError>> {
        Box::pin(refund::refund(&self.client, refund))
    }

    fn payment<'a>(
        &'a self,
        reference: &'a str,
    ) -> Doing<'a, Result<Option<Payment>, PaymentError>> {
        Box::pin(lookup::payment(&self.client, reference))
    }

    fn of_charge<'a>(
        &'a self,
        charge: &'a Charge,
    ) -> Doing<'a, Result<Vec<Payment>, PaymentError>> {
        Box::pin(lookup::of_charge(&self.client, charge))
    }

    fn webhook(
        &self,
        headers: &[(&str, &[u8])],
        body: &[u8],
        now: Timestamp,
    ) -> Result<Told, WebhookError> {
        signature::verify(&self.webhook_secrets, headers, body, now)?;
        webhook::read(body, self.live)
    }
}
