//! Loops and the pairs they go through: three legs or none, both coins' books exact, what is off is undone in dollars.

use crate::world::{BTC, ETH, ETHBTC, World, dollars_of, instrument, rules, wish};
use nija_core::desk::Desk;
use nija_core::desk::answer::{Answer, Decline};
use nija_core::desk::event::{Event, Size, Skip, Wish};
use nija_core::desk::input::{Command, Input};
use nija_core::ledger::chart::Book;
use nija_core::risk::kill::Scope;
use nija_core::risk::refusal::Code;
use nija_core::words::fixed::Round;
use nija_core::words::id::{AccountId, FillId, InstrumentId, OrderId, SignalId};
use nija_core::words::instrument::{AssetClass, Instrument, Kind};
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{Fill, OrderType, Outcome, Purpose, Side, Swap, Ticket, TimeInForce};
use nija_core::words::signal::{Action, Loop, Signal, StrategyName};
use nija_core::words::tier::Tier;
use nija_core::words::time::Span;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const ARBITRAGE: StrategyName = StrategyName::CryptoArbitrage;
const ALL: [InstrumentId; 3] = [BTC, ETH, ETHBTC];

fn q(text: &str) -> Qty {
    text.parse().unwrap()
}
fn p(text: &str) -> Price {
    text.parse().unwrap()
}
fn m(text: &str) -> Money {
    text.parse().unwrap()
}

/// Bitcoin at 50,000, ether at 2,500 and at 0.05 bitcoin, and an account that may hold $3,000 of each.
fn pit() -> (World, AccountId) {
    let mut world = World::calm();
    for (of, price) in [(ETH, "2500"), (ETHBTC, "0.05")] {
        world.take(Input::List(instrument(of)));
        world.mark(of, price);
    }
    let account = world.open(1, Tier::Baller, 100_000);
    (world, account)
}

/// Around once, through so much ether: bought for bitcoin and sold dear, or the other way.
fn say(world: &mut World, side: Side, base: &str) {
    let (buy_limit, sell_limit) = match side {
        Side::Buy => (p("50000"), p("2550")),
        Side::Sell => (p("2450"), p("50000")),
    };
    let base = q(base);
    let quote = Qty::from_raw(base.raw() / 20);
    let limit = p("0.05");
    let action = Action::Loop(Loop { side, limit, buy_limit, sell_limit, base, quote });
    let id = SignalId(world.batches.len() as u64 + 1_000);
    let (strategy, mark, at) = (ARBITRAGE, limit, world.now);
    let instrument = ETHBTC;
    let signal = Signal { id, strategy, version: 2, instrument, action, mark, at, insight: None };
    world.take(Input::Signal(signal));
}

fn open(world: &World) -> Vec<Ticket> {
    world.desk.outstanding().into_iter().map(|open| open.ticket).collect()
}

fn order(world: &World, of: InstrumentId) -> OrderId {
    open(world).iter().find(|ticket| ticket.instrument == of).unwrap().id
}

/// Fills so much for a fee of a thousandth, in dollars.
fn fill(world: &mut World, order: OrderId, qty: Qty, price: &str) {
    if world.ticket(order).is_some_and(|ticket| ticket.swap.is_none()) {
        world.fill(order, qty, price);
        return;
    }
    let worth = Price::whole(50_000).raw() / 100_000_000 * p(price).raw();
    let worth = instrument(ETH).value(Price::from_raw(worth), qty, Round::Up).unwrap();
    let fee = worth.share(1, 1_000, Round::Up).unwrap();
    let id = FillId(world.batches.len() as u64 + 1_000_000);
    world.report(order, Outcome::Filled(Fill { id, qty, price: p(price), fee }));
}

fn fill_rest(world: &mut World, order: OrderId, price: &str) {
    let open = world.desk.outstanding().into_iter().find(|o| o.ticket.id == order).unwrap();
    fill(world, order, open.ticket.qty.checked_sub(open.filled).unwrap(), price);
}

fn events(world: &World) -> Vec<Event> {
    world.batches.iter().flat_map(|batch| batch.events().unwrap()).collect()
}

fn refusals(world: &World) -> Vec<(Code, InstrumentId)> {
    let refusal = |event: Event| match event {
        Event::Refused { wish, refusal, .. } => Some((refusal.code, wish.instrument)),
        _ => None,
    };
    events(world).into_iter().filter_map(refusal).collect()
}

