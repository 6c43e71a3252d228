//! A statement as one table of CSV (RFC 4180): the column `section` says what a line is, the others hold what
//! that kind of line has. Figures are plain decimals; text of users can begin no formula.
//! `docs/statements.md` explains each column.

use super::parts::side_word;
use crate::returns;
use crate::text::plain_cell;
use nija_core::ports::documents::DocumentError;
use nija_core::ports::documents::high_water::{Cause, HighWater};
use nija_core::ports::documents::section::{
    Charge, FeeKind, FlowKind, IncomeKind, Place, Section, Sums,
};
use nija_core::ports::documents::statement::Statement;
use nija_core::words::money::Money;
use nija_core::words::time::Timestamp;
use std::fmt::Display;

/// Declares the columns with their names, in order.
macro_rules! columns {
    ($($column:ident: $name:literal),* $(,)?) => {
        #[derive(Clone, Copy)]
        enum Column { $($column),* }
        /// Names of the columns, in order.
        const NAMES: &[&str] = &[$($name),*];
    };
}
columns! {
    Section: "section",
    Place: "place",
    At: "at",
    Item: "item",
    Symbol: "symbol",
    Side: "side",
    Quantity: "quantity",
    Price: "price",
    Value: "value",
    Cost: "cost",
    Fee: "fee",
    Realized: "realized",
    Unrealized: "unrealized",
    Gain: "gain",
    Rate: "rate",
    Amount: "amount",
    Equity: "equity",
    MarkBefore: "mark_before",
    MarkAfter: "mark_after",
    Note: "note",
}

/// One line, being filled.
struct Record(Vec<String>);

impl Record {
    fn new(section: &str, place: &str) -> Self {
        let mut record = Self(vec![String::new(); NAMES.len()]);
        record.0[Column::Section as usize] = section.to_owned();
        record.text(Column::Place, place)
    }

    /// Text from outside.
    fn text(mut self, column: Column, text: &str) -> Self {
        self.0[column as usize] = plain_cell(text);
        self
    }

    /// A figure, an instant or a word of ours.
    fn put(mut self, column: Column, value: impl Display) -> Self {
        self.0[column as usize] = value.to_string();
        self
    }
}

/// Writes a statement.
pub(crate) fn write(statement: &Statement) -> Result<Vec<u8>, DocumentError> {
    let failed = |failure: csv::Error| DocumentError::Unwritten(failure.to_string());
    let mut lines =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    lines.write_record(NAMES).map_err(failed)?;
    for record in records(statement) {
        lines.write_record(&record.0).map_err(failed)?;
    }
    lines.into_inner().map_err(|failure| DocumentError::Unwritten(failure.to_string()))
}

fn records(statement: &Statement) -> Vec<Record> {
    let mut out = about(statement);
    out.extend(reckoning("all", statement.total()));
    for (section, sums) in statement.sections() {
        let place = place_word(&section.place);
        out.extend(reckoning(&place, sums));
        out.extend(of_section(&place, section));
    }
    out.extend(statement.facts().outside.iter().map(|charge| fee("outside", "outside", charge)));
    for (day, earned) in returns::by_day(statement) {
        let record = Record::new("day", "all").put(Column::At, day.at);
        let record = record.put(Column::Amount, day.flow).put(Column::Equity, day.equity);
        out.push(match earned {
            Some(earned) => record.put(Column::Rate, earned),
            None => record,
        });
    }
    let earned = returns::of(statement);
    for (item, rate) in
        [("time_weighted", earned.time_weighted), ("money_weighted", earned.money_weighted)]
    {
        let record = Record::new("return", "all").put(Column::Item, item);
        out.push(match rate {
            Some(rate) => record.put(Column::Rate, rate),
            None => record.put(Column::Note, "no rate explains the flows"),
        });
    }
    out
}

fn place_word(place: &Place) -> String {
    match place {
        Place::Account => "account".into(),
        Place::Sleeve { leader } => format!("copy of {leader}"),
    }
}

/// Whose it is and which time it is about.
fn about(statement: &Statement) -> Vec<Record> {
    let facts = statement.facts();
    let line = |item: &str, note: &str| {
        Record::new("statement", "all").put(Column::Item, item).text(Column::Note, note)
    };
    let mut out = vec![
        line("issuer", &facts.issuer.name),
        line("email", &facts.customer.email),
        line("user", &facts.customer.user.to_string()),
        line("account", &facts.account.to_string()),
        line("tier", facts.tier.name()),
        line("from", "first instant").put(Column::At, facts.period.from),
        line("to", "first instant after it").put(Column::At, facts.period.to),
    ];
    out.extend(facts.note.as_ref().map(|note| line("note", note)));
    out
}

