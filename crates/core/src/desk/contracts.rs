//! What is held against margin: settled in cash when an account's day ends, closed at the last price when the
//! contract has expired, and closed at the market when the cash behind it falls below its maintenance margin.

use super::Desk;
use super::alarm::Alarm;
use super::apply::Broken;
use super::event::Event;
use super::exits::AT_ONCE;
use super::state::State;
use crate::ledger::entry::Entry;
use crate::positions::{Lot, QueuedExit};
use crate::risk::refusal::{Code, Measure};
use crate::words::fixed::Round;
use crate::words::id::{AccountNo, InstrumentId};
use crate::words::money::{Money, Price, Qty};
use crate::words::order::Origin;
use crate::words::time::Span;

/// How long after its last instant of trading an instrument is settled for the last time: venues tell the last fills
/// before.
const LAST_AFTER: Span = Span::seconds(60);

/// The cash behind an account's contracts, gains and losses of the day included, and what must be there at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cover {
    pub(super) has: Money,
    pub(super) needs: Money,
}

impl State {
    /// Applies a settlement.
    pub(super) fn settle_contracts(&mut self, event: &Event) -> Result<(), Broken> {
        let Event::Settled { account: no, instrument, price, last, entry, .. } = event else {
            return Ok(());
        };
        self.post(*no, entry)?;
        let terms = &self.listings.get(instrument).ok_or(Broken::Instrument)?.instrument;
        let account = self.accounts.get_mut(no.0 as usize).ok_or(Broken::Account)?;
        account.active = true;
        let position = account.position_mut(*instrument);
        if *last {
            let _ = position.take(position.qty(), None);
        } else {
            let worth = |qty| terms.value(*price, qty, Round::HalfEven);
            position.settle(worth).ok_or(Broken::Range)?;
        }
        self.settle(*no, *instrument);
        self.raise_peaks(*no)
    }

    /// None for an account without contracts.
    pub(super) fn cover(&self, no: AccountNo) -> Option<Cover> {
        let account = self.account(no)?;
        let mut cover = None;
        for position in account.positions.iter().filter(|p| p.qty().is_positive()) {
            let Some(listing) = self.listings.get(&position.instrument) else { continue };
            if !listing.instrument.is_margined() {
                continue;
            }
            let worth = self.worth(position.instrument, position.signed());
            let worth = worth.unwrap_or_else(|| position.signed_cost());
            let needs = listing.instrument.maintenance(worth.abs()).unwrap_or(Money::MAX);
            let sum = cover.get_or_insert(Cover { has: account.money(), needs: Money::ZERO });
            sum.has = sum.has.saturating_add(worth);
            sum.needs = sum.needs.saturating_add(needs);
        }
        cover
    }

    /// Contracts of an account that nothing is closing yet for the platform.
    fn uncalled(&self, no: AccountNo) -> Vec<InstrumentId> {
        let held = self.account(no).map_or(&[][..], |account| &account.positions).iter();
        let (order_type, tif) = AT_ONCE;
        let exit = QueuedExit { qty: Qty::MAX, origin: Origin::KillSwitch, order_type, tif };
        let bare = held.filter(|position| {
            let called = position.queued().iter().any(|queued| queued.is_of(exit.origin));
            !called && self.due(no, position.instrument, &exit).is_positive()
        });
        let bare = bare.map(|position| position.instrument);
        bare.filter(|instrument| self.is_margined(*instrument)).collect()
    }
}

impl Desk {
    /// Books what an account's contracts have gained or lost since they were settled last.
    pub(super) fn settle_day(&mut self, no: AccountNo) {
        let held = self.state.account(no).map_or(&[][..], |account| &account.positions).iter();
        let marked = held.filter_map(|position| {
            let listing = self.state.listings.get(&position.instrument)?;
            let price = listing.mark.filter(|_| listing.instrument.is_margined())?;
            Some((position.instrument, price))
        });
        for (instrument, price) in marked.collect::<Vec<_>>() {
            self.settle_at(no, instrument, price, false);
        }
    }

