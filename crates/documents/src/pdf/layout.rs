//! Pages before they are painted: what stands where, and which element of the document's structure it
//! belongs to. The top left corner is the origin; everything is in points.

use super::fonts::{Face, Fonts, Weight};
use krilla::tagging::TagKind;

/// A4.
pub(crate) const PAGE: (f32, f32) = (595.28, 841.89);
const MARGIN: f32 = 44.0;
const TOP: f32 = 46.0;
const BOTTOM: f32 = 60.0;
/// Left end of what is printed.
pub(crate) const LEFT: f32 = MARGIN;
/// Width of what is printed.
pub(crate) const WIDTH: f32 = PAGE.0 - 2.0 * MARGIN;
/// Height of a page's content.
pub(crate) const HEIGHT: f32 = PAGE.1 - TOP - BOTTOM;

/// A color of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Color {
    /// Of text.
    Ink,
    /// Of what matters less.
    Soft,
    /// Of rules.
    Rule,
    /// Behind headlines.
    Tint,
    /// Of titles and curves.
    Mark,
}

/// How text looks.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    pub(crate) weight: Weight,
    pub(crate) size: f32,
    pub(crate) color: Color,
}

impl Style {
    pub(crate) const fn new(weight: Weight, size: f32, color: Color) -> Self {
        Self { weight, size, color }
    }

    /// From one line to the next.
    pub(crate) fn leading(&self) -> f32 {
        self.size * 1.4
    }
}

/// Number of an element of the structure. The first is the document itself.
pub(crate) type Element = usize;

/// Something on a page.
pub(crate) struct Item {
    /// What it belongs to; nothing for decoration.
    pub(crate) element: Option<Element>,
    pub(crate) shape: Shape,
}

pub(crate) enum Shape {
    /// Text from `x` on, its baseline at `y`.
    Text { x: f32, y: f32, text: String, style: Style },
    /// A filled box.
    Fill { x: f32, y: f32, width: f32, height: f32, color: Color },
    /// A curve, over a filled area down to `base`.
    Curve { points: Vec<(f32, f32)>, base: f32 },
}

/// The pages as they come to be.
pub(crate) struct Layout<'a> {
    pub(crate) fonts: &'a Fonts,
    pub(crate) pages: Vec<Vec<Item>>,
    /// The structure: what each element is, and within which it lies.
    pub(crate) elements: Vec<(TagKind, Element)>,
    /// Titles of the parts, with page and height.
    pub(crate) parts: Vec<(String, usize, f32)>,
    /// Where the next thing goes.
    pub(crate) y: f32,
}

impl<'a> Layout<'a> {
    pub(crate) fn new(fonts: &'a Fonts) -> Self {
        let (pages, elements, parts) = (vec![Vec::new()], Vec::new(), Vec::new());
        Self { fonts, pages, elements, parts, y: TOP }
    }

    pub(crate) const fn face(&self, style: Style) -> &'a Face {
        self.fonts.face(style.weight)
    }

    /// Adds an element to the structure; `None` puts it at the top.
    pub(crate) fn element(&mut self, kind: impl Into<TagKind>, within: Option<Element>) -> Element {
        let own = self.elements.len();
        self.elements.push((kind.into(), within.unwrap_or(own)));
        own
    }

    /// Begins another page where less than `height` is left; says whether it did.
    pub(crate) fn need(&mut self, height: f32) -> bool {
        let full = self.y + height > TOP + HEIGHT && self.y > TOP;
        if full {
            self.pages.push(Vec::new());
            self.y = TOP;
        }
        full
    }

    /// Room before the next thing, but not at the top of a page.
    pub(crate) fn gap(&mut self, height: f32) {
        if self.y > TOP {
            self.y += height;
        }
    }

    /// Puts something on the page.
    pub(crate) fn put(&mut self, element: Option<Element>, shape: Shape) {
        if let Some(page) = self.pages.last_mut() {
            page.push(Item { element, shape });
        }
    }

    /// A line of text whose top is at `y`.
    pub(crate) fn text(
        &mut self,
        element: Option<Element>,
        (x, y): (f32, f32),
        text: &str,
        style: Style,
    ) {
        // A quarter of the leading lies above the capitals.
        let y = y + style.size * 1.08;
        self.put(element, Shape::Text { x, y, text: text.to_owned(), style });
    }

    /// The same, ending at `right`.
    pub(crate) fn text_to(
        &mut self,
        element: Option<Element>,
        (right, y): (f32, f32),
        text: &str,
        style: Style,
    ) {
        let x = right - self.face(style).width(text, style.size);
        self.text(element, (x, y), text, style);
    }

    /// A rule across what is printed, at the current height.
    pub(crate) fn rule(&mut self, thickness: f32, color: Color) {
        let shape = Shape::Fill { x: LEFT, y: self.y, width: WIDTH, height: thickness, color };
        self.put(None, shape);
    }
}