fn coins(world: &World, account: AccountId) -> [Qty; 2] {
    [BTC, ETH].map(|of| world.held(account, of))
}

/// An account with 0.03 bitcoin and 0.588 ether.
fn stocked() -> (World, AccountId) {
    let (mut world, account) = pit();
    for (of, price) in [(BTC, "50000"), (ETH, "2500")] {
        say(&mut world, Side::Buy, "0.4");
        let stock = order(&world, of);
        fill_rest(&mut world, stock, price);
    }
    assert_eq!(coins(&world, account), [q("0.03"), q("0.588")], "{}", world.log);
    (world, account)
}

fn replays(world: &World) {
    let mut replayed = Desk::new(world.desk.partition(), rules());
    world.batches.iter().for_each(|batch| replayed.replay(batch).unwrap());
    assert_eq!(replayed.state_hash(), world.desk.state_hash());
}

#[test]
fn who_lacks_a_coin_buys_half_a_position_of_it_one_after_the_other() {
    let (mut world, _) = pit();
    say(&mut world, Side::Buy, "0.4");
    let [stock] = &open(&world)[..] else { panic!("{}", world.log) };
    let terms = (stock.order_type, stock.tif, stock.pair);
    assert_eq!((stock.instrument, stock.qty), (BTC, q("0.03")));
    assert_eq!(terms, (OrderType::Market, TimeInForce::Ioc, None));
    let id = stock.id;
    say(&mut world, Side::Buy, "0.4");
    assert_eq!(open(&world).len(), 1, "it is on its way");
    fill_rest(&mut world, id, "50000");
    say(&mut world, Side::Buy, "0.4");
    assert_eq!((open(&world)[0].instrument, open(&world).len()), (ETH, 1));
    replays(&world);
}

#[test]
fn all_legs_leave_at_once_and_earn_the_edge_less_fees_to_the_cent() {
    let (mut world, account) = stocked();
    let cash = world.view(account).cash;
    say(&mut world, Side::Buy, "0.4");
    let legs: Vec<_> =
        open(&world).iter().map(|t| (t.instrument, t.side, t.qty, t.purpose, t.pair)).collect();
    let wanted = [
        (BTC, Side::Buy, q("0.02"), Purpose::Entry, Some(BTC)),
        (ETHBTC, Side::Buy, q("0.4"), Purpose::Entry, Some(ETHBTC)),
        (ETH, Side::Sell, q("0.4"), Purpose::Exit, Some(ETH)),
    ];
    assert_eq!(legs, wanted, "{}", world.log);
    assert_eq!(open(&world)[1].swap, Some(Swap { gives: BTC, gets: ETH }));
    let [buy, pair, sell] = [BTC, ETHBTC, ETH].map(|of| order(&world, of));
    fill_rest(&mut world, pair, "0.05");
    fill_rest(&mut world, sell, "2550");
    fill_rest(&mut world, buy, "50000");
    // 1,020 came, 1,000 went, and 0.1 % of 1,000, 1,000 and 1,020 as fees.
    assert!(open(&world).is_empty());
    assert_eq!(world.view(account).cash, cash.checked_add(m("16.98")).unwrap());
    assert_eq!(coins(&world, account), [q("0.03"), q("0.588")]);
    // What was given had cost what it was worth; of the ether sold, the stock's lots went first.
    let books = world.view(account).books;
    assert_eq!(books.balance(Book::Realized), Money::whole(-20));
    assert_eq!(world.desk.trial_balance(), 0);
    replays(&world);

    // The other way: ether for 2,450, given for bitcoin, which is sold. 0.4 fits what is held and may be.
    say(&mut world, Side::Sell, "0.4");
    let [buy, pair, sell] = [ETH, ETHBTC, BTC].map(|of| order(&world, of));
    fill_rest(&mut world, buy, "2450");
    fill_rest(&mut world, sell, "50000");
    fill_rest(&mut world, pair, "0.05");
    assert_eq!(coins(&world, account), [q("0.03"), q("0.588")]);
    assert_eq!(world.view(account).cash, cash.checked_add(m("34")).unwrap());
    assert_eq!(world.desk.trial_balance(), 0);
}

