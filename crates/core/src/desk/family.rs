//! An owner's accounts in one partition: the main account and its sleeves. Gates and guards look at all of them
//! together; money, positions and marks are each one's own.

use super::account::Account;
use super::state::State;
use crate::copy::sleeve::Stage;
use crate::positions::Position;
use crate::words::fixed::Round;
use crate::words::id::{AccountNo, InstrumentId};
use crate::words::money::Money;

/// Accounts whose memory is asked for at once.
pub(super) const TOGETHER: usize = 64;

impl State {
    /// Puts an account into the derived lists of its family and of whom it copies.
    pub(super) fn relate(&mut self, no: AccountNo) {
        let Some(sleeve) = self.account(no).and_then(|account| account.sleeve.as_deref()) else {
            return;
        };
        let (parent, leader, stage) = (sleeve.parent, sleeve.leader, sleeve.stage);
        let (heard, may_stop) = (sleeve.heard, sleeve.terms.stop_loss_pct.is_some());
        if let Some(account) = self.accounts.get_mut(no.0 as usize) {
            (account.owner, account.may_stop) = (Some(parent), may_stop);
        }
        if let Some(parent) = self.accounts.get_mut(parent.0 as usize)
            && !parent.sleeves.contains(&no)
        {
            parent.sleeves.push(no);
        }
        let heard = if stage == Stage::Active { heard } else { u64::MAX };
        self.followers.entry(leader).or_default().insert(no, heard);
    }

    /// The main account behind an account: itself, unless it is a sleeve.
    pub(super) fn root_of(&self, no: AccountNo) -> AccountNo {
        self.account(no).and_then(|account| account.owner).unwrap_or(no)
    }

    /// The same, as an account.
    pub(super) fn root<'a>(&'a self, account: &'a Account) -> &'a Account {
        account.owner.and_then(|owner| self.account(owner)).unwrap_or(account)
    }

    /// Sleeves of a main account.
    pub(super) fn sleeves_of(&self, root: AccountNo) -> impl Iterator<Item = AccountNo> + '_ {
        let sleeves = self.account(root).map(|account| account.sleeves.iter());
        sleeves.into_iter().flatten().copied()
    }

    /// A main account and its sleeves, by number.
    pub(super) fn family_nos(&self, root: AccountNo) -> impl Iterator<Item = AccountNo> + '_ {
        core::iter::once(root).chain(self.sleeves_of(root))
    }

    /// A main account and its sleeves.
    pub(super) fn family(&self, root: AccountNo) -> impl Iterator<Item = &Account> {
        self.family_nos(root).filter_map(|no| self.account(no))
    }

    /// The main accounts of those that hold an instrument, each as often as accounts of its family hold it.
    pub(super) fn owners_of(
        &self,
        instrument: InstrumentId,
    ) -> impl Iterator<Item = AccountNo> + '_ {
        let holders = self.holders.get(&instrument).into_iter().flatten();
        holders.map(|no| self.root_of(*no))
    }

    /// Reads what is about to be asked of these owners' accounts. Of many accounts each is a wait for memory; asked
    /// for together, the waits overlap.
    pub(super) fn look_ahead(&self, owners: &[(AccountNo, Money)]) {
        if owners.len() < 2 {
            return;
        }
        let look = |account: &Account| {
            let lots = account.positions.first().map(Position::lots);
            let lot = lots.and_then(|lots| lots.first()).map(|lot| lot.qty);
            core::hint::black_box((lot, account.peak, account.money()));
        };
        owners.iter().for_each(|(owner, _)| self.family(*owner).for_each(look));
    }

    /// Equity of all of an owner's accounts here.
    pub(super) fn family_equity(&self, root: AccountNo) -> Money {
        let accounts = self.family(root);
        accounts.fold(Money::ZERO, |sum, account| sum.saturating_add(self.equity(account)))
    }

    /// What an account's guards measure: a sleeve's own equity, a main account's with all its sleeves.
    pub(super) fn guarded_equity(&self, no: AccountNo) -> Money {
        match self.account(no) {
            Some(account) if !account.sleeves.is_empty() => self.family_equity(no),
            Some(account) => self.equity(account),
            None => Money::ZERO,
        }
    }

    /// Money came in or went out that is neither profit nor loss: peak and day's start move along.
    pub(super) fn shift(&mut self, no: AccountNo, amount: Money, before: Money) -> Option<()> {
        let account = self.accounts.get_mut(no.0 as usize)?;
        for level in [&mut account.peak, &mut account.day_start] {
            *level = if amount.is_negative() && before.is_positive() {
                let after = before.saturating_add(amount).or_zero();
                level.share(after.raw(), before.raw(), Round::Down)?
            } else {
                level.checked_add(amount)?
            };
        }
        account.active = true;
        Some(())
    }
}
