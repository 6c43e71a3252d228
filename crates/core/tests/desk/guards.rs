//! The gates through a desk: halts, switches and reservations over time, and exits that pass whatever is stopped.

use crate::world::{AAPL, BTC, ES, TREND, World, dollars_of, instrument, rules, wish};
use nija_core::desk::answer::{Answer, Decline};
use nija_core::desk::event::{OwnLimits, Setting, Size, Wish};
use nija_core::desk::input::{Command, Input};
use nija_core::risk::kill::{Actor, Scope};
use nija_core::risk::refusal::{Change, Code, Refusal};
use nija_core::words::conditions::Conditions;
use nija_core::words::id::{AccountId, UserId};
use nija_core::words::instrument::{AssetClass, VenueName};
use nija_core::words::money::{Money, Pct, Price};
use nija_core::words::order::{OrderType, Origin, Purpose, Side, TimeInForce};
use nija_core::words::score::Score;
use nija_core::words::tier::Tier;
use nija_core::words::time::{Span, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

fn refused(answer: Answer) -> Refusal {
    match answer {
        Answer::Refused(refusal) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

fn is_placed(answer: &Answer) -> bool {
    matches!(answer, Answer::Placed { .. })
}

/// Everything that can stop an entry.
const STOPS: [fn(&mut World, AccountId); 12] = [
    |world, _| world.kill(Scope::Platform, false),
    |world, _| world.kill(Scope::Venue(VenueName::Paper), false),
    |world, _| world.kill(Scope::Class(AssetClass::Equity), false),
    |world, _| world.kill(Scope::Symbol(AAPL), false),
    |world, account| world.kill(Scope::Account(account), false),
    // Loses a tenth of the day's equity, then a fifth of the peak.
    |world, _| world.mark(AAPL, "20"),
    |world, _| world.mark(AAPL, "1"),
    |world, _| drop(world.take(Input::Venue { venue: VenueName::Paper, up: false })),
    |world, _| world.session(false),
    |world, _| world.wait(Span::seconds(3_600)),
    |world, _| world.conditions(None, 100, 100),
    |world, account| {
        let own = OwnLimits {
            symbols: Some(vec![BTC]),
            volatility_limit: Some(Score::MIN),
            ..OwnLimits::default()
        };
        world.own(account, own);
        world.command(account, Setting::Tier(Tier::Starter).into());
    },
];

#[test]
fn exits_pass_in_every_combination_of_what_stops_entries() {
    let snapshot = {
        let mut world = World::calm();
        let account = world.open(1, Tier::Investor, 1_000);
        world.own(
            account,
            OwnLimits { max_position_pct: Some(Pct::whole(10)), ..OwnLimits::default() },
        );
        world.buy(account, AAPL, 100);
        let order = world.last();
        world.fill_rest(order, "200");
        // Losses of this position reach both limits of the account.
        world.command(account, Command::Transfer(Money::whole(-890)));
        world.desk.snapshot().unwrap()
    };
    let account = AccountId(1);
    for stopped in 0u32..1 << STOPS.len() {
        let mut world = World::empty();
        world.desk = nija_core::desk::Desk::restore(&snapshot, rules()).unwrap();
        for (n, stop) in STOPS.iter().enumerate() {
            if stopped & (1 << n) != 0 {
                stop(&mut world, account);
            }
        }
        if stopped != 0 {
            let entry = Wish { tif: TimeInForce::Ioc, ..wish(AAPL, Side::Buy, dollars_of(10)) };
            refused(world.command(account, Command::Place(entry)));
        }
        let half = Size::Units("0.25".parse().unwrap());
        let order_type = OrderType::Limit { limit: Price::whole(1) };
        let exit = Wish { order_type, tif: TimeInForce::Fok, ..wish(AAPL, Side::Sell, half) };
        for exit in [exit, wish(AAPL, Side::Sell, Size::All)] {
            let answer = world.command(account, Command::Place(exit));
            let passed = matches!(answer, Answer::Placed { purpose: Purpose::Exit, .. });
            assert!(passed, "{stopped:b}: {answer:?}");
        }
        assert_eq!(world.releases.len(), 2, "{stopped:b}");
    }
}

#[test]
fn exits_of_an_expired_contract_pass_until_it_is_settled() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Baller, 100_000);
    let answer = world.buy(account, ES, 2_500);
    assert!(is_placed(&answer), "{answer:?}");
    let order = world.last();
    world.fill_rest(order, "5000");
    world.wait(Span(30 * Span::DAY.0));
    let refusal = refused(world.buy(account, ES, 250));
    assert!(refusal.changes.contains(&Change::OtherInstrument), "{refusal}");
    assert!(is_placed(&world.sell(account, ES, Size::All)));
    world.wait(Span::seconds(60));
    assert_eq!(world.sell(account, ES, Size::All), Answer::Declined(Decline::NoPosition));
}

#[test]
fn the_blueprints_usage_example() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    let view = world.view(account);
    assert_eq!(view.split.dollars(view.equity), [500, 500, 0, 0].map(Money::whole));
    assert!(is_placed(&world.buy(account, BTC, 50)));
    assert!(is_placed(&world.buy(account, AAPL, 50)));
    let other = world.open(2, Tier::Investor, 1_000);
    assert!(is_placed(&world.buy(other, AAPL, 100)));
    let refusal = refused(world.buy(other, AAPL, 1_000));
    assert_eq!(refusal.code, Code::TradeTooLarge);
    assert!(!refusal.changes.is_empty());
    // Before any data.
    let mut world = World::empty();
    let account = world.open(1, Tier::Investor, 1_000);
    let view = world.view(account);
    assert_eq!(view.split.dollars(view.equity), [600, 400, 0, 0].map(Money::whole));
    assert_eq!(view.reason.to_string(), "No regime is known yet.");
}

