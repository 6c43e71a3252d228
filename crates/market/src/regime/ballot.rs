//! The inputs of one evaluation as votes, the decision list over them, and how far they agree.
//! An input that is missing has no vote, and confidence says so.

use super::Thresholds;
use crate::clamp;
use crate::conditions::{Reading, Readings, Sign};
use nija_core::words::conditions::Regime;
use nija_core::words::score::Score;

/// How wild one input says the market is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Low,
    Middle,
    High,
}

/// One market's trend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trend {
    /// Is there one?
    pub(super) on: bool,
    /// Where it points when there is.
    pub(super) sign: Sign,
}

impl Trend {
    /// From a reading; `before` is the answer that stays while ADX lies between its two limits.
    pub(super) fn of(reading: &Reading, limits: &Thresholds, before: bool) -> Option<Self> {
        let (adx, sign) = (reading.adx?, reading.trend?);
        let on = adx >= limits.adx_trend || (before && adx >= limits.adx_none);
        Some(Self { on, sign })
    }

    fn points(self) -> Sign {
        if self.on { self.sign } else { Sign::Zero }
    }
}

/// All votes of one evaluation; none where an input is missing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ballot {
    flights: [Option<bool>; 5],
    vix: Option<Level>,
    crypto: Option<Level>,
    equity: Option<Level>,
    /// Wild as a whole, and calm as a whole.
    wild: bool,
    calm: bool,
    /// Percentile of crypto above that of the index.
    crypto_wilder: bool,
    trends: [Option<Sign>; 2],
}

impl Ballot {
    /// Asks every input. `wild` says that the market is in HIGH_VOLATILITY, which it leaves at lower limits.
    pub(super) fn of(
        readings: &Readings,
        limits: &Thresholds,
        trends: [Option<Trend>; 2],
        wild: bool,
    ) -> Self {
        let high = if wild { limits.percentile_high_leave } else { limits.percentile_high };
        let mean_high = if wild { limits.mean_high_leave } else { limits.mean_high };
        let vix_high = if wild { limits.vix_high_leave } else { limits.vix_high };
        let level = |percentile: f64| {
            if percentile >= high {
                Level::High
            } else if percentile <= limits.percentile_low {
                Level::Low
            } else {
                Level::Middle
            }
        };
        let percentiles = [readings.crypto_percentile(), readings.index.and_then(|r| r.percentile)];
        let [crypto, equity] = percentiles.map(|p| p.map(level));
        let vix = readings.vix.map(|v| {
            if v >= vix_high {
                Level::High
            } else if v < limits.vix_low {
                Level::Low
            } else {
                Level::Middle
            }
        });
        let either = |wanted: Level| crypto == Some(wanted) || equity == Some(wanted);
        let mean = crate::conditions::average(percentiles);
        Self {
            flights: flights(readings, limits),
            vix,
            crypto,
            equity,
            wild: vix == Some(Level::High)
                || (either(Level::High) && mean.is_some_and(|mean| mean >= mean_high)),
            calm: either(Level::Low) && vix.is_none_or(|level| level == Level::Low),
            crypto_wilder: matches!(percentiles, [Some(c), Some(e)] if c > e)
                || percentiles[1].is_none(),
            trends: trends.map(|trend| trend.map(Trend::points)),
        }
    }

    /// Votes for flight.
    pub(super) fn flight(&self) -> usize {
        self.flights.iter().filter(|&&vote| vote == Some(true)).count()
    }

    /// The decision list: the first line that holds. None while no volatility or no trend is known.
    pub(super) fn named(&self, limits: &Thresholds) -> Option<Regime> {
        let volatility = self.crypto.or(self.equity).or(self.vix);
        let trend = self.trends[0].or(self.trends[1]);
        if volatility.is_none() || trend.is_none() {
            return None;
        }
        let up = self.pointing(Sign::Plus);
        let down = self.pointing(Sign::Minus);
        Some(if self.flight() >= limits.flight_votes {
            Regime::RiskOff
        } else if self.wild {
            Regime::HighVolatility
        } else if up > down {
            Regime::TrendingUp
        } else if down > up {
            Regime::TrendingDown
        } else if self.calm {
            Regime::LowVolatility
        } else {
            Regime::Ranging
        })
    }

    /// Is crypto the wild one? Its own percentile is high and above that of the index.
    pub(super) fn crypto_leads(&self) -> bool {
        self.crypto == Some(Level::High) && self.crypto_wilder
    }

    /// Share of the inputs asked about this regime that are present and support it.
    pub(super) fn confidence(&self, regime: Regime) -> Score {
        let flight = regime == Regime::RiskOff;
        let mut asked = 0;
        let mut agreeing = 0;
        let mut count = |answer: Option<bool>| {
            asked += 1;
            agreeing += usize::from(answer == Some(true));
        };
        for vote in self.flights {
            count(vote.map(|vote| vote == flight));
        }
        for level in [self.vix, self.crypto, self.equity] {
            count(level.map(|level| match regime {
                Regime::HighVolatility => level == Level::High,
                Regime::LowVolatility => level == Level::Low,
                Regime::RiskOff => level != Level::Low,
                _ => level != Level::High,
            }));
        }
        let wanted = match regime {
            Regime::TrendingUp => Some(Sign::Plus),
            Regime::TrendingDown | Regime::RiskOff => Some(Sign::Minus),
            Regime::Ranging | Regime::LowVolatility => Some(Sign::Zero),
            Regime::HighVolatility => None,
        };
        if let Some(wanted) = wanted {
            for sign in self.trends {
                count(sign.map(|sign| sign == wanted));
            }
        }
        clamp::score(100.0 * agreeing as f64 / asked as f64)
    }

    fn pointing(&self, wanted: Sign) -> usize {
        self.trends.iter().filter(|&&sign| sign == Some(wanted)).count()
    }
}

/// The votes for flight: index below its average and falling; both markets falling together; turbulence; the near
/// future feared more than the far one; a break of credit.
fn flights(readings: &Readings, limits: &Thresholds) -> [Option<bool>; 5] {
    let falls = |reading: Option<Reading>| reading.and_then(|r| r.fall).map(|f| f < limits.fall);
    let index = falls(readings.index);
    let below = readings.index.and_then(|r| r.below_average);
    let correlated = readings.together.and_then(|t| t.correlation).map(|c| c > limits.correlation);
    [
        both(index, below),
        both(both(index, falls(readings.leader)), correlated),
        readings.together.and_then(|t| t.turbulence).map(|p| p > limits.turbulence),
        readings.term.map(|term| term.inverted),
        readings.credit.map(|score| score < limits.credit),
    ]
}

fn both(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    Some(a? && b?)
}
