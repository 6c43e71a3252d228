//! From columns to the rows of the port: whole numbers become decimal texts, microseconds become RFC 3339.
//! Column 0 is the row's number, read by the caller.

use nija_core::ports::views::{DecisionRow, EntryRow, EquityRow, FillRow, OrderRow};
use nija_core::words::id::{FillId, OrderId, PartitionId, Seq};
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::time::Timestamp;
use rusqlite::{Result, Row};

fn money(row: &Row<'_>, column: usize) -> Result<String> {
    row.get(column).map(|raw| Money::from_raw(raw).to_string())
}
fn qty(row: &Row<'_>, column: usize) -> Result<Qty> {
    row.get(column).map(Qty::from_raw)
}
fn price(row: &Row<'_>, column: usize) -> Result<Option<String>> {
    let raw: Option<i64> = row.get(column)?;
    Ok(raw.map(|raw| Price::from_raw(raw).to_string()))
}
fn time(row: &Row<'_>, column: usize) -> Result<String> {
    row.get(column).map(|micros| Timestamp(micros).to_string())
}
fn order_id(row: &Row<'_>, column: usize) -> Result<Option<String>> {
    let raw: Option<i64> = row.get(column)?;
    Ok(raw.map(|raw| OrderId(raw.cast_unsigned()).to_string()))
}

pub(super) fn order(row: &Row<'_>) -> Result<OrderRow> {
    let filled = qty(row, 10)?;
    let turnover = row.get(11).map(i128::from_be_bytes)?;
    Ok(OrderRow {
        id: order_id(row, 1)?.unwrap_or_default(),
        symbol: row.get(2)?,
        asset_class: row.get(3)?,
        side: row.get(4)?,
        order_type: row.get(5)?,
        time_in_force: row.get(6)?,
        purpose: row.get(7)?,
        origin: row.get(8)?,
        qty: qty(row, 9)?.to_string(),
        filled_qty: filled.to_string(),
        average_price: average(turnover, filled).map(|price| price.to_string()),
        limit_price: price(row, 12)?,
        stop_price: price(row, 13)?,
        fees: money(row, 14)?,
        state: row.get(15)?,
        why: row.get(16)?,
        created_at: time(row, 17)?,
        updated_at: time(row, 18)?,
    })
}

/// Turnover by quantity, rounded to the nearest step, ties to the even one; none before the first fill.
fn average(turnover: i128, filled: Qty) -> Option<Price> {
    let divisor = i128::from(filled.raw());
    let quotient = turnover.checked_div(divisor)?;
    let twice = (turnover % divisor).unsigned_abs() * 2;
    let up = match twice.cmp(&divisor.unsigned_abs()) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient % 2 != 0,
        std::cmp::Ordering::Greater => true,
    };
    let away = if (turnover < 0) == (divisor < 0) { 1 } else { -1 };
    i64::try_from(if up { quotient + away } else { quotient }).ok().map(Price::from_raw)
}

pub(super) fn fill(row: &Row<'_>) -> Result<FillRow> {
    let fill_id: i64 = row.get(2)?;
    let realized: Option<i64> = row.get(8)?;
    Ok(FillRow {
        order_id: order_id(row, 1)?.unwrap_or_default(),
        fill_id: FillId(fill_id.cast_unsigned()).to_string(),
        symbol: row.get(3)?,
        side: row.get(4)?,
        qty: qty(row, 5)?.to_string(),
        price: price(row, 6)?.unwrap_or_default(),
        fee: money(row, 7)?,
        realized: realized.map(|raw| Money::from_raw(raw).to_string()),
        at: time(row, 9)?,
    })
}

pub(super) fn decision(row: &Row<'_>) -> Result<DecisionRow> {
    Ok(DecisionRow {
        kind: row.get(1)?,
        symbol: row.get(2)?,
        side: row.get(3)?,
        size: row.get(4)?,
        origin: row.get(5)?,
        order_id: order_id(row, 6)?,
        code: row.get(7)?,
        gate: row.get(8)?,
        sentence: row.get(9)?,
        evidence: row.get(10)?,
        at: time(row, 11)?,
    })
}

pub(super) fn equity(row: &Row<'_>) -> Result<EquityRow> {
    Ok(EquityRow { at: time(row, 1)?, equity: money(row, 2)?, cash: money(row, 3)? })
}

pub(super) fn entry(row: &Row<'_>) -> Result<EntryRow> {
    let (partition, seq): (u16, i64) = (row.get(1)?, row.get(2)?);
    let (partition, seq) = (PartitionId(partition), Seq(seq.cast_unsigned()));
    let index: u32 = row.get(3)?;
    Ok(EntryRow {
        entry: format!("{partition}-{seq}-{index}"),
        book: row.get(4)?,
        amount: money(row, 5)?,
        cause: row.get(6)?,
        order_id: order_id(row, 7)?,
        at: time(row, 8)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_average_is_rounded_to_the_nearest_step() {
        let of = |turnover, filled| average(turnover, Qty::from_raw(filled)).map(Price::raw);
        assert_eq!(of(0, 0), None);
        assert_eq!(of(10, 4), Some(2), "2.5 goes to the even step");
        assert_eq!(of(14, 4), Some(4), "3.5 goes to the even step");
        assert_eq!(of(11, 4), Some(3));
        assert_eq!(of(-11, 4), Some(-3));
        assert_eq!(of(i128::MAX, 1), None, "beyond the range");
    }
}
