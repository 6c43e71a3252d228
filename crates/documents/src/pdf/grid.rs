//! Lays tables out: columns as wide as they need, rows never split, heads again on every page. A table that is
//! too wide first breaks its words, then becomes smaller.

use super::flow::CAPTION;
use super::fonts::Weight::{Regular, Strong};
use super::layout::{Color, Element, HEIGHT, LEFT, Layout, Shape, Style, WIDTH};
use super::lines::{broken, widest_word};
use crate::figure::{DIGIT_SPACE, POINT_SPACE};
use crate::table::{Kind, Row, Table, Weight};
use krilla::tagging::{TableHeaderScope, Tag};

const TEXT: Style = Style::new(Regular, 8.0, Color::Ink);
const TITLE: Style = Style::new(Regular, 7.5, Color::Soft);
/// Above a table.
const GAP: f32 = 10.0;
/// Between two columns.
const GUTTER: f32 = 9.0;
/// Above and below the text of a row.
const PADDING: f32 = 2.6;
/// Spaces that only stand for width.
const SPACES: [char; 2] = [DIGIT_SPACE, POINT_SPACE];

/// Where the columns lie, and how large the text is.
struct Grid {
    lefts: Vec<f32>,
    widths: Vec<f32>,
    scale: f32,
}

/// What a line of cells is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The titles of the columns. They may be broken, and stand on the rule below them.
    Head,
    Row(Weight),
}

/// A row, broken into lines.
struct Broken {
    role: Role,
    cells: Vec<Vec<String>>,
    style: Style,
    height: f32,
}

impl Role {
    const fn style(self) -> Style {
        match self {
            Self::Head => TITLE,
            Self::Row(Weight::Plain) => TEXT,
            Self::Row(Weight::Total) => Style { weight: Strong, ..TEXT },
        }
    }
}

/// A table, broken into lines.
struct Prepared {
    grid: Grid,
    head: Broken,
    rows: Vec<Broken>,
}

impl Prepared {
    fn of(table: &Table, layout: &Layout<'_>) -> Self {
        let grid = Grid::of(table, layout);
        let titles: Vec<String> =
            table.columns.iter().map(|(title, _)| (*title).to_owned()).collect();
        let head = grid.broken(&titles, Role::Head, table, layout);
        let row = |row: &Row| grid.broken(&row.cells, Role::Row(row.weight), table, layout);
        let rows = table.rows.iter().map(row).collect();
        Self { grid, head, rows }
    }

    /// What has to fit where it begins: all of a short table, two rows of a long one.
    fn begin(&self) -> f32 {
        let above = CAPTION.leading() + self.head.height + 4.0;
        let rows = |count: usize| self.rows.iter().take(count).map(|row| row.height).sum::<f32>();
        let whole = above + rows(usize::MAX);
        if whole <= HEIGHT * 0.4 { whole } else { above + rows(2) }
    }
}

/// The height that a table needs on the page where it begins.
pub(super) fn begin(table: &Table, layout: &Layout<'_>) -> f32 {
    GAP + Prepared::of(table, layout).begin()
}

/// Lays out a table.
pub(super) fn table(table: &Table, layout: &mut Layout<'_>) {
    let prepared = Prepared::of(table, layout);
    layout.gap(GAP);
    layout.need(prepared.begin());
    let Prepared { grid, head, rows } = prepared;
    let element = layout.element(Tag::Table, None);
    let caption = layout.element(Tag::Caption, Some(element));
    let words = layout.face(CAPTION).printable(&table.caption);
    layout.text(Some(caption), (LEFT, layout.y), &words, CAPTION);
    layout.y += CAPTION.leading() + 1.0;
    let line = layout.element(Tag::TR, Some(element));
    let cells: Vec<Option<Element>> = table
        .columns
        .iter()
        .map(|_| Some(layout.element(Tag::TH(TableHeaderScope::Column), Some(line))))
        .collect();
    grid.draw(&head, &cells, table, layout);
    grid.rule(0.7, Color::Ink, layout);
    for (row, broken) in table.rows.iter().zip(&rows) {
        if layout.need(broken.height) {
            // Said once already to those who listen.
            grid.draw(&head, &vec![None; table.columns.len()], table, layout);
            grid.rule(0.7, Color::Ink, layout);
        }
        let line = layout.element(Tag::TR, Some(element));
        let cells = cells_of(line, table.columns.len(), layout);
        grid.draw(broken, &cells, table, layout);
        let total = row.weight == Weight::Total;
        let (thickness, color) = if total { (0.7, Color::Soft) } else { (0.5, Color::Rule) };
        grid.rule(thickness, color, layout);
    }
    layout.y += 6.0;
}

/// The elements of a row's cells; the first names the row.
fn cells_of(line: Element, count: usize, layout: &mut Layout<'_>) -> Vec<Option<Element>> {
    let mut cell = |at| {
        Some(if at == 0 {
            layout.element(Tag::TH(TableHeaderScope::Row), Some(line))
        } else {
            layout.element(Tag::TD, Some(line))
        })
    };
    (0..count).map(&mut cell).collect()
}

