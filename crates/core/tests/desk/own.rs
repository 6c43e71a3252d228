//! Signals of an owner's own model: sized, judged, protected and sold like those of the platform's strategies, and
//! heard by the owner's account alone.

use crate::world::{AAPL, BTC, ES, PARTITION, World, rules};
use nija_core::desk::Desk;
use nija_core::desk::answer::{Answer, Decline};
use nija_core::desk::event::{Event, OwnLimits, Setting, Skip};
use nija_core::desk::input::{Command, Input, Key, OwnSignal};
use nija_core::risk::kill::Scope;
use nija_core::risk::refusal::Code;
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::fixed::Round;
use nija_core::words::id::{AccountId, InstrumentId, OrderId, SignalId};
use nija_core::words::instrument::{AssetClass, VenueName};
use nija_core::words::money::{Money, Pct, Price, Qty};
use nija_core::words::order::{OrderType, Origin, Purpose, Side, Ticket};
use nija_core::words::score::{Score, Strength};
use nija_core::words::signal::{Action, Grounds, StrategyName};
use nija_core::words::tier::{Priority, Tier};
use nija_core::words::time::Span;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const OWN: StrategyName = StrategyName::Own;

fn said(instrument: InstrumentId, action: Action) -> OwnSignal {
    let grounds = Grounds {
        model: "ridge-7".to_owned(),
        confidence: Some(Score::points(81)),
        reason: Some("breadth turned".to_owned()),
    };
    OwnSignal { instrument, action, grounds }
}

/// A long position of so many hundredths of a full one.
fn enter(hundredths: u16, stop: Option<i32>) -> Action {
    let strength = Strength::parts(hundredths * 100);
    Action::Enter { strength, stop: stop.map(Price::whole) }
}

const fn trim(hundredths: u16) -> Action {
    Action::Trim { strength: Strength::parts(hundredths * 100) }
}

impl World {
    pub(crate) fn own_signal(
        &mut self,
        account: AccountId,
        of: InstrumentId,
        action: Action,
    ) -> Answer {
        self.command(account, Command::Signal(said(of, action)))
    }

    /// A desk with an account on BALLER, of which a full position is $1,500.
    fn with_owner() -> (Self, AccountId) {
        let mut world = Self::calm();
        let owner = world.open(1, Tier::Baller, 50_000);
        (world, owner)
    }

    /// Enters by the owner's model and fills that.
    fn hold(&mut self, owner: AccountId, of: InstrumentId, action: Action, price: &str) -> OrderId {
        let answer = self.own_signal(owner, of, action);
        let Answer::Placed { order, .. } = answer else { panic!("{answer:?}") };
        self.fill_rest(order, price);
        order
    }

    fn events(&self) -> impl Iterator<Item = Event> {
        self.batches.iter().flat_map(|batch| batch.events().unwrap())
    }
}

fn worth(ticket: &Ticket, price: i32) -> Money {
    let of = crate::world::instrument(ticket.instrument);
    of.value(Price::whole(price), ticket.qty, Round::HalfEven).unwrap()
}

