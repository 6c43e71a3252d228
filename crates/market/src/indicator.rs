//! Indicators: push a closed candle or a number, get a value once there is enough history, never a not-a-number.
//! Moving averages, RSI, ATR, ADX and Bollinger come from `quantedge-ta`; the others are small and ours.
//! Lengths are held to 1..=10 000, so settings cannot make them panic or eat memory.

mod donchian;
mod ex_ante;
mod library;
mod momentum;
mod rank;
pub mod series;
mod turbulence;
mod volatility;
mod vwap;
mod window;

pub use donchian::{Channel, Donchian};
pub use ex_ante::ExAnteVolatility;
pub use library::{Adx, Atr, Bands, Bollinger, Direction, Ema, Rsi, Sma};
pub use momentum::Momentum;
pub use rank::PercentileRank;
pub use turbulence::Turbulence;
pub use volatility::{EwmaVolatility, LogReturns, RealizedVolatility};
pub use vwap::SessionVwap;
pub use window::Window;

/// A usable length, whatever the settings say.
pub(crate) const fn length(wanted: usize) -> usize {
    if wanted == 0 {
        1
    } else if wanted > 10_000 {
        10_000
    } else {
        wanted
    }
}
