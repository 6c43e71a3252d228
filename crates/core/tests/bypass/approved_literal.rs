//! An approval cannot be written down: its field is private.
use nija_core::risk::approval::Approved;
use nija_core::words::order::Ticket;

fn forge(ticket: Ticket) -> Approved {
    Approved { ticket }
}

fn main() {}
