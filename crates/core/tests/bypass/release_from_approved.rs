//! An approval does not turn into a release: only the commit makes one.
use nija_core::commit::Release;
use nija_core::risk::approval::Approved;

fn convert(approved: Approved) -> Release {
    approved.into()
}

fn main() {}
