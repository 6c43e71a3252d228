//! Follows every statement of every strategy as a trade on paper, and teaches the bandit what came of it.
//!
//! A trade runs from the close on which it was stated to the close of its exit, or to its stop, whichever comes
//! first; costs of both sides are taken off. Its result is counted in deviations of its market over the time it
//! was held, so that hours of bitcoin and weeks of an index fund compare. It belongs to the regime of its entry.
//!
//! The weights, too, must prove themselves first: a trade's result times how far its weight lay above the mean of
//! all weights so far is what weighting earned beyond following everything alike. Until that passes the gate,
//! everything is followed alike.

use super::bandit::{Bandit, Parameters};
use super::overfit::{Gate, Judgment};
use crate::candle::Candle;
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::AssetClass;
use nija_core::words::score::Strength;
use nija_core::words::signal::{Action, Signal, StrategyName};
use nija_core::words::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Weight of the latest return in a market's variance: about the last twenty closes.
const FRESH: f64 = 0.05;

/// Costs and the bandit's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Setup {
    /// Fee, half spread and slippage of one side in crypto, as a fraction.
    pub crypto_cost: f64,
    /// The same in equity.
    pub equity_cost: f64,
    /// The same in derivatives.
    pub derivatives_cost: f64,
    /// How the bandit learns.
    pub bandit: Parameters,
}

impl Default for Setup {
    /// A little above the fees of the paper exchange.
    fn default() -> Self {
        Self {
            crypto_cost: 0.003,
            equity_cost: 0.0005,
            derivatives_cost: 0.0003,
            bandit: Parameters::default(),
        }
    }
}

impl Setup {
    const fn cost(&self, class: AssetClass) -> f64 {
        match class {
            AssetClass::Crypto => self.crypto_cost,
            AssetClass::Equity => self.equity_cost,
            AssetClass::Derivatives => self.derivatives_cost,
        }
    }
}

/// The statements under way, and what was learned.
#[derive(Clone, Debug)]
pub struct Weighing {
    setup: Setup,
    bandit: Bandit,
    markets: BTreeMap<InstrumentId, Pulse>,
    trades: BTreeMap<(StrategyName, InstrumentId), Trade>,
    proof: Proof,
}

/// What weighting earned beyond following everything alike, trade by trade.
#[derive(Clone, Debug, Default)]
struct Proof {
    beyond: VecDeque<f64>,
    /// Weights drawn so far, summed, and how many.
    weights: (f64, f64),
    judgment: Option<Judgment>,
}

/// The latest trades that count as proof, and the fewest that are judged.
const MOST: usize = 1_000;
const FEWEST: usize = 30;

impl Proof {
    fn add(&mut self, weight: f64, result: f64) {
        let (sum, count) = self.weights;
        // The mean is that of earlier trades: nothing of this one may be known yet.
        if sum > 0.0 {
            self.beyond.push_back((weight * count / sum - 1.0) * result);
        }
        self.weights = (sum + weight, count + 1.0);
        if self.beyond.len() > MOST {
            self.beyond.pop_front();
        }
        if self.beyond.len() >= FEWEST {
            self.judgment = Gate::default().judge(&[&*self.beyond.make_contiguous()]);
        }
    }
}

/// How far a market moves: variance a day of its closes.
#[derive(Clone, Copy, Debug)]
struct Pulse {
    at: Timestamp,
    log: f64,
    variance: Option<f64>,
}

#[derive(Clone, Copy, Debug)]
struct Trade {
    regime: Regime,
    at: Timestamp,
    log: f64,
    /// Variance of its market a day, as known at the entry.
    variance: f64,
    stop: Option<f64>,
    /// 1 of a long position, -1 of a short one.
    sign: f64,
    /// The weight drawn for it, as a fraction, whether it was followed or not.
    weight: f64,
}

