//! What venues say too late, twice, or wrongly: booked once where it can be, else written down; never silence.

use crate::world::{AAPL, BTC, TREND, World, rules, wish};
use nija_core::desk::Desk;
use nija_core::desk::answer::Answer;
use nija_core::desk::event::{Size, Wish};
use nija_core::desk::input::Command;
use nija_core::words::id::{AccountId, FillId, OrderId};
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{Fill, OrderType, Outcome, Side};
use nija_core::words::signal::Action;
use nija_core::words::tier::Tier;
use nija_core::words::time::Span;

fn qty(text: &str) -> Qty {
    text.parse().unwrap()
}

fn investor() -> (World, AccountId) {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    (world, account)
}

/// How an order may be taken for over.
fn ends() -> [Outcome; 3] {
    [
        Outcome::Cancelled { why: "as asked" },
        Outcome::Lapsed { why: "the venue never received it" },
        Outcome::Rejected { why: "no".to_owned() },
    ]
}

fn told(world: &World) -> usize {
    world.log.matches("discrepancy").count()
}

#[test]
fn a_fill_after_the_end_is_booked_once_and_also_after_a_restart() {
    for end in ends() {
        let (mut world, account) = investor();
        world.buy(account, AAPL, 100);
        let order = world.last();
        world.report(order, end);
        assert_eq!(world.held(account, AAPL), Qty::ZERO);
        let snapshot = world.desk.snapshot().unwrap();
        world.desk = Desk::restore(&snapshot, rules()).unwrap();
        let fill = world.fill(order, qty("0.2"), "200");
        world.report(order, Outcome::Filled(fill));
        world.fill(order, qty("0.3"), "201");
        world.report(order, Outcome::Filled(fill));
        let view = world.view(account);
        assert_eq!(world.held(account, AAPL), qty("0.5"));
        assert_eq!(view.cash, "899.5997".parse().unwrap());
        assert_eq!((view.reserved, view.pressed.len()), (Money::ZERO, 0));
        assert_eq!((world.desk.trial_balance(), told(&world)), (0, 0));
        // And what the journal holds leads there, too.
        let mut replayed = Desk::new(crate::world::PARTITION, rules());
        world.batches.iter().for_each(|batch| replayed.replay(batch).unwrap());
        assert_eq!(replayed.state_hash(), world.desk.state_hash());
    }
}

#[test]
fn a_strategys_late_purchase_is_protected() {
    let (mut world, account) = investor();
    world.enter(TREND, BTC, Some("45000"));
    let entry = world.last();
    world.report(entry, Outcome::Lapsed { why: "the venue never received it" });
    world.fill(entry, qty("0.001"), "50000");
    let stop = world.ticket(world.last()).unwrap();
    assert_eq!(stop.order_type, OrderType::Stop { stop: Price::whole(45_000) });
    assert_eq!((stop.qty, world.held(account, BTC)), (qty("0.001"), qty("0.001")));
}

#[test]
fn a_fill_of_an_unknown_order_is_told_once() {
    let (mut world, account) = investor();
    let before = world.desk.trial_balance();
    for _ in 0..3 {
        let (price, fee) = (Price::whole(200), Money::CENT);
        let fill = Fill { id: FillId(7), qty: qty("1"), price, fee };
        world.report(OrderId(0x0005_0000_0000_0099), Outcome::Filled(fill));
    }
    assert_eq!((told(&world), world.alarms.len()), (1, 1));
    assert_eq!(world.alarms[0].kind, "discrepancy");
    assert_eq!((before, world.view(account).pressed.len()), (0, 0));
}

