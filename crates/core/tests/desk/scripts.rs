//! The desk by scripts: inputs, and the events and releases that follow, held to texts in `tests/scripts`.

use crate::world::{AAPL, BTC, TREND, World, wish};
use nija_core::commit::Release;
use nija_core::desk::answer::{Answer, Decline};
use nija_core::desk::event::{Event, OwnLimits, Setting, Size};
use nija_core::desk::input::{Command, Input};
use nija_core::risk::kill::Scope;
use nija_core::risk::refusal::{Change, Code};
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::fixed::Round;
use nija_core::words::id::SignalId;
use nija_core::words::insight::Insight;
use nija_core::words::instrument::AssetClass;
use nija_core::words::money::{Money, Pct, Price};
use nija_core::words::order::{OrderState, Origin, Outcome, Side};
use nija_core::words::score::{Score, Strength};
use nija_core::words::signal::{Action, Signal, StrategyName};
use nija_core::words::tier::Tier;
use nija_core::words::time::Span;

/// Compares a world's log with the script of that name.
fn expect(name: &str, world: &World) {
    let path = format!("{}/tests/scripts/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let script = std::fs::read_to_string(&path).unwrap_or_default();
    let (wanted, found) = (script.trim(), world.log.trim());
    let differ = wanted.lines().zip(found.lines()).position(|(a, b)| a != b);
    assert!(
        wanted == found,
        "{name}.txt differs from line {differ:?}\n----- found:\n{found}\n-----"
    );
}

fn quiet(world: &mut World) {
    world.log.clear();
}

#[test]
fn a_purchase_from_deposit_to_last_fill() {
    let mut world = World::calm();
    quiet(&mut world);
    world.step("an investor opens with $1,000");
    let account = world.open(1, Tier::Investor, 1_000);
    world.step("buys $100 of AAPL");
    world.buy(account, AAPL, 100);
    let order = world.last();
    world.report(order, Outcome::Acknowledged);
    world.report(order, Outcome::Acknowledged);
    world.step("a fifth fills, then the same report again");
    let fill = world.fill(order, "0.1".parse().unwrap(), "200");
    world.report(order, Outcome::Filled(fill));
    world.step("the rest fills a little higher");
    world.fill_rest(order, "201");
    world.step("a late repeat is dropped");
    world.report(order, Outcome::Filled(fill));
    expect("purchase", &world);
    let view = world.view(account);
    assert_eq!(view.reserved, Money::ZERO);
    assert_eq!(view.cash, "899.4996".parse().unwrap());
    assert_eq!(world.desk.trial_balance(), 0);
}

#[test]
fn a_strategy_enters_is_protected_and_leaves() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    quiet(&mut world);
    world.step("trend riding enters with a stop at 45000");
    world.enter(TREND, BTC, Some("45000"));
    let entry = world.last();
    world.fill_rest(entry, "50000");
    let stop = world.last();
    assert_ne!(entry, stop);
    world.report(stop, Outcome::Acknowledged);
    world.step("the same signal again asks for nothing");
    world.enter(TREND, BTC, Some("45000"));
    world.step("it wants out: the stop gives way first");
    world.signal(TREND, BTC, Action::Exit);
    world.step("again: the exit is on its way");
    world.signal(TREND, BTC, Action::Exit);
    world.step("the stop is gone, the exit leaves");
    world.cancelled(stop);
    let exit = world.last();
    world.step("the exit lapses and waits for the next price");
    world.report(exit, Outcome::Lapsed { why: "the node restarted" });
    world.mark(BTC, "51000");
    let again = world.last();
    assert_ne!(exit, again);
    world.fill_rest(again, "51000");
    expect("strategy", &world);
    assert!(world.view(account).positions.is_empty());
    assert!(world.desk.outstanding().is_empty());
}

