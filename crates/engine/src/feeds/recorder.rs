//! Writes down what a server's market said, so that the day can be run again: one file of lines for each day (UTC),
//! `2026-11-28.market`, read back by [`super::recorded`].
//!
//! A line begins with a letter: `S` a start of the server, `K` a price it knew then, then the events: `O` and `C`
//! sessions, `B` and `E` begin and end of a bar, `Q` quotes, `T` trades, `L` and `X` books, `N` a contract of a chain
//! and `P` its picture. Times are microseconds since 1970, prices and quantities units of 10^-8. What the analyst read
//! before a start stands behind its `S`, at earlier times.

use super::{Error, Feed, Kind, MarketEvent};
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::{Hours, Right};
use nija_core::words::money::Price;
use nija_core::words::order::Side;
use nija_core::words::time::{Span, Timestamp};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// How names of its files end.
pub const ENDING: &str = "market";

/// Where a server writes down what its market says.
pub struct Recorder {
    folder: PathBuf,
    started: Timestamp,
    file: Option<(i32, BufWriter<File>)>,
    last: Timestamp,
}

impl Recorder {
    /// Begins to write into a folder, at a start of the server.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when the folder cannot be made or written to.
    pub fn start(folder: &Path, at: Timestamp) -> Result<Self, Error> {
        let unwritable = |why| Error::Unreadable { file: folder.display().to_string(), why };
        std::fs::create_dir_all(folder).map_err(unwritable)?;
        let mut recorder = Self { folder: folder.to_owned(), started: at, file: None, last: at };
        recorder.line(at, format_args!("S,{}", at.0))?;
        Ok(recorder)
    }

    /// A price that was known before the first event.
    ///
    /// # Errors
    /// As [`Recorder::start`].
    pub fn know(&mut self, instrument: InstrumentId, price: Price) -> Result<(), Error> {
        self.line(self.started, format_args!("K,{},{}", instrument.0, price.raw()))
    }

    /// Writes an event down. What came before its instant is handed to the system.
    ///
    /// # Errors
    /// As [`Recorder::start`].
    pub fn event(&mut self, event: &MarketEvent) -> Result<(), Error> {
        let at = event.at.0;
        let session = |hours: Hours| match hours {
            Hours::Always => "always",
            Hours::Nyse => "nyse",
            Hours::Cme => "cme",
        };
        let when = |until: Option<Timestamp>| until.map(|at| at.0.to_string()).unwrap_or_default();
        let line = match event.kind {
            Kind::SessionOpened { hours, until } => {
                format!("O,{at},{},{}", session(hours), when(until))
            }
            Kind::SessionClosed { hours, until } => {
                format!("C,{at},{},{}", session(hours), when(until))
            }
            Kind::BarOpened { instrument, price } => {
                format!("B,{at},{},{}", instrument.0, price.raw())
            }
            Kind::BarClosed(c) => {
                let [open, high, low, close] = [c.open, c.high, c.low, c.close].map(Price::raw);
                let (id, from, to) = (c.instrument.0, c.open_at.0, c.close_at.0);
                // Written so, the volume reads back to the bit.
                let volume = c.volume;
                format!("E,{at},{id},{from},{to},{open},{high},{low},{close},{volume:?}")
            }
            Kind::Quote { instrument, bid, ask, bid_qty, ask_qty } => {
                let (bid, ask, bids, asks) = (bid.raw(), ask.raw(), bid_qty.raw(), ask_qty.raw());
                format!("Q,{at},{},{bid},{ask},{bids},{asks}", instrument.0)
            }
            Kind::Trade { instrument, price, qty, taker } => {
                let taker = taker.map(side).unwrap_or_default();
                format!("T,{at},{},{},{},{taker}", instrument.0, price.raw(), qty.raw())
            }
            Kind::Level { instrument, side: of, price, qty } => {
                format!("L,{at},{},{},{},{}", instrument.0, side(of), price.raw(), qty.raw())
            }
            Kind::Cleared { instrument } => format!("X,{at},{}", instrument.0),
            Kind::Listed(of) => {
                let right = if of.right == Right::Call { "call" } else { "put" };
                let (strike, expiry, root) = (of.strike.raw(), of.expiry.0, of.root.ticker());
                let (id, under, size) = (of.id.0, of.underlying.0, of.multiplier);
                format!("N,{at},{id},{under},{right},{strike},{size},{expiry},{root}")
            }
            Kind::Pictured { underlying, spot, next_session } => {
                format!("P,{at},{},{},{next_session}", underlying.0, spot.raw())
            }
        };
        self.line(event.at, format_args!("{line}"))
    }

    fn line(&mut self, at: Timestamp, line: std::fmt::Arguments<'_>) -> Result<(), Error> {
        let day = at.max(self.started).day(Span::ZERO);
        let date: String =
            Timestamp::of_day(day, Span::ZERO).to_string().chars().take(10).collect();
        let path = self.folder.join(format!("{date}.{ENDING}"));
        let done = self.write(day, &path, at, line);
        done.map_err(|why| Error::Unreadable { file: path.display().to_string(), why })
    }

    fn write(
        &mut self,
        day: i32,
        path: &Path,
        at: Timestamp,
        line: std::fmt::Arguments<'_>,
    ) -> std::io::Result<()> {
        if self.file.as_ref().is_none_or(|(of, _)| *of != day) {
            if let Some((_, before)) = &mut self.file {
                before.flush()?;
            }
            let file = OpenOptions::new().create(true).append(true).open(path)?;
            let mut file = BufWriter::new(file);
            // What a killed server left of a line ends here; behind a whole line this one is empty.
            writeln!(file)?;
            self.file = Some((day, file));
        }
        let Some((_, file)) = &mut self.file else { return Ok(()) };
        if at > self.last {
            self.last = at;
            file.flush()?;
        }
        writeln!(file, "{line}")
    }
}

pub(super) const fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

/// A feed whose events are written down as they are taken. Where that fails, trading goes on and the log says so.
pub struct Recording<F> {
    feed: F,
    recorder: Option<Recorder>,
}

impl<F> Recording<F> {
    /// The feed, written down where there is a recorder.
    #[must_use]
    pub const fn new(feed: F, recorder: Option<Recorder>) -> Self {
        Self { feed, recorder }
    }
    /// Leaves the feed and goes on with its recorder.
    #[must_use]
    pub fn stop(self) -> Option<Recorder> {
        self.recorder
    }
}

impl<F: Feed> Feed for Recording<F> {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        let event = self.feed.next()?;
        let written = match (&mut self.recorder, &event) {
            (Some(recorder), Some(event)) => recorder.event(event),
            _ => Ok(()),
        };
        if let Err(why) = written {
            tracing::error!(%why, "the market is not recorded any more; make space and start again");
            self.recorder = None;
        }
        Ok(event)
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        self.feed.peek_time()
    }
}
