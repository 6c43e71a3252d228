//! Files of bars in Parquet; the last byte chooses what the file does not say about itself.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nija_engine::feeds::parquet;
use nija_fuzz::{drain, scratch, terms};

fuzz_target!(|data: &[u8]| {
    let Some(file) = scratch("bars.parquet", data) else { return };
    if let Ok(mut bars) = parquet::open(&file, terms(data.last().copied().unwrap_or(0))) {
        drain(&mut bars);
    }
});
