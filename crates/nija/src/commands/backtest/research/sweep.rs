//! A sweep: every combination of some parameters over the same files, on all cores, streamed: a piece of a file is
//! read once and shown to many trials. Which thread does what changes no result.

use super::super::options::{Options, Rank};
use super::super::teaching::SMA_CROSS;
use super::grid::{Grid, Trial};
use super::progress::Progress;
use super::results::{self, Book, Head, Result};
use super::source::Source;
use super::study::{Study, Window};
use super::{crew, whole::Whole};
use nija_engine::research::Run;
use nija_engine::research::record::Keep;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Trials that are shown a piece of a file one after the other: their state stays in the cache.
const TOGETHER: usize = 64;

/// All trials of a sweep, in their order.
pub(in super::super) struct Swept {
    pub(in super::super) results: Vec<Result>,
    /// How many of them were found in the file of results.
    pub(in super::super) resumed: usize,
}

/// Runs all trials of the teaching strategy that are not done yet.
pub(super) fn run(
    options: &Options,
    grid: &Grid,
    sources: &[Source],
    window: Window,
    threads: usize,
) -> anyhow::Result<Swept> {
    let digest = |source: &Source| -> anyhow::Result<(String, String)> {
        Ok((source.path.display().to_string(), results::digest(&source.path)?))
    };
    let head = Head {
        nija_sweep: 1,
        strategy: SMA_CROSS.to_owned(),
        command: options.told(),
        data: sources.iter().map(digest).collect::<anyhow::Result<_>>()?,
    };
    let trials = (&grid.trials[..], &head);
    all(options, trials, (threads, TOGETHER), |trials| together(sources, trials, window))
}

/// Runs all trials that are not done yet, up to so many of them together.
pub(in super::super) fn all<T: Sync>(
    options: &Options,
    (trials, head): (&[T], &Head),
    (threads, most): (usize, usize),
    some: impl Fn(&[(usize, &T)]) -> anyhow::Result<Vec<Result>> + Sync,
) -> anyhow::Result<Swept> {
    let (book, mut done) = match &options.search.results {
        Some(path) => {
            let (book, done) = Book::open(path, head)?;
            (Some(book), done)
        }
        None => (None, BTreeMap::new()),
    };
    done.retain(|trial, _| *trial < trials.len());
    let resumed = done.len();
    let left: Vec<usize> = (0..trials.len()).filter(|trial| !done.contains_key(trial)).collect();
    let size = left.len().div_ceil(threads.max(1)).clamp(1, most);
    let batches: Vec<&[usize]> = left.chunks(size).collect();
    let progress = Progress::new("the trials", trials.len() as u64, resumed as u64);
    let book = Mutex::new(book);
    let results = crew::each(threads, &batches, |batch| {
        let batch: Vec<(usize, &T)> =
            batch.iter().filter_map(|at| Some((*at, trials.get(*at)?))).collect();
        let results = some(&batch)?;
        if let Some(book) = book.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            book.add(&results)?;
        }
        progress.add(results.len() as u64);
        Ok(results)
    })?;
    progress.finish();
    done.extend(results.into_iter().flatten().map(|result| (result.trial, result)));
    Ok(Swept { results: done.into_values().collect(), resumed })
}

/// Runs some trials over all files, each file read once for all of them.
fn together(
    sources: &[Source],
    trials: &[(usize, &Trial)],
    window: Window,
) -> anyhow::Result<Vec<Result>> {
    let mut studies: Vec<Vec<Study>> = trials.iter().map(|_| Vec::new()).collect();
    for source in sources {
        let mut series = source.open()?;
        let begin = |(_, trial): &(usize, &Trial)| {
            let plan = source.plan(trial.settings.size());
            Ok(Run::new(trial.settings.rule()?, plan, Keep::default()))
        };
        let mut runs = trials.iter().map(begin).collect::<anyhow::Result<Vec<_>>>()?;
        let mut candles = Vec::new();
        while series.next(&mut candles)? {
            let (before, inside) = window.split(&candles);
            for run in &mut runs {
                before.iter().for_each(|candle| run.warm(candle));
                inside.iter().for_each(|candle| run.on_candle(candle));
            }
        }
        for (run, studies) in runs.into_iter().zip(&mut studies) {
            studies.push(Study::of(source, run.finish(), series.summary().clone())?);
        }
    }
    let results = trials.iter().zip(&studies);
    Ok(results.map(|((trial, _), studies)| result(*trial, &Whole::of(studies))).collect())
}

pub(super) fn result(trial: usize, whole: &Whole) -> Result {
    Result {
        trial,
        final_equity: whole.last.to_string(),
        closed: whole.closed.count,
        return_pct: whole.curve.return_pct,
        sharpe: whole.curve.sharpe,
        calmar: whole.curve.calmar,
        max_drawdown_pct: whole.curve.max_drawdown_pct,
        returns: whole.returns(),
    }
}

impl Rank {
    /// The word of the option.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sharpe => "sharpe",
            Self::Return => "return",
            Self::Calmar => "calmar",
        }
    }

    /// What it looks at; the larger, the better. Trials without a figure come last.
    pub(super) fn of(self, result: &Result) -> f64 {
        let figure = match self {
            Self::Sharpe => result.sharpe,
            Self::Return => Some(result.return_pct),
            Self::Calmar => result.calmar,
        };
        figure.filter(|figure| !figure.is_nan()).unwrap_or(f64::NEG_INFINITY)
    }

    /// The best of them, the first of those that are equal.
    pub(in super::super) fn best(self, results: &[Result]) -> Option<usize> {
        let places = results.iter().enumerate();
        let better = |a: &(usize, &Result), b: &(usize, &Result)| {
            self.of(a.1).total_cmp(&self.of(b.1)).then(b.0.cmp(&a.0))
        };
        places.max_by(better).map(|(at, _)| at)
    }
}
