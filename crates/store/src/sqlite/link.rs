//! One connection on a thread of its own, which does one call after the other, off the async threads.
//!
//! Its own, and not one of many that wait for work: what SQLite holds for a connection, and what its calls take and
//! give back, stays with one thread. Spread over all that happened to be idle it loosened the heap of each.
//! Waits end by SQLite's busy timeout and the bounds of each query. A call that was taken is carried out, also when
//! nobody waits for it any more.

use crate::error::{Error, Fault};
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use tokio::sync::{mpsc, oneshot, watch};

/// Calls that a connection takes before it comes to them; callers beyond them wait for a place.
const WAITING: usize = 64;

type Work = Box<dyn FnOnce(&mut Connection) + Send>;

/// A connection, or the lack of one where the way of opening does not give that right.
#[derive(Clone, Debug)]
pub(crate) struct Link(Option<Arc<Worker>>);

/// The thread of a connection, and the way to it. The connection is closed when the last link to it is gone.
#[derive(Debug)]
struct Worker {
    queue: Option<mpsc::Sender<Work>>,
    thread: Option<JoinHandle<()>>,
}

impl Link {
    pub(crate) fn to(mut connection: Connection) -> Result<Self, Error> {
        let path = connection.path().map(PathBuf::from).unwrap_or_default();
        let (queue, mut calls) = mpsc::channel::<Work>(WAITING);
        let work = move || {
            while let Some(call) = calls.blocking_recv() {
                // Who asked hears that it was lost; the next call finds the connection rolled back.
                let _ = catch_unwind(AssertUnwindSafe(|| call(&mut connection)));
            }
        };
        let thread = thread::Builder::new().name("store".to_owned()).spawn(work);
        let thread = Some(thread.map_err(|why| Error::Thread { path, why })?);
        Ok(Self(Some(Arc::new(Worker { queue: Some(queue), thread }))))
    }
    pub(crate) const fn closed() -> Self {
        Self(None)
    }

    /// Runs `work` with the connection.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let queue =
            self.0.as_ref().and_then(|worker| worker.queue.as_ref()).ok_or(Fault::Closed)?;
        let (told, heard) = oneshot::channel();
        let call = move |connection: &mut Connection| {
            // Nobody listens where the caller went away.
            let _ = told.send(work(connection));
        };
        queue.send(Box::new(call)).await.map_err(|_| Fault::Lost)?;
        heard.await.map_err(|_| Fault::Lost)?
    }
}

impl Drop for Worker {
    /// Waits for the call under way, so that the file is closed when its owner is gone.
    fn drop(&mut self) {
        self.queue = None;
        // A thread that panicked has closed its connection, too.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Lets the writers of one file in one after the other: SQLite's own lock makes them sleep and try again. It
/// closes for good when one of them leaves the disk in doubt: a failed sync is never retried into a success.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate {
    turn: Arc<Mutex<()>>,
    doubt: watch::Sender<Option<String>>,
}

impl Gate {
    /// Waits for the turn; it ends when the guard is dropped.
    pub(crate) fn enter(&self) -> Result<MutexGuard<'_, ()>, Fault> {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        match &*self.doubt.borrow() {
            Some(why) => Err(Fault::Unusable(why.clone())),
            None => Ok(turn),
        }
    }

    /// Lets nobody in any more.
    pub(crate) fn close(&self, why: &str) {
        tracing::error!(%why, "nothing more is written");
        self.doubt.send_replace(Some(why.to_owned()));
    }

    /// Why nothing is written any more, once that is so.
    pub(crate) async fn closed(&self) -> String {
        let mut doubt = self.doubt.subscribe();
        let why = doubt.wait_for(Option::is_some).await;
        // The sender is ours, so the wait ends with a reason only.
        why.ok().and_then(|why| why.clone()).unwrap_or_default()
    }
}

/// A failure of SQLite in words: which file, what, and what to do.
pub(crate) fn words(connection: &Connection, e: &rusqlite::Error) -> String {
    let path = connection.path().unwrap_or_default();
    let code = e.sqlite_error().map(|e| format!(" ({e})")).unwrap_or_default();
    format!(
        "{path}: {e}{code}; nothing of it was acknowledged: check the disk, run `nija verify`, then start again"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linked() -> (tempfile::TempDir, Link) {
        let folder = tempfile::tempdir().unwrap();
        let connection = Connection::open(folder.path().join("some.db")).unwrap();
        connection.execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE t (n)").unwrap();
        (folder, Link::to(connection).unwrap())
    }

    fn add(connection: &mut Connection, n: i64) -> Result<(), Fault> {
        connection.execute("INSERT INTO t VALUES (?1)", [n])?;
        Ok(())
    }

    fn count(connection: &mut Connection) -> Result<i64, Fault> {
        Ok(connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?)
    }

    #[tokio::test]
    async fn a_call_that_panics_is_lost_and_rolled_back_and_the_next_one_is_served() {
        let (_folder, link) = linked();
        let lost = link.call(|connection| {
            let transaction = connection.transaction()?;
            transaction.execute("INSERT INTO t VALUES (1)", [])?;
            if transaction.changes() == 1 {
                panic!("as a test");
            }
            Ok(())
        });
        assert!(matches!(lost.await, Err(Fault::Lost)));
        assert_eq!(link.call(count).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_call_that_nobody_waits_for_is_carried_out_and_the_last_link_closes_the_file() {
        let (folder, link) = linked();
        for n in 0..10 {
            let mut call = Box::pin(link.call(move |connection| add(connection, n)));
            let polled = std::future::poll_fn(|cx| {
                std::task::Poll::Ready(Future::poll(call.as_mut(), cx).is_ready())
            });
            let _ = polled.await;
        }
        let second = link.clone();
        drop(link);
        assert_eq!(second.call(count).await.unwrap(), 10);
        let log = folder.path().join("some.db-wal");
        assert!(log.exists());
        drop(second);
        assert!(!log.exists(), "whoever closes last takes the log away");
    }
}
