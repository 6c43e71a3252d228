//! Who may import whom inside the core: words, then rules, then the desk, then the commit.
//! A module imports its own floor and those below it.

use crate::tidy::finding::Finding;
use crate::tidy::source::{Source, is_word};

const CORE: &str = "crates/core/src/";

/// The floors, lowest first. Modules that are not named may import and be imported freely.
const FLOORS: &[&[&str]] = &[
    &["words"],
    &["allocation", "billing", "copy", "ledger", "orders", "positions", "risk"],
    &["desk"],
    &["commit"],
];

pub(crate) fn check(source: &Source<'_>) -> Vec<Finding> {
    let Some(inside) = source.path.strip_prefix(CORE) else {
        return Vec::new();
    };
    let path: Vec<&str> = inside.trim_end_matches(".rs").split('/').collect();
    let (Some(own), Some(floor)) = (path.first(), path.first().and_then(|name| floor(name))) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for (line, module) in imports(source, path.len()) {
        if self::floor(&module).is_some_and(|other| other > floor) {
            let mend = format!("`{own}` lies below `{module}` and must not know it");
            out.push(Finding::new(source.path, line, "layer", mend));
        }
    }
    out
}

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|names| names.contains(&module))
}

/// Top modules of the crate that a file mentions, with their lines. `depth` counts the file's own
/// path.
fn imports(source: &Source<'_>, depth: usize) -> Vec<(usize, String)> {
    let text = source.code.join("\n");
    let up = "super::".repeat(depth);
    let mut out = Vec::new();
    for start in ["crate::", up.as_str()] {
        for (at, _) in text.match_indices(start) {
            if text[..at].ends_with(|c| is_word(c) || c == ':') {
                continue;
            }
            for (offset, name) in first_names(&text[at + start.len()..]) {
                let line = text[..at + start.len() + offset].matches('\n').count() + 1;
                out.push((line, name));
            }
        }
    }
    out
}

/// The first names of a path, or of each entry of a group `{a::b, c}`, with their offsets.
fn first_names(rest: &str) -> Vec<(usize, String)> {
    let name_at = |offset: usize| -> Option<(usize, String)> {
        let name: String = rest[offset..].chars().take_while(|c| is_word(*c)).collect();
        (!name.is_empty()).then_some((offset, name))
    };
    if !rest.starts_with('{') {
        return name_at(0).into_iter().collect();
    }
    let mut out = Vec::new();
    let mut depth = 0_usize;
    let mut expects = false;
    for (offset, c) in rest.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match c {
            '{' | ',' if depth == 1 => expects = true,
            c if is_word(c) && expects => {
                out.extend(name_at(offset));
                expects = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&Source::new(path, text)).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn words_know_only_words() {
        let path = "crates/core/src/words/id.rs";
        assert_eq!(
            lines(path, "use crate::words::money::Money;\nuse super::time::Span;\n"),
            [0; 0]
        );
        for module in ["risk", "ledger", "desk", "commit", "positions"] {
            assert_eq!(lines(path, &format!("\nuse crate::{module}::X;\n")), [2], "{module}");
            assert_eq!(
                lines(path, &format!("let x = super::super::{module}::X;\n")),
                [1],
                "{module}"
            );
        }
    }

    #[test]
    fn rules_do_not_know_the_desk_nor_the_desk_the_commit() {
        for own in ["risk", "ledger", "orders", "positions"] {
            let path = format!("crates/core/src/{own}.rs");
            assert_eq!(
                lines(&path, "use crate::words::id::OrderId;\nuse crate::risk::Gate;\n"),
                [0; 0]
            );
            assert_eq!(lines(&path, "use crate::desk::Event;\n"), [1]);
            assert_eq!(lines(&path, "use super::desk::Event;\n"), [1]);
        }
        assert_eq!(
            lines("crates/core/src/desk/apply.rs", "use crate::{risk::Gate, commit};\n"),
            [1]
        );
        assert_eq!(lines("crates/core/src/commit.rs", "use crate::desk::Held;\n"), [0; 0]);
    }

    #[test]
    fn groups_are_read_over_lines() {
        let text =
            "use crate::{\n    words::{id::X, desk},\n    desk::Event,\n};\nuse mycrate::desk;\n";
        assert_eq!(lines("crates/core/src/risk.rs", text), [3]);
    }

    #[test]
    fn other_crates_and_free_modules_are_left_alone() {
        assert_eq!(lines("crates/api/src/words.rs", "use crate::desk::X;\n"), [0; 0]);
        assert_eq!(lines("crates/core/src/ports.rs", "use crate::commit::Release;\n"), [0; 0]);
    }
}
