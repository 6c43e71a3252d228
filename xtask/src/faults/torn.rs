//! A torn tail: the server dies while it syncs an order that nobody has heard of, and the last k bytes of the log
//! are gone, or are zeros, k = 1 to 4,096. What was acknowledged has to be there, the rest has to be dropped whole
//! and told.

use super::trial::audit;
use super::trial::chance::{Chance, secret};
use super::trial::client::Client;
use super::trial::server::Site;
use super::trial::tally::Tally;
use super::trial::trace::{Inject, Threads, Trace};
use super::{Options, Outcome};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// Bytes that are torn off at most.
const MOST: u64 = 4_096;
/// One tear in so many is also started on, and held to the client's file.
const START_EVERY: u64 = 64;
const ORDERS: u32 = 5;
const DEATH: Duration = Duration::from_secs(10);
const FILES: [&str; 2] = ["nija.db", "nija.db-wal"];

/// Tears and looks.
pub(super) fn run(options: &Options) -> Result<Outcome> {
    if !Trace::is_there() {
        return Ok(Outcome::skipped("strace is not installed or may not trace"));
    }
    let binary = options.binary()?;
    options.within("torn", |folder| {
        let site = Site::new(binary, folder, secret()?)?;
        let mut clients = [die(&site, options.seed)?];
        let patient = folder.join("patient");
        std::fs::create_dir(&patient)?;
        let torn = site.moved(&patient);
        let mut outcome = Outcome::default();
        let mut found = Tally::default();
        tear(folder, &patient, 0, false)?;
        let whole = states(&torn)?;
        // One byte less and the last commit is none: what is left then has to be left every time.
        tear(folder, &patient, 1, false)?;
        let kept = states(&torn)?;
        ensure!(whole != kept, "the last commit changed nothing");
        let (tears, mut starts) = (options.times.unwrap_or(MOST).clamp(1, MOST), 0);
        for n in 1..=tears {
            let bytes = n * MOST / tears;
            for zeros in [false, true] {
                tear(folder, &patient, bytes, zeros)?;
                let left = states(&torn)?;
                outcome.hold(left == kept, || format!("{bytes} bytes, zeros {zeros}: {left}"));
                if n % START_EVERY == 1 {
                    starts += 1;
                    let running = torn.begin()?;
                    let told = torn.said().contains("was never finished");
                    outcome.hold(told, || {
                        format!("{bytes} bytes, zeros {zeros}: the tail is not reported")
                    });
                    let text = std::fs::read_to_string(&clients[0].path)?;
                    audit::newest(&mut clients[0], &torn, &text)?;
                    audit::database(&torn, &mut found.breaches)?;
                    running.kill_now()?;
                }
            }
        }
        outcome.count("tears", tears * 2);
        outcome.count("starts", starts);
        found.add(&clients[0].tally);
        found.tell(&mut outcome);
        Ok(outcome)
    })
}

/// Orders that are acknowledged, then one on whose sync the server dies.
fn die(site: &Site, seed: u64) -> Result<Client> {
    let mut running = site.begin()?;
    let mut client = Client::register(7, site.address, site.folder(), Chance::new(seed))?;
    for _ in 0..ORDERS {
        client.purchase(site.address)?;
    }
    let inject = Inject { calls: "fsync,fdatasync", what: "signal=SIGKILL", when: 1, on: None };
    let trace = Trace::attach(running.id(), Threads::Desks, &inject, site.folder())?;
    let acknowledged = client.tally.acknowledged;
    // An error is the server's end, which is what we are after.
    let _ = client.purchase(site.address);
    running.ended(DEATH)?.context("the server lives on")?;
    drop(trace);
    ensure!(
        client.tally.acknowledged == acknowledged,
        "the order was acknowledged without its sync"
    );
    Ok(client)
}

/// A copy of the database whose log lacks its last bytes, or has zeros there.
fn tear(from: &Path, to: &Path, bytes: u64, zeros: bool) -> Result<()> {
    for file in std::fs::read_dir(to)? {
        std::fs::remove_file(file?.path())?;
    }
    for name in FILES {
        std::fs::copy(from.join(name), to.join(name))?;
    }
    let log = std::fs::OpenOptions::new().write(true).open(to.join(FILES[1]))?;
    let length = log.metadata()?.len();
    log.set_len(length - bytes)?;
    if zeros {
        log.set_len(length)?;
    }
    Ok(())
}

/// The last batch and the state of every partition.
fn states(site: &Site) -> Result<Value> {
    let verified = site.verify()?;
    ensure!(verified.sound && verified.balanced, "not sound: {}", verified.said);
    Ok(verified.said["partitions"].clone())
}
