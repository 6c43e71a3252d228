//! Crossings: both legs or none, what one has beyond the other is undone, and nobody is told a thousand times.

use crate::world::{HERE, PERP, THERE, World, instrument, rules};
use nija_core::desk::Desk;
use nija_core::desk::event::{Event, Size, Skip, Wish};
use nija_core::desk::input::Input;
use nija_core::ledger::chart::Book;
use nija_core::risk::kill::Scope;
use nija_core::risk::refusal::Code;
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::fixed::Round;
use nija_core::words::id::{AccountId, InstrumentId, OrderId, SignalId};
use nija_core::words::instrument::AssetClass;
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{OrderType, Outcome, Purpose, Side, Ticket, TimeInForce};
use nija_core::words::score::Score;
use nija_core::words::signal::{Action, Signal, StrategyName};
use nija_core::words::tier::Tier;
use nija_core::words::time::Span;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const ARBITRAGE: StrategyName = StrategyName::CryptoArbitrage;

fn n(units: i32) -> Qty {
    Qty::whole(units)
}

/// The coin at 200 in all places, and an account that may hold 15 pieces of it in each.
fn pit() -> (World, AccountId) {
    let mut world = World::calm();
    for of in [HERE, THERE, PERP] {
        world.take(Input::List(instrument(of)));
        world.mark(of, "200");
    }
    let account = world.open(1, Tier::Baller, 100_000);
    (world, account)
}

/// What is bought here and sold there at these limits.
fn cross(world: &mut World, [buy, sell]: [InstrumentId; 2], most: i32) {
    let (buy_limit, sell_limit) = (Price::whole(200), Price::whole(204));
    let action = Action::Cross { sell, sell_limit, buy_limit, most: n(most) };
    let id = SignalId(world.batches.len() as u64 + 1_000);
    let (strategy, mark, at) = (ARBITRAGE, buy_limit, world.now);
    let signal =
        Signal { id, strategy, version: 2, instrument: buy, action, mark, at, insight: None };
    world.take(Input::Signal(signal));
}

fn open(world: &World) -> Vec<Ticket> {
    world.desk.outstanding().into_iter().map(|open| open.ticket).collect()
}

/// The open order of an instrument.
fn order(world: &World, of: InstrumentId) -> OrderId {
    open(world).iter().find(|ticket| ticket.instrument == of).unwrap().id
}

/// An account with seven pieces there.
fn stocked() -> (World, AccountId) {
    let (mut world, account) = pit();
    cross(&mut world, [THERE, HERE], 3);
    let order = order(&world, THERE);
    world.fill_rest(order, "200");
    (world, account)
}

fn events(world: &World) -> Vec<Event> {
    world.batches.iter().flat_map(|batch| batch.events().unwrap()).collect()
}

/// Why signals led to nothing, and what gates refused.
fn noes(world: &World) -> (Vec<Skip>, Vec<(Code, Wish)>) {
    let skip = |event: &Event| match event {
        Event::Skipped { why, .. } => Some(*why),
        _ => None,
    };
    let refusal = |event: &Event| match event {
        Event::Refused { wish, refusal, .. } => Some((refusal.code, *wish)),
        _ => None,
    };
    let events = events(world);
    (events.iter().filter_map(skip).collect(), events.iter().filter_map(refusal).collect())
}

fn both(world: &World, account: AccountId) -> Qty {
    [HERE, THERE].into_iter().fold(Qty::ZERO, |sum, of| sum.saturating_add(world.held(account, of)))
}

