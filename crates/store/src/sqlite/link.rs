//! One connection, used by one call at a time, off the async threads.
//!
//! Inside a tokio runtime the work runs on a blocking thread, one per link at most; elsewhere on the caller's.
//! Waits end by SQLite's busy timeout and the bounds of each query. A dropped call is still carried out.

use crate::error::Fault;
use rusqlite::Connection;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// A connection, or the lack of one where the way of opening does not give that right.
#[derive(Clone, Debug)]
pub(crate) struct Link(Option<Arc<tokio::sync::Mutex<Connection>>>);

impl Link {
    pub(crate) fn to(connection: Connection) -> Self {
        Self(Some(Arc::new(tokio::sync::Mutex::new(connection))))
    }
    pub(crate) const fn closed() -> Self {
        Self(None)
    }

    /// Runs `work` with the connection.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let shared = self.0.clone().ok_or(Fault::Closed)?;
        let mut connection = shared.lock_owned().await;
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => runtime
                .spawn_blocking(move || work(&mut connection))
                .await
                .map_err(|_| Fault::Lost)?,
            Err(_) => work(&mut connection),
        }
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
