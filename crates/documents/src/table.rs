//! A table before it is written. Figures of a column are padded so that their points stand below one another.

use crate::figure::{DIGIT_SPACE, NONE, POINT_SPACE};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Words; they begin at the left and may take several lines.
    Words,
    /// The same, of one piece each, such as a date: never broken.
    Piece,
    /// Figures; they end at the right and are never broken.
    Figures,
}

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// One of many.
    Plain,
    /// What those before it add up to.
    Total,
}

pub(crate) struct Row {
    pub(crate) cells: Vec<String>,
    pub(crate) weight: Weight,
}

/// A table. Every row has as many cells as there are columns.
pub(crate) struct Table {
    /// What it shows.
    pub(crate) caption: String,
    pub(crate) columns: Vec<(&'static str, Kind)>,
    pub(crate) rows: Vec<Row>,
}

impl Table {
    pub(crate) fn new(caption: impl Into<String>, columns: &[(&'static str, Kind)]) -> Self {
        Self { caption: caption.into(), columns: columns.to_vec(), rows: Vec::new() }
    }

    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.push(cells.into(), Weight::Plain);
    }

    pub(crate) fn total<const N: usize>(&mut self, cells: [String; N]) {
        self.push(cells.into(), Weight::Total);
    }

    fn push(&mut self, mut cells: Vec<String>, weight: Weight) {
        cells.resize(self.columns.len(), String::new());
        self.rows.push(Row { cells, weight });
    }

    /// A row across which something is said in its first cell.
    pub(crate) fn remark(&mut self, words: String) {
        self.push(vec![words], Weight::Plain);
    }

    /// Pads the figures of each column to the same number of decimals.
    pub(crate) fn aligned(mut self) -> Self {
        for (column, (_, kind)) in self.columns.iter().enumerate() {
            let places = |row: &Row| decimals(&row.cells[column]);
            let most = self.rows.iter().filter_map(places).max().unwrap_or(0);
            if *kind != Kind::Figures || most == 0 {
                continue;
            }
            for cell in self.rows.iter_mut().map(|row| &mut row.cells[column]) {
                let Some(places) = decimals(cell) else { continue };
                if places == 0 {
                    cell.push(POINT_SPACE);
                }
                cell.extend(std::iter::repeat_n(DIGIT_SPACE, most - places));
            }
        }
        self
    }
}

/// How many digits stand behind the point of a figure or of the dash for none; none where it is neither.
fn decimals(text: &str) -> Option<usize> {
    if text == NONE {
        return Some(0);
    }
    if !text.ends_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    Some(text.rsplit_once('.').map_or(0, |(_, fraction)| fraction.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_stand_below_one_another() {
        let mut table = Table::new("", &[("", Kind::Words), ("", Kind::Figures)]);
        for figure in ["1.00", "0.00000001", "7", "10 %"] {
            table.row(["a.5".into(), figure.into()]);
        }
        let table = table.aligned();
        let cells: Vec<&str> = table.rows.iter().map(|row| row.cells[1].as_str()).collect();
        let spaces = |n| DIGIT_SPACE.to_string().repeat(n);
        let seven = format!("7{POINT_SPACE}{}", spaces(8));
        assert_eq!(cells, [&format!("1.00{}", spaces(6)), "0.00000001", &seven, "10 %"]);
        assert_eq!(table.rows[0].cells[0], "a.5", "words are left alone");
    }
}