#[test]
fn what_is_given_is_sold_at_its_worth_and_what_comes_costs_as_much() {
    let (mut world, account) = stocked();
    let before = world.view(account);
    // Bitcoin has risen since it was bought.
    world.mark(BTC, "60000");
    say(&mut world, Side::Buy, "0.4");
    let [buy, pair, sell] = [BTC, ETHBTC, ETH].map(|of| order(&world, of));
    fill(&mut world, pair, q("0.3"), "0.04999");
    let halves: Vec<Event> =
        events(&world).into_iter().filter(|event| matches!(event, Event::Swapped { .. })).collect();
    let told: Vec<_> = halves
        .iter()
        .map(|half| match half {
            Event::Swapped { half, .. } => (half.instrument, half.side, half.qty, half.worth),
            _ => panic!(),
        })
        .collect();
    // 0.3 x 0.04999 = 0.014997 bitcoin, worth 899.82.
    let wanted =
        [(BTC, Side::Sell, q("0.014997"), m("899.82")), (ETH, Side::Buy, q("0.3"), m("899.82"))];
    assert_eq!(told, wanted);
    let view = world.view(account);
    // It had cost 749.85; no cash moved but the fee.
    let fee = m("0.749850");
    assert_eq!(view.books.balance(Book::Realized), m("749.85").checked_sub(m("899.82")).unwrap());
    assert_eq!(before.cash.checked_sub(view.cash).unwrap(), fee);
    assert_eq!(coins(&world, account), [q("0.015003"), q("0.888")]);
    let ether = view.positions.iter().find(|held| held.instrument == ETH).unwrap();
    assert_eq!(ether.cost, m("1470").checked_add(m("899.82")).unwrap());
    for leg in [buy, pair, sell] {
        world.cancelled(leg);
    }
    replays(&world);
}

#[test]
fn what_one_leg_has_beyond_the_others_is_undone_in_dollars() {
    // Nothing through the pair: the bitcoin goes again, the ether comes back.
    let (mut world, account) = stocked();
    say(&mut world, Side::Buy, "0.4");
    let [buy, pair, sell] = [BTC, ETHBTC, ETH].map(|of| order(&world, of));
    fill_rest(&mut world, buy, "50000");
    fill_rest(&mut world, sell, "2550");
    assert_eq!(open(&world).len(), 1, "the pair may still even it");
    world.cancelled(pair);
    let hedges: Vec<_> =
        open(&world).iter().map(|t| (t.instrument, t.side, t.qty, t.order_type, t.pair)).collect();
    let wanted = [
        (BTC, Side::Sell, q("0.02"), OrderType::Market, None),
        (ETH, Side::Buy, q("0.4"), OrderType::Market, None),
    ];
    assert_eq!(hedges, wanted, "{}", world.log);
    let [btc, eth] = [BTC, ETH].map(|of| order(&world, of));
    fill_rest(&mut world, btc, "50000");
    fill_rest(&mut world, eth, "2500");
    assert_eq!(coins(&world, account), [q("0.03"), q("0.588")]);

    // The pair alone, and told late: what came is sold, what was given is bought back.
    say(&mut world, Side::Buy, "0.4");
    let legs = ALL.map(|of| order(&world, of));
    legs.into_iter().for_each(|leg| world.cancelled(leg));
    assert!(open(&world).is_empty());
    fill(&mut world, legs[2], q("0.1"), "0.05");
    let hedges: Vec<_> = open(&world).iter().map(|t| (t.instrument, t.side, t.qty)).collect();
    let wanted = [(BTC, Side::Buy, q("0.005")), (ETH, Side::Sell, q("0.1"))];
    assert_eq!(hedges, wanted, "{}", world.log);
    let [btc, eth] = [BTC, ETH].map(|of| order(&world, of));
    fill_rest(&mut world, btc, "50000");
    fill_rest(&mut world, eth, "2500");
    assert_eq!(coins(&world, account), [q("0.03"), q("0.588")]);
    assert_eq!(world.desk.trial_balance(), 0);
    replays(&world);
}

