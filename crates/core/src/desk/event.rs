//! What happened, numbered for ever. Append only: a number, once used, keeps its meaning and its fields.
//! Golden bytes in `tests/golden` hold every number to that.

mod about;
mod billing;
mod half;
mod reading;
mod setting;
mod wish;

pub use billing::{Adjustment, BillCause};
pub use half::Half;
pub use setting::{CopyChange, Grant, OwnLimits, Setting};
pub use wish::{Evidence, PaidOut, Remembered, Size, Skip, Wish};

use super::discrepancy::Mismatch;
use crate::allocation::Split;
use crate::billing::fee::Fee;
use crate::billing::mark::Mark;
use crate::billing::subscription::step::Step;
use crate::copy::lead::{CopySkip, Lead};
use crate::copy::master::MasterChange;
use crate::copy::parcel::Parcel;
use crate::copy::terms::CopyTerms;
use crate::ledger::entry::Entry;
use crate::positions::QueuedExit;
use crate::risk::kill::{Actor, Scope};
use crate::risk::refusal::{Code, Measure, Refusal};
use crate::words::conditions::{Conditions, Regime};
use crate::words::id::{AccountId, AccountNo, Epoch, InstrumentId, OrderId, PartitionId, UserId};
use crate::words::insight::Insight;
use crate::words::instrument::{Hours, Instrument, VenueName};
use crate::words::money::{Money, Price, Qty};
use crate::words::order::{Fill, OrderState, Side, Ticket};
use crate::words::signal::{Grounds, Signal};
use crate::words::tier::{Tier, Tolerance};
use crate::words::time::{Span, Timestamp};
use minicbor::{Decode, Encode};

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
    /// An account's high-water mark moved: by a flow, or because a fee became due. Written before the flow.
    #[n(25)]
    Billed {
        /// Whose.
        #[n(0)]
        account: AccountNo,
        /// Why.
        #[n(1)]
        cause: BillCause,
        /// Equity just before.
        #[n(2)]
        equity: Money,
        /// What was charged; below zero it was given back.
        #[n(3)]
        fee: Fee,
        /// The mark from now on.
        #[n(4)]
        mark: Mark,
        /// Its booking; without legs where nothing was charged.
        #[n(5)]
        entry: Entry,
    },
    /// Money came or went otherwise than by trades, fees and the owner.
    #[n(26)]
    Adjusted {
        /// Whose.
        #[n(0)]
        account: AccountNo,
        /// What sort.
        #[n(1)]
        kind: Adjustment,
        /// How much; below zero it went.
        #[n(2)]
        amount: Money,
        /// Why, in the words of whoever did it.
        #[n(3)]
        why: String,
        /// Its booking.
        #[n(4)]
        entry: Entry,
    },
    /// Fees that were owed were taken.
    #[n(27)]
    Collected {
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
    /// A calendar month (UTC) ended, and its fees are charged.
    #[n(28)]
    MonthClosed {
        /// The month that begins now, counted from January 1970.
        #[n(0)]
        month: i32,
    },
    /// Something changed about an account as a master.
    #[n(29)]
    MasterChanged {
        /// Whose.
        #[n(0)]
        account: AccountNo,
        /// The change.
        #[n(1)]
        change: MasterChange,
    },
    /// A sleeve began to copy a leader, for the first time or again.
    #[n(30)]
    Followed {
        /// The sleeve's account.
        #[n(0)]
        sleeve: AccountNo,
        /// The follower's main account.
        #[n(1)]
        parent: AccountNo,
        /// The leader's account.
        #[n(2)]
        leader: AccountId,
        /// The terms.
        #[n(3)]
        terms: CopyTerms,
        /// The leader's last lead: what came up to it is not copied.
        #[n(4)]
        heard: u64,
        /// Loss of an earlier run that has to be won back before a fee is due.
        #[n(5)]
        loss: Money,
    },
    /// Something changed about a sleeve.
    #[n(31)]
    CopyChanged {
        /// Which.
        #[n(0)]
        sleeve: AccountNo,
        /// The change.
        #[n(1)]
        change: CopyChange,
    },
    /// Money moved between a follower's main account and a sleeve.
    #[n(32)]
    Moved {
        /// From where.
        #[n(0)]
        from: AccountNo,
        /// To where.
        #[n(1)]
        to: AccountNo,
        /// How much.
        #[n(2)]
        amount: Money,
        /// Its booking.
        #[n(3)]
        entry: Entry,
    },
    /// A parcel lies in the outbox.
    #[n(33)]
    Sent {
        /// The parcel.
        #[n(0)]
        parcel: Parcel,
    },
    /// Everybody has the parcel; those before it, too.
    #[n(34)]
    Delivered {
        /// Its number.
        #[n(0)]
        parcel: u64,
    },
    /// A lead is heard here: by so many sleeves, each in its turn.
    #[n(35)]
    LeadHeard {
        /// The lead.
        #[n(0)]
        lead: Lead,
        /// Sleeves that copy the leader.
        #[n(1)]
        sleeves: u32,
    },
    /// A lead led to no order of a sleeve.
    #[n(36)]
    CopySkipped {
        /// Which sleeve.
        #[n(0)]
        sleeve: AccountNo,
        /// Number of the lead.
        #[n(1)]
        lead: u64,
        /// Of what.
        #[n(2)]
        instrument: InstrumentId,
        /// What the leader did.
        #[n(3)]
        side: Side,
        /// What the copy would have been worth; zero where that was not asked.
        #[n(4)]
        size: Money,
        /// Why not.
        #[n(5)]
        why: CopySkip,
    },
    /// Copy fees of followers reached a master's account.
    #[n(37)]
    Credited {
        /// Whose.
        #[n(0)]
        account: AccountNo,
        /// How much.
        #[n(1)]
        amount: Money,
        /// The followers' partition.
        #[n(2)]
        from: PartitionId,
        /// Number of the parcel there.
        #[n(3)]
        parcel: u64,
        /// Its booking.
        #[n(4)]
        entry: Entry,
    },
    /// Something happened to an owner's subscription.
    #[n(38)]
    Subscribed {
        /// Whose.
        #[n(0)]
        account: AccountNo,
        /// What.
        #[n(1)]
        step: Box<Step>,
        /// Its booking, in the books of the house; without legs where no money moved.
        #[n(2)]
        entry: Entry,
    },
    /// What was held was settled at a price: contracts daily, what expires for the last time. The difference is cash.
    #[n(39)]
    Settled {
        /// Whose.
        #[n(0)]
        account: AccountNo,
        /// Of what.
        #[n(1)]
        instrument: InstrumentId,
        /// At which price.
        #[n(2)]
        price: Price,
        /// How much was held; below zero it was short.
        #[n(3)]
        qty: Qty,
        /// Does nothing of it remain?
        #[n(4)]
        last: bool,
        /// Its booking.
        #[n(5)]
        entry: Entry,
    },
    /// A contract that expired long ago left the catalog.
    #[n(40)]
    Delisted {
        /// Which.
        #[n(0)]
        instrument: InstrumentId,
    },
    /// A model of the account's owner said something; what came of it follows.
    #[n(41)]
    Signaled {
        /// Whose.
        #[n(0)]
        account: AccountNo,
        /// What it said.
        #[n(1)]
        signal: Signal,
        /// On which grounds.
        #[n(2)]
        grounds: Grounds,
    },
    /// Half of a fill of a pair: what was given is sold, or what came bought. Both stand before it; it books nothing.
    #[n(42)]
    Swapped {
        /// Whose.
        #[n(0)]
        account: AccountNo,
        /// Which half.
        #[n(1)]
        half: Half,
        /// Its booking; the venue's fee stands in that of the purchase.
        #[n(2)]
        entry: Entry,
    },
}
