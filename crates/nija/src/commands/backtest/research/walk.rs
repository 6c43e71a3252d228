//! Walking forward: choose the best parameters on one stretch of bars, trade the next stretch with them, move on by
//! that stretch. What is reported was chosen without knowing it. Only one window is in memory.

use super::super::options::{Rank, WalkForward};
use super::crew;
use super::grid::{Grid, Trial};
use super::progress::Progress;
use super::results::Result;
use super::source::Source;
use super::study::{Study, dollars};
use super::sweep;
use crate::statistics::{self, Closed, Curve, Point, Year};
use anyhow::ensure;
use nija_core::words::money::Money;
use nija_core::words::time::Timestamp;
use nija_engine::feeds::bars::Summary;
use nija_engine::feeds::series::Series;
use nija_engine::research::Run;
use nija_engine::research::record::Keep;
use nija_market::candle::Candle;

/// One stretch that was traded.
pub(super) struct Step {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// The trial that was chosen before it.
    pub(super) chosen: usize,
    /// What the chosen one earned a bar where it was chosen, and where it was traded, in percent.
    pub(super) seen_pct: f64,
    pub(super) traded_pct: f64,
    pub(super) start: Money,
    pub(super) last: Money,
}

/// A whole walk.
pub(super) struct Walked {
    pub(super) steps: Vec<Step>,
    pub(super) curve: Curve,
    pub(super) closed: Closed,
    pub(super) fees: Money,
    pub(super) start: Money,
    pub(super) last: Money,
    /// Trials that were looked at, all windows together.
    pub(super) trials: usize,
}

/// A piece of a file: the candles of one window, and one more.
struct Stretch {
    series: Series,
    some: Vec<Candle>,
    /// How many of those were taken.
    taken: usize,
    held: Vec<Candle>,
}

impl Stretch {
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
pub(super) fn run(
    source: &Source,
    grid: &Grid,
    (windows, rank): (WalkForward, Rank),
    threads: usize,
) -> anyhow::Result<Walked> {
    let WalkForward { train, test } = windows;
    let bars = length(source)?;
    ensure!(
        bars > train as u64,
        "{}: it has {bars} bars, and a window needs {train} to choose on and more to trade",
        source.path.display()
    );
    let progress = Progress::new("the file", bars - train as u64, 0);
    let mut file = Stretch { series: source.open()?, some: Vec::new(), taken: 0, held: Vec::new() };
    let mut walk = Walk::new(source, grid);
    loop {
        // One more, at whose open the position of the stretch is left.
        file.fill(train.saturating_add(test).saturating_add(1))?;
        if file.held.len() <= train || !walk.cash.is_positive() {
            break;
        }
        let (seen, rest) = file.held.split_at(train);
        let (traded, next) = rest.split_at(test.min(rest.len()));
        let results = choose(source, grid, seen, threads)?;
        let Some(result) = rank.best(&results).and_then(|best| results.get(best)) else { break };
        walk.step(result, (seen, traded, next.first()))?;
        progress.add(traded.len() as u64);
        file.held.drain(..test.min(file.held.len()));
    }
    progress.finish();
    Ok(walk.finish())
}

/// Bars of a file.
fn length(source: &Source) -> anyhow::Result<u64> {
    let (mut series, mut candles) = (source.open()?, Vec::new());
    while series.next(&mut candles)? {}
    Ok(series.summary().rows)
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
        Ok(sweep::result(*at, &super::whole::Whole::of(&[study])))
    })
}

/// A walk under way.
struct Walk<'a> {
    source: &'a Source,
    grid: &'a Grid,
    cash: Money,
    fees: Money,
    steps: Vec<Step>,
    points: Vec<Point>,
    closed: Closed,
    weekends: bool,
}

impl<'a> Walk<'a> {
    const fn new(source: &'a Source, grid: &'a Grid) -> Self {
        Self {
            source,
            grid,
            cash: source.cash,
            fees: Money::ZERO,
            steps: Vec::new(),
            points: Vec::new(),
            closed: Closed { count: 0, won: 0, gains: 0, losses: 0 },
            weekends: false,
        }
    }

    /// Trades one stretch with what was chosen; the rule has read what lies before it.
    fn step(
        &mut self,
        chosen: &Result,
        (seen, traded, next): (&[Candle], &[Candle], Option<&Candle>),
    ) -> anyhow::Result<()> {
        let Some(trial) = self.grid.trials.get(chosen.trial) else {
            return Ok(());
        };
        let mut plan = self.source.plan(trial.settings.size());
        plan.cash = self.cash;
        let mut run = Run::new(trial.settings.rule()?, plan, Keep::default());
        seen.iter().for_each(|candle| run.warm(candle));
        traded.iter().for_each(|candle| run.on_candle(candle));
        if let Some(candle) = next {
            run.leave(candle);
        }
        let study = Study::of(self.source, run.finish(), Summary::default())?;
        let earned = |last: Money, start: Money| {
            statistics::gain(dollars(start), dollars(last)).unwrap_or(0.0) * 100.0
        };
        self.steps.push(Step {
            from: traded.first().map(|candle| candle.open_at).unwrap_or_default(),
            to: traded.last().map(|candle| candle.close_at).unwrap_or_default(),
            chosen: chosen.trial,
            seen_pct: chosen.return_pct / seen.len().max(1) as f64,
            traded_pct: earned(study.equity, self.cash) / traded.len().max(1) as f64,
            start: self.cash,
            last: study.equity,
        });
        self.weekends |= study.year() == Year::Days365;
        self.points.extend(study.points());
        self.closed = self.closed.plus(study.closed());
        self.fees = self.fees.saturating_add(study.outcome.portfolio.fees());
        self.cash = study.equity;
        Ok(())
    }

    fn finish(self) -> Walked {
        let year = if self.weekends { Year::Days365 } else { Year::Sessions252 };
        let curve = statistics::curve(dollars(self.source.cash), &one_a_day(self.points), year);
        Walked {
            trials: self.steps.len() * self.grid.trials.len(),
            steps: self.steps,
            curve,
            closed: self.closed,
            fees: self.fees,
            start: self.source.cash,
            last: self.cash,
        }
    }
}

/// Days at which two stretches meet have two points; the later one counts.
fn one_a_day(points: Vec<Point>) -> Vec<Point> {
    let mut days: Vec<Point> = Vec::with_capacity(points.len());
    for point in points {
        match days.last_mut() {
            Some(last) if last.day == point.day => *last = point,
            _ => days.push(point),
        }
    }
    days
}
