//! What was found, as a table for people or as one JSON object.

use super::Compared;
use nija_core::words::money::Money;
use nija_core::words::time::Timestamp;
use nija_engine::parity::compare::{AccountGap, Count, Difference, OrderGap};
use nija_engine::parity::parts::{Cause, Parts, to_cents};
use nija_engine::parity::story::{Subject, Verdict, Who};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// Lines of one list, after which it is cut; JSON has them all.
const MOST_LINES: usize = 20;

/// A verdict in a few words.
pub(super) fn said(verdict: Option<Verdict>) -> String {
    match verdict {
        None => "nothing".to_owned(),
        Some(Verdict::Approved { qty, limit, stop, .. }) => {
            let limit = limit.map(|price| format!(" limit {price}")).unwrap_or_default();
            let stop = stop.map(|price| format!(" stop {price}")).unwrap_or_default();
            format!("approved {qty}{limit}{stop}")
        }
        Some(Verdict::Refused(code)) => format!("refused ({})", code.name()),
        Some(Verdict::Skipped(why)) => format!("skipped: {}", why.sentence()),
        Some(Verdict::Uncopied(why)) => format!("skipped: {}", why.sentence()),
        Some(Verdict::Left) => "stopped to copy: the follower's loss limit is reached".to_owned(),
        Some(Verdict::Halted(code)) => format!("halted ({})", code.name()),
        Some(Verdict::Stopped(scope)) => format!("stopped {scope}"),
    }
}

/// An account by its tier; a sleeve is said to be one.
pub(super) fn role(who: &Who) -> String {
    let sleeve = if who.copies.is_some() { " copy" } else { "" };
    format!("{}{sleeve}", who.tier.name())
}

/// The rows of counts, signals first.
pub(super) fn counts(compared: &Compared) -> Vec<(&'static str, Count)> {
    let report = &compared.report;
    let decisions = report.decisions.iter().map(|(kind, count)| (*kind, *count));
    let first = std::iter::once(("signals", report.signals));
    first.chain(decisions).chain([("fills", report.fills)]).collect()
}

/// Whose account, who wanted it, which way, of what.
pub(super) fn about(compared: &Compared, subject: &Subject) -> String {
    let side = match subject.buys {
        Some(true) => " buy ",
        Some(false) => " sell ",
        None => " ",
    };
    let account = compared.account(subject.account);
    format!("{account} {}{side}{}", subject.whose.name(), compared.symbol(subject.instrument))
}

/// One sentence.
pub(super) fn verdict(compared: &Compared) -> String {
    let report = &compared.report;
    let (_, _, parts) = report.total();
    let same = match report.agreement_pct() {
        Some(pct) => format!("{pct:.2} % of the decisions are the same"),
        None => "there were no decisions".to_owned(),
    };
    if report.agrees() && parts.is_zero() {
        return format!(
            "paper run and backtest agree: {same}, so is every fill, and there is no gap"
        );
    }
    let more = match to_cents(parts.sum()) {
        Money::ZERO => "as much as".to_owned(),
        gap if gap.is_negative() => format!("${:.2} less than", gap.abs()),
        gap => format!("${gap:.2} more than"),
    };
    format!("{same}; the paper run earned {more} the backtest")
}

fn count(count: &Count) -> Value {
    json!({
        "same": count.same,
        "differ": count.differ,
        "only_paper": count.only_paper,
        "only_rerun": count.only_rerun,
    })
}

/// The gap and its parts.
fn gap(parts: &Parts) -> Value {
    let cents = Cause::ALL.iter().zip(parts.cents());
    let named = cents.map(|(cause, part)| (cause.name().to_owned(), json!(part)));
    Value::Object(named.collect::<Map<_, _>>())
}

fn difference(compared: &Compared, of: &Difference) -> Value {
    json!({
        "at": of.at.to_string(),
        "about": about(compared, &of.subject),
        "paper": said(of.paper),
        "rerun": said(of.rerun),
    })
}

fn order(compared: &Compared, of: &OrderGap) -> Value {
    json!({
        "at": of.at.to_string(),
        "order": of.order,
        "about": about(compared, &of.subject),
        "filled_paper": of.filled.0,
        "filled_rerun": of.filled.1,
        "gap": to_cents(of.parts.sum()),
        "parts": gap(&of.parts),
    })
}

fn account(of: &AccountGap) -> Value {
    json!({
        "account": of.who.id,
        "tier": of.who.tier.name(),
        "copies": of.who.copies.map(|copies| copies.leader),
        "paper": to_cents(of.paper),
        "rerun": to_cents(of.rerun),
        "gap": to_cents(of.parts.sum()),
        "parts": gap(&of.parts),
    })
}

