//! What each strategy trades of the files that are named: all of its class. The shipped universe is for runs that
//! name none. Leading markets keep their parts where they are among the files.

use super::contracts;
use super::data::Source;
use crate::market;
use nija_core::words::catalog::Family;
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::{AssetClass, Kind};
use nija_core::words::signal::StrategyName;
use nija_market::analyst::Setup;
use nija_market::candle::Timeframe;
use nija_market::engine::crypto::Scalped;
use nija_market::engine::derivatives::Intraday;

/// Gives the files to the strategies, with what rolls here; tells what stands for something else.
pub(super) fn give(setup: &mut Setup, sources: &[Source], rolled: &[Family]) -> Vec<String> {
    let (crypto, mut equity) = (of(AssetClass::Crypto, sources), of(AssetClass::Equity, sources));
    if equity.len() > 1 {
        // The fund that credit is read from is an input, unless it is all there is.
        equity.retain(|id| setup.roles.credit != Some(*id));
    }
    let mut notes = lead(setup, (&crypto, &equity), sources);
    setup.crypto.scalping = within(AssetClass::Crypto, sources)
        .map(|source| scalped(source, &setup.crypto.scalping))
        .collect();
    setup.crypto.capture.clone_from(&crypto);
    setup.crypto.riding = crypto;
    let shares = shares(&equity, sources);
    setup.equity.earnings.clone_from(&shares);
    setup.equity.swing = shares;
    setup.equity.reversion.clone_from(&equity);
    setup.equity.rotation.clone_from(&equity);
    let contracts = of(AssetClass::Derivatives, sources);
    // Months of the catalog's families are traded as a server trades them.
    let is_known = setup.derivatives.instruments().any(|id| contracts.contains(&id));
    market::roll(&mut setup.derivatives, rolled);
    if contracts.is_empty() {
        stand_in(setup, equity, sources);
    } else if !is_known {
        contracts::give(setup, sources);
        notes.push("the derivatives strategies trade the given contracts".into());
    }
    notes
}

/// The parts of the leading markets, where the files hold none of those that have them.
fn lead(
    setup: &mut Setup,
    (crypto, equity): (&[InstrumentId], &[InstrumentId]),
    sources: &[Source],
) -> Vec<String> {
    let mut notes = Vec::new();
    let has = |id: InstrumentId| sources.iter().any(|s| s.instrument.id == id);
    let roles = &mut setup.roles;
    if !crypto.is_empty() && ![roles.leader, roles.second].into_iter().flatten().any(has) {
        (roles.leader, roles.second) = (crypto.first().copied(), crypto.get(1).copied());
        notes.push(
            "crypto is read from the given files: there is none of the leading markets".into(),
        );
    }
    if !equity.is_empty() && !roles.index.is_some_and(has) {
        roles.index = equity.first().copied();
        notes.push("the first file of equity stands for the index, which is not given".into());
    }
    notes
}

/// What of a class is given and can be traded, in the order of the files.
fn of(class: AssetClass, sources: &[Source]) -> Vec<InstrumentId> {
    let mut ids: Vec<InstrumentId> = Vec::new();
    for source in sources.iter().filter(|s| s.instrument.class == class) {
        if source.instrument.is_tradable() && !ids.contains(&source.instrument.id) {
            ids.push(source.instrument.id);
        }
    }
    ids
}

/// The first file of each market of a class whose bars are shorter than a day.
fn within(class: AssetClass, sources: &[Source]) -> impl Iterator<Item = &Source> {
    let short = move |of: InstrumentId| {
        let mut own = sources.iter().filter(move |source| source.instrument.id == of);
        own.find(|source| source.timeframe < Timeframe::Day1)
    };
    of(class, sources).into_iter().filter_map(short)
}

/// What is ranked against each other as shares: what the catalog knows as funds only where there is nothing else.
fn shares(equity: &[InstrumentId], sources: &[Source]) -> Vec<InstrumentId> {
    let is_fund = |id: &InstrumentId| {
        sources.iter().any(|s| s.instrument.id == *id && s.instrument.kind == Kind::Fund)
    };
    let shares: Vec<InstrumentId> = equity.iter().copied().filter(|id| !is_fund(id)).collect();
    if shares.is_empty() { equity.to_vec() } else { shares }
}

