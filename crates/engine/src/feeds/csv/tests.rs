//! Faults of CSV files one by one, bar times by hand, and the real files of the shared data.

use super::*;
use crate::feeds::{Feed, Kind, MarketEvent};
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::Hours;
use nija_core::words::time::Span;
use nija_market::candle::{Candle, Timeframe};
use std::io::Write;
use std::path::PathBuf;

const HEADER: &str = "timestamp,open,high,low,close,volume\n";

fn terms(hours: Hours, timeframe: Timeframe) -> Terms {
    Terms { instrument: InstrumentId(7), hours, timeframe, skip_bad: false }
}
fn hourly() -> Terms {
    terms(Hours::Always, Timeframe::Hour1)
}
fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bars.csv");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}
fn read(text: &str, terms: Terms) -> Result<(Vec<MarketEvent>, Bars), Error> {
    let (_folder, path) = file(text);
    let mut bars = open(&path, terms)?;
    let mut events = Vec::new();
    while let Some(at) = bars.peek_time()? {
        let event = bars.next()?.unwrap();
        assert_eq!(event.at, at);
        events.push(event);
    }
    Ok((events, bars))
}
fn refused(rows: &str, terms: Terms) -> String {
    let refused = read(&format!("{HEADER}{rows}"), terms).map(|(events, _)| events);
    refused.expect_err("the file is wrong").to_string()
}
fn candles(events: &[MarketEvent]) -> Vec<Candle> {
    let candle = |e: &MarketEvent| {
        if let Kind::BarClosed(c) = e.kind { Some(c) } else { None }
    };
    events.iter().filter_map(candle).collect()
}

#[test]
fn every_fault_names_the_file_the_line_and_what_to_do() {
    let good = "2020-03-01T00:00:00Z,10,12,9,11,5\n";
    let cases = [
        ("2020-03-01T00:00:00Z,10,12,9,11,5\n", "is there twice; remove"),
        ("2020-02-29T23:00:00Z,10,12,9,11,5\n", "comes after 2020-03-01T00:00:00Z; sort"),
        ("2020-03-01T01:00:00Z,10,9,12,11,5\n", "do not hold open 10 and close 11"),
        ("2020-03-01T01:00:00Z,10,10.5,9,11,5\n", "high 10.5"),
        ("2020-03-01T01:00:00Z,10,12,10.1,11,5\n", "low 10.1"),
        ("2020-03-01T01:00:00Z,0,12,0,11,5\n", "open is 0: prices must be above zero"),
        ("2020-03-01T01:00:00Z,1,12,-37.63,11,5\n", "low is -37.63: prices must be above zero"),
        ("2020-03-01T01:00:00Z,ten,12,9,11,5\n", "open `ten` is not a number"),
        ("2020-03-01T01:00:00Z,92233720369,12,9,11,5\n", "out of range"),
        ("2020-03-01T01:00:00Z,10,12,9,,5\n", "close is empty"),
        ("2020-03-01T01:00:00Z,10,12,9,11,-5\n", "volume `-5` is negative"),
        ("2020-03-01T01:00:00Z,10,12,9,11,NaN\n", "volume `NaN`"),
        ("2020-03-01T01:00:00Z,10,12,9,11\n", "5 fields where the header has 6"),
        ("1.3.2020,10,12,9,11,5\n", "`1.3.2020` is not a time; write RFC 3339"),
    ];
    for (row, wanted) in cases {
        let told = refused(&format!("{good}{row}"), hourly());
        assert!(told.contains("bars.csv, line 3: ") && told.contains(wanted), "{told}");
    }
}

#[test]
fn what_is_no_table_of_bars_is_refused() {
    let (_folder, path) = file("when,open\n");
    let told = open(&path, hourly()).map(drop).expect_err("no column").to_string();
    assert!(told.contains("no column `timestamp`") && told.contains(BARS_TEXT), "{told}");
    let told = open(&path.with_extension("gone"), hourly()).map(drop).expect_err("no file");
    assert!(told.to_string().contains("check the path"), "{told}");
    let endless = format!("{HEADER}2020-03-01T00:00:00Z,10,12,9,11,5\n{}", "9".repeat(200_000));
    let told = read(&endless, hourly()).map(drop).expect_err("endless").to_string();
    assert!(told.contains("longer than 16384 bytes"), "{told}");
    let (_folder, path) = file("");
    assert!(matches!(open(&path, hourly()), Err(Error::Column { .. })));
}

