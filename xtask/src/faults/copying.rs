//! SIGKILL in the middle of fan-outs and of month-end fee runs, again and again. The victim is the bench `copies`: the
//! product's desks, journal, copier, gateway and paper venue under a clock that is moved, with a master whom hundreds
//! copy. Each start carries what the death before left, then holds the whole journal to books of its own and tells.
//! Kills are aimed: the victim says when it begins what is to be hit.

use super::trial::chance::Chance;
use super::trial::pass;
use super::{Options, Outcome};
use crate::shell;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Kills where no number is given.
const KILLS: u64 = 100;
/// From so many kills on, some must have hit each kind.
const MANY: u64 = 20;
/// It lives so many microseconds at most after it began what is to be hit, told by the victim's word.
const AIMS: [(&str, u64); 2] = [("lead", 40_000), ("month", 30_000)];
/// One kill in so many comes while it is still starting.
const EARLY: u64 = 8;
const EARLY_US: u64 = 200_000;

/// Kills that came in the middle of something, by the journal that they left.
#[derive(Default)]
struct Hits {
    fan_outs: u64,
    half_heard: u64,
    fee_runs: u64,
}

/// Kills, starts and audits.
pub(super) fn run(options: &Options) -> Result<Outcome> {
    let victim = built(options)?;
    options.within("copying", |folder| {
        let mut chance = Chance::new(options.seed);
        let (mut outcome, mut hits, mut early) = (Outcome::default(), Hits::default(), 0);
        let kills = options.times.unwrap_or(KILLS);
        for n in 0..kills {
            let mut started = Started::of(&victim, folder, false)?;
            if chance.one_in(EARLY) {
                early += 1;
                pass(Duration::from_micros(chance.between(1, EARLY_US)));
            } else {
                hits.note(&started.found()?, &mut outcome);
                let (word, most) = AIMS[usize::from(n % 2 == 1)];
                started.wait_for(word)?;
                pass(Duration::from_micros(chance.between(0, most)));
            }
            started.child.kill().context("the victim ended by itself")?;
            started.child.wait()?;
        }
        // The last start, after the last kill, ends in good order and leaves books in balance.
        let mut last = Started::of(&victim, folder, true)?;
        let found = last.found()?;
        hits.note(&found, &mut outcome);
        let ended = last.child.wait()?;
        outcome.hold(ended.success(), || format!("the last one ended with {ended}"));
        outcome.hold(found["leads"].as_u64() > Some(0), || "nothing was ever led".to_owned());
        let both = hits.half_heard > 0 && hits.fee_runs > 0;
        outcome.hold(both || kills < MANY, || "a kind of kill never happened".to_owned());
        outcome.count("kills", kills);
        outcome.count("during_a_start", early);
        outcome.count("in_the_middle_of_a_fan_out", hits.fan_outs);
        outcome.count("of_them_half_heard", hits.half_heard);
        outcome.count("in_the_middle_of_a_fee_run", hits.fee_runs);
        for name in ["leads", "outcomes", "months_billed"] {
            outcome.count(name, found[name].clone());
        }
        Ok(outcome)
    })
}

impl Hits {
    /// What a start found: what the death before it was in the middle of, and what does not hold.
    fn note(&mut self, found: &Value, outcome: &mut Outcome) {
        let died_in = |what: &str| u64::from(found[what] == true);
        self.fan_outs += died_in("died_in_fan_out");
        self.half_heard += died_in("died_half_heard");
        self.fee_runs += died_in("died_in_fees");
        let broken = found["broken"].as_array().into_iter().flatten();
        broken.filter_map(Value::as_str).for_each(|what| outcome.breach(what));
    }
}

/// The victim, built.
fn built(options: &Options) -> Result<PathBuf> {
    if let Some(binary) = &options.binary {
        return Ok(binary.clone());
    }
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

/// A victim that lives.
struct Started {
    child: Child,
    says: Lines<BufReader<ChildStdout>>,
}

impl Started {
    fn of(victim: &Path, folder: &Path, once: bool) -> Result<Self> {
        let mut command = Command::new(victim);
        command.arg("--folder").arg(folder).args(once.then_some("--once"));
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = child.with_context(|| format!("cannot start {}", victim.display()))?;
        let says = child.stdout.take().context("the victim has no output")?;
        Ok(Self { child, says: BufReader::new(says).lines() })
    }

    fn line(&mut self) -> Result<String> {
        match self.says.next() {
            Some(line) => Ok(line?),
            None => bail!("the victim ended by itself: {:?}", self.child.wait()?),
        }
    }

    /// What it found once everything had come to rest.
    fn found(&mut self) -> Result<Value> {
        let line = self.line()?;
        serde_json::from_str(&line).with_context(|| format!("the victim says: {line}"))
    }

    fn wait_for(&mut self, word: &str) -> Result<()> {
        while self.line()? != word {}
        Ok(())
    }
}
