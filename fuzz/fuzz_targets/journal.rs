//! Bodies of batches: events are read or refused, and what is read is written the same way twice.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nija_core::desk::event::Event;
use nija_core::journal::{Batch, Head};
use nija_core::words::id::{Epoch, PartitionId};
use nija_core::words::time::Timestamp;
use nija_fuzz::desk;

fuzz_target!(|data: &[u8]| {
    let Some((&count, body)) = data.split_first() else { return };
    let batch = Batch::chained(
        PartitionId(0),
        Epoch(0),
        Timestamp(1),
        &Head::default(),
        (count.into(), body.to_vec()),
    );
    if let Ok(events) = batch.events() {
        for event in events {
            let bytes = minicbor::to_vec(&event).expect("an event is written");
            let again: Event = minicbor::decode(&bytes).expect("what is written is read");
            assert_eq!(minicbor::to_vec(&again).expect("an event is written"), bytes);
        }
    }
    // Events that read may still not fit each other.
    let _ = desk().replay(&batch);
});
