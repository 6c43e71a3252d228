//! Fees on profits: what flows and months do to high-water marks, what is charged, and what is given back.
//! A deposit is never profit; nothing is booked before it is due; what cannot be taken is owed, not sold for.

use super::Desk;
use super::account::{Account, Charged};
use super::answer::{Answer, Decline, FeesView};
use super::event::{Adjustment, BillCause, Event};
use super::settings::invalid;
use super::switches::clip;
use crate::billing::fee::{Fee, Rates};
use crate::billing::mark::Mark;
use crate::billing::plans::FeePolicy;
use crate::ledger::chart::Book;
use crate::ledger::entry::Entry;
use crate::words::id::{AccountNo, PartitionId};
use crate::words::money::Money;
use crate::words::tier::Tier;
use crate::words::time::Timestamp;

/// The largest amount that one adjustment may move.
const MOST: Money = Money::whole(1_000_000_000);

impl Desk {
    /// What is charged of an account's profit: nothing of simulated money, nothing of whom the policy spares.
    pub(super) fn rates(&self, account: &Account) -> Rates {
        let root = self.state.root(account);
        let plans = &self.rules.plans;
        let spared = plans.fee_policy == FeePolicy::QualifiedOnly && root.qualified.is_none();
        match account.sleeve {
            _ if root.tier == Tier::Paper || spared => Rates::NONE,
            Some(_) => plans.copy(),
            None => plans.performance(),
        }
    }

    /// The mark of an account that is older than marks begins where the account stands.
    fn mark_of(&self, account: &Account, equity: Money) -> Mark {
        account.mark.unwrap_or_else(|| {
            let mut mark = Mark::new();
            mark.waive(equity.or_zero());
            mark
        })
    }

    /// Moves an account's mark for a flow and charges what is due with it. Returns the fee: of a withdrawal it is
    /// taken from what leaves. `None` beyond the range.
    pub(super) fn bill_flow(&mut self, no: AccountNo, amount: Money) -> Option<Fee> {
        let account = self.state.account(no)?;
        let (equity, rates) = (self.state.equity(account), self.rates(account));
        let mut mark = self.mark_of(account, equity);
        let fee = mark.flow(amount, equity, &rates)?;
        self.bill(no, BillCause::Flow(amount), (equity, fee, fee.total()), mark)?;
        Some(fee)
    }

    /// Charges what is due on all of an account's gain, as far as there is cash; the rest is owed.
    pub(super) fn crystallize(&mut self, no: AccountNo, cause: BillCause) -> Option<()> {
        let account = self.state.account(no)?;
        let (equity, rates) = (self.state.equity(account), self.rates(account));
        let before = account.mark;
        let mut mark = self.mark_of(account, equity);
        let cash = account.free_cash();
        let fee = if rates == Rates::NONE {
            mark.waive(equity);
            Fee::ZERO
        } else {
            mark.crystallize(equity, &rates)
        };
        if before == Some(mark) {
            return Some(());
        }
        self.bill(no, cause, (equity, fee, fee.total().min(cash)), mark)
    }

    fn bill(
        &mut self,
        account: AccountNo,
        cause: BillCause,
        (equity, fee, taken): (Money, Fee, Money),
        mark: Mark,
    ) -> Option<()> {
        let books = match self.state.account(account)?.sleeve {
            Some(_) => (Book::CopyFees, Book::CopyRevenue),
            None => (Book::PerformanceFees, Book::PerformanceRevenue),
        };
        let entry = Entry::charged(account, fee, taken, books).ok()?;
        self.emit(Event::Billed { account, cause, equity, fee, mark, entry });
        Some(())
    }

    /// Takes what an account owes in fees, as far as there is cash.
    pub(super) fn collect(&mut self, account: AccountNo) {
        let Some(of) = self.state.account(account) else { return };
        let owed = of.books.balance(Book::Owed).negated();
        let amount = owed.min(of.books.balance(Book::Cash).saturating_sub(of.reserved));
        if amount.is_positive()
            && let Ok(entry) = Entry::collected(account, amount)
        {
            self.emit(Event::Collected { account, amount, entry });
        }
    }

