//! How an account stands: the newest record of each of its lists, and what its entries add up to. A copy is kept
//! from before the first record of each month, so that a month can be told without walking through all others.

use super::chain::{Heads, Holder};
use crate::error::Fault;
use minicbor::decode::Error as Unreadable;
use minicbor::encode::Error as Unwritable;
use minicbor::{Decoder, Encoder};
use nija_core::ledger::holdings::Holdings;
use nija_core::words::tier::Tier;
use rusqlite::{Connection, OptionalExtension};
use std::convert::Infallible;

const SET: &str = "INSERT OR REPLACE INTO folio (account, body) VALUES (?1, ?2)";
const NOW: &str = "SELECT body FROM folio WHERE account = ?1";
const TURN: &str = "INSERT INTO turned (account, month, body) VALUES (?1, ?2, ?3)";
/// What stood when a month ended is what stood before the next record behind it.
const AT_END: &str = "SELECT body FROM turned WHERE account = ?1 AND month > ?2 \
     ORDER BY month LIMIT 1";

/// An account's row.
#[derive(Clone, Debug)]
pub(super) struct Folio {
    pub(super) heads: Heads,
    pub(super) held: Holdings,
    pub(super) tier: Tier,
    /// The month of the first record, and that of the last.
    pub(super) first: i32,
    pub(super) month: i32,
}

impl Folio {
    /// One of an account that begins in a month.
    pub(super) fn new(tier: Tier, month: i32) -> Self {
        let (heads, held) = (Heads::default(), Holdings::default());
        Self { heads, held, tier, first: month, month }
    }

    fn write(&self, row: &mut Vec<u8>) -> Result<(), Unwritable<Infallible>> {
        row.clear();
        self.heads.write(row)?;
        let mut e = Encoder::new(row);
        e.i32(self.first)?.i32(self.month)?.encode(self.tier)?.encode(&self.held)?;
        Ok(())
    }

    fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut d = Decoder::new(bytes);
        let heads = Heads::read(&mut d)?;
        let (first, month) = (d.i32()?, d.i32()?);
        Ok(Self { heads, first, month, tier: d.decode()?, held: d.decode()? })
    }

    /// Writes it, as it stands.
    pub(super) fn save(
        &self,
        connection: &Connection,
        holder: Holder,
        row: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        self.write(row).map_err(unwritable)?;
        connection.prepare_cached(SET)?.execute((holder.0, &*row))?;
        Ok(())
    }

    /// A record of a month comes: keeps what stood before the first one.
    pub(super) fn turn(
        &mut self,
        connection: &Connection,
        holder: Holder,
        month: i32,
    ) -> Result<(), Fault> {
        if month > self.month {
            let mut row = Vec::with_capacity(256);
            self.write(&mut row).map_err(unwritable)?;
            connection.prepare_cached(TURN)?.execute((holder.0, month, row))?;
            self.month = month;
        }
        Ok(())
    }

    /// As it stands.
    pub(super) fn find(connection: &Connection, holder: Holder) -> Result<Option<Self>, Fault> {
        let mut statement = connection.prepare_cached(NOW)?;
        let read = |row: &rusqlite::Row<'_>| Ok(Self::read(row.get_ref(0)?.as_blob()?));
        let found = statement.query_row([holder.0], read).optional()?;
        found.transpose().map_err(Fault::unreadable)
    }

    /// As it stood when a month ended; none before the account began.
    pub(super) fn at_end(
        connection: &Connection,
        holder: Holder,
        month: i32,
    ) -> Result<Option<Self>, Fault> {
        let mut statement = connection.prepare_cached(AT_END)?;
        let read = |row: &rusqlite::Row<'_>| Ok(Self::read(row.get_ref(0)?.as_blob()?));
        let found = statement.query_row((holder.0, month), read).optional()?;
        let kept = found.transpose().map_err(Fault::unreadable)?;
        let folio = match kept {
            None => Self::find(connection, holder)?,
            kept => kept,
        };
        Ok(folio.filter(|folio| folio.first <= month))
    }
}

fn unwritable(e: Unwritable<Infallible>) -> Fault {
    Fault::Unusable(e.to_string())
}