#[test]
fn it_is_sized_protected_trimmed_and_sold_like_a_strategys() {
    let (mut world, owner) = World::with_owner();
    let answer = world.own_signal(owner, BTC, enter(50, Some(45_000)));
    assert!(matches!(answer, Answer::Placed { purpose: Purpose::Entry, .. }), "{answer:?}");
    let ticket = world.ticket(world.last()).unwrap();
    assert_eq!(worth(&ticket, 50_000), Money::whole(750), "half of 3 % of $50,000");
    assert_eq!(
        ticket.origin,
        Origin::Strategy { strategy: OWN, signal: SignalId(1), version: Some(0) }
    );
    assert_eq!(world.releases.last().unwrap().lane(), Priority::UltraHigh);
    world.fill_rest(ticket.id, "50000");
    let stop = world.ticket(world.last()).unwrap();
    assert_eq!(stop.origin, Origin::Protection { strategy: OWN });
    assert_eq!(stop.order_type, OrderType::Stop { stop: Price::whole(45_000) });
    assert_eq!(world.view(owner).positions[0].lots[0].strategy, Some(OWN));
    // What is held counts: the same word again changes nothing, a larger one adds the rest.
    let again = world.own_signal(owner, BTC, enter(50, None));
    assert_eq!(again, Answer::Skipped(Skip::AlreadyIn));
    let rest = world.hold(owner, BTC, enter(100, None), "50000");
    let rest = world.releases.iter().filter_map(|of| of.ticket()).find(|of| of.id == rest);
    let rest = worth(rest.unwrap(), 50_000);
    assert_eq!(rest, "749.97".parse().unwrap(), "of a full position less the fee");
    // A trim sells what no stop holds, waits for the stop with the rest, leaves a fifth, and the stop comes back
    // under it.
    assert_eq!(world.own_signal(owner, BTC, trim(20)), Answer::Queued);
    world.cancelled(stop.id);
    let open = world.desk.outstanding();
    let sales = open.iter().filter(|of| of.ticket.order_type == OrderType::Market);
    let sales: Vec<OrderId> = sales.map(|of| of.ticket.id).collect();
    assert_eq!(sales.len(), 2);
    sales.into_iter().for_each(|sale| world.fill_rest(sale, "50000"));
    // A fifth of 3 % of what the fees left.
    assert_eq!(world.held(owner, BTC), "0.00599983".parse().unwrap());
    let stop = world.last();
    assert!(matches!(world.ticket(stop).unwrap().origin, Origin::Protection { .. }));
    assert_eq!(world.own_signal(owner, BTC, trim(20)), Answer::Skipped(Skip::NothingToClose));
    assert_eq!(world.own_signal(owner, BTC, Action::Exit), Answer::Queued);
    world.cancelled(stop);
    let sale = world.last();
    assert_eq!(world.own_signal(owner, BTC, Action::Exit), Answer::Skipped(Skip::NothingToClose));
    world.fill_rest(sale, "50000");
    assert_eq!(world.held(owner, BTC), Qty::ZERO);
}

#[test]
fn it_is_written_down_with_its_grounds_before_what_came_of_it() {
    let (mut world, owner) = World::with_owner();
    let answers = [
        world.own_signal(owner, BTC, enter(50, None)),
        world.own_signal(owner, BTC, Action::Exit),
        world.own_signal(owner, AAPL, Action::Exit),
    ];
    assert!(matches!(answers[2], Answer::Skipped(Skip::NothingToClose)), "{answers:?}");
    let told: Vec<(u64, String)> = world
        .events()
        .filter_map(|event| match event {
            Event::Signaled { signal, grounds, .. } => {
                assert_eq!((signal.strategy, signal.mark.is_positive()), (OWN, true));
                Some((signal.id.0, grounds.model))
            }
            _ => None,
        })
        .collect();
    let model = || "ridge-7".to_owned();
    assert_eq!(told, [(1, model()), (2, model()), (3, model())]);
    let after: Vec<bool> = world.events().map(|e| matches!(e, Event::Approved { .. })).collect();
    let first = world.events().position(|e| matches!(e, Event::Signaled { .. })).unwrap();
    assert!(after.iter().position(|approved| *approved).unwrap() > first);
}

#[test]
fn only_custom_ai_may_and_every_other_tier_is_named() {
    for tier in Tier::ALL {
        // PAPER has it, too: to try.
        let may = matches!(tier, Tier::Baller | Tier::Paper);
        let mut world = World::calm();
        let owner = world.open(1, tier, 50_000);
        let batches = world.batches.len();
        for action in [enter(50, None), trim(50), Action::Exit] {
            let answer = world.own_signal(owner, BTC, action);
            let declined = Answer::Declined(Decline::NotInPool { tier });
            assert_eq!(answer == declined, !may, "{tier:?}: {answer:?}");
        }
        let wrote = world.batches.len() > batches;
        assert_eq!(wrote, may, "what is declined changes nothing");
    }
}

