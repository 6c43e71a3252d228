//! What a desk answers: the outcome of a command, or a view of an account as of the last durable batch.

mod followers;

pub use followers::FollowersView;

use super::event::{Grant, OwnLimits, PaidOut, Setting, Skip, Wish};
use crate::allocation::{Reason, Split};
use crate::billing::fee::{Fee, Rates};
use crate::billing::invoice::InvoiceNo;
use crate::billing::plans::FeePolicy;
use crate::billing::recurring::Recurring;
use crate::billing::revenue::Earned;
use crate::billing::subscription::Subscription;
use crate::billing::subscription::request::Refused;
use crate::copy::decline::CopyDecline;
use crate::copy::master::Master;
use crate::copy::parcel::Parcel;
use crate::copy::sleeve::Sleeve;
use crate::ledger::chart::{Book, Books};
use crate::positions::Lot;
use crate::risk::kill::Pressed;
use crate::risk::refusal::{Level, Refusal};
use crate::words::conditions::{Conditions, Regime};
use crate::words::id::{AccountId, InstrumentId, OrderId, PartitionId, UserId};
use crate::words::instrument::Instrument;
use crate::words::money::{Money, Pct, Price, Qty};
use crate::words::order::{OrderState, Purpose, Ticket};
use crate::words::tier::{Limits, Tier, Tolerance};
use crate::words::time::{Span, Timestamp};

/// The outcome of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The order is approved and durable.
    Placed {
        /// Its id.
        order: OrderId,
        /// Entry or exit.
        purpose: Purpose,
        /// Quantity approved.
        qty: Qty,
        /// How near to a limit.
        level: Level,
    },
    /// The exit waits until protective stops are cancelled; it goes out by itself.
    Queued,
    /// A gate said no; the refusal is durable.
    Refused(Refusal),
    /// Done and durable.
    Done,
    /// A signal led to no order; that is durable.
    Skipped(Skip),
    /// Money was paid out, and the fee that was due with it taken.
    PaidOut(PaidOut),
    /// A part of a lead was heard; so many sleeves have their turn still to come.
    Led {
        /// How many.
        left: u32,
    },
    /// Not possible; nothing changed.
    Declined(Decline),
}

/// Why a command was not possible.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Decline {
    /// No such account here.
    #[error("no such account")]
    UnknownAccount,
    /// The account exists already.
    #[error("the account exists already")]
    AccountExists,
    /// No such partition: it was asked beyond the last one.
    #[error("no such partition")]
    UnknownPartition,
    /// No such instrument in the catalog.
    #[error("no such instrument")]
    UnknownInstrument,
    /// No open order of this account with that id.
    #[error("no open order with that id")]
    UnknownOrder,
    /// The key was used with another request.
    #[error("this idempotency key was used for another request; use a new key")]
    KeyReused,
    /// Zero, negative, beyond range, or not in whole steps.
    #[error("{field}: {why}")]
    Invalid {
        /// Which part of the command.
        field: &'static str,
        /// What is wrong and what to do.
        why: &'static str,
    },
    /// More than can be paid out.
    #[error("only ${free} is free to be paid out")]
    NotEnoughCash {
        /// What could be.
        free: Money,
    },
    /// Own limits must be at least as strict as the tier's.
    #[error("{field} is looser than the tier's limit")]
    LooserThanTier {
        /// Which limit.
        field: &'static str,
    },
    /// Signals of one's own are for the pool "Custom AI".
    #[error("the pool of {} does not hold signals of one's own", .tier.name())]
    NotInPool {
        /// The account's tier.
        tier: Tier,
    },
    /// Nothing is held that could be sold.
    #[error("no position in that instrument")]
    NoPosition,
    /// That leader is not copied by this account.
    #[error("this master is not copied; start copying first")]
    NotCopied,
    /// Copying or leading is not possible as asked.
    #[error("{0}")]
    Copying(CopyDecline),
    /// The subscription does not allow it.
    #[error(transparent)]
    Subscription(#[from] Refused),
    /// A sleeve goes by the settings of the account it belongs to.
    #[error("a copy has no settings of its own; change those of the account it belongs to")]
    OfOwner,
    /// There is no fee that could be given back.
    #[error("no fee was charged that could be given back")]
    NoFee,
}

