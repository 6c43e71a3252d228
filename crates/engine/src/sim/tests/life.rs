//! How orders begin and end: rejects, repeats, time in force, sessions, cancels, restarts.

use super::*;
use crate::sim::latency::Latency;
use nija_core::ports::Found;
use nija_core::words::order::Side::{Buy, Sell};

fn share(number: u64, tif: TimeInForce, order_type: OrderType) -> Ticket {
    Ticket { instrument: SHARE, tif, ..ticket(number, Buy, "1", order_type) }
}
fn share_bar(bench: &mut Bench, open: &str, close: &str, prices: [&str; 4]) {
    let (open_at, close_at) = (at(open), at(close));
    let [open, high, low, close] = prices.map(p);
    bench.now = open_at;
    bench.event(Kind::BarOpened { instrument: SHARE, price: open });
    bench.now = close_at;
    let (instrument, volume) = (SHARE, 1e6);
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
}

/// An exchange that wants entries of ten dollars at least.
fn minimum() -> Bench {
    Bench::on(|terms| terms.minimum_notional = usd("10"))
}
fn refused(order: &Ticket, why: &str) {
    let mut bench = minimum();
    bench.now = noon();
    bench.place(order);
    let told = bench.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("rejected: ") && told[0].contains(why), "{told:?}: {why}");
    assert_eq!(bench.exchange.open_orders(), 0);
}

#[test]
fn what_a_venue_would_refuse_is_refused() {
    let of = |qty, order_type| ticket(1, Buy, qty, order_type);
    for (qty, order_type, why) in [
        ("0", OrderType::Market, "above zero"),
        ("-1", OrderType::Market, "above zero"),
        ("0.000001", OrderType::Market, "multiple of 0.00001"),
        ("1", limit("100.001"), "multiples of 0.01"),
        ("1", limit("-1"), "above zero"),
        ("1", stop("0"), "above zero"),
        ("0.05", OrderType::Market, "less than the minimum of $10.00"),
        ("900000000", limit("100"), "worth more than"),
    ] {
        refused(&of(qty, order_type), why);
    }
    for (instrument, why) in [
        (InstrumentId(99), "no such instrument"),
        (INDEX, "VIX is an index"),
        (SHARE, "no price of AAPL is known yet"),
    ] {
        refused(&Ticket { instrument, ..of("1", OrderType::Market) }, why);
    }
    let ioc = Ticket { tif: TimeInForce::Ioc, ..of("1", stop("90")) };
    refused(&ioc, "cannot be ioc");
    let closed = Ticket { tif: TimeInForce::Fok, instrument: SHARE, ..of("1", limit("90")) };
    refused(&closed, "AAPL is closed");
    let mut bench = minimum();
    bench.place(&Ticket { purpose: Purpose::Exit, ..ticket(1, Sell, "0.05", OrderType::Market) });
    assert_eq!(bench.told(), ["acknowledged"], "an exit of any size passes");
}

#[test]
fn with_a_price_from_before_an_order_waits_for_the_opening() {
    let mut bench = Bench::plain();
    bench.exchange.know(SHARE, p("90"));
    bench.place(&Ticket { instrument: SHARE, ..ticket(1, Buy, "1", OrderType::Market) });
    assert_eq!(bench.told(), ["acknowledged"]);
    assert_eq!(bench.exchange.open_orders(), 1, "nothing trades at it");
}

#[test]
fn contracts_end_with_their_expiry() {
    let mut bench = Bench::plain();
    let order = Ticket { instrument: FUTURE, ..ticket(1, Buy, "1", limit("3000")) };
    bench.place(&order);
    bench.now = at("2020-03-20T13:30:00Z");
    bench.open("100");
    assert_eq!(bench.told(), ["acknowledged", "cancelled: the contract has expired"]);
    bench.place(&Ticket { id: OrderId::new(PartitionId(1), 2), ..order });
    assert_eq!(bench.told(), ["rejected: ESH0 has expired"]);
}

#[test]
fn the_same_id_again_is_no_second_order() {
    let mut bench = Bench::plain();
    let order = ticket(1, Buy, "1", OrderType::Market);
    bench.place(&order);
    bench.place(&order);
    assert_eq!(bench.told(), ["acknowledged", "acknowledged"]);
    bench.open("101");
    assert_eq!(bench.told(), ["1@101"]);
    bench.place(&Ticket { qty: q("5"), ..order.clone() });
    assert_eq!(bench.told(), ["acknowledged", "1@101"]);
    assert_eq!(bench.exchange.open_orders(), 0);
    assert!(matches!(bench.exchange.find(order.id), Found::Known(reports) if reports.len() == 2));
    assert_eq!(bench.exchange.find(OrderId(5)), Found::Never);
}

