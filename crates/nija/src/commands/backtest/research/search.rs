//! A sweep or a walk forward, and what is printed of it.

use super::super::options::{Format, Options, Rank};
use super::super::page::Table;
use super::super::report::{columns, list, percent, plain};
use super::super::teaching::{SMA_CROSS, Settings};
use super::gate::{self, Verdict};
use super::grid::Grid;
use super::results::Result;
use super::source::Source;
use super::study::{self, Study, Window, dollars};
use super::sweep::{self, Swept};
use super::walk;
use super::{print, threads};
use crate::statistics;
use anyhow::Context;
use nija_core::words::money::Money;
use nija_engine::research::record::Keep;
use serde_json::{Value, json};
use std::io::Write;
use std::time::Instant;

/// Trials that are listed for people, and on a page; JSON has them all.
const LISTED: usize = 10;
const SHOWN: usize = 50;

pub(super) fn run(
    options: &Options,
    settings: &Settings,
    sources: &[Source],
) -> anyhow::Result<()> {
    let grid = Grid::of(settings, &options.search.sweep)?;
    let began = Instant::now();
    let text = match options.search.walk_forward {
        Some(windows) => {
            let manner = sources.first().map(|source| source.manner).unwrap_or_default();
            let walked = walk::file::run(options, &grid, sources, windows)?;
            walked.print(options, |object| print::manner(object, manner))?
        }
        None => over(options, &grid, sources)?,
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    writeln!(std::io::stderr(), "{:.2} s", began.elapsed().as_secs_f64())?;
    Ok(())
}

fn over(options: &Options, grid: &Grid, sources: &[Source]) -> anyhow::Result<String> {
    let window = Window { from: options.from, to: options.to };
    let swept = sweep::run(options, grid, sources, window, threads(options))?;
    let rank = options.search.rank;
    let best = rank.best(&swept.results).context("nothing was tried")?;
    let trial = grid.trials.get(best).context("nothing was tried")?;
    let again = |twice: bool, keep: Keep| -> anyhow::Result<Vec<Study>> {
        let one = |source: &Source| {
            let dear = twice.then(|| gate::doubled(source.terms, source.manner));
            let (terms, manner) = dear.unwrap_or((source.terms, source.manner));
            study::study(&source.on(terms, manner), &trial.settings, keep, window)
        };
        sources.iter().map(one).collect()
    };
    let stressed = again(true, Keep::default())?;
    let sum = |of: &dyn Fn(&Study) -> Money| stressed.iter().map(|s| dollars(of(s))).sum::<f64>();
    let gain = statistics::gain(sum(&Study::start), sum(&|study| study.equity));
    let verdict = Verdict::of(grid, &swept.results, (best, rank), gain.unwrap_or(0.0) * 100.0);
    let studies = again(false, super::keep(options))?;
    let found = Found { grid, swept: &swept, best, verdict: &verdict };
    super::report(options, &studies, &trial.settings, found.tables(options))?;
    match options.format {
        Format::Json => found.object(options, SMA_CROSS, &print::object(&trial.settings, &studies)),
        Format::Text => Ok(found.text(options, &print::table(&trial.settings, &studies))),
    }
}

/// What a sweep found.
pub(in super::super) struct Found<'a, S> {
    pub(in super::super) grid: &'a Grid<S>,
    pub(in super::super) swept: &'a Swept,
    pub(in super::super) best: usize,
    pub(in super::super) verdict: &'a Verdict,
}

