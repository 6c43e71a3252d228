//! The equity engine: buying oversold days of an uptrend, rotating into the strongest fund.

mod etf_rotation;
mod mean_reversion;

pub use etf_rotation::{EtfRotation, Parameters as RotationParameters};
pub use mean_reversion::{MeanReversion, Parameters as ReversionParameters};

use super::{Engine, Routes, Strategy};
use nija_core::words::id::InstrumentId;
use serde::{Deserialize, Serialize};

/// What the engine trades, and how.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Setup {
    /// Funds whose oversold days are bought.
    pub reversion: Vec<InstrumentId>,
    /// Parameters of it.
    pub reversion_parameters: ReversionParameters,
    /// Funds that compete in the rotation.
    pub rotation: Vec<InstrumentId>,
    /// Parameters of it.
    pub rotation_parameters: RotationParameters,
}

impl Setup {
    /// The engine that this describes.
    #[must_use]
    pub fn engine(&self, routes: Routes) -> Engine {
        let mut strategies: Vec<Box<dyn Strategy>> = Vec::new();
        for &instrument in &self.reversion {
            strategies.push(Box::new(MeanReversion::new(instrument, self.reversion_parameters)));
        }
        if !self.rotation.is_empty() {
            strategies.push(Box::new(EtfRotation::new(&self.rotation, self.rotation_parameters)));
        }
        Engine::new(routes, strategies)
    }
}
