//! The instrument catalog as a table: what can be traded, one row each, and which rows are months of one contract.

mod family;

pub use family::{Family, FamilyError};

use super::id::InstrumentId;
use super::instrument::{Instrument, Kind};
use serde::Deserialize;
use std::collections::BTreeSet;

/// What can be traded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalog {
    /// One row each; no number and no ticker stands there twice.
    pub instruments: Vec<Instrument>,
    /// Months that are traded one after the other; none is in two families.
    pub families: Vec<Family>,
}

/// What is wrong with a catalog.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The file does not have the table's shape.
    #[error("instrument catalog: {0}")]
    Malformed(toml::de::Error),
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
    /// A family that is none.
    #[error("instrument catalog: family {0}: {1}")]
    Family(String, FamilyError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    instrument: Vec<Instrument>,
    #[serde(default)]
    family: Vec<Named>,
}

/// A family as it is written down: its months by their symbols.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
    months: Vec<String>,
}

/// Reads a catalog, in TOML.
///
/// # Errors
/// [`CatalogError`] with the row or the family.
pub fn parse(text: &str) -> Result<Catalog, CatalogError> {
    let File { instrument: instruments, family: named } =
        toml::from_str(text).map_err(CatalogError::Malformed)?;
    check(&instruments)?;
    let mut taken = BTreeSet::new();
    let family = |Named { name, months }: Named| {
        let family = family(&name, &months, (&instruments, &mut taken));
        family.map_err(|why| CatalogError::Family(name, why))
    };
    let families = named.into_iter().map(family).collect::<Result<_, _>>()?;
    Ok(Catalog { instruments, families })
}

fn check(rows: &[Instrument]) -> Result<(), CatalogError> {
    let (mut ids, mut symbols) = (BTreeSet::new(), BTreeSet::new());
    let mut coins = BTreeSet::new();
    for row in rows {
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
    Ok(())
}

/// The family of these symbols, whose months are taken by it.
fn family(
    name: &str,
    months: &[String],
    (rows, taken): (&[Instrument], &mut BTreeSet<InstrumentId>),
) -> Result<Family, FamilyError> {
    let mut listed = Vec::new();
    for symbol in months {
        let row = rows.iter().find(|row| row.symbol == *symbol);
        let row = row.ok_or_else(|| FamilyError::Unlisted(symbol.clone()))?;
        let month = symbol.strip_prefix(name).filter(|month| !month.is_empty());
        if name.is_empty() || month.is_none() {
            return Err(FamilyError::Root(symbol.clone()));
        }
        if !taken.insert(row.id) {
            return Err(FamilyError::Taken(symbol.clone()));
        }
        listed.push(row);
    }
    Family::of(name, &listed)
}
