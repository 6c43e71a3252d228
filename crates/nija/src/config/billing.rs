//! How the house is paid, and whose name stands on its invoices.

use super::{Mistakes, Variables, held};
use anyhow::{bail, ensure};
use nija_core::ports::documents::Issuer;
use nija_core::ports::payments::Payments;
use nija_payments::stripe::{Patience, Secret, Settings};
use nija_payments::{Stripe, Transfer};
use std::path::PathBuf;
use std::sync::Arc;

/// Words of keys that were copied from an example.
const EXAMPLES: [&str; 6] = ["example", "your", "placeholder", "changeme", "change_me", "xxxx"];

/// By which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// A transfer that an administrator confirms.
    Transfer,
    /// Stripe.
    Stripe,
}

fn way(text: &str) -> anyhow::Result<Way> {
    match text {
        "transfer" => Ok(Way::Transfer),
        "stripe" => Ok(Way::Stripe),
        _ => bail!("NIJA_PAYMENTS is `transfer` or `stripe`"),
    }
}

/// What an operator decides about invoices and payments. No `Debug`: it holds secrets.
pub(crate) struct Billing {
    way: Way,
    payee: String,
    key: Option<String>,
    webhook_secrets: Vec<String>,
    api_url: String,
    success_url: String,
    cancel_url: String,
    pub(crate) issuer: Issuer,
    /// Files that secrets were read from.
    pub(crate) files: Vec<PathBuf>,
}

impl Billing {
    pub(super) fn of(of: &Variables, wrong: &mut Mistakes) -> Self {
        let text = |name: &str| of.get(name).unwrap_or_default().to_owned();
        let secret = |read: anyhow::Result<Option<Vec<u8>>>| {
            read.map(|bytes| bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
        };
        let key = secret(held(of, ("STRIPE_SECRET_KEY_FILE", "STRIPE_SECRET_KEY")));
        let webhook = secret(held(of, ("STRIPE_WEBHOOK_SECRET_FILE", "STRIPE_WEBHOOK_SECRET")));
        let previous = of.get("STRIPE_WEBHOOK_SECRET_PREVIOUS").map(str::to_owned);
        let files = ["STRIPE_SECRET_KEY_FILE", "STRIPE_WEBHOOK_SECRET_FILE"];
        let address = text("NIJA_ISSUER_ADDRESS");
        let lines = address.split(';').map(str::trim).filter(|line| !line.is_empty());
        Self {
            way: wrong.or(way(&text("NIJA_PAYMENTS")), Way::Transfer),
            payee: text("NIJA_PAYEE"),
            key: wrong.or(key, None),
            webhook_secrets: wrong.or(webhook, None).into_iter().chain(previous).collect(),
            api_url: text("STRIPE_API_URL"),
            success_url: text("NIJA_PAYMENTS_SUCCESS_URL"),
            cancel_url: text("NIJA_PAYMENTS_CANCEL_URL"),
            issuer: Issuer {
                name: text("NIJA_ISSUER_NAME"),
                address: lines.map(str::to_owned).collect(),
                tax_id: of.get("NIJA_ISSUER_TAX_ID").map(str::to_owned),
                contact: of.get("NIJA_ISSUER_CONTACT").map(str::to_owned),
            },
            files: files.iter().filter_map(|name| of.get(name)).map(PathBuf::from).collect(),
        }
    }

    /// The door to payments; asks nobody.
    pub(crate) fn door(&self) -> anyhow::Result<Arc<dyn Payments>> {
        if self.way == Way::Transfer {
            return Ok(Arc::new(Transfer::new(self.payee.clone())));
        }
        let key = self.key.clone().unwrap_or_default();
        for secret in self.webhook_secrets.iter().chain([&key]) {
            let secret = secret.to_ascii_lowercase();
            let copied = EXAMPLES.iter().any(|word| secret.contains(word));
            ensure!(!copied, "a secret of Stripe is an example from a document; use your own");
        }
        Ok(Arc::new(Stripe::new(Settings {
            secret_key: Secret::new(key),
            webhook_secrets: self.webhook_secrets.iter().cloned().map(Secret::new).collect(),
            api_url: self.api_url.clone(),
            success_url: self.success_url.clone(),
            cancel_url: self.cancel_url.clone(),
            patience: Patience::default(),
        })?))
    }
}
