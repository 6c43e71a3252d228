//! A table of words and figures, with sentences before it.

use super::plain;
use std::fmt::Write;

/// What is shown beside the drawings: sentences, and rows of which the first cell is a name and the others figures.
#[derive(Default)]
pub(in super::super) struct Table {
    pub(in super::super) title: &'static str,
    pub(in super::super) sentences: Vec<String>,
    /// Of all columns; none where there are sentences alone.
    pub(in super::super) heads: Vec<&'static str>,
    pub(in super::super) rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn write(&self, to: &mut String) -> std::fmt::Result {
        writeln!(to, "<h2>{}</h2>", plain(self.title))?;
        for sentence in &self.sentences {
            writeln!(to, "<p>{}</p>", plain(sentence))?;
        }
        if self.heads.is_empty() {
            return Ok(());
        }
        write!(to, "<div class=\"wide\"><table class=\"list\">")?;
        row(to, "th", &self.heads)?;
        self.rows.iter().try_for_each(|cells| row(to, "td", cells))?;
        writeln!(to, "</table></div>")
    }
}

fn row(to: &mut String, kind: &str, cells: &[impl AsRef<str>]) -> std::fmt::Result {
    write!(to, "<tr>")?;
    for (at, cell) in cells.iter().enumerate() {
        let class = if at == 0 { "" } else { " class=\"n\"" };
        write!(to, "<{kind}{class}>{}</{kind}>", plain(cell.as_ref()))?;
    }
    writeln!(to, "</tr>")
}
