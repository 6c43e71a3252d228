//! SIGKILL, or SIGTERM, at random moments, again and again, while clients trade; then the server is held to what
//! it had acknowledged. Clients keep files of their own; the server is asked through its API and `nija verify`,
//! never trusted about itself. Absent: power cuts and disk errors.

use super::trial::audit;
use super::trial::chance::{Chance, secret};
use super::trial::client::Client;
use super::trial::history;
use super::trial::pass;
use super::trial::server::{Running, Site};
use super::trial::tally::{Breach, Tally};
use super::{Options, Outcome};
use anyhow::{Context, Result};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const NOBODY: &str = "no server is running";
const CLIENTS: usize = 8;
/// Kills where no number is given.
const KILLS: u64 = 200;
/// Stops where no number is given.
const STOPS: u64 = 100;
/// How long an orderly stop may take.
const STOP: Duration = Duration::from_secs(10);
/// How long a start may take, and how often it is tried, over a long history.
const READY: Duration = Duration::from_secs(2);
const LONG_STARTS: u64 = 9;
/// Kills between two full checks.
const CHECK_EVERY: u64 = 20;
/// One kill in so many comes while the server is still starting.
const EARLY: u64 = 8;
/// A server lives between so many milliseconds once it is ready.
const LIFE_MS: (u64, u64) = (5, 500);

/// How a server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Without a word.
    Kill,
    /// Told to, in good order.
    Stop,
}

/// Kills, restarts and checks.
pub(super) fn run(options: &Options) -> Result<Outcome> {
    let binary = options.binary()?;
    options.within("kill", |folder| {
        let site = Site::new(binary, folder, secret()?)?;
        let mut trial = Trial::new(options.seed, &site, End::Kill)?;
        trial.run(options.times.unwrap_or(KILLS))?;
        Ok(trial.outcome())
    })
}

/// Tells a server under load to stop, restarts and checks.
pub(super) fn stop(options: &Options) -> Result<Outcome> {
    let binary = options.binary()?;
    options.within("stop", |folder| {
        let site = Site::new(binary, folder, secret()?)?;
        let mut trial = Trial::new(options.seed, &site, End::Stop)?;
        trial.run(options.times.unwrap_or(STOPS))?;
        Ok(trial.outcome())
    })
}

/// Kills over a history of some 90,000 events: the start has to be as quick as ever.
pub(super) fn start(options: &Options) -> Result<Outcome> {
    let binary = options.binary()?;
    options.within("start", |folder| {
        let site = Site::new(binary, folder, secret()?)?;
        history::write(&site, options.seed)?;
        let mut took = Vec::new();
        for _ in 0..options.times.unwrap_or(LONG_STARTS) {
            let mut running = site.start()?;
            took.push(site.ready(&mut running)?);
            running.kill_now()?;
        }
        took.sort_unstable();
        let most = took.last().copied().unwrap_or_default();
        let mut found = Tally::default();
        let mut outcome = Outcome::default();
        outcome.count("batches", audit::database(&site, &mut found.breaches)?);
        outcome.count("starts", took.len());
        outcome.count(
            "ready_ms_median",
            took.get(took.len() / 2).map_or(0, |time| time.as_millis() as u64),
        );
        outcome.count("ready_ms_most", most.as_millis() as u64);
        outcome.hold(most <= READY, || format!("ready only {most:?} after a kill"));
        found.breaches.into_iter().for_each(|(_, what)| outcome.breach(what));
        Ok(outcome)
    })
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
    end: End,
    /// How long orderly stops took.
    stops: Vec<Duration>,
    found: Vec<(Breach, String)>,
}

impl<'a> Trial<'a> {
    /// Starts the server and registers the clients.
    fn new(seed: u64, site: &'a Site, end: End) -> Result<Self> {
        let chance = Chance::new(seed);
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
            end,
            stops: Vec::new(),
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
        let end = self.end;
        let took = std::thread::scope(|scope| {
            for client in &mut self.clients {
                scope.spawn(|| client.live(address, &stop));
            }
            let ended = match end {
                End::Kill => running.kill_after(Instant::now(), time).map(|()| None),
                End::Stop => {
                    pass(time);
                    running.stop().map(Some)
                }
            };
            stop.store(true, Ordering::Release);
            ended
        })?;
        self.stops.extend(took);
        self.kills += 1;
        Ok(())
    }

    /// Starts again; now and then the server is killed before it is ready.
    fn restart(&mut self) -> Result<()> {
        let usual = self.ready.last().copied().unwrap_or(Duration::from_millis(200));
        let usual = u64::try_from(usual.as_millis()).unwrap_or(1).max(1);
        while self.end == End::Kill && self.chance.one_in(EARLY) {
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
        self.batches = audit::all(&mut self.clients, self.site, &mut self.found)?;
        self.checks += 1;
        let tally = self.tally();
        println!("{} kills, {} batches: {}", self.kills, self.batches, tally.line());
        Ok(())
    }

    fn tally(&self) -> Tally {
        let mut all = Tally::default();
        self.clients.iter().for_each(|client| all.add(&client.tally));
        all.breaches.extend(self.found.iter().cloned());
        all
    }

    /// What was counted, and every promise that was broken.
    fn outcome(&mut self) -> Outcome {
        self.ready.sort_unstable();
        let at = |n: usize| self.ready.get(n).copied().unwrap_or_default().as_millis() as u64;
        let mut outcome = Outcome::default();
        outcome.count("ends", self.kills);
        outcome.count("during_a_start", self.early);
        outcome.count("checks", self.checks);
        outcome.count("batches", self.batches);
        if let Some(&most) = self.stops.iter().max() {
            outcome.count("stop_ms_most", most.as_millis() as u64);
            outcome.hold(most <= STOP, || format!("a stop took {most:?}"));
        }
        outcome.count("ready_ms_median", at(self.ready.len() / 2));
        outcome.count("ready_ms_most", at(self.ready.len().saturating_sub(1)));
        self.tally().tell(&mut outcome);
        outcome
    }
}
