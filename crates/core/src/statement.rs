//! From a month of an account to the section of a statement. Every figure is a sum of ledger lines or a quantity at
//! a price that the desk had; a document that is made of it refuses what does not add up.

use crate::billing::fee::{Fee, Rates};
use crate::billing::subscription::step::Step;
use crate::desk::event::{Adjustment, BillCause, Event, Half};
use crate::ledger::chart::Book;
use crate::ledger::entry::Entry;
use crate::ledger::holdings::{Holdings, Stake, Traded};
use crate::ports::documents::DocumentError;
use crate::ports::documents::high_water::{self, Cause, HighWater, Settled, StepFee};
use crate::ports::documents::section::{
    Charge, FeeKind, Flow, FlowKind, Holding, Income, IncomeKind, Place, Point, Section, Trade,
    Worth,
};
use crate::ports::views::month::{AccountMonth, Line, Prices};
use crate::words::fixed::{Round, SCALE, mul_div};
use crate::words::money::{Money, Price};
use crate::words::order::Side;
use crate::words::time::Timestamp;

/// What a month alone does not tell.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The account itself or a sleeve.
    pub place: Place,
    /// At which rates the fees of the month were charged.
    pub charged: Rates,
    /// At which rates the gain at its end would be charged: none where nothing may be.
    pub accrues: Rates,
}

/// The section of a statement.
///
/// # Errors
/// [`DocumentError::OutOfRange`] where a sum leaves the range, or the month names what it does not bring along.
pub fn section(month: &AccountMonth, terms: &Terms) -> Result<Section, DocumentError> {
    let mut making = Making { month, terms, held: month.opening.clone(), made: Section::default() };
    making.made.place = terms.place.clone();
    let mut prices = month.prices.iter();
    let first = prices.next().ok_or(DocumentError::OutOfRange)?;
    making.made.opening = making.worth(first)?;
    making.made.high_water =
        Some(HighWater { opening: month.opening.high, ..HighWater::default() });

    let mut lines = month.lines.iter().peekable();
    for at in prices {
        let ends = at.at == month.to;
        // What closes the month is dated at its end and belongs to it.
        while let Some(line) = lines.next_if(|line| ends || line.at < at.at) {
            making.line(line).ok_or(DocumentError::OutOfRange)?;
        }
        making.close_day(at)?;
    }
    making.finish()
}

/// What the owner paid outside the account in the month: invoices of the subscription, less what was taken back.
#[must_use]
pub fn outside(month: &AccountMonth) -> Vec<Charge> {
    let charge = |line: &Line| {
        let Event::Subscribed { step, .. } = &line.event else { return None };
        let (amount, note) = match &**step {
            Step::Settled { invoice, earned, deferred, tax, .. } => {
                let net = earned.saturating_add(*deferred);
                (net.saturating_add(*tax), format!("Invoice {invoice}"))
            }
            Step::Credited { note, .. } => {
                (note.total().negated(), format!("Credit note {}", note.number))
            }
            _ => return None,
        };
        Some(Charge { at: line.at, kind: FeeKind::Subscription, amount, note })
    };
    month.lines.iter().filter_map(charge).collect()
}

/// A section in the making.
struct Making<'a> {
    month: &'a AccountMonth,
    terms: &'a Terms,
    /// How the account stands behind the lines so far.
    held: Holdings,
    made: Section,
}

