//! Nobody but the desk itself queues an effect or writes an event.
use nija_core::desk::Desk;
use nija_core::desk::event::Event;
use nija_core::desk::held::Act;
use nija_core::risk::approval::Approved;
use nija_core::words::id::AccountNo;

fn push(desk: &mut Desk, approved: Approved, event: Event) {
    desk.release(AccountNo(0), Act::Place(approved));
    desk.emit(event);
}

fn main() {}
