//! Access tokens: JWT of type `at+jwt`, HS256 and nothing else, ten minutes long. The header of a
//! token must be one of ours to the byte, so no algorithm, key id or extension of the caller's
//! choosing is ever interpreted. Times are judged by the clock that is
//! handed in.

use hkdf::Hkdf;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use nija_core::words::id::UserId;
use nija_core::words::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

const ISSUER: &str = "nija";
const AUDIENCE: &str = "nija-api";
const LEEWAY: u64 = 30;
const LONGEST: usize = 4 * 1024;

/// How long an access token lives, seconds.
pub(crate) const LIFE: u64 = 600;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: String,
    iat: u64,
    nbf: u64,
    exp: u64,
    jti: String,
}

/// Who a valid token names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bearer {
    pub(crate) user: UserId,
    pub(crate) session: u128,
}

struct Key {
    header: Header,
    /// The header as it stands in every token of this key, with its dot.
    prefix: String,
    sign: EncodingKey,
    verify: DecodingKey,
}

/// Signs with the first key, verifies with all.
pub(crate) struct Tokens {
    current: Key,
    previous: Option<Key>,
    validation: Validation,
    read: Read,
}

/// A token whose signature and claims are as they must be; its times are asked each time.
#[derive(Clone, Copy)]
struct Sound {
    bearer: Bearer,
    not_before: u64,
    ends: u64,
}

impl Sound {
    fn at(self, now: u64) -> Option<Bearer> {
        let timely = self.not_before <= now + LEEWAY && now < self.ends.saturating_add(LEEWAY);
        timely.then_some(self.bearer)
    }
}

const SHARDS: usize = 16;
const SHARD_CAPACITY: usize = 1_024;

/// Sound tokens by their whole text: callers send the same one with every request, and reading it costs as much
/// as the rest of a small answer.
#[derive(Default)]
struct Read {
    shards: [Mutex<HashMap<Box<str>, Sound>>; SHARDS],
}

impl Read {
    fn shard(&self, token: &str) -> MutexGuard<'_, HashMap<Box<str>, Sound>> {
        // The end of a signature is as good as chance.
        let end = token.bytes().rev().take(8).map(usize::from).sum::<usize>();
        let index = end % SHARDS;
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn get(&self, token: &str) -> Option<Sound> {
        self.shard(token).get(token).copied()
    }
    fn put(&self, token: &str, sound: Sound) {
        let mut shard = self.shard(token);
        if shard.len() >= SHARD_CAPACITY {
            // Forgetting costs a second reading each.
            shard.clear();
        }
        shard.insert(token.into(), sound);
    }
}

fn derive(secret: &[u8], info: &str) -> Option<Zeroizing<[u8; 32]>> {
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(None, secret).expand(info.as_bytes(), key.as_mut()).ok()?;
    Some(key)
}

impl Key {
    /// The key id follows from the secret, so a changed secret is a changed key without a second
    /// setting.
    fn new(secret: &[u8]) -> Option<Self> {
        let id = derive(secret, "nija/kid/v1")?;
        let kid: String = id.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let key = derive(secret, &format!("nija/jwt/v1/{kid}"))?;
        let header = Header {
            typ: Some("at+jwt".to_owned()),
            kid: Some(kid),
            ..Header::new(Algorithm::HS256)
        };
        let sign = EncodingKey::from_secret(key.as_slice());
        let sample = encode(&header, &(), &sign).ok()?;
        let prefix = sample.split_inclusive('.').next()?.to_owned();
        Some(Self { header, prefix, sign, verify: DecodingKey::from_secret(key.as_slice()) })
    }
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.0.div_euclid(1_000_000)).unwrap_or(0)
}

