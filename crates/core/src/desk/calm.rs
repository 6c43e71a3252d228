//! The prices between which nothing follows from a price.

use crate::words::id::InstrumentId;
use crate::words::money::Price;

/// Prices of one instrument at which its holders were looked at and nothing followed; true until the desk writes
/// something down. A price moves what an account is worth one way only, so whatever is calm at two prices is calm at
/// all between them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calm {
    of: InstrumentId,
    low: Price,
    high: Price,
}

impl Calm {
    /// Known at one price.
    pub(super) const fn at(of: InstrumentId, price: Price) -> Self {
        Self { of, low: price, high: price }
    }
    pub(super) fn is_of(&self, instrument: InstrumentId) -> bool {
        self.of == instrument
    }
    /// Does nothing follow from this price?
    pub(super) fn covers(&self, price: Price) -> bool {
        self.low <= price && price <= self.high
    }
    /// Known at this price as well.
    pub(super) fn with(self, price: Price) -> Self {
        Self { low: self.low.min(price), high: self.high.max(price), ..self }
    }
}