#[test]
fn who_has_nothing_buys_half_a_position_where_it_is_cheap() {
    let (mut world, account) = pit();
    cross(&mut world, [HERE, THERE], 3);
    let [stock] = &open(&world)[..] else { panic!("{}", world.log) };
    // Half of $3,000 is seven pieces, however few of them would be crossed.
    assert_eq!((stock.instrument, stock.side, stock.qty), (HERE, Side::Buy, n(7)));
    let limit = Price::whole(200);
    assert_eq!((stock.order_type, stock.tif), (OrderType::Limit { limit }, TimeInForce::Ioc));
    let stock = stock.id;
    // Said again while that is on its way, it asks for nothing and says nothing.
    cross(&mut world, [HERE, THERE], 3);
    assert_eq!(open(&world).len(), 1);
    world.fill(stock, n(5), "199");
    world.cancelled(stock);
    assert_eq!((world.held(account, HERE), open(&world).len()), (n(5), 0), "{}", world.log);
    // It is still cheap where it is held: told once, not a thousand times.
    let before = events(&world).len();
    (0..1_000).for_each(|_| cross(&mut world, [HERE, THERE], 3));
    assert_eq!(noes(&world).0, [Skip::NoStock]);
    assert_eq!(events(&world).len(), before + 1);
    // Once it could sell there, the same is news again.
    for places in [[THERE, HERE], [HERE, THERE]] {
        cross(&mut world, places, 5);
        for leg in open(&world) {
            world.fill_rest(leg.id, if leg.side == Side::Buy { "200" } else { "204" });
        }
    }
    assert_eq!(noes(&world).0, [Skip::NoStock]);
    cross(&mut world, [HERE, THERE], 5);
    assert_eq!(noes(&world).0, [Skip::NoStock, Skip::NoStock]);
}

#[test]
fn both_legs_are_ordered_alike_and_earn_what_fills_say() {
    let (mut world, account) = stocked();
    let cash = world.view(account).cash;
    world.wait(Span::seconds(30));
    cross(&mut world, [HERE, THERE], 3);
    let legs: Vec<_> =
        open(&world).iter().map(|t| (t.instrument, t.side, t.purpose, t.qty, t.pair)).collect();
    let entry = (HERE, Side::Buy, Purpose::Entry, n(3), Some(THERE));
    let exit = (THERE, Side::Sell, Purpose::Exit, n(3), Some(HERE));
    assert_eq!(legs, [entry, exit]);
    assert!(
        open(&world).iter().all(|t| t.tif == TimeInForce::Ioc && t.order_type != OrderType::Market)
    );
    // What is sold has long been there: no reason to take the purchase back at the next price, as from a straddle.
    world.wait(Span::seconds(59));
    world.mark(THERE, "204");
    assert!(world.desk.outstanding().iter().all(|open| !open.cancelling), "{}", world.log);
    let [buy, sell] = [HERE, THERE].map(|of| order(&world, of));
    world.fill_rest(buy, "199");
    world.fill(sell, n(1), "205");
    world.fill(sell, n(2), "204");
    assert!(open(&world).is_empty() && both(&world, account) == n(7));
    let view = world.view(account);
    // 613 got, 597 paid, a thousandth of both as fees; the pieces sold had cost 600.
    assert_eq!(view.cash, cash.checked_add("14.79".parse().unwrap()).unwrap());
    assert_eq!(view.books.balance(Book::Realized), Money::whole(-13));
    assert_eq!(world.desk.trial_balance(), 0);
    // No more than is held there, and than there is room for here: four are left, twelve fit.
    cross(&mut world, [HERE, THERE], 50);
    assert!(open(&world).iter().all(|ticket| ticket.qty == n(4)), "{}", world.log);
}

