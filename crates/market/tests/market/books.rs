//! The two models that read books, on five recorded minutes of bitcoin and its perpetual: what is quoted never
//! crosses, inventory stays within its bounds, and after a taker's fees two markets leave nothing between them.

use nija_core::words::id::InstrumentId;
use nija_core::words::money::{Price, Qty};
use nija_core::words::order::Side;
use nija_core::words::time::Timestamp;
use nija_market::book::{Book, Fill, Level};
use nija_market::engine::crypto::arbitrage::Purse;
use nija_market::engine::crypto::{
    Arbitrage, ArbitrageParameters, MakingParameters, MarketMaking, Quotes,
};
use nija_market::engine::{Model, Seen};

const COIN: InstrumentId = InstrumentId(1);

fn rows(file: &str) -> Vec<Vec<String>> {
    let path = format!("{}/../../data/demo/ticks/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn at(nanoseconds: &str) -> Timestamp {
    Timestamp(nanoseconds.parse::<i64>().unwrap() / 1_000)
}

/// Best bids and asks as books of one level.
fn books(market: &str, place: u8) -> Vec<Book> {
    // Small quantities stand there as 9e-05.
    let qty = |text: &str| format!("{:.8}", text.parse::<f64>().unwrap()).parse().unwrap();
    let level = |price: &str, of: &str| vec![Level { price: price.parse().unwrap(), qty: qty(of) }];
    let book = |row: Vec<String>| Book {
        instrument: COIN,
        place,
        at: at(&row[0]),
        bids: level(&row[1], &row[2]),
        asks: level(&row[3], &row[4]),
    };
    let all = rows(&format!("{market}/quotes_100ms.csv")).into_iter().map(book);
    all.map(|book| book.checked().unwrap()).collect()
}

/// A print of the tape.
struct Print {
    at: Timestamp,
    price: Price,
    taker: Side,
}

fn prints(market: &str) -> Vec<Print> {
    let print = |row: Vec<String>| Print {
        at: at(&row[0]),
        price: row[1].parse().unwrap(),
        taker: if row[3] == "buy" { Side::Buy } else { Side::Sell },
    };
    rows(&format!("{market}/trades_60s.csv")).into_iter().map(print).collect()
}

/// Quotes that were resting, taken by prints that went through them.
fn taken(quotes: &mut Quotes, print: &Print) -> Option<Fill> {
    let (side, quote) = match print.taker {
        Side::Sell => (Side::Buy, &mut quotes.bid),
        Side::Buy => (Side::Sell, &mut quotes.ask),
    };
    let level = (*quote)?;
    let through = match side {
        Side::Buy => print.price < level.price,
        Side::Sell => print.price > level.price,
    };
    if !through {
        return None;
    }
    *quote = None;
    let (instrument, place, is_last, at) = (COIN, 0, true, print.at);
    Some(Fill { instrument, place, side, qty: level.qty, price: level.price, is_last, at })
}

#[test]
fn recorded_minutes_are_quoted_without_a_crossing() {
    let parameters = MakingParameters {
        volatility_seconds: 5.0,
        calm_seconds: 300.0,
        pause: 1e9,
        gamma: 0.01,
        k: 1.0,
        horizon_seconds: 5.0,
        maker_fee: 0.0,
        adverse: 0.0,
        quote: 0.01,
        least_inventory: -0.03,
        most_inventory: 0.03,
        ..MakingParameters::default()
    };
    let mut maker = MarketMaking::new(COIN, 0, 0.0, parameters);
    let prints = prints("BTC-USDT.BINANCE");
    let (mut next, mut quotes, mut said, mut fills) = (0, Quotes::default(), 0, 0);
    for book in books("BTC-USDT.BINANCE", 0) {
        while next < prints.len() && prints[next].at <= book.at {
            if let Some(fill) = taken(&mut quotes, &prints[next]) {
                fills += 1;
                assert_eq!(maker.see(&Seen::Fill(fill)), None);
                assert!(maker.inventory().abs() <= 0.03 + 1e-9, "{}", maker.inventory());
            }
            next += 1;
        }
        let (bid, ask) = (book.best(Side::Sell).unwrap(), book.best(Side::Buy).unwrap());
        if let Some(word) = maker.see(&Seen::Book(book)) {
            quotes = word;
            said += 1;
            assert!(quotes.bid.is_none_or(|level| level.price < ask), "{quotes:?}");
            assert!(quotes.ask.is_none_or(|level| level.price > bid), "{quotes:?}");
        }
    }
    println!("{said} quotes, {fills} fills");
    assert!(said > 100 && fills > 5, "{said} quotes, {fills} fills");
}

/// How often the spot market and the perpetual ask for a trade.
fn asked(fee: f64, buffer: f64) -> usize {
    let mut events = books("BTC-USDT.BINANCE", 0);
    events.extend(books("BTC-USDT-PERP.BINANCE", 1));
    events.sort_by_key(|book| (book.at, book.place));
    let purse = Purse { fee, dollars: 1e6, units: 10.0 };
    let parameters = ArbitrageParameters { buffer, ..ArbitrageParameters::default() };
    let mut arbitrage = Arbitrage::new(COIN, [purse; 2], parameters);
    let mut asked = 0;
    for book in events {
        let Some(legs) = arbitrage.see(&Seen::Book(book)) else { continue };
        asked += 1;
        assert_eq!(legs[0].qty, legs[1].qty);
        assert!(legs[0].limit < legs[1].limit, "bought below what it is sold for: {legs:?}");
        // Nobody took them: what lapses leaves nothing behind.
        for leg in legs {
            let (instrument, is_last, at) = (COIN, true, Timestamp(0));
            let (place, side, price) = (leg.place, leg.side, leg.limit);
            let fill = Fill { instrument, place, side, qty: Qty::ZERO, price, is_last, at };
            assert_eq!(arbitrage.see(&Seen::Fill(fill)), None);
        }
    }
    asked
}

#[test]
fn a_takers_fees_leave_nothing_between_spot_and_perpetual() {
    // They lay about four hundredths of a percent apart: less than two fees of a tenth, and once for a moment
    // more than two of half of that.
    assert_eq!(asked(0.001, 0.0001), 0);
    assert_eq!(asked(0.0005, 0.0001), 1);
    assert!(asked(0.0, 0.0001) > 1_000);
}
