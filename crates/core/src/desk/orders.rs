//! Placing and cancelling: a wish becomes facts, the gates judge them, and the verdict becomes an event.

use super::Desk;
use super::account::Account;
use super::answer::{Answer, Decline};
use super::event::{Event, Evidence, Size, Wish};
use crate::risk::approval::approve;
use crate::risk::execution::DUPLICATE_WITHIN;
use crate::risk::facts::Facts;
use crate::risk::kill::Scope;
use crate::risk::refusal::{Change, Code, Level, Measure, Refusal};
use crate::risk::volatility::BLACK_SWAN_ABOVE;
use crate::words::fixed::Round;
use crate::words::id::{AccountNo, InstrumentId, OrderId};
use crate::words::insight::Insight;
use crate::words::instrument::Instrument;
use crate::words::money::{Money, Price, Qty};
use crate::words::order::{OrderType, Origin, Purpose, Side, Ticket, TimeInForce};
use crate::words::time::{Span, Timestamp};

/// The largest order that is even looked at.
const MOST: i64 = 1_000_000_000;

/// A wish with its numbers worked out.
pub(super) struct Draft {
    pub(super) qty: Qty,
    pub(super) notional: Money,
}

/// What comes with a strategy's wish.
#[derive(Clone, Copy, Default)]
pub(super) struct Idea {
    /// Where its protective stop rests.
    pub(super) protect: Option<Price>,
    /// The other leg of its straddle.
    pub(super) pair: Option<InstrumentId>,
    /// What was learned about it.
    pub(super) insight: Option<Insight>,
}

impl Desk {
    pub(super) fn place(&mut self, no: AccountNo, wish: Wish, keyed: bool) -> Answer {
        if let Err(decline) = self.check(&wish) {
            return Answer::Declined(decline);
        }
        if !self.reduces(no, &wish) {
            return self.enter(no, wish, Idea::default(), keyed);
        }
        if wish.size == Size::All && self.closable(no, wish.instrument, wish.side).is_zero() {
            return Answer::Declined(Decline::NoPosition);
        }
        match self.sellable(no, &wish) {
            Ok(qty) => {
                let terms = (wish.order_type, wish.tif);
                self.exit(no, wish.instrument, qty, wish.origin, terms)
            }
            Err(refusal) => self.refuse(no, wish, refusal, None),
        }
    }

    /// Does a wish close what is held? Whatever is paid for is closed by selling; contracts by the other side than
    /// the one they are held on.
    pub(super) fn reduces(&self, no: AccountNo, wish: &Wish) -> bool {
        if !self.state.is_margined(wish.instrument) {
            return wish.side == Side::Sell;
        }
        wish.size == Size::All || !self.closable(no, wish.instrument, wish.side).is_zero()
    }

    /// What an order of this side would close.
    pub(super) fn closable(&self, no: AccountNo, instrument: InstrumentId, side: Side) -> Qty {
        let position = self.state.account(no).and_then(|a| a.position(instrument));
        position.map_or(Qty::ZERO, |position| position.closable(side))
    }

    pub(super) fn held(&self, no: AccountNo, instrument: InstrumentId) -> Qty {
        let position = self.state.account(no).and_then(|a| a.position(instrument));
        position.map_or(Qty::ZERO, crate::positions::Position::qty)
    }

