//! The results of a backtest, as a table for people or as one JSON object. Equal runs print equal
//! bytes.

use super::Outcome;
use super::costs::Costs;
use super::curves;
use super::days::number;
use super::models::Model;
use super::options::{Format, Options};
use super::reasons::Words;
use super::tally::{Account, Tally, Trade};
use crate::statistics::{self, Closed, Curve, Point, Trades};
use nija_core::words::money::Money;
use nija_core::words::signal::StrategyName;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Lines of one list, after which it is cut; JSON has them all.
pub(super) const MOST_LINES: usize = 20;
/// Room for the names of rows.
const NAMES: usize = 34;

/// What is printed of one account.
struct Row<'a> {
    tier: &'static str,
    start: Money,
    last: Money,
    curve: Curve,
    trades: Trades,
    costs: Costs,
    points: &'a [Point],
    account: &'a Account,
}

/// The whole text.
pub(super) fn print(options: &Options, outcome: &Outcome, tally: &Tally) -> anyhow::Result<String> {
    let parts = options.tiers().iter().zip(&outcome.curves).zip(&outcome.finals);
    let rows: Vec<Row<'_>> = parts
        .zip(tally.accounts.iter().zip(Costs::each(options.cash, outcome, tally)))
        .map(|(((tier, points), last), (account, costs))| Row {
            tier: tier.name(),
            start: options.cash,
            last: *last,
            curve: statistics::curve(number(options.cash), points, outcome.year),
            trades: Closed::of(account.profits()).read(),
            costs,
            points,
            account,
        })
        .collect();
    match options.format {
        Format::Json => {
            let object = object(options, outcome, tally, &rows);
            Ok(serde_json::to_string_pretty(&object)? + "\n")
        }
        Format::Text => Ok(table(outcome, tally, &rows)?),
    }
}

fn sum(amounts: impl Iterator<Item = Money>) -> Money {
    amounts.fold(Money::ZERO, Money::saturating_add)
}

fn object(options: &Options, outcome: &Outcome, tally: &Tally, rows: &[Row<'_>]) -> Value {
    let all: Vec<&Trade> = rows.iter().flat_map(|row| &row.account.trades).collect();
    let profits: Vec<Money> = rows.iter().flat_map(|row| row.account.profits()).collect();
    let start = sum(rows.iter().map(|row| row.start));
    let starts: Vec<f64> = rows.iter().map(|row| number(row.start)).collect();
    let together = statistics::together(&outcome.curves, &starts);
    let curve = statistics::curve(number(start), &together, outcome.year);
    let costs = rows.iter().map(|row| row.costs).fold(Costs::default(), Costs::plus);
    let account = |row: &Row<'_>| {
        let mut account = json!({
            "tier": row.tier,
            "start_equity": row.start,
            "final_equity": row.last,
            "fees": row.account.fees,
            "statistics": figures(&row.curve, &row.trades, row.costs),
            "turnover_a_year": row.costs.turnover(row.points),
            "costs": row.costs.told(row.points),
            "trades_by_strategy": by_strategy(&row.account.trades),
            "open_trades": open(row.account),
            "refusals": row.account.reasons.counts("refused"),
            "skips": row.account.reasons.counts("skipped"),
            "reasons": row.account.reasons.told(),
            "halts": row.account.halts,
        });
        curves::add(&mut account, number(row.start), row.points);
        account
    };
    let mut whole = json!({
        "from": outcome.first.to_string(),
        "to": outcome.last.to_string(),
        "bars": outcome.bars,
        "seed": options.seed,
        "start_equity": start,
        "final_equity": sum(rows.iter().map(|row| row.last)),
        "fees": sum(rows.iter().map(|row| row.account.fees)),
        "statistics": figures(&curve, &Closed::of(profits).read(), costs),
        "costs": costs.told(&together),
        "trades": all,
        "accounts": rows.iter().map(account).collect::<Vec<_>>(),
        "regimes": curves::regimes(&outcome.bands, together.last().map(|point| point.day)),
        "regime_days": outcome.regimes,
        "shut_days": outcome.shut,
        "kill_switches": tally.kills,
        "models": outcome.models.iter().map(Model::told).collect::<Vec<_>>(),
        "notes": outcome.notes,
    });
    curves::add(&mut whole, number(start), &together);
    whole
}

