//! The approval inside a release cannot be taken out for another.
use nija_core::commit::Release;
use nija_core::desk::held::Act;

fn take(release: &Release) -> Act {
    *release.act()
}

fn main() {}
