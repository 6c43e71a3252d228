//! Why an order was refused: gate, code from a closed list, evidence, and the smallest changes that flip it.

use super::kill::Scope;
use crate::words::money::{Money, Pct, Price, Qty};
use crate::words::score::Score;
use crate::words::time::{Span, Timestamp};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Who refused. The kill switch stands before the four gates.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Gate {
    /// Somebody, or the platform itself, stopped entries.
    #[n(0)]
    KillSwitch,
    /// Sizes, positions, buying power.
    #[n(1)]
    Capital,
    /// Daily loss and fall from the peak.
    #[n(2)]
    Drawdown,
    /// Black swan and the tier's limit.
    #[n(3)]
    Volatility,
    /// Can it be executed well, now, here?
    #[n(4)]
    Execution,
}

impl Gate {
    /// The words shown to people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::KillSwitch => "Kill Switch",
            Self::Capital => "Capital Guard",
            Self::Drawdown => "Drawdown Guard",
            Self::Volatility => "Volatility Guard",
            Self::Execution => "Execution Gate",
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $number:literal $name:literal $gate:ident;)*) => {
        /// The closed list of reasons.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize,
            Deserialize,
        )]
        #[cbor(index_only)]
        pub enum Code {
            $($(#[$doc])* #[n($number)] #[serde(rename = $name)] $variant,)*
        }
        impl Code {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The stable word of answers and screens.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
            /// Which gate says it.
            #[must_use]
            pub const fn gate(self) -> Gate {
                match self { $(Self::$variant => Gate::$gate,)* }
            }
        }
    };
}

codes! {
    /// A kill switch stands in the way.
    KillSwitch = 0 "KILL_SWITCH" KillSwitch;
    /// The tier may not hold this class.
    ClassNotAllowed = 1 "CLASS_NOT_ALLOWED" Capital;
    /// Below the smallest trade.
    TradeTooSmall = 2 "TRADE_TOO_SMALL" Capital;
    /// Above the largest trade.
    TradeTooLarge = 3 "TRADE_TOO_LARGE" Capital;
    /// The symbol would be too large a part of equity.
    PositionLimit = 4 "POSITION_LIMIT" Capital;
    /// Too many positions at once.
    OpenPositions = 5 "OPEN_POSITIONS" Capital;
    /// Not enough free cash, reservations counted.
    BuyingPower = 6 "BUYING_POWER" Capital;
    /// Equity below the smallest balance that trades.
    BalanceTooSmall = 7 "BALANCE_TOO_SMALL" Capital;
    /// Selling more than is held.
    ExceedsPosition = 8 "EXCEEDS_POSITION" Capital;
    /// Lost too much today.
    DailyLoss = 9 "DAILY_LOSS" Drawdown;
    /// Fell too far from the peak.
    Drawdown = 10 "DRAWDOWN" Drawdown;
    /// Volatility beyond anything a tier may trade.
    BlackSwan = 11 "BLACK_SWAN" Volatility;
    /// Above the tier's volatility limit.
    Volatility = 12 "VOLATILITY" Volatility;
    /// No volatility reading yet.
    VolatilityUnknown = 13 "VOLATILITY_UNKNOWN" Volatility;
    /// The market is closed and this order cannot wait.
    MarketClosed = 14 "MARKET_CLOSED" Execution;
    /// The last price is too old.
    StaleData = 15 "STALE_DATA" Execution;
    /// No price at all.
    NoPrice = 16 "NO_PRICE" Execution;
    /// The limit is too far on the bad side of the market.
    PriceCollar = 17 "PRICE_COLLAR" Execution;
    /// The same order again.
    Duplicate = 18 "DUPLICATE" Execution;
    /// Too many orders in too short a time.
    OrderRate = 19 "ORDER_RATE" Execution;
    /// Not on the account's own list of symbols.
    NotOnAllowList = 20 "NOT_ON_ALLOW_LIST" Execution;
    /// The venue does not answer.
    VenueDown = 21 "VENUE_DOWN" Execution;
    /// The contract has expired.
    ContractExpired = 22 "CONTRACT_EXPIRED" Execution;
    /// An index or another thing that is only read.
    NotTradable = 23 "NOT_TRADABLE" Execution;
    /// Too many orders are open already.
    OpenOrders = 24 "OPEN_ORDERS" Execution;
    /// Contracts have lost so much that the cash behind them is below their maintenance margin.
    MarginCall = 25 "MARGIN_CALL" Capital;
    /// An entry of the other side is open: it and this one would undo each other.
    OppositeEntry = 26 "OPPOSITE_ENTRY" Execution;
}

