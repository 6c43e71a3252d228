//! Fees, spread and slippage, to the last of eight places; and their names in a configuration.

use super::*;
use crate::sim::fee::Fee;
use crate::sim::filling::Filling;
use crate::sim::friction::Friction;
use crate::sim::latency::Latency;
use crate::sim::slippage::Slippage;
use nija_core::words::fixed::Round;
use nija_core::words::order::Side::{Buy, Sell};

fn fees(fee: Fee, order: &Ticket, filling: Filling) -> Vec<String> {
    let mut bench = Bench::on(|terms| {
        terms.fee = fee;
        terms.filling = filling;
    });
    bench.exchange.on_market(&MarketEvent {
        at: noon(),
        kind: Kind::BarOpened { instrument: order.instrument, price: p("100") },
    });
    bench.now = at("2020-03-02T15:00:00Z");
    bench.place(order);
    for (price, qty) in [("33.33", "700"), ("40", "9000")] {
        let (instrument, price, qty) = (order.instrument, p(price), q(qty));
        bench.event(Kind::Trade { instrument, price, qty, taker: None });
    }
    bench.fills().iter().map(|fill| fill.fee.to_string()).collect()
}

#[test]
fn fees_are_exact_and_rounded_against_the_trader() {
    let crypto = ticket(1, Buy, "0.12345", OrderType::Market);
    let percent = Fee::Percent { rate: pct("0.1") };
    // 0.12345 * 33.33 * 0.001 = 0.00411458850 exactly.
    assert_eq!(fees(percent, &crypto, Filling::Whole), ["0.00411459"]);
    assert_eq!(fees(Fee::None, &crypto, Filling::Whole), ["0"]);

    let future = Ticket { instrument: FUTURE, ..ticket(1, Sell, "3", OrderType::Market) };
    let contract = Fee::PerContract { rate: usd("2.25") };
    assert_eq!(fees(contract, &future, Filling::Whole), ["6.75"]);
    // The multiplier counts in a percentage: 3 * 50 * 33.33 * 0.001.
    assert_eq!(fees(percent, &future, Filling::Whole), ["4.9995"]);
}

#[test]
fn shares_pay_the_minimum_once_an_order() {
    let fee = Fee::PerShare { rate: usd("0.0035"), minimum: usd("0.35") };
    let part = Filling::Participation { rate: pct("10") };
    let order = |qty| Ticket { instrument: SHARE, ..ticket(1, Buy, qty, OrderType::Market) };
    // 70 shares are below the minimum; with 200 the order has cost 0.70 in all.
    assert_eq!(fees(fee, &order("200"), part), ["0.35", "0.35"]);
    assert_eq!(fees(fee, &order("90"), part), ["0.35", "0"]);
    assert_eq!(fees(fee, &order("200"), Filling::Whole), ["0.7"]);
}

#[test]
fn takers_pay_spread_and_slippage_and_the_next_tick() {
    let mut bench = Bench::on(|terms| {
        terms.half_spread = pct("0.05");
        terms.slippage = Slippage::BasisPoints { rate: pct("0.021") };
    });
    bench.place(&ticket(1, Buy, "1", OrderType::Market));
    bench.place(&ticket(2, Sell, "1", OrderType::Market));
    bench.place(&ticket(3, Sell, "1", stop("95")));
    bench.place(&ticket(4, Buy, "1", limit("96")));
    bench.reports();
    bench.hour(["100", "101", "94", "96"]);
    // 100.071 up, 99.929 down, 94.93255 down, and the resting limit at its price.
    assert_eq!(bench.traded(), "1@100.08 1@99.92 1@94.93 1@96");
    bench.place(&ticket(5, Buy, "1", OrderType::Market));
    bench.quote("99", "100", "5");
    assert_eq!(bench.traded(), "1@100.03", "a quote holds the spread already");
}

#[test]
fn a_limit_that_takes_the_open_pays_the_spread_but_never_beyond_itself() {
    let mut bench = Bench::on(|terms| terms.half_spread = pct("1"));
    bench.place(&ticket(1, Buy, "1", limit("100")));
    bench.place(&ticket(2, Buy, "1", limit("100.5")));
    bench.reports();
    bench.open("99.2");
    assert_eq!(bench.traded(), "1@100.2", "to the other limit the ask is still too high");
}

#[test]
fn slippage_grows_with_the_share_of_the_volume() {
    let mut bench = Bench::on(|terms| terms.slippage = Slippage::VolumeShare { impact: pct("10") });
    bench.place(&ticket(1, Buy, "100", OrderType::Market));
    bench.open("100");
    // A tenth of 1000: 10 % * 0.01.
    assert_eq!(bench.traded(), "100@100.1");
    bench.place(&ticket(2, Sell, "5000", OrderType::Market));
    bench.open("100");
    assert_eq!(bench.traded(), "5000@90");
}

