//! Time- and money-weighted return of a statement. Floats, because roots are not decimals; rounded to a
//! hundredth of a basis point on the way out.
//!
//! Within a day, what came in is counted as there from its beginning and what went out as there to its end.

use nija_core::ports::documents::Returns;
use nija_core::ports::documents::statement::{Day, Statement};
use nija_core::words::money::{Money, Pct};
use nija_core::words::time::Timestamp;

/// Rates are looked for from -99.9994 % to +16,000,000 %, in steps of the logarithm, nearest to zero first.
const REACH: u32 = 240;
const STEP: f64 = 0.05;
/// Halvings of a step: beyond the precision of a double.
const HALVINGS: u32 = 60;

pub(crate) fn of(statement: &Statement) -> Returns {
    Returns {
        time_weighted: time_weighted(statement).and_then(percent),
        money_weighted: money_weighted(statement).and_then(percent),
    }
}

/// What a dollar became during a day: `None` where that cannot be said.
fn growth(before: Money, day: &Day) -> Option<f64> {
    let (before, flow, after) = (float(before), float(day.flow), float(day.equity));
    let (base, end) = if flow > 0.0 { (before + flow, after) } else { (before, after - flow) };
    if base == 0.0 && end == 0.0 {
        return Some(1.0);
    }
    (base > 0.0 && end >= 0.0).then(|| end / base)
}

/// The days with their returns, in order.
pub(crate) fn by_day(statement: &Statement) -> Vec<(Day, Option<Pct>)> {
    let mut before = statement.total().opening;
    let day = |day: &Day| {
        let change = growth(before, day).and_then(percent);
        before = day.equity;
        (*day, change)
    };
    statement.days().iter().map(day).collect()
}

fn time_weighted(statement: &Statement) -> Option<f64> {
    let mut before = statement.total().opening;
    statement.days().iter().try_fold(1.0, |all, day| {
        let factor = growth(before, day)?;
        before = day.equity;
        Some(all * factor)
    })
}

/// What a dollar became that lay there from the first money to the last: the root of
/// `sum of flows x growth ^ (share of the time that was left) = closing equity`.
fn money_weighted(statement: &Statement) -> Option<f64> {
    let (opening, closing) = (statement.total().opening, statement.total().closing);
    if opening.is_negative() || closing.is_negative() {
        return None;
    }
    let period = statement.facts().period;
    let inner = statement.flows().into_iter().map(|flow| (flow.at, flow.amount));
    let mut flows: Vec<(Timestamp, f64)> = std::iter::once((period.from, opening))
        .chain(inner)
        .chain(std::iter::once((period.to, closing.negated())))
        .filter(|(_, amount)| !amount.is_zero())
        .map(|(at, amount)| (at, float(amount)))
        .collect();
    let (Some((first, _)), Some((last, _))) = (flows.first().copied(), flows.last().copied())
    else {
        return Some(1.0);
    };
    // Everything was lost when no money ever came back.
    if flows.iter().all(|(_, amount)| *amount > 0.0) {
        return Some(0.0);
    }
    let time = last.since(first).0 as f64;
    for (at, _) in &mut flows {
        *at = Timestamp(last.since(*at).0);
    }
    let terms = flows
        .into_iter()
        .map(|(left, amount)| (if time > 0.0 { left.0 as f64 / time } else { 0.0 }, amount));
    let terms: Vec<(f64, f64)> = terms.collect();
    root(|log| terms.iter().map(|(left, amount)| amount * (log * left).exp()).sum()).map(f64::exp)
}

/// The zero nearest to the origin.
fn root(value: impl Fn(f64) -> f64) -> Option<f64> {
    if value(0.0) == 0.0 {
        return Some(0.0);
    }
    let edges = (0..REACH).map(|n| (f64::from(n) * STEP, f64::from(n + 1) * STEP));
    let both = edges.flat_map(|(near, far)| [(near, far), (-near, -far)]);
    let crosses = |(near, far): &(f64, f64)| value(*near) * value(*far) <= 0.0;
    let (mut near, mut far) = both.into_iter().find(crosses)?;
    let sign = value(near).signum();
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(near, far);
        if value(middle) * sign > 0.0 { near = middle } else { far = middle }
    }
    Some(f64::midpoint(near, far))
}

fn float(amount: Money) -> f64 {
    amount.raw() as f64 / Money::whole(1).raw() as f64
}

/// A growth as the percentage that it adds.
fn percent(growth: f64) -> Option<Pct> {
    let ten_thousandths = ((growth - 1.0) * 1e6).round();
    let raw = (ten_thousandths.abs() < 1e14).then_some(ten_thousandths as i64)?;
    raw.checked_mul(10_000).map(Pct::from_raw)
}
