//! The simulations: the whole order path on one thread and one simulated time, seed by seed, and days of a thousand
//! users on the real store. Both are programs of the product's own tests and benches; this runs them, built for
//! release, and reads what they print: a line of JSON, and a line for each promise that was broken.

use super::{Options, Outcome};
use crate::shell;
use anyhow::{Context, Result};
use serde_json::Value;
use std::process::{Command, Stdio};

/// Seeds, orders and days where nobody says more.
const SEEDS: u64 = 10_000;
const ORDERS: u64 = 100_000;
const DAYS: u64 = 1;

const SIMULATION: [&str; 6] =
    ["test", "--release", "--locked", "--package", "nija-engine", "--test"];
const SOAK: [&str; 6] = ["bench", "--quiet", "--locked", "--package", "nija", "--bench"];

/// Histories with faults of every sort.
pub(super) fn run(options: &Options) -> Result<Outcome> {
    let (seeds, from) = (options.times.unwrap_or(SEEDS).to_string(), options.seed.to_string());
    told(&SIMULATION, &["simulation", "--", "--seeds", &seeds, "--from", &from])
}

/// Histories with a venue that does everything wrong.
pub(super) fn venues(options: &Options) -> Result<Outcome> {
    let (orders, from) = (options.times.unwrap_or(ORDERS).to_string(), options.seed.to_string());
    told(&SIMULATION, &["simulation", "--", "--orders", &orders, "--from", &from])
}

/// Days of a thousand users.
pub(super) fn days(options: &Options) -> Result<Outcome> {
    let (days, seed) = (options.times.unwrap_or(DAYS).to_string(), options.seed.to_string());
    told(&SOAK, &["soak", "--", "--days", &days, "--seed", &seed])
}

/// Runs a program through cargo and takes its account.
fn told(cargo: &[&str], args: &[&str]) -> Result<Outcome> {
    let mut command = Command::new("cargo");
    command.args(cargo).args(args).current_dir(shell::root());
    let done = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let done = done.context("cannot start `cargo`; is it installed?")?;
    let mut outcome = Outcome::default();
    account(&String::from_utf8_lossy(&done.stdout), &mut outcome);
    let silent = !done.status.success() && outcome.passed();
    outcome.hold(!silent, || format!("the program ended with {}", done.status));
    Ok(outcome)
}

/// Reads what a program printed.
fn account(text: &str, outcome: &mut Outcome) {
    for line in text.lines() {
        if line.starts_with("seed ") || line.starts_with("broken ") {
            outcome.breach(line);
        } else if line.starts_with('{')
            && let Ok(counts @ Value::Object(_)) = serde_json::from_str(line)
        {
            outcome.count("counts", counts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_breaches_are_read_and_the_rest_is_not() {
        let mut outcome = Outcome::default();
        account("test a ... ok\n{\"orders\": 3}\nseeds: 1 passed, 0 failed\n", &mut outcome);
        assert!(outcome.passed());
        account("seed 7: a law: order 1\n", &mut outcome);
        assert!(!outcome.passed());
        let json = outcome.json("simulate", "R16", std::time::Duration::ZERO);
        assert_eq!(json["counts"]["counts"]["orders"], 3);
    }
}
