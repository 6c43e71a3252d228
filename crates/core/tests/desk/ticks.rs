//! Prices between bars: all of them where somebody holds, few where nobody does.

use crate::world::{AAPL, BTC, World, instrument};
use nija_core::desk::event::Event;
use nija_core::desk::input::Input;
use nija_core::words::id::InstrumentId;
use nija_core::words::tier::Tier;
use nija_core::words::time::Span;

/// How many of so many ticks, a second apart, are adopted.
fn adopted(world: &mut World, instrument: InstrumentId, ticks: u32) -> usize {
    let before = world.batches.len();
    for _ in 0..ticks {
        world.wait(Span::seconds(1));
        world.take(Input::Tick { instrument, price: "200".parse().unwrap() });
    }
    let events = world.batches[before..].iter().flat_map(|batch| batch.events().unwrap());
    events
        .filter(|event| matches!(event, Event::Marked { instrument: i, .. } if *i == instrument))
        .count()
}

#[test]
fn a_price_that_nobody_holds_is_adopted_now_and_then() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    assert_eq!(adopted(&mut world, AAPL, 40), 4, "one in ten seconds");
    world.buy(account, AAPL, 100);
    let order = world.last();
    world.fill_rest(order, "200");
    assert_eq!(adopted(&mut world, AAPL, 40), 40, "each, while it is held");
    assert_eq!(adopted(&mut world, BTC, 40), 4, "the other one still is not");
}

#[test]
fn no_price_grows_stale_while_ticks_come() {
    let mut world = World::empty();
    let mut row = instrument(AAPL);
    row.stale_after = Span::seconds(4);
    world.take(Input::List(row));
    assert_eq!(adopted(&mut world, AAPL, 1), 1, "the first");
    assert_eq!(adopted(&mut world, AAPL, 8), 4, "before half of what is too old");
}
