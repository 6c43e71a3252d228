//! Stolen lists of passwords, tried from a thousand addresses at once: nearly all of it is refused before a password
//! is hashed, no account is guessed at more than a hundred times, and people who log in or trade notice little: orders
//! are held against those beside as many requests that only ask whether the server lives.

use super::trial::chance::{self, Chance};
use super::trial::crowd::{address, ask, behind_a_proxy, p95_ms, register, request, timed};
use super::trial::http::Connection;
use super::trial::pass;
use super::trial::server::Site;
use super::{Options, Outcome};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const ADDRESSES: u64 = 1_000;
/// Attackers' connections.
const AT_ONCE: u64 = 16;
/// Accounts that exist and are on the list, each tried very often.
const WANTED: u32 = 20;
/// People who log in from where they always do, and who are not on the list.
const REGULARS: u32 = 20;
/// Most guesses at one account that may be judged.
const JUDGED_MOST: u64 = 100;
/// Milliseconds for a login, with every time that one has to try again.
const LOGIN_MOST: f64 = 2_000.0;
/// Milliseconds for an order at most, and how much slower than beside as many harmless requests.
const ORDER_MOST: f64 = 100.0;
const SLOWER_MOST: f64 = 1.5;
/// Milliseconds that are not told apart.
const NOISE: f64 = 1.0;
/// Attackers have machines of their own elsewhere; here they take what the server and its users leave.
const ATTACKERS_NICE: i32 = 19;
const QUIET: Duration = Duration::from_secs(10);
const PASSWORD: &str = "nineteen quiet herons";

/// What became of the guesses.
#[derive(Default)]
struct Guesses {
    sent: AtomicU64,
    judged: AtomicU64,
    other: AtomicU64,
    wanted: Vec<AtomicU64>,
}

pub(super) fn run(options: &Options) -> Result<Outcome> {
    let binary = options.binary()?;
    options.within("stuffing", |folder| {
        let site = behind_a_proxy(Site::new(binary, folder, chance::secret()?)?);
        let mut running = site.begin()?;
        let to = site.address;
        for n in 0..WANTED {
            register(to, &format!("wanted{n}@example.com"), PASSWORD, address(1, n))?;
        }
        for n in 0..REGULARS {
            register(to, &format!("regular{n}@example.com"), PASSWORD, address(2, n))?;
            login(to, n, address(2, n))?;
        }
        let trader = register(to, "trader@example.com", PASSWORD, address(3, 1))?;
        let (most, seconds) = (options.times.unwrap_or(1_000_000), options.seconds.unwrap_or(180));
        let (limit, chances) = (Duration::from_secs(seconds), Chance::new(options.seed));
        let mut before = during(QUIET, |over| orders(to, &trader, over))?;
        let rate = Pace { limit, most, began: Instant::now() };
        let mut beside = during(QUIET, |over| {
            beside(
                &rate,
                over,
                |n, go_on| greet(to, chances.part(n), go_on),
                || orders(to, &trader, over),
            )
        })?;
        let guesses = Guesses {
            wanted: (0..WANTED).map(|_| AtomicU64::new(0)).collect(),
            ..Guesses::default()
        };
        let (over, began) = (AtomicBool::new(false), Instant::now());
        let pace = Pace { began, ..rate };
        let (mut at_home, mut elsewhere, mut orders) = std::thread::scope(|scope| {
            let attackers: Vec<_> = (0..AT_ONCE)
                .map(|n| chances.part(n))
                .map(|chance| scope.spawn(|| guess(to, chance, &guesses, &|sent| pace.wait(sent))))
                .collect();
            let at_home =
                scope.spawn(|| logins(to, &over, |n| (n % REGULARS, address(2, n % REGULARS))));
            // Never seen before: a new place each time.
            let elsewhere = scope.spawn(|| logins(to, &over, |n| (n % REGULARS, address(4, n))));
            let orders = scope.spawn(|| orders(to, &trader, &over));
            let attacked: Vec<_> =
                attackers.into_iter().map(|attacker| joined(attacker.join())).collect();
            over.store(true, Ordering::Release);
            attacked.into_iter().collect::<Result<Vec<()>>>()?;
            anyhow::Ok((joined(at_home.join())?, joined(elsewhere.join())?, joined(orders.join())?))
        })?;
        let took = began.elapsed();
        running.must_live()?;
        let outcome = told(
            &guesses,
            took,
            [&mut at_home, &mut elsewhere],
            [&mut before, &mut beside, &mut orders],
        );
        running.stop()?;
        Ok(outcome)
    })
}

