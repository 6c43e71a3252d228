//! What an order says and the states of its life.

use super::fixed::{Round, SCALE, mul_div};
use super::id::{AccountNo, FillId, InstrumentId, OrderId, SignalId};
use super::instrument::VenueName;
use super::money::{Money, Price, Qty};
use super::signal::StrategyName;
use super::time::Timestamp;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Buy or sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Side {
    /// Adds to a long position.
    #[n(0)]
    Buy,
    /// Takes from a long position.
    #[n(1)]
    Sell,
}

/// How the price of an order is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "order_type")]
pub enum OrderType {
    /// At the next price.
    #[n(0)]
    Market,
    /// At `limit` or better.
    #[n(1)]
    Limit {
        /// Worst price accepted.
        #[n(0)]
        limit: Price,
    },
    /// Becomes a market order once the price reaches `stop`.
    #[n(2)]
    Stop {
        /// Trigger.
        #[n(0)]
        stop: Price,
    },
    /// Becomes a limit order at `limit` once the price reaches `stop`.
    #[n(3)]
    StopLimit {
        /// Trigger.
        #[n(0)]
        stop: Price,
        /// Worst price accepted.
        #[n(1)]
        limit: Price,
    },
}

impl OrderType {
    /// Worst price accepted, where one is named.
    #[must_use]
    pub const fn limit(self) -> Option<Price> {
        match self {
            Self::Limit { limit } | Self::StopLimit { limit, .. } => Some(limit),
            Self::Market | Self::Stop { .. } => None,
        }
    }
    /// Trigger, where one is named.
    #[must_use]
    pub const fn stop(self) -> Option<Price> {
        match self {
            Self::Stop { stop } | Self::StopLimit { stop, .. } => Some(stop),
            Self::Market | Self::Limit { .. } => None,
        }
    }
    /// The word used in files, answers and screens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Limit { .. } => "limit",
            Self::Stop { .. } => "stop",
            Self::StopLimit { .. } => "stop_limit",
        }
    }
}

/// How long an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum TimeInForce {
    /// Until the end of the trading session in which it can first trade.
    #[n(0)]
    Day,
    /// Until cancelled.
    #[n(1)]
    Gtc,
    /// What can be filled at once; the rest is cancelled.
    #[n(2)]
    Ioc,
    /// All at once or nothing.
    #[n(3)]
    Fok,
    /// Until cancelled, and only where it rests: a limit order that would trade as it arrives is taken back instead.
    #[n(4)]
    PostOnly,
}

/// Who wanted the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "origin")]
pub enum Origin {
    /// The user, over the API.
    #[n(0)]
    User,
    /// A strategy, by a signal.
    #[n(1)]
    Strategy {
        /// Which one.
        #[n(0)]
        strategy: StrategyName,
        /// The signal that asked for it.
        #[n(1)]
        signal: SignalId,
        /// Version of its rules and parameters; none where no signal asked, and in journals that are older than this.
        #[n(2)]
        version: Option<u16>,
    },
    /// The protective stop that came with a strategy's entry.
    #[n(2)]
    Protection {
        /// Whose entry it protects.
        #[n(0)]
        strategy: StrategyName,
    },
    /// The flattening that follows a kill switch.
    #[n(3)]
    KillSwitch,
    /// A sleeve that copies a master.
    #[n(4)]
    Copy {
        /// Number of the leader's lead; 0 when the sleeve is emptied because copying ends.
        #[n(0)]
        lead: u64,
        /// What the leader paid or got; zero when no lead asked for it.
        #[n(1)]
        price: Price,
    },
    /// A strategy's position that moves from one month of a contract into the next: the exit there, the entry here.
    #[n(5)]
    Roll {
        /// Whose position.
        #[n(0)]
        strategy: StrategyName,
        /// The signal that asked for it.
        #[n(1)]
        signal: SignalId,
        /// The month that is left.
        #[n(2)]
        from: InstrumentId,
        /// Version of its rules and parameters; none in journals that are older than this.
        #[n(3)]
        version: Option<u16>,
    },
}

// Every order of a backtest copies it a few times: three words, as without the version.
const _: () = assert!(size_of::<Origin>() <= 24);

impl Origin {
    /// The strategy whose signal asked for it.
    #[must_use]
    pub const fn signalled(self) -> Option<StrategyName> {
        match self {
            Self::Strategy { strategy, .. } | Self::Roll { strategy, .. } => Some(strategy),
            Self::User | Self::Protection { .. } | Self::KillSwitch | Self::Copy { .. } => None,
        }
    }
    /// Version of the strategy whose signal asked for it.
    #[must_use]
    pub const fn version(self) -> Option<u16> {
        match self {
            Self::Strategy { version, .. } | Self::Roll { version, .. } => version,
            Self::User | Self::Protection { .. } | Self::KillSwitch | Self::Copy { .. } => None,
        }
    }
    /// Does the account's owner ask for it, by hand or by a model of their own? Then their rate holds it.
    #[must_use]
    pub const fn is_asked(self) -> bool {
        matches!(self, Self::User | Self::Strategy { strategy: StrategyName::Own, .. })
    }
}

/// Does it open risk or reduce it?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Purpose {
    /// Opens or adds to a position: all four gates.
    #[n(0)]
    Entry,
    /// Reduces a position: always passes.
    #[n(1)]
    Exit,
}

/// What an order of a pair gives and gets: units of two things that are held, and no dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Swap {
    /// What is given; it must be held.
    #[n(0)]
    pub gives: InstrumentId,
    /// What comes for it.
    #[n(1)]
    pub gets: InstrumentId,
}