/// A measured value or a limit, with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "unit", content = "value")]
pub enum Measure {
    /// US dollars.
    #[n(0)]
    Dollars(#[n(0)] Money),
    /// Percent.
    #[n(1)]
    Percent(#[n(0)] Pct),
    /// A plain count.
    #[n(2)]
    Count(#[n(0)] u32),
    /// 0 to 100, in hundredths.
    #[n(3)]
    Score(#[n(0)] Score),
    /// A price.
    #[n(4)]
    Price(#[n(0)] Price),
    /// A quantity.
    #[n(5)]
    Quantity(#[n(0)] Qty),
    /// A length of time in microseconds.
    #[n(6)]
    Micros(#[n(0)] Span),
    /// An instant, microseconds since 1970.
    #[n(7)]
    Instant(#[n(0)] Timestamp),
    /// Nothing to measure: a switch or a list.
    #[n(8)]
    Absent,
}

impl core::fmt::Display for Measure {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Dollars(v) => write!(f, "${v:.2}"),
            Self::Percent(v) => write!(f, "{v:.2}%"),
            Self::Count(v) => write!(f, "{v}"),
            Self::Score(v) => write!(f, "{v}"),
            Self::Price(v) => write!(f, "{v}"),
            Self::Quantity(v) => write!(f, "{v}"),
            Self::Micros(v) => write!(f, "{} ms", v.as_millis()),
            Self::Instant(v) => write!(f, "{v}"),
            Self::Absent => f.write_str("-"),
        }
    }
}

/// One change of the world that removes an objection; what it does not name stays as it is, and the market
/// keeps its pace. All changes of a refusal together let the order pass, and none of them is larger than needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "change", content = "to")]
pub enum Change {
    /// Make the order this small.
    #[n(0)]
    SizeAtMost(#[n(0)] Money),
    /// Make the order this large.
    #[n(1)]
    SizeAtLeast(#[n(0)] Money),
    /// Pay in this much.
    #[n(2)]
    Deposit(#[n(0)] Money),
    /// Close so many positions.
    #[n(3)]
    ClosePositions(#[n(0)] u16),
    /// Wait until volatility has fallen to this.
    #[n(4)]
    VolatilityAtMost(#[n(0)] Score),
    /// Wait until then.
    #[n(5)]
    After(#[n(0)] Timestamp),
    /// Lower the limit price to this.
    #[n(6)]
    LimitAtMost(#[n(0)] Price),
    /// Have somebody re-arm this switch.
    #[n(7)]
    Rearm(#[n(0)] Scope),
    /// Wait for a price no older than this.
    #[n(8)]
    MarkNoOlderThan(#[n(0)] Span),
    /// Sell no more than this.
    #[n(9)]
    QuantityAtMost(#[n(0)] Qty),
    /// Choose a tier that holds this class.
    #[n(10)]
    Upgrade,
    /// Add the symbol to the account's own list.
    #[n(11)]
    AllowSymbol,
    /// Wait until the venue answers again.
    #[n(12)]
    VenueUp,
    /// Wait for the first volatility reading.
    #[n(13)]
    VolatilityKnown,
    /// Choose another instrument: one that trades, in lots that the largest trade can buy.
    #[n(14)]
    OtherInstrument,
    /// Let the order wait for the opening: time in force `day` or `gtc`.
    #[n(15)]
    MayWait,
    /// Let so many open orders finish, or cancel them.
    #[n(16)]
    CloseOrders(#[n(0)] u16),
    /// Raise the limit price to this.
    #[n(17)]
    LimitAtLeast(#[n(0)] Price),
    /// Let the open entries of the other side finish, or cancel them.
    #[n(18)]
    CloseOpposite(#[n(0)] u16),
}

impl Change {
    /// The one change that answers both, where they are of a kind.
    pub(super) fn join(self, other: Self) -> Option<Self> {
        Some(match (self, other) {
            (Self::SizeAtMost(a), Self::SizeAtMost(b)) => Self::SizeAtMost(a.min(b)),
            (Self::SizeAtLeast(a), Self::SizeAtLeast(b)) => Self::SizeAtLeast(a.max(b)),
            (Self::Deposit(a), Self::Deposit(b)) => Self::Deposit(a.max(b)),
            (Self::After(a), Self::After(b)) => Self::After(a.max(b)),
            (a, b) if a == b => a,
            _ => return None,
        })
    }
}

impl core::fmt::Display for Change {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::SizeAtMost(m) => write!(f, "with a size of at most ${m}"),
            Self::SizeAtLeast(m) => write!(f, "with a size of at least ${m}"),
            Self::Deposit(m) => write!(f, "after a deposit of ${m}"),
            Self::ClosePositions(n) => write!(f, "after closing {n} position(s)"),
            Self::VolatilityAtMost(s) => write!(f, "with volatility at {s} or less"),
            Self::After(t) => write!(f, "after {t}"),
            Self::LimitAtMost(p) => write!(f, "with a limit of at most {p}"),
            Self::Rearm(scope) => write!(f, "after re-arming {scope}"),
            Self::MarkNoOlderThan(s) => {
                write!(f, "with a price no older than {} ms", s.as_millis())
            }
            Self::QuantityAtMost(q) => write!(f, "with a quantity of at most {q}"),
            Self::Upgrade => f.write_str("on a tier that holds this asset class"),
            Self::AllowSymbol => f.write_str("with the symbol on your own list"),
            Self::VenueUp => f.write_str("once the venue answers again"),
            Self::VolatilityKnown => f.write_str("once volatility is known"),
            Self::OtherInstrument => f.write_str("with an instrument that can be traded"),
            Self::MayWait => f.write_str("as a day or gtc order, which waits for the opening"),
            Self::LimitAtLeast(p) => write!(f, "with a limit of at least {p}"),
            Self::CloseOpposite(n) => {
                write!(f, "after {n} open entry(s) of the other side finish or are cancelled")
            }
            Self::CloseOrders(n) => write!(f, "after {n} open order(s) finish or are cancelled"),
        }
    }
}

/// A refusal with its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Refusal {
    /// The first reason, in order of the gates.
    #[n(0)]
    pub code: Code,
    /// What was measured.
    #[n(1)]
    pub measured: Measure,
    /// What it was held against.
    #[n(2)]
    pub limit: Measure,
    /// How old the input behind the measurement was.
    #[n(3)]
    pub age: Span,
    /// Together the smallest changes that would let it pass, over the objections of all gates.
    #[n(4)]
    pub changes: Vec<Change>,
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (gate, code) = (self.code.gate().title(), self.code.name());
        write!(f, "{gate} refused ({code})")?;
        match (self.measured, self.limit) {
            (Measure::Absent, Measure::Absent) => {}
            (measured, limit) => write!(f, ": {measured} against {limit}")?,
        }
        for (n, change) in self.changes.iter().enumerate() {
            write!(f, "{} {change}", if n == 0 { "; would pass" } else { " and" })?;
        }
        Ok(())
    }
}

/// How near to a limit an approved order brings the account.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Level {
    /// Less than half of every limit is used.
    #[n(0)]
    Safe,
    /// Half of some limit.
    #[n(1)]
    Warning,
    /// Four fifths of some limit.
    #[n(2)]
    Danger,
    /// At a limit, or beyond it.
    #[n(3)]
    Critical,
}

impl Level {
    /// The word of answers and screens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Warning => "warning",
            Self::Danger => "danger",
            Self::Critical => "critical",
        }
    }
}
