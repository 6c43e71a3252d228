//! The database that a command works on: the one named by `--database`, else the configured one.

use crate::config::{self, Config};
use anyhow::{Context, ensure};
use nija_engine::clock::Real;
use nija_store::sqlite::{Database, Mode};
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

/// Which database.
#[derive(clap::Args)]
pub(crate) struct Place {
    /// The database, for example sqlite:nija.db [default: DATABASE_URL, else sqlite:nija.db]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

impl Place {
    /// The file behind it.
    pub(crate) fn path(&self) -> anyhow::Result<PathBuf> {
        match &self.database {
            Some(url) => config::database(url),
            None => Ok(Config::read()?.database),
        }
    }

    /// Opens it; only its owner may create it.
    pub(crate) fn open(&self, mode: Mode) -> anyhow::Result<Database> {
        let path = self.path()?;
        ensure!(
            mode == Mode::Owner || path.exists(),
            "{} does not exist; name another with --database, or create it with `nija migrate`",
            path.display()
        );
        Ok(Database::open(path, mode, Arc::new(Real))?)
    }
}

/// Does something that waits for a store.
pub(crate) fn block<T>(doing: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.context("the system gives no thread")?.block_on(doing)
}