/// Decides on the candles that the shipped setup names for this market where the file can make them, else on its own.
fn scalped(source: &Source, shipped: &[Scalped]) -> Scalped {
    let (instrument, timeframe) = (source.instrument.id, source.timeframe);
    let known = shipped.iter().find(|s| s.instrument == instrument && timeframe <= s.timeframe);
    known.copied().unwrap_or(Scalped { instrument, timeframe, parameters: None })
}

/// Funds, shares and coins stand for the futures that are not given, as they do in the shipped setup.
fn stand_in(setup: &mut Setup, equity: Vec<InstrumentId>, sources: &[Source]) {
    let market = |source: &Source, shipped: &[Intraday]| {
        let (row, timeframe) = (&source.instrument, source.timeframe);
        let known = shipped.iter().find(|m| m.instrument == row.id && timeframe <= m.timeframe);
        known.copied().unwrap_or(Intraday { instrument: row.id, timeframe, hours: row.hours })
    };
    let derivatives = &mut setup.derivatives;
    derivatives.trend = equity;
    let scalping = within(AssetClass::Equity, sources);
    derivatives.scalping = scalping.map(|s| market(s, &derivatives.scalping)).collect();
    let breakout = within(AssetClass::Crypto, sources);
    derivatives.breakout = breakout.map(|s| market(s, &derivatives.breakout)).collect();
}

/// What a strategy trades by a setup, with the candles that it decides on, where it is particular about them.
pub(super) fn traded(
    strategy: StrategyName,
    setup: &Setup,
) -> Vec<(InstrumentId, Option<Timeframe>)> {
    let whole = |ids: &[InstrumentId]| ids.iter().map(|id| (*id, None)).collect::<Vec<_>>();
    let market = |m: &Intraday| (m.instrument, Some(m.timeframe));
    let (crypto, equity, derivatives) = (&setup.crypto, &setup.equity, &setup.derivatives);
    match strategy {
        StrategyName::CryptoMomentumScalping => {
            crypto.scalping.iter().map(|s| (s.instrument, Some(s.timeframe))).collect()
        }
        StrategyName::CryptoTrendRiding => whole(&crypto.riding),
        StrategyName::CryptoVolatilityCapture => whole(&crypto.capture),
        StrategyName::CryptoMarketMaking => whole(&crypto.making),
        StrategyName::CryptoArbitrage => {
            let around = crypto.triangles.iter().flat_map(|t| [t.pair, t.base, t.quote]);
            let ids: Vec<_> = crypto.crossing.iter().flatten().copied().chain(around).collect();
            whole(&ids)
        }
        StrategyName::EquityMomentumSwing => whole(&equity.swing),
        StrategyName::EquityEarningsVolatility => whole(&equity.earnings),
        StrategyName::EquityMeanReversion => whole(&equity.reversion),
        StrategyName::EtfRotation => {
            let all: Vec<_> = equity.rotation.iter().copied().chain(equity.refuge).collect();
            whole(&all)
        }
        StrategyName::MacroTrend => whole(&derivatives.trend),
        StrategyName::IndexScalping => derivatives.scalping.iter().map(market).collect(),
        StrategyName::VolatilityBreakout => derivatives.breakout.iter().map(market).collect(),
        StrategyName::Own => Vec::new(),
    }
}

/// Names the files that none of the strategies trades which are heard.
pub(super) fn untraded(
    strategies: &[StrategyName],
    setup: &Setup,
    sources: &[Source],
) -> Option<String> {
    let heard = if strategies.is_empty() { &StrategyName::ALL[..] } else { strategies };
    let mut traded: Vec<InstrumentId> =
        heard.iter().flat_map(|strategy| traded(*strategy, setup)).map(|(id, _)| id).collect();
    // Of months that follow each other the first one stands for all.
    for family in &setup.derivatives.families {
        let months = family.months.iter().map(|month| month.instrument);
        if months.clone().any(|month| traded.contains(&month)) {
            traded.extend(months);
        }
    }
    let mut left: Vec<&str> = Vec::new();
    for Source { instrument: row, .. } in sources {
        if row.is_tradable() && !traded.contains(&row.id) && !left.contains(&row.symbol.as_str()) {
            left.push(&row.symbol);
        }
    }
    let (verb, it) = if left.len() == 1 { ("is", "it") } else { ("are", "them") };
    let told = || {
        let left = left.join(", ");
        format!(
            "{left} {verb} read and not traded: none of the strategies that are heard trades {it}"
        )
    };
    (!left.is_empty()).then(told)
}
