//! What every journal promises, as numbered cases run against each implementation; then what only a file does.
//! The calls are waited for on a plain thread, so this also holds journals to answering without a runtime.

#![allow(clippy::unwrap_used)]

use nija_core::journal::{Batch, Head};
use nija_core::ports::{AppendError, Clock, Doing, Journal, Snapshot};
use nija_core::words::id::{Epoch, PartitionId, Seq};
use nija_core::words::time::Timestamp;
use nija_store::sqlite::{Database, Mode};
use nija_store::{Error, memory};
use rusqlite::Connection;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn now<T>(mut doing: Doing<'_, T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    // Woken a few times without an answer, it is not coming.
    for _ in 0..10 {
        if let Poll::Ready(told) = doing.as_mut().poll(&mut Context::from_waker(&waker)) {
            return told;
        }
        thread::park_timeout(Duration::from_secs(10));
    }
    panic!("a journal without contention answers")
}

fn open(folder: &Path, mode: Mode) -> Result<Database, Error> {
    Database::open(folder.join("nija.db"), mode, Arc::new(Still))
}

const P: PartitionId = PartitionId(3);
const Q: PartitionId = PartitionId(60_000);

/// A run of batches of one partition after `head`.
fn run(partition: PartitionId, mut head: Head, count: u8) -> Vec<Batch> {
    let mut batches = Vec::new();
    for n in 0..count {
        let at = Timestamp(1_000 + i64::from(n));
        let body = vec![n; 50];
        let batch = Batch::chained(partition, Epoch(u64::MAX - 1), at, &head, (50, body));
        head = batch.follows(&head).unwrap();
        batches.push(batch);
    }
    batches
}

/// The same number as `batch`, another content.
fn rival(batch: &Batch) -> Batch {
    let head = Head { seq: Seq(batch.seq.0 - 1), hash: batch.prev, ..Head::default() };
    Batch::chained(batch.partition, Epoch(u64::MAX), batch.at, &head, (1, vec![0xf6]))
}

fn snapshot(seq: u64, body: &[u8]) -> Snapshot {
    let head = Head { seq: Seq(seq), epoch: Epoch(1), at: Timestamp(7), hash: [9; 32] };
    Snapshot { partition: P, head, state: [8; 32], body: body.to_vec() }
}

fn j_01_what_is_appended_reads_back(journal: &dyn Journal) {
    let batches = run(P, Head::default(), 5);
    for batch in &batches {
        assert_eq!(now(journal.append(std::slice::from_ref(batch))), Ok(()));
    }
    assert_eq!(now(journal.read(P, Seq(0), 100)), Ok(batches.clone()));
    assert_eq!(now(journal.read(P, Seq(1), 2)), Ok(batches[1..3].to_vec()));
    assert_eq!(now(journal.read(P, Seq(5), 100)), Ok(vec![]));
    assert_eq!(now(journal.read(P, Seq(u64::MAX), 100)), Ok(vec![]));
    assert_eq!(now(journal.read(Q, Seq(0), 100)), Ok(vec![]));
}

fn j_02_numbers_are_dense_from_one(journal: &dyn Journal) {
    let batches = run(P, Head::default(), 3);
    let early = now(journal.append(&batches[1..2]));
    assert!(matches!(early, Err(AppendError::Unavailable(why)) if why.contains("does not follow")));
    assert_eq!(now(journal.append(&batches[..1])), Ok(()));
    assert!(matches!(now(journal.append(&batches[2..])), Err(AppendError::Unavailable(_))));
    assert_eq!(now(journal.append(&batches[1..])), Ok(()));
    let zero = Batch { seq: Seq(0), ..batches[0].clone() };
    assert!(now(journal.append(&[zero])).is_err());
}

fn j_03_a_taken_number_is_fenced(journal: &dyn Journal) {
    let batches = run(P, Head::default(), 3);
    assert_eq!(now(journal.append(&batches)), Ok(()));
    for batch in &batches {
        assert_eq!(now(journal.append(&[rival(batch)])), Err(AppendError::Fenced(P)));
    }
    assert_eq!(now(journal.read(P, Seq(0), 9)), Ok(batches));
}

