//! From the market to the desks: one event in, the inputs it means out. The analyst hears each candle once,
//! for all accounts. Shared by the paper run and the backtest, so that both say the same.

use crate::feeds::{Kind, MarketEvent};
use crate::greeks::Board;
use nija_core::desk::input::Input;
use nija_core::words::fixed::Round;
use nija_core::words::id::InstrumentId;
use nija_core::words::money::{Money, Price};
use nija_market::analyst::Analyst;
use std::sync::Arc;

/// Turns market events into inputs of desks.
pub struct Trader {
    analyst: Analyst,
    board: Option<Arc<Board>>,
}

impl Trader {
    /// With an analyst that has seen nothing yet.
    #[must_use]
    pub const fn new(analyst: Analyst) -> Self {
        Self { analyst, board: None }
    }

    /// Writes the greeks of every chain on a board.
    #[must_use]
    pub fn writing(mut self, board: Arc<Board>) -> Self {
        self.board = Some(board);
        self
    }

    /// What an event means to the desks, in order: price first, then conditions, then signals.
    pub fn inputs(&mut self, event: &MarketEvent, out: &mut Vec<Input>) {
        match event.kind {
            Kind::SessionOpened { hours, until } => {
                out.push(Input::Session { hours, open: true, until });
            }
            Kind::SessionClosed { hours, until } => {
                out.push(Input::Session { hours, open: false, until });
            }
            Kind::BarOpened { instrument, price } => out.push(Input::Mark { instrument, price }),
            Kind::Trade { instrument, price, .. } => out.push(Input::Tick { instrument, price }),
            Kind::Listed(terms) => {
                self.analyst.on_contract(terms);
                out.push(Input::List(terms.instrument()));
            }
            Kind::Pictured { underlying, spot, next_session } => {
                let of = (underlying, spot);
                let (chain, signals) = self.analyst.on_picture(of, next_session, event.at);
                if let Some(board) = &self.board {
                    board.take(&chain);
                }
                out.extend(signals.into_iter().map(Input::Signal));
            }
            Kind::Quote { instrument, bid, ask, .. } => {
                self.analyst.on_quote(instrument, (bid, ask), event.at);
                if let Some(price) = middle(bid, ask) {
                    out.push(Input::Tick { instrument, price });
                }
            }
            // Desks decide on prices; what lies behind the best of them is the venue's.
            Kind::Level { .. } | Kind::Cleared { .. } => {}
            Kind::BarClosed(candle) => {
                out.push(Input::Mark { instrument: candle.instrument, price: candle.close });
                let said = self.analyst.on_candle(&candle);
                if let Some(conditions) = said.conditions {
                    out.push(Input::Conditions(conditions));
                }
                for signal in said.signals {
                    out.push(Input::Signal(signal));
                }
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