    /// Ends the calendar month, if it is over: charges every account, once.
    pub(super) fn close_month(&mut self) {
        let month = self.clock.month();
        if self.state.accounts.is_empty() || month <= self.state.month {
            return;
        }
        let ended = self.state.month;
        if ended > 0 {
            for n in 0..self.state.accounts.len() {
                let no = AccountNo(u32::try_from(n).unwrap_or(u32::MAX));
                self.collect(no);
                let account = self.state.account(no);
                let has_gain = account.is_some_and(|account| {
                    let equity = self.state.equity(account);
                    account.mark.map_or(equity.is_positive(), |m| m.gain(equity).is_positive())
                });
                if has_gain {
                    let _ = self.crystallize(no, BillCause::Month(ended));
                }
            }
        }
        self.emit(Event::MonthClosed { month });
    }

    /// Gives the last fee of an account back; its gain is open again.
    pub(super) fn refund_fee(&mut self, no: AccountNo) -> Answer {
        let Some(account) = self.state.account(no) else {
            return Answer::Declined(Decline::UnknownAccount);
        };
        let Some(Charged { raised, fee }) = account.charged.as_deref().copied() else {
            return Answer::Declined(Decline::NoFee);
        };
        let equity = self.state.equity(account);
        let mut mark = self.mark_of(account, equity);
        mark.restore(raised);
        let back = Fee { platform: fee.platform.negated(), leader: fee.leader.negated() };
        match self.bill(no, BillCause::Refunded, (equity, back, back.total()), mark) {
            Some(()) => Answer::Done,
            None => invalid("amount", "out of range"),
        }
    }

    /// Books a dividend, funding or a correction.
    pub(super) fn adjust(
        &mut self,
        account: AccountNo,
        kind: Adjustment,
        amount: Money,
        why: String,
    ) -> Answer {
        if amount.is_zero() || amount.abs() > MOST {
            return invalid("amount", "must not be 0, and at most 1000000000 either way");
        }
        if why.trim().is_empty() {
            return invalid("why", "say what it is for");
        }
        match Entry::adjusted(account, kind.book(), amount) {
            Ok(entry) => {
                self.emit(Event::Adjusted { account, kind, amount, why: clip(why), entry });
                self.guard(account);
                Answer::Done
            }
            Err(_) => invalid("amount", "out of range"),
        }
    }

    /// Books copy fees that followers of another partition paid, once.
    pub(super) fn credit(
        &mut self,
        account: AccountNo,
        from: PartitionId,
        parcel: u64,
        amount: Money,
    ) -> Answer {
        if self.state.received.get(&from).is_some_and(|last| parcel <= *last) {
            return Answer::Done;
        }
        // What a master earns is no profit of trading: its mark moves along, as with a deposit.
        if self.bill_flow(account, amount).is_none() {
            return invalid("amount", "out of range");
        }
        match Entry::credited(account, amount) {
            Ok(entry) => {
                self.emit(Event::Credited { account, amount, from, parcel, entry });
                Answer::Done
            }
            Err(_) => invalid("amount", "out of range"),
        }
    }

    /// The mark of an account for its owner.
    pub(super) fn fees_view(&self, account: &Account) -> FeesView {
        let (equity, rates) = (self.state.equity(account), self.rates(account));
        let mark = account.mark;
        FeesView {
            policy: self.rules.plans.fee_policy,
            month_ends: Timestamp::of_month(self.clock.month().saturating_add(1)),
            high: mark.map(|mark| mark.high()),
            gain: mark.map_or(Money::ZERO, |mark| mark.gain(equity)),
            loss: mark.map_or(Money::ZERO, |mark| mark.loss(equity)),
            rates,
            accrued: mark.map_or(Fee::ZERO, |mark| mark.accrued(equity, &rates)),
            owed: account.books.balance(Book::Owed).negated(),
            qualified: self.state.root(account).qualified.as_deref().map(str::to_owned),
        }
    }
}