    /// Settles all that has expired at its last price, for everybody who still holds it, and takes back what is still
    /// ordered of it.
    pub(super) fn expire(&mut self) {
        let clock = self.clock;
        let over = self.state.holders.iter().filter_map(|(instrument, holders)| {
            let expiry = self.state.listings.get(instrument)?.instrument.expiry()?;
            let price =
                self.last_price(*instrument).filter(|_| clock >= expiry.plus(LAST_AFTER))?;
            Some((*instrument, price, holders.iter().copied().collect::<Vec<_>>()))
        });
        for (instrument, price, holders) in over.collect::<Vec<_>>() {
            for no in holders {
                self.settle_at(no, instrument, price, true);
                self.shed_exits(no, instrument);
            }
        }
        let is_over = |instrument| {
            let listing = self.state.listings.get(&instrument);
            let expiry = listing.and_then(|listing| listing.instrument.expiry());
            expiry.is_some_and(|expiry| clock >= expiry.plus(LAST_AFTER))
        };
        let open = self.state.orders.values().filter(|open| !open.cancelling);
        let open = open.filter(|open| is_over(open.ticket.instrument));
        for order in open.map(|open| open.ticket.id).collect::<Vec<_>>() {
            self.request_cancel(order);
        }
    }

    /// The next roll must not come after this instrument's last settlement. What is over already waits for its price.
    pub(super) fn plan_expiry(&mut self, instrument: InstrumentId) {
        let listing = self.state.listings.get(&instrument);
        if let Some(expiry) = listing.and_then(|listing| listing.instrument.expiry()) {
            let last = expiry.plus(LAST_AFTER);
            let held = self.state.holders.get(&instrument).is_some_and(|of| !of.is_empty());
            let can = held && self.last_price(instrument).is_some();
            if last > self.clock || can {
                self.next_roll = self.next_roll.min(last);
            }
        }
    }

    /// Settles what an account holds of an instrument: the step behind every settlement. With the last one nothing
    /// remains of it.
    pub(super) fn settle_at(
        &mut self,
        no: AccountNo,
        instrument: InstrumentId,
        price: Price,
        last: bool,
    ) {
        let Some(position) = self.state.account(no).and_then(|a| a.position(instrument)) else {
            return;
        };
        let (qty, side) = (position.signed(), position.exit_side());
        if qty.is_zero() {
            return;
        }
        let entry = self.state.listings.get(&instrument).and_then(|listing| {
            let worth = |qty| listing.instrument.value(price, qty, Round::HalfEven);
            if last {
                let (qty, cost) = (qty.abs(), worth(qty.abs())?);
                let lot = Lot { qty, cost, at: self.clock, strategy: None };
                return self.trade_entry(no, instrument, (side, lot), Money::ZERO);
            }
            let turn = position.clone().settle(worth)?;
            Entry::agreed(no, turn.change, turn.gain, Money::ZERO).ok()
        });
        match entry.filter(|entry| self.fits(no, entry)) {
            Some(entry) if entry.legs().is_empty() && !last => {}
            Some(entry) => {
                self.emit(Event::Settled { account: no, instrument, price, qty, last, entry });
            }
            None => self.alarms.push(Alarm {
                kind: "settlement",
                text: format!("account {no}: instrument {instrument} at {price} is out of range"),
            }),
        }
    }

    /// Closes the contracts of an account at the market when the cash behind them is too little, and stops its entries
    /// until somebody re-arms it.
    pub(super) fn call_margin(&mut self, no: AccountNo) {
        let Some(Cover { has, needs }) = self.state.cover(no).filter(|c| c.has < c.needs) else {
            return;
        };
        let uncalled = self.state.uncalled(no);
        if uncalled.is_empty() {
            return;
        }
        let (measured, limit) = (Measure::Dollars(has), Measure::Dollars(needs));
        self.emit(Event::Halted { account: no, code: Code::MarginCall, measured, limit });
        let text = format!("account {no}: ${has:.2} behind contracts that need ${needs:.2}");
        self.alarms.push(Alarm { kind: "margin_call", text });
        self.cancel_entries(no, |_| true);
        for instrument in uncalled {
            let _ = self.sell_out(no, instrument, Origin::KillSwitch);
        }
    }
}