impl Tokens {
    /// `None` when a token cannot be signed and read back: then the build lacks its cryptography.
    pub(crate) fn new(secret: &[u8], previous: Option<&[u8]>) -> Option<Self> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&["exp", "sub", "aud", "iss", "nbf"]);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        // The library would ask the system's clock; `verify` asks ours.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let previous = match previous {
            Some(secret) => Some(Key::new(secret)?),
            None => None,
        };
        let read = Read::default();
        let tokens = Self { current: Key::new(secret)?, previous, validation, read };
        let bearer = Bearer { user: UserId(1), session: 2 };
        let first = tokens.sign(bearer, 3, Timestamp(0))?;
        (tokens.verify(&first, Timestamp(0)) == Some(bearer)).then_some(tokens)
    }

    /// A token for this user and session with an unpredictable id; `None` when signing fails.
    pub(crate) fn sign(&self, bearer: Bearer, id: u128, now: Timestamp) -> Option<String> {
        let now = seconds(now);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: bearer.user,
            sid: format!("{:032x}", bearer.session),
            iat: now,
            nbf: now,
            exp: now + LIFE,
            jti: format!("{id:032x}"),
        };
        encode(&self.current.header, &claims, &self.current.sign).ok()
    }

    /// Whom the token names; `None` for every reason not to believe it.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Option<Bearer> {
        if token.len() > LONGEST {
            return None;
        }
        let now = seconds(now);
        if let Some(sound) = self.read.get(token) {
            return sound.at(now);
        }
        let sound = self.sound(token)?;
        let bearer = sound.at(now)?;
        self.read.put(token, sound);
        Some(bearer)
    }

    /// Reads a token without asking what time it is.
    fn sound(&self, token: &str) -> Option<Sound> {
        if token.bytes().filter(|&b| b == b'.').count() != 2 {
            return None;
        }
        let keys = std::iter::once(&self.current).chain(&self.previous);
        let key = keys.into_iter().find(|key| token.starts_with(&key.prefix))?;
        let claims = decode::<Claims>(token, &key.verify, &self.validation).ok()?.claims;
        let session = session(&claims.sid)?;
        (claims.exp.saturating_sub(claims.iat) <= LIFE).then_some(Sound {
            bearer: Bearer { user: claims.sub, session },
            not_before: claims.nbf.max(claims.iat),
            ends: claims.exp,
        })
    }
}