#[test]
fn every_tier_places_a_trade_at_its_entry_capital() {
    for rules in rules().tiers.iter() {
        for class in &rules.classes {
            let of = [BTC, AAPL, ES][class.index()];
            let mut world = World::calm();
            let account = world.open(1, rules.tier, 0);
            world.command(account, Command::Transfer(rules.entry_capital));
            let size = Size::Dollars(rules.limits.min_trade);
            let wish = wish(of, Side::Buy, size);
            let answer = world.command(account, Command::Place(wish));
            if rules.limits.min_trade >= Money::whole(250) || of != ES {
                assert!(is_placed(&answer), "{:?} {class:?}: {answer:?}", rules.tier);
            } else {
                // The smallest lot of the contract is worth more; in its own size it passes or names the way.
                assert!(!refused(answer).changes.is_empty());
            }
        }
    }
}

/// A black swan by score, or by the analyst's flag.
fn black_swan(world: &mut World, by_score: bool) {
    world.take(Input::Conditions(Conditions {
        at: world.now,
        crypto_volatility: Some(Score::hundredths(if by_score { 9_501 } else { 4_500 })),
        equity_volatility: Some(Score::points(45)),
        crypto_black_swan: !by_score,
        ..Conditions::default()
    }));
}

#[test]
fn a_black_swan_fires_and_only_a_person_with_a_reason_lifts_it() {
    for by_score in [true, false] {
        let mut world = World::calm();
        let account = world.open(1, Tier::Baller, 100_000);
        world.buy(account, BTC, 1_000);
        let held = world.last();
        world.fill_rest(held, "50000");
        for of in [BTC, AAPL] {
            assert!(is_placed(&world.buy(account, of, 500)));
        }
        let scope = Scope::Class(AssetClass::Crypto);
        black_swan(&mut world, by_score);
        let pressed = world.market().pressed;
        assert_eq!(pressed.iter().map(|p| p.scope).collect::<Vec<_>>(), [scope]);
        assert_eq!(pressed[0].by, Actor::Platform);
        // The open entry of the class is taken back, the other stays.
        let cancels = world.releases.iter().filter(|r| r.ticket().is_none()).count();
        assert_eq!(cancels, 1);
        let refusal = refused(world.buy(account, BTC, 500));
        assert_eq!(refusal.code, Code::KillSwitch);
        assert_eq!(refusal.changes[0], Change::Rearm(scope));
        assert!(is_placed(&world.buy(account, AAPL, 600)));
        assert!(is_placed(&world.sell(account, BTC, Size::All)), "exits pass");
        // Calm alone does not lift it, nor does time, nor a person without a reason.
        world.conditions(None, 10, 10);
        world.wait(Span(3 * Span::DAY.0));
        world.mark(BTC, "50000");
        assert!(matches!(world.rearm(scope, "  "), Answer::Declined(Decline::Invalid { .. })));
        assert_eq!(refused(world.buy(account, BTC, 500)).code, Code::KillSwitch);
        assert_eq!(world.rearm(scope, "volatility is back to normal"), Answer::Done);
        assert!(is_placed(&world.buy(account, BTC, 500)));
        black_swan(&mut world, by_score);
        assert_eq!(refused(world.buy(account, BTC, 500)).code, Code::KillSwitch, "it fires again");
    }
}

