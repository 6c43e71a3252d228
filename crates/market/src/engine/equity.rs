//! The equity engine: oversold days of an uptrend, the strongest fund, the strongest shares, the drift after
//! earnings, and the straddle before them where a chain of options is there.

mod earnings_volatility;
mod etf_rotation;
mod mean_reversion;
mod momentum_swing;

pub use earnings_volatility::{
    Drift, DriftParameters, Parameters as EarningsParameters, Straddle, StraddleParameters,
    earnings_deviation, expected_move, surprise,
};
pub use etf_rotation::{EtfRotation, Gauge, Parameters as RotationParameters};
pub use mean_reversion::{MeanReversion, Parameters as ReversionParameters};
pub use momentum_swing::{MomentumSwing, Parameters as SwingParameters};

use super::{Engine, Routes, Strategy};
use crate::learn::ranker;
use crate::playbook::Playbook;
use nija_core::words::id::InstrumentId;
use serde::{Deserialize, Serialize};

/// What the engine trades; how stands in the playbook.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Setup {
    /// Funds whose oversold days are bought.
    pub reversion: Vec<InstrumentId>,
    /// Funds that compete in the rotation.
    pub rotation: Vec<InstrumentId>,
    /// A fund of bills that says what cash returned; without it the playbook does.
    pub bills: Option<InstrumentId>,
    /// The fund that is held when nothing risky is.
    pub refuge: Option<InstrumentId>,
    /// Shares that are ranked by momentum.
    pub swing: Vec<InstrumentId>,
    /// How a model learns to rank them.
    pub ranking: ranker::Parameters,
    /// Shares whose moves around earnings are traded; the calendar of reports is the analyst's.
    pub earnings: Vec<InstrumentId>,
}

impl Setup {
    /// The engine that this describes.
    #[must_use]
    pub fn engine(&self, routes: Routes, playbook: &Playbook) -> Engine {
        let mut strategies: Vec<Box<dyn Strategy>> = Vec::new();
        for &instrument in &self.reversion {
            let parameters = playbook.equity_mean_reversion.parameters;
            strategies.push(Box::new(MeanReversion::new(instrument, parameters)));
        }
        if !self.rotation.is_empty() {
            let rotation = EtfRotation::new(&self.rotation, playbook.etf_rotation.parameters);
            strategies.push(Box::new(rotation.sheltered(self.bills, self.refuge)));
        }
        if !self.swing.is_empty() {
            let parameters = playbook.equity_momentum_swing.parameters;
            strategies.push(Box::new(MomentumSwing::new(&self.swing, parameters, self.ranking)));
        }
        if !self.earnings.is_empty() {
            let parameters = playbook.equity_earnings_volatility.parameters;
            strategies.push(Box::new(Drift::new(&self.earnings, parameters.drift)));
            for &instrument in &self.earnings {
                strategies.push(Box::new(Straddle::new(instrument, parameters.straddle)));
            }
        }
        Engine::new(routes, playbook, strategies)
    }
}
