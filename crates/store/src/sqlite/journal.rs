//! The journal in SQLite: one row per batch, one transaction per append, durable when it answers `Ok`.
//!
//! `append` and `save` block the thread that polls them: the desk's thread, which owns the journal and has
//! nothing to do until the disk answers. Reads have a connection of their own and block nobody. An append that
//! finds the disk full gives the reserve up and is made again; a snapshot is not worth that.

use super::file::Lock;
use super::link::{Gate, Link};
use super::reserve::Reserve;
use super::writer::{Failure, Writer};
use crate::admission::{Place, place, settle};
use crate::error::Fault;
use nija_core::journal::{Batch, Hash, Head};
use nija_core::ports::{AppendError, Doing, ReadError, Snapshot, Space};
use nija_core::words::id::{Epoch, PartitionId, Seq};
use nija_core::words::time::Timestamp;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, Transaction};
use std::sync::Arc;

/// A read stops after this many bytes, so that its memory is bounded whatever its limit says.
const READ_BYTES: usize = 8 * 1024 * 1024;

const INSERT: &str = "INSERT INTO journal (partition, seq, epoch, at, count, prev_hash, hash, body) \
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const HEAD: &str =
    "SELECT seq, epoch, at, hash FROM journal WHERE partition = ?1 ORDER BY seq DESC LIMIT 1";
const AT: &str = "SELECT seq, epoch, at, hash FROM journal WHERE partition = ?1 AND seq = ?2";
const ONE: &str = "SELECT partition, seq, epoch, at, count, prev_hash, hash, body FROM journal \
                   WHERE partition = ?1 AND seq = ?2";
const AFTER: &str = "SELECT partition, seq, epoch, at, count, prev_hash, hash, body FROM journal \
                     WHERE partition = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
/// Jumps from partition to partition along the primary key instead of reading all of it.
const PARTITIONS: &str = "WITH RECURSIVE known (partition) AS (SELECT min(partition) FROM journal UNION ALL \
     SELECT (SELECT min(j.partition) FROM journal j WHERE j.partition > known.partition) FROM known \
     WHERE known.partition IS NOT NULL) SELECT partition FROM known WHERE partition IS NOT NULL";
const SAVE: &str = "INSERT INTO snapshot (partition, seq, epoch, at, hash, state_hash, body) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (partition) DO UPDATE SET seq = excluded.seq, \
     epoch = excluded.epoch, at = excluded.at, hash = excluded.hash, state_hash = excluded.state_hash, \
     body = excluded.body WHERE excluded.seq >= snapshot.seq";
const SNAPSHOT: &str =
    "SELECT seq, epoch, at, hash, state_hash, body FROM snapshot WHERE partition = ?1";

/// The journal in SQLite.
#[derive(Debug)]
pub struct Journal {
    writer: Writer,
    reader: Link,
    /// With the lock of the owner.
    owned: Option<(Arc<Reserve>, Arc<Lock>)>,
}

impl Journal {
    pub(super) fn owned(
        (writer, reader): (Connection, Link),
        gate: Gate,
        reserve: Arc<Reserve>,
        owner: Arc<Lock>,
    ) -> Self {
        Self { writer: Writer::to(writer, gate), reader, owned: Some((reserve, owner)) }
    }
    pub(super) fn reader(reader: Link) -> Self {
        Self { writer: Writer::closed(), reader, owned: None }
    }
    fn reserve(&self) -> Option<&Reserve> {
        self.owned.as_ref().map(|(reserve, _)| &**reserve)
    }

    /// The numbers of a partition's last batch and of its snapshot's; 0 where there is none.
    ///
    /// # Errors
    /// [`ReadError::Unavailable`] when they cannot be read.
    pub async fn ends(&self, partition: PartitionId) -> Result<(Seq, Seq), ReadError> {
        let found = self.reader.call(move |connection| {
            let one = |sql| -> Result<Option<i64>, Fault> {
                let mut statement = connection.prepare_cached(sql)?;
                Ok(statement.query_row([partition.0], |row| row.get(0)).optional()?)
            };
            Ok((one(HEAD)?, one(SNAPSHOT)?))
        });
        let (last, snapshot) = found.await?;
        let seq = |number: Option<i64>| Seq(number.unwrap_or(0).cast_unsigned());
        Ok((seq(last), seq(snapshot)))
    }
}

