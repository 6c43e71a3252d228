//! What venues say of orders: booked once, whatever is repeated; then what follows from it.

use super::Desk;
use super::account::Open;
use super::answer::Answer;
use super::event::Event;
use super::switches::clip;
use crate::ledger::entry::Entry;
use crate::risk::kill::{Actor, Scope};
use crate::words::fixed::Round;
use crate::words::order::{Fill, OrderState, Origin, Outcome, Purpose, Report, Side, Ticket};

impl Desk {
    pub(super) fn report(&mut self, report: Report) -> Answer {
        let Some(open) = self.state.orders.get(&report.order).cloned() else {
            return Answer::Done;
        };
        let order = report.order;
        match report.outcome {
            Outcome::Acknowledged if open.state == OrderState::Approved => {
                self.emit(Event::Acknowledged { order });
            }
            Outcome::Acknowledged => {}
            Outcome::Filled(fill) => self.fill(&open, fill),
            Outcome::Cancelled { why } => self.end(&open, OrderState::Cancelled, why.to_owned()),
            Outcome::Rejected { why } => self.end(&open, OrderState::Rejected, why),
            Outcome::Lapsed { why } => self.end(&open, OrderState::Lapsed, why.to_owned()),
        }
        Answer::Done
    }

    fn fill(&mut self, open: &Open, mut fill: Fill) {
        let ticket = &open.ticket;
        if open.has_seen(fill.id) || !fill.qty.is_positive() {
            return;
        }
        if fill.qty > open.remaining() {
            // The venue says more than was ordered: book what was ordered, stop the account, call a person.
            fill.qty = open.remaining();
            if let Some(account) = self.state.account(ticket.account) {
                let scope = Scope::Account(account.id);
                let reason =
                    format!("order {}: the venue reported more than was ordered", ticket.id);
                self.kill(scope, Actor::Platform, reason, false);
            }
        }
        let Some(entry) = self.entry(ticket, fill) else {
            self.broken = Some(super::apply::Broken::Range);
            return;
        };
        self.emit(Event::Filled { order: ticket.id, fill, entry });
        self.guard(ticket.account);
        if !self.state.orders.contains_key(&ticket.id) {
            self.after_end(open);
        }
    }

    /// The booking of a fill.
    fn entry(&self, ticket: &Ticket, fill: Fill) -> Option<Entry> {
        let listing = self.state.listings.get(&ticket.instrument)?;
        let value = listing.instrument.value(fill.price, fill.qty, Round::HalfEven)?;
        let entry = match ticket.side {
            Side::Buy => Entry::bought(ticket.account, value, fill.fee),
            Side::Sell => {
                let account = self.state.account(ticket.account)?;
                let position = account.position(ticket.instrument)?;
                let cost = position.cost_of(fill.qty, Event::strategy(ticket.origin));
                Entry::sold(ticket.account, value, cost, fill.fee)
            }
        };
        entry.ok()
    }

    fn end(&mut self, open: &Open, state: OrderState, why: String) {
        let order = open.ticket.id;
        let why = clip(why);
        self.emit(Event::Closed { order, state, why });
        let ticket = &open.ticket;
        let wanted = ticket.purpose == Purpose::Exit && ticket.origin != Origin::User;
        if wanted && !open.cancelling && state != OrderState::Cancelled {
            // An exit nobody took back is tried again with the next price.
            self.queue_again(open);
        } else {
            self.after_end(open);
        }
    }
}
