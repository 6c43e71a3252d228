//! Straddles: both legs or none, and nothing of one leg that the other does not have.

use crate::options::{expiry, pit};
use crate::world::{AAPL, BTC, CALL, PUT, World, instrument, rules};
use nija_core::desk::Desk;
use nija_core::desk::event::{Event, Skip};
use nija_core::desk::input::Input;
use nija_core::ledger::chart::Book;
use nija_core::risk::kill::Scope;
use nija_core::risk::refusal::Code;
use nija_core::words::id::{AccountId, InstrumentId, OrderId, SignalId};
use nija_core::words::insight::{Implied, Insight};
use nija_core::words::money::{Money, Pct, Price, Qty};
use nija_core::words::order::{Outcome, Purpose, Ticket};
use nija_core::words::score::Strength;
use nija_core::words::signal::{Action, Signal, StrategyName};
use nija_core::words::tier::Tier;
use nija_core::words::time::Span;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::BTreeMap;

const EARNINGS: StrategyName = StrategyName::EquityEarningsVolatility;
const LEGS: [InstrumentId; 2] = [CALL, PUT];

fn insight() -> Insight {
    let implied = Implied {
        spot: Price::whole(200),
        near: Pct::whole(60),
        near_days: 10,
        far: Pct::whole(40),
        far_days: 38,
        implied: Pct::whole(5),
        usual: Pct::whole(7),
        rate: Pct::whole(3),
    };
    Insight { weight: Strength::FULL, opinion: None, implied: Some(implied) }
}

/// The strategy wants a straddle of the legs at their marks.
fn straddle(world: &mut World, strength: u16) {
    let marks = LEGS.map(|leg| {
        let market = world.market();
        let row = market.instruments.iter().find(|row| row.instrument.id == leg).unwrap();
        row.mark.unwrap_or(Price::whole(1))
    });
    let strength = Strength::parts(strength);
    let action = Action::Straddle { put: PUT, put_mark: marks[1], strength };
    let id = SignalId(world.batches.len() as u64 + 1_000);
    let (strategy, instrument, mark, at) = (EARNINGS, CALL, marks[0], world.now);
    let insight = Some(insight());
    let signal = Signal { id, strategy, version: 2, instrument, action, mark, at, insight };
    world.take(Input::Signal(signal));
}

fn leave(world: &mut World) {
    for leg in LEGS {
        world.signal(EARNINGS, leg, Action::Exit);
    }
}

fn open(world: &World) -> Vec<Ticket> {
    world.desk.outstanding().into_iter().map(|open| open.ticket).collect()
}

/// The open entries of both legs.
fn entries(world: &World) -> [OrderId; 2] {
    let open = open(world);
    LEGS.map(|leg| {
        let mut of_leg = open.iter().filter(|t| t.instrument == leg && t.purpose == Purpose::Entry);
        of_leg.next().unwrap().id
    })
}

fn held(world: &World, account: AccountId) -> [Qty; 2] {
    LEGS.map(|leg| world.held(account, leg))
}

fn last_event(world: &World) -> Event {
    world.batches.last().unwrap().events().unwrap().pop().unwrap()
}

