//! `cargo xtask test`: every step that must pass before a change lands, in order, stopping at the
//! first that fails. `.ci/run` calls this and nothing else, so a desk and the build machine judge
//! alike.

use crate::{deny, faults, openapi, sbom, shell, tidy};
use anyhow::{Context, Result, bail};
use std::time::{Duration, Instant};

/// One step: a heading and what it does.
struct Step {
    name: &'static str,
    run: fn() -> Result<()>,
}

const STEPS: &[Step] = &[
    Step { name: "fmt", run: fmt },
    Step { name: "clippy", run: clippy },
    Step { name: "tidy", run: || tidy::run(&[]) },
    Step { name: "deny", run: || deny::run(&[]) },
    Step { name: "sbom", run: || sbom::run(&[]) },
    Step { name: "tests", run: tests },
    Step { name: "doctests", run: doctests },
    Step { name: "openapi", run: || openapi::run(&[]) },
    Step { name: "faults", run: faults },
    Step { name: "schemathesis", run: || faults::run(&["schemathesis".to_owned()]) },
];

/// Runs all steps, or only those named.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let steps = chosen(args)?;
    let mut took = Vec::with_capacity(steps.len());
    for (index, step) in steps.iter().enumerate() {
        println!("\n=== {} of {}: {} ===", index + 1, steps.len(), step.name);
        let start = Instant::now();
        let done = (step.run)();
        took.push((step.name, start.elapsed()));
        if done.is_err() {
            println!("{}", summary(&took));
            println!("steps: {} passed, 1 failed", index);
        }
        done.with_context(|| {
            format!("step `{0}` failed; after mending: cargo xtask test {0}", step.name)
        })?;
    }
    println!("{}", summary(&took));
    println!("all steps passed");
    // The plain closing line that build machines count; a doc test run may close on zero tests.
    println!("steps: {} passed, 0 failed", steps.len());
    Ok(())
}

fn chosen(names: &[String]) -> Result<Vec<&'static Step>> {
    if let Some(name) = names.iter().find(|name| STEPS.iter().all(|step| step.name != *name)) {
        let known: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        bail!("no step `{name}`; the steps are {}", known.join(", "));
    }
    let wanted = |step: &&Step| names.is_empty() || names.iter().any(|name| name == step.name);
    Ok(STEPS.iter().filter(wanted).collect())
}

fn summary(took: &[(&str, Duration)]) -> String {
    let lines =
        took.iter().map(|(name, time)| format!("{name:>10} {:>8.1} s\n", time.as_secs_f64()));
    format!("\n{}", lines.collect::<String>())
}

fn fmt() -> Result<()> {
    shell::run("cargo", &["fmt", "--all", "--check"])
}

fn clippy() -> Result<()> {
    shell::run(
        "cargo",
        &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"],
    )
}

fn tests() -> Result<()> {
    if shell::is_there("cargo", &["nextest", "--version"]) {
        return shell::run("cargo", &["nextest", "run", "--workspace", "--locked"]);
    }
    println!("cargo-nextest is not installed; the built-in runner does the same tests, slower");
    shell::run("cargo", &["test", "--workspace", "--all-targets", "--locked"])
}

fn doctests() -> Result<()> {
    shell::run("cargo", &["test", "--doc", "--workspace", "--locked"])
}

/// The faults, each as often as a build machine has time for.
fn faults() -> Result<()> {
    const QUICK: &[&[&str]] = &[
        &["kill", "--times", "20"],
        &["syscalls", "eio", "--times", "1"],
        &["power", "stop", "--times", "3"],
        &["torn", "--times", "4"],
        &["copying", "--times", "10"],
        &["corruption", "--times", "10"],
        &["backup", "--times", "5000"],
        &["disk_full", "--times", "1"],
        &["mutants", "--times", "1000"],
    ];
    QUICK.iter().try_for_each(|args| {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        faults::run(&args)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_can_be_chosen_and_keep_their_order() {
        let names = |args: &[&str]| -> Result<Vec<&str>> {
            let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
            Ok(chosen(&args)?.iter().map(|step| step.name).collect())
        };
        assert_eq!(names(&[]).unwrap().len(), STEPS.len());
        assert_eq!(names(&["tidy", "fmt"]).unwrap(), ["fmt", "tidy"]);
        assert!(names(&["nonsense"]).unwrap_err().to_string().contains("clippy"));
    }
}
