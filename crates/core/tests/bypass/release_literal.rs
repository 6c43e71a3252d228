//! A release cannot be written down, not even around a real approval.
use nija_core::commit::Release;
use nija_core::desk::held::Act;
use nija_core::risk::approval::Approved;

fn release(approved: Approved) -> Release {
    Release { act: Act::Place(approved) }
}

fn main() {}
