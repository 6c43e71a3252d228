//! What an account holds of one instrument: lots, their cost, and what is already on its way out.

use crate::words::fixed::Round;
use crate::words::id::InstrumentId;
use crate::words::money::{Money, Qty};
use crate::words::order::{OrderType, Origin, Side, TimeInForce};
use crate::words::signal::StrategyName;
use crate::words::time::Timestamp;
use minicbor::{Decode, Encode};

/// Most lots of a holding: whoever buys for ever in small parts must not slow every price down.
pub const LOTS_KEPT: usize = 64;

/// What was bought at once, or sold short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Lot {
    /// How much is left of it; above zero also of what is short.
    #[n(0)]
    pub qty: Qty,
    /// What that cost, fees apart; of contracts what they were agreed at, or settled at since.
    #[n(1)]
    pub cost: Money,
    /// When it was opened.
    #[n(2)]
    pub at: Timestamp,
    /// Which strategy opened it; none for the user.
    #[n(3)]
    pub strategy: Option<StrategyName>,
}

/// An exit that waits until the protective stops that hold the quantity are cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct QueuedExit {
    /// How much to sell, or to buy back.
    #[n(0)]
    pub qty: Qty,
    /// Who wants it.
    #[n(1)]
    pub origin: Origin,
    /// Price terms.
    #[n(2)]
    pub order_type: OrderType,
    /// How long the order will stand.
    #[n(3)]
    pub tif: TimeInForce,
}

/// A holding of one instrument: long, or of contracts short. Quantities and costs are above zero either way.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Position {
    /// Of what.
    #[n(0)]
    pub instrument: InstrumentId,
    /// Opened and not yet closed, oldest first.
    #[n(1)]
    lots: Vec<Lot>,
    /// Quantity of open exit orders.
    #[n(2)]
    pub exiting: Qty,
    /// Exits waiting for their turn, one per owner, in the order in which they are sent.
    #[n(3)]
    queued: Vec<QueuedExit>,
    /// Was it opened by selling?
    #[n(4)]
    #[cbor(default)]
    short: bool,
}

/// What a trade did to a position of contracts, dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// By how much the value rose at which all that is held is agreed; what is short counts below zero.
    pub change: Money,
    /// Gain of what was closed.
    pub gain: Money,
}

impl QueuedExit {
    /// Do both exits sell for the same owner: the user, one strategy, its protection, a copy, or the kill switch?
    #[must_use]
    pub fn is_of(&self, origin: Origin) -> bool {
        let signalled = (self.origin.signalled(), origin.signalled());
        match (self.origin, origin) {
            _ if signalled.0.is_some() => signalled.0 == signalled.1,
            (Origin::Copy { .. }, Origin::Copy { .. }) => true,
            (a, b) => a == b,
        }
    }
    /// Is it a protective stop that waits?
    #[must_use]
    pub const fn protects(&self) -> bool {
        matches!(self.origin, Origin::Protection { .. })
    }
    /// Kill switches go first, protection last.
    const fn rank(&self) -> u8 {
        match self.origin {
            Origin::KillSwitch => 0,
            Origin::User | Origin::Strategy { .. } | Origin::Roll { .. } | Origin::Copy { .. } => 1,
            Origin::Protection { .. } => 2,
        }
    }
}

impl Position {
    /// Nothing of this instrument yet.
    #[must_use]
    pub const fn flat(instrument: InstrumentId) -> Self {
        Self { instrument, lots: Vec::new(), exiting: Qty::ZERO, queued: Vec::new(), short: false }
    }
    /// Quantity held, long or short.
    #[must_use]
    pub fn qty(&self) -> Qty {
        self.lots.iter().fold(Qty::ZERO, |sum, lot| sum.saturating_add(lot.qty))
    }
    /// Is it held short?
    #[must_use]
    pub const fn is_short(&self) -> bool {
        self.short
    }
    /// The side that closes it.
    #[must_use]
    pub const fn exit_side(&self) -> Side {
        if self.short { Side::Buy } else { Side::Sell }
    }
    /// Quantity held that an order of this side would close.
    #[must_use]
    pub fn closable(&self, side: Side) -> Qty {
        if side == self.exit_side() { self.qty() } else { Qty::ZERO }
    }
    /// Quantity held, below zero if short.
    #[must_use]
    pub fn signed(&self) -> Qty {
        if self.short { self.qty().negated() } else { self.qty() }
    }
    /// What it cost or was agreed at, below zero if short.
    #[must_use]
    pub fn signed_cost(&self) -> Money {
        if self.short { self.cost().negated() } else { self.cost() }
    }
    /// Quantity held that no open exit order has claimed.
    #[must_use]
    pub fn available(&self) -> Qty {
        self.qty().saturating_sub(self.exiting).or_zero()
    }
    /// What it cost, fees apart.
    #[must_use]
    pub fn cost(&self) -> Money {
        self.lots.iter().fold(Money::ZERO, |sum, lot| sum.saturating_add(lot.cost))
    }
    /// Quantity that one strategy bought and still holds.
    #[must_use]
    pub fn held_by(&self, strategy: StrategyName) -> Qty {
        let its = self.lots.iter().filter(|lot| lot.strategy == Some(strategy));
        its.fold(Qty::ZERO, |sum, lot| sum.saturating_add(lot.qty))
    }
    /// Its lots, oldest first.
    #[must_use]
    pub fn lots(&self) -> &[Lot] {
        &self.lots
    }
    /// Does nothing remain of it, neither holding nor order nor waiting exit?
    #[must_use]
    pub fn is_flat(&self) -> bool {
        self.lots.is_empty() && self.exiting.is_zero() && self.queued.is_empty()
    }

