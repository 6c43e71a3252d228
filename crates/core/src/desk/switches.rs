//! Kill switches at the desk: stop entries, take open entries back, then sell if asked. Always in that order.

use super::Desk;
use super::account::Open;
use super::answer::Answer;
use super::event::Event;
use super::held::Act;
use crate::risk::kill::{Actor, Scope};
use crate::words::id::{AccountNo, InstrumentId, OrderId, SignalId};
use crate::words::order::{Origin, Ticket};
use std::collections::BTreeSet;

impl Desk {
    pub(super) fn kill(
        &mut self,
        scope: Scope,
        by: Actor,
        reason: String,
        flatten: bool,
    ) -> Answer {
        if let Scope::Account(id) = scope
            && self.state.number(id).is_none()
        {
            // Pressed in every partition; the account lives in another.
            return Answer::Done;
        }
        if !self.is_pressed(scope) {
            let reason = clip(reason);
            self.emit(Event::Killed { scope, by, reason });
        }
        let open = self.state.orders.values();
        let stopped =
            open.filter(|o| o.is_entry() && !o.cancelling && self.stops(scope, &o.ticket));
        let entries: Vec<OrderId> = stopped.map(|o| o.ticket.id).collect();
        for id in entries {
            self.request_cancel(id);
        }
        if flatten {
            self.flatten(scope);
        }
        Answer::Done
    }

    /// Sells what a switch reaches, and what open entries may still bring.
    fn flatten(&mut self, scope: Scope) {
        let strategy = match scope {
            Scope::Strategy(strategy) => Some(strategy),
            _ => None,
        };
        let mut reached = BTreeSet::new();
        for (instrument, holders) in &self.state.holders {
            reached.extend(holders.iter().map(|no| (*no, *instrument)));
        }
        let entries = self.state.orders.values().filter(|o| o.is_entry());
        reached.extend(entries.map(|o| (o.ticket.account, o.ticket.adds_to())));
        reached.retain(|&(no, instrument)| self.reaches(scope, no, instrument));
        // A strategy sells what it bought and no more; no signal asked for it, hence number 0.
        let origin = strategy.map_or(Origin::KillSwitch, |strategy| Origin::Strategy {
            strategy,
            signal: SignalId(0),
            version: None,
        });
        for (no, instrument) in reached {
            let _ = self.sell_out(no, instrument, origin);
        }
    }

    /// Does this switch stop that instrument for that account?
    fn reaches(&self, scope: Scope, no: AccountNo, instrument: InstrumentId) -> bool {
        let listing = self.state.listings.get(&instrument);
        match scope {
            Scope::Platform | Scope::Strategy(_) => true,
            Scope::Venue(venue) => listing.is_some_and(|l| l.instrument.venue == venue),
            Scope::Class(class) => listing.is_some_and(|l| l.instrument.class == class),
            Scope::Symbol(id) => instrument == id,
            Scope::Account(id) => {
                let of = [no, self.state.root_of(no)].map(|no| self.state.account(no));
                of.into_iter().flatten().any(|account| account.id == id)
            }
        }
    }

    pub(super) fn rearm(&mut self, scope: Scope, by: Actor, reason: String) -> Answer {
        if reason.trim().is_empty() {
            return super::settings::invalid("reason", "say why it may trade again");
        }
        let halted = match scope {
            Scope::Account(id) => {
                let no = self.state.number(id);
                no.and_then(|no| self.state.account(no)).is_some_and(|a| a.drawdown_halt)
            }
            _ => false,
        };
        if self.is_pressed(scope) || halted {
            let reason = clip(reason);
            self.emit(Event::Rearmed { scope, by, reason });
        }
        if let Scope::Account(id) = scope
            && let Some(no) = self.state.number(id)
        {
            self.note_fill(no);
        }
        Answer::Done
    }

    pub(super) fn is_pressed(&self, scope: Scope) -> bool {
        match scope {
            Scope::Account(id) => {
                let no = self.state.number(id);
                no.and_then(|no| self.state.account(no)).is_some_and(|a| a.pressed.is_some())
            }
            _ => self.state.pressed.iter().any(|p| p.scope == scope),
        }
    }

    /// Does this switch stop that order?
    fn stops(&self, scope: Scope, ticket: &Ticket) -> bool {
        match scope {
            Scope::Strategy(strategy) => Event::strategy(ticket.origin) == Some(strategy),
            _ => [ticket.instrument, ticket.adds_to()]
                .into_iter()
                .any(|of| self.reaches(scope, ticket.account, of)),
        }
    }

    /// Takes open entries of an account back.
    pub(super) fn cancel_entries(&mut self, no: AccountNo, matching: impl Fn(&Open) -> bool) {
        let entries: Vec<OrderId> = self
            .state
            .orders_of(no)
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

/// What others write is kept, up to a length.
pub(super) fn clip(mut text: String) -> String {
    const MOST: usize = 500;
    if text.len() > MOST {
        let end = (0..=MOST).rev().find(|&at| text.is_char_boundary(at));
        text.truncate(end.unwrap_or(0));
    }
    text
}
