//! What a tier's pool does with what strategies say.

use crate::world::{AAPL, BTC, TREND, World};
use nija_core::desk::answer::Answer;
use nija_core::desk::event::Setting;
use nija_core::desk::input::Input;
use nija_core::words::conditions::Regime;
use nija_core::words::id::{AccountId, SignalId};
use nija_core::words::insight::Insight;
use nija_core::words::money::{Money, Pct, Price};
use nija_core::words::score::Strength;
use nija_core::words::signal::{Action, Signal, StrategyName};
use nija_core::words::tier::Tier;

impl World {
    /// Everything strategies could say of two markets.
    fn hear_all(&mut self) {
        for strategy in StrategyName::ALL {
            self.enter(strategy, BTC, None);
            self.enter(strategy, AAPL, None);
        }
    }

    fn enter_weighed(&mut self, strength: u16, weight: Option<u16>) {
        let weight = weight.map(Strength::parts);
        let insight = weight.map(|weight| Insight { weight, opinion: None, implied: None });
        let action = Action::Enter { strength: Strength::parts(strength), stop: None };
        let (id, mark, at) = (SignalId(77), Price::whole(50_000), self.now);
        let (strategy, instrument, version) = (TREND, BTC, 1);
        let signal = Signal { id, strategy, version, instrument, action, mark, at, insight };
        self.take(Input::Signal(signal));
        self.fill_all("50000");
    }

    /// What an account's positions cost, to the dollar.
    fn invested(&self, account: AccountId) -> i64 {
        let positions = self.view(account).positions;
        let cost = positions.iter().fold(Money::ZERO, |sum, p| sum.saturating_add(p.cost));
        let dollar = Money::whole(1).raw();
        (cost.raw() + dollar / 2) / dollar
    }
}

#[test]
fn safe_copy_follows_masters_and_no_strategy() {
    let mut world = World::calm();
    let starter = world.open(1, Tier::Starter, 500);
    world.hear_all();
    assert!(world.view(starter).orders.is_empty());
    let own = world.buy(starter, BTC, 20);
    assert!(matches!(own, Answer::Placed { .. }), "its owner may trade: {own:?}");
}

#[test]
fn capital_protect_hears_two_strategies_and_keeps_its_floor() {
    let mut world = World::calm();
    let saver = world.open(1, Tier::Saver, 1_000);
    world.conditions(Some(Regime::LowVolatility), 20, 20);
    world.hear_all();
    assert_eq!(world.view(saver).orders.len(), 2);
    assert!(world.view(saver).split.cash() >= Pct::whole(30));
}

/// Even where its owner follows no strategy, so that nothing of the owner's stands in the way.
#[test]
fn what_lies_in_a_copy_hears_no_strategy() {
    let mut world = World::calm();
    let leader = world.master(1, Tier::Baller, 50_000);
    let follower = world.open(2, Tier::Investor, 5_000);
    world.follow(follower, leader, 2_000);
    world.command(follower, Setting::Autopilot(false).into());
    world.enter(TREND, BTC, None);
    world.enter(StrategyName::EquityMeanReversion, AAPL, None);
    assert!(world.view(follower).orders.is_empty());
    assert!(world.copies(follower, leader).is_empty(), "it follows its master only");
}

/// Of both a full position is $200. The one takes what is asked for, the other twice that, and weighs it.
#[test]
fn pro_ai_turns_over_twice_what_full_ai_does_and_weighs_it() {
    let began = || {
        let mut world = World::calm();
        let (income, livable) =
            (world.open(1, Tier::Income, 4_000), world.open(2, Tier::Livable, 5_000));
        (world, income, livable)
    };
    let both = |world: &World, accounts: [AccountId; 2]| accounts.map(|of| world.invested(of));
    let (mut world, income, livable) = began();
    world.enter_weighed(3_000, None);
    assert_eq!(both(&world, [income, livable]), [60, 120]);
    world.signal(TREND, BTC, Action::Trim { strength: Strength::parts(1_000) });
    world.fill_all("50000");
    assert_eq!(both(&world, [income, livable]), [20, 40]);
    // What was learned halves the one and is not asked by the other.
    let (mut world, income, livable) = began();
    world.enter_weighed(4_000, Some(5_000));
    assert_eq!(both(&world, [income, livable]), [80, 80]);
    // Never more than a full position.
    let (mut world, _, livable) = began();
    world.enter_weighed(9_000, None);
    assert_eq!(world.invested(livable), 200);
}
