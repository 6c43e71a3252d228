//! The laws: what must hold whatever goes wrong. Most are held after every step; those of the last section when
//! everything has come to rest. What is judged while it happens stands in `auditor` and `venue`.

use crate::auditor::{Account, Auditor, Place};
use crate::copying::errands_of;
use crate::disk::Disk;
use crate::process::{Ground, PARTITIONS, Process};
use crate::truth::Truth;
use crate::venue::Record;
use nija_core::desk::Desk;
use nija_core::desk::answer::{AccountView, Query, View};
use nija_core::journal::Head;
use nija_core::ledger::chart::Book;
use nija_core::ports::Journal;
use nija_core::words::id::{OrderId, PartitionId};
use nija_core::words::money::Money;
use nija_core::words::order::{Fill, OrderState, Outcome};
use nija_core::words::time::{Span, Timestamp};
use nija_engine::recovery::replay;
use std::collections::BTreeMap;

/// How long the fate of an order may stay unknown while its venue can be asked.
const UNKNOWN_FOR: Span = Span::seconds(60);

/// Holds the desks to everything that must be true at any time.
pub(crate) fn always(ground: &Ground, process: &Process) {
    let auditor = ground.auditor.lock().unwrap();
    let truth = &ground.truth;
    for (&place, account) in &auditor.accounts {
        let desk = &process.partitions.desks()[usize::from(place.0.0)];
        let View::Account(view) = desk.query(&Query::Account(account.id)) else {
            truth.breach("acknowledged is recovered", format!("account {} is gone", account.id));
            continue;
        };
        ledger_sums_to_zero(truth, &view);
        desk_and_journal_agree_on_money(truth, &auditor, place, &view);
        desk_and_journal_agree_on_positions(truth, &auditor, place, &view);
        peak_covers_equity(truth, &view);
        oddities_are_told(truth, account);
    }
    desk_and_journal_agree_on_orders(truth, &auditor, process);
}

/// Over all books of an account the balances sum to zero.
fn ledger_sums_to_zero(truth: &Truth, view: &AccountView) {
    if view.books.sum() != 0 {
        truth.breach("the ledger sums to zero", format!("{}: {}", view.id, view.books.sum()));
    }
}

/// Cash and claims are what the journal's entries and open orders add up to.
fn desk_and_journal_agree_on_money(truth: &Truth, by: &Auditor, at: Place, view: &AccountView) {
    let (cash, claimed) = (by.cash(at), by.claimed(at));
    if (view.cash.raw(), view.reserved.raw()) != (cash, claimed) {
        let (has, holds) = (view.cash, view.reserved);
        let what = format!("{}: {has} and {holds}, not {cash} and {claimed}", view.id);
        truth.breach("reserved and spent stay within capital", what);
    }
    let cost = view.positions.iter().fold(Money::ZERO, |sum, p| sum.saturating_add(p.cost));
    if view.books.balance(Book::Positions) != cost {
        truth.breach("the ledger sums to zero", format!("{}: positions cost {cost}", view.id));
    }
}

/// A position is the sum of its fills.
fn desk_and_journal_agree_on_positions(truth: &Truth, by: &Auditor, at: Place, view: &AccountView) {
    let held = by.accounts[&at].held.iter().filter(|(_, qty)| **qty != 0);
    let held: BTreeMap<_, _> = held.map(|(id, qty)| (*id, *qty)).collect();
    let shown: BTreeMap<_, _> =
        view.positions.iter().map(|p| (p.instrument, p.qty.raw())).collect();
    if held != shown {
        let what = format!("{}: {shown:?}, not {held:?}", view.id);
        truth.breach("positions are the sum of fills", what);
    }
}

/// The desk's open orders are those that the journal opened and did not end.
fn desk_and_journal_agree_on_orders(truth: &Truth, by: &Auditor, process: &Process) {
    let open = by.orders.values().filter(|kept| !kept.state.is_final());
    let kept: BTreeMap<_, _> = open.map(|k| (k.ticket.id, (k.state, k.filled()))).collect();
    let outstanding = process.outstanding().into_iter();
    let known: BTreeMap<_, _> =
        outstanding.map(|o| (o.ticket.id, (o.state, o.filled.raw()))).collect();
    if kept != known {
        truth.breach("open orders are those of the journal", format!("{known:?}, not {kept:?}"));
    }
}

/// The highest equity is never below the equity.
fn peak_covers_equity(truth: &Truth, view: &AccountView) {
    if view.peak < view.equity {
        let what = format!("{}: {} below {}", view.id, view.peak, view.equity);
        truth.breach("the high-water mark covers equity", what);
    }
}

/// Where a venue sold more than was held, or filled more than was ordered, a person is called.
fn oddities_are_told(truth: &Truth, account: &Account) {
    if account.odd && !account.called {
        truth.breach("oddities are told", format!("account {}", account.id));
    }
}

/// What was acknowledged stands in the journal as it was acknowledged.
pub(crate) fn acknowledged_is_recovered(
    truth: &Truth,
    disk: &Disk,
    told: &BTreeMap<PartitionId, Head>,
) {
    for (partition, head) in told {
        let before = nija_core::words::id::Seq(head.seq.0.saturating_sub(1));
        let there = disk.behind(*partition, before).first().map(|batch| batch.hash);
        if head.seq.0 > 0 && there != Some(head.hash) {
            truth.breach("acknowledged is recovered", format!("{partition}: batch {}", head.seq.0));
        }
    }
}

