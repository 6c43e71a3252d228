//! `apply` for billing and copying: marks, the house's books, sleeves, masters, parcels. It decides nothing.

use super::account::Charged;
use super::apply::Broken;
use super::event::{BillCause, CopyChange, Event};
use super::state::State;
use crate::billing::fee::Fee;
use crate::billing::mark::Mark;
use crate::billing::revenue::Stream;
use crate::billing::subscription::step::Step;
use crate::copy::lead::{CopySkip, LATE_AFTER, Lead};
use crate::copy::master::Master;
use crate::copy::parcel::Content;
use crate::copy::sleeve::{Sleeve, Stage};
use crate::ledger::entry::{Entry, Leg};
use crate::words::fixed::Round;
use crate::words::id::{AccountId, AccountNo, InstrumentId};
use crate::words::money::{Money, Price};
use crate::words::order::{Fill, Origin, Purpose, Side, Ticket};
use crate::words::time::Span;

/// Sales of a leader that are remembered.
const SOLD: usize = 64;

/// What became of a lead in a sleeve.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// An order.
    Approved(Purpose, InstrumentId),
    /// A gate said no.
    Refused,
    /// Nothing was asked of the gates.
    Skipped,
}

impl Heard {
    pub(super) const fn order(purpose: Purpose, instrument: InstrumentId) -> Self {
        Self::Approved(purpose, instrument)
    }
}

impl State {
    pub(super) fn apply_to_billing(&mut self, event: &Event) -> Result<(), Broken> {
        match event {
            Event::Billed { account, cause, fee, mark, entry, .. } => {
                let root = self.root_of(*account);
                let (own, all) = (self.guarded_equity(*account), self.guarded_equity(root));
                self.post(*account, entry)?;
                self.note_charge(*account, *cause, *fee, *mark)?;
                let out = fee.total().negated();
                if !out.is_zero() {
                    self.shift(*account, out, own).ok_or(Broken::Range)?;
                }
                if !out.is_zero() && root != *account {
                    self.shift(root, out, all).ok_or(Broken::Range)?;
                }
            }
            Event::Adjusted { account, entry, .. } => {
                self.post(*account, entry)?;
                self.at(*account)?.active = true;
                self.raise_peaks(*account)?;
            }
            Event::Collected { account, entry, .. } => self.post(*account, entry)?,
            Event::Subscribed { account, step, entry } => self.subscribed(*account, step, entry)?,
            Event::MonthClosed { month } => self.month = *month,
            Event::MasterChanged { account, change } => {
                let now = self.now;
                self.masters.insert(*account);
                let master = &mut self.at(*account)?.master;
                master.get_or_insert_with(|| Box::new(Master::new(now))).change(*change);
            }
            Event::Credited { account, amount, from, parcel, entry } => {
                let before = self.guarded_equity(*account);
                self.post(*account, entry)?;
                self.shift(*account, *amount, before).ok_or(Broken::Range)?;
                self.received.insert(*from, *parcel);
            }
            _ => self.apply_to_copying(event)?,
        }
        Ok(())
    }

