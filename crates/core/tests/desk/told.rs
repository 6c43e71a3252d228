//! Events that are told and not written, of runs that nobody reads again.

use crate::world::{BTC, PARTITION, World, rules};
use nija_core::desk::Desk;
use nija_core::desk::input::Input;
use nija_core::words::money::{Money, Qty};
use nija_core::words::tier::Tier;
use nija_core::words::time::Span;

/// A desk whose events are told, behind a journal that forgets them, or else one that does not.
fn told(forgets: bool) -> World {
    let mut world = World::empty();
    (world.desk, world.forgets) = (Desk::new(PARTITION, rules()).unwritten(), forgets);
    world
}

/// An account buys, is filled in two parts, and loses enough for its guards to speak.
fn life(world: World) -> World {
    let mut world = world.calmed();
    let account = world.open(1, Tier::Investor, 1_000);
    world.wait(Span::seconds(1));
    world.buy(account, BTC, 100);
    let order = world.last();
    let qty = world.ticket(order).unwrap().qty;
    world.fill(order, Qty::from_raw(qty.raw() / 2), "50000");
    world.fill_rest(order, "50010");
    // Two instants in one batch.
    let price = "49000".parse().unwrap();
    world.desk.take(Input::Mark { instrument: BTC, price }, world.now).unwrap();
    for price in ["40000", "20000", "5000"] {
        world.wait(Span::seconds(1));
        world.mark(BTC, price);
    }
    assert!(world.view(account).equity < Money::whole(1_000));
    world
}

#[test]
fn what_is_told_is_what_would_have_been_written() {
    let (written, told) = (life(World::empty()), life(told(true)));
    assert_eq!(written.log, told.log, "the same events, releases and times");
    assert_eq!(written.desk.state_hash(), told.desk.state_hash());
    assert_eq!(written.releases.len(), told.releases.len());
    let place = |world: &World| {
        let batches = world.batches.iter();
        batches.map(|batch| (batch.seq, batch.at, batch.count)).collect::<Vec<_>>()
    };
    assert_eq!(place(&written), place(&told));
    assert!(told.batches.iter().all(|batch| batch.body.is_empty()), "nothing is written");
    let next = written.batches.last().unwrap();
    let head = *written.desk.head();
    assert!(next.told.is_empty() && head.hash == next.hash && head.hash != told.desk.head().hash);
}

#[test]
#[should_panic(expected = "such a run needs a journal that forgets")]
fn a_journal_that_keeps_takes_nothing_that_is_only_told() {
    life(told(false));
}
