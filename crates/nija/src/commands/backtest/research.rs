//! A run of the teaching strategy on its own, without account rules (decision 0020): each file is an account of
//! its own with the same cash, all of them at once on all cores. Equal inputs print equal bytes.

mod closes;
pub(super) mod crew;
pub(super) mod gate;
pub(super) mod grid;
mod page;
mod print;
pub(super) mod progress;
mod regimes;
pub(super) mod results;
pub(super) mod search;
mod source;
mod study;
pub(super) mod sweep;
pub(super) mod walk;
pub(super) mod whole;

use study::Study;

use super::options::Options;
use super::page::Table;
use super::teaching::{SMA_CROSS, Settings};
use crate::config::Config;
use anyhow::ensure;
use nija_engine::research::record::Keep;
use std::io::Write;
use std::num::NonZero;
use std::time::Instant;

/// Trades that are listed of all files together, the same number of each; those beyond are counted.
const LISTED: usize = 10_000;
/// Candles of a chart.
const DRAWN: usize = 600;

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    check(options)?;
    let settings = Settings::of(&options.param)?;
    let sources = source::all(options, &Config::read()?)?;
    if !options.search.sweep.is_empty() {
        return search::run(options, &settings, &sources);
    }
    settings.rule()?;
    let began = Instant::now();
    let window = study::Window { from: options.from, to: options.to };
    let studies = crew::each(threads(options), &sources, |source| {
        study::study(source, &settings, keep(options), window)
    })?;
    let seconds = began.elapsed().as_secs_f64().max(1e-9);
    let bars: u64 = studies.iter().map(Study::bars).sum();
    report(options, &studies, &settings, Vec::new())?;
    std::io::stdout().lock().write_all(print::print(options, &settings, &studies)?.as_bytes())?;
    writeln!(std::io::stderr(), "{bars} bars in {seconds:.2} s ({:.0}/s)", bars as f64 / seconds)?;
    Ok(())
}

/// What is kept of a run that is printed: a chart only where one is drawn.
fn keep(options: &Options) -> Keep {
    let trades = LISTED / options.data.len().clamp(1, 100);
    Keep { trades, candles: if options.report.is_some() { DRAWN } else { 0 } }
}

/// Writes the report, if one was asked for.
fn report(
    options: &Options,
    studies: &[Study],
    settings: &Settings,
    tables: Vec<Table>,
) -> anyhow::Result<()> {
    let Some(path) = &options.report else {
        return Ok(());
    };
    super::page::keep(path, &page::page(studies, settings, tables))
}

/// Threads to use: those asked for, else one a core.
pub(super) fn threads(options: &Options) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    options.search.threads.map_or(cores, usize::from)
}

/// Refuses what a run without accounts cannot mean.
fn check(options: &Options) -> anyhow::Result<()> {
    ensure!(
        options.strategy.len() == 1,
        "{SMA_CROSS} trades on its own; run the platform's strategies without it"
    );
    ensure!(
        !options.demo_data,
        "{SMA_CROSS} runs over files; name them with --data, for example from data/demo"
    );
    ensure!(
        options.journal.is_none(),
        "a run of {SMA_CROSS} has no desk and so no journal; leave --journal away"
    );
    Ok(())
}
