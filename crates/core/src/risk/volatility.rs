//! Volatility Guard: the black swan first, then the tier's limit. Without a reading nothing enters.

use super::approval::{Objection, Objections};
use super::facts::Facts;
use super::refusal::{Change, Code, Measure};
use crate::words::score::Score;
use crate::words::time::Span;

/// Above 95 of 100 it is a black swan, whatever the tier.
pub const BLACK_SWAN_ABOVE: Score = Score::points(95);

pub(super) fn gate(facts: &Facts, out: &mut Objections) {
    let Some(score) = facts.volatility else {
        out.push(Objection {
            code: Code::VolatilityUnknown,
            measured: Measure::Absent,
            limit: Measure::Score(facts.limits.volatility_limit),
            age: Span::ZERO,
            change: Change::VolatilityKnown,
        });
        return;
    };
    let limit = facts.limits.volatility_limit.min(facts.black_swan_above);
    if score <= limit {
        return;
    }
    let (code, limit_named) = if score > facts.black_swan_above {
        (Code::BlackSwan, facts.black_swan_above)
    } else {
        (Code::Volatility, facts.limits.volatility_limit)
    };
    out.push(Objection {
        code,
        measured: Measure::Score(score),
        limit: Measure::Score(limit_named),
        age: facts.now.since(facts.volatility_at),
        change: Change::VolatilityAtMost(limit),
    });
}
