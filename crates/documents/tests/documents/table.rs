//! The CSV of a statement: what a program finds in it, and that its page in the docs is complete.

use crate::golden::statement;
use crate::sample;
use nija_core::ports::documents::statement::Facts;
use nija_core::ports::documents::{Documents, Format};
use nija_core::words::money::Money;
use nija_documents::Press;
use std::collections::{BTreeMap, BTreeSet};

const PAGE: &str = include_str!("../../../../docs/statements.md");

fn text(facts: Facts) -> String {
    let press = Press::new().unwrap();
    let document = press.statement(&statement(facts), Format::Csv).unwrap();
    String::from_utf8(document.bytes).unwrap()
}

fn records(facts: Facts) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(text(facts).as_bytes())
        .deserialize()
        .map(|record| record.unwrap())
        .collect()
}

fn sum(records: &[BTreeMap<String, String>], of: &str, column: &str) -> Money {
    let lines = records.iter().filter(|record| record["section"] == of);
    let amounts = lines.filter_map(|record| record[column].parse::<Money>().ok());
    amounts.fold(Money::ZERO, |all, amount| all.checked_add(amount).unwrap())
}

#[test]
fn the_table_alone_gives_every_figure() {
    let records = records(sample::family());
    let total = *statement(sample::family()).total();
    let trade_fees = sum(&records, "trade", "fee");
    let step_fees = sum(&records, "high_water", "fee");
    assert_eq!(sum(&records, "trade", "realized"), total.realized);
    assert_eq!(trade_fees.checked_add(step_fees).unwrap(), total.fees_taken());
    assert_eq!(sum(&records, "flow", "amount"), sample::usd("500"), "transfers cancel");
    assert_eq!(sum(&records, "outside", "fee"), sample::usd("99"));
    assert_eq!(sum(&records, "day", "amount"), sample::usd("500"));
    let last = records.iter().rfind(|record| record["section"] == "day").unwrap();
    assert_eq!(last["equity"], total.closing.to_string());
    let leader = records.iter().find(|record| record["item"] == "copy_fee_leader").unwrap();
    assert_eq!(leader["place"], "all");
    let fee = records.iter().rfind(|record| record["item"] == "copy_fee_leader").unwrap();
    assert_eq!((fee["place"].as_str(), fee["rate"].as_str()), ("copy of Ada Quant & Søn", "5"));
    assert_eq!((fee["gain"].as_str(), fee["fee"].as_str()), ("23.09", "1.15"));
}

#[test]
fn lines_end_and_quote_as_the_standard_says() {
    let mut facts = sample::example_a();
    facts.note = Some("He said \"no\", twice".into());
    let text = text(facts);
    assert!(text.ends_with("\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']));
    assert!(text.contains(",\"He said \"\"no\"\", twice\"\r\n"));
    assert!(
        text.contains("trade,account,2026-02-20T15:00:00Z,fill,ETH-USD,sell,1,700,700,,0,-280,")
    );
}

#[test]
fn the_docs_name_every_column_and_section() {
    let records = records(sample::family());
    let columns: BTreeSet<&String> = records[0].keys().collect();
    let sections: BTreeSet<&String> = records.iter().map(|record| &record["section"]).collect();
    for word in columns.into_iter().chain(sections) {
        assert!(PAGE.contains(&format!("`{word}`")), "docs/statements.md does not name {word}");
    }
}
