//! An owner's accounts in one partition: the main account and its sleeves. Gates and guards look at all of them
//! together; money, positions and marks are each one's own.

use super::account::Account;
use super::state::State;
use crate::copy::sleeve::Stage;
use crate::words::fixed::Round;
use crate::words::id::AccountNo;
use crate::words::money::Money;

impl State {
    /// Puts an account into the derived lists of its family and of whom it copies.
    pub(super) fn relate(&mut self, no: AccountNo) {
        let Some(sleeve) = self.account(no).and_then(|account| account.sleeve.as_deref()) else {
            return;
        };
        let (parent, leader, stage) = (sleeve.parent, sleeve.leader, sleeve.stage);
        let siblings = self.sleeves.entry(parent).or_default();
        if !siblings.contains(&no) {
            siblings.push(no);
        }
        if let Some(parent) = self.accounts.get_mut(parent.0 as usize) {
            parent.has_sleeves = true;
        }
        let followers = self.followers.entry(leader).or_default();
        if stage == Stage::Active {
            followers.insert(no);
        } else {
            followers.remove(&no);
        }
    }

    /// The main account behind an account: itself, unless it is a sleeve.
    pub(super) fn root_of(&self, no: AccountNo) -> AccountNo {
        let sleeve = self.account(no).and_then(|account| account.sleeve.as_deref());
        sleeve.map_or(no, |sleeve| sleeve.parent)
    }

    /// The same, as an account.
    pub(super) fn root<'a>(&'a self, account: &'a Account) -> &'a Account {
        let sleeve = account.sleeve.as_deref();
        sleeve.and_then(|sleeve| self.account(sleeve.parent)).unwrap_or(account)
    }

    /// Sleeves of a main account.
    pub(super) fn sleeves_of(&self, root: AccountNo) -> impl Iterator<Item = AccountNo> + '_ {
        self.sleeves.get(&root).into_iter().flatten().copied()
    }

    /// A main account and its sleeves, by number. Cheap for the many that have none.
    pub(super) fn family_nos(&self, root: AccountNo) -> impl Iterator<Item = AccountNo> + use<> {
        let has_sleeves = self.account(root).is_some_and(|account| account.has_sleeves);
        let sleeves: Vec<AccountNo> =
            if has_sleeves { self.sleeves_of(root).collect() } else { Vec::new() };
        core::iter::once(root).chain(sleeves)
    }

    /// A main account and its sleeves.
    pub(super) fn family(&self, root: AccountNo) -> impl Iterator<Item = &Account> {
        self.family_nos(root).filter_map(|no| self.account(no))
    }

    /// Equity of all of an owner's accounts here.
    pub(super) fn family_equity(&self, root: AccountNo) -> Money {
        let accounts = self.family(root);
        accounts.fold(Money::ZERO, |sum, account| sum.saturating_add(self.equity(account)))
    }

    /// What an account's guards measure: a sleeve's own equity, a main account's with all its sleeves.
    pub(super) fn guarded_equity(&self, no: AccountNo) -> Money {
        match self.account(no) {
            Some(account) if account.has_sleeves => self.family_equity(no),
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