#[test]
fn all_switches_that_stand_in_the_way_are_named() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    let scopes = [Scope::Platform, Scope::Symbol(AAPL), Scope::Account(account)];
    for scope in scopes {
        world.kill(scope, false);
    }
    world.kill(Scope::Symbol(BTC), false);
    world.kill(Scope::Account(AccountId(99)), false);
    assert_eq!(world.market().pressed.len(), 3, "an account of another partition leaves no trace");
    let refusal = refused(world.buy(account, AAPL, 50));
    assert_eq!(refusal.changes, scopes.map(Change::Rearm));
    for scope in scopes {
        world.rearm(scope, "looked into it");
    }
    assert!(is_placed(&world.buy(account, AAPL, 50)));
}

#[test]
fn orders_in_flight_count_together() {
    // Against the symbol's part of equity.
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    assert!(is_placed(&world.buy(account, AAPL, 60)));
    let refusal = refused(world.buy(account, AAPL, 61));
    assert_eq!(refusal.code, Code::PositionLimit);
    assert_eq!(refusal.changes, [Change::SizeAtMost("39.4".parse().unwrap())]);
    // Against buying power.
    let mut world = World::calm();
    let account = world.open(1, Tier::Starter, 50);
    world.own(account, OwnLimits::default());
    let wishes = |n: usize| Size::Dollars(Money::whole([10, 10, 10, 10, 10][n]));
    assert!(is_placed(&world.sell_or_buy(account, wishes(0))));
    world.command(account, Command::Transfer(Money::whole(-30)));
    let refusal = refused(world.sell_or_buy(account, wishes(1)));
    assert!(matches!(refusal.changes[0], Change::Deposit(_)), "{refusal}");
    // Against the number of positions.
    let mut world = World::calm();
    let account = world.open(1, Tier::Baller, 100_000);
    world.own(account, OwnLimits { max_open_positions: Some(2), ..OwnLimits::default() });
    assert!(is_placed(&world.buy(account, AAPL, 500)));
    assert!(is_placed(&world.buy(account, BTC, 500)));
    assert!(is_placed(&world.buy(account, BTC, 600)), "adding opens nothing");
    let refusal = refused(world.buy(account, ES, 500));
    assert_eq!(refusal.code, Code::OpenPositions);
    assert_eq!(refusal.changes, [Change::ClosePositions(1)]);
}

impl World {
    fn sell_or_buy(&mut self, account: AccountId, size: Size) -> Answer {
        self.command(account, Command::Place(wish(BTC, Side::Buy, size)))
    }
}

#[test]
fn the_same_order_within_two_seconds_is_a_repeat() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Baller, 100_000);
    assert!(is_placed(&world.buy(account, AAPL, 500)));
    let refusal = refused(world.buy(account, AAPL, 500));
    assert_eq!(refusal.code, Code::Duplicate);
    assert_eq!(refusal.changes, [Change::After(world.now.plus(Span::seconds(2)))]);
    assert!(is_placed(&world.buy(account, AAPL, 501)), "another size is another order");
    let place = Command::Place(wish(AAPL, Side::Buy, dollars_of(501)));
    assert!(is_placed(&world.keyed(account, "mine", place)), "a key of its own says so");
    assert!(is_placed(&world.buy(account, AAPL, 500)), "no longer the last order");
    world.wait(Span::seconds(2));
    assert!(is_placed(&world.buy(account, AAPL, 500)));
}

#[test]
fn what_was_refused_may_be_asked_again_at_once() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    world.wait(Span::seconds(61));
    assert_eq!(refused(world.buy(account, AAPL, 50)).code, Code::StaleData);
    world.mark(AAPL, "200");
    assert!(is_placed(&world.buy(account, AAPL, 50)));
}

