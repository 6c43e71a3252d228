//! Facts that pass.

use nija_core::risk::facts::Facts;
use nija_core::words::id::AccountId;
use nija_core::words::money::{Money, Pct, Price};
use nija_core::words::order::{OrderType, Side, TimeInForce};
use nija_core::words::score::Score;
use nija_core::words::tier::Limits;
use nija_core::words::time::{Span, Timestamp};

/// The blueprint's investor: $1,000, an order of $50, one open position, volatility 45.
pub(crate) fn calm() -> Facts {
    let now = Timestamp(1_750_000_000_000_000);
    Facts {
        now,
        notional: Money::whole(50),
        lot_value: Money::CENT,
        buffer: Pct::whole(1),
        side: Side::Buy,
        order_type: OrderType::Market,
        tif: TimeInForce::Gtc,
        killed: None,
        class_allowed: true,
        limits: Limits {
            max_position_pct: Pct::whole(10),
            max_daily_loss_pct: Pct::whole(10),
            max_drawdown_pct: Pct::whole(20),
            max_open_positions: 3,
            volatility_limit: Score::points(80),
            min_trade: Money::whole(20),
            max_trade: Money::whole(250),
        },
        min_balance: Money::whole(10),
        equity: Money::whole(1_000),
        free_cash: Money::whole(1_000),
        in_symbol: Money::ZERO,
        opens: true,
        positions: 1,
        open_orders: 0,
        max_open_orders: 200,
        opposite: 0,
        day_start: Money::whole(1_000),
        day_ends: now.plus(Span::seconds(3_600)),
        daily_halt: false,
        peak: Money::whole(1_000),
        drawdown_halt: false,
        account: AccountId(7),
        volatility: Some(Score::points(45)),
        volatility_at: now,
        black_swan_above: Score::points(95),
        tradable: true,
        expiry: None,
        mark: Some(Price::whole(200)),
        mark_at: now,
        stale_after: Span::seconds(60),
        collar: Pct::whole(5),
        open: true,
        may_wait: true,
        opens_at: None,
        symbol_allowed: true,
        venue_up: true,
        duplicate_until: None,
        rate_free_at: Timestamp::EPOCH,
    }
}
