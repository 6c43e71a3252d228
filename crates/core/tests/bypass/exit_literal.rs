//! Only a position proves an exit.
use nija_core::risk::approval::Exit;
use nija_core::words::id::InstrumentId;
use nija_core::words::money::Qty;

fn main() {
    let _ = Exit { instrument: InstrumentId(1), qty: Qty::MAX };
}
