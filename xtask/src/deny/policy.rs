//! The parts of `deny.toml` that this tool reads. Its form is cargo-deny's.

use crate::deny::version::Range;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeSet;

/// What is allowed and what is not.
pub(crate) struct Policy {
    pub(crate) licenses: BTreeSet<String>,
    pub(crate) bans: Vec<Ban>,
    /// Advisories that were judged and accepted, by id.
    pub(crate) accepted: BTreeSet<String>,
}

/// A crate that must not be there.
pub(crate) struct Ban {
    pub(crate) name: String,
    /// Which versions; all when none is given.
    pub(crate) range: Option<Range>,
    /// Only a second copy of it is banned.
    pub(crate) only_twice: bool,
    pub(crate) reason: String,
}

#[derive(Deserialize)]
struct File {
    advisories: Advisories,
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Advisories {
    ignore: Vec<Accepted>,
}

#[derive(Deserialize)]
struct Accepted {
    id: String,
}

#[derive(Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Denied>,
}

#[derive(Deserialize)]
struct Denied {
    #[serde(rename = "crate")]
    spec: String,
    reason: String,
    #[serde(default, rename = "deny-multiple-versions")]
    only_twice: bool,
}

impl Policy {
    pub(crate) fn read(text: &str) -> Result<Self> {
        let file: File = toml::from_str(text).context("deny.toml")?;
        let bans = file.bans.deny.into_iter().map(Ban::read).collect::<Result<_>>()?;
        let accepted = file.advisories.ignore.into_iter().map(|accepted| accepted.id).collect();
        Ok(Self { licenses: file.licenses.allow, bans, accepted })
    }
}

impl Ban {
    /// `name`, or `name:range`.
    fn read(denied: Denied) -> Result<Self> {
        let (name, range) = match denied.spec.split_once(':') {
            Some((name, range)) => (name, Some(range.parse()?)),
            None => (denied.spec.as_str(), None),
        };
        let name = name.to_owned();
        Ok(Self { name, range, only_twice: denied.only_twice, reason: denied.reason })
    }
}

#[cfg(test)]
impl Policy {
    pub(crate) fn of(licenses: &[&str], bans: &str, accepted: &[&str]) -> Self {
        let text = format!("[advisories]\nignore = []\n[licenses]\nallow = []\n[bans]\n{bans}\n");
        let own = |list: &[&str]| list.iter().map(|item| (*item).to_owned()).collect();
        let policy = Self::read(&text).unwrap();
        Self { licenses: own(licenses), accepted: own(accepted), ..policy }
    }
}
