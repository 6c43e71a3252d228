//! Copying at the desk: proportional, within the follower's own gates and terms, each lead heard once, each fee to the
//! cent; whoever stops gets everything back.

use crate::billing::{house, usd};
use crate::copies::HERE;
use crate::world::{AAPL, BTC, NOON, World, rules};
use nija_core::billing::revenue::Stream;
use nija_core::copy::decline::CopyDecline;
use nija_core::copy::lead::{CopySkip, Lead};
use nija_core::copy::master::MasterChange;
use nija_core::copy::parcel::Content;
use nija_core::copy::sleeve::Stage;
use nija_core::copy::terms::CopyTerms;
use nija_core::desk::Desk;
use nija_core::desk::answer::{Answer, Decline, FollowersView, Query, View};
use nija_core::desk::event::{Event, Setting, Size};
use nija_core::desk::input::{Command, CopyAct};
use nija_core::ledger::chart::Book;
use nija_core::risk::kill::{Actor, Scope};
use nija_core::risk::refusal::Code;
use nija_core::words::id::{AccountId, AccountNo};
use nija_core::words::money::{Money, Pct, Qty};
use nija_core::words::order::{OrderState, Outcome, Purpose, Side};
use nija_core::words::tier::{Priority, Tier, Tolerance};
use nija_core::words::time::Span;

fn declined(why: CopyDecline) -> Answer {
    Answer::Declined(Decline::Copying(why))
}

#[test]
fn the_worked_example_of_a_copy_sleeve() {
    let mut world = World::calm();
    let leader = world.master(1, Tier::Income, 5_000);
    let follower = world.open(2, Tier::Income, 2_000);
    assert_eq!(world.follow(follower, leader, 1_000), Answer::Done);
    world.profit_of_sleeve(follower, leader, "100");
    world.next_month();
    world.carry();
    let sleeve = world.sleeve(follower, leader);
    assert_eq!((sleeve.equity, sleeve.fees.high), (usd("1093"), Some(usd("1093"))));
    assert_eq!(world.master_view(leader).earned, usd("5"));
    world.profit_of_sleeve(follower, leader, "-193");
    world.next_month();
    world.profit_of_sleeve(follower, leader, "50");
    let took = world.act(follower, leader, CopyAct::Fund(usd("-380")));
    assert_eq!(took, Answer::Done);
    let sleeve = world.sleeve(follower, leader);
    assert_eq!((sleeve.equity, sleeve.fees.high), (usd("570"), Some(usd("655.8"))));
    world.profit_of_sleeve(follower, leader, "130");
    world.next_month();
    world.carry();
    assert_eq!(world.sleeve(follower, leader).equity, usd("696.91"));
    world.profit_of_sleeve(follower, leader, "23.09");
    let cash = world.view(follower).cash;
    assert_eq!(world.act(follower, leader, CopyAct::Stop), Answer::Done);
    world.carry();
    let back = world.view(follower).cash.checked_sub(cash);
    assert_eq!(back, Some(usd("718.39")));
    assert_eq!(world.sleeve(follower, leader).sleeve.stage, Stage::Stopped);
    assert_eq!(world.master_view(leader).earned, usd("8.36"));
    let copy = house(&world).revenue.into_iter().filter(|e| e.stream == Stream::CopyTradingFee);
    let copy = copy.fold(Money::ZERO, |sum, earned| sum.saturating_add(earned.amount));
    assert_eq!(copy, usd("3.34"));
    let house = house(&world);
    assert_eq!(house.books.balance(Book::Clearing), Money::ZERO);
    assert_eq!(house.trial_balance, 0);
    assert_eq!(
        world.view(leader).fees.gain,
        Money::ZERO,
        "what a master earns is no trading profit"
    );
    assert_eq!(world.view(follower).fees.gain, Money::ZERO, "nor what comes back from a sleeve");
}

