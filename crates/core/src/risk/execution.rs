//! Execution Gate: can this order be executed well, now, here?

use super::approval::{Objection, Objections};
use super::facts::Facts;
use super::refusal::{Change, Code, Measure};
use crate::words::fixed::Round;
use crate::words::money::Price;
use crate::words::order::{Side, TimeInForce};
use crate::words::time::Span;

/// The same order again within this span, without a key of its own, is taken for a repeat.
pub const DUPLICATE_WITHIN: Span = Span::seconds(2);

pub(super) fn gate(facts: &Facts, out: &mut Objections) {
    if !facts.tradable {
        out.push(absent(Code::NotTradable, Change::OtherInstrument));
    }
    if let Some(expiry) = facts.expiry.filter(|&expiry| facts.now >= expiry) {
        out.push(Objection {
            code: Code::ContractExpired,
            measured: Measure::Instant(facts.now),
            limit: Measure::Instant(expiry),
            age: Span::ZERO,
            change: Change::OtherInstrument,
        });
    }
    session(facts, out);
    price(facts, out);
    if let Some(until) = facts.duplicate_until.filter(|&until| facts.now < until) {
        out.push(instants(Code::Duplicate, facts, until));
    }
    if facts.now < facts.rate_free_at {
        out.push(instants(Code::OrderRate, facts, facts.rate_free_at));
    }
    if !facts.symbol_allowed {
        out.push(absent(Code::NotOnAllowList, Change::AllowSymbol));
    }
    if !facts.venue_up {
        out.push(absent(Code::VenueDown, Change::VenueUp));
    }
}

fn session(facts: &Facts, out: &mut Objections) {
    let waits = facts.may_wait && matches!(facts.tif, TimeInForce::Day | TimeInForce::Gtc);
    if facts.open || waits {
        return;
    }
    let change = match facts.opens_at {
        _ if facts.may_wait => Change::MayWait,
        Some(at) => Change::After(at),
        None => Change::OtherInstrument,
    };
    out.push(absent(Code::MarketClosed, change));
}

fn price(facts: &Facts, out: &mut Objections) {
    let Some(mark) = facts.mark else {
        out.push(absent(
            Code::NoPrice,
            Change::MarkNoOlderThan(facts.stale_after),
        ));
        return;
    };
    let age = facts.now.since(facts.mark_at);
    if age > facts.stale_after {
        out.push(Objection {
            code: Code::StaleData,
            measured: Measure::Micros(age),
            limit: Measure::Micros(facts.stale_after),
            age,
            change: Change::MarkNoOlderThan(facts.stale_after),
        });
    }
    let worst = collar(mark, facts.collar);
    if let (Side::Buy, Some(limit)) = (facts.side, facts.order_type.limit())
        && limit > worst
    {
        out.push(Objection {
            code: Code::PriceCollar,
            measured: Measure::Price(limit),
            limit: Measure::Price(worst),
            age,
            change: Change::LimitAtMost(worst),
        });
    }
}

/// The highest limit a purchase may name: the mark plus the collar.
fn collar(mark: Price, collar: crate::words::money::Pct) -> Price {
    mark.moved(collar, Round::Down).unwrap_or(Price::MAX)
}

const fn absent(code: Code, change: Change) -> Objection {
    Objection {
        code,
        measured: Measure::Absent,
        limit: Measure::Absent,
        age: Span::ZERO,
        change,
    }
}

const fn instants(code: Code, facts: &Facts, until: crate::words::time::Timestamp) -> Objection {
    Objection {
        code,
        measured: Measure::Instant(facts.now),
        limit: Measure::Instant(until),
        age: Span::ZERO,
        change: Change::After(until),
    }
}
