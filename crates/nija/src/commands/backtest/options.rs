//! The options of `nija backtest`, and the terms of the exchange that follow from them.

use super::books;
use super::contracts::{Months, Named};
use super::manner::{self, Commission, Fill, Repeated};
use super::teaching::SMA_CROSS;
use crate::config::Config;
use anyhow::{Context, bail, ensure};
use nija_core::words::instrument::Hours;
use nija_core::words::money::{Money, Pct, Qty};
use nija_core::words::signal::StrategyName;
use nija_core::words::tier::{Tier, Tolerance};
use nija_core::words::time::Timestamp;
use nija_engine::research::manner::Manner;
use nija_engine::sim::Rules;
use nija_engine::sim::fee::Fee;
use nija_engine::sim::slippage::Slippage;
use nija_market::candle::Timeframe;
use std::path::PathBuf;

/// What to run.
#[derive(Clone, Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("source").required(true).args(["data", "demo_data"]))]
pub(crate) struct Options {
    /// A file of bars (.csv, .csv.zst or .parquet), best named SYMBOL/TIMEFRAME.csv; may be
    /// repeated. Or a folder of ticks, SYMBOL.VENUE, for the strategies that trade on books.
    #[arg(long, value_name = "FILE")]
    pub(super) data: Vec<PathBuf>,
    /// The shipped history of 2017 to 2020 instead of files.
    #[arg(long, conflicts_with_all = ["symbol", "timeframe", "hours", "contract", "roll", "skip_bad", "strict"])]
    pub(super) demo_data: bool,
    /// What the file is about, where its name does not say so.
    #[arg(long)]
    pub(super) symbol: Option<String>,
    /// How long bars are: 1m, 5m, 15m, 1h or 1d.
    #[arg(long)]
    pub(super) timeframe: Option<Timeframe>,
    /// A file of recorded option quotes (.csv or .csv.zst), in a folder named like its underlying; may be
    /// repeated. See docs/backtesting.md for its columns.
    #[arg(long, value_name = "FILE", requires = "data")]
    pub(super) chain: Vec<PathBuf>,
    /// Options of all shares that are given, quoted by Black and Scholes at the volatility of the last
    /// sessions, with this spread as a fraction of the premium, for example 0.02. A model, no market.
    #[arg(long, value_name = "FRACTION", requires = "data", conflicts_with = "chain")]
    #[arg(value_parser = fraction)]
    pub(super) model_options: Option<f64>,
    /// What modeled options hold of the usual move at a report that is announced.
    #[arg(long, value_name = "FRACTION", default_value = "0.8", value_parser = fraction)]
    pub(super) model_jump: f64,
    /// A table of companies' reports instead of the configured one.
    #[arg(long, value_name = "FILE")]
    pub(super) earnings: Option<PathBuf>,
    /// A table of rates of interest (date and rate, DGS3MO or DFF, in percent a year) instead of the configured one.
    #[arg(long, value_name = "FILE")]
    pub(super) rates: Option<PathBuf>,
    /// What the analyst reads and each strategy trades, instead of the configured setup. Names symbols of the catalog
    /// and of the given files.
    #[arg(long, value_name = "FILE.toml")]
    pub(super) analyst: Option<PathBuf>,
    /// When a symbol trades that the catalog does not list.
    #[arg(long, value_enum)]
    pub(super) hours: Option<Trading>,
    /// A symbol that the catalog does not list is a future of so many dollars a point, long and short, for example
    /// CL=1; may be repeated. It is traded in hundredths. Without a last day of trading, as in CLM4=1@2024-05-21,
    /// its series counts as one contract that does not end.
    #[arg(long, value_name = "SYMBOL=DOLLARS[@DATE]", requires = "hours")]
    pub(super) contract: Vec<Named>,
    /// Months of one contract, for example CLK4,CLM4,CLN4, that are traded one after the other: positions move
    /// into the next month once it is traded more, and in time before the old one ends. May be repeated.
    #[arg(long, value_name = "SYMBOL,SYMBOL", requires = "data")]
    pub(super) roll: Vec<Months>,
    /// Liquidity score that is taken for granted, since bars tell of none: above 80 it opens a share for
    /// derivatives where the regime allows one.
    #[arg(long, value_name = "SCORE", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(super) liquidity: Option<u8>,
    /// Volatility score that is taken for granted from the start until bars tell one: ticks alone tell none, and
    /// without it no entry passes.
    #[arg(long, value_name = "SCORE", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(super) volatility: Option<u8>,
    /// Leave rows out that are wrong in themselves, and count them.
    #[arg(long)]
    pub(super) skip_bad: bool,
    /// Whose signals are heard: a strategy of the platform, or sma-cross, the teaching strategy that
    /// trades on its own, without account rules; so do market-making and arbitrage, on ticks. May be
    /// repeated for those of the platform.
    #[arg(long, value_name = "NAME")]
    pub(super) strategy: Vec<String>,
    /// A parameter of the strategy, for example fast=10; may be repeated.
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair, requires = "strategy")]
    pub(super) param: Vec<(String, String)>,
    /// When an order of a close is filled. Nobody can trade at that close itself; for sma-cross it can be had all
    /// the same, to compare with programs that fill there.
    #[arg(long, value_enum, default_value = "next-open")]
    pub(super) fill: Fill,
    /// Smallest step of a quantity in a run of sma-cross.
    #[arg(long, default_value = "1", value_name = "QTY")]
    pub(super) lot: Qty,
    /// Stop at a gap or at a price far from its neighbors, instead of telling of them.
    #[arg(long)]
    pub(super) strict: bool,
    /// Tier of the account, INVESTOR where it is not named, or `all` for one account of each.
    #[arg(long, value_parser = tiers)]
    tier: Option<Tiers>,
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
    /// How the commission is taken from a run of sma-cross, to compare with programs that take it otherwise.
    #[arg(long, value_enum, default_value = "exact", requires = "commission")]
    pub(super) commission_model: Commission,
    /// What a signal of sma-cross for the side that is held already leads to.
    #[arg(long, value_enum, default_value = "keep")]
    pub(super) repeated_signal: Repeated,
    /// Slippage of market orders in hundredths of a percent, instead of that of each class.
    #[arg(long, value_name = "N")]
    pub(super) slippage_bps: Option<Pct>,
    /// Half of bid to ask in hundredths of a percent, instead of that of each class.
    #[arg(long, value_name = "N")]
    pub(super) half_spread_bps: Option<Pct>,
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
    /// Write a report into this file: one page of HTML that needs nothing else.
    #[arg(long, value_name = "FILE.html")]
    pub(super) report: Option<PathBuf>,
    #[command(flatten)]
    pub(super) search: Search,
    /// Is everything that is held sold at the first open after `--to`? No option: a walk trades so.
    #[arg(skip)]
    pub(super) leaves: bool,
    /// Keep the journal in this file, for `nija journal` and `nija verify`; it must not exist.
    #[arg(long, value_name = "FILE")]
    pub(super) journal: Option<PathBuf>,
}

