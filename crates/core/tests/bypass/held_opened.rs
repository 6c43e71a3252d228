//! What a batch holds back cannot be taken out around the commit.
use nija_core::desk::held::Held;

fn steal(held: Held) {
    let _ = held.open();
}

fn peek(held: Held) {
    let _ = held.pending;
}

fn main() {}
