//! Facts for the gates: wild ones of every kind, and what each change makes of them.

use crate::calm::calm;
use nija_core::risk::facts::Facts;
use nija_core::risk::kill::Scope;
use nija_core::risk::refusal::Change;
use nija_core::words::money::{Money, Pct, Price};
use nija_core::words::order::{OrderType, Side, TimeInForce};
use nija_core::words::score::Score;
use nija_core::words::tier::Limits;
use nija_core::words::time::{Span, Timestamp};
use proptest::prelude::*;

/// An amount of some order of magnitude, in raw units.
fn amount() -> impl Strategy<Value = i64> {
    (0u32..13, 1i64..1_000).prop_map(|(power, n)| n.saturating_mul(10i64.pow(power)))
}

fn money() -> impl Strategy<Value = Money> {
    amount().prop_map(Money::from_raw)
}

fn limits() -> impl Strategy<Value = Limits> {
    let pct = || (10_000i64..1_000_000).prop_map(|p| Pct::from_raw(p * 10_000));
    let trade = (money(), money()).prop_map(|(a, b)| (a.min(b), a.max(b)));
    (pct(), pct(), pct(), 1u16..6, 0u16..=10_000, trade).prop_map(
        |(position, day, fall, positions, volatility, (min_trade, max_trade))| Limits {
            max_position_pct: position,
            max_daily_loss_pct: day,
            max_drawdown_pct: fall,
            max_open_positions: positions,
            volatility_limit: Score::hundredths(volatility),
            min_trade,
            max_trade,
        },
    )
}

/// Amounts that make gates object often and pass often.
fn sized() -> impl Strategy<Value = Facts> {
    let cash = prop_oneof![
        8 => amount(),
        1 => amount().prop_map(|a| -a),
        1 => Just(0),
    ];
    let usual = Just(calm().limits);
    let limits = prop_oneof![2 => usual, 3 => limits()];
    let parts = (money(), money(), money(), 0i64..500_000_000, limits);
    let state = (cash.clone(), cash, money(), 0u16..8, any::<bool>(), 0u16..4);
    (parts, state, prop::option::weighted(0.7, 1i64..2_000_000)).prop_map(
        |(
            (notional, lot, in_symbol, buffer, limits),
            (equity, free, least, positions, opens, orders),
            part,
        )| {
            let mut facts = calm();
            facts.limits = limits;
            facts.notional = notional;
            // Most lots are a small part of the order.
            facts.lot_value = part.map_or(lot, |p| Money::from_raw(notional.raw() / p));
            facts.buffer = Pct::from_raw(buffer);
            facts.equity = Money::from_raw(equity);
            facts.free_cash = Money::from_raw(free);
            facts.in_symbol = if positions % 2 == 0 { Money::ZERO } else { in_symbol };
            facts.min_balance = if opens { least } else { Money::whole(10) };
            facts.opens = opens;
            facts.positions = positions;
            facts.max_open_orders = 3;
            facts.open_orders = orders;
            facts.opposite = orders.saturating_sub(2);
            facts
        },
    )
}

fn rarely<T: Clone + std::fmt::Debug + 'static>(
    usual: T,
    other: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = T> {
    prop_oneof![3 => Just(usual), 1 => other]
}