impl Weighing {
    /// One that has seen nothing.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let bandit = Bandit::new(setup.bandit);
        let (markets, trades) = (BTreeMap::new(), BTreeMap::new());
        Self { setup, bandit, markets, trades, proof: Proof::default() }
    }

    /// What the gate says of the weights so far; none while there are too few trades.
    #[must_use]
    pub const fn judgment(&self) -> Option<&Judgment> {
        self.proof.judgment.as_ref()
    }

    /// Takes a closed candle of an instrument that is traded: stops first, then the market's pulse.
    pub fn on_candle(&mut self, candle: &Candle) {
        let (close, instrument) = (candle.close_f64(), candle.instrument);
        if close <= 0.0 {
            return;
        }
        // Only what traded after the entry can have reached its stop.
        let reached = |trade: &Trade, stop: f64| match trade.sign > 0.0 {
            true => candle.low_f64() <= stop,
            false => candle.high_f64() >= stop,
        };
        let stopped = |trade: &Trade| {
            trade.at <= candle.open_at && trade.stop.is_some_and(|stop| reached(trade, stop))
        };
        let of_it = self.trades.iter().filter(|((_, of), _)| *of == instrument);
        let open = candle.open_f64().max(f64::MIN_POSITIVE);
        // A gap opens beyond the stop: it trades at the open.
        let met = |trade: &Trade, stop: f64| match trade.sign > 0.0 {
            true => stop.min(open),
            false => stop.max(open),
        };
        let ended: Vec<(StrategyName, f64)> = of_it
            .filter(|(_, trade)| stopped(trade))
            .filter_map(|((strategy, _), trade)| Some((*strategy, met(trade, trade.stop?))))
            .collect();
        for (strategy, price) in ended {
            self.end(strategy, instrument, price.ln(), candle.close_at);
        }
        let log = close.ln();
        let pulse = self.markets.entry(instrument).or_insert(Pulse {
            at: candle.close_at,
            log,
            variance: None,
        });
        let passed = candle.close_at.since(pulse.at);
        if passed <= Span::ZERO {
            return;
        }
        let fresh = (log - pulse.log).powi(2) / days(passed);
        let variance = pulse.variance.map_or(fresh, |old| old + FRESH * (fresh - old));
        *pulse = Pulse { at: candle.close_at, log, variance: Some(variance) };
    }

    /// Takes a statement. The answer is how much of it to follow, once weights have proven themselves; exits are
    /// followed whole.
    pub fn on_signal(&mut self, signal: &Signal, conditions: &Conditions) -> Option<Strength> {
        let key = (signal.strategy, signal.instrument);
        let log = crate::clamp::dollars(signal.mark).max(f64::MIN_POSITIVE).ln();
        let (sign, stop) = match signal.action {
            Action::Enter { stop, .. } => (1.0, stop),
            Action::Short { stop, .. } => (-1.0, stop),
            Action::Exit => {
                self.end(signal.strategy, signal.instrument, log, signal.at);
                return None;
            }
            // No candles tell what became of a straddle, of quotes or of a crossing; a roll ends nothing.
            Action::Trim { .. }
            | Action::Straddle { .. }
            | Action::Quote(_)
            | Action::Cross { .. }
            | Action::Loop(_)
            | Action::Roll { .. } => return None,
        };
        let regime = conditions.regime?;
        let weight = self.bandit.weight(regime, signal.strategy, signal.at);
        let variance = self.markets.get(&signal.instrument).and_then(|p| p.variance);
        if let Some(variance) = variance.filter(|&v| v > 0.0) {
            let stop = stop.map(crate::clamp::dollars);
            let part = f64::from(weight.as_parts()) / f64::from(Strength::FULL.as_parts());
            let fresh = Trade { regime, at: signal.at, log, variance, stop, sign, weight: part };
            // Growing an open trade moves its stop, not its beginning.
            self.trades.entry(key).or_insert(fresh).stop = stop;
        }
        let proven = self.judgment().is_some_and(|judgment| judgment.passed);
        Some(if proven { weight } else { Strength::FULL })
    }

    fn end(&mut self, strategy: StrategyName, instrument: InstrumentId, log: f64, at: Timestamp) {
        let Some(trade) = self.trades.remove(&(strategy, instrument)) else {
            return;
        };
        let cost = strategy.class().map_or(0.0, |class| self.setup.cost(class));
        let net = trade.sign * (log - trade.log) - 2.0 * cost;
        let held = days(at.since(trade.at)).max(days(Span::seconds(60)));
        let result = net / (trade.variance * held).sqrt();
        self.proof.add(trade.weight, result);
        self.bandit.learn((trade.regime, strategy), result, at);
    }
}

