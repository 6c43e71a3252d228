//! The results of a research run, as a table for people or as one JSON object.

use super::super::curves;
use super::super::manner::{charge_name, moment_name, repeat_name, warnings};
use super::super::options::{Format, Options};
use super::super::report::{line, list, percent, plain};
use super::super::teaching::{SMA_CROSS, Settings};
use super::study::{Study, dollars};
use super::whole::Whole;
use crate::statistics;
use nija_core::words::fixed::SCALE;
use nija_core::words::money::Price;
use nija_core::words::order::Side;
use nija_engine::research::manner::Manner;
use nija_engine::research::record::Trade;
use serde_json::{Value, json};

/// The whole text.
pub(super) fn print(
    options: &Options,
    settings: &Settings,
    studies: &[Study],
) -> anyhow::Result<String> {
    Ok(match options.format {
        Format::Json => serde_json::to_string_pretty(&object(settings, studies))? + "\n",
        Format::Text => table(settings, studies),
    })
}

/// Everything about a run.
pub(super) fn object(settings: &Settings, studies: &[Study]) -> Value {
    let whole = Whole::of(studies);
    let each = |study: &Study| {
        let one = Whole::of(std::slice::from_ref(study));
        json!({
            "symbol": study.symbol,
            "file": study.file,
            "start_equity": one.start,
            "final_equity": one.last,
            "fees": one.costs.fees,
            "statistics": one.statistics(),
            "costs": one.costs_told(),
            "terms": study.outcome.portfolio.plan().terms,
            "refused": study.outcome.portfolio.refused(),
            "equity_peak": study.outcome.record.peak(),
        })
    };
    let listed = |study: &Study| -> Vec<Value> {
        study.outcome.record.trades.iter().map(|trade| told(&study.symbol, trade)).collect()
    };
    let open =
        |study: &Study| study.outcome.record.open.as_ref().map(|trade| told(&study.symbol, trade));
    let mut object = json!({
        "strategy": SMA_CROSS,
        "parameters": settings.told(),
        "from": whole.span.map(|(from, _)| from.to_string()),
        "to": whole.span.map(|(_, to)| to.to_string()),
        "bars": whole.bars,
        "start_equity": whole.start,
        "final_equity": whole.last,
        "fees": whole.costs.fees,
        "statistics": whole.statistics(),
        "costs": whole.costs_told(),
        "trades": studies.iter().flat_map(listed).collect::<Vec<_>>(),
        "open_trades": studies.iter().filter_map(open).collect::<Vec<_>>(),
        "files": studies.iter().map(each).collect::<Vec<_>>(),
        "notes": studies.iter().flat_map(Study::notes).collect::<Vec<_>>(),
    });
    manner(&mut object, manner_of(studies));
    curves::add(&mut object, dollars(whole.start), &whole.points);
    object
}

/// The manner of a run: that of each of its files.
pub(super) fn manner_of(studies: &[Study]) -> Manner {
    let first = studies.first();
    first.map_or(Manner::default(), |study| study.outcome.portfolio.plan().manner)
}

/// Adds what a run's manner is, and what that means for its results.
pub(super) fn manner(object: &mut Value, manner: Manner) {
    object["fill"] = json!(moment_name(manner.moment));
    object["commission_model"] = json!(charge_name(manner.charge));
    object["repeated_signal"] = json!(repeat_name(manner.repeat));
    object["warnings"] = json!(warnings(manner));
}

/// The same for people, where there is something to say.
pub(super) fn warned(manner: Manner) -> String {
    let warnings = warnings(manner).into_iter();
    let mut text: String = warnings.map(|warning| format!("warning: {warning}\n")).collect();
    if manner != Manner::default() {
        let (fill, commission) = (moment_name(manner.moment), charge_name(manner.charge));
        let repeated = repeat_name(manner.repeat);
        text.push_str(&format!(
            "fill: {fill}, commission model: {commission}, repeated signal: {repeated}\n"
        ));
    }
    text
}

