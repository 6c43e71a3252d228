//! Money, prices and quantities do not mix, and nothing adds unchecked.
use nija_core::words::money::{Money, Price, Qty};

fn main() {
    let _ = Money::CENT + Price::STEP;
    let _ = Money::CENT + Qty::STEP;
    let _ = Money::CENT + Money::CENT;
    let _ = Money::CENT.checked_add(Price::STEP);
}