impl Swap {
    /// Units given and got for so much of a pair at a price; less than a step does not count. `None` beyond the range.
    #[must_use]
    pub fn units(side: Side, qty: Qty, price: Price) -> Option<[Qty; 2]> {
        let quote = mul_div(price.raw(), qty.raw(), SCALE, Round::Down).map(Qty::from_raw)?;
        Some(match side {
            Side::Buy => [quote, qty],
            Side::Sell => [qty, quote],
        })
    }

    /// The most units that an order gives for so much of the pair. A purchase without a limit may ask for anything.
    #[must_use]
    pub fn most(side: Side, qty: Qty, order_type: OrderType) -> Qty {
        let bounded = match (side, order_type.limit()) {
            (Side::Sell, _) => Some(qty),
            (Side::Buy, Some(limit)) => Self::units(side, qty, limit).map(|[given, _]| given),
            (Side::Buy, None) => None,
        };
        bounded.unwrap_or(Qty::MAX)
    }
}

/// An order as the desk approved it: fixed for its whole life.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Ticket {
    /// Its id, here and at the venue.
    #[n(0)]
    pub id: OrderId,
    /// Whose it is.
    #[n(1)]
    pub account: AccountNo,
    /// Of what.
    #[n(2)]
    pub instrument: InstrumentId,
    /// Buy or sell.
    #[n(3)]
    pub side: Side,
    /// How much; above zero, whole lots.
    #[n(4)]
    pub qty: Qty,
    /// Price terms.
    #[n(5)]
    pub order_type: OrderType,
    /// How long it stands.
    #[n(6)]
    pub tif: TimeInForce,
    /// Who wanted it.
    #[n(7)]
    pub origin: Origin,
    /// Entry or exit.
    #[n(8)]
    pub purpose: Purpose,
    /// Cash held back for it while it is open; zero for exits.
    #[n(9)]
    pub reserved: Money,
    /// When it was approved.
    #[n(10)]
    pub at: Timestamp,
    /// Where it goes.
    #[n(11)]
    pub venue: VenueName,
    /// Where a protective stop is to rest once this entry is filled.
    #[n(12)]
    pub protect: Option<Price>,
    /// The other leg of a straddle or a crossing: as much is to be traded of it, and what one has beyond the other is
    /// undone. A leg of a loop names itself: what is off there is undone there.
    #[n(13)]
    pub pair: Option<InstrumentId>,
    /// What it gives and gets, where that is no dollars.
    #[n(14)]
    pub swap: Option<Swap>,
}

impl Ticket {
    /// Is it a leg of a crossing? Those of a straddle may wait.
    #[must_use]
    pub const fn crosses(&self) -> bool {
        self.pair.is_some() && matches!(self.tif, TimeInForce::Ioc)
    }

    /// Is it about this, or does it stand beside an order that is?
    #[must_use]
    pub fn touches(&self, of: InstrumentId) -> bool {
        let swaps = self.swap.is_some_and(|swap| [swap.gives, swap.gets].contains(&of));
        self.instrument == of || self.pair == Some(of) || swaps
    }

    /// What a fill of an entry adds to.
    #[must_use]
    pub const fn adds_to(&self) -> InstrumentId {
        match self.swap {
            Some(swap) => swap.gets,
            None => self.instrument,
        }
    }

    /// Units of what a swap gives that so much of it may still ask for.
    #[must_use]
    pub fn claims(&self, left: Qty) -> Qty {
        Swap::most(self.side, left, self.order_type)
    }
}

/// Where an order stands after its approval.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum OrderState {
    /// Approved and durable; on its way through the lanes.
    #[n(0)]
    Approved,
    /// At the venue, which has confirmed it.
    #[n(1)]
    Working,
    /// At the venue, a part is filled.
    #[n(2)]
    PartlyFilled,
    /// Filled whole.
    #[n(3)]
    Filled,
    /// Taken back.
    #[n(4)]
    Cancelled,
    /// Refused by the venue.
    #[n(5)]
    Rejected,
    /// Never reached the venue, or its time was over.
    #[n(6)]
    Lapsed,
}

impl OrderState {
    /// Can nothing more happen to it?
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Filled | Self::Cancelled | Self::Rejected | Self::Lapsed)
    }
    /// The word used in files, answers and screens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Working => "working",
            Self::PartlyFilled => "partly_filled",
            Self::Filled => "filled",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
            Self::Lapsed => "lapsed",
        }
    }
}

/// What a venue or the gateway says of one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Which order.
    pub order: OrderId,
    /// What happened.
    pub outcome: Outcome,
    /// When, by the reporter's clock.
    pub at: Timestamp,
}

/// What happened to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The venue has it.
    Acknowledged,
    /// A part or all of it traded.
    Filled(Fill),
    /// Taken back; what was filled stays filled.
    Cancelled {
        /// In one sentence.
        why: &'static str,
    },
    /// Refused by the venue.
    Rejected {
        /// In the venue's words.
        why: String,
    },
    /// Never reached the venue.
    Lapsed {
        /// In one sentence.
        why: &'static str,
    },
}

/// One trade of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Fill {
    /// Unique within the order's venue; a repeat is dropped.
    #[n(0)]
    pub id: FillId,
    /// How much; above zero.
    #[n(1)]
    pub qty: Qty,
    /// At which price.
    #[n(2)]
    pub price: Price,
    /// What the venue charged.
    #[n(3)]
    pub fee: Money,
}
