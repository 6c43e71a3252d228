//! What a backtest runs over: files of bars with their instruments, and the analyst that reads
//! them.
//!
//! The analyst is the shipped one, its strategies trade the files at hand; what a paper run would trade stays what
//! it is.

use super::books::{self, Places};
use super::chains::Chains;
use super::silence::Silence;
use super::{Options, contracts, tuned, universe};
use crate::catalog;
use crate::config::Config;
use crate::market;
use anyhow::{Context, bail, ensure};
use nija_core::words::catalog::Catalog;
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::{AssetClass, Hours, Instrument, Kind, VenueName};
use nija_core::words::money::{Price, Qty};
use nija_core::words::score::Score;
use nija_core::words::signal::StrategyName;
use nija_core::words::time::{Span, Timestamp};
use nija_engine::feeds::bars::{Bars, Summary, Terms};
use nija_engine::feeds::chain::modeled::{Modeled, Settings};
use nija_engine::feeds::merge::Merge;
use nija_engine::feeds::series::{Reading, Series};
use nija_engine::feeds::{Error, Feed, MarketEvent, csv, parquet};
use nija_engine::trader::Trader;
use nija_market::analyst::{Analyst, Setup};
use nija_market::candle::Timeframe;
use nija_market::engine::Want;
use nija_market::playbook::Playbook;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The id of the instrument of a series that is only looked at.
pub(super) const FIRST: InstrumentId = InstrumentId(1);
/// A mark of an unlisted instrument is stale after a daily bar and two hours, or after the longest
/// pause of New York: the numbers of the catalog.
const STALE_ALWAYS: Span = Span::seconds(93_600);
const STALE_NYSE: Span = Span::seconds(360_000);

/// Everything that goes into a run.
pub(super) struct Data {
    pub(super) instruments: Vec<Instrument>,
    pub(super) feed: Box<dyn Feed>,
    pub(super) trader: Trader,
    /// Does some market of it never close?
    pub(super) around_the_clock: bool,
    /// What to tell before the results.
    pub(super) notes: Vec<String>,
    /// What the strategies need that say nothing.
    pub(super) silence: Silence,
    /// What was read of each file, once the feed is let go.
    pub(super) files: Vec<Read>,
    /// Folders of ticks, each a venue of its own.
    pub(super) places: Places,
}

/// What was read of one file.
#[derive(Clone)]
pub(super) struct Read {
    name: String,
    summary: Arc<Mutex<Summary>>,
}

/// One file and what it is about.
pub(super) struct Source {
    pub(super) instrument: Instrument,
    pub(super) timeframe: Timeframe,
}

/// Reads what the options name.
pub(super) fn read(options: &Options, config: &Config) -> anyhow::Result<Data> {
    let mut catalog = catalog::read(config.instruments.as_deref())?;
    let heard = options.strategies()?;
    if options.demo_data {
        return shipped(options, config, (catalog, &heard));
    }
    let (mut sources, mut feeds, mut files) = (Vec::new(), Vec::<Box<dyn Feed>>::new(), Vec::new());
    let playbook = playbook(options, config)?;
    let mut places = Places::default();
    for path in books::coins_first(&options.data) {
        if path.is_dir() {
            feeds.push(places.add(path, options, (&playbook, &mut catalog.instruments))?);
            continue;
        }
        let source = source(path, options, &mut catalog.instruments)?;
        let terms = Terms {
            instrument: source.instrument.id,
            hours: source.instrument.hours,
            timeframe: source.timeframe,
            skip_bad: options.skip_bad,
        };
        let mut bars = open(path, terms)?.strict(options.strict);
        let first = bars.peek_time()?;
        ensure!(first.is_some(), "{}, line 2: there is no bar in it", path.display());
        let read = Read { name: path.display().to_string(), summary: Arc::default() };
        feeds.push(Box::new(Told { bars, summary: Arc::clone(&read.summary) }));
        files.push(read);
        sources.push(source);
    }
    let rolled = contracts::families(&options.roll, &sources)?;
    // What is named here is rolled so, whatever the catalog says of it.
    let is_named = |month| rolled.iter().any(|named| named.has(month));
    catalog.families.retain(|family| !family.months().any(|(month, _)| is_named(month)));
    let mut setup = asked(options, config, &catalog)?;
    let mut notes = if config.analyst.is_none() {
        universe::give(&mut setup, &sources, &rolled)
    } else {
        // A setup of the operator's own says what each strategy trades.
        market::roll(&mut setup.derivatives, &rolled);
        Vec::new()
    };
    let families = catalog.families.iter().chain(&rolled);
    notes.extend(families.filter_map(|family| contracts::note(family, &sources)));
    let instruments = catalog.instruments;
    places.give(&mut setup.crypto, &heard)?;
    let chains = Chains::of(options, &sources, &instruments)?;
    chains.note(&mut notes);
    let fresh = chains.underlyings.iter().map(|of| of.instrument);
    let fresh: Vec<InstrumentId> = fresh.filter(|id| !setup.equity.earnings.contains(id)).collect();
    setup.equity.earnings.extend(fresh);
    notes.extend(universe::untraded(&heard, &setup, &sources));
    let streams: Vec<Want> = sources.iter().map(Source::stream).collect();
    let silence = Silence::of(&heard, &setup, &streams);
    let around_the_clock =
        !places.is_empty() || sources.iter().any(|s| s.instrument.hours == Hours::Always);
    let trader = Trader::new(Analyst::new(&setup));
    feeds.extend(chains.feeds);
    let feed = Merge::new(feeds, &market::hours(sources.iter().map(|source| &source.instrument)));
    let feed: Box<dyn Feed> = match options.model_options {
        Some(spread) => {
            let straddle = setup.playbook.equity_earnings_volatility.parameters.straddle;
            let (jump, reports, rate) = (options.model_jump, straddle.moves, straddle.rate);
            let settings = Settings { spread, jump, reports, rate };
            let (shares, numbers) = (&chains.underlyings, &chains.numbers);
            let modeled = Modeled::new(feed, settings, shares, setup.calendar, numbers);
            Box::new(modeled.at_rates(setup.rates))
        }
        None => Box::new(feed),
    };
    Ok(Data { instruments, feed, trader, around_the_clock, notes, silence, files, places })
}