    /// Exits waiting for their turn, in the order in which they are sent.
    #[must_use]
    pub fn queued(&self) -> &[QueuedExit] {
        &self.queued
    }
    /// Lets an exit wait; it takes the place of one that its owner has waiting already.
    pub fn queue(&mut self, exit: QueuedExit) {
        self.queued.retain(|other| !other.is_of(exit.origin));
        let at = self.queued.partition_point(|other| other.rank() <= exit.rank());
        self.queued.insert(at, exit);
    }
    /// An exit order of `qty` went out: what its owner had waiting is answered by as much. What a user's exit
    /// leaves is not sent later, by surprise.
    pub fn unqueue(&mut self, origin: Origin, qty: Qty) {
        if let Some(exit) = self.queued.iter_mut().find(|exit| exit.is_of(origin)) {
            let all = origin == Origin::User;
            exit.qty = if all { Qty::ZERO } else { exit.qty.saturating_sub(qty) };
        }
        self.keep_queued(|exit| exit.qty.is_positive());
    }
    /// Drops the waiting exits that `live` does not pick.
    pub fn keep_queued(&mut self, live: impl FnMut(&QueuedExit) -> bool) {
        self.queued.retain(live);
    }

    /// Adds what was opened. Beyond [`LOTS_KEPT`] the two oldest lots of one owner become one.
    pub fn add(&mut self, lot: Lot) {
        self.lots.push(lot);
        if self.lots.len() <= LOTS_KEPT {
            return;
        }
        for next in 1..self.lots.len() {
            let Lot { qty, cost, strategy, .. } = self.lots[next];
            let older = self.lots[..next].iter_mut().find(|lot| lot.strategy == strategy);
            if let Some(older) = older {
                older.qty = older.qty.saturating_add(qty);
                older.cost = older.cost.saturating_add(cost);
                self.lots.remove(next);
                return;
            }
        }
    }

    /// Trades contracts: what is held the other way is closed first, the rest opens. Works out of `lot`, which is all
    /// that was traded and what it was worth. `None` beyond the range.
    #[must_use]
    pub fn trade(&mut self, side: Side, lot: Lot) -> Option<Turn> {
        let closed = lot.qty.min(self.closable(side));
        let worth = if closed == lot.qty {
            lot.cost
        } else {
            lot.cost.share(closed.raw(), lot.qty.raw(), Round::HalfEven)?
        };
        let rest =
            Lot { qty: lot.qty.checked_sub(closed)?, cost: lot.cost.checked_sub(worth)?, ..lot };
        let before = self.signed_cost();
        let cost = self.take(closed, lot.strategy);
        let gain = match side {
            Side::Sell => worth.checked_sub(cost)?,
            Side::Buy => cost.checked_sub(worth)?,
        };
        if rest.qty.is_positive() {
            self.short = side == Side::Sell;
            self.add(rest);
        }
        Some(Turn { change: self.signed_cost().checked_sub(before)?, gain })
    }

    /// Settles contracts: from now on they are agreed at what `worth` says of a quantity, and the difference is a
    /// gain that is paid. `None` beyond the range.
    #[must_use]
    pub fn settle(&mut self, worth: impl Fn(Qty) -> Option<Money>) -> Option<Turn> {
        let before = self.signed_cost();
        for lot in &mut self.lots {
            lot.cost = worth(lot.qty)?;
        }
        let change = self.signed_cost().checked_sub(before)?;
        Some(Turn { change, gain: change })
    }

    /// What closing `qty` takes out of the cost: first in, first out, the closer's own lots before others'.
    /// The remainder of a split lot keeps the rest of its cost, so nothing is lost to rounding.
    #[must_use]
    pub fn cost_of(&self, qty: Qty, seller: Option<StrategyName>) -> Money {
        self.clone().take(qty, seller)
    }

