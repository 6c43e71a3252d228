//! Breaks comment lines that are too long, which rustfmt leaves alone. What runs over is carried to
//! the next line of the same paragraph. Fenced examples and comments behind code are not touched.

use crate::tidy::files::COLUMNS_MAX;
use std::collections::VecDeque;

/// The text with its comments wrapped; nothing when they all fit.
pub(crate) fn wrapped(text: &str) -> Option<String> {
    let mut rest: VecDeque<String> = text.lines().map(str::to_owned).collect();
    let mut out = String::with_capacity(text.len());
    let (mut fenced, mut changed) = (false, false);
    while let Some(line) = rest.pop_front() {
        let marked = Marked::read(&line);
        fenced ^= marked
            .as_ref()
            .is_some_and(|comment| comment.text.starts_with("```"));
        let cut = marked
            .as_ref()
            .filter(|_| !fenced)
            .and_then(|comment| comment.cut());
        let Some((marked, at)) = marked.as_ref().zip(cut) else {
            out.push_str(&line);
            out.push('\n');
            continue;
        };
        changed = true;
        out.push_str(marked.before);
        out.push_str(marked.text[..at].trim_end());
        out.push('\n');
        let over = marked.text[at..].trim_start();
        let joins = rest
            .front()
            .and_then(|next| Marked::read(next))
            .filter(|next| next.before == marked.before && next.continues());
        match joins.map(|next| format!("{}{over} {}", next.before, next.text)) {
            Some(joined) => {
                rest.pop_front();
                rest.push_front(joined);
            }
            None => rest.push_front(format!("{}{over}", marked.before)),
        }
    }
    changed.then_some(out)
}

/// A line that is a comment and nothing else.
struct Marked<'a> {
    /// Indentation, marker and one space.
    before: &'a str,
    text: &'a str,
}

impl<'a> Marked<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let indent = line.len() - line.trim_start().len();
        let marker = ["//! ", "/// ", "// "]
            .into_iter()
            .find(|m| line[indent..].starts_with(m))?;
        let (before, text) = line.split_at(indent + marker.len());
        Some(Self { before, text })
    }

    /// Where to break: at the last space that still fits.
    fn cut(&self) -> Option<usize> {
        let room = COLUMNS_MAX.saturating_sub(self.before.chars().count());
        if self.text.chars().count() <= room || self.text.contains("://") {
            return None;
        }
        let end = self
            .text
            .char_indices()
            .nth(room + 1)
            .map_or(self.text.len(), |(at, _)| at);
        self.text[..end]
            .rfind(' ')
            .filter(|at| !self.text[..*at].trim().is_empty())
    }

    /// Whether the line goes on a paragraph, rather than beginning something.
    fn continues(&self) -> bool {
        self.text
            .starts_with(|c: char| c.is_alphabetic() || "(`\"'[$".contains(c))
            && !self.text.starts_with("```")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_left_alone() {
        let long = "word ".repeat(30);
        for text in [
            "//! Short.\n".to_owned(),
            format!("let a = 1; // {long}\n"),
            format!("/// ```\n/// {long}\n/// ```\n"),
            format!("// see https://a.example/ {long}\n"),
            format!("// {}\n", "x".repeat(120)),
        ] {
            assert_eq!(wrapped(&text), None, "{text}");
        }
    }

    #[test]
    fn what_runs_over_joins_its_paragraph() {
        let line = "ab ".repeat(33);
        let text = format!("    /// {line}end.\n    /// Next.\n    fn a() {{}}\n");
        let want = format!(
            "    /// {}\n    /// ab ab end. Next.\n    fn a() {{}}\n",
            "ab ".repeat(31).trim_end()
        );
        assert_eq!(wrapped(&text), Some(want));
    }

    #[test]
    fn lists_and_empty_lines_are_not_joined() {
        let line = "ab ".repeat(33);
        for next in ["///", "/// - item", "/// # Errors", "/// ```", "// other"] {
            let mended = wrapped(&format!("/// {line}end.\n{next}\nfn a() {{}}\n")).unwrap();
            assert!(
                mended.ends_with(&format!("ab end.\n{next}\nfn a() {{}}\n")),
                "{mended}"
            );
        }
    }

    #[test]
    fn no_line_is_too_long_and_no_word_is_lost() {
        let text = format!(
            "//! {}\n//! {}\n",
            "abc ".repeat(100).trim(),
            "de ".repeat(90).trim()
        );
        let mended = wrapped(&text).unwrap();
        assert!(
            mended
                .lines()
                .all(|line| line.chars().count() <= COLUMNS_MAX)
        );
        let words = |text: &str| text.split_whitespace().filter(|w| *w != "//!").count();
        assert_eq!(words(&mended), words(&text));
        assert_eq!(wrapped(&mended), None);
    }
}
