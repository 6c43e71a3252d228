//! One connection, used by one call at a time, off the async threads.
//!
//! Inside a tokio runtime the work runs on a blocking thread, one per link at most; elsewhere on the caller's.
//! Waits end by SQLite's busy timeout and the bounds of each query. A dropped call is still carried out.

use crate::error::Fault;
use rusqlite::Connection;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

/// Lets the writers of one file in one after the other: SQLite's own lock makes them sleep and try again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate(Arc<Mutex<()>>);

impl Gate {
    /// Waits for the turn; it ends when the guard is dropped.
    pub(crate) fn enter(&self) -> MutexGuard<'_, ()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
