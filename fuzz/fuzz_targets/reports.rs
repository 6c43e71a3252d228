//! Tables of companies' reports and playbooks, as an operator may hand them in.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nija_core::words::id::InstrumentId;
use nija_market::earnings;
use nija_market::playbook::Playbook;

fuzz_target!(|text: &str| {
    let find = |symbol: &str| (symbol.len() < 3).then_some(InstrumentId(1));
    if let Ok(reports) = earnings::read(text, find) {
        assert!(reports.is_sorted_by_key(|report| report.known_at));
    }
    let _ = Playbook::parse(text);
});
