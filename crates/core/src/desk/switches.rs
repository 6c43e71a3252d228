//! Kill switches at the desk: stop entries, take open entries back, then sell if asked. Always in that order.

use super::Desk;
use super::account::Open;
use super::answer::Answer;
use super::event::Event;
use super::held::Act;
use crate::risk::kill::{Actor, Scope};
use crate::words::id::OrderId;
use crate::words::order::Ticket;

impl Desk {
    pub(super) fn kill(
        &mut self,
        scope: Scope,
        by: Actor,
        reason: String,
        flatten: bool,
    ) -> Answer {
        if !self.is_pressed(scope) {
            self.emit(Event::Killed { scope, by, reason });
        }
        let (state, mut matching) = (&self.state, Vec::new());
        for open in state.orders.values() {
            if self.stops(scope, &open.ticket) {
                matching.push(open.ticket.id);
            }
        }
        self.cancel_entries(|open| matching.contains(&open.ticket.id));
        if flatten {
            let own = match scope {
                Scope::Account(id) => self.state.by_id.get(&id).copied(),
                _ => None,
            };
            let classes: Vec<_> = self
                .state
                .listings
                .values()
                .map(|l| (l.instrument.id, l.instrument.class, l.instrument.venue))
                .collect();
            self.flatten(|no, instrument| match scope {
                Scope::Platform => true,
                Scope::Account(_) => own == Some(no),
                Scope::Symbol(id) => id == instrument,
                Scope::Class(class) => classes
                    .iter()
                    .any(|(id, c, _)| *id == instrument && *c == class),
                Scope::Venue(venue) => classes
                    .iter()
                    .any(|(id, _, v)| *id == instrument && *v == venue),
                Scope::Strategy(_) => false,
            });
            if let Scope::Strategy(strategy) = scope {
                self.exit_strategy(strategy);
            }
        }
        Answer::Done
    }

    pub(super) fn rearm(&mut self, scope: Scope, by: Actor, reason: String) -> Answer {
        let halted = match scope {
            Scope::Account(id) => {
                let no = self.state.by_id.get(&id);
                no.and_then(|no| self.state.account(*no))
                    .is_some_and(|a| a.drawdown_halt)
            }
            _ => false,
        };
        if self.is_pressed(scope) || halted {
            self.emit(Event::Rearmed { scope, by, reason });
        }
        Answer::Done
    }

    fn is_pressed(&self, scope: Scope) -> bool {
        match scope {
            Scope::Account(id) => {
                let no = self.state.by_id.get(&id);
                no.and_then(|no| self.state.account(*no))
                    .is_some_and(|a| a.pressed.is_some())
            }
            _ => self.state.pressed.iter().any(|p| p.scope == scope),
        }
    }

    /// Does this switch stop that order?
    pub(super) fn stops(&self, scope: Scope, ticket: &Ticket) -> bool {
        match scope {
            Scope::Platform => true,
            Scope::Venue(venue) => ticket.venue == venue,
            Scope::Class(class) => {
                let listing = self.state.listings.get(&ticket.instrument);
                listing.is_some_and(|l| l.instrument.class == class)
            }
            Scope::Symbol(id) => ticket.instrument == id,
            Scope::Strategy(strategy) => Event::strategy(ticket.origin) == Some(strategy),
            Scope::Account(id) => self
                .state
                .account(ticket.account)
                .is_some_and(|a| a.id == id),
        }
    }

    /// Takes open entries back.
    pub(super) fn cancel_entries(&mut self, matching: impl Fn(&Open) -> bool) {
        let open = self.state.orders.values();
        let entries: Vec<OrderId> = open
            .filter(|o| o.is_entry() && !o.cancelling && matching(o))
            .map(|o| o.ticket.id)
            .collect();
        for id in entries {
            self.request_cancel(id);
        }
    }

    /// Asks for one order to be taken back.
    pub(super) fn request_cancel(&mut self, order: OrderId) {
        let Some(open) = self.state.orders.get(&order) else {
            return;
        };
        let (no, venue) = (open.ticket.account, open.ticket.venue);
        self.emit(Event::CancelRequested { order });
        self.release(no, Act::Cancel { order, venue });
    }
}
