//! Volatility capture: holds a constant part of a sleeve in the asset and trades it back whenever it drifts, so
//! that swings are sold high and bought low. A portfolio kept at weight w grows by w(1-w)s^2/2 a year more than w
//! times the asset (Fernholz and Shay 1982; Cover 1991 for the same against the best of hindsight).
//!
//! A trend costs what swings bring: the more it runs, the more was sold or bought too early. So it stays out while
//! ADX names a trend, buys no more than `inventory` times its first quantity, and leaves when the price falls
//! well below the range that it began in. Long only, never more than the sleeve.

use crate::candle::{Candle, Timeframe};
use crate::clamp;
use crate::engine::{Strategy, View, Want};
use crate::indicator::{Adx, Donchian};
use nija_core::words::id::InstrumentId;
use nija_core::words::signal::{Action, StrategyName};
use serde::{Deserialize, Serialize};

/// Settings, in daily bars.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Version of rules and parameters together.
    pub version: u16,
    /// Part of the sleeve in the asset.
    pub weight: f64,
    /// Cost of one side, fee and half spread, as a fraction: it sets the band.
    pub fee: f64,
    /// Bars of the trend filter.
    pub adx: usize,
    /// Above this there is a trend: out.
    pub trend: f64,
    /// Below this there is none: in.
    pub calm: f64,
    /// Bars of the range that it begins in.
    pub channel: usize,
    /// How far below that range the stop lies, as a part of its height.
    pub slack: f64,
    /// Most units held, as a multiple of those first bought.
    pub inventory: f64,
    /// Bars of rest after its range was left.
    pub rest: u32,
}

impl Parameters {
    /// Drift of the weight that is worth a trade: (3/2 w^2 (1-w)^2 fee)^(1/3), half the width inside which trading
    /// costs more than it brings to a growth-optimal holder when costs are small (Janeček and Shreve 2004).
    #[must_use]
    pub fn band(&self) -> f64 {
        let spread = self.weight * (1.0 - self.weight);
        let band = (1.5 * spread * spread * self.fee).cbrt();
        if band.is_finite() { band.max(0.0) } else { 1.0 }
    }
}

/// Cash and units that are kept at a weight. Starts with 1 of value, all of it cash.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sleeve {
    cash: f64,
    units: f64,
}

impl Sleeve {
    /// Begins at a price with this weight.
    #[must_use]
    pub fn new(weight: f64, price: f64) -> Self {
        Self { cash: 1.0 - weight, units: weight / price }
    }

    /// What it is worth.
    #[must_use]
    pub fn value(&self, price: f64) -> f64 {
        self.cash + self.units * price
    }

    /// Part of it that is in the asset.
    #[must_use]
    pub fn weight(&self, price: f64) -> f64 {
        self.units * price / self.value(price)
    }

    /// Trades back to a weight, but not beyond this many units; tells how many were bought.
    pub fn rebalance(&mut self, weight: f64, price: f64, most_units: f64) -> f64 {
        let units = (weight * self.value(price) / price).min(most_units);
        let bought = units - self.units;
        self.cash -= bought * price;
        self.units = units;
        bought
    }
}

/// Captures the swings of one market.
#[derive(Clone, Debug)]
pub struct VolatilityCapture {
    wants: [Want; 1],
    parameters: Parameters,
    adx: Adx,
    channel: Donchian,
    held: Option<Held>,
    rest: u32,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    sleeve: Sleeve,
    most_units: f64,
    stop: f64,
}

impl VolatilityCapture {
    /// Captures the swings of this market.
    #[must_use]
    pub fn new(instrument: InstrumentId, parameters: Parameters) -> Self {
        Self {
            wants: [Want { instrument, timeframe: Timeframe::Day1 }],
            adx: Adx::new(parameters.adx),
            channel: Donchian::new(parameters.channel),
            parameters,
            held: None,
            rest: 0,
        }
    }

    fn begin(&mut self, close: f64, stop: f64) -> Option<Action> {
        let sleeve = Sleeve::new(self.parameters.weight, close);
        let most_units = sleeve.units * self.parameters.inventory;
        if stop >= close || !(sleeve.units > 0.0 && most_units.is_finite()) {
            return None;
        }
        self.held = Some(Held { sleeve, most_units, stop });
        Some(Action::Enter {
            strength: clamp::strength(self.parameters.weight),
            stop: clamp::price(stop),
        })
    }

    fn rebalance(&mut self, close: f64, open: bool) -> Option<Action> {
        let held = self.held.as_mut()?;
        let drift = held.sleeve.weight(close) - self.parameters.weight;
        // What may not be bought now is not bought in thought either.
        if drift.abs() <= self.parameters.band() || (drift < 0.0 && !open) {
            return None;
        }
        let bought = held.sleeve.rebalance(self.parameters.weight, close, held.most_units);
        let strength = clamp::strength(held.sleeve.units * close);
        let stop = clamp::price(held.stop);
        if bought > 0.0 {
            Some(Action::Enter { strength, stop })
        } else {
            (bought < 0.0).then_some(Action::Trim { strength })
        }
    }
}