#[test]
fn orders_pass_in_a_burst_and_then_at_a_steady_rate() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Starter, 50);
    let rules = rules();
    let tier = rules.tiers.rules(Tier::Starter);
    let mut size = 10_000;
    let mut ask = |world: &mut World| {
        size += 1;
        let size = Size::Dollars(Money::from_raw(size));
        refused(world.command(account, Command::Place(wish(BTC, Side::Buy, size)))).changes
    };
    let waits = |changes: &[Change]| changes.iter().any(|c| matches!(c, Change::After(_)));
    for _ in 0..tier.order_burst {
        assert!(!waits(&ask(&mut world)));
    }
    let every = Span(1_000_000 / i64::from(tier.orders_per_second));
    let changes = ask(&mut world);
    assert!(changes.contains(&Change::After(world.now.plus(every))), "{changes:?}");
    for _ in 0..50 {
        world.wait(every);
        assert!(!waits(&ask(&mut world)));
        assert!(waits(&ask(&mut world)));
    }
    // Rest earns the burst back, and no more than that.
    world.wait(Span::seconds(3_600));
    let passed = (0..100).filter(|_| !waits(&ask(&mut world))).count();
    assert_eq!(passed, usize::from(tier.order_burst));
}

/// An account that holds $100 of BTC of $1,000 in all, on a tier of 10 % a day and 20 % from the peak.
fn invested(day_starts: Span) -> (World, AccountId) {
    let mut world = World::calm();
    let account = world.open_at(1, Tier::Investor, 1_000, day_starts);
    world.buy(account, BTC, 100);
    let order = world.last();
    world.fill_rest(order, "50000");
    // What is held is a quarter of the capital.
    world.command(account, Command::Transfer(Money::whole(-600)));
    (world, account)
}

#[test]
fn a_daily_loss_halt_ends_with_the_accounts_day() {
    for hours in [0, 5, 15, 23] {
        let starts = Span::seconds(hours * 3_600);
        let (mut world, account) = invested(starts);
        world.mark(BTC, "20000");
        let view = world.view(account);
        assert!(view.daily_halt && !view.drawdown_halt);
        let refusal = refused(world.buy(account, AAPL, 30));
        assert_eq!(refusal.code, Code::DailyLoss);
        let ends = view.day_ends;
        assert!(refusal.changes.contains(&Change::After(ends)), "{refusal}");
        assert_eq!(ends.day(starts), world.now.day(starts) + 1);
        world.now = ends.plus(Span(-1));
        world.mark(AAPL, "200");
        assert_eq!(refused(world.buy(account, AAPL, 30)).code, Code::DailyLoss);
        world.rearm(Scope::Account(account), "want to trade");
        assert!(world.view(account).daily_halt, "only the day's end lifts it");
        world.now = ends;
        world.mark(AAPL, "200");
        assert!(!world.view(account).daily_halt);
        let answer = world.buy(account, AAPL, 30);
        assert!(is_placed(&answer), "{hours}: {answer:?}");
    }
}

#[test]
fn a_drawdown_halt_stays_until_somebody_rearms() {
    let (mut world, account) = invested(Span::ZERO);
    for (days, price) in [(0, "32000"), (1, "18000"), (2, "1000")] {
        world.now = crate::world::NOON.plus(Span(days * Span::DAY.0));
        world.mark(BTC, price);
    }
    assert!(world.view(account).drawdown_halt);
    world.wait(Span(30 * Span::DAY.0));
    for (of, price) in [(BTC, "60000"), (AAPL, "200")] {
        world.mark(of, price);
    }
    world.command(account, Command::Transfer(Money::whole(1_000)));
    let refusal = refused(world.buy(account, AAPL, 30));
    assert_eq!(refusal.code, Code::Drawdown);
    assert_eq!(refusal.changes, [Change::Rearm(Scope::Account(account))]);
    let (by, reason) = (Actor::User(UserId(1)), "position is closed".to_owned());
    assert_eq!(world.command(account, Command::Rearm { by, reason }), Answer::Done);
    assert!(is_placed(&world.buy(account, AAPL, 30)));
    assert_eq!(world.view(account).drawdown_pct, Pct::ZERO);
}

#[test]
fn a_stricter_limit_and_a_bad_fill_halt_at_once() {
    let (mut world, account) = invested(Span::ZERO);
    world.mark(BTC, "40000");
    assert!(!world.view(account).daily_halt);
    world.own(
        account,
        OwnLimits { max_daily_loss_pct: Some(Pct::whole(2)), ..OwnLimits::default() },
    );
    assert!(world.view(account).daily_halt);
    let (mut world, account) = invested(Span::ZERO);
    world.buy(account, AAPL, 35);
    let order = world.last();
    world.fill_rest(order, "500");
    assert!(world.view(account).daily_halt, "the fill itself lost a tenth");
    let ends = world.view(account).day_ends;
    let refusal = refused(world.buy(account, AAPL, 20));
    assert!(refusal.changes.contains(&Change::After(ends)), "{refusal}");
}

