//! Worked example A and the invoices, figure by figure, and what every document has to be.

use crate::sample;
use nija_core::ports::documents::statement::Statement;
use nija_core::ports::documents::{Document, DocumentError, Documents, Format};
use nija_documents::Press;
use std::path::Path;

pub(crate) fn statement(facts: nija_core::ports::documents::statement::Facts) -> Statement {
    Statement::new(facts).unwrap()
}

fn html(document: Document) -> String {
    String::from_utf8(document.bytes).unwrap()
}

/// The cells of each row of the table with this caption, without the spaces that only align.
fn rows(page: &str, caption: &str) -> Vec<Vec<String>> {
    let (_, table) = page.split_once(&format!("<caption>{caption}</caption>")).unwrap();
    let (body, _) = table.split_once("</tbody>").unwrap();
    let rows = body.split("<tr").skip(2);
    let cell = |cell: &str| {
        let text = cell.split_once('>').unwrap().1.split_once("</").unwrap().0;
        text.trim_end_matches(['\u{2007}', '\u{2008}']).to_owned()
    };
    rows.map(|row| row.split("<t").skip(1).map(cell).collect()).collect()
}

/// Rows as one line each, empty cells left out.
fn lines(page: &str, caption: &str) -> Vec<String> {
    let filled = |row: Vec<String>| {
        row.into_iter().filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(" | ")
    };
    rows(page, caption).into_iter().map(filled).collect()
}

#[test]
fn worked_example_a_is_there_to_the_cent() {
    let press = Press::new().unwrap();
    let page = html(press.statement(&statement(sample::example_a()), Format::Html).unwrap());
    assert_eq!(
        lines(&page, "High-water mark and the fees on profit"),
        [
            "Opening mark | 0.00",
            "2026-01-01 09:00:00 | Deposit | 0.00 | 1,000.00 | 0.00 | – | – | – | 1,000.00 | 1,000.00",
            "2026-01-31 23:00:00 | Fee due: performance fee | 1,200.00 | – | 1,000.00 | 200.00 | 10 | 20.00 \
             | 1,180.00 | 1,180.00",
            "2026-03-01 10:00:00 | Deposit | 900.00 | 500.00 | 1,180.00 | – | – | – | 1,400.00 | 1,680.00",
            "2026-04-01 10:00:00 | Withdrawal | 1,540.00 | −770.00 | 1,680.00 | – | – | – | 770.00 | 840.00",
            "2026-04-30 23:00:00 | Fee due: performance fee | 870.00 | – | 840.00 | 30.00 | 10 | 3.00 | 867.00 \
             | 867.00",
            "2026-05-21 10:00:00 | Withdrawal: performance fee | 1,000.00 | −250.00 | 867.00 | 33.25 | 10 | 3.32 \
             | 750.00 | 650.25",
            "2026-05-31 23:00:00 | Fee due: performance fee | 710.00 | – | 650.25 | 59.75 | 10 | 5.97 | 704.03 \
             | 704.03",
            "Closing mark | 32.29 | 704.03",
        ]
    );
    assert_eq!(
        lines(&page, "From opening to closing equity"),
        [
            "Opening equity | 0.00",
            "Deposits | 1,500.00",
            "Withdrawals | −1,016.68",
            "Realized profit | 253.00",
            "Change of unrealized profit | 0.00",
            "Performance fee | −32.29",
            "Sum | 704.03",
            "Closing equity: cash and positions at their marks | 704.03",
            "Difference | 0.00",
        ]
    );
    assert_eq!(lines(&page, "Trades").last().unwrap(), "6 trades | 0.00 | 253.00");
    assert_eq!(lines(&page, "Fees").last().unwrap(), "All fees | 32.29 | 0.00 | 32.29");
    for headline in ["$0.00", "$704.03", "$220.71"] {
        assert!(page.contains(&format!("<dd>{headline}</dd>")), "{headline}");
    }
}

#[test]
fn a_family_shows_each_sleeve_with_both_fees() {
    let press = Press::new().unwrap();
    let page = html(press.statement(&statement(sample::family()), Format::Html).unwrap());
    let (_, sleeve) = page.split_once("<h2>Copy of Ada Quant &amp; Søn</h2>").unwrap();
    assert_eq!(
        lines(sleeve, "High-water mark and the fees on profit")[2..5],
        [
            "2026-02-21 23:00:00 | Fee due: copy fee of the leader | 700.00 | – | 655.80 | 44.20 | 5 | 2.21 \
             | 696.91 | 696.91",
            "and copy fee of the platform | 2 | 0.88",
            "2026-02-27 09:00:00 | Withdrawal: copy fee of the leader | 720.00 | −720.00 | 696.91 | 23.09 | 5 \
             | 1.15 | 0.00 | 0.00",
        ]
    );
    assert_eq!(
        lines(&page, "Fees")[2..],
        [
            "Copy fee of the leader | 3.36 | – | 3.36",
            "Copy fee of the platform | 1.34 | – | 1.34",
            "Subscription | – | 99.00 | 99.00",
            "All fees | 32.41 | 99.00 | 131.41",
        ]
    );
    assert_eq!(lines(&page, "Open positions at the end").len(), 3);
}