#[test]
fn ended_orders_are_forgotten_by_number_and_age() {
    let (mut world, account) = investor();
    let ended = |world: &mut World| {
        world.wait(Span::seconds(3));
        world.mark(AAPL, "200");
        world.buy(account, AAPL, 50);
        let order = world.last();
        world.cancelled(order);
        order
    };
    let first = ended(&mut world);
    for _ in 0..4_095 {
        ended(&mut world);
    }
    world.fill(first, qty("0.1"), "200");
    assert_eq!((told(&world), world.held(account, AAPL)), (0, qty("0.1")), "the last that is kept");
    let second = ended(&mut world);
    world.fill(first, qty("0.1"), "200");
    assert_eq!((told(&world), world.held(account, AAPL)), (1, qty("0.1")), "one too many");
    world.wait(Span(8 * Span::DAY.0));
    ended(&mut world);
    world.fill(second, qty("0.1"), "200");
    assert_eq!(told(&world), 2, "too old");
}

#[test]
fn fills_that_cannot_be_booked_are_refused_and_stop_the_entries() {
    for (of, price) in
        [("0", "200"), ("-1", "200"), ("0.00001", "200"), ("0.1", "0"), ("0.1", "-5")]
    {
        let (mut world, account) = investor();
        world.buy(account, AAPL, 50);
        let order = world.last();
        let fill =
            Fill { id: FillId(1), qty: qty(of), price: price.parse().unwrap(), fee: Money::ZERO };
        world.report(order, Outcome::Filled(fill));
        world.report(order, Outcome::Filled(fill));
        assert_eq!((told(&world), world.alarms.len()), (1, 1), "{of} at {price}");
        let view = world.view(account);
        assert_eq!((view.pressed.len(), view.cash), (1, Money::whole(1_000)));
        assert!(matches!(world.buy(account, BTC, 50), Answer::Refused(_)));
        // The order stands; a fill that makes sense is booked.
        world.fill(order, qty("0.25"), "200");
        assert_eq!(world.held(account, AAPL), qty("0.25"));
    }
    // Amounts beyond all range stop the account and not the desk.
    let (mut world, account) = investor();
    world.buy(account, AAPL, 50);
    let order = world.last();
    let (qty, price) = (Qty::whole(2_000_000_000), Price::whole(2_000_000_000));
    world.report(order, Outcome::Filled(Fill { id: FillId(1), qty, price, fee: Money::MAX }));
    assert_eq!((told(&world), world.view(account).pressed.len()), (1, 1));
}

#[test]
fn odd_prices_are_booked_and_flagged() {
    for (limit, price) in [(Some("199"), "199.5"), (None, "200.00001")] {
        let (mut world, account) = investor();
        let order_type =
            limit.map_or(OrderType::Market, |l| OrderType::Limit { limit: l.parse().unwrap() });
        let buy = Wish { order_type, ..wish(AAPL, Side::Buy, crate::world::dollars_of(50)) };
        world.command(account, Command::Place(buy));
        let order = world.last();
        world.fill(order, qty("0.1"), price);
        assert_eq!((told(&world), world.held(account, AAPL)), (1, qty("0.1")));
        assert_eq!(world.view(account).pressed.len(), usize::from(limit.is_some()));
    }
}

#[test]
fn a_sale_whose_answer_was_lost_and_that_was_sent_again_is_seen() {
    let (mut world, account) = investor();
    world.enter(TREND, BTC, None);
    let entry = world.last();
    world.fill_rest(entry, "50000");
    let held = world.held(account, BTC);
    world.signal(TREND, BTC, Action::Exit);
    let lost = world.last();
    world.report(lost, Outcome::Lapsed { why: "the venue never received it" });
    world.mark(BTC, "50000");
    let again = world.last();
    assert_ne!(lost, again);
    // The first was sold after all: the second is taken back at once.
    world.fill(lost, held, "50000");
    assert_eq!(world.held(account, BTC), Qty::ZERO);
    assert!(world.log.ends_with("=> cancel o2\n"), "{}", world.log);
    assert_eq!((told(&world), world.desk.trial_balance()), (0, 0));
    // It was too late for that.
    world.fill(again, held, "50000");
    assert_eq!((told(&world), world.desk.trial_balance()), (1, 0));
    assert!(world.log.contains("more was closed than was held"));
    assert_eq!(world.view(account).pressed.len(), 1);
    assert!(world.desk.outstanding().is_empty() && world.view(account).positions.is_empty());
    let fees = world.view(account).cash;
    assert!(fees > Money::whole(1_090), "both sales brought their money: {fees}");
}