#[test]
fn a_trim_sells_what_is_beyond_its_part_and_the_stop_comes_back_under_the_rest() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 10_000);
    quiet(&mut world);
    // A full position is $1,000; the largest trade of the tier is $250.
    world.enter(TREND, BTC, Some("40000"));
    let entry = world.last();
    world.fill_rest(entry, "50000");
    let stop = world.last();
    world.report(stop, Outcome::Acknowledged);
    let held = |world: &World| world.held(account, BTC);
    assert_eq!(held(&world), "0.005".parse().unwrap());
    let trim = |world: &mut World, parts| {
        world.signal(TREND, BTC, Action::Trim { strength: Strength::parts(parts) });
    };
    world.step("no more than 25 % is held already, and 24 % is not worth a trade");
    trim(&mut world, 2_500);
    trim(&mut world, 2_400);
    world.step(
        "no more than 20 %: the stop gives way, a fifth is sold, the rest is protected again",
    );
    trim(&mut world, 2_000);
    trim(&mut world, 2_000);
    world.cancelled(stop);
    // The sale and, behind it, the stop under what is left.
    let placed = world.releases.iter().rev().filter(|release| release.ticket().is_some());
    let sale = placed.skip(1).map(Release::order).next().unwrap();
    world.step("said again while the sale is on its way: nothing");
    trim(&mut world, 1_000);
    world.fill_rest(sale, "50000");
    // A fee of 25 cents made a full position smaller: $50.005 of $250 went.
    assert_eq!(held(&world), "0.0039999".parse().unwrap());
    world.step("what it does not hold it cannot trim");
    world.signal(
        StrategyName::CryptoMomentumScalping,
        BTC,
        Action::Trim { strength: Strength::parts(0) },
    );
    expect("trim", &world);
    assert_eq!(held(&world), "0.0039999".parse().unwrap());
}

#[test]
fn cancels_lapses_and_rejections_free_what_was_held_back() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    quiet(&mut world);
    world.step("bought and taken back after a part");
    world.buy(account, AAPL, 100);
    let order = world.last();
    world.fill(order, "0.2".parse().unwrap(), "200");
    world.command(account, Command::Cancel(order));
    assert_eq!(world.command(account, Command::Cancel(order)), Answer::Done);
    world.cancelled(order);
    let declined = world.command(account, Command::Cancel(order));
    assert_eq!(declined, Answer::Declined(Decline::UnknownOrder));
    world.step("turned away by the venue");
    world.buy(account, BTC, 50);
    let order = world.last();
    world.report(order, Outcome::Rejected { why: "too small for us".to_owned() });
    world.step("never sent");
    world.buy(account, BTC, 60);
    let order = world.last();
    world.report(order, Outcome::Lapsed { why: "its lane is full" });
    expect("cancel", &world);
    assert_eq!(world.view(account).reserved, Money::ZERO);
}

#[test]
fn a_kill_switch_takes_entries_back_and_then_sells() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    world.enter(TREND, BTC, Some("45000"));
    let entry = world.last();
    world.fill_rest(entry, "50000");
    let stop = world.last();
    world.buy(account, AAPL, 50);
    let shares = world.last();
    world.fill_rest(shares, "200");
    world.rest(account, AAPL, Size::All);
    let resting = world.last();
    world.buy(account, AAPL, 40);
    let coming = world.last();
    quiet(&mut world);
    world.step("everything is stopped and sold");
    world.kill(Scope::Platform, true);
    world.step("the stop and the resting sale give way");
    world.cancelled(stop);
    world.cancelled(resting);
    world.step("a fill overtakes the cancel of the entry: it is sold, too");
    world.fill(coming, "0.1".parse().unwrap(), "200");
    world.cancelled(coming);
    world.step("pressed again: nothing is left to do");
    world.kill(Scope::Platform, true);
    expect("kill", &world);
    for order in world.desk.outstanding() {
        assert_eq!(order.ticket.origin, Origin::KillSwitch);
        world.fill_rest(order.ticket.id, "210");
    }
    assert!(world.view(account).positions.is_empty());
    assert!(
        matches!(world.buy(account, AAPL, 50), Answer::Refused(r) if r.code == Code::KillSwitch)
    );
}

