//! Reads back what a [`Recorder`](super::recorder::Recorder) wrote: start after start, each of them a feed.

use super::recorder::{ENDING, side};
use super::{Error, Fault, Feed, Kind, MarketEvent};
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::{Hours, Right};
use nija_core::words::money::{Price, Qty};
use nija_core::words::order::Side;
use nija_core::words::time::Timestamp;
use nija_market::candle::Candle;
use nija_market::chain::{Root, Terms};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::str::Split;

/// Letters of a line that are shown where it says nothing.
const SHOWN: usize = 200;

/// A market that was there before: one feed after the other, as often as its server was started.
pub trait Past: Feed {
    /// Begins the next start, and tells when it was; what comes before that instant is what the analyst read then. None
    /// after the last one. What was not read of the start before is passed over.
    ///
    /// # Errors
    /// Those of the feed.
    fn begin(&mut self) -> Result<Option<Timestamp>, Error>;
    /// Prices that were known at the start, once what was before it has been read.
    fn known(&self) -> &[(InstrumentId, Price)];
}

/// A feed as the past of one start that read nothing before.
pub struct Once<F> {
    feed: F,
    begun: bool,
}

impl<F: Feed> Once<F> {
    /// The past that this feed tells.
    #[must_use]
    pub const fn of(feed: F) -> Self {
        Self { feed, begun: false }
    }
}

impl<F: Feed> Past for Once<F> {
    fn begin(&mut self) -> Result<Option<Timestamp>, Error> {
        Ok((!std::mem::replace(&mut self.begun, true)).then_some(Timestamp::EPOCH))
    }
    fn known(&self) -> &[(InstrumentId, Price)] {
        &[]
    }
}

impl<F: Feed> Feed for Once<F> {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        self.feed.next()
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        self.feed.peek_time()
    }
}

/// One line.
enum Line {
    Start(Timestamp),
    Known(InstrumentId, Price),
    Event(MarketEvent),
}

/// A folder of recorded days.
pub struct Recorded {
    /// Files still to be read, the next one last.
    files: Vec<PathBuf>,
    file: Option<(PathBuf, BufReader<File>)>,
    number: u64,
    ahead: Option<Line>,
    known: Vec<(InstrumentId, Price)>,
}

/// Opens a folder.
///
/// # Errors
/// [`Error::Unreadable`], and [`Error::Recording`] when nothing was recorded there.
pub fn open(folder: &Path) -> Result<Recorded, Error> {
    let named = |why| Error::Unreadable { file: folder.display().to_string(), why };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(named)? {
        let path = entry.map_err(named)?.path();
        if path.extension().is_some_and(|end| end == ENDING) {
            files.push(path);
        }
    }
    if files.is_empty() {
        let folder = folder.display().to_string();
        return Err(Error::Recording { folder, what: "a recorded market (*.market)" });
    }
    files.sort();
    files.reverse();
    Ok(Recorded { files, file: None, number: 0, ahead: None, known: Vec::new() })
}

impl Recorded {
    /// The next line, of whichever file.
    fn read(&mut self) -> Result<Option<Line>, Error> {
        let mut text = String::new();
        loop {
            if self.file.is_none() {
                let Some(path) = self.files.pop() else { return Ok(None) };
                let file = File::open(&path).map_err(|why| unreadable(&path, why))?;
                (self.file, self.number) = (Some((path, BufReader::new(file))), 0);
            }
            let Some((path, file)) = &mut self.file else { return Ok(None) };
            text.clear();
            if file.read_line(&mut text).map_err(|why| unreadable(path, why))? == 0 {
                self.file = None;
                continue;
            }
            self.number += 1;
            // A server that was killed leaves a piece of a line; the next start then stands right behind it.
            let whole = text.ends_with('\n') && !file.fill_buf().is_ok_and(|b| b.starts_with(b"S"));
            let text = text.trim_end();
            if text.is_empty() || !whole {
                continue;
            }
            let Some(line) = parse(text) else {
                let fault = Fault::Unknown(text.chars().take(SHOWN).collect());
                return Err(Error::Row {
                    file: path.display().to_string(),
                    line: self.number,
                    fault,
                });
            };
            return Ok(Some(line));
        }
    }

    /// Reads ahead to the next event of this start.
    fn look(&mut self) -> Result<Option<&MarketEvent>, Error> {
        loop {
            if self.ahead.is_none() {
                self.ahead = self.read()?;
            }
            match self.ahead.take() {
                Some(Line::Known(instrument, price)) => self.known.push((instrument, price)),
                other => {
                    self.ahead = other;
                    break;
                }
            }
        }
        match &self.ahead {
            Some(Line::Event(event)) => Ok(Some(event)),
            _ => Ok(None),
        }
    }
}

