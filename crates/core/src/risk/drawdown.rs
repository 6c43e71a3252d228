//! Drawdown Guard: the day's loss and the fall from the peak.

use super::approval::{Objection, Objections};
use super::facts::Facts;
use super::refusal::{Change, Code, Measure};
use crate::words::fixed::Round;
use crate::words::money::{Money, Pct};

/// Percent that `now` lies below `from`; zero when it does not.
#[must_use]
pub fn fall(from: Money, now: Money) -> Pct {
    if now >= from || !from.is_positive() {
        return Pct::ZERO;
    }
    from.saturating_sub(now)
        .percent_of(from, Round::Down)
        .unwrap_or(Pct::MAX)
}

/// The limit was reached: at a limit of 10 %, a loss of 10 % stops.
#[must_use]
pub fn reached(fall: Pct, limit: Pct) -> bool {
    fall.is_positive() && fall >= limit
}

pub(super) fn gate(facts: &Facts, out: &mut Objections) {
    let lost = fall(facts.day_start, facts.equity);
    if facts.daily_halt || reached(lost, facts.limits.max_daily_loss_pct) {
        out.push(Objection {
            code: Code::DailyLoss,
            measured: Measure::Percent(lost),
            limit: Measure::Percent(facts.limits.max_daily_loss_pct),
            age: facts.now.since(facts.mark_at),
            change: Change::After(facts.day_ends),
        });
    }
    let fallen = fall(facts.peak, facts.equity);
    if facts.drawdown_halt || reached(fallen, facts.limits.max_drawdown_pct) {
        out.push(Objection {
            code: Code::Drawdown,
            measured: Measure::Percent(fallen),
            limit: Measure::Percent(facts.limits.max_drawdown_pct),
            age: facts.now.since(facts.mark_at),
            change: Change::Rearm(facts.account),
        });
    }
}
