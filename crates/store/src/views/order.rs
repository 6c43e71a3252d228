//! The life of an order and its fills.

use super::{pass::Pass, word};
use crate::error::Fault;
use nija_core::ledger::chart::Book;
use nija_core::ledger::entry::Entry;
use nija_core::words::id::OrderId;
use nija_core::words::money::{Money, Qty};
use nija_core::words::order::{Fill, OrderState, Side, Ticket};
use rusqlite::OptionalExtension;

const PLACE: &str = "INSERT INTO orders (account, number, id, symbol, asset_class, side, order_type, \
     time_in_force, purpose, origin, qty, limit_price, stop_price, state, created_at, updated_at) \
     VALUES (?1, 1 + coalesce((SELECT max(number) FROM orders WHERE account = ?1), 0), \
     ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
const ACKNOWLEDGE: &str = "UPDATE orders SET updated_at = ?2, \
     state = CASE state WHEN 'approved' THEN 'working' ELSE state END WHERE id = ?1";
const TRADED: &str =
    "SELECT account, symbol, side, qty, filled, turnover, fees, open FROM orders WHERE id = ?1";
/// A fill that comes after its order was taken back leaves the order taken back, unless it completes it.
const TRADE: &str = "UPDATE orders SET filled = ?2, turnover = ?3, fees = ?4, open = ?6, updated_at = ?7, \
     state = CASE WHEN open OR ?5 = 'filled' THEN ?5 ELSE state END WHERE id = ?1";
const ADD_FILL: &str = "INSERT INTO fill (account, number, order_id, fill_id, symbol, side, qty, price, fee, \
     realized, at) VALUES (?1, 1 + coalesce((SELECT max(number) FROM fill WHERE account = ?1), 0), \
     ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const CLOSE: &str =
    "UPDATE orders SET state = ?2, open = ?3, why = ?4, updated_at = ?5 WHERE id = ?1";

/// What the fills so far made of an order.
struct Traded {
    account: i64,
    symbol: String,
    side: String,
    qty: Qty,
    filled: Qty,
    turnover: i128,
    fees: Money,
    open: bool,
}

impl Pass<'_> {
    pub(super) fn place(&mut self, ticket: &Ticket) -> Result<(), Fault> {
        let holder = self.holder(ticket.account)?;
        let listing = self.listing(ticket.instrument)?;
        self.connection.prepare_cached(PLACE)?.execute((
            holder.key,
            ticket.id.0.cast_signed(),
            &listing.symbol,
            &listing.asset_class,
            word::side(ticket.side),
            ticket.order_type.name(),
            word::time_in_force(ticket.tif),
            word::purpose(ticket.purpose),
            word::origin(ticket.origin),
            ticket.qty.raw(),
            ticket.order_type.limit().map(|price| price.raw()),
            ticket.order_type.stop().map(|price| price.raw()),
            OrderState::Approved.name(),
            ticket.at.0,
            self.at.now.0,
        ))?;
        Ok(())
    }

    pub(super) fn acknowledge(&mut self, id: OrderId) -> Result<(), Fault> {
        let mut statement = self.connection.prepare_cached(ACKNOWLEDGE)?;
        let touched = statement.execute((id.0.cast_signed(), self.at.now.0))?;
        self.touched(id, touched)
    }

    pub(super) fn close(&mut self, id: OrderId, state: OrderState, why: &str) -> Result<(), Fault> {
        let mut statement = self.connection.prepare_cached(CLOSE)?;
        let open = !state.is_final();
        let row = (id.0.cast_signed(), state.name(), open, why, self.at.now.0);
        let touched = statement.execute(row)?;
        self.touched(id, touched)
    }

    fn touched(&self, id: OrderId, rows: usize) -> Result<(), Fault> {
        if rows == 0 { Err(self.unseen("order", id)) } else { Ok(()) }
    }

    pub(super) fn fill(&mut self, id: OrderId, fill: &Fill, entry: &Entry) -> Result<(), Fault> {
        let traded = self.traded(id)?;
        let now = self.at.now.0;
        let beyond = || Fault::Unusable(format!("order {id}: its fills are beyond the range"));
        let filled = traded.filled.checked_add(fill.qty).ok_or_else(beyond)?;
        let value = i128::from(fill.price.raw()) * i128::from(fill.qty.raw());
        let turnover = traded.turnover.checked_add(value).ok_or_else(beyond)?;
        let fees = traded.fees.checked_add(fill.fee).ok_or_else(beyond)?;
        let whole = filled.abs() >= traded.qty.abs();
        let state = if whole { OrderState::Filled } else { OrderState::PartlyFilled };
        self.connection.prepare_cached(ADD_FILL)?.execute((
            traded.account,
            id.0.cast_signed(),
            fill.id.0.cast_signed(),
            &traded.symbol,
            &traded.side,
            fill.qty.raw(),
            fill.price.raw(),
            fill.fee.raw(),
            (traded.side == word::side(Side::Sell)).then(|| realized(entry).raw()),
            now,
        ))?;
        self.connection.prepare_cached(TRADE)?.execute((
            id.0.cast_signed(),
            filled.raw(),
            turnover.to_be_bytes(),
            fees.raw(),
            state.name(),
            traded.open && !whole,
            now,
        ))?;
        Ok(())
    }

    fn traded(&self, id: OrderId) -> Result<Traded, Fault> {
        let mut statement = self.connection.prepare_cached(TRADED)?;
        let found = statement.query_row([id.0.cast_signed()], |row| {
            Ok(Traded {
                account: row.get(0)?,
                symbol: row.get(1)?,
                side: row.get(2)?,
                qty: row.get(3).map(Qty::from_raw)?,
                filled: row.get(4).map(Qty::from_raw)?,
                turnover: row.get(5).map(i128::from_be_bytes)?,
                fees: row.get(6).map(Money::from_raw)?,
                open: row.get(7)?,
            })
        });
        found.optional()?.ok_or_else(|| self.unseen("order", id))
    }
}

/// A profit is a credit in its book, so its sign turns; no line there means that nothing was won or lost.
fn realized(entry: &Entry) -> Money {
    let legs = entry.legs().iter().filter(|leg| leg.book == Book::Realized);
    legs.fold(Money::ZERO, |sum, leg| sum.saturating_sub(leg.amount))
}