/// Every way in which two legs of three pieces may end leaves as many pieces as before.
#[test]
fn partial_fills_leave_equal_legs() {
    for (bought, sold) in (0..=3).flat_map(|b| (0..=3).map(move |s| (b, s))) {
        for buy_first in [true, false] {
            let (mut world, account) = stocked();
            let cash = world.view(account).cash;
            cross(&mut world, [HERE, THERE], 3);
            let mut legs =
                [(order(&world, HERE), bought, "200"), (order(&world, THERE), sold, "204")];
            if !buy_first {
                legs.reverse();
            }
            for (leg, qty, price) in legs {
                if qty > 0 {
                    world.fill(leg, n(qty), price);
                }
                if qty < 3 {
                    world.cancelled(leg);
                }
            }
            let off = bought - sold;
            let hedges = open(&world);
            assert_eq!(hedges.len(), usize::from(off != 0), "{bought} {sold}: {}", world.log);
            for hedge in hedges {
                let side = if off > 0 { Side::Sell } else { Side::Buy };
                assert_eq!((hedge.side, hedge.qty), (side, n(off.abs())));
                assert_eq!((hedge.order_type, hedge.pair), (OrderType::Market, None));
                world.fill_rest(hedge.id, "202");
            }
            assert!(open(&world).is_empty());
            assert_eq!(both(&world, account), n(7));
            let gross = 204 * sold - 200 * bought + 202 * off;
            let fees = 204 * sold + 200 * bought + 202 * off.abs();
            let net = Money::whole(gross)
                .saturating_sub(Money::whole(fees).share(1, 1_000, Round::Up).unwrap());
            assert_eq!(world.view(account).cash, cash.checked_add(net).unwrap());
            assert_eq!(world.desk.trial_balance(), 0);
        }
    }
}

#[test]
fn hedges_go_where_they_lose_least() {
    // Bought alone: sold where it is dearer, as far as it is held there.
    for (there, place) in [("203", THERE), ("190", HERE)] {
        let (mut world, _) = stocked();
        cross(&mut world, [HERE, THERE], 3);
        let [buy, sell] = [HERE, THERE].map(|of| order(&world, of));
        world.mark(THERE, there);
        world.cancelled(sell);
        world.fill_rest(buy, "200");
        assert_eq!(open(&world)[0].instrument, place);
    }
    // Sold alone: bought back where it is cheaper.
    for (there, place) in [("203", HERE), ("190", THERE)] {
        let (mut world, _) = stocked();
        cross(&mut world, [HERE, THERE], 3);
        let [buy, sell] = [HERE, THERE].map(|of| order(&world, of));
        world.mark(THERE, there);
        world.fill_rest(sell, "204");
        world.cancelled(buy);
        assert_eq!((open(&world)[0].instrument, open(&world)[0].side), (place, Side::Buy));
    }
}

#[test]
fn a_leg_that_the_venue_turns_away_is_not_tried_again() {
    let (mut world, account) = stocked();
    cross(&mut world, [HERE, THERE], 3);
    let [buy, sell] = [HERE, THERE].map(|of| order(&world, of));
    world.report(sell, Outcome::Rejected { why: "halted".to_owned() });
    world.report(buy, Outcome::Lapsed { why: "its lane is full" });
    world.mark(THERE, "204");
    assert!(open(&world).is_empty(), "{}", world.log);
    assert_eq!(both(&world, account), n(7));
}

#[test]
fn neither_leg_is_ordered_where_one_is_refused() {
    type Act = fn(&mut World);
    let stop: [(Code, Act); 4] = [
        (Code::KillSwitch, |world| world.kill(Scope::Symbol(HERE), false)),
        (Code::KillSwitch, |world| world.kill(Scope::Strategy(ARBITRAGE), false)),
        (Code::KillSwitch, |world| world.conditions(Some(Regime::Ranging), 97, 45)),
        (Code::StaleData, |world| {
            world.wait(Span::seconds(61));
            world.mark(THERE, "204");
        }),
    ];
    for (code, stop) in stop {
        let (mut world, account) = stocked();
        stop(&mut world);
        (0..100).for_each(|_| cross(&mut world, [HERE, THERE], 3));
        assert!(open(&world).is_empty(), "{}", world.log);
        let (skips, refusals) = noes(&world);
        assert!(skips.is_empty());
        let [(found, wish)] = refusals[..] else { panic!("{refusals:?}") };
        assert_eq!((found, wish.instrument, wish.side), (code, HERE, Side::Buy));
        assert_eq!(world.held(account, THERE), n(7));
    }
}

