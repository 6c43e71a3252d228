//! A request in the making, with whatever headers and bytes an attacker likes, and what every answer is held to.

use crate::caller::{Reply, exchange};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};

/// A word that attackers put into what they send: no refusal may repeat it.
pub(super) const MARK: &str = "zqxmark";

/// Words of libraries and of our own code that no answer may hold.
const INNER: [&str; 17] = [
    "serde",
    "expected",
    "line 1",
    "column",
    "panick",
    "sqlite",
    "SELECT",
    "syntax",
    "src/",
    ".rs:",
    "thread '",
    "axum",
    "hyper",
    "tokio",
    "Rejection",
    "unwrap",
    "Utf8Error",
];

/// Headers of every answer.
const ALWAYS: [&str; 5] = [
    "x-content-type-options: nosniff",
    "referrer-policy: no-referrer",
    "content-security-policy: ",
    "cache-control: ",
    "x-request-id: ",
];

/// Headers that no answer may have: the last one is what injected line ends would make.
const NEVER: [&str; 4] =
    ["\r\nserver:", "\r\nx-powered-by:", "\r\naccess-control-allow", "\r\nx-injected"];

/// An address that nobody has called from before.
fn elsewhere() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 0).to_bits() | NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A request.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) method: String,
    pub(super) path: String,
    headers: Vec<String>,
    body: Option<Vec<u8>>,
}

impl Call {
    pub(super) fn to(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: None }
    }
    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push(format!("{name}: {value}\r\n"));
        self
    }
    pub(super) fn token(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }
    pub(super) fn key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }
    pub(super) fn json(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self.header("Content-Type", "application/json")
    }

    /// Sends it from an address of its own.
    pub(super) fn send(&self, to: SocketAddr) -> Reply {
        let (method, path) = (&self.method, &self.path);
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\nX-Forwarded-For: {}\r\n",
            elsewhere()
        );
        self.headers.iter().for_each(|header| request.push_str(header));
        if let Some(body) = &self.body {
            request.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        let mut request = format!("{request}\r\n").into_bytes();
        request.extend_from_slice(self.body.as_deref().unwrap_or_default());
        exchange(to, &request)
    }

    /// What it was, for the message of a failure.
    pub(super) fn shown(&self) -> String {
        let body = self.body.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        let body: String = body.chars().take(300).collect();
        format!("{} {} {:?} {body:?}", self.method, self.path, self.headers)
    }
}

/// What holds for every answer, whatever was asked.
#[track_caller]
pub(super) fn sound(reply: &Reply, call: &Call) {
    let shown = call.shown();
    assert!(reply.status < 500, "{shown}: {reply:?}");
    let head = reply.head.to_lowercase();
    for header in ALWAYS {
        assert!(head.contains(header), "{shown}: no {header}: {reply:?}");
    }
    for header in NEVER {
        assert!(!head.contains(header), "{shown}: {header}: {reply:?}");
    }
    if reply.status >= 400 {
        let problem = reply.problem();
        let code = problem["code"].as_str().unwrap();
        assert!(
            code.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_')),
            "{shown}: {reply:?}"
        );
        assert_eq!(problem["type"], format!("urn:nija:problem:{code}"), "{shown}");
        let id = problem["request_id"].as_str().unwrap();
        assert!(head.contains(&format!("x-request-id: {id}")), "{shown}: {reply:?}");
        assert!(!reply.text.contains(MARK), "{shown}: it repeats the input: {reply:?}");
        for word in INNER {
            assert!(!reply.text.contains(word), "{shown}: {word}: {reply:?}");
        }
    }
}
