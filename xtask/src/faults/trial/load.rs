//! Load: many users behind one trusted proxy, who buy and sell without end over kept connections. Their answers
//! are counted and timed. Absent: a file of promises; whoever wants that uses a client.

use super::crowd;
use super::http::{Connection, Reply, Request};
use super::pass;
use super::server::Site;
use anyhow::{Result, ensure};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Access tokens live ten minutes; up to three are added.
const TOKEN_LIFE: Duration = Duration::from_secs(5 * 60);
/// After a connection broke, or a caller was told to come later.
const PAUSE: Duration = Duration::from_millis(20);

/// Somebody who trades, or looks after what others trade.
pub(crate) struct User {
    email: String,
    password: String,
    token: String,
    since: Instant,
    /// Address that the proxy tells.
    from: String,
    run: u64,
    /// How long a token is used: not the same for all, or all would log in again at once.
    life: Duration,
}

/// Numbers keys over all users and runs.
static KEYS: AtomicU64 = AtomicU64::new(0);

impl User {
    /// Registers user `n` with its own address, without strategies.
    pub(crate) fn register(site: &Site, n: usize) -> Result<Self> {
        let from = crowd::address(1, u32::try_from(n)?).to_string();
        let (email, password) = (format!("load-{n}@example.com"), super::chance::secret()?);
        let run = u64::from(std::process::id());
        let (token, since) = (String::new(), Instant::now());
        let life = TOKEN_LIFE + Duration::from_secs(n as u64 % 180);
        let mut user = Self { email, password, token, since, from, run, life };
        let mut to = Connection::open(site.address)?;
        let body = json!({
            "email": user.email, "password": user.password, "tier": "BALLER",
            "initial_capital": 1_000_000,
        });
        user.enter(&mut to, "/api/v2/register", body, 201)?;
        let off = user.ask(&mut to, "PUT", "/api/v2/autopilot", Some(json!({"enabled": false})))?;
        ensure!(off.status == 200, "autopilot: {} {}", off.status, off.body);
        Ok(user)
    }

    fn enter(&mut self, to: &mut Connection, path: &str, body: Value, status: u16) -> Result<()> {
        let reply = self.ask(to, "POST", path, Some(body))?;
        ensure!(reply.status == status, "{}: {path}: {} {}", self.email, reply.status, reply.body);
        self.token = reply.body["access_token"].as_str().unwrap_or_default().to_owned();
        self.since = Instant::now();
        Ok(())
    }

    /// Logs in again when the token is old.
    pub(crate) fn refresh(&mut self, to: &mut Connection) -> Result<()> {
        if self.since.elapsed() < self.life {
            return Ok(());
        }
        self.token.clear();
        let body = json!({"email": self.email, "password": self.password});
        self.enter(to, "/api/v2/login", body, 200)
    }

    /// Asks under a key of its own.
    pub(crate) fn ask(
        &self,
        to: &mut Connection,
        method: &'static str,
        path: &str,
        body: Option<Value>,
    ) -> io::Result<Reply> {
        let mut request = Request::get(path, &self.token);
        request.method = method;
        request.body = body;
        request.from.clone_from(&self.from);
        if !self.token.is_empty() && method != "GET" {
            request.key = format!("{}-{}", self.run, KEYS.fetch_add(1, Ordering::Relaxed));
        }
        to.ask(&request)
    }

    /// Buys, or sells what was bought.
    pub(crate) fn trade(&self, to: &mut Connection, buys: bool) -> io::Result<Reply> {
        let side = if buys { "buy" } else { "sell" };
        let body = json!({"symbol": "BTC-USD", "side": side, "size": 100});
        self.ask(to, "POST", "/api/v2/trade", Some(body))
    }
}

/// Answers by status, how long they took, and what was wrong with them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    pub(crate) by_status: BTreeMap<u16, u64>,
    /// Microseconds from question to answer, in the order in which they came; of 200s only.
    pub(crate) micros: Vec<u32>,
    /// Connections that broke.
    pub(crate) broken: u64,
    /// Asked to come later without being told when.
    pub(crate) without_wait: u64,
}

