//! The files of the repository as Git sees them (tracked, or new and not ignored), held as text.

use crate::shell;
use crate::tidy::source::Source;
use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// All files by their path from the root; text where they are text.
pub(crate) struct Tree {
    texts: BTreeMap<String, String>,
    others: BTreeSet<String>,
}

impl Tree {
    /// Reads what Git lists.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let listed = shell::output(
            "git",
            &["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        )?;
        let listed = String::from_utf8(listed).context("a file name is not UTF-8; rename it")?;
        let mut tree = Self { texts: BTreeMap::new(), others: BTreeSet::new() };
        for path in listed.split_terminator('\0') {
            let full = root.join(path);
            // A file removed but not yet committed is still listed; it is not there to be judged.
            if !full.is_file() {
                continue;
            }
            let bytes = std::fs::read(&full).with_context(|| format!("cannot read {path}"))?;
            match String::from_utf8(bytes) {
                Ok(text) => tree.texts.insert(path.to_owned(), text).map(drop),
                Err(_) => tree.others.insert(path.to_owned()).then_some(()),
            };
        }
        Ok(tree)
    }

    /// Every text file.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Every Rust file, taken apart.
    pub(crate) fn sources(&self) -> impl Iterator<Item = Source<'_>> {
        let rust = self.texts().filter(|(path, _)| is_rust(path));
        rust.map(|(path, text)| Source::new(path, text))
    }

    /// Whether a file, or a folder with files, is at this path.
    pub(crate) fn has(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        path.is_empty()
            || self.texts.contains_key(path)
            || self.others.contains(path)
            || self.texts.keys().chain(&self.others).any(|file| file.starts_with(&folder))
    }

    pub(crate) fn len(&self) -> usize {
        self.texts.len() + self.others.len()
    }

    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let own = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        Self { texts: files.iter().map(own).collect(), others: BTreeSet::new() }
    }
}

/// Whether a path is a Rust file.
pub(crate) fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "rs")
}
