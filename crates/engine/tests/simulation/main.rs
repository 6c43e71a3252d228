//! Deterministic simulation of the whole order path: real desks, gates, commit, gateway, recovery and exchange on
//! one thread and one simulated time, with a bad disk, a hostile venue, a jumping clock and deaths at any step.
//! One seed is one history; the same seed gives the same journal, byte for byte.
//!
//! A program instead of tests, so that a seed can be named: the test runner lists and runs what is in `TESTS`;
//! `--seeds N [--from M] [--steps K]` lives so many seeds and prints how to repeat what failed, `--orders N` lives
//! seeds with everything that venues do wrong until there were so many orders.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should say where"
)]

mod auditor;
mod chance;
mod copying;
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
const STEPS: u32 = 150;

/// One test for the test runner.
struct Test {
    name: &'static str,
    run: fn() -> Result<(), String>,
}

const TESTS: &[Test] = &[
    Test { name: "no_seed_of_the_first_hundred_breaks_a_law", run: || seeds(0..100, STEPS) },
    Test { name: "no_seed_of_the_second_hundred_breaks_a_law", run: || seeds(100..200, STEPS) },
    Test { name: "the_same_seed_gives_the_same_journal", run: same_seed },
    Test { name: "no_venue_makes_orders_twice_or_unknown", run: || venues(0, 1_000, STEPS) },
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
    let steps = number("--steps").and_then(|n| u32::try_from(n).ok()).unwrap_or(STEPS);
    if let Some(orders) = number("--orders") {
        return told(venues(from, orders, steps));
    }
    if let Some(count) = number("--seeds") {
        return told(seeds(from..from + count, steps));
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
    let mut sums = Sums::default();
    for seed in range {
        sums.add(seed, &live(seed, steps, None), &format!("--seeds 1 --steps {steps}"));
    }
    sums.told()
}

/// The same with everything that venues do wrong, and nothing else, until there were so many orders.
fn venues(from: u64, orders: u64, steps: u32) -> Result<(), String> {
    let mut sums = Sums::default();
    let mut seed = from;
    while sums.counts.get("orders").is_none_or(|n| *n < orders) {
        let outcome = live(seed, steps, Some(Weather::of_venues()));
        sums.add(seed, &outcome, &format!("--orders 1 --steps {steps}"));
        seed += 1;
    }
    sums.told()
}

/// What many histories come to.
#[derive(Default)]
struct Sums {
    counts: BTreeMap<String, u64>,
    lived: u64,
    failed: u64,
    told: String,
}

impl Sums {
    fn add(&mut self, seed: u64, outcome: &Outcome, again: &str) {
        self.lived += 1;
        let mut add = |name: &str, n| *self.counts.entry(name.to_owned()).or_default() += n;
        add("events", outcome.events);
        add("orders", outcome.orders);
        add("late fills", outcome.late);
        add("leads heard", outcome.heard);
        add("months billed", outcome.months);
        add("starts", outcome.starts);
        add("simulated seconds", outcome.lasted.as_millis().unsigned_abs() / 1_000);
        outcome.faults.iter().for_each(|(fault, n)| add(&format!("{fault:?}"), *n));
        if let Some(breach) = outcome.breaches.first() {
            self.failed += 1;
            let (law, what, at) = (breach.law, &breach.what, breach.at);
            self.told += &format!("seed {seed}: {law}: {what} ({at}); again: ");
            self.told += "cargo test -p nija-engine --test simulation -- ";
            self.told += &format!("{again} --from {seed}\n");
        }
    }

    fn told(self) -> Result<(), String> {
        // Names and numbers only, so this is JSON, too.
        println!("{:?}", self.counts);
        println!("seeds: {} passed, {} failed", self.lived - self.failed, self.failed);
        if self.failed == 0 { Ok(()) } else { Err(self.told) }
    }
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
