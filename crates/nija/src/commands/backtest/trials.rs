//! A sweep of a strategy of the platform: every combination of some of its parameters, each a run of its own through
//! desk, gates and ledger, on all cores. Which thread does what changes no result.

use super::days::number;
use super::options::{Format, Options};
use super::research::gate::{self, Verdict};
use super::research::grid::{Grid, Trial, Tunable};
use super::research::results::{self, Head, Result};
use super::research::search::Found;
use super::research::{sweep, threads, whole};
use super::tally::Tally;
use super::{Outcome, data, once, page, report, rules, sheet, tuned};
use crate::config::Config;
use crate::market;
use crate::statistics::{self, Closed};
use anyhow::{Context, ensure};
use nija_engine::backtest::tape::Tape;
use nija_engine::sim::Rules;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

/// Parameters of one strategy, as `--param` writes them.
#[derive(Clone)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Tunable for Parameters {
    fn set(&mut self, name: &str, value: &str) -> anyhow::Result<()> {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.to_owned()));
        Ok(())
    }
    fn is_sane(&self) -> bool {
        true
    }
}

pub(super) fn run(options: &Options, config: &Config) -> anyhow::Result<()> {
    let (name, grid) = (check(options)?, grid(options, config)?);
    let began = Instant::now();
    let rules = rules(options)?;
    let some = |trials: &[(usize, &Trial<Parameters>)]| -> anyhow::Result<Vec<Result>> {
        let one = |(at, trial): &(usize, &Trial<Parameters>)| {
            let (outcome, tally) = tried(options, (config, rules), trial)?;
            Ok(result(*at, options, (&outcome, &tally)))
        };
        trials.iter().map(one).collect()
    };
    let head = head(options, name)?;
    let swept = sweep::all(options, (&grid.trials, &head), (threads(options), 1), some)?;
    let best = options.search.rank.best(&swept.results).context("nothing was tried")?;
    let trial = grid.trials.get(best).context("nothing was tried")?;
    let (outcome, tally) = tried(options, (config, gate::dearer(rules)), trial)?;
    let stressed = result(best, options, (&outcome, &tally)).return_pct;
    let verdict = Verdict::of(&grid, &swept.results, (best, options.search.rank), stressed);
    let (outcome, tally) = tried(options, (config, rules), trial)?;
    let found = Found { grid: &grid, swept: &swept, best, verdict: &verdict };
    if let Some(path) = &options.report {
        let tables = found.tables(options);
        page::keep(path, &sheet::page(&alone(options, trial), &outcome, &tally, tables))?;
    }
    let best = report::print(&alone(options, trial), &outcome, &tally)?;
    let text = match options.format {
        Format::Json => found.object(options, name, &serde_json::from_str(&best)?)?,
        Format::Text => found.text(options, &best),
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    writeln!(std::io::stderr(), "{:.2} s", began.elapsed().as_secs_f64())?;
    Ok(())
}

/// The trials; what is wrong with a parameter of one of them is told before anything runs.
pub(super) fn grid(options: &Options, config: &Config) -> anyhow::Result<Grid<Parameters>> {
    let grid = Grid::of(&Parameters(options.param.clone()), &options.search.sweep)?;
    let playbook = market::playbook(config)?;
    for trial in &grid.trials {
        let _ = tuned::playbook(playbook.clone(), &options.strategies()?, &trial.settings.0)?;
    }
    Ok(grid)
}

/// Refuses what a sweep cannot mean; gives the name of the strategy.
pub(super) fn check(options: &Options) -> anyhow::Result<&str> {
    let [strategy] = &options.strategy[..] else {
        anyhow::bail!("--sweep is about one strategy; name one with --strategy");
    };
    ensure!(options.tiers().len() == 1, "a sweep is run on one tier; name it with --tier");
    ensure!(options.journal.is_none(), "a sweep keeps no journal; run the best trial with --param");
    let folder = options.data.iter().find(|path| path.is_dir());
    if let Some(folder) = folder {
        anyhow::bail!("{}: a sweep goes over files of bars", folder.display());
    }
    Ok(strategy)
}

/// The options of one trial.
fn alone(options: &Options, trial: &Trial<Parameters>) -> Options {
    let mut options = options.clone();
    options.param.clone_from(&trial.settings.0);
    options.search.sweep.clear();
    options
}

/// One trial.
pub(super) fn tried(
    options: &Options,
    (config, rules): (&Config, Rules),
    trial: &Trial<Parameters>,
) -> anyhow::Result<(Outcome, Tally)> {
    let options = alone(options, trial);
    let data = data::read(&options, config)?;
    once(&options, (config, rules), data, Arc::new(Tape::default()))
}

/// What a trial came to.
pub(super) fn result(
    trial: usize,
    options: &Options,
    (outcome, tally): (&Outcome, &Tally),
) -> Result {
    let start = number(options.cash);
    let points = outcome.curves.first().map(Vec::as_slice).unwrap_or_default();
    let curve = statistics::curve(start, points, outcome.year);
    let profits = tally.accounts.first().map(|account| account.profits());
    Result {
        trial,
        final_equity: outcome.finals.first().copied().unwrap_or_default().to_string(),
        closed: Closed::of(profits.into_iter().flatten()).count,
        return_pct: curve.return_pct,
        sharpe: curve.sharpe,
        calmar: curve.calmar,
        max_drawdown_pct: curve.max_drawdown_pct,
        returns: whole::returns(start, points),
    }
}

/// What trials depend on: everything that was asked for but how it is shown.
pub(super) fn head(options: &Options, strategy: &str) -> anyhow::Result<Head> {
    let mut asked = options.clone();
    (asked.search.results, asked.search.threads, asked.report) = (None, None, None);
    asked.format = Format::Text;
    let files = options.data.iter().chain(&options.chain).chain(&options.earnings);
    let digest = |path: &std::path::PathBuf| -> anyhow::Result<(String, String)> {
        Ok((path.display().to_string(), results::digest(path)?))
    };
    Ok(Head {
        nija_sweep: 1,
        strategy: strategy.to_owned(),
        command: format!("{asked:?}"),
        data: files.map(digest).collect::<anyhow::Result<_>>()?,
    })
}
