//! Orders of a pair: one coin for another, priced in the second. The books know dollars and the two coins, never the
//! pair: what is given is sold and what comes is bought, both for what the second coin is worth at that instant.
//! No cash moves but the fee. What is given must be held, and is claimed while the order is open.

use super::Desk;
use super::apply::Broken;
use super::discrepancy::Mismatch;
use super::event::{Event, Half, Size, Wish};
use super::state::{Listing, State};
use crate::ledger::entry::Entry;
use crate::positions::Lot;
use crate::risk::approval::Exit;
use crate::risk::refusal::{Change, Code, Measure, Refusal};
use crate::words::fixed::{Round, SCALE, mul_div};
use crate::words::id::AccountNo;
use crate::words::instrument::Instrument;
use crate::words::money::{Money, Price, Qty};
use crate::words::order::{Fill, Side, Swap, Ticket};
use crate::words::time::{Span, Timestamp};

impl State {
    /// What so much of an instrument is worth in dollars at one of its prices; that of a pair at the mark of what it is
    /// priced in.
    pub(super) fn dollars(
        &self,
        row: &Instrument,
        price: Price,
        qty: Qty,
        round: Round,
    ) -> Option<Money> {
        let worth = row.value(price, qty, round)?;
        let Some(quote) = row.priced_in() else {
            return Some(worth);
        };
        let quote = self.listings.get(&quote)?;
        quote.instrument.value(quote.mark?, Qty::from_raw(worth.raw()), round)
    }

    /// The last price of an instrument, when it was adopted, and when it is old. Of a pair what it is priced in needs
    /// one, too: the older of both counts.
    pub(super) fn newest(&self, listing: &Listing) -> (Option<Price>, Timestamp, Span) {
        let Listing { instrument, mark, mark_at } = listing;
        let Some(quote) = instrument.priced_in().and_then(|quote| self.listings.get(&quote)) else {
            return (*mark, *mark_at, instrument.stale_after);
        };
        let stale_after = instrument.stale_after.min(quote.instrument.stale_after);
        (mark.filter(|_| quote.mark.is_some()), quote.mark_at.min(*mark_at), stale_after)
    }

    /// Claims what a swap gives, or lets go of it: so much of the pair was open, and so much is now.
    pub(super) fn claim_given(
        &mut self,
        ticket: &Ticket,
        before: Qty,
        after: Qty,
    ) -> Result<(), Broken> {
        let Some(swap) = ticket.swap else { return Ok(()) };
        let more = ticket.claims(after).saturating_sub(ticket.claims(before));
        let position = self.at(ticket.account)?.position_mut(swap.gives);
        position.exiting = position.exiting.checked_add(more).ok_or(Broken::Range)?.or_zero();
        self.settle(ticket.account, swap.gives);
        Ok(())
    }

    /// Applies a half of a swap: a trade for dollars.
    pub(super) fn apply_swap(&mut self, event: &Event) -> Result<(), Broken> {
        let Event::Swapped { account: no, half, entry } = event else {
            return Ok(());
        };
        let Half { instrument, side, qty, worth, strategy, .. } = *half;
        self.post(*no, entry)?;
        let now = self.now;
        let account = self.at(*no)?;
        account.active = true;
        let position = account.position_mut(instrument);
        match side {
            Side::Buy => {
                position.add(Lot { qty, cost: worth, at: now, strategy });
            }
            Side::Sell => drop(position.take(qty, strategy)),
        }
        self.settle(*no, instrument);
        self.raise_peaks(*no)
    }
}

impl Desk {
    /// The two halves of a fill; none where dollars are paid.
    pub(super) fn halves(&self, ticket: &Ticket, fill: Fill) -> Result<Vec<Event>, Mismatch> {
        let Some(Swap { gives, gets }) = ticket.swap else {
            return Ok(Vec::new());
        };
        let range = Mismatch::OutOfRange;
        let listing = self.state.listings.get(&ticket.instrument).ok_or(range)?;
        let worth = self.state.dollars(&listing.instrument, fill.price, fill.qty, Round::HalfEven);
        let worth = worth.ok_or(range)?;
        let [given, got] = Swap::units(ticket.side, fill.qty, fill.price).ok_or(range)?;
        if !given.is_positive() || !got.is_positive() {
            return Err(Mismatch::UnusableQuantity);
        }
        let (account, order, strategy) =
            (ticket.account, ticket.id, Event::strategy(ticket.origin));
        let half = |instrument, side, qty, fee| {
            let lot = Lot { qty, cost: worth, at: self.clock, strategy };
            let entry = self.trade_entry(account, instrument, (side, lot), fee).ok_or(range)?;
            let half = Half { order, instrument, side, qty, worth, strategy };
            Ok(Event::Swapped { account, half, entry })
        };
        let halves =
            [half(gives, Side::Sell, given, Money::ZERO)?, half(gets, Side::Buy, got, fill.fee)?];
        // Both are booked, one behind the other.
        let legs = halves.iter().filter_map(Event::entry).flat_map(Entry::legs).copied();
        let both = Entry::new(legs).map_err(|_| range)?;
        if self.fits(account, &both) { Ok(halves.into()) } else { Err(range) }
    }

    /// What a wish would give and get, where that is no dollars.
    pub(super) fn swap_of(&self, wish: &Wish) -> Option<Swap> {
        self.state.listings.get(&wish.instrument)?.instrument.swap(wish.side)
    }

    /// Why what a swap would give is not there to be given.
    pub(super) fn lacks(&self, no: AccountNo, wish: &Wish, swap: Swap) -> Option<Refusal> {
        let qty = match wish.size {
            Size::Units(qty) => qty,
            Size::Dollars(_) | Size::All => Qty::MAX,
        };
        let most = Swap::most(wish.side, qty, wish.order_type);
        let position = self.state.account(no).and_then(|account| account.position(swap.gives));
        let free = match position.map(|position| Exit::of(position, most)) {
            Some(Ok(_)) => return None,
            Some(Err(free)) => free,
            None => Qty::ZERO,
        };
        let of_pair = match (wish.side, wish.order_type.limit()) {
            (Side::Buy, Some(limit)) => {
                let qty = mul_div(free.raw(), SCALE, limit.raw(), Round::Down);
                Qty::from_raw(qty.unwrap_or(0))
            }
            _ => free,
        };
        Some(Refusal {
            code: Code::ExceedsPosition,
            measured: Measure::Quantity(most),
            limit: Measure::Quantity(free),
            age: Span::ZERO,
            changes: vec![Change::QuantityAtMost(self.state.whole_lots(wish.instrument, of_pair))],
        })
    }
}
