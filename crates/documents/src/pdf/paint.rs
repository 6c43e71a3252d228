//! Paints laid out pages with krilla: content streams, fonts, structure, outline and the data about the file.

use super::fonts::Fonts;
use super::layout::{Color, Element, Item, LEFT, Layout, PAGE, Shape, Style, WIDTH};
use crate::pdf::fonts::Weight;
use crate::sheet::Sheet;
use crate::text::clean;
use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{Path, PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, Node, SpanTag, TagGroup, TagTree,
};
use krilla::{Document, SerializeSettings};
use nija_core::ports::documents::DocumentError;
use nija_core::words::time::Timestamp;

const LANGUAGE: &str = "en";
const FOOT: Style = Style::new(Weight::Regular, 8.0, Color::Soft);

/// The bytes of the file.
pub(super) fn paint(sheet: &Sheet, layout: Layout<'_>) -> Result<Vec<u8>, DocumentError> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|failure| DocumentError::Unwritten(format!("{failure:?}")))?;
    let mut document =
        Document::new_with(SerializeSettings { configuration, ..Default::default() });
    document.set_metadata(metadata(sheet));
    document.set_outline(outline(sheet, &layout));
    let Layout { fonts, mut pages, elements, .. } = layout;
    let count = pages.len();
    for (at, page) in pages.iter_mut().enumerate() {
        page.extend(foot(sheet, at + 1, count, fonts));
    }
    let mut leaves: Vec<Vec<Identifier>> = vec![Vec::new(); elements.len()];
    for items in &pages {
        let Some(size) = PageSettings::from_wh(PAGE.0, PAGE.1) else { continue };
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        for item in items {
            draw(item, fonts, &mut surface, &mut leaves);
        }
        surface.finish();
        page.finish();
    }
    let mut groups: Vec<TagGroup> = Vec::with_capacity(elements.len());
    let mut within = Vec::with_capacity(elements.len());
    for ((kind, parent), leaves) in elements.into_iter().zip(leaves) {
        groups.push(TagGroup::with_children(kind, leaves.into_iter().map(Node::Leaf).collect()));
        within.push(parent);
    }
    document.set_tag_tree(tree(groups, &within));
    document.finish().map_err(|failure| DocumentError::Unwritten(failure.to_string()))
}

/// Hangs each element into the one it lies within. Those are made before what is in them, so from the last on.
fn tree(groups: Vec<TagGroup>, within: &[Element]) -> TagTree {
    let mut waiting: Vec<Vec<Node>> = groups.iter().map(|_| Vec::new()).collect();
    let mut top = Vec::new();
    for (own, mut group) in groups.into_iter().enumerate().rev() {
        let children = std::mem::take(&mut waiting[own]);
        group.children.extend(children.into_iter().rev());
        let parent = within[own];
        let to = if parent == own { &mut top } else { &mut waiting[parent] };
        to.push(Node::Group(group));
    }
    top.reverse();
    TagTree::from(top).with_lang(Some(LANGUAGE.to_owned()))
}

fn metadata(sheet: &Sheet) -> Metadata {
    let mut metadata = Metadata::new()
        .title(clean(&sheet.title))
        .language(LANGUAGE.to_owned())
        .creator("NIJA".to_owned())
        .creation_date(date_time(sheet.dated));
    if let Some(name) = sheet.head.issuer.first() {
        metadata = metadata.authors(vec![clean(name)]);
    }
    metadata
}

/// The date of the document, not of its printing: equal documents have equal bytes.
fn date_time(at: Timestamp) -> DateTime {
    let text = at.to_string();
    let part = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse().ok());
    let year = text.get(..4).and_then(|year| year.parse().ok());
    DateTime::new(year.unwrap_or(1970))
        .month(part(5, 7).unwrap_or(1))
        .day(part(8, 10).unwrap_or(1))
        .hour(part(11, 13).unwrap_or(0))
        .minute(part(14, 16).unwrap_or(0))
        .second(part(17, 19).unwrap_or(0))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

