//! Files of quotes and trades, plain or compressed; the first byte chooses.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nija_core::words::id::InstrumentId;
use nija_engine::feeds::ticks::{Content, open};
use nija_fuzz::{drain, scratch};

fuzz_target!(|data: &[u8]| {
    let Some((&byte, text)) = data.split_first() else { return };
    let name = if byte & 1 == 0 { "ticks.csv" } else { "ticks.csv.zst" };
    let Some(file) = scratch(name, text) else { return };
    let content = if byte & 2 == 0 { Content::Quotes } else { Content::Trades };
    if let Ok(mut ticks) = open(&file, content, InstrumentId(1), byte & 4 != 0) {
        drain(&mut ticks);
    }
});