pub(super) fn merged(curve: &Curve, trades: &Trades) -> Value {
    let mut whole = json!(curve);
    if let (Some(whole), Value::Object(trades)) = (whole.as_object_mut(), json!(trades)) {
        whole.extend(trades);
    }
    whole
}

fn figures(curve: &Curve, trades: &Trades, costs: Costs) -> Value {
    let mut whole = merged(curve, trades);
    if let Some(fields) = whole.as_object_mut() {
        fields.insert("costs_paid".to_owned(), json!(costs.paid()));
    }
    whole
}

fn by_strategy(trades: &[Trade]) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for trade in trades {
        *counts.entry(trade.strategy.map_or("user", StrategyName::name)).or_default() += 1;
    }
    counts
}

fn open(account: &Account) -> usize {
    account.trades.iter().filter(|trade| trade.closed_at.is_none()).count()
}

fn table(outcome: &Outcome, tally: &Tally, rows: &[Row<'_>]) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(text, "{} to {}, {} bars", outcome.first, outcome.last, outcome.bars)?;
    for note in &outcome.notes {
        writeln!(text, "note: {note}")?;
    }
    for model in &outcome.models {
        writeln!(text, "model: {}", model.line())?;
    }
    text.push('\n');
    line(&mut text, "tier", rows.iter().map(|row| row.tier.to_owned()));
    let each = |of: &dyn Fn(&Row<'_>) -> String| rows.iter().map(of).collect::<Vec<String>>();
    let sharpe = format!("sharpe (daily, {})", outcome.year.points());
    for (name, cells) in [
        ("start equity, $", each(&|r| format!("{:.2}", r.start))),
        ("final equity, $", each(&|r| format!("{:.2}", r.last))),
        ("return", each(&|r| percent(Some(r.curve.return_pct)))),
        ("return a year", each(&|r| percent(r.curve.cagr_pct))),
        ("volatility a year", each(&|r| percent(r.curve.volatility_pct))),
        (&sharpe, each(&|r| plain(r.curve.sharpe))),
        ("sortino", each(&|r| plain(r.curve.sortino))),
        ("calmar", each(&|r| plain(r.curve.calmar))),
        ("max drawdown", each(&|r| percent(Some(r.curve.max_drawdown_pct)))),
        ("longest drawdown, d", each(&|r| r.curve.longest_drawdown_days.to_string())),
        ("exposure", each(&|r| percent(Some(r.curve.exposure_pct)))),
        ("turnover a year", each(&|r| plain(r.costs.turnover(r.points)))),
        ("earned before costs, $", each(&|r| format!("{:.2}", r.costs.gross()))),
        ("fees, $", each(&|r| format!("{:.2}", r.account.fees))),
        ("spread, $", each(&|r| format!("{:.2}", r.costs.friction.spread))),
        ("slippage, $", each(&|r| format!("{:.2}", r.costs.friction.slippage))),
        ("costs paid, $", each(&|r| format!("{:.2}", r.costs.paid()))),
        ("trades closed", each(&|r| r.trades.closed.to_string())),
        ("trades open", each(&|r| open(r.account).to_string())),
        ("win rate", each(&|r| percent(r.trades.win_rate_pct))),
        ("profit factor", each(&|r| plain(r.trades.profit_factor))),
        ("halts", each(&|r| r.account.halts.len().to_string())),
    ] {
        line(&mut text, name, cells.into_iter());
    }
    counts(&mut text, "trades of", rows, |row| by_strategy(&row.account.trades));
    for verb in ["refused", "skipped"] {
        counts(&mut text, verb, rows, |row| row.account.reasons.counts(verb));
    }
    for (title, days) in
        [("days by regime", &outcome.regimes), ("days shut by the regime", &outcome.shut)]
    {
        write!(text, "\n{title}:")?;
        for (name, days) in days {
            write!(text, " {name} {days}")?;
        }
    }
    text.push('\n');
    list(&mut text, "entries that were not made, with the latest of each", &unmade(rows));
    list(&mut text, "kill switches", &tally.kills);
    if let [row] = rows {
        list(&mut text, "halts", &row.account.halts);
        let trades: Vec<String> = row.account.trades.iter().map(told).collect();
        list(&mut text, "trades", &trades);
    }
    Ok(text)
}

/// Reasons of all accounts, the most frequent first.
fn unmade(rows: &[Row<'_>]) -> Vec<String> {
    let of = |row: &Row<'_>| {
        let tier = if rows.len() > 1 { format!("{} ", row.tier) } else { String::new() };
        let words = row.account.reasons.words().into_iter();
        let line = move |w: Words| {
            (w.count, format!("{tier}{} {} {} times; {}", w.strategy, w.what, w.count, w.latest))
        };
        words.map(line).collect::<Vec<(u64, String)>>()
    };
    let mut all: Vec<(u64, String)> = rows.iter().flat_map(of).collect();
    all.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    all.into_iter().map(|(_, line)| line).collect()
}

pub(super) fn line(text: &mut String, name: &str, cells: impl Iterator<Item = String>) {
    row(text, (name, NAMES), cells);
}

fn row(text: &mut String, (name, room): (&str, usize), cells: impl Iterator<Item = String>) {
    text.push_str(&format!("{name:<room$}"));
    cells.for_each(|cell| text.push_str(&format!("{cell:>13}")));
    text.push('\n');
}

/// Rows with a head, whose cells stand under each other however long their names are.
pub(super) fn columns<const N: usize>(
    text: &mut String,
    (name, heads): (&str, [&str; N]),
    rows: &[(String, [String; N])],
) {
    let room = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max(NAMES);
    row(text, (name, room), heads.into_iter().map(str::to_owned));
    rows.iter().for_each(|(name, cells)| row(text, (name, room), cells.iter().cloned()));
}

pub(super) fn percent(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |v| format!("{v:.2}%"))
}

pub(super) fn plain(value: Option<f64>) -> String {
    value.map_or("-".to_owned(), |v| format!("{v:.2}"))
}

/// A row per word that any account counted, with a zero where one did not.
fn counts(
    text: &mut String,
    title: &str,
    rows: &[Row<'_>],
    of: impl Fn(&Row<'_>) -> BTreeMap<&'static str, u64>,
) {
    let counted: Vec<BTreeMap<&'static str, u64>> = rows.iter().map(of).collect();
    let words: BTreeSet<&str> = counted.iter().flat_map(|c| c.keys().copied()).collect();
    for word in words {
        let cells = counted.iter().map(|c| c.get(word).copied().unwrap_or_default().to_string());
        line(text, &format!("{title} {word}"), cells);
    }
}

pub(super) fn list(text: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    text.push_str(&format!("\n{title}:\n"));
    for told in lines.iter().take(MOST_LINES) {
        text.push_str(&format!("  {told}\n"));
    }
    cut(text, lines.len());
}

/// Says how many lines of so many are missing from a list.
pub(super) fn cut(text: &mut String, all: usize) {
    if all > MOST_LINES {
        text.push_str(&format!("  and {} more; --format json has all\n", all - MOST_LINES));
    }
}

fn told(trade: &Trade) -> String {
    let price = |price: Option<_>| {
        price.map_or("-".to_owned(), |p: nija_core::words::money::Price| format!("{p:.4}"))
    };
    let end = match (trade.closed_at, trade.exit) {
        (Some(at), Some(why)) => format!("{at} by {why}, profit ${:.2}", trade.profit),
        _ => "still open".to_owned(),
    };
    format!(
        "{} {} {}{} {} at {} -> {}, {end}",
        trade.opened_at,
        trade.strategy.map_or("user", StrategyName::name),
        if trade.side == "short" { "-" } else { "" },
        trade.qty,
        trade.symbol,
        price(trade.entry_price),
        price(trade.exit_price)
    )
}