fn told(symbol: &str, trade: &Trade) -> Value {
    json!({
        "symbol": symbol,
        "side": side(trade.side),
        "qty": trade.qty,
        "opened_at": trade.opened_at.to_string(),
        "entry_price": trade.entry,
        "closed_at": trade.exit.map(|(at, _)| at.to_string()),
        "exit_price": trade.exit.map(|(_, price)| price),
        "fees": trade.fees,
        "profit": trade.profit,
    })
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "long",
        Side::Sell => "short",
    }
}

/// The figures of a run, those of all files first.
pub(super) fn table(settings: &Settings, studies: &[Study]) -> String {
    let whole = Whole::of(studies);
    let mut text = match whole.span {
        Some((from, to)) => format!("{from} to {to}, {} bars\n", whole.bars),
        None => String::new(),
    };
    text.push_str(&format!("{SMA_CROSS}: {}\n", settings.words()));
    text.push_str(&warned(manner_of(studies)));
    for note in studies.iter().flat_map(Study::notes) {
        text.push_str(&format!("note: {note}\n"));
    }
    text.push('\n');
    let ones: Vec<Whole> =
        studies.iter().map(|study| Whole::of(std::slice::from_ref(study))).collect();
    // The sum stands first where there are several.
    let sum = (studies.len() > 1).then_some((&whole, "all"));
    let named = ones.iter().zip(studies.iter().map(|study| study.symbol.as_str()));
    let columns: Vec<(&Whole, &str)> = sum.into_iter().chain(named).take(6).collect();
    line(&mut text, "file", columns.iter().map(|(_, name)| (*name).to_owned()));
    let mut row = |name: &str, of: &dyn Fn(&Whole) -> String| {
        line(&mut text, name, columns.iter().map(|(whole, _)| of(whole)));
    };
    row("start equity, $", &|w| format!("{:.2}", w.start));
    row("final equity, $", &|w| format!("{:.2}", w.last));
    row("return", &|w| percent(Some(w.curve.return_pct)));
    row("return a year", &|w| percent(w.curve.cagr_pct));
    row("volatility a year", &|w| percent(w.curve.volatility_pct));
    row("sharpe", &|w| plain(w.curve.sharpe));
    row("sortino", &|w| plain(w.curve.sortino));
    row("calmar", &|w| plain(w.curve.calmar));
    row("max drawdown", &|w| percent(Some(w.curve.max_drawdown_pct)));
    row("longest drawdown, d", &|w| w.curve.longest_drawdown_days.to_string());
    row("exposure", &|w| percent(Some(w.curve.exposure_pct)));
    row("turnover a year", &|w| plain(statistics::turnover(dollars(w.costs.traded), &w.points)));
    row("fees, $", &|w| format!("{:.2}", w.costs.fees));
    row("spread and slippage, $", &|w| format!("{:.2}", w.costs.friction));
    row("costs paid, $", &|w| format!("{:.2}", w.costs.paid()));
    row("trades closed", &|w| w.closed.count.to_string());
    row("win rate", &|w| percent(w.closed.read().win_rate_pct));
    row("profit factor", &|w| plain(w.closed.read().profit_factor));
    if let [study] = studies {
        let record = &study.outcome.record;
        let trades: Vec<String> = record.trades.iter().chain(&record.open).map(row_of).collect();
        list(&mut text, "trades", &trades);
    } else if studies.len() + 1 > columns.len() {
        text.push_str("\n--format json has all files\n");
    }
    text
}

fn row_of(trade: &Trade) -> String {
    let price = |price: Price| format!("{:.4}", price.raw() as f64 / SCALE as f64);
    let end = match trade.exit {
        Some((at, exit)) => format!("{} at {at}, profit ${:.2}", price(exit), trade.profit),
        None => "still open".to_owned(),
    };
    let (at, side, entry) = (trade.opened_at, side(trade.side), price(trade.entry));
    format!("{at} {side} {} at {entry} -> {end}", trade.qty)
}
