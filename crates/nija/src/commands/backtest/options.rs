//! The options of `nija backtest`, and the terms of the exchange that follow from them.

use anyhow::{bail, ensure};
use nija_core::words::instrument::Hours;
use nija_core::words::money::{Money, Pct};
use nija_core::words::tier::{Tier, Tolerance};
use nija_core::words::time::Timestamp;
use nija_engine::sim::Rules;
use nija_engine::sim::fee::Fee;
use nija_engine::sim::slippage::Slippage;
use nija_market::candle::Timeframe;
use std::path::PathBuf;

/// What to run.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("source").required(true).args(["data", "demo_data"]))]
pub(crate) struct Options {
    /// A file of bars (.csv, .csv.zst or .parquet), best named SYMBOL/TIMEFRAME.csv; may be
    /// repeated.
    #[arg(long, value_name = "FILE")]
    pub(super) data: Vec<PathBuf>,
    /// The shipped history of 2017 to 2020 instead of files.
    #[arg(long, conflicts_with_all = ["symbol", "timeframe", "hours", "skip_bad"])]
    pub(super) demo_data: bool,
    /// What the file is about, where its name does not say so.
    #[arg(long)]
    pub(super) symbol: Option<String>,
    /// How long bars are: 1m, 5m, 15m, 1h or 1d.
    #[arg(long)]
    pub(super) timeframe: Option<Timeframe>,
    /// When a symbol trades that the catalog does not list.
    #[arg(long, value_enum)]
    pub(super) hours: Option<Trading>,
    /// Leave rows out that are wrong in themselves, and count them.
    #[arg(long)]
    pub(super) skip_bad: bool,
    /// Tier of the account, or `all` for one account of each.
    #[arg(long, default_value = "INVESTOR", value_parser = tiers)]
    pub(super) tier: Tiers,
    /// Appetite for risk: conservative, moderate or aggressive.
    #[arg(long, value_enum, default_value = "moderate")]
    pub(super) tolerance: Appetite,
    /// Dollars that each account begins with.
    #[arg(long, default_value = "10000")]
    pub(super) cash: Money,
    /// First day of trading, for example 2019-01-01; what lies before only tells the strategies
    /// what went before.
    #[arg(long, value_name = "DATE", value_parser = midnight)]
    pub(super) from: Option<Timestamp>,
    /// The day on which trading is over, at its midnight UTC.
    #[arg(long, value_name = "DATE", value_parser = midnight)]
    pub(super) to: Option<Timestamp>,
    /// Fee as a fraction of the value, for example 0.002, instead of the fees of each class.
    #[arg(long, value_name = "FRACTION")]
    pub(super) commission: Option<Pct>,
    /// Slippage of market orders in hundredths of a percent, instead of that of each class.
    #[arg(long, value_name = "N")]
    pub(super) slippage_bps: Option<Pct>,
    /// An operator looks once a day and re-arms a class that a black swan stopped, once its
    /// volatility score is below this; 0 for never, as a run without an operator would go.
    #[arg(long, value_name = "SCORE", default_value_t = 75)]
    #[arg(value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(super) rearm_below: u8,
    /// Decides what the exchange leaves to chance.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    #[arg(long, value_enum, default_value = "text")]
    pub(super) format: Format,
    /// Keep the journal in this file, for `nija journal` and `nija verify`; it must not exist.
    #[arg(long, value_name = "FILE")]
    pub(super) journal: Option<PathBuf>,
}

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// A table for people.
    Text,
    /// One JSON object.
    Json,
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum Trading {
    /// Around the clock, as crypto does.
    Always,
    /// Regular sessions of New York.
    Nyse,
}

impl From<Trading> for Hours {
    fn from(trading: Trading) -> Self {
        match trading {
            Trading::Always => Self::Always,
            Trading::Nyse => Self::Nyse,
        }
    }
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum Appetite {
    Conservative,
    Moderate,
    Aggressive,
}

impl From<Appetite> for Tolerance {
    fn from(appetite: Appetite) -> Self {
        match appetite {
            Appetite::Conservative => Self::Conservative,
            Appetite::Moderate => Self::Moderate,
            Appetite::Aggressive => Self::Aggressive,
        }
    }
}

/// One tier, or all of them.
#[derive(Clone)]
pub(super) struct Tiers(pub(super) Vec<Tier>);

fn tiers(text: &str) -> Result<Tiers, nija_core::words::tier::UnknownTier> {
    if text.eq_ignore_ascii_case("all") {
        return Ok(Tiers(Tier::ALL.to_vec()));
    }
    text.to_ascii_uppercase().parse().map(|tier| Tiers(vec![tier]))
}

fn midnight(text: &str) -> Result<Timestamp, String> {
    let date: jiff::civil::Date = text.parse().map_err(|_| "write a date like 2019-01-01")?;
    let zoned = date.to_zoned(jiff::tz::TimeZone::UTC).map_err(|e| e.to_string())?;
    Ok(Timestamp(zoned.timestamp().as_microsecond()))
}

impl Options {
    /// Refuses what cannot be meant.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(self.cash.is_positive(), "--cash must be above 0");
        ensure!(
            self.symbol.is_none() || self.data.len() == 1,
            "--symbol names what one file is about; name several files SYMBOL/TIMEFRAME.csv"
        );
        let exists = self.journal.as_ref().filter(|path| path.exists());
        if let Some(path) = exists {
            bail!("{} exists already; name a new file for the journal", path.display());
        }
        Ok(())
    }

    /// The terms of the exchange: those of a paper run but for what the options name.
    pub(super) fn rules(&self) -> anyhow::Result<Rules> {
        let mut rules = Rules { seed: self.seed, ..Rules::default() };
        for terms in [&mut rules.crypto, &mut rules.equity, &mut rules.derivatives] {
            if let Some(fraction) = self.commission {
                let sane = !fraction.is_negative() && fraction < Pct::whole(1);
                ensure!(sane, "--commission is a fraction from 0 to below 1, for example 0.002");
                terms.fee = Fee::Percent { rate: Pct::from_raw(fraction.raw() * 100) };
            }
            if let Some(points) = self.slippage_bps {
                let sane = !points.is_negative() && points < Pct::whole(10_000);
                ensure!(sane, "--slippage-bps is a number from 0 to below 10000");
                terms.slippage = Slippage::BasisPoints { rate: Pct::from_raw(points.raw() / 100) };
            }
        }
        Ok(rules)
    }
}
