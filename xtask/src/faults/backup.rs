//! A year of minutes is recorded, backed up, restored elsewhere and replayed: every partition must come back in the
//! same state, and for a million events within a minute. `--times` is the number of minutes; each is two events
//! or more. A changed byte in the backup must stop the restoration before anything is touched.

use super::trial::chance::Chance;
use super::{Options, Outcome};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Minutes where nobody says more.
const MINUTES: u64 = 5_000;
/// From so many batches on, time counts.
const MILLION: u64 = 1_000_000;
/// Longest way from the backup to the replayed state.
const MOST: Duration = Duration::from_secs(60);
/// Bytes changed, one at a time.
const FLIPS: u64 = 5;

/// Runs the fault.
pub(super) fn run(options: &Options) -> Result<Outcome> {
    let binary = options.binary()?;
    options.within("backup", |folder| {
        let nija = Nija { binary: &binary, folder };
        let mut chance = Chance::new(options.seed);
        std::fs::create_dir(folder.join("BTC-USD"))?;
        let minutes = options.times.unwrap_or(MINUTES);
        std::fs::write(folder.join("BTC-USD/1m.csv"), bars(minutes, &mut chance)?)?;
        nija.good(&[
            "backtest",
            "--data",
            "BTC-USD/1m.csv",
            "--tier",
            "all",
            "--journal",
            "nija.db",
        ])?;

        let began = Instant::now();
        nija.good(&["backup", "kept"])?;
        let backed_up = began.elapsed();
        nija.good(&["restore", "kept", "--database", "sqlite:restored.db"])?;
        let restored = began.elapsed();
        let after = nija.states("restored.db")?;
        let verified = began.elapsed();

        let mut outcome = Outcome::default();
        let batches: u64 = after.iter().filter_map(|p| p["last_batch"].as_u64()).sum();
        outcome.count("batches", batches);
        outcome.count("backup_seconds", backed_up.as_secs_f64());
        outcome.count("restore_seconds", (restored - backed_up).as_secs_f64());
        outcome.count("replay_seconds", (verified - restored).as_secs_f64());
        outcome
            .hold(after == nija.states("nija.db")?, || "the restored state is another one".into());
        outcome.hold(batches >= minutes, || format!("{batches} batches for {minutes} minutes"));
        let slow = options.release && batches >= MILLION && verified > MOST;
        outcome.hold(!slow, || format!("it took {} s", verified.as_secs()));
        flip(&nija, &mut chance, &mut outcome)?;
        Ok(outcome)
    })
}

/// Changes a byte of the backup, tries to restore, and changes it back.
fn flip(nija: &Nija<'_>, chance: &mut Chance, outcome: &mut Outcome) -> Result<()> {
    let copy = nija.folder.join("kept/nija.db");
    let mut bytes = std::fs::read(&copy)?;
    let before = nija.states("restored.db")?;
    for _ in 0..FLIPS {
        let at = usize::try_from(chance.between(0, bytes.len() as u64 - 1))?;
        bytes[at] ^= 1;
        std::fs::write(&copy, &bytes)?;
        bytes[at] ^= 1;
        let restore = ["restore", "kept", "--replace", "--database", "sqlite:restored.db"];
        let refused = !nija.run(&restore)?.status.success();
        outcome.hold(refused, || format!("byte {at} was changed, and it was restored"));
    }
    std::fs::write(&copy, &bytes)?;
    outcome.count("bytes_changed", FLIPS);
    outcome.hold(nija.states("restored.db")? == before, || {
        "a refused backup changed the database".into()
    });
    Ok(())
}

/// Prices that wander, a bar a minute.
fn bars(minutes: u64, chance: &mut Chance) -> Result<String> {
    let mut text = "timestamp,open,high,low,close,volume\n".to_owned();
    let mut cents = 2_000_000_u64;
    for minute in 0..minutes {
        let open = cents;
        cents = (open + chance.between(0, open / 400)).saturating_sub(open / 800).max(10_000);
        let (high, low) = (open.max(cents) + 10, open.min(cents) - 10);
        let price = |cents: u64| format!("{}.{:02}", cents / 100, cents % 100);
        // Months of 28 days need no calendar.
        let (day, minute) = (minute / 1_440, minute % 1_440);
        let (year, month, day) = (2001 + day / 336, day % 336 / 28 + 1, day % 28 + 1);
        let (hour, minute) = (minute / 60, minute % 60);
        let at = format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z");
        writeln!(text, "{at},{},{},{},{},10", price(open), price(high), price(low), price(cents))?;
    }
    Ok(text)
}

/// The binary, in the folder, without our environment.
struct Nija<'a> {
    binary: &'a Path,
    folder: &'a Path,
}

impl Nija<'_> {
    fn run(&self, arguments: &[&str]) -> Result<Output> {
        let mut command = Command::new(self.binary);
        let output = command.args(arguments).current_dir(self.folder).env_clear().output();
        output.with_context(|| format!("cannot run {}", self.binary.display()))
    }

    fn good(&self, arguments: &[&str]) -> Result<Vec<u8>> {
        let output = self.run(arguments)?;
        if !output.status.success() {
            bail!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(output.stdout)
    }

    /// Each partition's last batch and state, after a replay of all batches.
    fn states(&self, database: &str) -> Result<Vec<Value>> {
        let report = self.good(&["verify", "--json", "--database", database])?;
        let mut report: Value = serde_json::from_slice(&report)?;
        let Some(partitions) = report["partitions"].as_array_mut() else {
            bail!("`nija verify --json` names no partitions");
        };
        ensure!(!partitions.is_empty(), "nothing was recorded");
        Ok(std::mem::take(partitions))
    }
}
