//! What stands where: nothing is lost, nothing leaves the page, heads come again.

use super::layout::{Item, LEFT, Layout, PAGE, Shape, WIDTH};
use super::*;
use crate::sheet::{Block, Head};
use crate::table::{Kind, Table};
use nija_core::words::money::Money;
use nija_core::words::time::Timestamp;

fn sheet(blocks: Vec<Block>) -> Sheet {
    Sheet {
        title: "Statement March".into(),
        file: "statement".into(),
        dated: Timestamp::EPOCH,
        head: Head {
            word: "Statement".into(),
            subject: "March".into(),
            issuer: vec!["Northgate".into()],
            customer: vec!["Zoë".into()],
            address: "For",
            facts: vec![("Plan", "SAVER".into())],
        },
        blocks,
    }
}

fn laid_out<'a>(sheet: &Sheet, fonts: &'a Fonts) -> Layout<'a> {
    let mut layout = Layout::new(fonts);
    flow::lay_out(sheet, &mut layout);
    layout
}

fn texts(items: &[Item]) -> Vec<&str> {
    items.iter().map(word).filter(|word| !word.is_empty()).collect()
}

/// The text of an item; empty where it has none.
fn word(item: &Item) -> &str {
    match &item.shape {
        Shape::Text { text, .. } => text.trim_end(),
        Shape::Fill { .. } | Shape::Curve { .. } => "",
    }
}

#[test]
fn a_long_table_turns_pages_with_its_head_and_loses_no_row() {
    let fonts = Fonts::load().unwrap();
    let columns = [("When", Kind::Piece), ("What", Kind::Words), ("Amount", Kind::Figures)];
    let mut table = Table::new("Long", &columns);
    for n in 0..200 {
        table.row([
            format!("day {n}"),
            "words that may be broken ".repeat(n % 9),
            format!("{n}.00"),
        ]);
    }
    let sheet = sheet(vec![Block::Table(table.aligned())]);
    let layout = laid_out(&sheet, &fonts);
    assert!(layout.pages.len() > 4);
    for (at, page) in layout.pages.iter().enumerate() {
        let heads: Vec<&Item> = page.iter().filter(|item| word(item) == "Amount").collect();
        assert_eq!(heads.len(), 1);
        assert_eq!(heads[0].element.is_some(), at == 0, "only the first head is one to readers");
    }
    let all: Vec<&str> = layout.pages.iter().flat_map(|page| texts(page)).collect();
    for n in 0..200 {
        assert!(
            all.contains(&format!("day {n}").as_str()) && all.contains(&format!("{n}.00").as_str())
        );
    }
}

#[test]
fn nothing_leaves_the_page() {
    let fonts = Fonts::load().unwrap();
    let columns = [("What", Kind::Words); 1].into_iter().chain([("Amount", Kind::Figures); 9]);
    let mut table = Table::new("Wide", &columns.collect::<Vec<_>>());
    let widest = crate::figure::money(Money::from_raw(i64::MIN));
    let mut cells: [String; 10] = std::array::from_fn(|_| widest.clone());
    cells[0] = "W".repeat(300);
    table.row(cells.clone());
    table.total(cells);
    let blocks = vec![
        Block::Headlines(vec![("Opening equity".into(), widest); 5]),
        Block::Words("W".repeat(500)),
        Block::Part("W".repeat(500)),
        Block::Table(table.aligned()),
    ];
    let mut sheet = sheet(blocks);
    sheet.head.issuer = vec!["W".repeat(500); 30];
    sheet.head.customer = vec!["W".repeat(500); 30];
    sheet.head.facts = vec![("Account", "W".repeat(100)); 4];
    let layout = laid_out(&sheet, &fonts);
    for item in layout.pages.iter().flatten() {
        if let Shape::Text { x, y, text, style } = &item.shape {
            let right = x + layout.face(*style).width(text.trim_end(), style.size);
            assert!(*x >= LEFT - 0.1 && right <= LEFT + WIDTH + 1.0, "{text} from {x} to {right}");
            assert!(*y > 0.0 && *y < PAGE.1, "{text} at {y}");
        }
    }
    assert!(write(&sheet, &fonts).is_ok());
}

#[test]
fn every_page_says_how_many_there_are() {
    let fonts = Fonts::load().unwrap();
    let blocks = (0..60).map(|n| Block::Words(format!("Paragraph {n}. ").repeat(12)));
    let sheet = sheet(blocks.collect());
    let count = laid_out(&sheet, &fonts).pages.len();
    assert!(count > 2);
    let foot = paint::foot(&sheet, 2, count, &fonts);
    assert_eq!(texts(&foot), ["Statement March · Northgate", &format!("Page 2 of {count}")]);
}
