//! Bars from CSV text, plain (`.csv`) or compressed (`.csv.zst`), read row by row in bounded memory.
//!
//! Columns are found by their names, in any order, among others: `timestamp,open,high,low,close,volume`.
//! Numbers follow the rule of `decimal`; times are RFC 3339 and mark the open of the bar.

use super::bars::{Bars, Row, Rows, Terms};
use super::error::{Error, Fault};
use super::{decimal, instant};
use ::csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};
use nija_core::words::money::{Price, Qty};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Columns of a file of bars.
pub(super) const BARS: &[&str] = &["timestamp", "open", "high", "low", "close", "volume"];
/// The same in one text.
pub(super) const BARS_TEXT: &str = "timestamp,open,high,low,close,volume";
/// Longest line that is read.
const LONGEST_LINE: usize = 16 * 1_024;
/// Largest Zstandard window that is unpacked, as a power of two: 32 MiB.
const WINDOW_LOG: u32 = 25;
const BUFFER: usize = 64 * 1_024;

/// Opens a file of bars.
///
/// # Errors
/// When the file cannot be read or a column is missing; faults of rows come from the feed.
pub fn open(path: &Path, terms: Terms) -> Result<Bars, Error> {
    let table = Table::open(path, BARS, BARS_TEXT)?;
    Ok(Bars::new(Box::new(BarRows { table }), terms))
}

/// Reads bars from any source of plain CSV text; `name` stands for it in errors.
///
/// # Errors
/// As [`open`].
pub fn read(name: &str, text: impl Read + Send + 'static, terms: Terms) -> Result<Bars, Error> {
    let table = Table::read(name.to_owned(), Box::new(LineCap::new(text)), BARS, BARS_TEXT)?;
    Ok(Bars::new(Box::new(BarRows { table }), terms))
}

struct BarRows {
    table: Table,
}

impl BarRows {
    fn row(&self, line: u64) -> Result<Row, Fault> {
        let table = &self.table;
        let stamp = table.field(0);
        let stamp = instant::read(stamp).ok_or_else(|| Fault::Time(shown(stamp)))?;
        Ok(Row {
            line,
            stamp,
            open: table.price(1)?,
            high: table.price(2)?,
            low: table.price(3)?,
            close: table.price(4)?,
            volume: volume(table.field(5))?,
        })
    }
}

impl Rows for BarRows {
    fn file(&self) -> &str {
        &self.table.file
    }
    fn next_row(&mut self) -> Result<Option<Row>, Error> {
        let Some(line) = self.table.advance()? else {
            return Ok(None);
        };
        self.row(line).map(Some).map_err(|fault| self.table.fault(line, fault))
    }
}

/// Rows of named columns.
pub(super) struct Table {
    pub(super) file: String,
    reader: Reader<Box<dyn Read + Send>>,
    record: ByteRecord,
    wanted: &'static [&'static str],
    columns: Vec<usize>,
    width: usize,
}