fn append(transaction: &Transaction<'_>, batches: &[Batch]) -> Result<(), Failure> {
    for batch in batches {
        let partition = batch.partition;
        let head = transaction
            .prepare_cached(HEAD)?
            .query_row([partition.0], head_of)
            .optional()?
            .unwrap_or_default();
        match place(batch, &head)? {
            Place::Next => insert(transaction, batch)?,
            Place::Taken => {
                let recorded = transaction
                    .prepare_cached(ONE)?
                    .query_row((partition.0, number(batch.seq)), batch_of)
                    .optional()?;
                settle(batch, &recorded.ok_or(AppendError::Fenced(partition))?)?;
            }
        }
    }
    Ok(())
}

fn insert(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), Failure> {
    let done = transaction.prepare_cached(INSERT)?.execute((
        batch.partition.0,
        number(batch.seq),
        batch.epoch.0.cast_signed(),
        batch.at.0,
        batch.count,
        &batch.prev,
        &batch.hash,
        &batch.body,
    ));
    match done {
        Ok(_) => Ok(()),
        Err(e) if e.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Err(AppendError::Fenced(batch.partition).into())
        }
        Err(e) => Err(e.into()),
    }
}

/// A batch number as SQLite keeps it; one that it cannot hold stands after all that it can.
fn number(seq: Seq) -> i64 {
    i64::try_from(seq.0).unwrap_or(i64::MAX)
}

fn head_of(row: &Row<'_>) -> rusqlite::Result<Head> {
    Ok(Head {
        seq: Seq(row.get::<_, i64>(0)?.cast_unsigned()),
        epoch: Epoch(row.get::<_, i64>(1)?.cast_unsigned()),
        at: Timestamp(row.get(2)?),
        hash: row.get(3)?,
    })
}

fn batch_of(row: &Row<'_>) -> rusqlite::Result<Batch> {
    Ok(Batch {
        partition: PartitionId(row.get(0)?),
        seq: Seq(row.get::<_, i64>(1)?.cast_unsigned()),
        epoch: Epoch(row.get::<_, i64>(2)?.cast_unsigned()),
        at: Timestamp(row.get(3)?),
        count: row.get(4)?,
        prev: row.get(5)?,
        hash: row.get(6)?,
        body: row.get(7)?,
        told: Vec::new(),
    })
}

fn read(
    connection: &Connection,
    partition: PartitionId,
    after: Seq,
    limit: usize,
) -> Result<Vec<Batch>, Fault> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(AFTER)?;
    let mut rows = statement.query((partition.0, number(after), limit))?;
    let (mut batches, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let batch = batch_of(row)?;
        bytes += batch.body.len();
        batches.push(batch);
        if bytes >= READ_BYTES {
            break;
        }
    }
    Ok(batches)
}

impl nija_core::ports::Journal for Journal {
    fn append<'a>(&'a self, batches: &'a [Batch]) -> Doing<'a, Result<(), AppendError>> {
        Box::pin(async move {
            if batches.is_empty() {
                return Ok(());
            }
            let write = || self.writer.write(|transaction| append(transaction, batches));
            match write() {
                Err(AppendError::Full) if self.reserve().is_some_and(Reserve::give_up) => write(),
                told => told,
            }
        })
    }

