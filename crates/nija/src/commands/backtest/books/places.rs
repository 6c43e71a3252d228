//! The folders of ticks of a run of the desk: what each is about, and how its venue trades.

use super::super::contracts::ENDLESS;
use super::super::options::Options;
use super::{Settings, instrument, settings};
use anyhow::{Context, bail};
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::{AssetClass, Instrument, Kind};
use nija_core::words::money::Price;
use nija_core::words::signal::StrategyName;
use nija_engine::feeds::Feed;
use nija_engine::feeds::recording::{self, Reading};
use nija_engine::sim::{Exchange, Rules};
use nija_market::engine::crypto::arbitrage::Triangle;
use nija_market::engine::crypto::{Setup, Taken};
use nija_market::playbook::Playbook;
use std::path::{Path, PathBuf};

/// The places of a run.
#[derive(Default)]
pub(in super::super) struct Places {
    rows: Vec<Instrument>,
    /// How each venue trades.
    rules: Vec<Rules>,
    /// What a taker pays at each.
    fees: Vec<Taken>,
}

impl Places {
    /// Adds a folder and lists what it is about; gives its feed.
    pub(in super::super) fn add(
        &mut self,
        folder: &Path,
        options: &Options,
        (playbook, instruments): (&Playbook, &mut Vec<Instrument>),
    ) -> anyhow::Result<Box<dyn Feed>> {
        let row = place(folder, options, (playbook, instruments))?;
        let ticks = Settings::of(options)?.context("a folder of ticks is no file of bars")?;
        let mut folders = options.data.iter().filter(|path| path.is_dir());
        let nth = folders.position(|path| path == folder).unwrap_or_default();
        let reading = Reading { skip_bad: options.skip_bad, strict: options.strict };
        let feed = recording::open(folder, row.id, reading)?;
        self.rules.push(ticks.settings.rules(options, nth)?);
        let fee = ticks.settings.taker_fee(options, nth);
        self.fees.push(Taken { instrument: row.id, fee });
        instruments.push(row.clone());
        self.rows.push(row);
        Ok(Box::new(feed))
    }

    pub(in super::super) const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Gives the strategies that trade on books these places.
    pub(in super::super) fn give(
        &self,
        setup: &mut Setup,
        strategies: &[StrategyName],
    ) -> anyhow::Result<()> {
        let made = self.rows.iter().filter(|row| row.priced_in().is_none());
        setup.making = made.map(|row| row.id).collect();
        setup.triangles = self.triangles();
        setup.crossing = self.pairs(strategies)?;
        setup.fees.clone_from(&self.fees);
        Ok(())
    }

    /// Lets each venue trade in its own way.
    pub(in super::super) fn part(&self, exchange: &mut Exchange) {
        for (row, rules) in self.rows.iter().zip(&self.rules) {
            exchange.apart(row.id, *rules.terms_of(row), rules.latency);
        }
    }

    fn triangles(&self) -> Vec<Triangle> {
        let triangle = |row: &Instrument| match row.kind {
            Kind::Pair { base, quote } => Some(Triangle { pair: row.id, base, quote }),
            _ => None,
        };
        self.rows.iter().filter_map(triangle).collect()
    }

    /// The places between which arbitrage crosses: the two that are given. Three may be a triangle.
    fn pairs(&self, strategies: &[StrategyName]) -> anyhow::Result<Vec<[InstrumentId; 2]>> {
        match &self.rows[..] {
            [here, there] if here.multiplier() == there.multiplier() => {
                Ok(vec![[here.id, there.id]])
            }
            [_, _, _] if self.triangles().len() == 1 => Ok(Vec::new()),
            _ if strategies.contains(&StrategyName::CryptoArbitrage) => bail!(
                "arbitrage is between two places of the same, or around a pair and both its coins: name two folders \
                 of ticks, each with --data, and contracts of one dollar a point, or three, as of ETH-BTC, ETH-USDT \
                 and BTC-USDT"
            ),
            _ => Ok(Vec::new()),
        }
    }
}

/// What a folder of ticks is about.
fn place(
    folder: &Path,
    options: &Options,
    (playbook, instruments): (&Playbook, &[Instrument]),
) -> anyhow::Result<Instrument> {
    let tick = settings::price(playbook.crypto_market_making.parameters.tick);
    let lot = settings::qty(playbook.crypto_arbitrage.parameters.lot);
    let (tick, lot) = tick.zip(lot).context("the playbook's steps of prices and quantities")?;
    // Quotes need a step of prices; who only takes what is displayed takes it at its price.
    let heard = options.strategies()?;
    let quotes = heard.is_empty() || heard.contains(&StrategyName::CryptoMarketMaking);
    let tick = if quotes { tick } else { Price::STEP };
    let last = instruments.iter().map(|row| row.id.0).max().unwrap_or(0);
    let mut place = instrument(folder, 0, tick, lot)?;
    place.id = InstrumentId(last.saturating_add(1));
    if let Some(coins) = coins_of(folder, &options.data) {
        let find = |coin: &Path| {
            let symbol = coin.file_name().and_then(|name| name.to_str());
            instruments.iter().find(|row| Some(row.symbol.as_str()) == symbol).map(|row| row.id)
        };
        let [base, quote] = coins.map(find);
        let (base, quote) = base.zip(quote).context("a pair comes behind its coins")?;
        place.kind = Kind::Pair { base, quote };
        // The recording knows its steps, and they are not those of dollars.
        place.tick = Price::STEP;
    }
    if let Some(multiplier) = multiplier(folder, options) {
        place.class = AssetClass::Derivatives;
        place.kind = Kind::Future { multiplier, expiry: ENDLESS, maintenance: None };
    }
    Ok(place)
}

/// Dollars a point of a folder that is named as a contract.
pub(super) fn multiplier(folder: &Path, options: &Options) -> Option<u32> {
    let name = folder.file_name()?.to_str()?;
    let named = options.contract.iter().find(|named| named.symbol == name);
    named.map(|named| named.multiplier)
}

/// What a folder is named after: `ETH` and `BTC` of `ETH-BTC.VENUE`.
fn named_after(folder: &Path) -> Option<(&str, &str)> {
    let name = folder.file_name()?.to_str()?.split('.').next()?;
    name.split_once('-').filter(|(_, quote)| !quote.contains('-'))
}

/// Folders of base and quote of a pair: those of both coins for something that is no given coin.
fn coins_of<'a>(folder: &Path, all: &'a [PathBuf]) -> Option<[&'a Path; 2]> {
    let is_coin = |name: &str| {
        let mut given = all.iter().filter_map(|path| named_after(path));
        given.any(|(base, _)| base == name)
    };
    let find = |coin: &str| {
        let is_it = |path: &&PathBuf| {
            let named = named_after(path);
            path.is_dir() && named.is_some_and(|(base, quote)| base == coin && !is_coin(quote))
        };
        all.iter().find(is_it).map(PathBuf::as_path)
    };
    let (base, quote) = named_after(folder)?;
    Some([find(base)?, find(quote)?])
}

/// What is given, pairs behind the coins that they are made of.
pub(in super::super) fn coins_first(all: &[PathBuf]) -> Vec<&Path> {
    let mut paths: Vec<&Path> = all.iter().map(PathBuf::as_path).collect();
    paths.sort_by_key(|path| path.is_dir() && coins_of(path, all).is_some());
    paths
}
