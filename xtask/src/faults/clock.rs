//! A clock that is set while the server runs, forth and back, or stands still; leap days and changes to summer
//! time. No expired token is accepted, no order placed twice, the window of the daily loss ends when its day
//! ends, and the journal's time never goes back. Absent: the monotonic clock, which nobody can set.

use super::trial::audit;
use super::trial::chance::{Chance, secret};
use super::trial::client::Client;
use super::trial::http::{Connection, Reply, Request};
use super::trial::pass;
use super::trial::server::{Running, Site};
use super::trial::tally::Tally;
use super::{Options, Outcome};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const LIBRARIES: [&str; 2] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
];
const TRADE: &str = "/api/v2/trade";
/// How long something may take to happen that has to.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// Purchases whose costs are more than what prices may have brought.
const COSTLY: u32 = 4;
/// A share that trades in New York only.
const SHARE: &str = "AAPL";

/// A server with a clock of its own.
struct World<'a> {
    site: Site,
    running: Running,
    time: PathBuf,
    clients: Vec<Client>,
    outcome: &'a mut Outcome,
}

/// Sets clocks.
pub(super) fn run(options: &Options) -> Result<Outcome> {
    let Some(library) = LIBRARIES.into_iter().find(|path| Path::new(path).exists()) else {
        return Ok(Outcome::skipped("faketime is not installed"));
    };
    let binary = options.binary()?;
    options.within("clock", |folder| {
        let mut outcome = Outcome::default();
        let mut found = Tally::default();
        type Case = fn(&mut World<'_>) -> Result<()>;
        let cases: [(&str, &str, Case); 6] = [
            ("jumps", "+0", jumps),
            ("leap-day", "@2028-02-28 23:59:40", leap_day),
            ("before-summer-time", "@2027-03-12 13:29:30", |w| {
                opens(w, Some("@2027-03-12 14:29:50"))
            }),
            ("in-summer-time", "@2027-03-15 13:29:30", |w| opens(w, None)),
            ("before-winter-time", "@2027-11-05 13:29:30", |w| opens(w, None)),
            ("in-winter-time", "@2027-11-08 13:29:30", |w| opens(w, Some("@2027-11-08 14:29:50"))),
        ];
        for (name, time, case) in cases {
            let folder = folder.join(name);
            std::fs::create_dir(&folder)?;
            let mut world = World::begin(&binary, &folder, library, time, &mut outcome)?;
            case(&mut world).with_context(|| name.to_owned())?;
            world.end(&mut found).with_context(|| name.to_owned())?;
            outcome.count(name, "done");
        }
        found.tell(&mut outcome);
        Ok(outcome)
    })
}

impl<'a> World<'a> {
    fn begin(
        binary: &Path,
        folder: &Path,
        library: &str,
        time: &str,
        outcome: &'a mut Outcome,
    ) -> Result<Self> {
        let file = folder.join("time");
        set(&file, time)?;
        let site = Site::new(binary.to_owned(), folder, secret()?)?
            .with("TZ", "UTC")
            .with("LD_PRELOAD", library)
            .with("FAKETIME_TIMESTAMP_FILE", file.display().to_string())
            .with("FAKETIME_NO_CACHE", "1")
            .with("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .with("NIJA_QUOTE_EVERY_MS", "1000");
        let running = site.begin()?;
        let client = Client::register(7, site.address, folder, Chance::new(1))?;
        Ok(Self { site, running, time: file, clients: vec![client], outcome })
    }

    /// Everything holds at the end, whatever the clock did.
    fn end(mut self, found: &mut Tally) -> Result<()> {
        self.log_in()?;
        audit::all(&mut self.clients, &self.site, &mut found.breaches)?;
        self.running.stop()?;
        audit::database(&self.site, &mut found.breaches)?;
        self.clients.iter().for_each(|client| found.add(&client.tally));
        Ok(())
    }

    fn client(&mut self) -> Result<&mut Client> {
        self.clients.first_mut().context("no client")
    }

    fn set(&self, time: &str) -> Result<()> {
        set(&self.time, time)
    }

    fn log_in(&mut self) -> Result<()> {
        let address = self.site.address;
        self.client()?.log_in(address)
    }

    /// A purchase that has to be approved, and everything that was promised before, asked for again.
    fn trade(&mut self) -> Result<()> {
        let address = self.site.address;
        let client = self.client()?;
        let before = client.tally.orders;
        client.purchase(address)?;
        ensure!(client.tally.orders == before + 1, "a purchase was not approved");
        client.repeat_all(address)?;
        Ok(())
    }

    fn read(&mut self, path: &str) -> Result<Reply> {
        let to = &mut Connection::open(self.site.address)?;
        Ok(self.client()?.read(to, path)?)
    }

    fn call(&mut self, method: &'static str, path: &str, body: Value) -> Result<Reply> {
        let mut request = Request::get(path, self.client()?.token());
        (request.method, request.body) = (method, Some(body));
        let places = path == TRADE;
        if places {
            request.key = self.client()?.key();
        }
        let from = Instant::now();
        let reply = loop {
            let reply = Connection::open(self.site.address)?.ask(&request)?;
            if reply.status != 429 || from.elapsed() > PATIENCE {
                break reply;
            }
            pass(LOOK_AGAIN);
        };
        if places && reply.status == 200 {
            self.client()?.acknowledge(request, &reply, false)?;
        }
        Ok(reply)
    }

    /// The old token must not be good any more.
    fn must_be_expired(&mut self, token: &str, when: &str) -> Result<()> {
        let request = Request::get("/api/v2/status", token);
        let reply = Connection::open(self.site.address)?.ask(&request)?;
        let what = || format!("{when}: an expired token was answered with {}", reply.status);
        self.outcome.hold(reply.status == 401, what);
        Ok(())
    }

    /// Waits until a part of the status is as it should be.
    fn until(&mut self, path: &str, holds: impl Fn(&Value) -> bool) -> Result<bool> {
        let from = Instant::now();
        while from.elapsed() < PATIENCE {
            if holds(&self.read(path)?.body) {
                return Ok(true);
            }
            pass(LOOK_AGAIN);
        }
        Ok(false)
    }
}

/// Replaced in one piece: the server reads the file whenever it asks for the time.
fn set(file: &Path, time: &str) -> Result<()> {
    let next = file.with_extension("next");
    std::fs::write(&next, format!("{time}\n"))?;
    std::fs::rename(&next, file).context("cannot set the time")
}

/// An hour on, ten minutes back, a day on, the day back, and a clock that stands still.
fn jumps(world: &mut World<'_>) -> Result<()> {
    world.trade()?;
    let first = world.client()?.token().to_owned();
    world.set("+3600")?;
    world.must_be_expired(&first, "an hour later")?;
    world.log_in()?;
    world.trade()?;
    halt(world)?;
    let second = world.client()?.token().to_owned();
    world.set("+3000")?;
    world.must_be_expired(&first, "ten minutes back")?;
    world.log_in()?;
    // A looser limit frees the next day, not this one.
    loosen(world)?;
    let status = world.read("/api/v2/status")?.body;
    let halted = status["daily_halt"] == true;
    world.outcome.hold(halted, || "ten minutes back, and the day's loss is forgotten".to_owned());
    world.set("+90000")?;
    world.must_be_expired(&second, "a day later")?;
    world.log_in()?;
    let from = Instant::now();
    let over = world.until("/api/v2/status", |status| status["daily_halt"] == false)?;
    world.outcome.hold(over, || "the day is over and its loss still stops entries".to_owned());
    world.outcome.count("day_over_ms", from.elapsed().as_millis() as u64);
    world.trade()?;
    world.outcome.count("caught_up_with_a_day_ms", from.elapsed().as_millis() as u64);
    world.set("+3600")?;
    world.log_in()?;
    world.trade()?;
    let frozen = Command::new("date").args(["-u", "-d", "1 hour", "+%F %T"]).output()?;
    world.set(String::from_utf8_lossy(&frozen.stdout).trim())?;
    world.log_in()?;
    world.trade()?;
    // The clock is looked at every few seconds.
    pass(Duration::from_secs(8));
    world.trade()?;
    let told = world.site.said().matches("clock was set").count();
    world.outcome.count("alarms", told);
    world.outcome.hold(told >= 3, || format!("five jumps of the clock, {told} alarms"));
    Ok(())
}

/// Lets the day's loss stop the account: a limit that the costs of some purchases reach, whatever prices do.
fn halt(world: &mut World<'_>) -> Result<()> {
    let limit = json!({"max_daily_loss_pct": "0.00000001"});
    let reply = world.call("PUT", "/api/v2/limits", limit)?;
    ensure!(reply.status == 200, "limits: {} {}", reply.status, reply.body);
    for _ in 0..COSTLY {
        let trade = json!({"symbol": "BTC-USD", "side": "buy", "size": 5_000});
        world.call("POST", TRADE, trade)?;
    }
    let halted = world.until("/api/v2/status", |status| status["daily_halt"] == true)?;
    ensure!(halted, "the day's loss does not stop the account");
    let trade = json!({"symbol": "BTC-USD", "side": "buy", "size": 100});
    let reply = world.call("POST", TRADE, trade)?;
    let refused = reply.body["refusal"]["code"] == "DAILY_LOSS";
    world.outcome.hold(refused, || format!("a purchase after the day's loss: {}", reply.body));
    Ok(())
}

fn loosen(world: &mut World<'_>) -> Result<()> {
    let reply = world.call("PUT", "/api/v2/limits", json!({"max_daily_loss_pct": null}))?;
    ensure!(reply.status == 200, "limits: {} {}", reply.status, reply.body);
    Ok(())
}

/// Midnight into the leap day, and out of it.
fn leap_day(world: &mut World<'_>) -> Result<()> {
    world.trade()?;
    for (ends, then) in [
        ("2028-02-29T00:00:00Z", None),
        ("2028-03-01T00:00:00Z", Some("@2028-02-29 23:59:40")),
        ("2028-03-02T00:00:00Z", None),
    ] {
        let reached = world.until("/api/v2/status", |status| status["day_ends"] == ends)?;
        world.outcome.hold(reached, || format!("the trading day does not end at {ends}"));
        if let Some(time) = then {
            world.set(time)?;
            world.log_in()?;
        }
        world.trade()?;
    }
    Ok(())
}

/// New York opens at 13:30 UTC in summer time, and an hour `later` in winter.
fn opens(world: &mut World<'_>, later: Option<&str>) -> Result<()> {
    let trade = json!({"symbol": SHARE, "side": "buy", "size": 100});
    let placed = world.call("POST", TRADE, trade)?;
    let order = placed.body["order_id"].as_str().with_context(|| placed.body.to_string())?;
    let path = format!("/api/v2/orders/{order}");
    if let Some(time) = later {
        // Half a minute into the other half of the year's session: nothing may have traded.
        pass(Duration::from_secs(45));
        let state = world.read(&path)?.body["state"].clone();
        world.outcome.hold(state != "filled", || "New York opened an hour early".to_owned());
        world.set(time)?;
        world.log_in()?;
    }
    let filled = world.until(&path, |row| row["state"] == "filled")?;
    world.outcome.hold(filled, || "New York did not open on time".to_owned());
    Ok(())
}
