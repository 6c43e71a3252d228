//! The parts that lines are made of: an order, a wish, a switch, a reading, an amount, in words.
//! Pure.

use super::names::Names;
use nija_core::desk::event::{OwnLimits, Remembered, Setting, Size, Wish};
use nija_core::ledger::chart::Book;
use nija_core::ledger::entry::Entry;
use nija_core::risk::kill::{Actor, Scope};
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::id::{AccountId, AccountNo, OrderId};
use nija_core::words::instrument::{AssetClass, Hours};
use nija_core::words::money::{Money, Pct, Price};
use nija_core::words::order::{OrderType, Origin, Side, TimeInForce};
use nija_core::words::score::Score;
use nija_core::words::signal::{Action, Signal};
use nija_core::words::tier::Tolerance;
use nija_core::words::time::{Span, Timestamp};

/// The first eight digits tell accounts apart; the JSON form has them all.
pub(super) fn account(no: AccountNo, names: &Names) -> String {
    match names.account(no) {
        Some(id) => short(id),
        None => format!("account number {}", no.0),
    }
}

fn short(id: AccountId) -> String {
    format!("account {}", &id.to_string()[..8])
}

pub(super) fn order(id: OrderId, names: &Names) -> String {
    let Some(ticket) = names.order(id) else {
        return format!("order {id}");
    };
    let (side, symbol) = (side(ticket.side), names.symbol(ticket.instrument));
    let terms =
        terms((ticket.order_type, ticket.tif), |price| names.price(ticket.instrument, price));
    format!("order {id} ({side} {} {symbol} {terms})", ticket.qty)
}

pub(super) fn wish(wish: &Wish, names: &Names) -> String {
    let symbol = names.symbol(wish.instrument);
    let size = match wish.size {
        Size::Dollars(amount) => format!("{} of {symbol}", dollars(amount)),
        Size::Units(qty) => format!("{qty} {symbol}"),
        Size::All => format!("all {symbol}"),
    };
    let terms = terms((wish.order_type, wish.tif), |price| names.price(wish.instrument, price));
    format!("{} {size} {terms} of {}", side(wish.side), origin(wish.origin))
}

pub(super) fn signal(signal: &Signal, names: &Names) -> String {
    let what = match signal.action {
        Action::Enter { .. } => "entry",
        Action::Short { .. } => "short entry",
        Action::Exit => "exit",
        Action::Trim { .. } => "trim",
        Action::Straddle { .. } => "straddle",
        Action::Roll { .. } => "roll",
        Action::Quote(_) => "quote",
        Action::Cross { .. } => "crossing",
        Action::Loop(_) => "loop",
    };
    let symbol = names.symbol(signal.instrument);
    let mark = names.price(signal.instrument, signal.mark);
    format!("the {what} of {} into {symbol} at {mark}", signal.strategy.name())
}

