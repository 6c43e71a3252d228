//! What was approved stays what it was: the ticket can only be looked at.
use nija_core::risk::approval::Approved;
use nija_core::words::money::Qty;

fn enlarge(approved: Approved) -> Approved {
    approved.ticket().qty = Qty::MAX;
    approved
}

fn main() {}
