//! Composes a statement: what all sections add up to, then each section, then how to check it.

mod parts;
pub(crate) mod records;

use crate::chart::Chart;
use crate::figure::{NONE, change, dollars, moment, money, month, some_money, span};
use crate::sheet::{Block, Head, Sheet, letterhead};
use crate::table::{Kind, Table};
use crate::text::{capital, file_name};
use crate::{figure, returns};
use nija_core::ports::documents::section::{Charge, FeeKind, IncomeKind, Section, Sums};
use nija_core::ports::documents::statement::{Facts, Statement};
use nija_core::words::money::Money;
use nija_core::words::time::Timestamp;

/// Lines of one list on paper; a page holds about fifty. The CSV has all of them.
const LISTED_MAX: usize = 1_000;

/// Puts a statement on a sheet.
pub(crate) fn compose(statement: &Statement) -> Sheet {
    let facts = statement.facts();
    let subject = match month(facts.period) {
        Some((year, _, word)) => format!("{word} {year}"),
        None => span(facts.period),
    };
    let mut blocks = summary(statement);
    for (section, sums) in statement.sections() {
        let alone = statement.sections().len() == 1;
        blocks.extend(parts::of(section, (!alone).then_some(sums)));
    }
    blocks.extend(days(statement));
    blocks.extend(facts.note.clone().map(Block::Words));
    blocks.push(Block::Part("How to check this statement".into()));
    blocks.extend(HOW.iter().map(|words| Block::Remark((*words).into())));
    Sheet {
        title: format!("Statement {subject}"),
        file: file(facts),
        dated: facts.period.to,
        head: Head {
            word: "Statement".into(),
            subject,
            issuer: letterhead(&facts.issuer),
            customer: customer(facts),
            address: "For",
            facts: vec![
                ("Account", short(facts)),
                ("Plan", facts.tier.name().into()),
                ("From", moment(facts.period.from)),
                ("To", moment(facts.period.to)),
            ],
        },
        blocks,
    }
}

/// What everyone needs who wants to recompute a figure.
const HOW: [&str; 5] = [
    "All amounts are in US dollars and exact: nothing is rounded but the headlines, the returns and, where the \
     venue or the fee rule says so, the fees. Times are UTC. The end of the period belongs to the next one.",
    "Equity is cash and open positions at their marks. Opening equity, deposits, withdrawals, realized profit, \
     the change of unrealized profit and other income, less the fees taken from the account, give the closing \
     equity. A statement for which they do not is never printed.",
    "Fees on profit: a deposit raises the high-water mark by itself. A withdrawal lowers the mark by the share \
     of equity that left; if equity was above the mark, that share of the profit pays its fee out of what was \
     withdrawn. When fees fall due, each is its rate of equity less mark, rounded down to the cent, and the mark \
     becomes the equity after the fees. Below the mark there is no fee, and the mark stays.",
    "Time-weighted return: the returns of the days, multiplied. What came in on a day counts from its \
     beginning, what went out to its end: with F the net flow of a day, its return is equity / (equity of the \
     day before + F) - 1 where F came in, and (equity - F) / equity of the day before - 1 where it went out.",
    "Money-weighted return: the one rate at which the opening equity and every flow, each growing from its \
     instant to the end, give the closing equity; where several would, the one nearest to zero. Both returns \
     are those of the period, not of a year, after the fees taken from the account, before what was paid \
     outside of it.",
];

/// Name of its file, without what comes after the dot.
pub(crate) fn file(facts: &Facts) -> String {
    let time = match month(facts.period) {
        Some((year, month, _)) => format!("{year}-{month}"),
        None => span(facts.period),
    };
    let account = &facts.account.to_string()[..8];
    file_name(&format!("statement-{time}-{account}"))
}

fn short(facts: &Facts) -> String {
    let id = facts.account.to_string();
    format!("{} {} {} {}", &id[..8], &id[8..16], &id[16..24], &id[24..])
}