/// The shipped history, with the universe of a paper run.
fn shipped(
    options: &Options,
    config: &Config,
    (catalog, heard): (Catalog, &[StrategyName]),
) -> anyhow::Result<Data> {
    let setup = asked(options, config, &catalog)?;
    let instruments = catalog.instruments;
    Ok(Data {
        feed: Box::new(market::history(&instruments)?),
        trader: Trader::new(Analyst::new(&setup)),
        around_the_clock: true,
        notes: Vec::new(),
        silence: Silence::of(heard, &setup, &market::streams(&instruments)?),
        files: Vec::new(),
        places: Places::default(),
        instruments,
    })
}

impl Source {
    /// The stream that it is.
    const fn stream(&self) -> Want {
        Want { instrument: self.instrument.id, timeframe: self.timeframe }
    }
}

/// The setup of a paper run, with the parameters that the options write over.
fn asked(options: &Options, config: &Config, catalog: &Catalog) -> anyhow::Result<Setup> {
    let mut setup = market::setup(config, catalog)?;
    setup.liquidity = options.liquidity.map(Score::points).or(setup.liquidity);
    if let Some(path) = &options.earnings {
        setup.calendar = market::reports(path, &catalog.instruments)?;
    }
    setup.playbook = playbook(options, config)?;
    Ok(setup)
}

/// The configured playbook, with the parameters that the options write over.
fn playbook(options: &Options, config: &Config) -> anyhow::Result<Playbook> {
    let shipped = market::playbook(config)?;
    let Some(ticks) = books::Settings::of(options)? else {
        return tuned::playbook(shipped, &options.strategies()?, &options.param);
    };
    let mut playbook = tuned::playbook(shipped, &options.strategies()?, &ticks.rest)?;
    playbook.crypto_market_making.parameters.maker_fee = ticks.settings.maker_fee(options)?;
    playbook.crypto_arbitrage.parameters.fee = ticks.settings.taker_fee(options, 0);
    Ok(playbook)
}

fn open(path: &Path, terms: Terms) -> Result<Bars, Error> {
    let is_parquet = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("parquet"));
    if is_parquet { parquet::open(path, terms) } else { csv::open(path, terms) }
}

/// What a file is about and how long its bars are, as far as the options or its name say it: `BTC-USD/1d.csv`, or
/// `GOOG.csv` of bars that say it themselves.
pub(super) fn subject(
    path: &Path,
    options: &Options,
) -> anyhow::Result<(String, Option<Timeframe>)> {
    let shown = path.display();
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    let known = [".csv", ".csv.zst", ".parquet"].iter().any(|end| lower.ends_with(end));
    ensure!(known, "{shown}: name a file that ends in .csv, .csv.zst or .parquet");
    std::fs::metadata(path).with_context(|| shown.to_string())?;
    let stem = name.split('.').next().unwrap_or_default();
    let folder = path.parent().and_then(Path::file_name).and_then(|n| n.to_str());
    // Folders may name a venue behind the symbol: BTC-USDT.BINANCE.
    let folder = folder.and_then(|n| n.split('.').next()).filter(|n| !n.is_empty());
    let named: Option<Timeframe> = stem.parse().ok();
    let symbol = match (&options.symbol, named, folder) {
        (Some(symbol), ..) => symbol.clone(),
        (None, Some(_), Some(folder)) => folder.to_owned(),
        (None, None, _) if !stem.is_empty() => stem.to_owned(),
        _ => bail!("{shown}: say what it is about with --symbol, or name it SYMBOL/TIMEFRAME.csv"),
    };
    Ok((symbol, options.timeframe.or(named)))
}