#[test]
fn what_is_bought_in_parts_is_protected_with_the_next_price() {
    let (mut world, account) = investor();
    world.enter(TREND, BTC, Some("45000"));
    let entry = world.last();
    let stops = |world: &World| -> Vec<Qty> {
        let open = world.desk.outstanding().into_iter();
        open.filter(|o| o.ticket.side == Side::Sell).map(|o| o.ticket.qty).collect()
    };
    world.fill(entry, qty("0.0005"), "50000");
    assert_eq!(stops(&world), []);
    world.mark(BTC, "49900");
    assert_eq!(stops(&world), [qty("0.0005")]);
    world.mark(BTC, "49800");
    assert_eq!(stops(&world).len(), 1, "nothing is bare");
    world.fill(entry, qty("0.0002"), "49800");
    world.mark(BTC, "49700");
    assert_eq!(stops(&world), [qty("0.0005"), qty("0.0002")]);
    // Sixteen stops at most: then the oldest gives way to one that takes both places.
    for _ in 0..14 {
        world.fill(entry, qty("0.00001"), "49700");
        world.mark(BTC, "49700");
    }
    assert_eq!(stops(&world).len(), 16);
    let first = world.desk.outstanding().into_iter().find(|o| o.ticket.side == Side::Sell).unwrap();
    world.fill(entry, qty("0.00001"), "49700");
    world.mark(BTC, "49700");
    world.mark(BTC, "49700");
    assert!(
        world
            .log
            .ends_with(&format!("=> cancel o{}\nmarked 1 at 49700\n", first.ticket.id.0 & 0xffff))
    );
    world.cancelled(first.ticket.id);
    let guarded =
        |world: &World| stops(world).iter().fold(Qty::ZERO, |sum, q| sum.saturating_add(*q));
    assert_eq!((stops(&world).len(), guarded(&world)), (16, world.held(account, BTC)));
    // A stop is reached: what was still to be bought is not wanted any more.
    let stop = world.last();
    world.fill_rest(stop, "44900");
    assert!(
        world
            .desk
            .outstanding()
            .iter()
            .all(|o| o.ticket.side == Side::Sell || world.log.contains("cancel asked o0"))
    );
    world.cancelled(entry);
    assert_eq!(guarded(&world), world.held(account, BTC));
}

#[test]
fn small_sales_without_end_join_and_none_is_lost() {
    let (mut world, account) = investor();
    world.buy(account, AAPL, 100);
    let order = world.last();
    world.fill_rest(order, "200");
    let lot = || Size::Units(qty("0.001"));
    let open = |world: &World| world.desk.outstanding().len();
    for n in 0..40 {
        let answer = world.rest(account, AAPL, lot());
        assert_eq!(matches!(answer, Answer::Placed { .. }), n < 16, "{answer:?}");
        assert!(matches!(answer, Answer::Placed { .. } | Answer::Queued));
    }
    assert_eq!(open(&world), 16);
    // What is to be sold at the market does not wait behind them.
    let mut sold = 0;
    for _ in 0..40 {
        sold += usize::from(matches!(world.sell(account, AAPL, lot()), Answer::Placed { .. }));
    }
    assert_eq!((open(&world), sold), (32, 16));
    // Of the rest one order waits; it leaves when one before it has ended, at the market.
    world.fill_rest(world.desk.outstanding()[16].ticket.id, "200");
    let joined = world.ticket(world.last()).unwrap();
    assert_eq!((joined.qty, joined.order_type), (qty("0.048"), OrderType::Market));
    let sold = world.desk.outstanding();
    let left = sold.iter().fold(Qty::ZERO, |sum, o| sum.saturating_add(o.ticket.qty));
    assert_eq!((sold.len(), left), (32, qty("0.079")));
}
