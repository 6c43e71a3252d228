//! Symbols to instruments: a read-only copy of the catalog that the roof swaps when instruments are
//! listed.

use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::Instrument;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// The catalog as the API looks things up in it.
#[derive(Default)]
pub struct Catalog {
    rows: RwLock<Arc<Rows>>,
}

#[derive(Clone, Default)]
struct Rows {
    by_symbol: HashMap<String, Arc<Instrument>>,
    by_id: HashMap<InstrumentId, Arc<Instrument>>,
}

impl Catalog {
    /// A catalog of these instruments.
    #[must_use]
    pub fn of(instruments: impl IntoIterator<Item = Instrument>) -> Self {
        let catalog = Self::default();
        catalog.replace(instruments);
        catalog
    }

    /// Swaps all rows at once.
    pub fn replace(&self, instruments: impl IntoIterator<Item = Instrument>) {
        let mut rows = Rows::default();
        for instrument in instruments {
            let row = Arc::new(instrument);
            rows.by_symbol.insert(row.symbol.clone(), Arc::clone(&row));
            rows.by_id.insert(row.id, row);
        }
        *self.rows.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rows);
    }

    /// Adds a row, or puts another in its place.
    pub fn add(&self, instrument: Instrument) {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        let (rows, row) = (Arc::make_mut(&mut rows), Arc::new(instrument));
        rows.by_symbol.insert(row.symbol.clone(), Arc::clone(&row));
        rows.by_id.insert(row.id, row);
    }

    fn rows(&self) -> Arc<Rows> {
        Arc::clone(&self.rows.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn by_symbol(&self, symbol: &str) -> Option<Arc<Instrument>> {
        self.rows().by_symbol.get(symbol).cloned()
    }

    pub(crate) fn by_id(&self, id: InstrumentId) -> Option<Arc<Instrument>> {
        self.rows().by_id.get(&id).cloned()
    }

    /// The symbol of an instrument; its number where the copy does not know it yet.
    pub(crate) fn symbol(&self, id: InstrumentId) -> String {
        self.rows().by_id.get(&id).map_or_else(|| id.to_string(), |row| row.symbol.clone())
    }
}
