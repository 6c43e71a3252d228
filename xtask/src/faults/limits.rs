//! Too little of everything: 64 descriptors, 400 MB of address space, 256 MB of memory, a tenth of a processor. The
//! server lives on without spinning, or says at its start what it lacks, and is as before soon after it gets more.

use super::trial::chance::{Chance, secret};
use super::trial::client::Client;
use super::trial::http::Connection;
use super::trial::load;
use super::trial::pass;
use super::trial::server::{Running, Site};
use super::trial::{audit, tally::Tally};
use super::{Options, Outcome};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// How soon a purchase has to be filled again once there is enough.
const RELIEF: Duration = Duration::from_secs(5);
/// How long a purchase is tried for meanwhile.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a server is watched that has nothing to do.
const WATCH: Duration = Duration::from_secs(3);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Purchases under a limit.
const PURCHASES: u32 = 20;

struct Trial<'a> {
    site: &'a Site,
    clients: Vec<Client>,
    outcome: Outcome,
    found: Tally,
    /// Share of a processor that the server takes when nothing is asked of it, in hundredths.
    idle: u64,
}

/// Limits one thing after the other.
pub(super) fn run(options: &Options) -> Result<Outcome> {
    let binary = options.binary()?;
    options.within("limits", |folder| {
        let site = Site::new(binary, folder, secret()?)?;
        let running = site.begin()?;
        let client = Client::register(7, site.address, folder, Chance::new(options.seed))?;
        pass(WATCH);
        let idle = share(&running);
        running.stop()?;
        let (clients, outcome, found) = (vec![client], Outcome::default(), Tally::default());
        let mut trial = Trial { site: &site, clients, outcome, found, idle };
        trial.outcome.count("idle_percent", idle);
        trial.descriptors().context("descriptors")?;
        trial.address_space().context("address space")?;
        trial.group("memory", "memory.limit_in_bytes", "256M", "-1").context("memory")?;
        trial.group("cpu", "cpu.cfs_quota_us", "10000", "-1").context("cpu")?;
        trial.clients.iter().for_each(|client| trial.found.add(&client.tally));
        trial.found.tell(&mut trial.outcome);
        Ok(trial.outcome)
    })
}

/// Share of a processor over a while, in hundredths.
fn share(running: &Running) -> u64 {
    let before = load::spent(running.id());
    let from = Instant::now();
    pass(WATCH);
    let spent = load::spent(running.id()).saturating_sub(before);
    (spent.as_millis() * 100 / from.elapsed().as_millis().max(1)) as u64
}

impl Trial<'_> {
    /// More callers than descriptors.
    fn descriptors(&mut self) -> Result<()> {
        let site = self.site.clone().under(["prlimit", "--nofile=64"]);
        let mut running = site.begin()?;
        let callers: Vec<_> =
            (0..200).filter_map(|_| TcpStream::connect(site.address).ok()).collect();
        ensure!(callers.len() > 64, "only {} callers could connect", callers.len());
        let busy = share(&running);
        running.must_live()?;
        drop(callers);
        let took = self.filled(RELIEF * 4)?;
        self.outcome.count("descriptors_percent", busy);
        self.relieved("descriptors", took);
        // A loop that tries again at once takes a whole processor.
        let idle = self.idle;
        self.outcome.hold(busy <= idle + 30, || format!("descriptors: {busy} % of a processor"));
        self.end(running)
    }

    fn address_space(&mut self) -> Result<()> {
        let said = self.site.said().len();
        let site = self.site.clone().under(["prlimit", "--as=400000000:"]);
        let mut running = site.start()?;
        let started = site.ready_or_ended(&mut running)?;
        if let Err(status) = started {
            let said = self.site.said().split_off(said);
            let last = said.lines().last().unwrap_or_default();
            self.outcome.count("address_space", format!("not started: {last}"));
            let clean = status.code() == Some(1) && last.starts_with("nija: ");
            self.outcome.hold(clean, || format!("address space: ended with {status}: {last}"));
            return Ok(());
        }
        for _ in 0..PURCHASES {
            self.buy();
        }
        running.must_live()?;
        self.outcome.count("address_space", "started");
        let id = running.id().to_string();
        let freed = Command::new("prlimit").args(["--pid", &id, "--as=unlimited:"]).status()?;
        ensure!(freed.success(), "prlimit ended with {freed}");
        let took = self.filled(RELIEF * 4)?;
        self.relieved("address space", took);
        self.end(running)
    }

    /// A limit of a control group, where this machine has them in their first version.
    fn group(&mut self, kind: &'static str, file: &str, limit: &str, none: &str) -> Result<()> {
        let root = Path::new("/sys/fs/cgroup").join(kind);
        let group = Group(root.join(format!("nija-limits-{}", std::process::id())));
        if !root.join(file).exists() && !root.join("tasks").exists()
            || fs::create_dir(&group.0).is_err()
        {
            self.outcome.count(kind, "no control groups here");
            return Ok(());
        }
        let mut running = self.site.begin()?;
        fs::write(group.0.join(file), limit)?;
        fs::write(group.0.join("cgroup.procs"), running.id().to_string())?;
        for _ in 0..PURCHASES {
            self.buy();
        }
        let under = self.filled(PATIENCE)?;
        running.must_live()?;
        self.outcome.count(kind, format!("filled after {under:.1?}"));
        fs::write(group.0.join(file), none)?;
        let took = self.filled(RELIEF * 4)?;
        self.relieved(kind, took);
        fs::write(root.join("cgroup.procs"), running.id().to_string())?;
        self.end(running)
    }

    fn buy(&mut self) {
        if let Some(client) = self.clients.first_mut() {
            // What stays without an answer is settled before the audit.
            let _ = client.purchase(self.site.address);
        }
    }

    /// How long until a purchase is approved and filled.
    fn filled(&mut self, most: Duration) -> Result<Duration> {
        let from = Instant::now();
        let client = self.clients.first_mut().context("no client")?;
        while from.elapsed() < most {
            let before = client.tally.acknowledged;
            let done = client.purchase(self.site.address);
            if done.is_ok() && client.tally.acknowledged > before {
                break;
            }
            pass(LOOK_AGAIN);
        }
        Ok(from.elapsed())
    }

    fn relieved(&mut self, what: &str, took: Duration) {
        self.outcome.hold(took <= RELIEF, || format!("{what}: as before only after {took:?}"));
    }

    /// Nothing was lost under the limit.
    fn end(&mut self, running: Running) -> Result<()> {
        Connection::open(self.site.address).context("after the limit")?;
        audit::all(&mut self.clients, self.site, &mut self.found.breaches)?;
        running.stop().map(drop)
    }
}

/// A control group; dropping it removes it.
struct Group(PathBuf);

impl Drop for Group {
    fn drop(&mut self) {
        // One that was never made is what we want.
        let _ = fs::remove_dir(&self.0);
    }
}
