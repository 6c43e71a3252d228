//! Random lives of a subscription: whatever is asked and however time passes, the money adds up, nothing happens
//! twice, and the steps alone give the same subscription.

use crate::histories;
use crate::house::{House, plan};
use nija_core::billing::invoice::InvoiceNo;
use nija_core::billing::plans::Cycle;
use nija_core::billing::subscription::request::{Refused, Request};
use nija_core::billing::subscription::step::Step;
use nija_core::billing::subscription::{Context, Phase, Subscription};
use nija_core::words::id::PartitionId;
use nija_core::words::money::Money;
use nija_core::words::tier::Tier;
use nija_core::words::time::Span;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// What happens next.
#[derive(Clone, Debug)]
enum Turn {
    Hours(u16),
    EndOfTerm,
    Subscribe(usize, bool),
    Change(usize, bool),
    Cancel,
    Reactivate,
    /// So many percent of what is lacking, or cents where nothing is.
    Pay(u8),
    /// Of one of the invoices ever issued.
    PayFor(u8, u32),
    Repeat,
    Fail,
    /// Of one of the paid ones, so many percent, and service ends?
    Refund(u8, u8, bool),
    Void,
    PayOut(u8),
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        4 => (1u16..900).prop_map(Turn::Hours),
        2 => Just(Turn::EndOfTerm),
        3 => (0usize..7, any::<bool>()).prop_map(|(t, a)| Turn::Subscribe(t, a)),
        4 => (0usize..7, any::<bool>()).prop_map(|(t, a)| Turn::Change(t, a)),
        1 => Just(Turn::Cancel),
        2 => Just(Turn::Reactivate),
        8 => prop_oneof![4 => Just(100u8), 1 => 1u8..250].prop_map(Turn::Pay),
        1 => (any::<u8>(), 1u32..20_000).prop_map(|(n, c)| Turn::PayFor(n, c)),
        1 => Just(Turn::Repeat),
        1 => Just(Turn::Fail),
        2 => (any::<u8>(), 1u8..120, any::<bool>()).prop_map(|(n, p, e)| Turn::Refund(n, p, e)),
        1 => Just(Turn::Void),
        1 => (1u8..120).prop_map(Turn::PayOut),
    ]
}

fn part(of: Money, percent: u8) -> Money {
    Money::from_raw(of.raw() / 1_000_000 * i64::from(percent) / 100 * 1_000_000)
}

fn wanted(tier: usize, annual: bool) -> nija_core::billing::plans::Plan {
    plan(Tier::ALL[tier], if annual { Cycle::Annual } else { Cycle::Monthly })
}

/// What one turn asks for, if it asks at all.
fn request(house: &House, turn: &Turn) -> Option<Request> {
    let subscription = &house.subscription;
    let open = subscription.open().map(|open| open.invoice);
    let reference = format!("turn {}", house.steps.len());
    let last = InvoiceNo { partition: PartitionId(3), count: house.context().invoices };
    Some(match *turn {
        Turn::Hours(_) | Turn::EndOfTerm => return None,
        Turn::Subscribe(tier, annual) => Request::Subscribe(wanted(tier, annual)),
        Turn::Change(tier, annual) => Request::Change(wanted(tier, annual)),
        Turn::Cancel => Request::Cancel,
        Turn::Reactivate => Request::Reactivate,
        Turn::Pay(percent) => {
            let amount = part(subscription.to_pay()?, percent);
            Request::Pay { invoice: open?, amount, reference }
        }
        Turn::PayFor(number, cents) => Request::Pay {
            invoice: InvoiceNo { count: u32::from(number) % last.count.max(1) + 1, ..last },
            amount: Money::from_raw(i64::from(cents) * 1_000_000),
            reference,
        },
        Turn::Repeat => house.steps.iter().rev().find_map(|step| match step {
            Step::Received { invoice, amount, reference, .. } => {
                let (amount, reference) = (*amount, reference.clone());
                Some(Request::Pay { invoice: *invoice, amount, reference })
            }
            _ => None,
        })?,
        Turn::Fail => Request::Fail { invoice: open?, reason: "declined".into() },
        Turn::Refund(number, percent, ends) => {
            let paid = subscription.paid();
            let paid = paid.get(usize::from(number) % paid.len().max(1))?;
            let amount = part(paid.left(), percent);
            Request::Refund { invoice: paid.invoice, amount, why: "asked".into(), ends }
        }
        Turn::Void => Request::Void(open?),
        Turn::PayOut(percent) => {
            Request::PayOut { amount: part(subscription.credit(), percent), why: "asked".into() }
        }
    })
}

fn take(house: &mut House, turn: &Turn) -> Result<(), TestCaseError> {
    let repeated = matches!(turn, Turn::Repeat);
    match turn {
        Turn::Hours(hours) => drop(house.wait(Span::seconds(i64::from(*hours) * 3_600))),
        Turn::EndOfTerm if house.subscription.until().is_some() => drop(house.end_of_term()),
        _ => {
            if let Some(request) = request(house, turn) {
                let received = house.books.received;
                let answer = house.ask(&request);
                prop_assert!(answer != Err(Refused::Range), "{:?}", request);
                // What comes in is booked, and once.
                match request {
                    Request::Pay { amount, .. } if amount.is_positive() => {
                        prop_assert!(answer.is_ok());
                        let grew = house.books.received.saturating_sub(received);
                        prop_assert_eq!(grew, if repeated { Money::ZERO } else { amount });
                    }
                    _ => prop_assert_eq!(house.books.received, received),
                }
            }
        }
    }
    Ok(())
}

