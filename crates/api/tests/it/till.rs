//! A till of payers and checkouts; attempts are the cashier's, which is not here.

use nija_core::ports::Doing;
use nija_core::ports::control::ControlError;
use nija_core::ports::payments::Payer;
use nija_core::ports::till::{Attempt, OpenCheckout, Till};
use nija_core::words::id::AccountId;
use nija_core::words::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Mutex;

#[derive(Default)]
pub(crate) struct FakeTill {
    pub(crate) payers: Mutex<BTreeMap<AccountId, Payer>>,
    pub(crate) checkouts: Mutex<Vec<OpenCheckout>>,
}

fn done<T: Send + 'static>(answer: T) -> Doing<'static, Result<T, ControlError>> {
    Box::pin(std::future::ready(Ok(answer)))
}

impl Till for FakeTill {
    fn keep_payer(
        &self,
        account: AccountId,
        payer: Payer,
        _: Timestamp,
    ) -> Doing<'_, Result<(), ControlError>> {
        self.payers.lock().unwrap().insert(account, payer);
        done(())
    }
    fn payer(&self, account: AccountId) -> Doing<'_, Result<Option<Payer>, ControlError>> {
        done(self.payers.lock().unwrap().get(&account).cloned())
    }
    fn forget_payer(
        &self,
        account: AccountId,
        _: Timestamp,
    ) -> Doing<'_, Result<(), ControlError>> {
        self.payers.lock().unwrap().remove(&account);
        done(())
    }
    fn remember_checkout(&self, checkout: OpenCheckout) -> Doing<'_, Result<(), ControlError>> {
        self.checkouts.lock().unwrap().push(checkout);
        done(())
    }
    fn forget_checkout<'a>(&'a self, _: &'a str) -> Doing<'a, Result<(), ControlError>> {
        unreachable!("the cashier's")
    }
    fn checkouts<'a>(
        &'a self,
        _: &'a str,
        _: u32,
    ) -> Doing<'a, Result<Vec<OpenCheckout>, ControlError>> {
        unreachable!("the cashier's")
    }
    fn write_attempt(&self, _: Attempt) -> Doing<'_, Result<(), ControlError>> {
        unreachable!("the cashier's")
    }
    fn attempt(&self, _: AccountId) -> Doing<'_, Result<Option<Attempt>, ControlError>> {
        unreachable!("the cashier's")
    }
}