#[test]
fn a_day_order_of_crypto_ends_with_its_utc_day_after_the_last_bar() {
    let mut bench = Bench::plain();
    let day = Ticket { tif: TimeInForce::Day, ..ticket(1, Buy, "1", limit("90")) };
    bench.place(&day);
    bench.now = at("2020-03-02T23:00:00Z");
    bench.hour(["100", "101", "99", "100"]);
    assert_eq!(bench.told(), ["acknowledged"], "the bar that ends at midnight still counts");
    bench.open("80");
    assert_eq!(bench.told(), ["cancelled: its session has ended"]);

    bench.place(&Ticket { id: OrderId::new(PartitionId(1), 2), ..day });
    bench.now = at("2020-03-03T23:00:00Z");
    bench.hour(["100", "101", "89", "100"]);
    assert_eq!(bench.told(), ["acknowledged", "1@90"]);
}

#[test]
fn orders_wait_for_the_session_and_day_orders_end_with_it() {
    let mut bench = Bench::plain();
    share_bar(
        &mut bench,
        "2020-03-06T14:30:00Z",
        "2020-03-06T21:00:00Z",
        ["100", "101", "99", "100"],
    );
    bench.place(&share(1, TimeInForce::Day, OrderType::Market));
    bench.place(&share(2, TimeInForce::Day, limit("90")));
    bench.place(&share(3, TimeInForce::Gtc, limit("90")));
    // Sunday: nothing trades, whatever a feed says.
    bench.now = at("2020-03-08T15:00:00Z");
    bench.event(Kind::BarOpened { instrument: SHARE, price: p("50") });
    assert_eq!(bench.told(), ["acknowledged"; 3]);
    // Monday opens an hour earlier in UTC.
    share_bar(&mut bench, "2020-03-09T13:30:00Z", "2020-03-09T20:00:00Z", ["97", "98", "95", "96"]);
    assert_eq!(bench.told(), ["1@97"]);
    bench.event(Kind::SessionClosed { hours: Hours::Nyse, until: None });
    assert_eq!(bench.told(), ["cancelled: its session has ended"]);
    share_bar(&mut bench, "2020-03-10T13:30:00Z", "2020-03-10T20:00:00Z", ["95", "96", "85", "86"]);
    assert_eq!(bench.told(), ["1@90"]);
}

#[test]
fn a_half_day_ends_at_one_in_new_york() {
    let mut bench = Bench::with(Rules::frictionless(1));
    share_bar(
        &mut bench,
        "2019-11-27T14:30:00Z",
        "2019-11-27T21:00:00Z",
        ["100", "101", "99", "100"],
    );
    bench.now = at("2019-11-28T15:00:00Z");
    bench.place(&share(1, TimeInForce::Day, limit("90")));
    bench.place(&share(2, TimeInForce::Ioc, limit("90")));
    let told = bench.told();
    assert!(told[0] == "acknowledged" && told[1].contains("closed"), "Thanksgiving: {told:?}");
    bench.exchange.advance(at("2019-11-29T18:00:00Z"));
    assert_eq!(bench.told(), [""; 0]);
    bench.exchange.advance(at("2019-11-29T18:00:01Z"));
    assert_eq!(bench.told(), ["cancelled: its session has ended"]);
}

#[test]
fn immediate_orders_take_the_next_event_or_leave() {
    let mut bench = Bench::plain();
    bench.place(&Ticket { tif: TimeInForce::Ioc, ..ticket(1, Buy, "1", limit("99")) });
    bench.place(&Ticket { tif: TimeInForce::Ioc, ..ticket(2, Buy, "1", limit("101")) });
    bench.place(&Ticket { tif: TimeInForce::Fok, ..ticket(3, Sell, "1", OrderType::Market) });
    bench.reports();
    bench.open("100");
    let last = "cancelled: the rest could not be filled at once";
    assert_eq!(bench.told(), ["1@100", "1@100", last]);
    assert_eq!(bench.exchange.open_orders(), 0);
}