#[test]
fn no_other_account_hears_it() {
    let (mut world, owner) = World::with_owner();
    let other = world.open(2, Tier::Baller, 50_000);
    let before = format!("{:?}", world.view(other));
    world.hold(owner, BTC, enter(100, Some(45_000)), "50000");
    assert_eq!(world.own_signal(other, BTC, Action::Exit), Answer::Skipped(Skip::NothingToClose));
    world.own_signal(owner, BTC, Action::Exit);
    assert_eq!(format!("{:?}", world.view(other)), before);
    assert_eq!(world.own_signal(AccountId(99), BTC, enter(1, None)), {
        Answer::Declined(Decline::UnknownAccount)
    });
}

#[test]
fn whoever_copies_the_owner_gets_it_like_any_other_trade() {
    let mut world = World::calm();
    let leader = world.master(1, Tier::Baller, 50_000);
    let follower = world.open(2, Tier::Investor, 5_000);
    world.follow(follower, leader, 2_000);
    world.hold(leader, BTC, enter(100, None), "50000");
    world.carry();
    let copies = world.copies(follower, leader);
    assert_eq!(copies.len(), 1, "{copies:?}");
    assert_eq!(worth(&copies[0].ticket, 50_000), Money::whole(60), "3 % of $2,000");
}

#[test]
fn without_autopilot_it_enters_nothing_and_still_leaves() {
    let (mut world, owner) = World::with_owner();
    world.hold(owner, BTC, enter(100, None), "50000");
    world.command(owner, Setting::Autopilot(false).into());
    let off = Answer::Skipped(Skip::AutopilotOff);
    assert_eq!(world.own_signal(owner, AAPL, enter(50, None)), off);
    let sold = world.own_signal(owner, BTC, trim(50));
    assert!(matches!(sold, Answer::Placed { purpose: Purpose::Exit, .. }), "{sold:?}");
    world.fill_all("50000");
    let sold = world.own_signal(owner, BTC, Action::Exit);
    assert!(matches!(sold, Answer::Placed { purpose: Purpose::Exit, .. }), "{sold:?}");
}

/// What can stop an entry in shares of somebody who holds coins.
type Stop = fn(&mut World, AccountId);

const STOPS: [(Code, Stop); 10] = [
    (Code::KillSwitch, |world, _| world.kill(Scope::Platform, false)),
    (Code::KillSwitch, |world, _| world.kill(Scope::Venue(VenueName::Paper), false)),
    (Code::KillSwitch, |world, _| world.kill(Scope::Class(AssetClass::Equity), false)),
    (Code::KillSwitch, |world, _| world.kill(Scope::Symbol(AAPL), false)),
    (Code::KillSwitch, |world, owner| world.kill(Scope::Account(owner), false)),
    (Code::DailyLoss, |world, owner| {
        let daily = Some(Pct::whole(1));
        world.own(owner, OwnLimits { max_daily_loss_pct: daily, ..OwnLimits::default() });
        world.mark(BTC, "25000");
    }),
    (Code::Drawdown, |world, owner| {
        let deep = Some(Pct::whole(1));
        world.own(owner, OwnLimits { max_drawdown_pct: deep, ..OwnLimits::default() });
        world.mark(BTC, "25000");
    }),
    (Code::VenueDown, |world, _| {
        world.take(Input::Venue { venue: VenueName::Paper, up: false });
    }),
    (Code::StaleData, |world, _| world.wait(Span::seconds(3_600))),
    (Code::NotOnAllowList, |world, owner| {
        let symbols = Some(vec![BTC]);
        world.own(owner, OwnLimits { symbols, ..OwnLimits::default() });
    }),
];

#[test]
fn what_stops_entries_stops_it_and_never_its_exits() {
    for (code, stop) in STOPS {
        let (mut world, owner) = World::with_owner();
        world.hold(owner, BTC, enter(100, None), "50000");
        stop(&mut world, owner);
        let answer = world.own_signal(owner, AAPL, enter(100, None));
        let refused = matches!(&answer, Answer::Refused(why) if why.code == code);
        assert!(refused, "{code:?}: {answer:?}");
        let sold = world.own_signal(owner, BTC, Action::Exit);
        assert!(matches!(sold, Answer::Placed { purpose: Purpose::Exit, .. }), "{sold:?}");
    }
}

