//! What an operator decides about Stripe. Read by the roof, checked here; all of it before the first call.

use super::secret::Secret;
use reqwest::Url;
use std::time::Duration;

/// Shortest secret that is believed, in bytes: a shorter one was cut off or made up.
const SECRET_BYTES_MIN: usize = 16;
/// Longest secret, in bytes.
const SECRET_BYTES_MAX: usize = 512;
/// Signing secrets at once: the one in use, and the one before it or after it.
const WEBHOOK_SECRETS_MAX: usize = 2;

/// What an operator decides about Stripe.
#[derive(Debug)]
pub struct Settings {
    /// The secret key of the Stripe account, `sk_...`, or better a restricted one, `rk_...`, that may write
    /// checkout sessions, payment intents and refunds.
    pub secret_key: Secret,
    /// The signing secrets of the webhook endpoint, `whsec_...`: one, or two while one replaces the other.
    pub webhook_secrets: Vec<Secret>,
    /// Where the API is: [`Settings::API_URL`], or a gateway that speaks the same. Plain HTTP only to loopback.
    pub api_url: String,
    /// Where the payer comes back to after paying. Stripe puts the session's id for `{CHECKOUT_SESSION_ID}`.
    pub success_url: String,
    /// Where the payer comes back to without paying.
    pub cancel_url: String,
    /// How long to wait and how often to try.
    pub patience: Patience,
}

/// How long to wait for an answer and how often to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For a whole answer, connection included.
    pub answer: Duration,
    /// Tries, at least one. Repeats carry the same key, so they do nothing twice.
    pub tries: u8,
    /// Before the second try; twice as long before each further one.
    pub pause: Duration,
}

impl Default for Patience {
    /// At most 26 seconds a call, below the 30 that the API gives a request.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(4),
            answer: Duration::from_secs(8),
            tries: 3,
            pause: Duration::from_millis(500),
        }
    }
}

/// Why the settings are refused. No variant carries a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Cut off, pasted with blanks, or the key that belongs into browsers.
    #[error(
        "the Stripe secret key is a restricted or secret key: rk_... or sk_..., 16 bytes or more"
    )]
    BadKey,
    /// None, too many, or one that cannot be a signing secret.
    #[error("name one or two webhook signing secrets, whsec_..., of 16 bytes or more each")]
    BadWebhookSecret,
    /// Not an address that secrets may be sent to.
    #[error("`{0}` is no address for Stripe's API: https, or http to this machine, and no query")]
    BadBase(String),
    /// Not an address that payers may be sent to.
    #[error("`{0}` is no address to send payers to: https, or http to this machine")]
    BadReturn(String),
    /// No time or no try at all.
    #[error("give Stripe at least one try and some time to answer")]
    NoPatience,
    /// TLS cannot begin.
    #[error("no HTTPS client: {0}; install the system's root certificates (ca-certificates)")]
    NoClient(String),
}

impl Settings {
    /// Where Stripe's API is.
    pub const API_URL: &'static str = "https://api.stripe.com";

    /// The base address, once everything else is in order.
    pub(super) fn check(&self) -> Result<Url, SettingsError> {
        let key = self.secret_key.reveal();
        if !is_secret(&self.secret_key) || key.starts_with("pk_") || key.starts_with("whsec_") {
            return Err(SettingsError::BadKey);
        }
        let count = self.webhook_secrets.len();
        if !(1..=WEBHOOK_SECRETS_MAX).contains(&count)
            || !self.webhook_secrets.iter().all(is_secret)
        {
            return Err(SettingsError::BadWebhookSecret);
        }
        for url in [&self.success_url, &self.cancel_url] {
            if safe(url).is_none() {
                return Err(SettingsError::BadReturn(url.clone()));
            }
        }
        let Patience { answer, connect, tries, .. } = self.patience;
        if tries == 0 || answer.is_zero() || connect.is_zero() {
            return Err(SettingsError::NoPatience);
        }
        safe(&self.api_url)
            .filter(|url| url.query().is_none() && url.fragment().is_none())
            .ok_or_else(|| SettingsError::BadBase(self.api_url.clone()))
    }
}

fn is_secret(secret: &Secret) -> bool {
    let text = secret.reveal();
    (SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_graphic())
}

/// An address that nobody on the way can read or change: HTTPS, or HTTP that stays on this machine.
pub(super) fn safe(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str()?;
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    let local = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
    let scheme = url.scheme() == "https" || (url.scheme() == "http" && local);
    let anonymous = url.username().is_empty() && url.password().is_none();
    (scheme && anonymous).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            secret_key: Secret::new("sk_test_0123456789".to_owned()),
            webhook_secrets: vec![Secret::new("whsec_0123456789".to_owned())],
            api_url: Settings::API_URL.to_owned(),
            success_url: "https://nija.example/paid?session={CHECKOUT_SESSION_ID}".to_owned(),
            cancel_url: "http://localhost:8000/plans".to_owned(),
            patience: Patience::default(),
        }
    }

    #[test]
    fn sensible_settings_pass() {
        assert_eq!(settings().check().unwrap().as_str(), "https://api.stripe.com/");
    }

    #[test]
    fn secrets_that_cannot_be_are_refused() {
        for key in ["", "sk_test", "pk_live_0123456789", "whsec_0123456789", "sk_test_01234567\n89"]
        {
            let secret_key = Secret::new(key.to_owned());
            let wrong = Settings { secret_key, ..settings() };
            assert_eq!(wrong.check(), Err(SettingsError::BadKey), "{key}");
        }
        for secrets in [&[][..], &["short"], &["whsec_0123456789"; 3]] {
            let secrets = secrets.iter().map(|text| Secret::new((*text).to_owned()));
            let wrong = Settings { webhook_secrets: secrets.collect(), ..settings() };
            assert_eq!(wrong.check(), Err(SettingsError::BadWebhookSecret));
        }
    }

    #[test]
    fn addresses_that_others_can_read_are_refused() {
        for url in ["http://api.stripe.com", "ftp://a.example", "nowhere", "https://u:p@a.example"]
        {
            let wrong = Settings { api_url: url.to_owned(), ..settings() };
            assert_eq!(wrong.check(), Err(SettingsError::BadBase(url.to_owned())));
            let wrong = Settings { success_url: url.to_owned(), ..settings() };
            assert_eq!(wrong.check(), Err(SettingsError::BadReturn(url.to_owned())));
        }
        for url in
            ["http://127.0.0.1:1", "http://[::1]:2/v", "http://localhost", "https://a.example"]
        {
            assert!(safe(url).is_some(), "{url}");
        }
        assert!(safe("http://localhost.a.example").is_none());
        assert!(safe("http://127.0.0.1.a.example").is_none());
    }

    #[test]
    fn patience_is_needed_and_stays_below_a_request_of_the_api() {
        let patience = Patience { tries: 0, ..Patience::default() };
        let wrong = Settings { patience, ..settings() };
        assert_eq!(wrong.check(), Err(SettingsError::NoPatience));
        let Patience { answer, tries, pause, .. } = Patience::default();
        let pauses = pause * ((1 << (tries - 1)) - 1);
        assert!(answer * u32::from(tries) + pauses < Duration::from_secs(30));
    }

    #[test]
    fn nothing_secret_is_printed() {
        let text = format!("{:?}", settings());
        assert!(!text.contains("0123456789"), "{text}");
    }
}
