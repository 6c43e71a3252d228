//! A batch with effects is made by a desk, not by hand.
use nija_core::desk::held::Held;
use nija_core::journal::Batch;

fn make(batch: Batch) -> Held {
    Held::new(batch, Vec::new(), Vec::new())
}

fn main() {}
