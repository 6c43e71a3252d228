//! The report of a run: one page of HTML with drawings in it, that needs no script, no font and nothing from
//! anywhere else. Equal runs write equal bytes.

mod candles;
mod canvas;
mod equity;
mod indicators;
pub(super) mod months;
pub(in crate::commands) mod style;
mod table;

pub(super) use table::Table;

use crate::statistics::{Curve, Point, Trades};
use anyhow::Context;
use nija_core::words::money::{Money, Price};
use nija_core::words::time::Timestamp;
use nija_market::candle::Candle;
use std::fmt::Write;
use std::path::Path;

/// Trades in the table at the end.
const LISTED: usize = 200;
/// Markets that are drawn.
const DRAWN: usize = 12;

/// Everything that is shown.
pub(super) struct Page<'a> {
    pub(super) title: String,
    /// What was run, over what, when.
    pub(super) about: Vec<(&'static str, String)>,
    pub(super) figures: Vec<(&'static str, String)>,
    /// What is said in words and rows before anything is drawn.
    pub(super) tables: Vec<Table>,
    pub(super) start: f64,
    pub(super) points: &'a [Point],
    /// The regime that begins on a day.
    pub(super) bands: Vec<(i32, &'static str)>,
    /// Days at which something began anew.
    pub(super) cuts: Vec<i32>,
    pub(super) markets: Vec<Market<'a>>,
    pub(super) costs: Vec<(&'static str, Money)>,
    /// What all trades earned before costs.
    pub(super) gross: Money,
    /// Entries that were not made, and why.
    pub(super) unmade: Vec<Unmade>,
    pub(super) notes: Vec<String>,
}

/// The figures of a run that began and ended with so much, with its turnover a year and what its trading cost.
pub(super) fn figures(
    (start, last): (Money, Money),
    curve: &Curve,
    (turnover, paid): (Option<f64>, Money),
    trades: &Trades,
) -> Vec<(&'static str, String)> {
    use super::report::{percent, plain};
    vec![
        ("start", money(start)),
        ("end", money(last)),
        ("return", percent(Some(curve.return_pct))),
        ("return a year", percent(curve.cagr_pct)),
        ("volatility a year", percent(curve.volatility_pct)),
        ("Sharpe", plain(curve.sharpe)),
        ("Sortino", plain(curve.sortino)),
        ("Calmar", plain(curve.calmar)),
        ("deepest fall", percent(Some(curve.max_drawdown_pct))),
        ("longest fall", format!("{} days", curve.longest_drawdown_days)),
        ("exposure", percent(Some(curve.exposure_pct))),
        ("turnover a year", plain(turnover)),
        ("costs paid", money(paid)),
        ("trades", trades.closed.to_string()),
        ("win rate", percent(trades.win_rate_pct)),
        ("profit factor", plain(trades.profit_factor)),
    ]
}

/// Writes a page into a file.
pub(in crate::commands) fn keep(path: &Path, html: &str) -> anyhow::Result<()> {
    std::fs::write(path, html).with_context(|| format!("{} cannot be written", path.display()))
}

/// One market with what was traded in it.
pub(super) struct Market<'a> {
    pub(super) symbol: String,
    pub(super) candles: &'a [Candle],
    pub(super) averages: Vec<Average>,
    pub(super) trades: Vec<Traded>,
}

/// An average that the strategy decides by, at the closes of the candles; the last value is that of the last one.
pub(super) struct Average {
    /// How it is drawn: `fast` or `slow`.
    pub(super) class: &'static str,
    pub(super) name: String,
    pub(super) values: Vec<f64>,
}

/// One trade, as far as it is drawn.
#[derive(Clone)]
pub(super) struct Traded {
    pub(super) who: String,
    pub(super) is_long: bool,
    pub(super) qty: String,
    pub(super) opened: (Timestamp, Price),
    pub(super) closed: Option<(Timestamp, Price)>,
    pub(super) fees: Money,
    pub(super) profit: Money,
}

/// A reason why entries were not made, with its latest case.
pub(super) struct Unmade {
    pub(super) who: String,
    pub(super) what: String,
    pub(super) count: u64,
    pub(super) latest: String,
}

impl Page<'_> {
    /// The whole page.
    pub(super) fn html(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, to: &mut String) -> std::fmt::Result {
        let title = plain(&self.title);
        write!(
            to,
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <title>{title}</title><style>{}</style></head><body><main>\n<h1>{title}</h1>\n",
            style::SHEET
        )?;
        pairs(to, "about", &self.about)?;
        for note in &self.notes {
            writeln!(to, "<p class=\"note\">{}</p>", plain(note))?;
        }
        pairs(to, "figures", &self.figures)?;
        self.tables.iter().try_for_each(|table| table.write(to))?;
        writeln!(to, "<h2>Equity</h2>")?;
        equity::draw(to, (self.start, self.points), &self.bands, &self.cuts)?;
        writeln!(to, "<h2>Months</h2>")?;
        months::table(to, self.start, self.points)?;
        self.costs(to)?;
        for market in self.markets.iter().take(DRAWN) {
            writeln!(to, "<h2>{}</h2>", plain(&market.symbol))?;
            candles::draw(to, market)?;
        }
        if self.markets.len() > DRAWN {
            let left = self.markets.len() - DRAWN;
            writeln!(to, "<p class=\"note\">{left} more markets are not drawn.</p>")?;
        }
        self.unmade(to)?;
        self.trades(to)?;
        writeln!(to, "</main></body></html>")
    }

    /// What was wanted and not done.
    fn unmade(&self, to: &mut String) -> std::fmt::Result {
        if self.unmade.is_empty() {
            return Ok(());
        }
        writeln!(
            to,
            "<h2>Entries that were not made</h2>\n<div class=\"wide\"><table class=\"list\"><tr><th>Whose</th>\
             <th>What</th><th class=\"n\">Times</th><th>The latest</th></tr>"
        )?;
        for Unmade { who, what, count, latest } in &self.unmade {
            let (who, what, latest) = (plain(who), plain(what), plain(latest));
            writeln!(
                to,
                "<tr><td>{who}</td><td>{what}</td><td class=\"n\">{count}</td><td>{latest}</td></tr>"
            )?;
        }
        writeln!(to, "</table></div>")
    }

    /// Costs beside what they were taken from.
    fn costs(&self, to: &mut String) -> std::fmt::Result {
        writeln!(to, "<h2>Costs</h2>\n<table class=\"bars\">")?;
        let largest = self.costs.iter().map(|(_, cost)| cost.abs()).max().unwrap_or_default();
        let largest = largest.max(self.gross.abs()).raw().max(1) as f64;
        let rows = std::iter::once(("earned before costs", self.gross)).chain(self.costs.clone());
        for (name, amount) in rows {
            let width = 100.0 * amount.raw().abs() as f64 / largest;
            let class =
                if amount.is_negative() || name != "earned before costs" { "cost" } else { "gain" };
            writeln!(
                to,
                "<tr><th>{name}</th><td class=\"n\">{}</td>\
                 <td class=\"bar\"><i class=\"{class}\" style=\"width:{width:.1}%\"></i></td></tr>",
                money(amount)
            )?;
        }
        writeln!(to, "</table>")
    }

    fn trades(&self, to: &mut String) -> std::fmt::Result {
        if self.markets.is_empty() {
            return Ok(());
        }
        let all = self.markets.iter().map(|market| market.trades.len()).sum::<usize>();
        writeln!(to, "<h2>Trades</h2>")?;
        if all > LISTED {
            writeln!(to, "<p class=\"note\">The first {LISTED} of {all}.</p>")?;
        }
        writeln!(
            to,
            "<div class=\"wide\"><table class=\"list\"><tr><th>Opened</th><th>Market</th><th></th>\
             <th class=\"n\">Quantity</th><th class=\"n\">Entry</th><th>Closed</th><th class=\"n\">Exit</th>\
             <th class=\"n\">Fees</th><th class=\"n\">Profit</th></tr>"
        )?;
        let mut rows: Vec<(&Market<'_>, &Traded)> =
            self.markets.iter().flat_map(|m| m.trades.iter().map(move |t| (m, t))).collect();
        rows.sort_by_key(|(_, trade)| trade.opened.0);
        for (market, trade) in rows.into_iter().take(LISTED) {
            let (closed, exit) = match trade.closed {
                Some((at, price)) => (instant(at), price_of(price)),
                None => ("open".to_owned(), String::new()),
            };
            writeln!(
                to,
                "<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
                 <td>{closed}</td><td class=\"n\">{exit}</td><td class=\"n\">{}</td>\
                 <td class=\"n {}\">{}</td></tr>",
                instant(trade.opened.0),
                plain(&market.symbol),
                plain(&trade.who),
                trade.qty,
                price_of(trade.opened.1),
                money(trade.fees),
                if trade.profit.is_negative() { "down" } else { "up" },
                money(trade.profit)
            )?;
        }
        writeln!(to, "</table></div>")
    }
}

fn pairs(to: &mut String, class: &str, rows: &[(&str, String)]) -> std::fmt::Result {
    writeln!(to, "<dl class=\"{class}\">")?;
    for (name, value) in rows {
        writeln!(to, "<div><dt>{}</dt><dd>{}</dd></div>", plain(name), plain(value))?;
    }
    writeln!(to, "</dl>")
}

/// A text that is no markup, whatever it says: names of files and symbols come from outside.
pub(in crate::commands) fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// Dollars with two places and groups of three.
pub(in crate::commands) fn money(amount: Money) -> String {
    let text = format!("{:.2}", amount.abs());
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{}${grouped}.{cents}", if amount.is_negative() { "-" } else { "" })
}

/// A price with at least two places.
fn price_of(price: Price) -> String {
    let (short, whole) = (format!("{price:.2}"), price.to_string());
    if short.len() > whole.len() { short } else { whole }
}

/// A date, and the time of day where it is not midnight.
pub(in crate::commands) fn instant(at: Timestamp) -> String {
    let text = at.to_string();
    match text.split_once('T') {
        Some((date, "00:00:00Z")) => date.to_owned(),
        Some((date, time)) => format!("{date} {}", time.get(..5).unwrap_or(time)),
        None => text,
    }
}

#[cfg(test)]
mod tests;
