//! `nija model`: lets what learns run over history, walking forward as in a run, and says whether it or its plain
//! baseline trades, and why: over a folder of shares the ranking, over the shipped history the weight of strategies.

use crate::config::Config;
use crate::{catalog, market};
use anyhow::ensure;
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::Hours;
use nija_engine::feeds::bars::Terms;
use nija_engine::feeds::merge::Merge;
use nija_engine::feeds::{Feed, Kind, csv};
use nija_market::analyst::Analyst;
use nija_market::candle::Timeframe;
use nija_market::learn::overfit::Judgment;
use nija_market::learn::ranker::{Parameters, Ranker};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Judge the weighting of the shipped strategies over the shipped history.
    #[arg(long, conflicts_with = "data", required_unless_present = "data")]
    demo_data: bool,
    /// Judge the ranking of shares over a folder of daily bars, SYMBOL/1d.csv.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Cost of one side when ranking, as a fraction.
    #[arg(long, default_value_t = Parameters::default().cost)]
    cost: f64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Prints the decision.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    ensure!((0.0..0.1).contains(&options.cost), "--cost is a fraction from 0 to below 0.1");
    match &options.data {
        Some(path) => ranking(path, options),
        None => weighting(options),
    }
}

fn weighting(options: &Options) -> anyhow::Result<()> {
    let config = Config::read()?;
    let catalog = catalog::read(config.instruments.as_deref())?;
    let mut feed = market::history(&catalog.instruments)?;
    let mut analyst = Analyst::new(&market::setup(&config, &catalog)?);
    while let Some(event) = feed.next()? {
        if let Kind::BarClosed(candle) = event.kind {
            analyst.on_candle(&candle);
        }
    }
    let judgment = analyst.weighting();
    if options.json {
        println!("{}", serde_json::to_string_pretty(&judgment)?);
    } else {
        println!("{}.", sentence(judgment));
    }
    Ok(())
}

/// Whether strategies are weighed by what was learned, and why.
pub(super) fn sentence(judgment: Option<&Judgment>) -> String {
    let Some(judgment) = judgment else {
        return "All strategies are followed alike: too few trades have ended".to_owned();
    };
    let verdict = if judgment.passed {
        "Strategies are weighed by their results"
    } else {
        "All strategies are followed alike"
    };
    let needed = match judgment.minimum_length {
        Some(trades) => format!("{trades:.0} trades like these would be needed"),
        None => "no number of trades like these would do".to_owned(),
    };
    format!(
        "{verdict}: what weighting earned beyond that has a deflated Sharpe ratio of {:.3}, of which 0.950 is \
         asked; {needed}",
        judgment.deflated
    )
}

fn ranking(path: &Path, options: &Options) -> anyhow::Result<()> {
    let parameters = Parameters { cost: options.cost, ..Parameters::default() };
    let mut sources: Vec<Box<dyn Feed>> = Vec::new();
    for symbol in market::listing(path)? {
        let file = symbol.join("1d.csv");
        if file.is_file() {
            let instrument = InstrumentId(u32::try_from(sources.len())? + 1);
            let (hours, timeframe) = (Hours::Nyse, Timeframe::Day1);
            let terms = Terms { instrument, hours, timeframe, skip_bad: false };
            sources.push(Box::new(csv::open(&file, terms)?));
        }
    }
    ensure!(
        sources.len() >= parameters.least_shares,
        "{}: {} shares with daily bars, and ranking needs {}; expected SYMBOL/1d.csv",
        path.display(),
        sources.len(),
        parameters.least_shares
    );
    let universe: Vec<InstrumentId> =
        (1..=u32::try_from(sources.len())?).map(InstrumentId).collect();
    let mut ranker = Ranker::new(&universe, parameters);
    let mut feed = Merge::new(sources, &[Hours::Nyse]);
    while let Some(event) = feed.next()? {
        if let Kind::BarClosed(candle) = event.kind {
            ranker.on_candle(&candle);
        }
    }
    let promotion = ranker.promotion();
    if options.json {
        println!("{}", serde_json::to_string_pretty(promotion)?);
    } else {
        println!("{promotion}.");
    }
    Ok(())
}
