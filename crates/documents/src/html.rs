//! Writes a sheet as one page of HTML: style inside, no script, nothing loaded from anywhere, fit for paper.

use crate::chart::Chart;
use crate::sheet::{Block, Sheet};
use crate::table::{Kind, Table, Weight};
use crate::text::escape;

const STYLE: &str = include_str!("html/style.css");
/// Rows of a table that paper keeps together.
const SHORT: usize = 14;
/// Size of a curve in units of its picture.
const CHART: (f32, f32) = (720.0, 120.0);

/// The page.
pub(crate) fn write(sheet: &Sheet) -> String {
    let mut out = String::with_capacity(32 * 1024);
    out.push_str("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    // Even if something got through, nothing would be loaded or run.
    out.push_str(
        "<meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
    );
    element("title", &sheet.title, &mut out);
    out.push_str("\n<style>\n");
    out.push_str(STYLE);
    out.push_str("</style>\n</head>\n<body>\n");
    head(sheet, &mut out);
    out.push_str("<main>\n");
    for block in &sheet.blocks {
        write_block(block, &mut out);
        out.push('\n');
    }
    out.push_str("</main>\n<footer>");
    escape(&sheet.title, &mut out);
    if let Some(name) = sheet.head.issuer.first() {
        out.push_str(" · ");
        escape(name, &mut out);
    }
    out.push_str("</footer>\n</body>\n</html>\n");
    out
}

/// `<name>text</name>`, the end without its attributes.
fn element(name: &str, text: &str, out: &mut String) {
    out.push('<');
    out.push_str(name);
    out.push('>');
    escape(text, out);
    out.push_str("</");
    out.push_str(name.split(' ').next().unwrap_or(name));
    out.push('>');
}

fn head(sheet: &Sheet, out: &mut String) {
    let head = &sheet.head;
    out.push_str("<header>\n<div class=\"issuer\">");
    for (at, line) in head.issuer.iter().enumerate() {
        element(if at == 0 { "strong" } else { "span" }, line, out);
    }
    out.push_str("</div>\n<div class=\"title\"><h1>");
    escape(&head.word, out);
    out.push(' ');
    element("span", &head.subject, out);
    out.push_str("</h1></div>\n<div class=\"customer\">");
    element("em", head.address, out);
    for line in &head.customer {
        element("span", line, out);
    }
    out.push_str("</div>\n<dl class=\"facts\">");
    for (label, value) in &head.facts {
        out.push_str("<div>");
        element("dt", label, out);
        element("dd", value, out);
        out.push_str("</div>");
    }
    out.push_str("</dl>\n</header>\n");
}

fn write_block(block: &Block, out: &mut String) {
    match block {
        Block::Part(words) => element("h2", words, out),
        Block::Words(words) => element("p", words, out),
        Block::Remark(words) => element("p class=\"remark\"", words, out),
        Block::Headlines(lines) => {
            out.push_str("<dl class=\"headlines\">");
            for (label, value) in lines {
                out.push_str("<div>");
                element("dt", label, out);
                element("dd", value, out);
                out.push_str("</div>");
            }
            out.push_str("</dl>");
        }
        Block::Table(table) => write_table(table, out),
        Block::Chart(chart) => write_chart(chart, out),
    }
}

const fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Words => "",
        Kind::Piece => " class=\"p\"",
        Kind::Figures => " class=\"n\"",
    }
}

fn write_table(table: &Table, out: &mut String) {
    let class_of = if table.rows.len() <= SHORT { "table short" } else { "table" };
    out.push_str(&format!("<div class=\"{class_of}\""));
    out.push_str(" tabindex=\"0\" role=\"region\" aria-label=\"");
    escape(&table.caption, out);
    out.push_str("\"><table>");
    element("caption", &table.caption, out);
    out.push_str("<thead><tr>");
    for (title, kind) in &table.columns {
        element(&format!("th scope=\"col\"{}", class(*kind)), title, out);
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        out.push_str(match row.weight {
            Weight::Plain => "<tr>",
            Weight::Total => "<tr class=\"t\">",
        });
        for (at, (cell, (_, kind))) in row.cells.iter().zip(&table.columns).enumerate() {
            let name = if at == 0 { "th scope=\"row\"" } else { "td" };
            element(&format!("{name}{}", class(*kind)), cell, out);
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>");
}

fn write_chart(chart: &Chart, out: &mut String) {
    let (width, height) = CHART;
    out.push_str("<figure><figcaption>");
    escape(&chart.title, out);
    out.push_str("</figcaption>");
    let box_of = format!("0 -4 {width} {}", height + 8.0);
    out.push_str(&format!(
        "<svg viewBox=\"{box_of}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\""
    ));
    escape(&chart.words, out);
    out.push_str("\"><path class=\"level\" d=\"");
    out.push_str(&format!("M0 0H{width}M0 {height}H{width}\"/><path class=\"area\" d=\""));
    let line = chart.points.iter().enumerate().map(|(at, (x, y))| {
        let letter = if at == 0 { 'M' } else { 'L' };
        format!("{letter}{:.1} {:.1}", x * width, (1.0 - y) * height)
    });
    let line: String = line.collect();
    out.push_str(&format!("{line}L{width} {height}L0 {height}Z\"/>"));
    out.push_str(&format!("<path class=\"line\" d=\"{line}\"/></svg>"));
    out.push_str("<div class=\"ends\">");
    for text in [&chart.from, &chart.low, &chart.high, &chart.to] {
        element("span", text, out);
    }
    out.push_str("</div></figure>");
}
