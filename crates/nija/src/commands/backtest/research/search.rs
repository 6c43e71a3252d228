//! A sweep or a walk forward, and what is printed of it.

use super::super::options::{Format, Options, Rank, WalkForward};
use super::super::page::Table;
use super::super::report::{line, list, merged, percent, plain};
use super::super::teaching::{SMA_CROSS, Settings};
use super::gate::{self, Verdict};
use super::grid::Grid;
use super::results::Result;
use super::source::Source;
use super::study::{self, Study, Window, dollars};
use super::sweep::{self, Swept};
use super::walk::{self, Step, Walked};
use super::{print, threads};
use crate::statistics;
use anyhow::{Context, bail, ensure};
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
        Some(windows) => forward(options, &grid, sources, windows)?,
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
            let terms = if twice { gate::doubled(source.terms) } else { source.terms };
            study::study(&source.on(terms), &trial.settings, keep, window)
        };
        sources.iter().map(one).collect()
    };
    let stressed = again(true, Keep::default())?;
    let sum = |of: &dyn Fn(&Study) -> Money| stressed.iter().map(|s| dollars(of(s))).sum::<f64>();
    let gain = statistics::gain(sum(&Study::start), sum(&|study| study.equity));
    let verdict = Verdict::of(grid, &swept.results, (best, rank), gain.unwrap_or(0.0) * 100.0);
    let studies = again(false, super::keep(options))?;
    let tables = tables(options, grid, &swept, &verdict);
    super::report(options, &studies, &trial.settings, tables)?;
    match options.format {
        Format::Json => {
            let object = json!({
                "strategy": SMA_CROSS,
                "trials": swept.results.len(),
                "left_out": grid.left_out,
                "resumed": swept.resumed,
                "rank": rank.name(),
                "best_trial": best,
                "overfitting": verdict.told(),
                "best": print::object(&trial.settings, &studies),
                "sweep": swept.results.iter().map(|result| told(grid, result)).collect::<Vec<_>>(),
            });
            Ok(serde_json::to_string_pretty(&object)? + "\n")
        }
        Format::Text => {
            let mut text = table(options, grid, &swept);
            list(&mut text, "may the best be believed", &verdict.lines());
            text.push_str(&format!("\n{}\n", verdict.word()));
            text.push_str("\nthe best trial:\n");
            text.push_str(&print::table(&trial.settings, &studies));
            Ok(text)
        }
    }
}

fn values(grid: &Grid, trial: usize) -> Vec<(String, String)> {
    grid.trials.get(trial).map(|trial| trial.values.clone()).unwrap_or_default()
}

fn named(grid: &Grid, trial: usize) -> String {
    let values = values(grid, trial);
    values.iter().map(|(name, value)| format!("{name}={value} ")).collect()
}

