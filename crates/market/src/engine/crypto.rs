//! The crypto engine: scalping with intraday momentum, riding breakouts, capturing swings, making markets, and
//! crossing two places or going around three books.

pub mod arbitrage;
mod market_making;
mod momentum_scalping;
mod quoting;
mod trend_riding;
mod volatility_capture;

pub use arbitrage::{Arbitrage, Parameters as ArbitrageParameters};
pub use market_making::{MarketMaking, Parameters as MakingParameters, Quotes, Risk};
pub use momentum_scalping::{MomentumScalping, Parameters as ScalpingParameters};
pub use quoting::Quoting;
pub use trend_riding::{Parameters as RidingParameters, TrendRiding};
pub use volatility_capture::{Parameters as CaptureParameters, Sleeve, VolatilityCapture};

use super::{Engine, Routes, Strategy};
use crate::candle::Timeframe;
use crate::playbook::Playbook;
use nija_core::words::id::InstrumentId;
use serde::{Deserialize, Serialize};

/// One market to scalp.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scalped {
    /// The market.
    pub instrument: InstrumentId,
    /// The candles to decide on.
    pub timeframe: Timeframe,
    /// Parameters; those of the playbook where missing.
    #[serde(default)]
    pub parameters: Option<ScalpingParameters>,
}

/// What a taker pays in one place, as a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taken {
    /// What is traded there.
    pub instrument: InstrumentId,
    /// The fee.
    pub fee: f64,
}

/// What the engine trades; how stands in the playbook.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Setup {
    /// Markets whose daily trends are ridden.
    pub riding: Vec<InstrumentId>,
    /// Markets that are scalped.
    pub scalping: Vec<Scalped>,
    /// Markets whose swings are captured.
    pub capture: Vec<InstrumentId>,
    /// Markets that are made, where a feed shows their books.
    pub making: Vec<InstrumentId>,
    /// Pairs of places where units of the same are traded, crossed where a feed shows the books of both.
    pub crossing: Vec<[InstrumentId; 2]>,
    /// Pairs with both their coins, gone around where a feed shows all three books.
    pub triangles: Vec<arbitrage::Triangle>,
    /// Places with fees of their own; in all others arbitrage pays what the playbook says.
    pub fees: Vec<Taken>,
}

impl Setup {
    /// The engine that this describes.
    #[must_use]
    pub fn engine(&self, routes: Routes, playbook: &Playbook) -> Engine {
        let mut strategies: Vec<Box<dyn Strategy>> = Vec::new();
        for &instrument in &self.riding {
            let parameters = &playbook.crypto_trend_riding.parameters;
            strategies.push(Box::new(TrendRiding::new(instrument, parameters)));
        }
        for scalped in &self.scalping {
            let shipped = playbook.crypto_momentum_scalping.parameters;
            let parameters = scalped.parameters.unwrap_or(shipped);
            let (instrument, timeframe) = (scalped.instrument, scalped.timeframe);
            strategies.push(Box::new(MomentumScalping::new(instrument, timeframe, parameters)));
        }
        for &instrument in &self.capture {
            let parameters = playbook.crypto_volatility_capture.parameters;
            strategies.push(Box::new(VolatilityCapture::new(instrument, parameters)));
        }
        for &instrument in &self.making {
            let parameters = playbook.crypto_market_making.parameters;
            strategies.push(Box::new(Quoting::new(instrument, parameters)));
        }
        let parameters = playbook.crypto_arbitrage.parameters;
        let fee = |of| {
            let own = self.fees.iter().find(|taken| taken.instrument == of);
            own.map_or(parameters.fee, |taken| taken.fee)
        };
        for &places in &self.crossing {
            strategies.push(Box::new(arbitrage::between(places, fee, parameters)));
        }
        for &triangle in &self.triangles {
            strategies.push(Box::new(arbitrage::around(triangle, fee, parameters)));
        }
        Engine::new(routes, playbook, strategies)
    }
}
