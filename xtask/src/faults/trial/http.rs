//! A client for HTTP/1.1 over one kept connection, enough for our own server: lengths are announced,
//! bodies are JSON. Every wait has a limit. Absent: chunks, redirects, TLS.

use serde_json::Value;
use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(2);
/// Largest body that is read.
const BODY_MOST: usize = 4 << 20;

/// A request as it goes over the wire, minus what the connection adds.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    /// Bearer token; empty for none.
    pub(crate) token: String,
    /// Idempotency key; empty for none.
    pub(crate) key: String,
    /// Whom a proxy speaks for; empty for none.
    pub(crate) from: String,
    pub(crate) body: Option<Value>,
}

impl Request {
    /// A read.
    pub(crate) fn get(path: impl Into<String>, token: &str) -> Self {
        Self {
            method: "GET",
            path: path.into(),
            token: token.to_owned(),
            key: String::new(),
            from: String::new(),
            body: None,
        }
    }
}

/// An answer that came whole.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Seconds after which one may come again, where that was told.
    pub(crate) retry_after: Option<u32>,
    /// The body; null where it was no JSON.
    pub(crate) body: Value,
}

/// A kept connection.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, CONNECT)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let stream = BufReader::new(stream);
        Ok(Self { stream })
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn ask(&mut self, request: &Request) -> Result<Reply> {
        self.send(request)?;
        self.read()
    }

    /// Sends bytes as they are and waits for an answer.
    pub(crate) fn raw(&mut self, request: &[u8]) -> Result<Reply> {
        self.stream.get_mut().write_all(request)?;
        self.read()
    }

    pub(crate) fn send(&mut self, request: &Request) -> Result<()> {
        let body = request.body.as_ref().map(Value::to_string);
        let mut text =
            format!("{} {} HTTP/1.1\r\nhost: localhost\r\n", request.method, request.path);
        for (name, value) in [
            ("authorization: Bearer ", &request.token),
            ("idempotency-key: ", &request.key),
            ("x-forwarded-for: ", &request.from),
        ] {
            if !value.is_empty() {
                text.push_str(&format!("{name}{value}\r\n"));
            }
        }
        if let Some(body) = &body {
            text.push_str("content-type: application/json\r\n");
            text.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        text.push_str("\r\n");
        text.push_str(body.as_deref().unwrap_or_default());
        self.stream.get_mut().write_all(text.as_bytes())
    }

    pub(crate) fn read(&mut self) -> Result<Reply> {
        let first = self.line()?;
        let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| broken("no status line"))?;
        let (mut length, mut retry_after) = (0usize, None);
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().map_err(|_| broken("no length of the body"))?;
            } else if name.eq_ignore_ascii_case("retry-after") {
                retry_after = value.trim().parse().ok();
            }
        }
        if length > BODY_MOST {
            return Err(broken("the body is too long"));
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Ok(Reply { status, retry_after, body })
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        let limit = 16 * 1024;
        let read = (&mut self.stream).take(limit).read_line(&mut line)?;
        if read == 0 || !line.ends_with('\n') {
            return Err(broken("the connection ended"));
        }
        line.truncate(line.trim_end().len());
        Ok(line)
    }
}

fn broken(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::net::TcpListener;

    /// Answers one connection with `answer` and gives what it was asked.
    fn asked(answer: &'static str, request: &Request) -> (Result<Reply>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut heard = vec![0; 4_096];
            let read = stream.read(&mut heard).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(heard[..read].to_vec()).unwrap()
        });
        let reply = Connection::open(address).unwrap().ask(request);
        (reply, server.join().unwrap())
    }

    #[test]
    fn a_request_carries_token_key_and_body() {
        let request = Request {
            method: "POST",
            path: "/trade".to_owned(),
            token: "t".to_owned(),
            key: "k".to_owned(),
            from: "10.0.0.1".to_owned(),
            body: Some(json!({"size": 1})),
        };
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"ok\": true}\n";
        let (reply, heard) = asked(answer, &request);
        assert_eq!(reply.unwrap().body, json!({"ok": true}));
        let heard = heard.to_lowercase();
        for part in [
            "post /trade http/1.1\r\n",
            "authorization: bearer t\r\n",
            "idempotency-key: k\r\n",
            "x-forwarded-for: 10.0.0.1\r\n",
            "content-length: 10\r\n",
            "\r\n\r\n{\"size\":1}",
        ] {
            assert!(heard.contains(part), "{part} in {heard}");
        }
    }

    #[test]
    fn half_an_answer_is_none() {
        let get = Request::get("/health", "");
        for answer in ["", "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"ok\":", "no\r\n"] {
            assert!(asked(answer, &get).0.is_err(), "{answer}");
        }
        let (reply, _) = asked("HTTP/1.1 503 Unavailable\r\nRetry-After: 2\r\n\r\n", &get);
        let reply = reply.unwrap();
        assert_eq!((reply.status, reply.retry_after, reply.body), (503, Some(2), Value::Null));
    }
}
