//! An approval cannot be read from bytes.
use nija_core::risk::approval::Approved;

fn main() {
    let _: Result<Approved, _> = minicbor::decode(&[0x80]);
}
