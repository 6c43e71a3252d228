//! `Cargo.lock`: every package of every platform, with its exact version and source.

use crate::deny::version::Version;
use anyhow::{Context, Result};
use serde::Deserialize;

/// All locked packages.
pub(crate) struct Lock {
    pub(crate) packages: Vec<Locked>,
}

/// One locked package.
pub(crate) struct Locked {
    pub(crate) name: String,
    pub(crate) version: Version,
    /// Nothing for our own.
    pub(crate) source: Option<String>,
}

#[derive(Deserialize)]
struct File {
    package: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    version: String,
    source: Option<String>,
}

impl Lock {
    pub(crate) fn read(text: &str) -> Result<Self> {
        let file: File = toml::from_str(text).context("Cargo.lock")?;
        let packages = file.package.into_iter().map(|entry| {
            let Entry { name, version, source } = entry;
            Ok(Locked { name, version: version.parse()?, source })
        });
        Ok(Self { packages: packages.collect::<Result<_>>()? })
    }
}
