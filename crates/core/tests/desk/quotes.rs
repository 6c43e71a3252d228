//! Quotes: one a side that never takes, leaning against what is held, within what an account may hold.

use crate::world::{BTC, World, rules};
use nija_core::desk::Desk;
use nija_core::desk::Outstanding;
use nija_core::desk::event::{Event, Setting};
use nija_core::desk::input::Command;
use nija_core::risk::kill::Scope;
use nija_core::words::id::{AccountId, OrderId};
use nija_core::words::instrument::AssetClass;
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{OrderType, Outcome, Side, TimeInForce};
use nija_core::words::score::Strength;
use nija_core::words::signal::{Action, Quote, StrategyName};
use nija_core::words::tier::Tier;
use nija_core::words::time::Span;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const MAKER: StrategyName = StrategyName::CryptoMarketMaking;

/// A BALLER with $100,000: a full position is $3,000, a quote $750.
fn pit() -> (World, AccountId) {
    let mut world = World::calm();
    let account = world.open(1, Tier::Baller, 100_000);
    (world, account)
}

fn whole(prices: [Option<i32>; 2]) -> Quote {
    let [bid, ask] = prices.map(|price| price.map(Price::whole));
    Quote { bid, ask, lean: Price::whole(10), each: Strength::parts(2_500), most: Strength::FULL }
}

fn say(world: &mut World, bid: i32, ask: i32) {
    world.signal(MAKER, BTC, Action::Quote(whole([Some(bid), Some(ask)])));
}

fn withdraw(world: &mut World) {
    world.signal(MAKER, BTC, Action::Quote(whole([None; 2])));
}

/// What rests and is not being taken back: side, price, quantity.
fn resting(world: &World) -> Vec<(Side, String, Qty)> {
    let stays = world.desk.outstanding().into_iter().filter(|open| !open.cancelling);
    let told = stays.map(|Outstanding { ticket, .. }| {
        assert_eq!(ticket.tif, TimeInForce::PostOnly);
        let OrderType::Limit { limit } = ticket.order_type else { panic!("{ticket:?}") };
        (ticket.side, limit.to_string(), ticket.qty)
    });
    told.collect()
}

fn leaving(world: &World) -> Vec<OrderId> {
    let open = world.desk.outstanding().into_iter().filter(|open| open.cancelling);
    open.map(|open| open.ticket.id).collect()
}

fn q(units: &str) -> Qty {
    units.parse().unwrap()
}

#[test]
fn an_account_leans_by_what_it_holds_and_quotes_again_what_was_hit() {
    let (mut world, account) = pit();
    say(&mut world, 49_990, 50_010);
    // Who holds nothing wants to buy: ten dollars higher. There is nothing to offer.
    assert_eq!(resting(&world), [(Side::Buy, "50000".into(), q("0.015"))]);
    let bid = world.last();
    say(&mut world, 49_990, 50_010);
    assert_eq!(resting(&world).len(), 1, "it rests where it is wanted");
    world.fill_rest(bid, "50000");
    say(&mut world, 49_990, 50_010);
    // A quarter of what it may hold: half of the lean.
    let told = resting(&world);
    assert_eq!(told[0], (Side::Sell, "50015".into(), q("0.015")));
    assert_eq!((told[1].0, told[1].1.as_str()), (Side::Buy, "49995"));
    // Both are hit: what the spread brought is in the books, and fees of a thousandth each.
    let (ask, bid) = (world.releases[1].order(), world.last());
    world.fill_rest(ask, "50015");
    world.fill_rest(bid, "49995");
    assert!(world.held(account, BTC).is_positive());
    assert_eq!(world.desk.trial_balance(), 0);
}

#[test]
fn a_quote_that_moves_takes_the_old_one_back_and_waits_for_no_answer() {
    let (mut world, _) = pit();
    say(&mut world, 49_990, 50_010);
    let first = world.last();
    say(&mut world, 49_980, 50_000);
    assert_eq!(leaving(&world), [first]);
    assert_eq!(resting(&world)[0].1, "49990");
    // Four of $750 are what it may hold, with those that may still be filled on their way out.
    for bid in [49_970, 49_960, 49_950, 49_940] {
        say(&mut world, bid, 50_000);
    }
    assert_eq!((leaving(&world).len(), resting(&world).len()), (4, 0));
    for order in leaving(&world) {
        world.fill_rest(order, "49950");
    }
    say(&mut world, 49_930, 50_000);
    let full = resting(&world);
    assert_eq!(full.len(), 1, "{full:?}");
    let lowest: Price = full[0].1.parse().unwrap();
    assert!(full[0].0 == Side::Sell && lowest < Price::whole(49_991), "the fullest lean");
    withdraw(&mut world);
    assert_eq!((resting(&world).len(), leaving(&world).len()), (0, 1));
}

