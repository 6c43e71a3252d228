//! Rolls: what a strategy holds of one month of a contract moves into the next, at the price of two trades.

use crate::world::{AAPL, ES, World, instrument, wish};
use nija_core::desk::answer::Answer;
use nija_core::desk::event::{OwnLimits, Setting, Size};
use nija_core::desk::input::{Command, Input};
use nija_core::ledger::chart::Book;
use nija_core::risk::kill::Scope;
use nija_core::risk::refusal::Code;
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::id::{AccountId, InstrumentId};
use nija_core::words::instrument::Instrument;
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{OrderType, Origin, Purpose, Side, Ticket};
use nija_core::words::score::{Score, Strength};
use nija_core::words::signal::{Action, StrategyName};
use nija_core::words::tier::Tier;

/// The month after [`ES`].
const NEXT: InstrumentId = InstrumentId(40);
const TREND: StrategyName = StrategyName::MacroTrend;

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn qty(text: &str) -> Qty {
    text.parse().unwrap()
}

/// An account with a budget for contracts, and a next month that costs fifty points more.
fn floor() -> (World, AccountId) {
    let mut world = World::calm();
    let row = Instrument { id: NEXT, symbol: "ES-2".to_owned(), ..instrument(ES) };
    world.take(Input::List(row));
    world.mark(NEXT, "5050");
    let account = world.open(1, Tier::Baller, 100_000);
    world.take(Input::Conditions(Conditions {
        at: world.now,
        regime: Some(Regime::TrendingUp),
        crypto_volatility: Some(Score::points(40)),
        equity_volatility: Some(Score::points(40)),
        liquidity: Some(Score::points(100)),
        ..Conditions::default()
    }));
    (world, account)
}

/// Half of full size, $1,500, is 0.06 contracts of $5 a point at 5,000.
fn hold(world: &mut World, side: Side, stop: Option<&str>) {
    let (strength, stop) = (Strength::parts(5_000), stop.map(|stop| stop.parse().unwrap()));
    let action = match side {
        Side::Buy => Action::Enter { strength, stop },
        Side::Sell => Action::Short { strength, stop },
    };
    world.signal(TREND, ES, action);
    let entry = world.last();
    world.fill_rest(entry, "5000");
}

fn roll(world: &mut World) {
    world.signal(TREND, NEXT, Action::Roll { from: ES });
}

/// The open orders of a month.
fn orders(world: &World, of: InstrumentId) -> Vec<Ticket> {
    let open = world.desk.outstanding().into_iter().map(|open| open.ticket);
    open.filter(|ticket| ticket.instrument == of).collect()
}

#[test]
fn a_position_moves_on_its_side_and_the_jump_between_months_is_no_profit() {
    for side in [Side::Buy, Side::Sell] {
        let (mut world, account) = floor();
        hold(&mut world, side, None);
        world.mark(ES, "5010");
        world.mark(NEXT, "5060");
        roll(&mut world);
        let (exit, entry) = (orders(&world, ES), orders(&world, NEXT));
        let ([exit], [entry]) = (&exit[..], &entry[..]) else { panic!("{}", world.log) };
        assert_eq!((exit.purpose, entry.purpose), (Purpose::Exit, Purpose::Entry));
        assert_eq!((exit.side == side, entry.side), (false, side));
        assert_eq!((exit.qty, entry.qty), (qty("0.06"), qty("0.06")));
        for ticket in [exit, entry] {
            let Origin::Roll { strategy, from, version, .. } = ticket.origin else {
                panic!("{ticket:?}")
            };
            assert_eq!((strategy, from, version), (TREND, ES, Some(1)));
        }
        let (exit, entry) = (exit.id, entry.id);
        world.fill_rest(exit, "5010");
        world.fill_rest(entry, "5060");
        world.mark(NEXT, "5070");
        // Ten points in each month, $3 each; fees of a thousandth of 1,500, 1,503 and 1,518.
        let moved = if side == Side::Buy { "6" } else { "-6" };
        let equity = Money::whole(100_000).saturating_add(money(moved));
        let view = world.view(account);
        assert_eq!(view.equity, equity.saturating_sub(money("4.521")), "{}", world.log);
        let held = if side == Side::Buy { "0.06" } else { "-0.06" };
        assert_eq!((world.held(account, ES), world.held(account, NEXT)), (Qty::ZERO, qty(held)));
        let half = if side == Side::Buy { "-3" } else { "3" };
        assert_eq!(view.books.balance(Book::Realized), money(half));
        assert_eq!(view.margin, Money::whole(1_518));
        assert_eq!(world.desk.trial_balance(), 0);
    }
}