/// Many runs instead of one.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Search {
    /// Values of a parameter of the strategy to try, for example fast=5..50:5, target_volatility=0.2..0.6:0.1 or
    /// slow=20,50,100; with several, all combinations.
    #[arg(long, value_name = "NAME=VALUES", value_parser = pair, requires = "strategy")]
    pub(super) sweep: Vec<(String, String)>,
    /// Keep each trial in this file as it is done; the same command goes on where it stopped.
    #[arg(long, value_name = "FILE", requires = "sweep")]
    pub(super) results: Option<PathBuf>,
    /// What the best trial is the best in.
    #[arg(long, value_enum, default_value = "sharpe")]
    pub(super) rank: Rank,
    /// Choose anew on a window, trade the next one, move on: train=500,test=100, in bars for sma-cross, else in days
    /// that have bars.
    #[arg(long, value_name = "train=N,test=N", requires = "sweep")]
    pub(super) walk_forward: Option<WalkForward>,
    /// How many threads search; all cores unless it is said. Results are the same with any number.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(super) threads: Option<u16>,
}

/// What the best trial is the best in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Rank {
    /// Mean over deviation of daily returns.
    Sharpe,
    /// Return over the whole run.
    Return,
    /// Return a year over the deepest fall.
    Calmar,
}

/// Lengths of the windows of a walk, in bars or days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WalkForward {
    pub(super) train: usize,
    pub(super) test: usize,
}

