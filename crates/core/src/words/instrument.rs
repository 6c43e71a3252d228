//! What can be traded: one catalog row per instrument, contracts with multiplier and expiry included.

use super::fixed::{Round, SCALE, mul_div};
use super::id::InstrumentId;
use super::money::{Money, Pct, Price, Qty};
use super::order::{Side, Swap};
use super::time::{Span, Timestamp};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// The three classes that capital is split between; the rest is cash.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum AssetClass {
    /// Coins and tokens.
    #[n(0)]
    Crypto,
    /// Shares and funds.
    #[n(1)]
    Equity,
    /// Futures and options.
    #[n(2)]
    Derivatives,
}

impl AssetClass {
    /// All classes, in the order of the tables.
    pub const ALL: [Self; 3] = [Self::Crypto, Self::Equity, Self::Derivatives];

    /// Position in the tables.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
    /// The word used in files, answers and screens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crypto => "crypto",
            Self::Equity => "equity",
            Self::Derivatives => "derivatives",
        }
    }
}

/// Where an order of an instrument is executed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum VenueName {
    /// NIJA's own simulated venue.
    #[n(0)]
    Paper,
}

impl VenueName {
    /// The word used in files, answers and screens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
        }
    }
}

/// Which right an option gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Right {
    /// To buy the underlying.
    #[n(0)]
    Call,
    /// To sell the underlying.
    #[n(1)]
    Put,
}

impl Right {
    /// What exercise is worth per unit of the underlying; zero where it is not worth exercising.
    #[must_use]
    pub fn exercised(self, spot: Price, strike: Price) -> Price {
        let (gets, gives) = match self {
            Self::Call => (spot, strike),
            Self::Put => (strike, spot),
        };
        gets.saturating_sub(gives).or_zero()
    }
}

/// The nature of an instrument and the terms that come with it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Kind {
    /// A coin or token for dollars.
    #[n(0)]
    Spot,
    /// A share of a company.
    #[n(1)]
    Share,
    /// A fund traded like a share.
    #[n(2)]
    Fund,
    /// A level that is read and cannot be traded.
    #[n(3)]
    Index,
    /// A contract to exchange the underlying at expiry, settled in cash. Nothing is paid for it when it is opened,
    /// and it may be held short.
    #[n(4)]
    Future {
        /// Dollars per point and contract.
        #[n(0)]
        multiplier: u32,
        /// Last instant of trading.
        #[n(1)]
        expiry: Timestamp,
        /// Maintenance margin, percent of what the contract is worth: cash that must stay behind it. None is zero.
        #[n(2)]
        #[serde(default)]
        maintenance: Option<Pct>,
    },
    /// A right on the underlying until expiry.
    #[n(5)]
    Option {
        /// What the right is about.
        #[n(0)]
        underlying: InstrumentId,
        /// Buy or sell.
        #[n(1)]
        right: Right,
        /// Price at which the right is exercised.
        #[n(2)]
        strike: Price,
        /// Units of the underlying per contract.
        #[n(3)]
        multiplier: u32,
        /// Last instant of trading.
        #[n(4)]
        expiry: Timestamp,
    },
    /// One coin for another. Prices are units of `quote`; what is held are the two coins, never the pair.
    #[n(6)]
    Pair {
        /// What quantities are units of.
        #[n(0)]
        base: InstrumentId,
        /// What it is paid for with.
        #[n(1)]
        quote: InstrumentId,
    },
}

/// When an instrument trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Hours {
    /// Around the clock, every day.
    #[n(0)]
    Always,
    /// Regular session of the New York Stock Exchange.
    #[n(1)]
    Nyse,
    /// Sessions of CME's futures: Sunday evening to Friday evening in New York, an hour a day apart.
    #[n(2)]
    Cme,
}

