//! The regimes of one market as the analyst reads them, for the bands of a chart.

use super::source::Source;
use crate::analyst;
use nija_core::words::conditions::Regime;
use nija_core::words::time::Span;
use nija_market::analyst::{Analyst, Setup};
use nija_market::candle::Candle;
use nija_market::conditions::Roles;
use std::collections::BTreeMap;

/// An analyst that reads one market and asks no strategy.
pub(super) struct Regimes {
    analyst: Analyst,
    days: BTreeMap<i32, &'static str>,
    now: Option<Regime>,
}

impl Regimes {
    /// The market plays the part that its class has.
    pub(super) fn new(source: &Source) -> Self {
        let id = Some(source.instrument.id);
        let roles = if source.is_crypto() {
            Roles { leader: id, ..Roles::default() }
        } else {
            Roles { index: id, ..Roles::default() }
        };
        let thresholds = analyst::shipped().map(|setup| setup.thresholds).unwrap_or_default();
        let setup = Setup { roles, thresholds, ..Setup::default() };
        Self { analyst: Analyst::new(&setup), days: BTreeMap::new(), now: None }
    }

    pub(super) fn take(&mut self, candle: &Candle) {
        let Some(conditions) = self.analyst.on_candle(candle).conditions else {
            return;
        };
        if conditions.regime != self.now {
            self.now = conditions.regime;
            let name = conditions.regime.map_or("unknown", Regime::name);
            self.days.insert(candle.close_at.day(Span::ZERO), name);
        }
    }

    /// The regime that began on each of these days.
    pub(super) fn days(self) -> BTreeMap<i32, &'static str> {
        self.days
    }
}
