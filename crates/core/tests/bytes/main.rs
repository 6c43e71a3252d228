//! Bytes of the journal: what was ever written reads back for ever, and nothing that is read can harm.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod learned;
mod samples;
mod tables;

use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::desk::event::Event;
use nija_core::desk::{Desk, Rules};
use nija_core::journal::{Batch, Head};
use nija_core::ledger::entry::Entry;
use nija_core::ports::Snapshot;
use nija_core::words::id::{AccountId, AccountNo, Epoch, PartitionId, SignalId};
use nija_core::words::money::Money;
use nija_core::words::order::Origin;
use nija_core::words::signal::StrategyName;
use nija_core::words::tier::{DEFAULT_TABLE, TierTable};
use nija_core::words::time::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

fn golden(number: u32) -> Vec<Vec<u8>> {
    let path = format!("{}/tests/golden/{number:02}.hex", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|_| panic!("event {number} has no golden file"));
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    text.lines().map(|line| line.as_bytes().chunks(2).map(byte).collect()).collect()
}

#[test]
fn golden_bytes_decode_for_ever_and_encode_the_same() {
    let numbers: BTreeSet<u32> = samples::events().iter().map(samples::number).collect();
    let last = numbers.last().copied().unwrap();
    assert_eq!(numbers, (0..=last).collect(), "every number has a sample");
    for number in 0..=last {
        let lines = golden(number);
        assert!(!lines.is_empty());
        for bytes in lines {
            let event: Event = minicbor::decode(&bytes).unwrap();
            assert_eq!(samples::number(&event), number);
            assert_eq!(
                bytes[1],
                if number < 24 { number as u8 } else { 0x18 },
                "the number itself"
            );
            assert_eq!(minicbor::to_vec(&event).unwrap(), bytes, "{event:?}");
        }
    }
}

#[test]
fn every_sample_stands_in_the_golden_files() {
    for event in samples::events() {
        let (number, bytes) = (samples::number(&event), minicbor::to_vec(&event).unwrap());
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = format!("tests/golden/{number:02}.hex");
        assert!(
            Path::new(env!("CARGO_MANIFEST_DIR")).join(&path).exists()
                && golden(number).contains(&bytes),
            "append this line to {path}; no line that is there may change or go:\n{hex}\n{event:?}"
        );
    }
}

#[test]
fn a_field_of_a_newer_program_is_passed_over() {
    let (strategy, signal) = (StrategyName::EtfRotation, SignalId(12));
    let origin = Origin::Strategy { strategy, signal, version: Some(300) };
    let mut bytes = minicbor::to_vec(origin).unwrap();
    // One element more in the array of its fields, at its end.
    assert_eq!(bytes[..3], [0x82, 0x01, 0x83]);
    bytes[2] += 1;
    bytes.push(0x07);
    assert_eq!(minicbor::decode::<Origin>(&bytes).unwrap(), origin);
}

fn rules() -> Arc<Rules> {
    let plans = Plans::parse(DEFAULT_PLANS).unwrap();
    Arc::new(Rules::new(TierTable::parse(DEFAULT_TABLE).unwrap(), plans, Money::whole(10)))
}

fn batch(body: Vec<u8>, count: u32) -> Batch {
    let (partition, at) = (PartitionId(0), Timestamp(1));
    Batch::chained(partition, Epoch(0), at, &Head::default(), (count, body))
}

fn snapshot(body: Vec<u8>) -> Snapshot {
    let state = *blake3::hash(&body).as_bytes();
    Snapshot { partition: PartitionId(0), head: Head::default(), state, body }
}

/// Reads bytes in every way in which the core reads any. Errors are fine, panics and huge requests are not.
fn read(body: &[u8]) {
    for count in [1, 2, u32::MAX] {
        let _ = batch(body.to_vec(), count).events();
    }
    let _ = minicbor::decode::<Entry>(body);
    let _ = Desk::restore(&snapshot(body.to_vec()), rules());
}

