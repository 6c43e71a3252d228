//! The playbook: of each of the twelve strategies its parameters, their version and the limits that hold it, read
//! from one data file (`data/strategies.toml`). It is embedded; an operator may replace it whole.
//! Nothing has a default in the code: a file that leaves something out is refused.

use crate::engine::{crypto, derivatives, equity};
use nija_core::words::money::Price;
use nija_core::words::score::Strength;
use nija_core::words::signal::StrategyName;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// The text of the embedded playbook.
pub const SHIPPED: &str = include_str!("data/strategies.toml");

static PLAYBOOK: LazyLock<Playbook> = LazyLock::new(|| match Playbook::parse(SHIPPED) {
    Ok(playbook) => playbook,
    Err(why) => unreachable!("the embedded playbook: {why}"),
});

/// What holds a strategy, whatever it says. Sizes are parts of an account's full position, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Instruments that it may hold at once.
    pub max_positions: u16,
    /// Part of a full position that may be lost at the stop.
    pub risk: f64,
    /// Smallest entry that is said.
    pub min_size: f64,
    /// Largest entry.
    pub max_size: f64,
}

impl Limits {
    /// Nothing may be entered.
    const NOTHING: Self = Self { max_positions: 0, risk: 0.0, min_size: 0.0, max_size: 0.0 };

    /// The strength that these limits leave of a wanted one, given the price and the stop on either side of it; none
    /// where too little.
    #[must_use]
    pub fn fit(&self, wanted: Strength, mark: Price, stop: Option<Price>) -> Option<Strength> {
        let lost = stop
            .map_or(0.0, |stop| 1.0 - crate::clamp::dollars(stop) / crate::clamp::dollars(mark))
            .abs();
        let by_risk = if lost > 0.0 { self.risk / lost } else { 1.0 };
        let most = crate::clamp::strength(self.max_size.min(by_risk));
        let fitting = wanted.min(most);
        (fitting >= crate::clamp::strength(self.min_size)).then_some(fitting)
    }

    fn is_sane(&self) -> bool {
        let part = |x: f64| (0.0..=1.0).contains(&x);
        self.max_positions > 0
            && part(self.risk)
            && part(self.max_size)
            && part(self.min_size)
            && self.min_size <= self.max_size
            && self.risk > 0.0
    }
}

/// One strategy's page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Play<P> {
    /// What holds it.
    pub limits: Limits,
    /// What it decides by; their `version` stands in its signals.
    pub parameters: P,
}

/// A playbook that makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    /// The file does not have the playbook's shape.
    #[error("playbook: {0}")]
    Shape(toml::de::Error),
    /// Limits of a strategy contradict each other.
    #[error(
        "playbook: limits of {}: write max_positions above 0, risk above 0, and min_size up to max_size, all up to 1",
        .0.name()
    )]
    Limits(StrategyName),
}

macro_rules! playbook {
    ($($(#[$doc:meta])* $field:ident: $parameters:ty = $name:ident;)*) => {
        /// The pages of all twelve.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Playbook {
            $($(#[$doc])* pub $field: Play<$parameters>,)*
        }

        impl Playbook {
            /// The limits of a strategy; an owner's own has no page, and nothing is said for it here.
            #[must_use]
            pub const fn limits(&self, strategy: StrategyName) -> Limits {
                match strategy {
                    $(StrategyName::$name => self.$field.limits,)*
                    StrategyName::Own => Limits::NOTHING,
                }
            }
        }

        $(impl Default for $parameters {
            /// Those of the embedded playbook.
            fn default() -> Self {
                Playbook::shipped().$field.parameters.clone()
            }
        })*
    };
}

playbook! {
    /// Short moves with the intraday trend.
    crypto_momentum_scalping: crypto::ScalpingParameters = CryptoMomentumScalping;
    /// Donchian breakouts.
    crypto_trend_riding: crypto::RidingParameters = CryptoTrendRiding;
    /// Quotes on both sides.
    crypto_market_making: crypto::MakingParameters = CryptoMarketMaking;
    /// Differences between venues.
    crypto_arbitrage: crypto::ArbitrageParameters = CryptoArbitrage;
    /// Rebalancing against swings.
    crypto_volatility_capture: crypto::CaptureParameters = CryptoVolatilityCapture;
    /// Ranked momentum.
    equity_momentum_swing: equity::SwingParameters = EquityMomentumSwing;
    /// Moves around earnings.
    equity_earnings_volatility: equity::EarningsParameters = EquityEarningsVolatility;
    /// Oversold days of an uptrend.
    equity_mean_reversion: equity::ReversionParameters = EquityMeanReversion;
    /// The strongest fund.
    etf_rotation: equity::RotationParameters = EtfRotation;
    /// Time-series momentum.
    macro_trend: derivatives::TrendParameters = MacroTrend;
    /// Breaks out of the noise area.
    index_scalping: derivatives::IndexParameters = IndexScalping;
    /// Breaks out of contraction.
    volatility_breakout: derivatives::BreakoutParameters = VolatilityBreakout;
}

impl Playbook {
    /// The embedded playbook.
    #[must_use]
    pub fn shipped() -> &'static Self {
        &PLAYBOOK
    }

    /// Reads a playbook and holds its limits to sense.
    ///
    /// # Errors
    /// See [`Malformed`].
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let playbook: Self = toml::from_str(text).map_err(Malformed::Shape)?;
        let insane = |name: &StrategyName| !playbook.limits(*name).is_sane();
        match StrategyName::ALL.into_iter().find(insane) {
            Some(name) => Err(Malformed::Limits(name)),
            None => Ok(playbook),
        }
    }
}

impl Default for Playbook {
    fn default() -> Self {
        Self::shipped().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_playbook_reads_and_nothing_may_be_left_out() {
        let playbook = Playbook::parse(SHIPPED).unwrap();
        assert_eq!(playbook.crypto_volatility_capture.parameters.weight, 0.5);
        assert_eq!(playbook.limits(StrategyName::EtfRotation).max_positions, 1);
        let without = SHIPPED.replace("rsi = 2\n", "");
        assert!(matches!(Playbook::parse(&without), Err(Malformed::Shape(_))));
        let unknown = SHIPPED.replace("rsi = 2\n", "rsi = 2\nrsy = 3\n");
        assert!(matches!(Playbook::parse(&unknown), Err(Malformed::Shape(_))));
    }

    #[test]
    fn limits_that_contradict_each_other_name_their_strategy() {
        let absurd = SHIPPED.replace("max_positions = 60", "max_positions = 0");
        let why = Playbook::parse(&absurd).unwrap_err().to_string();
        assert!(why.contains("macro_trend"), "{why}");
    }

    #[test]
    fn sizes_are_held_by_the_largest_the_risk_and_the_smallest() {
        let limits = Limits { max_positions: 1, risk: 0.1, min_size: 0.2, max_size: 0.8 };
        let fit = |parts, stop: Option<i32>| {
            let stop = stop.map(Price::whole);
            limits.fit(Strength::parts(parts), Price::whole(100), stop).map(Strength::as_parts)
        };
        assert_eq!(fit(5_000, None), Some(5_000));
        assert_eq!(fit(10_000, None), Some(8_000));
        // A fifth would be lost at 80, so half of a full position loses a tenth of it.
        assert_eq!(fit(10_000, Some(80)), Some(5_000));
        assert_eq!(fit(10_000, Some(40)), None);
        assert_eq!(fit(1_999, None), None);
    }
}
