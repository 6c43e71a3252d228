//! A venue takes nothing but releases: no ticket, no approval.
use nija_core::ports::Venue;
use nija_core::risk::approval::Approved;
use nija_core::words::order::Ticket;

fn submit(venue: &dyn Venue, ticket: &Ticket, approved: &Approved) {
    let _ = venue.submit(ticket);
    let _ = venue.submit(approved);
}

fn main() {}