impl Strategy for VolatilityCapture {
    fn name(&self) -> StrategyName {
        StrategyName::CryptoVolatilityCapture
    }

    fn version(&self) -> u16 {
        self.parameters.version
    }

    fn wants(&self) -> &[Want] {
        &self.wants
    }

    fn on_candle(&mut self, candle: &Candle, view: &View) -> Option<Action> {
        let bar = candle.bar();
        let before = self.channel.value();
        self.channel.push(bar.high, bar.low);
        let trend = self.adx.push(&bar).map(|direction| direction.adx);
        if let Some(held) = self.held {
            let trending = trend.is_some_and(|adx| adx > self.parameters.trend);
            let left = bar.low <= held.stop || bar.close <= 0.0;
            if trending || left {
                self.held = None;
                self.rest = if left { self.parameters.rest } else { 0 };
                return Some(Action::Exit);
            }
            return self.rebalance(bar.close, view.open);
        }
        self.rest = self.rest.saturating_sub(1);
        let calm = trend? < self.parameters.calm && self.rest == 0;
        let range = before?;
        let stop = range.lower - self.parameters.slack * (range.upper - range.lower);
        (view.open && calm && bar.close > 0.0).then(|| self.begin(bar.close, stop)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::flat;

    #[test]
    fn shannons_demon_grows_an_eighth_a_pair() {
        // Twice up, half down: the asset gets nowhere, half and half grows by 1.5 x 0.75.
        let mut sleeve = Sleeve::new(0.5, 100.0);
        for pair in 1..=20 {
            for price in [200.0, 100.0] {
                sleeve.rebalance(0.5, price, f64::MAX);
            }
            assert!((sleeve.value(100.0) / 1.125f64.powi(pair) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn a_trend_costs_what_was_sold_too_early() {
        let mut sleeve = Sleeve::new(0.5, 1.0);
        let kept = Sleeve::new(0.5, 1.0);
        for step in 1..=10 {
            sleeve.rebalance(0.5, 1.2f64.powi(step), f64::MAX);
        }
        let price = 1.2f64.powi(10);
        assert!((sleeve.value(price) - 1.1f64.powi(10)).abs() < 1e-12);
        assert!(sleeve.value(price) < kept.value(price) - 0.9);
    }

    #[test]
    fn the_band_is_the_cube_root_of_the_fee() {
        let cheap = Parameters { weight: 0.5, fee: 0.001, ..Parameters::default() };
        assert!((cheap.band() - 0.045_428_0).abs() < 1e-7, "{}", cheap.band());
        let dear = Parameters { fee: 0.008, ..cheap };
        assert!((dear.band() / cheap.band() - 2.0).abs() < 1e-12);
    }

    /// What is said at the end of sixty quiet days whose range goes down to 70.
    fn run(last: &[f64]) -> Vec<(usize, char, u16)> {
        let parameters =
            Parameters { fee: 0.001, inventory: 1.5, slack: 0.0, ..Parameters::default() };
        let mut capture = VolatilityCapture::new(InstrumentId(1), parameters);
        let view = View { open: true, ..View::default() };
        let quiet = (0..60).map(|n| if n == 2 { 70.0 } else { 100.0 + f64::from(n % 2) });
        let act = |(n, close): (usize, f64)| {
            Some(match capture.on_candle(&flat(InstrumentId(1), n as i64, close), &view)? {
                Action::Enter { strength, .. } => (n, 'b', strength.as_parts()),
                Action::Trim { strength } => (n, 's', strength.as_parts()),
                _ => (n, 'x', 0),
            })
        };
        quiet.chain(last.iter().copied()).enumerate().filter_map(act).collect()
    }

    #[test]
    fn buys_falls_sells_rises_and_leaves_below_its_range() {
        // Half at 101 is a weight of 0.553 at 125, and of 0.444 at 100 after that was set right.
        let said = run(&[100.0, 125.0, 100.0, 69.0, 100.0]);
        let acts: Vec<(usize, char)> = said.iter().map(|s| (s.0, s.1)).collect();
        assert_eq!(acts, [(60, 'b'), (61, 's'), (62, 'b'), (63, 'x')], "{said:?}");
        assert_eq!(said[0].2, 5_000);
        // 0.5 in cash and 0.625 in the asset: half of 1.125, then half of 1.0125.
        assert_eq!((said[1].2, said[2].2), (5_625, 5_063));
    }

    #[test]
    fn it_buys_no_more_than_its_inventory_and_leaves_a_trend() {
        // Each fall to three quarters would add a sixth of the units; at one and a half times the first it stops.
        let said = run(&[100.0, 88.0, 79.0, 71.0]);
        let most = 1.5 * 0.5 / 100.0;
        let (_, _, last) = said.iter().rfind(|s| s.1 == 'b').unwrap();
        assert!(f64::from(*last) / 1e4 <= most * 71.0 + 1e-4, "{said:?}");
        let rise: Vec<f64> = (0..30).map(|n| 100.0 * 1.02f64.powi(n)).collect();
        assert_eq!(run(&rise).last().unwrap().1, 'x');
    }
}
