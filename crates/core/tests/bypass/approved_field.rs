//! What was approved stays what it was: the field is private.
use nija_core::risk::approval::Approved;
use nija_core::words::money::Qty;

fn enlarge(mut approved: Approved) -> Approved {
    approved.ticket.qty = Qty::MAX;
    approved
}

fn main() {}
