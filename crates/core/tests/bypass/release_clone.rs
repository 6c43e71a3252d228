//! A release cannot be copied.
use nija_core::commit::Release;

fn copy(release: &Release) -> Release {
    Release::clone(release)
}

fn main() {}
