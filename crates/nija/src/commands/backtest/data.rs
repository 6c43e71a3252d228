//! What a backtest runs over: files of bars with their instruments, and the analyst that reads
//! them.
//!
//! The analyst is the shipped one. Only where a whole class has nothing that it reads are the parts
//! and strategies of that class given to the files at hand; what a paper run would trade stays what
//! it is.

use super::books::{self, Places};
use super::chains::Chains;
use super::{Options, contracts, tuned};
use crate::catalog;
use crate::config::Config;
use crate::market;
use anyhow::{Context, bail, ensure};
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::{AssetClass, Hours, Instrument, Kind, VenueName};
use nija_core::words::money::{Price, Qty};
use nija_core::words::score::Score;
use nija_core::words::time::{Span, Timestamp};
use nija_engine::feeds::bars::{Bars, Summary, Terms};
use nija_engine::feeds::chain::modeled::{Modeled, Settings};
use nija_engine::feeds::merge::Merge;
use nija_engine::feeds::series::{Reading, Series};
use nija_engine::feeds::{Error, Feed, MarketEvent, csv, parquet};
use nija_engine::trader::Trader;
use nija_market::analyst::{Analyst, Setup};
use nija_market::candle::Timeframe;
use nija_market::engine::crypto::Scalped;
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
    /// What was read of each file, once the feed is at its end.
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
    let mut instruments = catalog::read(config.instruments.as_deref())?;
    if options.demo_data {
        let feed = Box::new(market::history(&instruments)?);
        let trader = Trader::new(Analyst::new(&asked(options, config, &instruments)?));
        let (notes, files, places) = (Vec::new(), Vec::new(), Places::default());
        let around_the_clock = true;
        return Ok(Data { instruments, feed, trader, around_the_clock, notes, files, places });
    }
    let (mut sources, mut feeds, mut files) = (Vec::new(), Vec::<Box<dyn Feed>>::new(), Vec::new());
    let playbook = playbook(options, config)?;
    let mut places = Places::default();
    for path in books::coins_first(&options.data) {
        if path.is_dir() {
            feeds.push(places.add(path, options, (&playbook, &mut instruments))?);
            continue;
        }
        let source = source(path, options, &mut instruments)?;
        let terms = Terms {
            instrument: source.instrument.id,
            hours: source.instrument.hours,
            timeframe: source.timeframe,
            skip_bad: options.skip_bad,
        };
        let mut bars = open(path, terms)?;
        let first = bars.peek_time()?;
        ensure!(first.is_some(), "{}, line 2: there is no bar in it", path.display());
        let read = Read { name: path.display().to_string(), summary: Arc::default() };
        feeds.push(Box::new(Told { bars, summary: Arc::clone(&read.summary) }));
        files.push(read);
        sources.push(source);
    }
    let mut wanted = asked(options, config, &instruments)?;
    wanted.derivatives.families = contracts::families(&options.roll, &sources)?;
    let (mut setup, mut notes) = setup(wanted, &sources);
    notes.extend(contracts::note(&options.roll));
    places.give(&mut setup.crypto, &options.strategies()?)?;
    let chains = Chains::of(options, &sources, &instruments)?;
    chains.note(&mut notes);
    let fresh = chains.underlyings.iter().map(|of| of.instrument);
    let fresh: Vec<InstrumentId> = fresh.filter(|id| !setup.equity.earnings.contains(id)).collect();
    setup.equity.earnings.extend(fresh);
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
            Box::new(Modeled::new(feed, settings, shares, setup.calendar, numbers))
        }
        None => Box::new(feed),
    };
    Ok(Data { instruments, feed, trader, around_the_clock, notes, files, places })
}

