//! Moves of the high-water mark with what was charged: every figure that it takes to recompute a fee by hand.

use super::chain::{Chain, Place};
use super::reader::{Reader, damaged};
use super::record::Record;
use crate::error::Fault;
use nija_core::desk::event::{BillCause, Event};
use nija_core::ports::views::FeeRow;
use nija_core::words::money::Money;
use nija_core::words::time::Timestamp;

/// The row of a move of the mark.
pub(super) fn row(reader: &mut Reader<'_>, record: &Record, _: usize) -> Result<FeeRow, Fault> {
    let before = record.link(Chain::Fees).map_or(Place::default(), |link| link.before);
    let mark_before = match before.is_nowhere() {
        true => None,
        false => Some(mark(&reader.record(before)?)?.to_string()),
    };
    let empty = FeeRow {
        cause: "followed".to_owned(),
        amount: None,
        month: None,
        equity: Money::ZERO.to_string(),
        platform: Money::ZERO.to_string(),
        leader: Money::ZERO.to_string(),
        mark_before,
        mark: mark(record)?.to_string(),
        entry: None,
        at: record.at.now.to_string(),
    };
    let Event::Billed { cause, equity, fee, entry, .. } = &record.event else { return Ok(empty) };
    let (amount, month) = match cause {
        BillCause::Flow(amount) => (Some(amount.to_string()), None),
        BillCause::Month(month) => (None, Some(Timestamp::of_month(*month).to_string())),
        _ => (None, None),
    };
    Ok(FeeRow {
        cause: cause.name().to_owned(),
        amount,
        // The year and the month of an instant.
        month: month.and_then(|at| at.get(..7).map(str::to_owned)),
        equity: equity.to_string(),
        platform: fee.platform.to_string(),
        leader: fee.leader.to_string(),
        entry: (!entry.legs().is_empty()).then(|| record.at.to_string()),
        ..empty
    })
}

/// Where the mark stands after a record. A sleeve's new run begins with the loss of the one before.
fn mark(record: &Record) -> Result<Money, Fault> {
    match &record.event {
        Event::Billed { mark, .. } => Ok(mark.high()),
        Event::Followed { loss, .. } => Ok(*loss),
        _ => Err(damaged("a fee is something else")),
    }
}
