//! What a run trades: the shipped history, an operator's files, or generated prices; and the paper exchange.

use crate::analyst;
use crate::config::Config;
use anyhow::{Context, bail, ensure};
use nija_core::words::catalog::{Catalog, Family};
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::{AssetClass, Hours, Instrument, Kind};
use nija_core::words::money::Price;
use nija_core::words::time::{Span, Timestamp};
use nija_engine::feeds::bars::Terms;
use nija_engine::feeds::chain::{Numbers, Underlying, recorded};
use nija_engine::feeds::generator::{Generator, Mood, Motion, Path as Generated, Settings};
use nija_engine::feeds::merge::Merge;
use nija_engine::feeds::recorder::Recorder;
use nija_engine::feeds::{self, Error, Feed, MarketEvent, csv};
use nija_engine::sim;
use nija_engine::trader::Trader;
use nija_market::analyst::{Analyst, Setup};
use nija_market::candle::Timeframe;
use nija_market::earnings::{self, Report};
use nija_market::engine::{Contract, Want, derivatives};
use nija_market::playbook::Playbook;
use nija_market::rates;
use std::collections::BTreeMap;
use std::path::Path;

/// One recorded file and the instrument it is about.
struct Recorded {
    symbol: &'static str,
    file: &'static str,
    timeframe: Timeframe,
    text: &'static str,
}

macro_rules! recorded {
    ($($symbol:literal $file:literal $timeframe:ident;)*) => {
        [$(Recorded {
            symbol: $symbol,
            file: $file,
            timeframe: Timeframe::$timeframe,
            text: include_str!(concat!("../../../data/demo/", $file)),
        }),*]
    };
}

/// The shipped history: January 2017 to 1 April 2020 (licences in `data/demo/LICENCES.md`).
const HISTORY: [Recorded; 13] = recorded! {
    "BTC-USD" "crypto/BTC-USD/1d.csv" Day1;
    "ETH-USD" "crypto/ETH-USD/1d.csv" Day1;
    "LTC-USD" "crypto/LTC-USD/1d.csv" Day1;
    "XRP-USD" "crypto/XRP-USD/1d.csv" Day1;
    "BTC-USDT" "crypto/BTC-USDT.BINANCE/1h.csv" Hour1;
    "SPY" "etf/SPY/1d.csv" Day1;
    "QQQ" "etf/QQQ/1d.csv" Day1;
    "DIA" "etf/DIA/1d.csv" Day1;
    "AAPL" "equity/AAPL/1d.csv" Day1;
    "AMZN" "equity/AMZN/1d.csv" Day1;
    "JPM" "equity/JPM/1d.csv" Day1;
    "MSFT" "equity/MSFT/1d.csv" Day1;
    "VIX" "index/VIX/1d.csv" Day1;
};

/// What the analyst reads and the strategies trade: as shipped or as the operator has it, by the operator's playbook,
/// with the reports that there are of this catalog, with its families and with the rates of interest.
pub(crate) fn setup(config: &Config, catalog: &Catalog) -> anyhow::Result<Setup> {
    let mut setup = analyst::read(config.analyst.as_deref(), &catalog.instruments)?;
    setup.playbook = playbook(config)?;
    setup.calendar = calendar(config, &catalog.instruments)?;
    setup.rates = interest(config)?.map(|table| table.rates).unwrap_or_default();
    setup.liquidity = config.liquidity.or(setup.liquidity);
    setup.derivatives.contracts = contracts(&catalog.instruments);
    roll(&mut setup.derivatives, &catalog.families);
    Ok(setup)
}

/// Lets the months of these families be read as one series each, which the trend follows by the number of the first.
pub(crate) fn roll(derivatives: &mut derivatives::Setup, families: &[Family]) {
    derivatives.families.extend(families.iter().map(Into::into));
    let series = families.iter().filter_map(|family| family.months().next());
    derivatives.trend.extend(series.map(|(first, _)| first));
}