#[test]
fn bad_rows_are_left_out_only_when_asked_and_are_counted() {
    let text = format!(
        "{HEADER}2020-03-01T00:00:00Z,10,12,9,11,5\n2020-03-01T01:00:00Z,-1,12,-2,11,5\n\
         2020-03-01T02:00:00Z,10,12,9,11,5\n"
    );
    let (events, bars) = read(&text, Terms { skip_bad: true, ..hourly() }).unwrap();
    assert_eq!(events.len(), 4);
    let summary = bars.summary();
    assert_eq!((summary.rows, summary.skipped, summary.gaps), (2, 1, 1));
    assert!(matches!(&summary.first_skipped, Some((3, Fault::NotPositive { .. }))));
    // A broken order of time is never passed over.
    let twice = format!("{HEADER}{}", "2020-03-01T00:00:00Z,10,12,9,11,5\n".repeat(2));
    assert!(read(&twice, Terms { skip_bad: true, ..hourly() }).is_err());
}

#[test]
fn columns_are_found_by_name_and_numbers_read_exactly() {
    let text = "\u{feff}volume,close,low,high,open,note,timestamp\r\n\
                7.5,61837.63,0.00000001,7e4,9e-05,x,2020-03-01T01:00:00+01:00\r\n\r\n";
    let (events, _) = read(text, hourly()).unwrap();
    let candle = candles(&events)[0];
    assert_eq!(candle.open.to_string(), "0.00009");
    assert_eq!(candle.high.to_string(), "70000");
    assert_eq!((candle.low.raw(), candle.volume), (1, 7.5));
    assert_eq!(candle.open_at.to_string(), "2020-03-01T00:00:00Z");
}

#[test]
fn a_bar_ends_with_its_timeframe_or_the_next_bar() {
    let rows = "2020-03-01T00:00:00Z,10,12,9,11,5\n2020-03-01T00:30:00Z,11,12,9,11,5\n\
                2020-03-01T04:00:00Z,11,12,9,11,5\n";
    let (events, bars) = read(&format!("{HEADER}{rows}"), hourly()).unwrap();
    let times: Vec<_> = events.iter().map(|e| e.at.to_string()[11..16].to_owned()).collect();
    assert_eq!(times, ["00:00", "00:30", "00:30", "01:30", "04:00", "05:00"]);
    assert!(matches!(events[0].kind, Kind::BarOpened { price, .. } if price == Price::whole(10)));
    let gap = Span::seconds(9_000);
    assert_eq!((bars.summary().gaps, bars.summary().longest_gap), (1, gap));
}

#[test]
fn daily_bars_of_a_market_with_sessions_are_its_sessions() {
    let rows = "2019-11-27T00:00:00Z,10,12,9,11,5\n2019-11-29T00:00:00Z,11,12,9,11,5\n\
                2019-12-02T00:00:00Z,11,12,9,11,5\n";
    let daily = terms(Hours::Nyse, Timeframe::Day1);
    let (events, bars) = read(&format!("{HEADER}{rows}"), daily).unwrap();
    let times: Vec<_> = events.iter().map(|e| e.at.to_string()).collect();
    assert_eq!(
        times,
        [
            "2019-11-27T14:30:00Z",
            "2019-11-27T21:00:00Z",
            "2019-11-29T14:30:00Z",
            "2019-11-29T18:00:00Z",
            "2019-12-02T14:30:00Z",
            "2019-12-02T21:00:00Z",
        ]
    );
    assert_eq!(bars.summary().gaps, 0, "Thanksgiving and the weekend are no gaps");
    assert_eq!(candles(&events)[1].timeframe(), Some(Timeframe::Day1));
    let holiday = refused("2019-12-25T00:00:00Z,10,12,9,11,5\n", daily);
    assert!(holiday.contains("2019-12-25T00:00:00Z: the market has no session then"), "{holiday}");
    let noon = refused("2019-12-24T12:00:00Z,10,12,9,11,5\n", daily);
    assert!(noon.contains("a daily bar is stamped 00:00:00Z"), "{noon}");
    let crypto = terms(Hours::Always, Timeframe::Day1);
    let (events, _) =
        read(&format!("{HEADER}2019-12-25T00:00:00Z,10,12,9,11,5\n"), crypto).unwrap();
    assert_eq!(events[1].at.since(events[0].at), Span::DAY);
}