#[test]
fn a_refused_entry_is_told_and_leaves_the_account_flat() {
    let (mut world, account) = floor();
    hold(&mut world, Side::Buy, None);
    world.kill(Scope::Symbol(NEXT), false);
    roll(&mut world);
    let exits = orders(&world, ES);
    let [exit] = &exits[..] else { panic!("{}", world.log) };
    assert!(orders(&world, NEXT).is_empty());
    let told = "refused #0 buy 0.06: Kill Switch refused (KILL_SWITCH)";
    assert!(world.log.contains(told), "{}", world.log);
    let exit = exit.id;
    world.fill_rest(exit, "5000");
    assert!(world.view(account).positions.is_empty());
}

#[test]
fn the_gates_judge_the_entry_as_if_the_exit_were_done() {
    let (mut world, account) = floor();
    let one = OwnLimits { max_open_positions: Some(1), ..OwnLimits::default() };
    world.own(account, one);
    hold(&mut world, Side::Sell, None);
    let by_hand = wish(NEXT, Side::Sell, Size::Units(qty("0.01")));
    let Answer::Refused(refusal) = world.command(account, Command::Place(by_hand)) else {
        panic!("one position, and it is held");
    };
    assert_eq!(refusal.code, Code::OpenPositions);
    roll(&mut world);
    assert_eq!(orders(&world, NEXT).len(), 1, "{}", world.log);
}

#[test]
fn no_more_moves_than_one_entry_may_be() {
    let (mut world, _) = floor();
    hold(&mut world, Side::Buy, None);
    world.mark(ES, "20000");
    world.mark(NEXT, "20000");
    roll(&mut world);
    // 3 % of $104,498 are $3,134.9: 0.03 contracts at $100,000 each.
    assert_eq!(orders(&world, ES)[0].qty, qty("0.06"));
    assert_eq!(orders(&world, NEXT)[0].qty, qty("0.03"), "{}", world.log);
}

#[test]
fn what_was_bought_by_hand_or_without_autopilot_does_not_move() {
    let (mut world, account) = floor();
    world.command(account, Command::Place(wish(ES, Side::Buy, Size::Units(qty("0.02")))));
    let order = world.last();
    world.fill_rest(order, "5000");
    hold(&mut world, Side::Buy, None);
    world.command(account, Command::Set(Setting::Autopilot(false)));
    roll(&mut world);
    let exits = orders(&world, ES);
    // Half of full size is a fee short of 0.06.
    assert_eq!(exits.iter().map(|exit| exit.qty).collect::<Vec<_>>(), [qty("0.05")]);
    assert!(orders(&world, NEXT).is_empty());
}

#[test]
fn a_stop_moves_along_as_far_from_the_price() {
    let (mut world, account) = floor();
    hold(&mut world, Side::Buy, Some("4900"));
    let stop = world.last();
    roll(&mut world);
    world.cancelled(stop);
    let exits = orders(&world, ES);
    let [exit] = &exits[..] else { panic!("{}", world.log) };
    assert_eq!(exit.order_type, OrderType::Market);
    let (exit, entry) = (exit.id, orders(&world, NEXT)[0].id);
    world.fill_rest(exit, "5000");
    world.fill_rest(entry, "5050");
    let stop = world.ticket(world.last()).unwrap();
    // 4,900 of 5,000 are 4,949 of 5,050.
    assert_eq!(stop.order_type, OrderType::Stop { stop: Price::whole(4_949) });
    assert_eq!((stop.instrument, stop.side, stop.qty), (NEXT, Side::Sell, qty("0.06")));
    assert!(matches!(stop.origin, Origin::Protection { .. }));
    assert_eq!(world.held(account, ES), Qty::ZERO);
}

#[test]
fn a_roll_finds_nothing_where_nothing_is_held() {
    let (mut world, account) = floor();
    let before = world.log.len();
    roll(&mut world);
    assert!(!world.log[before..].contains("approved"), "{}", world.log);
    assert_eq!(world.held(account, AAPL), Qty::ZERO);
}
