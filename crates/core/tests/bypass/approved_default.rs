//! There is no approval out of nothing.
use nija_core::risk::approval::Approved;

fn main() {
    let _ = Approved::default();
}
