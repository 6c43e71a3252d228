//! Books that are followed: places in the queue, what is displayed, latency, and laws on made markets.

use super::super::filling::Filling;
use super::super::friction::Friction;
use super::super::latency::Latency;
use super::*;
use proptest::prelude::*;

fn book() -> Bench {
    let mut rules = Rules::frictionless(1);
    rules.crypto.filling = Filling::Queue;
    let mut bench = Bench::with(rules);
    bench.quote("100", "101", "5");
    bench
}

impl Bench {
    fn level(&mut self, side: Side, price: &str, qty: &str) {
        self.event(Kind::Level { instrument: COIN, side, price: p(price), qty: q(qty) });
    }
    fn print(&mut self, price: &str, qty: &str, taker: Side) {
        let taker = Some(taker);
        self.event(Kind::Trade { instrument: COIN, price: p(price), qty: q(qty), taker });
    }
    fn post(&mut self, number: u64, side: Side, qty: &str, price: &str) {
        let tif = TimeInForce::PostOnly;
        self.place(&Ticket { tif, ..ticket(number, side, qty, limit(price)) });
    }
    /// Lets what was sent arrive, with an event that changes nothing.
    fn arrive(&mut self) {
        self.level(Side::Sell, "200", "1");
    }
}

#[test]
fn a_resting_order_waits_behind_what_is_displayed() {
    let mut bench = book();
    bench.post(1, Side::Buy, "2", "100");
    bench.arrive();
    bench.print("100", "4", Side::Sell);
    assert_eq!(bench.traded(), "", "four of five in front");
    bench.print("100", "9", Side::Buy);
    assert_eq!(bench.traded(), "", "buyers take from sellers");
    bench.print("100", "2", Side::Sell);
    assert_eq!(bench.traded(), "1@100", "a part of it");
    bench.print("99", "0.5", Side::Sell);
    assert_eq!(
        bench.traded(),
        "0.5@100",
        "beyond the price nobody is in front; no more than was traded"
    );
    bench.quote("98", "99.5", "5");
    assert_eq!(bench.traded(), "0.5@100", "the display crosses it");
}

#[test]
fn who_takes_pays_from_the_middle_to_the_best_and_on_down_the_levels() {
    let mut bench = book();
    bench.level(Side::Sell, "102", "5");
    bench.post(1, Side::Sell, "1", "100.5");
    bench.place(&ticket(2, Side::Buy, "7", OrderType::Market));
    bench.arrive();
    assert_eq!(bench.traded(), "5@101 2@102");
    let friction = bench.exchange.friction(PartitionId(1), AccountNo(7));
    let (spread, slippage) = (usd("3.5"), usd("2"));
    assert_eq!(friction, Friction { spread, slippage }, "half a dollar each, and a dollar for two");
    bench.print("102", "5", Side::Buy);
    assert_eq!(bench.traded(), "1@100.5", "who rests is met at the limit");
    assert_eq!(bench.exchange.friction(PartitionId(1), AccountNo(7)).sum(), usd("5.5"));
}

#[test]
fn what_leaves_the_front_moves_it_up_once() {
    let mut bench = book();
    bench.post(1, Side::Buy, "2", "100");
    bench.arrive();
    bench.level(Side::Buy, "100", "8");
    bench.level(Side::Buy, "100", "5");
    bench.level(Side::Buy, "100", "1");
    bench.print("100", "4", Side::Sell);
    assert_eq!(bench.traded(), "", "the four that had left the display");
    bench.print("100", "2", Side::Sell);
    assert_eq!(bench.traded(), "1@100");
    // A new picture alone moves nobody.
    let mut bench = book();
    bench.post(1, Side::Buy, "2", "100");
    bench.arrive();
    bench.event(Kind::Cleared { instrument: COIN });
    bench.print("100", "5", Side::Sell);
    assert_eq!(bench.traded(), "");
    bench.print("100", "1", Side::Sell);
    assert_eq!(bench.traded(), "1@100");
}

#[test]
fn a_price_behind_all_that_is_shown_is_thought_to_be_full() {
    let mut bench = book();
    bench.level(Side::Buy, "99", "3");
    bench.post(1, Side::Buy, "1", "98");
    bench.arrive();
    bench.quote("98", "101", "9");
    bench.print("98", "5", Side::Sell);
    assert_eq!(bench.traded(), "", "as much as the most that was shown");
    bench.print("98", "1", Side::Sell);
    assert_eq!(bench.traded(), "1@98");
}

