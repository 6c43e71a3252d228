//! A statement as JSON. Amounts are decimal strings, exact to the last digit: opening equity, flows, profit, income
//! and fees add up to the closing equity.

use crate::date;
use nija_core::ports::documents::Returns;
use nija_core::ports::documents::high_water::{Cause, HighWater, Step};
use nija_core::ports::documents::section::{
    Charge, FeeKind, Flow, FlowKind, Holding, Income, IncomeKind, Section, Sums, Trade, Worth,
};
use nija_core::ports::documents::statement::Statement;
use nija_core::words::money::{Money, Pct, Price, Qty};
use nija_core::words::order::Side;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Amounts by kind.
type Kinds = BTreeMap<&'static str, Money>;

/// A statement of an account and its copies over a month.
#[derive(Serialize, ToSchema)]
#[schema(as = Statement)]
pub(crate) struct StatementBody {
    /// Like `2026-01` (UTC).
    month: String,
    /// First instant, RFC 3339.
    from: String,
    /// The first instant behind it; of a month that is not over, how far it is told.
    to: String,
    /// Is the month over?
    complete: bool,
    /// The account.
    account: String,
    /// The tier at the end.
    tier: &'static str,
    /// Always `USD`.
    currency: &'static str,
    /// A sentence about the whole.
    note: Option<String>,
    /// All sections together.
    total: SumsBody,
    /// Chain-linked by day, percent of the period, after fees taken from the account.
    #[schema(value_type = Option<String>)]
    time_weighted_return_pct: Option<Pct>,
    /// Internal rate of return, percent of the period.
    #[schema(value_type = Option<String>)]
    money_weighted_return_pct: Option<Pct>,
    /// Equity at the end of each day (UTC).
    days: Vec<DayBody>,
    /// The account itself, then its copies of masters.
    sections: Vec<SectionBody>,
    /// What was paid outside the account.
    outside: Vec<ChargeBody>,
}

/// The way from the opening to the closing equity.
#[derive(Serialize, ToSchema)]
pub(crate) struct SumsBody {
    /// Equity at the beginning.
    #[schema(value_type = String)]
    opening_equity: Money,
    /// Paid in.
    #[schema(value_type = String)]
    deposits: Money,
    /// Paid out, below zero.
    #[schema(value_type = String)]
    withdrawals: Money,
    /// Between the account and its copies.
    #[schema(value_type = String)]
    transfers: Money,
    /// Realized profit before fees.
    #[schema(value_type = String)]
    realized: Money,
    /// How much unrealized profit changed.
    #[schema(value_type = String)]
    unrealized_change: Money,
    /// Dividends, funding, corrections and other income by kind.
    #[schema(value_type = BTreeMap<String, String>)]
    income: Kinds,
    /// Fees taken from equity by kind.
    #[schema(value_type = BTreeMap<String, String>)]
    fees: Kinds,
    /// Equity at the end.
    #[schema(value_type = String)]
    closing_equity: Money,
}

/// A day of all sections together.
#[derive(Serialize, ToSchema)]
pub(crate) struct DayBody {
    /// Its end, RFC 3339.
    at: String,
    /// What came in less what went out.
    #[schema(value_type = String)]
    flow: Money,
    /// Equity at its end.
    #[schema(value_type = String)]
    equity: Money,
}

/// The books of one place.
#[derive(Serialize, ToSchema)]
pub(crate) struct SectionBody {
    /// `Main account`, or which master it copies.
    place: String,
    /// What it adds up to.
    sums: SumsBody,
    /// What there was at the beginning.
    opening: WorthBody,
    /// What there was at the end.
    closing: WorthBody,
    /// Deposits, withdrawals, transfers.
    flows: Vec<FlowBody>,
    /// Fills.
    trades: Vec<StatementTradeBody>,
    /// What came without a trade.
    income: Vec<IncomeBody>,
    /// The high-water mark, step by step.
    high_water: Option<HighWaterBody>,
    /// What was open at the end.
    positions: Vec<OpenPosition>,
}

/// What there was.
#[derive(Serialize, ToSchema)]
pub(crate) struct WorthBody {
    /// Cash less fees owed.
    #[schema(value_type = String)]
    cash: Money,
    /// Positions at their marks.
    #[schema(value_type = String)]
    positions: Money,
    /// How far that is above their cost.
    #[schema(value_type = String)]
    unrealized: Money,
}

/// Money that came (above zero) or went.
#[derive(Serialize, ToSchema)]
pub(crate) struct FlowBody {
    /// When.
    at: String,
    /// `deposit`, `withdrawal` or `transfer`.
    kind: &'static str,
    /// How much.
    #[schema(value_type = String)]
    amount: Money,
}

