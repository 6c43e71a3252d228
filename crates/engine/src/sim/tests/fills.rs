//! Partial fills: how much of an order an event can take, and what happens to the rest.

use super::*;
use crate::sim::filling::Filling;
use nija_core::words::order::Side::{Buy, Sell};

fn tenth() -> Bench {
    Bench::on(|terms| terms.filling = Filling::Participation { rate: pct("10") })
}

#[test]
fn a_large_order_takes_its_part_of_each_bar() {
    let mut bench = tenth();
    bench.place(&ticket(1, Buy, "250", OrderType::Market));
    bench.reports();
    bench.open("100");
    // The open knows the volume of the bar before, 1000.
    assert_eq!(bench.traded(), "100@100");
    bench.end_with(["100", "102", "99", "101"], 1_300.0);
    assert_eq!(bench.traded(), "30@101", "a tenth of 1300, less what the open took");
    bench.open("103");
    let fills = bench.fills();
    assert_eq!((fills[0].qty, fills[0].price, fills[0].id.0), (q("120"), p("103"), 3));
    assert_eq!(bench.exchange.open_orders(), 0);
}

#[test]
fn both_sides_have_their_own_part_and_orders_of_a_side_share_it() {
    let mut bench = tenth();
    for (number, side) in [(1, Buy), (2, Buy), (3, Sell)] {
        bench.place(&ticket(number, side, "80", OrderType::Market));
    }
    bench.reports();
    bench.open("100");
    assert_eq!(bench.traded(), "80@100 20@100 80@100");
}

#[test]
fn what_is_shown_limits_what_is_taken() {
    let mut bench = tenth();
    bench.place(&ticket(1, Buy, "5", OrderType::Market));
    bench.quote("99", "101", "20");
    assert_eq!(bench.traded(), "2@101");
    bench.trade("100", "10");
    assert_eq!(bench.traded(), "1@100");
    bench.quote("99", "101", "0");
    assert_eq!(bench.traded(), "");
    bench.quote("99", "101", "0.00004");
    assert_eq!(bench.traded(), "", "less than a lot");
}

#[test]
fn fill_or_kill_needs_room_for_all_and_immediate_takes_what_there_is() {
    let mut bench = tenth();
    bench.place(&Ticket { tif: TimeInForce::Fok, ..ticket(1, Buy, "101", OrderType::Market) });
    bench.place(&Ticket { tif: TimeInForce::Ioc, ..ticket(2, Buy, "101", OrderType::Market) });
    bench.reports();
    bench.open("100");
    let told = bench.told();
    assert_eq!(
        told,
        [
            "100@100",
            "cancelled: not all of it could be filled at once",
            "cancelled: the rest could not be filled at once",
        ]
    );
}

#[test]
fn a_stop_without_room_is_reached_all_the_same() {
    let mut bench = tenth();
    bench.place(&ticket(1, Sell, "150", stop("95")));
    bench.reports();
    bench.open("100");
    bench.end_with(["100", "100", "94", "96"], 1_000.0);
    assert_eq!(bench.traded(), "100@95");
    bench.open("99");
    assert_eq!(bench.traded(), "50@99", "it takes the next price, though that is above its stop");
}

#[test]
fn nothing_is_traded_in_a_market_without_volume() {
    let mut bench = tenth();
    bench.open("100");
    bench.end_with(["100", "100", "100", "100"], 0.0);
    bench.place(&ticket(1, Buy, "1", OrderType::Market));
    bench.open("100");
    bench.end_with(["100", "100", "100", "100"], f64::NAN);
    assert_eq!(bench.traded(), "");
}