/// Whose sessions are told: those of crypto and New York, and of CME where some instrument keeps them.
pub(crate) fn hours<'a>(instruments: impl IntoIterator<Item = &'a Instrument>) -> Vec<Hours> {
    let cme = instruments.into_iter().any(|row| row.hours == Hours::Cme);
    let all = [Hours::Always, Hours::Nyse, Hours::Cme];
    all.into_iter().filter(|hours| *hours != Hours::Cme || cme).collect()
}

/// What of a catalog may be held short.
pub(crate) fn contracts<'a>(
    instruments: impl IntoIterator<Item = &'a Instrument>,
) -> Vec<Contract> {
    let contract = |row: &Instrument| {
        let expiry = row.expiry().filter(|_| row.is_margined())?;
        Some(Contract { instrument: row.id, expiry })
    };
    instruments.into_iter().filter_map(contract).collect()
}

/// The operator's playbook, or the embedded one.
pub(crate) fn playbook(config: &Config) -> anyhow::Result<Playbook> {
    let Some(path) = &config.strategies else {
        return Ok(Playbook::shipped().clone());
    };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the playbook {}", path.display()))?;
    Playbook::parse(&text).with_context(|| path.display().to_string())
}

/// The operator's table of reports, as far as it is about these instruments.
pub(crate) fn calendar(config: &Config, instruments: &[Instrument]) -> anyhow::Result<Vec<Report>> {
    config.earnings.as_deref().map_or_else(|| Ok(Vec::new()), |path| reports(path, instruments))
}

/// A table of reports, as far as it is about these instruments.
pub(crate) fn reports(path: &Path, instruments: &[Instrument]) -> anyhow::Result<Vec<Report>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the reports {}", path.display()))?;
    let find = |symbol: &str| instruments.iter().find(|row| row.symbol == symbol).map(|row| row.id);
    earnings::read(&text, find).with_context(|| path.display().to_string())
}

/// The operator's table of rates of interest; none where the playbook's constants hold.
pub(crate) fn interest(config: &Config) -> anyhow::Result<Option<rates::Table>> {
    let Some(path) = &config.interest else { return Ok(None) };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the rates {}", path.display()))?;
    rates::read(&text).with_context(|| path.display().to_string()).map(Some)
}

/// The analyst and its strategies.
pub(crate) fn trader(config: &Config, catalog: &Catalog) -> anyhow::Result<Trader> {
    Ok(Trader::new(Analyst::new(&setup(config, catalog)?)))
}

/// The paper exchange over a catalog.
pub(crate) fn exchange(instruments: &[Instrument], seed: u64) -> sim::Exchange {
    let rules = sim::Rules { seed, ..sim::Rules::default() };
    let mut exchange = sim::Exchange::new(rules);
    instruments.iter().for_each(|row| exchange.list(row.clone()));
    exchange
}

fn find<'a>(instruments: &'a [Instrument], symbol: &str) -> anyhow::Result<&'a Instrument> {
    let row = instruments.iter().find(|row| row.symbol == symbol);
    row.with_context(|| format!("{symbol} is not in the instrument catalog"))
}

fn terms(instrument: &Instrument, timeframe: Timeframe) -> Terms {
    Terms { instrument: instrument.id, hours: instrument.hours, timeframe, skip_bad: false }
}

/// The shipped history as one feed.
pub(crate) fn history(instruments: &[Instrument]) -> anyhow::Result<Merge> {
    history_of(instruments, |_| true)
}

/// What the shipped history has of the instruments that are wanted.
pub(crate) fn history_of(
    instruments: &[Instrument],
    wanted: impl Fn(InstrumentId) -> bool,
) -> anyhow::Result<Merge> {
    let mut sources: Vec<Box<dyn Feed>> = Vec::new();
    for recorded in HISTORY {
        let terms = terms(find(instruments, recorded.symbol)?, recorded.timeframe);
        if !wanted(terms.instrument) {
            continue;
        }
        sources.push(Box::new(csv::read(recorded.file, recorded.text.as_bytes(), terms)?));
    }
    Ok(Merge::new(sources, &hours(instruments)))
}

/// The streams of the shipped history.
pub(crate) fn streams(instruments: &[Instrument]) -> anyhow::Result<Vec<Want>> {
    let stream = |recorded: &Recorded| {
        let (row, timeframe) = (find(instruments, recorded.symbol)?, recorded.timeframe);
        Ok(Want { instrument: row.id, timeframe })
    };
    HISTORY.iter().map(stream).collect()
}