#[test]
fn whoever_takes_no_part_any_more_offers_what_is_held() {
    let (mut world, account) = pit();
    say(&mut world, 49_990, 50_010);
    world.fill_rest(world.last(), "50000");
    say(&mut world, 49_990, 50_010);
    world.command(account, Command::Set(Setting::Autopilot(false)));
    say(&mut world, 49_990, 50_010);
    assert_eq!(resting(&world), [(Side::Sell, "50015".into(), q("0.015"))]);
    assert_eq!(leaving(&world).len(), 1);
    // Also when nothing of it was offered before.
    let (mut world, account) = pit();
    say(&mut world, 49_990, 50_010);
    world.fill_rest(world.last(), "50000");
    world.command(account, Command::Set(Setting::Autopilot(false)));
    say(&mut world, 49_990, 50_010);
    assert_eq!(resting(&world), [(Side::Sell, "50015".into(), q("0.015"))]);
    // Nor does one whose tier has another pool, and it hears of nothing.
    let (mut world, _) = pit();
    world.open(2, Tier::Saver, 10_000);
    say(&mut world, 49_990, 50_010);
    assert_eq!(resting(&world).len(), 1);
}

#[test]
fn gates_judge_bids_and_let_offers_pass() {
    let (mut world, _) = pit();
    say(&mut world, 49_990, 50_010);
    world.fill_rest(world.last(), "50000");
    world.kill(Scope::Strategy(MAKER), false);
    say(&mut world, 49_990, 50_010);
    assert_eq!(resting(&world), [(Side::Sell, "50015".into(), q("0.015"))]);
    assert_eq!(told(&world, 0), ["KillSwitch"]);
}

/// Why no bid rests, as told since so many batches were sealed.
fn told(world: &World, since: usize) -> Vec<String> {
    let events = world.batches[since..].iter().flat_map(|batch| batch.events().unwrap());
    let reason = |event| match event {
        Event::Refused { refusal, .. } => Some(format!("{:?}", refusal.code)),
        Event::Skipped { why, .. } => Some(format!("{why:?}")),
        _ => None,
    };
    events.filter_map(reason).collect()
}

#[test]
fn a_reason_is_told_once_however_often_quotes_are_said() {
    // A full position of $30 is less than the smallest trade.
    let mut world = World::calm();
    let account = world.open(1, Tier::Baller, 1_000);
    let since = world.batches.len();
    for _ in 0..3 {
        say(&mut world, 49_990, 50_010);
    }
    assert_eq!(told(&world, since), ["TooSmall"]);
    world.command(account, Command::Transfer(Money::whole(99_000)));
    world.kill(Scope::Class(AssetClass::Crypto), false);
    let since = world.batches.len();
    for _ in 0..3 {
        say(&mut world, 49_990, 50_010);
    }
    assert_eq!(told(&world, since), ["KillSwitch"]);
    world.rearm(Scope::Class(AssetClass::Crypto), "as a test");
    say(&mut world, 49_990, 50_010);
    assert_eq!(resting(&world).len(), 1);
    // It is news again after a quote has rested.
    world.kill(Scope::Class(AssetClass::Crypto), false);
    let since = world.batches.len();
    for _ in 0..3 {
        say(&mut world, 49_990, 50_010);
    }
    assert_eq!(told(&world, since), ["KillSwitch"]);
}

#[test]
fn quotes_that_are_never_hit_stop_nobody() {
    let (mut world, _) = pit();
    for n in 0..200 {
        world.wait(Span::seconds(1));
        world.mark(BTC, "50000");
        say(&mut world, 49_900 + n, 50_200);
        for order in leaving(&world) {
            world.cancelled(order);
        }
    }
    assert_eq!(resting(&world).len(), 1);
    assert!(world.alarms.is_empty(), "{:?}", world.alarms);
}

