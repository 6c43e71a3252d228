//! An owner's accounts in one partition: the main account and its sleeves. Gates and guards look at all of them
//! together; money, positions and marks are each one's own.

use super::account::Account;
use super::state::State;
use crate::copy::sleeve::Stage;
use crate::words::fixed::Round;
use crate::words::id::{AccountNo, InstrumentId};
use crate::words::money::Money;

impl State {
    /// Puts an account into the derived lists of its family and of whom it copies.
    pub(super) fn relate(&mut self, no: AccountNo) {
        let Some(sleeve) = self.account(no).and_then(|account| account.sleeve.as_deref()) else {
            return;
        };
        let (parent, leader, stage) = (sleeve.parent, sleeve.leader, sleeve.stage);
        let heard = sleeve.heard;
        if let Some(parent) = self.accounts.get_mut(parent.0 as usize)
            && !parent.sleeves.contains(&no)
        {
            parent.sleeves.push(no);
        }
        let followers = self.followers.entry(leader).or_default();
        if stage == Stage::Active {
            followers.insert(no, heard);
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

    /// Accounts that hold an instrument, and the main accounts behind them, each once however many hold it.
    pub(super) fn holding(&self, instrument: InstrumentId) -> (Vec<AccountNo>, Vec<AccountNo>) {
        let holders = self.holders.get(&instrument).into_iter().flatten();
        let holders: Vec<AccountNo> = holders.copied().collect();
        let mut owners: Vec<AccountNo> = holders.iter().map(|no| self.root_of(*no)).collect();
        owners.sort_unstable();
        owners.dedup();
        (holders, owners)
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
