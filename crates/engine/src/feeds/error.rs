//! What can be wrong with market data: always with the file, the line, and what to do about it.

use super::decimal::NumberError;
use nija_core::words::id::InstrumentId;
use nija_core::words::money::Price;
use nija_core::words::time::Timestamp;

/// Why a feed cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened or read.
    #[error("{file}: {why}; check the path, the permissions and that the file is whole")]
    Unreadable {
        /// Which file.
        file: String,
        /// What the system says. It is in the text, and so no source that would be told once more.
        why: std::io::Error,
    },
    /// The file is no valid Parquet, or is packed in a way that is not read.
    #[error(
        "{file}: {why}; write the file again, packed with snappy, zstd, gzip, brotli, lz4 or not at all, or convert it \
         to CSV"
    )]
    Parquet {
        /// Which file.
        file: String,
        /// What the reader says. It is in the text, and so no source that would be told once more.
        why: ::parquet::errors::ParquetError,
    },
    /// A column is missing.
    #[error(
        "{file}: there is no column `{column}`; the columns must be {wanted}{}",
        unknown(.column)
    )]
    Column {
        /// Which file.
        file: String,
        /// The missing one.
        column: &'static str,
        /// All that are needed.
        wanted: &'static str,
    },
    /// A column holds a type that cannot be read.
    #[error("{file}: column `{column}` holds {found}; {wanted}")]
    Type {
        /// Which file.
        file: String,
        /// In which column.
        column: &'static str,
        /// What it holds.
        found: String,
        /// What to write instead.
        wanted: &'static str,
    },
    /// A row cannot be used.
    #[error("{file}, line {line}: {fault}")]
    Row {
        /// Which file.
        file: String,
        /// Line of a text file, or number of the row in a Parquet file; both from 1.
        line: u64,
        /// What is wrong.
        fault: Fault,
    },
    /// A row is odd beside its neighbors, and the reading stops there.
    #[error("{file}, line {line}: {fault}, or leave --strict away to be told of it only")]
    Strict {
        /// Which file.
        file: String,
        /// As of a row.
        line: u64,
        /// What is odd.
        fault: Fault,
    },
    /// A recording lacks a file.
    #[error(
        "{folder}: there is no file of {what}; names begin with what is in them and end in .csv or .csv.zst"
    )]
    Recording {
        /// Which folder.
        folder: String,
        /// What is missing.
        what: &'static str,
    },
    /// A source of a merge went back in time.
    #[error(
        "the source of {} goes from {before} back to {at}; sort it by time",
        .instrument.map_or_else(|| "sessions".to_owned(), |id| format!("instrument {id}"))
    )]
    Backwards {
        /// About which instrument; none for sessions.
        instrument: Option<InstrumentId>,
        /// Time of the event before.
        before: Timestamp,
        /// Time of the event that came after it.
        at: Timestamp,
    },
    /// The settings of a generator make no market.
    #[error("the generator's {0}")]
    Settings(&'static str),
}

/// What to do where a column may be made up.
fn unknown(column: &str) -> &'static str {
    if column == "volume" { "; where volumes are not known, add a column of 0" } else { "" }
}