impl Answers {
    pub(crate) fn take(&mut self, answer: io::Result<Reply>, began: Instant) -> bool {
        let Ok(reply) = answer else {
            self.broken += 1;
            return false;
        };
        *self.by_status.entry(reply.status).or_default() += 1;
        if reply.status == 200 {
            self.micros.push(u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX));
        }
        if matches!(reply.status, 429 | 503) && reply.retry_after.is_none() {
            self.without_wait += 1;
        }
        reply.status == 200
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (status, count) in other.by_status {
            *self.by_status.entry(status).or_default() += count;
        }
        self.micros.extend(other.micros);
        self.broken += other.broken;
        self.without_wait += other.without_wait;
    }

    pub(crate) fn done(&self) -> u64 {
        self.micros.len() as u64
    }

    /// A percentile of the answers that came; zero when none did.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        percentile(&self.micros, percent)
    }

    pub(crate) fn statuses(&self) -> String {
        let each = self.by_status.iter().map(|(status, count)| format!("{status}: {count}"));
        each.collect::<Vec<_>>().join(", ")
    }
}

/// A percentile of microseconds; zero of none.
pub(crate) fn percentile(micros: &[u32], percent: usize) -> Duration {
    let mut sorted = micros.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    Duration::from_micros(sorted.get(at).copied().unwrap_or(0).into())
}

/// Trades with these users in turn until told to stop; `every` is the time between two questions from `began` on,
/// none for as fast as answers come.
pub(crate) fn work(
    address: SocketAddr,
    users: &mut [User],
    (every, began): (Option<Duration>, Instant),
    stop: &AtomicBool,
) -> Answers {
    let (mut answers, mut to) = (Answers::default(), None);
    for turn in 0u32.. {
        if stop.load(Ordering::Acquire) {
            break;
        }
        if let Some(every) = every {
            pass((began + every * turn).saturating_duration_since(Instant::now()));
        }
        let at = turn as usize % users.len();
        let buys = (turn as usize / users.len()).is_multiple_of(2);
        let Some(connection) = to.as_mut() else {
            to = Connection::open(address).ok();
            if to.is_none() {
                answers.broken += 1;
                pass(PAUSE);
            }
            continue;
        };
        // A login that is refused is asked for again at the user's next turn.
        let _ = users[at].refresh(connection);
        let asked = Instant::now();
        let answer = users[at].trade(connection, buys);
        let broke = answer.is_err();
        if !answers.take(answer, asked) {
            pass(PAUSE);
        }
        if broke {
            to = None;
        }
    }
    answers
}

/// So many workers, sharing the users and the time between their questions evenly, for a time.
pub(crate) fn run(
    address: SocketAddr,
    users: &mut [User],
    workers: usize,
    every: Option<Duration>,
    time: Duration,
) -> Answers {
    let stop = AtomicBool::new(false);
    let share = users.len().div_ceil(workers).max(1);
    let (mut all, began) = (Answers::default(), Instant::now());
    let turn = every.unwrap_or_default() / u32::try_from(workers).unwrap_or(u32::MAX).max(1);
    std::thread::scope(|scope| {
        let stop = &stop;
        let start = |(n, users)| {
            let pace = (every, began + turn * n);
            scope.spawn(move || work(address, users, pace, stop))
        };
        let running: Vec<_> = (0..).zip(users.chunks_mut(share)).map(start).collect();
        pass(time);
        stop.store(true, Ordering::Release);
        running.into_iter().filter_map(|worker| worker.join().ok()).for_each(|a| all.add(a));
    });
    all
}

/// Time that a process has spent on a processor.
pub(crate) fn spent(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // Behind the name, which may hold blanks: fields 12 and 13 are user and system time in 10 ms.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_there_is() {
        let micros: Vec<u32> = (1..=200).rev().collect();
        assert_eq!(percentile(&micros, 50), Duration::from_micros(101));
        assert_eq!(percentile(&micros, 99), Duration::from_micros(199));
        assert_eq!(percentile(&[7], 99), Duration::from_micros(7));
        assert_eq!(percentile(&[], 99), Duration::ZERO);
    }
}
