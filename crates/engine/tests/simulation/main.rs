//! Deterministic simulation of the whole order path: real desks, gates, commit, gateway, recovery and exchange on
//! one thread and one simulated time, with a bad disk, a hostile venue, a jumping clock and deaths at any step.
//! One seed is one history; the same seed gives the same journal, byte for byte.
//!
//! A program instead of tests, so that a seed can be named: the test runner lists and runs what is in `TESTS`;
//! `--seeds N [--from M] [--steps K]` runs so many seeds and prints how to repeat what failed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should say where"
)]

mod auditor;
mod chance;
mod disk;
mod fault;
mod history;
mod laws;
mod process;
mod street;
mod truth;
mod venue;

use fault::Weather;
use history::{Outcome, live};
use std::collections::BTreeMap;
use std::ops::Range;
use std::process::ExitCode;

/// Steps of a history.
const STEPS: u32 = 200;

/// One test for the test runner.
struct Test {
    name: &'static str,
    run: fn() -> Result<(), String>,
}

const TESTS: &[Test] = &[
    Test { name: "no_seed_of_the_first_hundred_breaks_a_law", run: || seeds(0..100, STEPS) },
    Test { name: "no_seed_of_the_second_hundred_breaks_a_law", run: || seeds(100..200, STEPS) },
    Test { name: "the_same_seed_gives_the_same_journal", run: same_seed },
    Test { name: "no_venue_makes_orders_twice_or_unknown", run: || venues(0..4, 500) },
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    let number = |flag: &str| {
        let at = args.iter().position(|arg| arg == flag)?;
        args.get(at + 1)?.parse::<u64>().ok()
    };
    if has("--list") {
        let listed = if has("--ignored") { &[][..] } else { TESTS };
        listed.iter().for_each(|test| println!("{}: test", test.name));
        return ExitCode::SUCCESS;
    }
    let from = number("--from").unwrap_or(0);
    let steps = number("--steps").and_then(|n| u32::try_from(n).ok());
    if let Some(count) = number("--seeds") {
        return told(seeds(from..from + count, steps.unwrap_or(STEPS)));
    }
    if let Some(count) = number("--venues") {
        return told(venues(from..from + count, steps.unwrap_or(STEPS)));
    }
    let named = |test: &&Test| {
        let mut names = args.iter().filter(|arg| !arg.starts_with('-')).peekable();
        names.peek().is_none() || names.any(|name| test.name.contains(name.as_str()))
    };
    let mut failed = 0;
    for test in TESTS.iter().filter(named) {
        let done = (test.run)();
        println!("test {} ... {}", test.name, if done.is_ok() { "ok" } else { "FAILED" });
        failed += usize::from(done.inspect_err(|why| eprintln!("{why}")).is_err());
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn told(done: Result<(), String>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// Lives the histories of these seeds; tells every seed that broke a law and how to repeat it.
fn seeds(range: Range<u64>, steps: u32) -> Result<(), String> {
    run(range, steps, "--seeds", |seed| live(seed, steps, None))
}

/// The same with everything that venues do wrong, and nothing else.
fn venues(range: Range<u64>, steps: u32) -> Result<(), String> {
    run(range, steps, "--venues", |seed| live(seed, steps, Some(Weather::of_venues())))
}

fn run(
    range: Range<u64>,
    steps: u32,
    flag: &str,
    live: impl Fn(u64) -> Outcome,
) -> Result<(), String> {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    let (mut told, mut failed) = (String::new(), 0);
    let count = range.end - range.start;
    for seed in range {
        let outcome = live(seed);
        let mut add = |name: String, n| *sums.entry(name).or_default() += n;
        add("events".to_owned(), outcome.events);
        add("orders".to_owned(), outcome.orders);
        add("late fills".to_owned(), outcome.late);
        add("starts".to_owned(), outcome.starts);
        add("simulated seconds".to_owned(), outcome.lasted.as_millis().unsigned_abs() / 1_000);
        outcome.faults.iter().for_each(|(fault, n)| add(format!("{fault:?}"), *n));
        if let Some(breach) = outcome.breaches.first() {
            failed += 1;
            told += &format!("seed {seed}: {}: {} ({})\n", breach.law, breach.what, breach.at);
            told += &format!("  again: cargo test -p nija-engine --test simulation -- {flag} 1 ");
            told += &format!("--from {seed} --steps {steps}\n");
        }
    }
    println!("{sums:?}");
    println!("seeds: {} passed, {failed} failed", count - failed);
    if failed == 0 { Ok(()) } else { Err(told) }
}

/// The whole of a history follows from its seed.
fn same_seed() -> Result<(), String> {
    for seed in [3, 17, 40, 77, 1_001] {
        let (one, two) = (live(seed, STEPS, None), live(seed, STEPS, None));
        if one != two || one.heads.is_empty() {
            return Err(format!("seed {seed}: {:?}, then {:?}", one.heads, two.heads));
        }
    }
    Ok(())
}
