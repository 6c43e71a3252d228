//! Series by hand, their faults, and the real files of the shared data.

use super::*;
use std::path::PathBuf;

const HEADER: &str = "timestamp,open,high,low,close,volume\n";

fn read(text: &str, reading: Reading) -> Result<(Vec<Candle>, Series), Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bars.csv");
    std::fs::write(&path, text).unwrap();
    whole(&path, reading)
}
fn whole(path: &Path, reading: Reading) -> Result<(Vec<Candle>, Series), Error> {
    let mut series = Series::open(path, InstrumentId(3), reading)?;
    let (mut all, mut some) = (Vec::new(), Vec::new());
    while series.next(&mut some)? {
        all.extend_from_slice(&some);
    }
    Ok((all, series))
}
fn refused(rows: &str, reading: Reading) -> String {
    read(&format!("{HEADER}{rows}"), reading).map(drop).expect_err("it is wrong").to_string()
}
fn strict() -> Reading {
    Reading { strict: true, ..Reading::default() }
}

#[test]
fn files_of_other_programs_are_read() {
    let (pandas, series) = read(
        ",Open,High,Low,Close,Volume\n2004-08-19,100,104.06,95.96,100.34,22351900\n\
         2004-08-20,101.01,109.08,100.5,108.31,11428600\n",
        Reading::default(),
    )
    .unwrap();
    assert_eq!((series.step(), series.hours()), (Span::DAY, Hours::Nyse));
    assert_eq!(pandas[0].close, "100.34".parse().unwrap());
    assert_eq!(pandas[1].open_at.to_string(), "2004-08-20T00:00:00Z");
    let (epochs, series) = read(
        "ts,open,high,low,close,volume\n1420070400,1,2,1,2,5\n1420070460,2,2,1,1,5\n\
         1420070490,1,2,1,1,5\n",
        Reading { hours: Some(Hours::Always), ..Reading::default() },
    )
    .unwrap();
    assert_eq!(series.step(), Span::seconds(30), "the shorter of two that are as frequent");
    // A bar ends with the next one.
    assert_eq!(epochs[1].close_at, epochs[2].open_at);
}

#[test]
fn times_must_rise_and_rows_must_be_sound() {
    let good = "2020-03-01T00:00:00Z,10,12,9,11,5\n";
    for (row, wanted) in [
        ("2020-03-01T00:00:00Z,10,12,9,11,5\n", "is there twice; remove"),
        ("2020-02-29T00:00:00Z,10,12,9,11,5\n", "sort the file"),
        ("2020-03-02T00:00:00Z,10,9,9,11,5\n", "do not hold open 10 and close 11"),
        ("2020-03-02T00:00:00Z,10,12,0,11,5\n", "low is 0: prices must be above zero"),
        ("2020-03-02T00:00:00Z,\"10,12,9,11,5\n", "double quote does not end"),
    ] {
        let told = refused(&format!("{good}{row}"), Reading::default());
        assert!(told.contains("bars.csv, line 3: ") && told.contains(wanted), "{told}");
    }
    let skipping = Reading { skip_bad: true, ..Reading::default() };
    let rows = format!("{HEADER}{good}2020-03-02T00:00:00Z,10,9,9,11,5\n");
    let (candles, series) = read(&rows, skipping).unwrap();
    assert_eq!((candles.len(), series.summary().skipped), (1, 1));
}

#[test]
fn gaps_are_told_and_strict_readings_stop_there() {
    let rows = "2020-03-06T00:00:00Z,10,12,9,11,5\n2020-03-09T00:00:00Z,10,12,9,11,5\n\
                2020-03-10T00:00:00Z,10,12,9,11,5\n2020-03-12T00:00:00Z,10,12,9,11,5\n";
    let (_, series) = read(&format!("{HEADER}{rows}"), Reading::default()).unwrap();
    assert_eq!(series.summary().gaps, 1, "a weekend is no gap of a stock");
    let told = refused(rows, strict());
    let wanted = "line 5: no bar between 2020-03-11T00:00:00Z and 2020-03-12T00:00:00Z";
    assert!(told.contains(wanted), "{told}");
    let always = Reading { hours: Some(Hours::Always), ..strict() };
    assert!(refused(rows, always).contains("line 3: no bar between 2020-03-07T00:00:00Z"));
    // Hours of New York: from the last bar of a day to the first of the next there is none.
    let hourly = "2024-03-11T13:30:00Z,10,12,9,11,5\n2024-03-11T14:30:00Z,10,12,9,11,5\n\
                  2024-03-11T15:30:00Z,10,12,9,11,5\n2024-03-11T16:30:00Z,10,12,9,11,5\n\
                  2024-03-11T17:30:00Z,10,12,9,11,5\n2024-03-11T18:30:00Z,10,12,9,11,5\n\
                  2024-03-11T19:30:00Z,10,12,9,11,5\n2024-03-12T13:30:00Z,10,12,9,11,5\n";
    assert!(read(&format!("{HEADER}{hourly}"), strict()).is_ok());
}

#[test]
fn odd_prices_are_told_and_strict_readings_stop_there() {
    let row = |day: u32, close: &str, high: &str, low: &str| {
        format!("2020-03-0{day}T00:00:00Z,100,{high},{low},{close},5\n")
    };
    for (odd, column) in [
        (row(3, "100", "300", "90"), "high 300"),
        (row(3, "100", "110", "2"), "low 2"),
        (row(3, "190", "195", "90"), "close 190"),
        (row(3, "51", "110", "51"), "close 51"),
    ] {
        let rows = [row(2, "100", "110", "90"), odd, row(4, "100", "110", "90")].concat();
        let (_, series) = read(&format!("{HEADER}{rows}"), Reading::default()).unwrap();
        assert_eq!(series.summary().spikes, 1, "{column}");
        let told = refused(&rows, strict());
        assert!(told.contains("line 3: ") && told.contains(column), "{told}");
    }
    // What stays there is news, not a bad tick.
    let rows = [row(2, "100", "110", "90"), row(3, "190", "195", "90"), row(4, "190", "195", "90")];
    let (_, series) = read(&format!("{HEADER}{}", rows.concat()), Reading::default()).unwrap();
    assert_eq!(series.summary().spikes, 0);
}

#[test]
fn the_shared_files_are_read() {
    let shared = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    for (name, rows, step, hours, gaps) in [
        ("equity/AAPL/1d.csv", 5_155, Span::DAY, Hours::Nyse, 0),
        ("crypto/BTC-USDT.KRAKEN/1h.csv", 7_103, Span::seconds(3_600), Hours::Always, 1),
        ("crypto/BTC-USDT.BINANCE/1h.csv.zst", 55_740, Span::seconds(3_600), Hours::Always, 28),
        ("etf/XLE/5m.csv", 12_528, Span::seconds(300), Hours::Nyse, 0),
    ] {
        let (candles, series) = whole(&shared.join(name), Reading::default()).unwrap();
        let summary = series.summary();
        assert_eq!((candles.len(), summary.rows), (rows, rows as u64), "{name}");
        assert_eq!((series.step(), series.hours(), summary.gaps), (step, hours, gaps), "{name}");
        assert_eq!(summary.spikes, 0, "{name}: {:?}", summary.first_spike);
    }
}
