//! The cashier's memory in the control database.

use super::{Control, bytes, id_of};
use crate::error::Fault;
use nija_core::ports::Doing;
use nija_core::ports::control::ControlError;
use nija_core::ports::payments::Payer;
use nija_core::ports::till::{Attempt, OpenCheckout, Till};
use nija_core::words::id::AccountId;
use nija_core::words::money::Money;
use nija_core::words::time::Timestamp;
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Row};
use std::str::FromStr;

/// News that is older than what is known changes nothing.
const SET_PAYER: &str = "INSERT INTO payer (account, customer, method, at) VALUES (?1, ?2, ?3, ?4) \
     ON CONFLICT (account) DO UPDATE SET customer = ?2, method = ?3, at = ?4 WHERE payer.at < ?4";
const PAYER: &str = "SELECT customer, method FROM payer WHERE account = ?1 AND method IS NOT NULL";
const REMEMBER: &str = "INSERT OR REPLACE INTO checkout (reference, invoice, account, expires_at) \
                        VALUES (?1, ?2, ?3, ?4)";
const CHECKOUTS: &str = "SELECT reference, invoice, account, expires_at FROM checkout \
                         WHERE reference > ?1 ORDER BY reference LIMIT ?2";
const WRITE_ATTEMPT: &str = "INSERT OR REPLACE INTO attempt (account, invoice, number, reminders, amount, answered) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const ATTEMPT: &str =
    "SELECT account, invoice, number, reminders, amount, answered FROM attempt WHERE account = ?1";

/// A value that is kept as its text.
fn parsed<T: FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|why: T::Err| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, why.into())
    })
}

fn checkout_of(row: &Row<'_>) -> rusqlite::Result<OpenCheckout> {
    let expires_at: Option<i64> = row.get(3)?;
    Ok(OpenCheckout {
        reference: row.get(0)?,
        invoice: parsed(row, 1)?,
        account: AccountId(id_of(row, 2)?),
        expires_at: expires_at.map(Timestamp),
    })
}

fn attempt_of(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    Ok(Attempt {
        account: AccountId(id_of(row, 0)?),
        invoice: parsed(row, 1)?,
        number: row.get(2)?,
        reminders: row.get(3)?,
        amount: Money::from_raw(row.get(4)?),
        answered: row.get(5)?,
    })
}

fn payer_of(row: &Row<'_>) -> rusqlite::Result<Payer> {
    Ok(Payer { customer: row.get(0)?, method: row.get(1)? })
}

impl Control {
    /// One statement that changes the till; whether it found a row does not matter.
    fn put<'a>(
        &'a self,
        sql: &'static str,
        row: impl Fn() -> Vec<Value> + Send + 'static,
    ) -> Doing<'a, Result<(), ControlError>> {
        self.write(move |transaction| {
            transaction.prepare_cached(sql)?.execute(rusqlite::params_from_iter(row()))?;
            Ok(())
        })
    }

    fn one<'a, T: Send + 'static>(
        &'a self,
        sql: &'static str,
        account: AccountId,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Doing<'a, Result<Option<T>, ControlError>> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let found = statement.query_row([bytes(account.0)], read).optional();
            found.map_err(Fault::from)
        })
    }
}

impl Till for Control {
    fn keep_payer(
        &self,
        account: AccountId,
        payer: Payer,
        at: Timestamp,
    ) -> Doing<'_, Result<(), ControlError>> {
        let Payer { customer, method } = payer;
        self.put(SET_PAYER, move || {
            let names = [customer.clone(), method.clone()].map(Value::from);
            [bytes(account.0).to_vec().into()]
                .into_iter()
                .chain(names)
                .chain([at.0.into()])
                .collect()
        })
    }

    fn payer(&self, account: AccountId) -> Doing<'_, Result<Option<Payer>, ControlError>> {
        self.one(PAYER, account, payer_of)
    }

    fn forget_payer(
        &self,
        account: AccountId,
        at: Timestamp,
    ) -> Doing<'_, Result<(), ControlError>> {
        let row =
            move || vec![bytes(account.0).to_vec().into(), Value::Null, Value::Null, at.0.into()];
        self.put(SET_PAYER, row)
    }

    fn remember_checkout(&self, checkout: OpenCheckout) -> Doing<'_, Result<(), ControlError>> {
        self.put(REMEMBER, move || {
            vec![
                checkout.reference.clone().into(),
                checkout.invoice.to_string().into(),
                bytes(checkout.account.0).to_vec().into(),
                checkout.expires_at.map(|at| at.0).into(),
            ]
        })
    }

    fn forget_checkout<'a>(&'a self, reference: &'a str) -> Doing<'a, Result<(), ControlError>> {
        let reference = reference.to_owned();
        let row = move || vec![reference.clone().into()];
        self.put("DELETE FROM checkout WHERE reference = ?1", row)
    }

    fn checkouts<'a>(
        &'a self,
        after: &'a str,
        limit: u32,
    ) -> Doing<'a, Result<Vec<OpenCheckout>, ControlError>> {
        let after = after.to_owned();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(CHECKOUTS)?;
            let rows = statement.query_map((after, limit), checkout_of)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    fn write_attempt(&self, attempt: Attempt) -> Doing<'_, Result<(), ControlError>> {
        self.put(WRITE_ATTEMPT, move || {
            vec![
                bytes(attempt.account.0).to_vec().into(),
                attempt.invoice.to_string().into(),
                i64::from(attempt.number).into(),
                i64::from(attempt.reminders).into(),
                attempt.amount.raw().into(),
                i64::from(attempt.answered).into(),
            ]
        })
    }

    fn attempt(&self, account: AccountId) -> Doing<'_, Result<Option<Attempt>, ControlError>> {
        self.one(ATTEMPT, account, attempt_of)
    }
}
