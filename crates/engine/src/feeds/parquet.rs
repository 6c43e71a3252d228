//! Bars from Parquet files, read in batches of rows: bounded memory however long the file is.
//!
//! Columns by name: `timestamp` (a timestamp of any unit, a date, a count since 1970, or RFC 3339 text), `open`,
//! `high`, `low`, `close` and `volume` (decimal, double, float, whole numbers or text). A timestamp without a zone
//! counts as UTC; a nameless index of pandas is one.

use super::bars::{Bars, Row, Rows, Terms};
use super::csv::{BARS, BARS_TEXT, is_called, shown};
use super::decimal::{self, NumberError};
use super::error::{Error, Fault};
use super::instant;
use ::parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use ::parquet::data_type::{ByteArray, DataType, FixedLenByteArray};
use ::parquet::errors::ParquetError;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::schema::types::ColumnDescriptor;
use nija_core::words::money::Price;
use nija_core::words::time::{Span, Timestamp};
use std::collections::VecDeque;
use std::fs::File;
use std::path::Path;

/// Rows of one column that are decoded at once.
const BATCH: usize = 1_024;
/// What pandas calls an index that has no name.
const INDEX: &[u8] = b"__index_level_0__";
/// Widest decimal, in bytes.
const WIDEST: usize = 16;

/// Opens a file of bars.
///
/// # Errors
/// When the file cannot be read, is no Parquet, or lacks a column; faults of rows come from the feed.
pub fn open(path: &Path, terms: Terms) -> Result<Bars, Error> {
    Ok(Bars::new(rows(path)?, terms))
}

/// The rows of a file of bars.
pub(super) fn rows(path: &Path) -> Result<Box<dyn Rows>, Error> {
    let file = path.display().to_string();
    let opened = File::open(path).map_err(|why| Error::Unreadable { file: file.clone(), why })?;
    let reader = SerializedFileReader::new(opened)
        .map_err(|why| Error::Parquet { file: file.clone(), why })?;
    let columns = BARS
        .iter()
        .map(|column| Column::find(&reader, &file, column))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Box::new(Table { file, reader, columns, group: 0, row: 0 }))
}

struct Table {
    file: String,
    reader: SerializedFileReader<File>,
    columns: Vec<Column>,
    /// The next group of rows to open.
    group: usize,
    /// Rows read so far.
    row: u64,
}

/// One wanted column: what its values mean, and those decoded ahead.
struct Column {
    name: &'static str,
    leaf: usize,
    meaning: Meaning,
    optional: bool,
    reader: Option<ColumnReader>,
    ahead: VecDeque<Option<Cell>>,
}

#[derive(Clone, Copy)]
enum Meaning {
    Instant(TimeUnit),
    Date,
    Decimal(i32),
    Plain,
}

/// A value as it is stored.
enum Cell {
    Whole(i64),
    Float(f64),
    Wide(i128),
    Text(ByteArray),
}

impl Column {
    fn find(
        reader: &SerializedFileReader<File>,
        file: &str,
        name: &'static str,
    ) -> Result<Self, Error> {
        let columns = reader.metadata().file_metadata().schema_descr().columns();
        let called = |is_it: &dyn Fn(&[u8]) -> bool| {
            columns.iter().position(|column| is_it(column.path().string().as_bytes()))
        };
        let leaf = called(&|found| is_called(found, name));
        // A column with a name of the time comes before an index without one.
        let leaf = leaf.or_else(|| called(&|found| name == "timestamp" && found == INDEX));
        let missing = || Error::Column { file: file.to_owned(), column: name, wanted: BARS_TEXT };
        let leaf = leaf.ok_or_else(missing)?;
        let column = &columns[leaf];
        let wanted = if name == "timestamp" {
            "write it as a timestamp, a date or RFC 3339 text"
        } else {
            "write it as double, float, decimal, whole number or text"
        };
        let found = || format!("{} ({:?})", column.physical_type(), column.logical_type_ref());
        let meaning = meaning(column, name == "timestamp").ok_or_else(|| Error::Type {
            file: file.to_owned(),
            column: name,
            found: found(),
            wanted,
        })?;
        let optional = column.max_def_level() > 0;
        Ok(Self { name, leaf, meaning, optional, reader: None, ahead: VecDeque::new() })
    }

