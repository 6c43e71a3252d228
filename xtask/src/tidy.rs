//! `cargo xtask tidy`: the rules of the house that a machine can hold. Each finding is one line:
//! `file:line: rule: how to mend`. Formatting is rustfmt's, code style clippy's; neither is
//! repeated.

mod dead;
mod files;
mod finding;
mod graph;
mod layers;
mod leaks;
mod markdown;
mod names;
mod places;
mod purity;
mod source;
mod tree;

use crate::shell;
use anyhow::{Result, bail};
use finding::Finding;
use tree::Tree;

/// Checks the whole repository.
pub(crate) fn run(args: &[String]) -> Result<()> {
    if !args.is_empty() {
        bail!("usage: cargo xtask tidy");
    }
    let tree = Tree::read(&shell::root())?;
    let mut findings = check(&tree);
    let metadata =
        shell::output("cargo", &["metadata", "--no-deps", "--offline", "--format-version", "1"])?;
    findings.extend(graph::check(&metadata)?);
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings", findings.len());
    }
    println!("{} files are tidy", tree.len());
    Ok(())
}

fn check(tree: &Tree) -> Vec<Finding> {
    let mut out = Vec::new();
    for (path, text) in tree.texts() {
        out.extend(leaks::check(path, text));
        out.extend(names::check_path(path));
        out.extend(markdown::check(path, text, tree));
    }
    for source in tree.sources() {
        out.extend(files::check(&source));
        out.extend(names::check_items(&source));
        out.extend(places::check(&source));
        out.extend(purity::check(&source));
        out.extend(layers::check(&source));
    }
    out.extend(dead::check(tree));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_honest_tree_has_no_finding() {
        let tree = Tree::of(&[
            ("README.md", "# Title\n\nSee [core](crates/core/src/lib.rs).\n"),
            ("crates/core/src/lib.rs", "//! Core.\n\nmod words;\n"),
            ("crates/core/src/words.rs", "//! Words.\n\npub(crate) struct Money(u64);\n"),
        ]);
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn every_family_of_rules_is_wired() {
        let lib = "mod words;\nfn helper() { dbg!(1); }\n";
        let tree = Tree::of(&[
            ("README.md", "## No title\n"),
            ("notes.md", concat!("# N\n\n/ho", "me/somebody\n")),
            ("crates/core/src/lib.rs", lib),
            ("crates/core/src/words.rs", "//! Words.\nuse crate::risk::Gate;\n"),
            ("crates/core/src/lost.rs", "//! Lost.\n"),
        ]);
        let rules: Vec<&str> = check(&tree).iter().map(|finding| finding.rule).collect();
        for rule in ["header", "name", "macro", "layer", "dead-file", "title", "machine-path"] {
            assert!(rules.contains(&rule), "{rule} is missing in {rules:?}");
        }
    }
}
