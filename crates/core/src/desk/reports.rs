//! What venues say of orders: booked once, whatever is repeated; then what follows from it.

use super::Desk;
use super::account::Open;
use super::answer::Answer;
use super::event::Event;
use crate::ledger::entry::Entry;
use crate::risk::approval::Exit;
use crate::risk::kill::{Actor, Scope};
use crate::words::fixed::Round;
use crate::words::id::{AccountNo, InstrumentId};
use crate::words::order::{
    Fill, OrderState, OrderType, Origin, Outcome, Purpose, Report, Side, Ticket, TimeInForce,
};

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
        if open.fills.contains(&fill.id) || !fill.qty.is_positive() {
            return;
        }
        if fill.qty > open.remaining() {
            // The venue says more than was ordered: book what was ordered, stop the account, call a person.
            fill.qty = open.remaining();
            if let Some(account) = self.state.account(ticket.account) {
                let scope = Scope::Account(account.id);
                let reason = format!(
                    "order {}: the venue reported more than was ordered",
                    ticket.id
                );
                self.kill(scope, Actor::Platform, reason, false);
            }
        }
        let Some(entry) = self.entry(ticket, fill) else {
            self.broken = Some(super::apply::Broken::Range);
            return;
        };
        self.emit(Event::Filled {
            order: ticket.id,
            fill,
            entry,
        });
        if !self.state.orders.contains_key(&ticket.id) {
            self.after_end(ticket);
        }
    }

    /// The booking of a fill.
    fn entry(&self, ticket: &Ticket, fill: Fill) -> Option<Entry> {
        let listing = self.state.listings.get(&ticket.instrument)?;
        let value = listing
            .instrument
            .value(fill.price, fill.qty, Round::HalfEven)?;
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
        self.emit(Event::Closed { order, state, why });
        let ticket = &open.ticket;
        let is_exit = ticket.purpose == Purpose::Exit;
        let wanted = matches!(ticket.origin, Origin::Strategy { .. } | Origin::KillSwitch);
        if is_exit && wanted && state != OrderState::Cancelled {
            // An exit nobody took back is tried again with the next price.
            self.queue_again(ticket, open);
        }
        self.after_end(ticket);
    }

    fn queue_again(&mut self, ticket: &Ticket, open: &Open) {
        let account = self.state.account(ticket.account);
        let Some(position) = account.and_then(|a| a.position(ticket.instrument)) else {
            return;
        };
        let qty = open.remaining().min(position.qty());
        if position.queued.is_none() && qty.is_positive() {
            let exit = crate::positions::QueuedExit {
                qty,
                origin: ticket.origin,
                order_type: ticket.order_type,
                tif: ticket.tif,
            };
            let (account, instrument) = (ticket.account, ticket.instrument);
            self.emit(Event::ExitQueued {
                account,
                instrument,
                exit,
            });
        }
    }

    /// What follows when an order is over: a stop under a new holding, or an exit that was waiting.
    fn after_end(&mut self, ticket: &Ticket) {
        let (no, instrument) = (ticket.account, ticket.instrument);
        match (ticket.purpose, ticket.protect) {
            (Purpose::Entry, Some(stop)) => {
                let Origin::Strategy { strategy, .. } = ticket.origin else {
                    return;
                };
                let account = self.state.account(no);
                let Some(position) = account.and_then(|a| a.position(instrument)) else {
                    return;
                };
                let qty = position.held_by(strategy).min(position.available());
                if position.queued.is_none()
                    && let Ok(exit) = Exit::of(position, qty)
                {
                    let terms = (OrderType::Stop { stop }, TimeInForce::Gtc);
                    let origin = Origin::Protection { strategy };
                    let _ = self.send_exit(no, instrument, exit, origin, terms);
                }
            }
            (Purpose::Exit, _) if matches!(ticket.origin, Origin::Protection { .. }) => {
                self.retry_exit(no, instrument);
            }
            _ => {}
        }
    }

    /// Sends an exit that was waiting, once nothing stands in its way any more.
    pub(super) fn retry_exit(&mut self, no: AccountNo, instrument: InstrumentId) {
        let account = self.state.account(no);
        let Some(position) = account.and_then(|a| a.position(instrument)) else {
            return;
        };
        let Some(queued) = position.queued else {
            return;
        };
        let qty = queued.qty.min(position.qty());
        if let Ok(exit) = Exit::of(position, qty) {
            let terms = (queued.order_type, queued.tif);
            let _ = self.send_exit(no, instrument, exit, queued.origin, terms);
        }
    }
}
