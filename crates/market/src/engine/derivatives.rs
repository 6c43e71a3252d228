//! The derivatives engine: time-series momentum, breaks out of the day's noise, breaks out of contraction. Their
//! references trade futures, long and short. So do they here where the instrument is a contract; on funds and spot
//! markets that stand for the futures they trade the long half alone; see [`Sides`].

mod index_scalping;
mod macro_trend;
mod volatility_breakout;

pub use index_scalping::{IndexScalping, NoiseArea, Parameters as IndexParameters};
pub use macro_trend::{MacroTrend, Parameters as TrendParameters};
pub use volatility_breakout::{
    Bracket, Oco, OcoOrder, Parameters as BreakoutParameters, Stretch, VolatilityBreakout,
};

use super::{Contract, Engine, Routes, Sides, Strategy};
use crate::candle::Timeframe;
use crate::playbook::Playbook;
use crate::roll::Family;
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::Hours;
use serde::{Deserialize, Serialize};

/// One market that is read within the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intraday {
    /// The market.
    pub instrument: InstrumentId,
    /// The candles to decide on.
    pub timeframe: Timeframe,
    /// What its session is.
    pub hours: Hours,
}

/// What the engine trades; how stands in the playbook.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Setup {
    /// Markets of the macro trend.
    pub trend: Vec<InstrumentId>,
    /// Indices that are scalped.
    pub scalping: Vec<Intraday>,
    /// Markets whose breakouts are traded.
    pub breakout: Vec<Intraday>,
    /// Which of all these are contracts, held long and short.
    pub contracts: Vec<Contract>,
    /// Which of these are months of one contract, read as one series.
    pub families: Vec<Family>,
}

impl Setup {
    /// All that it trades, months of families among them.
    pub fn instruments(&self) -> impl Iterator<Item = InstrumentId> + '_ {
        let within = self.scalping.iter().chain(&self.breakout).map(|market| market.instrument);
        let months = self.families.iter().flat_map(|family| &family.months);
        self.trend.iter().copied().chain(within).chain(months.map(|month| month.instrument))
    }

    /// The engine that this describes.
    #[must_use]
    pub fn engine(&self, routes: Routes, playbook: &Playbook) -> Engine {
        let mut strategies: Vec<Box<dyn Strategy>> = Vec::new();
        let contracts = &self.contracts;
        if !self.trend.is_empty() {
            let parameters = playbook.macro_trend.parameters;
            let trend = MacroTrend::new(&self.trend, parameters).agreed(contracts);
            strategies.push(Box::new(Sides::new(trend, contracts)));
        }
        for &market in &self.scalping {
            let scalping = IndexScalping::new(market, playbook.index_scalping.parameters);
            strategies.push(Box::new(Sides::new(scalping, contracts)));
        }
        for &market in &self.breakout {
            let breakout = VolatilityBreakout::new(market, playbook.volatility_breakout.parameters);
            strategies.push(Box::new(Sides::new(breakout, contracts)));
        }
        Engine::new(routes, playbook, strategies)
    }
}
