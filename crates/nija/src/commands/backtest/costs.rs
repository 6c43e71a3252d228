//! What trading took from one account or from several, cause by cause, and what was earned before it.

use super::Outcome;
use super::days::number;
use super::tally::{Account, Tally};
use crate::statistics::{self, Point};
use nija_core::words::money::Money;
use nija_engine::sim::friction::Friction;
use serde_json::{Value, json};

/// Everything that was paid for trading, in dollars.
#[derive(Clone, Copy, Default)]
pub(super) struct Costs {
    pub(super) fees: Money,
    pub(super) friction: Friction,
    /// What was bought and sold.
    traded: Money,
    /// At the end less the start.
    profit: Money,
}

impl Costs {
    /// Of every account of a run that began with `start`.
    pub(super) fn each(start: Money, outcome: &Outcome, tally: &Tally) -> Vec<Self> {
        let accounts = tally.accounts.iter().zip(&outcome.frictions).zip(&outcome.finals);
        let of = |((account, friction), last): ((&Account, &Friction), &Money)| Self {
            fees: account.fees,
            friction: *friction,
            traded: account.traded(),
            profit: last.saturating_sub(start),
        };
        accounts.map(of).collect()
    }

    /// With those of another account.
    pub(super) const fn plus(self, other: Self) -> Self {
        Self {
            fees: self.fees.saturating_add(other.fees),
            friction: self.friction.plus(other.friction),
            traded: self.traded.saturating_add(other.traded),
            profit: self.profit.saturating_add(other.profit),
        }
    }

    /// What was paid in all.
    pub(super) const fn paid(self) -> Money {
        self.fees.saturating_add(self.friction.sum())
    }

    /// What would have been earned without costs by the same trades.
    pub(super) const fn gross(self) -> Money {
        self.profit.saturating_add(self.paid())
    }

    /// By cause.
    pub(super) fn parts(self) -> [(&'static str, Money); 3] {
        let Friction { spread, slippage } = self.friction;
        [("fees", self.fees), ("spread", spread), ("slippage", slippage)]
    }

    pub(super) fn turnover(self, points: &[Point]) -> Option<f64> {
        statistics::turnover(number(self.traded), points)
    }

    pub(super) fn told(self, points: &[Point]) -> Value {
        json!({
            "fees": self.fees,
            "spread": self.friction.spread,
            "slippage": self.friction.slippage,
            "total": self.paid(),
            "earned_before_costs": self.gross(),
            "traded": self.traded,
            "turnover_a_year": self.turnover(points),
        })
    }
}
