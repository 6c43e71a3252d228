//! Each order type against bars, quotes and trades: when it trades, and at which price.

use super::*;
use nija_core::words::order::Side::{Buy, Sell};

#[test]
fn a_market_order_takes_the_next_open_and_nothing_of_the_bar_that_gave_the_signal() {
    let mut bench = Bench::plain();
    bench.place(&ticket(1, Buy, "1", OrderType::Market));
    assert_eq!(bench.told(), ["acknowledged"]);
    // Another bar that ends at the same instant must not fill it either.
    let open_at = noon();
    let [open, high, low, close] = ["100", "120", "80", "90"].map(p);
    let (instrument, close_at, volume) = (COIN, bench.now, 5.0);
    bench.event(Kind::BarClosed(Candle {
        instrument,
        open_at,
        close_at,
        open,
        high,
        low,
        close,
        volume,
    }));
    assert_eq!(bench.traded(), "");
    bench.open("103");
    assert_eq!(bench.traded(), "1@103");
}

#[test]
fn an_order_in_the_middle_of_a_bar_knows_only_its_close() {
    let mut bench = Bench::plain();
    bench.open("100");
    let start = bench.now;
    bench.now = start.plus(Span::seconds(1_800));
    bench.place(&ticket(1, Buy, "1", OrderType::Market));
    bench.place(&ticket(2, Buy, "1", limit("95")));
    bench.place(&ticket(3, Buy, "1", stop("110")));
    bench.place(&ticket(4, Buy, "1", limit("104")));
    bench.now = start;
    // The range reached 95 and 110, maybe before the orders came; the close of 103 came after them.
    bench.end(["100", "115", "90", "103"]);
    assert_eq!(bench.traded(), "1@103 1@103");
    assert_eq!(bench.exchange.open_orders(), 2);
}

#[test]
fn an_order_of_the_last_instant_of_a_bar_waits_for_the_next() {
    let mut bench = Bench::plain();
    bench.open("100");
    let (start, end) = (bench.now, bench.now.plus(HOUR));
    bench.now = end;
    bench.place(&ticket(1, Buy, "1", OrderType::Market));
    bench.now = start;
    bench.end(["100", "115", "90", "103"]);
    assert_eq!(bench.traded(), "");
    bench.open("104");
    assert_eq!(bench.traded(), "1@104");
}

#[test]
fn without_an_open_event_the_whole_bar_after_the_order_still_counts() {
    let mut bench = Bench::plain();
    bench.place(&ticket(1, Buy, "1", OrderType::Market));
    bench.place(&ticket(2, Sell, "1", limit("104")));
    bench.end(["101", "105", "99", "103"]);
    assert_eq!(bench.traded(), "1@101 1@104");
}

#[test]
fn a_limit_needs_a_trade_through_it() {
    let mut bench = Bench::plain();
    bench.place(&ticket(1, Buy, "1", limit("95")));
    bench.place(&ticket(2, Sell, "1", limit("105")));
    bench.hour(["100", "105", "95", "100"]);
    assert_eq!(bench.traded(), "");
    bench.hour(["100", "105.01", "94.99", "100"]);
    assert_eq!(bench.traded(), "1@95 1@105");
}

#[test]
fn a_limit_that_the_open_jumps_over_gets_the_better_open() {
    let mut bench = Bench::plain();
    bench.place(&ticket(1, Buy, "1", limit("95")));
    bench.place(&ticket(2, Sell, "1", limit("105")));
    bench.open("90");
    assert_eq!(bench.traded(), "1@90");
    bench.end(["90", "91", "89", "90"]);
    bench.open("111");
    assert_eq!(bench.traded(), "1@111");
}

#[test]
fn a_limit_at_the_open_itself_is_not_filled_there() {
    let mut bench = Bench::plain();
    bench.place(&ticket(1, Buy, "1", limit("95")));
    bench.hour(["95", "97", "95", "96"]);
    assert_eq!(bench.traded(), "");
}

#[test]
fn a_stop_is_filled_where_it_stands_within_the_bar() {
    let mut bench = Bench::plain();
    bench.place(&ticket(1, Buy, "1", stop("105")));
    bench.place(&ticket(2, Sell, "1", stop("95")));
    bench.hour(["100", "104.99", "95.01", "100"]);
    assert_eq!(bench.traded(), "");
    bench.hour(["100", "105", "95", "100"]);
    assert_eq!(bench.traded(), "1@105 1@95");
}

