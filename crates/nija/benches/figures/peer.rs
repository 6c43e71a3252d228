//! Peers that lie on every machine that builds this: SQLite itself, given the same events as rows.

use crate::meter::cpu;
use anyhow::Result;
use nija_core::journal::Batch;
use rusqlite::Connection;
use std::path::Path;

/// Rows of one transaction.
const ROWS: usize = 1_000;

/// Opens an empty table of narrow rows. `synchronous` as SQLite calls it.
fn table(file: &Path, synchronous: &str) -> Result<Connection> {
    let connection = Connection::open(file)?;
    connection.execute_batch(&format!(
        "PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous}; \
         CREATE TABLE event (id INTEGER PRIMARY KEY, account INTEGER NOT NULL, at INTEGER NOT NULL, \
         body BLOB NOT NULL) STRICT"
    ))?;
    Ok(connection)
}

/// The events of batches, each as long as the mean of its batch.
fn bodies(batches: &[Batch]) -> impl Iterator<Item = &[u8]> {
    batches.iter().flat_map(|batch| {
        let each = batch.body.len() / batch.count.max(1) as usize;
        batch.body.chunks(each.max(1)).take(batch.count as usize)
    })
}

fn insert(file: &Path, synchronous: &str, batches: &[Batch]) -> Result<()> {
    let mut connection = table(file, synchronous)?;
    let mut bodies = bodies(batches).zip(0i64..).peekable();
    while bodies.peek().is_some() {
        let transaction = connection.transaction()?;
        {
            let mut row = transaction
                .prepare_cached("INSERT INTO event (account, at, body) VALUES (?1, ?2, ?3)")?;
            for (body, n) in bodies.by_ref().take(ROWS) {
                row.execute((n % 10_000, n, body))?;
            }
        }
        transaction.commit()?;
    }
    Ok(())
}

/// Processor seconds of inserting a row an event where a power cut may take the last ones.
pub(crate) fn plain_rows(folder: &Path, batches: &[Batch]) -> Result<f64> {
    let began = cpu();
    insert(&folder.join("plain.db"), "NORMAL", batches)?;
    Ok(cpu() - began)
}

/// Seconds of inserting a row an event, every thousand of them durable.
pub(crate) fn durable_rows(folder: &Path, batches: &[Batch]) -> Result<f64> {
    let began = std::time::Instant::now();
    insert(&folder.join("durable.db"), "FULL", batches)?;
    Ok(began.elapsed().as_secs_f64())
}
