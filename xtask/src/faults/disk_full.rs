//! The disk fills up under load, to the last byte, and has room again. Purchases hear `storage_full` and never
//! happen; sales, cancels, kill switches and logins live on the reserve, reads always; the way back needs nobody.
//! Then single writes fail with ENOSPC. Absent: quotas, which SQLite does not tell from a broken disk.

mod disk;
mod hand;

use super::trial::audit;
use super::trial::chance::{Chance, secret};
use super::trial::client::Client;
use super::trial::http::{Connection, Request};
use super::trial::pass;
use super::trial::server::{Running, Site};
use super::trial::tally::Tally;
use super::trial::trace::{Inject, Threads, Trace};
use super::{Options, Outcome};
use anyhow::{Context, Result, bail};
use disk::Disk;
use hand::{Hand, is_storage_full};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const NOBODY: &str = "no server is running";
const CLIENTS: usize = 4;
/// Rounds where no number is given.
const ROUNDS: u64 = 4;
/// Writes of each kind of thread that fail, at most, where no number is given.
const WRITES: u64 = 40;
/// How long the server may take to notice either way.
const NOTICE: Duration = Duration::from_secs(5);
/// Exits tried before the last of the reserve counts as not to be reached.
const EXITS: usize = 300;
const POLL: Duration = Duration::from_millis(10);

/// Fills the disk again and again, then fails single writes.
pub(super) fn run(options: &Options) -> Result<Outcome> {
    let binary = options.binary()?;
    options.within("disk_full", |folder| {
        let disk = match Disk::mount(folder) {
            Ok(disk) => disk,
            Err(why) => return Ok(Outcome::skipped(format!("no small disk: {why:#}"))),
        };
        let site = Site::new(binary, disk.path(), secret()?)?.with("NIJA_RESERVE_MIB", "2");
        let mut trial = Trial::new(&site, &disk, folder, options.seed)?;
        for round in 0..options.times.unwrap_or(ROUNDS) {
            trial.round(round % 2 == 1)?;
        }
        if Trace::is_there() {
            for threads in [Threads::Desks, Threads::Others] {
                trial.writes(threads, options.times.unwrap_or(WRITES), folder)?;
            }
        }
        trial.end()
    })
}

/// One run.
struct Trial<'a> {
    site: &'a Site,
    disk: &'a Disk,
    clients: Vec<Client>,
    hand: Hand,
    /// Presses the kill switch.
    other: Hand,
    running: Option<Running>,
    outcome: Outcome,
    found: Tally,
    back: Vec<Duration>,
    reached_full: u64,
    writes: u64,
}

impl<'a> Trial<'a> {
    fn new(site: &'a Site, disk: &'a Disk, folder: &Path, seed: u64) -> Result<Self> {
        let (running, chance) = (site.begin()?, Chance::new(seed));
        let client = |n: usize| Client::register(n, site.address, folder, chance.part(n as u64));
        Ok(Self {
            site,
            disk,
            clients: (0..CLIENTS).map(client).collect::<Result<_>>()?,
            hand: Hand::register("hand", site.address)?,
            other: Hand::register("other", site.address)?,
            running: Some(running),
            outcome: Outcome::default(),
            found: Tally::default(),
            back: Vec::new(),
            reached_full: 0,
            writes: 0,
        })
    }

    /// One disk that fills up under load and is freed; with a kill in the worst moment where `dies`.
    fn round(&mut self, dies: bool) -> Result<()> {
        for rests in [false, true, true, true, true] {
            let reply = self.hand.buy(rests)?;
            self.outcome
                .hold(reply.body["success"] == true, || format!("no order: {}", reply.body));
        }
        self.load_until_low()?;
        self.on_the_reserve()?;
        self.without_reserve()?;
        if dies {
            self.running.take().context(NOBODY)?.kill_now()?;
            self.start_on_a_full_disk()?;
        }
        self.disk.free()?;
        let freed = Instant::now();
        if self.running.is_none() {
            self.running = Some(self.site.begin()?);
        }
        self.recovers(freed)?;
        self.audit()
    }

    /// The clients trade while the disk fills up.
    fn load_until_low(&mut self) -> Result<()> {
        let (address, disk, stop) = (self.site.address, self.disk, AtomicBool::new(false));
        for client in &mut self.clients {
            client.refresh(address)?;
        }
        std::thread::scope(|scope| {
            for client in &mut self.clients {
                scope.spawn(|| client.live(address, &stop));
            }
            pass(Duration::from_millis(500));
            let low = disk.fill().and_then(|()| until(|| Ok(storage(address)? != "ok")));
            // It goes on under load for a while.
            pass(Duration::from_millis(500));
            stop.store(true, Ordering::Release);
            low
        })?;
        self.running.as_mut().context(NOBODY)?.must_live()
    }

    /// What must work on the reserve, and what must not.
    fn on_the_reserve(&mut self) -> Result<()> {
        let bought = self.hand.buy(false)?;
        self.outcome.hold(is_storage_full(&bought), || {
            format!("a purchase on a full disk: {} {}", bought.status, bought.body)
        });
        let cancelled = self.hand.cancel()?.context("nothing rests")?;
        let answers = [
            ("sale", self.hand.sell()?),
            ("cancel", cancelled),
            ("kill switch", self.other.kill()?),
            ("login", self.other.log_in()?),
        ];
        for (what, reply) in answers {
            let good = reply.status == 200 && reply.body["success"] != false;
            self.outcome
                .hold(good, || format!("{what} on the reserve: {} {}", reply.status, reply.body));
        }
        self.reads()
    }