#[test]
fn the_switch_of_own_models_stops_them_and_nothing_else() {
    let (mut world, owner) = World::with_owner();
    world.hold(owner, BTC, enter(50, None), "50000");
    world.kill(Scope::Strategy(OWN), true);
    let sale = world.ticket(world.last()).unwrap();
    assert_eq!((sale.purpose, sale.qty), (Purpose::Exit, world.held(owner, BTC)));
    let refused = world.own_signal(owner, AAPL, enter(50, None));
    assert!(matches!(&refused, Answer::Refused(why) if why.code == Code::KillSwitch));
    world.enter(StrategyName::EquityMeanReversion, AAPL, None);
    assert_eq!(world.view(owner).orders.len(), 2, "a strategy of the platform enters");
}

#[test]
fn a_lower_tier_leaves_what_the_model_bought_and_enters_no_more() {
    let (mut world, owner) = World::with_owner();
    world.hold(owner, BTC, enter(50, None), "50000");
    let tier = Tier::Investor;
    world.command(owner, Setting::Tier(tier).into());
    let declined = Answer::Declined(Decline::NotInPool { tier });
    assert_eq!(world.own_signal(owner, BTC, enter(100, None)), declined);
    assert_eq!(world.own_signal(owner, AAPL, Action::Exit), declined);
    let sold = world.own_signal(owner, BTC, Action::Exit);
    assert!(matches!(sold, Answer::Placed { purpose: Purpose::Exit, .. }), "{sold:?}");
    assert_eq!(world.own_signal(owner, BTC, Action::Exit), declined, "all of it is on its way");
}

#[test]
fn what_makes_no_sense_changes_nothing() {
    let (mut world, owner) = World::with_owner();
    let batches = world.batches.len();
    let full = Strength::FULL;
    let short = |stop| Action::Short { strength: full, stop: Some(Price::whole(stop)) };
    let roll = Action::Roll { from: ES };
    for (action, field) in [
        (enter(0, None), "strength"),
        (enter(50, Some(50_000)), "stop_price"),
        (short(50_000), "stop_price"),
        (roll, "action"),
    ] {
        let answer = world.own_signal(owner, BTC, action);
        let named =
            matches!(answer, Answer::Declined(Decline::Invalid { field: of, .. }) if of == field);
        assert!(named, "{field}: {answer:?}");
    }
    let unknown = world.own_signal(owner, InstrumentId(77), enter(50, None));
    assert_eq!(unknown, Answer::Declined(Decline::UnknownInstrument));
    assert_eq!(world.batches.len(), batches);
}

#[test]
fn contracts_can_be_short_and_what_is_paid_for_cannot() {
    let (mut world, owner) = World::with_owner();
    world.take(Input::Conditions(Conditions {
        at: world.now,
        regime: Some(Regime::TrendingUp),
        crypto_volatility: Some(Score::points(40)),
        equity_volatility: Some(Score::points(40)),
        liquidity: Some(Score::points(100)),
        ..Conditions::default()
    }));
    let short = |stop| Action::Short { strength: Strength::FULL, stop: Some(Price::whole(stop)) };
    let skipped = world.own_signal(owner, BTC, short(60_000));
    assert_eq!(skipped, Answer::Skipped(Skip::NotShortable));
    world.hold(owner, ES, short(5_500), "5000");
    assert!(world.held(owner, ES).is_negative());
    let stop = world.ticket(world.last()).unwrap();
    assert_eq!((stop.side, stop.purpose), (Side::Buy, Purpose::Exit));
    assert_eq!(world.own_signal(owner, ES, enter(50, None)), Answer::Skipped(Skip::OtherSide));
    assert_eq!(world.own_signal(owner, ES, Action::Exit), Answer::Queued);
}

