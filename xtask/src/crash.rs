//! `cargo xtask crash`: kills a trading server again and again, without a word, and holds it to what
//! it had acknowledged. Clients keep files of their own; the server is asked through its API and
//! `nija verify`, never trusted about itself. Absent: power cuts and disk errors.

mod audit;
mod chance;
mod client;
mod http;
mod order;
mod server;
mod tally;

use crate::shell;
use anyhow::{Context, Result, bail};
use chance::Chance;
use client::Client;
use serde_json::Value;
use server::{Running, Site};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tally::{Breach, Tally};

const USAGE: &str = "usage: cargo xtask crash [--kills N] [--seed S] [--binary PATH]";
const NOBODY: &str = "no server is running";
const CLIENTS: usize = 8;
/// Kills between two full checks.
const CHECK_EVERY: u64 = 20;
/// One kill in so many comes while the server is still starting.
const EARLY: u64 = 8;
/// A server lives between so many milliseconds once it is ready.
const LIFE_MS: (u64, u64) = (5, 500);

/// What to do.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    kills: u64,
    seed: u64,
    binary: Option<PathBuf>,
}

impl Options {
    fn read(args: &[String]) -> Result<Self> {
        let mut options = Self { kills: 200, seed: 1, binary: None };
        let (pairs, rest) = args.as_chunks::<2>();
        if !rest.is_empty() {
            bail!("{USAGE}");
        }
        for [name, value] in pairs {
            match name.as_str() {
                "--kills" => options.kills = value.parse().context(USAGE)?,
                "--seed" => options.seed = value.parse().context(USAGE)?,
                "--binary" => options.binary = Some(std::path::absolute(value)?),
                _ => bail!("{USAGE}"),
            }
        }
        Ok(options)
    }
}

/// Kills, restarts and checks; an error and the folder remain when a promise was broken.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let options = Options::read(args)?;
    let binary = match &options.binary {
        Some(binary) => binary.clone(),
        None => built()?,
    };
    let folder = std::env::temp_dir().join(format!("nija-crash-{}", std::process::id()));
    std::fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let site = Site::new(binary, folder, chance::secret()?)?;
    println!("seed {}, folder {}", options.seed, site.folder().display());
    let done = Trial::new(&options, &site).and_then(|mut trial| {
        trial.run(options.kills)?;
        trial.report()
    });
    match done {
        Ok(()) => std::fs::remove_dir_all(site.folder()).context("the folder cannot be removed"),
        Err(why) => Err(why.context(format!("everything is kept in {}", site.folder().display()))),
    }
}

/// Builds the server for developers and tells where it is.
fn built() -> Result<PathBuf> {
    shell::run("cargo", &["build", "--locked", "--package", "nija"])?;
    let args = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let metadata: Value = serde_json::from_slice(&shell::output("cargo", &args)?)?;
    let target = metadata["target_directory"].as_str();
    let target = target.context("cargo metadata names no target directory")?;
    Ok(PathBuf::from(target).join("debug").join("nija"))
}

/// One run.
struct Trial<'a> {
    site: &'a Site,
    chance: Chance,
    clients: Vec<Client>,
    running: Option<Running>,
    kills: u64,
    /// Of these, before the server was ready.
    early: u64,
    checks: u64,
    batches: u64,
    ready: Vec<Duration>,
    found: Vec<(Breach, String)>,
}

impl<'a> Trial<'a> {
    /// Starts the server and registers the clients.
    fn new(options: &Options, site: &'a Site) -> Result<Self> {
        let chance = Chance::new(options.seed);
        let mut running = site.start()?;
        let first = site.ready(&mut running)?;
        println!("first start: {first:.0?}");
        let register =
            |n: usize| Client::register(n, site.address, site.folder(), chance.part(n as u64));
        let clients = (0..CLIENTS).map(register).collect::<Result<Vec<_>>>()?;
        Ok(Self {
            site,
            chance,
            clients,
            running: Some(running),
            kills: 0,
            early: 0,
            checks: 0,
            batches: 0,
            ready: Vec::new(),
            found: Vec::new(),
        })
    }

