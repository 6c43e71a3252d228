//! How holdings are sold: at once where the quantity is free, else after what holds it has given way.
//! One exit waits per owner. None is lost: not behind another exit, not to a fill that overtakes a cancel, and
//! not to a venue that turns it away.

use super::Desk;
use super::account::Open;
use super::answer::{Answer, Decline};
use super::event::Event;
use super::held::Act;
use super::state::State;
use crate::positions::QueuedExit;
use crate::risk::approval::{Exit, approve_exit};
use crate::words::id::{AccountNo, InstrumentId, OrderId};
use crate::words::money::{Money, Qty};
use crate::words::order::{OrderType, Origin, Purpose, Ticket, TimeInForce};
use crate::words::signal::StrategyName;

/// Price and time terms of an exit.
pub(super) type Terms = (OrderType, TimeInForce);

/// What is sold because somebody wants out.
pub(super) const AT_ONCE: Terms = (OrderType::Market, TimeInForce::Gtc);

/// Exits that one owner may have open of an instrument, those at the market and those that rest counted apart.
/// One more waits, joined with what waits already, until one of them has ended: none is turned away, and what is
/// to be sold at the market never waits behind what rests.
const EXITS_OPEN: usize = 16;

impl State {
    /// Open orders of an account.
    pub(super) fn orders_of(&self, no: AccountNo) -> impl Iterator<Item = &Open> {
        let ids = self.account(no).map(|account| account.orders.iter());
        ids.into_iter().flatten().filter_map(|id| self.orders.get(id).map(Box::as_ref))
    }

    /// Open exits of an instrument, without a look at the other orders where there is none.
    pub(super) fn exits_of(
        &self,
        no: AccountNo,
        instrument: InstrumentId,
    ) -> impl Iterator<Item = &Open> {
        let position = self.account(no).and_then(|account| account.position(instrument));
        let exits = position.is_some_and(|position| position.exiting.is_positive());
        let orders = exits.then(|| self.orders_of(no)).into_iter().flatten();
        orders.filter(move |open| open.leaves(instrument))
    }

    /// What an owner holds of an instrument and has no open exit for. A strategy owns what it bought.
    pub(super) fn unsold(&self, no: AccountNo, instrument: InstrumentId, exit: &QueuedExit) -> Qty {
        let position = self.account(no).and_then(|a| a.position(instrument));
        let held = position.map_or(Qty::ZERO, |p| match Event::strategy(exit.origin) {
            Some(strategy) => p.held_by(strategy),
            None => p.qty(),
        });
        let open = self.exits_of(no, instrument);
        // A stop guards only what its strategy is not selling already.
        let same = |o: &Origin| Event::strategy(*o) == Event::strategy(exit.origin);
        let own = open
            .filter(|o| exit.is_of(o.ticket.origin) || (exit.protects() && same(&o.ticket.origin)));
        own.fold(held, |left, o| left.saturating_sub(o.remaining())).or_zero()
    }

    /// Quantity of a strategy's open stops: it may still be sold by them.
    fn guarded(&self, no: AccountNo, instrument: InstrumentId, origin: Origin) -> Qty {
        let strategy = Event::strategy(origin);
        let stops = self.exits_of(no, instrument).filter(|o| o.protects());
        stops
            .filter(|o| strategy.is_some() && Event::strategy(o.ticket.origin) == strategy)
            .fold(Qty::ZERO, |sum, o| sum.saturating_add(o.remaining()))
    }

    /// Has the owner of an exit as many open of its sort as there may be?
    fn is_crowded(&self, no: AccountNo, instrument: InstrumentId, exit: &QueuedExit) -> bool {
        let rests = |order_type| order_type != OrderType::Market;
        let open = self.exits_of(no, instrument);
        let same = open.filter(|o| {
            exit.is_of(o.ticket.origin) && rests(o.ticket.order_type) == rests(exit.order_type)
        });
        same.count() >= EXITS_OPEN
    }

    /// How much of a waiting exit there is to be sold.
    pub(super) fn due(&self, no: AccountNo, instrument: InstrumentId, exit: &QueuedExit) -> Qty {
        exit.qty.min(self.unsold(no, instrument, exit))
    }

    /// Quantity that waiting exits will sell; protection waits for what they leave.
    pub(super) fn waiting(&self, no: AccountNo, instrument: InstrumentId) -> Qty {
        let position = self.account(no).and_then(|a| a.position(instrument));
        let queued = position.map_or(&[][..], |p| p.queued()).iter();
        queued
            .filter(|exit| !exit.protects())
            .fold(Qty::ZERO, |sum, exit| sum.saturating_add(self.due(no, instrument, exit)))
    }

