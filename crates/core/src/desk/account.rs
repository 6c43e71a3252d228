//! One trading account as its desk holds it: small while idle, since there may be a million.

use super::claims::Claims;
use super::event::{Grant, OwnLimits};
use super::keys::Keys;
use crate::allocation::Split;
use crate::billing::fee::Fee;
use crate::billing::mark::Mark;
use crate::billing::recurring::Began;
use crate::billing::subscription::Subscription;
use crate::copy::master::Master;
use crate::copy::sleeve::Sleeve;
use crate::ledger::chart::{Book, Books};
use crate::positions::Position;
use crate::risk::kill::Pressed;
use crate::words::id::{AccountId, AccountNo, FillId, InstrumentId, OrderId, UserId};
use crate::words::money::{Money, Qty};
use crate::words::order::{OrderState, Origin, Purpose, Swap, Ticket};
use crate::words::tier::{Limits, Tier, TierRules, Tolerance};
use crate::words::time::{Span, Timestamp};
use minicbor::{Decode, Encode};

/// An account. What every verdict looks at lies in front and together: of a million accounts each line of the
/// cache is a wait of its own.
#[derive(Clone, Debug, Encode, Decode)]
#[repr(C)]
pub(super) struct Account {
    #[n(0)]
    pub(super) id: AccountId,
    #[n(18)]
    pub(super) positions: Vec<Position>,
    #[n(19)]
    pub(super) orders: Vec<OrderId>,
    #[n(10)]
    pub(super) reserved: Money,
    #[n(11)]
    pub(super) peak: Money,
    #[n(12)]
    pub(super) day_start: Money,
    #[n(6)]
    pub(super) day_starts: Span,
    #[n(15)]
    pub(super) pressed: Option<Box<Pressed>>,
    #[n(16)]
    pub(super) own: Option<Box<OwnLimits>>,
    #[n(2)]
    pub(super) tier: Tier,
    #[n(3)]
    pub(super) tolerance: Tolerance,
    #[n(4)]
    pub(super) autopilot: bool,
    /// Did or held something since the day began, so that its end must be written.
    #[n(8)]
    pub(super) active: bool,
    #[n(13)]
    pub(super) daily_halt: bool,
    #[n(14)]
    pub(super) drawdown_halt: bool,
    /// Derived: does a loss stop its copying?
    #[cbor(skip)]
    pub(super) may_stop: bool,
    #[n(7)]
    pub(super) day: i32,
    /// Derived: the main account behind a sleeve.
    #[cbor(skip)]
    pub(super) owner: Option<AccountNo>,
    #[n(9)]
    pub(super) books: Books,
    /// Derived: its sleeves.
    #[cbor(skip)]
    pub(super) sleeves: Vec<AccountNo>,
    #[n(17)]
    pub(super) split: Option<Split>,
    #[n(20)]
    pub(super) keys: Option<Box<Keys>>,
    #[n(5)]
    pub(super) opened_at: Timestamp,
    #[n(1)]
    pub(super) user: UserId,
    /// None until the first flow or month's end after accounts had marks.
    #[n(21)]
    pub(super) mark: Option<Mark>,
    /// What it is beside a main account that trades for itself.
    #[n(22)]
    pub(super) sleeve: Option<Box<Sleeve>>,
    #[n(23)]
    pub(super) master: Option<Box<Master>>,
    /// What shows that its owner may be charged a performance fee.
    #[n(24)]
    pub(super) qualified: Option<Box<str>>,
    /// The last fee that was fixed, while it can be given back.
    #[n(25)]
    pub(super) charged: Option<Box<Charged>>,
    /// None for an owner who never had one.
    #[n(26)]
    pub(super) subscription: Option<Box<Subscription>>,
    /// What the subscription was worth when the month of its last change began.
    #[n(27)]
    pub(super) began: Option<Box<Began>>,
    /// The tier that holds whatever is subscribed to.
    #[n(28)]
    pub(super) granted: Option<Box<Grant>>,
    /// Derived: what its open entries claim.
    #[cbor(skip)]
    pub(super) claims: Claims,
}

/// A fee that was fixed, and by how much that raised the mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Charged {
    #[n(0)]
    pub(super) raised: Money,
    #[n(1)]
    pub(super) fee: Fee,
}

impl Account {
    /// What is equity beside the worth of the positions: see [`Books::money`].
    pub(super) const fn money(&self) -> Money {
        self.books.money()
    }
    /// Cash that what is held holds back: all that its contracts are agreed at, long and short alike.
    pub(super) fn margin(&self) -> Money {
        let short = self.short_at();
        let long = short.saturating_sub(self.books.balance(Book::Agreed));
        long.saturating_add(short)
    }
    /// What short contracts are agreed at.
    fn short_at(&self) -> Money {
        let short = self.positions.iter().filter(|position| position.is_short());
        short.fold(Money::ZERO, |sum, position| sum.saturating_add(position.cost()))
    }

