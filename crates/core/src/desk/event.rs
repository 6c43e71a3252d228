//! What happened, numbered for ever. Append only: a number, once used, keeps its meaning and its fields.
//! Golden bytes in `tests/golden` hold every number to that.

use super::discrepancy::Mismatch;
use crate::allocation::Split;
use crate::journal::{Batch, Damage};
use crate::ledger::entry::Entry;
use crate::positions::QueuedExit;
use crate::risk::kill::{Actor, Scope};
use crate::risk::refusal::{Code, Level, Measure, Refusal};
use crate::words::conditions::{Conditions, Regime};
use crate::words::id::{AccountId, AccountNo, Epoch, InstrumentId, OrderId, UserId};
use crate::words::insight::Insight;
use crate::words::instrument::{Hours, Instrument, VenueName};
use crate::words::money::{Money, Pct, Price, Qty};
use crate::words::order::{
    Fill, OrderState, OrderType, Origin, Purpose, Side, Ticket, TimeInForce,
};
use crate::words::score::Score;
use crate::words::signal::{Signal, StrategyName};
use crate::words::tier::{Tier, Tolerance};
use crate::words::time::{Span, Timestamp};
use minicbor::{Decode, Encode};
use serde::Serialize;

/// One thing that happened in a partition.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Event {
    /// Time moved on; the events behind it happened then.
    #[n(0)]
    Clock {
        /// The new time, never before the last one.
        #[n(0)]
        at: Timestamp,
    },
    /// A node took the partition over.
    #[n(1)]
    Announced {
        /// Name of the node.
        #[n(0)]
        node: String,
        /// Its generation.
        #[n(1)]
        epoch: Epoch,
    },
    /// A catalog row came in or changed.
    #[n(2)]
    Listed {
        /// The row.
        #[n(0)]
        instrument: Instrument,
    },
    /// A session opened or closed.
    #[n(3)]
    SessionChanged {
        /// Whose hours.
        #[n(0)]
        hours: Hours,
        /// Open now?
        #[n(1)]
        open: bool,
        /// When that changes next, where it is known.
        #[n(2)]
        until: Option<Timestamp>,
    },
    /// The desk adopted a price.
    #[n(4)]
    Marked {
        /// Of what.
        #[n(0)]
        instrument: InstrumentId,
        /// The price.
        #[n(1)]
        price: Price,
    },
    /// The analyst read the market.
    #[n(5)]
    ConditionsRead {
        /// The reading.
        #[n(0)]
        conditions: Conditions,
    },
    /// A venue stopped or began to answer.
    #[n(6)]
    VenueChanged {
        /// Which.
        #[n(0)]
        venue: VenueName,
        /// Does it answer?
        #[n(1)]
        up: bool,
    },
    /// An account began.
    #[n(7)]
    AccountOpened {
        /// Its id.
        #[n(0)]
        id: AccountId,
        /// Its number here.
        #[n(1)]
        no: AccountNo,
        /// Whose it is.
        #[n(2)]
        user: UserId,
        /// Its tier.
        #[n(3)]
        tier: Tier,
        /// Its appetite.
        #[n(4)]
        tolerance: Tolerance,
        /// When its trading day begins, after midnight UTC.
        #[n(5)]
        day_starts: Span,
    },
    /// The owner paid in (positive) or was paid out (negative).
    #[n(8)]
    Transferred {
        /// Whose.
        #[n(0)]
        account: AccountNo,
        /// How much.
        #[n(1)]
        amount: Money,
        /// Its booking.
        #[n(2)]
        entry: Entry,
    },
    /// The owner's settings changed; what is named changed.
    #[n(9)]
    SettingsChanged {
        /// Whose.
        #[n(0)]
        account: AccountNo,
        /// The change.
        #[n(1)]
        change: Setting,
    },
    /// The split of an account's capital in force changed.
    #[n(10)]
    Reallocated {
        /// Whose.
        #[n(0)]
        account: AccountNo,
        /// The new split.
        #[n(1)]
        split: Split,
        /// The regime behind it.
        #[n(2)]
        regime: Option<Regime>,
    },
    /// All gates said yes: the order may leave once this is durable.
    #[n(11)]
    Approved {
        /// The order.
        #[n(0)]
        ticket: Ticket,
        /// What the gates saw.
        #[n(1)]
        evidence: Evidence,
    },
    /// A gate said no.
    #[n(12)]
    Refused {
        /// Whose.
        #[n(0)]
        account: AccountNo,
        /// What was asked for.
        #[n(1)]
        wish: Wish,
        /// Why not.
        #[n(2)]
        refusal: Refusal,
        /// What was learned about the signal that led to it.
        #[n(3)]
        insight: Option<Insight>,
    },
    /// A strategy's signal led to no order of this account.
    #[n(13)]
    Skipped {
        /// Whose.
        #[n(0)]
        account: AccountNo,
        /// The signal.
        #[n(1)]
        signal: Signal,
        /// Why.
        #[n(2)]
        why: Skip,
    },
    /// The venue has the order.
    #[n(14)]
    Acknowledged {
        /// Which.
        #[n(0)]
        order: OrderId,
    },
    /// A part or all of an order traded.
    #[n(15)]
    Filled {
        /// Which.
        #[n(0)]
        order: OrderId,
        /// The trade.
        #[n(1)]
        fill: Fill,
        /// Its booking.
        #[n(2)]
        entry: Entry,
    },
    /// An order ended otherwise than by filling whole.
    #[n(16)]
    Closed {
        /// Which.
        #[n(0)]
        order: OrderId,
        /// How.
        #[n(1)]
        state: OrderState,
        /// Why.
        #[n(2)]
        why: String,
    },
    /// Somebody asked for an order to be taken back.
    #[n(17)]
    CancelRequested {
        /// Which.
        #[n(0)]
        order: OrderId,
    },
    /// An exit waits until protective stops are out of its way.
    #[n(18)]
    ExitQueued {
        /// Whose.
        #[n(0)]
        account: AccountNo,
        /// Of what.
        #[n(1)]
        instrument: InstrumentId,
        /// The exit.
        #[n(2)]
        exit: QueuedExit,
    },
    /// A kill switch was pressed.
    #[n(19)]
    Killed {
        /// What it stops.
        #[n(0)]
        scope: Scope,
        /// Who pressed it.
        #[n(1)]
        by: Actor,
        /// Why.
        #[n(2)]
        reason: String,
    },
    /// A kill switch or a halt was released.
    #[n(20)]
    Rearmed {
        /// What it had stopped.
        #[n(0)]
        scope: Scope,
        /// Who released it.
        #[n(1)]
        by: Actor,
        /// Why.
        #[n(2)]
        reason: String,
    },
    /// An account's own guard stopped its entries.
    #[n(21)]
    Halted {
        /// Whose.
        #[n(0)]
        account: AccountNo,
        /// Daily loss or drawdown.
        #[n(1)]
        code: Code,
        /// What was measured.
        #[n(2)]
        measured: Measure,
        /// Its limit.
        #[n(3)]
        limit: Measure,
    },
    /// A command was done under a key; the same key answers the same.
    #[n(22)]
    Remembered {
        /// Whose.
        #[n(0)]
        account: AccountNo,
        /// Hash of the key.
        #[n(1)]
        key: u64,
        /// Hash of the request.
        #[n(2)]
        request: u64,
        /// What it led to.
        #[n(3)]
        outcome: Remembered,
    },
    /// An account's trading day ended. Written for accounts that held or did something on that day.
    #[n(23)]
    DayClosed {
        /// Whose.
        #[n(0)]
        account: AccountNo,
        /// Number of the day that begins now.
        #[n(1)]
        day: i32,
        /// Equity at the end.
        #[n(2)]
        equity: Money,
        /// Cash at the end.
        #[n(3)]
        cash: Money,
    },
    /// What a venue said of a fill does not fit what the desk knows; a person has to look. Whether it was
    /// booked, by an event before this one, is the mismatch's word.
    #[n(24)]
    Discrepancy {
        /// The order it was told of.
        #[n(0)]
        order: OrderId,
        /// Whose, where that is known.
        #[n(1)]
        account: Option<AccountNo>,
        /// The fill as it was told.
        #[n(2)]
        fill: Fill,
        /// What does not fit.
        #[n(3)]
        what: Mismatch,
    },
}