#[test]
fn both_legs_are_ordered_alike_with_their_evidence() {
    let (mut world, account) = pit();
    // A full position is $3,000; three quarters of it buy two straddles of $900.
    straddle(&mut world, 7_500);
    let tickets = open(&world);
    let told: Vec<_> = tickets.iter().map(|t| (t.instrument, t.qty, t.pair)).collect();
    let two = Qty::whole(2);
    assert_eq!(told, [(CALL, two, Some(PUT)), (PUT, two, Some(CALL))]);
    let events = world.batches.iter().flat_map(|batch| batch.events().unwrap());
    let evidence: Vec<_> = events
        .filter_map(|event| match event {
            Event::Approved { evidence, .. } => Some(evidence.insight),
            _ => None,
        })
        .collect();
    assert_eq!(evidence, [Some(insight()); 2]);
    // Said again while it is on its way, or held, it asks for nothing.
    straddle(&mut world, 7_500);
    assert!(matches!(last_event(&world), Event::Skipped { why: Skip::AlreadyIn, .. }));
    let [call, put] = entries(&world);
    world.fill_rest(call, "5.1");
    world.fill_rest(put, "4.1");
    assert_eq!(held(&world, account), [two; 2]);
    straddle(&mut world, 7_500);
    assert!(matches!(last_event(&world), Event::Skipped { why: Skip::AlreadyIn, .. }));
    leave(&mut world);
    for ticket in open(&world) {
        world.fill_rest(ticket.id, "6");
    }
    assert_eq!(held(&world, account), [Qty::ZERO; 2]);
    assert!(open(&world).is_empty());
    // 1,020 and 820 paid, 2,400 got.
    assert_eq!(world.view(account).books.balance(Book::Realized), Money::whole(-560));
}

#[test]
fn it_spends_what_is_meant_for_its_underlying() {
    let (mut world, account) = pit();
    // Half is for equity, nothing for derivatives.
    let split = world.view(account).split;
    let classes = nija_core::words::instrument::AssetClass::ALL.map(|class| split.class(class));
    assert_eq!(classes, [Pct::whole(50), Pct::whole(50), Pct::ZERO]);
    straddle(&mut world, 10_000);
    assert_eq!(open(&world).len(), 2);
    // An account that may hold no options hears of none.
    let (mut world, _) = pit();
    let poorer = world.open(2, Tier::Income, 100_000);
    straddle(&mut world, 10_000);
    let skipped = last_event(&world);
    assert!(matches!(skipped, Event::Skipped { why: Skip::ClassNotAllowed, .. }), "{skipped:?}");
    assert!(world.view(poorer).orders.is_empty());
}

#[test]
fn who_cannot_have_both_has_neither() {
    let none = |world: &World| {
        assert!(open(world).is_empty());
        let Event::Refused { refusal, insight: told, wish, .. } = last_event(world) else {
            panic!("{:?}", last_event(world));
        };
        assert_eq!(told, Some(insight()));
        (refusal.code, wish.instrument)
    };
    // The put has no fresh price.
    let (mut world, _) = pit();
    world.wait(Span::seconds(120));
    world.mark(CALL, "5");
    straddle(&mut world, 10_000);
    assert_eq!(none(&world), (Code::StaleData, PUT));
    // There is one place left.
    let (mut world, account) = pit();
    let own =
        nija_core::desk::event::OwnLimits { max_open_positions: Some(1), ..Default::default() };
    world.own(account, own);
    straddle(&mut world, 10_000);
    assert_eq!(none(&world), (Code::OpenPositions, PUT));
    // A switch stops one leg.
    let (mut world, _) = pit();
    world.kill(Scope::Symbol(PUT), false);
    straddle(&mut world, 10_000);
    assert_eq!(none(&world), (Code::KillSwitch, PUT));
}