impl Grid {
    fn of(table: &Table, layout: &Layout<'_>) -> Self {
        let (natural, least) = needs(table, layout);
        let room = WIDTH - GUTTER * (natural.len().saturating_sub(1)) as f32;
        let (all, narrow): (f32, f32) = (natural.iter().sum(), least.iter().sum());
        // Gutters stay as they are; text shrinks when even broken words leave no room.
        let scale = if narrow > room { room / narrow } else { 1.0 };
        let widths: Vec<f32> = if all <= room {
            // Columns of words take what is left, but figures should not be crowded at the edge.
            let spare = room - all;
            let words = table.columns.iter().filter(|(_, kind)| *kind == Kind::Words).count();
            let others = natural.len() - words;
            let apart = if words == 0 { spare } else { (spare * 0.4).min(36.0 * others as f32) };
            let share = |kind: Kind| match kind {
                Kind::Words => (spare - apart) / words as f32,
                Kind::Piece | Kind::Figures => apart / others as f32,
            };
            natural
                .iter()
                .zip(&table.columns)
                .map(|(width, (_, kind))| width + share(*kind))
                .collect()
        } else {
            let give = ((room - narrow) / (all - narrow).max(0.01)).clamp(0.0, 1.0);
            let between = |(most, least): (&f32, &f32)| (least + (most - least) * give) * scale;
            natural.iter().zip(&least).map(between).collect()
        };
        let mut x = LEFT;
        let mut lefts = Vec::with_capacity(widths.len());
        for width in &widths {
            lefts.push(x);
            x += width + GUTTER;
        }
        Self { lefts, widths, scale }
    }

    fn broken(&self, cells: &[String], role: Role, table: &Table, layout: &Layout<'_>) -> Broken {
        let style = role.style();
        let style = Style { size: style.size * self.scale, ..style };
        let face = layout.face(style);
        let cell = |(at, cell): (usize, &String)| {
            let text = face.printable(cell);
            let width = if alone(at, cells) { WIDTH } else { self.widths[at] + 0.5 };
            match (table.columns[at].1, role) {
                (Kind::Words, _) | (_, Role::Head) => broken(&text, face, style.size, width),
                (Kind::Piece | Kind::Figures, Role::Row(_)) => vec![text],
            }
        };
        let cells: Vec<Vec<String>> = cells.iter().enumerate().map(cell).collect();
        let lines = cells.iter().map(Vec::len).max().unwrap_or(1).max(1);
        let height = lines as f32 * style.leading() + 2.0 * PADDING;
        Broken { role, cells, style, height }
    }

    /// Draws a row and moves on below it.
    fn draw(
        &self,
        row: &Broken,
        elements: &[Option<Element>],
        table: &Table,
        layout: &mut Layout<'_>,
    ) {
        for (at, lines) in row.cells.iter().enumerate() {
            let right = self.lefts[at] + self.widths[at];
            let mut y = layout.y + PADDING;
            if row.role == Role::Head {
                y += row.height - 2.0 * PADDING - lines.len() as f32 * row.style.leading();
            }
            for line in lines {
                if table.columns[at].1 == Kind::Figures {
                    // What only stands for width is measured, and not printed.
                    let shown = line.trim_end().trim_end_matches(SPACES);
                    let padding = &line[shown.len()..];
                    let face = layout.face(row.style);
                    let padding = face.width(padding.trim_end_matches(' '), row.style.size);
                    let shown = if shown.is_empty() { " " } else { shown };
                    layout.text_to(elements[at], (right - padding, y), shown, row.style);
                } else {
                    let shown = if line.is_empty() { " " } else { line };
                    layout.text(elements[at], (self.lefts[at], y), shown, row.style);
                }
                y += row.style.leading();
            }
        }
        layout.y += row.height;
    }

    fn rule(&self, thickness: f32, color: Color, layout: &mut Layout<'_>) {
        let width = self.lefts.last().zip(self.widths.last()).map_or(0.0, |(x, w)| x + w - LEFT);
        let shape = Shape::Fill { x: LEFT, y: layout.y, width, height: thickness, color };
        layout.put(None, shape);
    }
}

/// Whoever stands alone in a row may take all of it.
fn alone(at: usize, cells: &[String]) -> bool {
    at == 0 && cells.iter().skip(1).all(String::is_empty)
}

/// How wide each column would like to be, and how wide it has to be.
fn needs(table: &Table, layout: &Layout<'_>) -> (Vec<f32>, Vec<f32>) {
    let column = |(at, (title, kind)): (usize, &(&str, Kind))| {
        let head = layout.face(TITLE);
        let title_word = widest_word(title, head, TITLE.size);
        let mut most: f32 = head.width(title, TITLE.size).min(title_word * 1.6);
        let mut least: f32 = title_word;
        for row in &table.rows {
            if alone(at, &row.cells) {
                continue;
            }
            let face = layout.face(Role::Row(row.weight).style());
            let text = face.printable(&row.cells[at]);
            let width = face.width(&text, TEXT.size);
            most = most.max(width);
            least = least.max(match kind {
                // A long word is broken rather than making everything small.
                Kind::Words => widest_word(&text, face, TEXT.size).min(90.0),
                Kind::Piece | Kind::Figures => width,
            });
        }
        (most.max(least), least)
    };
    table.columns.iter().enumerate().map(column).unzip()
}
