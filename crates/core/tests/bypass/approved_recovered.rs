//! No back door mints approvals after a restart.
use nija_core::risk::approval::recovered;
use nija_core::words::order::Ticket;

fn mint(ticket: Ticket) -> nija_core::risk::approval::Approved {
    recovered(ticket)
}

fn main() {}
