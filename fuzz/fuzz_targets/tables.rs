//! Tables that an operator may put in the place of the shipped ones: as they are, or a shipped one with a part
//! replaced.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::words::catalog;
use nija_core::words::tier::{DEFAULT_TABLE, TierTable};
use nija_market::playbook::{Playbook, SHIPPED};

const INSTRUMENTS: &str = include_str!("../../crates/nija/data/instruments.toml");

fuzz_target!(|input: (u16, u8, &str)| {
    let (at, length, text) = input;
    let spoiled = |table: &str| {
        let (mut start, mut end) = (usize::from(at) % table.len(), 0);
        while !table.is_char_boundary(start) {
            start -= 1;
        }
        end = end.max(start + usize::from(length)).min(table.len());
        while !table.is_char_boundary(end) {
            end += 1;
        }
        [&table[..start], text, &table[end..]].concat()
    };
    let shipped = [DEFAULT_TABLE, DEFAULT_PLANS, INSTRUMENTS, SHIPPED];
    for [tiers, plans, instruments, playbook] in [[text; 4].map(str::to_owned), shipped.map(spoiled)] {
        let _ = TierTable::parse(&tiers);
        let _ = Plans::parse(&plans);
        let _ = catalog::parse(&instruments);
        let _ = Playbook::parse(&playbook);
    }
});