fn j_04_all_partitions_or_none(journal: &dyn Journal) {
    let (p, q) = (run(P, Head::default(), 2), run(Q, Head::default(), 2));
    assert_eq!(now(journal.append(&q[..1])), Ok(()));
    let torn = [p[0].clone(), p[1].clone(), rival(&q[0])];
    assert_eq!(now(journal.append(&torn)), Err(AppendError::Fenced(Q)));
    assert_eq!(now(journal.read(P, Seq(0), 9)), Ok(vec![]));
    let whole = [p[0].clone(), q[1].clone(), p[1].clone()];
    assert_eq!(now(journal.append(&whole)), Ok(()));
    assert_eq!(now(journal.read(P, Seq(0), 9)), Ok(p));
    assert_eq!(now(journal.read(Q, Seq(0), 9)), Ok(q));
}

fn j_05_the_same_bytes_again_are_recorded_already(journal: &dyn Journal) {
    let batches = run(P, Head::default(), 3);
    assert_eq!(now(journal.append(&batches[..2])), Ok(()));
    assert_eq!(now(journal.append(&batches[..2])), Ok(()));
    assert_eq!(now(journal.append(&batches[1..])), Ok(()), "one recorded, one next");
    assert_eq!(now(journal.read(P, Seq(0), 9)), Ok(batches));
    assert_eq!(now(journal.append(&[])), Ok(()));
}

fn j_06_at_tells_what_stands_at_a_number(journal: &dyn Journal) {
    let batches = run(P, Head::default(), 2);
    assert_eq!(now(journal.append(&batches)), Ok(()));
    let Batch { seq, epoch, at, hash, .. } = batches[1].clone();
    assert_eq!(now(journal.at(P, Seq(2))), Ok(Some(Head { seq, epoch, at, hash })));
    for missing in [0, 3, u64::MAX] {
        assert_eq!(now(journal.at(P, Seq(missing))), Ok(None));
    }
    assert_eq!(now(journal.at(Q, Seq(1))), Ok(None));
}

fn j_07_the_newest_snapshot_is_kept(journal: &dyn Journal) {
    assert_eq!(now(journal.snapshot(P)), Ok(None));
    for (seq, body) in [(4, b"four"), (9, b"nine"), (6, b"late")] {
        assert_eq!(now(journal.save(snapshot(seq, body))), Ok(()));
    }
    assert_eq!(now(journal.snapshot(P)), Ok(Some(snapshot(9, b"nine"))));
    assert_eq!(now(journal.save(snapshot(9, b"anew"))), Ok(()));
    assert_eq!(now(journal.snapshot(P)), Ok(Some(snapshot(9, b"anew"))));
    assert_eq!(now(journal.snapshot(Q)), Ok(None));
}

fn j_08_partitions_are_those_with_batches(journal: &dyn Journal) {
    assert_eq!(now(journal.partitions()), Ok(vec![]));
    for partition in [Q, PartitionId(0), P] {
        assert_eq!(now(journal.append(&run(partition, Head::default(), 3))), Ok(()));
    }
    assert_eq!(now(journal.partitions()), Ok(vec![PartitionId(0), P, Q]));
}

fn j_09_another_history_or_an_older_epoch_is_fenced(journal: &dyn Journal) {
    let batches = run(P, Head::default(), 1);
    assert_eq!(now(journal.append(&batches)), Ok(()));
    let head = batches[0].follows(&Head::default()).unwrap();
    let astray = Head { hash: [1; 32], ..head };
    assert_eq!(now(journal.append(&run(P, astray, 1))), Err(AppendError::Fenced(P)));
    let older = Batch::chained(P, Epoch(5), Timestamp(1), &head, (0, vec![]));
    assert_eq!(now(journal.append(&[older])), Err(AppendError::Fenced(P)));
    assert_eq!(now(journal.append(&run(P, head, 1))), Ok(()));
}

