//! Capital Guard: sizes, the symbol's part of equity, positions, buying power net of reservations.
//!
//! On the way to a yes nothing is divided: bounds are compared by cross-multiplication. Only a no works out
//! how much would pass.

use super::approval::{Objection, Objections};
use super::facts::Facts;
use super::refusal::{Change, Code, Measure};
use crate::words::fixed::{Round, SCALE, mul_div};
use crate::words::money::{Money, Pct};
use crate::words::time::Span;

const HUNDRED: i64 = 100 * SCALE;

/// What an order of this worth claims of free cash.
#[must_use]
pub fn claim(notional: Money, buffer: Pct) -> Money {
    notional.saturating_add(notional.percent(buffer, Round::Up).unwrap_or(Money::MAX))
}

pub(super) fn gate(facts: &Facts, out: &mut Objections) {
    let limits = &facts.limits;
    if !facts.class_allowed {
        out.push(absent(Code::ClassNotAllowed, Change::Upgrade));
    }
    if facts.equity < facts.min_balance {
        let missing = facts.min_balance.saturating_sub(facts.equity);
        let (has, needs) = (facts.equity, facts.min_balance);
        let code = Code::BalanceTooSmall;
        out.push(dollars(code, (has, needs), Change::Deposit(missing)));
    }
    if facts.opens && facts.positions >= limits.max_open_positions {
        let over = facts.positions - limits.max_open_positions;
        out.push(Objection {
            code: Code::OpenPositions,
            measured: Measure::Count(u32::from(facts.positions) + 1),
            limit: Measure::Count(u32::from(limits.max_open_positions)),
            age: Span::ZERO,
            change: Change::ClosePositions(over.saturating_add(1)),
        });
    }
    // Without a price the worth is not known; the Execution Gate refuses such an order.
    let known = facts.mark.is_some() || !facts.notional.is_zero();
    if known && !fits(facts) {
        size(facts, out);
    }
}

/// Is one lot worth more than the largest trade? Then no size and no deposit helps.
pub(super) fn too_coarse(facts: &Facts) -> bool {
    facts.lot_value > facts.limits.max_trade
}

/// Does the size pass as things stand?
fn fits(facts: &Facts) -> bool {
    let limits = &facts.limits;
    let worth = facts.notional;
    if worth < limits.min_trade || worth < facts.lot_value || worth > limits.max_trade {
        return false;
    }
    let wide = |m: Money| i128::from(m.raw());
    let hundred = i128::from(HUNDRED);
    let in_symbol = (wide(facts.in_symbol) + wide(worth)) * hundred;
    let most = wide(facts.equity) * i128::from(limits.max_position_pct.raw());
    let buffer = wide(worth) * i128::from(facts.buffer.raw());
    let spare = (wide(facts.free_cash) - wide(worth)) * hundred;
    in_symbol <= most && buffer <= spare
}

/// Room that the symbol's part of equity leaves, zero when it is used up.
fn room(facts: &Facts, equity: Money) -> Money {
    let most = equity.percent(facts.limits.max_position_pct, Round::Down);
    most.unwrap_or(Money::MAX).saturating_sub(facts.in_symbol).or_zero()
}

/// The largest worth whose claim fits in `free`.
fn affordable(facts: &Facts, free: Money) -> Money {
    let with_buffer = HUNDRED.saturating_add(facts.buffer.raw());
    let most = mul_div(free.raw(), HUNDRED, with_buffer, Round::Down);
    most.map_or(Money::ZERO, Money::from_raw).or_zero()
}

/// Names the bound that a size breaks, and the change after which the order passes: another size where one
/// passes, else the deposit that makes room for the smallest trade.
#[cold]
fn size(facts: &Facts, out: &mut Objections) {
    let (limits, worth) = (&facts.limits, facts.notional);
    let mut least = limits.min_trade;
    if too_coarse(facts) {
        let named = if worth > limits.max_trade {
            (Code::TradeTooLarge, limits.max_trade)
        } else {
            (Code::TradeTooSmall, facts.lot_value)
        };
        out.push(dollars(named.0, (worth, named.1), Change::OtherInstrument));
    } else {
        least = least.max(facts.lot_value);
    }
    // What the smallest balance demands is paid in already when the size is looked at.
    let paid = facts.min_balance.saturating_sub(facts.equity).or_zero();
    let (equity, free) = (facts.equity.saturating_add(paid), facts.free_cash.saturating_add(paid));
    let largest = limits.max_trade.min(room(facts, equity)).min(affordable(facts, free));
    if worth >= least && worth <= largest {
        return;
    }
    let resize = if worth < least {
        Change::SizeAtLeast(least)
    } else {
        Change::SizeAtMost(largest.max(least))
    };
    if largest >= least {
        out.push(bound(facts, least, resize));
        return;
    }
    let deposit = paid.saturating_add(missing(facts, least, (equity, free)));
    out.push(bound(facts, least, Change::Deposit(deposit)));
    if worth != least {
        out.push(bound(facts, least, resize));
    }
}

/// The first bound that the size breaks, with its evidence.
fn bound(facts: &Facts, least: Money, change: Change) -> Objection {
    let (limits, worth) = (&facts.limits, facts.notional);
    if worth < least {
        return dollars(Code::TradeTooSmall, (worth, least), change);
    }
    if worth > limits.max_trade {
        return dollars(Code::TradeTooLarge, (worth, limits.max_trade), change);
    }
    if worth > room(facts, facts.equity) {
        let would_be = facts.in_symbol.saturating_add(worth);
        let measured = would_be.percent_of(facts.equity, Round::Up);
        return Objection {
            code: Code::PositionLimit,
            measured: measured.map_or(Measure::Dollars(would_be), Measure::Percent),
            limit: Measure::Percent(limits.max_position_pct),
            age: facts.now.since(facts.mark_at),
            change,
        };
    }
    let claimed = claim(worth, facts.buffer);
    dollars(Code::BuyingPower, (claimed, facts.free_cash), change)
}

/// The smallest deposit after which a trade of `least` fits the symbol's part of equity and the free cash.
fn missing(facts: &Facts, least: Money, (equity, free): (Money, Money)) -> Money {
    let of_cash = claim(least, facts.buffer).saturating_sub(free).or_zero();
    let in_symbol = facts.in_symbol.saturating_add(least);
    let pct = facts.limits.max_position_pct.raw();
    let needs = mul_div(in_symbol.raw(), HUNDRED, pct, Round::Up);
    let of_equity = needs.map_or(Money::MAX, Money::from_raw).saturating_sub(equity).or_zero();
    of_cash.max(of_equity)
}

const fn absent(code: Code, change: Change) -> Objection {
    Objection { code, measured: Measure::Absent, limit: Measure::Absent, age: Span::ZERO, change }
}

const fn dollars(code: Code, (measured, limit): (Money, Money), change: Change) -> Objection {
    Objection {
        code,
        measured: Measure::Dollars(measured),
        limit: Measure::Dollars(limit),
        age: Span::ZERO,
        change,
    }
}
