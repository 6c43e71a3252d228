//! Typed read queries over the views. Every one takes a scope, so that no handler forgets the tenant.

pub mod house;
pub mod month;

use super::{AppendError, Doing, ReadError};
use crate::billing::subscription::step::Step;
use crate::journal::Batch;
use crate::ledger::chart::Books;
use crate::words::id::{AccountId, OrderId, PartitionId, Seq, UserId};
use crate::words::insight::Insight;
use house::{HouseFilter, HouseRows, HouseScope};
use month::{AccountMonth, Months, TooMuch};

/// Whose data a read may see. `Scope::of` is called in `api/auth.rs` only; `cargo xtask tidy` holds that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    user: UserId,
    account: AccountId,
}

impl Scope {
    /// The scope of a user who has proven who they are.
    #[must_use]
    pub const fn of(user: UserId, account: AccountId) -> Self {
        Self { user, account }
    }
    /// The scope of the sleeve in which this account copies a leader; it fits no account where it never did.
    #[must_use]
    pub fn sleeve(&self, leader: AccountId) -> Self {
        Self { user: self.user, account: self.account.sleeve(leader) }
    }
    /// The user.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.user
    }
    /// The user's account.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }
}

/// Which page of a list: newest first, rows before `before`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Row number of the last row seen; none for the first page.
    pub before: Option<i64>,
    /// How many rows at most.
    pub limit: u32,
}

/// A row with its number, the cursor of the next page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<T> {
    /// Its number.
    pub number: i64,
    /// The row.
    pub row: T,
}

/// An order as the view keeps it. Amounts are decimal texts, exactly as the core writes them.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct OrderRow {
    /// Its id, as text.
    pub id: String,
    /// Symbol.
    pub symbol: String,
    /// `crypto`, `equity`, `derivatives`.
    pub asset_class: String,
    /// `buy` or `sell`.
    pub side: String,
    /// `market`, `limit`, `stop`, `stop_limit`.
    pub order_type: String,
    /// `day`, `gtc`, `ioc`, `fok`.
    pub time_in_force: String,
    /// `entry` or `exit`.
    pub purpose: String,
    /// Who asked: `user`, a strategy's name, `protection`, `kill_switch`, `copy`.
    pub origin: String,
    /// Version of the strategy whose signal asked for it, where one did.
    pub version: Option<u16>,
    /// What was learned about that signal; none where nothing was, and of exits.
    pub insight: Option<Insight>,
    /// Quantity ordered.
    pub qty: String,
    /// Quantity filled.
    pub filled_qty: String,
    /// Average price of the fills, where there are any.
    pub average_price: Option<String>,
    /// Limit price, where named.
    pub limit_price: Option<String>,
    /// Stop price, where named.
    pub stop_price: Option<String>,
    /// Fees so far.
    pub fees: String,
    /// `approved`, `working`, `partly_filled`, `filled`, `cancelled`, `rejected`, `lapsed`.
    pub state: String,
    /// Why it ended, where it did not fill whole.
    pub why: Option<String>,
    /// When it was approved, RFC 3339.
    pub created_at: String,
    /// When it last changed, RFC 3339.
    pub updated_at: String,
}

/// A fill as the view keeps it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FillRow {
    /// Its order.
    pub order_id: String,
    /// Its id within the order.
    pub fill_id: String,
    /// Symbol.
    pub symbol: String,
    /// `buy` or `sell`.
    pub side: String,
    /// Quantity.
    pub qty: String,
    /// Price.
    pub price: String,
    /// Fee.
    pub fee: String,
    /// Realized profit before fees, for sales.
    pub realized: Option<String>,
    /// When, RFC 3339.
    pub at: String,
}

/// A decision as the view keeps it: why it traded, why it did not.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct DecisionRow {
    /// `approved`, `refused`, `skipped`, `halted`, `reallocated`, `signaled`.
    pub kind: String,
    /// Symbol, where it is about one.
    pub symbol: Option<String>,
    /// `buy` or `sell`, where it is about an order.
    pub side: Option<String>,
    /// Size asked for, as text with its unit.
    pub size: Option<String>,
    /// Who asked.
    pub origin: Option<String>,
    /// The order, where one was approved.
    pub order_id: Option<String>,
    /// Stable code of a refusal.
    pub code: Option<String>,
    /// Gate that refused.
    pub gate: Option<String>,
    /// One sentence for people.
    pub sentence: String,
    /// The whole evidence: measured value, limit, age, changes, marks; the text of one JSON object.
    pub evidence: String,
    /// When, RFC 3339.
    pub at: String,
}

/// A point of the equity curve.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct EquityRow {
    /// End of the account's trading day, RFC 3339.
    pub at: String,
    /// Equity.
    pub equity: String,
    /// Cash.
    pub cash: String,
}

