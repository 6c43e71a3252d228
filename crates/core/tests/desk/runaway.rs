//! Strategies and users that send without end: the last look before an order leaves stops them, not the gates.

use crate::world::{AAPL, BTC, TREND, World, dollars_of, wish};
use nija_core::desk::answer::Answer;
use nija_core::desk::input::Command;
use nija_core::risk::kill::{Actor, Scope};
use nija_core::words::id::AccountId;
use nija_core::words::money::Money;
use nija_core::words::order::{Outcome, Purpose, Side};
use nija_core::words::signal::Action;
use nija_core::words::tier::Tier;
use nija_core::words::time::Span;

fn entries(world: &World) -> usize {
    let tickets = world.releases.iter().filter_map(|release| release.ticket());
    tickets.filter(|ticket| ticket.purpose == Purpose::Entry).count()
}

fn runaways(world: &World) -> usize {
    world.alarms.iter().filter(|alarm| alarm.kind == "runaway").count()
}

/// In and out again and again, as often as the fills allow, all within the same instant.
fn churn(world: &mut World, times: usize) {
    for _ in 0..times {
        for action in [None, Some(Action::Exit)] {
            match action {
                None => world.enter(TREND, BTC, None),
                Some(exit) => world.signal(TREND, BTC, exit),
            }
            for open in world.desk.outstanding() {
                world.fill_rest(open.ticket.id, "50000");
            }
        }
    }
}

#[test]
fn a_strategy_without_end_is_stopped_and_its_exits_pass() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    churn(&mut world, 500);
    // 20 orders a second and 40 at once may come from a user of this tier: 60 at once is the end.
    assert_eq!((entries(&world), runaways(&world)), (60, 1));
    let pressed = world.view(account).pressed;
    assert_eq!((pressed[0].scope, &pressed[0].by), (Scope::Account(account), &Actor::Platform));
    assert!(pressed[0].reason.contains("more entries within a second"), "{}", pressed[0].reason);
    assert!(world.view(account).positions.is_empty(), "what was bought was sold");
    // Time alone brings nothing back; a person does.
    world.wait(Span::seconds(60));
    world.mark(BTC, "50000");
    churn(&mut world, 1);
    assert_eq!(entries(&world), 60);
    world.rearm(Scope::Account(account), "the strategy was mended");
    churn(&mut world, 1);
    assert_eq!((entries(&world), runaways(&world)), (61, 1));
}

#[test]
fn entries_that_never_fill_are_stopped_however_slowly_they_come() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    for _ in 0..200 {
        world.wait(Span::seconds(30));
        world.mark(BTC, "50000");
        world.enter(TREND, BTC, None);
        for open in world.desk.outstanding() {
            world.report(open.ticket.id, Outcome::Rejected { why: "not today".to_owned() });
        }
    }
    assert_eq!((entries(&world), runaways(&world)), (64, 1));
    assert!(world.view(account).pressed[0].reason.contains("nothing is filled"));
}

#[test]
fn people_who_keep_to_their_rates_stop_nobody_however_many_they_are() {
    let mut world = World::calm();
    let accounts: Vec<AccountId> = (1..60).map(|n| world.open(n, Tier::Baller, 100_000)).collect();
    for n in 0..40 {
        for account in &accounts {
            let place = Command::Place(wish(AAPL, Side::Buy, dollars_of(500 + n)));
            let answer = world.keyed(*account, &format!("{n}"), place);
            let Answer::Placed { order, .. } = answer else { panic!("{answer:?}") };
            world.cancelled(order);
        }
    }
    assert_eq!((entries(&world), runaways(&world)), (40 * 59, 0));
}

#[test]
fn strategies_for_many_accounts_together_are_stopped_in_every_partition() {
    // Each account keeps within its own bounds; together they send more than so many accounts should.
    let mut world = World::calm();
    let accounts: Vec<AccountId> = (1..60).map(|n| world.open(n, Tier::Baller, 100_000)).collect();
    for _ in 0..40 {
        world.enter(TREND, BTC, None);
        for open in world.desk.outstanding() {
            world.cancelled(open.ticket.id);
        }
    }
    // 16 at once for each of 59 accounts, and four times the 150 of a busy one.
    assert_eq!((entries(&world), runaways(&world)), (16 * 59 + 600, 1));
    assert_eq!(world.market().pressed[0].scope, Scope::Platform);
    assert!(world.desk.take_tripped().is_some(), "the other partitions are to be told");
    assert!(world.desk.take_tripped().is_none());
    assert!(world.view(accounts[0]).reserved == Money::ZERO);
}
