//! The pure crates ask the world nothing: no clock, chance, thread, socket or file, and no map
//! whose order could reach a result. What they need is handed in. Their tests may do as they like.

use crate::tidy::finding::Finding;
use crate::tidy::source::{Source, holds};

const PURE: &[&str] = &["crates/core/src/", "crates/market/src/"];

/// What to refuse, and what to take instead.
const WORLD: &[(&str, &str)] = &[
    ("SystemTime", "take a `Timestamp` as an argument"),
    ("Instant::now", "take a `Timestamp` as an argument"),
    ("std::thread", "drivers own threads; write a function"),
    ("std::net", "sockets live in rooms, behind a port"),
    ("std::fs", "files live in rooms, behind a port; embed data with `include_str!`"),
    ("getrandom", "take the `Entropy` port as an argument"),
    ("HashMap", "its order changes from run to run; use `BTreeMap`"),
    ("HashSet", "its order changes from run to run; use `BTreeSet`"),
];

pub(crate) fn check(source: &Source<'_>) -> Vec<Finding> {
    let pure = PURE.iter().any(|folder| source.path.starts_with(folder));
    if !pure || source.is_test() {
        return Vec::new();
    }
    let mut out = Vec::new();
    for (index, code) in source.code.iter().enumerate().take(source.tests_begin()) {
        for (phrase, mend) in WORLD.iter().filter(|(phrase, _)| holds(code, phrase)) {
            let mend = format!("`{phrase}` in a pure crate; {mend}");
            out.push(Finding::new(source.path, index + 1, "purity", mend));
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
    fn pure_crates_ask_the_world_nothing() {
        for (phrase, _) in WORLD {
            let text = format!("//! A {phrase}.\nlet a = {phrase}::x();\n");
            assert_eq!(lines("crates/core/src/desk/apply.rs", &text), [2], "{phrase}");
            assert_eq!(lines("crates/market/src/regime.rs", &text), [2], "{phrase}");
            assert_eq!(lines("crates/engine/src/feeds.rs", &text), [0; 0], "{phrase}");
            let test = format!("#[cfg(test)]\nmod tests {{\n{text}}}\n");
            assert_eq!(lines("crates/core/src/lanes.rs", &test), [0; 0], "{phrase}");
        }
    }
}
