//! Half of a fill of a pair, as the event tells it.

use crate::words::id::{InstrumentId, OrderId};
use crate::words::money::{Money, Qty};
use crate::words::order::Side;
use crate::words::signal::StrategyName;
use minicbor::{Decode, Encode};

/// What was given is sold, or what came is bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Half {
    /// The order.
    #[n(0)]
    pub order: OrderId,
    /// Of what.
    #[n(1)]
    pub instrument: InstrumentId,
    /// Sold or bought.
    #[n(2)]
    pub side: Side,
    /// How much.
    #[n(3)]
    pub qty: Qty,
    /// What that was worth, the same in both halves.
    #[n(4)]
    pub worth: Money,
    /// Whose lots those are.
    #[n(5)]
    pub strategy: Option<StrategyName>,
}
