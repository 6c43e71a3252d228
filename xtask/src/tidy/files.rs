//! Rules on a Rust file as a whole: it says what it is, it is not too long, and its lines fit.

use crate::tidy::finding::Finding;
use crate::tidy::source::Source;

/// Longest file, in lines; the wish is 400.
const LINES_MAX: usize = 600;
/// Longest line, in characters; rustfmt leaves comments and strings alone.
pub(crate) const COLUMNS_MAX: usize = 120;

/// Files that may be longer, each with its reason.
const LONG: &[(&str, &str)] = &[];

pub(crate) fn check(source: &Source<'_>) -> Vec<Finding> {
    let path = source.path;
    let mut out = Vec::new();
    if !source.raw.first().is_some_and(|line| line.starts_with("//!")) {
        out.push(Finding::new(
            path,
            1,
            "header",
            "open with `//!`: what it is, promises, leaves out",
        ));
    }
    if path.ends_with("/mod.rs") {
        out.push(Finding::new(
            path,
            0,
            "mod-rs",
            "name it after its folder: `foo.rs` beside `foo/`",
        ));
    }
    let lines = source.raw.len();
    if lines > LINES_MAX && !LONG.iter().any(|(long, _)| *long == path) {
        let mend = format!("{lines} lines, at most {LINES_MAX}; one noun a file, so split it");
        out.push(Finding::new(path, 0, "size", mend));
    }
    for (index, line) in source.raw.iter().enumerate() {
        let columns = line.chars().count();
        // A link cannot be broken.
        if columns > COLUMNS_MAX && !line.contains("://") {
            let mend = format!("{columns} columns, at most {COLUMNS_MAX}; break the line");
            out.push(Finding::new(path, index + 1, "columns", mend));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<(&'static str, usize)> {
        let findings = check(&Source::new(path, text));
        findings.iter().map(|finding| (finding.rule, finding.line)).collect()
    }

    #[test]
    fn a_file_says_what_it_is() {
        assert_eq!(rules("a.rs", "//! A.\n"), []);
        assert_eq!(rules("a.rs", "// A.\n"), [("header", 1)]);
        assert_eq!(rules("a.rs", ""), [("header", 1)]);
    }

    #[test]
    fn folders_are_named_by_a_file_beside_them() {
        assert_eq!(rules("crates/a/src/b/mod.rs", "//! A.\n"), [("mod-rs", 0)]);
    }

    #[test]
    fn long_files_and_lines_are_told() {
        let long = "//! A.\n".repeat(LINES_MAX);
        assert_eq!(rules("a.rs", &long), []);
        assert_eq!(rules("a.rs", &(long + "\n")), [("size", 0)]);
        let fits = format!("//! A.\n// {}\n", "é".repeat(COLUMNS_MAX - 3));
        assert_eq!(rules("a.rs", &fits), []);
        assert_eq!(rules("a.rs", &fits.replace("// ", "//  ")), [("columns", 2)]);
    }

    #[test]
    fn the_table_of_long_files_holds_reasons() {
        assert!(LONG.iter().all(|(path, why)| path.ends_with(".rs") && why.len() > 20));
    }
}
