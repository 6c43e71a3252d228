//! A walk of the teaching strategy over one file, of which only one window is in memory.

use super::super::super::options::{Options, Rank, WalkForward};
use super::super::super::teaching::SMA_CROSS;
use super::super::grid::{Grid, Trial};
use super::super::progress::Progress;
use super::super::results::Result;
use super::super::search::named;
use super::super::source::Source;
use super::super::study::Study;
use super::super::whole::Whole;
use super::super::{crew, gate, print, sweep, threads};
use super::{Choice, Course, Traded, Walk, Walked};
use anyhow::{bail, ensure};
use nija_core::words::money::Money;
use nija_engine::feeds::bars::Summary;
use nija_engine::feeds::series::Series;
use nija_engine::research::Run;
use nija_engine::research::record::Keep;
use nija_market::candle::Candle;

/// A piece of a file: the candles of one window, and one more.
struct Piece {
    series: Series,
    some: Vec<Candle>,
    /// How many of those were taken.
    taken: usize,
    held: Vec<Candle>,
}

impl Piece {
    /// Reads on until so many are held, or the file ends.
    fn fill(&mut self, count: usize) -> anyhow::Result<()> {
        while self.held.len() < count {
            if self.taken == self.some.len() {
                self.taken = 0;
                if !self.series.next(&mut self.some)? {
                    return Ok(());
                }
            }
            let wanted = (count - self.held.len()).min(self.some.len() - self.taken);
            self.held.extend(self.some.iter().skip(self.taken).take(wanted));
            self.taken += wanted;
        }
        Ok(())
    }
}

/// Walks over one file.
pub(in super::super) fn run(
    options: &Options,
    grid: &Grid,
    sources: &[Source],
    windows: WalkForward,
) -> anyhow::Result<Walked> {
    let [source] = sources else {
        bail!("walk over one file at a time");
    };
    ensure!(
        options.from.is_none() && options.to.is_none(),
        "a walk of {SMA_CROSS} goes over a whole file; leave --from and --to away"
    );
    ensure!(
        options.search.results.is_none(),
        "a walk of {SMA_CROSS} keeps no trials; leave --results away"
    );
    let WalkForward { train, test } = windows;
    let bars = length(source)?;
    ensure!(
        bars > train as u64,
        "{}: it has {bars} bars, and a window needs {train} to choose on and more to trade",
        source.path.display()
    );
    let rank = options.search.rank;
    let progress = Progress::new("the file", bars - train as u64, 0);
    let mut file = Piece { series: source.open()?, some: Vec::new(), taken: 0, held: Vec::new() };
    let mut walk = Walk::new(course(source, (grid, rank), windows));
    loop {
        // One more, at whose open the position of the stretch is left.
        file.fill(train.saturating_add(test).saturating_add(1))?;
        if file.held.len() <= train || !walk.cash().0.is_positive() {
            break;
        }
        let (seen, rest) = file.held.split_at(train);
        let (traded, next) = rest.split_at(test.min(rest.len()));
        let results = choose(source, grid, seen, threads(options))?;
        let words = |trial| named(grid, trial);
        let window = (span(seen), seen.len());
        let Some((best, choice)) = Choice::of(window, &results, rank, words) else { break };
        let Some(trial) = grid.trials.get(best) else { break };
        let traded = trade(source, (trial, walk.cash()), (seen, traded, next.first()))?;
        progress.add(traded.length as u64);
        walk.add(choice, traded);
        file.held.drain(..test.min(file.held.len()));
    }
    progress.finish();
    Ok(walk.finish())
}

fn course(source: &Source, (grid, rank): (&Grid, Rank), windows: WalkForward) -> Course {
    Course {
        strategy: SMA_CROSS.to_owned(),
        over: source.instrument.symbol.clone(),
        unit: "bar",
        windows,
        rank,
        trials: grid.trials.len(),
        resumed: 0,
        start: source.cash,
        notes: Vec::new(),
        warned: print::warned(source.manner),
    }
}

/// Bars of a file.
fn length(source: &Source) -> anyhow::Result<u64> {
    let (mut series, mut candles) = (source.open()?, Vec::new());
    while series.next(&mut candles)? {}
    Ok(series.summary().rows)
}

fn span(candles: &[Candle]) -> super::Stretch {
    let from = candles.first().map(|candle| candle.open_at).unwrap_or_default();
    (from, candles.last().map(|candle| candle.close_at).unwrap_or_default())
}

/// All trials over the candles of one window.
fn choose(
    source: &Source,
    grid: &Grid,
    seen: &[Candle],
    threads: usize,
) -> anyhow::Result<Vec<Result>> {
    let trials: Vec<(usize, &Trial)> = grid.trials.iter().enumerate().collect();
    crew::each(threads, &trials, |(at, trial)| {
        let plan = source.plan(trial.settings.size());
        let mut run = Run::new(trial.settings.rule()?, plan, Keep::default());
        seen.iter().for_each(|candle| run.on_candle(candle));
        let study = Study::of(source, run.finish(), Summary::default())?;
        Ok(sweep::result(*at, &Whole::of(&[study])))
    })
}

/// Trades one stretch with what was chosen; the rule has read what lies before it.
fn trade(
    source: &Source,
    (trial, (cash, stressed)): (&Trial, (Money, Money)),
    (seen, traded, next): (&[Candle], &[Candle], Option<&Candle>),
) -> anyhow::Result<Traded> {
    let study = |source: &Source, cash: Money| {
        let mut plan = source.plan(trial.settings.size());
        plan.cash = cash;
        let mut run = Run::new(trial.settings.rule()?, plan, Keep::default());
        seen.iter().for_each(|candle| run.warm(candle));
        traded.iter().for_each(|candle| run.on_candle(candle));
        if let Some(candle) = next {
            run.leave(candle);
        }
        Study::of(source, run.finish(), Summary::default())
    };
    let (terms, manner) = gate::doubled(source.terms, source.manner);
    let stressed = if stressed.is_positive() {
        study(&source.on(terms, manner), stressed)?.equity
    } else {
        stressed
    };
    let study = study(source, cash)?;
    let Whole { costs, closed, .. } = Whole::of(std::slice::from_ref(&study));
    Ok(Traded {
        on: span(traded),
        length: traded.len(),
        last: study.equity,
        stressed,
        points: study.points(),
        year: study.year(),
        closed,
        open: usize::from(study.outcome.record.open.is_some()),
        costs: vec![("fees", costs.fees), ("spread and slippage", costs.friction)],
        turned: costs.traded,
        bands: Vec::new(),
    })
}
