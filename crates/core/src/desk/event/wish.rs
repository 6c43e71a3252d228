//! What was asked for and what came of it, as events tell it.

use crate::risk::refusal::{Level, Refusal};
use crate::words::conditions::Regime;
use crate::words::id::{InstrumentId, OrderId};
use crate::words::insight::Insight;
use crate::words::money::{Money, Price, Qty};
use crate::words::order::{OrderType, Origin, Purpose, Side, TimeInForce};
use crate::words::score::Score;
use crate::words::time::Span;
use minicbor::{Decode, Encode};
use serde::Serialize;

/// What the gates saw when they approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Evidence {
    /// The price it was judged at.
    #[n(0)]
    pub mark: Price,
    /// How old that was.
    #[n(1)]
    pub mark_age: Span,
    /// The account's equity.
    #[n(2)]
    pub equity: Money,
    /// The volatility score read.
    #[n(3)]
    pub volatility: Option<Score>,
    /// The regime.
    #[n(4)]
    pub regime: Option<Regime>,
    /// How near to a limit it brings the account.
    #[n(5)]
    pub level: Level,
    /// What was learned about the signal that led to it.
    #[n(6)]
    pub insight: Option<Insight>,
}

/// An order that was asked for, before any gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Wish {
    /// Of what.
    #[n(0)]
    pub instrument: InstrumentId,
    /// Buy or sell.
    #[n(1)]
    pub side: Side,
    /// How much, in dollars or units.
    #[n(2)]
    pub size: Size,
    /// Price terms.
    #[n(3)]
    pub order_type: OrderType,
    /// How long it should stand.
    #[n(4)]
    pub tif: TimeInForce,
    /// Who asks.
    #[n(5)]
    pub origin: Origin,
}

/// How much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case", tag = "size", content = "of")]
pub enum Size {
    /// Worth so many dollars.
    #[n(0)]
    Dollars(#[n(0)] Money),
    /// So many units.
    #[n(1)]
    Units(#[n(0)] Qty),
    /// All that is held (exits only).
    #[n(2)]
    All,
}

/// Why a signal led to no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Skip {
    /// The regime leaves no budget for the class.
    #[n(0)]
    NoBudget,
    /// The class's budget is spent.
    #[n(1)]
    BudgetSpent,
    /// What the budget allows is below the smallest trade.
    #[n(2)]
    TooSmall,
    /// The account holds the position already, or an order for it is open.
    #[n(3)]
    AlreadyIn,
    /// The tier may not hold the class.
    #[n(4)]
    ClassNotAllowed,
    /// The account holds or enters the other side of the contract: that must be closed first.
    #[n(5)]
    OtherSide,
    /// A short position in something that is paid for.
    #[n(6)]
    NotShortable,
    /// What is dear is not held where it is dear.
    #[n(7)]
    NoStock,
    /// The account's owner lets no strategy trade.
    #[n(8)]
    AutopilotOff,
    /// What is held beyond it is nothing, too little, or on its way out.
    #[n(9)]
    NothingToClose,
}

impl Skip {
    /// One sentence for people.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NoBudget => "the allocation in force gives this class nothing",
            Self::BudgetSpent => "the budget of this class is already invested",
            Self::TooSmall => "what the budget allows is below the tier's smallest trade",
            Self::AlreadyIn => "the position is already held or on its way",
            Self::ClassNotAllowed => "the tier does not hold this class",
            Self::OtherSide => "the other side of the contract is still held or being entered",
            Self::NotShortable => "only contracts can be held short",
            Self::NoStock => "what could be sold is held only where it is cheap",
            Self::AutopilotOff => "the autopilot is off, so strategies enter nothing",
            Self::NothingToClose => {
                "what the strategy holds beyond that is nothing, too little, or on its way out"
            }
        }
    }
}

/// What a remembered command led to.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Remembered {
    /// An order was approved.
    #[n(0)]
    Order {
        /// Which.
        #[n(0)]
        order: OrderId,
        /// Entry or exit.
        #[n(1)]
        purpose: Purpose,
        /// Quantity approved.
        #[n(2)]
        qty: Qty,
        /// How near to a limit.
        #[n(3)]
        level: Level,
    },
    /// An order was refused.
    #[n(1)]
    Refusal(#[n(0)] Refusal),
    /// It was done.
    #[n(2)]
    Done,
    /// An exit waits for protective stops.
    #[n(3)]
    Queued,
    /// Money was paid out.
    #[n(4)]
    PaidOut(#[n(0)] PaidOut),
    /// A signal led to no order.
    #[n(5)]
    Skipped(#[n(0)] Skip),
}

/// What became of a withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PaidOut {
    /// What left: what was asked for, less the fee.
    #[n(0)]
    pub paid: Money,
    /// The fee that was due on the share of the profit that left.
    #[n(1)]
    pub fee: Money,
    /// Cash that is left, reservations included.
    #[n(2)]
    pub cash: Money,
}