/// What writes the market down, where that is configured.
pub(crate) fn recorder(config: &Config, start: Timestamp) -> Result<Option<Recorder>, Error> {
    config.record.as_deref().map(|folder| Recorder::start(folder, start)).transpose()
}

/// A folder of recorded bars laid out as `CLASS/SYMBOL[.VENUE]/TIMEFRAME.csv[.zst]`, and of recorded chains under
/// `options/SYMBOL`, as one feed. `numbers` are those of the contracts that are listed on the way.
pub(crate) fn folder(
    path: &Path,
    instruments: &[Instrument],
    numbers: &Numbers,
) -> anyhow::Result<Merge> {
    let mut sources: Vec<Box<dyn Feed>> = Vec::new();
    for class in listing(path)? {
        let is_options = class.file_name().is_some_and(|name| name == "options");
        for symbol in listing(&class)? {
            let name = symbol.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            let name = name.split('.').next().unwrap_or_default();
            let Ok(instrument) = find(instruments, name) else { continue };
            if is_options {
                let files = listing(&symbol)?;
                if let Some(of) = Underlying::of(instrument).filter(|_| !files.is_empty()) {
                    sources.push(Box::new(recorded::open(&files, of, numbers, false)?));
                }
                continue;
            }
            for file in listing(&symbol)? {
                let stem = file.file_name().and_then(|n| n.to_str()).unwrap_or_default();
                let timeframe = stem.split('.').next().unwrap_or_default().parse();
                let Ok(timeframe) = timeframe else { continue };
                sources.push(Box::new(csv::open(&file, terms(instrument, timeframe))?));
            }
        }
    }
    ensure!(
        !sources.is_empty(),
        "{}: no bars of a listed instrument; expected CLASS/SYMBOL/TIMEFRAME.csv",
        path.display()
    );
    Ok(Merge::new(sources, &hours(instruments)))
}

/// The entries of a folder, in order of their names.
pub(crate) fn listing(path: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let entries =
        std::fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}

/// Prices from which generated markets begin when nothing recorded went before.
const BEGINNINGS: [(&str, i32); 13] = [
    ("BTC-USD", 60_000),
    ("ETH-USD", 3_000),
    ("LTC-USD", 80),
    ("XRP-USD", 1),
    ("BTC-USDT", 60_000),
    ("SPY", 500),
    ("QQQ", 450),
    ("DIA", 400),
    ("AAPL", 200),
    ("AMZN", 180),
    ("JPM", 200),
    ("MSFT", 400),
    ("VIX", 16),
];

/// What is read where it is recorded, and never made up: a path of its own would say of the term structure, or of
/// credit, what nobody knows.
const RECORDED_ONLY: [&str; 2] = ["VIX3M", "HYG"];

/// Where generated markets of a catalog begin.
pub(crate) fn beginnings(
    instruments: &[Instrument],
) -> anyhow::Result<BTreeMap<InstrumentId, Price>> {
    let mut last = BTreeMap::new();
    let made = instruments.iter().filter(|row| !RECORDED_ONLY.contains(&row.symbol.as_str()));
    for row in made {
        let known = BEGINNINGS.iter().find(|(symbol, _)| *symbol == row.symbol);
        let Some((_, price)) = known else {
            bail!("the generator knows no price that {} begins at", row.symbol)
        };
        last.insert(row.id, Price::whole(*price));
    }
    Ok(last)
}