#[test]
fn a_thousand_followers_with_fifty_dollars_of_profit_each() {
    let mut world = World::calm();
    let leader = world.master(1, Tier::Income, 5_000);
    let followers: Vec<AccountId> =
        (0..1_000).map(|n| world.open(1_000 + n, Tier::Investor, 500)).collect();
    for follower in &followers {
        assert_eq!(world.follow(*follower, leader, 500), Answer::Done);
        world.profit_of_sleeve(*follower, leader, "50");
    }
    world.next_month();
    world.carry();
    assert_eq!(world.master_view(leader).earned, usd("2500"));
    assert_eq!(house(&world).books.balance(Book::CopyRevenue), usd("-1000"));
    assert_eq!(house(&world).books.balance(Book::Clearing), Money::ZERO);
    assert_eq!(world.desk.trial_balance(), 0);
    let View::Followers(sums) = world.desk.query(&Query::Followers(HERE, Some(leader))) else {
        panic!("no sums")
    };
    let expected = FollowersView {
        leader,
        active: 1_000,
        ever: 1_000,
        winners: 1_000,
        following: usd("546500"),
        put_in: usd("500000"),
        profit: usd("46500"),
        fees: usd("3500"),
        ..FollowersView::default()
    };
    assert_eq!(sums, [expected]);
}

#[test]
fn copies_are_in_proportion_bound_in_price_and_judged_for_the_follower() {
    let mut world = World::calm();
    let leader = world.master(1, Tier::Baller, 50_000);
    let follower = world.open(2, Tier::Investor, 5_000);
    world.follow(follower, leader, 4_000);
    world.buy(leader, AAPL, 1_000);
    world.fill_rest(world.last(), "200");
    world.carry();
    let copies = world.copies(follower, leader);
    let [copy] = copies.as_slice() else { panic!("{copies:?}") };
    // 2 % of the leader's equity, so 2 % of the sleeve's.
    assert_eq!(copy.ticket.qty, "0.4".parse().unwrap());
    assert_eq!(copy.ticket.order_type.limit(), Some("202".parse().unwrap()));
    let release = world.releases.last().unwrap();
    assert_eq!(release.lane(), Priority::Normal, "all who copy stand in one lane");
    world.fill_all("200.5");
    let sleeve = world.sleeve(follower, leader);
    assert_eq!(sleeve.sleeve.slippage, usd("0.2"));
    assert_eq!((sleeve.sleeve.copied, sleeve.sleeve.skipped), (1, 0));
    // The gates count the copy for the follower: 10 % of $5,000 in one symbol, $80 of it taken.
    let answer = world.buy(follower, AAPL, 250);
    assert!(matches!(answer, Answer::Placed { .. }), "{answer:?}");
    world.fill_all("200");
    let answer = world.buy(follower, AAPL, 200);
    assert!(matches!(answer, Answer::Refused(r) if r.code == Code::PositionLimit));
    let view = world.view(follower);
    assert!(view.equity > view.own_equity && view.equity < usd("5001"));
}

#[test]
fn sales_are_copied_in_part_and_in_whole_whatever_stands_against_entries() {
    let mut world = World::calm();
    let leader = world.master(1, Tier::Baller, 50_000);
    let follower = world.open(2, Tier::Investor, 5_000);
    world.follow(follower, leader, 4_000);
    world.led_purchase(leader, AAPL, 1_400, "200");
    let held = world.held(follower.sleeve(leader), AAPL);
    assert!(held.is_positive());
    world.act(follower, leader, CopyAct::Terms(CopyTerms { paused: true, ..CopyTerms::default() }));
    let kill = Command::Kill { by: Actor::Platform, reason: "test".to_owned(), flatten: false };
    world.command(follower, kill);
    world.sell(leader, AAPL, Size::Units("1.75".parse().unwrap()));
    world.fill_rest(world.last(), "200");
    world.carry();
    world.fill_all("200");
    let left = world.held(follower.sleeve(leader), AAPL);
    assert_eq!(Qty::from_raw(left.raw() * 4), Qty::from_raw(held.raw() * 3), "a quarter is sold");
    world.sell(leader, AAPL, Size::All);
    world.fill_rest(world.last(), "200");
    world.carry();
    world.fill_all("200");
    assert_eq!(world.held(follower.sleeve(leader), AAPL), Qty::ZERO);
}