macro_rules! contract {
    ($($case:ident)*) => {
        mod in_memory {
            $(#[test] fn $case() {
                super::$case(&super::memory::Journal::default());
            })*
        }
        mod in_sqlite {
            $(#[test] fn $case() {
                let folder = tempfile::tempdir().unwrap();
                let database = super::open(folder.path(), super::Mode::Owner).unwrap();
                super::$case(&*database.journal());
            })*
        }
    };
}

contract! {
    j_01_what_is_appended_reads_back
    j_02_numbers_are_dense_from_one
    j_03_a_taken_number_is_fenced
    j_04_all_partitions_or_none
    j_05_the_same_bytes_again_are_recorded_already
    j_06_at_tells_what_stands_at_a_number
    j_07_the_newest_snapshot_is_kept
    j_08_partitions_are_those_with_batches
    j_09_another_history_or_an_older_epoch_is_fenced
}

#[test]
fn j_20_a_file_keeps_everything_when_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let batches = run(P, Head::default(), 4);
    let database = open(folder.path(), Mode::Owner).unwrap();
    now(database.journal().append(&batches)).unwrap();
    now(database.journal().save(snapshot(2, b"two"))).unwrap();
    drop(database);
    let database = open(folder.path(), Mode::Owner).unwrap();
    assert_eq!(now(database.journal().read(P, Seq(0), 9)), Ok(batches));
    assert_eq!(now(database.journal().snapshot(P)), Ok(Some(snapshot(2, b"two"))));
    assert_eq!(database.integrity().unwrap(), Vec::<String>::new());
}

#[test]
fn j_21_the_database_itself_refuses_changes_of_the_past() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path(), Mode::Owner).unwrap();
    now(database.journal().append(&run(P, Head::default(), 2))).unwrap();
    let raw = Connection::open(folder.path().join("nija.db")).unwrap();
    for forged in [
        "UPDATE journal SET body = x'00' WHERE seq = 1",
        "UPDATE journal SET at = 0",
        "DELETE FROM journal WHERE seq = 2",
        "DELETE FROM journal",
        "INSERT OR REPLACE INTO journal SELECT partition, seq, 1, 1, 1, hash, hash, x'00' FROM journal",
        "INSERT INTO journal SELECT partition, seq + 5, 1, 1, 1, hash, hash, x'00' FROM journal",
    ] {
        let refused = raw.execute_batch(forged).unwrap_err().to_string();
        assert!(refused.contains("the journal"), "{forged}: {refused}");
    }
    assert_eq!(now(database.journal().read(P, Seq(0), 9)), Ok(run(P, Head::default(), 2)));
}

#[test]
fn j_22_one_owner_at_a_time_and_readers_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let owner = open(folder.path(), Mode::Owner).unwrap();
    let batches = run(P, Head::default(), 2);
    now(owner.journal().append(&batches[..1])).unwrap();
    let refused = open(folder.path(), Mode::Owner).unwrap_err();
    assert!(matches!(refused, Error::Owned { .. }));
    assert!(refused.to_string().contains("nija.db.lock"), "{refused}");

    let reader = open(folder.path(), Mode::Reader).unwrap();
    assert_eq!(now(reader.journal().read(P, Seq(0), 9)), Ok(batches[..1].to_vec()));
    let written = now(reader.journal().append(&batches[1..]));
    assert!(matches!(written, Err(AppendError::Unavailable(_))));

    let journal = owner.journal();
    drop(owner);
    assert!(open(folder.path(), Mode::Owner).is_err(), "a handle still holds the lock");
    drop(journal);
    assert!(open(folder.path(), Mode::Owner).is_ok());
}

