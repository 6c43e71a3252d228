//! Contracts: long and short, settled from day to day and at their end, called when the cash behind them is gone.

use crate::world::{AAPL, ES, World, wish};
use nija_core::desk::answer::{Answer, Decline, Query, View};
use nija_core::desk::event::{Size, Wish};
use nija_core::desk::input::{Command, Input};
use nija_core::ledger::chart::Book;
use nija_core::risk::kill::Scope;
use nija_core::risk::refusal::{Change, Code, Refusal};
use nija_core::words::fixed::Round;
use nija_core::words::id::AccountId;
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{OrderType, Origin, Purpose, Side};
use nija_core::words::score::Strength;
use nija_core::words::signal::{Action, StrategyName};
use nija_core::words::tier::Tier;
use nija_core::words::time::Span;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

fn qty(text: &str) -> Qty {
    text.parse().unwrap()
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn units(text: &str) -> Size {
    Size::Units(qty(text))
}

/// An account that may trade contracts: $100,000 on the tier that holds them.
fn floor() -> (World, AccountId) {
    let mut world = World::calm();
    let account = world.open(1, Tier::Baller, 100_000);
    (world, account)
}

/// Places an order and fills all of it.
fn trade(world: &mut World, account: AccountId, side: Side, of: &str, price: &str) {
    let answer = world.command(account, Command::Place(wish(ES, side, units(of))));
    assert!(matches!(answer, Answer::Placed { .. }), "{answer:?}");
    let order = world.last();
    world.fill_rest(order, price);
}

fn refused(answer: Answer) -> Refusal {
    match answer {
        Answer::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_short_holding_gains_when_the_price_falls_and_only_fees_and_gains_touch_cash() {
    let (mut world, account) = floor();
    trade(&mut world, account, Side::Sell, "0.1", "5000");
    let view = world.view(account);
    // 0.1 contracts of $5 a point at 5,000 are $2,500; the fee is a thousandth.
    assert_eq!(view.cash, money("99997.5"));
    assert_eq!((view.margin, view.equity), (Money::whole(2_500), money("99997.5")));
    let held = &view.positions[0];
    assert_eq!((held.qty, held.cost, held.value), (qty("-0.1"), money("-2500"), money("-2500")));
    assert_eq!(held.margin, Money::whole(2_500));
    world.mark(ES, "4900");
    assert_eq!(world.view(account).equity, money("100047.5"), "$50 won");
    trade(&mut world, account, Side::Buy, "0.04", "4900");
    trade(&mut world, account, Side::Buy, "0.06", "4950");
    let view = world.view(account);
    // 0.04 x 100 x 5 and 0.06 x 50 x 5 won; fees of 0.98 and 1.485 more.
    assert_eq!(view.cash, money("100030.035"));
    assert_eq!((view.equity, view.margin), (view.cash, Money::ZERO));
    assert!(view.positions.is_empty());
    assert_eq!(view.books.balance(Book::Realized), money("-35"));
    assert_eq!(view.books.balance(Book::Agreed), Money::ZERO);
    assert_eq!(world.desk.trial_balance(), 0);
}

#[test]
fn no_order_turns_a_holding_over() {
    let (mut world, account) = floor();
    trade(&mut world, account, Side::Sell, "0.1", "5000");
    let refusal =
        refused(world.command(account, Command::Place(wish(ES, Side::Buy, units("0.2")))));
    assert_eq!(refusal.code, Code::ExceedsPosition);
    assert_eq!(refusal.changes, [Change::QuantityAtMost(qty("0.1"))]);
    let all = world.command(account, Command::Place(wish(ES, Side::Sell, Size::All)));
    assert_eq!(all, Answer::Declined(Decline::NoPosition), "selling closes nothing of it");
    let all = world.command(account, Command::Place(wish(ES, Side::Buy, Size::All)));
    assert!(matches!(all, Answer::Placed { purpose: Purpose::Exit, .. }), "{all:?}");
    let order = world.last();
    world.fill_rest(order, "5000");
    assert!(world.view(account).positions.is_empty());
}

#[test]
fn an_entry_against_an_open_entry_of_the_other_side_is_refused() {
    let (mut world, account) = floor();
    let limit = OrderType::Limit { limit: Price::whole(4_900) };
    let rests = Wish { order_type: limit, ..wish(ES, Side::Buy, units("0.05")) };
    world.command(account, Command::Place(rests));
    let rests = world.last();
    let refusal = refused(world.sell(account, ES, units("0.05")));
    assert_eq!(refusal.code, Code::OppositeEntry);
    assert_eq!(refusal.changes, [Change::CloseOpposite(1)]);
    world.command(account, Command::Cancel(rests));
    assert_eq!(refused(world.sell(account, ES, units("0.05"))).code, Code::OppositeEntry);
    world.cancelled(rests);
    assert!(matches!(world.sell(account, ES, units("0.05")), Answer::Placed { .. }));
}

#[test]
fn a_short_sale_is_held_to_limits_like_a_purchase() {
    let (mut world, account) = floor();
    let most = Size::Dollars(Money::whole(3_001));
    assert_eq!(refused(world.sell(account, ES, most)).code, Code::PositionLimit);
    let low = OrderType::Limit { limit: Price::whole(4_700) };
    let wished = Wish { order_type: low, ..wish(ES, Side::Sell, units("0.1")) };
    let refusal = refused(world.command(account, Command::Place(wished)));
    assert_eq!(refusal.code, Code::PriceCollar);
    assert_eq!(refusal.changes, [Change::LimitAtLeast(Price::whole(4_750))]);
    // It may bring the mark, so that is what it is worth.
    let low = OrderType::Limit { limit: Price::whole(4_800) };
    let wished = Wish { order_type: low, ..wish(ES, Side::Sell, units("0.1")) };
    world.command(account, Command::Place(wished));
    let ticket = world.ticket(world.last()).unwrap();
    assert_eq!(ticket.reserved, money("2525"));
    assert_eq!((ticket.side, ticket.purpose), (Side::Sell, Purpose::Entry));
}

#[test]
fn what_is_paid_for_is_never_short() {
    let (mut world, account) = floor();
    let answer = world.sell(account, AAPL, Size::Units(qty("1")));
    assert_eq!(refused(answer).code, Code::ExceedsPosition);
    let short = Action::Short { strength: Strength::FULL, stop: None };
    world.signal(StrategyName::MacroTrend, AAPL, short);
    assert!(world.log.contains("skipped #0: only contracts can be held short"), "{}", world.log);
}

#[test]
fn what_holds_contracts_cannot_be_paid_out_or_spent() {
    let (mut world, account) = floor();
    trade(&mut world, account, Side::Sell, "0.1", "5000");
    let all = world.command(account, Command::Transfer(Money::whole(-97_498)));
    let free = money("97497.5");
    assert_eq!(all, Answer::Declined(Decline::NotEnoughCash { free }));
    let all = world.command(account, Command::Transfer(money("-97497.5")));
    assert!(!matches!(all, Answer::Declined(_)), "{all:?}");
    assert_eq!(world.view(account).cash, Money::whole(2_500));
    let refusal = refused(world.buy(account, AAPL, 50));
    assert!(matches!(refusal.changes[0], Change::SizeAtLeast(_) | Change::Deposit(_)), "{refusal}");
}

/// An account with a derivatives budget whose strategy has sold short, with a stop above.
fn shorted() -> (World, AccountId) {
    let mut world = World::calm();
    let account = world.open(1, Tier::Baller, 100_000);
    let conditions = nija_core::words::conditions::Conditions {
        at: world.now,
        regime: Some(nija_core::words::conditions::Regime::TrendingUp),
        crypto_volatility: Some(nija_core::words::score::Score::points(40)),
        equity_volatility: Some(nija_core::words::score::Score::points(40)),
        liquidity: Some(nija_core::words::score::Score::points(100)),
        ..Default::default()
    };
    world.take(Input::Conditions(conditions));
    let stop = Some("5100.10".parse().unwrap());
    world.signal(StrategyName::MacroTrend, ES, Action::Short { strength: Strength::FULL, stop });
    let order = world.last();
    assert_eq!(world.ticket(order).unwrap().side, Side::Sell, "{}", world.log);
    world.fill_rest(order, "5000");
    (world, account)
}

#[test]
fn a_strategys_short_is_protected_by_a_stop_that_buys() {
    let (mut world, account) = shorted();
    let stop = world.ticket(world.last()).unwrap();
    assert_eq!((stop.side, stop.purpose), (Side::Buy, Purpose::Exit));
    assert_eq!(stop.order_type, OrderType::Stop { stop: "5100.25".parse().unwrap() });
    assert_eq!(stop.qty, world.held(account, ES).abs());
    assert!(matches!(stop.origin, Origin::Protection { .. }));
    // The other side waits until this one is closed.
    world.signal(
        StrategyName::MacroTrend,
        ES,
        Action::Enter { strength: Strength::FULL, stop: None },
    );
    assert!(world.log.contains("the other side of the contract"), "{}", world.log);
    world.fill_rest(stop.id, "5100.25");
    assert!(world.view(account).positions.is_empty());
}

#[test]
fn a_strategys_exit_and_a_kill_switch_buy_back() {
    for kill in [false, true] {
        let (mut world, account) = shorted();
        let stop = world.last();
        if kill {
            world.kill(Scope::Platform, true);
        } else {
            world.signal(StrategyName::MacroTrend, ES, Action::Exit);
        }
        world.cancelled(stop);
        let exit = world.ticket(world.last()).unwrap();
        assert_eq!((exit.side, exit.purpose), (Side::Buy, Purpose::Exit));
        assert_eq!(exit.qty, world.held(account, ES).abs());
        world.fill_rest(exit.id, "5050");
        assert!(world.view(account).positions.is_empty());
        assert_eq!(world.desk.trial_balance(), 0);
    }
}

#[test]
fn the_days_variation_is_paid_at_its_end_and_equity_does_not_move() {
    let (mut world, account) = floor();
    trade(&mut world, account, Side::Sell, "0.1", "5000");
    world.mark(ES, "5040");
    let before = world.view(account);
    assert_eq!(before.cash, money("99997.5"));
    world.wait(Span::DAY);
    world.mark(ES, "5040");
    let after = world.view(account);
    assert!(
        world.log.contains("settled #0 -0.1 of 3 at 5040: cash $-20, last=false"),
        "{}",
        world.log
    );
    assert_eq!((after.cash, after.equity), (money("99977.5"), before.equity));
    assert_eq!((after.positions[0].cost, after.margin), (money("-2520"), money("2520")));
    assert_eq!(after.books.balance(Book::Realized), money("20"));
    let settled = world.log.matches("settled").count();
    world.wait(Span::DAY);
    world.mark(ES, "5040");
    assert_eq!(world.log.matches("settled").count(), settled, "nothing to pay, nothing written");
}

#[test]
fn what_is_held_at_the_end_is_settled_at_the_last_price() {
    for side in [Side::Buy, Side::Sell] {
        let (mut world, account) = floor();
        trade(&mut world, account, side, "0.1", "5000");
        // A stop of the user's own rests above it or below.
        let stop = Price::whole(if side == Side::Buy { 4_000 } else { 6_000 });
        let out = if side == Side::Buy { Side::Sell } else { Side::Buy };
        let rests = Wish { order_type: OrderType::Stop { stop }, ..wish(ES, out, Size::All) };
        world.command(account, Command::Place(rests));
        let rests = world.last();
        world.wait(Span(30 * Span::DAY.0));
        world.mark(ES, "5100");
        assert_eq!(world.held(account, ES).abs(), qty("0.1"), "venues may still tell of fills");
        world.wait(Span::seconds(60));
        world.session(false);
        assert!(world.held(account, ES).is_zero());
        assert!(
            world.log.contains(&format!("cancel asked o{}", rests.0 & 0xffff)),
            "{}",
            world.log
        );
        world.cancelled(rests);
        let view = world.view(account);
        let gain = if side == Side::Buy { "50" } else { "-50" };
        assert_eq!(view.cash, money("99997.5").checked_add(money(gain)).unwrap());
        assert_eq!((view.equity, view.margin), (view.cash, Money::ZERO));
        assert!(view.positions.is_empty() && world.alarms.is_empty());
        assert_eq!(refused(world.buy(account, ES, 255)).code, Code::ContractExpired);
    }
}

#[test]
fn a_fill_that_comes_after_the_last_settlement_is_undone_by_another() {
    let (mut world, account) = floor();
    trade(&mut world, account, Side::Buy, "0.1", "5000");
    world.sell(account, ES, Size::All);
    let exit = world.last();
    world.wait(Span(30 * Span::DAY.0 + Span::seconds(60).0));
    world.session(false);
    assert!(world.held(account, ES).is_zero());
    world.fill_rest(exit, "5010");
    assert_eq!(world.held(account, ES), qty("-0.1"), "as the venue says");
    assert_eq!(world.alarms.len(), 1, "a person looks");
    world.wait(Span::seconds(1));
    world.session(true);
    assert!(world.held(account, ES).is_zero());
    // Bought at 5,000, settled at 5,000, sold at 5,010, settled at 5,000: $5, less two fees.
    assert_eq!(world.view(account).cash, money("99999.995"));
}

#[test]
fn a_margin_call_closes_contracts_once_and_stops_entries() {
    let (mut world, account) = floor();
    trade(&mut world, account, Side::Sell, "0.1", "5000");
    let answer = world.command(account, Command::Transfer(money("-97497.5")));
    assert!(!matches!(answer, Answer::Declined(_)), "{answer:?}");
    world.mark(ES, "9500");
    assert_eq!(world.alarms.len(), 0, "$250 behind contracts of $4,750 are 5.3 %");
    world.mark(ES, "9600");
    assert!(world.log.contains("halted #0 MARGIN_CALL: $200.00 against $240.00"), "{}", world.log);
    assert_eq!(world.alarms.iter().filter(|alarm| alarm.kind == "margin_call").count(), 1);
    let exit = world.ticket(world.last()).unwrap();
    assert_eq!((exit.side, exit.purpose, exit.qty), (Side::Buy, Purpose::Exit, qty("0.1")));
    world.mark(ES, "9610");
    assert_eq!(world.log.matches("MARGIN_CALL").count(), 1, "one call, one exit");
    // A venue that turns the exit away hears of it again.
    let no = nija_core::words::order::Outcome::Rejected { why: "not now".to_owned() };
    world.report(exit.id, no);
    world.mark(ES, "9620");
    let again = world.ticket(world.last()).unwrap();
    assert!(again.id != exit.id && again.purpose == Purpose::Exit);
    world.fill_rest(again.id, "9620");
    assert!(world.view(account).positions.is_empty());
    let refusal = refused(world.buy(account, AAPL, 100));
    assert!(refusal.changes.contains(&Change::Rearm(Scope::Account(account))), "{refusal}");
    assert_eq!(world.desk.trial_balance(), 0);
}

#[test]
fn contracts_of_a_master_are_not_copied() {
    let mut world = World::calm();
    let leader = world.open(1, Tier::Baller, 100_000);
    let opened = nija_core::copy::master::MasterChange::Opened(nija_core::copy::master::DISCLOSURE);
    assert_eq!(world.command(leader, Command::Lead(opened)), Answer::Done);
    trade(&mut world, leader, Side::Sell, "0.1", "5000");
    assert!(!world.log.contains("Sent"), "{}", world.log);
    let View::Master(master) = world.desk.query(&Query::Master(leader)) else { panic!("a master") };
    assert!(master.holds.is_empty());
}

/// One thing that may happen to contracts.
#[derive(Clone, Debug)]
enum Step {
    Trade(Side, u8, i16),
    Mark(i16),
    Day,
}

fn step() -> impl Strategy<Value = Step> {
    let side = prop::sample::select(vec![Side::Buy, Side::Sell]);
    prop_oneof![
        4 => (side, 1u8..9, -400i16..400).prop_map(|(side, lots, moved)| Step::Trade(side, lots, moved)),
        3 => (-400i16..400).prop_map(Step::Mark),
        1 => Just(Step::Day),
    ]
}

/// So many ticks of a quarter from 5,000.
fn price(moved: i16) -> Price {
    Price::from_raw(500_000_000_000 + i64::from(moved) * 25_000_000)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_250_609),
        ..ProptestConfig::default()
    })]

    /// The other reckoning knows no lots, sides or settlements: what was sold less what was bought, less fees, and
    /// what is left at the mark.
    #[test]
    fn cash_and_what_is_not_realized_are_what_all_fills_made_less_their_fees(
        steps in prop::collection::vec(step(), 1..50),
    ) {
        let (mut world, account) = floor();
        let terms = crate::world::instrument(ES);
        let value = |price, qty| terms.value(price, qty, Round::HalfEven).unwrap().raw();
        let (mut made, mut left, mut mark) = (Money::whole(100_000).raw(), Qty::ZERO, price(0));
        for step in steps {
            match step {
                Step::Trade(side, lots, moved) => {
                    let of = Qty::from_raw(i64::from(lots) * terms.lot.raw());
                    let answer = world.command(account, Command::Place(wish(ES, side, Size::Units(of))));
                    let Answer::Placed { order, qty, .. } = answer else { continue };
                    let fill = world.fill(order, qty, &price(moved).to_string());
                    let worth = value(fill.price, qty);
                    made += if side == Side::Sell { worth } else { -worth } - fill.fee.raw();
                    left = match side {
                        Side::Buy => left.checked_add(qty).unwrap(),
                        Side::Sell => left.checked_sub(qty).unwrap(),
                    };
                }
                Step::Mark(moved) => {
                    mark = price(moved);
                    world.mark(ES, &mark.to_string());
                }
                Step::Day => {
                    world.wait(Span::DAY);
                    world.mark(ES, &mark.to_string());
                }
            }
            let view = world.view(account);
            let open: i64 = view.positions.iter().map(|p| p.value.raw() - p.cost.raw()).sum();
            prop_assert_eq!(world.held(account, ES), left);
            prop_assert_eq!(view.cash.raw() + open, made + value(mark, left));
            prop_assert_eq!(view.equity.raw(), view.cash.raw() + open);
            let agreed: i64 = view.positions.iter().map(|p| p.cost.raw()).sum();
            prop_assert_eq!(view.books.balance(Book::Agreed).raw(), -agreed);
            prop_assert_eq!(view.margin.raw(), agreed.abs());
            prop_assert!(view.peak >= view.equity);
            prop_assert_eq!(world.desk.trial_balance(), 0);
        }
    }
}