#[test]
fn every_reason_not_to_copy_is_told() {
    let mut world = World::calm();
    let leader = world.master(1, Tier::Baller, 50_000);
    let all = CopyTerms::default();
    let paused = CopyTerms { paused: true, ..all.clone() };
    let listed = CopyTerms { symbols: Some(vec![BTC]), ..all.clone() };
    let tight = CopyTerms { max_slippage_pct: "0.1".parse().unwrap(), ..all.clone() };
    let expected = [
        (paused, 4_000, CopySkip::Paused),
        (listed, 4_000, CopySkip::NotOnAllowList),
        (tight, 4_000, CopySkip::Slippage),
        (all, 100, CopySkip::TooSmall),
    ];
    let mut sleeves = Vec::new();
    for (n, (terms, dollars, why)) in (2..).zip(expected) {
        let account = world.open(n, Tier::Investor, 5_000);
        assert_eq!(world.follow_on(account, leader, dollars, terms, false), Answer::Done);
        sleeves.push((account.sleeve(leader), why));
    }
    world.buy(leader, AAPL, 1_000);
    world.fill_rest(world.last(), "200");
    world.mark(AAPL, "201");
    world.carry();
    for (sleeve, why) in sleeves {
        assert_eq!(world.skips(sleeve), [why]);
        assert!(world.view(sleeve).orders.is_empty());
    }
}

#[test]
fn what_comes_late_or_right_after_a_sale_is_not_bought() {
    let mut world = World::calm();
    let leader = world.master(1, Tier::Baller, 50_000);
    let follower = world.open(2, Tier::Investor, 5_000);
    world.follow(follower, leader, 4_000);
    world.buy(leader, AAPL, 1_000);
    world.fill_rest(world.last(), "200");
    world.wait(Span::seconds(301));
    world.mark(AAPL, "200");
    world.carry();
    world.sell(leader, AAPL, Size::All);
    world.fill_rest(world.last(), "200");
    world.carry();
    world.wait(Span::seconds(60));
    world.mark(AAPL, "200");
    world.buy(leader, AAPL, 1_000);
    world.fill_rest(world.last(), "200");
    world.carry();
    let expected = [CopySkip::Late, CopySkip::NothingHeld, CopySkip::RoundTrip];
    assert_eq!(world.skips(follower.sleeve(leader)), expected);
}

#[test]
fn parts_too_small_add_up() {
    let mut world = World::calm();
    let leader = world.master(1, Tier::Baller, 60_000);
    let follower = world.open(2, Tier::Investor, 5_000);
    world.follow(follower, leader, 800);
    for _ in 0..3 {
        // Not quite 1 % each: $7.33 of a sleeve of $800, where $20 is the least.
        world.wait(Span::seconds(10));
        world.mark(AAPL, "200");
        world.buy(leader, AAPL, 550);
        world.fill_rest(world.last(), "200");
        world.carry();
    }
    let sleeve = follower.sleeve(leader);
    assert_eq!(world.skips(sleeve), [CopySkip::TooSmall, CopySkip::TooSmall]);
    let copies = world.copies(follower, leader);
    let qty = copies.first().map(|copy| copy.ticket.qty).unwrap();
    assert!(qty >= "0.1099".parse().unwrap() && qty <= "0.11".parse().unwrap(), "{qty}");
}

