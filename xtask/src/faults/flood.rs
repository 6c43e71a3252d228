//! Orders by the thousand a second, in batches, and SIGKILL at random moments: whatever was accepted is executed
//! exactly once. Clients keep files of their own, synced batch by batch. The tiers' order rates are lifted. The
//! rate is worth quoting when both programs are built for release:
//! `cargo run --release --package xtask -- faults flood --release`.

use super::trial::audit;
use super::trial::chance::{Chance, secret};
use super::trial::client::Client;
use super::trial::client::batch::Doubt;
use super::trial::http::Connection;
use super::trial::server::{Running, Site};
use super::trial::tally::Tally;
use super::{Options, Outcome};
use crate::shell;
use anyhow::{Context, Result, ensure};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Kills where no number is given.
const KILLS: u64 = 5;
/// Seconds a server lives at most where no number is given; at least half of it.
const LIFE: u64 = 4;
/// Clients, all of the highest tier: every eighth name of the trial's table has it.
const CLIENTS: usize = 32;
/// Orders in a request.
const SIZE: usize = 100;
/// Paper dollars for each client.
const CAPITAL: u64 = 900_000_000;
/// How long the last orders may take to be filled and listed.
const QUIET: Duration = Duration::from_secs(120);

/// A client and what it does not know.
struct Trader {
    client: Client,
    doubt: Doubt,
}

/// Floods, kills, restarts; then every accepted order has to be filled, once.
pub(super) fn run(options: &Options) -> Result<Outcome> {
    let binary = options.binary()?;
    options.within("flood", |folder| {
        std::fs::write(folder.join("tiers.toml"), lifted()?)?;
        let site = Site::new(binary, folder, secret()?)?
            .with("NIJA_TIERS_FILE", "tiers.toml")
            .with("NIJA_QUOTE_EVERY_MS", "20")
            .with("NIJA_LIMIT_READS", "100000/s")
            .with("NIJA_LIMIT_REGISTRATIONS", "100/s");
        let mut chance = Chance::new(options.seed);
        let mut running = site.begin()?;
        let mut traders = Vec::new();
        for n in 0..CLIENTS {
            let mine = chance.part(n as u64);
            let mut client = Client::register(8 * n + 7, site.address, site.folder(), mine)?;
            client.deposit(&mut Connection::open(site.address)?, CAPITAL)?;
            traders.push(Trader { client, doubt: None });
        }
        let most = options.seconds.unwrap_or(LIFE).max(1) * 1_000;
        let (mut served, mut approved) = (Duration::ZERO, 0);
        for _ in 0..options.times.unwrap_or(KILLS) {
            let life = Duration::from_millis(chance.between(most / 2, most));
            let (time, orders) = flood(&mut traders, &site, running, life)?;
            (served, approved) = (served + time, approved + orders);
            running = site.begin()?;
        }
        let mut outcome = Outcome::default();
        outcome.count("approved_while_served", approved);
        outcome.count("served_ms", served.as_millis() as u64);
        outcome.count("approved_a_second", (approved as f64 / served.as_secs_f64()) as u64);
        settle(&mut traders, &site, running, &mut outcome)?;
        Ok(outcome)
    })
}

/// The shipped tier table with order rates that nobody reaches.
fn lifted() -> Result<String> {
    let path = shell::root().join("crates/core/src/data/tiers.toml");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let lift = |line: &str| match line.split_once(" = ") {
        Some((name @ ("orders_per_second" | "order_burst"), _)) => format!("{name} = 65535\n"),
        Some((name @ "volatility_limit", _)) => format!("{name} = 9500\n"),
        _ => format!("{line}\n"),
    };
    Ok(text.lines().map(lift).collect())
}

/// All clients send until the server is killed: how long it served, and what it approved.
fn flood(
    traders: &mut [Trader],
    site: &Site,
    running: Running,
    life: Duration,
) -> Result<(Duration, u64)> {
    let (stop, approved) = (AtomicBool::new(false), AtomicU64::new(0));
    let began = Instant::now();
    std::thread::scope(|scope| {
        for trader in &mut *traders {
            let (stop, approved) = (&stop, &approved);
            scope.spawn(move || {
                // What ends it is the server's end: the next life settles what was open.
                let _ = trader.send(site, stop, approved);
            });
        }
        let killed = running.kill_after(began, life);
        stop.store(true, Ordering::Release);
        killed
    })?;
    Ok((life, approved.into_inner()))
}

impl Trader {
    fn send(&mut self, site: &Site, stop: &AtomicBool, approved: &AtomicU64) -> Result<()> {
        let mut to = Connection::open(site.address)?;
        while !stop.load(Ordering::Acquire) {
            let orders = self.client.batch(&mut to, &mut self.doubt, SIZE)?;
            approved.fetch_add(orders, Ordering::Relaxed);
            if orders < SIZE as u64 {
                // The account has as many open orders as it may: the next price fills them.
                std::thread::park_timeout(Duration::from_millis(20));
            }
        }
        Ok(())
    }
}

/// Settles what is in doubt, waits until nothing is open, and holds lists, fills and database to the files.
fn settle(
    traders: &mut [Trader],
    site: &Site,
    running: Running,
    outcome: &mut Outcome,
) -> Result<()> {
    let (mut filled, mut tally) = (0, Tally::default());
    for Trader { client, doubt } in &mut *traders {
        let to = &mut Connection::open(site.address)?;
        let until = Instant::now() + QUIET;
        while doubt.is_some() {
            ensure!(Instant::now() < until, "a batch stays in doubt on a server that lives");
            client.batch(to, doubt, SIZE)?;
        }
        audit::account(client, site)?;
        filled += executed(client, to)?;
        tally.add(&client.tally);
    }
    running.stop()?;
    outcome.count("batches_of_the_journal", audit::database(site, &mut tally.breaches)?);
    outcome.count("accepted", tally.orders);
    outcome.count("executed", filled);
    outcome.hold(filled == tally.orders, || {
        format!("{} orders were accepted, {filled} executed", tally.orders)
    });
    tally.tell(outcome);
    Ok(())
}

/// Waits until no order of an account is open, and counts those that are filled to the last unit.
fn executed(client: &Client, to: &mut Connection) -> Result<u64> {
    let until = Instant::now() + QUIET;
    loop {
        let open = client.read(to, "/api/v2/orders?open=true&limit=1")?;
        if open.body["items"].as_array().is_some_and(Vec::is_empty) {
            break;
        }
        ensure!(Instant::now() < until, "orders stay open: {}", open.body);
        std::thread::park_timeout(Duration::from_millis(200));
    }
    let rows = audit::rows(client, to, "/api/v2/orders", "id")?;
    let full = |row: &&serde_json::Value| row["filled_qty"] == row["qty"];
    Ok(rows.values().filter(full).count() as u64)
}