#[test]
fn takers_walk_down_the_levels_and_post_only_never_takes() {
    let mut bench = book();
    bench.level(Side::Sell, "102", "3");
    bench.post(1, Side::Buy, "1", "101");
    bench.arrive();
    let told = bench.told();
    assert_eq!(told[1..], ["cancelled: post-only, and it would have taken at once"], "{told:?}");
    let mut take = ticket(2, Side::Buy, "9", limit("102"));
    take.tif = TimeInForce::Ioc;
    bench.place(&take);
    bench.arrive();
    let told = bench.told();
    let rest = "cancelled: the rest could not be filled at once";
    assert_eq!(told, ["acknowledged", "5@101", "3@102", rest]);
    // What was taken is gone until the feed shows it again.
    take.id = OrderId::new(PartitionId(1), 3);
    bench.place(&take);
    bench.arrive();
    assert_eq!(bench.told(), ["acknowledged", rest]);
    bench.level(Side::Sell, "101", "1");
    let mut whole = ticket(4, Side::Buy, "2", limit("101"));
    whole.tif = TimeInForce::Fok;
    bench.place(&whole);
    bench.arrive();
    assert_eq!(bench.told()[1], "cancelled: not all of it could be filled at once");
    bench.level(Side::Sell, "200", "0");
    bench.place(&ticket(5, Side::Buy, "2", OrderType::Market));
    bench.level(Side::Sell, "103", "1");
    bench.level(Side::Sell, "104", "1");
    assert_eq!(bench.traded(), "1@101 1@103", "the rest goes on with what comes");
}

#[test]
fn post_only_is_a_limit_order_and_takes_nothing_where_no_book_is_followed_either() {
    let mut bench = book();
    let tif = TimeInForce::PostOnly;
    bench.place(&Ticket { tif, ..ticket(1, Side::Buy, "1", OrderType::Market) });
    assert!(bench.told()[0].contains("only a limit order can be post-only"));
    let mut bench = Bench::plain();
    bench.quote("100", "101", "5");
    bench.post(1, Side::Buy, "1", "101");
    bench.post(2, Side::Buy, "1", "100.5");
    bench.quote("100", "101", "5");
    let told = bench.told();
    let back = "cancelled: post-only, and it would have taken at once";
    assert_eq!(told, ["acknowledged", "acknowledged", back]);
    bench.quote("100", "100.5", "5");
    assert_eq!(bench.told(), ["1@100.5"], "what rests is filled as any other");
}

#[test]
fn stops_take_what_is_displayed_once_they_are_reached() {
    let mut bench = book();
    bench.place(&ticket(1, Side::Sell, "6", stop("99")));
    bench.arrive();
    bench.print("99.5", "1", Side::Sell);
    assert_eq!(bench.traded(), "");
    bench.level(Side::Buy, "98", "4");
    bench.print("99", "1", Side::Sell);
    assert_eq!(bench.traded(), "5@100 1@98");
}

#[test]
fn orders_and_cancels_take_their_time_and_makers_pay_their_own_fee() {
    let mut rules = Rules::frictionless(1);
    rules.crypto.filling = Filling::Queue;
    rules.latency = Latency::Fixed { span: Span::seconds(2) };
    let (maker, taker) = (pct("0.01"), pct("0.1"));
    rules.crypto.fee = super::super::fee::Fee::MakerTaker { maker, taker };
    let mut bench = Bench::with(rules);
    bench.quote("100", "101", "5");
    bench.post(1, Side::Buy, "1", "100.5");
    bench.now = bench.now.plus(Span::seconds(1));
    bench.print("100", "9", Side::Sell);
    assert_eq!(bench.traded(), "", "still on its way");
    bench.now = bench.now.plus(Span::seconds(1));
    bench.exchange.cancel(OrderId::new(PartitionId(1), 1), bench.now);
    bench.now = bench.now.plus(Span::seconds(1));
    bench.print("100.5", "0.4", Side::Sell);
    let [fill] = bench.fills()[..] else { panic!() };
    assert_eq!((fill.qty, fill.fee), (q("0.4"), usd("0.00402")), "its cancel is on the way");
    bench.now = bench.now.plus(Span::seconds(2));
    bench.print("100", "9", Side::Sell);
    assert_eq!(bench.told(), ["cancelled: taken back as asked"]);
}

/// A made market: what happens, and what we do.
#[derive(Clone, Debug)]
enum Step {
    Level(Side, i32, i32),
    Print(i32, i32, Side),
    Post(Side, i32, i32),
    Cancel(usize),
}

fn side() -> impl Strategy<Value = Side> {
    prop::sample::select(vec![Side::Buy, Side::Sell])
}
fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (side(), 95i32..106, 0i32..9).prop_map(|(side, price, qty)| Step::Level(side, price, qty)),
        4 => (95i32..106, 1i32..9, side()).prop_map(|(price, qty, side)| Step::Print(price, qty, side)),
        2 => (side(), 95i32..106, 1i32..9).prop_map(|(side, price, qty)| Step::Post(side, price, qty)),
        1 => (0usize..8).prop_map(Step::Cancel),
    ]
}