fn joined<T>(done: std::thread::Result<Result<T>>) -> Result<T> {
    done.unwrap_or_else(|_| bail!("a thread broke"))
}

fn told(
    guesses: &Guesses,
    took: Duration,
    [at_home, elsewhere]: [&mut Vec<Duration>; 2],
    [before, beside, orders]: [&mut Vec<Duration>; 3],
) -> Outcome {
    let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
    let (sent, judged) = (read(&guesses.sent), read(&guesses.judged));
    let refused = 100.0 * (sent - judged) as f64 / sent.max(1) as f64;
    let worst = guesses.wanted.iter().map(read).max().unwrap_or(0);
    let mut outcome = Outcome::default();
    outcome.count("sent", sent);
    outcome.count("a_second", (sent as f64 / took.as_secs_f64()) as u64);
    outcome.count("judged", judged);
    outcome.count("refused_pct", refused);
    outcome.count("judged_most_of_one_account", worst);
    outcome.count("honest_logins", (at_home.len() + elsewhere.len()) as u64);
    let (home, away) = (p95_ms(at_home), p95_ms(elsewhere));
    outcome.count("login_p95_ms_at_home", home);
    outcome.count("login_p95_ms_elsewhere", away);
    let (quiet, harmless, busy) = (p95_ms(before), p95_ms(beside), p95_ms(orders));
    outcome.count("order_p95_ms_before", quiet);
    outcome.count("order_p95_ms_beside_harmless", harmless);
    outcome.count("order_p95_ms_during", busy);
    outcome
        .hold(read(&guesses.other) == 0, || "answers that are neither 401, 429 nor 503".to_owned());
    outcome.hold(refused >= 99.0, || format!("only {refused:.2} % were refused before hashing"));
    outcome.hold(worst <= JUDGED_MOST, || format!("{worst} guesses at one account were judged"));
    for (who, p95) in [("at home", home), ("elsewhere", away)] {
        outcome.hold(p95 < LOGIN_MOST, || format!("logins {who} took {p95:.0} ms"));
    }
    outcome.hold(busy < ORDER_MOST, || format!("orders took {busy:.0} ms instead of {quiet:.0}"));
    outcome.hold(busy < harmless * SLOWER_MOST + NOISE, || {
        format!("orders took {busy:.1} ms, beside as many harmless requests {harmless:.1}")
    });
    outcome
}

/// Requests evenly over a time: an attack that takes whatever processors there are measures these.
#[derive(Clone, Copy)]
struct Pace {
    limit: Duration,
    most: u64,
    began: Instant,
}

impl Pace {
    /// Waits until the next may be sent after so many; is there time and number left?
    fn wait(&self, sent: u64) -> bool {
        let due = self.limit.mul_f64(sent as f64 / self.most as f64);
        pass(due.saturating_sub(self.began.elapsed()));
        sent < self.most && self.began.elapsed() < self.limit
    }
}

/// Does something beside a crowd that sends at a pace until it is over.
fn beside<T>(
    pace: &Pace,
    over: &AtomicBool,
    crowd: impl Fn(u64, &dyn Fn() -> bool) -> Result<()> + Sync,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let sent = AtomicU64::new(0);
    let go_on = || pace.wait(sent.fetch_add(1, Ordering::Relaxed)) && !over.load(Ordering::Acquire);
    std::thread::scope(|scope| {
        let one = |n| {
            let (crowd, go_on) = (&crowd, &go_on);
            scope.spawn(move || crowd(n, go_on))
        };
        let crowd: Vec<_> = (0..AT_ONCE).map(one).collect();
        let done = work();
        crowd.into_iter().try_for_each(|one| joined(one.join()))?;
        done
    })
}

/// Does something until a time is over.
fn during<T>(time: Duration, work: impl FnOnce(&AtomicBool) -> Result<T> + Send) -> Result<T>
where
    T: Send,
{
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let work = scope.spawn(|| work(&over));
        let until = Instant::now() + time;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            std::thread::park_timeout(left);
        }
        over.store(true, Ordering::Release);
        joined(work.join())
    })
}

