//! Known holes, from a snapshot of the RustSec advisory database: one folder a crate, one page a
//! finding.

use crate::deny::lock::{Lock, Locked};
use crate::deny::policy::Policy;
use crate::deny::version::{Range, Version};
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::path::Path;

/// What was found, and how many pages were read for it.
pub(crate) struct Advised {
    pub(crate) findings: Vec<String>,
    pub(crate) read: usize,
}

#[derive(Deserialize)]
struct Page {
    advisory: Advisory,
    #[serde(default)]
    versions: Versions,
}

#[derive(Deserialize)]
struct Advisory {
    id: String,
    package: String,
    withdrawn: Option<toml::Value>,
}

#[derive(Default, Deserialize)]
struct Versions {
    #[serde(default)]
    patched: Vec<String>,
    #[serde(default)]
    unaffected: Vec<String>,
}

pub(crate) fn check(policy: &Policy, lock: &Lock, snapshot: &Path) -> Result<Advised> {
    if !snapshot.is_dir() {
        bail!("no advisories at {}; name a snapshot with --advisories", snapshot.display());
    }
    let mut advised = Advised { findings: Vec::new(), read: 0 };
    for package in lock.packages.iter().filter(|package| package.source.is_some()) {
        let folder = snapshot.join(&package.name);
        if !folder.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            let text = std::fs::read_to_string(&path)?;
            let page = read(&text).with_context(|| path.display().to_string())?;
            advised.read += 1;
            let id = &page.advisory.id;
            if !policy.accepted.contains(id) && page.concerns(package)? {
                advised.findings.push(format!(
                    "Cargo.lock: advisory: {id} concerns `{}`; update it, or accept the advisory \
                     in deny.toml with the reason why it does not bite",
                    package.name
                ));
            }
        }
    }
    advised.findings.sort();
    Ok(advised)
}

/// The head of a page: the first fenced block.
fn read(text: &str) -> Result<Page> {
    let head = text.split("```").nth(1).and_then(|block| block.strip_prefix("toml"));
    Ok(toml::from_str(head.context("the page has no head")?)?)
}

impl Page {
    fn concerns(&self, package: &Locked) -> Result<bool> {
        if self.advisory.withdrawn.is_some() || self.advisory.package != package.name {
            return Ok(false);
        }
        let safe = any(&self.versions.patched, package.version)?
            || any(&self.versions.unaffected, package.version)?;
        Ok(!safe)
    }
}

fn any(ranges: &[String], version: Version) -> Result<bool> {
    for range in ranges {
        if range.parse::<Range>()?.holds(version) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concerns(page: &str, version: &str) -> bool {
        let package = Locked {
            name: "a".to_owned(),
            version: version.parse().unwrap(),
            source: Some("registry+x".to_owned()),
        };
        read(page).unwrap().concerns(&package).unwrap()
    }

    #[test]
    fn a_version_is_hit_unless_patched_or_never_touched() {
        let page = "```toml\n[advisory]\nid = \"R-1\"\npackage = \"a\"\n\n[versions]\n\
                    patched = [\">= 1.2.0\", \"~1.1.5\"]\nunaffected = [\"< 0.5\"]\n```\n# H\n";
        for (version, hit) in
            [("0.4.9", false), ("0.5.0", true), ("1.1.4", true), ("1.1.5", false), ("1.2.0", false)]
        {
            assert_eq!(concerns(page, version), hit, "{version}");
        }
    }

    #[test]
    fn withdrawn_pages_and_other_crates_do_not_count() {
        let page = "```toml\n[advisory]\nid = \"R-1\"\npackage = \"a\"\n```\n";
        assert!(concerns(page, "1.0.0"));
        assert!(!concerns(&page.replace("\"a\"", "\"b\""), "1.0.0"));
        let withdrawn = page.replace("\"a\"", "\"a\"\nwithdrawn = \"2026-01-01\"");
        assert!(!concerns(&withdrawn, "1.0.0"));
        assert!(read("# no head").is_err());
    }
}