    fn apply_to_copying(&mut self, event: &Event) -> Result<(), Broken> {
        match event {
            Event::Followed { .. } => self.follow(event)?,
            Event::CopyChanged { sleeve: no, change } => {
                let now = self.now;
                let account = self.at(*no)?;
                let sleeve = account.sleeve.as_deref_mut().ok_or(Broken::Account)?;
                match change {
                    CopyChange::Terms(terms) => sleeve.terms = terms.clone(),
                    CopyChange::Stopping(_) => sleeve.stage = Stage::Stopping,
                    CopyChange::Stopped(loss) => {
                        sleeve.stage = Stage::Stopped;
                        sleeve.loss = loss.is_positive().then_some((*loss, now));
                        // A new run begins with a new mark: what is remembered is the loss alone.
                        account.mark = Some(Mark::new());
                    }
                }
                self.relate(*no);
            }
            Event::Moved { from, to, amount, entry } => {
                self.move_money(*from, *to, *amount, entry)?
            }
            Event::Sent { parcel } => {
                self.last_parcel = parcel.no;
                self.outbox.push_back(*parcel);
                match parcel.content {
                    Content::Lead(lead) => self.led(&lead),
                    Content::Fees { to, amount } => self.owe(to, amount.negated())?,
                }
            }
            Event::Delivered { parcel } => self.outbox.retain(|waiting| waiting.no > *parcel),
            Event::LeadHeard { lead, .. } => self.lead_heard(lead),
            Event::CopySkipped { sleeve, lead, instrument, side, size, why } => {
                let origin = Origin::Copy { lead: *lead, price: Price::ZERO };
                self.hear(*sleeve, origin, Heard::Skipped);
                if let Some(sleeve) = self.at(*sleeve)?.sleeve.as_deref_mut() {
                    match (side, why) {
                        (Side::Buy, CopySkip::TooSmall) => sleeve.carry(*instrument, *size),
                        (Side::Buy, _) => {}
                        // What the leader leaves is not wanted any more.
                        (Side::Sell, _) => sleeve.carry(*instrument, Money::ZERO),
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The mark from now on; what can be given back; what a leader has coming.
    fn note_charge(
        &mut self,
        no: AccountNo,
        cause: BillCause,
        fee: Fee,
        mark: Mark,
    ) -> Result<(), Broken> {
        let account = self.at(no)?;
        let before = account.mark.map_or(Money::ZERO, |mark| mark.high());
        account.mark = Some(mark);
        let leader = account.sleeve.as_deref().map(|sleeve| sleeve.leader);
        match cause {
            BillCause::Month(_) | BillCause::Stopped | BillCause::TierChanged => {
                let raised = mark.high().saturating_sub(before);
                account.charged = (!fee.is_zero()).then(|| Box::new(Charged { raised, fee }));
            }
            // A withdrawal takes a part of the mark along: what the fee had raised is not there whole any more.
            BillCause::Flow(amount) if amount.is_negative() => account.charged = None,
            BillCause::Refunded => account.charged = None,
            BillCause::Flow(_) | BillCause::Qualified | BillCause::Began => {}
        }
        leader.map_or(Ok(()), |leader| self.owe(leader, fee.leader))
    }

    fn owe(&mut self, leader: AccountId, amount: Money) -> Result<(), Broken> {
        if amount.is_zero() {
            return Ok(());
        }
        let due = self.due.entry(leader).or_default();
        *due = due.checked_add(amount).ok_or(Broken::Range)?;
        if due.is_zero() {
            self.due.remove(&leader);
        }
        Ok(())
    }

    fn follow(&mut self, event: &Event) -> Result<(), Broken> {
        let Event::Followed { sleeve: no, parent, leader, terms, heard, loss } = event else {
            return Ok(());
        };
        let now = self.now;
        let account = self.at(*no)?;
        let sleeve =
            account.sleeve.get_or_insert_with(|| Box::new(Sleeve::new(*parent, *leader, now)));
        sleeve.stage = Stage::Active;
        sleeve.since = now;
        sleeve.heard = sleeve.heard.max(*heard);
        sleeve.terms = terms.clone();
        sleeve.loss = None;
        let mut mark = account.mark.unwrap_or_else(Mark::new);
        mark.carry(*loss).ok_or(Broken::Range)?;
        account.mark = Some(mark);
        self.relate(*no);
        Ok(())
    }

    /// Money between a main account and a sleeve: for the family it is no flow.
    fn move_money(
        &mut self,
        from: AccountNo,
        to: AccountNo,
        amount: Money,
        entry: &Entry,
    ) -> Result<(), Broken> {
        self.account(from).and(self.account(to)).ok_or(Broken::Account)?;
        let before = [from, to].map(|no| self.guarded_equity(no));
        self.post(from, entry)?;
        let flows = [amount.negated(), amount];
        for ((no, before), flow) in [from, to].into_iter().zip(before).zip(flows) {
            let account = self.at(no)?;
            account.active = true;
            if let Some(sleeve) = account.sleeve.as_deref_mut() {
                sleeve.flow(flow, before);
                self.shift(no, flow, before).ok_or(Broken::Range)?;
            }
        }
        Ok(())
    }

    /// A lead's number and time, as its own desk counts them.
    fn led(&mut self, lead: &Lead) {
        let no = self.number(lead.leader);
        let account = no.and_then(|no| self.accounts.get_mut(no.0 as usize));
        if let Some(master) = account.and_then(|account| account.master.as_deref_mut()) {
            master.last = master.last.max(lead.no);
        }
    }

    fn lead_heard(&mut self, lead: &Lead) {
        let heard = self.heard.entry(lead.leader).or_default();
        heard.last = heard.last.max(lead.no);
        if lead.side == Side::Sell {
            // Whatever comes behind this lead may be this much older.
            let oldest = lead.at.plus(Span(-LATE_AFTER.0));
            heard.sold.retain(|(id, at)| *id != lead.instrument && *at >= oldest);
            if heard.sold.len() == SOLD {
                heard.sold.pop_front();
            }
            heard.sold.push_back((lead.instrument, lead.at));
        }
    }

    /// Remembers that a sleeve has heard a lead, so that a repeat of it finds nothing to do.
    pub(super) fn hear(&mut self, no: AccountNo, origin: Origin, what: Heard) {
        let Origin::Copy { lead, .. } = origin else { return };
        let account = self.accounts.get_mut(no.0 as usize);
        let Some(sleeve) = account.and_then(|account| account.sleeve.as_deref_mut()) else {
            return;
        };
        // What was left over is bought now, or not wanted any more.
        if let Heard::Approved(_, instrument) = what {
            sleeve.carry(instrument, Money::ZERO);
        }
        if lead <= sleeve.heard {
            return;
        }
        sleeve.heard = lead;
        match what {
            Heard::Approved(Purpose::Entry, _) => sleeve.copied = sleeve.copied.saturating_add(1),
            Heard::Approved(Purpose::Exit, _) => {}
            Heard::Refused | Heard::Skipped => sleeve.skipped = sleeve.skipped.saturating_add(1),
        }
    }

    /// Counts what a copy cost more than the leader's price.
    pub(super) fn note_slippage(&mut self, ticket: &Ticket, fill: Fill) {
        let Origin::Copy { price, .. } = ticket.origin else { return };
        let Some(listing) = self.listings.get(&ticket.instrument) else { return };
        let worth = |price| listing.instrument.value(price, fill.qty, Round::HalfEven);
        let Some((paid, led)) = worth(fill.price).zip(worth(price)) else { return };
        let more = match ticket.side {
            Side::Buy => paid.saturating_sub(led),
            Side::Sell => led.saturating_sub(paid),
        };
        let account = self.accounts.get_mut(ticket.account.0 as usize);
        let sleeve = account.and_then(|account| account.sleeve.as_deref_mut());
        if let Some(sleeve) = sleeve.filter(|_| price.is_positive()) {
            sleeve.slippage = sleeve.slippage.saturating_add(more);
        }
    }

    /// Books a line of the house and, where it is income, counts it for the tier of whoever paid.
    pub(super) fn post_to_house(&mut self, payer: AccountNo, leg: &Leg) -> Result<(), Broken> {
        self.house.post(leg.book, leg.amount).ok_or(Broken::Range)?;
        let Some(stream) = Stream::of(leg.book) else { return Ok(()) };
        let account = self.account(self.root_of(payer)).ok_or(Broken::Account)?;
        // Who subscribes pays for the plan, also before it is served.
        let plan = account.subscription.as_deref().map(|subscription| subscription.plan().tier);
        let tier = plan.filter(|_| stream == Stream::Subscription).unwrap_or(account.tier);
        let day = self.now.day(Span::ZERO);
        self.revenue.add(day, tier, stream, leg.amount.negated()).ok_or(Broken::Range)
    }

    fn subscribed(&mut self, no: AccountNo, step: &Step, entry: &Entry) -> Result<(), Broken> {
        let month = self.now.month();
        let account = self.at(no)?;
        let subscription = account.subscription.get_or_insert_default();
        let before = subscription.month();
        subscription.apply(step).ok_or(Broken::Range)?;
        let (worth, began) = ((before, subscription.month()), account.began.as_deref().copied());
        if worth.0 != worth.1 {
            let began = self.recurring.change(month, began, worth).ok_or(Broken::Range)?;
            self.at(no)?.began = Some(Box::new(began));
        }
        match step {
            Step::Invoiced { .. } => self.invoices = self.invoices.saturating_add(1),
            Step::Credited { .. } => self.notes = self.notes.saturating_add(1),
            _ => {}
        }
        self.post(no, entry)
    }
}
