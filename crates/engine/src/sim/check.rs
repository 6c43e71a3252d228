//! What a real venue would refuse, said in its words.

use super::book::Book;
use super::rules::{LARGEST, Terms};
use nija_core::words::fixed::Round;
use nija_core::words::money::{Money, Price};
use nija_core::words::order::{OrderType, Purpose, Ticket, TimeInForce};
use nija_core::words::time::Timestamp;

/// Why an order is refused; `Ok` when it is not.
pub(super) fn check(
    ticket: &Ticket,
    book: &Book,
    terms: &Terms,
    now: Timestamp,
    is_open: bool,
) -> Result<(), String> {
    let instrument = &book.instrument;
    let symbol = &instrument.symbol;
    if !instrument.is_tradable() {
        return Err(format!("{symbol} is an index and cannot be traded"));
    }
    if instrument.expiry().is_some_and(|expiry| expiry <= now) {
        return Err(format!("{symbol} has expired"));
    }
    if !ticket.qty.is_positive() {
        return Err("the quantity must be above zero".to_owned());
    }
    if ticket.qty.floor_to(instrument.lot) != ticket.qty {
        return Err(format!("the quantity must be a multiple of {}", instrument.lot));
    }
    let immediate = matches!(ticket.tif, TimeInForce::Ioc | TimeInForce::Fok);
    let kind = ticket.order_type;
    for price in [kind.limit(), kind.stop()].into_iter().flatten() {
        check_price(price, instrument.tick)?;
    }
    if immediate && kind.stop().is_some() {
        return Err("a stop order cannot be ioc or fok".to_owned());
    }
    if ticket.tif == TimeInForce::PostOnly && !matches!(kind, OrderType::Limit { .. }) {
        return Err("only a limit order can be post-only".to_owned());
    }
    if immediate && !is_open {
        return Err(format!("{symbol} is closed: ioc and fok need an open market"));
    }
    let price = kind.limit().or(kind.stop()).or(book.last);
    let Some(price) = price else {
        return Err(match kind {
            OrderType::Market => format!("no price of {symbol} is known yet"),
            _ => "the order names no price".to_owned(),
        });
    };
    let Some(price) = book.in_dollars(price) else {
        return Err(format!("no price of what {symbol} is priced in is known yet"));
    };
    check_value(ticket, instrument.value(price, ticket.qty, Round::Down), terms)
}

fn check_price(price: Price, tick: Price) -> Result<(), String> {
    if !price.is_positive() {
        return Err("prices must be above zero".to_owned());
    }
    if price.floor_to(tick) != price {
        return Err(format!("prices must be multiples of {tick}"));
    }
    Ok(())
}

fn check_value(ticket: &Ticket, value: Option<Money>, terms: &Terms) -> Result<(), String> {
    let Some(value) = value.filter(|value| *value <= LARGEST) else {
        return Err(format!("the order is worth more than ${LARGEST}"));
    };
    if ticket.purpose == Purpose::Entry && value < terms.minimum_notional {
        return Err(format!(
            "the order is worth ${value:.2}, less than the minimum of ${:.2}",
            terms.minimum_notional
        ));
    }
    Ok(())
}