#[test]
fn a_restart_between_the_legs_forgets_nothing() {
    for by_replay in [true, false] {
        let (mut world, account) = stocked();
        say(&mut world, Side::Sell, "0.4");
        let [buy, pair, sell] = [ETH, ETHBTC, BTC].map(|of| order(&world, of));
        fill(&mut world, pair, q("0.1"), "0.05");
        fill_rest(&mut world, buy, "2450");
        if by_replay {
            let mut desk = Desk::new(world.desk.partition(), rules());
            world.batches.iter().for_each(|batch| desk.replay(batch).unwrap());
            assert_eq!(desk.state_hash(), world.desk.state_hash());
            world.desk = desk;
        } else {
            world.desk = Desk::restore(&world.desk.snapshot().unwrap(), rules()).unwrap();
        }
        world.cancelled(pair);
        // 0.3 of the ether was not given.
        let [_, back] = &open(&world)[..] else { panic!("{}", world.log) };
        assert_eq!((back.instrument, back.side, back.qty), (ETH, Side::Sell, q("0.3")));
        world.cancelled(sell);
        // The bitcoin that came was not sold.
        let [_, back] = &open(&world)[..] else { panic!("{}", world.log) };
        assert_eq!((back.instrument, back.side, back.qty), (BTC, Side::Sell, q("0.005")));
        for of in [ETH, BTC] {
            let id = order(&world, of);
            fill_rest(&mut world, id, if of == ETH { "2500" } else { "50000" });
        }
        assert_eq!(coins(&world, account), [q("0.03"), q("0.588")]);
    }
}

#[test]
fn no_leg_is_ordered_where_one_is_refused() {
    type Act = fn(&mut World);
    let stop: [(Code, InstrumentId, Act); 6] = [
        (Code::KillSwitch, BTC, |world| world.kill(Scope::Symbol(BTC), false)),
        (Code::KillSwitch, ETHBTC, |world| world.kill(Scope::Symbol(ETH), false)),
        (Code::KillSwitch, ETHBTC, |world| world.kill(Scope::Symbol(ETHBTC), false)),
        (Code::KillSwitch, BTC, |world| world.kill(Scope::Strategy(ARBITRAGE), false)),
        (Code::StaleData, ETHBTC, |world| {
            world.wait(Span::seconds(61));
            world.mark(BTC, "50000");
            world.mark(ETH, "2500");
        }),
        // The pair's price is new, but not that of what it is priced in.
        (Code::StaleData, BTC, |world| {
            world.wait(Span::seconds(61));
            world.mark(ETHBTC, "0.05");
            world.mark(ETH, "2500");
        }),
    ];
    for (code, of, stop) in stop {
        let (mut world, account) = stocked();
        stop(&mut world);
        (0..100).for_each(|_| say(&mut world, Side::Buy, "0.4"));
        assert!(open(&world).is_empty(), "{}", world.log);
        assert_eq!(refusals(&world), [(code, of)]);
        assert_eq!(coins(&world, account), [q("0.03"), q("0.588")]);
    }
}

#[test]
fn a_pair_is_judged_in_dollars_and_gives_only_what_is_held_and_free() {
    let (mut world, account) = stocked();
    // All legs are as large as what is held of both, what may be, and lots let them.
    say(&mut world, Side::Buy, "5");
    let sizes: Vec<Qty> = open(&world).iter().map(|ticket| ticket.qty).collect();
    assert_eq!(sizes, [q("0.0294"), q("0.588"), q("0.588")], "{}", world.log);
    let pair = world.ticket(order(&world, ETHBTC)).unwrap();
    // 0.588 at 0.05 is 0.0294 bitcoin, $1,470, and one percent for slippage and fees.
    assert_eq!(pair.reserved, m("1484.7"));
    // What the pair may ask for is not sold twice.
    let all = world.sell(account, BTC, Size::All);
    assert!(matches!(all, Answer::Placed { qty, .. } if qty == q("0.0006")), "{all:?}");
    let user = world.last();
    fill_rest(&mut world, user, "50000");
    ALL.into_iter().for_each(|of| {
        let id = order(&world, of);
        world.cancelled(id);
    });
    let all = world.sell(account, BTC, Size::All);
    assert!(matches!(all, Answer::Placed { qty, .. } if qty == q("0.0294")), "{all:?}");
    replays(&world);
}

