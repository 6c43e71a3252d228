//! The prices between which nothing follows from a price.

use crate::words::id::InstrumentId;
use crate::words::money::Price;

/// Parts of a price, one of which is how much further is looked.
const PART: i64 = 256;

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
    /// A price that lies further off on the side of one that is not covered. Prices come in small steps: whoever looks
    /// at this one, too, need not look at each that follows. None where there is nothing further.
    pub(super) fn beyond(&self, price: Price) -> Option<Price> {
        let step = price.raw() / PART;
        let raw = if price > self.high {
            price.raw().checked_add(step)
        } else {
            price.raw().checked_sub(step)
        };
        raw.map(Price::from_raw).filter(|further| *further != price)
    }
    /// Known at this price as well.
    pub(super) fn with(self, price: Price) -> Self {
        Self { low: self.low.min(price), high: self.high.max(price), ..self }
    }
}