    /// Is the wish well formed for its instrument? A malformed one changes nothing.
    pub(super) fn check(&self, wish: &Wish) -> Result<(), Decline> {
        let listing = self.state.listings.get(&wish.instrument);
        let instrument = &listing.ok_or(Decline::UnknownInstrument)?.instrument;
        let no = |field, why| Err(Decline::Invalid { field, why });
        if instrument.priced_in().is_some() {
            return no("symbol", "pairs are for strategies; trade both coins for dollars");
        }
        for (field, price) in
            [("limit_price", wish.order_type.limit()), ("stop_price", wish.order_type.stop())]
        {
            let Some(price) = price else { continue };
            if !price.is_positive() || price > Price::from_raw(MOST * crate::words::fixed::SCALE) {
                return no(field, "must be above 0 and at most 1000000000");
            }
            if price.floor_to(instrument.tick) != price {
                return no(field, "must be a multiple of the instrument's tick");
            }
        }
        if wish.tif == TimeInForce::PostOnly && !matches!(wish.order_type, OrderType::Limit { .. })
        {
            return no("time_in_force", "post_only is for limit orders");
        }
        let most = MOST * crate::words::fixed::SCALE;
        match wish.size {
            Size::Dollars(m) if !m.is_positive() || m.raw() > most => {
                no("size", "must be above 0 and at most 1000000000")
            }
            Size::Units(q) if !q.is_positive() || q.raw() > most => {
                no("quantity", "must be above 0 and at most 1000000000")
            }
            Size::Units(q) if q.floor_to(instrument.lot) != q => {
                no("quantity", "must be a multiple of the instrument's lot")
            }
            Size::All if wish.side == Side::Buy && !instrument.is_margined() => {
                no("size", "all can only be sold")
            }
            _ => Ok(()),
        }
    }

    /// Works out quantity and worth of an entry. Without any price both are what can be known.
    pub(super) fn draft(&self, wish: &Wish) -> Draft {
        let Some(listing) = self.state.listings.get(&wish.instrument) else {
            return Draft { qty: Qty::ZERO, notional: Money::ZERO };
        };
        let price = self.entry_reference(wish);
        let quantity = |m| price.and_then(|p| listing.instrument.quantity(m, p));
        match wish.size {
            Size::Dollars(m) => Draft { qty: quantity(m).unwrap_or(Qty::ZERO), notional: m },
            Size::Units(q) => {
                let row = &listing.instrument;
                let worth = price.and_then(|p| self.state.dollars(row, p, q, Round::Up));
                let unknown = if price.is_some() { Money::MAX } else { Money::ZERO };
                Draft { qty: q, notional: worth.unwrap_or(unknown) }
            }
            Size::All => Draft { qty: Qty::ZERO, notional: Money::ZERO },
        }
    }

    /// Sends an entry through the gates.
    pub(super) fn enter(&mut self, no: AccountNo, wish: Wish, idea: Idea, keyed: bool) -> Answer {
        let draft = self.draft(&wish);
        let Some(mut facts) = self.facts(no, &wish, &draft, keyed) else {
            return Answer::Declined(Decline::UnknownAccount);
        };
        self.make_room(no, &wish, &mut facts);
        let swap = self.swap_of(&wish);
        if let Some(refusal) = swap.and_then(|swap| self.lacks(no, &wish, swap)) {
            return self.refuse(no, wish, refusal, idea.insight);
        }
        let ticket = Ticket {
            id: OrderId::new(self.partition, self.state.next_order),
            account: no,
            instrument: wish.instrument,
            side: wish.side,
            qty: draft.qty,
            order_type: wish.order_type,
            tif: wish.tif,
            origin: wish.origin,
            purpose: Purpose::Entry,
            reserved: crate::risk::capital::claim(facts.notional, facts.buffer),
            at: self.clock,
            venue: self.venue(wish.instrument),
            protect: idea.protect,
            pair: idea.pair,
            swap,
        };
        self.count_order(no, wish.origin);
        match approve(ticket, &facts) {
            Ok((approved, level)) => {
                if !keyed {
                    self.note_order(no, &wish);
                }
                let ticket = approved.ticket().clone();
                let (order, qty) = (ticket.id, ticket.qty);
                let insight = idea.insight;
                let evidence =
                    Evidence { insight, ..self.evidence(wish.instrument, facts.equity, level) };
                self.emit(Event::Approved { ticket, evidence });
                self.release_entry(no, approved);
                self.plan_expiry(wish.instrument);
                Answer::Placed { order, purpose: Purpose::Entry, qty, level }
            }
            Err(refusal) => {
                let refusal = self.name_switches(no, &wish, refusal);
                self.refuse(no, wish, refusal, idea.insight)
            }
        }
    }