/// The way from the opening to the closing equity. The amounts between the two add up to their difference.
fn reckoning(place: &str, sums: &Sums) -> Vec<Record> {
    let line = |item: &str, amount: Money| {
        let record = Record::new("reconciliation", place).put(Column::Item, item);
        record.put(Column::Amount, amount)
    };
    let mut out = vec![
        line("opening_equity", sums.opening),
        line("deposits", sums.deposits),
        line("withdrawals", sums.withdrawals),
        line("transfers", sums.transfers),
        line("realized", sums.realized),
        line("unrealized_change", sums.unrealized),
    ];
    out.extend(IncomeKind::ALL.map(|kind| line(kind.title(), sums.income[kind as usize])));
    out.extend(FeeKind::ALL.map(|kind| line(fee_word(kind), sums.fees[kind as usize].negated())));
    out.push(line("closing_equity", sums.closing));
    out
}

const fn fee_word(kind: FeeKind) -> &'static str {
    match kind {
        FeeKind::Venue => "venue_fee",
        FeeKind::Performance => "performance_fee",
        FeeKind::CopyLeader => "copy_fee_leader",
        FeeKind::CopyPlatform => "copy_fee_platform",
        FeeKind::Subscription => "subscription",
    }
}

fn fee(section: &str, place: &str, charge: &Charge) -> Record {
    let record = Record::new(section, place).put(Column::At, charge.at);
    let record = record.put(Column::Item, fee_word(charge.kind)).put(Column::Fee, charge.amount);
    record.text(Column::Note, &charge.note)
}

fn of_section(place: &str, section: &Section) -> Vec<Record> {
    let line = |kind: &str, at: Timestamp| Record::new(kind, place).put(Column::At, at);
    let mut out = Vec::new();
    for (item, worth) in [("opening", section.opening), ("closing", section.closing)] {
        let record = Record::new("balance", place).put(Column::Item, item);
        let record = record.put(Column::Amount, worth.cash).put(Column::Value, worth.positions);
        out.push(record.put(Column::Unrealized, worth.unrealized));
    }
    for flow in &section.flows {
        let word = match flow.kind {
            FlowKind::Deposit => "deposit",
            FlowKind::Withdrawal => "withdrawal",
            FlowKind::Transfer => "transfer",
        };
        out.push(line("flow", flow.at).put(Column::Item, word).put(Column::Amount, flow.amount));
    }
    for trade in &section.trades {
        let record = line("trade", trade.at).put(Column::Item, "fill");
        let record = record.text(Column::Symbol, &trade.symbol);
        let record = record.put(Column::Side, side_word(trade.side));
        let record = record.put(Column::Quantity, trade.qty).put(Column::Price, trade.price);
        let record = record.put(Column::Value, trade.value).put(Column::Fee, trade.fee);
        out.push(record.put(Column::Realized, trade.realized));
    }
    for income in &section.income {
        let record = line("income", income.at).put(Column::Item, income.kind.title());
        out.push(record.put(Column::Amount, income.amount).text(Column::Note, &income.note));
    }
    out.extend(section.charges.iter().map(|charge| fee("charge", place, charge)));
    out.extend(section.high_water.iter().flat_map(|mark| high_water(place, mark)));
    for held in &section.positions {
        let record = Record::new("position", place).text(Column::Symbol, &held.symbol);
        let record = record.put(Column::Quantity, held.qty).put(Column::Price, held.mark);
        let record = record.put(Column::Value, held.value).put(Column::Cost, held.cost);
        out.push(record.put(Column::Unrealized, held.unrealized));
    }
    out
}

/// The steps of a mark, each followed by its fees.
fn high_water(place: &str, mark: &HighWater) -> Vec<Record> {
    let line = |item: &str| Record::new("high_water", place).put(Column::Item, item);
    let mut out = vec![line("opening_mark").put(Column::MarkAfter, mark.opening)];
    for step in &mark.steps {
        let word = match step.cause {
            Cause::Deposit => "deposit",
            Cause::Withdrawal => "withdrawal",
            Cause::Crystallization => "fee_due",
            Cause::Refund => "refund",
            Cause::Resumption => "resumption",
            Cause::Netted => "netted_flow",
        };
        let record = line(word).put(Column::At, step.at).put(Column::Equity, step.equity);
        let record = record.put(Column::Amount, step.flow).put(Column::Gain, step.gain);
        let record = record.put(Column::MarkBefore, step.mark);
        out.push(record.put(Column::MarkAfter, step.mark_after));
        out.extend(step.fees.iter().map(|fee| {
            let record = line(fee_word(fee.kind)).put(Column::At, step.at);
            let record = record.put(Column::Gain, step.gain).put(Column::Rate, fee.rate);
            record.put(Column::Fee, fee.amount)
        }));
    }
    out.push(line("accrued_not_booked").put(Column::Fee, mark.accrued));
    out.push(line("closing_mark").put(Column::MarkAfter, mark.closing()));
    out
}