/// One changed setting of an account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case", tag = "setting", content = "to")]
pub enum Setting {
    /// The tier.
    #[n(0)]
    Tier(#[n(0)] Tier),
    /// The appetite for risk.
    #[n(1)]
    Tolerance(#[n(0)] Tolerance),
    /// Limits stricter than the tier's.
    #[n(2)]
    OwnLimits(#[n(0)] OwnLimits),
    /// Do strategies trade for the account?
    #[n(3)]
    Autopilot(#[n(0)] bool),
}

/// Limits that a user sets below the tier's; what is not named stays the tier's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct OwnLimits {
    /// Percent of equity in one symbol.
    #[n(0)]
    pub max_position_pct: Option<Pct>,
    /// Percent lost in one day.
    #[n(1)]
    pub max_daily_loss_pct: Option<Pct>,
    /// Percent below the peak.
    #[n(2)]
    pub max_drawdown_pct: Option<Pct>,
    /// Positions at once.
    #[n(3)]
    pub max_open_positions: Option<u16>,
    /// Volatility score.
    #[n(4)]
    pub volatility_limit: Option<Score>,
    /// Dollars in one entry.
    #[n(5)]
    pub max_trade: Option<Money>,
    /// The only instruments that may be entered; none means all.
    #[n(6)]
    pub symbols: Option<Vec<InstrumentId>>,
}

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
}

impl Event {
    /// The account an event belongs to, where it names one directly.
    #[must_use]
    pub const fn account(&self) -> Option<AccountNo> {
        match self {
            Self::AccountOpened { no, .. } => Some(*no),
            Self::Transferred { account, .. }
            | Self::SettingsChanged { account, .. }
            | Self::Reallocated { account, .. }
            | Self::Refused { account, .. }
            | Self::Skipped { account, .. }
            | Self::ExitQueued { account, .. }
            | Self::Halted { account, .. }
            | Self::Remembered { account, .. }
            | Self::DayClosed { account, .. } => Some(*account),
            Self::Approved { ticket, .. } => Some(ticket.account),
            Self::Discrepancy { account, .. } => *account,
            _ => None,
        }
    }

    /// The strategy behind an event's order, where there is one.
    #[must_use]
    pub const fn strategy(origin: Origin) -> Option<StrategyName> {
        match origin {
            Origin::Strategy { strategy, .. } | Origin::Protection { strategy } => Some(strategy),
            Origin::User | Origin::KillSwitch => None,
        }
    }
}

impl Batch {
    /// Reads its events.
    ///
    /// # Errors
    /// [`Damage::Unreadable`] when they are not as many valid events as were counted.
    pub fn events(&self) -> Result<Vec<Event>, Damage> {
        // A count from a damaged file must not reserve memory; an event takes two bytes at least.
        let mut events = Vec::with_capacity((self.count as usize).min(self.body.len() / 2 + 1));
        self.each(|event, _| {
            events.push(event);
            Ok::<_, Damage>(())
        })?;
        Ok(events)
    }

    /// Hands out its events one by one, each with the bytes it was written as.
    ///
    /// # Errors
    /// [`Damage::Unreadable`] when they are not as many valid events as were counted; `taken` may have had
    /// some of them by then. What `taken` returns ends it, too.
    pub fn each<E: From<Damage>>(
        &self,
        mut taken: impl FnMut(Event, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut decoder = minicbor::Decoder::new(&self.body);
        let mut found: u32 = 0;
        while decoder.position() < self.body.len() {
            let start = decoder.position();
            let event = decoder.decode().map_err(|e| Damage::Unreadable(e.to_string()))?;
            taken(event, &self.body[start..decoder.position()])?;
            found += 1;
        }
        if found == self.count {
            Ok(())
        } else {
            let counted = self.count;
            Err(Damage::Unreadable(format!("{found} events, not the {counted} counted")).into())
        }
    }
}
