//! The end of the log while records are added to it. A row takes as many as fit into a page of the file.

use super::chain::Place;
use super::record::Cover;
use crate::error::Fault;
use rusqlite::Connection;

const END: &str = "SELECT coalesce(max(id), 0) FROM log";
const ADD: &str = "INSERT INTO log (id, body) VALUES (?1, ?2)";
/// What a leaf of a table leaves to the only row in it, less a little.
const FULL: usize = Place::ROW - 48;

/// The row that records go to now.
pub(super) struct Log {
    number: i64,
    row: Vec<u8>,
    record: Vec<u8>,
}

impl Log {
    pub(super) fn behind(connection: &Connection) -> Result<Self, Fault> {
        let last: i64 = connection.prepare_cached(END)?.query_row([], |row| row.get(0))?;
        let (row, record) = (Vec::with_capacity(Place::ROW), Vec::with_capacity(512));
        Ok(Self { number: last + 1, row, record })
    }

    /// The first place behind all records so far.
    pub(super) const fn end(&self) -> Place {
        match self.row.len() {
            full if full > FULL => Place::new(self.number + 1, 0),
            len => Place::new(self.number, len),
        }
    }

    /// Adds a record, and tells where it stands.
    pub(super) fn add(
        &mut self,
        connection: &Connection,
        cover: &Cover<'_>,
        event: &[u8],
    ) -> Result<Place, Fault> {
        self.record.clear();
        cover.write(event, &mut self.record).map_err(|e| Fault::Unusable(e.to_string()))?;
        if !self.row.is_empty() && self.row.len() + self.record.len() > FULL {
            self.flush(connection)?;
        }
        let place = self.end();
        self.row.extend_from_slice(&self.record);
        Ok(place)
    }

    /// Writes what is not written yet.
    pub(super) fn flush(&mut self, connection: &Connection) -> Result<(), Fault> {
        if !self.row.is_empty() {
            connection.prepare_cached(ADD)?.execute((self.number, &self.row))?;
            self.number += 1;
            self.row.clear();
        }
        Ok(())
    }
}
