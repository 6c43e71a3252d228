//! What a platform keeps of option contracts: those that its desks have listed, the numbers of those that follow, and
//! the greeks of those that are quoted.

use crate::config::Config;
use nija_core::words::instrument::Instrument;
use nija_engine::feeds::chain::Numbers;
use nija_engine::greeks::Board;
use nija_engine::partitions::Partitions;
use nija_engine::sim::Paper;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Contracts of chains.
pub(crate) struct Contracts {
    /// Listed before this start, by number.
    pub(crate) listed: Vec<Instrument>,
    pub(crate) numbers: Numbers,
    pub(crate) greeks: Arc<Board>,
}

impl Contracts {
    /// Those of recovered desks. The venue hears of them, since it has to take their open orders back.
    pub(crate) fn recover(
        config: &Config,
        partitions: &Partitions,
        venue: &Paper,
    ) -> anyhow::Result<Self> {
        let playbook = crate::market::playbook(config)?;
        let rate = playbook.equity_earnings_volatility.parameters.straddle.rate;
        let desks = partitions.desks();
        let rows = desks.iter().flat_map(|desk| desk.options()).map(|row| (row.id, row.clone()));
        let listed: Vec<Instrument> = rows.collect::<BTreeMap<_, _>>().into_values().collect();
        listed.iter().for_each(|row| venue.list(row.clone()));
        let last = desks.iter().map(|desk| desk.last_option()).max().unwrap_or_default();
        let numbers = Numbers::after(&listed, last);
        Ok(Self { listed, numbers, greeks: Arc::new(Board::new(rate)) })
    }
}