#[test]
fn a_drawdown_halt_orders_nothing_and_takes_the_purchase_back() {
    let (mut world, account) = pit();
    let own = nija_core::desk::event::OwnLimits {
        max_drawdown_pct: Some("1".parse().unwrap()),
        ..Default::default()
    };
    world.own(account, own);
    cross(&mut world, [THERE, HERE], 3);
    let stock = order(&world, THERE);
    world.fill_rest(stock, "200");
    cross(&mut world, [HERE, THERE], 3);
    let [buy, sell] = [HERE, THERE].map(|of| order(&world, of));
    // The loss halts it with both legs under way: one is taken back, the other sells, and nothing is bought back.
    world.mark(THERE, "40");
    world.fill_rest(sell, "204");
    world.cancelled(buy);
    assert!(open(&world).is_empty());
    assert_eq!(both(&world, account), n(4), "who is refused holds less");
    let (_, refusals) = noes(&world);
    let [(code, wish)] = refusals[..] else { panic!("{refusals:?}") };
    assert_eq!((code, wish.size, wish.side), (Code::Drawdown, Size::Units(n(3)), Side::Buy));
    // What was told is told; the next crossing is refused whole.
    world.mark(THERE, "200");
    cross(&mut world, [HERE, THERE], 3);
    assert!(open(&world).is_empty());
    assert_eq!(noes(&world).1.len(), 2);
}

#[test]
fn accounts_that_do_not_take_part_hear_nothing_and_one_that_may_not_is_told_once() {
    let (mut world, _) = pit();
    // The pool of Saver holds no arbitrage; Investor holds no derivatives.
    let saver = world.open(2, Tier::Saver, 1_000);
    let investor = world.open(3, Tier::Investor, 10_000);
    for _ in 0..50 {
        cross(&mut world, [HERE, PERP], 3);
    }
    assert!(world.view(saver).orders.is_empty() && world.view(investor).orders.is_empty());
    let skipped: Vec<_> = events(&world)
        .into_iter()
        .filter_map(|event| match event {
            Event::Skipped { account, why, .. } => Some((account.0, why)),
            _ => None,
        })
        .collect();
    assert_eq!(skipped, [(0, Skip::NoBudget), (2, Skip::ClassNotAllowed)]);
}

#[test]
fn a_restart_between_the_legs_forgets_nothing() {
    for by_replay in [true, false] {
        let (mut world, account) = stocked();
        cross(&mut world, [HERE, THERE], 3);
        let [buy, sell] = [HERE, THERE].map(|of| order(&world, of));
        world.fill_rest(buy, "200");
        world.fill(sell, n(1), "204");
        if by_replay {
            let mut desk = Desk::new(world.desk.partition(), rules());
            world.batches.iter().for_each(|batch| desk.replay(batch).unwrap());
            assert_eq!(desk.state_hash(), world.desk.state_hash());
            world.desk = desk;
        } else {
            world.desk = Desk::restore(&world.desk.snapshot().unwrap(), rules()).unwrap();
        }
        world.cancelled(sell);
        let [hedge] = &open(&world)[..] else { panic!("{}", world.log) };
        assert_eq!((hedge.side, hedge.qty), (Side::Sell, n(2)));
        let hedge = hedge.id;
        world.fill_rest(hedge, "203");
        assert_eq!(both(&world, account), n(7));
    }
}

#[test]
fn a_fill_that_is_told_late_is_hedged_too() {
    let (mut world, account) = stocked();
    cross(&mut world, [HERE, THERE], 3);
    let [buy, sell] = [HERE, THERE].map(|of| order(&world, of));
    world.cancelled(buy);
    world.cancelled(sell);
    assert!(open(&world).is_empty());
    world.fill(sell, n(2), "204");
    let [back] = &open(&world)[..] else { panic!("{}", world.log) };
    assert_eq!((back.side, back.qty, back.purpose), (Side::Buy, n(2), Purpose::Entry));
    let back = back.id;
    world.fill_rest(back, "200");
    // The purchase was filled as well, and it is told still later.
    world.fill(buy, n(2), "200");
    let [off] = &open(&world)[..] else { panic!("{}", world.log) };
    assert_eq!((off.side, off.qty), (Side::Sell, n(2)));
    let off = off.id;
    world.fill_rest(off, "200");
    assert_eq!(both(&world, account), n(7));
    assert_eq!(world.desk.trial_balance(), 0);
}

