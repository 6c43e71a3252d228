//! Slow callers, a thousand at once: slowhttptest sends headers, then bodies, a piece at a time, then reads a large
//! answer by the byte. All are dropped within 15 seconds, and somebody honest is served meanwhile.

use super::trial::chance;
use super::trial::crowd::{address, behind_a_proxy, memory, p95_ms, register, request, timed};
use super::trial::http::Connection;
use super::trial::server::Site;
use super::{Options, Outcome};
use anyhow::{Context, Result, anyhow, ensure};
use serde_json::json;
use std::collections::HashMap;
use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const TOOL: &str = "slowhttptest";
/// Connections a second while they are opened.
const OPENED: u64 = 500;
/// How long a slow caller may stay.
const GONE: Duration = Duration::from_secs(15);
/// By then all of them are gone, also those who were let in late.
const WATCHED: Duration = Duration::from_secs(45);
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(250);
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
    // It ends with an error even when it only shows its help.
    if Command::new(TOOL).arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
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
            let broke = |_| anyhow!("a thread broke");
            let ((longest, most), mut served) = (gone?, served.map_err(broke)??);
            let (seconds, p95) = (longest.as_secs_f64(), p95_ms(&mut served));
            outcome.count(kind, json!({"longest_s": seconds, "most": most, "honest_p95_ms": p95}));
            outcome.hold(longest <= GONE, || format!("{kind}: one was held for {seconds:.0} s"));
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

/// Runs the tool; the longest time for which the server held one of its connections, and the most at once.
fn attacked(
    folder: &Path,
    (kind, how): (&str, &[&str]),
    to: SocketAddr,
    (path, connections): (&str, u64),
) -> Result<(Duration, usize)> {
    let (count, rate) = (connections.to_string(), OPENED.to_string());
    let log = File::create(folder.join(kind))?;
    let mut tool = Command::new(TOOL)
        .args(how)
        .args(["-c", &count, "-r", &rate, "-l", "60", "-p", "3"])
        .args(["-u", &format!("http://{to}{path}")])
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {TOOL}"))?;
    let began = Instant::now();
    let (mut since, mut longest, mut most) = (HashMap::new(), Duration::ZERO, 0);
    while tool.try_wait()?.is_none() && began.elapsed() < WATCHED {
        let now = Instant::now();
        let table = std::fs::read_to_string("/proc/net/tcp")?;
        let first = |other: &str| since.get(other).copied().unwrap_or(now);
        let held: HashMap<String, Instant> =
            held(&table, to.port()).map(|other| (other.to_owned(), first(other))).collect();
        longest = held.values().map(|first| now - *first).fold(longest, Duration::max);
        most = most.max(held.len());
        since = held;
        std::thread::park_timeout(LOOK);
    }
    // Those that the system still feeds from its own buffers are the tool's affair alone.
    let _ = tool.kill();
    tool.wait()?;
    ensure!(most > 1, "{kind}: nobody was connected; see {kind}");
    Ok((longest, most))
}

/// The other ends of connections that a process listening on this port holds, from the system's table.
fn held(table: &str, port: u16) -> impl Iterator<Item = &str> {
    const ESTABLISHED: &str = "01";
    const CLOSED_BY_THE_OTHER: &str = "08";
    let port = format!(":{port:04X}");
    table.lines().filter_map(move |line| {
        let mut cells = line.split_whitespace().skip(1);
        let (own, other, state) = (cells.next()?, cells.next()?, cells.next()?);
        let is_held = [ESTABLISHED, CLOSED_BY_THE_OTHER].contains(&state);
        (own.ends_with(&port) && is_held).then_some(other)
    })
}

/// Asks again and again, as somebody does who looks at a page.
fn honest(to: SocketAddr, token: &str, over: &AtomicBool) -> Result<Vec<Duration>> {
    let ask_status = request(("GET", "/api/v2/status"), address(1, 1), token, None);
    let mut times = Vec::new();
    while !over.load(Ordering::Acquire) {
        let next = Instant::now() + Duration::from_millis(100);
        let (took, reply) = timed(|| Ok(Connection::open(to)?.raw(&ask_status)?))?;
        if reply.status == 200 {
            times.push(took);
        }
        if let Some(left) = next.checked_duration_since(Instant::now()) {
            std::thread::park_timeout(left);
        }
    }
    ensure!(!times.is_empty(), "nobody honest was served");
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_holds_is_counted() {
        let table = "  sl  local_address rem_address   st\n\
             0: 0100007F:1F90 00000000:0000 0A\n\
             1: 0100007F:1F90 0100007F:D431 01\n\
             2: 0100007F:D431 0100007F:1F90 01\n\
             3: 0100007F:1F90 0100007F:D432 04\n";
        assert_eq!(held(table, 8_080).collect::<Vec<_>>(), ["0100007F:D431"]);
    }
}
