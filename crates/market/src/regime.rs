//! Names the regime: a decision list over whatever inputs exist, with hysteresis, and with an allowance of switches
//! that a storm may overdraw and a calm one must wait for.
//!
//! Which market names what: a class is wild by its own percentile, the whole market only when VIX is high or
//! the mean of both percentiles is high as well; crypto leader and index have one trend vote each, and a tie
//! is no trend.

mod allowance;
mod ballot;
pub mod scorecard;
mod thresholds;

pub use thresholds::Thresholds;

use crate::clamp;
use crate::conditions::{Readings, Term};
use allowance::Allowance;
use ballot::{Ballot, Trend};
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::score::Score;
use nija_core::words::time::{Span, Timestamp};

/// Turns readings into conditions. Its memory is the current regime and what it needs to leave it slowly.
#[derive(Clone, Debug)]
pub struct Detector {
    thresholds: Thresholds,
    /// Liquidity that is taken for granted.
    liquidity: Option<Score>,
    current: Option<Current>,
    /// Another regime and the first of the consecutive days on which the list named it.
    rival: Option<(Regime, i32)>,
    /// First of the consecutive days without any vote for flight.
    calm_since: Option<i32>,
    /// What is left for switches, in parts of one; below nothing after a storm.
    allowance: Allowance,
    /// Was the market trending, for the band of ADX in which the answer stays.
    crypto_trending: bool,
    index_trending: bool,
}

#[derive(Clone, Copy, Debug)]
struct Current {
    regime: Regime,
    since: i32,
}

impl Detector {
    /// A detector that has seen nothing.
    #[must_use]
    pub const fn new(thresholds: Thresholds) -> Self {
        Self {
            thresholds,
            liquidity: None,
            current: None,
            rival: None,
            calm_since: None,
            allowance: Allowance::full(&thresholds),
            crypto_trending: false,
            index_trending: false,
        }
    }

    /// The same, with a liquidity that is taken for granted: bars do not tell it.
    #[must_use]
    pub const fn assuming(self, liquidity: Option<Score>) -> Self {
        Self { liquidity, ..self }
    }

    /// Reads the market at a close. Instants must not go back.
    pub fn evaluate(&mut self, readings: &Readings) -> Conditions {
        let crypto = readings.leader.map(|r| Trend::of(&r, &self.thresholds, self.crypto_trending));
        let index = readings.index.map(|r| Trend::of(&r, &self.thresholds, self.index_trending));
        let (crypto, index) = (crypto.flatten(), index.flatten());
        self.crypto_trending = crypto.is_some_and(|trend| trend.on);
        self.index_trending = index.is_some_and(|trend| trend.on);
        let wild = self.regime() == Some(Regime::HighVolatility);
        let ballot = Ballot::of(readings, &self.thresholds, [crypto, index], wild);
        self.settle(&ballot, readings.at);
        self.conditions(readings, &ballot)
    }

    /// The regime now; none before there is enough history.
    #[must_use]
    pub fn regime(&self) -> Option<Regime> {
        self.current.map(|current| current.regime)
    }

    /// Lets the list's answer replace the current regime once hysteresis allows it.
    fn settle(&mut self, ballot: &Ballot, at: Timestamp) {
        let today = at.day(Span::ZERO);
        self.allowance.grow(today, &self.thresholds);
        self.calm_since = if ballot.flight() == 0 { self.calm_since.or(Some(today)) } else { None };
        let Some(named) = ballot.named(&self.thresholds) else {
            return;
        };
        let Some(current) = self.current else {
            self.current = Some(Current { regime: named, since: today });
            return;
        };
        if named == current.regime {
            self.rival = None;
            return;
        }
        let first = match self.rival {
            Some((rival, first)) if rival == named => first,
            _ => today,
        };
        self.rival = Some((named, first));
        if self.may_leave(current, named, today, first) {
            self.current = Some(Current { regime: named, since: today });
            self.rival = None;
            self.allowance.spend();
        }
    }

    fn may_leave(&self, current: Current, named: Regime, today: i32, first: i32) -> bool {
        let days = |since: i32| today.saturating_sub(since);
        if named == Regime::RiskOff {
            return true;
        }
        if current.regime == Regime::RiskOff {
            let calm = |since| days(since) + 1 >= self.thresholds.calm_days;
            return self.calm_since.is_some_and(calm) && self.allowance.has_one();
        }
        named == Regime::HighVolatility
            || (days(current.since) >= self.thresholds.dwell_days
                && days(first) + 1 >= self.thresholds.confirm_days
                && self.allowance.has_one())
    }

    fn conditions(&self, readings: &Readings, ballot: &Ballot) -> Conditions {
        let limits = &self.thresholds;
        let regime = self.regime();
        let equity = readings.vix.or(readings.index.and_then(|r| r.realized).map(|r| 100.0 * r));
        let swan = |shock: Option<f64>| shock.is_some_and(|s| s < -limits.black_swan_deviations);
        let panic =
            |term: Term| term.ratio > limits.black_swan_ratio && term.jump > limits.black_swan_jump;
        let shock = |reading: Option<crate::conditions::Reading>| reading.and_then(|r| r.shock);
        Conditions {
            at: readings.at,
            regime,
            confidence: regime.map_or(Score::MIN, |regime| ballot.confidence(regime)),
            crypto_volatility: readings
                .crypto_realized()
                .map(|r| clamp::score(100.0 * 100.0 * r / limits.crypto_full)),
            equity_volatility: equity.map(|level| clamp::score(100.0 * level / limits.equity_full)),
            crypto_leads: regime == Some(Regime::HighVolatility) && ballot.crypto_leads(),
            liquidity: self.liquidity,
            momentum: readings.momentum().map_or(0, clamp::signed_hundredths),
            crypto_black_swan: swan(shock(readings.leader)) || swan(shock(readings.second)),
            equity_black_swan: swan(shock(readings.index)) || readings.term.is_some_and(panic),
        }
    }
}
