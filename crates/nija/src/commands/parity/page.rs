//! What was found as one page of HTML that needs no script, no font and nothing from anywhere else.

use super::Compared;
use super::print::{about, counts, role, said, verdict};
use crate::commands::backtest::page::{instant, money, plain, style};
use nija_core::words::time::Timestamp;
use nija_engine::parity::parts::{Cause, Parts, to_cents};
use std::fmt::Write;

/// Rows of a table.
const LISTED: usize = 200;

/// The page.
pub(super) fn html(compared: &Compared) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = page(&mut text, compared);
    text
}

fn page(to: &mut String, compared: &Compared) -> std::fmt::Result {
    let report = &compared.report;
    write!(
        to,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>NIJA parity</title><style>{}</style></head><body><main>\n<h1>NIJA parity</h1>\n",
        style::SHEET
    )?;
    let end = |at: Timestamp, open: &str| match at {
        Timestamp::EPOCH | Timestamp(i64::MAX) => open.to_owned(),
        at => instant(at),
    };
    let (from, until) = (end(compared.span.0, "the beginning"), end(compared.span.1, "the end"));
    writeln!(to, "<p>{}.</p>", plain(&verdict(compared)))?;
    note(to, &format!("{from} to {until}, {} steps of the market.", report.steps))?;
    gap(to, &report.total().2)?;
    profits(to, compared)?;
    decisions(to, compared)?;
    orders(to, compared)?;
    if !report.data.is_empty() {
        note(to, &format!("{} prices of one market are not in the other.", report.data.len()))?;
    }
    writeln!(to, "</main></body></html>")
}

fn note(to: &mut String, text: &str) -> std::fmt::Result {
    writeln!(to, "<p class=\"note\">{}</p>", plain(text))
}

/// The gap in bars.
fn gap(to: &mut String, parts: &Parts) -> std::fmt::Result {
    writeln!(to, "<h2>Gap</h2>\n<table class=\"bars\">")?;
    let cents = parts.cents();
    let largest = cents.iter().map(|part| part.abs().raw()).max().unwrap_or(0).max(1) as f64;
    for (cause, part) in Cause::ALL.into_iter().zip(cents) {
        let width = 100.0 * part.abs().raw() as f64 / largest;
        let class = if part.is_negative() { "cost" } else { "gain" };
        writeln!(
            to,
            "<tr><th>{}</th><td class=\"n\">{}</td>\
             <td class=\"bar\"><i class=\"{class}\" style=\"width:{width:.1}%\"></i></td></tr>",
            word(cause),
            money(part)
        )?;
    }
    let all = money(to_cents(parts.sum()));
    writeln!(to, "<tr><th>all</th><td class=\"n\">{all}</td><td class=\"bar\"></td></tr></table>")
}

fn word(cause: Cause) -> String {
    cause.name().replace('_', " ")
}

/// Heads of the gap and its parts.
fn heads() -> String {
    let head = |cause| format!("<th class=\"n\">{}</th>", word(cause));
    format!("<th class=\"n\">Gap</th>{}", Cause::ALL.map(head).concat())
}

/// The gap and its parts.
fn cells(parts: &Parts) -> String {
    let cell = |amount| format!("<td class=\"n\">{}</td>", money(amount));
    let gap = cell(to_cents(parts.sum()));
    parts.cents().into_iter().fold(gap, |row, part| row + &cell(part))
}

fn profits(to: &mut String, compared: &Compared) -> std::fmt::Result {
    let accounts = &compared.report.accounts;
    writeln!(
        to,
        "<h2>Accounts</h2>\n<div class=\"wide\"><table class=\"list\"><tr><th>Account</th><th>Tier</th>\
         <th class=\"n\">Paper</th><th class=\"n\">Backtest</th>{}</tr>",
        heads()
    )?;
    for of in accounts.iter().take(LISTED) {
        writeln!(
            to,
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>{}</tr>",
            of.who.id,
            role(&of.who),
            money(to_cents(of.paper)),
            money(to_cents(of.rerun)),
            cells(&of.parts)
        )?;
    }
    writeln!(to, "</table></div>")?;
    more(to, accounts.len())
}

fn decisions(to: &mut String, compared: &Compared) -> std::fmt::Result {
    writeln!(
        to,
        "<h2>Decisions</h2>\n<table class=\"list\"><tr><th></th><th class=\"n\">Same</th>\
         <th class=\"n\">Differ</th><th class=\"n\">Only paper</th><th class=\"n\">Only backtest</th></tr>"
    )?;
    for (kind, of) in counts(compared) {
        let cells = [of.same, of.differ, of.only_paper, of.only_rerun];
        let cells = cells.map(|n| format!("<td class=\"n\">{n}</td>")).concat();
        writeln!(to, "<tr><td>{kind}</td>{cells}</tr>")?;
    }
    writeln!(to, "</table>")?;
    let differences = &compared.report.differences;
    if differences.is_empty() {
        return Ok(());
    }
    writeln!(
        to,
        "<div class=\"wide\"><table class=\"list\"><tr><th>At</th><th>About</th><th>Paper</th>\
         <th>Backtest</th></tr>"
    )?;
    for of in differences.iter().take(LISTED) {
        let cells = [about(compared, &of.subject), said(of.paper), said(of.rerun)];
        let cells = cells.map(|text| format!("<td>{}</td>", plain(&text))).concat();
        writeln!(to, "<tr><td>{}</td>{cells}</tr>", instant(of.at))?;
    }
    writeln!(to, "</table></div>")?;
    more(to, differences.len())
}

fn orders(to: &mut String, compared: &Compared) -> std::fmt::Result {
    let orders = &compared.report.orders;
    if orders.is_empty() {
        return Ok(());
    }
    writeln!(
        to,
        "<h2>Orders that earned differently</h2>\n<div class=\"wide\"><table class=\"list\"><tr>\
         <th>Approved</th><th>About</th><th class=\"n\">Filled, paper</th>\
         <th class=\"n\">Filled, backtest</th>{}</tr>",
        heads()
    )?;
    for of in orders.iter().take(LISTED) {
        writeln!(
            to,
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>{}</tr>",
            instant(of.at),
            plain(&about(compared, &of.subject)),
            of.filled.0,
            of.filled.1,
            cells(&of.parts)
        )?;
    }
    writeln!(to, "</table></div>")?;
    more(to, orders.len())
}

fn more(to: &mut String, all: usize) -> std::fmt::Result {
    if all > LISTED {
        note(to, &format!("The first {LISTED} of {all}; --json has all."))?;
    }
    Ok(())
}
