//! Drawdown Guard: the day's loss and the fall from the peak.

use super::approval::{Objection, Objections};
use super::facts::Facts;
use super::kill::Scope;
use super::refusal::{Change, Code, Measure};
use crate::words::fixed::Round;
use crate::words::money::{Money, Pct};

/// Percent that `now` lies below `from`; zero when it does not.
#[must_use]
pub fn fall(from: Money, now: Money) -> Pct {
    if now >= from || !from.is_positive() {
        return Pct::ZERO;
    }
    from.saturating_sub(now).percent_of(from, Round::Down).unwrap_or(Pct::MAX)
}

/// The limit was reached: at a limit of 10 %, a loss of 10 % stops.
#[must_use]
pub fn reached(fall: Pct, limit: Pct) -> bool {
    fall.is_positive() && fall >= limit
}

/// The same of two amounts, without a division.
#[must_use]
pub fn fell(from: Money, now: Money, limit: Pct) -> bool {
    if now >= from || !from.is_positive() {
        return false;
    }
    let (from, now) = (i128::from(from.raw()), i128::from(now.raw()));
    (from - now) * i128::from(Pct::whole(100).raw()) >= from * i128::from(limit.raw().max(1))
}

/// Is entry over for the rest of the trading day?
pub(super) fn day_is_lost(facts: &Facts) -> bool {
    let limit = facts.limits.max_daily_loss_pct;
    facts.daily_halt || fell(facts.day_start, facts.equity, limit)
}

pub(super) fn gate(facts: &Facts, out: &mut Objections) {
    if day_is_lost(facts) {
        let lost = fall(facts.day_start, facts.equity);
        out.push(Objection {
            code: Code::DailyLoss,
            measured: Measure::Percent(lost),
            limit: Measure::Percent(facts.limits.max_daily_loss_pct),
            age: facts.now.since(facts.mark_at),
            change: Change::After(facts.day_ends),
        });
    }
    let limit = facts.limits.max_drawdown_pct;
    if facts.drawdown_halt || fell(facts.peak, facts.equity, limit) {
        let fallen = fall(facts.peak, facts.equity);
        out.push(Objection {
            code: Code::Drawdown,
            measured: Measure::Percent(fallen),
            limit: Measure::Percent(facts.limits.max_drawdown_pct),
            age: facts.now.since(facts.mark_at),
            change: Change::Rearm(Scope::Account(facts.account)),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn comparing_says_what_dividing_says(
            from in -5i64..1_000_000, now in -5i64..1_000_000, limit in 0i64..12_000_000_000,
            scale in prop::sample::select(vec![1i64, 977, 1_000_000_000]),
        ) {
            let [from, now] = [from, now].map(|m| Money::from_raw(m * scale));
            let limit = Pct::from_raw(limit);
            prop_assert_eq!(fell(from, now, limit), reached(fall(from, now), limit));
        }
    }
}