/// Facts of every kind that a desk can gather: what has reached a limit is halted.
pub(crate) fn wild() -> impl Strategy<Value = Facts> {
    let now = calm().now;
    let later = move |most: i64| (1..most).prop_map(move |s| now.plus(Span::millis(s)));
    let around = move || (-100_000i64..100_000).prop_map(move |s| now.plus(Span::millis(s)));
    let scopes = prop::sample::select(vec![
        None,
        Some(Scope::Platform),
        Some(Scope::Account(calm().account)),
    ]);
    let risk = (
        rarely(None, scopes),
        rarely(true, any::<bool>()),
        (money(), money(), any::<bool>(), any::<bool>(), 0u8..4),
        prop::option::weighted(0.9, (0u16..=10_000).prop_map(Score::hundredths)),
        later(200_000),
    );
    let market = (
        rarely(true, any::<bool>()),
        rarely(None, around().prop_map(Some)),
        prop::option::weighted(0.9, (1i64..1_000_000_000_000).prop_map(Price::from_raw)),
        rarely(0i64, 0i64..200_000),
        rarely(true, any::<bool>()),
        any::<bool>(),
        prop::option::of(around()),
    );
    let terms = (
        (0u8..4, 1i64..2_000, 0u8..4, any::<bool>()),
        rarely(true, any::<bool>()),
        rarely(true, any::<bool>()),
        rarely(None, around().prop_map(Some)),
        rarely(Timestamp::EPOCH, around()),
    );
    let sizes = prop_oneof![2 => sized(), 1 => Just(calm())];
    (sizes, risk, market, terms).prop_map(|(mut facts, risk, market, terms)| {
        let (killed, class_allowed, (day, peak, daily, deep, losses), volatility, day_ends) = risk;
        facts.killed = killed;
        facts.class_allowed = class_allowed;
        let above = |more: Money, lost: bool| {
            let equity = facts.equity.max(Money::STEP);
            if lost { equity.saturating_add(more) } else { equity }
        };
        facts.day_start = above(day, losses & 1 == 1);
        facts.peak = above(peak, losses & 2 == 2).max(facts.day_start);
        facts.daily_halt = daily && losses == 1;
        facts.drawdown_halt = deep && losses == 2;
        latch(&mut facts);
        facts.volatility = volatility;
        facts.day_ends = day_ends;
        let (tradable, expiry, mark, age, open, may_wait, opens_at) = market;
        facts.tradable = tradable;
        facts.expiry = expiry;
        facts.mark = mark;
        facts.mark_at = facts.now.plus(Span::millis(-age));
        facts.open = open;
        facts.may_wait = may_wait;
        facts.opens_at = opens_at;
        let (order, symbol_allowed, venue_up, repeat, rate) = terms;
        let (kind, part, tif, short) = order;
        facts.side = if short { Side::Sell } else { Side::Buy };
        word(&mut facts, (kind, part, tif));
        facts.symbol_allowed = symbol_allowed;
        facts.venue_up = venue_up;
        facts.duplicate_until = repeat;
        facts.rate_free_at = rate;
        facts
    })
}

/// Gives the order price terms around the mark, and how long it stands.
fn word(facts: &mut Facts, (kind, part, tif): (u8, i64, u8)) {
    use TimeInForce::{Day, Fok, Gtc, Ioc};
    let near = |m: Price| Price::from_raw(m.raw() / 1_000 * part + 1);
    let stop = facts.mark.map_or(Price::whole(1), near);
    let limit = stop;
    facts.order_type = match kind {
        0 => OrderType::Limit { limit },
        1 => OrderType::StopLimit { stop, limit },
        2 => OrderType::Stop { stop },
        _ => OrderType::Market,
    };
    facts.tif = [Day, Gtc, Ioc, Fok][usize::from(tif)];
}

/// Whatever has reached its limit is halted: the desk looks after every price, fill and setting.
fn latch(facts: &mut Facts) {
    use nija_core::risk::drawdown::{fall, reached};
    let limits = facts.limits;
    facts.daily_halt |= reached(fall(facts.day_start, facts.equity), limits.max_daily_loss_pct);
    facts.drawdown_halt |= reached(fall(facts.peak, facts.equity), limits.max_drawdown_pct);
}