/// Reads a session id: 32 hexadecimal digits.
pub(crate) fn session(text: &str) -> Option<u128> {
    let digits = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    digits.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const SECRET: &[u8] = b"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    const NOW: Timestamp = Timestamp(1_700_000_000_000_000);
    const WHO: Bearer = Bearer { user: UserId(7), session: 9 };

    fn tokens() -> Tokens {
        Tokens::new(SECRET, None).unwrap()
    }

    fn good() -> Value {
        let now = seconds(NOW);
        json!({
            "iss": "nija", "aud": "nija-api",
            "sub": WHO.user, "sid": format!("{:032x}", WHO.session),
            "iat": now, "nbf": now, "exp": now + 600, "jti": "x",
        })
    }

    /// Signs whatever claims with the real key.
    fn forged(change: impl FnOnce(&mut Value)) -> Option<Bearer> {
        let tokens = tokens();
        let mut claims = good();
        change(&mut claims);
        let token = encode(&tokens.current.header, &claims, &tokens.current.sign).unwrap();
        tokens.verify(&token, NOW)
    }

    #[test]
    fn the_first_token_works_and_ends_in_time() {
        let tokens = tokens();
        let token = tokens.sign(WHO, 1, NOW).unwrap();
        let later = |s: i64| Timestamp(NOW.0 + s * 1_000_000);
        assert_eq!(tokens.verify(&token, NOW), Some(WHO));
        assert_eq!(tokens.verify(&token, later(629)), Some(WHO));
        assert_eq!(tokens.verify(&token, later(630)), None);
        assert_eq!(tokens.verify(&token, later(-30)), Some(WHO));
        let changed = format!("{}A", &token[..token.len() - 1]);
        assert!(changed == token || tokens.verify(&changed, NOW).is_none());
        assert_eq!(tokens.verify(&token, later(-31)), None);
    }

    #[test]
    fn tokens_that_were_read_are_bounded() {
        let tokens = tokens();
        for id in 0..(2 * SHARDS * SHARD_CAPACITY) as u128 {
            let token = tokens.sign(Bearer { session: id, ..WHO }, id, NOW).unwrap();
            assert!(tokens.verify(&token, NOW).is_some());
        }
        let held: usize = tokens.read.shards.iter().map(|s| s.lock().unwrap().len()).sum();
        assert!(held <= SHARDS * SHARD_CAPACITY, "{held}");
    }

    #[test]
    fn every_claim_is_required_and_typed() {
        assert_eq!(forged(|_| ()), Some(WHO));
        for claim in ["iss", "aud", "sub", "sid", "iat", "nbf", "exp", "jti"] {
            let without = |c: &mut Value| drop(c.as_object_mut().unwrap().remove(claim));
            assert_eq!(forged(without), None, "{claim} missing");
            assert_eq!(forged(|c| c[claim] = json!(null)), None, "{claim} null");
        }
        let now = seconds(NOW);
        assert_eq!(forged(|c| c["exp"] = json!((now + 600).to_string())), None);
        assert_eq!(forged(|c| c["nbf"] = json!(now.to_string())), None);
        assert_eq!(forged(|c| c["exp"] = json!(1e300)), None);
        assert_eq!(forged(|c| c["exp"] = json!(now + 86_400)), None, "too long a life");
        assert_eq!(forged(|c| c["aud"] = json!("other")), None);
        assert_eq!(forged(|c| c["iss"] = json!("other")), None);
        assert_eq!(forged(|c| c["sid"] = json!("9")), None);
        assert_eq!(forged(|c| c["role"] = json!("admin")), None, "claims of the caller's own");
    }

    #[test]
    fn headers_that_are_not_ours_are_not_read() {
        let tokens = tokens();
        let sign = |header: Header| encode(&header, &good(), &tokens.current.sign).unwrap();
        let ours = tokens.current.header.clone();
        assert_eq!(tokens.verify(&sign(ours.clone()), NOW), Some(WHO));
        for wrong in [
            Header { typ: Some("JWT".into()), ..ours.clone() },
            Header { kid: None, ..ours.clone() },
            Header { kid: Some("../../etc".into()), ..ours.clone() },
            Header { jku: Some("https://evil.example/jwks".into()), ..ours.clone() },
            Header { crit: Some(vec!["b64".into()]), ..ours.clone() },
            Header { x5u: Some("https://evil.example".into()), ..ours.clone() },
            Header { alg: Algorithm::HS512, ..ours },
        ] {
            assert_eq!(tokens.verify(&sign(wrong), NOW), None);
        }
    }

    #[test]
    fn tampered_foreign_and_oversized_tokens_are_refused() {
        let tokens = tokens();
        let token = tokens.sign(WHO, 1, NOW).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
        let mut flipped = token.clone().into_bytes();
        let last = flipped.len() - 2;
        flipped[last] = if flipped[last] == b'A' { b'B' } else { b'A' };
        let other = Tokens::new(b"another secret that is long enough 81723", None).unwrap();
        for wrong in [
            String::new(),
            "..".to_owned(),
            format!("{none}.{}.", parts[1]),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}", parts[0], parts[1]),
            format!("{token}.x"),
            format!("{token}="),
            format!("{}{}", token, "A".repeat(5_000)),
            String::from_utf8(flipped).unwrap(),
            other.sign(WHO, 1, NOW).unwrap(),
        ] {
            assert_eq!(tokens.verify(&wrong, NOW), None, "{wrong}");
        }
    }

    #[test]
    fn tokens_of_the_previous_secret_are_read_but_not_made() {
        let token = tokens().sign(WHO, 1, NOW).unwrap();
        let rotated =
            Tokens::new(b"another secret that is long enough 81723", Some(SECRET)).unwrap();
        assert_eq!(rotated.verify(&token, NOW), Some(WHO));
        assert_eq!(tokens().verify(&rotated.sign(WHO, 1, NOW).unwrap(), NOW), None);
    }
}