#[test]
fn cancels_take_effect_once_and_travel_as_long_as_the_order() {
    let mut bench = Bench::plain();
    bench.place(&ticket(1, Buy, "1", limit("90")));
    let id = OrderId::new(PartitionId(1), 1);
    assert!(bench.exchange.cancel(id, bench.now));
    assert!(bench.exchange.cancel(id, bench.now));
    let gone = "cancelled: taken back as asked";
    assert_eq!(bench.told(), ["acknowledged", gone, "acknowledged", gone]);
    assert!(!bench.exchange.cancel(OrderId(77), bench.now));

    let latency = Latency::Fixed { span: Span::seconds(10) };
    let mut bench = Bench::with(Rules { latency, ..Rules::frictionless(1) });
    bench.hour(["100", "100", "100", "100"]);
    bench.place(&ticket(1, Buy, "1", limit("90")));
    let start = bench.now;
    bench.now = start.plus(Span::seconds(20));
    assert!(bench.exchange.cancel(id, bench.now) && bench.exchange.cancel(id, bench.now));
    bench.now = start.plus(Span::seconds(25));
    bench.trade("89", "5");
    assert_eq!(bench.told(), ["acknowledged", "1@89"], "filled before the cancel arrived");
    bench.place(&ticket(2, Buy, "1", limit("80")));
    assert!(bench.exchange.cancel(OrderId::new(PartitionId(1), 2), bench.now));
    bench.exchange.advance(start.plus(Span::seconds(36)));
    assert_eq!(bench.told(), ["acknowledged", gone]);
}

#[test]
fn latency_keeps_an_order_from_the_events_before_it_arrives() {
    let latency = Latency::Fixed { span: Span::seconds(10) };
    let mut bench = Bench::with(Rules { latency, ..Rules::frictionless(1) });
    bench.hour(["100", "100", "100", "100"]);
    bench.place(&ticket(1, Buy, "1", OrderType::Market));
    bench.open("101");
    bench.now = bench.now.plus(Span::seconds(9));
    bench.quote("101", "102", "5");
    assert_eq!(bench.traded(), "");
    bench.now = bench.now.plus(Span::seconds(1));
    bench.quote("102", "103", "5");
    assert_eq!(bench.traded(), "1@103");
}

#[test]
fn drawn_latencies_stay_in_range_differ_and_repeat() {
    let latency = Latency::Uniform { least: Span::millis(5), most: Span::millis(50) };
    let of = |seed, n| latency.of(seed, OrderId::new(PartitionId(0), n)).0;
    let drawn: Vec<_> = (0..1_000).map(|n| of(7, n)).collect();
    assert!(drawn.iter().all(|span| (5_000..=50_000).contains(span)));
    let mean = drawn.iter().sum::<i64>() / 1_000;
    assert!((26_000..29_000).contains(&mean), "{mean}");
    assert_eq!(drawn, (0..1_000).map(|n| of(7, n)).collect::<Vec<_>>());
    assert_ne!(drawn, (0..1_000).map(|n| of(8, n)).collect::<Vec<_>>());
}

#[test]
fn a_restart_takes_open_orders_up_where_they_were() {
    let mut bench = Bench::plain();
    let order = ticket(1, Buy, "3", limit("90"));
    bench.exchange.restore(&order, q("1"), 2, bench.now);
    bench.exchange.restore(&order, q("1"), 2, bench.now);
    assert_eq!(bench.told(), ["acknowledged"]);
    bench.hour(["100", "100", "89", "95"]);
    let fills = bench.fills();
    assert_eq!((fills.len(), fills[0].id.0, fills[0].qty), (1, 3, q("2")));

    bench.exchange.restore(
        &Ticket { tif: TimeInForce::Fok, ..ticket(2, Buy, "1", limit("90")) },
        q("0"),
        0,
        bench.now,
    );
    assert!(bench.told()[0].starts_with("cancelled"));
    bench.exchange.restore(
        &Ticket { instrument: InstrumentId(9), ..order.clone() },
        q("0"),
        0,
        bench.now,
    );
    assert_eq!(bench.told(), [""; 0], "an order that is over is not opened again");
    // A day order of yesterday is over; a stop that had begun to fill goes on.
    bench.now = at("2020-03-04T00:00:00Z");
    bench.exchange.restore(
        &Ticket { tif: TimeInForce::Day, ..ticket(4, Buy, "1", limit("90")) },
        q("0"),
        0,
        bench.now,
    );
    bench.exchange.restore(&ticket(5, Sell, "2", stop("50")), q("1"), 1, bench.now);
    bench.open("100");
    let told = bench.told();
    assert_eq!(told, ["acknowledged", "acknowledged", "cancelled: its session has ended", "1@100"]);
}
