//! From the market to the desks: one event in, the inputs it means out. The analyst hears each candle once,
//! for all accounts. Shared by the paper run and the backtest, so that both say the same.

use crate::feeds::{Kind, MarketEvent};
use crate::greeks::Board;
use crate::sim::Depth;
use nija_core::desk::input::Input;
use nija_core::words::fixed::Round;
use nija_core::words::id::InstrumentId;
use nija_core::words::money::{Money, Price};
use nija_core::words::order::Side;
use nija_core::words::time::Timestamp;
use nija_market::analyst::Analyst;
use nija_market::book::Book;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Levels of a book that strategies are shown, each side.
const SHOWN: usize = 10;

/// Hears what events mean to the desks.
pub trait Listener {
    /// A new price. By far the most of what is said are prices: they come by themselves, in no input.
    fn price(&mut self, instrument: InstrumentId, price: Price);
    /// Anything else.
    fn input(&mut self, input: Input);
}

/// Whoever makes no difference hears of a price as of everything else.
impl<F: FnMut(Input)> Listener for F {
    fn price(&mut self, instrument: InstrumentId, price: Price) {
        self(Input::Mark { instrument, price });
    }
    fn input(&mut self, input: Input) {
        self(input);
    }
}

/// Turns market events into inputs of desks.
pub struct Trader {
    analyst: Analyst,
    board: Option<Arc<Board>>,
    /// The books that strategies read, and since when each has changed without being shown.
    books: BTreeMap<InstrumentId, (Depth, Option<Timestamp>)>,
}

impl Trader {
    /// With an analyst that has seen nothing yet.
    #[must_use]
    pub fn new(analyst: Analyst) -> Self {
        let books = analyst.books().into_iter().map(|of| (of, (Depth::new(), None))).collect();
        Self { analyst, board: None, books }
    }

    /// The analyst, to be asked what it has learned.
    #[must_use]
    pub const fn analyst(&self) -> &Analyst {
        &self.analyst
    }

    /// Writes the greeks of every chain on a board.
    #[must_use]
    pub fn writing(mut self, board: Arc<Board>) -> Self {
        self.board = Some(board);
        self
    }

    /// What the events of one step mean to the desks, in order. Books are shown once all of it is known.
    pub fn step(&mut self, events: &[MarketEvent], mut to: impl Listener) {
        for event in events {
            self.event(event, &mut to);
        }
        if !self.books.is_empty() {
            self.show(&mut to);
        }
    }

    /// Brings an event to the book that strategies read of its instrument, if they do.
    fn follow(&mut self, event: &MarketEvent) {
        let followed = event.instrument().and_then(|of| self.books.get_mut(&of));
        let Some((depth, changed)) = followed else {
            return;
        };
        match event.kind {
            Kind::Level { side, price, qty, .. } => depth.set(side, price, qty),
            Kind::Cleared { .. } => depth.clear(),
            Kind::Quote { bid, ask, bid_qty, ask_qty, .. } => {
                depth.set_best(Side::Buy, bid, bid_qty);
                depth.set_best(Side::Sell, ask, ask_qty);
            }
            _ => return,
        }
        *changed = Some(event.at);
    }

    /// Shows the books that have changed.
    fn show(&mut self, to: &mut impl Listener) {
        for (&instrument, (depth, changed)) in &mut self.books {
            let Some(at) = changed.take() else { continue };
            let [bids, asks] = [Side::Buy, Side::Sell].map(|side| depth.levels(side, SHOWN));
            let signals = self.analyst.on_book(&Book { instrument, place: 0, at, bids, asks });
            signals.into_iter().for_each(|signal| to.input(Input::Signal(signal)));
        }
    }

    /// What an event means to the desks, in order: price first, then conditions, then signals.
    fn event(&mut self, event: &MarketEvent, to: &mut impl Listener) {
        if !self.books.is_empty() {
            self.follow(event);
        }
        match &event.kind {
            &Kind::SessionOpened { hours, until } => {
                to.input(Input::Session { hours, open: true, until });
            }
            &Kind::SessionClosed { hours, until } => {
                to.input(Input::Session { hours, open: false, until });
            }
            &Kind::BarOpened { instrument, price } => to.price(instrument, price),
            &Kind::Trade { instrument, price, .. } => to.input(Input::Tick { instrument, price }),
            Kind::Listed(terms) => {
                self.analyst.on_contract(*terms);
                to.input(Input::List(terms.instrument()));
            }
            &Kind::Pictured { underlying, spot, next_session } => {
                let of = (underlying, spot);
                let (chain, signals) = self.analyst.on_picture(of, next_session, event.at);
                if let Some(board) = &self.board {
                    board.take(&chain);
                }
                signals.into_iter().for_each(|signal| to.input(Input::Signal(signal)));
            }
            &Kind::Quote { instrument, bid, ask, .. } => {
                self.analyst.on_quote(instrument, (bid, ask), event.at);
                if let Some(price) = middle(bid, ask) {
                    to.input(Input::Tick { instrument, price });
                }
            }
            // Desks decide on prices; what lies behind the best of them is the venue's.
            Kind::Level { .. } | Kind::Cleared { .. } => {}
            Kind::BarClosed(candle) => {
                to.price(candle.instrument, candle.close);
                let said = self.analyst.on_candle(candle);
                if let Some(conditions) = said.conditions {
                    to.input(Input::Conditions(conditions));
                }
                said.signals.into_iter().for_each(|signal| to.input(Input::Signal(signal)));
            }
        }
    }
}

/// The price that desks adopt of an event, where it has one.
pub(crate) fn price(event: &MarketEvent) -> Option<(InstrumentId, Price)> {
    match event.kind {
        Kind::BarOpened { instrument, price } | Kind::Trade { instrument, price, .. } => {
            Some((instrument, price))
        }
        Kind::BarClosed(candle) => Some((candle.instrument, candle.close)),
        Kind::Quote { instrument, bid, ask, .. } => Some((instrument, middle(bid, ask)?)),
        _ => None,
    }
}

/// Half way between bid and ask, rounded down.
fn middle(bid: Price, ask: Price) -> Option<Price> {
    let sum = Money::from_raw(bid.raw().checked_add(ask.raw())?);
    sum.share(1, 2, Round::Down).map(|half| Price::from_raw(half.raw()))
}
