//! Money split between crypto, the index and bonds, the rest in cash: it drifts with prices and pays when it turns.

/// Parts of the whole: crypto, index, bonds. What is left of 1 is cash, which earns nothing.
pub(super) type Weights = [f64; 3];

/// A portfolio that began with 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Portfolio {
    held: Weights,
    worth: f64,
    /// Costs paid so far, each as a fraction of what it was worth then.
    pub(super) paid: f64,
}

impl Portfolio {
    /// All in cash.
    pub(super) const fn new() -> Self {
        Self { held: [0.0; 3], worth: 1.0, paid: 0.0 }
    }

    /// Buys and sells to these weights; costs are fractions of what is traded of each part.
    pub(super) fn turn(&mut self, target: Weights, costs: Weights) {
        let parts = self.held.iter().zip(target).zip(costs);
        let cost: f64 = parts.map(|((held, target), cost)| (target - held).abs() * cost).sum();
        self.paid += cost;
        self.worth *= 1.0 - cost;
        self.held = target;
    }

    /// Prices moved by these fractions.
    pub(super) fn earn(&mut self, gained: Weights) {
        let gross: f64 = self.held.iter().zip(gained).map(|(held, gained)| held * gained).sum();
        for (held, gained) in self.held.iter_mut().zip(gained) {
            *held *= (1.0 + gained) / (1.0 + gross);
        }
        self.worth *= 1.0 + gross;
    }

    /// What it is worth.
    pub(super) const fn worth(&self) -> f64 {
        self.worth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_drifts_and_pays_for_what_it_trades() {
        let near = |got: f64, want: f64| assert!((got - want).abs() < 1e-12, "{got} for {want}");
        let mut portfolio = Portfolio::new();
        portfolio.turn([0.5, 0.5, 0.0], [0.01, 0.002, 0.0]);
        near(portfolio.worth(), 0.994);
        portfolio.earn([0.2, 0.0, 0.5]);
        near(portfolio.worth(), 0.994 * 1.1);
        near(portfolio.held[0], 0.6 / 1.1);
        // Back to half and half trades the drift of both sides.
        let drift = 0.6 / 1.1 - 0.5;
        portfolio.turn([0.5, 0.5, 0.0], [0.01, 0.002, 0.0]);
        near(portfolio.worth(), 0.994 * 1.1 * (1.0 - 0.012 * drift));
        near(portfolio.paid, 0.006 + 0.012 * drift);
    }
}
