//! The gates: every refusal says what would flip it and no more than that, in the gates' order, from a closed list.

mod calm;
mod facts;

use calm::calm;
use facts::{apply, smaller, wild};
use nija_core::risk::approval::judge;
use nija_core::risk::facts::Facts;
use nija_core::risk::kill::Scope;
use nija_core::risk::refusal::{Change, Code, Gate, Level};
use nija_core::words::money::{Money, Price};
use nija_core::words::order::{OrderType, TimeInForce};
use nija_core::words::score::Score;
use nija_core::words::time::{Span, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::BTreeSet;

const CASES: u32 = 2_500;

fn after(changes: &[Change], facts: &Facts) -> Facts {
    let mut changed = *facts;
    for &change in changes {
        apply(change, &mut changed);
    }
    changed
}

/// Fixed, so that a run can be repeated; any other must pass as well.
const SEED: u64 = 20_250_609;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(SEED),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(CASES))]

    #[test]
    fn all_changes_together_let_it_pass_and_none_can_be_smaller(facts in wild()) {
        if let Err(refusal) = judge(&facts) {
            let changes = &refusal.changes;
            let passed = judge(&after(changes, &facts));
            prop_assert!(passed.is_ok(), "{refusal}\nstill: {}", passed.unwrap_err());
            for n in 0..changes.len() {
                let mut fewer = changes.clone();
                match smaller(changes[n]) {
                    Some(less) => fewer[n] = less,
                    None => drop(fewer.remove(n)),
                }
                let verdict = judge(&after(&fewer, &facts));
                prop_assert!(verdict.is_err(), "{refusal}\n{:?} need not be so large", changes[n]);
            }
        }
    }

    #[test]
    fn the_order_in_which_changes_are_made_does_not_matter(facts in wild()) {
        if let Err(mut refusal) = judge(&facts) {
            refusal.changes.reverse();
            prop_assert!(judge(&after(&refusal.changes, &facts)).is_ok(), "{refusal}");
        }
    }

    #[test]
    fn a_smaller_order_meets_no_upper_limit_that_a_larger_one_passed(
        facts in wild(), part in 0i64..1_000,
    ) {
        let upper = |facts: &Facts| {
            let code = judge(facts).err().map(|refusal| refusal.code);
            [Code::TradeTooLarge, Code::PositionLimit, Code::BuyingPower]
                .into_iter()
                .find(|&c| code == Some(c))
        };
        let less = Money::from_raw(facts.notional.raw() / 1_000 * part);
        let small = Facts { notional: less, ..facts };
        if upper(&facts).is_none() && judge(&facts).err().is_none_or(|r| r.code != Code::TradeTooSmall) {
            prop_assert_eq!(upper(&small), None);
        }
    }

    #[test]
    fn a_pressed_switch_speaks_first(mut facts in wild()) {
        facts.killed = Some(Scope::Platform);
        let refusal = judge(&facts).unwrap_err();
        prop_assert_eq!(refusal.code, Code::KillSwitch);
        prop_assert_eq!(refusal.changes[0], Change::Rearm(Scope::Platform));
    }

    #[test]
    fn the_same_facts_give_the_same_verdict_and_the_level_is_never_critical_below_every_limit(
        facts in wild(),
    ) {
        prop_assert_eq!(judge(&facts), judge(&facts));
        if let Ok(level) = judge(&facts) {
            let spare = facts.equity.raw() / 100 > facts.in_symbol.saturating_add(facts.notional).raw()
                && facts.limits.max_position_pct >= nija_core::words::money::Pct::whole(2)
                && facts.peak <= facts.equity && facts.day_start <= facts.equity
                && facts.volatility.is_some_and(|v| v == Score::MIN);
            if spare { prop_assert_eq!(level, Level::Safe); }
        }
    }
}

