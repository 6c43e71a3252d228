//! Text from outside, made fit to be printed: in a line, in HTML, in a cell of a spreadsheet, in a file's name.

use std::fmt::Write;

/// Longest text of one piece; what is longer ends in an ellipsis.
pub(crate) const LENGTH_MAX: usize = 500;
/// Stands for a character that cannot be printed.
pub(crate) const LOST: char = '\u{fffd}';

/// One line without what would steer a reader instead of being read: controls become spaces, marks that turn
/// the direction of writing and characters that are none are replaced.
pub(crate) fn clean(text: &str) -> String {
    let mut out: String = text.chars().take(LENGTH_MAX).map(fit).collect();
    if text.chars().nth(LENGTH_MAX).is_some() {
        out.push('…');
    }
    out
}

fn fit(c: char) -> char {
    match c {
        c if c.is_control() => ' ',
        '\u{2028}' | '\u{2029}' => ' ',
        // Invisible, directional, private or never assigned.
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => LOST,
        '\u{fdd0}'..='\u{fdef}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' => LOST,
        '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}' => LOST,
        c if c as u32 & 0xfffe == 0xfffe => LOST,
        c => c,
    }
}

/// Appends text to HTML, in an element or in a quoted attribute.
pub(crate) fn escape(text: &str, out: &mut String) {
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

/// A cell of a spreadsheet that stays text: an apostrophe stands before whatever could begin a formula, at the
/// beginning and behind everything that some reader takes for the border of a cell.
pub(crate) fn plain_cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut begins = true;
    for c in clean(text).chars() {
        if begins && matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') {
            out.push('\'');
        }
        begins = matches!(c, ',' | ';' | '"') || (begins && c.is_whitespace());
        out.push(c);
    }
    out
}

/// A name for a file: letters and digits, with single dots and hyphens between them.
pub(crate) fn file_name(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(80) {
        match c {
            c if c.is_ascii_alphanumeric() => out.push(c),
            c if out.ends_with(|last: char| last.is_ascii_alphanumeric()) => {
                out.push(if c == '.' { '.' } else { '-' });
            }
            _ => {}
        }
    }
    out.truncate(out.trim_end_matches(['.', '-']).len());
    if out.is_empty() { "document".into() } else { out }
}

/// A word or sentence with a capital at its beginning.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let mut out = String::with_capacity(text.len());
    if let Some(first) = chars.next() {
        let _ = write!(out, "{}{}", first.to_uppercase(), chars.as_str());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn controls_and_directions_do_not_get_through() {
        assert_eq!(clean("a\r\n\tb\0"), "a   b ");
        assert_eq!(clean("gpj\u{202e}exe"), "gpj\u{fffd}exe");
        assert_eq!(clean("Zoë Пётр 漢字 ±€"), "Zoë Пётр 漢字 ±€");
        let long = "x".repeat(LENGTH_MAX + 1);
        assert_eq!(clean(&long), format!("{}…", "x".repeat(LENGTH_MAX)));
        assert_eq!(clean(&long[1..]), long[1..]);
    }

    #[test]
    fn formulas_become_text_wherever_a_cell_could_begin() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("  @SUM(A1)", "  '@SUM(A1)"),
            ("-2", "'-2"),
            ("\t+x", " '+x"),
            ("a;=cmd|' /C calc'!A0", "a;'=cmd|' /C calc'!A0"),
            ("a\",-1", "a\",'-1"),
            ("BTC-USD a=b", "BTC-USD a=b"),
        ] {
            assert_eq!(plain_cell(text), cell);
        }
    }

    #[test]
    fn names_of_files_are_harmless() {
        for (text, name) in [
            ("NIJA-2026-000123", "NIJA-2026-000123"),
            ("../../etc/passwd", "etc-passwd"),
            ("a\"; filename=x", "a-filename-x"),
            ("v1.2..", "v1.2"),
            ("Ünï", "n"),
            ("漢字", "document"),
        ] {
            assert_eq!(file_name(text), name);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn escaped_text_holds_no_markup(text in any::<String>()) {
            let mut out = String::new();
            escape(&text, &mut out);
            prop_assert!(!out.contains(['<', '>', '"', '\'']));
            let entities = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
            let known = entities.iter().map(|entity| out.matches(entity).count()).sum::<usize>();
            prop_assert_eq!(out.matches('&').count(), known);
        }

        #[test]
        fn a_name_of_a_file_is_one(text in any::<String>()) {
            let name = file_name(&text);
            prop_assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-'));
            prop_assert!(!name.is_empty() && name.len() <= 80 && !name.contains(".."));
            prop_assert!(!name.starts_with(['.', '-']) && !name.ends_with(['.', '-']));
        }
    }
}
