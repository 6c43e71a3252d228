//! Whether a webhook comes from Stripe, unaltered and now: HMAC-SHA-256 over its time and body.
//!
//! Secrets are compared in constant time, all of them against all signatures. Nothing of a body is read before.

use super::SIGNATURE;
use super::secret::Secret;
use hmac::{Hmac, KeyInit, Mac};
use nija_core::ports::payments::{WEBHOOK_BYTES_MAX, WebhookError};
use nija_core::words::time::{Span, Timestamp};
use sha2::Sha256;

/// How far the time of signing may be from ours, either way.
const TOLERANCE: Span = Span::seconds(300);
/// The longest header that is read, in bytes.
const HEADER_BYTES_MAX: usize = 2_048;
/// Signatures of one webhook: one for each secret that Stripe has for the endpoint.
const SIGNATURES_MAX: usize = 8;
/// Digits of a time; enough for the next 30,000 years.
const DIGITS_MAX: usize = 12;

type Digest = [u8; 32];

/// Holds a webhook to the rules. Stripe signs every delivery anew, so a repetition of its own passes too: that
/// the same thing is told twice is for the books to notice.
pub(super) fn verify(
    secrets: &[Secret],
    headers: &[(&str, &[u8])],
    body: &[u8],
    now: Timestamp,
) -> Result<(), WebhookError> {
    if body.len() > WEBHOOK_BYTES_MAX {
        return Err(WebhookError::TooLarge);
    }
    let header = only(headers).and_then(Header::read).ok_or(WebhookError::Unsigned)?;
    let mut fits = false;
    for secret in secrets {
        let mac = sign(secret, header.time, body).ok_or(WebhookError::Forged)?;
        for signature in &header.signatures {
            fits |= mac.clone().verify_slice(signature).is_ok();
        }
    }
    if !fits {
        return Err(WebhookError::Forged);
    }
    let seconds: i64 = header.time.parse().map_err(|_| WebhookError::Unsigned)?;
    let signed = Timestamp(seconds.saturating_mul(Span::seconds(1).0));
    let apart = now.since(signed).0.saturating_abs();
    if apart > TOLERANCE.0 { Err(WebhookError::Stale) } else { Ok(()) }
}

/// The value of the one header that counts.
fn only<'a>(headers: &[(&str, &'a [u8])]) -> Option<&'a str> {
    let mut named = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(SIGNATURE));
    let (_, value) = named.next()?;
    if named.next().is_some() || value.len() > HEADER_BYTES_MAX {
        return None;
    }
    std::str::from_utf8(value).ok()
}

/// What a header says: one time, and signatures of the scheme that we know.
struct Header<'a> {
    time: &'a str,
    signatures: Vec<Digest>,
}

impl<'a> Header<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (mut time, mut signatures) = (None, Vec::new());
        for item in text.split(',') {
            match item.split_once('=')? {
                ("t", digits) => {
                    let plain = (1..=DIGITS_MAX).contains(&digits.len())
                        && digits.bytes().all(|b| b.is_ascii_digit());
                    if !plain || time.replace(digits).is_some() {
                        return None;
                    }
                }
                ("v1", hex) => signatures.push(digest(hex)?),
                _ => {}
            }
        }
        let count = signatures.len();
        (1..=SIGNATURES_MAX).contains(&count).then_some(Self { time: time?, signatures })
    }
}

/// 64 hexadecimal digits.
fn digest(hex: &str) -> Option<Digest> {
    let digits: &[u8; 64] = hex.as_bytes().try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let value = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(bytes)
}

fn sign(secret: &Secret, time: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()).ok()?;
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac)
}