/// A replay from the first batch leads to the state that the living desk has.
pub(crate) async fn replay_agrees(ground: &Ground, process: &Process) {
    for desk in process.partitions.desks() {
        let empty = Desk::new(desk.partition(), ground.rules.clone());
        match replay(&*ground.disk, empty, |_| {}).await {
            Ok(again) if again.state_hash() == desk.state_hash() => {}
            Ok(_) => ground.truth.breach("a replay leads to the same state", "from zero"),
            Err(why) => ground.truth.breach("the chain is whole", why.to_string()),
        }
    }
}

/// The newest snapshot and the batches behind it lead to the same state.
pub(crate) async fn snapshot_agrees(ground: &Ground, process: &Process) {
    for desk in process.partitions.desks() {
        let partition = desk.partition();
        let Ok(Some(kept)) = ground.disk.snapshot(partition).await else { continue };
        let Ok(restored) = Desk::restore(&kept, ground.rules.clone()) else { continue };
        match replay(&*ground.disk, restored, |_| {}).await {
            Ok(again) if again.state_hash() == desk.state_hash() => {}
            Ok(_) => ground.truth.breach("a replay leads to the same state", "from a snapshot"),
            Err(why) => ground.truth.breach("the chain is whole", why.to_string()),
        }
    }
}

/// No order that may be at the venue stays without news for longer than a minute in which it could be asked.
pub(crate) fn nothing_stays_unknown(
    ground: &Ground,
    process: &Process,
    sent: &BTreeMap<OrderId, Timestamp>,
) {
    let now = ground.truth.now();
    for order in process.outstanding().iter().filter(|o| o.state == OrderState::Approved) {
        let Some(&at) = sent.get(&order.ticket.id) else { continue };
        let since = at.max(ground.venue.down_until());
        if now.since(since) > UNKNOWN_FOR {
            let what = format!("order {} since {since}", order.ticket.id);
            ground.truth.breach("no order stays unknown", what);
        }
    }
}

/// At rest: every order of the journal is at the venue exactly once, or lapsed and never was there; the venue has
/// no other; and every fill of the venue is booked, or told to a person where it cannot be.
pub(crate) fn venue_and_journal_agree(ground: &Ground) {
    let (truth, log) = (&ground.truth, ground.venue.log());
    let auditor = ground.auditor.lock().unwrap();
    let law = "the venue's orders are the journal's, one to one";
    for (id, record) in &log {
        if !auditor.orders.contains_key(id) {
            truth.breach(law, format!("the venue has order {id}, the journal has not"));
        }
        if record.arrivals != 1 {
            truth.breach(law, format!("order {id} arrived {} times", record.arrivals));
        }
    }
    for (id, kept) in &auditor.orders {
        let there = log.get(id);
        let gone = kept.state == OrderState::Lapsed;
        if gone == there.is_some() || kept.state == OrderState::Approved {
            let where_ = if there.is_some() { "at the venue" } else { "not at the venue" };
            truth.breach(law, format!("order {id} is {:?} and {where_}", kept.state));
        }
        let traded = there.map_or(0, filled);
        let told: i64 = kept.told.values().map(|fill| fill.qty.raw()).sum();
        let booked = kept.filled();
        if traded != booked + told {
            let what = format!("order {id} ({:?}): {booked} booked, {traded} traded", kept.state);
            truth.breach("positions are the sum of the venue's fills", what);
        }
    }
}

fn filled(record: &Record) -> i64 {
    let fill = |outcome: &Outcome| match outcome {
        Outcome::Filled(Fill { qty, .. }) => qty.raw(),
        _ => 0,
    };
    record.story.iter().map(|report| fill(&report.outcome)).sum()
}

/// Nothing is on its way between partitions, and no outbox holds anything.
pub(crate) fn everything_has_arrived(ground: &Ground, process: &Process) {
    let (truth, mut auditor) = (&ground.truth, ground.auditor.lock().unwrap());
    for (law, what) in auditor.copies.at_rest() {
        truth.breach(law, what);
    }
    let clearing = auditor.house.get(&Book::Clearing).copied().unwrap_or(0);
    let desks = process.partitions.desks().iter();
    let kept: i128 = desks.map(|desk| desk.book_total(Book::Clearing)).sum();
    if (clearing, kept) != (0, 0) {
        truth.breach("clearing is zero at rest", format!("{clearing} and {kept}"));
    }
    for partition in (0..PARTITIONS).map(PartitionId) {
        if !errands_of(&process.partitions, partition).is_empty() {
            truth.breach("what is sent arrives once", format!("{partition} has parcels"));
        }
    }
}

/// Every partition can be verified by the product's own check.
pub(crate) async fn product_verifies(ground: &Ground) {
    for partition in (0..PARTITIONS).map(PartitionId) {
        match nija_engine::recovery::verify(&*ground.disk, partition, &ground.rules).await {
            Ok(found) if found.trial_balance == 0 => {}
            Ok(found) => {
                let what = format!("trial balance {}", found.trial_balance);
                ground.truth.breach("the ledger sums to zero", what);
            }
            Err(why) => ground.truth.breach("the chain is whole", why.to_string()),
        }
    }
}
