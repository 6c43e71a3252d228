//! The asset engines: each owns the strategies of its class, hands them the candles they want, and says by the
//! conditions which of them may enter now (the blueprint's strategy router). Exits are never held back.
//! Strategies see closed candles only, know no account, and speak on transitions, not on every bar.

pub mod crypto;
pub mod equity;
mod routes;

pub use routes::Routes;

use crate::candle::{Candle, Timeframe};
use nija_core::words::conditions::Conditions;
use nija_core::words::id::InstrumentId;
use nija_core::words::insight::Opinion;
use nija_core::words::signal::{Action, StrategyName};
use std::collections::BTreeMap;

/// A stream of candles that a strategy reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Want {
    /// Of which instrument.
    pub instrument: InstrumentId,
    /// How long each candle is.
    pub timeframe: Timeframe,
}

/// What a strategy is told beside the candle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// The latest reading of the market.
    pub conditions: Conditions,
    /// May it enter or grow? Exits need no leave.
    pub open: bool,
}

/// Rules that turn candles into statements. Deterministic; equal candles give equal statements.
pub trait Strategy: Send {
    /// Who is speaking.
    fn name(&self) -> StrategyName;
    /// Version of rules and parameters together.
    fn version(&self) -> u16;
    /// The candles it reads.
    fn wants(&self) -> &[Want];
    /// Takes a closed candle it wants; what it returns is about the candle's instrument.
    fn on_candle(&mut self, candle: &Candle, view: &View) -> Option<Action>;
    /// What a model thought of the statement just made; none where plain rules decide.
    fn opinion(&self) -> Option<Opinion> {
        None
    }
}

/// A statement with its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// Who says it.
    pub strategy: StrategyName,
    /// Version of the rules.
    pub version: u16,
    /// What it wants.
    pub action: Action,
    /// What a model thought of it.
    pub opinion: Option<Opinion>,
}

/// The strategies of one asset class.
pub struct Engine {
    routes: Routes,
    strategies: Vec<Box<dyn Strategy>>,
    /// Which strategies read which stream, in the order they were given.
    readers: BTreeMap<Want, Vec<usize>>,
}

impl Engine {
    /// An engine over these strategies.
    #[must_use]
    pub fn new(routes: Routes, strategies: Vec<Box<dyn Strategy>>) -> Self {
        let mut readers: BTreeMap<Want, Vec<usize>> = BTreeMap::new();
        for (index, strategy) in strategies.iter().enumerate() {
            for want in strategy.wants() {
                let line = readers.entry(*want).or_default();
                if line.last() != Some(&index) {
                    line.push(index);
                }
            }
        }
        Self { routes, strategies, readers }
    }

    /// The streams that its strategies read.
    pub fn wants(&self) -> impl Iterator<Item = Want> + '_ {
        self.readers.keys().copied()
    }

    /// Hands a closed candle to the strategies that read this stream.
    pub fn on_candle(
        &mut self,
        timeframe: Timeframe,
        candle: &Candle,
        conditions: &Conditions,
        mut hear: impl FnMut(Said),
    ) {
        let want = Want { instrument: candle.instrument, timeframe };
        let Some(line) = self.readers.get(&want) else {
            return;
        };
        for &index in line {
            let strategy = &mut self.strategies[index];
            let open = self.routes.admits(strategy.name(), conditions);
            let view = View { conditions: *conditions, open };
            if let Some(action) = strategy.on_candle(candle, &view) {
                let opinion = strategy.opinion();
                let (strategy, version) = (strategy.name(), strategy.version());
                hear(Said { strategy, version, action, opinion });
            }
        }
    }
}

/// A daily candle that stood still, for the tests of the strategies.
#[cfg(test)]
pub(crate) fn flat(instrument: InstrumentId, day: i64, close: f64) -> Candle {
    use nija_core::words::money::Price;
    use nija_core::words::time::{Span, Timestamp};
    let close = crate::clamp::price(close).unwrap_or(Price::STEP);
    Candle {
        instrument,
        open_at: Timestamp(day * Span::DAY.0),
        close_at: Timestamp((day + 1) * Span::DAY.0),
        open: close,
        high: close,
        low: close,
        close,
        volume: 1.0,
    }
}