#[test]
fn a_stop_that_the_open_jumps_over_gets_the_worse_open() {
    let mut bench = Bench::plain();
    bench.place(&ticket(1, Sell, "1", stop("95")));
    bench.open("88");
    assert_eq!(bench.traded(), "1@88");
    bench.end(["88", "90", "85", "89"]);
    bench.place(&ticket(2, Buy, "1", stop("95")));
    bench.end(["99", "100", "98", "98"]);
    assert_eq!(bench.traded(), "1@99", "the open was missed, and only the bar tells of it");
}

#[test]
fn a_stop_limit_rests_at_its_limit_once_reached() {
    let order = OrderType::StopLimit { stop: p("105"), limit: p("106") };
    let mut bench = Bench::plain();
    bench.place(&ticket(1, Buy, "1", order));
    bench.hour(["100", "104", "99", "100"]);
    assert_eq!(bench.traded(), "");
    // Beyond its limit from the start: reached, and not filled.
    bench.hour(["110", "112", "108", "110"]);
    assert_eq!(bench.traded(), "");
    bench.hour(["109", "109", "105", "106"]);
    assert_eq!(bench.traded(), "1@106");
    bench.place(&ticket(2, Buy, "1", OrderType::StopLimit { stop: p("107"), limit: p("108") }));
    bench.hour(["106", "107", "105", "106"]);
    assert_eq!(bench.traded(), "1@107");
}

#[test]
fn a_stop_limit_whose_order_of_events_is_unknown_waits_a_bar() {
    let mut bench = Bench::plain();
    let order = OrderType::StopLimit { stop: p("105"), limit: p("104") };
    bench.place(&ticket(1, Buy, "1", order));
    bench.hour(["100", "106", "99", "105"]);
    assert_eq!(bench.traded(), "");
    bench.hour(["105", "106", "103", "105"]);
    assert_eq!(bench.traded(), "1@104");
}

#[test]
fn of_stop_and_target_in_one_bar_the_worse_happened() {
    let mut bench = Bench::plain();
    bench.place(&ticket(1, Sell, "1", limit("105")));
    bench.place(&ticket(2, Sell, "1", stop("95")));
    let mut other = ticket(3, Sell, "1", limit("105"));
    other.account = AccountNo(8);
    bench.place(&other);
    bench.reports();
    bench.hour(["100", "110", "90", "100"]);
    let filled: Vec<_> = bench.reports().into_iter().map(|r| r.order.0 & 0xff).collect();
    assert_eq!(filled, [2, 3], "the target of the stopped account waits, the other's does not");
    assert_eq!(bench.exchange.open_orders(), 1);
}

#[test]
fn against_quotes_a_taker_pays_the_ask_and_a_resting_limit_its_own_price() {
    let mut bench = Bench::plain();
    bench.place(&ticket(1, Buy, "1", OrderType::Market));
    bench.place(&ticket(2, Sell, "1", OrderType::Market));
    bench.place(&ticket(3, Buy, "1", limit("102")));
    bench.place(&ticket(4, Buy, "1", limit("99")));
    bench.quote("99.5", "100.5", "50");
    assert_eq!(bench.traded(), "1@100.5 1@99.5 1@100.5");
    bench.quote("98", "98.5", "50");
    assert_eq!(bench.traded(), "1@99");
    bench.place(&ticket(5, Sell, "1", stop("97")));
    bench.quote("97.01", "98", "50");
    assert_eq!(bench.traded(), "");
    bench.quote("96.8", "97.5", "50");
    assert_eq!(bench.traded(), "1@96.8");
}

#[test]
fn against_trades_a_resting_limit_needs_a_worse_price_than_its_own() {
    let mut bench = Bench::plain();
    bench.place(&ticket(1, Buy, "1", limit("99")));
    bench.trade("100", "5");
    bench.trade("99", "5");
    assert_eq!(bench.traded(), "");
    bench.trade("98.9", "5");
    assert_eq!(bench.traded(), "1@99");
    bench.place(&ticket(2, Buy, "1", limit("99")));
    bench.trade("98.5", "5");
    assert_eq!(bench.traded(), "1@98.5", "it came to a market that was better already");
    bench.place(&ticket(3, Sell, "1", stop("98")));
    bench.trade("98", "5");
    assert_eq!(bench.traded(), "1@98");
}

#[test]
fn limits_go_by_price_and_then_by_time() {
    let mut bench = Bench::on(|terms| {
        terms.filling = super::super::filling::Filling::Participation { rate: pct("10") };
    });
    for (number, price) in [(1, "95"), (2, "96"), (3, "96")] {
        bench.place(&ticket(number, Buy, "50", limit(price)));
    }
    bench.reports();
    bench.hour(["100", "100", "94", "99"]);
    let first: Vec<_> = bench.reports().into_iter().map(|r| r.order.0 & 0xff).collect();
    assert_eq!(first, [2, 3], "room for 100 goes to the best price, the earlier order first");
}