/// A desk with an account, a position, a stop and keys, for its snapshot's bytes.
fn lived() -> Vec<u8> {
    let mut desk = Desk::new(PartitionId(0), rules());
    let mut head = Head::default();
    // The samples speak of the fourth account.
    let opened = samples::events().into_iter().find(|event| samples::number(event) == 7);
    let first = (0..3).filter_map(|n| match opened.clone()? {
        Event::AccountOpened { user, tier, tolerance, day_starts, .. } => {
            let (id, no) = (AccountId(100 + u128::from(n)), AccountNo(n));
            Some(Event::AccountOpened { id, no, user, tier, tolerance, day_starts })
        }
        _ => None,
    });
    // Nothing closes, so that an order stays open over its holding.
    let rest = samples::events().into_iter().filter(|event| samples::number(event) != 16);
    for (n, event) in first.chain(rest).enumerate() {
        // Those that fit an empty desk; the others are turned away and leave it as it was.
        let mut next = Desk::new(PartitionId(0), rules());
        if let Some(snapshot) = desk.snapshot() {
            next = Desk::restore(&snapshot, rules()).unwrap();
        }
        let at = Timestamp(1_800_000_000_000_000 + n as i64);
        let body = (1, minicbor::to_vec(&event).unwrap());
        let batch = Batch::chained(PartitionId(0), Epoch(0), at, &head, body);
        if next.replay(&batch).is_ok() {
            head = *next.head();
            desk = next;
        }
    }
    desk.snapshot().unwrap().body
}

#[test]
fn lengths_that_lie_reserve_nothing() {
    for first in [0x9bu8, 0xbb, 0x5b, 0x7b] {
        for size in [u64::MAX, 1 << 60, 1 << 40, 1 << 33] {
            let mut lie = vec![first];
            lie.extend(size.to_be_bytes());
            for number in 0..24u8 {
                // Behind an event's number, and one level further in.
                let mut body = vec![0x82, number];
                body.extend(&lie);
                read(&body);
                let mut deeper = vec![0x82, number, 0x83, 0x01, 0x02];
                deeper.extend(&lie);
                read(&deeper);
            }
            read(&lie);
            let mut state = vec![0x82, 0x00];
            state.extend(&lie);
            read(&state);
        }
    }
}

#[test]
fn nesting_without_end_is_an_error() {
    for byte in [0x81u8, 0x9f, 0xa1, 0xbf, 0xc1, 0xd8] {
        read(&vec![byte; 200_000]);
        let mut body = vec![0x82, 0x0c, 0x83];
        body.extend(vec![byte; 100_000]);
        read(&body);
        // An unknown field is skipped, however deep it is.
        let mut unknown = vec![0x82, 0x00, 0x98, 0x20, 0x00];
        unknown.extend(vec![byte; 100_000]);
        read(&unknown);
    }
}

#[test]
fn a_batch_of_another_partition_is_no_continuation() {
    let (partition, at) = (PartitionId(9), Timestamp(1));
    let body = minicbor::to_vec(Event::Clock { at }).unwrap();
    let batch = Batch::chained(partition, Epoch(0), at, &Head::default(), (1, body));
    assert!(Desk::new(PartitionId(0), rules()).replay(&batch).is_err());
    assert!(Desk::new(partition, rules()).replay(&batch).is_ok());
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
    #![proptest_config(config(600))]

    #[test]
    fn random_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
        read(&body);
    }

    #[test]
    fn changed_events_are_read_or_refused(
        pick in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let events = samples::events();
        let mut body = minicbor::to_vec(&events[pick.index(events.len())]).unwrap();
        let part = body[..cut.index(body.len())].to_vec();
        prop_assert!(batch(part, 1).events().is_err(), "a part of an event is none");
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        read(&body);
        if let Ok(events) = batch(body.clone(), 1).events() {
            let again = minicbor::to_vec(&events[0]).unwrap();
            prop_assert_eq!(minicbor::decode::<Event>(&again).unwrap(), events[0].clone());
        }
    }

    #[test]
    fn changed_snapshots_are_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::weighted(0.3, any::<prop::sample::Index>()),
    ) {
        let good = LIVED.with(Clone::clone);
        prop_assert!(Desk::restore(&snapshot(good.clone()), rules()).is_ok());
        let mut body = good;
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        if let Some(cut) = cut {
            body.truncate(cut.index(body.len()));
        }
        let wrong = Snapshot { state: [7; 32], ..snapshot(body.clone()) };
        prop_assert!(Desk::restore(&wrong, rules()).is_err());
        read(&body);
    }
}

thread_local! {
    static LIVED: Vec<u8> = lived();
}

#[test]
fn the_snapshot_under_test_has_something_in_it() {
    let size = LIVED.with(Vec::len);
    assert!(size > 700, "{size}");
}
