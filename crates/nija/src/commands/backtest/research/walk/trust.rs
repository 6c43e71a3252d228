//! How far to believe a walk. What was traded was chosen before, so its curve is no best of many; how much the choices
//! themselves were fits to noise is said beside it.

use super::super::gate::{said, word};
use super::Step;
use nija_market::learn::overfit::{Gate, Judgment};
use serde_json::{Value, json};

/// The verdict on a walk.
pub(super) struct Trust {
    /// Of the joined curve alone; none where it is too short to judge, or nothing moved.
    judgment: Option<Judgment>,
    /// The median over all windows of the probability that the choice was overfitted; none where no window says one.
    overfitting: Option<f64>,
    /// Was there something to choose from?
    chose: bool,
    stressed_pct: f64,
}

impl Trust {
    /// Of these windows; `returns` are those of the joined curve, `stressed_pct` is what it earned at twice its costs.
    pub(super) fn of(steps: &[Step], returns: &[f64], stressed_pct: f64) -> Self {
        let judged = steps.iter().filter_map(|step| step.choice.judgment.as_ref());
        let chose = judged.clone().any(|judgment| judgment.trials > 1);
        let chances = judged.filter_map(|judgment| Some(judgment.overfitting?.probability));
        Self::over(returns, (chances.collect(), chose), stressed_pct)
    }

    fn over(returns: &[f64], (mut chances, chose): (Vec<f64>, bool), stressed_pct: f64) -> Self {
        chances.sort_by(f64::total_cmp);
        let overfitting = chances.get(chances.len() / 2).copied();
        Self { judgment: Gate::default().judge(&[returns]), overfitting, chose, stressed_pct }
    }

    fn deflated(&self) -> Option<f64> {
        self.judgment.map(|judgment| judgment.deflated)
    }

    /// Does each part pass: the curve, the choices, the costs?
    fn parts(&self) -> [bool; 3] {
        let gate = Gate::default();
        [
            self.deflated().is_some_and(|deflated| deflated >= gate.deflated),
            !self.chose || self.overfitting.is_some_and(|chance| chance <= gate.overfitting),
            self.stressed_pct > 0.0,
        ]
    }

    fn passed(&self) -> bool {
        self.parts().into_iter().all(|passed| passed)
    }

    /// The same as a sentence.
    pub(super) fn word(&self) -> &'static str {
        word(self.passed())
    }

    pub(super) fn told(&self, trials: usize) -> Value {
        let gate = Gate::default();
        json!({
            "trials": trials,
            "deflated_sharpe": self.deflated(),
            "deflated_sharpe_wanted": gate.deflated,
            "sharpe_a_period": self.judgment.map(|judgment| judgment.sharpe),
            "periods_needed": self.judgment.and_then(|judgment| judgment.minimum_length),
            "probability_of_overfitting": self.overfitting,
            "probability_of_overfitting_allowed": gate.overfitting,
            "return_at_twice_the_costs_pct": self.stressed_pct,
            "passed": self.passed(),
        })
    }

    /// One line for each part.
    pub(super) fn lines(&self, trials: usize) -> Vec<String> {
        let gate = Gate::default();
        let [curve, choices, costs] = self.parts();
        let first = match self.deflated() {
            Some(deflated) => format!(
                "deflated Sharpe ratio {deflated:.4} of what was traded, whose {trials} trials came before, {} wanted: \
                 {}",
                gate.deflated,
                said(curve)
            ),
            None => "what was traded is too short to judge, or never moved: fails".to_owned(),
        };
        let second = self.chose.then(|| match self.overfitting {
            Some(chance) => format!(
                "probability of overfitting {chance:.2} in the median window, at most {}: {}",
                gate.overfitting,
                said(choices)
            ),
            None => "the windows are too short to judge what was chosen: fails".to_owned(),
        });
        let stressed = self.stressed_pct;
        let third = format!("return at twice the costs {stressed:.2}%: {}", said(costs));
        [first].into_iter().chain(second).chain([third]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A verdict over a curve that earns `edge` a day beside a wave, after choices that were overfitted with these
    /// probabilities.
    fn trust(edge: f64, chances: &[f64], stressed_pct: f64) -> Trust {
        let returns: Vec<f64> = (0..400).map(|day| edge + 0.01 * f64::from(day).sin()).collect();
        Trust::over(&returns, (chances.to_vec(), true), stressed_pct)
    }

    #[test]
    fn a_curve_its_choices_and_its_costs_have_to_pass() {
        let good = trust(0.002, &[0.1, 0.9, 0.2], 1.0);
        assert!(good.passed(), "the median choice was sound: {:?}", good.lines(9));
        assert!(good.lines(9)[0].contains("whose 9 trials came before"));
        for (bad, at) in [
            (trust(0.0, &[0.1], 1.0), 0),
            (trust(0.002, &[0.1, 0.3], 1.0), 1),
            (trust(0.002, &[], 1.0), 1),
            (trust(0.002, &[0.1], -1.0), 2),
        ] {
            let lines = bad.lines(9);
            assert!(!bad.passed());
            let fails: Vec<bool> = lines.iter().map(|line| line.ends_with(": fails")).collect();
            assert_eq!(fails, [at == 0, at == 1, at == 2], "{lines:?}");
        }
        let still = Trust::over(&[0.0; 400], (Vec::new(), false), 0.0);
        assert_eq!(still.lines(1).len(), 2, "where nothing was chosen nothing is said of it");
        assert!(!still.passed() && still.lines(1)[0].contains("never moved"));
    }
}
