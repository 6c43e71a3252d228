//! `nija backtest`: the same desk, gates, ledger, strategies and exchange as a paper run, driven by
//! files in simulated time. Equal inputs give equal journals, byte by byte. The teaching strategy runs
//! beside that, on its own.

mod books;
mod chains;
mod contracts;
mod costs;
mod curves;
mod data;
mod days;
mod eve;
mod leave;
mod manner;
mod models;
mod operator;
mod options;
pub(super) mod page;
mod reasons;
mod report;
mod research;
mod sheet;
mod silence;
mod tally;
mod teaching;
mod trials;
mod tuned;
mod universe;
mod walks;

pub(crate) use options::Options;
pub(super) use options::midnight;
pub(super) use page::keep as keep_page;

use super::database::block;
use crate::config::Config;
use crate::statistics::{Point, Year};
use crate::{market, wire};
use anyhow::{Context, bail, ensure};
use data::Data;
use days::Days;
use models::Model;
use nija_core::desk::answer::Answer;
use nija_core::desk::input::{Command, Input};
use nija_core::journal::{Batch, Damage};
use nija_core::ports::Journal;
use nija_core::words::conditions::Conditions;
use nija_core::words::id::{AccountId, AccountNo, Epoch, InstrumentId, PartitionId, Seq, UserId};
use nija_core::words::instrument::Instrument;
use nija_core::words::money::Money;
use nija_core::words::score::Score;
use nija_core::words::signal::StrategyName;
use nija_core::words::tier::{Tier, TierTable};
use nija_core::words::time::{Span, Timestamp};
use nija_engine::backtest::Backtest;
use nija_engine::backtest::tape::Tape;
use nija_engine::clock::Simulated;
use nija_engine::feeds::steps::Steps;
use nija_engine::feeds::{Feed, Kind, MarketEvent};
use nija_engine::partitions::Partitions;
use nija_engine::research::chart::Chart;
use nija_engine::sim::friction::Friction;
use nija_engine::sim::{Exchange, Rules};
use nija_market::candle::Timeframe;
use nija_store::memory;
use nija_store::sqlite::{Database, Mode};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tally::Tally;

/// All accounts of a run share one desk: then each event stands in the journal once.
const PARTITION: PartitionId = PartitionId(0);
/// Batches copied at a time.
const STRIDE: usize = 1_024;
/// Candles of a chart.
const DRAWN: usize = 600;

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    options.check()?;
    let on_books = books::strategy(options);
    ensure!(
        !(options.is_research() || on_books.is_some())
            || (options.analyst.is_none() && options.rates.is_none()),
        "--analyst and --rates are for the strategies of the platform"
    );
    if options.is_research() {
        return research::run(options);
    }
    if let Some(strategy) = on_books {
        return books::run(options, strategy);
    }
    let config = options.configured(Config::read()?);
    match options.search.walk_forward {
        Some(windows) => return walks::run(options, &config, windows),
        None if !options.search.sweep.is_empty() => return trials::run(options, &config),
        None => {}
    }
    let mut data = data::read(options, &config)?;
    data.notes.extend(rates(&config)?);
    let began = Instant::now();
    // Only a journal that is to be kept is remembered: a run may be longer than memory.
    let kept = options.journal.as_ref().map(|path| (path, Arc::new(memory::Journal::default())));
    let journal: Arc<dyn Journal> = match &kept {
        Some((_, journal)) => Arc::clone(journal) as _,
        None => Arc::new(Tape::default()),
    };
    let (outcome, tally) = once(options, (&config, rules(options)?), data, journal)?;
    let seconds = began.elapsed().as_secs_f64().max(1e-9);
    if let Some((path, journal)) = &kept {
        keep(path, journal)?;
    }
    if let Some(path) = &options.report {
        page::keep(path, &sheet::page(options, &outcome, &tally, Vec::new()))?;
    }
    let text = report::print(options, &outcome, &tally)?;
    std::io::stdout().lock().write_all(text.as_bytes())?;
    // Not among the results, which are the same on every run.
    let bars = outcome.bars;
    writeln!(std::io::stderr(), "{bars} bars in {seconds:.2} s ({:.0}/s)", bars as f64 / seconds)?;
    Ok(())
}

