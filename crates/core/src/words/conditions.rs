//! What the market is like: the analyst's reading, as the desk records and obeys it.

use super::instrument::AssetClass;
use super::score::Score;
use super::time::Timestamp;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// The six regimes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Regime {
    /// A strong move up.
    #[n(0)]
    TrendingUp,
    /// A strong move down.
    #[n(1)]
    TrendingDown,
    /// Sideways.
    #[n(2)]
    Ranging,
    /// Wild for itself.
    #[n(3)]
    HighVolatility,
    /// Calm for itself.
    #[n(4)]
    LowVolatility,
    /// Flight to safety.
    #[n(5)]
    RiskOff,
}

impl Regime {
    /// All six, in the order of the tables.
    pub const ALL: [Self; 6] = [
        Self::TrendingUp,
        Self::TrendingDown,
        Self::Ranging,
        Self::HighVolatility,
        Self::LowVolatility,
        Self::RiskOff,
    ];
    /// The word used in files, answers and screens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TrendingUp => "trending_up",
            Self::TrendingDown => "trending_down",
            Self::Ranging => "ranging",
            Self::HighVolatility => "high_volatility",
            Self::LowVolatility => "low_volatility",
            Self::RiskOff => "risk_off",
        }
    }
}

/// One reading of the whole market, at a close.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Conditions {
    /// When it was known.
    #[n(0)]
    pub at: Timestamp,
    /// The regime; none before there is enough history.
    #[n(1)]
    pub regime: Option<Regime>,
    /// Share of the detector's inputs that agree and were present.
    #[n(2)]
    pub confidence: Score,
    /// Absolute volatility score of crypto: what the Volatility Guard reads.
    #[n(3)]
    pub crypto_volatility: Option<Score>,
    /// Absolute volatility score of equity and derivatives.
    #[n(4)]
    pub equity_volatility: Option<Score>,
    /// In high volatility: is crypto the wild one?
    #[n(5)]
    pub crypto_leads: bool,
    /// Liquidity, where order books or spreads are known.
    #[n(6)]
    pub liquidity: Option<Score>,
    /// Momentum, -10 000 to 10 000 in hundredths of a point.
    #[n(7)]
    pub momentum: i16,
    /// A six-sigma day or a gap of the term structure in crypto.
    #[n(8)]
    pub crypto_black_swan: bool,
    /// The same in equity and derivatives.
    #[n(9)]
    pub equity_black_swan: bool,
}

impl Conditions {
    /// The absolute volatility score that guards this class.
    #[must_use]
    pub const fn volatility(&self, class: AssetClass) -> Option<Score> {
        match class {
            AssetClass::Crypto => self.crypto_volatility,
            AssetClass::Equity | AssetClass::Derivatives => self.equity_volatility,
        }
    }
    /// Did the analyst see a black swan in this class?
    #[must_use]
    pub const fn black_swan(&self, class: AssetClass) -> bool {
        match class {
            AssetClass::Crypto => self.crypto_black_swan,
            AssetClass::Equity | AssetClass::Derivatives => self.equity_black_swan,
        }
    }
}