/// What a change makes of the facts: what the desk would gather after it, all else as it was.
pub(crate) fn apply(change: Change, facts: &mut Facts) {
    match change {
        Change::SizeAtMost(most) => facts.notional = facts.notional.min(most),
        Change::SizeAtLeast(least) => facts.notional = facts.notional.max(least),
        Change::Deposit(amount) => {
            for money in
                [&mut facts.equity, &mut facts.free_cash, &mut facts.day_start, &mut facts.peak]
            {
                *money = money.saturating_add(amount);
            }
        }
        Change::ClosePositions(n) => facts.positions -= n,
        Change::CloseOrders(n) => facts.open_orders -= n,
        Change::CloseOpposite(n) => {
            facts.open_orders -= n;
            facts.opposite -= n;
        }
        Change::VolatilityAtMost(most) => facts.volatility = facts.volatility.map(|v| v.min(most)),
        Change::VolatilityKnown => facts.volatility = Some(Score::MIN),
        Change::After(at) => wait(at, facts),
        Change::LimitAtMost(most) => match &mut facts.order_type {
            OrderType::Limit { limit } | OrderType::StopLimit { limit, .. } => {
                *limit = most.min(*limit);
            }
            OrderType::Market | OrderType::Stop { .. } => {}
        },
        Change::LimitAtLeast(least) => match &mut facts.order_type {
            OrderType::Limit { limit } | OrderType::StopLimit { limit, .. } => {
                *limit = least.max(*limit);
            }
            OrderType::Market | OrderType::Stop { .. } => {}
        },
        Change::Rearm(scope) => {
            facts.killed = facts.killed.filter(|&killed| killed != scope);
            if scope == Scope::Account(facts.account) {
                facts.drawdown_halt = false;
                facts.peak = facts.equity;
            }
        }
        Change::MarkNoOlderThan(age) => {
            facts.mark = facts.mark.or(facts.order_type.limit()).or(Some(Price::whole(1)));
            facts.mark_at = facts.mark_at.max(facts.now.plus(Span(-age.0)));
        }
        Change::Upgrade => facts.class_allowed = true,
        Change::AllowSymbol => facts.symbol_allowed = true,
        Change::VenueUp => facts.venue_up = true,
        Change::MayWait => facts.tif = TimeInForce::Gtc,
        Change::OtherInstrument => {
            facts.tradable = true;
            facts.expiry = None;
            facts.open = true;
            if facts.lot_value > facts.limits.max_trade {
                facts.lot_value = Money::ZERO;
            }
        }
        Change::QuantityAtMost(_) => panic!("no gate speaks of quantities"),
    }
}

/// Time passes; the market keeps its pace.
fn wait(at: Timestamp, facts: &mut Facts) {
    let (began, span) = (facts.now, at.max(facts.now).since(facts.now));
    for time in [&mut facts.now, &mut facts.mark_at, &mut facts.volatility_at] {
        *time = time.plus(span);
    }
    if facts.now >= facts.day_ends {
        facts.daily_halt = false;
        facts.day_start = facts.equity;
    }
    facts.open |= facts.opens_at.is_some_and(|opens| began < opens && opens <= facts.now);
}

/// The same change, one step smaller; none where a change is made or not.
pub(crate) fn smaller(change: Change) -> Option<Change> {
    let less = |m: Money| m.saturating_sub(Money::STEP);
    match change {
        Change::SizeAtMost(m) => Some(Change::SizeAtMost(m.saturating_add(Money::STEP))),
        Change::SizeAtLeast(m) => Some(Change::SizeAtLeast(less(m))),
        Change::Deposit(m) => Some(Change::Deposit(less(m))),
        Change::ClosePositions(n) => Some(Change::ClosePositions(n - 1)),
        Change::CloseOrders(n) => Some(Change::CloseOrders(n - 1)),
        Change::CloseOpposite(n) => Some(Change::CloseOpposite(n - 1)),
        Change::LimitAtLeast(p) => Some(Change::LimitAtLeast(p.saturating_sub(Price::STEP))),
        Change::VolatilityAtMost(s) => {
            Some(Change::VolatilityAtMost(Score::hundredths(s.as_hundredths() + 1)))
        }
        Change::After(at) => Some(Change::After(at.plus(Span(-1)))),
        Change::LimitAtMost(p) => Some(Change::LimitAtMost(p.saturating_add(Price::STEP))),
        _ => None,
    }
}