fn customer(facts: &Facts) -> Vec<String> {
    let customer = &facts.customer;
    customer.address.iter().chain(std::iter::once(&customer.email)).cloned().collect()
}

fn summary(statement: &Statement) -> Vec<Block> {
    let total = statement.total();
    let earned = returns::of(statement);
    let headlines = [
        ("Opening equity", dollars(total.opening)),
        ("Closing equity", dollars(total.closing)),
        ("Profit after fees", dollars(total.profit())),
        ("Time-weighted return", change(earned.time_weighted)),
        ("Money-weighted return", change(earned.money_weighted)),
    ];
    let mut blocks =
        vec![Block::Headlines(headlines.map(|(label, value)| (label.into(), value)).into())];
    let opening = (statement.facts().period.from, total.opening);
    let curve: Vec<(Timestamp, Money)> = std::iter::once(opening)
        .chain(statement.days().iter().map(|day| (day.at, day.equity)))
        .collect();
    blocks.extend(Chart::of("Equity", &curve).map(Block::Chart));
    blocks.push(Block::Table(reconciliation("From opening to closing equity", total)));
    let worth: Vec<&Section> = statement.sections().map(|(section, _)| section).collect();
    blocks.push(Block::Table(balance("What there was", &worth)));
    if worth.len() > 1 {
        blocks.push(Block::Table(places(statement)));
    }
    blocks.push(Block::Table(fees(statement)));
    blocks.extend(outside(&statement.facts().outside));
    blocks
}

/// Each section in a line.
fn places(statement: &Statement) -> Table {
    let columns = [
        ("Where", Kind::Words),
        ("Opening", Kind::Figures),
        ("Flows", Kind::Figures),
        ("Profit", Kind::Figures),
        ("Fees", Kind::Figures),
        ("Closing", Kind::Figures),
    ];
    let mut table = Table::new("Account and copy sleeves", &columns);
    let cells = |title: String, sums: &Sums| {
        let flows = sums.closing.saturating_sub(sums.opening).saturating_sub(sums.profit());
        let gross = sums.profit().saturating_add(sums.fees_taken());
        let figures = [sums.opening, flows, gross, sums.fees_taken().negated(), sums.closing];
        let [opening, flows, gross, fees, closing] = figures.map(money);
        [title, opening, flows, gross, fees, closing]
    };
    for (section, sums) in statement.sections() {
        table.row(cells(section.place.title(), sums));
    }
    table.total(cells("All together".into(), statement.total()));
    table.aligned()
}

/// The way from one equity to the other, with the check that it arrives.
fn reconciliation(caption: &str, sums: &Sums) -> Table {
    let mut table = Table::new(caption, &[("What", Kind::Words), ("USD", Kind::Figures)]);
    table.total(["Opening equity".into(), money(sums.opening)]);
    let mut explained = sums.opening;
    let mut line = |words: String, amount: Money| {
        explained = explained.saturating_add(amount);
        table.row([words, money(amount)]);
    };
    line("Deposits".into(), sums.deposits);
    line("Withdrawals".into(), sums.withdrawals);
    if !sums.transfers.is_zero() {
        line("Transfers".into(), sums.transfers);
    }
    line("Realized profit".into(), sums.realized);
    line("Change of unrealized profit".into(), sums.unrealized);
    for kind in IncomeKind::ALL {
        let amount = sums.income[kind as usize];
        if !amount.is_zero() {
            line(capital(kind.title()), amount);
        }
    }
    for kind in FeeKind::ALL {
        let amount = sums.fees[kind as usize];
        if !amount.is_zero() {
            line(capital(kind.title()), amount.negated());
        }
    }
    table.total(["Sum".into(), money(explained)]);
    table.row(["Closing equity: cash and positions at their marks".into(), money(sums.closing)]);
    table.total(["Difference".into(), money(sums.closing.saturating_sub(explained))]);
    table.aligned()
}

