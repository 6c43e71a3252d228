//! What following the regimes would have earned, net of costs, against what needs no regimes at all.
//!
//! Point in time: a reading is traded at the close after the one at which it was known, and only when the split
//! moves as far as a desk would move it. Whether there is skill in it is asked of the held-out years alone, with
//! all comparisons counted; where the answer could be luck the word is "no evidence".

mod evidence;
mod portfolio;

pub use evidence::{Contrast, Finding, Word};

use crate::candle::Candle;
use crate::learn::statistics::{mean, variance};
use evidence::{contrast, findings};
use nija_core::allocation::{Split, allocate};
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::AssetClass;
use nija_core::words::tier::{TierRules, Tolerance};
use nija_core::words::time::Timestamp;
use portfolio::{Portfolio, Weights};
use serde::Serialize;

/// Sessions of a year, and between two turns of a portfolio that keeps its weights.
const YEAR: f64 = 252.0;
const MONTH: usize = 21;

/// Which instruments the portfolios hold.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    /// Crypto.
    pub crypto: InstrumentId,
    /// The equity index.
    pub index: InstrumentId,
    /// Bonds; cash stands in where there are none.
    pub bonds: Option<InstrumentId>,
}

/// One session's close and what was known then.
#[derive(Clone, Copy, Debug)]
struct Close {
    at: Timestamp,
    prices: [f64; 3],
    conditions: Conditions,
}

/// Gathers closes: one for each of the index at which a regime and all prices are known.
#[derive(Clone, Debug)]
pub struct Recorder {
    parts: Parts,
    crypto: Option<f64>,
    bonds: Option<f64>,
    closes: Vec<Close>,
}

impl Recorder {
    /// One that has seen nothing.
    #[must_use]
    pub const fn new(parts: Parts) -> Self {
        Self { parts, crypto: None, bonds: None, closes: Vec::new() }
    }

    /// Takes a closed daily candle and the conditions after it.
    pub fn on_candle(&mut self, candle: &Candle, conditions: &Conditions) {
        let price = candle.close_f64();
        if price <= 0.0 {
            return;
        }
        let late = self.closes.last().is_some_and(|last| candle.close_at < last.at);
        if candle.instrument == self.parts.crypto {
            self.crypto = Some(price);
        } else if Some(candle.instrument) == self.parts.bonds {
            self.bonds = Some(price);
        } else if candle.instrument == self.parts.index && !late && conditions.regime.is_some() {
            let bonds = if self.parts.bonds.is_some() { self.bonds } else { Some(1.0) };
            if let Some((crypto, bonds)) = self.crypto.zip(bonds) {
                let prices = [crypto, price, bonds];
                self.closes.push(Close { at: candle.close_at, prices, conditions: *conditions });
            }
        }
        // Bonds and implied volatility close with the index, but may be told after it.
        if let Some(last) = self.closes.last_mut().filter(|last| last.at == candle.close_at) {
            last.conditions = *conditions;
            last.prices[2] = self.bonds.unwrap_or(1.0);
        }
    }
}

/// RFC 3339.
fn date<S: serde::Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(at)
}

/// Who is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Contender {
    /// The blueprint's split for each regime.
    Regimes,
    /// Its split for an unknown regime, kept all the time.
    Frozen,
    /// 60 % index and 40 % bonds.
    SixtyForty,
    /// The index, bought once.
    BuyAndHold,
}

impl Contender {
    /// All of them; the first is on trial.
    pub const ALL: [Self; 4] = [Self::Regimes, Self::Frozen, Self::SixtyForty, Self::BuyAndHold];

    /// The words shown to people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Regimes => "regimes",
            Self::Frozen => "frozen split",
            Self::SixtyForty => "60/40",
            Self::BuyAndHold => "buy and hold",
        }
    }
}

/// What somebody earned, net of costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Record {
    /// Who.
    pub contender: Contender,
    /// Mean return a year, as a fraction.
    pub annual: f64,
    /// Volatility a year.
    pub volatility: f64,
    /// Mean over deviation, a year.
    pub sharpe: f64,
}

/// A whole run of one contender.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Total {
    /// Its record.
    #[serde(flatten)]
    pub record: Record,
    /// What 1 became.
    pub grew_to: f64,
    /// Deepest fall from a peak, as a fraction.
    pub drawdown: f64,
    /// Costs a year, as a fraction of what it was worth.
    pub costs: f64,
}

/// The sessions of one regime.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chapter {
    /// Which.
    pub regime: Regime,
    /// How many sessions it was traded.
    pub sessions: usize,
    /// What each contender earned in them.
    pub records: Vec<Record>,
}

/// The scorecard.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scorecard {
    /// First close.
    #[serde(serialize_with = "date")]
    pub from: Timestamp,
    /// Last close.
    #[serde(serialize_with = "date")]
    pub until: Timestamp,
    /// Sessions traded.
    pub sessions: usize,
    /// Are there bonds, or does cash stand in for them?
    pub bonds: bool,
    /// Changes of regime a year.
    pub switches_a_year: f64,
    /// All sessions.
    pub totals: Vec<Total>,
    /// By regime.
    pub chapters: Vec<Chapter>,
    /// From when on sessions are held out.
    #[serde(serialize_with = "date")]
    pub held_out_from: Timestamp,
    /// What they say.
    pub findings: Vec<Finding>,
    /// Whether regimes are told apart at all; none where one side is missing.
    pub contrast: Option<Contrast>,
}

