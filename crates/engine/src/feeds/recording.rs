//! A recording: a folder of ticks of one instrument, `SYMBOL.VENUE`, as one feed in order of receipt.
//!
//! Files are found by how their names begin: `trades`, `quotes`, and `depth` for changes of the book or, where that is
//! not there, `book10` for pictures of it. Trades and one sort of display are needed.

use super::error::Error;
use super::merge::Merge;
use super::ticks::{self, Content};
use super::{Feed, MarketEvent};
use nija_core::words::id::InstrumentId;
use nija_core::words::time::{Span, Timestamp};
use std::path::{Path, PathBuf};

/// A longer silence of a display is an error where recordings must be whole.
pub const MOST_SILENCE: Span = Span::seconds(10);

/// How a recording is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading {
    /// Leave rows out that are wrong in themselves.
    pub skip_bad: bool,
    /// Is a silence of quotes or levels an error?
    pub strict: bool,
}

/// The files of a recording, with what each is.
///
/// # Errors
/// When the folder cannot be read, or trades or any display are missing.
pub fn files(folder: &Path) -> Result<Vec<(PathBuf, Content)>, Error> {
    let named = |why| Error::Unreadable { file: folder.display().to_string(), why };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(named)? {
        names.push(entry.map_err(named)?.path());
    }
    names.sort();
    let find = |start: &str| {
        let is_it = |path: &&PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with(start) && (name.ends_with(".csv") || name.ends_with(".csv.zst"))
        };
        names.iter().find(is_it).cloned()
    };
    let levels = find("depth").map(|path| (path, Content::Levels));
    let levels = levels.or_else(|| find("book10").map(|path| (path, Content::Pictures)));
    let quotes = find("quotes").map(|path| (path, Content::Quotes));
    let trades = find("trades").map(|path| (path, Content::Trades));
    let lacks = |what| Error::Recording { folder: folder.display().to_string(), what };
    if levels.is_none() && quotes.is_none() {
        return Err(lacks("quotes, depth or book10"));
    }
    let trades = trades.ok_or_else(|| lacks("trades"))?;
    Ok(levels.into_iter().chain(quotes).chain([trades]).collect())
}

/// One instrument's recording.
pub struct Recording(Merge);

/// Opens a recording.
///
/// # Errors
/// As [`files`], and when a column is missing; faults of rows come from the feed.
pub fn open(folder: &Path, instrument: InstrumentId, reading: Reading) -> Result<Recording, Error> {
    let mut feeds: Vec<Box<dyn Feed>> = Vec::new();
    for (path, content) in files(folder)? {
        let ticks = ticks::open(&path, content, instrument, reading.skip_bad)?;
        let display = content != Content::Trades;
        let ticks = if reading.strict && display { ticks.unbroken(MOST_SILENCE) } else { ticks };
        feeds.push(Box::new(ticks));
    }
    Ok(Recording(Merge::new(feeds, &[])))
}

impl Feed for Recording {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        self.0.next()
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        self.0.peek_time()
    }
}
