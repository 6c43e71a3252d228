//! A price stands nowhere for a quantity.
use nija_core::words::fixed::Round;
use nija_core::words::instrument::Instrument;
use nija_core::words::money::{Price, Qty};

fn swapped(instrument: &Instrument, price: Price, qty: Qty) {
    let _ = instrument.value(qty, price, Round::Down);
    let _: Qty = price;
}

fn main() {}
