//! What the views promise: every event's row, amounts as exact texts, one tenant's rows only, and the same rows again
//! after a reset.

#![allow(clippy::unwrap_used)]

mod fees;
mod fixture;
mod months;
mod street;

use fixture::*;

use nija_core::desk::event::Event;
use nija_core::journal::Head;
use nija_core::ledger::chart::Book as Account;
use nija_core::ledger::entry::{Entry, Leg};
use nija_core::ports::views::{OrderRow, Page, Projection as _, Row, Scope, Views as _};
use nija_core::ports::{AppendError, ReadError};
use nija_core::words::id::{AccountId, AccountNo, OrderId, PartitionId, Seq, UserId};
use nija_core::words::money::{Money, Price};
use nija_core::words::order::{OrderState, Side};
use nija_core::words::time::Span;
use nija_store::views::Views;
use serde_json::{Value, json};

#[tokio::test]
async fn v_01_an_order_is_followed_from_approval_to_its_last_fill() {
    let world = world();
    projected(&world, &round_trip()).await;
    let orders = rows(world.views.orders(&ADA, ALL, false).await);
    let expected = OrderRow {
        id: "0002000000000001".to_owned(),
        symbol: "BTC-USD".to_owned(),
        asset_class: "crypto".to_owned(),
        side: "buy".to_owned(),
        order_type: "limit".to_owned(),
        time_in_force: "gtc".to_owned(),
        purpose: "entry".to_owned(),
        origin: "user".to_owned(),
        version: None,
        insight: Some(learned()),
        qty: "0.003".to_owned(),
        filled_qty: "0.003".to_owned(),
        average_price: Some("50000.66666667".to_owned()),
        limit_price: Some("50100".to_owned()),
        stop_price: None,
        fees: "0.02".to_owned(),
        state: "filled".to_owned(),
        why: None,
        created_at: "2020-03-16T12:00:00Z".to_owned(),
        updated_at: "2020-03-16T12:00:02Z".to_owned(),
    };
    assert_eq!(orders.len(), 2);
    assert_eq!(orders[1], expected, "newest first");
    assert_eq!(world.views.order(&ADA, OrderId::new(P, 1)).await, Ok(Some(expected)));
    assert_eq!(world.views.order(&ADA, OrderId::new(P, 9)).await, Ok(None));
    assert_eq!(rows(world.views.orders(&ADA, ALL, true).await), []);
}

#[tokio::test]
async fn v_02_states_follow_the_events() {
    let world = world();
    let order = ticket(1, 0, Side::Buy, units(5));
    let mut head = Head::default();
    let part = Entry::bought(AccountNo(0), Money::whole(50), Money::CENT).unwrap();
    let steps = [
        (approved(order.clone()), "approved", true),
        (Event::Acknowledged { order: order.id }, "working", true),
        (filled(&order, 1, (units(1), Price::whole(50_000)), part), "partly_filled", true),
        (Event::Acknowledged { order: order.id }, "partly_filled", true),
        (Event::CancelRequested { order: order.id }, "partly_filled", true),
        (
            Event::Closed {
                order: order.id,
                state: OrderState::Cancelled,
                why: "asked for".to_owned(),
            },
            "cancelled",
            false,
        ),
    ];
    let mut book = Book { head, batches: Vec::new() };
    book.add(P, NOON, &setup());
    for (event, state, open) in steps {
        book.add(P, NOON, &[event]);
        world.projection.project(book.batches.clone()).await.unwrap();
        head = book.head;
        let found = world.views.order(&ADA, order.id).await.unwrap().unwrap();
        assert_eq!(found.state, state);
        assert_eq!(rows(world.views.orders(&ADA, ALL, true).await).len(), usize::from(open));
    }
    let found = world.views.order(&ADA, order.id).await.unwrap().unwrap();
    assert_eq!((found.filled_qty.as_str(), found.why.as_deref()), ("0.001", Some("asked for")));
    assert_eq!(world.projection.checkpoint(P).await, Ok(head.seq));
}

#[tokio::test]
async fn v_03_fills_tell_what_was_realized() {
    let world = world();
    projected(&world, &round_trip()).await;
    let fills = rows(world.views.fills(&ADA, ALL).await);
    assert_eq!(fills.len(), 3);
    let sale = &fills[0];
    assert_eq!((sale.order_id.as_str(), sale.side.as_str()), ("0002000000000002", "sell"));
    assert_eq!((sale.qty.as_str(), sale.price.as_str()), ("0.003", "50100"));
    assert_eq!((sale.fee.as_str(), sale.realized.as_deref()), ("0.01", Some("10")));
    assert_eq!(
        (sale.fill_id.as_str(), sale.at.as_str()),
        ("0000000000000003", "2020-03-16T12:00:03Z")
    );
    assert_eq!(fills[2].realized, None, "a purchase realizes nothing");
}

