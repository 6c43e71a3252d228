//! Banned crates, second copies of crates that must be one, and sources other than the registry.
//!
//! A ban is about what is built. The lock file also names crates behind features that nobody switched on:
//! those come with any user of rustls and never reach a compiler.

use crate::deny::lock::{Lock, Locked};
use crate::deny::policy::{Ban, Policy};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::collections::BTreeSet;

/// The names of the crates that are built, from what `cargo tree --prefix none --format {p}` prints.
pub(crate) fn built(tree: &[u8]) -> Result<BTreeSet<String>> {
    let tree = std::str::from_utf8(tree).context("cargo tree printed another form")?;
    let built = tree.lines().filter_map(|line| line.split_whitespace().next());
    let built: BTreeSet<String> = built.map(str::to_owned).collect();
    ensure!(built.contains("xtask"), "cargo tree printed another form");
    Ok(built)
}

pub(crate) fn check(policy: &Policy, lock: &Lock, built: &BTreeSet<String>) -> Vec<String> {
    let mut out: Vec<String> = policy.bans.iter().flat_map(|ban| judge(ban, lock, built)).collect();
    let first = lock.packages.iter().find_map(|package| package.source.as_deref());
    for package in &lock.packages {
        // Cargo knows one public registry; anything else was written into a manifest on purpose.
        if package.source.as_ref().is_some_and(|source| !source.starts_with("registry+")) {
            out.push(format!(
                "Cargo.lock: source: `{}` does not come from a registry; use a released version",
                package.name
            ));
        } else if package.source.is_some() && package.source.as_deref() != first {
            out.push(format!(
                "Cargo.lock: source: `{}` comes from a second registry; all come from one",
                package.name
            ));
        }
    }
    out
}

/// Dependencies of our own crates that take whatever version there is.
pub(crate) fn wildcards(metadata: &[u8]) -> Result<Vec<String>> {
    let metadata: Metadata =
        serde_json::from_slice(metadata).context("cargo metadata printed another form")?;
    let own = metadata.packages.iter().filter(|package| package.source.is_none());
    let any = own.flat_map(|package| {
        let wild = package.dependencies.iter().filter(|d| d.source.is_some() && d.req == "*");
        wild.map(|wild| format!("{}: wildcard: name a version of `{}`", package.name, wild.name))
    });
    Ok(any.collect())
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    source: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    source: Option<String>,
    req: String,
}

fn judge(ban: &Ban, lock: &Lock, built: &BTreeSet<String>) -> Vec<String> {
    let hit = |package: &&Locked| {
        package.name == ban.name
            && (ban.only_twice || built.contains(&package.name))
            && ban.range.as_ref().is_none_or(|range| range.holds(package.version))
    };
    let hits = lock.packages.iter().filter(hit).count();
    let allowed = usize::from(ban.only_twice);
    if hits <= allowed {
        return Vec::new();
    }
    let how = if ban.only_twice { "twice" } else { "banned" };
    vec![format!("Cargo.lock: ban: `{}` is there, {how}: {}", ban.name, ban.reason)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bans: &str, packages: &[(&str, &str, &str)]) -> usize {
        let entry = |(name, version, source): &(&str, &str, &str)| {
            let head = format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
            if source.is_empty() { head } else { format!("{head}source = \"{source}\"\n") }
        };
        let text: String = packages.iter().map(entry).collect();
        let built = packages.iter().map(|(name, ..)| (*name).to_owned()).collect();
        check(&Policy::of(&[], bans, &[]), &Lock::read(&text).unwrap(), &built).len()
    }

    #[test]
    fn banned_crates_and_versions_are_told() {
        let bans =
            "deny = [{ crate = \"a\", reason = \"r\" }, { crate = \"b:<2\", reason = \"r\" }]";
        assert_eq!(found(bans, &[("a", "1.0.0", "")]), 1);
        assert_eq!(found(bans, &[("b", "1.9.9", "")]), 1);
        assert_eq!(found(bans, &[("b", "2.0.0", ""), ("ab", "1.0.0", "")]), 0);
    }

    #[test]
    fn a_ban_is_about_what_is_built() {
        let policy = Policy::of(&[], "deny = [{ crate = \"a\", reason = \"r\" }]", &[]);
        let lock = Lock::read("[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n").unwrap();
        let found = |tree: &str| check(&policy, &lock, &built(tree.as_bytes()).unwrap()).len();
        assert_eq!(found("xtask v0.1.0 (/x)\n\nab v1.0.0\n"), 0);
        assert_eq!(found("xtask v0.1.0 (/x)\na v1.0.0 (*)\n"), 1);
        assert!(built(b"").is_err());
    }

    #[test]
    fn some_crates_must_be_one() {
        let bans = "deny = [{ crate = \"a\", reason = \"r\", deny-multiple-versions = true }]";
        assert_eq!(found(bans, &[("a", "1.0.0", "")]), 0);
        assert_eq!(found(bans, &[("a", "1.0.0", ""), ("a", "2.0.0", "")]), 1);
    }

    #[test]
    fn only_the_registry_is_a_source() {
        assert_eq!(found("deny = []", &[("a", "1.0.0", "registry+https://a.example")]), 0);
        assert_eq!(found("deny = []", &[("a", "1.0.0", "git+https://a.example/a#1")]), 1);
        let two = [
            ("a", "1.0.0", "registry+https://a.example"),
            ("b", "1.0.0", "registry+https://b.example"),
        ];
        assert_eq!(found("deny = []", &two), 1);
    }

    #[test]
    fn a_version_is_named_for_what_is_not_ours() {
        let of = |source: &str, req: &str| {
            let text = format!(
                "{{\"packages\": [{{\"name\": \"a\", \"source\": null, \"dependencies\": \
                 [{{\"name\": \"b\", \"source\": {source}, \"req\": \"{req}\"}}]}}]}}"
            );
            wildcards(text.as_bytes()).unwrap().len()
        };
        assert_eq!((of("\"registry\"", "*"), of("\"registry\"", "^1"), of("null", "*")), (1, 0, 0));
    }
}
