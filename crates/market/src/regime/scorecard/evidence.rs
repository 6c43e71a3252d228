//! Whether a difference between contenders, or between regimes, is more than luck: held-out sessions only.

use super::{Contender, Run, YEAR, chosen};
use crate::learn::statistics::{mean, normal_quantile, t_statistic, variance};
use core::fmt;
use nija_core::words::conditions::Regime;
use serde::Serialize;

/// Sessions within which returns may be related.
const RELATED: usize = 10;
/// Fewest held-out sessions of a regime about which anything is said.
const FEWEST: usize = 60;
/// Probability of a wrong word among all comparisons together.
const WRONG: f64 = 0.05;

/// What can be said of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Word {
    /// It is above zero, and hardly by luck.
    #[serde(rename = "better")]
    Better,
    /// It is below zero, and hardly by bad luck.
    #[serde(rename = "worse")]
    Worse,
    /// It may be luck.
    #[serde(rename = "no evidence")]
    NoEvidence,
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::NoEvidence => "no evidence",
        })
    }
}

/// One comparison over held-out sessions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// Against whom the regimes are compared.
    pub against: Contender,
    /// In which regime; all of them where missing.
    pub regime: Option<Regime>,
    /// Held-out sessions.
    pub sessions: usize,
    /// Mean difference a year, as a fraction.
    pub difference: f64,
    /// Its t-statistic.
    pub t: f64,
    /// What it says.
    pub word: Word,
}

/// Does the world differ between stormy and other regimes? Judged by the frozen split on held-out sessions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Contrast {
    /// Sharpe ratio a year in RISK_OFF, HIGH_VOLATILITY and TRENDING_DOWN.
    pub stormy: f64,
    /// In all others.
    pub calm: f64,
    /// Their difference over its standard error.
    pub t: f64,
    /// Whether calm is better.
    pub word: Word,
}

/// Regimes against each other contender, as a whole and regime by regime.
pub(super) fn findings(
    runs: &[Run; 4],
    regimes: &[Option<Regime>],
    held_out: &[bool],
) -> Vec<Finding> {
    let mut found = Vec::new();
    for regime in [None].into_iter().chain(Regime::ALL.map(Some)) {
        let of = |n: usize| held_out[n] && (regime.is_none() || regimes[n] == regime);
        for (against, run) in Contender::ALL.into_iter().zip(runs).skip(1) {
            let (own, other) = (chosen(&runs[0], of), chosen(run, of));
            let beyond: Vec<f64> = own.iter().zip(other).map(|(own, other)| own - other).collect();
            if beyond.len() < FEWEST {
                continue;
            }
            let (difference, t) = (mean(&beyond) * YEAR, t_statistic(&beyond, RELATED));
            let (sessions, word) = (beyond.len(), Word::NoEvidence);
            found.push(Finding { against, regime, sessions, difference, t, word });
        }
    }
    let comparisons = found.len();
    found.iter_mut().for_each(|finding| finding.word = word(finding.t, comparisons));
    found
}

/// A word that is wrong in one of twenty scorecards, whatever the number of comparisons (Bonferroni).
fn word(t: f64, comparisons: usize) -> Word {
    let beyond = normal_quantile(1.0 - WRONG / (2 * comparisons.max(1)) as f64);
    if t > beyond {
        Word::Better
    } else if t < -beyond {
        Word::Worse
    } else {
        Word::NoEvidence
    }
}

pub(super) fn contrast(
    run: &Run,
    regimes: &[Option<Regime>],
    held_out: &[bool],
) -> Option<Contrast> {
    let is_stormy = |n: usize| {
        matches!(regimes[n], Some(Regime::RiskOff | Regime::HighVolatility | Regime::TrendingDown))
    };
    let side = |stormy: bool| chosen(run, |n| held_out[n] && is_stormy(n) == stormy);
    let (stormy, calm) = (side(true), side(false));
    if stormy.len() < FEWEST || calm.len() < FEWEST {
        return None;
    }
    let daily = |returns: &[f64]| {
        let ratio = mean(returns) / variance(returns).sqrt();
        (ratio, (1.0 + ratio * ratio / 2.0) / returns.len() as f64)
    };
    let ((stormy, unsure), (calm, also)) = (daily(&stormy), daily(&calm));
    let t = (calm - stormy) / (unsure + also).sqrt();
    let year = YEAR.sqrt();
    let known = t.is_finite();
    known.then(|| Contrast { stormy: stormy * year, calm: calm * year, t, word: word(t, 1) })
}
