//! The two fonts and how wide their characters are. One glyph stands for one character: enough for Latin,
//! Greek and Cyrillic. A character that the font lacks becomes the mark for lost ones.

use crate::text::{LOST, clean};
use krilla::text::{Font, GlyphId, KrillaGlyph};
use nija_core::ports::documents::DocumentError;
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};
use std::collections::BTreeMap;

const REGULAR: &[u8] = include_bytes!("../../fonts/OpenSans-Regular.ttf");
const STRONG: &[u8] = include_bytes!("../../fonts/OpenSans-Semibold.ttf");

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Strong,
}

/// Both.
pub(crate) struct Fonts {
    regular: Face,
    strong: Face,
}

/// One font.
pub(crate) struct Face {
    pub(crate) font: Font,
    glyphs: BTreeMap<char, Glyph>,
    lost: Glyph,
}

/// A glyph and its width, as a share of the font's size.
#[derive(Clone, Copy)]
struct Glyph {
    id: u32,
    width: f32,
}

impl Fonts {
    /// Reads both.
    pub(crate) fn load() -> Result<Self, DocumentError> {
        let unread = || DocumentError::Unwritten("a font of this program cannot be read".into());
        let face = |bytes| Face::load(bytes).ok_or_else(unread);
        Ok(Self { regular: face(REGULAR)?, strong: face(STRONG)? })
    }

    pub(crate) const fn face(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Strong => &self.strong,
        }
    }
}

impl Face {
    fn load(bytes: &'static [u8]) -> Option<Self> {
        let font = FontRef::new(bytes).ok()?;
        let metrics = font.glyph_metrics(Size::new(1.0), LocationRef::default());
        let glyph = |(code, id): (u32, skrifa::GlyphId)| {
            let width = metrics.advance_width(id)?;
            Some((char::from_u32(code)?, Glyph { id: id.to_u32(), width }))
        };
        let glyphs: BTreeMap<char, Glyph> = font.charmap().mappings().filter_map(glyph).collect();
        let lost = *glyphs.get(&LOST)?;
        Some(Self { font: Font::new(bytes.into(), 0)?, glyphs, lost })
    }

    fn glyph(&self, c: char) -> Glyph {
        self.glyphs.get(&c).copied().unwrap_or(self.lost)
    }

    /// The text as the font can print it: its own characters, and the mark for each other one.
    pub(crate) fn printable(&self, text: &str) -> String {
        let known = |c| if self.glyphs.contains_key(&c) { c } else { LOST };
        clean(text).chars().map(known).collect()
    }

    /// How wide a character is, as a share of the font's size.
    pub(crate) fn advance(&self, c: char) -> f32 {
        self.glyph(c).width
    }

    /// How wide a text is at a size.
    pub(crate) fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|c| self.advance(c)).sum::<f32>() * size
    }

    /// The glyphs of a text.
    pub(crate) fn glyphs(&self, text: &str) -> Vec<KrillaGlyph> {
        let place = |(at, c): (usize, char)| {
            let glyph = self.glyph(c);
            let range = at..at + c.len_utf8();
            KrillaGlyph::new(GlyphId::new(glyph.id), glyph.width, 0.0, 0.0, 0.0, range, None)
        };
        text.char_indices().map(place).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{DIGIT_SPACE, POINT_SPACE};

    #[test]
    fn digits_have_one_width_and_so_have_the_spaces_that_stand_for_them() {
        let fonts = Fonts::load().unwrap();
        for weight in [Weight::Regular, Weight::Strong] {
            let face = fonts.face(weight);
            let zero = face.advance('0');
            assert!(('1'..='9').all(|digit| face.advance(digit) == zero));
            assert!(face.advance(DIGIT_SPACE) > 0.0 && face.advance(POINT_SPACE) > 0.0);
        }
    }

    #[test]
    fn what_the_font_lacks_becomes_the_mark() {
        let fonts = Fonts::load().unwrap();
        let face = fonts.face(Weight::Regular);
        assert_eq!(face.printable("Zoë Пётр Ελλάς Nguyễn −€"), "Zoë Пётр Ελλάς Nguyễn −€");
        assert_eq!(face.printable("漢\u{1f600}\u{e000}\n"), "\u{fffd}\u{fffd}\u{fffd} ");
        assert_eq!(face.glyphs("aë").len(), 2);
    }
}