#[tokio::test]
async fn v_04_every_leg_is_a_line_and_all_lines_balance() {
    let world = world();
    projected(&world, &round_trip()).await;
    let lines = rows(world.views.entries(&ADA, ALL).await);
    assert_eq!(lines.len(), 2 + 3 + 3 + 4);
    let sum: i64 = lines.iter().map(|line| line.amount.parse::<Money>().unwrap().raw()).sum();
    assert_eq!(sum, 0);
    let paid_in = &lines[lines.len() - 1];
    assert_eq!((paid_in.book.as_str(), paid_in.amount.as_str()), ("cash", "10000"));
    assert_eq!((paid_in.cause.as_str(), paid_in.order_id.as_deref()), ("transfer", None));
    assert_eq!(paid_in.entry, "0002-0000000000000001-3");
    assert_eq!(lines[0].cause, "fill");
    assert_eq!(lines[0].order_id.as_deref(), Some("0002000000000002"));
    assert_eq!(lines[0].entry, "0002-0000000000000003-1");
}

#[tokio::test]
async fn v_05_decisions_say_why_in_words_and_exactly() {
    let world = world();
    projected(&world, &decisions()).await;
    let found = rows(world.views.decisions(&ADA, ALL, None).await);
    let kinds: Vec<&str> = found.iter().map(|row| row.kind.as_str()).collect();
    assert_eq!(kinds, ["reallocated", "halted", "skipped", "refused", "approved"]);
    let evidence = |n: usize| serde_json::from_str::<Value>(&found[n].evidence).unwrap();

    let refused = &found[3];
    assert_eq!(
        refused.sentence,
        "Capital Guard refused (TRADE_TOO_LARGE): $900.00 against $500.00; would pass with a size of \
         at most $500 and once the venue answers again"
    );
    assert_eq!(
        (refused.code.as_deref(), refused.gate.as_deref()),
        (Some("TRADE_TOO_LARGE"), Some("Capital Guard"))
    );
    assert_eq!((refused.size.as_deref(), refused.side.as_deref()), (Some("$900"), Some("buy")));
    assert_eq!(refused.origin.as_deref(), Some("crypto_trend_riding"));
    assert_eq!(evidence(3)["measured"], "$900.00");
    assert_eq!(evidence(3)["age_ms"], 12);
    assert_eq!(evidence(3)["changes"][1], "once the venue answers again");
    assert_eq!(evidence(3)["exact"]["limit"], json!({"unit": "dollars", "value": "500"}));

    let approved = &found[4];
    assert_eq!(
        approved.sentence,
        "All gates passed: buy 0.005 BTC-USD, judged at 50000; risk level warning"
    );
    assert_eq!(approved.order_id.as_deref(), Some("0002000000000001"));
    assert_eq!(
        (evidence(4)["volatility"].as_str(), evidence(4)["regime"].as_str()),
        (Some("42.10"), Some("trending_up"))
    );

    // Whatever came of a signal names the version that spoke, and what was learned.
    for n in [2, 3, 4] {
        assert_eq!(evidence(n)["version"], 3, "{}", found[n].kind);
        assert_eq!(evidence(n)["insight"], serde_json::to_value(learned()).unwrap());
    }
    assert_eq!(evidence(3)["insight"]["opinion"]["model"], 18_336);
    let orders = rows(world.views.orders(&ADA, ALL, false).await);
    let spoke: Vec<_> = orders.iter().map(|order| (order.version, order.insight)).collect();
    assert_eq!(spoke, [(Some(3), Some(learned()))]);

    assert!(found[2].sentence.ends_with("the budget of this class is already invested"));
    assert_eq!(evidence(2)["why"], "budget_spent");
    assert_eq!(found[1].gate.as_deref(), Some("Drawdown Guard"));
    assert_eq!(evidence(1)["exact"]["measured"]["value"], "3");
    assert_eq!(
        found[0].sentence,
        "Capital is split 60% crypto, 40% equity, 0% derivatives and 0% cash; no regime is known yet"
    );

    let only = rows(world.views.decisions(&ADA, ALL, Some("refused")).await);
    assert_eq!(only, [found[3].clone()]);
    assert_eq!(rows(world.views.decisions(&ADA, ALL, Some("' OR 1=1 --")).await), []);
}

