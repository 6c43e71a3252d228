//! From records to the rows of the port, when somebody reads them: amounts become decimal texts, times RFC 3339.

use super::reader::{Reader, damaged};
use super::record::Record;
use super::word;
use crate::error::Fault;
use nija_core::desk::event::Event;
use nija_core::ledger::chart::Book;
use nija_core::ledger::entry::Entry;
use nija_core::ports::views::{EntryRow, EquityRow, FillRow, OrderRow};
use nija_core::words::money::{Money, Price};
use nija_core::words::order::Purpose;
use nija_core::words::time::Timestamp;

pub(super) fn order(reader: &mut Reader<'_>, record: &Record, _: usize) -> Result<OrderRow, Fault> {
    let Event::Approved { ticket, evidence } = &record.event else {
        return Err(damaged("an order begins elsewhere"));
    };
    let listing = reader.listing(record, ticket.instrument)?;
    let standing = reader.standing(ticket.id)?.ok_or_else(|| damaged("an order is missing"))?;
    Ok(OrderRow {
        id: ticket.id.to_string(),
        symbol: listing.symbol,
        asset_class: listing.class.name().to_owned(),
        side: word::side(ticket.side).to_owned(),
        order_type: ticket.order_type.name().to_owned(),
        time_in_force: word::time_in_force(ticket.tif).to_owned(),
        purpose: word::purpose(ticket.purpose).to_owned(),
        origin: word::origin(ticket.origin).to_owned(),
        version: ticket.origin.version(),
        insight: evidence.insight,
        qty: ticket.qty.to_string(),
        filled_qty: standing.filled.to_string(),
        average_price: standing.average().map(|price| price.to_string()),
        limit_price: ticket.order_type.limit().as_ref().map(Price::to_string),
        stop_price: ticket.order_type.stop().as_ref().map(Price::to_string),
        fees: standing.fees.to_string(),
        state: standing.state.name().to_owned(),
        why: standing.why,
        created_at: ticket.at.to_string(),
        updated_at: standing.updated.to_string(),
    })
}

pub(super) fn fill(reader: &mut Reader<'_>, record: &Record, _: usize) -> Result<FillRow, Fault> {
    let Event::Filled { order, fill, entry } = &record.event else {
        return Err(damaged("a fill is something else"));
    };
    let approval = reader.record(record.order)?;
    let Event::Approved { ticket, .. } = &approval.event else {
        return Err(damaged("an order begins elsewhere"));
    };
    Ok(FillRow {
        order_id: order.to_string(),
        fill_id: fill.id.to_string(),
        symbol: reader.listing(&approval, ticket.instrument)?.symbol,
        side: word::side(ticket.side).to_owned(),
        qty: fill.qty.to_string(),
        price: fill.price.to_string(),
        fee: fill.fee.to_string(),
        realized: (ticket.purpose == Purpose::Exit).then(|| realized(entry).to_string()),
        at: record.at.now.to_string(),
    })
}

/// A profit is a credit in its book, so its sign turns; no line there means that nothing was won or lost.
fn realized(entry: &Entry) -> Money {
    let legs = entry.legs().iter().filter(|leg| leg.book == Book::Realized);
    legs.fold(Money::ZERO, |sum, leg| sum.saturating_sub(leg.amount))
}

/// A point of the curve, at the end of the day that the event's day follows.
pub(super) fn equity(
    reader: &mut Reader<'_>,
    record: &Record,
    _: usize,
) -> Result<EquityRow, Fault> {
    let Event::DayClosed { day, equity, cash, .. } = &record.event else {
        return Err(damaged("a day is something else"));
    };
    Ok(EquityRow {
        at: Timestamp::of_day(*day, reader.day_starts).to_string(),
        equity: equity.to_string(),
        cash: cash.to_string(),
    })
}

pub(super) fn entry(_: &mut Reader<'_>, record: &Record, part: usize) -> Result<EntryRow, Fault> {
    let leg = record.legs().nth(part).ok_or_else(|| damaged("an entry has too few lines"))?;
    let order = record.order_id();
    let at = record.at;
    Ok(EntryRow {
        entry: at.to_string(),
        book: leg.book.name().to_owned(),
        amount: leg.amount.to_string(),
        cause: cause(&record.event).to_owned(),
        order_id: order.map(|id| id.to_string()),
        at: at.now.to_string(),
    })
}

/// What made an entry.
const fn cause(event: &Event) -> &'static str {
    match event {
        Event::Filled { .. } => "fill",
        Event::Billed { fee, .. } if fee.total().is_negative() => "fee_refund",
        Event::Billed { .. } => "fee",
        Event::Settled { .. } => "settlement",
        Event::Swapped { .. } => "swap",
        Event::Collected { .. } => "fee_collected",
        Event::Adjusted { kind, .. } => kind.name(),
        Event::Moved { .. } => "copy_funding",
        Event::Credited { .. } => "copy_fee_earned",
        Event::Subscribed { .. } => "subscription",
        _ => "transfer",
    }
}
