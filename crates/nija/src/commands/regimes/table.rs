//! The scorecard as text for people. Pure.

use nija_market::regime::scorecard::{Contender, Record, Scorecard};
use std::fmt::Write;

/// All of it.
pub(super) fn text(card: &Scorecard) -> String {
    let mut out = String::new();
    // Writing into a text cannot fail.
    let _ = whole(card, &mut out);
    out
}

fn whole(card: &Scorecard, out: &mut String) -> std::fmt::Result {
    let day = |at: nija_core::words::time::Timestamp| at.to_string()[..10].to_owned();
    writeln!(
        out,
        "Regimes from {} to {}: {} sessions, {:.1} switches a year, net of costs, point in time.",
        day(card.from),
        day(card.until),
        card.sessions,
        card.switches_a_year
    )?;
    if !card.bonds {
        writeln!(out, "No bonds in the data: cash stands in for the 40 of 60/40.")?;
    }
    writeln!(out, "Cash earns nothing.\n")?;
    writeln!(
        out,
        "{:<14}{:>9}{:>9}{:>9}{:>9}{:>9}",
        "", "a year", "vol", "Sharpe", "fall", "costs/y"
    )?;
    for total in &card.totals {
        writeln!(
            out,
            "{:<14}{:>8.1}%{:>8.1}%{:>9.2}{:>8.1}%{:>8.1}%",
            total.record.contender.title(),
            100.0 * total.record.annual,
            100.0 * total.record.volatility,
            total.record.sharpe,
            100.0 * total.drawdown,
            100.0 * total.costs
        )?;
    }
    chapters(card, out)?;
    evidence(card, out)
}

/// Mean return a year, and the Sharpe ratio, of each contender in each regime.
fn chapters(card: &Scorecard, out: &mut String) -> std::fmt::Result {
    write!(out, "\n{:<16}{:>9}", "in the regime", "sessions")?;
    for contender in Contender::ALL {
        write!(out, "{:>18}", contender.title())?;
    }
    writeln!(out)?;
    for chapter in &card.chapters {
        write!(out, "{:<16}{:>9}", chapter.regime.name(), chapter.sessions)?;
        for Record { annual, sharpe, .. } in &chapter.records {
            write!(out, "{:>10.1}% {sharpe:>+6.2}", 100.0 * annual)?;
        }
        writeln!(out)?;
    }
    writeln!(out, "(mean return a year, and Sharpe ratio)")
}

fn evidence(card: &Scorecard, out: &mut String) -> std::fmt::Result {
    let from = &card.held_out_from.to_string()[..10];
    if card.findings.is_empty() {
        return writeln!(
            out,
            "\nHeld-out sessions from {from}: too few to say anything, no evidence."
        );
    }
    writeln!(out, "\nHeld-out sessions from {from}, regimes against:")?;
    for found in &card.findings {
        writeln!(
            out,
            "{:<14}{:<16}{:>6} sessions{:>+9.1}% a year   t {:>+5.2}   {}",
            found.against.title(),
            found.regime.map_or("all", |regime| regime.name()),
            found.sessions,
            100.0 * found.difference,
            found.t,
            found.word
        )?;
    }
    match card.contrast {
        Some(found) => writeln!(
            out,
            "Are regimes told apart? Sharpe {:+.2} in calm and {:+.2} in stormy ones, t {:+.2}: {}",
            found.calm, found.stormy, found.t, found.word
        ),
        None => writeln!(out, "Are regimes told apart? Too few sessions of one side: no evidence"),
    }
}
