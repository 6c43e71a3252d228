//! Runs over recorded ticks: market making at one venue, arbitrage between two, without account rules (decision 0026).
//! Each `--data` is a folder of one instrument at one venue, `SYMBOL.VENUE`. Equal inputs print equal bytes.

mod places;
mod print;
mod settings;

use super::options::Options;
use super::tuned;
use crate::config::Config;
use crate::market;
use anyhow::{Context, bail, ensure};
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::{AssetClass, Hours, Instrument, Kind, VenueName};
use nija_core::words::money::{Price, Qty};
use nija_core::words::signal::StrategyName;
use nija_core::words::time::{Span, Timestamp};
use nija_engine::feeds::merge::Merge;
use nija_engine::feeds::recording::{self, Reading};
use nija_engine::feeds::steps::Steps;
use nija_engine::feeds::{Feed, MarketEvent};
use nija_engine::research::books::Plan;
use nija_engine::research::books::crossing::Crossings;
use nija_engine::research::books::making::Making;
use nija_market::playbook::Playbook;
pub(super) use places::{Places, coins_first};
pub(super) use settings::Settings;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// The strategies that trade on books, by the words of the command line.
const NAMES: [(&str, StrategyName); 2] = [
    ("market-making", StrategyName::CryptoMarketMaking),
    ("arbitrage", StrategyName::CryptoArbitrage),
];
/// A mark of a recorded minute is old after one.
const STALE: Span = Span::seconds(60);

/// The one strategy that is named, if it trades on books.
pub(super) fn strategy(options: &Options) -> Option<StrategyName> {
    let [name] = &options.strategy[..] else {
        return None;
    };
    named(name)
}

/// The strategy of this name.
pub(super) fn named(name: &str) -> Option<StrategyName> {
    NAMES.iter().find(|(word, _)| *word == name).map(|(_, strategy)| *strategy)
}

/// What was read.
struct Read {
    places: Vec<String>,
    events: u64,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    /// The longest time in which nothing came.
    silence: Span,
}

pub(super) fn run(options: &Options, strategy: StrategyName) -> anyhow::Result<()> {
    check(options)?;
    let config = Config::read()?;
    let (settings, rest) = Settings::split(&options.param)?;
    let playbook = tuned::playbook(market::playbook(&config)?, &[strategy], &rest)?;
    let began = Instant::now();
    let (text, events) = match strategy {
        StrategyName::CryptoMarketMaking => making(options, &settings, &playbook)?,
        _ => arbitrage(options, &settings, &playbook)?,
    };
    std::io::stdout().lock().write_all(text.as_bytes())?;
    let seconds = began.elapsed().as_secs_f64().max(1e-9);
    writeln!(
        std::io::stderr(),
        "{events} events in {seconds:.2} s ({:.0}/s)",
        events as f64 / seconds
    )?;
    Ok(())
}

fn making(
    options: &Options,
    settings: &Settings,
    playbook: &Playbook,
) -> anyhow::Result<(String, u64)> {
    let [folder] = &options.data[..] else {
        bail!("market making quotes at one venue: name one folder of ticks with --data");
    };
    let mut parameters = playbook.crypto_market_making.parameters;
    let rules = settings.rules(options, 0)?;
    parameters.maker_fee = settings.maker_fee(options)?;
    let tick = settings::price(parameters.tick).context("--param tick must be above 0")?;
    let instrument = instrument(folder, 0, tick, settings.lot)?;
    let plan = Plan { instrument, rules, cash: options.cash, units: settings.stock };
    let mut run = Making::new(&plan, parameters);
    let read = play(options, |at, events| run.on_step(at, events))?;
    let outcome = run.finish().context("the recording never shows both sides of the book")?;
    let parameters = serde_json::to_value(parameters)?;
    Ok((print::making(options, settings, (&read, parameters), &outcome)?, read.events))
}

