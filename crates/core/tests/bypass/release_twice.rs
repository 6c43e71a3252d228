//! One release is one sending: whoever gave it away has it no more, and it cannot be copied.
use nija_core::commit::Release;

fn send(release: Release) -> Vec<Release> {
    let copy = Release::clone(&release);
    vec![release, release, copy]
}

fn main() {}
