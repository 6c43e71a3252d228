//! The files of a research run, each with the instrument it is about and the terms it is traded on.

use super::super::data;
use super::super::manner;
use super::super::options::Options;
use crate::catalog;
use crate::config::Config;
use anyhow::ensure;
use nija_core::words::instrument::{AssetClass, Hours, Instrument};
use nija_core::words::money::{Money, Price};
use nija_engine::feeds::series::{Reading, Series};
use nija_engine::research::manner::Manner;
use nija_engine::research::portfolio::{Plan, Size};
use nija_engine::sim::Rules;
use nija_engine::sim::rules::Terms;
use std::path::PathBuf;

/// One file.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) instrument: Instrument,
    pub(super) terms: Terms,
    pub(super) manner: Manner,
    pub(super) cash: Money,
    reading: Reading,
}

/// All files that the options name.
pub(super) fn all(options: &Options, config: &Config) -> anyhow::Result<Vec<Source>> {
    let catalog = catalog::read(config.instruments.as_deref())?.instruments;
    let rules = options.rules()?;
    options.data.iter().map(|path| source(path.clone(), options, &catalog, &rules)).collect()
}

fn source(
    path: PathBuf,
    options: &Options,
    catalog: &[Instrument],
    rules: &Rules,
) -> anyhow::Result<Source> {
    let (symbol, timeframe) = data::subject(&path, options)?;
    let listed = catalog.iter().find(|row| row.symbol == symbol);
    let hours = options.hours.map(Hours::from).or_else(|| listed.map(|row| row.hours));
    let step = timeframe.map(|timeframe| timeframe.span());
    let reading = Reading { step, hours, skip_bad: options.skip_bad, strict: options.strict };
    let mut instrument = match listed {
        Some(row) => row.clone(),
        // Its hours are read off the file, and its class follows from them.
        None => {
            let series = Series::open(&path, data::FIRST, reading)?;
            data::unlisted(symbol, series.hours(), catalog)
        }
    };
    // Prices stand as the file has them: many are adjusted and lie on no tick.
    (instrument.tick, instrument.lot) = (Price::STEP, options.lot);
    let (terms, manner) = (*rules.terms(instrument.class), manner::manner(options)?);
    Ok(Source { path, instrument, terms, manner, cash: options.cash, reading })
}

impl Source {
    /// Opens it from its first row.
    pub(super) fn open(&self) -> anyhow::Result<Series> {
        let series = Series::open(&self.path, self.instrument.id, self.reading)?;
        let first = series.first();
        ensure!(first.is_some(), "{}, line 2: there is no bar in it", self.path.display());
        Ok(series)
    }

    /// The same on other terms.
    pub(super) fn on(&self, terms: Terms, manner: Manner) -> Self {
        Self { terms, manner, ..self.clone() }
    }

    /// What a run over it trades with.
    pub(super) fn plan(&self, size: Size) -> Plan {
        let &Self { terms, manner, cash, .. } = self;
        Plan { instrument: self.instrument.clone(), terms, cash, size, manner }
    }

    /// Is its market read as crypto is?
    pub(super) fn is_crypto(&self) -> bool {
        self.instrument.class == AssetClass::Crypto
    }
}