/// A fill.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatementTradeBody {
    /// When.
    at: String,
    /// Of what.
    symbol: String,
    /// `buy` or `sell`.
    side: &'static str,
    /// Quantity.
    #[schema(value_type = String)]
    qty: Qty,
    /// Price.
    #[schema(value_type = String)]
    price: Price,
    /// Dollars that changed hands, before the fee.
    #[schema(value_type = String)]
    value: Money,
    /// The venue's fee.
    #[schema(value_type = String)]
    fee: Money,
    /// Profit that it realized, before the fee.
    #[schema(value_type = String)]
    realized: Money,
}

/// What came, or was taken, without a trade.
#[derive(Serialize, ToSchema)]
pub(crate) struct IncomeBody {
    /// When.
    at: String,
    /// What.
    kind: &'static str,
    /// How much.
    #[schema(value_type = String)]
    amount: Money,
    /// On what.
    note: String,
}

/// A fee.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChargeBody {
    /// When.
    at: String,
    /// What for.
    kind: &'static str,
    /// How much.
    #[schema(value_type = String)]
    amount: Money,
    /// A number of an invoice.
    note: String,
}

/// The high-water mark over the month.
#[derive(Serialize, ToSchema)]
pub(crate) struct HighWaterBody {
    /// The mark at the beginning.
    #[schema(value_type = String)]
    opening: Money,
    /// What moved it, in order.
    steps: Vec<StepBody>,
    /// The mark at the end.
    #[schema(value_type = String)]
    closing: Money,
    /// Fees if they fell due at the end: shown, not booked.
    #[schema(value_type = String)]
    accrued: Money,
}

/// A step of the mark.
#[derive(Serialize, ToSchema)]
pub(crate) struct StepBody {
    /// When.
    at: String,
    /// `deposit`, `withdrawal`, `fee_due`, `refund`, `resumption` or `netted_flow`.
    cause: &'static str,
    /// Equity before.
    #[schema(value_type = String)]
    equity: Money,
    /// What came in or left.
    #[schema(value_type = String)]
    flow: Money,
    /// The mark before.
    #[schema(value_type = String)]
    mark: Money,
    /// The profit that the fees are on.
    #[schema(value_type = String)]
    gain: Money,
    /// Each fee with its rate.
    fees: Vec<StepFeeBody>,
    /// The mark after.
    #[schema(value_type = String)]
    mark_after: Money,
}

/// A fee of a step.
#[derive(Serialize, ToSchema)]
pub(crate) struct StepFeeBody {
    /// Whose.
    kind: &'static str,
    /// Percent of the gain.
    #[schema(value_type = String)]
    rate_pct: Pct,
    /// Dollars.
    #[schema(value_type = String)]
    amount: Money,
}

/// An open position.
#[derive(Serialize, ToSchema)]
pub(crate) struct OpenPosition {
    /// Of what.
    symbol: String,
    /// Quantity.
    #[schema(value_type = String)]
    qty: Qty,
    /// What it cost.
    #[schema(value_type = String)]
    cost: Money,
    /// The price at which it was marked.
    #[schema(value_type = String)]
    mark: Price,
    /// Its worth at that price.
    #[schema(value_type = String)]
    value: Money,
    /// How far that is above the cost.
    #[schema(value_type = String)]
    unrealized: Money,
}