#[test]
fn the_wild_facts_are_wild_enough() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut passed, mut codes, mut several) = (0, BTreeSet::new(), 0);
    for _ in 0..3_000 {
        let facts = wild().new_tree(&mut runner).unwrap().current();
        match judge(&facts) {
            Ok(_) => passed += 1,
            Err(refusal) => {
                codes.insert(refusal.code);
                several += usize::from(refusal.changes.len() > 1);
            }
        }
    }
    assert!(passed > 5 && several > 1_000, "{passed} passed, {several} with several changes");
    assert!(codes.len() > 15, "{codes:?}");
}

/// One way to each code, from facts that pass.
type Way = (Code, Box<dyn Fn(&mut Facts)>);

fn ways() -> Vec<Way> {
    fn way(code: Code, change: impl Fn(&mut Facts) + 'static) -> Way {
        (code, Box::new(change))
    }
    vec![
        way(Code::KillSwitch, |f| f.killed = Some(Scope::Platform)),
        way(Code::ClassNotAllowed, |f| f.class_allowed = false),
        way(Code::TradeTooSmall, |f| f.notional = Money::whole(19)),
        way(Code::TradeTooLarge, |f| f.notional = Money::whole(251)),
        way(Code::PositionLimit, |f| f.in_symbol = Money::whole(51)),
        way(Code::OpenPositions, |f| f.positions = 3),
        way(Code::BuyingPower, |f| f.free_cash = Money::whole(50)),
        way(Code::BalanceTooSmall, |f| f.equity = Money::whole(9)),
        way(Code::DailyLoss, |f| f.day_start = Money::whole(1_112)),
        way(Code::Drawdown, |f| f.peak = Money::whole(1_250)),
        way(Code::BlackSwan, |f| f.volatility = Some(Score::hundredths(9_501))),
        way(Code::Volatility, |f| f.volatility = Some(Score::hundredths(8_001))),
        way(Code::VolatilityUnknown, |f| f.volatility = None),
        way(Code::MarketClosed, |f| (f.open, f.tif) = (false, TimeInForce::Ioc)),
        way(Code::StaleData, |f| f.mark_at = f.now.plus(Span::seconds(-61))),
        way(Code::NoPrice, |f| f.mark = None),
        way(Code::PriceCollar, |f| f.order_type = OrderType::Limit { limit: Price::whole(211) }),
        way(Code::Duplicate, |f| f.duplicate_until = Some(f.now.plus(Span(1)))),
        way(Code::OrderRate, |f| f.rate_free_at = f.now.plus(Span(1))),
        way(Code::NotOnAllowList, |f| f.symbol_allowed = false),
        way(Code::VenueDown, |f| f.venue_up = false),
        way(Code::ContractExpired, |f| f.expiry = Some(f.now)),
        way(Code::NotTradable, |f| f.tradable = false),
        way(Code::OpenOrders, |f| f.open_orders = 200),
        way(Code::OppositeEntry, |f| (f.opposite, f.open_orders) = (1, f.open_orders.max(1))),
    ]
}

#[test]
fn every_code_of_the_closed_list_is_reached() {
    let mut reached = BTreeSet::new();
    for (code, way) in ways() {
        let mut facts = calm();
        way(&mut facts);
        let refusal = judge(&facts).unwrap_err();
        assert_eq!(refusal.code, code, "{refusal}");
        assert!(refusal.to_string().contains("would pass"), "{refusal}");
        reached.insert(code);
    }
    // A desk says the first of a sale, and the second of what is held; see `desk.rs`.
    reached.extend([Code::ExceedsPosition, Code::MarginCall]);
    assert_eq!(reached, Code::ALL.iter().copied().collect());
}

#[test]
fn of_two_objections_the_earlier_gate_speaks() {
    for (first, one) in ways() {
        for (second, other) in ways() {
            let mut facts = calm();
            one(&mut facts);
            other(&mut facts);
            let gate = judge(&facts).unwrap_err().code.gate();
            assert_eq!(gate, first.gate().min(second.gate()), "{first:?} and {second:?}");
        }
    }
}