#[test]
fn the_same_key_gives_the_same_answer() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    quiet(&mut world);
    let place = |dollars| Command::Place(wish(AAPL, Side::Buy, crate::world::dollars_of(dollars)));
    let first = world.keyed(account, "a", place(50));
    assert!(matches!(first, Answer::Placed { .. }));
    assert_eq!(world.keyed(account, "a", place(50)), first);
    let reused = world.keyed(account, "a", place(60));
    assert_eq!(reused, Answer::Declined(Decline::KeyReused));
    let refused = world.keyed(account, "b", place(900));
    assert!(matches!(refused, Answer::Refused(_)));
    assert_eq!(world.keyed(account, "b", place(900)), refused);
    assert_eq!(world.keyed(account, "c", Command::Transfer(Money::whole(5))), Answer::Done);
    assert_eq!(world.keyed(account, "c", Command::Transfer(Money::whole(5))), Answer::Done);
    let other = world.open(2, Tier::Investor, 1_000);
    assert!(matches!(world.keyed(other, "a", place(50)), Answer::Placed { .. }));
    expect("keys", &world);
    assert_eq!(world.view(account).cash, Money::whole(1_005));
}

#[test]
fn keys_are_forgotten_by_age_and_number() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    let pay = || Command::Transfer(Money::whole(1));
    world.keyed(account, "first", pay());
    for n in 0..8_192 {
        world.keyed(account, &format!("k{n}"), pay());
    }
    let before = world.view(account).cash;
    world.keyed(account, "first", pay());
    assert_eq!(world.view(account).cash, before.checked_add(Money::whole(1)).unwrap());
    world.keyed(account, "k8191", pay());
    assert_eq!(world.view(account).cash, before.checked_add(Money::whole(1)).unwrap());
}

#[test]
fn more_than_was_ordered_stops_the_account() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    world.buy(account, AAPL, 100);
    let order = world.last();
    quiet(&mut world);
    world.fill(order, "0.6".parse().unwrap(), "200");
    expect("overfill", &world);
    assert_eq!(world.held(account, AAPL), "0.6".parse().unwrap(), "the venue's word counts");
    assert_eq!(world.view(account).reserved, Money::ZERO);
    assert_eq!(world.view(account).pressed.len(), 1);
}

#[test]
fn a_day_ends_where_the_account_lives() {
    let mut world = World::calm();
    let utc = world.open_at(1, Tier::Investor, 1_000, Span::ZERO);
    let tokyo = world.open_at(2, Tier::Investor, 1_000, Span::seconds(15 * 3_600));
    for account in [utc, tokyo] {
        world.buy(account, BTC, 100);
        let order = world.last();
        world.fill_rest(order, "50000");
    }
    quiet(&mut world);
    world.step("17:00, the second account's day is over at 15:00");
    world.wait(Span::seconds(5 * 3_600));
    world.mark(BTC, "50000");
    world.step("the next noon, only the first account's day is over");
    world.wait(Span::seconds(19 * 3_600));
    world.mark(BTC, "50100");
    world.step("a minute later nothing more ends");
    world.wait(Span::seconds(60));
    world.mark(BTC, "50100");
    expect("days", &world);
}

#[test]
fn the_split_moves_only_beyond_the_drift_band() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Baller, 100_000);
    quiet(&mut world);
    let read = |world: &mut World, heading: &str, regime, liquidity| {
        world.step(heading);
        world.take(Input::Conditions(Conditions {
            at: world.now,
            regime: Some(regime),
            crypto_volatility: Some(Score::points(45)),
            liquidity: Some(Score::points(liquidity)),
            ..Conditions::default()
        }));
        world.enter(TREND, BTC, None);
        let order = world.last();
        world.cancelled(order);
    };
    read(&mut world, "ranging", Regime::Ranging, 50);
    read(&mut world, "low volatility", Regime::LowVolatility, 50);
    read(&mut world, "derivatives would take 4 points: not worth it", Regime::LowVolatility, 84);
    assert!(world.view(account).reason.to_string().contains("the earlier split stays"));
    read(&mut world, "derivatives would take 6 points", Regime::LowVolatility, 86);
    expect("split", &world);
    world.step("a tier without derivatives keeps none");
    world.command(account, Setting::Tier(Tier::Livable).into());
    assert!(world.view(account).split.class(AssetClass::Derivatives).is_zero());
}

