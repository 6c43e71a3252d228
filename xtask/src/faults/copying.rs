//! SIGKILL in the middle of fan-outs and of month-end fee runs, again and again. The victim is the bench `copies`: the
//! product's desks, journal, copier, gateway and paper venue under a clock that is moved, with a master whom hundreds
//! copy. Each start carries what the death before left, then holds the whole journal to books of its own and tells.

use super::trial::chance::Chance;
use super::trial::pass;
use super::{Options, Outcome};
use crate::shell;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Kills where no number is given.
const KILLS: u64 = 100;
/// It lives between so many milliseconds once it trades.
const LIFE_MS: (u64, u64) = (1, 400);
/// One kill in so many comes while it is still starting.
const EARLY: u64 = 8;
const EARLY_MS: (u64, u64) = (1, 200);

/// Kills, starts and audits.
pub(super) fn run(options: &Options) -> Result<Outcome> {
    let victim = built(options)?;
    options.within("copying", |folder| {
        let mut chance = Chance::new(options.seed);
        let mut outcome = Outcome::default();
        let (mut early, mut in_fan_out, mut in_fees) = (0, 0, 0);
        let kills = options.times.unwrap_or(KILLS);
        for _ in 0..kills {
            let mut child = start(&victim, folder, false)?;
            if chance.one_in(EARLY) {
                early += 1;
                pass(Duration::from_millis(chance.between(EARLY_MS.0, EARLY_MS.1)));
            } else {
                let found = told(&mut child)?;
                note(&found, &mut outcome);
                in_fan_out += u64::from(found["died_in_fan_out"] == true);
                in_fees += u64::from(found["died_in_fees"] == true);
                pass(Duration::from_millis(chance.between(LIFE_MS.0, LIFE_MS.1)));
            }
            child.kill().context("the victim ended by itself")?;
            child.wait()?;
        }
        // The last start, after the last kill, ends in good order and leaves books in balance.
        let mut child = start(&victim, folder, true)?;
        let found = told(&mut child)?;
        note(&found, &mut outcome);
        in_fan_out += u64::from(found["died_in_fan_out"] == true);
        in_fees += u64::from(found["died_in_fees"] == true);
        let ended = child.wait()?;
        outcome.hold(ended.success(), || format!("the last one ended with {ended}"));
        outcome.hold(found["leads"].as_u64() > Some(0), || "nothing was ever led".to_owned());
        outcome.count("kills", kills);
        outcome.count("during_a_start", early);
        outcome.count("in_the_middle_of_a_fan_out", in_fan_out);
        outcome.count("in_the_middle_of_a_fee_run", in_fees);
        for name in ["leads", "outcomes", "months_billed"] {
            outcome.count(name, found[name].clone());
        }
        Ok(outcome)
    })
}

fn note(found: &Value, outcome: &mut Outcome) {
    let broken = found["broken"].as_array().into_iter().flatten();
    broken.filter_map(Value::as_str).for_each(|what| outcome.breach(what));
}

/// The victim, built.
fn built(options: &Options) -> Result<PathBuf> {
    let mut args = vec!["build", "--locked", "--package", "nija", "--bench", "soak"];
    args.extend(["--message-format", "json"]);
    args.extend(options.release.then_some("--release"));
    let told = shell::output("cargo", &args)?;
    let lines = told.split(|byte| *byte == b'\n');
    let messages = lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let of = |message: Value| {
        let ours = message["target"]["name"] == "soak";
        message["executable"].as_str().filter(|_| ours).map(PathBuf::from)
    };
    messages.filter_map(of).next_back().context("cargo names no executable of `soak`")
}

fn start(victim: &Path, folder: &Path, once: bool) -> Result<Child> {
    let mut command = Command::new(victim);
    command.arg("--folder").arg(folder).args(once.then_some("--once"));
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    child.with_context(|| format!("cannot start {}", victim.display()))
}

/// What the victim found once everything had come to rest.
fn told(child: &mut Child) -> Result<Value> {
    let said = child.stdout.take().context("the victim has no output")?;
    let mut line = String::new();
    BufReader::new(said).read_line(&mut line)?;
    match serde_json::from_str(&line) {
        Ok(found) => Ok(found),
        Err(_) => bail!("the victim ended before it told what it found: {:?}", child.wait()?),
    }
}
