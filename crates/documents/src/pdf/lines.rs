//! Breaks text into lines: between words, and within a word only where the word is wider than the line.

use super::fonts::Face;

/// The lines of a text. Each but the last keeps the space it was broken at, so that words stay apart for
/// readers. There is always one line, if only an empty one.
pub(crate) fn broken(text: &str, face: &Face, size: f32, width: f32) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0.0;
    for word in text.split_inclusive(' ') {
        let bare = face.width(word.trim_end_matches(' '), size);
        if used > 0.0 && used + bare > width {
            lines.push(String::new());
            used = 0.0;
        }
        for c in word.chars() {
            let advance = face.advance(c) * size;
            if used > 0.0 && used + advance > width && c != ' ' {
                lines.push(String::new());
                used = 0.0;
            }
            used += advance;
            if let Some(line) = lines.last_mut() {
                line.push(c);
            }
        }
    }
    lines
}

/// Width of the widest word.
pub(crate) fn widest_word(text: &str, face: &Face, size: f32) -> f32 {
    text.split(' ').map(|word| face.width(word, size)).fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::fonts::{Fonts, Weight};
    use proptest::prelude::*;

    #[test]
    fn lines_break_between_words() {
        let fonts = Fonts::load().unwrap();
        let face = fonts.face(Weight::Regular);
        let width = face.width("one two", 10.0);
        assert_eq!(broken("one two three", face, 10.0, width), ["one two ", "three"]);
        assert_eq!(broken("", face, 10.0, width), [""]);
        assert_eq!(broken("onetwothree", face, 10.0, face.width("onetw", 10.0)).len(), 3);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn nothing_is_lost_and_every_line_fits(text in "[a-z ]{0,60}", width in 20.0f32..200.0) {
            let fonts = Fonts::load().unwrap();
            let face = fonts.face(Weight::Strong);
            let lines = broken(&text, face, 9.0, width);
            prop_assert_eq!(lines.concat(), text);
            for line in lines {
                prop_assert!(face.width(line.trim_end(), 9.0) <= width + 0.01, "{}", line);
            }
        }
    }
}
