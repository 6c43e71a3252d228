//! The strategy router: which strategies may enter under which conditions. The whole table, with the pools of the
//! tiers, stands in docs/selection.md; a test holds it to this file.
//!
//! High crypto volatility or strong momentum opens scalping; calm crypto leaves the field to equity;
//! risk-off closes everything but the rotation into the strongest fund or cash. Quotes are not made in a storm,
//! where whoever trades knows more; momentum among shares rests in a storm and in a falling market, where it
//! crashes when the market turns (Daniel and Moskowitz 2016).

use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::score::Score;
use nija_core::words::signal::StrategyName;
use serde::{Deserialize, Serialize};

/// Limits of the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Routes {
    /// Absolute volatility score of crypto from which scalping is open, in hundredths.
    pub scalping_volatility: Score,
    /// Momentum above which scalping is open, in hundredths of a point.
    pub scalping_momentum: i16,
}

impl Default for Routes {
    /// 50 points are 75 % a year; 50 points of momentum are 0.55 deviations in 60 days.
    fn default() -> Self {
        Self { scalping_volatility: Score::points(50), scalping_momentum: 5_000 }
    }
}

impl Routes {
    /// May this strategy enter now? Before conditions are known only scalping must wait.
    #[must_use]
    pub fn admits(&self, strategy: StrategyName, conditions: &Conditions) -> bool {
        let regime = conditions.regime;
        match strategy {
            StrategyName::EtfRotation => true,
            _ if regime == Some(Regime::RiskOff) => false,
            StrategyName::CryptoMomentumScalping => self.is_lively(conditions),
            StrategyName::CryptoMarketMaking => regime != Some(Regime::HighVolatility),
            StrategyName::EquityMomentumSwing => {
                !matches!(regime, Some(Regime::HighVolatility | Regime::TrendingDown))
            }
            _ => true,
        }
    }

    fn is_lively(&self, conditions: &Conditions) -> bool {
        let wild = conditions.regime == Some(Regime::HighVolatility) && conditions.crypto_leads;
        let score = conditions.crypto_volatility;
        wild || score.is_some_and(|score| score >= self.scalping_volatility)
            || conditions.momentum >= self.scalping_momentum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn risk_off_leaves_rotation_only() {
        let conditions = Conditions {
            regime: Some(Regime::RiskOff),
            crypto_volatility: Some(Score::MAX),
            ..Conditions::default()
        };
        let open: Vec<StrategyName> = StrategyName::ALL
            .into_iter()
            .filter(|&s| Routes::default().admits(s, &conditions))
            .collect();
        assert_eq!(open, [StrategyName::EtfRotation]);
    }

    #[test]
    fn scalping_needs_volatility_or_momentum() {
        let admits = |conditions: Conditions| {
            Routes::default().admits(StrategyName::CryptoMomentumScalping, &conditions)
        };
        let calm = Conditions::default();
        assert!(!admits(calm));
        assert!(admits(Conditions { crypto_volatility: Some(Score::points(50)), ..calm }));
        assert!(admits(Conditions { momentum: 5_000, ..calm }));
        let wild = Conditions { regime: Some(Regime::HighVolatility), ..calm };
        assert!(!admits(wild));
        assert!(admits(Conditions { crypto_leads: true, ..wild }));
    }
}
