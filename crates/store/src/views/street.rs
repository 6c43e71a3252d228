//! What everything is worth in a partition, as its desk saw it, and what it was worth when each day began. Also the
//! month whose fees are open there: what comes before its end belongs to it, whatever the clock says.

use crate::error::Fault;
use minicbor::{Decode, Encode};
use nija_core::words::id::{InstrumentId, PartitionId};
use nija_core::words::money::Price;
use nija_core::words::time::{Span, Timestamp};
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;

const SET: &str = "INSERT OR REPLACE INTO price (partition, day, body) VALUES (?1, ?2, ?3)";
const BEFORE: &str = "SELECT day, body FROM price WHERE partition = ?1 AND day <= ?2 \
     ORDER BY day DESC LIMIT 1";

/// Prices of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Street {
    #[n(0)]
    pub(super) prices: BTreeMap<InstrumentId, Price>,
    /// The month that was told to be open; 0 before one was.
    #[n(1)]
    told: i32,
    /// The day before which these were the prices.
    #[cbor(skip)]
    day: i32,
    #[cbor(skip)]
    changed: bool,
}

impl Street {
    /// Before a day began: whatever moved on the day itself came later.
    pub(super) fn before(
        connection: &Connection,
        partition: PartitionId,
        day: i32,
    ) -> Result<Option<Self>, Fault> {
        let mut statement = connection.prepare_cached(BEFORE)?;
        let read = |row: &rusqlite::Row<'_>| {
            Ok((row.get(0)?, minicbor::decode::<Self>(row.get_ref(1)?.as_blob()?)))
        };
        let found = statement.query_row((partition.0, day), read).optional()?;
        let Some((day, street)) = found else { return Ok(None) };
        Ok(Some(Self { day, ..street.map_err(Fault::unreadable)? }))
    }

    /// As they are.
    pub(super) fn now(connection: &Connection, partition: PartitionId) -> Result<Self, Fault> {
        Ok(Self::before(connection, partition, i32::MAX)?.unwrap_or_default())
    }

    /// The month to which what happens now belongs. Before months were told it is the clock's.
    pub(super) const fn month(&self, now: Timestamp) -> i32 {
        if self.told > 0 { self.told } else { now.month() }
    }

    pub(super) fn mark(
        &mut self,
        (connection, partition): (&Connection, PartitionId),
        (instrument, price): (InstrumentId, Price),
        now: Timestamp,
    ) -> Result<(), Fault> {
        self.reach(connection, partition, now)?;
        self.prices.insert(instrument, price);
        Ok(())
    }

    pub(super) fn open_month(
        &mut self,
        (connection, partition): (&Connection, PartitionId),
        month: i32,
        now: Timestamp,
    ) -> Result<(), Fault> {
        self.reach(connection, partition, now)?;
        self.told = month;
        Ok(())
    }

    /// Something changes now: what was before a day that has begun meanwhile stays as it was.
    fn reach(
        &mut self,
        connection: &Connection,
        partition: PartitionId,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let next = now.day(Span::ZERO).saturating_add(1);
        if self.day < next {
            self.save(connection, partition)?;
            self.day = next;
        }
        self.changed = true;
        Ok(())
    }

    /// Writes them, if they changed.
    pub(super) fn save(
        &mut self,
        connection: &Connection,
        partition: PartitionId,
    ) -> Result<(), Fault> {
        if std::mem::take(&mut self.changed) {
            let mut body = Vec::with_capacity(512);
            minicbor::encode(&*self, &mut body).map_err(|e| Fault::Unusable(e.to_string()))?;
            connection.prepare_cached(SET)?.execute((partition.0, self.day, body))?;
        }
        Ok(())
    }
}
