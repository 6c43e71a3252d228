//! Ledger lines and the equity curve.

use super::pass::Pass;
use crate::error::Fault;
use nija_core::ledger::entry::Entry;
use nija_core::words::id::{AccountNo, OrderId};
use nija_core::words::money::Money;
use nija_core::words::time::Timestamp;

const BOOK: &str = "INSERT INTO entry \
     (account, number, partition, seq, event_index, book, amount, cause, order_id, at) \
     VALUES (?1, 1 + coalesce((SELECT max(number) FROM entry WHERE account = ?1), 0), \
     ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const CLOSE_DAY: &str = "INSERT INTO equity (account, number, at, equity, cash) \
     VALUES (?1, 1 + coalesce((SELECT max(number) FROM equity WHERE account = ?1), 0), ?2, ?3, ?4)";

impl Pass<'_> {
    /// One row per leg of an entry.
    pub(super) fn book(
        &mut self,
        entry: &Entry,
        cause: &str,
        order: Option<OrderId>,
    ) -> Result<(), Fault> {
        for leg in entry.legs() {
            let holder = self.holder(leg.account)?;
            self.connection.prepare_cached(BOOK)?.execute((
                holder.key,
                self.at.partition.0,
                self.at.seq.0.cast_signed(),
                self.at.index,
                leg.book.name(),
                leg.amount.raw(),
                cause,
                order.map(|id| id.0.cast_signed()),
                self.at.now.0,
            ))?;
        }
        Ok(())
    }

    /// A point of the curve, at the end of the day that `day` follows.
    pub(super) fn close_day(
        &mut self,
        account: AccountNo,
        day: i32,
        (equity, cash): (Money, Money),
    ) -> Result<(), Fault> {
        let holder = self.holder(account)?;
        let end = Timestamp::of_day(day, holder.day_starts);
        self.connection.prepare_cached(CLOSE_DAY)?.execute((
            holder.key,
            end.0,
            equity.raw(),
            cash.raw(),
        ))?;
        Ok(())
    }
}
