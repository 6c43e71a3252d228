//! Bars from CSV text, plain (`.csv`) or compressed (`.csv.zst`), read row by row in bounded memory.
//!
//! Columns are found by their names, in any order and case, among others: `timestamp,open,high,low,close,volume`;
//! the time may also be called as other programs call it. Numbers follow the rule of `decimal`, times that of
//! `instant`; they mark the open of the bar.

use super::bars::{Bars, Row, Rows, Terms};
use super::error::{Error, Fault};
use super::lines::{Broken, LONGEST, Lines};
use super::{decimal, instant};
use nija_core::words::money::{Price, Qty};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Columns of a file of bars.
pub(super) const BARS: &[&str] = &["timestamp", "open", "high", "low", "close", "volume"];
/// The same in one text.
pub(super) const BARS_TEXT: &str = "timestamp,open,high,low,close,volume";
/// Other names of the time of a bar; the empty one is what pandas gives an index.
const TIMES: &[&str] = &["timestamp", "ts", "time", "date", "datetime", "open_time", ""];
/// What some programs put before the first name.
const MARK: &[u8] = b"\xef\xbb\xbf";
/// Largest Zstandard window that is unpacked, as a power of two: 32 MiB.
const WINDOW_LOG: u32 = 25;

/// Opens a file of bars.
///
/// # Errors
/// When the file cannot be read or a column is missing; faults of rows come from the feed.
pub fn open(path: &Path, terms: Terms) -> Result<Bars, Error> {
    Ok(Bars::new(rows(path)?, terms))
}

/// The rows of a file of bars.
pub(super) fn rows(path: &Path) -> Result<Box<dyn Rows>, Error> {
    Ok(Box::new(BarRows { table: Table::open(path, BARS, BARS_TEXT)? }))
}

/// Reads bars from any source of plain CSV text; `name` stands for it in errors.
///
/// # Errors
/// As [`open`].
pub fn read(name: &str, text: impl Read + Send + 'static, terms: Terms) -> Result<Bars, Error> {
    let table = Table::read(name.to_owned(), Box::new(text), BARS, BARS_TEXT)?;
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

/// Does the header name a column so?
pub(super) fn is_called(found: &[u8], column: &str) -> bool {
    let found = found.strip_prefix(MARK).unwrap_or(found).trim_ascii();
    let names = if column == "timestamp" { TIMES } else { &[column][..] };
    names.iter().any(|name| found.eq_ignore_ascii_case(name.as_bytes()))
}

/// Rows of named columns.
pub(super) struct Table {
    pub(super) file: String,
    lines: Lines,
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
        let unreadable = |why| Error::Unreadable { file: file.clone(), why };
        let plain = File::open(path).map_err(unreadable)?;
        let packed = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("zst"));
        let text: Box<dyn Read + Send> = if packed {
            let mut decoder = zstd::Decoder::new(plain).map_err(unreadable)?;
            decoder.window_log_max(WINDOW_LOG).map_err(unreadable)?;
            Box::new(decoder)
        } else {
            Box::new(plain)
        };
        Self::read(file, text, wanted, wanted_text)
    }

    fn read(
        file: String,
        text: Box<dyn Read + Send>,
        wanted: &'static [&'static str],
        wanted_text: &'static str,
    ) -> Result<Self, Error> {
        let lines = Lines::new(text);
        let mut table = Self { file, lines, wanted, columns: Vec::new(), width: 0 };
        table.read_header(wanted_text)?;
        Ok(table)
    }

    fn read_header(&mut self, wanted_text: &'static str) -> Result<(), Error> {
        self.next_line()?;
        self.width = self.lines.len();
        for &column in self.wanted {
            let found = (0..self.width).find(|at| is_called(self.lines.field(*at), column));
            let missing = || Error::Column { file: self.file.clone(), column, wanted: wanted_text };
            self.columns.push(found.ok_or_else(missing)?);
        }
        Ok(())
    }

    /// Moves to the next row and gives its line; none at the end of the file.
    pub(super) fn advance(&mut self) -> Result<Option<u64>, Error> {
        if !self.next_line()? {
            return Ok(None);
        }
        let (line, found) = (self.lines.number(), self.lines.len());
        if found == self.width {
            return Ok(Some(line));
        }
        Err(self.fault(line, Fault::Fields { found, wanted: self.width }))
    }

    fn next_line(&mut self) -> Result<bool, Error> {
        self.lines.advance().map_err(|broken| {
            let line = self.lines.number();
            match broken {
                Broken::Source(why) => Error::Unreadable { file: self.file.clone(), why },
                Broken::Endless => self.fault(line, Fault::Endless(LONGEST)),
                Broken::Quotes => self.fault(line, Fault::Quotes),
            }
        })
    }

    pub(super) fn fault(&self, line: u64, fault: Fault) -> Error {
        Error::Row { file: self.file.clone(), line, fault }
    }

    /// What stands in a wanted column of the row.
    pub(super) fn field(&self, column: usize) -> &[u8] {
        self.columns.get(column).map_or(&[][..], |at| self.lines.field(*at)).trim_ascii()
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
    // Most volumes are whole and short.
    if !text.is_empty() && text.len() < 16 && text.iter().all(u8::is_ascii_digit) {
        return Ok(text.iter().fold(0_i64, |sum, b| sum * 10 + i64::from(b - b'0')) as f64);
    }
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| Fault::Volume(shown(text)))
}

/// A field for an error message, shortened.
pub(super) fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[..text.len().min(40)]).into_owned()
}

#[cfg(test)]
mod tests;
