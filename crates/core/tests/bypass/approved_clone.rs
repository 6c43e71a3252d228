//! One approval is one order: it cannot be copied.
use nija_core::risk::approval::Approved;

fn twice(one: &Approved) -> Approved {
    Approved::clone(one)
}

fn main() {}
