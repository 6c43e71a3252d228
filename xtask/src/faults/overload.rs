//! Ten times the work that a server can do, and 5,000 callers who connect at once, again and again. Whoever is
//! turned away is told when to come again; cancels and kill switches go on within a second; and all is as before
//! soon after it is over.

use super::trial::chance::secret;
use super::trial::crowd;
use super::trial::http::Connection;
use super::trial::load::{self, Answers, User};
use super::trial::pass;
use super::trial::server::Site;
use super::{Options, Outcome};
use anyhow::{Context, Result};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Workers of the calm before, and of the storm.
const CALM: usize = 16;
const STORM: usize = 10 * CALM;
/// Callers who connect at once, and the threads that drive them.
const CALLERS: usize = 5_000;
const DRIVERS: usize = 20;
const SECONDS: u64 = 20;
/// What cancels and kill switches may take, 99 of 100.
const SOON: Duration = Duration::from_secs(1);
const RECOVERY: Duration = Duration::from_secs(10);
/// Requests by which the recovery is judged.
const PROBES: usize = 50;
const PAUSE: Duration = Duration::from_millis(20);

/// What those saw who look after their risk meanwhile, and one who asks without a pause.
#[derive(Default)]
struct Others {
    cancels: Answers,
    kills: Answers,
    greedy: Answers,
}

/// Overloads.
pub(super) fn run(options: &Options) -> Result<Outcome> {
    let binary = options.binary()?;
    options.within("overload", |folder| {
        let site = crowd::behind_a_proxy(Site::new(binary, folder, secret()?)?);
        let running = site.begin()?;
        let register = |n| User::register(&site, n);
        let mut users = (0..STORM).map(register).collect::<Result<Vec<_>>>()?;
        let careful = (STORM..STORM + 3).map(register).collect::<Result<Vec<_>>>()?;
        let time = Duration::from_secs(options.seconds.unwrap_or(SECONDS));
        let calm = load::run(site.address, &mut users, CALM, None, time / 2);
        let (storm, callers, others) = storm(&site, &mut users, &careful, time);
        let over = Instant::now();
        let normal = calm.percentile(99);
        let recovered = recovery(&site, &mut users, normal, over);
        let mut outcome = Outcome::default();
        tell(&mut outcome, "calm", &calm, time / 2);
        tell(&mut outcome, "storm", &storm, time);
        outcome.count("callers_answered", callers.done());
        outcome.count("callers_broken", callers.broken);
        for (name, answers) in [("cancels", &others.cancels), ("kills", &others.kills)] {
            let p99 = answers.percentile(99);
            outcome.count(name, format!("{}; p99 {p99:.0?}", answers.statuses()));
            let all = answers.by_status.keys().all(|status| *status == 200) && answers.broken == 0;
            outcome.hold(all && answers.done() > 0, || {
                format!(
                    "{name} were turned away: {}, broken {}",
                    answers.statuses(),
                    answers.broken
                )
            });
            outcome.hold(p99 < SOON, || format!("{name} took {p99:?}, 99 of 100"));
        }
        tell(&mut outcome, "greedy", &others.greedy, time);
        let refused = others.greedy.by_status.get(&429).copied().unwrap_or(0);
        outcome.hold(refused > others.greedy.done(), || {
            format!("one who asks without a pause was refused only {refused} times")
        });
        outcome.count("recovery_ms", recovered.map_or(-1, |took| took.as_millis() as i64));
        let soon = recovered.is_some_and(|took| took <= RECOVERY);
        outcome.hold(soon, || format!("not as before {RECOVERY:?} after it was over"));
        running.stop().context("after the storm")?;
        Ok(outcome)
    })
}

fn tell(outcome: &mut Outcome, name: &'static str, answers: &Answers, time: Duration) {
    let (p50, p99) = (answers.percentile(50), answers.percentile(99));
    let rate = answers.done() / time.as_secs().max(1);
    outcome.count(
        name,
        format!(
            "{rate}/s, p50 {p50:.0?}, p99 {p99:.0?}; {}; broken {}",
            answers.statuses(),
            answers.broken
        ),
    );
    let known = answers.by_status.keys().all(|status| matches!(status, 200 | 429 | 503));
    outcome.hold(known, || format!("{name}: {}", answers.statuses()));
    let waits = answers.without_wait;
    outcome.hold(waits == 0, || format!("{name}: {waits} were turned away without a time"));
}

