//! One exit is one sale.
use nija_core::risk::approval::{Approved, Exit, approve_exit};
use nija_core::words::order::Ticket;

fn sell(exit: Exit, one: Ticket, other: Ticket) -> [Approved; 2] {
    [approve_exit(exit, one), approve_exit(exit, other)]
}

fn main() {}
