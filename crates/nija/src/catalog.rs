//! The instrument catalog: one data file, embedded, replaceable by the operator.

use anyhow::Context;
use nija_core::words::catalog::{Catalog, parse};
use std::path::Path;

const EMBEDDED: &str = include_str!("../data/instruments.toml");

/// Reads the catalog: the operator's file, or the embedded one.
pub(crate) fn read(file: Option<&Path>) -> anyhow::Result<Catalog> {
    let text = match file {
        None => EMBEDDED.to_owned(),
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the catalog {}", path.display()))?,
    };
    Ok(parse(&text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_catalog_reads() {
        let rows = read(None).unwrap().instruments;
        assert!(rows.iter().any(|row| row.symbol == "AAPL" && row.is_tradable()));
        assert!(rows.iter().any(|row| row.symbol == "VIX" && !row.is_tradable()));
    }
}