impl<S> Found<'_, S> {
    /// As JSON, with what the best trial came to.
    pub(in super::super) fn object(
        &self,
        options: &Options,
        strategy: &str,
        best: &Value,
    ) -> anyhow::Result<String> {
        let results = self.swept.results.iter();
        let object = json!({
            "strategy": strategy,
            "trials": self.swept.results.len(),
            "left_out": self.grid.left_out,
            "resumed": self.swept.resumed,
            "rank": options.search.rank.name(),
            "best_trial": self.best,
            "overfitting": self.verdict.told(),
            "best": best,
            "sweep": results.map(|result| told(self.grid, result)).collect::<Vec<_>>(),
        });
        Ok(serde_json::to_string_pretty(&object)? + "\n")
    }

    /// For people, with what the best trial came to.
    pub(in super::super) fn text(&self, options: &Options, best: &str) -> String {
        let rank = options.search.rank;
        let mut text = self.counted();
        text.push_str(&format!("\n\nthe best {LISTED} by {}:\n", rank.name()));
        let heads = ["return", "sharpe", "calmar", "drawdown", "trades"];
        columns(&mut text, ("trial", heads), &self.ranked(rank, LISTED));
        list(&mut text, "may the best be believed", &self.verdict.lines());
        text.push_str(&format!("\n{}\n\nthe best trial:\n{best}", self.verdict.word()));
        text
    }

    /// What a page tells of a sweep before it draws the best trial.
    pub(in super::super) fn tables(&self, options: &Options) -> Vec<Table> {
        let (rank, verdict) = (options.search.rank, self.verdict);
        let rows = self.ranked(rank, SHOWN).into_iter();
        let rows: Vec<Vec<String>> =
            rows.map(|(name, figures)| std::iter::once(name).chain(figures).collect()).collect();
        let first = rows.first().and_then(|row| row.first()).map_or("", String::as_str);
        let about = format!(
            "{}. This page draws the best of them by {}, {first}.",
            self.counted(),
            rank.name()
        );
        let lines = verdict.lines().into_iter().map(|line| format!("{line}."));
        let sentences =
            [about].into_iter().chain(lines).chain([verdict.word().to_owned()]).collect();
        let believed = Table { title: "May the best be believed?", sentences, ..Table::default() };
        let sentences = vec![format!("The best {} by {}.", rows.len(), rank.name())];
        let heads = vec!["Parameters", "Return", "Sharpe", "Calmar", "Deepest fall", "Trades"];
        vec![believed, Table { title: "Trials", sentences, heads, rows }]
    }

    /// How many there were.
    fn counted(&self) -> String {
        let mut text = format!("{} trials", self.swept.results.len());
        if self.grid.left_out > 0 {
            let left_out = self.grid.left_out;
            text.push_str(&format!(", {left_out} left out because fast is not below slow"));
        }
        if self.swept.resumed > 0 {
            let resumed = self.swept.resumed;
            text.push_str(&format!(", {resumed} of them found in the file of results"));
        }
        text
    }

    /// The best trials, each with its parameters and figures.
    fn ranked(&self, rank: Rank, most: usize) -> Vec<(String, [String; 5])> {
        let mut order: Vec<&Result> = self.swept.results.iter().collect();
        order.sort_by(|a, b| rank.of(b).total_cmp(&rank.of(a)).then(a.trial.cmp(&b.trial)));
        let row = |result: &Result| {
            let figures = [
                percent(Some(result.return_pct)),
                plain(result.sharpe),
                plain(result.calmar),
                percent(Some(result.max_drawdown_pct)),
                result.closed.to_string(),
            ];
            (named(self.grid, result.trial), figures)
        };
        order.into_iter().take(most).map(row).collect()
    }
}

fn values<S>(grid: &Grid<S>, trial: usize) -> Vec<(String, String)> {
    grid.trials.get(trial).map(|trial| trial.values.clone()).unwrap_or_default()
}

/// The swept parameters of a trial as they were written.
pub(in super::super) fn named<S>(grid: &Grid<S>, trial: usize) -> String {
    let values = values(grid, trial).into_iter();
    values.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

fn told<S>(grid: &Grid<S>, result: &Result) -> Value {
    let values: serde_json::Map<String, Value> =
        values(grid, result.trial).into_iter().map(|(name, value)| (name, json!(value))).collect();
    json!({
        "trial": result.trial,
        "parameters": values,
        "final_equity": result.final_equity,
        "closed": result.closed,
        "return_pct": result.return_pct,
        "sharpe": result.sharpe,
        "calmar": result.calmar,
        "max_drawdown_pct": result.max_drawdown_pct,
    })
}
