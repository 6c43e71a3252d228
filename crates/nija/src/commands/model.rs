//! `nija model`: trains the ranking of shares over a folder of daily bars, walking forward as a run would, and says
//! which of the two trades, the model or the plain baseline, and why.

use crate::market;
use anyhow::ensure;
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::Hours;
use nija_engine::feeds::bars::Terms;
use nija_engine::feeds::merge::Merge;
use nija_engine::feeds::{Feed, Kind, csv};
use nija_market::candle::Timeframe;
use nija_market::learn::ranker::{Parameters, Ranker};
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// A folder of shares with their daily bars, SYMBOL/1d.csv.
    #[arg(long)]
    data: PathBuf,
    /// Cost of one side, as a fraction.
    #[arg(long, default_value_t = Parameters::default().cost)]
    cost: f64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Prints the decision.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    ensure!((0.0..0.1).contains(&options.cost), "--cost is a fraction from 0 to below 0.1");
    let parameters = Parameters { cost: options.cost, ..Parameters::default() };
    let mut sources: Vec<Box<dyn Feed>> = Vec::new();
    for symbol in market::listing(&options.data)? {
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
        options.data.display(),
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