impl Table {
    pub(super) fn open(
        path: &Path,
        wanted: &'static [&'static str],
        wanted_text: &'static str,
    ) -> Result<Self, Error> {
        let file = path.display().to_string();
        let unreadable = |source| Error::Unreadable { file: file.clone(), source };
        let plain = File::open(path).map_err(unreadable)?;
        let packed = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("zst"));
        let text: Box<dyn Read + Send> = if packed {
            let mut decoder = zstd::Decoder::new(plain).map_err(unreadable)?;
            decoder.window_log_max(WINDOW_LOG).map_err(unreadable)?;
            Box::new(LineCap::new(decoder))
        } else {
            Box::new(LineCap::new(plain))
        };
        Self::read(file, text, wanted, wanted_text)
    }

    fn read(
        file: String,
        text: Box<dyn Read + Send>,
        wanted: &'static [&'static str],
        wanted_text: &'static str,
    ) -> Result<Self, Error> {
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true).buffer_capacity(BUFFER);
        let mut table = Self {
            file,
            reader: builder.from_reader(text),
            record: ByteRecord::new(),
            wanted,
            columns: Vec::new(),
            width: usize::MAX,
        };
        table.read_header(wanted_text)?;
        Ok(table)
    }

    fn read_header(&mut self, wanted_text: &'static str) -> Result<(), Error> {
        self.next_record()?;
        self.width = self.record.len();
        for &column in self.wanted {
            let found = self.record.iter().position(|name| name.trim_ascii() == column.as_bytes());
            let missing = || Error::Column { file: self.file.clone(), column, wanted: wanted_text };
            self.columns.push(found.ok_or_else(missing)?);
        }
        Ok(())
    }

    /// Moves to the next row and gives its line; none at the end of the file.
    pub(super) fn advance(&mut self) -> Result<Option<u64>, Error> {
        let Some(line) = self.next_record()? else {
            return Ok(None);
        };
        if self.record.len() == self.width {
            return Ok(Some(line));
        }
        let fault = Fault::Fields { found: self.record.len(), wanted: self.width };
        Err(self.fault(line, fault))
    }

    fn next_record(&mut self) -> Result<Option<u64>, Error> {
        let line = self.reader.position().line();
        match self.reader.read_byte_record(&mut self.record) {
            Ok(true) => Ok(Some(self.record.position().map_or(line, |at| at.line()))),
            Ok(false) => Ok(None),
            Err(error) => Err(self.unreadable(line, error)),
        }
    }

    fn unreadable(&self, line: u64, error: ::csv::Error) -> Error {
        match error.into_kind() {
            ErrorKind::Io(source) if source.get_ref().is_some_and(|e| e.is::<Endless>()) => {
                self.fault(line, Fault::Endless(LONGEST_LINE))
            }
            ErrorKind::Io(source) => Error::Unreadable { file: self.file.clone(), source },
            other => self.fault(line, Fault::Malformed(format!("{other:?}"))),
        }
    }

    pub(super) fn fault(&self, line: u64, fault: Fault) -> Error {
        Error::Row { file: self.file.clone(), line, fault }
    }

    /// What stands in a wanted column of the row.
    pub(super) fn field(&self, column: usize) -> &[u8] {
        self.columns
            .get(column)
            .and_then(|at| self.record.get(*at))
            .unwrap_or_default()
            .trim_ascii()
    }
    pub(super) fn price(&self, column: usize) -> Result<Price, Fault> {
        self.number(column).map(Price::from_raw)
    }
    pub(super) fn qty(&self, column: usize) -> Result<Qty, Fault> {
        self.number(column).map(Qty::from_raw)
    }
    fn number(&self, at: usize) -> Result<i64, Fault> {
        let (text, column) = (self.field(at), self.wanted.get(at).copied().unwrap_or_default());
        if text.is_empty() {
            return Err(Fault::Empty(column));
        }
        decimal::read(text).map_err(|problem| Fault::Number { column, text: shown(text), problem })
    }
}

/// Reads a volume; the check of the row judges its value.
fn volume(text: &[u8]) -> Result<f64, Fault> {
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| Fault::Volume(shown(text)))
}

/// A field for an error message, shortened.
pub(super) fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[..text.len().min(40)]).into_owned()
}

/// A line went on and on.
#[derive(Debug, thiserror::Error)]
#[error("the line does not end")]
struct Endless;

/// Refuses lines that are too long to be rows before they fill the memory.
struct LineCap<R> {
    source: R,
    length: usize,
}

impl<R> LineCap<R> {
    const fn new(source: R) -> Self {
        Self { source, length: 0 }
    }
}

impl<R: Read> Read for LineCap<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Never more than one longest line at once, so that a line within the limit is always found.
        let room = buffer.len().min(LONGEST_LINE);
        let count = self.source.read(&mut buffer[..room])?;
        match buffer[..count].iter().rposition(|byte| *byte == b'\n') {
            Some(end) => self.length = count - end - 1,
            None => self.length += count,
        }
        if self.length > LONGEST_LINE { Err(io::Error::other(Endless)) } else { Ok(count) }
    }
}

#[cfg(test)]
mod tests;