    /// Adds every further switch that stands in the way: all of them must be re-armed.
    pub(super) fn name_switches(
        &self,
        no: AccountNo,
        wish: &Wish,
        mut refusal: Refusal,
    ) -> Refusal {
        let account = self.state.account(self.state.root_of(no));
        let listing = self.state.listings.get(&wish.instrument);
        if let Some((account, listing)) = account.zip(listing) {
            for scope in self.switches(account, &listing.instrument, wish) {
                let change = Change::Rearm(scope);
                if !refusal.changes.contains(&change) {
                    refusal.changes.push(change);
                }
            }
        }
        refusal
    }

    pub(super) fn refuse(
        &mut self,
        no: AccountNo,
        wish: Wish,
        refusal: Refusal,
        insight: Option<Insight>,
    ) -> Answer {
        self.emit(Event::Refused { account: no, wish, refusal: refusal.clone(), insight });
        Answer::Refused(refusal)
    }

    /// How much a sell wish means, or why that much is not there.
    pub(super) fn sellable(&self, no: AccountNo, wish: &Wish) -> Result<Qty, Refusal> {
        let position = self.state.account(no).and_then(|a| a.position(wish.instrument));
        let held = position.map_or(Qty::ZERO, |p| p.qty());
        // Protective stops give way to a sale; what already waits to be sold is not there twice.
        let open = self.state.exits_of(no, wish.instrument);
        let stops = open.filter(|o| o.protects());
        let available = position.map_or(Qty::ZERO, |p| p.available());
        let waiting = self.state.waiting(no, wish.instrument);
        let free = stops
            .fold(available, |sum, stop| sum.saturating_add(stop.remaining()))
            .saturating_sub(waiting)
            .or_zero();
        let listing = self.state.listings.get(&wish.instrument);
        let reference = self.reference(wish.instrument, wish.order_type);
        let qty = match wish.size {
            Size::All => free,
            Size::Units(q) => q,
            Size::Dollars(m) => {
                let priced = listing.zip(reference);
                priced.and_then(|(l, p)| l.instrument.quantity(m, p)).unwrap_or(Qty::ZERO)
            }
        };
        if qty.is_positive() && qty <= free {
            return Ok(qty);
        }
        let (code, change) = match (reference, wish.size) {
            (None, Size::Dollars(_)) => {
                let stale = listing.map_or(Span::ZERO, |l| l.instrument.stale_after);
                (Code::NoPrice, Change::MarkNoOlderThan(stale))
            }
            _ if qty.is_zero() && free.is_positive() => {
                let lot = listing
                    .zip(reference)
                    .and_then(|(l, p)| l.instrument.value(p, l.instrument.lot, Round::Up));
                (Code::TradeTooSmall, Change::SizeAtLeast(lot.unwrap_or(Money::CENT)))
            }
            _ => (Code::ExceedsPosition, Change::QuantityAtMost(free)),
        };
        Err(Refusal {
            code,
            measured: Measure::Quantity(qty),
            limit: Measure::Quantity(free.min(held)),
            age: Span::ZERO,
            changes: vec![change],
        })
    }

    pub(super) fn cancel(&mut self, no: AccountNo, order: OrderId) -> Answer {
        match self.state.orders.get(&order) {
            Some(open) if open.ticket.account == no => {
                if !open.cancelling {
                    self.request_cancel(order);
                }
                Answer::Done
            }
            _ => Answer::Declined(Decline::UnknownOrder),
        }
    }

    pub(super) fn venue(&self, instrument: InstrumentId) -> crate::words::instrument::VenueName {
        let listing = self.state.listings.get(&instrument);
        listing.map_or(crate::words::instrument::VenueName::Paper, |l| l.instrument.venue)
    }

    pub(super) fn evidence(
        &self,
        instrument: InstrumentId,
        equity: Money,
        level: Level,
    ) -> Evidence {
        let listing = self.state.listings.get(&instrument);
        let conditions = self.state.conditions;
        Evidence {
            mark: listing.and_then(|l| l.mark).unwrap_or(Price::ZERO),
            mark_age: listing.map_or(Span::ZERO, |l| self.clock.since(l.mark_at)),
            equity,
            volatility: conditions.zip(listing).and_then(|(c, l)| c.volatility(l.instrument.class)),
            regime: conditions.and_then(|c| c.regime),
            level,
            insight: None,
        }
    }