#[test]
fn a_sale_takes_no_more_of_the_protection_than_it_needs() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Income, 10_000);
    world.enter(TREND, BTC, Some("45000"));
    let entry = world.last();
    world.fill_rest(entry, "50000");
    let stop = world.last();
    let held = world.held(account, BTC);
    quiet(&mut world);
    world.step("the user sells a third of what a stop protects, then a third again");
    let third = Size::Units(nija_core::words::money::Qty::from_raw(held.raw() / 3));
    assert_eq!(world.sell(account, BTC, third), Answer::Queued);
    assert_eq!(world.sell(account, BTC, third), Answer::Queued);
    world.step("the stop gives way; the sale leaves in one piece, a stop stays under the rest");
    world.cancelled(stop);
    expect("protection", &world);
    let open = world.desk.outstanding();
    let sum = open.iter().fold(0, |sum, order| sum + order.ticket.qty.raw());
    assert_eq!((open.len(), sum), (2, held.raw()));
    assert_eq!(world.sell(account, BTC, third), Answer::Queued, "the last third");
    let more = world.sell(account, BTC, third);
    assert!(matches!(more, Answer::Refused(r) if r.code == Code::ExceedsPosition));
}

#[test]
fn a_rejected_stop_is_tried_again() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    world.enter(TREND, BTC, Some("45000"));
    let entry = world.last();
    world.fill_rest(entry, "50000");
    let stop = world.last();
    world.report(stop, Outcome::Rejected { why: "busy".to_owned() });
    assert!(world.desk.outstanding().is_empty());
    world.mark(BTC, "49000");
    let [again] = &world.desk.outstanding()[..] else { panic!("one stop") };
    assert_eq!(again.ticket.origin, Origin::Protection { strategy: TREND });
    assert_eq!(again.ticket.qty, world.held(account, BTC));
    assert_eq!(again.state, OrderState::Approved);
}

#[test]
fn each_strategy_leaves_with_what_it_bought() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Baller, 100_000);
    let scalping = StrategyName::CryptoMomentumScalping;
    let mut stops = Vec::new();
    for (strategy, stop) in [(TREND, "45000"), (scalping, "48000")] {
        world.own(
            account,
            OwnLimits { max_trade: Some(Money::whole(1_000)), ..OwnLimits::default() },
        );
        world.enter(strategy, BTC, Some(stop));
        let entry = world.last();
        world.fill_rest(entry, "50000");
        stops.push(world.last());
    }
    world.signal(TREND, BTC, Action::Exit);
    world.signal(scalping, BTC, Action::Exit);
    let asked: Vec<_> = world.desk.outstanding().iter().map(|o| o.ticket.id).collect();
    assert_eq!(asked, stops, "both stops still stand and are being taken back");
    for stop in stops {
        world.cancelled(stop);
    }
    let mut left = world.desk.outstanding();
    left.retain(|o| matches!(o.ticket.origin, Origin::Strategy { .. }));
    assert_eq!(left.len(), 2, "two exits, none lost behind the other");
    for exit in left {
        world.fill_rest(exit.ticket.id, "50000");
    }
    assert!(world.view(account).positions.is_empty());
}