/// Generated bars that go on from `last` prices.
pub(crate) fn generated(
    instruments: &[Instrument],
    last: &BTreeMap<InstrumentId, Price>,
    (timeframe, from, until): (Timeframe, Timestamp, Option<Timestamp>),
    seed: u64,
) -> Result<Merge, Error> {
    // What a pair costs follows from its coins: a path of its own would part from them.
    let alone = instruments.iter().filter(|row| row.priced_in().is_none());
    let paths = alone.filter_map(|row| {
        let motion = match (&row.kind, row.class) {
            (Kind::Index, _) => Motion::Fear,
            (_, AssetClass::Crypto) => Motion::Asset { volatility: 0.55, correlation: 0.5 },
            _ => Motion::Asset { volatility: 0.18, correlation: 0.7 },
        };
        let daily_volume = if row.is_tradable() { 1_000_000.0 } else { 0.0 };
        let (instrument, hours, tick) = (row.id, row.hours, row.tick);
        let last = *last.get(&row.id)?;
        Some(Generated { instrument, hours, last, tick, motion, daily_volume })
    });
    let settings =
        Settings { seed, timeframe, from, until, mood: Mood::Calm, paths: paths.collect() };
    Ok(Merge::new(vec![Box::new(Generator::new(settings)?)], &hours(instruments)))
}

/// A recorded feed that generated prices continue, so that a newcomer can always trade.
pub(crate) struct Continued {
    recorded: Merge,
    generated: Option<Merge>,
    instruments: Vec<Instrument>,
    last: BTreeMap<InstrumentId, Price>,
    now: Timestamp,
    seed: u64,
}

impl Continued {
    pub(crate) fn new(recorded: Merge, instruments: Vec<Instrument>, seed: u64) -> Self {
        let (last, now) = (BTreeMap::new(), Timestamp::EPOCH);
        Self { recorded, generated: None, instruments, last, now, seed }
    }

    fn source(&mut self) -> Result<&mut Merge, Error> {
        if self.generated.is_none() && self.recorded.peek_time()?.is_none() {
            let from = Timestamp(self.now.0 - self.now.0.rem_euclid(Span::DAY.0)).plus(Span::DAY);
            let when = (Timeframe::Hour1, from, None);
            self.generated = Some(generated(&self.instruments, &self.last, when, self.seed)?);
        }
        Ok(self.generated.as_mut().unwrap_or(&mut self.recorded))
    }
}

impl Feed for Continued {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        let event = self.source()?.next()?;
        if let Some(event) = event {
            self.now = event.at;
            if let feeds::Kind::BarClosed(candle) = event.kind {
                self.last.insert(candle.instrument, candle.close);
            }
        }
        Ok(event)
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        self.source()?.peek_time()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;

    #[test]
    fn whatever_names_the_regime_is_in_the_catalog_by_its_name() {
        let (rows, roles) =
            (catalog::read(None).unwrap().instruments, analyst::shipped().unwrap().roles);
        let symbol = |id: Option<InstrumentId>| {
            rows.iter().find(|row| Some(row.id) == id).map(|row| row.symbol.as_str())
        };
        let parts = [roles.leader, roles.second, roles.index, roles.vix, roles.vix3m, roles.credit];
        let symbols = ["BTC-USD", "ETH-USD", "SPY", "VIX", "VIX3M", "HYG"];
        assert_eq!(parts.map(symbol), symbols.map(Some));
    }

    #[test]
    fn a_folder_is_read_for_them_and_nothing_makes_them_up() {
        let (rows, folder) =
            (catalog::read(None).unwrap().instruments, tempfile::tempdir().unwrap());
        let csv = "timestamp,open,high,low,close,volume\n2020-01-02T00:00:00Z,15,15,15,15,0\n";
        for symbol in RECORDED_ONLY {
            let place = folder.path().join("inputs").join(symbol);
            std::fs::create_dir_all(&place).unwrap();
            std::fs::write(place.join("1d.csv"), csv).unwrap();
        }
        let mut feed =
            super::folder(folder.path(), &rows, &Numbers::after([], InstrumentId(0))).unwrap();
        let mut read = Vec::new();
        while let Some(event) = feed.next().unwrap() {
            if let feeds::Kind::BarClosed(candle) = event.kind {
                read.push(candle.instrument);
            }
        }
        read.sort_unstable();
        let roles = analyst::shipped().unwrap().roles;
        assert_eq!(
            read.iter().map(|&id| Some(id)).collect::<Vec<_>>(),
            [roles.vix3m, roles.credit]
        );
        let begun = beginnings(&rows).unwrap();
        assert!(read.iter().all(|id| !begun.contains_key(id)) && begun.len() == rows.len() - 2);
    }
}
