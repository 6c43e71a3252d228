//! The instrument catalog as a table: what can be traded, one row each.

use super::id::InstrumentId;
use super::instrument::{Instrument, Kind};
use serde::Deserialize;
use std::collections::BTreeSet;

/// What is wrong with a catalog.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The file does not have the table's shape.
    #[error("instrument catalog: {0}")]
    Malformed(#[from] toml::de::Error),
    /// A number that two rows have.
    #[error("instrument catalog: the id {0} stands there twice")]
    SameId(InstrumentId),
    /// A ticker that two rows have.
    #[error("instrument catalog: the symbol {0} stands there twice")]
    SameSymbol(String),
    /// A row that could not be traded or priced.
    #[error("instrument catalog: {0} needs tick, lot, multiplier and stale_after above 0")]
    Steps(String),
    /// A pair of which a coin is missing.
    #[error("instrument catalog: {0} is a pair; the rows of its two coins must stand before it")]
    Pair(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    instrument: Vec<Instrument>,
}

/// Reads a catalog, in TOML.
///
/// # Errors
/// [`CatalogError`] with the row.
pub fn parse(text: &str) -> Result<Vec<Instrument>, CatalogError> {
    let File { instrument: rows } = toml::from_str(text)?;
    let (mut ids, mut symbols) = (BTreeSet::new(), BTreeSet::new());
    let mut coins = BTreeSet::new();
    for row in &rows {
        if !ids.insert(row.id) {
            return Err(CatalogError::SameId(row.id));
        }
        if !symbols.insert(&row.symbol) {
            return Err(CatalogError::SameSymbol(row.symbol.clone()));
        }
        let steps = row.tick.is_positive() && row.lot.is_positive() && row.stale_after.0 > 0;
        if !steps || row.multiplier() == 0 {
            return Err(CatalogError::Steps(row.symbol.clone()));
        }
        match row.kind {
            Kind::Pair { base, quote }
                if base == quote || ![base, quote].iter().all(|id| coins.contains(id)) =>
            {
                return Err(CatalogError::Pair(row.symbol.clone()));
            }
            Kind::Spot => drop(coins.insert(row.id)),
            _ => {}
        }
    }
    Ok(rows)
}