/// How the money is split and what that costs.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The tier whose allocation is followed.
    pub rules: &'a TierRules,
    /// Cost of one side in crypto, as a fraction.
    pub crypto_cost: f64,
    /// The same of index and bonds.
    pub fund_cost: f64,
    /// From when on sessions are held out.
    pub held_out_from: Timestamp,
}

/// Returns of one contender, session by session, and what it paid.
struct Run {
    returns: Vec<f64>,
    paid: f64,
}

impl Recorder {
    /// The scorecard of what was gathered; none of fewer than three closes.
    #[must_use]
    pub fn scorecard(&self, terms: &Terms<'_>) -> Option<Scorecard> {
        let [first, .., last] = self.closes.as_slice() else {
            return None;
        };
        if self.closes.len() < 3 {
            return None;
        }
        let runs = Contender::ALL.map(|contender| self.run(contender, terms));
        // The regime that was known a close before a session began is the one that was traded in it.
        let regimes: Vec<Option<Regime>> =
            self.closes[..self.closes.len() - 2].iter().map(|c| c.conditions.regime).collect();
        let held_out: Vec<bool> = self.closes[1..self.closes.len() - 1]
            .iter()
            .map(|close| close.at >= terms.held_out_from)
            .collect();
        let switches = regimes.windows(2).filter(|pair| pair[0] != pair[1]).count() as f64;
        let chapter = |regime: Regime| {
            let of = |n: usize| regimes[n] == Some(regime);
            let sessions = (0..regimes.len()).filter(|&n| of(n)).count();
            let record = |(contender, run): (Contender, &Run)| record(contender, &chosen(run, of));
            let records = Contender::ALL.into_iter().zip(&runs).map(record).collect();
            (sessions > 0).then_some(Chapter { regime, sessions, records })
        };
        Some(Scorecard {
            from: first.at,
            until: last.at,
            sessions: regimes.len(),
            bonds: self.parts.bonds.is_some(),
            switches_a_year: switches * YEAR / regimes.len() as f64,
            totals: Contender::ALL.into_iter().zip(&runs).map(total).collect(),
            chapters: Regime::ALL.into_iter().filter_map(chapter).collect(),
            held_out_from: terms.held_out_from,
            findings: findings(&runs, &regimes, &held_out),
            contrast: contrast(&runs[1], &regimes, &held_out),
        })
    }

    fn run(&self, contender: Contender, terms: &Terms<'_>) -> Run {
        let costs = [terms.crypto_cost, terms.fund_cost, terms.fund_cost];
        let split = |conditions| allocate(conditions, terms.rules, Tolerance::Moderate).0;
        let (mut portfolio, mut held) = (Portfolio::new(), None::<Split>);
        let mut returns = Vec::new();
        for (n, known) in self.closes[..self.closes.len() - 2].iter().enumerate() {
            let monthly = n.is_multiple_of(MONTH);
            let target = match contender {
                Contender::Regimes => {
                    let wanted = split(Some(&known.conditions));
                    let moves = held.is_none_or(|held| held.should_move_to(&wanted));
                    held = if moves { Some(wanted) } else { held };
                    moves.then(|| weights(&wanted))
                }
                Contender::Frozen => monthly.then(|| weights(&split(None))),
                Contender::SixtyForty => monthly.then_some([0.0, 0.6, 0.4]),
                Contender::BuyAndHold => (n == 0).then_some([0.0, 1.0, 0.0]),
            };
            let before = portfolio.worth();
            if let Some(target) = target {
                portfolio.turn(target, costs);
            }
            let (from, to) = (&self.closes[n + 1].prices, &self.closes[n + 2].prices);
            portfolio.earn(core::array::from_fn(|part| to[part] / from[part] - 1.0));
            returns.push(portfolio.worth() / before - 1.0);
        }
        Run { returns, paid: portfolio.paid }
    }
}

fn weights(split: &Split) -> Weights {
    let part = |class| split.class(class).raw() as f64 / 1e10;
    [part(AssetClass::Crypto), part(AssetClass::Equity), 0.0]
}

fn chosen(run: &Run, of: impl Fn(usize) -> bool) -> Vec<f64> {
    run.returns.iter().enumerate().filter(|(n, _)| of(*n)).map(|(_, r)| *r).collect()
}

fn record(contender: Contender, returns: &[f64]) -> Record {
    let (annual, volatility) = (mean(returns) * YEAR, (variance(returns) * YEAR).sqrt());
    let sharpe = if volatility > 0.0 { annual / volatility } else { 0.0 };
    Record { contender, annual, volatility, sharpe }
}

fn total((contender, run): (Contender, &Run)) -> Total {
    let (mut worth, mut peak, mut drawdown) = (1.0_f64, 1.0_f64, 0.0_f64);
    for gained in &run.returns {
        worth *= 1.0 + gained;
        peak = peak.max(worth);
        drawdown = drawdown.max(1.0 - worth / peak);
    }
    let record = record(contender, &run.returns);
    let costs = run.paid * YEAR / run.returns.len() as f64;
    Total { record, grew_to: worth, drawdown, costs }
}
