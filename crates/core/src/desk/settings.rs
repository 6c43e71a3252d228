//! Commands that change an account but place no order: open, transfer, settings, remembered keys.

use super::Desk;
use super::answer::{Answer, Decline};
use super::event::{BillCause, Event, OwnLimits, PaidOut, Remembered, Setting};
use super::input::{Command, Key};
use crate::copy::master::MasterChange;
use crate::ledger::entry::Entry;
use crate::words::id::{AccountId, AccountNo};
use crate::words::money::{Money, Pct};
use crate::words::tier::{Tier, TierRules};
use crate::words::time::{Span, Timestamp};

/// The largest amount that one command may move.
const MOST: Money = Money::whole(1_000_000_000);

impl Desk {
    pub(super) fn open_account(&mut self, id: AccountId, command: Command) -> Answer {
        let Command::Open { user, tier, tolerance, day_starts, deposit } = command else {
            return Answer::Declined(Decline::UnknownAccount);
        };
        if deposit.is_negative() || deposit > MOST {
            return invalid("initial_capital", "must be between 0 and 1000000000");
        }
        if day_starts < Span::ZERO || day_starts >= Span::DAY {
            return invalid("day_starts", "must lie within one day");
        }
        let no = AccountNo(u32::try_from(self.state.accounts.len()).unwrap_or(u32::MAX));
        self.emit(Event::AccountOpened { id, no, user, tier, tolerance, day_starts });
        self.pulses.push(super::Pulse::default());
        self.plan_for(no);
        if self.state.month == 0 {
            self.emit(Event::MonthClosed { month: self.clock.month() });
        }
        if deposit.is_positive() {
            return self.transfer(no, deposit);
        }
        Answer::Done
    }

    pub(super) fn transfer(&mut self, no: AccountNo, amount: Money) -> Answer {
        let Some(account) = self.state.account(no) else {
            return Answer::Declined(Decline::UnknownAccount);
        };
        if amount.is_zero() || amount.abs() > MOST {
            return invalid("amount", "must be above 0 and at most 1000000000");
        }
        let after = account.cash().saturating_add(amount);
        if after > MOST.saturating_add(MOST) {
            return invalid("amount", "would bring the balance above 2000000000");
        }
        self.collect(no);
        let Some(account) = self.state.account(no) else {
            return Answer::Declined(Decline::UnknownAccount);
        };
        if amount.is_negative() && amount.abs() > account.free_cash() {
            return Answer::Declined(Decline::NotEnoughCash { free: account.free_cash() });
        }
        // What is due on a withdrawal is taken from what is paid out.
        let Some(fee) = self.bill_flow(no, amount) else {
            return invalid("amount", "out of range");
        };
        let paid = if amount.is_negative() { amount.saturating_add(fee.total()) } else { amount };
        match Entry::transfer(no, paid) {
            Ok(entry) => {
                self.emit(Event::Transferred { account: no, amount: paid, entry });
                if amount.is_positive() {
                    return Answer::Done;
                }
                let cash = self.state.account(no).map_or(Money::ZERO, |account| account.cash());
                Answer::PaidOut(PaidOut { paid: paid.negated(), fee: fee.total(), cash })
            }
            Err(_) => invalid("amount", "out of range"),
        }
    }

    /// Looks again when the account's trading day, or the month, ends.
    pub(super) fn plan_for(&mut self, no: AccountNo) {
        if let Some(account) = self.state.account(no) {
            let month = Timestamp::of_month(self.clock.month().saturating_add(1));
            let soonest = account.day_ends(self.clock).min(month).min(self.subscription_wakes(no));
            self.next_roll = self.next_roll.min(soonest);
        }
    }

    pub(super) fn set(&mut self, no: AccountNo, setting: Setting) -> Answer {
        if self.state.account(no).is_some_and(|account| account.sleeve.is_some()) {
            return Answer::Declined(Decline::OfOwner);
        }
        let setting = match setting {
            Setting::Granted(grant) => return self.grant(no, grant),
            other => other,
        };
        let Some(account) = self.state.account(no) else {
            return Answer::Declined(Decline::UnknownAccount);
        };
        if let Setting::OwnLimits(own) = &setting {
            if let Some(refused) = looser(own, self.tier(account)) {
                return refused;
            }
            let unknown = |id| !self.state.listings.contains_key(id);
            if own.symbols.as_ref().is_some_and(|s| s.len() > 1_000 || s.iter().any(unknown)) {
                return Answer::Declined(Decline::UnknownInstrument);
            }
        }
        let tier = match setting {
            Setting::Tier(tier) => Some(tier),
            _ => None,
        };
        self.charge_before(no, &setting);
        let leads = account_leads(self.state.account(no));
        if leads && matches!(setting, Setting::Tier(Tier::Paper)) {
            // Simulated money leads nobody.
            self.emit(Event::MasterChanged { account: no, change: MasterChange::Closed });
        }
        self.emit(Event::SettingsChanged { account: no, change: setting });
        if let Some(tier) = tier {
            self.lift_smallest(no, tier);
        }
        // A stricter limit may be reached already.
        self.guard(no);
        Answer::Done
    }