#[test]
fn a_contract_is_sold_short_where_it_is_dear_and_bought_back_where_it_is_cheap() {
    let (mut world, account) = pit();
    world.take(Input::Conditions(Conditions {
        at: world.now,
        regime: Some(Regime::TrendingUp),
        crypto_volatility: Some(Score::points(45)),
        equity_volatility: Some(Score::points(45)),
        liquidity: Some(Score::points(100)),
        ..Conditions::default()
    }));
    cross(&mut world, [HERE, PERP], 3);
    let legs: Vec<_> = open(&world).iter().map(|t| (t.instrument, t.side, t.purpose)).collect();
    let wanted = [(HERE, Side::Buy, Purpose::Entry), (PERP, Side::Sell, Purpose::Entry)];
    assert_eq!(legs, wanted, "nothing needs to lie ready: {}", world.log);
    let [buy, sell] = [HERE, PERP].map(|of| order(&world, of));
    world.fill_rest(buy, "200");
    world.fill_rest(sell, "204");
    assert_eq!((world.held(account, HERE), world.held(account, PERP)), (n(3), n(-3)));
    // The other way round both close, and what closes passes any switch.
    world.kill(Scope::Platform, false);
    cross(&mut world, [PERP, HERE], 5);
    let legs: Vec<_> = open(&world).iter().map(|t| (t.instrument, t.side, t.purpose)).collect();
    let wanted = [(PERP, Side::Buy, Purpose::Exit), (HERE, Side::Sell, Purpose::Exit)];
    assert_eq!(legs, wanted, "{}", world.log);
    let [buy, sell] = [PERP, HERE].map(|of| order(&world, of));
    world.fill_rest(sell, "204");
    world.fill(buy, n(1), "200");
    // The contract is short of two closings: bought back at the market, which closes and so passes.
    world.cancelled(buy);
    let [back] = &open(&world)[..] else { panic!("{}", world.log) };
    assert_eq!((back.instrument, back.side, back.purpose), (PERP, Side::Buy, Purpose::Exit));
    let back = back.id;
    world.fill_rest(back, "201");
    assert!(world.view(account).positions.is_empty());
    assert_eq!(world.desk.trial_balance(), 0);
}

#[derive(Clone, Debug)]
enum Step {
    Say(bool, i32),
    Mark(bool, i32),
    Fill(usize, i32, i32),
    End(usize, bool),
    Late(usize),
    Stop(bool),
    Wait(i64),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any::<bool>(), 1i32..12).prop_map(|(side, most)| Step::Say(side, most)),
        2 => (any::<bool>(), 190i32..210).prop_map(|(place, price)| Step::Mark(place, price)),
        8 => (0usize..4, 1i32..4, 195i32..206).prop_map(|(n, qty, price)| Step::Fill(n, qty, price)),
        3 => (0usize..4, any::<bool>()).prop_map(|(n, rejects)| Step::End(n, rejects)),
        1 => (0usize..8).prop_map(Step::Late),
        1 => any::<bool>().prop_map(Step::Stop),
        1 => (1i64..100).prop_map(Step::Wait),
        1 => Just(Step::Restart),
    ]
}