impl Making<'_> {
    fn line(&mut self, line: &Line) -> Option<()> {
        let (no, at) = (self.month.no, line.at);
        match &line.event {
            Event::Transferred { amount, .. } => {
                let kind = match amount.is_negative() {
                    true => FlowKind::Withdrawal,
                    false => FlowKind::Deposit,
                };
                self.made.flows.push(Flow { at, kind, amount: *amount });
            }
            Event::Moved { from, amount, .. } => {
                let amount = if *from == no { amount.negated() } else { *amount };
                self.made.flows.push(Flow { at, kind: FlowKind::Transfer, amount });
            }
            Event::Filled { fill, entry, .. } => {
                // Of a swap, its halves are the trades.
                if let Some(traded) = line.traded {
                    let trade = self.trade(at, fill.price, entry, traded)?;
                    self.made.trades.push(trade);
                }
            }
            Event::Swapped { half: Half { qty, worth, .. }, entry, .. } => {
                let price = mul_div(worth.raw(), SCALE, qty.raw(), Round::HalfEven)?;
                let trade = self.trade(at, Price::from_raw(price), entry, line.traded?)?;
                self.made.trades.push(trade);
            }
            Event::Settled { instrument, price, entry, .. } => {
                let symbol = &self.month.instruments.get(instrument)?.symbol;
                let note = format!("{symbol} at {price}");
                let amount = self.sum(entry, Book::Realized)?.negated();
                let kind = IncomeKind::Settlement;
                self.made.income.push(Income { at, kind, amount, note });
            }
            Event::Credited { amount, .. } => {
                let note = "from those who copy this account".to_owned();
                let kind = IncomeKind::Earned;
                self.made.income.push(Income { at, kind, amount: *amount, note });
            }
            Event::Adjusted { kind, amount, why, .. } => {
                let kind = match kind {
                    Adjustment::Dividend => IncomeKind::Dividend,
                    Adjustment::Funding => IncomeKind::Funding,
                    Adjustment::Correction => IncomeKind::Correction,
                };
                self.made.income.push(Income { at, kind, amount: *amount, note: why.clone() });
            }
            Event::Billed { cause, equity, fee, mark, .. } => {
                let step = self.step(at, (*cause, *equity, *fee), mark.high())?;
                self.note(step);
            }
            Event::Followed { loss, .. } if *loss != self.held.high => {
                let step = high_water::Step {
                    at,
                    cause: Cause::Resumption,
                    equity: self.held.money(),
                    flow: Money::ZERO,
                    mark: self.held.high,
                    gain: Money::ZERO,
                    fees: Vec::new(),
                    mark_after: *loss,
                };
                self.note(step);
            }
            _ => {}
        }
        match line.event.entry() {
            Some(entry) => self.held.book(no, entry, line.traded),
            None => Some(()),
        }
    }

    fn note(&mut self, step: high_water::Step) {
        self.held.high = step.mark_after;
        if let Some(mark) = &mut self.made.high_water {
            mark.steps.push(step);
        }
    }

    fn trade(&self, at: Timestamp, price: Price, entry: &Entry, traded: Traded) -> Option<Trade> {
        let (cost, won) = (self.sum(entry, Book::Positions)?, self.sum(entry, Book::Realized)?);
        let value = match traded.side {
            Side::Buy => cost.checked_add(won)?,
            // What is realized stands as a credit: proceeds are the cost of what went and what was won.
            Side::Sell => Money::ZERO.checked_sub(cost)?.checked_sub(won)?,
        };
        Some(Trade {
            at,
            symbol: self.month.instruments.get(&traded.instrument)?.symbol.clone(),
            side: traded.side,
            qty: traded.qty,
            price,
            value,
            fee: self.sum(entry, Book::VenueFees)?,
            realized: won.negated(),
        })
    }

    /// What an entry books in a book of this account.
    fn sum(&self, entry: &Entry, book: Book) -> Option<Money> {
        let own = entry.legs().iter().filter(|leg| leg.account == self.month.no);
        let mut of = own.filter(|leg| leg.book == book);
        of.try_fold(Money::ZERO, |sum, leg| sum.checked_add(leg.amount))
    }

    /// A step of the mark. Where flows of one day were netted the day's fee is not that of one step alone.
    fn step(
        &self,
        at: Timestamp,
        (cause, equity, fee): (BillCause, Money, Fee),
        after: Money,
    ) -> Option<high_water::Step> {
        let before = self.held.high;
        let above = equity.checked_sub(before)?.or_zero();
        let (cause, flow, gain) = match cause {
            BillCause::Flow(amount) if amount.is_negative() => {
                let left = Money::ZERO.checked_sub(amount)?;
                let gain = left.checked_sub(before.checked_sub(after)?)?;
                (Cause::Withdrawal, amount, gain.or_zero())
            }
            BillCause::Flow(amount) => (Cause::Deposit, amount, Money::ZERO),
            BillCause::Refunded => (Cause::Refund, Money::ZERO, Money::ZERO),
            BillCause::Month(_)
            | BillCause::Stopped
            | BillCause::TierChanged
            | BillCause::Qualified
            | BillCause::Began => (Cause::Crystallization, Money::ZERO, above),
        };
        let fees = self.fees(fee);
        let (mark, mark_after) = (before, after);
        let mut step = high_water::Step { at, cause, equity, flow, mark, gain, fees, mark_after };
        if step.cause != Cause::Refund && step.check().is_err() {
            step.cause = Cause::Netted;
        }
        Some(step)
    }

    fn fees(&self, fee: Fee) -> Vec<StepFee> {
        let rates = self.terms.charged;
        let parts = match self.terms.place {
            Place::Account => [
                (FeeKind::Performance, rates.platform, fee.platform),
                (FeeKind::CopyLeader, rates.leader, fee.leader),
            ],
            Place::Sleeve { .. } => [
                (FeeKind::CopyLeader, rates.leader, fee.leader),
                (FeeKind::CopyPlatform, rates.platform, fee.platform),
            ],
        };
        let charged = parts.into_iter().filter(|(_, _, amount)| !amount.is_zero());
        let settled = Settled::FromAccount;
        charged.map(|(kind, rate, amount)| StepFee { kind, rate, amount, settled }).collect()
    }

    /// Marks what is held at the end of a day.
    fn close_day(&mut self, prices: &Prices) -> Result<(), DocumentError> {
        let equity = self.worth(prices)?.equity()?;
        let last = self.made.points.last().map(|point| point.at);
        if last.is_none_or(|last| last < prices.at) {
            self.made.points.push(Point { at: prices.at, equity });
        }
        Ok(())
    }

    fn worth(&self, prices: &Prices) -> Result<Worth, DocumentError> {
        // What contracts are agreed at stands against their worth, and not in the cash.
        let cash = self.held.money().checked_sub(self.held.books.balance(Book::Agreed));
        let cash = cash.ok_or(DocumentError::OutOfRange)?;
        let mut worth = Worth { cash, ..Worth::default() };
        for held in self.held.positions() {
            let holding = self.holding(held, prices).ok_or(DocumentError::OutOfRange)?;
            let add = |a: Money, b| a.checked_add(b).ok_or(DocumentError::OutOfRange);
            worth.positions = add(worth.positions, holding.value)?;
            worth.unrealized = add(worth.unrealized, holding.unrealized)?;
        }
        Ok(worth)
    }

    /// A position at its mark, as the desk values it: one without a mark counts at its cost.
    fn holding(&self, held: &Stake, prices: &Prices) -> Option<Holding> {
        let instrument = self.month.instruments.get(&held.instrument)?;
        let (mark, value) = match prices.of.get(&held.instrument) {
            Some(mark) => (*mark, instrument.value(*mark, held.qty, Round::Down)?),
            None => (Price::ZERO, held.cost),
        };
        let unrealized = value.checked_sub(held.cost)?;
        let (cost, value) = match instrument.is_margined() {
            true => (Money::ZERO, unrealized),
            false => (held.cost, value),
        };
        let symbol = instrument.symbol.clone();
        Some(Holding { symbol, qty: held.qty, cost, mark, value, unrealized })
    }

    fn finish(mut self) -> Result<Section, DocumentError> {
        let last = self.month.prices.last().ok_or(DocumentError::OutOfRange)?;
        // The other reckoning of the end: what the sums say beside what the lines led to.
        if self.held != self.month.closing {
            return Err(DocumentError::Unequal {
                what: "what the month's entries lead to".to_owned(),
                stated: self.month.closing.money(),
                computed: self.held.money(),
            });
        }
        self.made.closing = self.worth(last)?;
        let held = self.held.positions().iter().map(|held| self.holding(held, last));
        self.made.positions = held.collect::<Option<_>>().ok_or(DocumentError::OutOfRange)?;
        let equity = self.made.closing.equity()?;
        if let Some(mark) = &mut self.made.high_water {
            let gain = equity.saturating_sub(self.held.high.or_zero()).or_zero();
            mark.accrued = self.terms.accrues.on(gain).total();
        }
        Ok(self.made)
    }
}
