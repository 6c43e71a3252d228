//! Slow callers, a thousand at once: slowhttptest sends headers, then bodies, a piece at a time, then reads a large
//! answer by the byte. All are dropped within 15 seconds, and somebody honest is served meanwhile.

use super::trial::chance;
use super::trial::crowd::{address, ask, behind_a_proxy, memory, p95_ms, register, request, timed};
use super::trial::server::Site;
use super::{Options, Outcome};
use crate::shell;
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const TOOL: &str = "slowhttptest";
/// Connections a second while they are opened.
const OPENED: u64 = 500;
/// Seconds after which a slow caller must be gone.
const GONE: u64 = 15;
/// The tool looks once a second, and sees an end a second late.
const GRACE: u64 = 2;
/// Milliseconds for somebody honest.
const SERVED: f64 = 1_000.0;

/// A way of being slow: its name, and what the tool is told.
const KINDS: [(&str, &[&str], &str); 3] = [
    ("headers", &["-H", "-i", "2", "-x", "24"], "/health"),
    (
        "body",
        &["-B", "-i", "2", "-s", "60000", "-x", "10", "-t", "POST", "-f", "application/json"],
        "/api/v2/login",
    ),
    (
        "reading",
        &["-X", "-n", "1", "-z", "32", "-w", "256", "-y", "512", "-k", "3"],
        "/api/docs/swagger-ui-bundle.js",
    ),
];

pub(super) fn run(options: &Options) -> Result<Outcome> {
    if !shell::is_there(TOOL, &["-h"]) {
        return Ok(Outcome::skipped(format!("{TOOL} is not installed")));
    }
    let binary = options.binary()?;
    options.within("slow_clients", |folder| {
        let site = behind_a_proxy(Site::new(binary, folder, chance::secret()?)?);
        let mut running = site.begin()?;
        let token =
            register(site.address, "honest@example.com", "nineteen quiet herons", address(1, 1))?;
        let connections = options.times.unwrap_or(1_000);
        let mut outcome = Outcome::default();
        outcome.count("connections_each", connections);
        for (kind, how, path) in KINDS {
            let over = AtomicBool::new(false);
            let (gone, served) = std::thread::scope(|scope| {
                let served = scope.spawn(|| honest(site.address, &token, &over));
                let gone = attacked(folder, (kind, how), site.address, (path, connections));
                over.store(true, Ordering::Release);
                (gone, served.join())
            });
            let (gone, mut served) =
                (gone?, served.map_err(|_| anyhow::anyhow!("a thread broke"))??);
            let p95 = p95_ms(&mut served);
            outcome.count(seconds_of(kind), gone);
            outcome.count(p95_of(kind), p95);
            let late = || format!("{kind}: the last was dropped after {gone} s");
            outcome.hold(gone <= GONE + GRACE, late);
            outcome.hold(p95 < SERVED, || format!("{kind}: honest callers waited {p95:.0} ms"));
            running.must_live()?;
        }
        let (now, most) = memory(running.id())?;
        outcome.count("memory_mib", now);
        outcome.count("memory_most_mib", most);
        running.stop()?;
        Ok(outcome)
    })
}

fn seconds_of(kind: &str) -> &'static str {
    match kind {
        "headers" => "headers_gone_s",
        "body" => "body_gone_s",
        _ => "reading_gone_s",
    }
}

fn p95_of(kind: &str) -> &'static str {
    match kind {
        "headers" => "headers_honest_p95_ms",
        "body" => "body_honest_p95_ms",
        _ => "reading_honest_p95_ms",
    }
}

/// Runs the tool until nobody is connected; seconds from the last connection to the last end.
fn attacked(
    folder: &Path,
    (kind, how): (&str, &[&str]),
    to: SocketAddr,
    (path, connections): (&str, u64),
) -> Result<u64> {
    let report = folder.join(kind);
    let (count, rate) = (connections.to_string(), OPENED.to_string());
    let status = Command::new(TOOL)
        .args(how)
        .args(["-c", &count, "-r", &rate, "-l", "90", "-p", "3", "-g", "-o"])
        .arg(&report)
        .args(["-u", &format!("http://{to}{path}")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.with_context(|| format!("cannot start {TOOL}"))?;
    let table = report.with_extension("csv");
    let text =
        std::fs::read_to_string(&table).with_context(|| format!("no {}", table.display()))?;
    last_seen(&text)
        .with_context(|| format!("{} has no rows", table.display()))
        .map(|seconds| seconds.saturating_sub(connections.div_ceil(OPENED)))
}

/// The last second at which somebody was connected, from the tool's table of seconds, closed, pending, connected.
fn last_seen(table: &str) -> Option<u64> {
    let rows = table.lines().filter_map(|line| {
        let cells: Vec<u64> = line.split(',').filter_map(|cell| cell.trim().parse().ok()).collect();
        (cells.len() >= 4).then(|| (cells[0], cells[3]))
    });
    let rows: Vec<(u64, u64)> = rows.collect();
    let connected = rows.iter().filter(|(_, connected)| *connected > 0).map(|(second, _)| *second);
    connected.max().or_else(|| rows.first().map(|_| 0))
}

/// Asks again and again, as somebody does who looks at a page.
fn honest(to: SocketAddr, token: &str, over: &AtomicBool) -> Result<Vec<Duration>> {
    let ask_status = request(("GET", "/api/v2/status"), address(1, 1), token, None);
    let (mut kept, mut times) = (None, Vec::new());
    while !over.load(Ordering::Acquire) {
        let next = Instant::now() + Duration::from_millis(100);
        let (took, reply) = timed(|| ask(&mut kept, to, &ask_status))?;
        if reply.status == 200 {
            times.push(took);
        }
        if let Some(left) = next.checked_duration_since(Instant::now()) {
            std::thread::park_timeout(left);
        }
    }
    anyhow::ensure!(!times.is_empty(), "nobody honest was served");
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_second_with_a_connection_counts() {
        let table = "Seconds,Closed,Pending,Connected,Service Available\n0,0,5,3,1000\n\
                     5,0,0,900,1000\n10,700,0,200,1000\n12,900,0,0,1000\n";
        assert_eq!(last_seen(table), Some(10));
        assert_eq!(last_seen("Seconds,Closed,Pending,Connected\n"), None);
    }
}