    /// Uses the reserve up with exits, on a disk that has nothing else.
    fn without_reserve(&mut self) -> Result<()> {
        self.disk.fill()?;
        for _ in 0..EXITS {
            let reply = match self.hand.cancel()? {
                Some(reply) => reply,
                None => self.hand.sell()?,
            };
            if is_storage_full(&reply) {
                self.reached_full += 1;
                break;
            }
            self.outcome
                .hold(reply.status == 200, || format!("an exit: {} {}", reply.status, reply.body));
        }
        let bought = self.hand.buy(true)?;
        self.outcome.hold(is_storage_full(&bought), || {
            format!("a purchase without a reserve: {} {}", bought.status, bought.body)
        });
        self.reads()?;
        self.running.as_mut().context(NOBODY)?.must_live()
    }

    fn reads(&mut self) -> Result<()> {
        for path in ["status", "positions", "orders", "fills", "decisions", "market", "limits"] {
            let reply = self.hand.ask("GET", &format!("/api/v2/{path}"), None)?;
            self.outcome
                .hold(reply.status == 200, || format!("{path}: {} {}", reply.status, reply.body));
        }
        Ok(())
    }

    /// A start that finds no room either serves or says what to do.
    fn start_on_a_full_disk(&mut self) -> Result<()> {
        let mut running = self.site.start()?;
        match self.site.ready_or_ended(&mut running)? {
            Ok(_) => self.running = Some(running),
            Err(status) => {
                // The log is on the same full disk: a command over it says the same to us.
                let said = self.site.call(&["serve"])?;
                let said = String::from_utf8_lossy(&said.stderr).into_owned();
                self.outcome
                    .hold(said.contains("make space") || said.contains("free some space"), || {
                        format!("a start on a full disk ended with {status} and said {said:?}")
                    });
            }
        }
        Ok(())
    }

    /// Purchases are taken again, soon and by themselves.
    fn recovers(&mut self, freed: Instant) -> Result<()> {
        while is_storage_full(&self.hand.buy(true)?) {
            if freed.elapsed() > 4 * NOTICE {
                bail!("purchases are refused {:?} after there was room", freed.elapsed());
            }
            pass(POLL);
        }
        let took = freed.elapsed();
        self.outcome.hold(took <= NOTICE, || format!("the way back took {took:?}"));
        self.back.push(took);
        until(|| Ok(storage(self.site.address)? == "ok"))?;
        self.other.rearm()?;
        Ok(())
    }

    /// Nothing acknowledged is lost, and nothing else happened.
    fn audit(&mut self) -> Result<()> {
        audit::all(&mut self.clients, self.site, &mut self.found.breaches)?;
        let mut expected = self.hand.orders.clone();
        expected.sort_unstable();
        let mut listed = Vec::new();
        // The lists follow the journal.
        let same = until(|| {
            listed = self.hand.listed()?;
            listed.sort_unstable();
            Ok(listed == expected)
        });
        self.outcome.hold(same.is_ok(), || format!("acknowledged {expected:?}, listed {listed:?}"));
        Ok(())
    }

    /// Single writes of a purchase and a login fail: the server lives, and goes on by itself.
    fn writes(&mut self, threads: Threads, most: u64, folder: &Path) -> Result<()> {
        let address = self.site.address;
        for when in 1..=most {
            let id = self.running.as_ref().context(NOBODY)?.id();
            let inject = Inject { calls: "pwrite64", what: "error=ENOSPC", when, on: None };
            let trace = Trace::attach(id, threads, &inject, folder)?;
            let client = self.clients.first_mut().context("no client")?;
            client.purchase(address)?;
            // A login that is refused is tried again by the next one.
            let _ = client.log_in(address);
            let happened = trace.happened();
            drop(trace);
            self.running.as_mut().context(NOBODY)?.must_live()?;
            let failed = Instant::now();
            until(|| Ok(storage(address)? == "ok"))?;
            let took = failed.elapsed();
            self.outcome.hold(took <= NOTICE, || format!("back {took:?} after write {when}"));
            if !happened {
                break;
            }
            self.writes += 1;
        }
        self.audit()
    }

    fn end(mut self) -> Result<Outcome> {
        self.running.take().context(NOBODY)?.stop()?;
        self.back.sort_unstable();
        let at = |n: usize| self.back.get(n).map_or(0, |took| took.as_millis() as u64);
        self.outcome.count("rounds", self.back.len());
        self.outcome.count("reserve_used_up", self.reached_full);
        self.outcome.count("back_ms_median", at(self.back.len() / 2));
        self.outcome.count("back_ms_most", at(self.back.len().saturating_sub(1)));
        self.outcome.count("writes_failed", self.writes);
        self.clients.iter().for_each(|client| self.found.add(&client.tally));
        self.found.tell(&mut self.outcome);
        Ok(self.outcome)
    }
}

/// What the server says of its storage.
fn storage(address: std::net::SocketAddr) -> Result<String> {
    let reply = Connection::open(address)?.ask(&Request::get("/health", ""))?;
    Ok(reply.body["storage"].as_str().unwrap_or_default().to_owned())
}

/// Waits until something holds.
fn until(mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
    let from = Instant::now();
    while !holds()? {
        if from.elapsed() > 4 * NOTICE {
            bail!("nothing changed in {:?}", from.elapsed());
        }
        pass(POLL);
    }
    Ok(())
}