    /// The next value of this group of rows; `Some(None)` is an empty one.
    fn take(&mut self) -> Result<Option<Option<Cell>>, ParquetError> {
        if self.ahead.is_empty()
            && let Some(reader) = &mut self.reader
        {
            let (ahead, optional) = (&mut self.ahead, self.optional);
            match reader {
                ColumnReader::Int32ColumnReader(r) => {
                    decode(r, optional, ahead, |v| Cell::Whole(i64::from(v)))?;
                }
                ColumnReader::Int64ColumnReader(r) => decode(r, optional, ahead, Cell::Whole)?,
                ColumnReader::DoubleColumnReader(r) => decode(r, optional, ahead, Cell::Float)?,
                ColumnReader::FloatColumnReader(r) => {
                    decode(r, optional, ahead, |v| Cell::Float(shortest(v)))?;
                }
                ColumnReader::ByteArrayColumnReader(r) => match self.meaning {
                    Meaning::Decimal(_) => decode(r, optional, ahead, |v| wide(v.data()))?,
                    _ => decode(r, optional, ahead, Cell::Text)?,
                },
                ColumnReader::FixedLenByteArrayColumnReader(r) => {
                    decode(r, optional, ahead, |v: FixedLenByteArray| wide(v.data()))?;
                }
                _ => {
                    return Err(ParquetError::General("a column changed its type".to_owned()));
                }
            }
        }
        Ok(self.ahead.pop_front())
    }

    fn price(&self, cell: &Cell) -> Result<Price, Fault> {
        let places = if let Meaning::Decimal(places) = self.meaning { places } else { 0 };
        let read = match cell {
            Cell::Whole(value) => decimal::from_digits(i128::from(*value), places),
            Cell::Wide(value) => decimal::from_digits(*value, places),
            Cell::Float(value) => decimal::from_float(*value),
            Cell::Text(text) => decimal::read(text.data().trim_ascii()),
        };
        read.map(Price::from_raw).map_err(|problem| self.no_number(cell, problem))
    }

    fn no_number(&self, cell: &Cell, problem: NumberError) -> Fault {
        let text = match cell {
            Cell::Whole(value) => value.to_string(),
            Cell::Wide(value) => value.to_string(),
            Cell::Float(value) => value.to_string(),
            Cell::Text(text) => shown(text.data()),
        };
        Fault::Number { column: self.name, text, problem }
    }

    fn volume(&self, cell: &Cell) -> Result<f64, Fault> {
        match (cell, self.meaning) {
            (Cell::Float(value), _) => Ok(*value),
            (Cell::Whole(value), Meaning::Plain) => Ok(*value as f64),
            (Cell::Whole(value), Meaning::Decimal(places)) => Ok(unscaled(*value as f64, places)),
            (Cell::Wide(value), Meaning::Decimal(places)) => Ok(unscaled(*value as f64, places)),
            (Cell::Text(text), _) => {
                let number =
                    std::str::from_utf8(text.data()).ok().and_then(|t| t.trim().parse().ok());
                number.ok_or_else(|| Fault::Volume(shown(text.data())))
            }
            _ => Err(Fault::Volume(self.name.to_owned())),
        }
    }

    fn stamp(&self, cell: &Cell) -> Result<Timestamp, Fault> {
        match (cell, self.meaning) {
            (Cell::Whole(nanos), Meaning::Instant(TimeUnit::NANOS)) => {
                Ok(instant::from_nanos(*nanos))
            }
            (Cell::Whole(micros), Meaning::Instant(TimeUnit::MICROS)) => Ok(Timestamp(*micros)),
            (Cell::Whole(millis), Meaning::Instant(TimeUnit::MILLIS)) => {
                instant::from_millis(*millis).ok_or_else(|| Fault::Time(millis.to_string()))
            }
            (Cell::Whole(count), Meaning::Plain) => Ok(instant::from_epoch(*count)),
            (Cell::Whole(days), Meaning::Date) => {
                let day = i32::try_from(*days).map_err(|_| Fault::Time(days.to_string()))?;
                Ok(Timestamp::of_day(day, Span::ZERO))
            }
            (Cell::Text(text), _) => {
                instant::read(text.data()).ok_or_else(|| Fault::Time(shown(text.data())))
            }
            _ => Err(Fault::Time(self.name.to_owned())),
        }
    }
}

impl Table {
    fn damaged(&self, why: ParquetError) -> Error {
        Error::Parquet { file: self.file.clone(), why }
    }

    /// Opens the next group of rows; false at the end of the file.
    fn open_group(&mut self) -> Result<bool, Error> {
        if self.group >= self.reader.metadata().num_row_groups() {
            return Ok(false);
        }
        let group = self.reader.get_row_group(self.group).map_err(|e| self.damaged(e))?;
        for column in &mut self.columns {
            let reader = group.get_column_reader(column.leaf);
            let file = &self.file;
            let damaged = |why| Error::Parquet { file: file.clone(), why };
            column.reader = Some(reader.map_err(damaged)?);
        }
        self.group += 1;
        Ok(true)
    }

