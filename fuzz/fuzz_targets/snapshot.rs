//! Snapshots: a desk comes back or is refused, and one that is back is written the same way.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nija_core::desk::Desk;
use nija_core::journal::Head;
use nija_core::ports::Snapshot;
use nija_core::words::id::PartitionId;
use nija_fuzz::rules;

fuzz_target!(|data: &[u8]| {
    let state = *blake3::hash(data).as_bytes();
    let snapshot =
        Snapshot { partition: PartitionId(0), head: Head::default(), state, body: data.to_vec() };
    if let Ok(desk) = Desk::restore(&snapshot, rules())
        && let Some(first) = desk.snapshot()
    {
        let again = Desk::restore(&first, rules()).expect("what is written is read");
        assert_eq!(again.snapshot(), Some(first));
    }
});