#[test]
fn what_one_leg_has_beyond_the_other_is_sold_at_once() {
    let two = Qty::whole(2);
    // The venue turns the put away: the call goes, whether it was filled before or after.
    for call_first in [true, false] {
        let (mut world, account) = pit();
        straddle(&mut world, 7_500);
        let [call, put] = entries(&world);
        let reject = |world: &mut World| {
            world.report(put, Outcome::Rejected { why: "halted".to_owned() });
        };
        if call_first {
            world.fill_rest(call, "5");
            reject(&mut world);
        } else {
            reject(&mut world);
            assert!(world.desk.outstanding()[0].cancelling, "the call is taken back");
            // The fill overtakes the cancel.
            world.fill_rest(call, "5");
        }
        let exit = open(&world).pop().unwrap();
        assert_eq!((exit.instrument, exit.qty, exit.purpose), (CALL, two, Purpose::Exit));
        world.fill_rest(exit.id, "4.9");
        assert_eq!(held(&world, account), [Qty::ZERO; 2]);
        assert!(open(&world).is_empty());
    }
    // The put was filled in part when it was taken back: as much of the call stays.
    let (mut world, account) = pit();
    straddle(&mut world, 7_500);
    let [call, put] = entries(&world);
    world.fill_rest(call, "5");
    world.fill(put, Qty::whole(1), "4");
    world.cancelled(put);
    let exit = open(&world).pop().unwrap();
    assert_eq!((exit.instrument, exit.qty), (CALL, Qty::whole(1)));
    world.fill_rest(exit.id, "5");
    assert_eq!(held(&world, account), [Qty::whole(1); 2]);
    // A fill of the put that comes late is one too many now.
    world.fill(put, Qty::whole(1), "4");
    let exit = open(&world).pop().unwrap();
    assert_eq!((exit.instrument, exit.qty), (PUT, Qty::whole(1)));
    world.fill_rest(exit.id, "4");
    assert_eq!(held(&world, account), [Qty::whole(1); 2]);
    assert_eq!(world.desk.trial_balance(), 0);
}

#[test]
fn a_leg_does_not_wait_for_ever_for_the_other() {
    let (mut world, account) = pit();
    straddle(&mut world, 7_500);
    let [call, put] = entries(&world);
    world.fill_rest(call, "5");
    world.wait(Span::seconds(59));
    world.mark(CALL, "5");
    assert!(!world.desk.outstanding()[0].cancelling);
    world.wait(Span::seconds(1));
    world.mark(CALL, "5");
    let waiting = world.desk.outstanding();
    assert!(waiting[0].ticket.id == put && waiting[0].cancelling);
    world.cancelled(put);
    let exit = open(&world).pop().unwrap();
    assert_eq!((exit.instrument, exit.purpose), (CALL, Purpose::Exit));
    world.fill_rest(exit.id, "5");
    assert_eq!(held(&world, account), [Qty::ZERO; 2]);
}

#[derive(Clone, Debug)]
enum Step {
    Say(u16),
    Leave,
    Mark(usize, u16),
    Fill(usize, i32),
    Cancel(usize),
    Reject(usize),
    Wait(u8),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (2_000u16..=10_000).prop_map(Step::Say),
        1 => Just(Step::Leave),
        4 => (0usize..3, 50u16..200).prop_map(|(n, part)| Step::Mark(n, part)),
        6 => (0usize..4, 1i32..4).prop_map(|(n, qty)| Step::Fill(n, qty)),
        1 => (0usize..4).prop_map(Step::Cancel),
        1 => (0usize..4).prop_map(Step::Reject),
        2 => (1u8..200).prop_map(Step::Wait),
        1 => Just(Step::Restart),
    ]
}

/// What a market of options does: a price from a base and a percentage.
fn priced(n: usize, part: u16) -> (InstrumentId, String) {
    let (of, base) = [(CALL, 5), (PUT, 4), (AAPL, 200)][n];
    (of, (f64::from(base) * f64::from(part) / 100.0).to_string())
}

fn act(world: &mut World, step: &Step) {
    match *step {
        Step::Say(strength) => straddle(world, strength),
        Step::Leave => leave(world),
        Step::Mark(n, part) => {
            let (of, price) = priced(n, part);
            world.mark(of, &price);
        }
        Step::Wait(seconds) => world.wait(Span::seconds(seconds.into())),
        Step::Restart => {
            let snapshot = world.desk.snapshot().unwrap();
            world.desk = Desk::restore(&snapshot, rules()).unwrap();
        }
        Step::Fill(n, _) | Step::Cancel(n) | Step::Reject(n) => {
            let outstanding = world.desk.outstanding();
            let Some(open) = outstanding.get(n % outstanding.len().max(1)) else { return };
            let (order, left) = (open.ticket.id, open.ticket.qty.checked_sub(open.filled).unwrap());
            let is_entry = open.ticket.purpose == Purpose::Entry;
            match *step {
                // Who takes an exit back keeps what it would have sold: that is nobody's here.
                Step::Cancel(_) | Step::Reject(_) if !is_entry => {}
                Step::Fill(_, qty) => {
                    world.fill(order, left.min(Qty::whole(qty)), "4.5");
                }
                Step::Cancel(_) => world.cancelled(order),
                _ => world.report(order, Outcome::Rejected { why: "halted".to_owned() }),
            }
        }
    }
}