/// The key, what it led to, and the count of signals outlive a restart.
#[test]
fn a_repeat_leads_to_nothing_more_also_after_a_restart() {
    let (mut world, owner) = World::with_owner();
    let signal = |action| Command::Signal(said(BTC, action));
    let placed = world.keyed(owner, "a", signal(enter(50, None)));
    let skipped = world.keyed(owner, "b", signal(enter(50, None)));
    assert!(matches!(placed, Answer::Placed { .. }));
    assert_eq!(skipped, Answer::Skipped(Skip::AlreadyIn));
    let mut desk = Desk::new(PARTITION, rules());
    world.batches.iter().for_each(|batch| desk.replay(batch).unwrap());
    let snapshot = desk.snapshot().unwrap();
    for mut desk in [desk, Desk::restore(&snapshot, rules()).unwrap()] {
        let mut ask = |key: &str, action| {
            let command = signal(action);
            let key = Some(Key::of(key.as_bytes(), format!("{command:?}").as_bytes()));
            desk.take(Input::Command { account: owner, key, command }, world.now).unwrap()
        };
        assert_eq!(ask("a", enter(50, None)), placed);
        assert_eq!(ask("b", enter(50, None)), skipped);
        assert_eq!(ask("b", enter(60, None)), Answer::Declined(Decline::KeyReused));
        assert_eq!(ask("c", Action::Exit), Answer::Queued);
        let held = desk.seal().unwrap();
        let ids = held.batch().events().unwrap().into_iter().filter_map(|event| match event {
            Event::Signaled { signal, .. } => Some(signal.id.0),
            _ => None,
        });
        assert_eq!(ids.collect::<Vec<_>>(), [3], "two were heard before");
    }
}

/// A model is held to its owner's rate of orders, as hands are.
#[test]
fn a_model_that_never_rests_meets_the_tiers_rate() {
    let (mut world, owner) = World::with_owner();
    for _ in 0..100 {
        world.hold(owner, BTC, enter(50, None), "50000");
        let sold = world.own_signal(owner, BTC, Action::Exit);
        let Answer::Placed { order, .. } = sold else { panic!("{sold:?}") };
        world.fill_rest(order, "50000");
    }
    let refused = world.own_signal(owner, BTC, enter(50, None));
    assert!(matches!(&refused, Answer::Refused(why) if why.code == Code::OrderRate), "{refused:?}");
    world.wait(Span::seconds(1));
    world.mark(BTC, "50000");
    assert!(matches!(world.own_signal(owner, BTC, enter(50, None)), Answer::Placed { .. }));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 120,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_250_609),
        ..ProptestConfig::default()
    })]

    /// Whatever a model says, nothing it buys is beyond the tier's largest trade and position, nor below the smallest
    /// trade.
    #[test]
    fn no_word_of_a_model_is_larger_than_the_tier(
        dollars in 100i32..1_000_000,
        words in prop::collection::vec((any::<bool>(), 0u16..=100, 300u16..3_000, any::<bool>()), 1..12),
    ) {
        let mut world = World::calm();
        let owner = world.open(1, Tier::Baller, dollars);
        let limits = world.view(owner).limits;
        for (crypto, hundredths, moved, fills) in words {
            let (of, base) = if crypto { (BTC, 50) } else { (AAPL, 1) };
            let price = i32::from(moved) * base;
            world.wait(Span::seconds(30));
            world.mark(of, &price.to_string());
            let full = world.view(owner).equity.percent(limits.max_position_pct, Round::Down);
            if let Answer::Placed { order, .. } = world.own_signal(owner, of, enter(hundredths, None)) {
                let ticket = world.ticket(order).unwrap();
                let asked = worth(&ticket, price);
                prop_assert!(asked <= limits.max_trade, "{asked}");
                let view = world.view(owner);
                let held = view.positions.iter().find(|p| p.instrument == of);
                let all = held.map_or(Money::ZERO, |p| p.value).saturating_add(asked);
                prop_assert!(all <= full.unwrap(), "{all} of {full:?}");
                prop_assert!(view.reserved <= view.cash);
                if fills {
                    world.fill_rest(order, &price.to_string());
                } else {
                    world.cancelled(order);
                }
            }
            prop_assert_eq!(world.desk.trial_balance(), 0);
            let part = Pct::whole(100);
            prop_assert!(world.view(owner).drawdown_pct <= part);
        }
    }
}