#[test]
fn pairs_are_for_strategies_and_made_of_listed_coins() {
    let (mut world, account) = pit();
    for side in [Side::Buy, Side::Sell] {
        let order = wish(ETHBTC, side, Size::Units(q("0.1")));
        let answer = world.command(account, Command::Place(order));
        assert!(
            matches!(answer, Answer::Declined(Decline::Invalid { field: "symbol", .. })),
            "{answer:?}"
        );
    }
    let answer = world.command(account, Command::Place(wish(ETHBTC, Side::Buy, dollars_of(50))));
    assert!(matches!(answer, Answer::Declined(_)));
    // A strategy that is told to hold a pair is refused, since nothing says what it would give.
    world.signal(
        StrategyName::CryptoTrendRiding,
        ETHBTC,
        Action::Enter { strength: nija_core::words::score::Strength::FULL, stop: None },
    );
    assert_eq!(refusals(&world), [(Code::ExceedsPosition, ETHBTC)]);
    assert!(open(&world).is_empty());
    let listed = |world: &mut World, row| world.take(Input::List(row)) == Answer::Done;
    let pair = instrument(ETHBTC);
    let made = |base, quote| Instrument {
        id: InstrumentId(50),
        kind: Kind::Pair { base, quote },
        ..pair.clone()
    };
    assert!(!listed(&mut world, made(ETH, ETH)));
    assert!(!listed(&mut world, made(ETH, InstrumentId(49))), "unknown");
    assert!(!listed(&mut world, made(ETHBTC, BTC)), "a pair of a pair");
    assert!(!listed(&mut world, made(crate::world::AAPL, BTC)), "a share");
    assert!(!listed(&mut world, Instrument { id: ETHBTC, ..instrument(ETH) }), "no pair any more");
    assert!(!listed(&mut world, Instrument { id: ETH, ..pair.clone() }), "no coin any more");
    assert!(listed(&mut world, made(BTC, ETH)) && listed(&mut world, pair));
}

#[test]
fn accounts_that_do_not_take_part_hear_nothing_and_one_without_budget_is_told_once() {
    let (mut world, _) = pit();
    let saver = world.open(2, Tier::Saver, 1_000);
    world.conditions(None, 45, 45);
    for _ in 0..50 {
        say(&mut world, Side::Buy, "0.0001");
        let stock = world.desk.outstanding();
        stock.iter().for_each(|open| world.cancelled(open.ticket.id));
    }
    assert!(world.view(saver).orders.is_empty());
    let skips = |world: &World| {
        let skip = |event: Event| match event {
            Event::Skipped { account, why, .. } => Some((account.0, why)),
            _ => None,
        };
        events(world).into_iter().filter_map(skip).collect::<Vec<_>>()
    };
    assert!(skips(&world).iter().all(|(no, _)| *no == 0));
    let (mut world, _) = stocked();
    (0..50).for_each(|_| say(&mut world, Side::Buy, "0.0001"));
    assert_eq!(skips(&world), [(0, Skip::TooSmall)]);
}

#[derive(Clone, Debug)]
enum Step {
    Say(bool, i64),
    Mark(usize, i32),
    Fill(usize, i64),
    End(usize, bool),
    Late(usize),
    Stop(bool),
    Flatten,
    Wait(i64),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any::<bool>(), 1i64..600).prop_map(|(side, most)| Step::Say(side, most)),
        2 => (0usize..3, -20i32..20).prop_map(|(of, off)| Step::Mark(of, off)),
        8 => (0usize..4, 1i64..600).prop_map(|(n, qty)| Step::Fill(n, qty)),
        3 => (0usize..4, any::<bool>()).prop_map(|(n, rejects)| Step::End(n, rejects)),
        1 => (0usize..8).prop_map(Step::Late),
        1 => any::<bool>().prop_map(Step::Stop),
        1 => (1i64..100).prop_map(Step::Wait),
        1 => Just(Step::Restart),
    ]
}

fn price(of: InstrumentId, off: i32) -> String {
    let of = match of {
        BTC => Price::whole(50_000 + 50 * off),
        ETH => Price::from_raw((250_000 + i64::from(off) * 250) * 1_000_000),
        _ => Price::from_raw((5_000 + i64::from(off)) * 1_000),
    };
    of.to_string()
}