/// One row of the catalog.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    /// Number in the catalog; never reused.
    #[n(0)]
    pub id: InstrumentId,
    /// Ticker as users write it, for example `AAPL` or `BTC-USD`.
    #[n(1)]
    pub symbol: String,
    /// Class its orders count towards.
    #[n(2)]
    pub class: AssetClass,
    /// Nature and terms.
    #[n(3)]
    pub kind: Kind,
    /// When it trades.
    #[n(4)]
    pub hours: Hours,
    /// Smallest price step.
    #[n(5)]
    pub tick: Price,
    /// Smallest quantity step.
    #[n(6)]
    pub lot: Qty,
    /// A mark older than this is stale: no entry is decided on it.
    #[n(7)]
    pub stale_after: Span,
    /// Where its orders go.
    #[n(8)]
    pub venue: VenueName,
}

impl Instrument {
    /// Dollars per point and unit: 1 but for contracts.
    #[must_use]
    pub const fn multiplier(&self) -> u32 {
        match self.kind {
            Kind::Future { multiplier, .. } | Kind::Option { multiplier, .. } => multiplier,
            _ => 1,
        }
    }

    /// What `qty` is worth at `price`; `None` beyond the range. The one product of price and quantity.
    #[must_use]
    pub fn value(&self, price: Price, qty: Qty, round: Round) -> Option<Money> {
        let one = match (qty.raw() / SCALE, qty.raw() % SCALE) {
            // Whole units need no division; what does not fit here would not fit as a result.
            (units, 0) => price.raw().checked_mul(units)?,
            _ => mul_div(price.raw(), qty.raw(), SCALE, round)?,
        };
        one.checked_mul(i64::from(self.multiplier())).map(Money::from_raw)
    }

    /// The largest quantity of whole lots that `money` buys at `price`; `None` at a price of zero or less.
    #[must_use]
    pub fn quantity(&self, money: Money, price: Price) -> Option<Qty> {
        let unit = price.raw().checked_mul(i64::from(self.multiplier()))?;
        if unit <= 0 {
            return None;
        }
        let raw = mul_div(money.raw(), SCALE, unit, Round::Down)?;
        Some(Qty::from_raw(raw).floor_to(self.lot))
    }

    /// Last instant of trading, for contracts.
    #[must_use]
    pub const fn expiry(&self) -> Option<Timestamp> {
        match self.kind {
            Kind::Future { expiry, .. } | Kind::Option { expiry, .. } => Some(expiry),
            _ => None,
        }
    }

    /// Is it an option?
    #[must_use]
    pub const fn is_option(&self) -> bool {
        matches!(self.kind, Kind::Option { .. })
    }

    /// Is it held against margin: agreed at a price, not paid for, long or short?
    #[must_use]
    pub const fn is_margined(&self) -> bool {
        matches!(self.kind, Kind::Future { .. })
    }

    /// What an order of this side gives and gets, where neither is dollars.
    #[must_use]
    pub const fn swap(&self, side: Side) -> Option<Swap> {
        let Kind::Pair { base, quote } = self.kind else { return None };
        Some(match side {
            Side::Buy => Swap { gives: quote, gets: base },
            Side::Sell => Swap { gives: base, gets: quote },
        })
    }

    /// What a purchase of this side adds to: itself, or what comes for the other coin of a pair.
    #[must_use]
    pub const fn adds_to(&self, side: Side) -> InstrumentId {
        match self.swap(side) {
            Some(swap) => swap.gets,
            None => self.id,
        }
    }

    /// The instrument whose units its prices are; none for dollars.
    #[must_use]
    pub const fn priced_in(&self) -> Option<InstrumentId> {
        match self.kind {
            Kind::Pair { quote, .. } => Some(quote),
            _ => None,
        }
    }

    /// Cash that must stay behind a quantity of this worth; zero for what is paid for. `None` beyond the range.
    #[must_use]
    pub fn maintenance(&self, worth: Money) -> Option<Money> {
        match self.kind {
            Kind::Future { maintenance: Some(part), .. } => worth.percent(part, Round::Up),
            _ => Some(Money::ZERO),
        }
    }

    /// Can it be bought and sold at all?
    #[must_use]
    pub const fn is_tradable(&self) -> bool {
        !matches!(self.kind, Kind::Index)
    }
}
