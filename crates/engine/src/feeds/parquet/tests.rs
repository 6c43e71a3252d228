//! Round trips through small Parquet files of every type that is understood, and those that are not.

use super::*;
use crate::feeds::{Feed, Kind, MarketEvent};
use ::parquet::basic::Compression;
use ::parquet::column::writer::ColumnWriter;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::Hours;
use nija_market::candle::Timeframe;
use std::path::PathBuf;
use std::sync::Arc;

/// The values of one column.
#[derive(Clone)]
enum Values {
    Long(Vec<i64>),
    Int(Vec<i32>),
    Double(Vec<f64>),
    Float(Vec<f32>),
    Text(Vec<&'static str>),
    Bytes(Vec<Vec<u8>>),
    /// Doubles of which some are missing.
    Holes(Vec<Option<f64>>),
}

fn terms() -> Terms {
    let (instrument, hours) = (InstrumentId(3), Hours::Always);
    Terms { instrument, hours, timeframe: Timeframe::Hour1, skip_bad: false }
}

/// Writes groups of rows under a schema into a file of its own.
fn written(schema: &str, groups: &[Vec<Values>]) -> (tempfile::TempDir, PathBuf) {
    packed(schema, groups, Compression::SNAPPY)
}
fn packed(
    schema: &str,
    groups: &[Vec<Values>],
    compression: Compression,
) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bars.parquet");
    let schema = Arc::new(parse_message_type(&format!("message bars {{ {schema} }}")).unwrap());
    let packed = WriterProperties::builder().set_compression(compression).build();
    let file = File::create(&path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(packed)).unwrap();
    for group in groups {
        let mut rows = writer.next_row_group().unwrap();
        for values in group {
            let mut column = rows.next_column().unwrap().unwrap();
            match (column.untyped(), values) {
                (ColumnWriter::Int64ColumnWriter(w), Values::Long(v)) => {
                    w.write_batch(v, None, None)
                }
                (ColumnWriter::Int32ColumnWriter(w), Values::Int(v)) => {
                    w.write_batch(v, None, None)
                }
                (ColumnWriter::DoubleColumnWriter(w), Values::Double(v)) => {
                    w.write_batch(v, None, None)
                }
                (ColumnWriter::FloatColumnWriter(w), Values::Float(v)) => {
                    w.write_batch(v, None, None)
                }
                (ColumnWriter::DoubleColumnWriter(w), Values::Holes(v)) => {
                    let levels: Vec<i16> = v.iter().map(|v| i16::from(v.is_some())).collect();
                    let values: Vec<f64> = v.iter().flatten().copied().collect();
                    w.write_batch(&values, Some(&levels), None)
                }
                (ColumnWriter::ByteArrayColumnWriter(w), Values::Text(v)) => {
                    let v: Vec<_> = v.iter().map(|text| ByteArray::from(*text)).collect();
                    w.write_batch(&v, None, None)
                }
                (ColumnWriter::FixedLenByteArrayColumnWriter(w), Values::Bytes(v)) => {
                    let v: Vec<FixedLenByteArray> =
                        v.iter().map(|bytes| ByteArray::from(bytes.clone()).into()).collect();
                    w.write_batch(&v, None, None)
                }
                _ => panic!("the schema has another type"),
            }
            .unwrap();
            column.close().unwrap();
        }
        rows.close().unwrap();
    }
    writer.close().unwrap();
    (folder, path)
}

fn read(path: &Path) -> Result<Vec<String>, Error> {
    let mut bars = open(path, terms())?;
    let mut all = Vec::new();
    while let Some(MarketEvent { kind, .. }) = bars.next()? {
        if let Kind::BarClosed(c) = kind {
            all.push(format!(
                "{} {} {} {} {} {}",
                c.open_at, c.open, c.high, c.low, c.close, c.volume
            ));
        }
    }
    Ok(all)
}

const DOUBLES: &str = "required double open; required double high; required double low; \
                       required double close; required double volume;";

fn doubles(count: usize) -> Vec<Values> {
    [10.1, 12.0, 9.0, 11.5, 5.25].map(|value| Values::Double(vec![value; count])).to_vec()
}
fn row(schema: &str, stamp: Values) -> Result<Vec<String>, Error> {
    let mut group = vec![stamp];
    group.extend(doubles(1));
    read(&written(schema, &[group]).1)
}

const WANTED: &str = "2020-03-01T01:00:00Z 10.1 12 9 11.5 5.25";
const SECONDS: i64 = 1_583_024_400;

#[test]
fn timestamps_of_every_unit_mean_the_same_instant() {
    for (stamp, factor) in [
        ("required int64 timestamp (TIMESTAMP(MILLIS,true));", 1_000),
        ("required int64 timestamp (TIMESTAMP(MICROS,true));", 1_000_000),
        ("required int64 timestamp (TIMESTAMP(NANOS,false));", 1_000_000_000),
        ("required int64 timestamp (TIMESTAMP_MILLIS);", 1_000),
    ] {
        let all = row(&format!("{stamp} {DOUBLES}"), Values::Long(vec![SECONDS * factor])).unwrap();
        assert_eq!(all, [WANTED], "{stamp}");
    }
    let text = format!("required binary timestamp (UTF8); {DOUBLES}");
    let all = row(&text, Values::Text(vec!["2020-03-01T02:00:00+01:00"])).unwrap();
    assert_eq!(all, [WANTED]);
}