#[test]
fn odd_prices_and_gaps_are_told_as_of_series_and_strict_readings_stop_there() {
    let good = "2020-03-02T00:00:00Z,10,12,9,11,5\n";
    let daily = terms(Hours::Nyse, Timeframe::Day1);
    let told = |rows: &str, terms| {
        let text = format!("{HEADER}{rows}");
        let (_, bars) = read(&text, terms).unwrap();
        let (_folder, path) = file(&text);
        let mut strict = open(&path, terms).unwrap().strict(true);
        let stop = loop {
            match strict.next() {
                Ok(Some(_)) => {}
                Ok(None) => break None,
                Err(error) => break Some(error.to_string()),
            }
        };
        (bars.summary().clone(), stop)
    };
    let tick =
        format!("{good}2020-03-03T00:00:00Z,11,88,9,11,5\n2020-03-04T00:00:00Z,11,12,9,11,5\n");
    let (summary, stop) = told(&tick, daily);
    assert_eq!((summary.spikes, summary.first_spike.unwrap().0, summary.gaps), (1, 3, 0));
    let stop = stop.unwrap();
    assert!(stop.contains(".csv, line 3: high 88 lies far from its neighbors"), "{stop}");
    assert!(stop.ends_with("or leave --strict away to be told of it only"), "{stop}");
    let (summary, stop) = told(&format!("{good}2020-03-04T00:00:00Z,11,12,9,11,5\n"), daily);
    assert_eq!((summary.gaps, summary.first_gap.unwrap().0, summary.spikes), (1, 3, 0));
    assert!(stop.unwrap().contains("line 3: no bar between 2020-03-03T14:30:00Z"));
    assert_eq!(told(good, daily).1, None);
    // Before 2010 nobody knows the holidays: Martin Luther King's day is no gap.
    let old = "2005-01-14T00:00:00Z,10,12,9,11,5\n2005-01-18T00:00:00Z,10,12,9,11,5\n";
    let (summary, stop) = told(old, daily);
    assert_eq!((summary.gaps, stop), (0, None));
}

#[test]
fn a_volume_that_is_none_is_left_out_where_that_is_asked_for() {
    let rows = format!(
        "{HEADER}2020-03-01T00:00:00Z,10,12,9,11,many\n2020-03-01T01:00:00Z,10,12,9,11,5\n"
    );
    let why = read(&rows, hourly()).map(drop).expect_err("no number").to_string();
    assert!(why.contains("line 2: volume `many`") && why.ends_with("--skip-bad"), "{why}");
    let (_, bars) = read(&rows, Terms { skip_bad: true, ..hourly() }).unwrap();
    assert_eq!((bars.summary().rows, bars.summary().skipped), (1, 1));
}

#[test]
fn the_last_bar_of_a_session_ends_with_it() {
    let hourly = terms(Hours::Nyse, Timeframe::Hour1);
    let rows = "2019-11-29T14:30:00Z,10,12,9,11,5\n2019-11-29T15:00:00Z,10,12,9,11,5\n\
                2019-11-29T17:30:00Z,10,12,9,11,5\n";
    let (events, bars) = read(&format!("{HEADER}{rows}"), hourly).unwrap();
    let ends: Vec<_> = candles(&events).iter().map(|c| c.close_at.to_string()).collect();
    assert_eq!(ends, ["2019-11-29T15:00:00Z", "2019-11-29T16:00:00Z", "2019-11-29T18:00:00Z"]);
    assert_eq!(bars.summary().gaps, 1);
    let early = refused("2019-11-29T09:00:00Z,10,12,9,11,5\n", hourly);
    assert!(early.contains("no session"), "{early}");
}

