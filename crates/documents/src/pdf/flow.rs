//! Lays a sheet out from top to bottom: letterhead, then block after block.

use super::fonts::Weight::{Regular, Strong};
use super::grid;
use super::layout::{Color, Element, HEIGHT, LEFT, Layout, Shape, Style, WIDTH};
use super::lines::broken;
use crate::chart::Chart;
use crate::sheet::{Block, Head, Sheet};
use krilla::tagging::{Tag, TagKind};
use std::num::NonZeroU16;

const SENDER: Style = Style::new(Strong, 14.0, Color::Ink);
const WORD: Style = Style::new(Strong, 22.0, Color::Mark);
const SUBJECT: Style = Style::new(Regular, 12.0, Color::Soft);
const PART: Style = Style::new(Strong, 14.0, Color::Mark);
pub(super) const CAPTION: Style = Style::new(Strong, 10.0, Color::Ink);
const BODY: Style = Style::new(Regular, 9.0, Color::Ink);
const SMALL: Style = Style::new(Regular, 8.5, Color::Soft);
const VALUE: Style = Style::new(Strong, 12.5, Color::Ink);
/// Height of the box of a curve.
const CURVE: f32 = 84.0;
/// Lines of one side of the letterhead.
const HEAD_LINES_MAX: usize = 14;

/// Lays out everything but the feet of the pages.
pub(super) fn lay_out(sheet: &Sheet, layout: &mut Layout<'_>) {
    head(&sheet.head, &sheet.title, layout);
    for (at, block) in sheet.blocks.iter().enumerate() {
        match block {
            Block::Part(words) => part(words, sheet.blocks.get(at + 1), layout),
            Block::Words(words) => paragraph(words, BODY, layout),
            Block::Remark(words) => paragraph(words, SMALL, layout),
            Block::Headlines(lines) => headlines(lines, layout),
            Block::Table(table) => grid::table(table, layout),
            Block::Chart(chart) => curve(chart, layout),
        }
    }
}

fn heading(level: u16, words: &str) -> TagKind {
    Tag::Hn(NonZeroU16::new(level).unwrap_or(NonZeroU16::MIN), Some(words.to_owned())).into()
}

/// The letterhead: sender at the left, what it is at the right; below, the customer and the facts.
fn head(head: &Head, title: &str, layout: &mut Layout<'_>) {
    let (half, top) = (WIDTH * 0.5 - 10.0, layout.y);
    let name = layout.element(heading(1, title), None);
    let issuer = layout.element(Tag::P, None);
    let mut y = top;
    for (at, line) in head.issuer.iter().take(HEAD_LINES_MAX).enumerate() {
        let style = if at == 0 { SENDER } else { SMALL };
        let area = Area { x: LEFT, y, width: half, lines: 2 };
        y = wrapped(Some(issuer), area, line, style, layout);
    }
    let right = LEFT + WIDTH;
    layout.text_to(Some(name), (right, top - 4.0), &head.word, WORD);
    let subject = SUBJECT.fitted(&head.subject, half, layout);
    let below = top - 4.0 + WORD.leading();
    layout.text_to(Some(name), (right, below), subject.0.trim_end(), subject.1);
    let top = y.max(below + SUBJECT.leading()) + 16.0;
    let customer = layout.element(Tag::P, None);
    layout.text(Some(customer), (LEFT, top), &format!("{} ", head.address), SMALL);
    let mut y = top + SMALL.leading();
    for line in head.customer.iter().take(HEAD_LINES_MAX) {
        let area = Area { x: LEFT, y, width: half, lines: 2 };
        y = wrapped(Some(customer), area, line, BODY, layout);
    }
    let below = facts(head, top, layout);
    layout.y = y.max(below) + 10.0;
    layout.rule(1.2, Color::Mark);
    layout.y += 14.0;
}

/// Labels and values at the right; says where they end.
fn facts(head: &Head, top: f32, layout: &mut Layout<'_>) -> f32 {
    let face = layout.face(BODY);
    let longest = |width: f32, (_, value): &(&str, String)| {
        width.max(face.width(&face.printable(value), BODY.size))
    };
    let values = head.facts.iter().fold(0.0, longest).min(WIDTH * 0.35);
    let x = LEFT + WIDTH - values;
    let mut y = top;
    for (label, value) in &head.facts {
        let fact = layout.element(Tag::P, None);
        let labels = layout.face(SMALL).width(label, SMALL.size) + 12.0;
        layout.text(Some(fact), (x - labels.max(64.0), y), &format!("{label} "), SMALL);
        let area = Area { x, y: y - 0.4, width: values + 1.0, lines: 2 };
        y = wrapped(Some(fact), area, value, BODY, layout);
    }
    y
}

/// Where lines of text go: the corner at the top left, the width, and how many there may be.
#[derive(Clone, Copy)]
struct Area {
    x: f32,
    y: f32,
    width: f32,
    lines: usize,
}