pub(super) fn json(compared: &Compared) -> anyhow::Result<String> {
    let report = &compared.report;
    let (paper, rerun, all) = report.total();
    let counts: Map<String, Value> =
        counts(compared).iter().map(|(kind, of)| ((*kind).to_owned(), count(of))).collect();
    let data = report.data.iter().map(|&(id, at): &(_, Timestamp)| {
        json!({ "symbol": compared.symbol(Some(id)), "at": at.to_string() })
    });
    let differences = report.differences.iter().map(|of| difference(compared, of));
    let object = json!({
        "agrees": report.agrees(),
        "agreement_pct": report.agreement_pct(),
        "steps": report.steps,
        "counts": counts,
        "paper": to_cents(paper),
        "rerun": to_cents(rerun),
        "gap": to_cents(all.sum()),
        "parts": gap(&all),
        "accounts": report.accounts.iter().map(account).collect::<Vec<_>>(),
        "orders": report.orders.iter().map(|of| order(compared, of)).collect::<Vec<_>>(),
        "differences": differences.collect::<Vec<_>>(),
        "data": data.collect::<Vec<_>>(),
    });
    Ok(serde_json::to_string_pretty(&object)? + "\n")
}

pub(super) fn table(compared: &Compared) -> Result<String, std::fmt::Error> {
    let report = &compared.report;
    let mut text = String::new();
    writeln!(text, "{}\n", verdict(compared))?;
    let heads = ["same", "differ", "only paper", "only backtest"];
    line(&mut text, "", heads.map(str::to_owned))?;
    for (kind, of) in counts(compared) {
        let Count { same, differ, only_paper, only_rerun } = of;
        line(&mut text, kind, [same, differ, only_paper, only_rerun].map(|n| n.to_string()))?;
    }
    writeln!(text)?;
    let causes = Cause::ALL.map(|cause| cause.name().to_owned());
    let heads = ["paper", "backtest", "gap"].map(str::to_owned);
    line(&mut text, "profit, $", heads.into_iter().chain(causes))?;
    for of in &report.accounts {
        profit(&mut text, &role(&of.who), (of.paper, of.rerun), &of.parts)?;
    }
    let (paper, rerun, all) = report.total();
    profit(&mut text, "all", (paper, rerun), &all)?;
    lists(&mut text, compared)?;
    Ok(text)
}

fn line(
    text: &mut String,
    name: &str,
    cells: impl IntoIterator<Item = String>,
) -> std::fmt::Result {
    write!(text, "{name:<14}")?;
    cells.into_iter().try_for_each(|cell| write!(text, "{cell:>14}"))?;
    writeln!(text)
}

fn profit(text: &mut String, name: &str, sums: (i128, i128), parts: &Parts) -> std::fmt::Result {
    let sums = [sums.0, sums.1, parts.sum()].map(to_cents);
    line(text, name, sums.into_iter().chain(parts.cents()).map(|sum| format!("{sum:.2}")))
}

fn lists(text: &mut String, compared: &Compared) -> std::fmt::Result {
    let report = &compared.report;
    let differences = report.differences.iter().map(|of| {
        let (paper, rerun) = (said(of.paper), said(of.rerun));
        format!("{} {}: paper {paper}; backtest {rerun}", of.at, about(compared, &of.subject))
    });
    list(text, "decisions that differ", differences.collect())?;
    let orders = report.orders.iter().map(|of| {
        let gap = to_cents(of.parts.sum());
        let cents = Cause::ALL.into_iter().zip(of.parts.cents());
        let causes = cents.filter(|(_, part)| !part.is_zero());
        let causes: Vec<String> =
            causes.map(|(cause, part)| format!("{} {part:.2}", cause.name())).collect();
        format!("{} {}: ${gap:.2} ({})", of.at, about(compared, &of.subject), causes.join(", "))
    });
    list(text, "orders that earned differently", orders.collect())?;
    let data = report.data.iter().map(|(id, at)| format!("{at} {}", compared.symbol(Some(*id))));
    list(text, "prices that one of the markets did not have", data.collect())?;
    Ok(())
}

fn list(text: &mut String, title: &str, lines: Vec<String>) -> std::fmt::Result {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(text, "\n{title}:")?;
    for line in lines.iter().take(MOST_LINES) {
        writeln!(text, "  {line}")?;
    }
    if lines.len() > MOST_LINES {
        writeln!(text, "  and {} more; --json has all", lines.len() - MOST_LINES)?;
    }
    Ok(())
}
