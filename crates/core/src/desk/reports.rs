//! What venues say of orders: booked once, whatever is repeated, also when it comes late; then what follows from it.

use super::Desk;
use super::answer::Answer;
use super::discrepancy::Mismatch;
use super::event::Event;
use super::switches::clip;
use crate::ledger::entry::Entry;
use crate::words::fixed::Round;
use crate::words::id::OrderId;
use crate::words::money::{Money, Qty};
use crate::words::order::{Fill, OrderState, Origin, Outcome, Purpose, Report, Side, Ticket};

impl Desk {
    pub(super) fn report(&mut self, report: Report) -> Answer {
        let order = report.order;
        let Some(open) = self.state.orders.get(&order) else {
            if let Outcome::Filled(fill) = report.outcome {
                self.fill_late(order, fill);
            }
            return Answer::Done;
        };
        match report.outcome {
            Outcome::Acknowledged if open.state == OrderState::Approved => {
                self.emit(Event::Acknowledged { order });
            }
            Outcome::Acknowledged => {}
            Outcome::Filled(fill) => self.fill(order, fill),
            Outcome::Cancelled { why } => self.end(order, OrderState::Cancelled, why.to_owned()),
            Outcome::Rejected { why } => self.end(order, OrderState::Rejected, why),
            Outcome::Lapsed { why } => self.end(order, OrderState::Lapsed, why.to_owned()),
        }
        Answer::Done
    }

    fn fill(&mut self, order: OrderId, fill: Fill) {
        let Some(open) = self.state.orders.get(&order) else {
            return;
        };
        if open.fills.has(fill.id) {
            return;
        }
        let (ticket, left, cancelling) = (open.ticket.clone(), open.remaining(), open.cancelling);
        if !self.book(&ticket, left, fill) {
            return;
        }
        if let Origin::Protection { strategy } = ticket.origin {
            // Its stop was reached: what the strategy still wants to buy, it does not want any more.
            self.cancel_entries(ticket.account, |o| {
                o.ticket.instrument == ticket.instrument
                    && Event::strategy(o.ticket.origin) == Some(strategy)
            });
        }
        if !self.state.orders.contains_key(&order) {
            self.after_end(&ticket, cancelling);
        }
        self.settle_sleeve(ticket.account);
    }

    /// Books a fill of an order that was taken for over. Of an order that nobody knows, nothing can be booked.
    fn fill_late(&mut self, order: OrderId, fill: Fill) {
        let Some(past) = self.state.ended.find(order) else {
            self.discrepancy(None, order, fill, Mismatch::UnknownOrder);
            return;
        };
        if past.fills.has(fill.id) {
            return;
        }
        let (ticket, left) = (past.ticket.clone(), past.remaining());
        if self.book(&ticket, left, fill) {
            self.after_end(&ticket, false);
            self.settle_sleeve(ticket.account);
        }
    }

    /// Books a fill, or refuses what cannot be booked. `left` is what the order had left.
    fn book(&mut self, ticket: &Ticket, left: Qty, fill: Fill) -> bool {
        let (no, order) = (ticket.account, ticket.id);
        let entry = match self.booking(ticket, fill) {
            Ok(entry) => entry,
            Err(what) => {
                self.discrepancy(Some(no), order, fill, what);
                return false;
            }
        };
        let oddity = self.oddity(ticket, left, fill);
        let lead = self.lead_of(ticket, fill);
        self.emit(Event::Filled { order, fill, entry });
        if let Some(lead) = lead {
            self.tell_followers(lead);
        }
        self.note_fill(no);
        if let Some(what) = oddity {
            self.discrepancy(Some(no), order, fill, what);
        }
        if ticket.side == Side::Sell {
            self.shed_exits(no, ticket.instrument);
        }
        self.guard(no);
        true
    }

    /// The entry of a fill in the books.
    pub(super) fn entry(&self, ticket: &Ticket, fill: Fill) -> Option<Entry> {
        let listing = self.state.listings.get(&ticket.instrument)?;
        let value = listing.instrument.value(fill.price, fill.qty, Round::HalfEven)?;
        let entry = match ticket.side {
            Side::Buy => Entry::bought(ticket.account, value, fill.fee),
            Side::Sell => {
                let position = self.state.account(ticket.account)?.position(ticket.instrument);
                let seller = Event::strategy(ticket.origin);
                let cost = position.map_or(Money::ZERO, |p| p.cost_of(fill.qty, seller));
                Entry::sold(ticket.account, value, cost, fill.fee)
            }
        };
        entry.ok()
    }

    fn end(&mut self, order: OrderId, state: OrderState, why: String) {
        let Some(open) = self.state.orders.get(&order) else {
            return;
        };
        let (ticket, left, cancelling) = (open.ticket.clone(), open.remaining(), open.cancelling);
        let why = clip(why);
        self.emit(Event::Closed { order, state, why });
        let wanted = ticket.purpose == Purpose::Exit && ticket.origin != Origin::User;
        if wanted && !cancelling && state != OrderState::Cancelled {
            // An exit nobody took back is tried again with the next price.
            self.queue_again(&ticket, left);
        } else {
            self.after_end(&ticket, cancelling);
        }
        self.settle_sleeve(ticket.account);
    }
}