/// A question about one account, answered from durable state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Everything about the account.
    Account(AccountId),
    /// What the gates would say; nothing is recorded.
    Preview {
        /// For which account.
        account: AccountId,
        /// The order.
        wish: Wish,
    },
    /// The market as the desk sees it.
    Market,
    /// What a partition has for others and nobody has confirmed.
    Outbox(PartitionId),
    /// The house's books and revenue in a partition.
    House(PartitionId),
    /// The masters whose accounts a partition holds.
    Masters(PartitionId),
    /// One master.
    Master(AccountId),
    /// What a partition's followers of all leaders, or of one, made of it.
    Followers(PartitionId, Option<AccountId>),
    /// The subscriptions of a partition that have an open invoice, or cash that waits to go back.
    Bills(PartitionId),
    /// The subscription that has this invoice, open or among the last paid.
    Bill(InvoiceNo),
}

/// The answer to a question.
#[derive(Clone, Debug)]
pub enum View {
    /// An account.
    Account(Box<AccountView>),
    /// What the gates would say: the quantity that would be ordered, or why not.
    Preview(Result<Previewed, Refusal>),
    /// The market.
    Market(Box<MarketView>),
    /// Parcels, oldest first; some of them when there are many.
    Outbox(Vec<Parcel>),
    /// The house in one partition.
    House(Box<HouseView>),
    /// Masters of one partition.
    Masters(Vec<MasterView>),
    /// One master.
    Master(Box<MasterView>),
    /// Followers of one partition, summed by leader.
    Followers(Vec<FollowersView>),
    /// Subscriptions with their owners.
    Bills(Vec<BillView>),
    /// Not possible.
    Declined(Decline),
}

/// A subscription and whose it is.
#[derive(Clone, Debug)]
pub struct BillView {
    /// The account.
    pub account: AccountId,
    /// Its owner.
    pub user: UserId,
    /// The subscription.
    pub subscription: Subscription,
}

/// An order the gates would let pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Previewed {
    /// Entry or exit.
    pub purpose: Purpose,
    /// Quantity that would be ordered.
    pub qty: Qty,
    /// What it is worth at the mark.
    pub notional: Money,
    /// How near to a limit it would bring the account.
    pub level: Level,
}

/// An account as of the last durable batch.
#[derive(Clone, Debug)]
pub struct AccountView {
    /// Its id.
    pub id: AccountId,
    /// Whose it is.
    pub user: UserId,
    /// Its tier.
    pub tier: Tier,
    /// Its appetite.
    pub tolerance: Tolerance,
    /// Do strategies trade for it?
    pub autopilot: bool,
    /// Since when.
    pub opened_at: Timestamp,
    /// Cash, reservations included.
    pub cash: Money,
    /// Cash held back for open entries.
    pub reserved: Money,
    /// Cash held back for contracts that are held.
    pub margin: Money,
    /// Cash and positions at their marks, less fees owed and what contracts are agreed at; of a main account with all
    /// its sleeves.
    pub equity: Money,
    /// The same of this account alone: what its fees are charged on.
    pub own_equity: Money,
    /// Highest equity, moved along with deposits, withdrawals and fees.
    pub peak: Money,
    /// Equity at the start of the trading day, moved along with deposits and withdrawals.
    pub day_start: Money,
    /// When the trading day ends.
    pub day_ends: Timestamp,
    /// Fall from the peak.
    pub drawdown_pct: Pct,
    /// Loss of the day; zero on a gain.
    pub daily_loss_pct: Pct,
    /// Daily-loss halt in force?
    pub daily_halt: bool,
    /// Drawdown halt in force?
    pub drawdown_halt: bool,
    /// Kill switches that stop its entries.
    pub pressed: Vec<Pressed>,
    /// How near to a limit it is.
    pub level: Level,
    /// Limits in force: tier's and own.
    pub limits: Limits,
    /// The user's own limits.
    pub own: OwnLimits,
    /// Ledger balances.
    pub books: Books,
    /// The market's regime, where it is known.
    pub regime: Option<Regime>,
    /// The split in force.
    pub split: Split,
    /// Why.
    pub reason: Reason,
    /// What it holds.
    pub positions: Vec<PositionView>,
    /// Orders that can still change.
    pub orders: Vec<OrderView>,
    /// Its high-water mark and what is due above it.
    pub fees: FeesView,
    /// How it copies, where it is a sleeve.
    pub sleeve: Option<Sleeve>,
    /// Its sleeves, in the order in which they began.
    pub sleeves: Vec<SleeveView>,
    /// What it is as a master, where it ever was one.
    pub master: Option<Master>,
    /// Its owner's subscription, where there ever was one.
    pub subscription: Option<Subscription>,
    /// The tier that the operator granted, where the subscription does not decide.
    pub granted: Option<Grant>,
}

