//! Composes an invoice or a credit note.

use crate::figure::{NONE, date, money, qty, rate, span};
use crate::sheet::{Block, Head, Sheet, letterhead};
use crate::table::{Kind, Table};
use crate::text::file_name;
use nija_core::ports::documents::invoice::{InvoiceDocument, InvoiceKind, InvoiceState};

const COLUMNS: [(&str, Kind); 4] = [
    ("Description", Kind::Words),
    ("Period", Kind::Piece),
    ("Quantity", Kind::Figures),
    ("Amount, USD", Kind::Figures),
];

/// Puts an invoice on a sheet.
pub(crate) fn compose(invoice: &InvoiceDocument) -> Sheet {
    let word = word(invoice);
    let mut blocks = vec![Block::Headlines(headlines(invoice))];
    blocks.push(Block::Table(table(invoice)));
    if let InvoiceKind::CreditNote { corrects } = &invoice.kind {
        blocks.push(Block::Words(format!("This credit note corrects invoice {corrects}.")));
    }
    blocks.extend(invoice.note.clone().map(Block::Words));
    blocks.push(Block::Remark(
        "All amounts are in US dollars. Dates are in UTC; a period includes its last day.".into(),
    ));
    Sheet {
        title: format!("{word} {}", invoice.number),
        file: file_name(&format!("{word} {}", invoice.number).to_lowercase()),
        dated: invoice.issued,
        head: Head {
            word: word.into(),
            subject: invoice.number.clone(),
            issuer: letterhead(&invoice.issuer),
            customer: customer(invoice),
            address: "Billed to",
            facts: facts(invoice),
        },
        blocks,
    }
}

const fn word(invoice: &InvoiceDocument) -> &'static str {
    match invoice.kind {
        InvoiceKind::Invoice => "Invoice",
        InvoiceKind::CreditNote { .. } => "Credit note",
    }
}

/// The word shown to people.
const fn state(invoice: &InvoiceDocument) -> &'static str {
    match (invoice.state, &invoice.kind) {
        (InvoiceState::Open, InvoiceKind::Invoice) => "Open",
        (InvoiceState::Open, InvoiceKind::CreditNote { .. }) => "Issued",
        (InvoiceState::PastDue, _) => "Past due",
        (InvoiceState::Paid, InvoiceKind::Invoice) => "Paid",
        (InvoiceState::Paid, InvoiceKind::CreditNote { .. }) => "Credited",
        (InvoiceState::Void, _) => "Void",
        (InvoiceState::Refunded, _) => "Refunded",
    }
}

fn customer(invoice: &InvoiceDocument) -> Vec<String> {
    let customer = &invoice.customer;
    let own = customer.address.iter().chain(std::iter::once(&customer.email)).cloned();
    own.chain(std::iter::once(format!("User {}", customer.user))).collect()
}

fn facts(invoice: &InvoiceDocument) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Number", invoice.number.clone()), ("Issued", date(invoice.issued))];
    facts.extend(invoice.due.map(|due| ("Due", date(due))));
    facts.extend(invoice.paid.map(|paid| ("Paid", date(paid))));
    if let InvoiceKind::CreditNote { corrects } = &invoice.kind {
        facts.push(("Corrects", corrects.clone()));
    }
    facts
}

fn headlines(invoice: &InvoiceDocument) -> Vec<(String, String)> {
    let dollars = crate::figure::dollars;
    let mut lines = vec![("Total".to_owned(), dollars(invoice.total))];
    if invoice.kind == InvoiceKind::Invoice {
        lines.push(("Amount due".into(), dollars(invoice.amount_due)));
        lines.extend(invoice.due.map(|due| ("Due".into(), date(due))));
    }
    lines.push(("State".into(), state(invoice).into()));
    lines
}

fn table(invoice: &InvoiceDocument) -> Table {
    let caption = match invoice.kind {
        InvoiceKind::Invoice => "What was sold",
        InvoiceKind::CreditNote { .. } => "What is given back",
    };
    let mut table = Table::new(caption, &COLUMNS);
    for line in &invoice.lines {
        table.row([
            line.description.clone(),
            line.period.map_or_else(|| NONE.into(), span),
            line.quantity.map_or_else(|| NONE.into(), qty),
            money(line.amount),
        ]);
    }
    let cells = |words: String, amount| [words, String::new(), String::new(), money(amount)];
    table.row(cells("Subtotal".into(), invoice.subtotal));
    if !invoice.credit_used.is_zero() {
        table.row(cells("Credit used".into(), invoice.credit_used.negated()));
    }
    if let Some(tax) = &invoice.tax {
        table.row(cells(format!("{}, {} %", tax.name, rate(tax.percent)), tax.amount));
    }
    table.total(cells("Total".into(), invoice.total));
    if invoice.kind == InvoiceKind::Invoice {
        table.total(cells("Amount due".into(), invoice.amount_due));
    }
    table.aligned()
}