#[test]
fn a_resting_order_that_fills_days_later_starts_no_loss_of_several_days() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    let order_type = OrderType::Limit { limit: Price::whole(48_000) };
    let resting = Wish { order_type, ..wish(BTC, Side::Buy, dollars_of(100)) };
    world.command(account, Command::Place(resting));
    let order = world.last();
    for _ in 0..3 {
        world.wait(Span::DAY);
        world.mark(AAPL, "200");
    }
    world.mark(BTC, "48000");
    world.fill_rest(order, "48000");
    let own = OwnLimits { max_daily_loss_pct: Some(Pct::whole(1)), ..OwnLimits::default() };
    world.own(account, own);
    // Six percent of a tenth a day: never one percent within one.
    for price in ["45100", "42400"] {
        world.wait(Span::DAY);
        world.mark(AAPL, "200");
        world.mark(BTC, price);
        assert!(!world.view(account).daily_halt, "{}", world.view(account).daily_loss_pct);
    }
    world.mark(BTC, "40000");
    assert!(world.view(account).daily_halt, "{}", world.view(account).daily_loss_pct);
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
    #![proptest_config(config(150))]

    #[test]
    fn transfers_never_raise_a_loss_or_a_drawdown(
        moves in prop::collection::vec((any::<bool>(), 1i64..60_000_000_000, 30_000i32..60_000), 1..12),
    ) {
        let mut world = World::calm();
        let account = world.open(1, Tier::Investor, 1_000);
        world.buy(account, BTC, 100);
        let order = world.last();
        world.fill_rest(order, "50000");
        for (pays_in, amount, price) in moves {
            world.mark(BTC, &price.to_string());
            let before = world.view(account);
            let amount = Money::from_raw(if pays_in { amount } else { -amount });
            let answer = world.command(account, Command::Transfer(amount));
            let after = world.view(account);
            prop_assert!(after.daily_loss_pct <= before.daily_loss_pct);
            prop_assert!(after.drawdown_pct <= before.drawdown_pct);
            prop_assert!(after.peak >= after.equity, "a deposit is never profit");
            if matches!(answer, Answer::PaidOut(_)) && after.equity > Money::whole(1) {
                // A withdrawal hides no loss either.
                let lost = before.drawdown_pct.raw() - after.drawdown_pct.raw();
                prop_assert!(lost <= 200, "{lost}");
            }
        }
    }
}

#[test]
fn an_instrument_without_steps_is_not_listed() {
    let mut world = World::calm();
    let mut odd = instrument(ES);
    odd.kind = nija_core::words::instrument::Kind::Future {
        multiplier: 0,
        expiry: Timestamp(0),
        maintenance: None,
    };
    assert!(matches!(world.take(Input::List(odd)), Answer::Declined(Decline::Invalid { .. })));
}

#[test]
fn a_strategys_switch_sells_what_it_bought_and_no_more() {
    let mut world = World::calm();
    let account = world.open(1, Tier::Investor, 1_000);
    world.buy(account, BTC, 40);
    let own = world.last();
    world.fill_rest(own, "50000");
    world.command(account, Command::Transfer(Money::whole(1_000)));
    world.enter(TREND, BTC, Some("45000"));
    let entry = world.last();
    assert_eq!(
        world.ticket(entry).unwrap().qty,
        "0.0031998".parse().unwrap(),
        "the room beside the user's"
    );
    world.fill_rest(entry, "50000");
    let stop = world.last();
    world.kill(Scope::Strategy(TREND), true);
    world.kill(Scope::Strategy(TREND), true);
    world.cancelled(stop);
    let exit = world.last();
    world.fill_rest(exit, "50000");
    world.kill(Scope::Strategy(TREND), true);
    assert_eq!(world.held(account, BTC), "0.0008".parse().unwrap(), "the user's own stays");
    assert!(world.desk.outstanding().is_empty());
    assert!(
        world.releases.iter().filter_map(|r| r.ticket()).all(|t| t.origin != Origin::KillSwitch)
    );
}