/// The mark of an account and the fee above it.
#[derive(Clone, Debug)]
pub struct FeesView {
    /// The high-water mark; none before the first flow.
    pub high: Option<Money>,
    /// Profit above it.
    pub gain: Money,
    /// Loss below it, to be won back before a fee is due.
    pub loss: Money,
    /// Who is charged.
    pub policy: FeePolicy,
    /// What is charged of a gain.
    pub rates: Rates,
    /// When the month ends, and with it the gain is charged.
    pub month_ends: Timestamp,
    /// The fee if the month ended now. Shown, not booked.
    pub accrued: Fee,
    /// Charged and not taken yet.
    pub owed: Money,
    /// What shows that the owner may be charged, where that is on record.
    pub qualified: Option<String>,
}

/// A sleeve with its account.
#[derive(Clone, Debug)]
pub struct SleeveView {
    /// Its account's id.
    pub id: AccountId,
    /// Its cash, reservations included.
    pub cash: Money,
    /// Its equity.
    pub equity: Money,
    /// What was paid into it less what was paid out.
    pub paid_in: Money,
    /// Terms, stage, and what came of it.
    pub sleeve: Sleeve,
    /// Its mark and fees.
    pub fees: FeesView,
    /// Copy fees it has paid.
    pub fees_paid: Money,
    /// What it holds.
    pub positions: Vec<PositionView>,
}

/// A master's account for those who look for one.
#[derive(Clone, Debug)]
pub struct MasterView {
    /// The account.
    pub id: AccountId,
    /// Whose it is.
    pub user: UserId,
    /// Its tier.
    pub tier: Tier,
    /// Its equity.
    pub equity: Money,
    /// Record, vetting, last lead.
    pub master: Master,
    /// Copy fees it has earned.
    pub earned: Money,
    /// What it holds: percent of its equity, and the mark.
    pub holds: Vec<(InstrumentId, Pct, Price)>,
}

/// The house in one partition.
#[derive(Clone, Debug)]
pub struct HouseView {
    /// The desk's time.
    pub now: Timestamp,
    /// Its books.
    pub books: Books,
    /// What it earned by day, tier and stream, oldest first.
    pub revenue: Vec<Earned>,
    /// What subscriptions are worth a month, and what moved that.
    pub recurring: Recurring,
    /// Subscriptions that are served now, by tier.
    pub subscribed: Vec<Subscribed>,
    /// Sum of every book over all accounts of the partition, the house apart.
    pub accounts: Vec<(Book, i128)>,
    /// Trial balance in units of 10^-8 dollars: zero, or something is badly wrong.
    pub trial_balance: i128,
}

/// Subscriptions of a tier that are served now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscribed {
    /// Which tier.
    pub tier: Tier,
    /// Paid, or late with the next invoice.
    pub paying: u32,
    /// Not paid for yet: trials, and those of which the first invoice waits.
    pub free: u32,
    /// What they are worth a month before tax.
    pub worth: Money,
}

/// A holding at its mark.
#[derive(Clone, Debug)]
pub struct PositionView {
    /// Of what.
    pub instrument: InstrumentId,
    /// Quantity; below zero it is short.
    pub qty: Qty,
    /// What it cost, or what contracts are agreed at; below zero of what is short.
    pub cost: Money,
    /// What it is worth at the mark; below zero of what is short.
    pub value: Money,
    /// Cash that contracts hold back, in place of a price paid; zero of what is paid for.
    pub margin: Money,
    /// The mark.
    pub mark: Option<Price>,
    /// Quantity of open exit orders.
    pub exiting: Qty,
    /// Its lots.
    pub lots: Vec<Lot>,
}

/// An order that can still change.
#[derive(Clone, Debug)]
pub struct OrderView {
    /// As approved.
    pub ticket: Ticket,
    /// Where it stands.
    pub state: OrderState,
    /// How much of it is filled.
    pub filled: Qty,
    /// Was a cancel asked for?
    pub cancelling: bool,
}

/// The market as a desk sees it.
#[derive(Clone, Debug)]
pub struct MarketView {
    /// The desk's time.
    pub now: Timestamp,
    /// The last reading.
    pub conditions: Option<Conditions>,
    /// Pressed switches that concern more than one account.
    pub pressed: Vec<Pressed>,
    /// The catalog with marks.
    pub instruments: Vec<InstrumentView>,
}

/// An instrument with its mark.
#[derive(Clone, Debug)]
pub struct InstrumentView {
    /// The catalog row.
    pub instrument: Instrument,
    /// Last price.
    pub mark: Option<Price>,
    /// How old it is.
    pub mark_age: Span,
    /// Is its session open, and has it not expired?
    pub open: bool,
}

/// One command's settings change, for callers that only set.
impl From<Setting> for super::input::Command {
    fn from(setting: Setting) -> Self {
        Self::Set(setting)
    }
}
