//! A server on loopback that speaks Stripe's protocol as documented: forms, keys, objects, errors.
//! Refuses parameters that Stripe does not know, can be told to misbehave, and signs webhooks. For tests only.

// Its users are tests: what is not as it should be ends them.
#![allow(clippy::unwrap_used)]

mod objects;
mod request;
mod troubles;

pub use objects::World;
pub use request::Request;
pub use troubles::Trouble;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// The key that it takes.
pub const KEY: &str = "sk_test_of_the_fake";

/// A running server; ends with the runtime of its test.
pub struct Fake {
    /// Where it listens.
    pub url: String,
    shop: Arc<Mutex<Shop>>,
}

/// Everything the server remembers.
#[derive(Default)]
pub struct Shop {
    pub world: World,
    /// Every request, also those that were refused.
    pub seen: Vec<Request>,
    /// What goes wrong with the next requests, in order.
    pub troubles: Vec<Trouble>,
    /// What was answered under a key.
    keys: BTreeMap<String, Kept>,
}

struct Kept {
    fingerprint: String,
    status: u16,
    body: Value,
}

impl Fake {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shop = Arc::new(Mutex::new(Shop::default()));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shop));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shop }
    }

    pub fn shop(&self) -> MutexGuard<'_, Shop> {
        self.shop.lock().unwrap()
    }

    /// Lets the next requests go wrong.
    pub fn plan(&self, troubles: impl IntoIterator<Item = Trouble>) {
        self.shop().troubles = troubles.into_iter().collect();
    }

    /// A day passes: keys are forgotten.
    pub fn forget_keys(&self) {
        self.shop().keys.clear();
    }

    /// How many requests of a method came.
    pub fn count(&self, method: &str) -> usize {
        self.shop().seen.iter().filter(|request| request.method == method).count()
    }
}

async fn answer(
    State(shop): State<Arc<Mutex<Shop>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let request = Request::of(&method, &uri, &headers, &body);
    let said = shop.lock().unwrap().take(request);
    match said {
        Some(said) => said,
        None => std::future::pending().await,
    }
}

impl Shop {
    /// The answer; nothing is a connection that stays open in silence.
    fn take(&mut self, request: Request) -> Option<Response<Body>> {
        self.seen.push(request.clone());
        let trouble = match self.troubles.is_empty() {
            true => Trouble::None,
            false => self.troubles.remove(0),
        };
        if let Some(said) = trouble.before() {
            return said;
        }
        let (status, body, replayed) = self.keyed(&request, &trouble);
        trouble.after(status, body, replayed)
    }

    /// Does what is asked, unless its key was used before.
    fn keyed(&mut self, request: &Request, trouble: &Trouble) -> (u16, Value, bool) {
        if let Err((status, body)) = request.admitted() {
            return (status, body, false);
        }
        let Some(key) = request.key.clone().filter(|_| request.method == "POST") else {
            let (status, body) = self.world.act(request);
            return (status, body, false);
        };
        let fingerprint = request.fingerprint();
        if let Some(kept) = self.keys.get(&key) {
            return match kept.fingerprint == fingerprint {
                true => (kept.status, kept.body.clone(), true),
                false => (400, misuse(), false),
            };
        }
        let (status, body) = match trouble {
            Trouble::Fails { done: false } => (500, json!({"error": {"type": "api_error"}})),
            _ => self.world.act(request),
        };
        let (status, body) = match trouble {
            Trouble::Fails { .. } => (500, json!({"error": {"type": "api_error"}})),
            _ => (status, body),
        };
        self.keys.insert(key, Kept { fingerprint, status, body: body.clone() });
        (status, body, false)
    }
}

/// The header of a webhook that was signed with a secret at a time, in seconds since 1970.
#[must_use]
pub fn signed(secret: &str, seconds: i64, body: &[u8]) -> String {
    // An old scheme beside the one that counts, as Stripe sends it.
    format!("t={seconds},v1={},v0={}", signature(secret, seconds, body), "a".repeat(64))
}

/// A signature in hexadecimal digits.
#[must_use]
pub fn signature(secret: &str, seconds: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    for part in [seconds.to_string().as_bytes(), b".", body] {
        mac.update(part);
    }
    let bytes = mac.finalize().into_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An event about an object, as it is told to a webhook.
#[must_use]
pub fn event(name: &str, kind: &str, seconds: i64, object: &Value) -> Value {
    json!({
        "id": name, "object": "event", "api_version": "2025-09-30.clover", "created": seconds,
        "data": {"object": object}, "livemode": false, "pending_webhooks": 1,
        "request": {"id": null, "idempotency_key": null}, "type": kind,
    })
}

fn misuse() -> Value {
    json!({"error": {"type": "idempotency_error", "message":
        "Keys for idempotent requests can only be used with the same parameters they were first used with."}})
}