#[test]
fn compressed_files_read_the_same() {
    let rows = format!("{HEADER}2020-03-01T00:00:00Z,10,12,9,11,5\n");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bars.csv.zst");
    let mut packed = zstd::Encoder::new(File::create(&path).unwrap(), 3).unwrap();
    packed.write_all(rows.as_bytes()).unwrap();
    packed.finish().unwrap();
    let mut bars = open(&path, hourly()).unwrap();
    let mut events = Vec::new();
    while let Some(event) = bars.next().unwrap() {
        events.push(event);
    }
    assert_eq!(events, read(&rows, hourly()).unwrap().0);
    std::fs::write(&path, b"not packed at all").unwrap();
    let error = open(&path, hourly()).err().unwrap();
    assert!(matches!(error, Error::Unreadable { .. }));
    assert!(std::error::Error::source(&error).is_none(), "what the text has is not told again");
}

/// The shared data, beside the project.
fn shared(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).join(path)
}
fn count(path: &str, hours: Hours, timeframe: Timeframe) -> crate::feeds::bars::Summary {
    let mut bars = open(&shared(path), terms(hours, timeframe)).unwrap();
    let mut before = None;
    while let Some(event) = bars.next().unwrap() {
        assert!(before <= Some(event.at), "{path} goes back at {}", event.at);
        before = Some(event.at);
    }
    bars.summary().clone()
}

#[test]
fn the_demo_files_load_whole() {
    let daily = Timeframe::Day1;
    for name in ["BTC-USD", "ETH-USD", "LTC-USD", "XRP-USD"] {
        let summary = count(&format!("demo/crypto/{name}/1d.csv"), Hours::Always, daily);
        assert_eq!((summary.rows, summary.gaps), (1_187, 0), "{name}");
    }
    let shares = ["equity/AAPL", "equity/AMZN", "equity/JPM", "equity/MSFT", "etf/DIA", "etf/QQQ"];
    for name in shares.into_iter().chain(["etf/SPY", "index/VIX"]) {
        let summary = count(&format!("demo/{name}/1d.csv"), Hours::Nyse, daily);
        assert_eq!((summary.rows, summary.gaps), (817, 0), "{name}");
    }
    let hours = count("demo/crypto/BTC-USDT.BINANCE/1h.csv", Hours::Always, Timeframe::Hour1);
    assert_eq!((hours.rows, hours.gaps), (4_405, 5));
    assert_eq!(hours.longest_gap, Span::seconds(5 * 3_600));
}

#[test]
fn oil_below_zero_stops_the_run_or_is_left_out_and_said() {
    let path = shared("futures/CL/1d.csv");
    let oil = terms(Hours::Always, Timeframe::Day1);
    let mut bars = open(&path, oil).unwrap();
    let told = loop {
        match bars.next() {
            Ok(event) => assert!(event.is_some(), "read to the end"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(told.contains("prices must be above zero") && told.contains("CL"), "{told}");
    let mut bars = open(&path, Terms { skip_bad: true, ..oil }).unwrap();
    while bars.next().unwrap().is_some() {}
    assert_eq!(bars.summary().skipped, 2);
}

#[test]
fn packed_minutes_of_a_thin_market_load() {
    let minutes = Terms { skip_bad: true, ..terms(Hours::Nyse, Timeframe::Minutes1) };
    let mut bars = open(&shared("etf/SPY/1m.csv.zst"), minutes).unwrap();
    while bars.next().unwrap().is_some() {}
    // The source recorded on after the half day of 2025-11-28.
    let summary = bars.summary();
    assert_eq!(summary.rows + summary.skipped, 29_219);
    assert!(matches!(summary.first_skipped, Some((20_847, Fault::NoSession(_)))));
    assert!(summary.skipped < 200, "{summary:?}");
    let hours = count("etf/SPY/1h.csv", Hours::Nyse, Timeframe::Hour1);
    assert_eq!(hours.rows, 6_468);
}
