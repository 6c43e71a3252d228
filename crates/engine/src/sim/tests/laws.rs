//! What holds for every history: never more than ordered, never beyond a limit, the same twice.

use super::*;
use crate::sim::fee::Fee;
use crate::sim::filling::Filling;
use crate::sim::latency::Latency;
use crate::sim::slippage::Slippage;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// One step of a random history.
#[derive(Clone, Debug)]
enum Step {
    Place { buy: bool, lots: u32, kind: u8, near: i64, far: i64, tif: u8, account: u8 },
    Cancel(u64),
    Bar { moves: [i64; 4], volume: u32 },
    Quote { bid: i64, width: i64, qty: u32 },
    Trade { price: i64, qty: u32 },
}

fn step() -> impl Strategy<Value = Step> {
    let cents = -300i64..300;
    prop_oneof![
        4 => (any::<bool>(), 1u32..5_000, 0u8..4, cents.clone(), cents.clone(), 0u8..4, 0u8..3)
            .prop_map(|(buy, lots, kind, near, far, tif, account)| {
                Step::Place { buy, lots, kind, near, far, tif, account }
            }),
        1 => (0u64..40).prop_map(Step::Cancel),
        3 => (prop::array::uniform4(cents.clone()), 0u32..50_000)
            .prop_map(|(moves, volume)| Step::Bar { moves, volume }),
        1 => (cents.clone(), 1i64..50, 0u32..2_000)
            .prop_map(|(bid, width, qty)| Step::Quote { bid, width, qty }),
        1 => (cents, 1u32..2_000).prop_map(|(price, qty)| Step::Trade { price, qty }),
    ]
}

fn rules() -> impl Strategy<Value = Rules> {
    (0u64..9, any::<bool>(), any::<bool>(), 0i64..20).prop_map(|(seed, part, late, bps)| {
        let mut rules = Rules::frictionless(seed);
        rules.crypto.half_spread = Pct::from_raw(bps * 1_000_000);
        rules.crypto.slippage = Slippage::VolumeShare { impact: pct("5") };
        rules.crypto.fee = Fee::Percent { rate: pct("0.1") };
        if part {
            rules.crypto.filling = Filling::Participation { rate: pct("10") };
        }
        if late {
            let (least, most) = (Span::millis(1), Span::seconds(4_000));
            rules.latency = Latency::Uniform { least, most };
        }
        rules
    })
}

/// Around 100 dollars.
fn cents(n: i64) -> String {
    Price::from_raw((10_000 + n) * 1_000_000).to_string()
}

/// Plays a history and gives all orders and reports.
fn play(rules: Rules, steps: &[Step]) -> (BTreeMap<OrderId, Ticket>, Vec<Report>, Exchange) {
    let mut bench = Bench::with(rules);
    bench.hour(["100", "100", "100", "100"]);
    let mut tickets = BTreeMap::new();
    for step in steps {
        match step {
            Step::Place { buy, lots, kind, near, far, tif, account } => {
                let (near, far) = (p(&cents(*near)), p(&cents(*far)));
                let order_type = match kind {
                    0 => OrderType::Market,
                    1 => OrderType::Limit { limit: near },
                    2 => OrderType::Stop { stop: near },
                    _ => OrderType::StopLimit { stop: near, limit: far },
                };
                let tifs = [TimeInForce::Day, TimeInForce::Gtc, TimeInForce::Ioc, TimeInForce::Fok];
                let side = if *buy { Side::Buy } else { Side::Sell };
                let number = tickets.len() as u64;
                let order = Ticket {
                    qty: Qty::from_raw(i64::from(*lots) * 1_000 * 1_000),
                    tif: tifs[usize::from(*tif)],
                    account: AccountNo(u32::from(*account)),
                    ..ticket(number, side, "1", order_type)
                };
                bench.place(&order);
                tickets.insert(order.id, order);
            }
            Step::Cancel(number) => {
                bench.exchange.cancel(OrderId::new(PartitionId(1), *number), bench.now);
            }
            Step::Bar { moves, volume } => {
                let mut sorted = *moves;
                sorted.sort_unstable();
                let [low, open, close, high] = sorted.map(cents);
                bench.open(&open);
                bench.end_with([&open, &high, &low, &close], f64::from(*volume) / 1_000.0);
            }
            Step::Quote { bid, width, qty } => {
                let qty = Qty::from_raw(i64::from(*qty) * 1_000_000).to_string();
                bench.quote(&cents(*bid), &cents(bid + width), &qty);
            }
            Step::Trade { price, qty } => {
                let qty = Qty::from_raw(i64::from(*qty) * 1_000_000).to_string();
                bench.trade(&cents(*price), &qty);
            }
        }
    }
    let reports = bench.reports();
    (tickets, reports, bench.exchange)
}

proptest! {
    #[test]
    fn every_history_keeps_the_promises(
        rules in rules(),
        steps in proptest::collection::vec(step(), 1..80),
    ) {
        let (tickets, reports, exchange) = play(rules, &steps);
        let mut filled: BTreeMap<OrderId, (Qty, u64, bool)> = BTreeMap::new();
        let mut before = Timestamp::EPOCH;
        for report in &reports {
            let order = &tickets[&report.order];
            let (qty, fills, is_over) = filled.entry(report.order).or_default();
            if !*is_over {
                prop_assert!(report.at >= before && report.at >= order.at, "time goes back");
                before = report.at;
            }
            match &report.outcome {
                Outcome::Filled(fill) if fill.id.0 > *fills => {
                    prop_assert!(!*is_over, "a fill after the end");
                    prop_assert_eq!(fill.id.0, *fills + 1);
                    prop_assert!(fill.qty.is_positive() && fill.price.is_positive());
                    prop_assert_eq!(fill.qty.floor_to(q("0.00001")), fill.qty);
                    prop_assert_eq!(fill.price.floor_to(p("0.01")), fill.price);
                    prop_assert!(!fill.fee.is_negative());
                    if let Some(limit) = order.order_type.limit() {
                        let is_within = match order.side {
                            Side::Buy => fill.price <= limit,
                            Side::Sell => fill.price >= limit,
                        };
                        prop_assert!(is_within);
                    }
                    *fills += 1;
                    *qty = qty.saturating_add(fill.qty);
                    prop_assert!(*qty <= order.qty);
                    *is_over = *qty == order.qty;
                    if order.tif == TimeInForce::Fok {
                        prop_assert_eq!(fill.qty, order.qty);
                    }
                }
                Outcome::Cancelled { .. } | Outcome::Rejected { .. } => *is_over = true,
                _ => {}
            }
        }
        let open = filled.values().filter(|(.., is_over)| !is_over).count();
        prop_assert_eq!(exchange.open_orders(), open);
    }

    #[test]
    fn the_same_history_gives_the_same_reports(
        rules in rules(),
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        prop_assert_eq!(play(rules, &steps).1, play(rules, &steps).1);
    }
}
