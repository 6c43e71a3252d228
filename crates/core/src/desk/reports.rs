//! What venues say of orders: booked once, whatever is repeated, also when it comes late; then what follows from it.

use super::Desk;
use super::answer::Answer;
use super::discrepancy::Mismatch;
use super::event::Event;
use super::switches::clip;
use crate::ledger::entry::Entry;
use crate::positions::{Lot, Position};
use crate::words::fixed::Round;
use crate::words::id::{AccountNo, InstrumentId, OrderId};
use crate::words::money::{Money, Qty};
use crate::words::order::{
    Fill, OrderState, Origin, Outcome, Purpose, Report, Side, Ticket, TimeInForce,
};

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
        let booking = self.booking(ticket, fill);
        let (halves, entry) = match booking.and_then(|e| Ok((self.halves(ticket, fill)?, e))) {
            Ok(booked) => booked,
            Err(what) => {
                self.discrepancy(Some(no), order, fill, what);
                return false;
            }
        };
        let oddity = self.oddity(ticket, left, fill);
        let lead = self.lead_of(ticket, fill);
        halves.into_iter().for_each(|half| self.emit(half));
        self.emit(Event::Filled { order, fill, entry });
        if let Some(lead) = lead {
            self.tell_followers(lead);
        }
        self.note_fill(no);
        if let Some(what) = oddity {
            self.discrepancy(Some(no), order, fill, what);
        }
        self.shed_exits(no, ticket.swap.map_or(ticket.instrument, |swap| swap.gives));
        self.plan_expiry(ticket.instrument);
        if self.state.is_margined(ticket.instrument) {
            self.call_margin(no);
        }
        self.guard(no);
        true
    }

    /// The entry of a fill in the books; of one that swaps, its halves book everything.
    pub(super) fn entry(&self, ticket: &Ticket, fill: Fill) -> Option<Entry> {
        if ticket.swap.is_some() {
            return Entry::new([]).ok();
        }
        let listing = self.state.listings.get(&ticket.instrument)?;
        let cost = listing.instrument.value(fill.price, fill.qty, Round::HalfEven)?;
        let strategy = Event::strategy(ticket.origin);
        let lot = Lot { qty: fill.qty, cost, at: self.clock, strategy };
        self.trade_entry(ticket.account, ticket.instrument, (ticket.side, lot), fill.fee)
    }

    /// The entry of a trade in the books.
    pub(super) fn trade_entry(
        &self,
        no: AccountNo,
        instrument: InstrumentId,
        (side, lot): (Side, Lot),
        fee: Money,
    ) -> Option<Entry> {
        let position = self.state.account(no)?.position(instrument);
        let entry = if self.state.is_margined(instrument) {
            let mut position = position.cloned().unwrap_or_else(|| Position::flat(instrument));
            let turn = position.trade(side, lot)?;
            Entry::agreed(no, turn.change, turn.gain, fee)
        } else if side == Side::Buy {
            Entry::bought(no, lot.cost, fee)
        } else {
            let cost = position.map_or(Money::ZERO, |p| p.cost_of(lot.qty, lot.strategy));
            Entry::sold(no, lot.cost, cost, fee)
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
        let wanted = ticket.purpose == Purpose::Exit
            && ticket.origin != Origin::User
            && ticket.tif != TimeInForce::PostOnly
            // A leg is for now: what is off is undone when both have ended.
            && !ticket.crosses();
        if wanted && !cancelling && state != OrderState::Cancelled {
            // An exit nobody took back is tried again with the next price.
            self.queue_again(&ticket, left);
        } else {
            self.after_end(&ticket, cancelling);
        }
        self.settle_sleeve(ticket.account);
    }
}
