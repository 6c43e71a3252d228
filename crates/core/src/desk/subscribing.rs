//! Subscriptions at the desk: what an owner, a payment or time brings becomes steps, booked one by one; the tier that
//! is served follows at once, unless the operator granted another. Who is not served is on PAPER: whatever is held can
//! still be sold.

use super::Desk;
use super::account::Account;
use super::answer::{Answer, BillView, Decline};
use super::event::{Event, Grant, Setting};
use super::settings::invalid;
use super::switches::clip;
use crate::billing::subscription::request::Request;
use crate::billing::subscription::step::Step;
use crate::billing::subscription::{Context, Subscription};
use crate::ledger::entry::Entry;
use crate::words::id::AccountNo;
use crate::words::tier::Tier;
use crate::words::time::Timestamp;

impl Desk {
    fn context(&self) -> Context<'_> {
        Context {
            now: self.clock,
            plans: &self.rules.plans,
            tiers: &self.rules.tiers,
            partition: self.partition,
            invoices: self.state.invoices,
            notes: self.state.notes,
        }
    }

    /// Does what was asked of an owner's subscription.
    pub(super) fn subscribe(&mut self, no: AccountNo, request: &Request) -> Answer {
        let Some(account) = self.state.account(no).filter(|account| account.sleeve.is_none())
        else {
            return Answer::Declined(Decline::UnknownAccount);
        };
        let known = account.subscription.as_deref();
        let decided = match known {
            Some(subscription) => subscription.decide(request, &self.context()),
            None => Subscription::new().decide(request, &self.context()),
        };
        match decided {
            Ok(steps) => {
                self.take_steps(no, steps);
                self.plan_for(no);
                Answer::Done
            }
            Err(why) => Answer::Declined(Decline::Subscription(why)),
        }
    }

    /// What time brought to all subscriptions.
    pub(super) fn renew_subscriptions(&mut self) {
        for n in 0..self.state.accounts.len() {
            let no = AccountNo(u32::try_from(n).unwrap_or(u32::MAX));
            let account = self.state.account(no);
            let Some(subscription) = account.and_then(|of| of.subscription.as_deref()) else {
                continue;
            };
            let woken = subscription.wakes(&self.rules.plans).is_some_and(|at| at <= self.clock);
            if woken {
                let steps = subscription.due(&self.context());
                self.take_steps(no, steps);
            }
        }
    }

    /// When time brings something to an account's subscription.
    pub(super) fn subscription_wakes(&self, no: AccountNo) -> Timestamp {
        let account = self.state.account(no);
        let subscription = account.and_then(|account| account.subscription.as_deref());
        let wakes = subscription.and_then(|subscription| subscription.wakes(&self.rules.plans));
        wakes.unwrap_or(Timestamp(i64::MAX))
    }

    fn take_steps(&mut self, account: AccountNo, steps: Vec<Step>) {
        let before = self.served(account);
        for step in steps {
            // A step's movement balances by itself: a property of billing, held by its tests.
            let Ok(entry) = Entry::subscribed(&step.movement()) else { return };
            self.emit(Event::Subscribed { account, step: Box::new(step), entry });
        }
        if before != self.served(account) {
            self.serve(account);
        }
    }

    /// Grants a tier that holds whatever is subscribed to; none lets the subscription decide again.
    pub(super) fn grant(&mut self, no: AccountNo, grant: Option<Grant>) -> Answer {
        let Some(account) = self.state.account(no).filter(|account| account.sleeve.is_none())
        else {
            return Answer::Declined(Decline::UnknownAccount);
        };
        if account.granted.is_none() && grant.is_none() {
            return Answer::Done;
        }
        if grant.as_ref().is_some_and(|grant| grant.reason.trim().is_empty()) {
            return invalid("reason", "say why");
        }
        let grant = grant.map(|grant| Grant { reason: clip(grant.reason), ..grant });
        self.emit(Event::SettingsChanged { account: no, change: Setting::Granted(grant) });
        self.serve(no);
        Answer::Done
    }

    /// Moves an account to the tier that it is to have: the one that was granted, else what is subscribed to.
    fn serve(&mut self, no: AccountNo) {
        let Some(account) = self.state.account(no) else { return };
        let tier = match &account.granted {
            Some(grant) => grant.tier,
            None => self.served(no),
        };
        if account.tier != tier {
            // A tier is never declined.
            let _ = self.set(no, Setting::Tier(tier));
        }
    }

    /// Subscriptions of one kind, with their owners.
    pub(super) fn bills(&self, wanted: impl Fn(&Subscription) -> bool) -> Vec<BillView> {
        let bill = |account: &Account| {
            let subscription = account.subscription.as_deref().filter(|of| wanted(of))?.clone();
            Some(BillView { account: account.id, user: account.user, subscription })
        };
        self.state.accounts.iter().filter_map(bill).collect()
    }

    /// The tier that an owner's subscription serves.
    fn served(&self, no: AccountNo) -> Tier {
        let account = self.state.account(no);
        let subscription = account.and_then(|account| account.subscription.as_deref());
        subscription.and_then(Subscription::serves).unwrap_or(Tier::Paper)
    }
}
