//! A Rust file that no module declares is compiled by nobody and lies to whoever reads it.

use crate::tidy::finding::Finding;
use crate::tidy::source::{Source, is_word};
use crate::tidy::tree::{Tree, is_rust};
use std::collections::BTreeSet;

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let declared: BTreeSet<String> = tree.sources().flat_map(|source| declared(&source)).collect();
    let paths = tree.texts().map(|(path, _)| path).filter(|path| is_rust(path));
    let alive = |path: &str| is_root(path) || declared.contains(path) || is_sample(path, tree);
    paths
        .filter(|path| !alive(path))
        .map(|path| {
            let mend = "no `mod` declares it; declare it or delete it";
            Finding::new(path, 0, "dead-file", mend)
        })
        .collect()
}

/// Files that Cargo itself finds.
fn is_root(path: &str) -> bool {
    let parts: Vec<&str> = path.rsplit('/').collect();
    matches!(
        parts.as_slice(),
        ["build.rs" | "lib.rs" | "main.rs", ..]
            | [_, "tests" | "benches" | "examples", ..]
            | [_, "bin", "src", ..]
            | [_, "fuzz_targets", ..]
    )
}

/// The files that a source's `mod name;` lines mean.
fn declared(source: &Source<'_>) -> Vec<String> {
    let (folder, file) = source.path.rsplit_once('/').unwrap_or(("", source.path));
    let stem = file.trim_end_matches(".rs");
    let inside = if is_root(source.path) || stem == "mod" {
        folder.to_owned()
    } else {
        format!("{folder}/{stem}")
    };
    let names = source.code.iter().filter_map(|line| module(line));
    names
        .flat_map(|name| [format!("{inside}/{name}.rs"), format!("{inside}/{name}/mod.rs")])
        .collect()
}

/// The name in a line `mod name;`, whatever its visibility or attributes.
fn module(line: &str) -> Option<&str> {
    let line = line.trim().strip_suffix(';')?;
    let (before, name) = line.rsplit_once("mod ")?;
    let begins = before.is_empty() || before.ends_with([' ', ']']);
    (begins && !name.is_empty() && name.chars().all(is_word)).then_some(name)
}

/// Sample programs that a test compiles from a folder: that test names the folder.
fn is_sample(path: &str, tree: &Tree) -> bool {
    let Some((krate, rest)) = path.split_once("/tests/") else {
        return false;
    };
    let Some((folder, _)) = rest.rsplit_once('/') else {
        return false;
    };
    let tests = tree.texts().filter(|(test, _)| {
        let name = test.strip_prefix(krate).and_then(|test| test.strip_prefix("/tests/"));
        name.is_some_and(|name| is_rust(name) && !name.contains('/'))
    });
    let phrase = format!("tests/{folder}/");
    tests.into_iter().any(|(_, text)| text.contains(&phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dead(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).into_iter().map(|finding| finding.path).collect()
    }

    #[test]
    fn declared_files_live() {
        let files = [
            ("crates/a/src/lib.rs", "pub mod b;\n#[cfg(test)] mod d;\npub(crate) mod e;\n"),
            ("crates/a/src/b.rs", "mod c;\n"),
            ("crates/a/src/b/c.rs", ""),
            ("crates/a/src/d.rs", ""),
            ("crates/a/src/e.rs", ""),
            ("crates/a/tests/whole.rs", "mod desk;\nfn x() { t.run(\"tests/refused/*.rs\") }"),
            ("crates/a/tests/desk.rs", ""),
            ("crates/a/tests/refused/forged.rs", ""),
            ("crates/a/benches/speed.rs", ""),
            ("crates/a/build.rs", ""),
            ("crates/a/src/bin/tool.rs", ""),
        ];
        assert_eq!(dead(&files), [""; 0]);
    }

    #[test]
    fn undeclared_files_are_told() {
        let files = [
            ("crates/a/src/lib.rs", "// mod b;\nmod c { }\nlet x = \"mod d;\";\n"),
            ("crates/a/src/b.rs", ""),
            ("crates/a/src/c.rs", ""),
            ("crates/a/src/d.rs", ""),
            ("crates/a/tests/refused/forged.rs", ""),
            ("crates/b/src/lib.rs", "mod b;\n"),
        ];
        let want = ["b.rs", "c.rs", "d.rs"].map(|name| format!("crates/a/src/{name}"));
        let want = [&want[..], &["crates/a/tests/refused/forged.rs".to_owned()]].concat();
        assert_eq!(dead(&files), want);
    }
}