    /// What an owner's open entries may still bring.
    pub(super) fn coming(&self, no: AccountNo, instrument: InstrumentId, origin: Origin) -> Qty {
        let strategy = Event::strategy(origin);
        let entries = self.orders_of(no).filter(|o| o.enters(instrument));
        entries
            .filter(|o| strategy.is_none() || Event::strategy(o.ticket.origin) == strategy)
            .fold(Qty::ZERO, |sum, o| sum.saturating_add(o.brings()))
    }

    /// Drops waiting exits that have nothing to sell and nothing coming, then a position with nothing left.
    pub(super) fn settle(&mut self, no: AccountNo, instrument: InstrumentId) {
        let queued = self.account(no).and_then(|a| a.position(instrument));
        let over: Vec<Origin> = queued
            .map_or(&[][..], |p| p.queued())
            .iter()
            .filter(|exit| self.due(no, instrument, exit).is_zero())
            .filter(|exit| exit.protects() || self.coming(no, instrument, exit.origin).is_zero())
            .map(|exit| exit.origin)
            .collect();
        let Some(account) = self.accounts.get_mut(no.0 as usize) else {
            return;
        };
        if !over.is_empty() {
            let position = account.position_mut(instrument);
            position.keep_queued(|exit| !over.contains(&exit.origin));
        }
        account.positions.retain(|p| !p.is_flat());
        let holders = self.holders.entry(instrument).or_default();
        if account.position(instrument).is_some() {
            holders.insert(no);
        } else {
            holders.remove(&no);
        }
    }
}

impl Desk {
    /// Sells `qty`. Where other exits hold it, those that give way are cancelled and the exit waits for that.
    pub(super) fn exit(
        &mut self,
        no: AccountNo,
        instrument: InstrumentId,
        qty: Qty,
        origin: Origin,
        (order_type, tif): Terms,
    ) -> Answer {
        let position = self.state.account(no).and_then(|a| a.position(instrument));
        let Some(position) = position else {
            return Answer::Declined(Decline::NoPosition);
        };
        let queued = position.queued().iter().find(|queued| queued.is_of(origin));
        // A stop that stood on behind its strategy's exit would sell what others hold.
        let guarded = self.state.guarded(no, instrument, origin).is_positive();
        let mut exit = QueuedExit { qty, origin, order_type, tif };
        if queued.is_none()
            && !self.state.is_crowded(no, instrument, &exit)
            && !(guarded && origin.signalled().is_some())
            && let Ok(exit) = Exit::of(position, qty)
        {
            return self.send_exit(no, instrument, exit, origin, (order_type, tif));
        }
        // What rests at its price waits on; what is to be sold at the market leaves before it.
        if let Some(&waits) = queued.filter(|queued| queued.order_type != OrderType::Market)
            && order_type == OrderType::Market
            && !self.state.is_crowded(no, instrument, &exit)
            && qty <= position.available().saturating_sub(self.state.waiting(no, instrument))
            && let Ok(exit) = Exit::of(position, qty)
        {
            let answer = self.send_exit(no, instrument, exit, origin, (order_type, tif));
            self.emit(Event::ExitQueued { account: no, instrument, exit: waits });
            return answer;
        }
        if let Some(queued) = queued {
            exit.qty = qty.saturating_add(queued.qty);
            // Joined, the more urgent terms count.
            if queued.order_type == OrderType::Market {
                (exit.order_type, exit.tif) = (queued.order_type, queued.tif);
            }
        }
        self.queue(no, instrument, exit);
        Answer::Queued
    }

    fn queue(&mut self, no: AccountNo, instrument: InstrumentId, exit: QueuedExit) {
        self.emit(Event::ExitQueued { account: no, instrument, exit });
        self.make_way(no, instrument, exit.origin);
        self.retry_exits(no, instrument);
    }

    /// Sells all that an owner holds, and what its open entries may still bring before their cancels arrive.
    pub(super) fn sell_out(
        &mut self,
        no: AccountNo,
        instrument: InstrumentId,
        origin: Origin,
    ) -> Answer {
        let (order_type, tif) = AT_ONCE;
        let mut exit = QueuedExit { qty: Qty::ZERO, origin, order_type, tif };
        let unsold = self.state.unsold(no, instrument, &exit);
        let coming = self.state.coming(no, instrument, origin);
        let position = self.state.account(no).and_then(|a| a.position(instrument));
        let mut queued = position.map_or(&[][..], |p| p.queued()).iter();
        let queued = queued.find(|queued| queued.is_of(origin)).map(|queued| queued.qty);
        exit.qty = unsold.saturating_add(coming);
        if exit.qty <= queued.unwrap_or(Qty::ZERO) {
            self.retry_exits(no, instrument);
            return Answer::Queued;
        }
        if queued.is_none() && coming.is_zero() {
            return self.exit(no, instrument, unsold, origin, AT_ONCE);
        }
        self.queue(no, instrument, exit);
        Answer::Queued
    }

