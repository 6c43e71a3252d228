//! A release cannot be written down, not even out of a real approval and a real release.
use nija_core::commit::Release;
use nija_core::desk::held::Act;
use nija_core::risk::approval::Approved;

fn readdress(approved: Approved, release: Release) -> Release {
    Release { act: Act::Place(approved), ..release }
}

fn main() {}