fn told(grid: &Grid, result: &Result) -> Value {
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

/// How many there were.
fn counted(grid: &Grid, swept: &Swept) -> String {
    let mut text = format!("{} trials", swept.results.len());
    if grid.left_out > 0 {
        text.push_str(&format!(", {} left out because fast is not below slow", grid.left_out));
    }
    if swept.resumed > 0 {
        text.push_str(&format!(", {} of them found in the file of results", swept.resumed));
    }
    text
}

/// The best trials, each with its parameters and figures.
fn best(rank: Rank, grid: &Grid, swept: &Swept, most: usize) -> Vec<(String, [String; 5])> {
    let mut order: Vec<&Result> = swept.results.iter().collect();
    order.sort_by(|a, b| rank.of(b).total_cmp(&rank.of(a)).then(a.trial.cmp(&b.trial)));
    let row = |result: &Result| {
        let figures = [
            percent(Some(result.return_pct)),
            plain(result.sharpe),
            plain(result.calmar),
            percent(Some(result.max_drawdown_pct)),
            result.closed.to_string(),
        ];
        (named(grid, result.trial).trim_end().to_owned(), figures)
    };
    order.into_iter().take(most).map(row).collect()
}

fn table(options: &Options, grid: &Grid, swept: &Swept) -> String {
    let rank = options.search.rank;
    let mut text = counted(grid, swept);
    text.push_str(&format!("\n\nthe best {LISTED} by {}:\n", rank.name()));
    let heads = ["return", "sharpe", "calmar", "drawdown", "trades"];
    line(&mut text, "trial", heads.into_iter().map(str::to_owned));
    for (name, figures) in best(rank, grid, swept, LISTED) {
        line(&mut text, &name, figures.into_iter());
    }
    text
}

/// What a page tells of a sweep before it draws the best trial.
fn tables(options: &Options, grid: &Grid, swept: &Swept, verdict: &Verdict) -> Vec<Table> {
    let rank = options.search.rank;
    let rows = best(rank, grid, swept, SHOWN).into_iter();
    let rows: Vec<Vec<String>> =
        rows.map(|(name, figures)| std::iter::once(name).chain(figures).collect()).collect();
    let first = rows.first().and_then(|row| row.first()).map_or("", String::as_str);
    let about = format!(
        "{}. This page draws the best of them by {}, {first}.",
        counted(grid, swept),
        rank.name()
    );
    let lines = verdict.lines().into_iter().map(|line| format!("{line}."));
    let sentences = [about].into_iter().chain(lines).chain([verdict.word().to_owned()]).collect();
    let believed = Table { title: "May the best be believed?", sentences, ..Table::default() };
    let sentences = vec![format!("The best {} by {}.", rows.len(), rank.name())];
    let heads = vec!["Parameters", "Return", "Sharpe", "Calmar", "Deepest fall", "Trades"];
    vec![believed, Table { title: "Trials", sentences, heads, rows }]
}

fn forward(
    options: &Options,
    grid: &Grid,
    sources: &[Source],
    windows: WalkForward,
) -> anyhow::Result<String> {
    let [source] = sources else {
        bail!("walk over one file at a time");
    };
    let is_whole = options.from.is_none() && options.to.is_none() && options.report.is_none();
    ensure!(
        is_whole,
        "a walk goes over a whole file and draws nothing; leave --from, --to and --report away"
    );
    let rank = options.search.rank;
    let walked = walk::run(source, grid, (windows, rank), threads(options))?;
    // How much of what was seen a bar was found again a bar.
    let mean = |of: fn(&Step) -> f64| {
        walked.steps.iter().map(of).sum::<f64>() / walked.steps.len().max(1) as f64
    };
    let (seen, traded) = (mean(|step| step.seen_pct), mean(|step| step.traded_pct));
    let efficiency = (seen > 0.0).then(|| traded / seen);
    match options.format {
        Format::Json => {
            Ok(serde_json::to_string_pretty(&walk_object(grid, &walked, efficiency))? + "\n")
        }
        Format::Text => Ok(walk_table(grid, &walked, efficiency)),
    }
}

fn walk_object(grid: &Grid, walked: &Walked, efficiency: Option<f64>) -> Value {
    let step = |step: &Step| {
        json!({
            "from": step.from.to_string(),
            "to": step.to.to_string(),
            "chosen": named(grid, step.chosen).trim(),
            "start_equity": step.start,
            "final_equity": step.last,
            "seen_pct_a_bar": step.seen_pct,
            "traded_pct_a_bar": step.traded_pct,
        })
    };
    json!({
        "strategy": SMA_CROSS,
        "trials": walked.trials,
        "start_equity": walked.start,
        "final_equity": walked.last,
        "fees": walked.fees,
        "statistics": merged(&walked.curve, &walked.closed.read()),
        "efficiency": efficiency,
        "steps": walked.steps.iter().map(step).collect::<Vec<_>>(),
    })
}

fn walk_table(grid: &Grid, walked: &Walked, efficiency: Option<f64>) -> String {
    let mut text = format!(
        "{} windows, {} trials in all; everything below was chosen before it was traded\n\n",
        walked.steps.len(),
        walked.trials
    );
    line(&mut text, "final equity, $", std::iter::once(format!("{:.2}", walked.last)));
    for (name, cell) in [
        ("return", percent(Some(walked.curve.return_pct))),
        ("return a year", percent(walked.curve.cagr_pct)),
        ("sharpe", plain(walked.curve.sharpe)),
        ("max drawdown", percent(Some(walked.curve.max_drawdown_pct))),
        ("fees, $", format!("{:.2}", walked.fees)),
        ("trades closed", walked.closed.count.to_string()),
        ("efficiency", plain(efficiency)),
    ] {
        line(&mut text, name, std::iter::once(cell));
    }
    let told = |step: &Step| {
        let (from, chosen) = (step.from, named(grid, step.chosen));
        format!("{from} {chosen}${:.2} -> ${:.2}", step.start, step.last)
    };
    list(&mut text, "windows", &walked.steps.iter().map(told).collect::<Vec<_>>());
    text
}
