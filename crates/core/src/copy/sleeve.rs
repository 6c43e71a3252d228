//! A sleeve as its desk keeps it: whom it copies, on which terms, and what came of it.

use super::terms::CopyTerms;
use crate::words::fixed::Round;
use crate::words::id::{AccountId, AccountNo, InstrumentId};
use crate::words::money::{Money, Pct};
use crate::words::time::{Span, Timestamp};
use minicbor::{Decode, Encode};
use serde::Serialize;

/// How long a loss is remembered for a follower who stops and comes back (fees.md 5.5).
pub const LOSS_KEPT: Span = Span(180 * Span::DAY.0);
/// Instruments of which a part too small to buy is carried over.
const CARRIED: usize = 16;

/// Where a sleeve stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Stage {
    /// It copies.
    #[n(0)]
    Active,
    /// It sells what it holds; then the money goes back.
    #[n(1)]
    Stopping,
    /// It is empty; its record stays.
    #[n(2)]
    Stopped,
}

/// Why a sleeve stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum StopCause {
    /// The follower wants it.
    #[n(0)]
    Follower,
    /// So much was lost as the follower allows.
    #[n(1)]
    StopLoss,
}

/// A sleeve, beside what its account knows by itself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Sleeve {
    /// The follower's main account.
    #[n(0)]
    pub parent: AccountNo,
    /// Whose leads it hears.
    #[n(1)]
    pub leader: AccountId,
    /// The follower's terms.
    #[n(2)]
    pub terms: CopyTerms,
    /// Where it stands.
    #[n(3)]
    pub stage: Stage,
    /// Since when, by the last start.
    #[n(4)]
    pub since: Timestamp,
    /// The last lead it has heard.
    #[n(5)]
    pub heard: u64,
    /// Money put in, less the part of it that was taken out again: what a stop-loss is measured by.
    #[n(6)]
    pub basis: Money,
    /// Loss below the mark when it was stopped, and when that was.
    #[n(7)]
    pub loss: Option<(Money, Timestamp)>,
    /// What copies cost more than the leader's prices; below zero when they cost less.
    #[n(8)]
    pub slippage: Money,
    /// Purchases copied.
    #[n(9)]
    pub copied: u32,
    /// Leads that led to no order, refusals by gates included.
    #[n(10)]
    pub skipped: u32,
    /// Parts too small to be bought, waiting for the leader's next purchase.
    #[n(11)]
    carried: Vec<(InstrumentId, Money)>,
    /// The largest basis it ever had.
    #[n(12)]
    pub most: Money,
}

impl Sleeve {
    /// One that begins now.
    #[must_use]
    pub fn new(parent: AccountNo, leader: AccountId, since: Timestamp) -> Self {
        Self {
            parent,
            leader,
            terms: CopyTerms::default(),
            stage: Stage::Stopped,
            since,
            heard: 0,
            basis: Money::ZERO,
            loss: None,
            slippage: Money::ZERO,
            copied: 0,
            skipped: 0,
            carried: Vec::new(),
            most: Money::ZERO,
        }
    }

    /// Does it hear purchases?
    #[must_use]
    pub const fn enters(&self) -> bool {
        matches!(self.stage, Stage::Active) && !self.terms.paused
    }

    /// What earlier purchases left over for an instrument.
    #[must_use]
    pub fn carried(&self, instrument: InstrumentId) -> Money {
        let mut of = self.carried.iter().filter(|(id, _)| *id == instrument);
        of.next().map_or(Money::ZERO, |(_, amount)| *amount)
    }
    /// Sets what is carried over for an instrument; the oldest gives way when there are too many.
    pub fn carry(&mut self, instrument: InstrumentId, amount: Money) {
        self.carried.retain(|(id, _)| *id != instrument);
        if amount.is_positive() {
            if self.carried.len() == CARRIED {
                self.carried.remove(0);
            }
            self.carried.push((instrument, amount));
        }
    }

    /// Money comes in, or goes out of so much equity: the basis follows.
    pub fn flow(&mut self, amount: Money, before: Money) {
        self.basis = if amount.is_negative() {
            let left = before.saturating_add(amount).or_zero();
            let all = before.raw().max(1);
            self.basis.share(left.raw().min(all), all, Round::HalfEven).unwrap_or(Money::ZERO)
        } else {
            self.basis.saturating_add(amount)
        };
        self.most = self.most.max(self.basis);
    }

    /// Has so much been lost that copying is to stop?
    #[must_use]
    pub fn is_lost(&self, equity: Money) -> bool {
        let Some(pct) = self.terms.stop_loss_pct else { return false };
        let lost = self.basis.saturating_sub(equity);
        let loss = lost.percent_of(self.basis, Round::Down).unwrap_or(Pct::ZERO);
        self.stage == Stage::Active && self.basis.is_positive() && loss >= pct
    }

    /// The loss that a new start takes over.
    #[must_use]
    pub fn remembered(&self, now: Timestamp) -> Money {
        match self.loss {
            Some((loss, at)) if now.since(at) <= LOSS_KEPT => loss,
            _ => Money::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeve() -> Sleeve {
        Sleeve::new(AccountNo(0), AccountId(1), Timestamp::EPOCH)
    }

    #[test]
    fn a_stop_loss_is_measured_by_the_money_put_in() {
        let mut sleeve = sleeve();
        sleeve.stage = Stage::Active;
        sleeve.terms.stop_loss_pct = Some(Pct::whole(20));
        sleeve.flow(Money::whole(1_000), Money::ZERO);
        assert!(!sleeve.is_lost(Money::whole(801)) && sleeve.is_lost(Money::whole(800)));
        // Half of what is left goes out: the basis is halved, not lowered by the amount.
        sleeve.flow(Money::whole(-450), Money::whole(900));
        assert_eq!(sleeve.basis, Money::whole(500));
        assert!(!sleeve.is_lost(Money::whole(450)) && sleeve.is_lost(Money::whole(400)));
    }

    #[test]
    fn what_is_too_small_is_carried_and_the_list_has_an_end() {
        let mut sleeve = sleeve();
        for id in 0..40 {
            sleeve.carry(InstrumentId(id), Money::CENT);
        }
        assert_eq!(sleeve.carried(InstrumentId(0)), Money::ZERO);
        assert_eq!(sleeve.carried(InstrumentId(39)), Money::CENT);
        sleeve.carry(InstrumentId(39), Money::ZERO);
        assert_eq!((sleeve.carried(InstrumentId(39)), sleeve.carried.len()), (Money::ZERO, 15));
    }

    #[test]
    fn a_loss_is_remembered_for_180_days() {
        let mut sleeve = sleeve();
        sleeve.loss = Some((Money::whole(7), Timestamp::EPOCH));
        assert_eq!(sleeve.remembered(Timestamp(LOSS_KEPT.0)), Money::whole(7));
        assert_eq!(sleeve.remembered(Timestamp(LOSS_KEPT.0 + 1)), Money::ZERO);
    }
}