/// Everything at once.
fn storm(
    site: &Site,
    users: &mut [User],
    careful: &[User],
    time: Duration,
) -> (Answers, Answers, Others) {
    let (stop, address) = (AtomicBool::new(false), site.address);
    std::thread::scope(|scope| {
        let callers: Vec<_> =
            (0..DRIVERS).map(|_| scope.spawn(|| reconnect(address, &stop))).collect();
        let [first, second, third] = careful else { return Default::default() };
        let cancels = scope.spawn(|| cancel(address, first, &stop));
        let kills = scope.spawn(|| kill(address, second, &stop));
        let greedy = scope.spawn(|| ask_without_pause(address, third, &stop));
        let worked = load::run(address, users, STORM, None, time);
        stop.store(true, Ordering::Release);
        let mut called = Answers::default();
        callers.into_iter().filter_map(|caller| caller.join().ok()).for_each(|c| called.add(c));
        let [cancels, kills, greedy] =
            [cancels, kills, greedy].map(|other| other.join().unwrap_or_default());
        (worked, called, Others { cancels, kills, greedy })
    })
}

/// Connects many callers at once, has each ask once, drops them all, and again.
fn reconnect(address: SocketAddr, stop: &AtomicBool) -> Answers {
    let mut answers = Answers::default();
    let get = super::trial::http::Request::get("/health/live", "");
    while !stop.load(Ordering::Acquire) {
        let mut open = Vec::with_capacity(CALLERS / DRIVERS);
        for _ in 0..CALLERS / DRIVERS {
            let asked = Connection::open(address).and_then(|mut to| to.send(&get).map(|()| to));
            match asked {
                Ok(to) => open.push(to),
                Err(_) => answers.broken += 1,
            }
        }
        for mut to in open {
            answers.take(to.read(), Instant::now());
        }
    }
    answers
}

/// Rests orders and takes them back; only the taking back is timed.
fn cancel(address: SocketAddr, user: &User, stop: &AtomicBool) -> Answers {
    let mut answers = Answers::default();
    let rest = json!({
        "symbol": "BTC-USD", "side": "buy", "size": 100, "order_type": "limit",
        "limit_price": 1.00, "time_in_force": "gtc",
    });
    while !stop.load(Ordering::Acquire) {
        let Ok(mut to) = Connection::open(address) else { continue };
        while !stop.load(Ordering::Acquire) {
            let Ok(placed) = user.ask(&mut to, "POST", "/api/v2/trade", Some(rest.clone())) else {
                break;
            };
            if let Some(order) = placed.body["order_id"].as_str() {
                let path = format!("/api/v2/orders/{order}");
                let asked = Instant::now();
                answers.take(user.ask(&mut to, "DELETE", &path, None), asked);
            }
            pass(PAUSE);
        }
    }
    answers
}

/// Presses the own switch, and arms it again; only the pressing is timed.
fn kill(address: SocketAddr, user: &User, stop: &AtomicBool) -> Answers {
    let mut answers = Answers::default();
    while !stop.load(Ordering::Acquire) {
        let Ok(mut to) = Connection::open(address) else { continue };
        while !stop.load(Ordering::Acquire) {
            let why = || Some(json!({"reason": "a trial"}));
            let asked = Instant::now();
            if !answers.take(user.ask(&mut to, "POST", "/api/v2/kill", why()), asked) {
                break;
            }
            if user.ask(&mut to, "POST", "/api/v2/rearm", why()).is_err() {
                break;
            }
            pass(PAUSE * 5);
        }
    }
    answers
}

/// Asks for more than any user may, however often it is told to wait.
fn ask_without_pause(address: SocketAddr, user: &User, stop: &AtomicBool) -> Answers {
    let mut answers = Answers::default();
    while !stop.load(Ordering::Acquire) {
        let Ok(mut to) = Connection::open(address) else { continue };
        while !stop.load(Ordering::Acquire) {
            let asked = Instant::now();
            let answer = user.ask(&mut to, "GET", "/api/v2/status", None);
            let broken = answer.is_err();
            answers.take(answer, asked);
            if broken {
                break;
            }
        }
    }
    answers
}

/// How long it took until orders were as quick as twice the normal; nothing when that did not come soon.
fn recovery(site: &Site, users: &mut [User], normal: Duration, over: Instant) -> Option<Duration> {
    while over.elapsed() < RECOVERY * 2 {
        let began = over.elapsed();
        let Ok(mut to) = Connection::open(site.address) else { continue };
        let mut answers = Answers::default();
        for user in users.iter().take(PROBES) {
            let asked = Instant::now();
            answers.take(user.trade(&mut to, true), asked);
        }
        if answers.done() == PROBES as u64 && answers.percentile(99) <= normal * 2 {
            return Some(began);
        }
    }
    None
}
