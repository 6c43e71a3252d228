//! Every package's license expression can be met with the licenses we allow.

use crate::deny::policy::Policy;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
}

pub(crate) fn check(policy: &Policy, metadata: &[u8]) -> Result<Vec<String>> {
    let metadata: Metadata =
        serde_json::from_slice(metadata).context("cargo metadata printed another form")?;
    let bad = metadata.packages.iter().filter(|package| {
        !package.license.as_ref().is_some_and(|license| is_met(license, &policy.licenses))
    });
    Ok(bad
        .map(|package| {
            let license = package.license.as_deref().unwrap_or("none named");
            format!(
                "deny.toml: license: {} {} is under `{license}`; \
                 choose another crate, or allow it with a decision record",
                package.name, package.version
            )
        })
        .collect())
}

/// Whether an SPDX expression holds when exactly these licenses are acceptable.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    // Old manifests write `MIT/Apache-2.0`.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words, allowed };
    reader.either() == Some(true) && reader.words.is_empty()
}

/// Reads an expression from left to right; nothing when it is malformed.
struct Reader<'a> {
    words: &'a [&'a str],
    allowed: &'a BTreeSet<String>,
}

impl Reader<'_> {
    fn either(&mut self) -> Option<bool> {
        let mut met = self.both()?;
        while self.eat("OR") {
            met |= self.both()?;
        }
        Some(met)
    }

    fn both(&mut self) -> Option<bool> {
        let mut met = self.one()?;
        while self.eat("AND") {
            met &= self.one()?;
        }
        Some(met)
    }

    fn one(&mut self) -> Option<bool> {
        if self.eat("(") {
            let met = self.either()?;
            return self.eat(")").then_some(met);
        }
        let mut license =
            self.next().filter(|word| !["OR", "AND", "WITH", ")"].contains(word))?.to_owned();
        if self.eat("WITH") {
            license = format!("{license} WITH {}", self.next()?);
        }
        Some(self.allowed.contains(&license))
    }

    fn next(&mut self) -> Option<&str> {
        let (word, rest) = self.words.split_first()?;
        self.words = rest;
        Some(word)
    }

    fn eat(&mut self, word: &str) -> bool {
        let found = self.words.first() == Some(&word);
        if found {
            self.words = &self.words[1..];
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_written() {
        let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
        for good in [
            "MIT",
            "MIT OR GPL-3.0",
            "GPL-3.0/MIT",
            "ISC AND (GPL-3.0 OR MIT)",
            "GPL-3.0 OR MIT AND ISC",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(is_met(good, &allowed), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "Apache-2.0",
            "(MIT",
            "MIT OR",
            "OR MIT",
            "MIT ISC",
            "(GPL-3.0 OR MIT) AND GPL-3.0",
            "MIT WITH LLVM-exception",
        ] {
            assert!(!is_met(bad, &allowed), "{bad}");
        }
    }

    #[test]
    fn a_package_without_a_license_is_told() {
        let policy = Policy::of(&["MIT"], "deny = []", &[]);
        let metadata = br#"{"packages": [
            {"name": "a", "version": "1.0.0", "license": "MIT"},
            {"name": "b", "version": "1.0.0", "license": null},
            {"name": "c", "version": "1.0.0", "license": "GPL-3.0"}
        ]}"#;
        let found = check(&policy, metadata).unwrap();
        assert_eq!(found.len(), 2);
        assert!(found[0].contains("b 1.0.0") && found[1].contains("GPL-3.0"), "{found:?}");
    }
}