#[test]
fn learned_weighting_scales_what_pro_ai_buys_and_stands_in_the_evidence() {
    let mut world = World::calm();
    let plain = world.open(1, Tier::Income, 2_000);
    let weighed = world.open(2, Tier::Livable, 10_000);
    let insight = Some(Insight { weight: Strength::parts(5_000), opinion: None, implied: None });
    let action = Action::Enter { strength: Strength::parts(8_000), stop: None };
    world.take(Input::Signal(Signal {
        id: SignalId(1),
        strategy: TREND,
        version: 1,
        instrument: BTC,
        action,
        mark: Price::whole(50_000),
        at: world.now,
        insight,
    }));
    let size = |account, capital| {
        let view = world.view(account);
        let limits = view.limits;
        let full = Money::whole(capital).percent(limits.max_position_pct, Round::Down).unwrap();
        (view.reserved.raw() as f64 / full.raw() as f64 * 20.0).round() / 20.0
    };
    // The one takes what is asked for; the other twice of it, which is a full position, and a half of that.
    assert_eq!((size(plain, 2_000), size(weighed, 10_000)), (0.8, 0.5));
    let events = world.batches.iter().flat_map(|batch| batch.events().unwrap());
    let told = events.filter_map(|event| match event {
        Event::Approved { evidence, ticket } => Some((evidence.insight, ticket.origin.version())),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [(insight, Some(1)); 2]);
}

#[test]
fn an_entry_that_fills_after_its_exit_is_sold() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    world.enter(TREND, BTC, None);
    let entry = world.last();
    world.signal(TREND, BTC, Action::Exit);
    world.fill_rest(entry, "50000");
    let exit = world.last();
    assert_ne!(entry, exit);
    world.fill_rest(exit, "50000");
    assert!(world.view(account).positions.is_empty());
    assert!(world.desk.outstanding().is_empty());
}

#[test]
fn an_entry_that_is_taken_back_leaves_no_exit_waiting() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    world.enter(TREND, BTC, None);
    let entry = world.last();
    world.signal(TREND, BTC, Action::Exit);
    world.cancelled(entry);
    world.enter(TREND, BTC, None);
    let entry = world.last();
    world.fill_rest(entry, "50000");
    world.mark(BTC, "50001");
    assert!(world.desk.outstanding().is_empty(), "the later holding is not sold by an old exit");
    assert!(world.held(account, BTC).is_positive());
}

#[test]
fn selling_more_than_is_held_names_what_could_be_sold() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    let all = world.sell(account, BTC, Size::All);
    assert_eq!(all, Answer::Declined(Decline::NoPosition));
    let some = world.sell(account, BTC, Size::Units("0.3".parse().unwrap()));
    assert!(matches!(some, Answer::Refused(r) if r.code == Code::ExceedsPosition));
    world.buy(account, AAPL, 100);
    let order = world.last();
    world.fill_rest(order, "200");
    world.rest(account, AAPL, Size::Units("0.3".parse().unwrap()));
    let Answer::Refused(refusal) = world.sell(account, AAPL, Size::Units("0.3".parse().unwrap()))
    else {
        panic!("more than is free");
    };
    assert_eq!(refusal.changes, [Change::QuantityAtMost("0.2".parse().unwrap())]);
    assert!(matches!(world.sell(account, AAPL, Size::All), Answer::Placed { .. }));
}

#[test]
fn a_new_tier_lifts_an_own_limit_that_could_never_be_met() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 30_000);
    let own = OwnLimits {
        max_trade: Some(Money::whole(20)),
        max_drawdown_pct: Some(Pct::whole(5)),
        ..OwnLimits::default()
    };
    assert_eq!(world.own(account, own), Answer::Done);
    world.command(account, Setting::Tier(Tier::Baller).into());
    let limits = world.view(account).limits;
    assert_eq!((limits.min_trade, limits.max_trade), (Money::whole(100), Money::whole(100)));
    assert_eq!(limits.max_drawdown_pct, Pct::whole(5));
    let none = OwnLimits { max_open_positions: Some(0), ..OwnLimits::default() };
    assert!(matches!(world.own(account, none), Answer::Declined(Decline::Invalid { .. })));
}
