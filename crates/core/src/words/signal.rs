//! What a strategy says about a market. It knows no account and no money.

use super::id::{InstrumentId, SignalId};
use super::insight::Insight;
use super::money::{Price, Qty};
use super::order::{Origin, Side};
use super::score::{Score, Strength};
use super::time::Timestamp;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

macro_rules! strategies {
    ($($(#[$doc:meta])* $variant:ident = $number:literal $name:literal $class:ident;)*) => {
        /// The twelve strategies and the owner's own, numbered for ever.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize,
            Deserialize,
        )]
        #[cbor(index_only)]
        pub enum StrategyName {
            $($(#[$doc])* #[n($number)] #[serde(rename = $name)] $variant,)*
            /// A model of the account's owner. It speaks over the API, and no other account hears it.
            #[n(12)]
            #[serde(rename = "own")]
            Own,
        }
        impl StrategyName {
            /// The platform's twelve, in order of their numbers.
            pub const ALL: [Self; 12] = [$(Self::$variant),*];
            /// The word used in files, answers and screens.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* Self::Own => "own" }
            }
            /// The strategy of this name, the owner's own included.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.into_iter().chain([Self::Own]).find(|strategy| strategy.name() == name)
            }
            /// Class of the instruments it was made for; none of the owner's own. What a signal spends is of the class
            /// of its instrument.
            #[must_use]
            pub const fn class(self) -> Option<super::instrument::AssetClass> {
                match self {
                    $(Self::$variant => Some(super::instrument::AssetClass::$class),)*
                    Self::Own => None,
                }
            }
        }
    };
}

strategies! {
    /// Short moves with the intraday trend.
    CryptoMomentumScalping = 0 "crypto_momentum_scalping" Crypto;
    /// Donchian breakouts ridden with a trailing stop.
    CryptoTrendRiding = 1 "crypto_trend_riding" Crypto;
    /// Quotes on both sides of the book.
    CryptoMarketMaking = 2 "crypto_market_making" Crypto;
    /// Price differences between venues.
    CryptoArbitrage = 3 "crypto_arbitrage" Crypto;
    /// Rebalancing against swings.
    CryptoVolatilityCapture = 4 "crypto_volatility_capture" Crypto;
    /// Ranked momentum of shares.
    EquityMomentumSwing = 5 "equity_momentum_swing" Equity;
    /// Moves around earnings.
    EquityEarningsVolatility = 6 "equity_earnings_volatility" Equity;
    /// Short oversold moves in an uptrend.
    EquityMeanReversion = 7 "equity_mean_reversion" Equity;
    /// The strongest fund of the month.
    EtfRotation = 8 "etf_rotation" Equity;
    /// Time-series momentum of futures.
    MacroTrend = 9 "macro_trend" Derivatives;
    /// Breaks out of the day's noise area.
    IndexScalping = 10 "index_scalping" Derivatives;
    /// Breakouts after contraction.
    VolatilityBreakout = 11 "volatility_breakout" Derivatives;
}