#[tokio::test]
async fn v_06_the_equity_curve_stands_at_the_ends_of_days() {
    let world = world();
    let day = NOON.day(Span::seconds(17 * 3600));
    let closed = |day, equity| Event::DayClosed {
        account: AccountNo(0),
        day,
        equity: Money::whole(equity),
        cash: Money::whole(5),
    };
    projected(&world, &[(NOON, setup()), (later(1), vec![closed(day, 7), closed(day + 1, 8)])])
        .await;
    let curve = rows(world.views.equity(&ADA, ALL).await);
    let seen: Vec<(&str, &str)> =
        curve.iter().map(|p| (p.at.as_str(), p.equity.as_str())).collect();
    assert_eq!(seen, [("2020-03-16T17:00:00Z", "8"), ("2020-03-15T17:00:00Z", "7")]);
}

#[tokio::test]
async fn v_07_nobody_sees_the_rows_of_others() {
    let world = world();
    let mut batches = round_trip();
    batches.extend(decisions().into_iter().skip(1).map(|(at, events)| {
        let others = events.into_iter().filter(|e| !matches!(e, Event::Approved { .. }));
        (at, others.collect())
    }));
    let closed =
        Event::DayClosed { account: AccountNo(0), day: 1, equity: Money::CENT, cash: Money::CENT };
    batches.push((later(9), vec![closed]));
    projected(&world, &batches).await;
    assert!(!rows(world.views.equity(&ADA, ALL).await).is_empty());

    let strangers = [
        BOB,
        Scope::of(BOB.user(), ADA.account()),
        Scope::of(ADA.user(), BOB.account()),
        Scope::of(UserId(0), AccountId(0)),
    ];
    for scope in &strangers {
        let views = &world.views;
        assert_eq!(rows(views.orders(scope, ALL, false).await), []);
        assert_eq!(rows(views.orders(scope, ALL, true).await), []);
        assert_eq!(views.order(scope, OrderId::new(P, 1)).await, Ok(None));
        assert_eq!(rows(views.fills(scope, ALL).await), []);
        assert_eq!(rows(views.decisions(scope, ALL, None).await), []);
        assert_eq!(rows(views.decisions(scope, ALL, Some("refused")).await), []);
        assert_eq!(rows(views.equity(scope, ALL).await), []);
        assert_eq!(rows(views.entries(scope, ALL).await), []);
    }
}