    /// Gathers what the gates look at.
    pub(super) fn facts(
        &self,
        no: AccountNo,
        wish: &Wish,
        draft: &Draft,
        keyed: bool,
    ) -> Option<Facts> {
        let own = self.state.account(no)?;
        // A sleeve spends its own money; everything else is judged for its owner.
        let root = self.state.root_of(no);
        let account = self.state.account(root)?;
        let listing = self.state.listings.get(&wish.instrument)?;
        let instrument = &listing.instrument;
        let rules = self.tier(account);
        let session = self.state.session(instrument.hours);
        let adds_to = instrument.adds_to(wish.side);
        let (positions, opens) = self.count_positions(root, adds_to);
        let price = self.entry_reference(wish);
        let lot = instrument.lot;
        let lot_value = price.and_then(|p| self.state.dollars(instrument, p, lot, Round::Up));
        let (mark, mark_at, stale_after) = self.state.newest(listing);
        let own_list = account.own.as_ref().and_then(|own| own.symbols.as_ref());
        let (duplicate_until, rate_free_at) = self.pacing(no, wish, rules, keyed);
        let is_option = instrument.is_option();
        Some(Facts {
            now: self.clock,
            notional: draft.notional,
            lot_value: lot_value.unwrap_or(Money::ZERO),
            buffer: if is_option { self.rules.premium_slack } else { self.rules.buffer },
            side: wish.side,
            order_type: wish.order_type,
            tif: wish.tif,
            killed: self.switches(account, instrument, wish).min(),
            class_allowed: rules.allows(instrument.class),
            limits: account.limits(rules),
            min_balance: self.rules.min_balance,
            equity: self.state.guarded_equity(root),
            free_cash: own.unclaimed(),
            in_symbol: self.in_symbol(no, adds_to),
            opens,
            positions,
            open_orders: u16::try_from(own.orders.len()).unwrap_or(u16::MAX),
            max_open_orders: self.rules.max_open_orders,
            opposite: self.opposite(no, wish),
            day_start: account.day_start,
            day_ends: account.day_ends(self.clock),
            daily_halt: account.daily_halt,
            peak: account.peak,
            drawdown_halt: account.drawdown_halt,
            account: account.id,
            volatility: self.state.conditions.and_then(|c| c.volatility(instrument.class)),
            volatility_at: self.state.conditions.map_or(self.clock, |c| c.at),
            black_swan_above: BLACK_SWAN_ABOVE,
            tradable: instrument.is_tradable(),
            expiry: instrument.expiry(),
            mark,
            mark_at,
            stale_after,
            collar: if is_option {
                self.rules.premium_slack
            } else {
                self.rules.collars[instrument.class.index()]
            },
            open: session.open,
            may_wait: self.rules.queues_when_closed,
            opens_at: session.until,
            symbol_allowed: own_list.is_none_or(|list| list.contains(&adds_to)),
            venue_up: !self.state.venues_down.contains(&instrument.venue),
            duplicate_until,
            rate_free_at,
        })
    }

    /// Open entries in contracts that go the other way than a wish.
    pub(super) fn opposite(&self, no: AccountNo, wish: &Wish) -> u16 {
        if !self.state.is_margined(wish.instrument) {
            return 0;
        }
        let entries = self.state.orders_of(no).filter(|open| open.enters(wish.instrument));
        let count = entries.filter(|open| open.ticket.side != wish.side).count();
        u16::try_from(count).unwrap_or(u16::MAX)
    }

    /// Positions held or being opened, and whether an order in this instrument opens a further one.
    fn count_positions(&self, root: AccountNo, instrument: InstrumentId) -> (u16, bool) {
        let mut of: Vec<InstrumentId> = Vec::new();
        for account in self.state.family(root) {
            let held = account.positions.iter().map(|position| position.instrument);
            let entered = account.claims.each().map(|(instrument, _)| instrument);
            for id in held.chain(entered) {
                if !of.contains(&id) {
                    of.push(id);
                }
            }
        }
        (u16::try_from(of.len()).unwrap_or(u16::MAX), !of.contains(&instrument))
    }

