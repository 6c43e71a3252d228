//! Strategies that were heard and said nothing: what each would have needed. Nobody has to guess why there is no trade.

use super::universe;
use nija_core::words::id::InstrumentId;
use nija_core::words::signal::StrategyName;
use nija_market::analyst::Setup;
use nija_market::candle::Timeframe;
use nija_market::engine::Want;
use nija_market::playbook::Playbook;
use std::collections::{BTreeMap, BTreeSet};

/// What the strategies of a run need that this run does not give them.
pub(super) struct Silence(Vec<(StrategyName, Reason)>);

/// Why a strategy may say nothing.
enum Reason {
    /// It has nothing that it could decide on.
    Lacks(&'static str),
    /// It has all, and what goes before its first word is this.
    Waits(Option<String>),
}

impl Silence {
    /// Of these strategies, all where none is named, over bars of these streams.
    pub(super) fn of(strategies: &[StrategyName], setup: &Setup, given: &[Want]) -> Self {
        let heard = if strategies.is_empty() { &StrategyName::ALL[..] } else { strategies };
        Self(heard.iter().map(|of| (*of, reason(*of, setup, given))).collect())
    }

    /// Notes on those that said nothing. `shut` has the days on which the regime kept them from entering.
    pub(super) fn notes(
        &self,
        spoken: &BTreeSet<StrategyName>,
        shut: &BTreeMap<&'static str, u32>,
    ) -> Vec<String> {
        let silent = self.0.iter().filter(|(of, _)| !spoken.contains(of));
        let mut lacks: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut notes = Vec::new();
        for (of, reason) in silent {
            let name = of.name();
            match reason {
                Reason::Lacks(what) => match lacks.iter_mut().find(|(known, _)| known == what) {
                    Some((_, names)) => names.push(name),
                    None => lacks.push((what, vec![name])),
                },
                Reason::Waits(first) => {
                    let first = first.iter().map(|first| format!(", and {first}"));
                    let shut = shut.get(name).filter(|days| **days > 0);
                    let shut =
                        shut.iter().map(|days| format!("; the regime shut it on {days} days"));
                    let more: String = first.chain(shut).collect();
                    notes.push(format!("{name} said nothing: no entry by its rules{more}"));
                }
            }
        }
        let told = |(what, names): (&str, Vec<&str>)| {
            let verb = if names.len() == 1 { "needs" } else { "need" };
            format!("{} said nothing: {verb} {what}", names.join(", "))
        };
        lacks.into_iter().map(told).chain(notes).collect()
    }
}

fn reason(of: StrategyName, setup: &Setup, given: &[Want]) -> Reason {
    let traded = universe::traded(of, setup);
    let is_read = |(id, timeframe): &(InstrumentId, Option<Timeframe>)| {
        let mut own = given.iter().filter(|want| want.instrument == *id);
        own.any(|want| timeframe.is_none_or(|wanted| want.timeframe <= wanted))
    };
    let usable = match of {
        // Their places are listed only where their books are given.
        StrategyName::CryptoMarketMaking | StrategyName::CryptoArbitrage => traded.len(),
        _ => traded.iter().filter(|market| is_read(market)).count(),
    };
    let (least, what) = needs(of);
    if usable < least {
        return Reason::Lacks(what);
    }
    let is_reported =
        |(id, _): &(InstrumentId, _)| setup.calendar.iter().any(|report| report.instrument == *id);
    if of == StrategyName::EquityEarningsVolatility && !traded.iter().any(is_reported) {
        return Reason::Lacks(
            "reports of these companies (--earnings FILE), and quotes of their options (--chain, --model-options) \
             for straddles",
        );
    }
    Reason::Waits(patience(of, &setup.playbook))
}

/// How many markets a strategy needs at least, and in words what it needs.
const fn needs(of: StrategyName) -> (usize, &'static str) {
    match of {
        StrategyName::CryptoMarketMaking => (1, "books: give a folder of ticks"),
        StrategyName::CryptoArbitrage => {
            (2, "books of two places, or of a pair and its coins: give a folder of ticks for each")
        }
        StrategyName::CryptoMomentumScalping => {
            (1, "bars of crypto that are shorter than a day, such as BTC-USDT/1h.csv")
        }
        StrategyName::CryptoTrendRiding | StrategyName::CryptoVolatilityCapture => {
            (1, "bars of crypto")
        }
        StrategyName::EquityMomentumSwing => (2, "bars of two shares at least"),
        StrategyName::EquityEarningsVolatility
        | StrategyName::EquityMeanReversion
        | StrategyName::EtfRotation => (1, "bars of shares or funds"),
        StrategyName::MacroTrend => (1, "bars of contracts (--contract), funds or shares"),
        StrategyName::IndexScalping => {
            (1, "bars of contracts (--contract), funds or shares that are shorter than a day")
        }
        StrategyName::VolatilityBreakout => {
            (1, "bars of contracts (--contract) or crypto that are shorter than a day")
        }
        StrategyName::Own => (0, "a model of its owner"),
    }
}

/// What must lie behind a strategy before it can speak, where that is long.
fn patience(of: StrategyName, playbook: &Playbook) -> Option<String> {
    let (count, what) = match of {
        StrategyName::EquityMomentumSwing => {
            (playbook.equity_momentum_swing.parameters.look_back, "sessions")
        }
        StrategyName::EquityMeanReversion => {
            (playbook.equity_mean_reversion.parameters.trend, "sessions")
        }
        StrategyName::EquityEarningsVolatility => {
            (playbook.equity_earnings_volatility.parameters.drift.seasons, "reports of a company")
        }
        StrategyName::EtfRotation => (playbook.etf_rotation.parameters.look_back, "months"),
        StrategyName::MacroTrend => (playbook.macro_trend.parameters.look_back, "sessions"),
        StrategyName::IndexScalping => (playbook.index_scalping.parameters.days, "sessions"),
        StrategyName::VolatilityBreakout => {
            (playbook.volatility_breakout.parameters.squeeze_days, "days")
        }
        StrategyName::CryptoVolatilityCapture => {
            (playbook.crypto_volatility_capture.parameters.channel, "days")
        }
        _ => return None,
    };
    Some(format!("it needs {count} {what} before its first entry"))
}