#[test]
fn a_lead_is_heard_once_however_often_it_is_told() {
    let mut world = World::calm();
    let leader = world.master(1, Tier::Baller, 50_000);
    let followers: Vec<AccountId> =
        (10..40).map(|n| world.open(n, Tier::Investor, 5_000)).collect();
    for follower in &followers {
        world.follow(*follower, leader, 4_000);
    }
    world.buy(leader, AAPL, 1_000);
    world.fill_rest(world.last(), "200");
    let View::Outbox(parcels) = world.desk.query(&Query::Outbox(HERE)) else { panic!("none") };
    let Content::Lead(lead) = parcels[0].content else { panic!("no lead") };
    world.tell(lead);
    let orders = world.desk.outstanding().len();
    assert_eq!(orders, followers.len());
    world.tell(lead);
    let mut again = Desk::new(HERE, rules());
    world.batches.iter().for_each(|batch| again.replay(batch).unwrap());
    assert_eq!(again.state_hash(), world.desk.state_hash());
    world.desk = again;
    world.carry();
    assert_eq!(world.desk.outstanding().len(), orders, "nobody copied twice");
    assert!(
        matches!(world.desk.query(&Query::Outbox(HERE)), View::Outbox(left) if left.is_empty())
    );
    let heard = world.batches.iter().flat_map(|b| b.events().unwrap());
    assert_eq!(heard.filter(|e| matches!(e, Event::LeadHeard { .. })).count(), 1);
}

#[test]
fn whoever_follows_later_does_not_hear_what_was_led_before() {
    let mut world = World::calm();
    let leader = world.master(1, Tier::Baller, 50_000);
    let (early, late) =
        (world.open(2, Tier::Investor, 5_000), world.open(3, Tier::Investor, 5_000));
    world.follow(early, leader, 4_000);
    world.buy(leader, AAPL, 1_000);
    world.fill_rest(world.last(), "200");
    world.follow(late, leader, 4_000);
    world.carry();
    assert_eq!(world.copies(early, leader).len(), 1);
    assert!(world.copies(late, leader).is_empty());
    assert!(world.skips(late.sleeve(leader)).is_empty());
}

#[test]
fn what_a_master_does_between_the_look_and_the_follow_is_never_passed_over() {
    let mut world = World::calm();
    let leader = world.master(1, Tier::Baller, 50_000);
    let follower = world.open(2, Tier::Investor, 5_000);
    let seen = world.facts(leader);
    let start = |leader| {
        let (amount, terms) = (Money::whole(4_000), CopyTerms::default());
        CopyAct::Start { amount, terms, leader: Box::new(leader), open: false }
    };
    world.led_purchase(leader, AAPL, 1_000, "200");
    // Nobody here followed, and it is told already.
    assert_eq!(world.act(follower, leader, start(seen)), declined(CopyDecline::Moved));
    let seen = world.facts(leader);
    world.wait(Span::seconds(10));
    world.mark(AAPL, "200");
    world.buy(leader, AAPL, 400);
    world.fill_rest(world.last(), "200");
    // It is on its way: the new follower hears it like everybody else.
    assert_eq!(world.act(follower, leader, start(seen)), Answer::Done);
    world.carry();
    let sleeve = world.sleeve(follower, leader).sleeve;
    assert_eq!((sleeve.copied, sleeve.skipped), (1, 0));
}

#[test]
fn open_trades_are_copied_for_whoever_asks() {
    let mut world = World::calm();
    let leader = world.master(1, Tier::Baller, 50_000);
    world.led_purchase(leader, AAPL, 1_000, "200");
    let follower = world.open(2, Tier::Investor, 5_000);
    let answer = world.follow_on(follower, leader, 4_000, CopyTerms::default(), true);
    assert_eq!(answer, Answer::Done);
    let copies = world.copies(follower, leader);
    assert_eq!(copies.len(), 1);
    assert_eq!(copies[0].ticket.purpose, Purpose::Entry);
}