#[test]
fn j_23_schemas_of_other_programs_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path(), Mode::Owner).unwrap());
    let path = folder.path().join("nija.db");
    let set = |sql: &str| Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    set("PRAGMA user_version = 99");
    for mode in [Mode::Owner, Mode::Admin, Mode::Reader] {
        let refused = open(folder.path(), mode).unwrap_err();
        assert!(matches!(refused, Error::Newer { found: 99, .. }), "{refused}");
    }
    set("PRAGMA user_version = 1");
    assert!(matches!(open(folder.path(), Mode::Reader), Err(Error::Older { found: 1, .. })));
    set("PRAGMA application_id = 7");
    assert!(matches!(open(folder.path(), Mode::Owner), Err(Error::Foreign { .. })));
    assert!(matches!(open(&folder.path().join("none"), Mode::Reader), Err(Error::Sqlite { .. })));
}

#[test]
fn j_24_an_older_file_is_migrated_without_loss() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nija.db");
    let first = include_str!("../migrations/0001_journal.sql");
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch(first).unwrap();
    raw.execute_batch("PRAGMA application_id = 1313425985; PRAGMA user_version = 1;").unwrap();
    let batch = run(P, Head::default(), 1).remove(0);
    let row = (batch.epoch.0.cast_signed(), batch.at.0, batch.count, batch.hash, &batch.body);
    let insert = "INSERT INTO journal VALUES (3, 1, ?1, ?2, ?3, zeroblob(32), ?4, ?5)";
    raw.execute(insert, row).unwrap();
    drop(raw);
    let database = open(folder.path(), Mode::Owner).unwrap();
    assert_eq!(now(database.journal().read(P, Seq(0), 9)), Ok(vec![batch]));
}

#[test]
fn j_25_only_the_owner_can_read_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let mode = |name: &str| {
        std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777
    };
    let database = open(folder.path(), Mode::Owner).unwrap();
    now(database.journal().append(&run(P, Head::default(), 1))).unwrap();
    for name in ["nija.db", "nija.db-wal", "nija.db-shm", "nija.db.lock", "nija-views.db"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    drop(database);
    let open_to_all = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(folder.path().join("nija.db"), open_to_all).unwrap();
    drop(open(folder.path(), Mode::Owner).unwrap());
    assert_eq!(mode("nija.db"), 0o600);
}

#[test]
fn j_26_a_backup_is_whole_and_never_overwrites() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path(), Mode::Owner).unwrap();
    let batches = run(P, Head::default(), 3);
    now(database.journal().append(&batches)).unwrap();
    std::fs::create_dir(folder.path().join("copy")).unwrap();
    let copy = folder.path().join("copy/nija.db");
    database.back_up(&copy).unwrap();
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let error = database.back_up(&copy).unwrap_err();
    assert!(matches!(error, Error::File { .. }));
    assert!(std::error::Error::source(&error).is_none(), "what the text has is not told again");
    let restored = open(&folder.path().join("copy"), Mode::Owner).unwrap();
    assert_eq!(now(restored.journal().read(P, Seq(0), 9)), Ok(batches));
    let next = run(P, now(restored.journal().at(P, Seq(3))).unwrap().unwrap(), 1);
    assert_eq!(now(restored.journal().append(&next)), Ok(()), "it goes on from there");
}

#[test]
fn j_27_damage_of_the_file_is_found_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let database = open(folder.path(), Mode::Owner).unwrap();
    now(database.journal().append(&run(P, Head::default(), 200))).unwrap();
    drop(database);
    let path = folder.path().join("nija.db");
    let mut bytes = std::fs::read(&path).unwrap();
    // The header of the third page: a b-tree page of a kind that does not exist.
    bytes[2 * 8192] = 0xff;
    std::fs::write(&path, bytes).unwrap();
    let noticed = match open(folder.path(), Mode::Reader) {
        Ok(database) => database.integrity().map_or(true, |findings| !findings.is_empty()),
        Err(_) => true,
    };
    assert!(noticed);
}

/// Releases before 3.51.3 can damage a file when a commit meets a checkpoint (SQLite's "WAL-reset bug").
#[test]
fn j_28_the_sqlite_inside_is_not_one_that_damages_files() {
    assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
}
