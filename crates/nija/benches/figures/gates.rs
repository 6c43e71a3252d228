//! The verdict of the gates and the split of capital: the same facts again and again, and the facts
//! of a million accounts in random order, where each costs a cache miss or more.

use crate::figure::{Better, Figure, Goal};
use crate::meter::{Chance, nanos_each};
use crate::scene::NOON;
use crate::{RUNS, Scale};
use anyhow::{Result, ensure};
use nija_core::allocation::allocate;
use nija_core::risk::approval::judge;
use nija_core::risk::facts::Facts;
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::id::AccountId;
use nija_core::words::money::{Money, Pct, Price};
use nija_core::words::order::{OrderType, Side, TimeInForce};
use nija_core::words::score::Score;
use nija_core::words::tier::{DEFAULT_TABLE, Tier, TierTable, Tolerance};
use nija_core::words::time::{Span, Timestamp};
use std::hint::black_box;

const CALLS: u32 = 1_000_000;

/// The facts of an order that passes, for the `n`-th account.
fn facts(table: &TierTable, n: u32) -> Facts {
    let tier = Tier::ALL[n as usize % Tier::ALL.len()];
    let rules = table.rules(tier);
    let equity = Money::whole(50_000);
    Facts {
        now: NOON,
        notional: rules.limits.min_trade,
        lot_value: Money::CENT,
        buffer: Pct::whole(1),
        side: Side::Buy,
        order_type: OrderType::Market,
        tif: TimeInForce::Day,
        killed: None,
        class_allowed: true,
        limits: rules.limits,
        min_balance: Money::whole(10),
        equity,
        free_cash: equity,
        in_symbol: Money::whole(i32::try_from(n % 100).unwrap_or(0)),
        opens: true,
        positions: u16::from(n.is_multiple_of(2)),
        open_orders: 2,
        max_open_orders: 200,
        opposite: 0,
        day_start: equity,
        day_ends: NOON.plus(Span::seconds(3_600)),
        daily_halt: false,
        peak: equity,
        drawdown_halt: false,
        account: AccountId(u128::from(n)),
        volatility: Some(Score::points(45)),
        volatility_at: NOON,
        black_swan_above: Score::points(95),
        tradable: true,
        expiry: None,
        mark: Some(Price::whole(50_000)),
        mark_at: NOON,
        stale_after: Span::seconds(60),
        collar: Pct::whole(10),
        open: true,
        may_wait: true,
        opens_at: None,
        symbol_allowed: true,
        venue_up: true,
        duplicate_until: None,
        rate_free_at: Timestamp::EPOCH,
    }
}

pub(crate) fn gates(scale: &Scale) -> Result<Vec<Figure>> {
    let table = TierTable::parse(DEFAULT_TABLE)?;
    let one = facts(&table, 2);
    ensure!(judge(&one).is_ok(), "the facts must pass: {:?}", judge(&one));
    let hot = nanos_each(RUNS, CALLS, || {
        for _ in 0..CALLS {
            let _ = black_box(judge(black_box(&one)));
        }
    });
    let accounts = scale.of(1_000_000);
    let all: Vec<Facts> = (0..accounts).map(|n| facts(&table, n)).collect();
    let mut chance = Chance::new(1);
    let order: Vec<u32> = (0..CALLS).map(|_| chance.below(all.len()) as u32).collect();
    let random = nanos_each(RUNS, CALLS, || {
        for &at in &order {
            let _ = black_box(judge(&all[at as usize]));
        }
    });
    let (less, bytes) = (Better::Less, size_of::<Facts>());
    Ok(vec![
        Figure::new("gates", "verdict of all gates, hot", "ns", hot)
            .goal(Goal::value("P10", less, 60.0, 20.0)),
        Figure::new(
            "gates",
            format!("random over {accounts} accounts ({bytes} B of facts each)"),
            "ns",
            random,
        )
        .goal(Goal::value("P10", less, 200.0, 100.0)),
    ])
}

pub(crate) fn allocation(_: &Scale) -> Result<Vec<Figure>> {
    let table = TierTable::parse(DEFAULT_TABLE)?;
    let readings: Vec<Conditions> = Regime::ALL
        .into_iter()
        .map(|regime| Conditions {
            regime: Some(regime),
            liquidity: Some(Score::points(90)),
            ..Conditions::default()
        })
        .collect();
    let appetites = [Tolerance::Conservative, Tolerance::Moderate, Tolerance::Aggressive];
    let cases = (0..CALLS as usize).map(|n| {
        let tier = Tier::ALL[n % Tier::ALL.len()];
        (&readings[n % readings.len()], table.rules(tier), appetites[n % appetites.len()])
    });
    let cases: Vec<_> = cases.collect();
    let split = nanos_each(RUNS, CALLS, || {
        for (conditions, rules, tolerance) in &cases {
            let _ = black_box(allocate(Some(conditions), rules, *tolerance));
        }
    });
    let dollars = nanos_each(RUNS, CALLS, || {
        for (conditions, rules, tolerance) in &cases {
            let (split, _) = allocate(Some(conditions), rules, *tolerance);
            let _ = black_box(split.dollars(black_box(Money::whole(12_345))));
        }
    });
    let goal = Goal::value("P11", Better::Less, 150.0, 30.0);
    Ok(vec![
        Figure::new("allocation", "split, all regimes, tiers and appetites", "ns", split)
            .goal(goal),
        Figure::new("allocation", "split and its dollars to the cent", "ns", dollars).goal(goal),
    ])
}
