//! One section of a statement: its flows, its high-water mark, its trades, its income and what is open.

use super::{LISTED_MAX, balance, more, reconciliation};
use crate::figure::{NONE, moment, money, price, qty, rate, some_money};
use crate::sheet::Block;
use crate::table::{Kind, Table};
use crate::text::capital;
use nija_core::ports::documents::high_water::{Cause, HighWater, Settled, Step};
use nija_core::ports::documents::section::{
    Charge, Flow, FlowKind, Holding, Income, Section, Sums, Trade,
};
use nija_core::words::money::Money;
use nija_core::words::order::Side;

/// The blocks of a section; with its sums where it is one of several.
pub(super) fn of(section: &Section, sums: Option<&Sums>) -> Vec<Block> {
    let mut blocks = vec![Block::Part(section.place.title())];
    let mut tables = Vec::new();
    if let Some(sums) = sums {
        tables.push(reconciliation("From opening to closing equity", sums));
        tables.push(balance("What there was", &[section]));
    }
    tables.extend(flows(&section.flows));
    tables.extend(section.high_water.as_ref().map(high_water));
    tables.extend(trades(&section.trades));
    tables.extend(income(&section.income));
    tables.extend(charges("Other fees taken from the account", &section.charges));
    tables.extend(positions(&section.positions));
    if tables.is_empty() {
        blocks.push(Block::Words("Nothing happened, and nothing is open.".into()));
    }
    blocks.extend(tables.into_iter().map(Block::Table));
    blocks
}

const fn flow_word(kind: FlowKind) -> &'static str {
    match kind {
        FlowKind::Deposit => "Deposit",
        FlowKind::Withdrawal => "Withdrawal",
        FlowKind::Transfer => "Transfer",
    }
}

fn flows(flows: &[Flow]) -> Option<Table> {
    let columns = [("When", Kind::Piece), ("What", Kind::Words), ("Amount", Kind::Figures)];
    let mut table = Table::new("Deposits, withdrawals and transfers", &columns);
    let all = flows.iter().fold(Money::ZERO, |all, flow| all.saturating_add(flow.amount));
    for flow in flows.iter().take(LISTED_MAX) {
        table.row([moment(flow.at), flow_word(flow.kind).into(), money(flow.amount)]);
    }
    more(&mut table, flows.len());
    table.total(["Net".into(), String::new(), money(all)]);
    (!flows.is_empty()).then(|| table.aligned())
}

const fn cause_word(cause: Cause) -> &'static str {
    match cause {
        Cause::Deposit => "Deposit",
        Cause::Withdrawal => "Withdrawal",
        Cause::Crystallization => "Fee due",
        Cause::Refund => "Refund",
        Cause::Resumption => "Copying again",
        Cause::Netted => "Flow, netted with the day's others",
    }
}

fn high_water(mark: &HighWater) -> Table {
    let columns = [
        ("When", Kind::Words),
        ("Step", Kind::Words),
        ("Equity", Kind::Figures),
        ("Flow", Kind::Figures),
        ("Mark", Kind::Figures),
        ("Profit above", Kind::Figures),
        ("Rate, %", Kind::Figures),
        ("Fee", Kind::Figures),
        ("Equity after", Kind::Figures),
        ("Mark after", Kind::Figures),
    ];
    let mut table = Table::new("High-water mark and the fees on profit", &columns);
    let fee = mark.steps.iter().fold(Money::ZERO, |all, step| all.saturating_add(step.fee()));
    let ends = |words: &str, fee: String, at: Money| {
        let mut cells = [const { String::new() }; 10];
        cells[0] = words.into();
        cells[7] = fee;
        cells[9] = money(at);
        cells
    };
    table.total(ends("Opening mark", String::new(), mark.opening));
    for step in mark.steps.iter().take(LISTED_MAX) {
        push_step(&mut table, step);
    }
    more(&mut table, mark.steps.len());
    table.total(ends("Closing mark", money(fee), mark.closing()));
    if !mark.accrued.is_zero() {
        let words = "Fees if they fell due at the end, not booked";
        let mut cells = ends(words, money(mark.accrued), Money::ZERO);
        cells[9] = String::new();
        table.row(cells);
    }
    table.aligned()
}