fn outline(sheet: &Sheet, layout: &Layout<'_>) -> Outline {
    let mut outline = Outline::new();
    let top = [(sheet.title.clone(), 0, 0.0)];
    for (words, page, y) in top.iter().chain(&layout.parts) {
        let place = XyzDestination::new(*page, Point::from_xy(LEFT, *y));
        outline.push_child(OutlineNode::new(clean(words), place));
    }
    outline
}

/// What stands at the foot of a page.
pub(super) fn foot(sheet: &Sheet, page: usize, pages: usize, fonts: &Fonts) -> Vec<Item> {
    let face = fonts.face(FOOT.weight);
    let y = PAGE.1 - 32.0;
    let line = |x: f32, text: String| Item {
        element: None,
        shape: Shape::Text { x, y, text, style: FOOT },
    };
    let number = format!("Page {page} of {pages}");
    let right = LEFT + WIDTH - face.width(&number, FOOT.size);
    let sender = sheet.head.issuer.first().map(|name| format!(" · {name}")).unwrap_or_default();
    let mut words = face.printable(&format!("{}{sender}", sheet.title));
    while face.width(&words, FOOT.size) > right - LEFT - 20.0 {
        words.pop();
    }
    vec![line(LEFT, words), line(right, number)]
}

fn draw(item: &Item, fonts: &Fonts, surface: &mut Surface<'_>, leaves: &mut [Vec<Identifier>]) {
    let tag = match (&item.shape, item.element) {
        (_, None) => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)),
        (Shape::Text { .. }, Some(_)) => ContentTag::Span(SpanTag::empty()),
        (_, Some(_)) => ContentTag::Other,
    };
    let identifier = surface.start_tagged(tag);
    match &item.shape {
        Shape::Text { x, y, text, style } => {
            let face = fonts.face(style.weight);
            surface.set_fill(Some(fill(style.color)));
            surface.set_stroke(None);
            let (start, glyphs) = (Point::from_xy(*x, *y), face.glyphs(text));
            surface.draw_glyphs(start, &glyphs, face.font.clone(), text, style.size, false);
        }
        Shape::Fill { x, y, width, height, color } => {
            if let Some(area) = Rect::from_xywh(*x, *y, *width, *height).and_then(rectangle) {
                surface.set_fill(Some(fill(*color)));
                surface.set_stroke(None);
                surface.draw_path(&area);
            }
        }
        Shape::Curve { points, base } => curve(points, *base, surface),
    }
    surface.end_tagged();
    if let Some(element) = item.element {
        leaves[element].push(identifier);
    }
}

fn curve(points: &[(f32, f32)], base: f32, surface: &mut Surface<'_>) {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
    let line = |builder: &mut PathBuilder| {
        builder.move_to(first.0, first.1);
        points.iter().skip(1).for_each(|(x, y)| builder.line_to(*x, *y));
    };
    let mut area = PathBuilder::new();
    line(&mut area);
    area.line_to(last.0, base);
    area.line_to(first.0, base);
    area.close();
    if let Some(area) = area.finish() {
        surface.set_fill(Some(fill(Color::Tint)));
        surface.set_stroke(None);
        surface.draw_path(&area);
    }
    let mut stroke = PathBuilder::new();
    line(&mut stroke);
    if let Some(stroke) = stroke.finish() {
        surface.set_fill(None);
        surface.set_stroke(Some(Stroke {
            paint: paint_of(Color::Mark).into(),
            width: 1.3,
            ..Default::default()
        }));
        surface.draw_path(&stroke);
    }
}

fn rectangle(area: Rect) -> Option<Path> {
    let mut builder = PathBuilder::new();
    builder.push_rect(area);
    builder.finish()
}

fn fill(color: Color) -> Fill {
    let rule = FillRule::NonZero;
    Fill { paint: paint_of(color).into(), opacity: NormalizedF32::ONE, rule }
}

fn paint_of(color: Color) -> rgb::Color {
    match color {
        Color::Ink => rgb::Color::new(0x1b, 0x24, 0x30),
        Color::Soft => rgb::Color::new(0x5b, 0x66, 0x75),
        Color::Rule => rgb::Color::new(0xd8, 0xde, 0xe6),
        Color::Tint => rgb::Color::new(0xf3, 0xf6, 0xf9),
        Color::Mark => rgb::Color::new(0x12, 0x50, 0x6b),
    }
}
