//! Reads the daily candles of a few leading markets into the numbers that name a regime.
//! Only what was known at the time of the reading is in it; a market that fell silent is left out.
//! Liquidity is absent: no order book is read here.

mod market;
mod stress;

pub use market::{Calendar, Market, Reading, Sign};
pub use stress::Term;

use crate::candle::Candle;
use crate::indicator::{PercentileRank, Turbulence};
use nija_core::words::id::InstrumentId;
use nija_core::words::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use stress::{Credit, Structure};

/// A market without a close for this long no longer counts.
pub const SILENT_AFTER: Span = Span(7 * Span::DAY.0);

/// Pairs of returns that turbulence is measured against, and ranked among: one year of sessions.
const YEAR_OF_SESSIONS: usize = 252;
/// Sessions of the correlation between crypto and the index.
const CORRELATED: usize = 20;

/// Which instruments play which part. All may be missing; what is missing is left out of the votes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Roles {
    /// The crypto market that leads: bitcoin.
    pub leader: Option<InstrumentId>,
    /// A second crypto market whose volatility is averaged with the leader's: ether.
    pub second: Option<InstrumentId>,
    /// The equity index, or a fund on it.
    pub index: Option<InstrumentId>,
    /// Implied volatility of the index in percent a year: VIX.
    pub vix: Option<InstrumentId>,
    /// The same over three months: VIX3M.
    pub vix3m: Option<InstrumentId>,
    /// A fund of high-yield bonds.
    pub credit: Option<InstrumentId>,
}

impl Roles {
    /// The instruments that have a part.
    pub fn instruments(&self) -> impl Iterator<Item = InstrumentId> {
        let all = [self.leader, self.second, self.index, self.vix, self.vix3m, self.credit];
        all.into_iter().flatten()
    }
}

/// How crypto and the index move together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Together {
    /// Close of the pair's later side.
    pub at: Timestamp,
    /// Correlation of the last 20 sessions.
    pub correlation: Option<f64>,
    /// Turbulence of the latest session as a percentile of the last 252 (Kritzman and Li 2010).
    pub turbulence: Option<f64>,
}

/// Everything known about the leading markets at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Readings {
    /// When.
    pub at: Timestamp,
    /// The crypto leader.
    pub leader: Option<Reading>,
    /// The second crypto market.
    pub second: Option<Reading>,
    /// The equity index.
    pub index: Option<Reading>,
    /// Implied volatility of the index, percent a year.
    pub vix: Option<f64>,
    /// Its term structure.
    pub term: Option<Term>,
    /// Return of high-yield bonds in 20 sessions, in deviations of the year before.
    pub credit: Option<f64>,
    /// Crypto and index as a pair.
    pub together: Option<Together>,
}

impl Readings {
    /// Realized volatility of crypto as a fraction a year: leader and second averaged.
    #[must_use]
    pub fn crypto_realized(&self) -> Option<f64> {
        self.crypto(|reading| reading.realized)
    }
    /// Percentile of it among the last 365 days, averaged likewise.
    #[must_use]
    pub fn crypto_percentile(&self) -> Option<f64> {
        self.crypto(|reading| reading.percentile)
    }
    /// Momentum of all markets present, averaged: -100 to 100.
    #[must_use]
    pub fn momentum(&self) -> Option<f64> {
        average([self.crypto(|r| r.momentum), self.index.and_then(|r| r.momentum)])
    }

    fn crypto(&self, number: impl Fn(&Reading) -> Option<f64>) -> Option<f64> {
        average([self.leader.as_ref().and_then(&number), self.second.as_ref().and_then(&number)])
    }
}

pub(crate) fn average(numbers: [Option<f64>; 2]) -> Option<f64> {
    match numbers {
        [Some(a), Some(b)] => Some(f64::midpoint(a, b)),
        [a, b] => a.or(b),
    }
}

/// Keeps the statistics of the leading markets.
#[derive(Clone, Debug)]
pub struct Reader {
    roles: Roles,
    leader: Market,
    second: Market,
    index: Market,
    vix: Option<(Timestamp, f64)>,
    structure: Structure,
    credit: Credit,
    pair: Pair,
}

impl Reader {
    /// Reads the markets that have a part.
    #[must_use]
    pub fn new(roles: Roles) -> Self {
        Self {
            roles,
            leader: Market::new(Calendar::Always),
            second: Market::new(Calendar::Always),
            index: Market::new(Calendar::Sessions),
            vix: None,
            structure: Structure::default(),
            credit: Credit::new(),
            pair: Pair::new(),
        }
    }

    /// Takes a closed daily candle; tells whether it belongs to a leading market.
    /// Candles of one instrument must rise in time; others are ignored.
    pub fn on_daily(&mut self, candle: &Candle) -> bool {
        let played = Some(candle.instrument);
        let mut read = false;
        if played == self.roles.leader {
            self.leader.push(candle);
            self.pair.push(&self.leader, &self.index);
            read = true;
        }
        if played == self.roles.second {
            self.second.push(candle);
            read = true;
        }
        if played == self.roles.index {
            self.index.push(candle);
            read = true;
        }
        if played == self.roles.vix {
            let later = self.vix.is_none_or(|(at, _)| candle.close_at > at);
            if later && candle.close.is_positive() {
                self.vix = Some((candle.close_at, candle.close_f64()));
            }
            self.structure.near(candle);
            read = true;
        }
        if played == self.roles.vix3m {
            self.structure.far(candle);
            read = true;
        }
        if played == self.roles.credit {
            self.credit.push(candle);
            read = true;
        }
        read
    }

    /// What is known at `at`.
    #[must_use]
    pub fn readings(&self, at: Timestamp) -> Readings {
        let fresh = |known: Timestamp| at.since(known) <= SILENT_AFTER;
        let reading = |market: &Market| market.reading().filter(|r| fresh(r.at));
        Readings {
            at,
            leader: reading(&self.leader),
            second: reading(&self.second),
            index: reading(&self.index),
            vix: self.vix.filter(|(known, _)| fresh(*known)).map(|(_, level)| level),
            term: self.structure.term().filter(|term| fresh(term.at)),
            credit: self.credit.score(at, SILENT_AFTER),
            together: self.pair.together.filter(|t| fresh(t.at)),
        }
    }
}

/// Returns of crypto and index over the same sessions: taken at the leader's first close after each of the index.
#[derive(Clone, Debug)]
struct Pair {
    turbulence: Turbulence,
    rank: PercentileRank,
    /// Index close already paired, and both prices then.
    last: Option<(Timestamp, f64, f64)>,
    together: Option<Together>,
}

impl Pair {
    fn new() -> Self {
        Self {
            turbulence: Turbulence::new(YEAR_OF_SESSIONS),
            rank: PercentileRank::new(YEAR_OF_SESSIONS, YEAR_OF_SESSIONS / 4),
            last: None,
            together: None,
        }
    }

    fn push(&mut self, leader: &Market, index: &Market) {
        let (Some(crypto), Some(equity)) = (leader.reading(), index.reading()) else {
            return;
        };
        let at = equity.at;
        if self.last.is_some_and(|(paired, ..)| at <= paired) {
            return;
        }
        let last = self.last.replace((at, crypto.close, equity.close));
        let Some((_, crypto_then, equity_then)) = last else {
            return;
        };
        let x = (crypto.close / crypto_then).ln();
        let y = (equity.close / equity_then).ln();
        let turbulence = self.turbulence.push(x, y).and_then(|value| self.rank.push(value));
        let correlation = self.turbulence.correlation(CORRELATED);
        self.together = Some(Together { at: crypto.at, correlation, turbulence });
    }
}
