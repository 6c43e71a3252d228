//! What the journal has named so far in one partition: instruments, accounts and the orders that
//! are open. As large as the catalog, the accounts and the open orders, never as the journal.

use nija_core::desk::event::Event;
use nija_core::words::conditions::Regime;
use nija_core::words::id::{AccountId, AccountNo, InstrumentId, OrderId};
use nija_core::words::money::{Price, Qty};
use nija_core::words::order::Ticket;
use std::collections::{BTreeMap, BTreeSet};

/// Names of one partition.
#[derive(Default)]
pub(super) struct Names {
    symbols: BTreeMap<InstrumentId, String>,
    /// Those whose prices are no dollars.
    pairs: BTreeSet<InstrumentId>,
    accounts: BTreeMap<AccountNo, AccountId>,
    orders: BTreeMap<OrderId, (Ticket, Qty)>,
    /// The regimes of the last two readings, the latest second.
    regimes: [Option<Regime>; 2],
}

impl Names {
    /// Learns what an event names. To be called before the event is told.
    pub(super) fn learn(&mut self, event: &Event) {
        match event {
            Event::Listed { instrument } => {
                self.symbols.insert(instrument.id, instrument.symbol.clone());
                if instrument.priced_in().is_some() {
                    self.pairs.insert(instrument.id);
                }
            }
            Event::AccountOpened { id, no, .. } => {
                self.accounts.insert(*no, *id);
            }
            Event::Approved { ticket, .. } => {
                self.orders.insert(ticket.id, (ticket.clone(), ticket.qty));
            }
            Event::ConditionsRead { conditions } => {
                self.regimes = [self.regimes[1], conditions.regime];
            }
            _ => {}
        }
    }

    /// The regime that the latest reading ended, if it ended one.
    pub(super) fn left(&self) -> Option<Regime> {
        self.regimes[0].filter(|_| self.regimes[0] != self.regimes[1])
    }

    /// Forgets the order that an event ends. To be called after the event was told.
    pub(super) fn forget(&mut self, event: &Event) {
        match event {
            Event::Closed { order, .. } => {
                self.orders.remove(order);
            }
            Event::Filled { order, fill, .. } => {
                let Some((_, left)) = self.orders.get_mut(order) else {
                    return;
                };
                *left = left.saturating_sub(fill.qty);
                if !left.is_positive() {
                    self.orders.remove(order);
                }
            }
            _ => {}
        }
    }

    /// The symbol of an instrument; its number where it was never listed.
    pub(super) fn symbol(&self, id: InstrumentId) -> String {
        self.symbols.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }
    /// A price of an instrument, with the sign of dollars where it is so many.
    pub(super) fn price(&self, id: InstrumentId, price: Price) -> String {
        let sign = if self.pairs.contains(&id) { "" } else { "$" };
        format!("{sign}{price}")
    }
    /// A price at which an order traded.
    pub(super) fn price_of(&self, id: OrderId, price: Price) -> String {
        let of = self.order(id).map_or(InstrumentId(0), |ticket| ticket.instrument);
        self.price(of, price)
    }
    /// The id behind an account's number.
    pub(super) fn account(&self, no: AccountNo) -> Option<AccountId> {
        self.accounts.get(&no).copied()
    }
    /// The order with this id, if it is open.
    pub(super) fn order(&self, id: OrderId) -> Option<&Ticket> {
        self.orders.get(&id).map(|(ticket, _)| ticket)
    }
    /// The account that an event is about, also where it names only an order.
    pub(super) fn account_of(&self, event: &Event) -> Option<AccountId> {
        let no = match event {
            // A fill may come after its order has ended.
            Event::Filled { order, entry, .. } => match self.order(*order) {
                Some(ticket) => ticket.account,
                None => entry.legs().first()?.account,
            },
            Event::Acknowledged { order }
            | Event::Closed { order, .. }
            | Event::CancelRequested { order } => self.order(*order)?.account,
            other => other.account()?,
        };
        self.account(no)
    }
}