    /// Pressed switches that stop an entry.
    fn switches<'a>(
        &'a self,
        account: &'a Account,
        instrument: &'a Instrument,
        wish: &Wish,
    ) -> impl Iterator<Item = Scope> + use<'a> {
        let strategy = Event::strategy(wish.origin);
        let adds_to = instrument.adds_to(wish.side);
        let stops = move |scope: &Scope| match *scope {
            Scope::Platform => true,
            Scope::Venue(venue) => venue == instrument.venue,
            Scope::Class(class) => class == instrument.class,
            Scope::Symbol(id) => id == instrument.id || id == adds_to,
            Scope::Strategy(name) => strategy == Some(name),
            Scope::Account(id) => id == account.id,
        };
        let pressed = self.state.pressed.iter().map(|p| p.scope).filter(stops);
        pressed.chain(account.pressed.iter().map(|p| p.scope))
    }

    /// Until when this order counts as a repeat, and when the order rate lets the next one pass.
    fn pacing(
        &self,
        no: AccountNo,
        wish: &Wish,
        rules: &crate::words::tier::TierRules,
        keyed: bool,
    ) -> (Option<Timestamp>, Timestamp) {
        let Some(pulse) = self.pulses.get(no.0 as usize) else {
            return (None, self.clock);
        };
        let (last, at) = pulse.last;
        let repeat = !keyed && wish.origin == Origin::User && last == fingerprint(wish);
        let until = repeat.then(|| at.plus(DUPLICATE_WITHIN));
        let (every, burst) = pace(rules);
        let free_at = pulse.busy_until.saturating_sub(every * (burst - 1));
        (until, if wish.origin.is_asked() { Timestamp(free_at) } else { self.clock })
    }

    /// Counts an entry that the owner asked for towards the rate (generic cell rate algorithm).
    fn count_order(&mut self, no: AccountNo, origin: Origin) {
        let Some(account) = self.state.account(no).filter(|_| origin.is_asked()) else {
            return;
        };
        let (every, burst) = pace(self.tier(account));
        let clock = self.clock.0;
        if let Some(pulse) = self.pulses.get_mut(no.0 as usize)
            && clock >= pulse.busy_until.saturating_sub(every * (burst - 1))
        {
            pulse.busy_until = pulse.busy_until.max(clock).saturating_add(every);
        }
    }

    /// Remembers an approved entry of the user, to know a repeat.
    fn note_order(&mut self, no: AccountNo, wish: &Wish) {
        let clock = self.clock;
        if let Some(pulse) = self.pulses.get_mut(no.0 as usize)
            && wish.origin == Origin::User
        {
            pulse.last = (fingerprint(wish), clock);
        }
    }
}

/// Microseconds an order uses up, and how many may come at once.
fn pace(rules: &crate::words::tier::TierRules) -> (i64, i64) {
    let every = 1_000_000 / i64::from(rules.orders_per_second.max(1));
    (every, i64::from(rules.order_burst.max(1)))
}

/// Equal for equal wishes; zero is left for "none yet".
fn fingerprint(wish: &Wish) -> u64 {
    use core::hash::{Hash, Hasher};
    struct Fnv(u64);
    impl Hasher for Fnv {
        fn finish(&self) -> u64 {
            self.0
        }
        fn write(&mut self, bytes: &[u8]) {
            for byte in bytes {
                self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    let mut to = Fnv(0xcbf2_9ce4_8422_2325);
    (wish.instrument, wish.side, wish.order_type, wish.tif).hash(&mut to);
    match wish.size {
        Size::Dollars(m) => (0u8, m.raw()).hash(&mut to),
        Size::Units(q) => (1u8, q.raw()).hash(&mut to),
        Size::All => 2u8.hash(&mut to),
    }
    to.finish() | 1
}