fn arbitrage(
    options: &Options,
    settings: &Settings,
    playbook: &Playbook,
) -> anyhow::Result<(String, u64)> {
    let [here, there] = &options.data[..] else {
        bail!("arbitrage is between two venues: name two folders of ticks, each with --data");
    };
    let parameters = playbook.crypto_arbitrage.parameters;
    let lot = settings::qty(parameters.lot).context("--param lot must be above 0")?;
    let plan = |folder: &Path, place: usize| -> anyhow::Result<Plan> {
        Ok(Plan {
            instrument: instrument(folder, place, Price::STEP, lot)?,
            rules: settings.rules(options, place)?,
            cash: options.cash,
            units: settings.stock,
        })
    };
    let mut run = Crossings::new([plan(here, 0)?, plan(there, 1)?], parameters);
    let read = play(options, |at, events| run.on_step(at, events))?;
    let outcome = run.finish().context("a recording never shows both sides of its book")?;
    let parameters = serde_json::to_value(parameters)?;
    Ok((print::arbitrage(options, settings, (&read, parameters), &outcome)?, read.events))
}

/// Brings the recordings to a run, merged in order of receipt.
fn play(
    options: &Options,
    mut step: impl FnMut(Timestamp, &[MarketEvent]),
) -> anyhow::Result<Read> {
    let reading = Reading { skip_bad: options.skip_bad, strict: options.strict };
    let (mut feeds, mut places) = (Vec::<Box<dyn Feed>>::new(), Vec::new());
    for (place, folder) in options.data.iter().enumerate() {
        feeds.push(Box::new(recording::open(folder, id(place), reading)?));
        places.push(symbol(folder)?);
    }
    let mut feed = Merge::new(feeds, &[]);
    let mut steps = Steps::of(&mut feed);
    let mut read = Read { places, events: 0, from: None, to: None, silence: Span::ZERO };
    while let Some((at, events)) = steps.next_step()? {
        if let Some(before) = read.to {
            read.silence = read.silence.max(at.since(before));
        }
        read.from.get_or_insert(at);
        read.to = Some(at);
        read.events += events.len() as u64;
        step(at, events);
    }
    ensure!(read.events > 0, "there is nothing in the recordings");
    Ok(read)
}

/// The instrument of a place.
const fn id(place: usize) -> InstrumentId {
    InstrumentId(place as u32 + 1)
}

fn symbol(folder: &Path) -> anyhow::Result<String> {
    let name = folder.file_name().and_then(|name| name.to_str());
    let name = name.with_context(|| format!("{}: name a folder SYMBOL.VENUE", folder.display()))?;
    ensure!(
        folder.is_dir(),
        "{}: ticks are a folder with quotes, depth and trades",
        folder.display()
    );
    Ok(name.to_owned())
}

fn instrument(folder: &Path, place: usize, tick: Price, lot: Qty) -> anyhow::Result<Instrument> {
    Ok(Instrument {
        id: id(place),
        symbol: symbol(folder)?,
        class: AssetClass::Crypto,
        kind: Kind::Spot,
        hours: Hours::Always,
        tick,
        lot,
        stale_after: STALE,
        venue: VenueName::Paper,
    })
}

/// Refuses what a run over ticks cannot mean.
fn check(options: &Options) -> anyhow::Result<()> {
    Settings::check(options)?;
    ensure!(!options.demo_data, "the shipped history has bars; name a folder of ticks with --data");
    ensure!(options.journal.is_none(), "a run over books has no desk and so no journal");
    ensure!(
        options.report.is_none(),
        "a run over books draws no report; --format json has all of it"
    );
    ensure!(options.search.sweep.is_empty(), "a run over books is not swept");
    ensure!(
        options.from.is_none() && options.to.is_none(),
        "a recording is played whole; cut it instead of naming --from or --to"
    );
    ensure!(
        options.slippage_bps.is_none() && options.half_spread_bps.is_none(),
        "spread and slippage are those of the recorded book; leave the options away"
    );
    Ok(())
}