fn terms((order, tif): (OrderType, TimeInForce), price: impl Fn(Price) -> String) -> String {
    let tif = match tif {
        TimeInForce::Day => "day",
        TimeInForce::Gtc => "gtc",
        TimeInForce::Ioc => "ioc",
        TimeInForce::Fok => "fok",
        TimeInForce::PostOnly => "post_only",
    };
    match order {
        OrderType::Market => format!("market {tif}"),
        OrderType::Limit { limit } => format!("limit {} {tif}", price(limit)),
        OrderType::Stop { stop } => format!("stop {} {tif}", price(stop)),
        OrderType::StopLimit { stop, limit } => {
            format!("stop {} limit {} {tif}", price(stop), price(limit))
        }
    }
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

pub(super) fn origin(origin: Origin) -> String {
    match origin {
        Origin::User => "the user".to_owned(),
        Origin::Strategy { strategy, .. } => strategy.name().to_owned(),
        Origin::Roll { strategy, .. } => format!("{}, rolling", strategy.name()),
        Origin::Protection { strategy } => format!("{}'s protection", strategy.name()),
        Origin::KillSwitch => "a kill switch".to_owned(),
        Origin::Copy { .. } => "a copied master".to_owned(),
    }
}

pub(super) fn actor(by: &Actor) -> String {
    match by {
        Actor::Platform => "the platform".to_owned(),
        Actor::User(id) => format!("user {id}"),
    }
}

pub(super) fn switch(scope: Scope, names: &Names) -> String {
    match scope {
        Scope::Symbol(id) => names.symbol(id),
        Scope::Account(id) => short(id),
        other => other.to_string(),
    }
}

/// A reading, and whether it ended a regime: that is how switches are found in the journal.
pub(super) fn reading(conditions: &Conditions, left: Option<Regime>) -> String {
    let unknown = || "unknown".to_owned();
    let score = |score: Option<Score>| score.map_or_else(unknown, |score| score.to_string());
    let regime = conditions.regime.map_or("unknown", Regime::name);
    let turned = left.map_or("is".to_owned(), |left| format!("turned from {} to", left.name()));
    let (crypto, equity) =
        (score(conditions.crypto_volatility), score(conditions.equity_volatility));
    let sign = if conditions.momentum < 0 { "-" } else { "" };
    let momentum = conditions.momentum.unsigned_abs();
    let (points, hundredths) = (momentum / 100, momentum % 100);
    let mut text = format!(
        "the market {turned} {regime}: confidence {}, volatility of crypto {crypto} and of equity \
         {equity}, momentum {sign}{points}.{hundredths:02}",
        conditions.confidence
    );
    for class in [AssetClass::Crypto, AssetClass::Equity] {
        if conditions.black_swan(class) {
            text.push_str(", black swan in ");
            text.push_str(class.name());
        }
    }
    text
}

pub(super) fn setting(change: &Setting, names: &Names) -> String {
    match change {
        Setting::Tier(tier) => format!("moved to {}", tier.name()),
        Setting::Tolerance(tolerance) => format!("is {} now", appetite(*tolerance)),
        Setting::Autopilot(true) => "lets strategies trade".to_owned(),
        Setting::Autopilot(false) => "stopped strategies from trading".to_owned(),
        Setting::Qualified(evidence) if evidence.is_empty() => {
            "may not be charged performance fees".to_owned()
        }
        Setting::Qualified(evidence) => format!("may be charged performance fees: {evidence}"),
        Setting::Granted(Some(of)) => format!("was granted {}: {}", of.tier.name(), of.reason),
        Setting::Granted(None) => "has no granted tier any more".to_owned(),
        Setting::OwnLimits(own) => format!("set its own limits: {}", limits(own, names)),
    }
}

fn limits(own: &OwnLimits, names: &Names) -> String {
    let pct = |name: &str, value: Option<Pct>| value.map(|v| format!("{name} {v}%"));
    let symbols = own.symbols.as_ref().map(|ids| {
        let symbols: Vec<String> = ids.iter().map(|id| names.symbol(*id)).collect();
        format!("only {}", symbols.join(" "))
    });
    let named = [
        pct("position", own.max_position_pct),
        pct("daily loss", own.max_daily_loss_pct),
        pct("drawdown", own.max_drawdown_pct),
        own.max_open_positions.map(|count| format!("positions {count}")),
        own.volatility_limit.map(|score| format!("volatility {score}")),
        own.max_trade.map(|amount| format!("trade {}", dollars(amount))),
        symbols,
    ];
    let named: Vec<String> = named.into_iter().flatten().collect();
    if named.is_empty() { "none but the tier's".to_owned() } else { named.join(", ") }
}

pub(super) fn remembered(outcome: &Remembered) -> String {
    match outcome {
        Remembered::Order { order, .. } => format!("order {order}"),
        Remembered::Refusal(refusal) => format!("refused ({})", refusal.code.name()),
        Remembered::Done => "done".to_owned(),
        Remembered::Queued => "the exit waits".to_owned(),
        Remembered::PaidOut(of) => format!("{} paid out", dollars(of.paid)),
        Remembered::Skipped(why) => why.sentence().to_owned(),
    }
}

pub(super) const fn appetite(tolerance: Tolerance) -> &'static str {
    match tolerance {
        Tolerance::Conservative => "conservative",
        Tolerance::Moderate => "moderate",
        Tolerance::Aggressive => "aggressive",
    }
}

pub(super) const fn market(hours: Hours) -> &'static str {
    match hours {
        Hours::Always => "the market around the clock",
        Hours::Nyse => "New York",
        Hours::Cme => "CME",
    }
}

/// Profit that a booking realized, fees apart.
pub(super) fn realized(entry: &Entry) -> Money {
    let legs = entry.legs().iter().filter(|leg| leg.book == Book::Realized);
    legs.fold(Money::ZERO, |sum, leg| sum.saturating_sub(leg.amount))
}

pub(super) fn dollars(amount: Money) -> String {
    if amount.is_negative() { format!("-${}", amount.abs()) } else { format!("${amount}") }
}

pub(super) fn cents(amount: Money) -> String {
    if amount.is_negative() { format!("-${:.2}", amount.abs()) } else { format!("${amount:.2}") }
}

/// The date of a day by its number.
pub(super) fn date(day: i32) -> String {
    Timestamp::of_day(day, Span::ZERO).to_string().chars().take(10).collect()
}
