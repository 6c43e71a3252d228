//! The crypto engine: scalping with intraday momentum, riding breakouts.

mod momentum_scalping;
mod trend_riding;

pub use momentum_scalping::{MomentumScalping, Parameters as ScalpingParameters};
pub use trend_riding::{Parameters as RidingParameters, TrendRiding};

use super::{Engine, Routes, Strategy};
use crate::candle::Timeframe;
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
    /// Parameters; those of the timeframe where missing.
    #[serde(default)]
    pub parameters: Option<ScalpingParameters>,
}

/// What the engine trades, and how.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Setup {
    /// Markets whose daily trends are ridden.
    pub riding: Vec<InstrumentId>,
    /// Parameters of riding.
    pub riding_parameters: RidingParameters,
    /// Markets that are scalped.
    pub scalping: Vec<Scalped>,
}

impl Setup {
    /// The engine that this describes.
    #[must_use]
    pub fn engine(&self, routes: Routes) -> Engine {
        let mut strategies: Vec<Box<dyn Strategy>> = Vec::new();
        for &instrument in &self.riding {
            strategies.push(Box::new(TrendRiding::new(instrument, &self.riding_parameters)));
        }
        for scalped in &self.scalping {
            let timeframe = scalped.timeframe;
            let parameters =
                scalped.parameters.unwrap_or_else(|| ScalpingParameters::of(timeframe));
            strategies.push(Box::new(MomentumScalping::new(
                scalped.instrument,
                timeframe,
                parameters,
            )));
        }
        Engine::new(routes, strategies)
    }
}
