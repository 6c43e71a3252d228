//! `nija regimes`: the public scorecard of the regimes, on the shipped history or on a folder of daily bars.

mod table;

use crate::config::Config;
use crate::{analyst, catalog, market};
use anyhow::{Context, ensure};
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::Hours;
use nija_core::words::tier::{DEFAULT_TABLE, Tier, TierTable};
use nija_core::words::time::Timestamp;
use nija_engine::feeds::bars::Terms;
use nija_engine::feeds::merge::Merge;
use nija_engine::feeds::{Feed, Kind, csv};
use nija_market::analyst::{Analyst, Setup};
use nija_market::candle::Timeframe;
use nija_market::conditions::Roles;
use nija_market::regime::scorecard::{self, Parts, Recorder, Scorecard};
use std::path::{Path, PathBuf};

/// Costs of one side: taker fee, half spread and slippage, as the paper exchange takes them.
const CRYPTO_COST: f64 = 0.003;
const FUND_COST: f64 = 0.0005;

/// What a folder may hold, in the order of their parts; the first and third are needed.
const SYMBOLS: [&str; 7] = ["BTC-USD", "ETH-USD", "SPY", "VIX", "VIX3M", "HYG", "TLT"];

/// How the scorecard is printed.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The shipped history of January 2017 to 1 April 2020.
    #[arg(long, conflicts_with = "data", required_unless_present = "data")]
    demo_data: bool,
    /// A folder of daily bars, CLASS/SYMBOL/1d.csv or .csv.zst: BTC-USD and SPY, and ETH-USD, VIX, VIX3M, HYG and TLT
    /// where they are there.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Which markets name the regime, and its limits: a setup instead of the configured one. A folder's markets go by
    /// their names.
    #[arg(long, value_name = "FILE.toml")]
    analyst: Option<PathBuf>,
    /// First year that is held out: only from there on is anything called better or worse.
    #[arg(long, default_value_t = 2022, value_parser = clap::value_parser!(i16).range(1970..2200))]
    held_out_from: i16,
    /// Tier whose allocation is followed.
    #[arg(long, default_value = "INVESTOR")]
    tier: Tier,
    /// How to print it.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

/// Prints the scorecard.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let scorecard = read(options)?;
    match options.format {
        Format::Table => print!("{}", table::text(&scorecard)),
        Format::Json => println!("{}", serde_json::to_string_pretty(&scorecard)?),
    }
    Ok(())
}

fn read(options: &Options) -> anyhow::Result<Scorecard> {
    let config = Config::read()?;
    let instruments = catalog::read(config.instruments.as_deref())?.instruments;
    let setup = options.analyst.as_deref().or(config.analyst.as_deref());
    let Setup { roles, thresholds, .. } = analyst::read(setup, &instruments)?;
    let (mut feed, roles, bonds) = match &options.data {
        Some(path) => folder(path)?,
        None => (market::history(&instruments)?, roles, None),
    };
    let (crypto, index) =
        roles.leader.zip(roles.index).context("the analyst has no leader or no index")?;
    let mut analyst = Analyst::new(&Setup { roles, thresholds, ..Setup::default() });
    let mut recorder = Recorder::new(Parts { crypto, index, bonds });
    while let Some(event) = feed.next()? {
        let Kind::BarClosed(candle) = event.kind else { continue };
        if candle.timeframe() == Some(Timeframe::Day1) {
            analyst.on_candle(&candle);
            recorder.on_candle(&candle, &analyst.conditions());
        }
    }
    let tiers = TierTable::parse(DEFAULT_TABLE)?;
    let year = jiff::civil::date(options.held_out_from, 1, 1).to_zoned(jiff::tz::TimeZone::UTC)?;
    let terms = scorecard::Terms {
        rules: tiers.rules(options.tier),
        crypto_cost: CRYPTO_COST,
        fund_cost: FUND_COST,
        held_out_from: Timestamp(year.timestamp().as_microsecond()),
    };
    recorder
        .scorecard(&terms)
        .context("less than three closes with a known regime; give a longer history")
}

/// The daily bars of a folder with the part that each symbol plays, and the bonds.
fn folder(path: &Path) -> anyhow::Result<(Merge, Roles, Option<InstrumentId>)> {
    let mut sources: Vec<Box<dyn Feed>> = Vec::new();
    let mut found = [None; SYMBOLS.len()];
    for (place, symbol) in SYMBOLS.iter().enumerate() {
        let Some(file) = file(path, symbol)? else { continue };
        let instrument = InstrumentId(u32::try_from(place)? + 1);
        let hours = if place < 2 { Hours::Always } else { Hours::Nyse };
        // Implied volatility is published on some days on which shares do not trade: those rows are left out.
        let skip_bad = symbol.starts_with("VIX");
        let terms = Terms { instrument, hours, timeframe: Timeframe::Day1, skip_bad };
        sources.push(Box::new(csv::open(&file, terms)?));
        found[place] = Some(instrument);
    }
    let [leader, second, index, vix, vix3m, credit, bonds] = found;
    ensure!(
        leader.is_some() && index.is_some(),
        "{}: no daily bars of BTC-USD and SPY; expected CLASS/SYMBOL/1d.csv",
        path.display()
    );
    let merge = Merge::new(sources, &[Hours::Always, Hours::Nyse]);
    Ok((merge, Roles { leader, second, index, vix, vix3m, credit }, bonds))
}

/// Where the daily bars of a symbol are, in whatever class.
fn file(path: &Path, symbol: &str) -> anyhow::Result<Option<PathBuf>> {
    let classes = market::listing(path)?.into_iter();
    let mut files = classes
        .flat_map(|class| ["1d.csv", "1d.csv.zst"].map(|name| class.join(symbol).join(name)));
    Ok(files.find(|file| file.is_file()))
}
