//! What an account's open entries claim, by instrument: kept as orders open, fill and end, since a walk through two
//! hundred open orders costs more than the verdict that asks for it. Derived: no snapshot keeps it.

use super::state::State;
use crate::words::id::{AccountNo, InstrumentId};
use crate::words::money::Money;

/// Sums over the open entries of one account, sorted by instrument.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Claims(Vec<Claim>);

/// Those of one instrument, which has at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Claim {
    instrument: InstrumentId,
    orders: u32,
    money: Money,
}

impl Claims {
    fn find(&self, instrument: InstrumentId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&instrument, |claim| claim.instrument)
    }

    /// An entry was opened that holds this much back.
    pub(super) fn open(&mut self, instrument: InstrumentId, money: Money) {
        let at = self.find(instrument).unwrap_or_else(|at| {
            self.0.insert(at, Claim { instrument, orders: 0, money: Money::ZERO });
            at
        });
        let claim = &mut self.0[at];
        claim.orders += 1;
        claim.money = claim.money.saturating_add(money);
    }

    /// A fill has freed a part of what an entry holds back.
    pub(super) fn free(&mut self, instrument: InstrumentId, money: Money) {
        if let Ok(at) = self.find(instrument) {
            self.0[at].money = self.0[at].money.saturating_sub(money);
        }
    }

    /// An entry ended that still held this much back.
    pub(super) fn close(&mut self, instrument: InstrumentId, money: Money) {
        self.free(instrument, money);
        if let Ok(at) = self.find(instrument) {
            self.0[at].orders -= 1;
            if self.0[at].orders == 0 {
                self.0.remove(at);
            }
        }
    }

    /// What is held back in an instrument.
    pub(super) fn of(&self, instrument: InstrumentId) -> Money {
        self.find(instrument).map_or(Money::ZERO, |at| self.0[at].money)
    }

    /// Each instrument that is being entered, and what is held back in it.
    pub(super) fn each(&self) -> impl Iterator<Item = (InstrumentId, Money)> + '_ {
        self.0.iter().map(|claim| (claim.instrument, claim.money))
    }
}

impl State {
    /// The claims of an account by the walk that they spare.
    pub(super) fn walk_claims(&self, no: AccountNo) -> Claims {
        let mut claims = Claims::default();
        for open in self.orders_of(no).filter(|open| open.is_entry()) {
            claims.open(open.ticket.adds_to(), open.reserved);
        }
        claims
    }

    /// Do the sums of an account equal the walk?
    pub(super) fn claims_hold(&self, no: AccountNo) -> bool {
        self.account(no).is_none_or(|account| account.claims == self.walk_claims(no))
    }
}