    /// Cancels what stands in the way of waiting exits: a strategy's own stops, then as many others as needed;
    /// for a kill switch every other exit.
    fn make_way(&mut self, no: AccountNo, instrument: InstrumentId, origin: Origin) {
        let Some(position) = self.state.account(no).and_then(|a| a.position(instrument)) else {
            return;
        };
        let all = origin == Origin::KillSwitch;
        let strategy = Event::strategy(origin);
        let waiting = self.state.waiting(no, instrument);
        let mut short = waiting.saturating_sub(position.available());
        let mut others = Vec::new();
        for open in self.state.exits_of(no, instrument) {
            let from = open.ticket.origin;
            if from == Origin::KillSwitch || !(all || open.protects()) {
                continue;
            }
            if open.cancelling {
                short = short.saturating_sub(open.remaining());
            } else {
                let foreign = strategy.is_none() || Event::strategy(from) != strategy;
                others.push((foreign, open.ticket.id, open.remaining()));
            }
        }
        others.sort_unstable();
        for (foreign, order, qty) in others {
            if all || !foreign || short.is_positive() {
                self.request_cancel(order);
                short = short.saturating_sub(qty);
            }
        }
    }

    /// Sends exits that wait, as far as the quantity is there. A user's exit leaves in one piece.
    pub(super) fn retry_exits(&mut self, no: AccountNo, instrument: InstrumentId) {
        let position = self.state.account(no).and_then(|a| a.position(instrument));
        let queued = position.map_or_else(Vec::new, |p| p.queued().to_vec());
        for queued in queued {
            let Some(position) = self.state.account(no).and_then(|a| a.position(instrument)) else {
                return;
            };
            if self.state.is_crowded(no, instrument, &queued) {
                continue;
            }
            let due = self.state.due(no, instrument, &queued);
            let mut free = position.available();
            if queued.protects() {
                free = free.saturating_sub(self.state.waiting(no, instrument));
            } else {
                let guarded = self.state.guarded(no, instrument, queued.origin);
                let unsold = self.state.unsold(no, instrument, &queued);
                free = free.min(unsold.saturating_sub(guarded));
            }
            if free < due && queued.origin == Origin::User && self.is_blocked(no, instrument) {
                continue;
            }
            if let Ok(exit) = Exit::of(position, due.min(free)) {
                let terms = (queued.order_type, queued.tif);
                let _ = self.send_exit(no, instrument, exit, queued.origin, terms);
            }
        }
    }

    /// Is quantity about to be freed by a cancel that is on its way?
    fn is_blocked(&self, no: AccountNo, instrument: InstrumentId) -> bool {
        let mut exits = self.state.exits_of(no, instrument);
        exits.any(|o| o.cancelling)
    }

    /// Lets the rest of an exit that ended wait for the next price.
    pub(super) fn queue_again(&mut self, ticket: &Ticket, left: Qty) {
        let (no, instrument, origin) = (ticket.account, ticket.instrument, ticket.origin);
        let position = self.state.account(no).and_then(|a| a.position(instrument));
        let mut queued = position.map_or(&[][..], |p| p.queued()).iter();
        let queued = queued.find(|queued| queued.is_of(origin));
        let exit = QueuedExit {
            qty: left.saturating_add(queued.map_or(Qty::ZERO, |q| q.qty)),
            origin,
            order_type: ticket.order_type,
            tif: ticket.tif,
        };
        if self.state.due(no, instrument, &exit).is_positive() {
            self.emit(Event::ExitQueued { account: no, instrument, exit });
        }
    }

