//! A ticket does not turn into an approval.
use nija_core::risk::approval::Approved;
use nija_core::words::order::Ticket;

fn convert(ticket: Ticket) -> Approved {
    ticket.into()
}

fn main() {}
