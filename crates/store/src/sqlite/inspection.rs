//! A look at an existing database without changing it: its schema, its time, and whether tables and the triggers that
//! keep the journal append-only are those of this program. What durability rests on is no property of a file: every
//! connection sets it and checks that it took.

use super::connection::{Access, open};
use super::migration::LEDGER;
use crate::error::Error;
use nija_core::words::time::Timestamp;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::Path;

/// Batches of a partition follow one another in time, and partitions are written together: the last ones suffice.
const LAST: &str = "SELECT max(at) FROM (SELECT at FROM journal ORDER BY rowid DESC LIMIT 64)";
const OBJECTS: &str = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL";

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// The file's schema; never above [`schema`].
    pub schema: i64,
    /// Tables, indexes and triggers that are missing, added or changed. Empty for an older schema.
    pub differing: Vec<String>,
    /// Time of the newest batch, where there is one.
    pub last: Option<Timestamp>,
}

/// The newest schema this program knows.
#[must_use]
pub const fn schema() -> i64 {
    LEDGER.known()
}

/// Looks at the database at `path`.
///
/// # Errors
/// [`Error::Newer`], [`Error::Foreign`], or [`Error::Sqlite`] when it cannot be read.
pub fn inspect(path: impl AsRef<Path>) -> Result<Inspection, Error> {
    let path = path.as_ref();
    let failed = Error::sqlite(path);
    let connection = open(path, Access::Read)?;
    let schema = LEDGER.version(&connection, path)?;
    if schema > LEDGER.known() {
        return Err(Error::Newer { path: path.to_owned(), found: schema, known: LEDGER.known() });
    }
    let (mut differing, mut last) = (Vec::new(), None);
    if schema == LEDGER.known() {
        let wanted = LEDGER.made().and_then(|made| objects(&made)).map_err(&failed)?;
        let found = objects(&connection).map_err(&failed)?;
        let names: std::collections::BTreeSet<_> = wanted.keys().chain(found.keys()).collect();
        differing.extend(names.into_iter().filter(|n| wanted.get(*n) != found.get(*n)).cloned());
        let at: Option<i64> = connection.query_row(LAST, [], |row| row.get(0)).map_err(&failed)?;
        last = at.map(Timestamp);
    }
    Ok(Inspection { schema, differing, last })
}

fn objects(connection: &Connection) -> rusqlite::Result<BTreeMap<String, String>> {
    let mut statement = connection.prepare(OBJECTS)?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::{Database, Mode};
    use nija_core::ports::Clock;
    use std::sync::Arc;

    struct Noon;
    impl Clock for Noon {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }
    }

    #[test]
    fn a_database_is_known_by_its_schema_and_a_missing_trigger_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nija.db");
        drop(Database::open(&path, Mode::Owner, Arc::new(Noon)).unwrap());
        let sound = inspect(&path).unwrap();
        assert_eq!((sound.schema, sound.last), (schema(), None));
        assert_eq!(sound.differing, [""; 0]);
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("DROP TRIGGER journal_refuses_delete").unwrap();
        assert_eq!(inspect(&path).unwrap().differing, ["journal_refuses_delete"]);
        connection.pragma_update(None, "user_version", schema() + 1).unwrap();
        assert!(matches!(inspect(&path), Err(Error::Newer { .. })));
    }
}
