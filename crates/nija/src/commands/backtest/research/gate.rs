//! How far to believe the best of many trials: the overfitting gate, the best one at twice its costs, and whether
//! its neighbors are good as well. The number of trials stands beside every verdict.

use super::super::options::Rank;
use super::grid::{Grid, Tunable};
use super::results::Result;
use nija_core::words::money::{Money, Pct};
use nija_engine::research::manner::{Charge, Manner};
use nija_engine::sim::Rules;
use nija_engine::sim::fee::Fee;
use nija_engine::sim::rules::Terms;
use nija_engine::sim::slippage::Slippage;
use nija_market::learn::overfit::{Gate, Judgment};
use serde_json::{Value, json};

/// Part of the best figure that the median neighbor must reach: a lone peak is a fit to noise.
const PLATEAU: f64 = 0.5;

/// The verdict on a sweep.
pub(in super::super) struct Verdict {
    /// Of the trial with the highest Sharpe ratio; none where the histories are too short to judge.
    pub(super) judgment: Option<Judgment>,
    /// What the best trial earned when everything cost twice as much, in percent.
    pub(super) stressed_pct: f64,
    /// The median neighbor's figure over that of the best; none without neighbors or where the best is no profit.
    pub(super) plateau: Option<f64>,
    trials: usize,
}

impl Verdict {
    /// Judges a sweep whose best trial is `best`; `stressed_pct` is its return at twice the costs.
    pub(in super::super) fn of<S: Tunable>(
        grid: &Grid<S>,
        results: &[Result],
        (best, rank): (usize, Rank),
        stressed_pct: f64,
    ) -> Self {
        let returns: Vec<&[f64]> = results.iter().map(|result| result.returns.as_slice()).collect();
        let figure = |at: usize| results.get(at).map(|result| rank.of(result));
        let mut near: Vec<f64> = grid.neighbors(best).filter_map(figure).collect();
        near.sort_by(f64::total_cmp);
        let median = near.get(near.len() / 2).copied();
        let plateau = median.zip(figure(best)).filter(|(_, best)| *best > 0.0);
        Self {
            judgment: Gate::default().judge(&returns),
            stressed_pct,
            plateau: plateau.map(|(near, best)| near / best).filter(|part| part.is_finite()),
            trials: results.len(),
        }
    }

    /// May the best be believed?
    pub(super) fn passed(&self) -> bool {
        let judged = self.judgment.is_some_and(|judgment| judgment.passed);
        judged && self.stressed_pct > 0.0 && self.plateau.is_some_and(|part| part >= PLATEAU)
    }

    /// The same as a sentence.
    pub(super) fn word(&self) -> &'static str {
        word(self.passed())
    }

    pub(super) fn told(&self) -> Value {
        let gate = Gate::default();
        let of =
            |number: &dyn Fn(&Judgment) -> Option<f64>| self.judgment.as_ref().and_then(number);
        json!({
            "trials": self.trials,
            "deflated_sharpe": of(&|judgment| Some(judgment.deflated)),
            "deflated_sharpe_wanted": gate.deflated,
            "expected_best_of_noise": of(&|judgment| Some(judgment.expected)),
            "best_sharpe_a_period": of(&|judgment| Some(judgment.sharpe)),
            "periods_needed": of(&|judgment| judgment.minimum_length),
            "probability_of_overfitting": of(&|judgment| judgment.overfitting.map(|o| o.probability)),
            "probability_of_overfitting_allowed": gate.overfitting,
            "return_at_twice_the_costs_pct": self.stressed_pct,
            "plateau": self.plateau,
            "plateau_wanted": PLATEAU,
            "passed": self.passed(),
        })
    }

    /// One line for each part.
    pub(super) fn lines(&self) -> Vec<String> {
        let (gate, trials) = (Gate::default(), self.trials);
        let mut lines = Vec::new();
        match &self.judgment {
            None => lines.push("the history is too short to judge: fails".to_owned()),
            Some(judgment) => {
                lines.push(format!(
                    "deflated Sharpe ratio {:.4} of {trials} trials, {} wanted: {}",
                    judgment.deflated,
                    gate.deflated,
                    said(judgment.deflated >= gate.deflated)
                ));
                if let Some(found) = judgment.overfitting {
                    lines.push(format!(
                        "probability of overfitting {:.2}, at most {}: {}",
                        found.probability,
                        gate.overfitting,
                        said(found.probability <= gate.overfitting)
                    ));
                }
            }
        }
        let stressed = self.stressed_pct;
        lines.push(format!("return at twice the costs {stressed:.2}%: {}", said(stressed > 0.0)));
        lines.push(match self.plateau {
            Some(part) => format!(
                "the median neighbor reaches {:.0}% of the best, {:.0}% wanted: {}",
                part * 100.0,
                PLATEAU * 100.0,
                said(part >= PLATEAU)
            ),
            None => "no plateau: the best has no neighbors or no profit: fails".to_owned(),
        });
        lines
    }
}

/// How a verdict is said of everything together.
pub(super) const fn word(passed: bool) -> &'static str {
    if passed { "It passes." } else { "It does not pass." }
}

