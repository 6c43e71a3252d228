//! `nija regimes`: the public scorecard of the regimes, on the shipped history or on a folder of daily bars. The one of
//! the shipped history is also what the API shows to anyone.

mod page;
mod table;

use crate::config::Config;
use crate::{analyst, catalog, market};
use anyhow::{Context, ensure};
use nija_api::Scorecard as Public;
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::{Hours, Instrument};
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
use std::sync::{Arc, OnceLock};

/// Costs of one side: taker fee, half spread and slippage, as the paper exchange takes them.
const CRYPTO_COST: f64 = 0.003;
const FUND_COST: f64 = 0.0005;
/// The first year that is held out where nobody names another.
const HELD_OUT_FROM: i16 = 2022;

/// What a folder may hold, in the order of their parts; the first and third are needed.
const SYMBOLS: [&str; 7] = ["BTC-USD", "ETH-USD", "SPY", "VIX", "VIX3M", "HYG", "TLT"];

/// How the scorecard is printed.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// A page with tables.
    Html,
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
    #[arg(long, default_value_t = HELD_OUT_FROM, value_parser = clap::value_parser!(i16).range(1970..2200))]
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
    let config = Config::read()?;
    let instruments = catalog::read(config.instruments.as_deref())?.instruments;
    let setup = options.analyst.as_deref().or(config.analyst.as_deref());
    let setup = analyst::read(setup, &instruments)?;
    let scorecard = read(options, setup, &instruments)?;
    match options.format {
        Format::Table => print!("{}", table::text(&scorecard)),
        Format::Json => println!("{}", json(&scorecard)?),
        Format::Html => print!("{}", page::html(&scorecard, options.tier)),
    }
    Ok(())
}

/// Works the scorecard of the shipped history out for the API, on a thread of its own that steps back for those that
/// serve: what is written here is there once that has ended.
pub(crate) fn publish() -> std::io::Result<Arc<OnceLock<Option<Public>>>> {
    let published = Arc::new(OnceLock::new());
    let place = Arc::clone(&published);
    std::thread::Builder::new().name("scorecard".to_owned()).spawn(move || {
        // A system that does not allow it works as before.
        let _ = rustix::process::nice(10);
        place.get_or_init(|| match public() {
            Ok(card) => Some(card),
            Err(why) => {
                tracing::error!(%why, "the scorecard of the regimes cannot be worked out");
                None
            }
        });
    })?;
    Ok(published)
}

fn public() -> anyhow::Result<Public> {
    let (demo_data, data, tier) = (true, None, Tier::Investor);
    let (held_out_from, analyst, format) = (HELD_OUT_FROM, None, Format::Json);
    let options = Options { demo_data, data, analyst, held_out_from, tier, format };
    // Of the shipped history by the shipped setup, whatever the operator trades.
    let card = read(&options, analyst::shipped()?, &catalog::read(None)?.instruments)?;
    Ok(Public::new(json(&card)?, page::html(&card, tier)))
}

fn json(card: &Scorecard) -> serde_json::Result<String> {
    serde_json::to_string_pretty(card)
}

fn read(options: &Options, setup: Setup, instruments: &[Instrument]) -> anyhow::Result<Scorecard> {
    let Setup { roles, thresholds, .. } = setup;
    let (mut feed, roles, bonds) = match &options.data {
        Some(path) => folder(path)?,
        None => {
            let read = |id: InstrumentId| roles.instruments().any(|role| role == id);
            (market::history_of(instruments, read)?, roles, None)
        }
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
