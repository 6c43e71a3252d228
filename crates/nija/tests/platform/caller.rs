//! A caller of the API: HTTP/1.1 over one socket a request, nothing more.

use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The password of the blueprint's example.
pub(crate) const PASSWORD: &str = "secure_password";
/// How long an answer may take.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(60);

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Status line and headers, as they came.
    pub(crate) head: String,
    pub(crate) kind: String,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|why| panic!("{why}: {self:?}"))
    }
    /// How a write was taken: the status, and the code of a problem. Of a batch it is what its only order met: that
    /// lies inside an answer that is good as a whole.
    pub(crate) fn outcome(&self) -> (u16, String) {
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        let inside = &body["answers"][0];
        let problem = if inside["status"].is_number() { inside } else { &body };
        let status = problem["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        let code = problem["code"].as_str().unwrap_or_default().to_owned();
        (status.unwrap_or(self.status), code)
    }
    /// The body of an answer that must be a success.
    #[track_caller]
    pub(crate) fn good(&self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.json()
    }
    /// Holds a refusal to be a problem document with this status.
    #[track_caller]
    pub(crate) fn problem(&self) -> Value {
        assert_eq!(self.kind, "application/problem+json", "{self:?}");
        let body = self.json();
        assert_eq!(body["status"], self.status, "{self:?}");
        assert!(body["code"].is_string() && body["title"].is_string(), "{self:?}");
        body
    }
}

/// Somebody who calls, with a token or without.
#[derive(Clone)]
pub(crate) struct Caller {
    address: SocketAddr,
    token: Option<String>,
}

impl Caller {
    pub(crate) const fn stranger(address: SocketAddr) -> Self {
        Self { address, token: None }
    }

    /// Registers with the body of the blueprint.
    pub(crate) fn register(address: SocketAddr, email: &str) -> Self {
        let body = json!({
            "email": email, "password": PASSWORD, "tier": "INVESTOR", "initial_capital": 1000.0
        });
        let reply = Self::stranger(address).post("/api/v2/register", &body);
        assert_eq!(reply.status, 201, "{reply:?}");
        Self { address, token: reply.json()["access_token"].as_str().map(str::to_owned) }
    }

    pub(crate) fn login(address: SocketAddr, email: &str, password: &str) -> Self {
        let body = json!({"email": email, "password": password});
        let reply = Self::stranger(address).post("/api/v2/login", &body).good();
        Self { address, token: reply["access_token"].as_str().map(str::to_owned) }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }
    /// The header of whoever has a token, with the end of its line.
    pub(crate) fn authorization(&self) -> String {
        let token = self.token.as_ref();
        token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"))
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None)
    }
    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, Some(&body.to_string()))
    }
    pub(crate) fn put(&self, path: &str, body: &Value) -> Reply {
        self.send("PUT", path, Some(&body.to_string()))
    }
    pub(crate) fn change(&self, path: &str, body: &Value) -> Reply {
        self.send("PATCH", path, Some(&body.to_string()))
    }
    pub(crate) fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None)
    }

    /// Sends a request; one that came too soon is sent again.
    pub(crate) fn send(&self, method: &str, path: &str, body: Option<&str>) -> Reply {
        for _ in 0..100 {
            let reply = self.once(method, path, body);
            if reply.status != 429 {
                return reply;
            }
            std::thread::park_timeout(Duration::from_millis(100));
        }
        panic!("{method} {path} is answered with 429 for ever");
    }

    /// Sends a request once, whatever the answer.
    pub(crate) fn once(&self, method: &str, path: &str, body: Option<&str>) -> Reply {
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        head.push_str(&self.authorization());
        if let Some(body) = body {
            head.push_str(&format!(
                "Content-Type: application/json\r\nContent-Length: {}\r\n",
                body.len()
            ));
        }
        let request = format!("{head}\r\n{}", body.unwrap_or_default());
        exchange(self.address, request.as_bytes())
    }
}

/// Lets an operator make an administrator, in the database of this folder.
pub(crate) fn appoint(folder: &Path, email: &str, password: &str) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_nija"))
        .args(["admin", "create", "--email", email, "--password-stdin"])
        .args(["--database", "sqlite:nija.db"])
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

/// Sends bytes over a connection of their own, and reads the answer until the server closes.
pub(crate) fn exchange(address: SocketAddr, request: &[u8]) -> Reply {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT).unwrap();
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    stream.set_write_timeout(Some(TIMEOUT)).unwrap();
    // A server that has heard enough closes before everything is sent; its answer is there all the same.
    let sent = stream.write_all(request);
    let mut answer = Vec::new();
    let heard = stream.read_to_end(&mut answer);
    assert!(!answer.is_empty(), "no answer: {sent:?}, {heard:?}");
    let text = String::from_utf8(answer).unwrap_or_else(|odd| {
        let text = String::from_utf8_lossy(odd.as_bytes()).into_owned();
        assert!(text.contains("content-type: application/pdf\r\n"), "not UTF-8: {text}");
        text
    });
    read(&text)
}

fn read(answer: &str) -> Reply {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("cut off: {answer}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    };
    let text = match header("transfer-encoding") {
        Some(_) => chunks(body),
        None => body.to_owned(),
    };
    let kind = header("content-type").unwrap_or_default();
    Reply { status, head: head.to_owned(), kind, text }
}

/// Joins a body that came in chunks.
fn chunks(mut body: &str) -> String {
    let mut text = String::new();
    loop {
        let (size, rest) = body.split_once("\r\n").unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return text;
        }
        text.push_str(&rest[..size]);
        body = &rest[size + 2..];
    }
}
