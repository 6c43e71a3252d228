//! The greeks of all contracts, as of the last picture of each chain: written by the driver of the market, read by
//! whoever shows a holding.

use nija_core::ports::greeks::{Greeks, Sensitivity};
use nija_core::words::id::InstrumentId;
use nija_market::chain::Chain;
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

/// Chains by underlying; each picture takes the place of the one before.
#[derive(Debug)]
pub struct Board {
    /// Interest a year where a chain knows none.
    rate: f64,
    chains: RwLock<BTreeMap<InstrumentId, BTreeMap<InstrumentId, Sensitivity>>>,
}

impl Board {
    /// A board that reckons with this interest a year, a fraction, where a chain knows none.
    #[must_use]
    pub const fn new(rate: f64) -> Self {
        Self { rate, chains: RwLock::new(BTreeMap::new()) }
    }

    /// Takes a picture of a chain.
    pub fn take(&self, chain: &Chain) {
        let of_it = chain.sensitivities(chain.rate.unwrap_or(self.rate)).collect();
        let mut chains = self.chains.write().unwrap_or_else(PoisonError::into_inner);
        chains.insert(chain.instrument, of_it);
    }
}

impl Greeks for Board {
    fn of(&self, contract: InstrumentId) -> Option<Sensitivity> {
        let chains = self.chains.read().unwrap_or_else(PoisonError::into_inner);
        chains.values().find_map(|chain| chain.get(&contract)).copied()
    }
}