/// A ledger line as the view keeps it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct EntryRow {
    /// Entry the line belongs to: partition, batch and index.
    pub entry: String,
    /// Which book.
    pub book: String,
    /// Debit positive.
    pub amount: String,
    /// What it is for: `transfer`, `fill`, `fee`, `fee_refund`, `fee_collected`, `copy_funding`, `copy_fee_earned`,
    /// `dividend`, `funding`, `correction`, `settlement`, `swap`, `subscription`.
    pub cause: String,
    /// The order, where there is one.
    pub order_id: Option<String>,
    /// When, RFC 3339.
    pub at: String,
}

/// A move of the high-water mark as the view keeps it, with the fee that was due with it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FeeRow {
    /// `flow`, `month`, `stopped`, `tier_changed`, `qualified`, `refunded`, `began`, or `followed`: a sleeve's new
    /// run begins, with the loss that it carries.
    pub cause: String,
    /// What was paid in (positive) or out, of a flow.
    pub amount: Option<String>,
    /// The month that ended, like `2026-03`.
    pub month: Option<String>,
    /// Equity just before.
    pub equity: String,
    /// The house's part of the fee; below zero it was given back.
    pub platform: String,
    /// The leader's part.
    pub leader: String,
    /// Where the mark stood; none before the first.
    pub mark_before: Option<String>,
    /// Where it stands from then on.
    pub mark: String,
    /// The entry that booked the fee: partition, batch and index; none where nothing was charged.
    pub entry: Option<String>,
    /// When, RFC 3339.
    pub at: String,
}

/// A page of rows.
pub type Rows<T> = Result<Vec<Row<T>>, ReadError>;

/// Read queries, one a screen.
pub trait Views: Send + Sync {
    /// Orders of the account, newest first; `open` leaves out those that ended.
    fn orders<'a>(&'a self, scope: &'a Scope, page: Page, open: bool) -> Doing<'a, Rows<OrderRow>>;
    /// One order of the account.
    fn order<'a>(
        &'a self,
        scope: &'a Scope,
        id: OrderId,
    ) -> Doing<'a, Result<Option<OrderRow>, ReadError>>;
    /// Fills of the account, newest first.
    fn fills<'a>(&'a self, scope: &'a Scope, page: Page) -> Doing<'a, Rows<FillRow>>;
    /// Decisions about the account, newest first; `kind` picks one kind.
    fn decisions<'a>(
        &'a self,
        scope: &'a Scope,
        page: Page,
        kind: Option<&'a str>,
    ) -> Doing<'a, Rows<DecisionRow>>;
    /// The equity curve, newest first.
    fn equity<'a>(&'a self, scope: &'a Scope, page: Page) -> Doing<'a, Rows<EquityRow>>;
    /// Ledger lines, newest first.
    fn entries<'a>(&'a self, scope: &'a Scope, page: Page) -> Doing<'a, Rows<EntryRow>>;
    /// Moves of the high-water mark and the fees due with them, newest first.
    fn fees<'a>(&'a self, scope: &'a Scope, page: Page) -> Doing<'a, Rows<FeeRow>>;
    /// Steps of the account's subscription, newest first.
    fn subscription<'a>(&'a self, scope: &'a Scope, page: Page) -> Doing<'a, Rows<Step>>;
    /// The months of the account; none where it is not the user's.
    fn months<'a>(&'a self, scope: &'a Scope) -> Doing<'a, Result<Option<Months>, ReadError>>;
    /// A month of the account and of its sleeves that copy these leaders, all of them as of one moment. Those that
    /// were not there in that month are left out.
    fn month<'a>(&'a self, scope: &'a Scope, leaders: &'a [AccountId], month: i32) -> Told<'a>;
    /// Balances of the account and of its sleeves that copy these leaders, summed, at the ends of months, from
    /// `first` to the last.
    fn balances<'a>(
        &'a self,
        scope: &'a Scope,
        leaders: &'a [AccountId],
        first: i32,
    ) -> Doing<'a, Result<Vec<(i32, Books)>, ReadError>>;
    /// Lines of the house's books in a partition, newest first.
    fn house_entries<'a>(
        &'a self,
        scope: &'a HouseScope,
        partition: PartitionId,
        filter: HouseFilter,
    ) -> Doing<'a, Result<HouseRows, ReadError>>;
}

/// A month of some accounts.
pub type Told<'a> = Doing<'a, Result<Result<Vec<AccountMonth>, TooMuch>, ReadError>>;

/// Turns batches into the rows that [`Views`] reads. Disposable: reset it and project from the start.
pub trait Projection: Send + Sync {
    /// The last batch of a partition that is in the views; 0 before the first.
    fn checkpoint(&self, partition: PartitionId) -> Doing<'_, Result<Seq, ReadError>>;
    /// Writes the rows of batches and moves the checkpoints of their partitions, in one transaction. Those of one
    /// partition must be consecutive; those at or before its checkpoint are passed over.
    fn project(&self, batches: Vec<Batch>) -> Doing<'_, Result<(), AppendError>>;
    /// Forgets all rows and checkpoints.
    fn reset(&self) -> Doing<'_, Result<(), AppendError>>;
}