#[tokio::test]
async fn v_08_pages_follow_a_dense_number_of_the_account() {
    let world = world();
    let mut events = setup();
    events.extend((1..=7).map(|n| approved(ticket(n, u32::from(n % 2 == 0), Side::Buy, units(5)))));
    projected(&world, &[(NOON, events)]).await;
    let page = |before, limit| Page { before, limit };
    let numbers = async |page| {
        let found = world.views.orders(&ADA, page, true).await.unwrap();
        found.iter().map(|row| row.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers(page(None, 3)).await, [4, 3, 2]);
    assert_eq!(numbers(page(Some(2), 3)).await, [1]);
    assert_eq!(numbers(page(Some(1), 3)).await, [0i64; 0]);
    assert_eq!(numbers(page(None, 0)).await, [0i64; 0]);
    assert_eq!(numbers(page(None, u32::MAX)).await, [4, 3, 2, 1]);
}

/// Everything that can be read, as one text.
async fn everything(views: &Views) -> String {
    let mut text = String::new();
    for scope in [&ADA, &BOB] {
        text += &format!("{:?}", views.orders(scope, ALL, false).await.unwrap());
        text += &format!("{:?}", views.fills(scope, ALL).await.unwrap());
        text += &format!("{:?}", views.decisions(scope, ALL, None).await.unwrap());
        text += &format!("{:?}", views.equity(scope, ALL).await.unwrap());
        text += &format!("{:?}", views.entries(scope, ALL).await.unwrap());
    }
    text
}

#[tokio::test]
async fn v_09_projecting_again_or_anew_gives_the_same_rows() {
    let world = world();
    let batches = projected(&world, &round_trip()).await;
    let once = everything(&world.views).await;
    assert!(once.contains("50000.66666667"));
    assert_eq!(world.projection.checkpoint(P).await, Ok(Seq(3)));

    world.projection.project(batches.clone()).await.unwrap();
    world.projection.project(batches[1..2].to_vec()).await.unwrap();
    assert_eq!(everything(&world.views).await, once, "batches that are in are passed over");

    world.projection.reset().await.unwrap();
    assert_eq!(world.projection.checkpoint(P).await, Ok(Seq(0)));
    assert!(!everything(&world.views).await.contains("BTC-USD"));
    for batch in &batches {
        world.projection.project(vec![batch.clone()]).await.unwrap();
    }
    assert_eq!(everything(&world.views).await, once, "one by one gives what all at once gave");
}

#[tokio::test]
async fn v_10_what_does_not_follow_is_an_error_and_changes_nothing() {
    let world = world();
    let batches = Book::of(P, &round_trip());
    let refused = |told: Result<(), AppendError>, word: &str| {
        let Err(AppendError::Unavailable(why)) = told else { panic!("{told:?}") };
        assert!(why.contains(word), "{why}");
    };
    refused(world.projection.project(batches[1..].to_vec()).await, "missing or out of order");
    let nobody = Book::of(P, &round_trip()[1..]);
    refused(world.projection.project(nobody).await, "account 00000000 is not in the views");
    let nothing = Book::of(P, &[(NOON, vec![opened(0, &ADA), refusal()])]);
    refused(world.projection.project(nothing).await, "instrument 00000001 is not in the views");
    let no_order = Event::Acknowledged { order: OrderId::new(P, 77) };
    let stray = Book::of(P, &[(NOON, vec![no_order.clone()])]);
    refused(world.projection.project(stray).await, "order 000200000000004d is not in the views");
    let mut altered = batches.clone();
    altered[1].body[3] ^= 1;
    refused(world.projection.project(altered).await, "do not match their hash");
    let elsewhere = Book::of(PartitionId(5), &[(NOON, vec![])]);
    let third = Book::of(P, &[(NOON, setup()), (NOON, vec![no_order])]);
    let mixed = [elsewhere, third].concat();
    refused(world.projection.project(mixed).await, "order 000200000000004d");
    assert_eq!(world.projection.checkpoint(PartitionId(5)).await, Ok(Seq(0)), "all or nothing");
    assert_eq!(world.projection.checkpoint(P).await, Ok(Seq(0)), "not even the whole first batch");

    world.projection.project(batches.clone()).await.unwrap();
    let restored =
        Book::of(P, &[(later(5), setup()), (NOON, vec![]), (NOON, vec![]), (NOON, vec![])]);
    refused(world.projection.project(restored).await, "not chained");
}

#[tokio::test]
async fn v_11_partitions_have_accounts_of_the_same_number() {
    let world = world();
    let other = PartitionId(3);
    world.projection.project(Book::of(P, &[(NOON, vec![opened(0, &ADA)])])).await.unwrap();
    world.projection.project(Book::of(other, &[(NOON, vec![opened(0, &BOB)])])).await.unwrap();
    let amount = Money::whole(7);
    let entry = Entry::transfer(AccountNo(0), amount).unwrap();
    let paid = Event::Transferred { account: AccountNo(0), amount, entry };
    let batches = Book::of(other, &[(NOON, vec![opened(0, &BOB)]), (NOON, vec![paid])]);
    world.projection.project(batches.clone()).await.unwrap();
    assert_eq!(rows(world.views.entries(&ADA, ALL).await), []);
    assert_eq!(rows(world.views.entries(&BOB, ALL).await).len(), 2);
}

#[tokio::test]
async fn v_12_a_file_of_the_views_that_does_not_fit_is_made_anew() {
    let world = world();
    let batches = projected(&world, &round_trip()).await;
    let World { folder, views, projection, database } = world;
    drop((views, projection, database));
    let path = folder.path().join("nija-views.db");
    let database = open(folder.path());
    assert_eq!(database.projection().checkpoint(P).await, Ok(Seq(3)), "kept when it fits");
    drop(database);

    for version in [1, 99] {
        let raw = rusqlite::Connection::open(&path).unwrap();
        raw.pragma_update(None, "user_version", version).unwrap();
        drop(raw);
        let database = open(folder.path());
        assert_eq!(database.projection().checkpoint(P).await, Ok(Seq(0)), "schema {version}");
        database.projection().project(batches.clone()).await.unwrap();
    }

    std::fs::write(&path, "this is not a database, whatever its name says").unwrap();
    let database = open(folder.path());
    assert_eq!(database.projection().checkpoint(P).await, Ok(Seq(0)));
    database.projection().project(batches.clone()).await.unwrap();
    assert_eq!(rows(database.views().orders(&ADA, ALL, false).await).len(), 2);
}

/// Reads a list page by page and tells all numbers and rows.
async fn paged<T>(
    limit: u32,
    mut list: impl AsyncFnMut(Page) -> Result<Vec<Row<T>>, ReadError>,
) -> (Vec<i64>, Vec<T>) {
    let (mut numbers, mut rows, mut before) = (Vec::new(), Vec::new(), None);
    loop {
        let some = list(Page { before, limit }).await.unwrap();
        assert!(some.len() <= limit as usize);
        let Some(last) = some.last() else { return (numbers, rows) };
        before = Some(last.number);
        numbers.extend(some.iter().map(|row| row.number));
        rows.extend(some.into_iter().map(|row| row.row));
    }
}

#[tokio::test]
async fn v_13_a_long_history_is_paged_to_its_first_row() {
    const MANY: u64 = 900;
    let world = world();
    let mut book = Book { head: Head::default(), batches: Vec::new() };
    book.add(P, NOON, &setup());
    for n in 1..=MANY {
        let order = ticket(n, u32::from(n % 3 == 0), Side::Buy, units(1));
        let no = order.account;
        let entry = Entry::bought(no, Money::whole(50), Money::CENT).unwrap();
        let fill = filled(&order, n, (units(1), Price::whole(50_000)), entry);
        let mut events = vec![approved(order), fill];
        if n % 50 == 0 {
            events.push(refusal());
        }
        book.add(P, later(n.cast_signed()), &events);
    }
    // In transactions of all sizes, so that records of an account lie in many rows.
    let mut rest = book.batches.as_slice();
    for size in 1.. {
        let (some, more) = rest.split_at(rest.len().min(size));
        world.projection.project(some.to_vec()).await.unwrap();
        rest = more;
        if rest.is_empty() {
            break;
        }
    }

    let views = &world.views;
    let (numbers, orders) = paged(7, async |page| views.orders(&ADA, page, false).await).await;
    assert_eq!(numbers, (1..=600).rev().collect::<Vec<_>>());
    assert_eq!(orders[599].id, "0002000000000001");
    assert!(orders.iter().all(|order| order.state == "filled"));
    assert!(orders.is_sorted_by(|a, b| a.id > b.id));
    let (numbers, fills) = paged(9, async |page| views.fills(&ADA, page).await).await;
    assert_eq!(numbers, (1..=600).rev().collect::<Vec<_>>());
    assert!(fills.iter().zip(&orders).all(|(fill, order)| fill.order_id == order.id));
    let (numbers, entries) = paged(10, async |page| views.entries(&ADA, page).await).await;
    assert_eq!(numbers, (1..=1802).rev().collect::<Vec<_>>(), "three lines a fill, two a transfer");
    assert_eq!((entries[0].book.as_str(), entries[1801].book.as_str()), ("venue_fees", "cash"));
    let (numbers, all) = paged(8, async |page| views.decisions(&ADA, page, None).await).await;
    assert_eq!(numbers, (1..=618).rev().collect::<Vec<_>>());
    for kind in ["approved", "refused"] {
        let some = paged(2, async |page| views.decisions(&ADA, page, Some(kind)).await).await;
        let expected = numbers.iter().zip(&all).filter(|(_, row)| row.kind == kind);
        assert_eq!(some, expected.map(|(number, row)| (*number, row.clone())).unzip());
    }
    let (numbers, _) = paged(7, async |page| views.orders(&BOB, page, false).await).await;
    assert_eq!(numbers.len(), 300);
}

#[tokio::test]
async fn v_14_a_row_keeps_the_name_its_instrument_had_then() {
    let world = world();
    let Event::Listed { mut instrument } = listed() else { panic!("not a listing") };
    instrument.symbol = "XBT-USD".to_owned();
    let order = |n| approved(ticket(n, 0, Side::Buy, units(1)));
    let renamed = vec![order(1), Event::Listed { instrument }, order(2)];
    projected(&world, &[(NOON, setup()), (NOON, renamed)]).await;
    let orders = rows(world.views.orders(&ADA, ALL, false).await);
    assert_eq!([&*orders[0].symbol, &*orders[1].symbol], ["XBT-USD", "BTC-USD"]);
}

#[tokio::test]
async fn v_15_whoever_a_leg_belongs_to_sees_it() {
    let world = world();
    let leg = |no, cents| Leg {
        account: AccountNo(no),
        book: Account::Cash,
        amount: Money::from_raw(cents * Money::CENT.raw()),
    };
    let entry = Entry::new([leg(0, -3), leg(1, 1), leg(1, 2)]).unwrap();
    let given = Event::Transferred { account: AccountNo(0), amount: Money::CENT, entry };
    projected(&world, &[(NOON, setup()), (NOON, vec![given])]).await;
    let amounts = async |scope| {
        let found = rows(world.views.entries(scope, ALL).await);
        found.into_iter().map(|row| row.amount).collect::<Vec<_>>()
    };
    assert_eq!(amounts(&BOB).await, ["0.02", "0.01"]);
    assert_eq!(amounts(&ADA).await[0], "-0.03");
}