impl std::str::FromStr for WalkForward {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WANTED: &str = "write train=500,test=100: whole numbers above 0";
        let (mut train, mut test) = (None, None);
        for part in text.split(',') {
            let (name, value) = part.split_once('=').ok_or(WANTED)?;
            let to = match name.trim() {
                "train" => &mut train,
                "test" => &mut test,
                _ => return Err(WANTED),
            };
            let bars = value.trim().parse().ok().filter(|bars| *bars > 0);
            *to = Some(bars.ok_or(WANTED)?);
        }
        train.zip(test).map(|(train, test)| Self { train, test }).ok_or(WANTED)
    }
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// A fraction from 0 to 2.
fn fraction(text: &str) -> Result<f64, &'static str> {
    let number = text.parse().ok().filter(|n: &f64| (0.0..=2.0).contains(n));
    number.ok_or("write a fraction from 0 to 2, for example 0.02")
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// A table for people.
    Text,
    /// One JSON object.
    Json,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Trading {
    /// Around the clock, as crypto does.
    Always,
    /// Regular sessions of New York.
    Nyse,
    /// Sessions of CME, for contracts: Sunday evening to Friday evening, an hour a day apart.
    Cme,
}

impl From<Trading> for Hours {
    fn from(trading: Trading) -> Self {
        match trading {
            Trading::Always => Self::Always,
            Trading::Nyse => Self::Nyse,
            Trading::Cme => Self::Cme,
        }
    }
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
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
#[derive(Clone, Debug)]
pub(super) struct Tiers(Vec<Tier>);

/// Does it trade without an account?
fn is_alone(name: &str) -> bool {
    name == SMA_CROSS || books::named(name).is_some()
}

fn tiers(text: &str) -> Result<Tiers, nija_core::words::tier::UnknownTier> {
    if text.eq_ignore_ascii_case("all") {
        return Ok(Tiers(Tier::ALL.to_vec()));
    }
    text.to_ascii_uppercase().parse().map(|tier| Tiers(vec![tier]))
}

pub(in crate::commands) fn midnight(text: &str) -> Result<Timestamp, String> {
    let date: jiff::civil::Date = text.parse().map_err(|_| "write a date like 2019-01-01")?;
    let zoned = date.to_zoned(jiff::tz::TimeZone::UTC).map_err(|e| e.to_string())?;
    Ok(Timestamp(zoned.timestamp().as_microsecond()))
}

impl Options {
    /// Refuses what cannot be meant.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(self.cash.is_positive(), "--cash must be above 0");
        ensure!(self.lot.is_positive(), "--lot must be above 0");
        manner::manner(self)?;
        ensure!(
            self.symbol.is_none() || self.data.len() == 1,
            "--symbol names what one file is about; name several files SYMBOL/TIMEFRAME.csv"
        );
        if self.tier.is_some()
            && let Some(alone) = self.strategy.iter().find(|name| is_alone(name))
        {
            bail!(
                "{alone} trades on its own, without an account and its limits; leave --tier away, or name a strategy \
                 of the platform"
            );
        }
        let exists = self.journal.as_ref().filter(|path| path.exists());
        if let Some(path) = exists {
            bail!("{} exists already; name a new file for the journal", path.display());
        }
        Ok(())
    }