/// `gone` are legs that were taken back, of which a fill may still be told.
fn act(world: &mut World, account: AccountId, step: &Step, gone: &mut Vec<Ticket>) {
    let thousandths = |n: i64| Qty::from_raw(n * 100_000);
    match *step {
        Step::Say(buy, most) => {
            let side = if buy { Side::Buy } else { Side::Sell };
            say(world, side, &thousandths(most).to_string());
        }
        Step::Mark(of, off) => world.mark(ALL[of], &price(ALL[of], off)),
        Step::Stop(true) => world.kill(Scope::Class(AssetClass::Crypto), false),
        Step::Stop(false) => {
            world.rearm(Scope::Class(AssetClass::Crypto), "it is over");
        }
        Step::Flatten => world.kill(Scope::Platform, true),
        Step::Wait(seconds) => world.wait(Span::seconds(seconds)),
        Step::Restart => {
            world.desk = Desk::restore(&world.desk.snapshot().unwrap(), rules()).unwrap();
        }
        Step::Late(at) => {
            let Some(leg) = (!gone.is_empty()).then(|| gone.remove(at % gone.len())) else {
                return;
            };
            // No venue sells what is not there, or is on sale already.
            let gives = leg.swap.map_or(leg.instrument, |swap| swap.gives);
            let is_there = world.held(account, gives) > q("0.001") && open(world).is_empty();
            if (leg.side == Side::Buy && leg.swap.is_none()) || is_there {
                let limit = leg.order_type.limit().unwrap().to_string();
                fill(world, leg.id, q("0.001"), &limit);
            }
        }
        Step::Fill(at, _) | Step::End(at, _) => {
            let outstanding = world.desk.outstanding();
            let Some(open) = outstanding.get(at % outstanding.len().max(1)) else { return };
            let (id, left) = (open.ticket.id, open.ticket.qty.checked_sub(open.filled).unwrap());
            let ticket = open.ticket.clone();
            match *step {
                Step::Fill(_, qty) => {
                    let most = thousandths(qty);
                    let limit = ticket.order_type.limit().map(|limit| limit.to_string());
                    let price = limit.unwrap_or_else(|| price(ticket.instrument, 0));
                    fill(world, id, left.min(most), &price);
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
        assert!(held.qty.is_positive() && held.cost >= Money::ZERO && held.instrument != ETHBTC);
        sum.checked_add(held.value).unwrap()
    });
    prop_assert_eq!(view.equity, view.cash.checked_add(worth).unwrap());
    if view.orders.is_empty() { even(world, account) } else { Ok(()) }
}

/// Nothing on its way: of both coins what was bought to be held is there, less what could not be bought back.
fn even(world: &World, account: AccountId) -> Result<(), TestCaseError> {
    let (mut alone, mut stock) = (Vec::new(), [Qty::ZERO; 2]);
    let place = |of| usize::from(of == ETH);
    for event in events(world) {
        match event {
            Event::Approved { ticket, .. }
                if ticket.pair.is_none() && ticket.tif == TimeInForce::Ioc =>
            {
                alone.push((ticket.id, ticket.instrument));
            }
            Event::Filled { order, fill, .. } => {
                if let Some((_, of)) = alone.iter().find(|(id, _)| *id == order) {
                    stock[place(*of)] = stock[place(*of)].checked_add(fill.qty).unwrap();
                }
            }
            Event::Refused {
                wish: Wish { tif: TimeInForce::Gtc, size: Size::Units(qty), side, instrument, .. },
                ..
            } => {
                prop_assert_eq!(side, Side::Buy);
                stock[place(instrument)] = stock[place(instrument)].checked_sub(qty).unwrap();
            }
            _ => {}
        }
    }
    prop_assert_eq!(coins(world, account), stock, "{}", &world.log);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(40), cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn in_any_life_both_coins_are_even_and_the_books_whole(
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
        replays(&world);
    }

    #[test]
    fn a_kill_switch_in_the_middle_leaves_nothing_held(
        steps in prop::collection::vec(step(), 1..40)
    ) {
        let (mut world, account) = pit();
        let mut gone = Vec::new();
        for step in steps.iter().filter(|step| !matches!(step, Step::Late(_) | Step::Stop(_))) {
            act(&mut world, account, step, &mut gone);
        }
        act(&mut world, account, &Step::Flatten, &mut gone);
        for _ in 0..60 {
            let Some(ticket) = open(&world).into_iter().next() else { break };
            match ticket.tif {
                TimeInForce::Ioc => world.cancelled(ticket.id),
                _ => fill_rest(&mut world, ticket.id, &price(ticket.instrument, 0)),
            }
        }
        prop_assert!(open(&world).is_empty());
        prop_assert_eq!(coins(&world, account), [Qty::ZERO; 2], "{}", world.log);
        prop_assert_eq!(world.desk.trial_balance(), 0);
        replays(&world);
    }
}
