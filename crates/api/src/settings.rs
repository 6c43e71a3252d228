//! What an operator decides about the API. Read once by the roof; nothing here reads the
//! environment.

use crate::address::Network;
use crate::rate::RateLimits;
use nija_core::words::money::Money;
use std::time::Duration;
use zeroize::Zeroizing;

/// The API's settings. No `Debug`: it holds secrets.
pub struct Settings {
    /// Secret behind the access tokens' signing key (`JWT_SECRET_KEY`).
    pub jwt_secret: Zeroizing<Vec<u8>>,
    /// The secret before it: its tokens are still accepted while they live. Drop it 15 minutes
    /// after a change.
    pub jwt_previous: Option<Zeroizing<Vec<u8>>>,
    /// Is this a demonstration? Only then may the secret be weak.
    pub demo: bool,
    /// Do callers reach us over TLS? Then `Strict-Transport-Security` is sent.
    pub tls: bool,
    /// Our own origins, like `https://nija.example`, from which the refresh cookie is accepted.
    /// The origin that matches the `Host` header always counts.
    pub origins: Vec<String>,
    /// Other origins whose scripts may call the API. Never `*`.
    pub cors_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// When set, `/metrics` answers only with this bearer token.
    pub metrics_token: Option<Zeroizing<String>>,
    /// Passwords hashed at once: the number of cores.
    pub cores: usize,
    /// What a thread does before it hashes a password: steps back behind those that serve, or nothing.
    pub step_back: fn(),
    /// Limits of paper money.
    pub paper: PaperLimits,
    /// How often one may ask.
    pub rates: RateLimits,
    /// A request as a whole.
    pub request_timeout: Duration,
    /// Arrival of a request's body.
    pub body_timeout: Duration,
}

/// How much paper money moves at once.
#[derive(Clone, Copy, Debug)]
pub struct PaperLimits {
    /// Most dollars in one registration, deposit or withdrawal.
    pub largest_transfer: Money,
}

/// A setting that must not be served with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakSecret {
    /// Too short.
    #[error("JWT_SECRET_KEY is shorter than 32 bytes; make one with `openssl rand -hex 32`")]
    Short,
    /// Too easy to guess.
    #[error(
        "JWT_SECRET_KEY holds less than 128 bits of chance; make one with `openssl rand -hex 32`"
    )]
    Guessable,
    /// Copied from an example.
    #[error("JWT_SECRET_KEY is an example from a document; make one with `openssl rand -hex 32`")]
    Example,
}

/// Words of example secrets: what is left of a secret without them must stand alone.
const EXAMPLES: [&str; 20] = [
    "your_secret_key",
    "your-secret-key",
    "yoursecretkey",
    "your-256-bit-secret",
    "your_jwt_secret",
    "change_me",
    "changeme",
    "change-me",
    "change-this",
    "replace_me",
    "replaceme",
    "example",
    "secret_key",
    "secret-key",
    "secretkey",
    "supersecret",
    "super-secret",
    "super_secret",
    "jwt_secret",
    "placeholder",
];

impl Settings {
    /// Settings with the figures of the design and this secret; everything else closed.
    #[must_use]
    pub fn with_secret(jwt_secret: Vec<u8>) -> Self {
        Self {
            jwt_secret: Zeroizing::new(jwt_secret),
            jwt_previous: None,
            demo: false,
            tls: false,
            origins: Vec::new(),
            cors_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            metrics_token: None,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            step_back: || {},
            paper: PaperLimits { largest_transfer: Money::whole(1_000_000_000) },
            rates: RateLimits::default(),
            request_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(10),
        }
    }

    /// Holds a secret to 32 bytes, an estimate of 128 bits of chance, and not to be an example.
    ///
    /// # Errors
    /// See [`WeakSecret`]; outside the demo nothing may be served then.
    pub fn check_secret(secret: &[u8]) -> Result<(), WeakSecret> {
        let mut rest = String::from_utf8_lossy(secret).to_lowercase();
        let whole = rest.len();
        for example in EXAMPLES {
            rest = rest.replace(example, "");
        }
        if rest.len() < whole && entropy_bits(rest.as_bytes()) < 128 {
            return Err(WeakSecret::Example);
        }
        if secret.len() < 32 {
            return Err(WeakSecret::Short);
        }
        if entropy_bits(secret) < 128 { Err(WeakSecret::Guessable) } else { Ok(()) }
    }
}

/// A cautious estimate: a repeated part counts once, letters that read like words count two bits
/// each, everything else what its own frequencies say (Shannon).
fn entropy_bits(secret: &[u8]) -> u32 {
    let period = (1..=secret.len())
        .find(|&p| secret.iter().zip(secret.iter().skip(p)).all(|(a, b)| a == b))
        .unwrap_or(0);
    let part = &secret[..period.min(secret.len())];
    let wordy = part.iter().all(|b| b.is_ascii_lowercase() || b"-_ .".contains(b));
    let mut counts = [0u32; 256];
    for &byte in part {
        counts[usize::from(byte)] += 1;
    }
    let length = part.len() as f64;
    let shannon: f64 = counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| f64::from(count) * (length / f64::from(count)).log2())
        .sum();
    let bits = if wordy { shannon.min(2.0 * length) } else { shannon };
    bits as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_secrets_are_named() {
        let check = |text: &str| Settings::check_secret(text.as_bytes());
        assert_eq!(check("your_secret_key"), Err(WeakSecret::Example));
        assert_eq!(
            check("your_secret_key_your_secret_key_your_secret_key"),
            Err(WeakSecret::Example)
        );
        assert_eq!(check("my-super-secret-key-that-nobody-will-guess"), Err(WeakSecret::Example));
        assert_eq!(check(""), Err(WeakSecret::Short));
        assert_eq!(check("Zk3-81mQ"), Err(WeakSecret::Short));
        assert_eq!(check(&"a".repeat(64)), Err(WeakSecret::Guessable));
        assert_eq!(check(&"Zk3-81mQ".repeat(8)), Err(WeakSecret::Guessable));
        assert_eq!(check("this is a sentence that anyone may guess"), Err(WeakSecret::Guessable));
        assert_eq!(
            check("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
            Ok(())
        );
        assert_eq!(check("tR7#kq9!vB2$mX5&zP8*wL3@nF6^hJ1%"), Ok(()));
    }
}