/// What is wrong with one row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Too few or too many fields.
    #[error("{found} fields where the header has {wanted}; repair the row")]
    Fields {
        /// How many there are.
        found: usize,
        /// How many there should be.
        wanted: usize,
    },
    /// The line does not end.
    #[error("the line is longer than {0} bytes; is this a text file with one row a line?")]
    Endless(usize),
    /// A line of a recorded market says nothing.
    #[error("`{0}` is no line of a recorded market; take the line out to leave the event out")]
    Unknown(String),
    /// The text cannot be split into fields.
    #[error("a double quote does not end in this line, or has text beside it; repair the row")]
    Quotes,
    /// The time cannot be read.
    #[error(
        "`{0}` is not a time; write RFC 3339 like 2024-03-11T13:30:00Z, a date, or seconds since 1970"
    )]
    Time(String),
    /// A number cannot be read.
    #[error("{column} `{text}` is {problem}")]
    Number {
        /// In which column.
        column: &'static str,
        /// What stands there.
        text: String,
        /// Why it is no number.
        problem: NumberError,
    },
    /// A price of zero or less.
    #[error(
        "{column} is {value}: prices must be above zero; repair the row, or leave it out with --skip-bad"
    )]
    NotPositive {
        /// In which column.
        column: &'static str,
        /// What stands there.
        value: String,
    },
    /// The same time twice.
    #[error("{0} is there twice; remove one of the rows")]
    Repeated(Timestamp),
    /// Not rising.
    #[error("{at} comes after {before}; sort the file by time")]
    Backwards {
        /// Time of the row before.
        before: Timestamp,
        /// Time of this row.
        at: Timestamp,
    },
    /// Bars are missing.
    #[error("no bar between {from} and {to}, while the market was open; add what is missing")]
    Gap {
        /// When the next bar was expected.
        from: Timestamp,
        /// When one came.
        to: Timestamp,
    },
    /// Nothing came for too long.
    #[error(
        "nothing came between {from} and {to}; record these minutes again, cut the recording there, or leave \
         --strict away to be told of gaps only"
    )]
    Silence {
        /// Time of the row before.
        from: Timestamp,
        /// Time of this row.
        to: Timestamp,
    },
    /// A word that is none of those that may stand there.
    #[error("{column} is `{text}`; write {wanted}")]
    Word {
        /// In which column.
        column: &'static str,
        /// What stands there.
        text: String,
        /// What may stand there.
        wanted: &'static str,
    },
    /// A picture of a book whose prices are in no order.
    #[error(
        "{column} {price} is not behind the price before it; write the best price first, without holes"
    )]
    Unordered {
        /// In which column.
        column: &'static str,
        /// What stands there.
        price: Price,
    },
    /// A price far away from all others.
    #[error(
        "{column} {price} lies far from its neighbors (the close before was {before}): a bad tick? Repair the \
         row"
    )]
    Spike {
        /// In which column.
        column: &'static str,
        /// What stands there.
        price: Price,
        /// The close before.
        before: Price,
    },
    /// High and low do not hold the open and the close.
    #[error(
        "high {high} and low {low} do not hold open {open} and close {close}; repair the row, or leave \
         it out with --skip-bad"
    )]
    Range {
        /// Highest price.
        high: Price,
        /// Lowest price.
        low: Price,
        /// First price.
        open: Price,
        /// Last price.
        close: Price,
    },
    /// The ask lies below the bid.
    #[error("ask {ask} is below bid {bid}; repair the row, or leave it out with --skip-bad")]
    Crossed {
        /// Best price paid.
        bid: Price,
        /// Best price asked.
        ask: Price,
    },
    /// Volume is negative or not a number.
    #[error(
        "volume `{0}` is negative or not a number; write 0 where it is unknown, or leave the row out with --skip-bad"
    )]
    Volume(String),
    /// A bar while the market rests.
    #[error(
        "{0}: the market has no session then; check the date and the instrument's hours, or leave the \
         row out with --skip-bad"
    )]
    NoSession(Timestamp),
    /// A daily bar that is not stamped with midnight.
    #[error("{0}: a daily bar is stamped 00:00:00Z of its date; check the timeframe")]
    NotMidnight(Timestamp),
    /// A value is missing.
    #[error("{0} is empty; repair the row")]
    Empty(&'static str),
}

impl Fault {
    /// May `skip_bad` leave such a row out? Only where the row itself is wrong and the file is still in order.
    pub(super) const fn is_skippable(&self) -> bool {
        matches!(
            self,
            Self::NotPositive { .. }
                | Self::Range { .. }
                | Self::Unordered { .. }
                | Self::Crossed { .. }
                | Self::Volume(_)
                | Self::NoSession(_)
        )
    }
}
