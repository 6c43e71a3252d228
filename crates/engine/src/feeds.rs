//! Market data as one stream of timed events, from files, a generator, or several of them merged.
//!
//! An event stands at the instant it became known: an open at the bar's start, everything else about the bar
//! at its end. Feeds hold a bounded piece of their source in memory and read no clock.

pub mod bars;
pub mod chain;
pub mod csv;
mod decimal;
mod error;
pub mod generator;
pub(crate) mod instant;
pub mod intrabar;
mod lines;
pub mod merge;
pub mod parquet;
pub mod recorded;
pub mod recorder;
pub mod recording;
pub mod series;
pub mod steps;
pub mod ticks;

pub(crate) use decimal::volume_units;
pub use error::{Error, Fault};

use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::Hours;
use nija_core::words::money::{Price, Qty};
use nija_core::words::order::Side;
use nija_core::words::time::Timestamp;
use nija_market::candle::Candle;
use nija_market::chain::Terms;

/// Something that became known about a market.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarketEvent {
    /// When it became known.
    pub at: Timestamp,
    /// What.
    pub kind: Kind,
}

/// What became known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A market opened, or is open at the start of a run.
    SessionOpened {
        /// Whose hours.
        hours: Hours,
        /// When it closes, where it ever does.
        until: Option<Timestamp>,
    },
    /// A market closed, or is closed at the start of a run.
    SessionClosed {
        /// Whose hours.
        hours: Hours,
        /// When it opens next, where that is known.
        until: Option<Timestamp>,
    },
    /// The first price of a bar that has just begun.
    BarOpened {
        /// About what.
        instrument: InstrumentId,
        /// The bar's open.
        price: Price,
    },
    /// A bar that has just ended.
    BarClosed(Candle),
    /// Best prices and the quantities behind them.
    Quote {
        /// About what.
        instrument: InstrumentId,
        /// Best price paid.
        bid: Price,
        /// Best price asked.
        ask: Price,
        /// Quantity wanted at the bid.
        bid_qty: Qty,
        /// Quantity offered at the ask.
        ask_qty: Qty,
    },
    /// Somebody traded.
    Trade {
        /// What.
        instrument: InstrumentId,
        /// At which price.
        price: Price,
        /// How much.
        qty: Qty,
        /// Who took; none where that is unknown.
        taker: Option<Side>,
    },
    /// What lies at one price of a book from now on; a quantity of zero takes the price out.
    Level {
        /// Of what.
        instrument: InstrumentId,
        /// Buyers or sellers.
        side: Side,
        /// At which price.
        price: Price,
        /// How much in all.
        qty: Qty,
    },
    /// A new picture of a book begins: what was shown before counts no more, and the levels follow.
    Cleared {
        /// Of what.
        instrument: InstrumentId,
    },
    /// An option contract can be traded from now on; its quotes follow.
    Listed(Terms),
    /// The options on an underlying have all been quoted.
    Pictured {
        /// The underlying.
        underlying: InstrumentId,
        /// Its price then.
        spot: Price,
        /// Day of the session in which what is decided now trades.
        next_session: i32,
    },
}

impl MarketEvent {
    /// About which instrument; none for sessions.
    #[must_use]
    pub const fn instrument(&self) -> Option<InstrumentId> {
        match self.kind {
            Kind::SessionOpened { .. } | Kind::SessionClosed { .. } => None,
            Kind::BarClosed(candle) => Some(candle.instrument),
            Kind::Listed(terms) => Some(terms.id),
            Kind::Pictured { underlying, .. } => Some(underlying),
            Kind::BarOpened { instrument, .. }
            | Kind::Quote { instrument, .. }
            | Kind::Level { instrument, .. }
            | Kind::Cleared { instrument }
            | Kind::Trade { instrument, .. } => Some(instrument),
        }
    }

    /// Order among events: by time, then what ends before what begins, then by instrument.
    ///
    /// Bars close while their session is still open, and open once it is.
    #[must_use]
    pub const fn rank(&self) -> (Timestamp, u8, InstrumentId) {
        let (stage, instrument) = match self.kind {
            Kind::BarClosed(candle) => (0, candle.instrument),
            Kind::SessionClosed { .. } => (1, InstrumentId(0)),
            Kind::SessionOpened { .. } => (2, InstrumentId(0)),
            Kind::BarOpened { instrument, .. } => (3, instrument),
            Kind::Listed(terms) => (3, terms.id),
            Kind::Quote { instrument, .. }
            | Kind::Level { instrument, .. }
            | Kind::Cleared { instrument } => (4, instrument),
            Kind::Trade { instrument, .. } => (5, instrument),
            Kind::Pictured { underlying, .. } => (6, underlying),
        };
        (self.at, stage, instrument)
    }
}

/// A source of events in order of time.
pub trait Feed: Send {
    /// The next event; none when the source is at its end.
    ///
    /// # Errors
    /// What is wrong with the source, where, and what to do; the feed cannot be read on.
    fn next(&mut self) -> Result<Option<MarketEvent>, Error>;
    /// When the next event became known, without taking it.
    ///
    /// # Errors
    /// As [`Feed::next`].
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error>;
}

impl<F: Feed + ?Sized> Feed for Box<F> {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        (**self).next()
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        (**self).peek_time()
    }
}