impl Past for Recorded {
    fn begin(&mut self) -> Result<Option<Timestamp>, Error> {
        while self.next()?.is_some() {}
        self.known.clear();
        match self.ahead.take() {
            Some(Line::Start(at)) => Ok(Some(at)),
            _ => Ok(None),
        }
    }
    fn known(&self) -> &[(InstrumentId, Price)] {
        &self.known
    }
}

impl Feed for Recorded {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        let event = self.look()?.copied();
        if event.is_some() {
            self.ahead = None;
        }
        Ok(event)
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        Ok(self.look()?.map(|event| event.at))
    }
}

fn unreadable(path: &Path, why: std::io::Error) -> Error {
    Error::Unreadable { file: path.display().to_string(), why }
}

/// The fields of a line, taken one after the other.
struct Fields<'a>(Split<'a, char>);

impl Fields<'_> {
    fn number(&mut self) -> Option<i64> {
        self.0.next()?.parse().ok()
    }
    fn time(&mut self) -> Option<Timestamp> {
        self.number().map(Timestamp)
    }
    fn id(&mut self) -> Option<InstrumentId> {
        self.0.next()?.parse().ok().map(InstrumentId)
    }
    fn price(&mut self) -> Option<Price> {
        self.number().map(Price::from_raw)
    }
    fn qty(&mut self) -> Option<Qty> {
        self.number().map(Qty::from_raw)
    }
    fn side(&mut self) -> Option<Option<Side>> {
        let text = self.0.next()?;
        let found = [Side::Buy, Side::Sell].into_iter().find(|of| side(*of) == text);
        (found.is_some() || text.is_empty()).then_some(found)
    }
    fn contract(&mut self) -> Option<Terms> {
        Some(Terms {
            id: self.id()?,
            underlying: self.id()?,
            right: match self.0.next()? {
                "call" => Right::Call,
                "put" => Right::Put,
                _ => return None,
            },
            strike: self.price()?,
            multiplier: self.number()?.try_into().ok()?,
            expiry: self.time()?,
            root: Root::of(self.0.next()?)?,
        })
    }
    fn session(&mut self) -> Option<(Hours, Option<Timestamp>)> {
        let hours = match self.0.next()? {
            "always" => Hours::Always,
            "nyse" => Hours::Nyse,
            "cme" => Hours::Cme,
            _ => return None,
        };
        let until = match self.0.next()? {
            "" => None,
            text => Some(Timestamp(text.parse().ok()?)),
        };
        Some((hours, until))
    }
}

fn parse(text: &str) -> Option<Line> {
    let mut of = Fields(text.split(','));
    let letter = of.0.next()?;
    let line = match letter {
        "S" => Line::Start(of.time()?),
        "K" => Line::Known(of.id()?, of.price()?),
        _ => {
            let at = of.time()?;
            let kind = kind(letter, &mut of)?;
            Line::Event(MarketEvent { at, kind })
        }
    };
    of.0.next().is_none().then_some(line)
}

fn kind(letter: &str, of: &mut Fields<'_>) -> Option<Kind> {
    Some(match letter {
        "O" | "C" => {
            let (hours, until) = of.session()?;
            match letter {
                "O" => Kind::SessionOpened { hours, until },
                _ => Kind::SessionClosed { hours, until },
            }
        }
        "B" => Kind::BarOpened { instrument: of.id()?, price: of.price()? },
        "E" => Kind::BarClosed(Candle {
            instrument: of.id()?,
            open_at: of.time()?,
            close_at: of.time()?,
            open: of.price()?,
            high: of.price()?,
            low: of.price()?,
            close: of.price()?,
            volume: of.0.next()?.parse().ok()?,
        }),
        "Q" => Kind::Quote {
            instrument: of.id()?,
            bid: of.price()?,
            ask: of.price()?,
            bid_qty: of.qty()?,
            ask_qty: of.qty()?,
        },
        "T" => Kind::Trade {
            instrument: of.id()?,
            price: of.price()?,
            qty: of.qty()?,
            taker: of.side()?,
        },
        "L" => Kind::Level {
            instrument: of.id()?,
            side: of.side()??,
            price: of.price()?,
            qty: of.qty()?,
        },
        "X" => Kind::Cleared { instrument: of.id()? },
        "N" => Kind::Listed(of.contract()?),
        "P" => Kind::Pictured {
            underlying: of.id()?,
            spot: of.price()?,
            next_session: of.number()?.try_into().ok()?,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