impl StatementBody {
    pub(super) fn of(statement: &Statement, complete: bool, returns: Returns) -> Self {
        let facts = statement.facts();
        let day = |day: &nija_core::ports::documents::statement::Day| DayBody {
            at: day.at.to_string(),
            flow: day.flow,
            equity: day.equity,
        };
        Self {
            month: date::month_word(facts.period.from.month()),
            from: facts.period.from.to_string(),
            to: facts.period.to.to_string(),
            complete,
            account: facts.account.to_string(),
            tier: facts.tier.name(),
            currency: "USD",
            note: facts.note.clone(),
            total: statement.total().into(),
            time_weighted_return_pct: returns.time_weighted,
            money_weighted_return_pct: returns.money_weighted,
            days: statement.days().iter().map(day).collect(),
            sections: statement.sections().map(SectionBody::of).collect(),
            outside: facts.outside.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Sums> for SumsBody {
    fn from(sums: &Sums) -> Self {
        let some =
            |kind: &'static str, amount: Money| (!amount.is_zero()).then_some((kind, amount));
        let income =
            IncomeKind::ALL.map(|kind| some(income_word(kind), sums.income[kind as usize]));
        let fees = FeeKind::ALL.map(|kind| some(fee_word(kind), sums.fees[kind as usize]));
        Self {
            opening_equity: sums.opening,
            deposits: sums.deposits,
            withdrawals: sums.withdrawals,
            transfers: sums.transfers,
            realized: sums.realized,
            unrealized_change: sums.unrealized,
            income: income.into_iter().flatten().collect(),
            fees: fees.into_iter().flatten().collect(),
            closing_equity: sums.closing,
        }
    }
}

impl SectionBody {
    fn of((section, sums): (&Section, &Sums)) -> Self {
        Self {
            place: section.place.title(),
            sums: sums.into(),
            opening: section.opening.into(),
            closing: section.closing.into(),
            flows: section.flows.iter().map(Into::into).collect(),
            trades: section.trades.iter().map(Into::into).collect(),
            income: section.income.iter().map(Into::into).collect(),
            high_water: section.high_water.as_ref().map(Into::into),
            positions: section.positions.iter().map(Into::into).collect(),
        }
    }
}

impl From<Worth> for WorthBody {
    fn from(worth: Worth) -> Self {
        let Worth { cash, positions, unrealized } = worth;
        Self { cash, positions, unrealized }
    }
}

impl From<&Flow> for FlowBody {
    fn from(flow: &Flow) -> Self {
        let kind = match flow.kind {
            FlowKind::Deposit => "deposit",
            FlowKind::Withdrawal => "withdrawal",
            FlowKind::Transfer => "transfer",
        };
        Self { at: flow.at.to_string(), kind, amount: flow.amount }
    }
}

impl From<&Trade> for StatementTradeBody {
    fn from(trade: &Trade) -> Self {
        Self {
            at: trade.at.to_string(),
            symbol: trade.symbol.clone(),
            side: match trade.side {
                Side::Buy => "buy",
                Side::Sell => "sell",
            },
            qty: trade.qty,
            price: trade.price,
            value: trade.value,
            fee: trade.fee,
            realized: trade.realized,
        }
    }
}

impl From<&Income> for IncomeBody {
    fn from(income: &Income) -> Self {
        let (kind, note) = (income_word(income.kind), income.note.clone());
        Self { at: income.at.to_string(), kind, amount: income.amount, note }
    }
}

impl From<&Charge> for ChargeBody {
    fn from(charge: &Charge) -> Self {
        let (kind, note) = (fee_word(charge.kind), charge.note.clone());
        Self { at: charge.at.to_string(), kind, amount: charge.amount, note }
    }
}

impl From<&HighWater> for HighWaterBody {
    fn from(mark: &HighWater) -> Self {
        Self {
            opening: mark.opening,
            steps: mark.steps.iter().map(Into::into).collect(),
            closing: mark.closing(),
            accrued: mark.accrued,
        }
    }
}

impl From<&Step> for StepBody {
    fn from(step: &Step) -> Self {
        let fees = step.fees.iter().map(|fee| StepFeeBody {
            kind: fee_word(fee.kind),
            rate_pct: fee.rate,
            amount: fee.amount,
        });
        Self {
            at: step.at.to_string(),
            cause: match step.cause {
                Cause::Deposit => "deposit",
                Cause::Withdrawal => "withdrawal",
                Cause::Crystallization => "fee_due",
                Cause::Refund => "refund",
                Cause::Resumption => "resumption",
                Cause::Netted => "netted_flow",
            },
            equity: step.equity,
            flow: step.flow,
            mark: step.mark,
            gain: step.gain,
            fees: fees.collect(),
            mark_after: step.mark_after,
        }
    }
}

impl From<&Holding> for OpenPosition {
    fn from(held: &Holding) -> Self {
        Self {
            symbol: held.symbol.clone(),
            qty: held.qty,
            cost: held.cost,
            mark: held.mark,
            value: held.value,
            unrealized: held.unrealized,
        }
    }
}

const fn income_word(kind: IncomeKind) -> &'static str {
    match kind {
        IncomeKind::Dividend => "dividend",
        IncomeKind::Interest => "interest",
        IncomeKind::Funding => "funding",
        IncomeKind::Correction => "correction",
        IncomeKind::Earned => "copy_fee_earned",
        IncomeKind::Settlement => "settlement",
    }
}

const fn fee_word(kind: FeeKind) -> &'static str {
    match kind {
        FeeKind::Venue => "venue_fee",
        FeeKind::Performance => "performance_fee",
        FeeKind::CopyLeader => "copy_fee_leader",
        FeeKind::CopyPlatform => "copy_fee_platform",
        FeeKind::Subscription => "subscription",
    }
}