    /// One value of each column; none at the end of the group.
    fn cells(&mut self) -> Result<Option<Vec<Option<Cell>>>, Error> {
        let mut cells = Vec::with_capacity(self.columns.len());
        for column in &mut self.columns {
            match column.take() {
                Ok(cell) => cells.extend(cell),
                Err(why) => return Err(self.damaged(why)),
            }
        }
        match cells.len() {
            0 => Ok(None),
            n if n == self.columns.len() => Ok(Some(cells)),
            _ => Err(self.damaged(ParquetError::General("columns of unequal length".to_owned()))),
        }
    }

    fn row(&self, cells: &[Option<Cell>]) -> Result<Row, Fault> {
        let cell = |at: usize| -> Result<(&Column, &Cell), Fault> {
            let empty = Fault::Empty(BARS.get(at).copied().unwrap_or_default());
            self.columns.get(at).zip(cells.get(at).and_then(Option::as_ref)).ok_or(empty)
        };
        let price = |at: usize| cell(at).and_then(|(column, cell)| column.price(cell));
        Ok(Row {
            line: self.row,
            stamp: cell(0).and_then(|(column, cell)| column.stamp(cell))?,
            open: price(1)?,
            high: price(2)?,
            low: price(3)?,
            close: price(4)?,
            volume: cell(5).and_then(|(column, cell)| column.volume(cell))?,
        })
    }
}

impl Rows for Table {
    fn file(&self) -> &str {
        &self.file
    }
    fn next_row(&mut self) -> Result<Option<Row>, Error> {
        loop {
            if let Some(cells) = self.cells()? {
                self.row += 1;
                let fault = |fault| Error::Row { file: self.file.clone(), line: self.row, fault };
                return self.row(&cells).map(Some).map_err(fault);
            }
            if !self.open_group()? {
                return Ok(None);
            }
        }
    }
}

/// What the values of a column mean; none where they cannot be read.
fn meaning(column: &ColumnDescriptor, is_time: bool) -> Option<Meaning> {
    if column.max_rep_level() > 0 {
        return None;
    }
    let (logical, converted) = (column.logical_type_ref(), column.converted_type());
    let text = matches!(converted, ConvertedType::UTF8 | ConvertedType::NONE);
    match column.physical_type() {
        Physical::BYTE_ARRAY if text => Some(Meaning::Plain),
        Physical::INT64 if is_time => match (logical, converted) {
            (Some(LogicalType::Timestamp(stamp)), _) => Some(Meaning::Instant(stamp.unit)),
            (_, ConvertedType::TIMESTAMP_MILLIS) => Some(Meaning::Instant(TimeUnit::MILLIS)),
            (_, ConvertedType::TIMESTAMP_MICROS) => Some(Meaning::Instant(TimeUnit::MICROS)),
            (None, ConvertedType::NONE | ConvertedType::INT_64) => Some(Meaning::Plain),
            _ => None,
        },
        Physical::INT32 if is_time && converted == ConvertedType::DATE => Some(Meaning::Date),
        _ if is_time => None,
        Physical::DOUBLE | Physical::FLOAT => Some(Meaning::Plain),
        Physical::INT32
        | Physical::INT64
        | Physical::BYTE_ARRAY
        | Physical::FIXED_LEN_BYTE_ARRAY
            if converted == ConvertedType::DECIMAL =>
        {
            Some(Meaning::Decimal(column.type_scale()))
        }
        Physical::INT32 | Physical::INT64 => {
            let plain = [ConvertedType::NONE, ConvertedType::INT_32, ConvertedType::INT_64];
            plain.contains(&converted).then_some(Meaning::Plain)
        }
        _ => None,
    }
}

/// Decodes the next values of a column, empty ones included.
fn decode<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    optional: bool,
    ahead: &mut VecDeque<Option<Cell>>,
    cell: impl Fn(T::T) -> Cell,
) -> Result<(), ParquetError> {
    let (mut levels, mut values) = (Vec::new(), Vec::with_capacity(BATCH));
    reader.read_records(BATCH, Some(&mut levels), None, &mut values)?;
    let mut values = values.into_iter().map(cell);
    if optional {
        // A column of the root has one level: 1 where there is a value.
        ahead.extend(levels.iter().map(|level| (*level > 0).then(|| values.next()).flatten()));
    } else {
        ahead.extend(values.map(Some));
    }
    Ok(())
}

/// A decimal of big-endian two's complement; wider than 16 bytes it is beyond every price.
fn wide(bytes: &[u8]) -> Cell {
    if bytes.len() > WIDEST {
        return Cell::Wide(i128::MAX);
    }
    let negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    let start: i128 = if negative { -1 } else { 0 };
    Cell::Wide(bytes.iter().fold(start, |value, byte| (value << 8) | i128::from(*byte)))
}

/// The shortest decimal that is this float, as it would stand in a CSV: 101.1 and not 101.0999984741211.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::NAN)
}

fn unscaled(value: f64, places: i32) -> f64 {
    value / 10f64.powi(places)
}

#[cfg(test)]
mod tests;
