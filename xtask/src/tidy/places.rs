//! Calls that belong to one place, and marks of unfinished work that belong to none.

use crate::tidy::finding::Finding;
use crate::tidy::source::{Source, holds, is_word};

/// A phrase of code and the one place where it may stand.
struct Place {
    phrase: &'static str,
    rule: &'static str,
    /// Beginnings of the paths where it is at home.
    home: &'static [&'static str],
    tests_may: bool,
    mend: &'static str,
}

const PLACES: &[Place] = &[
    Place {
        phrase: "env::var",
        rule: "environment",
        home: &["crates/nija/src/config.rs", "xtask/"],
        tests_may: false,
        mend: "configuration is read once, in crates/nija/src/config.rs; take it as an argument",
    },
    Place {
        phrase: "Scope::of(",
        rule: "scope",
        home: &["crates/api/src/auth.rs"],
        tests_may: true,
        mend: "a tenant's scope is made in crates/api/src/auth.rs only; take `&Scope`",
    },
    Place {
        phrase: "HouseScope::of_admin(",
        rule: "scope",
        home: &["crates/api/src/auth.rs"],
        tests_may: true,
        mend: "the house's scope is made in crates/api/src/auth.rs only; take `Admin`",
    },
    Place {
        phrase: "dbg!",
        rule: "macro",
        home: &[],
        tests_may: false,
        mend: "remove it; what is worth seeing is worth a tracing event",
    },
    Place {
        phrase: "todo!",
        rule: "macro",
        home: &[],
        tests_may: false,
        mend: "write it, or leave the whole thing out",
    },
];

/// Marks of unfinished work in comments.
const MARKS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

pub(crate) fn check(source: &Source<'_>) -> Vec<Finding> {
    let tests = if source.is_test() { 0 } else { source.tests_begin() };
    let mut out = Vec::new();
    for (index, code) in source.code.iter().enumerate() {
        let mut tell = |rule, mend| out.push(Finding::new(source.path, index + 1, rule, mend));
        for place in PLACES {
            let home = place.home.iter().any(|home| source.path.starts_with(home));
            let excused = home || (place.tests_may && index >= tests);
            if !excused && holds(code, place.phrase) {
                tell(place.rule, place.mend.to_owned());
            }
        }
        if code.contains("#[ignore") {
            tell("ignore", "a test runs or goes; what is slow belongs in an xtask step".to_owned());
        }
        if code.contains("#[path") {
            tell("path", "let the module lie where its name says".to_owned());
        }
        let comment = &source.comments[index];
        for mark in MARKS.iter().filter(|mark| has_word(comment, mark)) {
            tell("mark", format!("`{mark}`: do it, or file an issue and drop the comment"));
        }
    }
    out
}

/// Whether a comment holds a mark as a word of its own.
fn has_word(comment: &str, mark: &str) -> bool {
    comment.split(|c| !is_word(c)).any(|word| word == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        check(&Source::new(path, text)).iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn the_environment_is_read_in_one_file() {
        let text = "let a = std::env::var(\"A\");\nfor b in env::vars() {}\n";
        assert_eq!(rules("crates/api/src/auth.rs", text), ["environment"; 2]);
        assert_eq!(rules("crates/nija/src/config.rs", text), [""; 0]);
        assert_eq!(rules("xtask/src/main.rs", text), [""; 0]);
        assert_eq!(rules("a.rs", "env!(\"A\"); // env::var\n"), [""; 0]);
    }

    #[test]
    fn a_scope_is_made_in_one_file_and_in_tests() {
        let text = "let scope = Scope::of(user);\n";
        assert_eq!(rules("crates/api/src/routes/orders.rs", text), ["scope"]);
        assert_eq!(rules("crates/api/src/auth.rs", text), [""; 0]);
        assert_eq!(rules("crates/api/tests/orders.rs", text), [""; 0]);
        let unit = format!("#[cfg(test)]\nmod tests {{\n{text}}}\n");
        assert_eq!(rules("crates/store/src/views.rs", &unit), [""; 0]);
        assert_eq!(rules("crates/store/src/views.rs", &(text.to_owned() + &unit)), ["scope"]);
    }

    #[test]
    fn unfinished_work_is_refused() {
        for mark in MARKS {
            assert_eq!(rules("a.rs", &format!("// {mark}: later\n")), ["mark"]);
            assert_eq!(rules("a.rs", &format!("/* {mark}(me) */\n")), ["mark"]);
            assert_eq!(rules("a.rs", &format!("// {mark}S are many\n")), [""; 0]);
        }
        assert_eq!(rules("a.rs", "dbg!(x);\ntodo!()\n"), ["macro"; 2]);
        assert_eq!(rules("a.rs", "#[ignore = \"slow\"]\nfn a() {}\n"), ["ignore"]);
        assert_eq!(rules("a.rs", "#[path = \"b.rs\"]\nmod a;\n"), ["path"]);
        assert_eq!(rules("a.rs", "let a = \"dbg!(x)\";\n"), [""; 0]);
    }
}
