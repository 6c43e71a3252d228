//! `nija check-config`: what `nija serve` asks itself at its start, without starting.

use crate::check;
use crate::config;
use nija_core::ports::Clock;
use nija_engine::clock::Real;
use std::io::Write;
use std::process::ExitCode;

/// How to tell it.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let (_, report) = check::look(&config::variables()?, Real.now());
    let mut out = std::io::stdout().lock();
    if options.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report.json())?)?;
    } else {
        report.lines().iter().try_for_each(|line| writeln!(out, "{line}"))?;
    }
    Ok(if report.is_refused() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
