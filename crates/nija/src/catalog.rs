//! The instrument catalog: one data file, embedded, replaceable by the operator.

use anyhow::{Context, ensure};
use nija_core::words::instrument::Instrument;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path;

const EMBEDDED: &str = include_str!("../data/instruments.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    instrument: Vec<Instrument>,
}

/// Reads the catalog: the operator's file, or the embedded one.
pub(crate) fn read(file: Option<&Path>) -> anyhow::Result<Vec<Instrument>> {
    let text = match file {
        None => EMBEDDED.to_owned(),
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the catalog {}", path.display()))?,
    };
    let File { instrument: rows } = toml::from_str(&text).context("instrument catalog")?;
    let ids: BTreeSet<_> = rows.iter().map(|row| row.id).collect();
    let symbols: BTreeSet<_> = rows.iter().map(|row| &row.symbol).collect();
    ensure!(ids.len() == rows.len(), "instrument catalog: an id stands there twice");
    ensure!(symbols.len() == rows.len(), "instrument catalog: a symbol stands there twice");
    for row in &rows {
        let sane = row.tick.is_positive() && row.lot.is_positive() && row.stale_after.0 > 0;
        ensure!(sane, "instrument catalog: {} needs tick, lot and stale_after above 0", row.symbol);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_catalog_reads() {
        let rows = read(None).unwrap();
        assert!(rows.iter().any(|row| row.symbol == "AAPL" && row.is_tradable()));
        assert!(rows.iter().any(|row| row.symbol == "VIX" && !row.is_tradable()));
    }
}