/// The money adds up, in total and invoice by invoice.
fn adds_up(house: &House) -> Result<(), TestCaseError> {
    let (books, subscription) = (house.books, &house.subscription);
    prop_assert!(books.balances());
    prop_assert_eq!(books.credit, subscription.credit());
    prop_assert_eq!(books.deferred, subscription.deferred());
    for amount in [books.credit, books.deferred, books.tax, books.earned] {
        prop_assert!(!amount.is_negative());
        prop_assert_eq!(amount.raw() % 1_000_000, 0, "whole cents");
    }
    for paid in subscription.paid() {
        for amount in [paid.deferred, paid.earned(), paid.net_left(), paid.tax_left()] {
            prop_assert!(!amount.is_negative(), "{:?}", paid);
        }
    }
    // Only what is served is deferred.
    let served = matches!(subscription.phase(), Phase::Active);
    prop_assert!(served || books.deferred.is_zero());
    prop_assert!(
        matches!(subscription.phase(), Phase::Waiting | Phase::PastDue | Phase::Active)
            || subscription.open().is_none()
    );
    Ok(())
}

/// Time that has been dealt with brings nothing more, and the next thing comes when it was told.
fn wakes(house: &House) -> Result<(), TestCaseError> {
    let subscription = &house.subscription;
    prop_assert!(subscription.due(&house.context()).is_empty());
    if let Some(next) = subscription.wakes(&house.plans) {
        prop_assert!(next > house.now);
        let due = |now| subscription.due(&Context { now, ..house.context() });
        prop_assert!(due(next.plus(Span(-1))).is_empty());
        prop_assert!(!due(next).is_empty());
    } else {
        prop_assert!(subscription.serves().is_none());
    }
    Ok(())
}

/// The steps alone, read back from bytes, give the same subscription, and none is there twice.
fn replays(house: &House) -> Result<(), TestCaseError> {
    let mut again = Subscription::new();
    let (mut invoices, mut settled, mut months) = (0, BTreeSet::new(), BTreeSet::new());
    let mut trials = 0;
    for step in &house.steps {
        let bytes = minicbor::to_vec(step).unwrap();
        let step: Step = minicbor::decode(&bytes).unwrap();
        prop_assert!(again.apply(&step).is_some());
        match step {
            Step::Invoiced { invoice, .. } => {
                invoices += 1;
                prop_assert_eq!(invoice.number.count, invoices);
            }
            Step::Settled { invoice, .. } => prop_assert!(settled.insert(invoice)),
            Step::Earned { parts, at, .. } => {
                for part in parts {
                    prop_assert!(months.insert((part.invoice, at)));
                }
            }
            Step::Lapsed { invoice, .. } | Step::Voided { invoice, .. } => {
                prop_assert!(!settled.contains(&invoice));
            }
            Step::TrialBegan { .. } => trials += 1,
            _ => {}
        }
    }
    prop_assert!(trials <= 1);
    prop_assert_eq!(&again, &house.subscription);
    let bytes = minicbor::to_vec(&again).unwrap();
    prop_assert_eq!(&minicbor::decode::<Subscription>(&bytes).unwrap(), &again);
    Ok(())
}

proptest! {
    #![proptest_config(histories(3_000))]

    #[test]
    fn whatever_is_asked_the_money_adds_up(
        turns in prop::collection::vec(turn(), 1..60), trial in 0u8..2, tax in 0u8..3, coupon in 0u8..30,
    ) {
        let (trial, tax) = (format!("trial_days = {}", trial * 14), ["0", "8.1", "19"][usize::from(tax)]);
        let (tax, coupon) = (format!("tax_pct = {tax:?}"), format!("coupon_pct = \"{coupon}\""));
        let mut house = House::with(&[
            ("trial_days = 14", &trial), ("tax_pct = \"0\"", &tax), ("coupon_pct = \"20\"", &coupon),
        ]);
        for turn in &turns {
            take(&mut house, turn)?;
            adds_up(&house)?;
            wakes(&house)?;
        }
        replays(&house)?;
    }

    /// However often one looks, the same happens: a long silence is the sum of its days.
    #[test]
    fn a_long_silence_brings_what_its_days_would(
        turns in prop::collection::vec(turn(), 1..20), days in 1u16..60,
    ) {
        let [mut daily, mut once] = [House::strict(), House::strict()];
        for turn in &turns {
            take(&mut daily, turn)?;
            take(&mut once, turn)?;
        }
        // What is asked for late is due late; until then nothing may differ.
        let quiet = once.subscription.until().filter(|_| once.subscription.phase() == Phase::Active);
        let most = quiet.map_or(days, |until| {
            u16::try_from((until.since(once.now).0 - 1).max(0) / Span::DAY.0).unwrap().min(days)
        });
        for _ in 0..most {
            daily.days(1);
        }
        once.days(most);
        prop_assert_eq!(&daily.subscription, &once.subscription);
        prop_assert_eq!(&daily.steps, &once.steps);
    }

    /// A state that was tampered with may be refused or wrong, but nothing panics or runs on.
    #[test]
    fn spoiled_bytes_are_safe(
        turns in prop::collection::vec(turn(), 1..20),
        spoiled in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), then in turn(),
    ) {
        let mut house = House::strict();
        for turn in &turns {
            take(&mut house, turn)?;
        }
        let mut bytes = minicbor::to_vec(&house.subscription).unwrap();
        for (index, byte) in spoiled {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(mut subscription) = minicbor::decode::<Subscription>(&bytes) {
            for step in subscription.due(&house.context()) {
                let _ = subscription.apply(&step);
            }
            if let Some(request) = request(&house, &then) {
                let _ = subscription.decide(&request, &house.context());
            }
            let _ = (subscription.wakes(&house.plans), subscription.to_pay(), subscription.month());
            for step in &house.steps {
                let _ = subscription.apply(step);
            }
        }
    }
}
