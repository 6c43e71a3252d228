//! A seeded market: one common factor, three states of volatility, fat-tailed jumps, and a fear index.
//!
//! The same settings give the same bytes on the same machine. Prices are invented: they serve demonstrations,
//! null tests and load, never a claim about a real market. It can go on from any last prices.

mod chain;
mod path;

pub use chain::Mood;

use super::{Error, Feed, MarketEvent};
use crate::calendar::session_of;
use chain::Chain;
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::Hours;
use nija_core::words::money::Price;
use nija_core::words::time::{Span, Timestamp};
use nija_market::candle::Timeframe;
use path::Walk;
use std::collections::VecDeque;

/// Steps that every bar is built from, so that its high and low belong to one path.
pub const STEPS: usize = 16;

/// What to generate.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// Length of the bars.
    pub timeframe: Timeframe,
    /// First bar at or after this instant.
    pub from: Timestamp,
    /// No bar that begins at or after this instant; without it the feed never ends.
    pub until: Option<Timestamp>,
    /// Mood of the market at the start.
    pub mood: Mood,
    /// The instruments, each once.
    pub paths: Vec<Path>,
}

/// One generated instrument.
#[derive(Clone, Debug)]
pub struct Path {
    /// Which.
    pub instrument: InstrumentId,
    /// When it trades.
    pub hours: Hours,
    /// Price before the first bar.
    pub last: Price,
    /// Price step of its bars.
    pub tick: Price,
    /// What moves it.
    pub motion: Motion,
    /// Average volume of a whole day, in units of the instrument; zero for none.
    pub daily_volume: f64,
}

/// What moves a generated price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Motion {
    /// A traded price.
    Asset {
        /// Annual volatility in a normal mood, as a fraction.
        volatility: f64,
        /// Correlation with the common factor, -1 to 1.
        correlation: f64,
    },
    /// An index of fear, in points of annual volatility, that follows the mood.
    Fear,
}

/// The generated market.
pub struct Generator {
    timeframe: Timeframe,
    until: Option<Timestamp>,
    bucket: Timestamp,
    chain: Chain,
    walks: Vec<Walk>,
    ready: VecDeque<MarketEvent>,
}

impl Generator {
    /// A market at its start.
    ///
    /// # Errors
    /// [`Error::Settings`] when there is no instrument, or a price, volatility or correlation makes no sense.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let Settings { seed, timeframe, from, until, mood, paths } = settings;
        if paths.is_empty() {
            return Err(Error::Settings("list of instruments is empty; name at least one"));
        }
        let start = timeframe.start_of(from);
        let bucket = if start < from { start.plus(timeframe.span()) } else { start };
        let walks =
            paths.into_iter().map(|path| Walk::new(seed, path)).collect::<Result<Vec<_>, _>>()?;
        let chain = Chain::new(seed, mood);
        Ok(Self { timeframe, until, bucket, chain, walks, ready: VecDeque::new() })
    }

    /// The mood of the bars made last.
    #[must_use]
    pub const fn mood(&self) -> Mood {
        self.chain.mood()
    }

    /// Makes bars until there are some; stretches without any session are passed over.
    fn fill(&mut self) {
        while self.ready.is_empty() && self.until.is_none_or(|until| self.bucket < until) {
            let (start, span) = (self.bucket, self.timeframe.span());
            let end = start.plus(span);
            if end <= start {
                return;
            }
            let shock = self.chain.step(span);
            let mut made = Vec::with_capacity(self.walks.len() * 2);
            for walk in &mut self.walks {
                let Some((open_at, close_at)) = stretch(walk.hours(), start, end) else {
                    continue;
                };
                made.extend(walk.bar(&shock, open_at, close_at));
            }
            made.sort_by_key(MarketEvent::rank);
            self.ready.extend(made);
            self.bucket = end;
        }
    }
}

impl Feed for Generator {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        self.fill();
        Ok(self.ready.pop_front())
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        self.fill();
        Ok(self.ready.front().map(|event| event.at))
    }
}

/// The part of a bucket in which the market is open. Buckets lie within one UTC day, as sessions do.
fn stretch(hours: Hours, start: Timestamp, end: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let session = session_of(hours, start.day(Span::ZERO))?;
    let (open, close) = (start.max(session.open_at), end.min(session.close_at));
    (open < close).then_some((open, close))
}

#[cfg(test)]
mod tests;
