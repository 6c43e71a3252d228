//! Prices between bars: all of them where somebody holds, few where nobody does.

use crate::world::{AAPL, BTC, World, instrument, wish};
use nija_core::desk::event::{Event, Size};
use nija_core::desk::input::{Command, Input};
use nija_core::words::id::{AccountId, InstrumentId};
use nija_core::words::money::{Money, Price};
use nija_core::words::order::Side;
use nija_core::words::tier::Tier;
use nija_core::words::time::{Span, Timestamp};

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

/// What was decided, without prices and times.
fn decided(world: &World) -> Vec<&str> {
    let lines = world.log.lines().map(str::trim_start);
    lines.filter(|line| !line.starts_with("marked") && !line.starts_with("clock")).collect()
}

/// A world whose account has most of its worth in one share.
fn invested() -> (World, AccountId) {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    world.buy(account, AAPL, 100);
    let order = world.last();
    world.fill_rest(order, "200");
    world.command(account, Command::Transfer(Money::whole(-850)));
    (world, account)
}

#[test]
fn what_is_known_of_prices_further_off_ends_where_something_follows() {
    for step in [4, -4] {
        let (mut world, _) = invested();
        let (mut looks, mut known, mut cents) = (0, 0, 19_900i64);
        // In small steps, up to a new peak or down to a guard: whatever is known was looked at or lies between.
        loop {
            let price = Price::from_raw(cents * 1_000_000);
            let is_known = world.desk.is_calm(AAPL, price, world.now);
            let rests = world.desk.rests(AAPL, price, world.now);
            assert!(rests || !is_known, "{price} was known to change nothing");
            if !rests {
                break;
            }
            looks += usize::from(!is_known);
            known += usize::from(is_known);
            cents += step;
        }
        assert!(known > looks, "{looks} looks, {known} known");
    }
}

#[test]
fn a_price_that_rests_changes_nothing_but_the_price() {
    let ((mut told, account), (mut spared, _)) = (invested(), invested());
    let adopt = |world: &mut World, waits: &mut Option<(Price, Timestamp)>| {
        if let Some((price, at)) = waits.take() {
            world.desk.take_price(AAPL, price, at).unwrap();
        }
    };
    let (mut cents, mut chance, mut waits) = (20_000i64, 7u32, None);
    let (mut rested, mut known) = ([0, 0], 0);
    for n in 0..2_000 {
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        cents += cents * (i64::from(chance >> 20) - 2_048) / 200_000;
        let price = Price::from_raw(cents * 1_000_000);
        for world in [&mut told, &mut spared] {
            world.wait(Span::seconds(60));
        }
        told.take(Input::Mark { instrument: AAPL, price });
        let is_known = spared.desk.is_calm(AAPL, price, spared.now);
        let rests = spared.desk.rests(AAPL, price, spared.now);
        assert!(rests || !is_known, "{price} was known to change nothing");
        known += usize::from(is_known);
        rested[usize::from(rests)] += 1;
        if rests {
            waits = Some((price, spared.now));
        } else {
            adopt(&mut spared, &mut waits);
            spared.take(Input::Mark { instrument: AAPL, price });
        }
        // An order that is open calls for every price.
        let order = match n % 100 {
            70 => Command::Place(wish(AAPL, Side::Sell, Size::Units("0.01".parse().unwrap()))),
            75 => Command::Cancel(told.last()),
            _ => continue,
        };
        adopt(&mut spared, &mut waits);
        for world in [&mut told, &mut spared] {
            world.command(account, order.clone());
            if n % 100 == 75 {
                let order = world.last();
                world.cancelled(order);
            }
        }
    }
    adopt(&mut spared, &mut waits);
    spared.commit();
    assert_eq!(told.desk.state_hash(), spared.desk.state_hash());
    assert_eq!(decided(&told), decided(&spared));
    assert!(told.log.contains("halted"), "the guards had nothing to do");
    assert!(rested[0] > 100 && rested[1] > 1_000 && known > 500, "{rested:?}, {known}");
}
