//! `cargo xtask deny`: what we depend on is licensed, known, not banned and without a known hole.
//!
//! The lists are those of `deny.toml`, so that cargo-deny, where it is installed, judges alike.
//! Works without a network: advisories come from a dated snapshot beside the project.

mod advisories;
mod bans;
mod licenses;
mod lock;
mod policy;
mod version;

use crate::shell;
use anyhow::{Context, Result, bail};
use lock::Lock;
use policy::Policy;

/// Where the snapshot lies, seen from the root of the repository.
const SNAPSHOT: &str = "../shared/advisory-db/crates";

/// The platform of the image we ship; crates for others are never downloaded.
const SHIPPED: &str = "x86_64-unknown-linux-gnu";

/// Judges `Cargo.lock`, and the licenses of what the shipped image is built from.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let snapshot = match args {
        [] => shell::root().join(SNAPSHOT),
        [flag, folder] if flag == "--advisories" => folder.into(),
        _ => bail!("usage: cargo xtask deny [--advisories FOLDER]"),
    };
    let read = |name: &str| {
        std::fs::read_to_string(shell::root().join(name)).with_context(|| format!("no {name}"))
    };
    let policy = Policy::read(&read("deny.toml")?)?;
    let lock = Lock::read(&read("Cargo.lock")?)?;
    let metadata = shell::output(
        "cargo",
        &["metadata", "--locked", "--format-version", "1", "--filter-platform", SHIPPED],
    )?;

    let tree = ["tree", "--locked", "--workspace", "--target", SHIPPED, "--prefix", "none"];
    let tree = shell::output("cargo", &[&tree[..], &["--format", "{p}"]].concat())?;

    let mut findings = bans::check(&policy, &lock, &bans::built(&tree)?);
    findings.extend(bans::wildcards(&metadata)?);
    findings.extend(licenses::check(&policy, &metadata)?);
    let advised = advisories::check(&policy, &lock, &snapshot)?;
    findings.extend(advised.findings);
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings", findings.len());
    }
    println!("{} packages judged against {} advisories", lock.packages.len(), advised.read);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bans that the design names must not be lost from the file.
    #[test]
    fn the_checked_in_policy_holds_the_bans_of_the_design() {
        let path = shell::root().join("deny.toml");
        let policy = Policy::read(&std::fs::read_to_string(path).unwrap()).unwrap();
        let lock = |name: &str, version: &str| {
            let text = format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
            bans::check(&policy, &Lock::read(&text).unwrap(), &[name.to_owned()].into()).len()
        };
        assert_eq!(lock("openssl-sys", "0.9.100"), 1);
        assert_eq!(lock("jsonwebtoken", "10.2.9"), 1);
        assert_eq!(lock("jsonwebtoken", "10.3.0"), 0);
    }
}