fn days(span: Span) -> f64 {
    span.0 as f64 / Span::DAY.0 as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::flat;
    use nija_core::words::id::SignalId;

    const MARKET: InstrumentId = InstrumentId(1);
    const RIDING: StrategyName = StrategyName::CryptoTrendRiding;

    /// A weighing that never forgets and judges from one result on; it has seen closes of 100 and 101 in turn.
    fn weighing() -> Weighing {
        let bandit = Parameters { minimum: 0.9, half_life_days: 1e9, ..Parameters::default() };
        let mut weighing = Weighing::new(Setup { bandit, ..Setup::default() });
        (0..40).for_each(|n| weighing.on_candle(&flat(MARKET, n, 100.0 + (n % 2) as f64)));
        weighing
    }

    fn conditions() -> Conditions {
        Conditions { regime: Some(Regime::Ranging), ..Conditions::default() }
    }

    fn said(candle: &Candle, action: Action) -> Signal {
        Signal {
            id: SignalId(1),
            strategy: RIDING,
            version: 1,
            instrument: MARKET,
            action,
            mark: candle.close,
            at: candle.close_at,
            insight: None,
        }
    }

    fn enter(stop: f64) -> Action {
        Action::Enter { strength: Strength::FULL, stop: crate::clamp::price(stop) }
    }

    /// Mean weight, as a fraction, over the answers of many instants.
    fn mean_weight(weighing: &Weighing) -> f64 {
        let weight = |n| weighing.bandit.weight(Regime::Ranging, RIDING, Timestamp(n));
        (0..400).map(|n| f64::from(weight(n).as_parts())).sum::<f64>() / 4e6
    }

    fn trade(weighing: &mut Weighing, day: i64, (from, to): (f64, f64), low: Option<f64>) {
        let (first, mut last) = (flat(MARKET, day, from), flat(MARKET, day + 4, to));
        last.low = low.and_then(crate::clamp::price).unwrap_or(last.low);
        weighing.on_signal(&said(&first, enter(90.0)), &conditions());
        weighing.on_candle(&last);
        assert_eq!(weighing.on_signal(&said(&last, Action::Exit), &conditions()), None);
        assert!(weighing.trades.is_empty());
    }

    #[test]
    fn profit_teaches_more_and_loss_less() {
        let (mut won, mut lost, mut stopped) = (weighing(), weighing(), weighing());
        for n in 0..8 {
            trade(&mut won, 100 + 10 * n, (100.0, 104.0), None);
            trade(&mut lost, 100 + 10 * n, (100.0, 96.0), None);
            // The close is a gain, but the stop at 90 sold before.
            trade(&mut stopped, 100 + 10 * n, (100.0, 104.0), Some(89.0));
        }
        let weights = [&won, &lost, &stopped].map(mean_weight);
        assert!(weights[0] > 0.95 && weights[1] < 0.35 && weights[2] < 0.35, "{weights:?}");
    }

    #[test]
    fn costs_are_a_loss() {
        let mut flat_out = weighing();
        (0..30).for_each(|n| trade(&mut flat_out, 100 + 10 * n, (100.0, 100.0), None));
        assert!(mean_weight(&flat_out) < 0.5, "{}", mean_weight(&flat_out));
    }

    #[test]
    fn without_a_regime_nothing_is_learned_or_said() {
        let mut weighing = weighing();
        let first = flat(MARKET, 100, 100.0);
        assert_eq!(weighing.on_signal(&said(&first, enter(90.0)), &Conditions::default()), None);
        assert!(weighing.trades.is_empty());
        let weight = weighing.on_signal(&said(&first, enter(90.0)), &conditions());
        assert_eq!(weight, Some(Strength::FULL));
    }

    /// Two strategies in turn, of which the second loses with this much certainty; what is said of it at the end.
    fn after(rounds: i64, loses: impl Fn(i64) -> bool) -> (Option<Judgment>, Option<Strength>) {
        let mut weighing = weighing();
        let other = StrategyName::CryptoVolatilityCapture;
        let mut last = None;
        for n in 0..rounds {
            for (strategy, won) in [(RIDING, !loses(2 * n)), (other, !loses(2 * n + 1))] {
                let day = 100 + 10 * n;
                let (from, to) = (
                    flat(MARKET, day, 100.0),
                    flat(MARKET, day + 4, if won { 104.0 } else { 96.0 }),
                );
                let of = |candle, action| Signal { strategy, ..said(candle, action) };
                last = weighing.on_signal(&of(&from, enter(1.0)), &conditions());
                weighing.on_signal(&of(&to, Action::Exit), &conditions());
            }
        }
        (weighing.judgment().copied(), last)
    }

    #[test]
    fn weights_are_followed_once_they_have_proven_themselves() {
        // The second strategy loses nearly always and the first nearly never.
        let (judgment, last) = after(60, |n| (n % 2 == 1) != (n % 14 == 3));
        assert!(judgment.unwrap().passed && last.unwrap() < Strength::parts(5_000), "{last:?}");
        // Wins and losses that have nothing to do with the strategy prove nothing.
        let luck = |n: i64| (n as u32).wrapping_mul(2_654_435_761) >> 31 == 0;
        let (judgment, last) = after(60, luck);
        assert!(!judgment.unwrap().passed, "{judgment:?}");
        assert_eq!(last, Some(Strength::FULL));
        assert_eq!(after(10, |n| n % 2 == 1), (None, Some(Strength::FULL)));
    }
}
