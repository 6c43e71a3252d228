//! The options of a run: recorded chains from files, or which shares have modeled ones.

use super::Options;
use super::data::Source;
use anyhow::{Context, ensure};
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::Instrument;
use nija_engine::feeds::Feed;
use nija_engine::feeds::chain::{Numbers, Underlying, recorded};
use nija_market::candle::Timeframe;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The shares with options, and what is recorded of them.
pub(super) struct Chains {
    pub(super) underlyings: Vec<Underlying>,
    pub(super) feeds: Vec<Box<dyn Feed>>,
    pub(super) numbers: Numbers,
    is_model: bool,
}

impl Chains {
    /// Those that the options ask for.
    pub(super) fn of(
        options: &Options,
        sources: &[Source],
        instruments: &[Instrument],
    ) -> anyhow::Result<Self> {
        let numbers = Numbers::after(instruments, InstrumentId(0));
        let mut chains =
            Self { underlyings: Vec::new(), feeds: Vec::new(), numbers, is_model: false };
        if options.model_options.is_some() {
            chains.is_model = true;
            let daily = sources.iter().filter(|s| s.timeframe == Timeframe::Day1);
            chains.underlyings = daily.filter_map(|s| Underlying::of(&s.instrument)).collect();
            ensure!(
                !chains.underlyings.is_empty(),
                "--model-options needs daily bars of a share; name one with --data"
            );
        }
        let mut files: BTreeMap<&str, Vec<PathBuf>> = BTreeMap::new();
        for path in &options.chain {
            files.entry(symbol(path)?).or_default().push(path.clone());
        }
        for (symbol, files) in files {
            let of = instruments.iter().find(|row| row.symbol == symbol).and_then(Underlying::of);
            let of = of.with_context(|| {
                format!("{symbol} is no share or fund of this run; give its bars with --data")
            })?;
            let chain = recorded::open(&files, of, &chains.numbers, options.skip_bad)?;
            chains.underlyings.push(of);
            chains.feeds.push(Box::new(chain));
        }
        Ok(chains)
    }

    /// Says what is a model.
    pub(super) fn note(&self, notes: &mut Vec<String>) {
        if self.is_model {
            let count = self.underlyings.len();
            notes.push(format!(
                "options of {count} shares are modeled from their own past: a run over them shows what a strategy \
                 costs and how it works, not what it would have earned"
            ));
        }
    }
}

/// The folder of a chain is named like its underlying.
fn symbol(path: &Path) -> anyhow::Result<&str> {
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    folder.with_context(|| {
        format!(
            "{}: put it into a folder named like its underlying, AAPL/2026-02-11.csv",
            path.display()
        )
    })
}
