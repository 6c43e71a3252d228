//! Capital Guard: sizes, the symbol's part of equity, positions, buying power net of reservations.

use super::approval::{Objection, Objections};
use super::facts::Facts;
use super::refusal::{Change, Code, Measure};
use crate::words::fixed::{Round, SCALE, mul_div};
use crate::words::money::Money;
use crate::words::time::Span;

const HUNDRED: i64 = 100 * SCALE;

/// What an order of this worth claims of free cash.
#[must_use]
pub fn claim(notional: Money, buffer: crate::words::money::Pct) -> Money {
    notional.saturating_add(notional.percent(buffer, Round::Up).unwrap_or(Money::MAX))
}

pub(super) fn gate(facts: &Facts, out: &mut Objections) {
    let limits = &facts.limits;
    if !facts.class_allowed {
        out.push(absent(Code::ClassNotAllowed, Change::Upgrade));
    }
    if facts.equity < facts.min_balance {
        let missing = facts.min_balance.saturating_sub(facts.equity);
        out.push(dollars(
            Code::BalanceTooSmall,
            facts.equity,
            facts.min_balance,
            Change::Deposit(missing),
        ));
    }
    if facts.opens && facts.positions >= limits.max_open_positions {
        let close = facts.positions - limits.max_open_positions + 1;
        out.push(count(
            Code::OpenPositions,
            facts.positions.saturating_add(1),
            limits.max_open_positions,
            Change::ClosePositions(close),
        ));
    }
    if facts.open_orders >= facts.max_open_orders {
        let close = facts.open_orders - facts.max_open_orders + 1;
        out.push(count(
            Code::OpenOrders,
            facts.open_orders.saturating_add(1),
            facts.max_open_orders,
            Change::CloseOrders(close),
        ));
    }
    size(facts, out);
}

/// Room that the symbol's part of equity leaves, zero when it is used up.
fn room(facts: &Facts, equity: Money) -> Money {
    let most = equity.percent(facts.limits.max_position_pct, Round::Down);
    most.unwrap_or(Money::MAX)
        .saturating_sub(facts.in_symbol)
        .or_zero()
}

/// The largest worth whose claim fits in `free`.
fn affordable(facts: &Facts, free: Money) -> Money {
    if claim(free, facts.buffer) == free {
        return free.or_zero();
    }
    let with_buffer = HUNDRED.saturating_add(facts.buffer.raw());
    let raw = mul_div(free.raw(), HUNDRED, with_buffer, Round::Down).unwrap_or(0);
    let guess = Money::from_raw(raw);
    // Rounding the buffer up may cost one last step.
    let fits = |m: Money| claim(m, facts.buffer) <= free;
    let larger = guess.saturating_add(Money::STEP);
    if fits(larger) {
        larger
    } else if fits(guess) {
        guess.or_zero()
    } else {
        guess.saturating_sub(Money::STEP).or_zero()
    }
}

/// The smallest entry: the tier's, or one lot where that is more.
fn smallest(facts: &Facts) -> Money {
    facts.limits.min_trade.max(facts.lot_value)
}

/// The three upper bounds and the lower one, with one change that satisfies them all.
fn size(facts: &Facts, out: &mut Objections) {
    let limits = &facts.limits;
    let least = smallest(facts);
    let room_now = room(facts, facts.equity);
    let affordable_now = affordable(facts, facts.free_cash);
    let largest = limits.max_trade.min(room_now).min(affordable_now);
    let claimed = claim(facts.notional, facts.buffer);
    let too_small = facts.notional < least;
    if facts.notional <= largest && !too_small {
        return;
    }
    let change = if largest >= least {
        // Some size passes as things stand.
        if too_small {
            Change::SizeAtLeast(least)
        } else {
            Change::SizeAtMost(largest)
        }
    } else {
        // Only more capital makes room for the smallest trade.
        Change::Deposit(needed(facts))
    };
    let wanted = facts.notional.max(least);
    if too_small {
        out.push(dollars(Code::TradeTooSmall, facts.notional, least, change));
    } else if facts.notional > limits.max_trade {
        out.push(dollars(
            Code::TradeTooLarge,
            facts.notional,
            limits.max_trade,
            change,
        ));
    } else if wanted > room_now {
        let would_be = facts.in_symbol.saturating_add(facts.notional);
        let measured = would_be.percent_of(facts.equity, Round::Up);
        out.push(Objection {
            code: Code::PositionLimit,
            measured: measured.map_or(Measure::Dollars(would_be), Measure::Percent),
            limit: Measure::Percent(limits.max_position_pct),
            age: facts.now.since(facts.mark_at),
            change,
        });
    } else {
        out.push(dollars(Code::BuyingPower, claimed, facts.free_cash, change));
    }
    if matches!(change, Change::Deposit(_)) && facts.notional != least {
        let code = if too_small {
            Code::TradeTooSmall
        } else {
            Code::TradeTooLarge
        };
        let resize = if too_small {
            Change::SizeAtLeast(least)
        } else {
            Change::SizeAtMost(least)
        };
        out.push(dollars(code, facts.notional, least, resize));
    }
}

/// The smallest deposit after which the smallest trade fits the symbol's part of equity and the free cash.
fn needed(facts: &Facts) -> Money {
    let least = smallest(facts);
    let short_of_cash = claim(least, facts.buffer)
        .saturating_sub(facts.free_cash)
        .or_zero();
    let in_symbol = facts.in_symbol.saturating_add(least);
    let pct = facts.limits.max_position_pct.raw();
    let equity =
        mul_div(in_symbol.raw(), HUNDRED, pct, Round::Up).map_or(Money::MAX, Money::from_raw);
    let short_of_equity = equity.saturating_sub(facts.equity).or_zero();
    short_of_cash.max(short_of_equity)
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

const fn dollars(code: Code, measured: Money, limit: Money, change: Change) -> Objection {
    Objection {
        code,
        measured: Measure::Dollars(measured),
        limit: Measure::Dollars(limit),
        age: Span::ZERO,
        change,
    }
}

const fn count(code: Code, measured: u16, limit: u16, change: Change) -> Objection {
    Objection {
        code,
        measured: Measure::Count(measured as u32),
        limit: Measure::Count(limit as u32),
        age: Span::ZERO,
        change,
    }
}