    /// The configuration of this process with what the options name in its place.
    pub(super) fn configured(&self, mut config: Config) -> Config {
        config.analyst = self.analyst.clone().or(config.analyst);
        config.interest = self.rates.clone().or(config.interest);
        config
    }

    /// What trials of a sweep depend on beside their data, as one text.
    pub(super) fn told(&self) -> String {
        let Self { param, cash, commission, slippage_bps, half_spread_bps, lot, from, to, .. } =
            self;
        let (sweep, strict, skip_bad) = (&self.search.sweep, self.strict, self.skip_bad);
        let manner = manner::manner(self).unwrap_or_default();
        // Files of results from before there were manners go on.
        let manner =
            if manner == Manner::default() { String::new() } else { format!(" {manner:?}") };
        format!(
            "{param:?} {sweep:?} {cash} {commission:?} {slippage_bps:?} {half_spread_bps:?} {lot} {from:?} {to:?} \
             {strict} {skip_bad} {:?} {:?}{manner}",
            self.timeframe, self.symbol
        )
    }

    /// The tiers of the accounts.
    pub(super) fn tiers(&self) -> &[Tier] {
        match &self.tier {
            Some(Tiers(tiers)) => tiers,
            None => &[Tier::Investor],
        }
    }

    /// The strategies of the platform that are heard; all where none is named.
    pub(super) fn strategies(&self) -> anyhow::Result<Vec<StrategyName>> {
        let find = |name: &String| {
            let found = StrategyName::ALL.into_iter().find(|strategy| strategy.name() == name);
            found.with_context(|| {
                let names: Vec<&str> = StrategyName::ALL.iter().map(|s| s.name()).collect();
                format!(
                    "there is no strategy `{name}`; there are {SMA_CROSS}, {}",
                    names.join(", ")
                )
            })
        };
        let strategies = self.strategy.iter().map(find).collect::<anyhow::Result<Vec<_>>>()?;
        Ok(strategies)
    }

    /// Is it a run of the teaching strategy, on its own?
    pub(super) fn is_research(&self) -> bool {
        self.strategy.iter().any(|name| name == SMA_CROSS)
    }

    /// The terms of the exchange: those of a paper run but for what the options name. In a research run a
    /// commission stands for all that trading costs, unless spread or slippage are named as well.
    pub(super) fn rules(&self) -> anyhow::Result<Rules> {
        let mut rules = Rules { seed: self.seed, ..Rules::default() };
        let points = |name: &str, points: Option<Pct>| -> anyhow::Result<Option<Pct>> {
            let is_sane = |n: &Pct| !n.is_negative() && *n < Pct::whole(10_000);
            ensure!(
                points.as_ref().is_none_or(is_sane),
                "{name} is a number from 0 to below 10000"
            );
            let alone = (self.is_research() && self.commission.is_some()).then_some(Pct::ZERO);
            Ok(points.map(|n| Pct::from_raw(n.raw() / 100)).or(alone))
        };
        let slippage = points("--slippage-bps", self.slippage_bps)?;
        let half_spread = points("--half-spread-bps", self.half_spread_bps)?;
        let Rules { crypto, equity, derivatives, options, .. } = &mut rules;
        for terms in [crypto, equity, derivatives, options] {
            if let Some(fraction) = self.commission {
                let sane = !fraction.is_negative() && fraction < Pct::whole(1);
                ensure!(sane, "--commission is a fraction from 0 to below 1, for example 0.002");
                // In the price of an entry it is no fee any more.
                let in_price = self.commission_model == Commission::EntryPrice;
                let rate = manner::percent(self);
                terms.fee = if in_price { Fee::None } else { Fee::Percent { rate } };
            }
            if let Some(rate) = slippage {
                terms.slippage = Slippage::BasisPoints { rate };
            }
            terms.half_spread = half_spread.unwrap_or(terms.half_spread);
        }
        Ok(rules)
    }
}
