//! The contracts of a run: those that no catalog lists, and months of one contract that are traded one after the other.

use super::data::Source;
use crate::market;
use anyhow::{Context, ensure};
use nija_core::words::catalog::Family;
use nija_core::words::fixed::SCALE;
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::{AssetClass, Instrument, Kind};
use nija_core::words::money::Qty;
use nija_core::words::time::{Span, Timestamp};
use nija_engine::calendar::session_of;
use nija_market::analyst::Setup;
use nija_market::candle::Timeframe;
use nija_market::engine::derivatives::Intraday;
use std::collections::BTreeSet;
use std::str::FromStr;

/// A continuous series has no end; its contract ends in the year 2200, far behind all data.
pub(super) const ENDLESS: Timestamp = Timestamp(7_258_118_400_000_000);
/// Contracts are traded in hundredths: the largest trade of every tier lies below most whole ones.
const PART: Qty = Qty::from_raw(SCALE / 100);

/// A contract as `--contract` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) symbol: String,
    /// Dollars a point.
    pub(super) multiplier: u32,
    /// Midnight of its last day of trading, where it has one.
    last: Option<Timestamp>,
}

impl FromStr for Named {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        const WANTED: &str =
            "write SYMBOL=DOLLARS, whole dollars a point above 0, and @DATE where it ends";
        let (symbol, terms) = text.split_once('=').ok_or(WANTED)?;
        let (dollars, last) = match terms.split_once('@') {
            Some((dollars, last)) => (dollars, Some(super::midnight(last.trim())?)),
            None => (terms, None),
        };
        let multiplier = dollars.trim().parse().ok().filter(|dollars| *dollars > 0);
        let multiplier = multiplier.ok_or(WANTED)?;
        Ok(Self { symbol: symbol.trim().to_owned(), multiplier, last })
    }
}

impl Named {
    /// The row of a symbol that is this contract.
    pub(super) fn row(&self, unlisted: Instrument) -> anyhow::Result<Instrument> {
        let expiry = match self.last {
            None => ENDLESS,
            Some(midnight) => {
                let session = session_of(unlisted.hours, midnight.day(Span::ZERO));
                let session = session.with_context(|| {
                    format!("{}: its last day has no session; name the last one", self.symbol)
                })?;
                session.close_at
            }
        };
        let kind = Kind::Future { multiplier: self.multiplier, expiry, maintenance: None };
        Ok(Instrument { class: AssetClass::Derivatives, kind, lot: PART, ..unlisted })
    }
}

/// Months of one contract as `--roll` names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Months(Vec<String>);

impl FromStr for Months {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let months: Vec<String> = text.split(',').map(|month| month.trim().to_owned()).collect();
        let all = months.len() > 1 && months.iter().all(|month| !month.is_empty());
        all.then_some(Self(months)).ok_or("write SYMBOL,SYMBOL and so on, two months at least")
    }
}

/// The families that the options name, in whatever order their months stand there.
pub(super) fn families(rolls: &[Months], sources: &[Source]) -> anyhow::Result<Vec<Family>> {
    let mut seen = BTreeSet::new();
    let mut month = |symbol: &String| {
        let source = sources.iter().find(|source| source.instrument.symbol == *symbol);
        let row = source.map(|source| &source.instrument);
        let row = row.with_context(|| format!("--roll: {symbol} is not among the files"))?;
        let ends = row.is_margined() && row.expiry().is_some_and(|expiry| expiry < ENDLESS);
        ensure!(ends, "--roll: {symbol} has no end; name it with --contract {symbol}=DOLLARS@DATE");
        ensure!(seen.insert(row.id), "--roll: {symbol} is named twice");
        Ok(row)
    };
    let family = |months: &Months| {
        let name = months.0.join(",");
        let mut rows = months.0.iter().map(&mut month).collect::<anyhow::Result<Vec<_>>>()?;
        rows.sort_by_key(|row| row.expiry());
        Family::of(&name, &rows).with_context(|| format!("--roll {name}"))
    };
    rolls.iter().map(family).collect()
}

/// Daily bars go to the macro trend, shorter ones to the two strategies of the day; all of contracts on both sides.
/// Of months that follow each other the first one stands for the series.
pub(super) fn give(setup: &mut Setup, sources: &[Source]) {
    let derivatives = &mut setup.derivatives;
    let later = derivatives.families.iter().flat_map(|family| family.months.iter().skip(1));
    let later: Vec<InstrumentId> = later.map(|month| month.instrument).collect();
    (derivatives.trend, derivatives.scalping, derivatives.breakout) = Default::default();
    let of = |source: &&Source| {
        let row = &source.instrument;
        row.class == AssetClass::Derivatives && !later.contains(&row.id)
    };
    for Source { instrument: row, timeframe } in sources.iter().filter(of) {
        if *timeframe == Timeframe::Day1 {
            derivatives.trend.push(row.id);
        } else {
            let (instrument, timeframe, hours) = (row.id, *timeframe, row.hours);
            let market = Intraday { instrument, timeframe, hours };
            derivatives.scalping.push(market);
            derivatives.breakout.push(market);
        }
    }
    derivatives.contracts = market::contracts(sources.iter().map(|source| &source.instrument));
}

/// What is told of the months of a family that are among the files; nothing where they have nothing to follow.
pub(super) fn note(family: &Family, sources: &[Source]) -> Option<String> {
    let symbol = |(month, _)| {
        let source = sources.iter().find(|source| source.instrument.id == month)?;
        Some(source.instrument.symbol.as_str())
    };
    let months: Vec<&str> = family.months().filter_map(symbol).collect();
    let told = "are read as one series, joined by ratio; positions move";
    (months.len() > 1).then(|| format!("{} {told}", months.join(", ")))
}
