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

fn read(folder: &Path, content: Content, text: &str) -> Result<Vec<MarketEvent>, Error> {
    let path = folder.join("rows.csv");
    std::fs::write(&path, text).unwrap();
    let mut ticks = open(&path, content, InstrumentId(5), false)?.unbroken(Span::seconds(10));
    let mut all = Vec::new();
    while let Some(event) = ticks.next()? {
        all.push(event);
    }
    Ok(all)
}

/// Letters for kinds of events: c cleared, b and a levels, q quotes, t trades.
fn letters(events: &[MarketEvent]) -> String {
    let letter = |event: &MarketEvent| match event.kind {
        Kind::Cleared { .. } => 'c',
        Kind::Level { side: Side::Buy, .. } => 'b',
        Kind::Level { .. } => 'a',
        Kind::Quote { .. } => 'q',
        Kind::Trade { .. } => 't',
        _ => '?',
    };
    events.iter().map(letter).collect()
}

#[test]
fn snapshots_clear_and_updates_change_levels() {
    let folder = tempfile::tempdir().unwrap();
    let header = "recv_ts_ns,update_id,kind,side,price,qty\n";
    let rows = "1000,1,snapshot,bid,10,1\n1000,1,snapshot,ask,11,1\n2000,2,update,bid,10,0\n\
                3000,3,snapshot,bid,9,1\n";
    let events = read(folder.path(), Content::Levels, &format!("{header}{rows}")).unwrap();
    assert_eq!(letters(&events), "cbabcb");
    for (rows, wanted) in [
        ("1000,1,picture,bid,10,1\n", "kind is `picture`; write snapshot or update"),
        ("1000,1,update,buy,10,1\n", "side is `buy`; write bid or ask"),
        ("1000,1,update,bid,10,-1\n", "qty is -1"),
        ("9000000,1,update,bid,10,1\n8000000,1,update,bid,10,1\n", "sort the file by time"),
        ("0,1,update,bid,10,1\n10000001000,1,update,bid,10,1\n", "record these minutes again"),
    ] {
        let told = read(folder.path(), Content::Levels, &format!("{header}{rows}"));
        let told = told.expect_err(wanted).to_string();
        assert!(told.contains(wanted), "{told}");
    }
}

#[test]
fn pictures_are_whole_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let row = |bids: &[&str], asks: &[&str]| {
        let side = |prices: &[&str]| -> String {
            (0..10).map(|n| prices.get(n).map_or(",,".to_owned(), |p| format!(",{p},1"))).collect()
        };
        let header = pictures::COLUMNS.join(",");
        format!("{header}\n1000{}{}\n", side(bids), side(asks))
    };
    let events = read(folder.path(), Content::Pictures, &row(&["10", "9"], &["11"])).unwrap();
    assert_eq!((letters(&events).as_str(), events[0].at), ("cbba", Timestamp(1_000_000)));
    for (bids, asks, wanted) in [
        (&["9", "10"][..], &["11"][..], "bid2_price 10 is not behind"),
        (&["10"], &["9"], "ask 9 is below bid 10"),
        (&["10", "", "9"], &["11"], "bid3_price 9 is not behind"),
    ] {
        let told = read(folder.path(), Content::Pictures, &row(bids, asks)).expect_err(wanted);
        assert!(told.to_string().contains(wanted), "{told}");
    }
}

#[test]
fn a_recording_is_merged_in_time_and_says_what_it_lacks() {
    use super::super::recording::{self, Reading};
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let open = || recording::open(folder.path(), InstrumentId(5), Reading::default());
    let lacks = |wanted: &str| {
        let told = open().err().unwrap().to_string();
        assert!(told.contains(wanted), "{told}");
    };
    lacks("no file of quotes, depth or book10");
    write("quotes.csv", "recv_ts_ns,bid_price,bid_qty,ask_price,ask_qty\n3000,10,1,11,1\n");
    lacks("no file of trades");
    write("trades.csv", "recv_ts_ns,price,qty,taker_side\n2000,10,1,sell\n3000,10,1,\n");
    write(
        "depth.csv",
        "recv_ts_ns,kind,side,price,qty\n1000,snapshot,bid,10,1\n4000,update,bid,9,1\n",
    );
    let mut recording = open().unwrap();
    let mut all = Vec::new();
    while let Some(event) = recording.next().unwrap() {
        all.push(event);
    }
    assert_eq!(letters(&all), "cbtqtb");
}

/// The recorded minutes of both markets, where they lie beside this folder.
#[test]
fn the_recorded_books_load_in_order() {
    use super::super::recording::{self, Reading};
    let ticks = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/ticks"));
    let reading = Reading { strict: true, ..Reading::default() };
    let mut recording =
        recording::open(&ticks.join("BTC-USDT.BINANCE"), InstrumentId(5), reading).unwrap();
    let (mut before, mut kinds) = (None, std::collections::BTreeMap::<char, u32>::new());
    while let Some(event) = recording.next().unwrap() {
        assert!(before <= Some(event.at));
        before = Some(event.at);
        *kinds.entry(letters(&[event]).remove(0)).or_default() += 1;
    }
    assert_eq!((kinds[&'q'], kinds[&'t'], kinds[&'c']), (28_040, 9_757, 1));
    assert_eq!(kinds[&'b'] + kinds[&'a'], 126_073);
}
