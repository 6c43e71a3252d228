//! A long time at seven tenths of what the server can do: the slowest answers at the end are as quick as at the
//! start, and its memory does not grow. On a machine that does other work, pin this program to one processor with
//! the highest priority (`taskset -c 1 nice -n -20`): the server inherits both, and neighbors count for little.

use super::trial::chance::secret;
use super::trial::crowd;
use super::trial::http::Connection;
use super::trial::load::{self, User, percentile};
use super::trial::server::Site;
use super::trial::{audit, tally::Tally};
use super::{Options, Outcome};
use anyhow::{Context, Result, anyhow, ensure};
use serde_json::json;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

const WORKERS: usize = 32;
/// Enough that no user's own rate is reached.
const USERS: usize = 4 * WORKERS;
const SECONDS: u64 = 3_600;
/// For how long the capacity is measured.
const PROBE: Duration = Duration::from_secs(10);
/// Parts of the time; the first is the warm-up, the second the start, the last the end.
const PARTS: u32 = 10;

/// Dollars of each of the purchases that a user begins with, and how many they are: a stock. What is sold for as much
/// as it was bought for is a little more of it, by the spread: whoever began with nothing would hear of sales beyond
/// what is held, and then of purchases beyond the limit, and the hour's end would be another load than its start.
const STOCK: u32 = 4_000;
const STOCKS: u32 = 5;

fn stock_up(site: &Site, user: &User) -> Result<()> {
    let mut to = Connection::open(site.address)?;
    for _ in 0..STOCKS {
        let order = json!({"symbol": "BTC-USD", "side": "buy", "size": STOCK});
        let reply = user.ask(&mut to, "POST", "/api/v2/trade", Some(order))?;
        ensure!(reply.status == 200 && reply.body["success"] == true, "no stock: {}", reply.body);
    }
    Ok(())
}

/// Does something, and looks every second at what the server holds meanwhile: from one second to the next that is a
/// tenth more or less, so the median counts.
fn watched<T>(server: u32, act: impl FnOnce() -> T) -> Result<(T, u64)> {
    let (done, over) = mpsc::channel::<()>();
    let watch = move || -> Result<Vec<u64>> {
        let mut seen = vec![crowd::memory(server)?.0];
        while over.recv_timeout(Duration::from_secs(1)) == Err(mpsc::RecvTimeoutError::Timeout) {
            seen.push(crowd::memory(server)?.0);
        }
        Ok(seen)
    };
    thread::scope(|scope| {
        let watch = scope.spawn(watch);
        let outcome = act();
        drop(done);
        let mut seen = watch.join().map_err(|_| anyhow!("nobody watched the memory"))??;
        seen.sort_unstable();
        Ok((outcome, seen[seen.len() / 2]))
    })
}

/// Soaks.
pub(super) fn run(options: &Options) -> Result<Outcome> {
    let binary = options.binary()?;
    options.within("soak", |folder| {
        let site = crowd::behind_a_proxy(Site::new(binary, folder, secret()?)?);
        let running = site.begin()?;
        let users = (0..USERS).map(|n| User::register(&site, n));
        let mut users = users.collect::<Result<Vec<_>>>()?;
        users.iter().try_for_each(|user| stock_up(&site, user))?;
        let most = load::run(site.address, &mut users, WORKERS, None, PROBE);
        let capacity = most.done() / PROBE.as_secs();
        ensure!(capacity > 0, "nothing was answered: {}", most.statuses());
        let every = Duration::from_secs(1) * WORKERS as u32 * 10 / (7 * capacity as u32);
        let time = Duration::from_secs(options.seconds.unwrap_or(SECONDS));
        let (mut p99s, mut memory, mut orders) = (Vec::new(), Vec::new(), 0);
        let mut outcome = Outcome::default();
        for part in 0..PARTS {
            let began = Instant::now();
            let (answers, resident) = watched(running.id(), || {
                load::run(site.address, &mut users, WORKERS, Some(every), time / PARTS)
            })?;
            let p99 = percentile(&answers.micros, 99);
            println!(
                "  part {part}: {}/s, p50 {:.1?}, p99 {p99:.1?}, {} MiB; {}",
                answers.done() * 1_000 / began.elapsed().as_millis().max(1) as u64,
                answers.percentile(50),
                resident,
                answers.statuses(),
            );
            // After a pause of the machine users catch up, and may be told that they are beyond their rate.
            let told = |status: &u16| answers.by_status.get(status).copied().unwrap_or(0);
            let known = answers.by_status.keys().all(|status| matches!(status, 200 | 429));
            let known = known && told(&429) <= told(&200) / 100 && answers.broken == 0;
            outcome.hold(known, || format!("{}, broken {}", answers.statuses(), answers.broken));
            orders += answers.done();
            p99s.push(p99);
            memory.push(resident);
        }
        let (start, end) = (p99s[1], *p99s.last().context("no parts")?);
        let (before, after) = (memory[1], *memory.last().context("no parts")?);
        outcome.count("seconds", time.as_secs());
        outcome.count("capacity_a_second", capacity);
        outcome.count("orders", orders);
        outcome.count("p99_us_at_the_start", start.as_micros() as u64);
        outcome.count("p99_us_at_the_end", end.as_micros() as u64);
        outcome.count("memory_mib_at_the_start", before);
        outcome.count("memory_mib_at_the_end", after);
        outcome.hold(end <= start * 12 / 10, || format!("p99 was {start:?} and is {end:?}"));
        let flat = (before * 9 / 10..=before * 11 / 10).contains(&after);
        outcome.hold(flat, || format!("{before} MiB became {after} MiB"));
        running.stop()?;
        let mut found = Tally::default();
        audit::database(&site, &mut found.breaches)?;
        found.breaches.into_iter().for_each(|(_, what)| outcome.breach(what));
        Ok(outcome)
    })
}
