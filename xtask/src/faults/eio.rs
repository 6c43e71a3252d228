//! The n-th sync of the disk fails with EIO, n = 1 and on until an order's life and a login pass without it. (Syncs
//! of the views do not count: they are made again.) Nothing may be acknowledged whose sync failed; the process has
//! to end, with a code and a line that says what and where; the next start has to be clean. SQLite must not swallow
//! it.

use super::trial::audit;
use super::trial::chance::{Chance, secret};
use super::trial::client::Client;
use super::trial::pass;
use super::trial::server::{Running, Site};
use super::trial::tally::Tally;
use super::trial::trace::{Inject, Threads, Trace};
use super::{Options, Outcome};
use anyhow::{Context, Result};
use std::path::Path;
use std::time::Duration;

const CALLS: [&str; 2] = ["fsync", "fdatasync"];
/// What the server may take to end by itself.
const END: Duration = Duration::from_secs(20);
/// A server that lives on after a failed sync has this long to fail the promise.
const QUIET: Duration = Duration::from_millis(300);
const MOST: u64 = 100;

struct Trial<'a> {
    site: &'a Site,
    folder: &'a Path,
    clients: Vec<Client>,
    outcome: Outcome,
    failed: u64,
    found: Tally,
}

/// Fails every sync in turn.
pub(super) fn run(options: &Options) -> Result<Outcome> {
    if !Trace::is_there() {
        return Ok(Outcome::skipped("strace is not installed or may not trace"));
    }
    let binary = options.binary()?;
    options.within("eio", |folder| {
        let site = Site::new(binary, folder, secret()?)?;
        let mut running = site.begin()?;
        let client = Client::register(7, site.address, folder, Chance::new(options.seed))?;
        let (outcome, found) = (Outcome::default(), Tally::default());
        let mut trial =
            Trial { site: &site, folder, clients: vec![client], outcome, failed: 0, found };
        for threads in [Threads::Desks, Threads::Others] {
            for calls in CALLS {
                for when in 1..=options.times.unwrap_or(MOST) {
                    let (next, happened) = trial.fail(running, threads, calls, when)?;
                    running = next;
                    if !happened {
                        break;
                    }
                }
            }
        }
        running.stop()?;
        trial.outcome.count("syncs_failed", trial.failed);
        trial.clients.iter().for_each(|client| trial.found.add(&client.tally));
        trial.found.tell(&mut trial.outcome);
        Ok(trial.outcome)
    })
}

impl Trial<'_> {
    /// Lets one sync fail, and gives a sound server back.
    fn fail(
        &mut self,
        mut running: Running,
        threads: Threads,
        calls: &str,
        when: u64,
    ) -> Result<(Running, bool)> {
        let (site, said) = (self.site, self.site.said().len());
        let point = format!("{} {calls} {when}", threads.name());
        let database = self.folder.join("nija.db");
        let inject = Inject { calls, what: "error=EIO", when, on: Some(&database) };
        let trace = Trace::attach(running.id(), threads, &inject, self.folder)?;
        let client = self.clients.first_mut().context("no client")?;
        let before = client.tally.acknowledged;
        // Errors are the server's end, which is what we are after.
        let _ = client.purchase(site.address);
        // The first sync of the desks makes the order durable: without it there is no answer.
        let first = threads == Threads::Desks && when == 1 && trace.happened();
        if first && client.tally.acknowledged > before {
            self.outcome.breach(format!("{point}: acknowledged although its sync had failed"));
        }
        let _ = client.log_in(site.address);
        pass(QUIET);
        let happened = trace.happened();
        let ended = running.ended(if happened { END } else { Duration::ZERO })?;
        drop(trace);
        if !happened {
            return Ok((running, false));
        }
        self.failed += 1;
        match ended {
            None => {
                self.outcome.breach(format!("{point}: the server lives on after a failed sync"));
                drop(running);
            }
            Some(status) => {
                let said = site.said().split_off(said);
                let last = said.lines().last().unwrap_or_default();
                println!("  {point}: {status}: {last}");
                let told = last.contains("nija.db") && last.contains("start");
                self.outcome.hold(status.code() == Some(1) && told, || {
                    format!("{point}: ended with {status} and said {last:?}")
                });
            }
        }
        let running = site.begin()?;
        audit::all(&mut self.clients, site, &mut self.found.breaches)?;
        Ok((running, true))
    }
}
