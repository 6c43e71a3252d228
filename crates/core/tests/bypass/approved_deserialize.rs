//! An approval cannot be read from a request.
use nija_core::risk::approval::Approved;

fn takes<T: for<'a> serde::Deserialize<'a>>() {}

fn main() {
    takes::<Approved>();
}