/// Breaks text into the lines of an area; gives the height below them. Never turns the page: what does not
/// fit ends in an ellipsis.
fn wrapped(
    element: Option<Element>,
    area: Area,
    text: &str,
    style: Style,
    layout: &mut Layout<'_>,
) -> f32 {
    let face = layout.face(style);
    let mut lines = broken(&face.printable(text), face, style.size, area.width);
    if lines.len() > area.lines {
        lines.truncate(area.lines);
        if let Some(last) = lines.last_mut() {
            last.pop();
            last.push('…');
        }
    }
    let mut y = area.y;
    for line in lines {
        layout.text(element, (area.x, y), &line, style);
        y += style.leading();
    }
    y
}

/// A heading, never alone at the foot of a page.
fn part(words: &str, next: Option<&Block>, layout: &mut Layout<'_>) {
    layout.gap(22.0);
    let below = match next {
        Some(Block::Table(table)) => grid::begin(table, layout),
        _ => 4.0 * BODY.leading(),
    };
    layout.need(PART.leading() + 20.0 + below);
    let words = layout.face(PART).printable(words);
    let element = layout.element(heading(2, &words), None);
    layout.parts.push((words.clone(), layout.pages.len() - 1, layout.y));
    let area = Area { x: LEFT, y: layout.y, width: WIDTH, lines: 3 };
    layout.y = wrapped(Some(element), area, &words, PART, layout) + 2.0;
    layout.rule(0.6, Color::Rule);
    layout.y += 8.0;
}

fn paragraph(words: &str, style: Style, layout: &mut Layout<'_>) {
    let face = layout.face(style);
    let element = layout.element(Tag::P, None);
    let lines = broken(&face.printable(words), face, style.size, WIDTH);
    layout.gap(4.0);
    // A paragraph stays together, unless it is a page of its own.
    layout.need((lines.len() as f32 * style.leading()).min(HEIGHT / 3.0));
    for line in lines {
        layout.need(style.leading());
        layout.text(Some(element), (LEFT, layout.y), &line, style);
        layout.y += style.leading();
    }
    layout.y += 2.0;
}

/// Boxes side by side.
fn headlines(lines: &[(String, String)], layout: &mut Layout<'_>) {
    let (gap, height) = (8.0, 40.0);
    let count = lines.len().max(1) as f32;
    let width = (WIDTH - gap * (count - 1.0)) / count;
    layout.need(height);
    let label_style = Style { size: SMALL.size - 0.5, ..SMALL };
    let sizes =
        lines.iter().map(|(label, _)| label_style.fitted(label, width - 16.0, layout).1.size);
    let label_style = Style { size: sizes.fold(label_style.size, f32::min), ..label_style };
    for (at, (label, value)) in lines.iter().enumerate() {
        let x = LEFT + at as f32 * (width + gap);
        let y = layout.y;
        layout.put(None, Shape::Fill { x, y, width, height, color: Color::Tint });
        let element = layout.element(Tag::P, None);
        let label = label_style.fitted(label, width - 16.0, layout);
        layout.text(Some(element), (x + 8.0, y + 6.0), &label.0, label.1);
        let value = VALUE.fitted(value, width - 16.0, layout);
        layout.text(Some(element), (x + 8.0, y + 18.0), &value.0, value.1);
    }
    layout.y += height + 14.0;
}

impl Style {
    /// A text with the style made small enough for it to fit.
    fn fitted(self, text: &str, width: f32, layout: &Layout<'_>) -> (String, Self) {
        let face = layout.face(self);
        let text = face.printable(text);
        let natural = face.width(&text, self.size);
        let size = if natural > width { self.size * width / natural } else { self.size };
        (format!("{text} "), Self { size, ..self })
    }
}

/// A curve with its title above and its ends below.
fn curve(chart: &Chart, layout: &mut Layout<'_>) {
    let height = CAPTION.leading() + CURVE + SMALL.leading() + 14.0;
    layout.need(height.min(HEIGHT));
    let top = layout.y + CAPTION.leading() + 4.0;
    let caption = layout.element(Tag::P, None);
    layout.text(Some(caption), (LEFT, layout.y), &chart.title, CAPTION);
    for y in [top, top + CURVE] {
        let shape = Shape::Fill { x: LEFT, y, width: WIDTH, height: 0.5, color: Color::Rule };
        layout.put(None, shape);
    }
    let figure = layout.element(Tag::Figure(Some(chart.words.clone())), None);
    let place = |(x, y): &(f32, f32)| (LEFT + x * WIDTH, top + (1.0 - y) * CURVE);
    let points = chart.points.iter().map(place).collect();
    layout.put(Some(figure), Shape::Curve { points, base: top + CURVE });
    // Said by the figure's words already.
    let y = top + CURVE + 2.0;
    let range = format!("{}, {}", chart.low, chart.high);
    let middle = layout.face(SMALL).width(&range, SMALL.size) / 2.0;
    layout.text(None, (LEFT, y), &chart.from, SMALL);
    layout.text(None, (LEFT + WIDTH / 2.0 - middle, y), &range, SMALL);
    layout.text_to(None, (LEFT + WIDTH, y), &chart.to, SMALL);
    layout.y = y + SMALL.leading() + 12.0;
}