/// As many requests as an attack, which cost the server as little as a request can.
fn greet(to: SocketAddr, mut chance: Chance, go_on: &dyn Fn() -> bool) -> Result<()> {
    rustix::process::nice(ATTACKERS_NICE)?;
    let mut kept = None;
    while go_on() {
        let from = address(9, u32::try_from(chance.between(0, ADDRESSES - 1))?);
        ask(&mut kept, to, &request(("GET", "/health/live"), from, "", None))?;
    }
    Ok(())
}

/// One attacker's connection: wanted accounts again and again among very many that do not exist.
fn guess(
    to: SocketAddr,
    mut chance: Chance,
    guesses: &Guesses,
    go_on: &dyn Fn(u64) -> bool,
) -> Result<()> {
    rustix::process::nice(ATTACKERS_NICE)?;
    let mut kept = None;
    loop {
        let sent = guesses.sent.fetch_add(1, Ordering::Relaxed);
        if !go_on(sent) {
            guesses.sent.fetch_sub(1, Ordering::Relaxed);
            return Ok(());
        }
        let wanted = chance.one_in(5).then(|| chance.between(0, u64::from(WANTED) - 1));
        let email = match wanted {
            Some(n) => format!("wanted{n}@example.com"),
            None => format!("leaked{}@example.org", chance.between(0, 1_000_000)),
        };
        let from = address(9, u32::try_from(chance.between(0, ADDRESSES - 1))?);
        let password = format!("a stolen password {}", chance.draw());
        let body = json!({"email": email, "password": password}).to_string();
        let post = request(("POST", "/api/v2/login"), from, "", Some(body.as_bytes()));
        match ask(&mut kept, to, &post)?.status {
            401 => {
                guesses.judged.fetch_add(1, Ordering::Relaxed);
                let account = wanted.and_then(|n| guesses.wanted.get(usize::try_from(n).ok()?));
                account.map(|count| count.fetch_add(1, Ordering::Relaxed));
            }
            429 | 503 => {}
            _ => drop(guesses.other.fetch_add(1, Ordering::Relaxed)),
        }
    }
}

/// Logs a regular in; tries again when told to.
fn login(to: SocketAddr, n: u32, from: Ipv4Addr) -> Result<()> {
    let body =
        json!({"email": format!("regular{n}@example.com"), "password": PASSWORD}).to_string();
    let post = request(("POST", "/api/v2/login"), from, "", Some(body.as_bytes()));
    for _ in 0..30 {
        let reply = Connection::open(to)?.raw(&post)?;
        match reply.status {
            200 => return Ok(()),
            429 | 503 => {
                let wait = reply.body["retry_after"].as_u64().unwrap_or(1);
                std::thread::park_timeout(Duration::from_secs(wait.min(60)));
            }
            status => bail!("a login was answered with {status}: {}", reply.body),
        }
    }
    bail!("a login was never let in")
}

fn logins(
    to: SocketAddr,
    over: &AtomicBool,
    who: impl Fn(u32) -> (u32, Ipv4Addr),
) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for n in 0.. {
        if over.load(Ordering::Acquire) {
            break;
        }
        let (regular, from) = who(n);
        times.push(timed(|| login(to, regular, from))?.0);
        std::thread::park_timeout(Duration::from_millis(500));
    }
    Ok(times)
}

/// Orders that end at once, so that any number of them fits an account; each a cent larger than the one before, as
/// twice the same within seconds is refused.
fn orders(to: SocketAddr, token: &str, over: &AtomicBool) -> Result<Vec<Duration>> {
    let (mut kept, mut times) = (None, Vec::new());
    for n in 0.. {
        if over.load(Ordering::Acquire) {
            break;
        }
        let order = json!({
            "symbol": "BTC-USD", "side": "buy", "size": format!("{}.{:02}", 20 + n / 100, n % 100),
            "order_type": "limit", "limit_price": 1, "time_in_force": "ioc",
        });
        let body = order.to_string();
        let post = request(("POST", "/api/v2/trade"), address(3, 1), token, Some(body.as_bytes()));
        let (took, reply) = timed(|| ask(&mut kept, to, &post))?;
        let placed = reply.status == 200 && reply.body["success"] == Value::Bool(true);
        ensure!(placed, "an order was answered with {} {}", reply.status, reply.body);
        times.push(took);
        std::thread::park_timeout(Duration::from_millis(150));
    }
    times.first().context("no order was placed")?;
    Ok(times)
}