/// How a verdict is said of one part.
pub(super) const fn said(passed: bool) -> &'static str {
    if passed { "passes" } else { "fails" }
}

/// The same exchange with everything twice as dear.
pub(in super::super) fn dearer(rules: Rules) -> Rules {
    let twice = |terms| doubled(terms, Manner::default()).0;
    Rules {
        crypto: twice(rules.crypto),
        equity: twice(rules.equity),
        derivatives: twice(rules.derivatives),
        options: twice(rules.options),
        ..rules
    }
}

/// The same with everything twice as dear.
pub(super) fn doubled(terms: Terms, manner: Manner) -> (Terms, Manner) {
    let twice = |pct: Pct| pct.saturating_add(pct);
    let double = |money: Money| money.saturating_add(money);
    let fee = match terms.fee {
        Fee::None => Fee::None,
        Fee::Percent { rate } => Fee::Percent { rate: twice(rate) },
        Fee::MakerTaker { maker, taker } => {
            Fee::MakerTaker { maker: twice(maker), taker: twice(taker) }
        }
        Fee::PerShare { rate, minimum } => {
            Fee::PerShare { rate: double(rate), minimum: double(minimum) }
        }
        Fee::PerContract { rate } => Fee::PerContract { rate: double(rate) },
    };
    let slippage = match terms.slippage {
        Slippage::None => Slippage::None,
        Slippage::BasisPoints { rate } => Slippage::BasisPoints { rate: twice(rate) },
        Slippage::VolumeShare { impact } => Slippage::VolumeShare { impact: twice(impact) },
    };
    let charge = match manner.charge {
        Charge::EntryPrice(part) => Charge::EntryPrice(twice(part)),
        charge => charge,
    };
    let terms = Terms { fee, slippage, half_spread: twice(terms.half_spread), ..terms };
    (terms, Manner { charge, ..manner })
}

#[cfg(test)]
mod tests {
    use super::super::super::teaching::Settings;
    use super::*;

    fn results(sharpes: &[f64], returns: impl Fn(usize, usize) -> f64) -> Vec<Result> {
        let result = |(trial, sharpe): (usize, &f64)| Result {
            trial,
            final_equity: "1".to_owned(),
            closed: 9,
            return_pct: 1.0,
            sharpe: Some(*sharpe),
            calmar: None,
            max_drawdown_pct: 0.0,
            returns: (0..400).map(|day| returns(trial, day)).collect(),
        };
        sharpes.iter().enumerate().map(result).collect()
    }
    fn grid() -> Grid {
        let sweeps = [("fast".to_owned(), "1..5".to_owned())];
        Grid::of(&Settings::default(), &sweeps).unwrap()
    }
    /// Noise that is the same on every run.
    fn noise(trial: usize, day: usize) -> f64 {
        let mut state = (trial * 1_000 + day) as u64 ^ 0x9e37_79b9_7f4a_7c15;
        for _ in 0..3 {
            state = (state ^ (state >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        }
        (state >> 40) as f64 / (1_u64 << 24) as f64 - 0.5
    }

    #[test]
    fn noise_fails_and_an_edge_passes() {
        let sharpes = [0.1, 0.9, 1.0, 0.8, 0.2];
        let lucky = results(&sharpes, |trial, day| noise(trial, day) * 0.01);
        let verdict = Verdict::of(&grid(), &lucky, (2, Rank::Sharpe), 3.0);
        assert!(!verdict.passed(), "{:?}", verdict.lines());
        assert!(verdict.lines()[0].contains("of 5 trials"), "{:?}", verdict.lines());
        // The third is better than all others on every day.
        let edge = results(&sharpes, |trial, day| {
            noise(trial, day) * 0.01 + if trial == 2 { 0.002 } else { 0.0 }
        });
        let verdict = Verdict::of(&grid(), &edge, (2, Rank::Sharpe), 3.0);
        assert!(verdict.passed(), "{:?}", verdict.lines());
        assert_eq!(verdict.plateau, Some(0.9));
        assert!(!Verdict::of(&grid(), &edge, (2, Rank::Sharpe), -1.0).passed(), "twice the costs");
        let peak = results(&[0.1, 0.2, 1.0, 0.3, 0.2], |trial, day| edge[trial].returns[day]);
        assert!(!Verdict::of(&grid(), &peak, (2, Rank::Sharpe), 3.0).passed(), "a lone peak");
    }

    #[test]
    fn costs_are_doubled() {
        let terms = Rules::default().crypto;
        let part: Pct = "0.2".parse().unwrap();
        let manner = Manner { charge: Charge::EntryPrice(part), ..Manner::default() };
        let (twice, dear) = doubled(terms, manner);
        assert_eq!(dear.charge, Charge::EntryPrice(part.saturating_add(part)));
        assert_eq!(twice.half_spread.raw(), 2 * terms.half_spread.raw());
        assert_ne!((twice.fee, twice.slippage), (terms.fee, terms.slippage));
        assert_eq!(twice.minimum_notional, terms.minimum_notional);
    }
}
