//! Bought options: whole contracts, paid for by premium times multiplier, settled for cash when they expire, once.

use crate::world::{AAPL, CALL, NOON, PUT, World, dollars_of, instrument, rules, wish};
use nija_core::desk::Desk;
use nija_core::desk::answer::{Answer, Decline};
use nija_core::desk::event::{Event, Size};
use nija_core::desk::input::{Command, Input};
use nija_core::ledger::chart::Book;
use nija_core::risk::refusal::{Code, Measure};
use nija_core::words::id::{AccountId, InstrumentId};
use nija_core::words::instrument::{Instrument, Kind};
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{OrderState, Outcome, Side};
use nija_core::words::tier::Tier;
use nija_core::words::time::{Span, Timestamp};

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

pub(crate) fn expiry() -> Timestamp {
    instrument(CALL).expiry().unwrap()
}

/// The tier that holds options, $100,000, a call at 5 and a put at 4.
pub(crate) fn pit() -> (World, AccountId) {
    let mut world = World::calm();
    let account = world.open(1, Tier::Baller, 100_000);
    for (leg, price) in [(CALL, "5"), (PUT, "4")] {
        assert_eq!(world.take(Input::List(instrument(leg))), Answer::Done);
        world.mark(leg, price);
    }
    (world, account)
}

fn buy(world: &mut World, account: AccountId, leg: InstrumentId, contracts: i32, price: &str) {
    let size = Size::Units(Qty::whole(contracts));
    let answer = world.command(account, Command::Place(wish(leg, Side::Buy, size)));
    assert!(matches!(answer, Answer::Placed { .. }), "{answer:?}");
    let order = world.last();
    world.fill_rest(order, price);
}

fn to_expiry(world: &mut World, spot: &str) {
    world.now = expiry();
    world.mark(AAPL, spot);
    world.wait(Span::seconds(60));
    world.mark(AAPL, "1");
}

fn settled(world: &World) -> Vec<(InstrumentId, Price, Qty)> {
    let events = world.batches.iter().flat_map(|batch| batch.events().unwrap());
    let last = events.filter_map(|event| match event {
        Event::Settled { instrument, price, qty, last: true, .. } => Some((instrument, price, qty)),
        _ => None,
    });
    last.collect()
}

#[test]
fn in_the_money_is_exercised_for_cash_and_the_rest_is_worthless() {
    let (mut world, account) = pit();
    buy(&mut world, account, CALL, 2, "5.10");
    buy(&mut world, account, PUT, 3, "4");
    let view = world.view(account);
    // 1,020 and 1,200 of premium, a thousandth of it in fees.
    assert_eq!(view.cash, money("97777.78"));
    assert_eq!(view.equity, money("99977.78"), "at their marks: 2 x 500 and 3 x 400");
    // What comes at the close still counts, what comes after it does not.
    to_expiry(&mut world, "212.34");
    assert_eq!(
        settled(&world),
        [(CALL, money_price("12.34"), Qty::whole(2)), (PUT, Price::ZERO, Qty::whole(3))]
    );
    let view = world.view(account);
    assert_eq!(view.cash, money("100245.78"), "2 x 1,234 came");
    assert!(view.positions.is_empty());
    assert_eq!(view.equity, view.cash);
    assert_eq!(view.books.balance(Book::Positions), Money::ZERO);
    assert_eq!(view.books.balance(Book::Realized), money("-248"), "1,448 won and 1,200 lost");
    assert_eq!(world.desk.trial_balance(), 0);
    // Once and never again.
    world.wait(Span::DAY);
    world.mark(AAPL, "250");
    assert_eq!(settled(&world).len(), 2);
    assert!(world.alarms.is_empty());
}

fn money_price(text: &str) -> Price {
    text.parse().unwrap()
}

#[test]
fn it_expires_once_also_when_the_desk_was_down_and_a_replay_says_the_same() {
    for (snapshot_first, spot) in [(true, "190"), (false, "190.01")] {
        let (mut world, account) = pit();
        buy(&mut world, account, PUT, 1, "4");
        world.now = expiry();
        world.mark(AAPL, spot);
        let mut desk = Desk::new(world.desk.partition(), rules());
        if snapshot_first {
            desk = Desk::restore(&world.desk.snapshot().unwrap(), rules()).unwrap();
        } else {
            world.batches.iter().for_each(|batch| desk.replay(batch).unwrap());
        }
        world.desk = desk;
        // A day later the first price of the underlying is another: what it was at the close counts.
        world.wait(Span::DAY);
        world.mark(AAPL, "150");
        let worth = if snapshot_first { "10" } else { "9.99" };
        assert_eq!(settled(&world), [(PUT, money_price(worth), Qty::whole(1))]);
        let mut replayed = Desk::new(world.desk.partition(), rules());
        world.batches.iter().for_each(|batch| replayed.replay(batch).unwrap());
        assert_eq!(replayed.state_hash(), world.desk.state_hash());
        world.desk = replayed;
        world.wait(Span::DAY);
        world.mark(AAPL, "100");
        assert_eq!(settled(&world).len(), 1);
        assert_eq!((world.desk.trial_balance(), world.held(account, PUT)), (0, Qty::ZERO));
    }
}

