//! Files of bars in CSV; the first byte chooses what the file does not say about itself.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nija_engine::feeds::csv;
use nija_fuzz::{drain, terms};

fuzz_target!(|data: &[u8]| {
    let Some((&byte, text)) = data.split_first() else { return };
    if let Ok(mut bars) = csv::read("fuzz", std::io::Cursor::new(text.to_vec()), terms(byte)) {
        drain(&mut bars);
    }
});