#[test]
fn the_blueprints_examples_run_as_written() {
    assert_eq!(judge(&calm()), Ok(Level::Warning), "volatility 45 is half of 80");
    let hundred = Facts { notional: Money::whole(100), ..calm() };
    assert_eq!(judge(&hundred), Ok(Level::Critical), "a tenth of equity is the limit itself");
    let all = Facts { notional: Money::whole(1_000), ..calm() };
    let refusal = judge(&all).unwrap_err();
    assert_eq!(refusal.code.gate(), Gate::Capital);
    assert_eq!(
        refusal.to_string(),
        "Capital Guard refused (TRADE_TOO_LARGE): $1000.00 against $250.00; would pass with a size \
         of at most $100"
    );
}

#[test]
fn limits_hold_at_the_step() {
    let at = |change: fn(&mut Facts)| {
        let mut facts = calm();
        change(&mut facts);
        judge(&facts).is_ok()
    };
    assert!(at(|f| f.notional = Money::whole(100)));
    assert!(!at(|f| f.notional = Money::whole(100).saturating_add(Money::STEP)));
    assert!(at(|f| f.free_cash = "50.5".parse().unwrap()));
    assert!(!at(|f| f.free_cash = "50.49999999".parse().unwrap()));
    assert!(at(|f| f.volatility = Some(Score::points(80))));
    assert!(at(|f| f.mark_at = f.now.plus(Span::seconds(-60))));
    assert!(!at(|f| f.mark_at = f.now.plus(Span(-60_000_001))));
    assert!(at(|f| f.expiry = Some(f.now.plus(Span(1)))));
    assert!(at(|f| f.rate_free_at = f.now));
    assert!(at(|f| f.positions = 2));
    assert!(at(|f| (f.positions, f.opens) = (3, false)), "adding opens nothing");
}

#[test]
fn a_lot_beyond_the_largest_trade_asks_for_another_instrument() {
    let facts = Facts { lot_value: Money::whole(60_000), ..calm() };
    let refusal = judge(&facts).unwrap_err();
    assert_eq!(refusal.code, Code::TradeTooSmall);
    assert_eq!(refusal.changes, [Change::OtherInstrument]);
}

#[test]
fn without_a_price_the_size_is_not_judged() {
    let facts = Facts { mark: None, notional: Money::ZERO, lot_value: Money::ZERO, ..calm() };
    let refusal = judge(&facts).unwrap_err();
    assert_eq!(refusal.code, Code::NoPrice);
    assert_eq!(refusal.changes.len(), 1);
}

#[test]
fn waiting_must_not_outlast_the_contract() {
    let now = calm().now;
    let facts = Facts {
        rate_free_at: now.plus(Span::seconds(2)),
        expiry: Some(now.plus(Span::seconds(1))),
        ..calm()
    };
    let refusal = judge(&facts).unwrap_err();
    assert_eq!(refusal.code, Code::OrderRate);
    let waited = Change::After(now.plus(Span::seconds(2)));
    assert_eq!(refusal.changes, [waited, Change::OtherInstrument]);
}

#[test]
fn nothing_overflows_at_the_ends_of_the_range() {
    for worth in [Money::ZERO, Money::STEP, Money::MAX] {
        for equity in [Money::MAX, Money::from_raw(i64::MIN), Money::ZERO] {
            for at in [Timestamp(i64::MIN), Timestamp(i64::MAX)] {
                let mut facts = Facts {
                    notional: worth,
                    lot_value: worth,
                    in_symbol: worth,
                    equity,
                    free_cash: equity,
                    positions: u16::MAX,
                    open_orders: u16::MAX,
                    mark_at: at,
                    volatility_at: at,
                    peak: Money::MAX,
                    day_start: Money::MAX,
                    ..calm()
                };
                assert!(judge(&facts).is_err());
                facts.limits.max_open_positions = 0;
                facts.limits.max_position_pct = nija_core::words::money::Pct::ZERO;
                assert!(judge(&facts).is_err());
            }
        }
    }
}