/// The setup of a paper run, with the parameters that the options write over.
fn asked(options: &Options, config: &Config, instruments: &[Instrument]) -> anyhow::Result<Setup> {
    let mut setup = market::setup(config, instruments)?;
    setup.liquidity = options.liquidity.map(Score::points);
    if let Some(path) = &options.earnings {
        setup.calendar = market::reports(path, instruments)?;
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

/// The shipped setup, with the classes of which it reads none of these files given to them.
fn setup(mut setup: Setup, sources: &[Source]) -> (Setup, Vec<String>) {
    let mut notes = Vec::new();
    let has = |id: InstrumentId| sources.iter().any(|s| s.instrument.id == id);
    let of = |class: AssetClass| {
        let mut ids: Vec<InstrumentId> = Vec::new();
        for source in sources.iter().filter(|s| s.instrument.class == class) {
            if source.instrument.is_tradable() && !ids.contains(&source.instrument.id) {
                ids.push(source.instrument.id);
            }
        }
        ids
    };
    let (crypto, mut equity) = (of(AssetClass::Crypto), of(AssetClass::Equity));
    if equity.len() > 1 {
        // The fund that credit is read from is an input, unless it is all there is.
        equity.retain(|id| setup.roles.credit != Some(*id));
    }
    let roles = &mut setup.roles;
    if !crypto.is_empty() && ![roles.leader, roles.second].into_iter().flatten().any(has) {
        (roles.leader, roles.second) = (crypto.first().copied(), crypto.get(1).copied());
        notes.push(
            "crypto is read from the given files: there is none of the leading markets".into(),
        );
    }
    if !equity.is_empty() && !roles.index.is_some_and(has) {
        roles.index = equity.first().copied();
        notes.push("the first file of equity stands for the index, which is not given".into());
    }
    let scalped = |s: &Scalped| {
        sources.iter().any(|f| f.instrument.id == s.instrument && f.timeframe <= s.timeframe)
    };
    let reads_crypto =
        setup.crypto.riding.iter().copied().any(has) || setup.crypto.scalping.iter().any(scalped);
    if !crypto.is_empty() && !reads_crypto {
        let intraday = sources.iter().filter(|s| crypto.contains(&s.instrument.id));
        let intraday = intraday.filter(|s| s.timeframe < Timeframe::Day1);
        let scalp = |s: &Source| Scalped {
            instrument: s.instrument.id,
            timeframe: s.timeframe,
            parameters: None,
        };
        setup.crypto.scalping = intraday.map(scalp).collect();
        setup.crypto.capture = crypto.clone();
        setup.crypto.riding = crypto;
        notes.push("the crypto strategies trade the given files".into());
    }
    let mut funds = setup.equity.reversion.iter().chain(&setup.equity.rotation).copied();
    if !equity.is_empty() && !funds.any(has) {
        setup.equity.reversion = equity.clone();
        setup.equity.swing = equity.clone();
        setup.equity.earnings = equity.clone();
        setup.equity.rotation = equity;
        notes.push("the equity strategies trade the given files".into());
    }
    let given = of(AssetClass::Derivatives);
    if !given.is_empty() && !setup.derivatives.instruments().any(|id| given.contains(&id)) {
        contracts::give(&mut setup, sources);
        notes.push("the derivatives strategies trade the given contracts".into());
    }
    (setup, notes)
}

/// A file's bars, telling what was read of them at the end.
struct Told {
    bars: Bars,
    summary: Arc<Mutex<Summary>>,
}

impl Feed for Told {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        let event = self.bars.next()?;
        if event.is_none() {
            *self.summary.lock().unwrap_or_else(PoisonError::into_inner) =
                self.bars.summary().clone();
        }
        Ok(event)
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        self.bars.peek_time()
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
    if let Some((line, fault)) = &summary.first_skipped {
        told.push(format!("{} rows left out, the first in line {line}: {fault}", summary.skipped));
    }
    if summary.gaps > 0 {
        told.push(format!("{} gaps, the longest of {}", summary.gaps, length(summary.longest_gap)));
    }
    if let Some((line, fault)) = &summary.first_spike {
        told.push(format!("{} odd prices, the first in line {line}: {fault}", summary.spikes));
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