fn sound(world: &World, account: AccountId) -> Result<(), TestCaseError> {
    let view = world.view(account);
    prop_assert_eq!(world.desk.trial_balance(), 0);
    prop_assert!(view.cash >= Money::ZERO && view.reserved >= Money::ZERO);
    let worth = view.positions.iter().fold(Money::ZERO, |sum, held| {
        assert!(held.qty.is_positive() && held.cost >= Money::ZERO);
        sum.checked_add(held.value).unwrap()
    });
    prop_assert_eq!(view.equity, view.cash.checked_add(worth).unwrap());
    let cost =
        view.positions.iter().fold(Money::ZERO, |sum, held| sum.checked_add(held.cost).unwrap());
    prop_assert_eq!(view.books.balance(Book::Positions), cost);
    // Nothing on its way: as much of the one as of the other.
    let is_still = view.orders.is_empty();
    let [call, put] = held(world, account);
    prop_assert!(!is_still || call == put, "{} calls and {} puts", call, put);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(41), cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn in_any_life_the_legs_are_even_the_books_balance_and_expiry_comes_once(
        steps in prop::collection::vec(step(), 1..60), spot in 100u16..300
    ) {
        let (mut world, account) = pit();
        for step in &steps {
            act(&mut world, step);
            sound(&world, account)?;
        }
        world.now = world.now.max(expiry());
        world.mark(AAPL, &spot.to_string());
        let before = (world.view(account).cash, held(&world, account));
        let lots = world.view(account).positions;
        world.wait(Span::seconds(60));
        world.mark(BTC, "50000");
        let view = world.view(account);
        let worth = |leg: InstrumentId, n: usize| {
            let each = match leg {
                CALL => i32::from(spot) - 200,
                _ => 200 - i32::from(spot),
            };
            instrument(leg).value(Price::whole(each.max(0)), before.1[n], nija_core::words::fixed::Round::Down).unwrap()
        };
        let came = worth(CALL, 0).checked_add(worth(PUT, 1)).unwrap();
        prop_assert_eq!(view.cash, before.0.checked_add(came).unwrap(), "intrinsic and nothing else: {:?}", lots);
        prop_assert_eq!(held(&world, account), [Qty::ZERO; 2]);
        prop_assert_eq!(world.desk.trial_balance(), 0);
        // What was still open is taken back and told so; nothing is settled twice.
        for ticket in open(&world) {
            world.cancelled(ticket.id);
        }
        prop_assert!(open(&world).is_empty() && world.view(account).reserved.is_zero());
        world.wait(Span::DAY);
        world.mark(AAPL, "400");
        let mut settled: BTreeMap<InstrumentId, u32> = BTreeMap::new();
        for event in world.batches.iter().flat_map(|batch| batch.events().unwrap()) {
            if let Event::Settled { instrument, last: true, .. } = event {
                *settled.entry(instrument).or_default() += 1;
            }
        }
        prop_assert!(settled.values().all(|count| *count == 1), "{settled:?}");
        let mut replayed = Desk::new(world.desk.partition(), rules());
        for batch in &world.batches {
            replayed.replay(batch).unwrap();
        }
        prop_assert_eq!(replayed.state_hash(), world.desk.state_hash());
    }
}
