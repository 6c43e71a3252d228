//! SIGKILL on entering the n-th call that writes, syncs or answers, n = 1 and on until a whole life of an order,
//! or a whole start, passes without it. After each death the server starts again and is held to its promises.

use super::trial::chance::{Chance, secret};
use super::trial::client::Client;
use super::trial::server::{Running, Site};
use super::trial::trace::{Inject, Threads, Trace};
use super::trial::{audit, tally::Tally};
use super::{Options, Outcome};
use anyhow::{Context, Result};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::Duration;

/// What an order's life asks of the kernel where it can be lost.
const CALLS: [&str; 5] = ["fsync", "fdatasync", "pwrite64", "sendto", "writev"];
/// What a start asks.
const START_CALLS: [&str; 5] = ["fsync", "fdatasync", "pwrite64", "ftruncate", "unlink"];
/// What follows an order's answer (views, checkpoints) is over after this.
const AFTERWARDS: Duration = Duration::from_millis(300);
/// More calls of one kind than any life or start makes.
const MOST: u64 = 500;
const SIGKILL: i32 = 9;

struct Trial<'a> {
    site: &'a Site,
    folder: &'a Path,
    clients: Vec<Client>,
    most: u64,
    /// Deaths by kind.
    deaths: Vec<(String, u64)>,
    found: Tally,
}

/// Tries every point.
pub(super) fn run(options: &Options) -> Result<Outcome> {
    if !Trace::is_there() {
        return Ok(Outcome::skipped("strace is not installed or may not trace"));
    }
    let binary = options.binary()?;
    options.within("syscalls", |folder| {
        let site = Site::new(binary, folder, secret()?)?;
        let running = site.begin()?;
        // The eighth client is of the highest tier: nothing but its own wish limits it.
        let client = Client::register(7, site.address, folder, Chance::new(options.seed))?;
        let mut trial = Trial {
            site: &site,
            folder,
            clients: vec![client],
            most: options.times.unwrap_or(MOST),
            deaths: Vec::new(),
            found: Tally::default(),
        };
        let running = trial.lives(running)?;
        running.stop()?;
        trial.starts()?;
        Ok(trial.outcome())
    })
}

impl Trial<'_> {
    /// Dies in an order's life, at each call of each kind.
    fn lives(&mut self, mut running: Running) -> Result<Running> {
        for threads in [Threads::Desks, Threads::Others] {
            for calls in CALLS {
                let mut deaths = 0;
                while deaths < self.most {
                    let inject =
                        Inject { calls, what: "signal=SIGKILL", when: deaths + 1, on: None };
                    let trace = Trace::attach(running.id(), threads, &inject, self.folder)?;
                    let client = self.clients.first_mut().context("no client")?;
                    // An error is the server's end, which is what we are after.
                    let _ = client.purchase(self.site.address);
                    let ended = running.ended(AFTERWARDS)?;
                    drop(trace);
                    let Some(status) = ended else { break };
                    self.must_be_killed(status.signal(), calls);
                    deaths += 1;
                    running = self.site.begin()?;
                    self.check()?;
                }
                self.deaths.push((format!("{} {calls}", threads.name()), deaths));
            }
        }
        Ok(running)
    }

    /// Dies in a start, at each call of each kind; every start has something to recover.
    fn starts(&mut self) -> Result<()> {
        for calls in START_CALLS {
            let mut deaths = 0;
            while deaths < self.most {
                let inject = Inject { calls, what: "signal=SIGKILL", when: deaths + 1, on: None };
                let traced = self.site.clone().under(inject.whole_run(self.folder));
                let mut running = traced.start()?;
                let Err(status) = traced.ready_or_ended(&mut running)? else {
                    running.kill_now()?;
                    break;
                };
                self.must_be_killed(status.signal(), calls);
                deaths += 1;
                let running = self.site.begin()?;
                let client = self.clients.first_mut().context("no client")?;
                client.purchase(self.site.address).context("a purchase on a living server")?;
                self.check()?;
                running.kill_now()?;
            }
            self.deaths.push((format!("start {calls}"), deaths));
        }
        Ok(())
    }

    fn must_be_killed(&mut self, signal: Option<i32>, calls: &str) {
        if signal != Some(SIGKILL) {
            let what = format!("at {calls} the server ended by itself; see server.log");
            self.found.breach(super::trial::tally::Breach::Failed, what);
        }
    }

    fn check(&mut self) -> Result<()> {
        audit::all(&mut self.clients, self.site, &mut self.found.breaches).map(drop)
    }

    fn outcome(&self) -> Outcome {
        let mut outcome = Outcome::default();
        let deaths: serde_json::Map<_, _> =
            self.deaths.iter().map(|(kind, n)| (kind.clone(), (*n).into())).collect();
        outcome.count("points", self.deaths.iter().map(|(_, n)| n).sum::<u64>());
        outcome.count("by_kind", deaths);
        let mut all = self.found.clone();
        self.clients.iter().for_each(|client| all.add(&client.tally));
        all.tell(&mut outcome);
        outcome
    }
}
