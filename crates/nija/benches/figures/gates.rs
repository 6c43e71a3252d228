//! The verdict of the gates and the split of capital: the same facts again and again, and those of a million accounts
//! in random order, where each costs a cache miss or more. What is known of an account comes from its own place, as it
//! does at a desk; the order and the market are the same for all and stay near.

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

/// What a desk knows of one account.
struct Account {
    id: AccountId,
    tier: Tier,
    equity: Money,
    free_cash: Money,
    in_symbol: Money,
    day_start: Money,
    day_ends: Timestamp,
    peak: Money,
    rate_free_at: Timestamp,
    positions: u16,
    open_orders: u16,
    daily_halt: bool,
    drawdown_halt: bool,
}

impl Account {
    fn new(n: u32) -> Self {
        let equity = Money::whole(50_000);
        Self {
            id: AccountId(u128::from(n)),
            tier: Tier::ALL[n as usize % Tier::ALL.len()],
            equity,
            free_cash: equity,
            in_symbol: Money::whole(i32::try_from(n % 100).unwrap_or(0)),
            day_start: equity,
            day_ends: NOON.plus(Span::seconds(3_600)),
            peak: equity,
            rate_free_at: Timestamp::EPOCH,
            positions: u16::from(n.is_multiple_of(2)),
            open_orders: 2,
            daily_halt: false,
            drawdown_halt: false,
        }
    }
}

/// The facts of an order that passes.
fn facts(table: &TierTable, account: &Account) -> Facts {
    let rules = table.rules(account.tier);
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
        equity: account.equity,
        free_cash: account.free_cash,
        in_symbol: account.in_symbol,
        opens: true,
        positions: account.positions,
        open_orders: account.open_orders,
        max_open_orders: 200,
        opposite: 0,
        day_start: account.day_start,
        day_ends: account.day_ends,
        daily_halt: account.daily_halt,
        peak: account.peak,
        drawdown_halt: account.drawdown_halt,
        account: account.id,
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
        rate_free_at: account.rate_free_at,
    }
}

pub(crate) fn gates(scale: &Scale) -> Result<Vec<Figure>> {
    let table = TierTable::parse(DEFAULT_TABLE)?;
    let one = facts(&table, &Account::new(2));
    ensure!(judge(&one).is_ok(), "the facts must pass: {:?}", judge(&one));
    let hot = nanos_each(RUNS, CALLS, || {
        for _ in 0..CALLS {
            let _ = black_box(judge(black_box(&one)));
        }
    });
    let accounts = scale.of(1_000_000);
    let all: Vec<Account> = (0..accounts).map(Account::new).collect();
    let mut chance = Chance::new(1);
    let order: Vec<u32> = (0..CALLS).map(|_| chance.below(all.len()) as u32).collect();
    let random = nanos_each(RUNS, CALLS, || {
        for &at in &order {
            let _ = black_box(judge(&facts(&table, &all[at as usize])));
        }
    });
    let (less, bytes) = (Better::Less, size_of::<Account>());
    Ok(vec![
        Figure::new("gates", "verdict of all gates, hot", "ns", hot)
            .goal(Goal::value("P10", less, 60.0, 20.0)),
        Figure::new(
            "gates",
            format!("random over {accounts} accounts ({bytes} B of each)"),
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