/// The terms of the exchange of a run.
fn rules(options: &Options) -> anyhow::Result<Rules> {
    match books::Settings::of(options)? {
        Some(ticks) => ticks.settings.rules(options, 0),
        None => options.rules(),
    }
}

/// One run over data, at an exchange of these terms.
fn once(
    options: &Options,
    (config, rules): (&Config, Rules),
    data: Data,
    journal: Arc<dyn Journal>,
) -> anyhow::Result<(Outcome, Tally)> {
    let tiers = options.tiers().iter().map(|tier| tier.name()).collect();
    let tally = Arc::new(Mutex::new(Heard::Well(Tally::new(&data.instruments, tiers))));
    let listener = Arc::clone(&tally);
    let seen: Listener = Box::new(move |batch| lock(&listener).take(batch));
    let outcome = block(drive(options, (config, rules), data, (journal, seen)))?;
    let tally = std::mem::replace(&mut *lock(&tally), Heard::Nothing).tally()?;
    Ok((outcome, tally))
}

/// Says which rates of interest are known in a run.
fn rates(config: &Config) -> anyhow::Result<Option<String>> {
    let told = |table: nija_market::rates::Table| {
        let percent = |pick: fn(f64, f64) -> f64, from| {
            100.0 * table.rates.iter().map(|rate| rate.yearly).fold(from, pick)
        };
        let (least, most) = (percent(f64::min, f64::MAX), percent(f64::max, f64::MIN));
        let date = |day| Timestamp::of_day(day, Span::ZERO).to_string()[..10].to_owned();
        let (first, last) = (date(table.span.0), date(table.span.1));
        format!(
            "cash earns {}: {} rates of {first} to {last}, {least:.2} % to {most:.2} % a year; the last one holds on",
            table.column,
            table.rates.len()
        )
    };
    Ok(market::interest(config)?.map(told))
}

/// Is told of each batch.
type Listener = Box<dyn FnMut(&Batch) + Send>;

/// What was heard of the journal: a tally, or the damage that it could not read.
enum Heard {
    Nothing,
    Well(Tally),
    Damaged(Damage),
}

impl Heard {
    fn take(&mut self, batch: &Batch) {
        if let Self::Well(tally) = self
            && let Err(damage) = tally.batch(batch)
        {
            *self = Self::Damaged(damage);
        }
    }