#[test]
fn an_offer_that_the_venue_turned_away_does_not_come_back_by_itself() {
    let (mut world, _) = pit();
    say(&mut world, 49_990, 50_010);
    world.fill_rest(world.last(), "50000");
    say(&mut world, 49_990, 50_010);
    let ask = world.desk.outstanding().into_iter().find(|o| o.ticket.side == Side::Sell).unwrap();
    world.report(ask.ticket.id, Outcome::Rejected { why: "post-only".to_owned() });
    world.mark(BTC, "50001");
    assert!(resting(&world).iter().all(|(side, ..)| *side == Side::Buy));
    say(&mut world, 49_990, 50_010);
    assert_eq!(resting(&world).len(), 2);
}

#[derive(Clone, Debug)]
enum Step {
    Say(i32, i32),
    Withdraw,
    Mark(u16),
    Fill(usize, u8),
    Cancel(usize),
    Reject(usize),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (-300i32..0, 1i32..300).prop_map(|(bid, ask)| Step::Say(50_000 + bid, 50_000 + ask)),
        1 => Just(Step::Withdraw),
        2 => (90u16..110).prop_map(Step::Mark),
        6 => (0usize..6, 1u8..=4).prop_map(|(n, quarters)| Step::Fill(n, quarters)),
        3 => (0usize..6).prop_map(Step::Cancel),
        1 => (0usize..6).prop_map(Step::Reject),
        1 => Just(Step::Restart),
    ]
}

fn act(world: &mut World, step: &Step) {
    match *step {
        Step::Say(bid, ask) => say(world, bid, ask),
        Step::Withdraw => withdraw(world),
        Step::Mark(part) => world.mark(BTC, &(500 * i32::from(part)).to_string()),
        Step::Restart => {
            let snapshot = world.desk.snapshot().unwrap();
            world.desk = Desk::restore(&snapshot, rules()).unwrap();
        }
        Step::Fill(n, _) | Step::Cancel(n) | Step::Reject(n) => {
            let outstanding = world.desk.outstanding();
            let Some(open) = outstanding.get(n % outstanding.len().max(1)) else { return };
            let (order, left) = (open.ticket.id, open.ticket.qty.checked_sub(open.filled).unwrap());
            let limit = open.ticket.order_type.limit().unwrap().to_string();
            match *step {
                Step::Fill(_, quarters) => {
                    let part = Qty::from_raw(left.raw() * i64::from(quarters) / 4);
                    world.fill(order, part.max(Qty::from_raw(1)).min(left), &limit);
                }
                Step::Cancel(_) => world.cancelled(order),
                _ => world.report(order, Outcome::Rejected { why: "halted".to_owned() }),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(43), cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn in_any_life_one_quote_a_side_rests_and_inventory_is_bounded(
        steps in prop::collection::vec(step(), 1..60)
    ) {
        let (mut world, account) = pit();
        for step in &steps {
            let before = world.held(account, BTC);
            act(&mut world, step);
            prop_assert_eq!(world.desk.trial_balance(), 0);
            let view = world.view(account);
            prop_assert!(view.cash >= Money::ZERO && view.reserved >= Money::ZERO);
            let open = world.desk.outstanding();
            let left = |side| {
                let of = open.iter().filter(move |o| o.ticket.side == side);
                of.fold(Qty::ZERO, |sum, o| {
                    sum.checked_add(o.ticket.qty).unwrap().checked_sub(o.filled).unwrap()
                })
            };
            let held = world.held(account, BTC);
            prop_assert!(left(Side::Sell) <= held, "more offered than held");
            for side in [Side::Buy, Side::Sell] {
                let stays = open.iter().filter(|o| o.ticket.side == side && !o.cancelling);
                prop_assert!(stays.count() <= 1, "two quotes on the {side:?} side");
            }
            // At the lowest price ever, $45,000, $3,300 are 0.0734.
            let most = held.checked_add(left(Side::Buy)).unwrap();
            prop_assert!(most <= q("0.0734"), "{most} may be held");
            if matches!(step, Step::Restart) {
                prop_assert_eq!(before, held);
            }
        }
    }
}