#[test]
fn what_is_open_at_the_end_is_taken_back_and_nothing_is_bought_any_more() {
    let (mut world, account) = pit();
    let order = |world: &mut World| {
        let size = Size::Units(Qty::whole(1));
        world.command(account, Command::Place(wish(CALL, Side::Buy, size)))
    };
    assert!(matches!(order(&mut world), Answer::Placed { .. }));
    let open = world.last();
    to_expiry(&mut world, "200");
    let standing = world.view(account).orders;
    assert!(standing[0].ticket.id == open && standing[0].cancelling);
    world.cancelled(open);
    assert!(world.view(account).orders.is_empty() && world.view(account).reserved.is_zero());
    world.mark(CALL, "5");
    let Answer::Refused(refusal) = order(&mut world) else { panic!("bought what has expired") };
    assert_eq!(refusal.code, Code::ContractExpired);
    assert_eq!(refusal.limit, Measure::Instant(expiry()));
    // A fill that the venue tells after the end is booked, and settled at the next chance.
    world.fill(open, Qty::whole(1), "5");
    world.wait(Span::seconds(1));
    world.mark(AAPL, "1");
    assert_eq!(settled(&world), [(CALL, Price::ZERO, Qty::whole(1))]);
    assert_eq!(world.desk.trial_balance(), 0);
}

#[test]
fn contracts_are_whole_and_a_premium_reserves_more_than_a_price() {
    let (mut world, account) = pit();
    // $1,300 buys two contracts of $500; a quarter more is held back.
    let answer = world.buy(account, CALL, 1_300);
    let Answer::Placed { order, qty, .. } = answer else { panic!("{answer:?}") };
    assert_eq!((qty, world.view(account).reserved), (Qty::whole(2), Money::whole(1_625)));
    world.report(order, Outcome::Rejected { why: "closed".to_owned() });
    assert!(world.view(account).reserved.is_zero());
    let Answer::Refused(refusal) = world.buy(account, CALL, 499) else { panic!("a part of one") };
    assert_eq!(
        (refusal.code, refusal.limit),
        (Code::TradeTooSmall, Measure::Dollars(Money::whole(500)))
    );
    let half = Size::Units("0.5".parse().unwrap());
    let answer = world.command(account, Command::Place(wish(CALL, Side::Buy, half)));
    assert!(matches!(answer, Answer::Declined(Decline::Invalid { field: "quantity", .. })));
    // Nothing can be sold that is not held.
    let answer = world.sell(account, CALL, Size::Units(Qty::whole(1)));
    assert!(matches!(&answer, Answer::Refused(r) if r.code == Code::ExceedsPosition), "{answer:?}");
    let poorer = world.open(2, Tier::Investor, 10_000);
    let Answer::Refused(refusal) = world.buy(poorer, CALL, 500) else { panic!("not its class") };
    assert_eq!(refusal.code, Code::ClassNotAllowed);
}

#[test]
fn numbers_are_never_reused_and_rows_go_when_nobody_needs_them() {
    let (mut world, account) = pit();
    let option = |id: u32, change: fn(&mut Instrument)| {
        let mut row = Instrument { id: InstrumentId(id), ..instrument(CALL) };
        change(&mut row);
        Input::List(row)
    };
    fn strike(row: &mut Instrument) {
        if let Kind::Option { strike, .. } = &mut row.kind {
            *strike = Price::whole(210);
        }
    }
    let same = |_: &mut Instrument| {};
    assert_eq!(world.take(option(CALL.0, same)), Answer::Done, "the same again");
    for (row, why) in [
        (option(CALL.0, strike), "another contract under a number that is given"),
        (option(99, strike), "a number below those that were given"),
        (option(200, |row| row.lot = "0.1".parse().unwrap()), "parts of contracts"),
        (option(200, |row| row.symbol = String::new()), ""),
    ] {
        let answer = world.take(row);
        let is_declined = matches!(answer, Answer::Declined(Decline::Invalid { .. }));
        assert_eq!(is_declined, !why.is_empty(), "{why}: {answer:?}");
    }
    buy(&mut world, account, CALL, 1, "5");
    to_expiry(&mut world, "201");
    let listed =
        |world: &World, id| world.market().instruments.iter().any(|row| row.instrument.id == id);
    // Some days it is kept for what venues tell late.
    world.wait(Span(13 * Span::DAY.0));
    world.mark(AAPL, "200");
    assert!(listed(&world, CALL) && listed(&world, PUT));
    world.wait(Span(2 * Span::DAY.0));
    world.mark(AAPL, "200");
    assert!(!listed(&world, CALL) && !listed(&world, PUT) && listed(&world, AAPL));
    let again = Desk::restore(&world.desk.snapshot().unwrap(), rules()).unwrap();
    world.desk = again;
    fn later(row: &mut Instrument) {
        if let Kind::Option { expiry, .. } = &mut row.kind {
            *expiry = NOON.plus(Span(90 * Span::DAY.0));
        }
    }
    for (id, fits) in [(CALL.0, false), (200, false), (201, true)] {
        let is_done = world.take(option(id, later)) == Answer::Done;
        assert_eq!(is_done, fits, "{id}");
    }
}

#[test]
fn a_limit_may_stand_a_quarter_above_the_middle() {
    let (mut world, account) = pit();
    let mut place = |limit: &str| {
        let order_type = nija_core::words::order::OrderType::Limit { limit: money_price(limit) };
        let wish =
            nija_core::desk::event::Wish { order_type, ..wish(CALL, Side::Buy, dollars_of(700)) };
        world.command(account, Command::Place(wish))
    };
    assert!(matches!(place("6.25"), Answer::Placed { .. }));
    let Answer::Refused(refusal) = place("6.26") else { panic!("beyond the collar") };
    assert_eq!(refusal.code, Code::PriceCollar);
    let view = world.view(account);
    assert_eq!(view.orders[0].state, OrderState::Approved);
}