#[test]
fn loops_oneself_and_unsafe_masters_are_refused() {
    let mut world = World::calm();
    let leader = world.master(1, Tier::Baller, 50_000);
    let follower = world.open(2, Tier::Income, 5_000);
    assert_eq!(world.follow(leader, leader, 500), declined(CopyDecline::Oneself));
    let second = AccountId(22);
    let (tier, tolerance, deposit) = (Tier::Income, Tolerance::Moderate, Money::whole(5_000));
    let user = world.master_view(leader).user;
    let open = Command::Open { user, tier, tolerance, day_starts: Span::ZERO, deposit };
    assert_eq!(world.command(second, open), Answer::Done);
    let oneself = world.follow(second, leader, 500);
    assert_eq!(oneself, declined(CopyDecline::Oneself), "by another account");
    assert_eq!(world.follow(follower, leader, 1_000), Answer::Done);
    assert_eq!(world.follow(follower, leader, 1_000), declined(CopyDecline::AlreadyCopied));
    assert_eq!(world.lead(follower), declined(CopyDecline::FollowerLeads));
    let other = world.master(3, Tier::Baller, 50_000);
    assert_eq!(world.follow(leader, other, 500), declined(CopyDecline::MasterCopies));
    let starter = world.open(4, Tier::Starter, 500);
    assert_eq!(world.follow(starter, leader, 100), declined(CopyDecline::NotSafe));
    let paper = world.open(5, Tier::Paper, 5_000);
    assert_eq!(world.lead(paper), declined(CopyDecline::PaperLeads));
    let poor = world.open(6, Tier::Income, 999);
    assert_eq!(world.lead(poor), declined(CopyDecline::TooLittle));
    let old = world.command(poor, Command::Lead(MasterChange::Opened(0)));
    assert_eq!(old, declined(CopyDecline::Disclosure));
    world.command(other, Command::Lead(MasterChange::Closed));
    assert_eq!(world.follow(follower, other, 500), declined(CopyDecline::NotAMaster));
    let unknown = world.act(follower, other, CopyAct::Stop);
    assert_eq!(unknown, Answer::Declined(Decline::NotCopied));
}

#[test]
fn a_safe_master_is_vetted_proven_and_calm() {
    let mut world = World::calm();
    let leader = world.master(1, Tier::Baller, 50_000);
    for _ in 0..30 {
        world.profit(leader, "1");
        world.next_day();
    }
    let starter = world.open(2, Tier::Starter, 500);
    assert_eq!(world.follow(starter, leader, 100), declined(CopyDecline::NotSafe));
    world.command(leader, Command::Lead(MasterChange::Vetted(true)));
    assert_eq!(world.facts(leader).risk, Some(1));
    assert_eq!(world.follow(starter, leader, 100), Answer::Done);
}

#[test]
fn a_stop_loss_sells_and_gives_back() {
    let mut world = World::calm();
    let leader = world.master(1, Tier::Baller, 50_000);
    let follower = world.open(2, Tier::Investor, 5_000);
    let terms = CopyTerms { stop_loss_pct: Some(Pct::whole(1)), ..CopyTerms::default() };
    world.follow_on(follower, leader, 4_000, terms, false);
    world.led_purchase(leader, AAPL, 1_400, "200");
    world.mark(AAPL, "120");
    let sleeve = world.sleeve(follower, leader);
    assert_eq!(sleeve.sleeve.stage, Stage::Stopping);
    world.fill_all("120");
    let sleeve = world.sleeve(follower, leader);
    assert_eq!((sleeve.sleeve.stage, sleeve.cash), (Stage::Stopped, Money::ZERO));
    let view = world.view(follower);
    assert_eq!(view.equity, view.cash);
    assert!(view.cash < usd("5000") && view.cash > usd("4800"));
    let View::Followers(sums) = world.desk.query(&Query::Followers(HERE, None)) else {
        panic!("no sums")
    };
    assert_eq!((sums[0].leader, sums[0].ever, sums[0].active), (leader, 1, 0), "not forgotten");
    // The loss is carried: who comes back pays nothing before it is won again.
    assert_eq!(world.follow(follower, leader, 4_000), Answer::Done);
    let fees = world.sleeve(follower, leader).fees;
    assert_eq!(fees.loss, usd("5000").checked_sub(view.cash).unwrap());
}

