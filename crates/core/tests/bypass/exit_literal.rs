//! Only a position proves an exit.
use nija_core::risk::approval::Exit;
use nija_core::words::id::InstrumentId;
use nija_core::words::money::Qty;
use nija_core::words::order::Side;

fn main() {
    let _ = Exit { instrument: InstrumentId(1), side: Side::Sell, qty: Qty::MAX };
}