/// Plays a market with a second between events and a latency of one and a half; tells everything that was reported.
fn play(steps: &[Step]) -> (Vec<Report>, Vec<(Ticket, Timestamp)>) {
    let mut rules = Rules::frictionless(7);
    rules.crypto.filling = Filling::Queue;
    rules.latency = Latency::Fixed { span: Span::millis(1_500) };
    let mut bench = Bench::with(rules);
    bench.quote("99", "101", "5");
    let (mut all, mut sent) = (Vec::new(), Vec::<(Ticket, Timestamp)>::new());
    for step in steps {
        bench.now = bench.now.plus(Span::seconds(1));
        match *step {
            Step::Level(side, price, qty) => {
                let (price, qty) = (Price::whole(price), Qty::whole(qty));
                bench.event(Kind::Level { instrument: COIN, side, price, qty });
            }
            Step::Print(price, qty, taker) => {
                let (price, qty, taker) = (Price::whole(price), Qty::whole(qty), Some(taker));
                bench.event(Kind::Trade { instrument: COIN, price, qty, taker });
            }
            Step::Post(side, price, qty) => {
                let kind = OrderType::Limit { limit: Price::whole(price) };
                let order = ticket(sent.len() as u64 + 1, side, &qty.to_string(), kind);
                let order = Ticket { tif: TimeInForce::PostOnly, ..order };
                bench.place(&order);
                sent.push((order, bench.now));
            }
            Step::Cancel(at) => {
                if let Some((order, _)) = sent.get(at) {
                    bench.exchange.cancel(order.id, bench.now);
                }
            }
        }
        all.extend(bench.reports());
    }
    (all, sent)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn laws_of_the_queue(steps in prop::collection::vec(step(), 1..80)) {
        let (reports, sent) = play(&steps);
        prop_assert_eq!(&reports, &play(&steps).0, "equal events, equal reports");
        let begun = noon();
        for side in [Side::Buy, Side::Sell] {
            // All that ever hit this side: prints by takers of the other one, and displays that crossed.
            let hit: i64 = steps.iter().map(|step| match step {
                Step::Print(_, qty, taker) if *taker != side => i64::from(*qty),
                Step::Level(of, _, qty) if *of != side => i64::from(*qty),
                _ => 0,
            }).sum();
            let mut filled = 0;
            for report in &reports {
                let Outcome::Filled(fill) = &report.outcome else { continue };
                let (order, at) = sent.iter().find(|(t, _)| t.id == report.order).unwrap();
                if order.side != side { continue }
                filled += fill.qty.raw();
                prop_assert!(report.at >= at.plus(Span::millis(1_500)), "no fill before arrival");
                prop_assert_eq!(Some(fill.price), order.order_type.limit(), "who rests gets the limit");
                // Something at that very instant met the price.
                let index = (report.at.since(begun).0 / 1_000_000 - 1) as usize;
                let reason = match steps[index] {
                    Step::Print(price, _, taker) => taker != side && reaches(side, fill.price, Price::whole(price)),
                    Step::Level(of, price, _) => of != side && reaches(side, fill.price, Price::whole(price)),
                    _ => false,
                };
                prop_assert!(reason, "{:?} by {:?}", fill, steps[index]);
            }
            prop_assert!(filled <= Qty::whole(1).raw() * hit);
        }
    }

    /// One price, prints only: what is filled is what was traded there beyond the queue, to the unit.
    #[test]
    fn never_through_the_queue_without_volume(
        queue in 0i32..20, own in 1i32..10, prints in prop::collection::vec(1i32..6, 1..20),
    ) {
        let mut bench = book();
        bench.level(Side::Buy, "100", &queue.to_string());
        bench.post(1, Side::Buy, &own.to_string(), "100");
        bench.post(2, Side::Buy, &own.to_string(), "100");
        bench.arrive();
        let (mut traded, mut filled) = (0, 0);
        for print in prints {
            bench.print("100", &print.to_string(), Side::Sell);
            traded += print;
            filled += bench.fills().iter().map(|fill| fill.qty.raw()).sum::<i64>();
            let beyond = (traded - queue).clamp(0, 2 * own);
            prop_assert_eq!(filled, Qty::whole(beyond).raw());
        }
    }
}

fn reaches(side: Side, limit: Price, price: Price) -> bool {
    match side {
        Side::Buy => price <= limit,
        Side::Sell => price >= limit,
    }
}