#[test]
fn a_late_fill_of_a_stopped_copy_is_sold_and_given_back() {
    let mut world = World::calm();
    let leader = world.master(1, Tier::Baller, 50_000);
    let follower = world.open(2, Tier::Investor, 5_000);
    world.follow(follower, leader, 4_000);
    world.buy(leader, AAPL, 1_000);
    world.fill_rest(world.last(), "200");
    world.carry();
    let copy = world.copies(follower, leader)[0].ticket.clone();
    world.act(follower, leader, CopyAct::Stop);
    assert_eq!(world.sleeve(follower, leader).sleeve.stage, Stage::Stopping);
    world.cancelled(copy.id);
    assert_eq!(world.sleeve(follower, leader).sleeve.stage, Stage::Stopped);
    // The venue tells of a fill that the cancel had crossed: there is no cash for it, yet it happened.
    world.fill(copy.id, "0.1".parse().unwrap(), "200");
    let sale = world.last();
    assert_eq!(
        world.ticket(sale).map(|t| (t.side, t.qty)),
        Some((Side::Sell, "0.1".parse().unwrap()))
    );
    world.fill_rest(sale, "201");
    let sleeve = world.sleeve(follower, leader);
    assert!(sleeve.positions.is_empty() && world.copies(follower, leader).is_empty());
    assert_eq!(sleeve.cash, Money::ZERO);
    assert_eq!(world.desk.trial_balance(), 0);
}

#[test]
fn one_copied_position_is_closed_and_nothing_else() {
    let mut world = World::calm();
    let leader = world.master(1, Tier::Baller, 50_000);
    let follower = world.open(2, Tier::Investor, 5_000);
    world.follow(follower, leader, 4_000);
    world.led_purchase(leader, AAPL, 1_000, "200");
    world.led_purchase(leader, BTC, 1_000, "50000");
    assert_eq!(world.act(follower, leader, CopyAct::Close(AAPL)), Answer::Done);
    world.fill_all("200");
    let sleeve = follower.sleeve(leader);
    assert_eq!(world.held(sleeve, AAPL), Qty::ZERO);
    assert!(world.held(sleeve, BTC).is_positive());
    let none = world.act(follower, leader, CopyAct::Close(AAPL));
    assert_eq!(none, Answer::Declined(Decline::NoPosition));
}

#[test]
fn switches_halts_and_flattening_reach_sleeves() {
    let mut world = World::calm();
    let leader = world.master(1, Tier::Baller, 50_000);
    let follower = world.open(2, Tier::Investor, 5_000);
    world.follow(follower, leader, 4_000);
    world.led_purchase(leader, AAPL, 1_000, "200");
    let (by, reason) = (Actor::Platform, "enough".to_owned());
    world.command(follower, Command::Kill { by, reason, flatten: true });
    world.fill_all("200");
    assert_eq!(world.held(follower.sleeve(leader), AAPL), Qty::ZERO);
    world.wait(Span::seconds(120));
    world.mark(BTC, "50000");
    world.led_purchase(leader, BTC, 500, "50000");
    assert_eq!(world.held(follower.sleeve(leader), BTC), Qty::ZERO);
    assert_eq!(world.sleeve(follower, leader).sleeve.skipped, 1, "refused by the kill switch");
    assert!(world.log.contains("KILL_SWITCH"));
    world.rearm(Scope::Account(follower), "seen to");
    world.led_purchase(leader, BTC, 500, "50000");
    assert!(world.held(follower.sleeve(leader), BTC).is_positive());
}

#[test]
fn a_copy_that_the_venue_turns_away_or_does_not_fill_is_over_and_told() {
    let mut world = World::calm();
    let leader = world.master(1, Tier::Baller, 50_000);
    let follower = world.open(2, Tier::Investor, 5_000);
    world.follow(follower, leader, 4_000);
    world.buy(leader, AAPL, 1_000);
    world.fill_rest(world.last(), "200");
    world.carry();
    let copy = world.copies(follower, leader)[0].ticket.id;
    world.fill(copy, "0.1".parse().unwrap(), "200");
    world.report(copy, Outcome::Cancelled { why: "the rest did not trade at once" });
    let sleeve = world.view(follower.sleeve(leader));
    assert_eq!((sleeve.orders.len(), sleeve.reserved), (0, Money::ZERO));
    let closed = world.batches.iter().flat_map(|b| b.events().unwrap()).any(|event| {
        matches!(event, Event::Closed { order, state: OrderState::Cancelled, .. } if order == copy)
    });
    assert!(closed);
}