/// `gone` are legs that were taken back, of which a fill may still be told.
fn act(world: &mut World, account: AccountId, step: &Step, gone: &mut Vec<Ticket>) {
    match *step {
        Step::Say(there, most) => {
            let places = if there { [THERE, HERE] } else { [HERE, THERE] };
            cross(world, places, most);
        }
        Step::Mark(there, price) => {
            world.mark(if there { THERE } else { HERE }, &price.to_string())
        }
        Step::Stop(true) => world.kill(Scope::Class(AssetClass::Crypto), false),
        Step::Stop(false) => {
            world.rearm(Scope::Class(AssetClass::Crypto), "it is over");
        }
        Step::Wait(seconds) => world.wait(Span::seconds(seconds)),
        Step::Restart => {
            world.desk = Desk::restore(&world.desk.snapshot().unwrap(), rules()).unwrap();
        }
        Step::Late(at) => {
            let Some(leg) = (!gone.is_empty()).then(|| gone.remove(at % gone.len())) else {
                return;
            };
            // No venue sells what is not there, or is on sale already.
            let is_there =
                world.held(account, leg.instrument) > Qty::ZERO && open(world).is_empty();
            if leg.side == Side::Buy || is_there {
                world.fill(leg.id, n(1), &leg.order_type.limit().unwrap().to_string());
            }
        }
        Step::Fill(at, ..) | Step::End(at, _) => {
            let outstanding = world.desk.outstanding();
            let Some(open) = outstanding.get(at % outstanding.len().max(1)) else { return };
            let (id, left) = (open.ticket.id, open.ticket.qty.checked_sub(open.filled).unwrap());
            let ticket = open.ticket.clone();
            match *step {
                Step::Fill(_, qty, price) => {
                    let price = ticket.order_type.limit().unwrap_or(Price::whole(price));
                    world.fill(id, left.min(n(qty)), &price.to_string());
                }
                // Hedges stand until they are filled.
                _ if ticket.tif != TimeInForce::Ioc => {}
                Step::End(_, true) => world.report(id, Outcome::Rejected { why: "no".to_owned() }),
                _ => {
                    world.cancelled(id);
                    gone.extend(ticket.pair.is_some().then_some(ticket));
                }
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
    if !view.orders.is_empty() {
        return Ok(());
    }
    // Nothing on its way: what was bought to be sold is there, less what could not be bought back.
    let (mut stock, mut cash) = (Qty::ZERO, Money::whole(100_000));
    let mut alone = Vec::new();
    for event in events(world) {
        match event {
            Event::Approved { ticket, .. }
                if ticket.pair.is_none() && ticket.tif == TimeInForce::Ioc =>
            {
                alone.push(ticket.id);
            }
            Event::Filled { order, fill, entry } => {
                if alone.contains(&order) {
                    stock = stock.checked_add(fill.qty).unwrap();
                }
                let moved = entry.legs().iter().filter(|leg| leg.book == Book::Cash);
                cash = moved.fold(cash, |cash, leg| cash.checked_add(leg.amount).unwrap());
            }
            Event::Refused {
                wish: Wish { tif: TimeInForce::Gtc, size: Size::Units(qty), side, .. },
                ..
            } => {
                prop_assert_eq!(side, Side::Buy);
                stock = stock.checked_sub(qty).unwrap();
            }
            _ => {}
        }
    }
    prop_assert_eq!(both(world, account), stock);
    prop_assert_eq!(view.cash, cash);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(38), cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn in_any_life_the_legs_are_even_and_cash_is_what_fills_made_of_it(
        steps in prop::collection::vec(step(), 1..80)
    ) {
        let (mut world, account) = pit();
        let mut gone = Vec::new();
        for step in &steps {
            act(&mut world, account, step, &mut gone);
            sound(&world, account)?;
        }
        let odd = events(&world).iter().any(|event| matches!(event, Event::Discrepancy { .. }));
        prop_assert!(!odd, "{}", world.log);
        let mut replayed = Desk::new(world.desk.partition(), rules());
        for batch in &world.batches {
            replayed.replay(batch).unwrap();
        }
        prop_assert_eq!(replayed.state_hash(), world.desk.state_hash());
    }
}
