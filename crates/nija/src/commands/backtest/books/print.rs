//! The results of a run over ticks, as a table for people or as one JSON object.

use super::super::options::{Format, Options};
use super::Read;
use super::settings::Settings;
use nija_core::words::money::Money;
use nija_core::words::order::Side;
use nija_engine::research::books::account::Account;
use nija_engine::research::books::{Dealt, crossing, making};
use serde_json::{Map, Value, json};

/// Words that hold for all of these runs.
const NOTES: [&str; 3] = [
    "without account rules: no tier, gate or desk stands between",
    "long only: nothing is sold that is not held; a place that is a perpetual is traded as fully paid units, without \
     funding or margin",
    "the recorded market does not answer: nobody quotes or trades differently because of these orders",
];

/// What market making came to.
pub(super) fn making(
    options: &Options,
    settings: &Settings,
    (read, parameters): (&Read, Value),
    outcome: &making::Outcome,
) -> anyhow::Result<String> {
    let making::Outcome { split, counts, account, .. } = outcome;
    let traded = profit(outcome.start, outcome.end).saturating_sub(outcome.opening);
    let result = json!({
        "start_equity": outcome.start,
        "final_equity": outcome.end,
        "profit": profit(outcome.start, outcome.end),
        "profit_without_opening_stock": traded,
        "parts": {
            "spread": split.spread,
            "adverse_selection": split.adverse,
            "inventory": split.inventory,
            "fees": Money::ZERO.saturating_sub(account.fees()),
            "opening_stock": outcome.opening,
        },
        "fees": account.fees(),
        "statistics": {
            "fills": outcome.fills,
            "orders": counts.orders,
            "cancels": counts.cancels,
            "would_have_crossed": counts.crossed,
            "refused": outcome.refused,
            "inventory_least": counts.inventory.0,
            "inventory_most": counts.inventory.1,
            "bought": account.turned().0,
            "sold": account.turned().1,
            "traded": account.traded(),
        },
    });
    finish(options, settings, ("market-making", read, parameters), (result, &outcome.dealt))
}

/// What arbitrage came to.
pub(super) fn arbitrage(
    options: &Options,
    settings: &Settings,
    (read, parameters): (&Read, Value),
    outcome: &crossing::Outcome,
) -> anyhow::Result<String> {
    let legs = &outcome.legs;
    let sum = |of: fn(&Account) -> Money| {
        outcome.accounts.iter().map(of).fold(Money::ZERO, Money::saturating_add)
    };
    let fees = sum(Account::fees);
    let earned = legs.earned.saturating_add(legs.hedges).saturating_sub(fees);
    let result = json!({
        "start_equity": outcome.start,
        "final_equity": outcome.end,
        "profit": profit(outcome.start, outcome.end),
        "profit_without_revaluation": earned,
        "parts": {
            "legs": legs.earned,
            "hedged_legs": legs.hedges,
            "fees": Money::ZERO.saturating_sub(fees),
            "revaluation": outcome.inventory,
        },
        "fees": fees,
        "statistics": {
            "fills": outcome.fills,
            "filled_whole": legs.whole,
            "hedged": legs.hedged,
            "missed": legs.missed,
            "hedge_orders": legs.hedge_orders,
            "residual": outcome.residual,
            "refused": outcome.refused,
            "traded": sum(Account::traded),
            "cash": outcome.accounts.map(|account| account.cash()),
            "units": outcome.accounts.map(|account| account.units()),
        },
    });
    finish(options, settings, ("arbitrage", read, parameters), (result, &outcome.dealt))
}

fn profit(start: Money, end: Money) -> Money {
    end.saturating_sub(start)
}

fn finish(
    options: &Options,
    settings: &Settings,
    (strategy, read, parameters): (&str, &Read, Value),
    (result, dealt): (Value, &[Dealt]),
) -> anyhow::Result<String> {
    let mut whole = Map::new();
    let about = json!({
        "strategy": strategy,
        "places": read.places,
        "from": read.from.map(|at| at.to_string()),
        "to": read.to.map(|at| at.to_string()),
        "events": read.events,
        "longest_silence_ms": read.silence.0 / 1_000,
        "settings": settings.told(options),
        "parameters": parameters,
    });
    for part in [about, result] {
        if let Value::Object(part) = part {
            whole.extend(part);
        }
    }
    match options.format {
        Format::Json => {
            let trades: Vec<Value> = dealt.iter().map(|dealt| told(dealt, read)).collect();
            whole.insert("trades".to_owned(), trades.into());
            whole.insert("notes".to_owned(), json!(NOTES));
            Ok(serde_json::to_string_pretty(&whole)? + "\n")
        }
        Format::Text => {
            let mut text = String::new();
            lines(&mut text, "", &Value::Object(whole));
            NOTES.iter().for_each(|note| text.push_str(&format!("note: {note}\n")));
            Ok(text)
        }
    }
}

fn told(dealt: &Dealt, read: &Read) -> Value {
    let side = if dealt.side == Side::Buy { "buy" } else { "sell" };
    json!({
        "at": dealt.at.to_string(),
        "place": read.places.get(usize::from(dealt.place)),
        "side": side,
        "qty": dealt.fill.qty,
        "price": dealt.fill.price,
        "fee": dealt.fill.fee,
    })
}

/// A value a line, groups by their names.
fn lines(text: &mut String, before: &str, value: &Value) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let name =
                    if before.is_empty() { name.clone() } else { format!("{before} {name}") };
                lines(text, &name.replace('_', " "), value);
            }
        }
        Value::String(word) => text.push_str(&format!("{before:<34}{word}\n")),
        other => text.push_str(&format!("{before:<34}{other}\n")),
    }
}