    /// What follows when an order is over: exits that were waiting, a stop under a new holding, and one again
    /// under what an exit left of an old one.
    pub(super) fn after_end(&mut self, ticket: &Ticket, cancelling: bool) {
        let (no, instrument) = (ticket.account, ticket.instrument);
        let waited = self.state.waiting(no, instrument).is_positive();
        self.retry_exits(no, instrument);
        if let Some(swap) = ticket.swap {
            // What it did not give is free.
            self.retry_exits(no, swap.gives);
        }
        if ticket.crosses() {
            self.even_crossing(ticket);
        } else {
            self.even_legs(ticket);
        }
        match (ticket.origin, ticket.protect) {
            (Origin::Strategy { strategy, .. } | Origin::Roll { strategy, .. }, Some(stop)) => {
                let terms = (OrderType::Stop { stop }, TimeInForce::Gtc);
                self.protect(no, instrument, strategy, terms);
            }
            (Origin::Protection { strategy }, _) if cancelling && waited => {
                self.protect(no, instrument, strategy, (ticket.order_type, ticket.tif));
            }
            _ => {}
        }
    }

    /// Rests stops under what open entries have brought so far: an entry may take long to fill.
    pub(super) fn protect_parts(&mut self, no: AccountNo, instrument: InstrumentId) {
        let entries = self.state.orders_of(no).filter(|o| o.enters(instrument));
        let parts = entries.filter(|o| o.filled.is_positive());
        let stops = parts.filter_map(|o| Event::strategy(o.ticket.origin).zip(o.ticket.protect));
        for (strategy, stop) in stops.collect::<Vec<_>>() {
            self.protect(no, instrument, strategy, (OrderType::Stop { stop }, TimeInForce::Gtc));
        }
    }

    /// Makes room for a stop where there are too many: the oldest gives way and one takes both their places.
    fn join_stops(&mut self, no: AccountNo, instrument: InstrumentId, mut stop: QueuedExit) {
        let stops = self.state.exits_of(no, instrument);
        let stops = stops.filter(|o| stop.is_of(o.ticket.origin));
        let stops: Vec<_> = stops.map(|o| (o.cancelling, o.ticket.id, o.remaining())).collect();
        let Some(&(_, oldest, left)) = stops.first() else {
            return;
        };
        if stops.iter().all(|(cancelling, ..)| !cancelling) {
            stop.qty = stop.qty.saturating_add(left);
            self.emit(Event::ExitQueued { account: no, instrument, exit: stop });
            self.request_cancel(oldest);
        }
    }

    /// Rests a stop under what a strategy holds bare and no exit has claimed or waits for.
    fn protect(
        &mut self,
        no: AccountNo,
        instrument: InstrumentId,
        strategy: StrategyName,
        (order_type, tif): Terms,
    ) {
        let origin = Origin::Protection { strategy };
        let stop = QueuedExit { qty: Qty::MAX, origin, order_type, tif };
        let Some(position) = self.state.account(no).and_then(|a| a.position(instrument)) else {
            return;
        };
        let free = position.available().saturating_sub(self.state.waiting(no, instrument));
        let bare = self.state.due(no, instrument, &stop);
        let qty = bare.min(free);
        if qty.is_positive() && self.state.is_crowded(no, instrument, &stop) {
            self.join_stops(no, instrument, QueuedExit { qty, ..stop });
        } else if let Ok(exit) = Exit::of(position, qty) {
            let _ = self.send_exit(no, instrument, exit, origin, (order_type, tif));
        }
    }

    pub(super) fn send_exit(
        &mut self,
        no: AccountNo,
        instrument: InstrumentId,
        exit: Exit,
        origin: Origin,
        terms: Terms,
    ) -> Answer {
        self.send_leg(no, (instrument, None), exit, origin, terms)
    }

    /// Sends an exit that may be the leg of a crossing, with the other leg.
    pub(super) fn send_leg(
        &mut self,
        no: AccountNo,
        (instrument, pair): (InstrumentId, Option<InstrumentId>),
        exit: Exit,
        origin: Origin,
        (order_type, tif): Terms,
    ) -> Answer {
        let (order, qty) = (OrderId::new(self.partition, self.state.next_order), exit.qty());
        let exit_side = exit.side();
        let approved = approve_exit(
            exit,
            Ticket {
                id: order,
                account: no,
                instrument,
                side: exit_side,
                qty,
                order_type,
                tif,
                origin,
                purpose: Purpose::Exit,
                reserved: Money::ZERO,
                at: self.clock,
                venue: self.venue(instrument),
                protect: None,
                pair,
                swap: None,
            },
        );
        let level = self.standing(no);
        let equity = self.state.guarded_equity(self.state.root_of(no));
        let evidence = self.evidence(instrument, equity, level);
        self.emit(Event::Approved { ticket: approved.ticket().clone(), evidence });
        self.release(no, Act::Place(approved));
        Answer::Placed { order, purpose: Purpose::Exit, qty, level }
    }
}