#[test]
fn an_invoice_and_its_credit_note_say_what_is_owed() {
    let press = Press::new().unwrap();
    let page = html(press.invoice(&sample::invoice(), Format::Html).unwrap());
    assert_eq!(
        lines(&page, "What was sold"),
        [
            "INVESTOR, monthly | 2026-02-01 to 2026-02-28 | 1 | 99.00",
            "Unused days of SAVER after the change of plan on 2026-01-20 | – | – | −18.97",
            "Subtotal | 80.03",
            "Credit used | −10.00",
            "VAT, 23 % | 16.11",
            "Total | 86.14",
            "Amount due | 86.14",
        ]
    );
    for text in ["Northgate Trading Ltd", "Tax ID IE1234567X", "zoe.lindqvist@example.com"] {
        assert!(page.contains(text), "{text}");
    }
    let page = html(press.invoice(&sample::credit_note(), Format::Html).unwrap());
    assert!(page.contains("This credit note corrects invoice NIJA-2026-000123."));
    assert_eq!(lines(&page, "What is given back").last().unwrap(), "Total | 60.88");
}

#[test]
fn what_does_not_add_up_is_not_printed() {
    let press = Press::new().unwrap();
    let mut wrong = sample::invoice();
    wrong.total = sample::usd("86.15");
    for format in [Format::Html, Format::Pdf] {
        let refused = press.invoice(&wrong, format);
        assert!(matches!(refused, Err(DocumentError::Unequal { .. })));
    }
    let refused = press.invoice(&sample::invoice(), Format::Csv);
    assert_eq!(refused, Err(DocumentError::NoSuchFormat));
}

#[test]
fn a_page_needs_nothing_from_elsewhere() {
    let press = Press::new().unwrap();
    let page = html(press.statement(&statement(sample::family()), Format::Html).unwrap());
    assert!(!page.contains("<script") && !page.contains("<link"));
    for outside in ["src=", "href=", "style=", "onload=", "onerror=", "http://", "https://"] {
        let mut tags = page.split('<').filter_map(|tag| tag.split('>').next());
        assert!(!tags.any(|inside| inside.contains(outside)), "{outside}");
    }
    let (style, _) = page.split_once("</style>").unwrap();
    assert!(!style.contains("url(") && !style.contains("@import"));
}

#[test]
fn equal_figures_give_equal_bytes() {
    let made = |press: &Press, format| {
        let of_statement = press.statement(&statement(sample::family()), format).unwrap();
        let of_invoice = press.invoice(&sample::invoice(), format).ok();
        (of_statement, of_invoice)
    };
    let press = Press::new().unwrap();
    for format in [Format::Html, Format::Pdf, Format::Csv] {
        let here = made(&press, format);
        let there = std::thread::scope(|scope| {
            scope.spawn(|| made(&Press::new().unwrap(), format)).join().unwrap()
        });
        assert_eq!(here, there);
    }
}

#[test]
fn paper_lists_a_thousand_trades_and_the_table_all() {
    let press = Press::new().unwrap();
    let mut facts = sample::example_a();
    let idle = sample::sale(sample::at(3, 3), "SPY", "1", "0");
    facts.sections[0].trades.extend(vec![idle; 1_494]);
    let made = statement(facts);
    let page = html(press.statement(&made, Format::Html).unwrap());
    let shown = lines(&page, "Trades");
    assert_eq!(shown.len(), 1_002);
    assert_eq!(
        shown[1_000..],
        ["and 500 more, all of them in the CSV", "1500 trades | 0.00 | 253.00"]
    );
    let table = html(press.statement(&made, Format::Csv).unwrap());
    assert_eq!(table.lines().filter(|line| line.starts_with("trade,")).count(), 1_500);
    let pdf = press.statement(&made, Format::Pdf).unwrap();
    assert!(pdf.bytes.len() < 3 << 20, "{}", pdf.bytes.len());
}

/// Leaves one of each kind in `target/tmp/documents`, for a person to look at.
#[test]
fn one_of_each_kind_is_laid_out_for_people() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("documents");
    std::fs::create_dir_all(&folder).unwrap();
    let press = Press::new().unwrap();
    for format in [Format::Html, Format::Pdf, Format::Csv] {
        let statements = [sample::example_a(), sample::family()].map(statement);
        let statements = statements.iter().map(|made| press.statement(made, format).unwrap());
        let invoices = [sample::invoice(), sample::credit_note()];
        let invoices = invoices.iter().filter_map(|invoice| press.invoice(invoice, format).ok());
        for document in statements.chain(invoices) {
            assert!(document.bytes.len() > 1_000);
            std::fs::write(folder.join(document.file_name), document.bytes).unwrap();
        }
    }
}

#[test]
fn documents_are_named_and_typed() {
    let press = Press::new().unwrap();
    let family = statement(sample::family());
    let named = |document: Document| (document.file_name, document.media_type);
    assert_eq!(
        named(press.statement(&family, Format::Csv).unwrap()),
        ("statement-2026-02-1a2b3c4d.csv".into(), "text/csv; charset=utf-8; header=present")
    );
    let pdf = press.invoice(&sample::credit_note(), Format::Pdf).unwrap();
    assert!(pdf.bytes.starts_with(b"%PDF-1.7"));
    assert!(pdf.bytes.len() < 64 * 1024, "only the glyphs that are used: {}", pdf.bytes.len());
    assert_eq!(named(pdf), ("credit-note-nija-2026-cn-000007.pdf".into(), "application/pdf"));
    let page = press.statement(&statement(sample::example_a()), Format::Html).unwrap();
    assert_eq!(page.file_name, "statement-2026-01-01-to-2026-05-31-1a2b3c4d.html");
}