    fn run(&mut self, kills: u64) -> Result<()> {
        while self.kills < kills {
            self.life()?;
            self.restart()?;
            if self.kills.is_multiple_of(CHECK_EVERY) {
                self.check()?;
            }
        }
        self.check()?;
        let took = self.running.take().context(NOBODY)?.stop()?;
        println!("told to stop at the end: {took:.0?}");
        self.batches = audit::database(self.site, &mut self.found)?;
        Ok(())
    }

    /// The clients trade until the server is killed.
    fn life(&mut self) -> Result<()> {
        let time = Duration::from_millis(self.chance.between(LIFE_MS.0, LIFE_MS.1));
        let (address, stop) = (self.site.address, AtomicBool::new(false));
        for client in &mut self.clients {
            client.refresh(address)?;
        }
        let running = self.running.take().context(NOBODY)?;
        std::thread::scope(|scope| {
            for client in &mut self.clients {
                scope.spawn(|| client.live(address, &stop));
            }
            let killed = running.kill_after(Instant::now(), time);
            stop.store(true, Ordering::Release);
            killed
        })?;
        self.kills += 1;
        Ok(())
    }

    /// Starts again; now and then the server is killed before it is ready.
    fn restart(&mut self) -> Result<()> {
        let usual = self.ready.last().copied().unwrap_or(Duration::from_millis(200));
        let usual = u64::try_from(usual.as_millis()).unwrap_or(1).max(1);
        while self.chance.one_in(EARLY) {
            let time = Duration::from_millis(self.chance.between(1, usual));
            self.site.start()?.kill_after(Instant::now(), time)?;
            self.kills += 1;
            self.early += 1;
        }
        let mut running = self.site.start()?;
        self.ready.push(self.site.ready(&mut running)?);
        self.running = Some(running);
        Ok(())
    }

    /// Holds a server that nobody kills meanwhile to everything that was promised so far.
    fn check(&mut self) -> Result<()> {
        let site = self.site;
        std::thread::scope(|scope| {
            let checks: Vec<_> = self
                .clients
                .iter_mut()
                .map(|client| scope.spawn(|| audit::account(client, site)))
                .collect();
            checks.into_iter().try_for_each(|check| match check.join() {
                Ok(done) => done,
                Err(_) => bail!("a check broke"),
            })
        })?;
        self.batches = audit::database(site, &mut self.found)?;
        self.checks += 1;
        let tally = self.tally();
        println!("{} kills, {} batches: {}", self.kills, self.batches, tally.line());
        if tally.breaches.is_empty() { Ok(()) } else { self.report() }
    }

    fn tally(&self) -> Tally {
        let mut all = Tally::default();
        self.clients.iter().for_each(|client| all.add(&client.tally));
        all.breaches.extend(self.found.iter().cloned());
        all
    }

    /// The result; an error when a promise was broken.
    fn report(&mut self) -> Result<()> {
        let tally = self.tally();
        for (breach, what) in &tally.breaches {
            println!("{breach:?}: {what}");
        }
        self.ready.sort_unstable();
        let at = |n: usize| self.ready.get(n).copied().unwrap_or_default();
        println!(
            "ready after a kill: median {:.0?}, most {:.0?}",
            at(self.ready.len() / 2),
            at(self.ready.len().saturating_sub(1)),
        );
        println!("kills: {} ({} during a start), {}", self.kills, self.early, tally.line());
        let failed = tally.breaches.len();
        println!("crash: {} passed, {failed} failed", self.kills);
        if failed > 0 {
            bail!("{failed} promises were broken");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        let read = |args: &[&str]| {
            let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
            Options::read(&args)
        };
        let usual = read(&[]).unwrap();
        assert_eq!((usual.kills, usual.seed, usual.binary), (200, 1, None));
        assert_eq!(read(&["--kills", "7", "--seed", "9"]).unwrap().kills, 7);
        for wrong in [&["--kills"][..], &["--kills", "x"], &["--what", "1"]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