    pub(super) const fn cash(&self) -> Money {
        self.books.balance(Book::Cash)
    }
    /// Cash that fees owed, open entries and contracts leave; below zero when they claim more than there is.
    pub(super) fn unclaimed(&self) -> Money {
        let short = self.short_at();
        self.money().saturating_sub(short).saturating_sub(short).saturating_sub(self.reserved)
    }
    pub(super) fn free_cash(&self) -> Money {
        self.unclaimed().or_zero()
    }
    /// Does a price call for more than a look at its owner's guards? An order is open, an exit waits, or a loss
    /// would stop it.
    pub(super) fn is_busy(&self) -> bool {
        let waits = |position: &Position| !position.queued().is_empty();
        self.may_stop || !self.orders.is_empty() || self.positions.iter().any(waits)
    }
    pub(super) fn position(&self, instrument: InstrumentId) -> Option<&Position> {
        self.positions.iter().find(|p| p.instrument == instrument)
    }
    pub(super) fn position_mut(&mut self, instrument: InstrumentId) -> &mut Position {
        let at = self.positions.iter().position(|p| p.instrument == instrument);
        let at = at.unwrap_or_else(|| {
            self.positions.push(Position::flat(instrument));
            self.positions.len() - 1
        });
        &mut self.positions[at]
    }
    /// When the trading day that contains `now` ends.
    pub(super) const fn day_ends(&self, now: Timestamp) -> Timestamp {
        Timestamp::of_day(now.day(self.day_starts).saturating_add(1), self.day_starts)
    }
    /// Is the trading day whose start is kept over by `now`?
    pub(super) const fn day_is_over(&self, now: Timestamp) -> bool {
        now.day(self.day_starts) > self.day
    }

    /// The tier's limits, tightened by the user's own.
    pub(super) fn limits(&self, rules: &TierRules) -> Limits {
        let tier = rules.limits;
        let Some(own) = &self.own else { return tier };
        Limits {
            max_position_pct: tighter(own.max_position_pct, tier.max_position_pct),
            max_daily_loss_pct: tighter(own.max_daily_loss_pct, tier.max_daily_loss_pct),
            max_drawdown_pct: tighter(own.max_drawdown_pct, tier.max_drawdown_pct),
            max_open_positions: tighter(own.max_open_positions, tier.max_open_positions),
            volatility_limit: tighter(own.volatility_limit, tier.volatility_limit),
            min_trade: tier.min_trade,
            max_trade: tighter(own.max_trade, tier.max_trade),
        }
    }
}

fn tighter<T: Ord>(own: Option<T>, tier: T) -> T {
    match own {
        Some(own) => own.min(tier),
        None => tier,
    }
}

/// An order that can still change.
#[derive(Clone, Debug, Encode, Decode)]
pub(super) struct Open {
    #[n(0)]
    pub(super) ticket: Ticket,
    #[n(1)]
    pub(super) state: OrderState,
    #[n(2)]
    pub(super) filled: Qty,
    /// What is still held back of the ticket's reservation.
    #[n(3)]
    pub(super) reserved: Money,
    #[n(4)]
    pub(super) cancelling: bool,
    /// Fills seen, so that a repeat is dropped.
    #[n(5)]
    pub(super) fills: Seen,
}

impl Open {
    pub(super) const fn remaining(&self) -> Qty {
        self.ticket.qty.saturating_sub(self.filled)
    }
    /// Is it a protective stop?
    pub(super) const fn protects(&self) -> bool {
        matches!(self.ticket.origin, Origin::Protection { .. })
    }
    /// Does it sell this instrument?
    pub(super) fn leaves(&self, instrument: InstrumentId) -> bool {
        !self.is_entry() && self.ticket.instrument == instrument
    }
    /// Does it buy this instrument?
    pub(super) fn enters(&self, instrument: InstrumentId) -> bool {
        self.is_entry() && self.ticket.adds_to() == instrument
    }
    /// How much of what it adds to it may still bring; a swap that sells its pair at its limit.
    pub(super) fn brings(&self) -> Qty {
        let left = self.remaining();
        let limit = self.ticket.order_type.limit().filter(|_| self.ticket.swap.is_some());
        let units = limit.and_then(|limit| Swap::units(self.ticket.side, left, limit));
        units.map_or(left, |[_, got]| got)
    }
    pub(super) fn is_entry(&self) -> bool {
        self.ticket.purpose == Purpose::Entry
    }
}

/// Fills that were seen. Most orders have one, which needs no room of its own.
#[derive(Clone, Debug, Default, Encode, Decode)]
pub(super) struct Seen {
    #[n(0)]
    first: Option<FillId>,
    /// All others, sorted.
    #[n(1)]
    others: Vec<FillId>,
}

impl Seen {
    pub(super) fn has(&self, fill: FillId) -> bool {
        self.first == Some(fill) || self.others.binary_search(&fill).is_ok()
    }
    pub(super) fn add(&mut self, fill: FillId) {
        if self.first.is_none() {
            self.first = Some(fill);
        } else if self.first != Some(fill)
            && let Err(at) = self.others.binary_search(&fill)
        {
            self.others.insert(at, fill);
        }
    }
    pub(super) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.others.len()
    }
}
