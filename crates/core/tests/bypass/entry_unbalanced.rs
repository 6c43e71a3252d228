//! An entry cannot be written down past the check that it balances.
use nija_core::ledger::entry::Entry;

fn main() {
    let _ = Entry { legs: Vec::new() };
}