/// A line for the step, with its first fee, and one for each further fee.
fn push_step(table: &mut Table, step: &Step) {
    let mut fees = step.fees.iter().map(|fee| {
        let by = match fee.settled {
            Settled::FromAccount => "",
            Settled::ByInvoice => ", invoiced",
        };
        (format!("{}{by}", fee.kind.title()), rate(fee.rate), money(fee.amount))
    });
    let word = cause_word(step.cause);
    let (words, first_rate, first_fee) = match fees.next() {
        Some((kind, rate, fee)) => (format!("{word}: {kind}"), rate, fee),
        None => (word.to_owned(), NONE.into(), NONE.into()),
    };
    table.row([
        moment(step.at),
        words,
        money(step.equity),
        some_money(step.flow),
        money(step.mark),
        some_money(step.gain),
        first_rate,
        first_fee,
        money(step.equity_after()),
        money(step.mark_after),
    ]);
    for (kind, rate, fee) in fees {
        let mut cells = [const { String::new() }; 10];
        (cells[1], cells[6], cells[7]) = (format!("and {kind}"), rate, fee);
        table.row(cells);
    }
}

/// The word of a side.
pub(super) const fn side_word(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

fn trades(trades: &[Trade]) -> Option<Table> {
    let columns = [
        ("When", Kind::Piece),
        ("Symbol", Kind::Words),
        ("Side", Kind::Piece),
        ("Quantity", Kind::Figures),
        ("Price", Kind::Figures),
        ("Value", Kind::Figures),
        ("Fee", Kind::Figures),
        ("Realized", Kind::Figures),
    ];
    let mut table = Table::new("Trades", &columns);
    for trade in trades.iter().take(LISTED_MAX) {
        table.row([
            moment(trade.at),
            trade.symbol.clone(),
            capital(side_word(trade.side)),
            qty(trade.qty),
            price(trade.price),
            money(trade.value),
            some_money(trade.fee),
            some_money(trade.realized),
        ]);
    }
    more(&mut table, trades.len());
    let sum = |of: fn(&Trade) -> Money| {
        money(trades.iter().fold(Money::ZERO, |all, trade| all.saturating_add(of(trade))))
    };
    let mut cells = [const { String::new() }; 8];
    cells[0] = format!("{} trades", trades.len());
    cells[6] = sum(|trade| trade.fee);
    cells[7] = sum(|trade| trade.realized);
    table.total(cells);
    (!trades.is_empty()).then(|| table.aligned())
}

fn income(income: &[Income]) -> Option<Table> {
    let columns = [
        ("When", Kind::Piece),
        ("Kind", Kind::Piece),
        ("On what", Kind::Words),
        ("Amount", Kind::Figures),
    ];
    let mut table = Table::new("Dividends, interest, funding and corrections", &columns);
    for line in income.iter().take(LISTED_MAX) {
        let kind = capital(line.kind.title());
        table.row([moment(line.at), kind, line.note.clone(), money(line.amount)]);
    }
    more(&mut table, income.len());
    let all = income.iter().fold(Money::ZERO, |all, line| all.saturating_add(line.amount));
    table.total(["Together".into(), String::new(), String::new(), money(all)]);
    (!income.is_empty()).then(|| table.aligned())
}

/// Fees that stand alone; none for an empty list.
pub(super) fn charges(caption: &str, charges: &[Charge]) -> Option<Table> {
    let columns = [
        ("When", Kind::Piece),
        ("Kind", Kind::Piece),
        ("What for", Kind::Words),
        ("Amount", Kind::Figures),
    ];
    let mut table = Table::new(caption, &columns);
    for charge in charges.iter().take(LISTED_MAX) {
        let kind = capital(charge.kind.title());
        table.row([moment(charge.at), kind, charge.note.clone(), money(charge.amount)]);
    }
    more(&mut table, charges.len());
    let all = charges.iter().fold(Money::ZERO, |all, charge| all.saturating_add(charge.amount));
    table.total(["Together".into(), String::new(), String::new(), money(all)]);
    (!charges.is_empty()).then(|| table.aligned())
}

fn positions(positions: &[Holding]) -> Option<Table> {
    let columns = [
        ("Symbol", Kind::Words),
        ("Quantity", Kind::Figures),
        ("Cost", Kind::Figures),
        ("Mark", Kind::Figures),
        ("Value", Kind::Figures),
        ("Unrealized", Kind::Figures),
    ];
    let mut table = Table::new("Open positions at the end", &columns);
    for held in positions.iter().take(LISTED_MAX) {
        table.row([
            held.symbol.clone(),
            qty(held.qty),
            money(held.cost),
            price(held.mark),
            money(held.value),
            money(held.unrealized),
        ]);
    }
    more(&mut table, positions.len());
    let sum = |of: fn(&Holding) -> Money| {
        money(positions.iter().fold(Money::ZERO, |all, held| all.saturating_add(of(held))))
    };
    let mut cells = [const { String::new() }; 6];
    cells[0] = "Together".into();
    cells[2] = sum(|held| held.cost);
    cells[4] = sum(|held| held.value);
    cells[5] = sum(|held| held.unrealized);
    table.total(cells);
    (!positions.is_empty()).then(|| table.aligned())
}