/// Cash, positions, equity and unrealized profit at both ends.
fn balance(caption: &str, sections: &[&Section]) -> Table {
    let columns = [
        ("What", Kind::Words),
        ("Opening", Kind::Figures),
        ("Closing", Kind::Figures),
        ("Change", Kind::Figures),
    ];
    let mut table = Table::new(caption, &columns);
    let mut sum = |words: &str, total: bool, of: &dyn Fn(&Section) -> (Money, Money)| {
        let add = |(a, b): (Money, Money), (c, d): (Money, Money)| {
            (a.saturating_add(c), b.saturating_add(d))
        };
        let (opening, closing) =
            sections.iter().map(|section| of(section)).fold((Money::ZERO, Money::ZERO), add);
        let change = closing.saturating_sub(opening);
        let cells = [words.into(), money(opening), money(closing), money(change)];
        if total { table.total(cells) } else { table.row(cells) }
    };
    let worth = |section: &Section| (section.opening, section.closing);
    sum("Cash", false, &|section| {
        let (opening, closing) = worth(section);
        (opening.cash, closing.cash)
    });
    sum("Positions at their marks", false, &|section| {
        let (opening, closing) = worth(section);
        (opening.positions, closing.positions)
    });
    sum("Equity", true, &|section| {
        let (opening, closing) = worth(section);
        (
            opening.cash.saturating_add(opening.positions),
            closing.cash.saturating_add(closing.positions),
        )
    });
    sum("Unrealized profit within the positions", false, &|section| {
        let (opening, closing) = worth(section);
        (opening.unrealized, closing.unrealized)
    });
    table.aligned()
}

/// Fees by kind, whoever took them.
fn fees(statement: &Statement) -> Table {
    let columns = [
        ("Kind", Kind::Words),
        ("From the account", Kind::Figures),
        ("Paid outside", Kind::Figures),
        ("Together", Kind::Figures),
    ];
    let mut table = Table::new("Fees", &columns);
    let total = statement.total();
    let (mut taken, mut paid) = (Money::ZERO, Money::ZERO);
    for kind in FeeKind::ALL {
        let own = total.fees[kind as usize];
        let charges = statement.facts().outside.iter().filter(|charge| charge.kind == kind);
        let invoiced = total.invoiced[kind as usize];
        let other = charges.fold(invoiced, |all, charge| all.saturating_add(charge.amount));
        (taken, paid) = (taken.saturating_add(own), paid.saturating_add(other));
        let both = own.saturating_add(other);
        table.row([capital(kind.title()), some_money(own), some_money(other), some_money(both)]);
    }
    let all = taken.saturating_add(paid);
    table.total(["All fees".into(), money(taken), money(paid), money(all)]);
    table.aligned()
}

/// What was paid outside, line by line; empty where nothing was.
fn outside(charges: &[Charge]) -> Option<Block> {
    let mut table = parts::charges("Paid outside the account", charges)?;
    table.caption.push_str(", not part of equity");
    Some(Block::Table(table))
}

/// Equity day by day with the return of each day.
fn days(statement: &Statement) -> Vec<Block> {
    let columns = [
        ("Marked at", Kind::Piece),
        ("Net flow", Kind::Figures),
        ("Equity", Kind::Figures),
        ("Return of the day, %", Kind::Figures),
    ];
    let days = returns::by_day(statement);
    let mut table = Table::new("Equity by day", &columns);
    for (day, earned) in days.iter().take(LISTED_MAX) {
        let earned = earned.map_or_else(|| NONE.into(), figure::rate);
        table.row([moment(day.at), some_money(day.flow), money(day.equity), earned]);
    }
    more(&mut table, days.len());
    let linked = returns::of(statement).time_weighted;
    let linked = linked.map_or_else(|| NONE.into(), figure::rate);
    table.total(["Linked".into(), String::new(), String::new(), linked]);
    vec![Block::Part("Day by day".into()), Block::Table(table.aligned())]
}

/// Says how many lines of a list are not on paper.
fn more(table: &mut Table, lines: usize) {
    if let Some(left) = lines.checked_sub(LISTED_MAX).filter(|left| *left > 0) {
        table.remark(format!("and {left} more, all of them in the CSV"));
    }
}
