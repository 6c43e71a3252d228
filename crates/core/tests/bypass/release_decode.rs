//! A release cannot be read from bytes or from a request.
use nija_core::commit::Release;

fn takes<T: for<'a> serde::Deserialize<'a>>() {}

fn main() {
    let _: Result<Release, _> = minicbor::decode(&[0x80]);
    takes::<Release>();
}