#[test]
fn prices_may_be_decimals_whole_numbers_or_text() {
    let schema = "required int64 timestamp (TIMESTAMP(MICROS,true)); \
                  required int64 open (DECIMAL(18,4)); required int32 high (DECIMAL(9,2)); \
                  required fixed_len_byte_array(5) low (DECIMAL(10,3)); \
                  required binary close (UTF8); required int32 volume; required binary note (UTF8);";
    let low = (9_125i64).to_be_bytes()[3..].to_vec();
    let group = vec![
        Values::Long(vec![SECONDS * 1_000_000]),
        Values::Long(vec![101_234]),
        Values::Int(vec![1_250]),
        Values::Bytes(vec![low]),
        Values::Text(vec!["11.123456785"]),
        Values::Int(vec![7]),
        Values::Text(vec!["passed over"]),
    ];
    let all = read(&written(schema, &[group]).1).unwrap();
    assert_eq!(all, ["2020-03-01T01:00:00Z 10.1234 12.5 9.125 11.12345678 7"]);
}

#[test]
fn long_files_of_many_groups_are_read_whole() {
    let schema = format!("required int64 timestamp (TIMESTAMP(MICROS,true)); {DOUBLES}");
    let groups: Vec<Vec<Values>> = (0..3)
        .map(|group| {
            let stamps = (0..2_500).map(|n| (SECONDS + (group * 2_500 + n) * 3_600) * 1_000_000);
            let mut columns = vec![Values::Long(stamps.collect())];
            columns.extend(doubles(2_500));
            columns
        })
        .collect();
    let (_folder, path) = written(&schema, &groups);
    let mut bars = open(&path, terms()).unwrap();
    while bars.next().unwrap().is_some() {}
    assert_eq!((bars.summary().rows, bars.summary().gaps), (7_500, 0));
}

#[test]
fn times_of_other_programs_are_read() {
    let unix = format!("required int64 ts; {DOUBLES}");
    let read = row(&unix, Values::Long(vec![1_420_070_400])).unwrap();
    assert!(read[0].starts_with("2015-01-01T00:00:00Z "), "{read:?}");
}

#[test]
fn a_nameless_index_of_pandas_is_the_time_unless_a_column_is() {
    let index = "required int64 __index_level_0__ (TIMESTAMP(NANOS,false));";
    let mut group = doubles(1);
    group.push(Values::Long(vec![SECONDS * 1_000_000_000]));
    assert_eq!(read(&written(&format!("{DOUBLES} {index}"), &[group]).1).unwrap(), [WANTED]);
    let counted = "required int64 __index_level_0__; required int64 Date (TIMESTAMP(MILLIS,true));";
    let mut group = vec![Values::Long(vec![7]), Values::Long(vec![SECONDS * 1_000])];
    group.extend(doubles(1));
    assert_eq!(read(&written(&format!("{counted} {DOUBLES}"), &[group]).1).unwrap(), [WANTED]);
}

#[test]
fn floats_are_the_decimals_that_a_csv_of_them_has() {
    let stamp = "required int64 timestamp (TIMESTAMP(MILLIS,true));";
    let schema = format!("{stamp} {}", DOUBLES.replace("double", "float"));
    let mut group = vec![Values::Long(vec![SECONDS * 1_000])];
    group.extend([10.1, 12.0, 9.0, 11.5, 5.25].map(|value| Values::Float(vec![value])));
    assert_eq!(read(&written(&schema, &[group]).1).unwrap(), [WANTED]);
}

#[test]
fn every_way_of_packing_that_is_promised_is_read() {
    let schema = format!("required int64 timestamp (TIMESTAMP(MILLIS,true)); {DOUBLES}");
    let mut group = vec![Values::Long(vec![SECONDS * 1_000])];
    group.extend(doubles(1));
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::ZSTD(Default::default()),
        Compression::GZIP(Default::default()),
        Compression::BROTLI(Default::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
    ] {
        let (_folder, path) = packed(&schema, &[group.clone()], compression);
        assert_eq!(read(&path).unwrap(), [WANTED], "{compression:?}");
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let told = |schema: &str, stamp| row(schema, stamp).expect_err("wrong").to_string();
    let decimal = format!("required int64 timestamp (DECIMAL(10,2)); {DOUBLES}");
    let plain = told(&decimal, Values::Long(vec![1]));
    assert!(
        plain.contains("column `timestamp` holds INT64") && plain.contains("RFC 3339"),
        "{plain}"
    );
    let named = told(&format!("required int64 when; {DOUBLES}"), Values::Long(vec![1]));
    assert!(named.contains("no column `timestamp`"), "{named}");

    let schema = "required int64 timestamp (TIMESTAMP(MILLIS,true)); required double open; \
                  required double high; optional double low; required double close; \
                  required double volume;";
    let mut group = vec![Values::Long(vec![SECONDS * 1_000, (SECONDS + 3_600) * 1_000])];
    group.extend(doubles(2));
    group[3] = Values::Holes(vec![Some(9.0), None]);
    let told = read(&written(schema, &[group.clone()]).1).expect_err("empty").to_string();
    assert!(told.contains("bars.parquet, line 2: low is empty"), "{told}");
    group[3] = Values::Holes(vec![Some(9.0), Some(f64::NAN)]);
    let told = read(&written(schema, &[group]).1).expect_err("no number").to_string();
    assert!(told.contains("low `NaN` is not a number"), "{told}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bars.parquet");
    std::fs::write(&path, b"PAR1 and then nothing of the sort").unwrap();
    let damaged = open(&path, terms()).map(drop).expect_err("damaged");
    assert!(std::error::Error::source(&damaged).is_none(), "{damaged} would be told twice");
    assert!(
        damaged.to_string().contains("packed with snappy, zstd, gzip, brotli, lz4"),
        "{damaged}"
    );
}