#[test]
fn no_sale_is_below_one_tick() {
    let mut bench = Bench::on(|terms| {
        terms.slippage = Slippage::BasisPoints { rate: pct("50") };
    });
    bench.place(&ticket(1, Sell, "1", OrderType::Market));
    bench.open("0.01");
    assert_eq!(bench.traded(), "1@0.01");
}

/// What all fills paid (below zero) or received, rounded as a desk books it.
fn flow(bench: &mut Bench) -> Money {
    let reports = bench.reports();
    let filled = reports.into_iter().filter_map(|report| match report.outcome {
        Outcome::Filled(fill) => Some((report.order, fill)),
        _ => None,
    });
    filled.fold(Money::ZERO, |sum, (order, fill)| {
        let value = instrument(COIN).value(fill.price, fill.qty, Round::HalfEven).unwrap();
        // Odd orders buy.
        let buys = order.0 % 2 == 1;
        if buys { sum.saturating_sub(value) } else { sum.saturating_add(value) }
    })
}

#[test]
fn friction_is_what_lies_between_the_fills_and_those_of_a_market_without_any() {
    let trade = |mut bench: Bench| {
        bench.place(&ticket(1, Buy, "0.12345", OrderType::Market));
        bench.place(&ticket(2, Sell, "7.00003", OrderType::Market));
        bench.place(&ticket(4, Sell, "1.1", stop("95")));
        bench.place(&ticket(3, Buy, "2.2", limit("90")));
        bench.hour(["97.31", "101", "89", "96"]);
        let of_others = bench.exchange.friction(PartitionId(1), AccountNo(8));
        assert_eq!(of_others, Friction::default());
        (flow(&mut bench), bench.exchange.friction(PartitionId(1), AccountNo(7)))
    };
    let two = |terms: &mut Terms| {
        terms.half_spread = pct("2");
        terms.slippage = Slippage::BasisPoints { rate: pct("2") };
    };
    let (free, nothing) = trade(Bench::plain());
    let (paid, friction) = trade(Bench::on(two));
    assert_eq!(nothing, Friction::default());
    assert_eq!(paid.saturating_add(friction.sum()), free, "before costs the fills are the same");
    // 97.31 becomes 99.26 and 101.21 for the buyer, 95.36 and 93.41 for the seller, 95 becomes 93.1 and 91.2 at
    // the stop; whoever rests at 90 pays neither.
    assert_eq!(friction.spread, usd("15.98078600"));
    assert_eq!(friction.slippage, usd("15.98078600"));
}

#[test]
fn where_bid_and_ask_are_known_the_spread_is_counted_from_their_middle() {
    let mut bench = Bench::on(|terms| terms.slippage = Slippage::BasisPoints { rate: pct("1") });
    bench.place(&ticket(1, Buy, "2", OrderType::Market));
    bench.place(&ticket(2, Buy, "1", limit("105")));
    bench.quote("99", "101", "5");
    let friction = bench.exchange.friction(PartitionId(1), AccountNo(7));
    // Each is a dollar above the middle; 1 % of 101 is moved for the market order alone.
    assert_eq!(friction, Friction { spread: usd("3"), slippage: usd("2.02") });
}

#[test]
fn models_are_chosen_by_name() {
    let text = r#"
        seed = 9
        latency = { model = "uniform", least = 1000, most = 5000 }
        [equity]
        fee = { model = "per_share", rate = "0.0035", minimum = "0.35" }
        half_spread = "0.01"
        slippage = { model = "volume_share", impact = "10" }
        filling = { model = "participation", rate = "5" }
        minimum_notional = "1"
    "#;
    let rules: Rules = toml::from_str(text).unwrap();
    assert_eq!((rules.seed, rules.crypto), (9, Rules::default().crypto));
    assert_eq!(rules.latency, Latency::Uniform { least: Span::millis(1), most: Span::millis(5) });
    let fee = Fee::PerShare { rate: usd("0.0035"), minimum: usd("0.35") };
    assert_eq!(rules.equity.fee, fee);
    assert_eq!(rules.equity.slippage, Slippage::VolumeShare { impact: pct("10") });
    assert_eq!(rules.equity.filling, Filling::Participation { rate: pct("5") });
    for wrong in ["latency = { model = \"warp\" }", "fees = {}", "seed = -1"] {
        assert!(toml::from_str::<Rules>(wrong).is_err(), "{wrong}");
    }
}
