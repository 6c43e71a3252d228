//! Teaching strategies: small rules that are well known, to learn the backtester with and to hold its results
//! against other programs. They are none of the platform's twelve and never reach a desk.

mod sma_cross;

pub use sma_cross::{SmaCross, Windows};

use crate::candle::Candle;

/// Where a strategy wants to stand from the next open on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// Own the instrument.
    Long,
    /// Hold nothing.
    Flat,
    /// Owe the instrument.
    Short,
}

/// A rule that is told of each candle once it has closed and of nothing later: look-ahead cannot be written.
pub trait Rule {
    /// Takes the next candle; says where to stand, or nothing to stay as it is.
    fn on_candle(&mut self, candle: &Candle) -> Option<Stand>;
}
