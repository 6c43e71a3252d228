//! One rule over one file, and what came of it.

use super::super::teaching::Settings;
use super::closes::Closes;
use super::regimes::Regimes;
use super::source::Source;
use crate::statistics::{self, Closed, Curve, Point, Year};
use anyhow::{bail, ensure};
use nija_core::words::fixed::SCALE;
use nija_core::words::money::Money;
use nija_core::words::time::{Span, Timestamp};
use nija_engine::feeds::bars::Summary;
use nija_engine::research::record::Keep;
use nija_engine::research::{Outcome, Run};
use nija_market::candle::Candle;
use std::collections::BTreeMap;

/// The days that are traded: what lies before `from` is only read.
#[derive(Clone, Copy, Default)]
pub(super) struct Window {
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
}

impl Window {
    /// The candles that are only read, and those that are traded.
    pub(super) fn split(self, candles: &[Candle]) -> (&[Candle], &[Candle]) {
        let place = |at: Option<Timestamp>, none| {
            at.map_or(none, |at| candles.partition_point(|candle| candle.open_at < at))
        };
        let (from, to) = (place(self.from, 0), place(self.to, candles.len()));
        (&candles[..from.min(to)], &candles[from.min(to)..to])
    }
}

/// What one file came to.
pub(in super::super) struct Study {
    pub(in super::super) symbol: String,
    pub(super) file: String,
    pub(in super::super) outcome: Outcome,
    pub(in super::super) equity: Money,
    pub(super) summary: Summary,
    /// The regime that began on a day; only where a chart is drawn.
    pub(super) regimes: BTreeMap<i32, &'static str>,
    /// Every bar that was read; only where a chart is drawn.
    pub(super) closes: Closes,
}

/// Runs the rule over a file.
pub(super) fn study(
    source: &Source,
    settings: &Settings,
    keep: Keep,
    window: Window,
) -> anyhow::Result<Study> {
    let mut series = source.open()?;
    let mut run = Run::new(settings.rule()?, source.plan(settings.size()), keep);
    let mut drawn = (keep.candles > 0).then(|| (Regimes::new(source), Closes::default()));
    let mut candles = Vec::new();
    while series.next(&mut candles)? {
        let (before, inside) = window.split(&candles);
        if let Some((regimes, closes)) = &mut drawn {
            before.iter().chain(inside).for_each(|candle| {
                regimes.take(candle);
                closes.take(candle);
            });
        }
        before.iter().for_each(|candle| run.warm(candle));
        inside.iter().for_each(|candle| run.on_candle(candle));
    }
    let (regimes, closes) =
        drawn.map(|(regimes, closes)| (regimes.days(), closes)).unwrap_or_default();
    Ok(Study { regimes, closes, ..Study::of(source, run.finish(), series.summary().clone())? })
}

/// Dollars as a float, for ratios only.
pub(super) fn dollars(money: Money) -> f64 {
    money.raw() as f64 / SCALE as f64
}

impl Study {
    /// Of a run that has ended.
    pub(super) fn of(source: &Source, outcome: Outcome, summary: Summary) -> anyhow::Result<Self> {
        let file = source.path.display().to_string();
        ensure!(outcome.record.bars > 0, "{file}: no bar lies between --from and --to");
        let Some(equity) = outcome.equity.filter(|_| outcome.portfolio.is_balanced()) else {
            bail!("{file}: the amounts leave the range of money; trade with less --cash")
        };
        let symbol = source.instrument.symbol.clone();
        let (regimes, closes) = (BTreeMap::new(), Closes::default());
        Ok(Self { symbol, file, outcome, equity, summary, regimes, closes })
    }

    pub(super) fn bars(&self) -> u64 {
        self.outcome.record.bars
    }
    pub(in super::super) fn start(&self) -> Money {
        self.outcome.portfolio.plan().cash
    }

    /// How many days a year of it has: a market with bars on weekends never rests.
    pub(super) fn year(&self) -> Year {
        if self.outcome.record.weekends { Year::Days365 } else { Year::Sessions252 }
    }

    pub(super) fn points(&self) -> Vec<Point> {
        let days = self.outcome.record.days.iter();
        let point = |day: &nija_engine::research::record::Day| Point {
            day: day.day,
            equity: day.equity,
            cash: day.equity - day.invested,
        };
        days.map(point).collect()
    }

    pub(super) fn curve(&self) -> Curve {
        let record = &self.outcome.record;
        let curve = statistics::curve(dollars(self.start()), &self.points(), self.year());
        let longest = record.longest.0 / Span::DAY.0;
        curve.fallen(record.deepest, i32::try_from(longest).unwrap_or(i32::MAX))
    }

    pub(super) fn closed(&self) -> Closed {
        let record = &self.outcome.record;
        let (gains, losses) = (record.gains, record.losses);
        Closed { count: record.closed, won: record.won, gains, losses }
    }

    /// What is worth telling beside the figures.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = super::super::data::told(&self.summary).into_iter().collect();
        let record = &self.outcome.record;
        let refused = self.outcome.portfolio.refused();
        if refused > 0 {
            notes.push(format!(
                "{refused} positions were not taken: the equity did not pay for one lot of {}; see --lot and --cash",
                self.outcome.portfolio.plan().instrument.lot
            ));
        }
        if let Some(at) = self.outcome.ruined {
            notes.push(format!("nothing was left at {at}; trading stopped for good"));
        }
        if (record.trades.len() as u64) < record.closed {
            let (listed, all) = (record.trades.len(), record.closed);
            notes.push(format!("the first {listed} of {all} trades are listed; all are counted"));
        }
        notes.iter().map(|note| format!("{}: {note}", self.file)).collect()
    }
}