#[test]
fn turns_know_neither_tier_nor_age() {
    // Ranks of 4,000 sleeves over ten leads against tier and order of joining: no correlation beyond chance.
    let lead = |no| Lead {
        leader: AccountId(7),
        no,
        order: nija_core::words::id::OrderId(1),
        instrument: AAPL,
        side: Side::Buy,
        share: Pct::whole(1),
        price: "200".parse().unwrap(),
        mark: "200".parse().unwrap(),
        at: NOON,
    };
    const COUNT: usize = 4_000;
    let (mut by_age, mut by_tier, mut firsts) = (0i64, 0i64, std::collections::BTreeSet::new());
    for no in 1..=10 {
        let turn = lead(no).turns();
        let mut turns: Vec<(u32, usize)> =
            (0..COUNT).map(|n| (turn(AccountNo(n as u32)), n)).collect();
        turns.sort_unstable();
        firsts.insert(turns[0].1);
        for (rank, (_, joined)) in turns.iter().enumerate() {
            let from_middle = |n: usize| 2 * n as i64 - (COUNT as i64 - 1);
            by_age += from_middle(rank) * from_middle(*joined);
            by_tier += from_middle(rank) * (2 * (*joined as i64 % 6) - 5);
        }
    }
    // Standard deviation of a rank correlation is 1/sqrt(n): four of them over ten leads of 4,000.
    let scale = |sum: i64, other: f64| {
        let spread = ((COUNT * COUNT - 1) as f64 / 3.0).sqrt() * other;
        sum as f64 / (10.0 * COUNT as f64 * spread)
    };
    let bound = 4.0 / (10.0 * COUNT as f64).sqrt();
    let age = scale(by_age, ((COUNT * COUNT - 1) as f64 / 3.0).sqrt());
    let tier = scale(by_tier, (35.0f64 / 3.0).sqrt());
    assert!(age.abs() < bound && tier.abs() < bound, "{age} {tier} against {bound}");
    assert!(firsts.len() > 5, "somebody else is first each time");
}

#[test]
fn tiers_go_with_their_owner_and_funds_need_cash() {
    let mut world = World::calm();
    let leader = world.master(1, Tier::Baller, 50_000);
    let follower = world.open(2, Tier::Investor, 5_000);
    world.follow(follower, leader, 4_000);
    let own = Setting::Qualified("a statement, seen".to_owned());
    let refused = world.command(follower.sleeve(leader), own.into());
    assert_eq!(refused, Answer::Declined(Decline::OfOwner));
    world.command(follower, Setting::Tier(Tier::Income).into());
    assert_eq!(world.view(follower.sleeve(leader)).tier, Tier::Income);
    let much = world.act(follower, leader, CopyAct::Fund(usd("1000.01")));
    assert_eq!(much, Answer::Declined(Decline::NotEnoughCash { free: usd("1000") }));
    assert_eq!(world.act(follower, leader, CopyAct::Fund(usd("500"))), Answer::Done);
    assert_eq!(world.view(follower).cash, usd("500"));
    let view = world.view(follower);
    assert_eq!((view.equity, view.peak, view.day_start), (usd("5000"), usd("5000"), usd("5000")));
    let bad = CopyTerms { max_slippage_pct: Pct::ZERO, ..CopyTerms::default() };
    let answer = world.act(follower, leader, CopyAct::Terms(bad));
    assert!(matches!(answer, Answer::Declined(Decline::Invalid { field: "max_slippage_pct", .. })));
}
