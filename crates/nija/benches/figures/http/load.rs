//! The load: kept connections that each send the next request when the last one is answered, on one
//! thread. What it costs, both servers bear alike.

use anyhow::{Context, Result, bail, ensure};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request; one that writes has room for a key that changes each time.
#[derive(Clone)]
pub(crate) struct Template {
    bytes: Vec<u8>,
    key_at: Option<usize>,
}

/// Digits of a key.
const KEY: usize = 16;

impl Template {
    /// A read.
    pub(crate) fn get(path: &str, token: &str) -> Self {
        let text = format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        Self { bytes: text.into_bytes(), key_at: None }
    }

    /// An order, or many, at this path.
    pub(crate) fn order(path: &str, token: &str, body: &str) -> Self {
        let before = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nidempotency-key: ",
            body.len()
        );
        let (key_at, key) = (Some(before.len()), "0".repeat(KEY));
        Self { bytes: format!("{before}{key}\r\n\r\n{body}").into_bytes(), key_at }
    }

    fn number(&mut self, key: u64) {
        let digits = format!("{key:0KEY$}");
        let room = self.key_at.and_then(|at| self.bytes.get_mut(at..at + KEY));
        if let Some(room) = room {
            room.copy_from_slice(&digits.as_bytes()[..KEY]);
        }
    }
}

/// What a load led to.
#[derive(Default)]
pub(crate) struct Load {
    pub(crate) seconds: f64,
    /// Answers of status 200.
    pub(crate) answered: u64,
    /// Orders that were approved, or refused by a gate.
    pub(crate) decided: u64,
    /// Of these, approvals.
    pub(crate) approved: u64,
    /// Answers of any other status.
    pub(crate) other: u64,
    /// Microseconds of each answer, in order of size.
    latencies: Vec<u32>,
}

impl Load {
    pub(crate) fn rate(&self) -> f64 {
        self.answered as f64 / self.seconds
    }
    /// A percentile in microseconds.
    pub(crate) fn percentile(&self, of_hundred: usize) -> f64 {
        let at = self.latencies.len() * of_hundred / 100;
        self.latencies
            .get(at.min(self.latencies.len().saturating_sub(1)))
            .map_or(0.0, |&us| f64::from(us))
    }
}

/// Sends each template over a connection of its own for so long. `keys` never repeats over a run.
pub(crate) async fn send(
    to: SocketAddr,
    templates: &[Template],
    time: Duration,
    keys: &mut u64,
) -> Result<Load> {
    let mut running = JoinSet::new();
    let began = Instant::now();
    for template in templates {
        let (template, first) = (template.clone(), *keys);
        *keys += 1_000_000_000;
        running.spawn(async move { one(to, template, first, began + time).await });
    }
    let mut all = Load::default();
    while let Some(done) = running.join_next().await {
        let load = done.context("a connection's task is gone")??;
        all.answered += load.answered;
        all.decided += load.decided;
        all.approved += load.approved;
        all.other += load.other;
        all.latencies.extend(load.latencies);
    }
    all.seconds = began.elapsed().as_secs_f64();
    all.latencies.sort_unstable();
    ensure!(all.answered > 0, "nothing was answered with 200");
    Ok(all)
}

async fn one(to: SocketAddr, mut template: Template, mut key: u64, until: Instant) -> Result<Load> {
    let mut stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    let (mut load, mut buffer) = (Load::default(), Vec::with_capacity(8_192));
    while Instant::now() < until {
        template.number(key);
        key += 1;
        let asked = Instant::now();
        stream.write_all(&template.bytes).await?;
        let (status, (approved, refused)) =
            tokio::time::timeout(PATIENCE, answer(&mut stream, &mut buffer)).await??;
        load.latencies.push(u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX));
        match status {
            200 => load.answered += 1,
            _ => load.other += 1,
        }
        load.decided += approved + refused;
        load.approved += approved;
    }
    Ok(load)
}

/// Reads one answer: its status, and how many orders it approves and refuses.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<(u16, (u64, u64))> {
    buffer.clear();
    loop {
        if let Some((status, head, length)) = head(buffer)
            && buffer.len() >= head + length
        {
            return Ok((status, verdicts(&buffer[head..])));
        }
        if stream.read_buf(buffer).await? == 0 {
            bail!("the server closed the connection");
        }
    }
}

/// Orders approved and refused by a body: a batch counts them itself, and does so first.
fn verdicts(body: &[u8]) -> (u64, u64) {
    let start = std::str::from_utf8(&body[..body.len().min(64)]).unwrap_or_default();
    let count = |name: &str| {
        let rest = start.split_once(name)?.1;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    match (count("{\"approved\":"), count("\"refused\":")) {
        (Some(approved), Some(refused)) => (approved, refused),
        _ if start.contains("\"success\":true") => (1, 0),
        _ => (0, u64::from(start.contains("\"success\":false"))),
    }
}

/// Status, length of the head, and length of the body, once the head is whole.
fn head(bytes: &[u8]) -> Option<(u16, usize, usize)> {
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n")?;
    let text = std::str::from_utf8(&bytes[..end]).ok()?;
    let status = text.split(' ').nth(1)?.parse().ok()?;
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0);
    Some((status, end + 4, length))
}

/// One request outside any measurement: its status and body.
pub(crate) async fn ask(to: SocketAddr, request: &str) -> Result<(u16, serde_json::Value)> {
    let mut stream = TcpStream::connect(to).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut buffer = Vec::new();
    let (status, _) = tokio::time::timeout(PATIENCE, answer(&mut stream, &mut buffer)).await??;
    let body = head(&buffer).and_then(|(_, head, _)| buffer.get(head..));
    Ok((status, serde_json::from_slice(body.unwrap_or_default()).unwrap_or_default()))
}
