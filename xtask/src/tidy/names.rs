//! Names that say nothing are refused, in files and in items: a drawer with such a label fills up.

use crate::tidy::finding::Finding;
use crate::tidy::source::{Source, is_word};

/// Refused wherever they stand as a word of a name.
const ANYWHERE: &[&str] =
    &["util", "utils", "helper", "helpers", "manager", "misc", "common", "impl"];
/// Refused alone and at the beginning: `is_final` says something, `final_order` does not.
const LEADING: &[&str] = &["base", "patch", "fix", "final", "temp"];
/// Refused at the beginning of a longer name.
const FIRST: &[&str] = &["new", "old"];
/// Words that introduce an item, each followed by its name.
const KEYWORDS: &[&str] =
    &["fn", "struct", "enum", "trait", "mod", "type", "const", "static", "union", "macro_rules!"];
/// Words that may stand before such a word.
const BEFORE: &[&str] = &["pub", "async", "const", "unsafe", "default", "extern"];
/// Files people write; data files come with their own names.
const WRITTEN: &[&str] = &["rs", "md", "toml", "ts", "tsx", "js", "mjs", "css", "sh", "py", "sql"];

/// Judges the name of a file and of the folders it lies in.
pub(crate) fn check_path(path: &str) -> Option<Finding> {
    let (stem, extension) = path.rsplit_once('.')?;
    if !WRITTEN.contains(&extension) {
        return None;
    }
    let refused = stem.split('/').find_map(refused_word)?;
    Some(Finding::new(path, 0, "name", format!("`{refused}` says nothing; name the noun it holds")))
}

/// Judges the names of items. Tests are sentences and may use any word.
pub(crate) fn check_items(source: &Source<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    let mut is_test = false;
    for (index, line) in source.code.iter().enumerate() {
        let line = line.trim();
        if line.starts_with("#[") || line.is_empty() {
            is_test |= line.contains("test]") || line.contains("test(");
            continue;
        }
        if let Some(refused) = item_name(line).filter(|_| !is_test).and_then(refused_word) {
            let mend = format!("`{refused}` says nothing; name what it is or does");
            out.push(Finding::new(source.path, index + 1, "name", mend));
        }
        is_test = false;
    }
    out
}

/// The name of the item that a line of code begins.
fn item_name(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let next = words.peek().copied().unwrap_or_default();
        // `const` is both: `const fn name` and `const NAME`.
        if KEYWORDS.contains(&word) && !KEYWORDS.contains(&next) && !BEFORE.contains(&next) {
            return next.split(|c| !is_word(c)).find(|name| !name.is_empty());
        }
        let plain = word.split('(').next().unwrap_or(word);
        let inside = word.ends_with(')') || word.starts_with('"');
        if !BEFORE.contains(&plain) && !inside {
            return None;
        }
    }
    None
}

/// The part of a name that the house refuses.
fn refused_word(name: &str) -> Option<String> {
    let words = words(name);
    if let Some(word) = words.iter().find(|word| ANYWHERE.contains(&word.as_str())) {
        return Some(word.clone());
    }
    let (first, last) = (words.first()?, words.last()?);
    if LEADING.contains(&first.as_str()) {
        return Some(first.clone());
    }
    if words.len() > 1 && FIRST.contains(&first.as_str()) {
        return Some(format!("{first}_"));
    }
    let is_version = |word: &str| {
        let digits = word.strip_prefix('v').unwrap_or_default();
        !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
    };
    (words.len() > 1 && is_version(last)).then(|| format!("_{last}"))
}

/// The words of `snake_case`, `kebab-case`, `dotted.case` and `CamelCase` names, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut before = '_';
    for c in name.chars() {
        let border = !c.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase());
        if border {
            out.push(String::new());
        }
        if let Some(word) = out.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    out.retain(|word| !word.is_empty());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> Vec<usize> {
        check_items(&Source::new("a.rs", text)).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn empty_words_are_refused_in_items() {
        for line in [
            "fn helper() {}",
            "pub fn string_utils() {}",
            "pub(crate) struct OrderManager;",
            "pub(in crate::a) async fn fix_order() {}",
            "const TEMP_DIR: u8 = 1;",
            "pub const fn base() {}",
            "enum OrderImpl {}",
            "mod common {",
            "fn new_order() {}",
            "struct OldDesk;",
            "fn decide_v2() {}",
            "macro_rules! patch {",
            "type FinalAnswer = u8;",
        ] {
            assert_eq!(items(line), [1], "{line}");
        }
    }

    #[test]
    fn speaking_names_pass() {
        for line in [
            "fn new() -> Self {",
            "impl Desk {",
            "fn prefix(self) {}",
            "fn is_final(self) -> bool {",
            "struct Database;",
            "use std::fmt::Display as helper;",
            "let helper = 1;",
            "// fn helper() {}",
            "fn v2() {}",
            "const fn newest() {}",
        ] {
            assert_eq!(items(line), [0; 0], "{line}");
        }
        assert_eq!(items("#[test]\nfn a_common_case() {}\n"), [0; 0]);
        assert_eq!(items("#[tokio::test(flavor = \"x\")]\nasync fn the_final_word() {}\n"), [0; 0]);
        assert_eq!(items("#[test]\nfn a() {}\nfn helper() {}\n"), [3]);
    }

    #[test]
    fn empty_words_are_refused_in_files() {
        for path in
            ["crates/a/src/utils.rs", "web/src/common/a.ts", "docs/old_notes.md", "a/b_v3.sql"]
        {
            assert!(check_path(path).is_some(), "{path}");
        }
        for path in
            ["crates/a/src/words.rs", "data/base.csv", "docs/decisions/0001-codec.md", "a/v2.rs"]
        {
            assert_eq!(check_path(path), None, "{path}");
        }
    }
}