    /// Takes `qty` out and returns what it had cost. More than is held takes all.
    pub fn take(&mut self, qty: Qty, seller: Option<StrategyName>) -> Money {
        let mut left = qty;
        let mut cost = Money::ZERO;
        for own in [true, false] {
            for lot in &mut self.lots {
                let first = lot.strategy == seller;
                if own != first || !left.is_positive() {
                    continue;
                }
                let part = left.min(lot.qty);
                let out = if part == lot.qty {
                    lot.cost
                } else {
                    lot.cost.share(part.raw(), lot.qty.raw(), Round::Down).unwrap_or(lot.cost)
                };
                lot.qty = lot.qty.saturating_sub(part);
                lot.cost = lot.cost.saturating_sub(out);
                left = left.saturating_sub(part);
                cost = cost.saturating_add(out);
            }
        }
        self.lots.retain(|lot| lot.qty.is_positive());
        cost
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lot(qty: i64, cost: i64, strategy: Option<StrategyName>) -> Lot {
        Lot { qty: Qty::from_raw(qty), cost: Money::from_raw(cost), at: Timestamp(0), strategy }
    }

    proptest! {
        #[test]
        fn cost_is_conserved_however_it_is_sold(
            lots in prop::collection::vec((1i64..1_000_000, 0i64..1_000_000_000, 0u8..3), 1..8),
            sells in prop::collection::vec((1i64..1_500_000, 0u8..3), 1..12),
        ) {
            let by = |n: u8| StrategyName::ALL.get(usize::from(n)).copied().filter(|_| n > 0);
            let mut position = Position::flat(InstrumentId(1));
            for (qty, cost, n) in lots {
                position.add(lot(qty, cost, by(n)));
            }
            let (all_qty, all_cost) = (position.qty(), position.cost());
            let (mut out_qty, mut out_cost) = (Qty::ZERO, Money::ZERO);
            for (qty, n) in sells {
                let qty = Qty::from_raw(qty).min(position.qty());
                prop_assert_eq!(position.cost_of(qty, by(n)), position.take(qty, by(n)).max(Money::ZERO));
                out_qty = out_qty.saturating_add(qty);
                out_cost = all_cost.saturating_sub(position.cost());
            }
            prop_assert_eq!(position.qty().saturating_add(out_qty), all_qty);
            prop_assert_eq!(position.cost().saturating_add(out_cost), all_cost);
            prop_assert!(!position.cost().is_negative());
            if position.qty().is_zero() { prop_assert!(position.cost().is_zero()); }
        }
    }

    #[test]
    fn lots_stay_few_and_keep_their_buyer_and_cost() {
        let trend = Some(StrategyName::CryptoTrendRiding);
        let mut position = Position::flat(InstrumentId(1));
        for n in 0..1_000 {
            position.add(lot(2, n, if n % 3 == 0 { trend } else { None }));
        }
        assert_eq!(position.lots().len(), LOTS_KEPT);
        assert_eq!(position.qty(), Qty::from_raw(2_000));
        assert_eq!(position.cost(), Money::from_raw(499_500));
        assert_eq!(position.held_by(StrategyName::CryptoTrendRiding), Qty::from_raw(668));
        let costs: Vec<i64> = position.lots().iter().rev().take(50).map(|l| l.cost.raw()).collect();
        assert_eq!(costs, (950..1_000).rev().collect::<Vec<_>>(), "the newest are as bought");
    }

    #[test]
    fn the_user_sells_the_users_lots_first() {
        let trend = Some(StrategyName::CryptoTrendRiding);
        let mut position = Position::flat(InstrumentId(1));
        position.add(lot(10, 300, trend));
        position.add(lot(10, 100, None));
        assert_eq!(position.take(Qty::from_raw(10), None), Money::from_raw(100));
        assert_eq!(position.take(Qty::from_raw(10), None), Money::from_raw(300));
    }

    #[test]
    fn one_exit_waits_per_owner_and_kill_switches_go_first() {
        let of = |origin, qty| QueuedExit {
            qty: Qty::from_raw(qty),
            origin,
            order_type: OrderType::Market,
            tif: TimeInForce::Gtc,
        };
        let strategy = StrategyName::CryptoTrendRiding;
        let signal =
            |n| Origin::Strategy { strategy, signal: crate::words::id::SignalId(n), version: None };
        let mut position = Position::flat(InstrumentId(1));
        for (origin, qty) in [
            (Origin::Protection { strategy }, 1),
            (Origin::User, 2),
            (signal(1), 3),
            (Origin::KillSwitch, 4),
            (signal(2), 5),
        ] {
            position.queue(of(origin, qty));
        }
        let row: Vec<i64> = position.queued().iter().map(|exit| exit.qty.raw()).collect();
        assert_eq!(row, [4, 2, 5, 1]);
        position.unqueue(signal(3), Qty::from_raw(2));
        position.unqueue(Origin::User, Qty::from_raw(1));
        let row: Vec<i64> = position.queued().iter().map(|exit| exit.qty.raw()).collect();
        assert_eq!(row, [4, 3, 1], "a strategy's rest waits on, a user's does not");
        assert!(!position.is_flat());
    }

    #[test]
    fn a_strategy_sells_its_own_lots_first() {
        let trend = Some(StrategyName::CryptoTrendRiding);
        let mut position = Position::flat(InstrumentId(1));
        position.add(lot(10, 100, None));
        position.add(lot(10, 300, trend));
        assert_eq!(position.take(Qty::from_raw(5), trend), Money::from_raw(150));
        assert_eq!(position.take(Qty::from_raw(5), None), Money::from_raw(50));
        assert_eq!(position.held_by(StrategyName::CryptoTrendRiding), Qty::from_raw(5));
    }
}
