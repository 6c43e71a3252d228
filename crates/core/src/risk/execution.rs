//! Execution Gate: can this order be executed well, now, here?

use super::approval::{Objection, Objections};
use super::facts::Facts;
use super::refusal::{Change, Code, Measure};
use super::{capital, drawdown};
use crate::words::fixed::Round;
use crate::words::money::{Pct, Price};
use crate::words::order::{Side, TimeInForce};
use crate::words::time::{Span, Timestamp};

/// The same order again within this span, without a key of its own, is taken for a repeat.
pub const DUPLICATE_WITHIN: Span = Span::seconds(2);

pub(super) fn gate(facts: &Facts, out: &mut Objections) {
    if !facts.tradable {
        out.push(absent(Code::NotTradable, Change::OtherInstrument));
    }
    if let Some(expiry) = facts.expiry.filter(|&expiry| facts.now >= expiry) {
        out.push(expired(facts, expiry));
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
    // What has to be closed because it goes the other way makes room.
    let others = facts.open_orders.saturating_sub(facts.opposite);
    if others >= facts.max_open_orders {
        let over = others - facts.max_open_orders;
        out.push(Objection {
            code: Code::OpenOrders,
            measured: Measure::Count(u32::from(facts.open_orders) + 1),
            limit: Measure::Count(u32::from(facts.max_open_orders)),
            age: Span::ZERO,
            change: Change::CloseOrders(over.saturating_add(1)),
        });
    }
    if facts.opposite > 0 {
        out.push(Objection {
            code: Code::OppositeEntry,
            measured: Measure::Count(u32::from(facts.opposite)),
            limit: Measure::Count(0),
            age: Span::ZERO,
            change: Change::CloseOpposite(facts.opposite),
        });
    }
    // Waiting must not outlast the contract.
    if let Some(expiry) = facts.expiry.filter(|&expiry| facts.now < expiry)
        && expiry <= ready(facts)
    {
        out.push(expired(facts, expiry));
    }
}

/// When everything that only takes time is over, the session's opening apart.
fn rested(facts: &Facts) -> Timestamp {
    let day = drawdown::day_is_lost(facts).then_some(facts.day_ends);
    let waits = [day, facts.duplicate_until, Some(facts.rate_free_at)];
    waits.into_iter().flatten().fold(facts.now, Timestamp::max)
}

/// When everything that only takes time is over.
fn ready(facts: &Facts) -> Timestamp {
    match closed(facts) {
        Some(Change::After(at)) => rested(facts).max(at),
        _ => rested(facts),
    }
}

/// What would help against a closed market; none when the order is in order.
fn closed(facts: &Facts) -> Option<Change> {
    let waits = facts.may_wait && !matches!(facts.tif, TimeInForce::Ioc | TimeInForce::Fok);
    if facts.open || waits {
        return None;
    }
    let rested = rested(facts);
    let opens = facts.opens_at.filter(|&at| at > facts.now);
    // Only a contract that has not expired by the opening is worth the wait.
    let over = |at: Timestamp| facts.expiry.is_some_and(|expiry| expiry <= at);
    if !facts.tradable || over(rested) || capital::too_coarse(facts) {
        return Some(Change::OtherInstrument);
    }
    Some(match opens {
        // It will have opened by the time that something else is over.
        Some(at) if (!facts.may_wait || at <= rested) && !over(at) => Change::After(at),
        _ if facts.may_wait => Change::MayWait,
        _ => Change::OtherInstrument,
    })
}

fn session(facts: &Facts, out: &mut Objections) {
    if let Some(change) = closed(facts) {
        out.push(absent(Code::MarketClosed, change));
    }
}

const fn expired(facts: &Facts, expiry: Timestamp) -> Objection {
    Objection {
        code: Code::ContractExpired,
        measured: Measure::Instant(facts.now),
        limit: Measure::Instant(expiry),
        age: Span::ZERO,
        change: Change::OtherInstrument,
    }
}

fn price(facts: &Facts, out: &mut Objections) {
    let Some(mark) = facts.mark else {
        out.push(absent(Code::NoPrice, Change::MarkNoOlderThan(facts.stale_after)));
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
    let Some(limit) = facts.order_type.limit() else {
        return;
    };
    let worst = collar(facts.side, mark, facts.collar);
    let (beyond, change) = match facts.side {
        Side::Buy => (limit > worst, Change::LimitAtMost(worst)),
        Side::Sell => (limit < worst, Change::LimitAtLeast(worst)),
    };
    if beyond {
        out.push(Objection {
            code: Code::PriceCollar,
            measured: Measure::Price(limit),
            limit: Measure::Price(worst),
            age,
            change,
        });
    }
}

/// The worst limit an entry may name: the mark plus the collar for a purchase, less the collar for a short sale.
fn collar(side: Side, mark: Price, collar: Pct) -> Price {
    match side {
        Side::Buy => mark.moved(collar, Round::Down).unwrap_or(Price::MAX),
        Side::Sell => mark.moved(collar.negated(), Round::Up).unwrap_or(Price::ZERO),
    }
}

const fn absent(code: Code, change: Change) -> Objection {
    Objection { code, measured: Measure::Absent, limit: Measure::Absent, age: Span::ZERO, change }
}

const fn instants(code: Code, facts: &Facts, until: Timestamp) -> Objection {
    Objection {
        code,
        measured: Measure::Instant(facts.now),
        limit: Measure::Instant(until),
        age: Span::ZERO,
        change: Change::After(until),
    }
}
