//! Numbered schemas: each step runs once, in order, in a transaction of its own; a newer file is refused,
//! and so is one older than the first of them.

use crate::error::Error;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// What a file must look like.
pub(crate) struct Schema {
    /// SQLite's application id, so that one kind of file is never taken for another.
    pub(crate) application: i64,
    /// The version that the first step leads to. A file between none and this one is not brought up.
    pub(crate) first: i64,
    /// Each step leads to the version after the one of the step before.
    pub(crate) steps: &'static [&'static str],
}

/// Journal and control data.
pub(crate) const LEDGER: Schema = Schema {
    application: 0x4e49_4a41,
    first: 1,
    steps: &[
        include_str!("../../migrations/0001_journal.sql"),
        include_str!("../../migrations/0002_control.sql"),
        include_str!("../../migrations/0003_events.sql"),
        include_str!("../../migrations/0004_events.sql"),
        include_str!("../../migrations/0005_till.sql"),
        include_str!("../../migrations/0006_events.sql"),
        include_str!("../../migrations/0007_events.sql"),
        include_str!("../../migrations/0008_events.sql"),
        include_str!("../../migrations/0009_events.sql"),
    ],
};

impl Schema {
    /// The newest version.
    pub(crate) const fn known(&self) -> i64 {
        self.first - 1 + self.steps.len() as i64
    }

    /// An empty database of the newest version, in memory.
    pub(crate) fn made(&self) -> rusqlite::Result<Connection> {
        let connection = Connection::open_in_memory()?;
        self.steps.iter().try_for_each(|step| connection.execute_batch(step))?;
        Ok(connection)
    }

    /// Brings a file to the newest version.
    pub(crate) fn migrate(&self, connection: &mut Connection, path: &Path) -> Result<(), Error> {
        let failed = Error::sqlite(path);
        let found = self.version(connection, path)?;
        if found > self.known() {
            return Err(Error::Newer { path: path.to_owned(), found, known: self.known() });
        }
        if (1..self.first).contains(&found) {
            return Err(Error::Older { path: path.to_owned(), found, known: self.known() });
        }
        for (number, step) in (self.first..).zip(self.steps).filter(|(number, _)| *number > found) {
            let step_done = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .and_then(|transaction| {
                    transaction.execute_batch(step)?;
                    transaction.pragma_update(None, "application_id", self.application)?;
                    transaction.pragma_update(None, "user_version", number)?;
                    transaction.commit()
                });
            step_done.map_err(&failed)?;
            tracing::info!(path = %path.display(), version = number, "schema migrated");
        }
        Ok(())
    }

    /// Holds a file to the newest version without changing it.
    pub(crate) fn require(&self, connection: &Connection, path: &Path) -> Result<(), Error> {
        let (found, known, path) = (self.version(connection, path)?, self.known(), path.to_owned());
        match found.cmp(&known) {
            std::cmp::Ordering::Less => Err(Error::Older { path, found, known }),
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Greater => Err(Error::Newer { path, found, known }),
        }
    }

    /// The version of a file of this kind; 0 for an empty one.
    pub(crate) fn version(&self, connection: &Connection, path: &Path) -> Result<i64, Error> {
        let one = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        let read = || -> rusqlite::Result<(i64, i64, i64)> {
            Ok((
                one("PRAGMA user_version")?,
                one("PRAGMA application_id")?,
                one("SELECT count(*) FROM sqlite_schema")?,
            ))
        };
        let (version, application, things) = read().map_err(Error::sqlite(path))?;
        if application == self.application || (application, version, things) == (0, 0, 0) {
            Ok(version)
        } else {
            Err(Error::Foreign { path: path.to_owned() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nija_core::desk::event::Event;

    /// Kinds of events that this build can read.
    fn kinds() -> u32 {
        let unknown = |number: &u32| {
            let mut bytes = Vec::new();
            let mut encoder = minicbor::Encoder::new(&mut bytes);
            encoder.array(2).and_then(|e| e.u32(*number)).and_then(|e| e.array(0)).unwrap();
            minicbor::decode::<Event>(&bytes).is_err_and(|why| why.is_unknown_variant())
        };
        (0..1_000).find(unknown).unwrap()
    }

    #[test]
    fn whoever_adds_an_event_raises_the_schema() {
        // An older program must say that it is too old, and not call a journal damaged that it cannot read. A step
        // for new events holds nothing but a line on which they are.
        assert_eq!((kinds(), LEDGER.known()), (43, 9), "new events need a step in LEDGER");
    }
}
