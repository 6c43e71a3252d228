//! The scorecard as one page of HTML that needs no script, no font and nothing from anywhere else. Pure.

use crate::commands::backtest::page::{plain, style};
use nija_core::words::conditions::Regime;
use nija_core::words::tier::Tier;
use nija_core::words::time::Timestamp;
use nija_market::regime::scorecard::{Contender, Record, Scorecard};
use std::fmt::Write;

/// The page.
pub(super) fn html(card: &Scorecard, tier: Tier) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = page(&mut text, card, tier);
    text
}

fn page(to: &mut String, card: &Scorecard, tier: Tier) -> std::fmt::Result {
    write!(
        to,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>NIJA regimes</title><style>{}</style></head><body><main>\n\
         <h1>What following the regimes earned</h1>\n",
        style::SHEET
    )?;
    writeln!(
        to,
        "<p>Daily closes from {} to {}: {} sessions, {:.1} switches of regime a year. Net of costs and point in time: \
         what was known at one close is traded at the next. The past promises nothing.</p>",
        day(card.from),
        day(card.until),
        card.sessions,
        card.switches_a_year
    )?;
    for contender in Contender::ALL {
        let (title, what) = (contender.title(), meaning(contender, tier));
        note(to, &format!("{title}: {what}."))?;
    }
    if !card.bonds {
        note(to, "There are no bonds in these data: cash stands in for the 40 of 60/40.")?;
    }
    note(to, "Cash earns nothing.")?;
    totals(to, card)?;
    chapters(to, card)?;
    evidence(to, card)?;
    writeln!(to, "</main></body></html>")
}

/// What a contender does with its money.
fn meaning(contender: Contender, tier: Tier) -> String {
    let tier = tier.name();
    match contender {
        Contender::Regimes => format!("the split of {tier} for the regime at hand, turned with it"),
        Contender::Frozen => {
            format!("the split of {tier} for an unknown regime, restored each month")
        }
        Contender::SixtyForty => "60% index and 40% bonds, restored each month".to_owned(),
        Contender::BuyAndHold => "the index, bought once".to_owned(),
    }
}

fn totals(to: &mut String, card: &Scorecard) -> std::fmt::Result {
    table(
        to,
        "All sessions",
        &["", "A year", "Volatility", "Sharpe", "Deepest fall", "Costs a year"],
    )?;
    for total in &card.totals {
        let Record { contender, annual, volatility, sharpe } = total.record;
        let cells = [
            percent(annual),
            percent(volatility),
            format!("{sharpe:.2}"),
            percent(total.drawdown),
            percent(total.costs),
        ];
        row(to, contender.title(), &cells)?;
    }
    writeln!(to, "</table></div>")
}

/// Mean return a year, and the Sharpe ratio, of each contender in each regime.
fn chapters(to: &mut String, card: &Scorecard) -> std::fmt::Result {
    let titles = Contender::ALL.map(Contender::title);
    let heads = [&["Regime", "Sessions"][..], &titles].concat();
    table(to, "By regime", &heads)?;
    for chapter in &card.chapters {
        let records = chapter.records.iter();
        let records = records.map(|of| format!("{} ({:+.2})", percent(of.annual), of.sharpe));
        let cells: Vec<String> =
            std::iter::once(chapter.sessions.to_string()).chain(records).collect();
        row(to, &name(chapter.regime), &cells)?;
    }
    writeln!(to, "</table></div>")?;
    note(to, "Mean return a year, and Sharpe ratio.")
}

fn evidence(to: &mut String, card: &Scorecard) -> std::fmt::Result {
    let from = day(card.held_out_from);
    if card.findings.is_empty() {
        writeln!(to, "<h2>Is it more than luck?</h2>")?;
        let few = format!("Held-out sessions from {from}: too few to say anything, no evidence.");
        return note(to, &few);
    }
    let heads = ["Against", "Regime", "Sessions", "Difference a year", "t", "Verdict"];
    table(to, &format!("Is it more than luck? Held-out sessions from {from}"), &heads)?;
    for found in &card.findings {
        let cells = [
            found.regime.map_or("all".to_owned(), name),
            found.sessions.to_string(),
            percent(found.difference),
            format!("{:+.2}", found.t),
            found.word.to_string(),
        ];
        row(to, found.against.title(), &cells)?;
    }
    writeln!(to, "</table></div>")?;
    match card.contrast {
        Some(found) => note(
            to,
            &format!(
                "Sharpe {:+.2} in calm and {:+.2} in stormy regimes, t {:+.2}: {}.",
                found.calm, found.stormy, found.t, found.word
            ),
        ),
        None => note(to, "Calm and stormy regimes: too few sessions of one side, no evidence."),
    }
}

/// Opens a table under its title; the first column is of words.
fn table(to: &mut String, title: &str, heads: &[&str]) -> std::fmt::Result {
    let head = |(n, head): (usize, &&str)| match n {
        0 => format!("<th>{}</th>", plain(head)),
        _ => format!("<th class=\"n\">{}</th>", plain(head)),
    };
    let heads: String = heads.iter().enumerate().map(head).collect();
    let title = plain(title);
    writeln!(to, "<h2>{title}</h2>\n<div class=\"wide\"><table class=\"list\"><tr>{heads}</tr>")
}

fn row(to: &mut String, of: &str, cells: &[String]) -> std::fmt::Result {
    let cell = |text: &String| format!("<td class=\"n\">{}</td>", plain(text));
    let cells: String = cells.iter().map(cell).collect();
    writeln!(to, "<tr><td>{}</td>{cells}</tr>", plain(of))
}

fn note(to: &mut String, text: &str) -> std::fmt::Result {
    writeln!(to, "<p class=\"note\">{}</p>", plain(text))
}

fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

fn name(regime: Regime) -> String {
    regime.name().replace('_', " ")
}

fn percent(part: f64) -> String {
    format!("{:.1}%", 100.0 * part)
}
