//! What is written is what is read, and what is torn is passed over.

use super::*;
use crate::feeds::recorder::{Recorder, Recording};
use nija_core::words::time::Span;
use std::collections::VecDeque;
use std::io::Write;

struct Given(VecDeque<MarketEvent>);

impl Feed for Given {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        Ok(self.0.pop_front())
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        Ok(self.0.front().map(|event| event.at))
    }
}

const NOON: Timestamp = Timestamp(1_718_193_600_000_000);
const COIN: InstrumentId = InstrumentId(7);

/// One of each kind, over two days.
fn events() -> Vec<MarketEvent> {
    let (price, qty) = (Price::from_raw(12_345_678_901), Qty::from_raw(5));
    let candle = Candle {
        instrument: COIN,
        open_at: NOON,
        close_at: NOON.plus(Span::DAY),
        open: price,
        high: Price::whole(200),
        low: Price::whole(100),
        close: Price::whole(150),
        volume: 0.1 + 0.2,
    };
    let (instrument, side) = (COIN, Side::Sell);
    let kinds = [
        Kind::SessionOpened { hours: Hours::Nyse, until: Some(NOON) },
        Kind::SessionOpened { hours: Hours::Always, until: None },
        Kind::BarOpened { instrument, price },
        Kind::Quote { instrument, bid: price, ask: price, bid_qty: qty, ask_qty: Qty::ZERO },
        Kind::Trade { instrument, price, qty, taker: Some(Side::Buy) },
        Kind::Trade { instrument, price, qty, taker: None },
        Kind::Cleared { instrument },
        Kind::Level { instrument, side, price, qty },
        Kind::SessionClosed { hours: Hours::Nyse, until: None },
        Kind::BarClosed(candle),
        Kind::Listed(Terms {
            id: InstrumentId(0x1000_0000),
            root: Root::of("NVDA").unwrap(),
            underlying: instrument,
            right: Right::Put,
            strike: price,
            multiplier: 100,
            expiry: NOON,
        }),
        Kind::Pictured { underlying: instrument, spot: price, next_session: 20_500 },
    ];
    let at = |n: usize| NOON.plus(Span::seconds(i64::try_from(n).unwrap() * 10_000));
    kinds.into_iter().enumerate().map(|(n, kind)| MarketEvent { at: at(n), kind }).collect()
}

fn read(past: &mut Recorded) -> Vec<MarketEvent> {
    let mut all = Vec::new();
    while let Some(event) = past.next().unwrap() {
        all.push(event);
    }
    all
}

#[test]
fn what_was_recorded_reads_back_start_by_start() {
    let folder = tempfile::tempdir().unwrap();
    let events = events();
    let mut first = Recorder::start(folder.path(), NOON).unwrap();
    let before = MarketEvent { at: Timestamp::EPOCH, ..events[2] };
    first.event(&before).unwrap();
    first.know(COIN, Price::whole(3)).unwrap();
    let mut feed = Recording::new(Given(events.clone().into()), Some(first));
    while feed.next().unwrap().is_some() {}
    drop(feed);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "a file a day");

    // The server is killed within a line and starts again.
    let second = NOON.plus(Span::DAY);
    let last = folder.path().join("2024-06-13.market");
    let mut torn = std::fs::OpenOptions::new().append(true).open(&last).unwrap();
    torn.write_all(b"Q,171819").unwrap();
    drop(Recorder::start(folder.path(), second).unwrap());

    let mut past = open(folder.path()).unwrap();
    assert_eq!(past.begin().unwrap(), Some(NOON));
    assert_eq!(past.peek_time().unwrap(), Some(Timestamp::EPOCH));
    let mut told = vec![before];
    told.extend(&events);
    assert_eq!(read(&mut past), told);
    assert_eq!(past.known(), [(COIN, Price::whole(3))]);
    assert_eq!(past.begin().unwrap(), Some(second));
    assert_eq!((past.next().unwrap(), past.known()), (None, &[][..]));
    assert_eq!(past.begin().unwrap(), None);
}

#[test]
fn a_line_that_says_nothing_is_an_error_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(open(folder.path()).err(), Some(Error::Recording { .. })));
    std::fs::write(folder.path().join("2024-06-12.market"), "S,5\nB,6,1,x\nB,6,1,5\n").unwrap();
    let mut past = open(folder.path()).unwrap();
    past.begin().unwrap();
    let told = past.next().unwrap_err().to_string();
    assert!(told.contains("line 2") && told.contains("B,6,1,x"), "{told}");
}
