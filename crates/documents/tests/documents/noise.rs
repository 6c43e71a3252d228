//! Whatever users write, nothing panics, markup stays as it is and a spreadsheet finds no formula.

use crate::golden::statement;
use crate::sample;
use nija_core::ports::documents::invoice::{InvoiceDocument, InvoiceKind};
use nija_core::ports::documents::section::Place;
use nija_core::ports::documents::statement::Facts;
use nija_core::ports::documents::{Customer, Documents, Format, Issuer};
use nija_documents::Press;
use proptest::prelude::*;

/// Strings that have broken something somewhere, and any others.
fn text() -> impl Strategy<Value = String> {
    let nasty = [
        "</td><script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "=HYPERLINK(\"http://evil.example\";\"x\")",
        "@SUM(1+1)*cmd|' /C calc'!A0",
        "a\r\nb,\"c\";-1",
        "\u{202e}\u{feff}\u{0}\u{fffe}",
        "汉字 עברית العربية 🦀 e\u{301}",
        "",
        " ",
        "&amp;&#x3c;",
    ];
    prop_oneof![
        prop::sample::select(nasty.to_vec()).prop_map(str::to_owned),
        any::<String>(),
        "[=+@-]{1,3}[a-z ]{0,900}",
    ]
}

fn issuer(text: &str) -> Issuer {
    Issuer {
        name: text.into(),
        address: vec![text.into(); 2],
        tax_id: Some(text.into()),
        contact: Some(text.into()),
    }
}

fn customer(text: &str) -> Customer {
    Customer { email: text.into(), address: vec![text.into()], ..sample::customer() }
}

/// A statement with a text in every place that takes one.
fn spoken(mut facts: Facts, text: &str) -> Facts {
    facts.issuer = issuer(text);
    facts.customer = customer(text);
    facts.note = Some(text.into());
    for charge in &mut facts.outside {
        charge.note = text.into();
    }
    for section in &mut facts.sections {
        if let Place::Sleeve { leader } = &mut section.place {
            *leader = text.into();
        }
        section.trades.iter_mut().for_each(|trade| trade.symbol = text.into());
        section.income.iter_mut().for_each(|income| income.note = text.into());
        section.positions.iter_mut().for_each(|held| held.symbol = text.into());
    }
    facts
}

fn sold(text: &str) -> InvoiceDocument {
    let mut invoice = sample::invoice();
    invoice.kind = InvoiceKind::CreditNote { corrects: text.into() };
    invoice.number = text.into();
    invoice.issuer = issuer(text);
    invoice.customer = customer(text);
    invoice.note = Some(text.into());
    invoice.lines.iter_mut().for_each(|line| line.description = text.into());
    if let Some(tax) = &mut invoice.tax {
        tax.name = text.into();
    }
    invoice
}

/// The tags of a page in order, without their attributes, and how many quotes stand in them.
fn skeleton(page: &[u8]) -> Vec<(String, usize)> {
    let page = String::from_utf8(page.to_vec()).unwrap();
    let (_, body) = page.split_once("</style>").unwrap();
    let inside = |tag: &str| tag.split_once('>').unwrap().0.to_owned();
    let name = |inside: String| {
        let name = inside.split(' ').next().unwrap_or_default().to_owned();
        (name, inside.matches('"').count())
    };
    body.split('<').skip(1).map(inside).map(name).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_text_becomes_markup(text in text()) {
        let press = Press::new().unwrap();
        let page = |text: &str| {
            let of_statement = press.statement(&statement(spoken(sample::family(), text)), Format::Html).unwrap();
            let of_invoice = press.invoice(&sold(text), Format::Html).unwrap();
            (skeleton(&of_statement.bytes), skeleton(&of_invoice.bytes))
        };
        prop_assert_eq!(page(&text), page("plain"));
    }

    #[test]
    fn no_text_breaks_the_table_or_begins_a_formula(text in text()) {
        let press = Press::new().unwrap();
        let records = |text: &str| {
            let document = press.statement(&statement(spoken(sample::family(), text)), Format::Csv).unwrap();
            let mut reader = csv::ReaderBuilder::new().from_reader(document.bytes.as_slice());
            let records: Result<Vec<csv::StringRecord>, _> = reader.records().collect();
            records.unwrap()
        };
        let (noisy, plain) = (records(&text), records("plain"));
        prop_assert_eq!(noisy.len(), plain.len());
        for (noisy, plain) in noisy.iter().zip(&plain) {
            for (noisy, plain) in noisy.iter().zip(plain) {
                if noisy != plain {
                    prop_assert!(plain.contains("plain"), "{}", noisy);
                    let begins = noisy.trim_start().chars().next();
                    prop_assert!(!matches!(begins, Some('=' | '+' | '-' | '@')), "{}", noisy);
                    prop_assert!(!noisy.contains(|c: char| c.is_control()), "{}", noisy);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_text_can_be_printed(text in text()) {
        let press = Press::new().unwrap();
        let facts = spoken(sample::example_a(), &text);
        let made = press.statement(&statement(facts), Format::Pdf);
        prop_assert!(made.is_ok(), "{:?}", made.err());
        let made = press.invoice(&sold(&text), Format::Pdf);
        prop_assert!(made.is_ok(), "{:?}", made.err());
    }
}