    fn at(&self, partition: PartitionId, seq: Seq) -> Doing<'_, Result<Option<Head>, ReadError>> {
        Box::pin(async move {
            let found = self.reader.call(move |connection| {
                let mut statement = connection.prepare_cached(AT)?;
                Ok(statement.query_row((partition.0, number(seq)), head_of).optional()?)
            });
            Ok(found.await?)
        })
    }

    fn read(
        &self,
        partition: PartitionId,
        after: Seq,
        limit: usize,
    ) -> Doing<'_, Result<Vec<Batch>, ReadError>> {
        Box::pin(
            async move { Ok(self.reader.call(move |c| read(c, partition, after, limit)).await?) },
        )
    }

    fn save(&self, snapshot: Snapshot) -> Doing<'_, Result<(), AppendError>> {
        Box::pin(async move {
            let Snapshot { partition, head, state, body } = &snapshot;
            self.writer.write(|transaction| {
                transaction.prepare_cached(SAVE)?.execute((
                    partition.0,
                    number(head.seq),
                    head.epoch.0.cast_signed(),
                    head.at.0,
                    &head.hash,
                    state,
                    body,
                ))?;
                Ok(())
            })
        })
    }

    fn snapshot(&self, partition: PartitionId) -> Doing<'_, Result<Option<Snapshot>, ReadError>> {
        Box::pin(async move {
            let found = self.reader.call(move |connection| {
                let mut statement = connection.prepare_cached(SNAPSHOT)?;
                let read = |row: &Row<'_>| {
                    let (head, state): (Head, Hash) = (head_of(row)?, row.get(4)?);
                    Ok(Snapshot { partition, head, state, body: row.get(5)? })
                };
                Ok(statement.query_row([partition.0], read).optional()?)
            });
            Ok(found.await?)
        })
    }

    fn partitions(&self) -> Doing<'_, Result<Vec<PartitionId>, ReadError>> {
        Box::pin(async move {
            let found = self.reader.call(|connection| {
                let mut statement = connection.prepare_cached(PARTITIONS)?;
                let rows = statement.query_map([], |row| row.get(0).map(PartitionId))?;
                Ok(rows.collect::<Result<_, _>>()?)
            });
            Ok(found.await?)
        })
    }

    fn space(&self) -> Space {
        self.reserve().map_or(Space::Ample, Reserve::space)
    }

    fn reclaim(&self) -> Space {
        // Where it cannot be done now, it is tried again with the next look.
        let _ = self.writer.shrink();
        self.reserve().map_or(Space::Ample, Reserve::reclaim)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::connection::{Access, open};
    use crate::sqlite::migration::LEDGER;
    use nija_core::ports::Journal as _;

    fn block<T>(doing: Doing<'_, T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(doing)
    }

    fn journal(folder: &std::path::Path, sql: &str) -> Journal {
        let path = folder.join("j.db");
        crate::sqlite::file::make_private(&path).unwrap();
        let mut writer = open(&path, Access::Durable).unwrap();
        LEDGER.migrate(&mut writer, &path).unwrap();
        writer.execute_batch(sql).unwrap();
        let reader = Link::to(open(&path, Access::Read).unwrap()).unwrap();
        let reserve = Arc::new(Reserve::of(&path, 1 << 20).unwrap());
        let owner = Arc::new(Lock::take(&path).unwrap());
        Journal::owned((writer, reader), Gate::default(), reserve, owner)
    }

    fn batch(head: &Head, bytes: usize) -> Batch {
        Batch::chained(PartitionId(0), Epoch(1), Timestamp(1), head, (1, vec![7; bytes]))
    }

    #[test]
    fn a_full_disk_is_told_and_space_brings_writing_back() {
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(folder.path(), "PRAGMA max_page_count=20");
        let large = batch(&Head::default(), 1 << 20);
        assert_eq!(journal.space(), Space::Ample);
        assert_eq!(block(journal.append(&[large])), Err(AppendError::Full));
        assert_eq!(journal.space(), Space::Low, "the reserve was tried");
        assert_eq!(block(journal.partitions()), Ok(vec![]));
        assert_eq!(block(journal.append(&[batch(&Head::default(), 10)])), Ok(()));
        assert_eq!((journal.reclaim(), journal.space()), (Space::Ample, Space::Ample));
    }

    #[test]
    fn after_a_failed_write_nothing_is_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(folder.path(), "");
        let unsound = journal.writer.write(|_| {
            let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_FSYNC);
            Err(Failure::Sqlite(rusqlite::Error::SqliteFailure(code, None)))
        });
        assert!(matches!(unsound, Err(AppendError::Unavailable(_))));
        let next = block(journal.append(&[batch(&Head::default(), 10)]));
        assert!(matches!(next, Err(AppendError::Unavailable(why)) if why.contains("start again")));
    }

    #[test]
    fn a_read_is_bounded_in_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(folder.path(), "");
        let mut head = Head::default();
        for _ in 0..4 {
            let next = batch(&head, 3 << 20);
            block(journal.append(std::slice::from_ref(&next))).unwrap();
            head = next.follows(&head).unwrap();
        }
        assert_eq!(block(journal.read(PartitionId(0), Seq(0), 10)).unwrap().len(), 3);
        assert_eq!(block(journal.read(PartitionId(0), Seq(3), 10)).unwrap().len(), 1);
    }
}