/// Finds the instrument of a file, and how long its bars are where nobody says it.
fn source(
    path: &Path,
    options: &Options,
    instruments: &mut Vec<Instrument>,
) -> anyhow::Result<Source> {
    let (symbol, timeframe) = subject(path, options)?;
    let timeframe = match timeframe {
        Some(timeframe) => timeframe,
        None => {
            let step = Series::open(path, FIRST, Reading::default())?.step();
            let found = Timeframe::ALL.into_iter().find(|timeframe| timeframe.span() == step);
            found.with_context(|| {
                let (shown, seconds) = (path.display(), step.0 / 1_000_000);
                format!(
                    "{shown}: its bars are {seconds} s apart; say how long they are with \
                     --timeframe 1m, 5m, 15m, 1h or 1d"
                )
            })?
        }
    };
    if let Some(row) = instruments.iter().find(|row| row.symbol == symbol) {
        return Ok(Source { instrument: row.clone(), timeframe });
    }
    let Some(hours) = options.hours else {
        bail!("{symbol} is not in the catalog; say when it trades with --hours always, nyse or cme")
    };
    let hours = Hours::from(hours);
    let future = options.contract.iter().find(|named| named.symbol == symbol);
    ensure!(
        future.is_some() || hours != Hours::Cme,
        "{symbol}: --hours cme is for contracts; name it with --contract {symbol}=DOLLARS"
    );
    let mut instrument = unlisted(symbol, hours, instruments);
    if let Some(named) = future {
        instrument = named.row(instrument)?;
    }
    instruments.push(instrument.clone());
    Ok(Source { instrument, timeframe })
}

/// A catalog row for a symbol that has none.
pub(super) fn unlisted(symbol: String, hours: Hours, instruments: &[Instrument]) -> Instrument {
    let last = instruments.iter().map(|row| row.id.0).max().unwrap_or(0);
    let (class, kind, stale_after) = match hours {
        Hours::Always => (AssetClass::Crypto, Kind::Spot, STALE_ALWAYS),
        Hours::Nyse => (AssetClass::Equity, Kind::Share, STALE_NYSE),
        Hours::Cme => {
            let expiry = contracts::ENDLESS;
            let kind = Kind::Future { multiplier: 1, expiry, maintenance: None };
            (AssetClass::Derivatives, kind, STALE_NYSE)
        }
    };
    Instrument {
        id: InstrumentId(last.saturating_add(1)),
        symbol,
        class,
        kind,
        hours,
        tick: Price::STEP,
        lot: Qty::STEP,
        stale_after,
        venue: VenueName::Paper,
    }
}

/// A file's bars, telling what was read of them once nobody reads on.
struct Told {
    bars: Bars,
    summary: Arc<Mutex<Summary>>,
}

impl Feed for Told {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        self.bars.next()
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        self.bars.peek_time()
    }
}

// A run may end before the file does.
impl Drop for Told {
    fn drop(&mut self) {
        let mut summary = self.summary.lock().unwrap_or_else(PoisonError::into_inner);
        summary.clone_from(self.bars.summary());
    }
}

impl Read {
    /// What is worth telling: rows left out, and times without bars.
    pub(super) fn note(&self) -> Option<String> {
        let summary = self.summary.lock().unwrap_or_else(PoisonError::into_inner);
        told(&summary).map(|told| format!("{}: {told}", self.name))
    }
}

/// What is worth telling of what was read; none where all was well.
pub(super) fn told(summary: &Summary) -> Option<String> {
    let mut told = Vec::new();
    let count = |n: u64, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    if let Some((line, fault)) = &summary.first_skipped {
        let rows = count(summary.skipped, "row");
        told.push(format!("{rows} left out, the first in line {line}: {fault}"));
    }
    if let Some((line, fault)) = &summary.first_gap {
        let (gaps, longest) = (count(summary.gaps, "gap"), length(summary.longest_gap));
        told.push(format!("{gaps}, the longest of {longest}, the first in line {line}: {fault}"));
    }
    if let Some((line, fault)) = &summary.first_spike {
        let prices = count(summary.spikes, "odd price");
        told.push(format!("{prices}, the first in line {line}: {fault}"));
    }
    (!told.is_empty()).then(|| told.join("; "))
}

/// A length of time for people.
fn length(span: Span) -> String {
    match span.0 / 60_000_000 {
        minutes if minutes < 120 => format!("{minutes} minutes"),
        minutes if minutes < 2_880 => format!("{} hours", minutes / 60),
        minutes => format!("{} days", minutes / 1_440),
    }
}
