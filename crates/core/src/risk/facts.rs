//! Everything a verdict depends on, gathered by the desk: the same facts always give the same verdict.

use super::kill::Scope;
use crate::words::id::AccountId;
use crate::words::money::{Money, Pct, Price};
use crate::words::order::{OrderType, Side, TimeInForce};
use crate::words::score::Score;
use crate::words::tier::Limits;
use crate::words::time::{Span, Timestamp};

/// What is known about one entry at the moment it is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The desk's time.
    pub now: Timestamp,
    /// What the order is worth at its reference price.
    pub notional: Money,
    /// What one lot is worth at that price.
    pub lot_value: Money,
    /// What it adds to the reference worth for slippage and fees while it is open.
    pub buffer: Pct,
    /// Buy, or of contracts sell.
    pub side: Side,
    /// Price terms.
    pub order_type: OrderType,
    /// How long it would stand.
    pub tif: TimeInForce,

    /// The switch that stops it, if one does.
    pub killed: Option<Scope>,

    /// May the tier hold the class?
    pub class_allowed: bool,
    /// Limits in force: tier's and own.
    pub limits: Limits,
    /// Equity below which nothing trades.
    pub min_balance: Money,
    /// Cash and positions at their marks.
    pub equity: Money,
    /// Cash that no open entry has claimed; below zero when they claim more than there is.
    pub free_cash: Money,
    /// Worth of the symbol's holding and of its open entries.
    pub in_symbol: Money,
    /// Would this order open a further position?
    pub opens: bool,
    /// Positions held and being opened.
    pub positions: u16,
    /// Open orders of the account.
    pub open_orders: u16,
    /// Most open orders of an account.
    pub max_open_orders: u16,
    /// Open entries in the instrument that go the other way.
    pub opposite: u16,

    /// Equity at the start of the day.
    pub day_start: Money,
    /// When the day ends.
    pub day_ends: Timestamp,
    /// Was entry stopped for the rest of the day?
    pub daily_halt: bool,
    /// Highest equity.
    pub peak: Money,
    /// Was entry stopped until somebody re-arms the account?
    pub drawdown_halt: bool,
    /// Whose order it is, to name what must be re-armed.
    pub account: AccountId,

    /// The absolute volatility score of the class.
    pub volatility: Option<Score>,
    /// When it was read.
    pub volatility_at: Timestamp,
    /// Score above which it is a black swan.
    pub black_swan_above: Score,

    /// Can it be bought and sold?
    pub tradable: bool,
    /// Last instant of trading of a contract.
    pub expiry: Option<Timestamp>,
    /// Last price.
    pub mark: Option<Price>,
    /// When it was adopted.
    pub mark_at: Timestamp,
    /// Older than this is stale.
    pub stale_after: Span,
    /// How far a limit may stand on the bad side of the mark.
    pub collar: Pct,
    /// Is the session open?
    pub open: bool,
    /// Does the venue hold orders until it opens?
    pub may_wait: bool,
    /// When the session changes next, where known: its opening while it is closed.
    pub opens_at: Option<Timestamp>,
    /// Is the symbol on the account's own list, or is there none?
    pub symbol_allowed: bool,
    /// Does the venue answer?
    pub venue_up: bool,
    /// Until when the same order counts as a repeat, if it was just seen.
    pub duplicate_until: Option<Timestamp>,
    /// When the account's order rate allows the next order.
    pub rate_free_at: Timestamp,
}