    fn tally(self) -> anyhow::Result<Tally> {
        match self {
            Self::Well(tally) => Ok(tally),
            Self::Damaged(damage) => Err(damage.into()),
            Self::Nothing => bail!("the run was heard twice"),
        }
    }
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a run went, beside its journal.
struct Outcome {
    instruments: Vec<Instrument>,
    notes: Vec<String>,
    year: Year,
    first: Timestamp,
    last: Timestamp,
    bars: u64,
    /// One curve per account.
    curves: Vec<Vec<Point>>,
    /// Equity at the end, per account.
    finals: Vec<Money>,
    /// What the fills of each account cost beside their fees.
    frictions: Vec<Friction>,
    /// Days by regime.
    regimes: BTreeMap<&'static str, u32>,
    /// The regime that began on a day.
    bands: Vec<(i32, &'static str)>,
    /// Days on which the regime kept a strategy that was heard from entering.
    shut: BTreeMap<&'static str, u32>,
    charts: Charts,
    /// What learned, and whether it traded.
    models: Vec<Model>,
}

/// Candles for a report, by instrument and length.
type Charts = BTreeMap<(InstrumentId, Timeframe), Chart>;

/// An id that spells a name, so that it is the same on every run.
fn named(name: &str) -> u128 {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(name.bytes()).for_each(|(to, from)| *to = from);
    u128::from_be_bytes(bytes)
}

async fn drive(
    options: &Options,
    (config, rules): (&Config, Rules),
    mut data: Data,
    (journal, seen): (Arc<dyn Journal>, Listener),
) -> anyhow::Result<Outcome> {
    let strategies = options.strategies()?;
    let mut exchange = Exchange::new(rules);
    data.instruments.iter().for_each(|row| exchange.list(row.clone()));
    data.places.part(&mut exchange);
    let eve = match options.from {
        Some(from) => eve::pass(from, &mut data, &mut exchange)?,
        None => Vec::new(),
    };
    let Some(next) = data.feed.peek_time()? else {
        bail!("no bars are left after --from; choose an earlier date")
    };
    let first = options.from.map_or(next, |from| from.max(next));
    ensure!(options.to.is_none_or(|to| first < to), "--to lies before the first bar or --from");
    let Data { instruments, mut feed, trader, around_the_clock, notes, silence, files, .. } = data;
    let kept = options.journal.is_some();
    let desks = Partitions::new(1, &wire::rules(config)?);
    // What nobody keeps is not written first.
    let mut desks = if kept { desks } else { desks.unwritten() };
    announce(&mut desks, &instruments, first)?;
    let names: Vec<&str> = strategies.iter().map(|strategy| strategy.name()).collect();
    let is_heard = |name: &&str| names.is_empty() || names.contains(name);
    let tiers = wire::tiers(config)?;
    let unheard = unheard(options, &tiers, &strategies);
    let weighs = options.tiers().iter().any(|tier| tiers.rules(*tier).pool.weighs());
    let backtest = Backtest::new(desks, exchange, trader, journal, seen);
    let backtest = backtest.hearing(strategies);
    let mut backtest = if kept { backtest } else { backtest.in_large_batches() };
    for input in assumed(options, first).into_iter().chain(eve) {
        backtest.input(input, first).await?;
    }
    let accounts = open(options, &mut backtest, first).await?;

    let mut days = Days::new(accounts, first, around_the_clock);
    let mut charts = Charts::new();
    let (bars, last) = trade(options, &mut backtest, &mut *feed, (&mut days, &mut charts)).await?;
    drop(feed);
    backtest.finish().await?;
    // Accounts are numbered in the order of their opening.
    let friction = |no| backtest.exchange().friction(PARTITION, AccountNo(no));
    let frictions = (0..).zip(options.tiers()).map(|(no, _)| friction(no)).collect();
    let models = models::all(backtest.trader().analyst(), &names, weighs);
    let spoken = backtest.spoken().clone();
    let desks = backtest.partitions()?;
    days.close(desks);
    let silent = silence.notes(&spoken, &days.shut);
    Ok(Outcome {
        instruments,
        notes: notes
            .into_iter()
            .chain(unheard)
            .chain(silent)
            .chain(files.iter().filter_map(data::Read::note))
            .collect(),
        year: if around_the_clock { Year::Days365 } else { Year::Sessions252 },
        first,
        last,
        bars,
        finals: days.finals(desks),
        frictions,
        curves: days.curves,
        regimes: days.regimes,
        bands: days.bands,
        shut: days.shut.into_iter().filter(|(name, _)| is_heard(name)).collect(),
        charts,
        models,
    })
}

/// Conditions that are taken for granted.
fn assumed(options: &Options, at: Timestamp) -> Option<Input> {
    let volatility = Some(Score::points(options.volatility?));
    let (crypto_volatility, equity_volatility) = (volatility, volatility);
    let conditions = Conditions { at, crypto_volatility, equity_volatility, ..Default::default() };
    Some(Input::Conditions(conditions))
}

/// Trades the feed to its end or to `--to`, and leaves with nothing held where that is asked for; tells how many bars
/// ended, and when the last event was.
async fn trade(
    options: &Options,
    backtest: &mut Backtest,
    feed: &mut dyn Feed,
    (days, charts): (&mut Days, &mut Charts),
) -> anyhow::Result<(u64, Timestamp)> {
    let (mut bars, mut ticks, mut last) = (0, 0, Timestamp::EPOCH);
    let mut steps = Steps::of(feed);
    let mut ahead = None;
    while let Some((at, events)) = steps.next_step()? {
        let beyond = |to: &Timestamp| events.iter().any(|event| is_after(event, *to));
        if let Some(to) = options.to.filter(beyond) {
            ahead = Some((to, (at, events.to_vec())));
            break;
        }
        if let [event, ..] = events
            && let Some(day) = days.begun_by(event)
        {
            let desks = backtest.partitions()?;
            days.pass(day, desks);
            for input in operator::rearms(options.rearm_below, desks) {
                backtest.input(input, at).await?;
            }
        }
        backtest.step(at, events).await?;
        for event in events {
            let Kind::BarClosed(candle) = event.kind else {
                ticks += u64::from(matches!(event.kind, Kind::Quote { .. } | Kind::Level { .. }));
                continue;
            };
            bars += 1;
            if options.report.is_some()
                && let Some(timeframe) = candle.timeframe()
            {
                let chart = charts.entry((candle.instrument, timeframe));
                chart.or_insert_with(|| Chart::new(DRAWN)).take(&candle);
            }
        }
        last = at;
    }
    ensure!(bars + ticks > 0, "no bar ended between --from and --to");
    if let Some(ahead) = ahead.filter(|_| options.leaves) {
        leave::all(backtest, &days.accounts, &mut steps, ahead).await?;
    }
    Ok((bars, last))
}

/// Tells desks what a node tells those it takes over: who it is, and the catalog.
fn announce(
    desks: &mut Partitions,
    instruments: &[Instrument],
    at: Timestamp,
) -> anyhow::Result<()> {
    desks.take(Input::Announce { node: "backtest".to_owned(), epoch: Epoch(1) }, at)?;
    for instrument in instruments {
        desks.take(Input::List(instrument.clone()), at)?;
    }
    Ok(())
}

/// Strategies that were asked for and that a tier's pool does not hold: its account follows none of their entries.
fn unheard(options: &Options, tiers: &TierTable, named: &[StrategyName]) -> Vec<String> {
    let asked = if named.is_empty() { &StrategyName::ALL[..] } else { named };
    let note = |tier: &Tier| {
        let pool = tiers.rules(*tier).pool;
        let out = asked.iter().filter(|strategy| !pool.holds(**strategy));
        let out: Vec<&str> = out.map(|strategy| strategy.name()).collect();
        let told = match out.len() {
            0 => return None,
            n if n == asked.len() => "none of these strategies".to_owned(),
            // Without names all are heard: that a pool leaves some out is no news.
            _ if named.is_empty() => return None,
            _ => format!("none of {}", out.join(", ")),
        };
        Some(format!("{}: its pool, {}, follows {told}", tier.name(), pool.title()))
    };
    options.tiers().iter().filter_map(note).collect()
}

/// Opens one account per tier.
async fn open(
    options: &Options,
    backtest: &mut Backtest,
    at: Timestamp,
) -> anyhow::Result<Vec<AccountId>> {
    let mut accounts = Vec::new();
    for tier in options.tiers() {
        let id = named(tier.name());
        let command = Command::Open {
            user: UserId(id),
            tier: *tier,
            tolerance: options.tolerance.into(),
            day_starts: Span::ZERO,
            deposit: options.cash,
        };
        let input = Input::Command { account: AccountId(id), key: None, command };
        if let Answer::Declined(why) = backtest.input(input, at).await? {
            bail!("the account of {} was not opened: {why}", tier.name());
        }
        accounts.push(AccountId(id));
    }
    Ok(accounts)
}

/// Does an event lie behind a midnight? The bar that ends there does not.
const fn is_after(event: &MarketEvent, midnight: Timestamp) -> bool {
    let ends = matches!(event.kind, Kind::BarClosed(_));
    event.at.0 > midnight.0 || (event.at.0 == midnight.0 && !ends)
}

/// Writes the journal of a run into a database of its own.
fn keep(path: &Path, journal: &memory::Journal) -> anyhow::Result<()> {
    let database = Database::open(path, Mode::Owner, Arc::new(Simulated::default()))?;
    let kept = database.journal();
    block(async {
        let mut after = Seq(0);
        loop {
            let batches = journal.read(PARTITION, after, STRIDE).await?;
            let Some(last) = batches.last() else {
                return Ok(());
            };
            after = last.seq;
            kept.append(&batches).await.context("the journal could not be kept")?;
        }
    })
}