    /// A lower tier, or none at all, is a point at which what was won so far is charged; what was won before its owner
    /// came to qualify is free.
    fn charge_before(&mut self, no: AccountNo, setting: &Setting) {
        let Some(account) = self.state.account(no) else { return };
        let price = |tier| self.rules.tiers.rules(tier).price;
        let cause = match setting {
            Setting::Tier(tier) if price(*tier) < price(account.tier) => BillCause::TierChanged,
            Setting::Qualified(evidence) if evidence.is_empty() != account.qualified.is_none() => {
                BillCause::Qualified
            }
            _ => return,
        };
        for no in self.state.family_nos(no).collect::<Vec<_>>() {
            let _ = self.crystallize(no, cause);
        }
    }

    /// An own limit below the new tier's smallest trade could never be met: it moves up to that.
    fn lift_smallest(&mut self, no: AccountNo, tier: Tier) {
        let least = self.rules.tiers.rules(tier).limits.min_trade;
        let own = self.state.account(no).and_then(|account| account.own.as_deref());
        if let Some(own) = own
            && own.max_trade.is_some_and(|most| most < least)
        {
            let mut own = own.clone();
            own.max_trade = Some(least);
            let change = Setting::OwnLimits(own);
            self.emit(Event::SettingsChanged { account: no, change });
        }
    }

    /// The answer that a key led to before, if it was used.
    pub(super) fn remembered(&self, no: AccountNo, key: Key) -> Option<Answer> {
        let kept = self.state.account(no)?.keys.as_ref()?.find(key.key)?;
        let Some(outcome) = kept.outcome(key.request) else {
            return Some(Answer::Declined(Decline::KeyReused));
        };
        Some(match outcome {
            Remembered::Order { order, purpose, qty, level } => {
                Answer::Placed { order, purpose, qty, level }
            }
            Remembered::Refusal(refusal) => Answer::Refused(refusal),
            Remembered::Done => Answer::Done,
            Remembered::Queued => Answer::Queued,
            Remembered::PaidOut(paid_out) => Answer::PaidOut(paid_out),
            Remembered::Skipped(why) => Answer::Skipped(why),
        })
    }

    /// Remembers what a key led to. What was declined changed nothing and may be asked again.
    pub(super) fn remember(&mut self, no: AccountNo, key: Key, answer: &Answer) {
        let outcome = match answer {
            Answer::Placed { order, purpose, qty, level } => {
                Remembered::Order { order: *order, purpose: *purpose, qty: *qty, level: *level }
            }
            Answer::Refused(refusal) => Remembered::Refusal(refusal.clone()),
            Answer::Done => Remembered::Done,
            Answer::Queued => Remembered::Queued,
            Answer::PaidOut(paid_out) => Remembered::PaidOut(*paid_out),
            Answer::Skipped(why) => Remembered::Skipped(*why),
            // A lead is heard by desks, not asked for under a key.
            Answer::Declined(_) | Answer::Led { .. } => return,
        };
        let Key { key, request } = key;
        self.emit(Event::Remembered { account: no, key, request, outcome });
    }
}

fn account_leads(account: Option<&super::account::Account>) -> bool {
    account.and_then(|account| account.master.as_deref()).is_some_and(|master| master.leads)
}

pub(super) const fn invalid(field: &'static str, why: &'static str) -> Answer {
    Answer::Declined(Decline::Invalid { field, why })
}

/// Own limits may only be stricter than the tier's, and must leave a limit that makes sense.
fn looser(own: &OwnLimits, rules: &TierRules) -> Option<Answer> {
    let tier = &rules.limits;
    let pct = |own: Option<Pct>, tier: Pct| own.map(|v| (v > tier, v.is_positive()));
    let checks = [
        ("max_position_pct", pct(own.max_position_pct, tier.max_position_pct)),
        ("max_daily_loss_pct", pct(own.max_daily_loss_pct, tier.max_daily_loss_pct)),
        ("max_drawdown_pct", pct(own.max_drawdown_pct, tier.max_drawdown_pct)),
        (
            "max_open_positions",
            own.max_open_positions.map(|v| (v > tier.max_open_positions, v > 0)),
        ),
        ("volatility_limit", own.volatility_limit.map(|v| (v > tier.volatility_limit, true))),
        ("max_trade", own.max_trade.map(|v| (v > tier.max_trade, v >= tier.min_trade))),
    ];
    for (field, check) in checks {
        match check {
            Some((true, _)) => return Some(Answer::Declined(Decline::LooserThanTier { field })),
            Some((_, false)) => return Some(invalid(field, "is too small to trade with")),
            _ => {}
        }
    }
    None
}