/// What the strategy wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "action")]
pub enum Action {
    /// Hold a long position.
    #[n(0)]
    Enter {
        /// Part of the account's full size.
        #[n(0)]
        strength: Strength,
        /// Where the idea is wrong: a protective stop rests here.
        #[n(1)]
        stop: Option<Price>,
    },
    /// Hold nothing.
    #[n(1)]
    Exit,
    /// Hold no more than this: what is beyond it is sold. Rebalancing lives on it.
    #[n(2)]
    Trim {
        /// Part of the account's full size.
        #[n(0)]
        strength: Strength,
    },
    /// Hold a short position: contracts only.
    #[n(3)]
    Short {
        /// Part of the account's full size.
        #[n(0)]
        strength: Strength,
        /// Where the idea is wrong: a protective stop rests here, above the market.
        #[n(1)]
        stop: Option<Price>,
    },
    /// Buy a straddle: the call that the signal is about and this put, as many of the one as of the other. Who cannot
    /// have both has neither.
    #[n(4)]
    Straddle {
        /// The put of the same strike and expiry.
        #[n(0)]
        put: InstrumentId,
        /// Price of the put it was decided on.
        #[n(1)]
        put_mark: Price,
        /// Part of the account's full size that both premiums together may come to.
        #[n(2)]
        strength: Strength,
    },
    /// Rest on both sides of the market.
    #[n(5)]
    Quote(#[n(0)] Quote),
    /// Buy what the signal is about and sell the same thing where it is dearer, as much of the one as of the other,
    /// both at once or not at all. Who has nothing to sell there yet buys alone, to have it.
    #[n(6)]
    Cross {
        /// The same thing at the dearer place.
        #[n(0)]
        sell: InstrumentId,
        /// Worst price that it is sold at.
        #[n(1)]
        sell_limit: Price,
        /// Worst price that is paid.
        #[n(2)]
        buy_limit: Price,
        /// As much as the books give at these prices.
        #[n(3)]
        most: Qty,
    },
    /// Leave this month of a contract and hold as much of the one that the signal is about, on the same side.
    #[n(7)]
    Roll {
        /// The month to leave.
        #[n(0)]
        from: InstrumentId,
    },
    /// Go around three books at once and come back with more dollars: trade the pair that the signal is about, buy for
    /// dollars what is given for it, and sell what comes. Who does not hold both coins yet buys one that is missing.
    #[n(8)]
    Loop(#[n(0)] Loop),
}

/// A way around a pair and both its coins, each leg filled at once or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Loop {
    /// Is the pair bought or sold?
    #[n(0)]
    pub side: Side,
    /// Its worst price.
    #[n(1)]
    pub limit: Price,
    /// Most dollars for a unit of what is given.
    #[n(2)]
    pub buy_limit: Price,
    /// Fewest dollars for a unit of what comes.
    #[n(3)]
    pub sell_limit: Price,
    /// As much of the pair as the books give at these prices.
    #[n(4)]
    pub base: Qty,
    /// Units of what it is priced in that go with as much.
    #[n(5)]
    pub quote: Qty,
}

/// What is to rest on both sides of a market, for an account that holds half of what it may; a side without a price
/// is taken back. It counts until the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Quote {
    /// To buy.
    #[n(0)]
    pub bid: Option<Price>,
    /// To sell.
    #[n(1)]
    pub ask: Option<Price>,
    /// By how much both lie lower for who holds all it may, and higher for who holds nothing; not below zero.
    #[n(2)]
    pub lean: Price,
    /// Part of the account's full size of one quote.
    #[n(3)]
    pub each: Strength,
    /// Part of the account's full size that the inventory may come to.
    #[n(4)]
    pub most: Strength,
}

impl Action {
    /// Does it open no risk that is not there already?
    #[must_use]
    pub const fn reduces(self) -> bool {
        matches!(
            self,
            Self::Exit
                | Self::Trim { .. }
                | Self::Roll { .. }
                | Self::Quote(Quote { bid: None, .. })
        )
    }
}

/// One statement about one instrument at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Signal {
    /// Unique within the run.
    #[n(0)]
    pub id: SignalId,
    /// Who says it.
    #[n(1)]
    pub strategy: StrategyName,
    /// Version of the strategy's rules and parameters.
    #[n(2)]
    pub version: u16,
    /// About what.
    #[n(3)]
    pub instrument: InstrumentId,
    /// What it wants.
    #[n(4)]
    pub action: Action,
    /// Price it was decided on.
    #[n(5)]
    pub mark: Price,
    /// When it was known.
    #[n(6)]
    pub at: Timestamp,
    /// What was learned about it.
    #[n(7)]
    pub insight: Option<Insight>,
}

impl Signal {
    /// Who wants the orders that come of it.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        let Self { strategy, id: signal, version, .. } = *self;
        Origin::Strategy { strategy, signal, version: Some(version) }
    }
}

/// What an owner's own model says of a signal beside what it wants. It is kept and shown; nothing is decided by it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Grounds {
    /// Which model, in its owner's words.
    #[n(0)]
    pub model: String,
    /// How sure it is.
    #[n(1)]
    pub confidence: Option<Score>,
    /// Why, in one line.
    #[n(2)]
    pub reason: Option<String>,
}
