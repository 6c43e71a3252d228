//! Quotes and trades: the recorded minutes of the demo, and faults one by one.

use super::*;
use std::path::PathBuf;

fn demo(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/demo/ticks");
    PathBuf::from(folder).join("BTC-USDT.BINANCE").join(name)
}

#[test]
fn the_recorded_minutes_load_in_order() {
    for (name, content, rows) in
        [("quotes_100ms.csv", Content::Quotes, 2_899), ("trades_60s.csv", Content::Trades, 1_382)]
    {
        let mut ticks = open(&demo(name), content, InstrumentId(5), false).unwrap();
        let first = ticks.peek_time().unwrap();
        assert_eq!(
            first.map(|at| at.to_string()[..19].to_owned()).as_deref(),
            Some("2024-08-08T23:54:14")
        );
        let mut before = None;
        while let Some(event) = ticks.next().unwrap() {
            assert!(before <= Some(event.at));
            assert_eq!(event.instrument(), Some(InstrumentId(5)));
            before = Some(event.at);
        }
        assert_eq!(ticks.summary().rows, rows, "{name}");
    }
    // The third trade of the file is written 9e-05.
    let mut ticks = open(&demo("trades_60s.csv"), Content::Trades, InstrumentId(5), false).unwrap();
    let third = (0..3).map(|_| ticks.next().unwrap()).last().flatten();
    assert!(
        matches!(third.map(|e| e.kind), Some(Kind::Trade { qty, .. }) if qty == Qty::from_raw(9_000))
    );
}

#[test]
fn faults_of_ticks_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ticks.csv");
    let told = |content, text: &str| {
        std::fs::write(&path, text).unwrap();
        let mut ticks = open(&path, content, InstrumentId(5), false)?;
        while ticks.next()?.is_some() {}
        Ok::<_, Error>(())
    };
    let quotes = "recv_ts_ns,bid_price,bid_qty,ask_price,ask_qty\n";
    let trades = "recv_ts_ns,price,qty,taker_side\n";
    for (content, header, rows, wanted) in [
        (Content::Quotes, quotes, "1000,10,1,9.9,1\n", "ask 9.9 is below bid 10"),
        (Content::Quotes, quotes, "1000,10,-1,11,1\n", "bid_qty is -1"),
        (Content::Quotes, quotes, "5000,10,1,11,1\n4000,10,1,11,1\n", "sort the file by time"),
        (Content::Trades, trades, "1000,10,0,buy\n", "qty is 0"),
        (Content::Trades, trades, "soon,10,1,buy\n", "`soon` is not a time"),
        (Content::Trades, quotes, "", "no column `price`"),
    ] {
        let error = told(content, &format!("{header}{rows}")).expect_err(wanted).to_string();
        assert!(error.contains(wanted), "{error}");
    }
    // An empty side is a fact of a market, and equal times keep their order.
    assert!(told(Content::Quotes, &format!("{quotes}1000,10,0,11,1\n1000,10,1,11,1\n")).is_ok());
    let mut ticks = open(&path, Content::Quotes, InstrumentId(5), true).unwrap();
    assert_eq!(ticks.next().unwrap().map(|event| event.at), Some(Timestamp(1)));
}
