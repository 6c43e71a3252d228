//! One database for one node: the journal with the control data in one file, the views in a second one.
//!
//! Promises: one process owns the files, they are readable by their owner only, and a schema newer than this
//! program is refused. The views' file is disposable: where it does not fit it is made anew, empty.

use crate::control::Control;
use crate::error::Error;
use crate::views::{Projection, SCHEMA as VIEWS, Views};
use connection::{Access, open};
use file::{Lock, make_private};
use link::{Gate, Link};
use migration::LEDGER;
use nija_core::ports::Clock;
use reserve::Reserve;
use rusqlite::Connection;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) mod connection;
mod file;
mod inspection;
mod install;
mod journal;
pub(crate) mod link;
mod log;
pub(crate) mod migration;
pub(crate) mod reserve;
mod writer;

pub use inspection::{Inspection, inspect, schema};
pub use install::{Fingerprint, fingerprint, install};
pub use journal::Journal;

pub(crate) use file::Lock as Owner;

/// With which rights a database is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything. Creates and migrates the files; one process at a time.
    Owner,
    /// Reads everything and writes control data, beside a running owner: for administration.
    Admin,
    /// Reads, beside a running owner: for verifying.
    Reader,
}

/// The handles of an opened database. They may outlive it; the lock is held until the last is dropped.
#[derive(Debug)]
pub struct Database {
    path: PathBuf,
    journal: Arc<Journal>,
    control: Arc<Control>,
    views: Arc<Views>,
    projection: Arc<Projection>,
    gate: Gate,
}

impl Database {
    /// Opens the database at `path`; its views are beside it, `nija.db` with `nija-views.db`. An owner opened so
    /// has no reserve.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn open(path: impl AsRef<Path>, mode: Mode, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        match mode {
            Mode::Owner => Self::own(path, 0, clock),
            Mode::Admin | Mode::Reader => Self::join(path.as_ref(), mode, clock),
        }
    }

    /// Opens the database as its owner, with a reserve of so many bytes for a full disk.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn own(path: impl AsRef<Path>, reserve: u64, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let path = path.as_ref();
        let owner = Arc::new(Lock::take(path)?);
        install::require_installed(path)?;
        let reserve = Arc::new(Reserve::of(path, reserve)?);
        make_private(path)?;
        let bytes = log::unfinished(&file::log_path(path))?;
        if bytes > 0 {
            let path = path.display();
            let what =
                "a commit at the end was never finished; it was not acknowledged and is dropped";
            tracing::warn!(%path, bytes, "{what}");
        }
        let mut writer = open(path, Access::Durable)?;
        LEDGER.migrate(&mut writer, path)?;
        let gate = Gate::default();
        let control = Control::on(
            (Link::to(open(path, Access::Durable)?)?, Link::to(open(path, Access::Read)?)?),
            gate.clone(),
            clock,
            Some((reserve.clone(), owner.clone())),
        );
        let reader = Link::to(open(path, Access::Read)?)?;
        let journal = Journal::owned((writer, reader), gate.clone(), reserve, owner.clone());
        let views_path = file::views_path(path);
        let projection = Projection::owned(Link::to(own_views(&views_path)?)?, owner);
        let views = Views::reading(Link::to(open(&views_path, Access::Read)?)?);
        Ok(Self {
            path: path.to_owned(),
            journal: Arc::new(journal),
            control: Arc::new(control),
            views: Arc::new(views),
            projection: Arc::new(projection),
            gate,
        })
    }

    fn join(path: &Path, mode: Mode, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let reader = open(path, Access::Read)?;
        LEDGER.require(&reader, path)?;
        let writer = match mode {
            Mode::Admin => Link::to(open(path, Access::Durable)?)?,
            Mode::Owner | Mode::Reader => Link::closed(),
        };
        let links = (writer, Link::to(open(path, Access::Read)?)?);
        let views = Views::reading(join_views(&file::views_path(path))?);
        let gate = Gate::default();
        Ok(Self {
            path: path.to_owned(),
            journal: Arc::new(Journal::reader(Link::to(reader)?)),
            control: Arc::new(Control::on(links, gate.clone(), clock, None)),
            views: Arc::new(views),
            projection: Arc::new(Projection::closed()),
            gate,
        })
    }

    /// The journal.
    #[must_use]
    pub fn journal(&self) -> Arc<Journal> {
        self.journal.clone()
    }
    /// Users, sessions, audit.
    #[must_use]
    pub fn control(&self) -> Arc<Control> {
        self.control.clone()
    }
    /// Read queries over the views.
    #[must_use]
    pub fn views(&self) -> Arc<Views> {
        self.views.clone()
    }
    /// The writer of the views.
    #[must_use]
    pub fn projection(&self) -> Arc<Projection> {
        self.projection.clone()
    }

    /// Ends when a failed write has left the disk in doubt, with what happened: nothing more is written then, and
    /// only a new start, which is the recovery, leads on.
    pub async fn in_doubt(&self) -> String {
        self.gate.closed().await
    }

    /// What SQLite finds wrong with the structure of journal and control data; empty when it is sound.
    /// Changed bits inside a row are not found here but by the hash chain. Blocks; reads the whole file.
    ///
    /// # Errors
    /// [`Error::Sqlite`] when the check cannot be made.
    pub fn integrity(&self) -> Result<Vec<String>, Error> {
        let failed = Error::sqlite(&self.path);
        let connection = open(&self.path, Access::Read)?;
        let read = || -> rusqlite::Result<Vec<String>> {
            let mut statement = connection.prepare("PRAGMA integrity_check(100)")?;
            let mut findings = statement
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<Vec<String>>>()?;
            findings.retain(|finding| finding != "ok");
            let mut statement =
                connection.prepare("SELECT \"table\" FROM pragma_foreign_key_check")?;
            for table in statement.query_map([], |row| row.get::<_, String>(0))?.take(100) {
                findings.push(format!("a row of {} points to nothing", table?));
            }
            Ok(findings)
        };
        read().map_err(&failed)
    }

    /// Refuses a file whose structure is damaged: rows that the hash chain never sees could be missing. Blocks.
    ///
    /// # Errors
    /// [`Error::Damaged`] with the first finding; [`Error::Sqlite`] when the check cannot be made.
    pub fn require_sound(&self) -> Result<(), Error> {
        match self.integrity()?.into_iter().next() {
            None => Ok(()),
            Some(finding) => {
                // What follows the first line is mostly the same thing again, cell by cell.
                let first = finding.lines().find(|line| !line.starts_with("***"));
                let finding = first.unwrap_or(&finding).to_owned();
                Err(Error::Damaged { path: self.path.clone(), finding })
            }
        }
    }

    /// Copies journal and control data, as of now, into a new file, durably. Writers go on meanwhile.
    /// The views are left out: they are made again from the journal. Blocks; reads the whole file.
    ///
    /// # Errors
    /// [`Error::File`] when `to` exists already or cannot be made, [`Error::Sqlite`] when copying fails.
    pub fn back_up(&self, to: impl AsRef<Path>) -> Result<(), Error> {
        let to = to.as_ref();
        let name = to.to_str().ok_or_else(|| Error::file(to)(ErrorKind::InvalidFilename.into()))?;
        file::create_private(to).map_err(Error::file(to))?;
        let copied = open(&self.path, Access::Read).and_then(|connection| {
            let copied = connection.execute("VACUUM INTO ?1", [name]);
            copied.map_err(Error::sqlite(&self.path))?;
            let synced = std::fs::File::open(to).and_then(|file| file.sync_all());
            synced.map_err(Error::file(to))?;
            file::sync_folder(to)
        });
        if copied.is_err() {
            file::remove(to)?;
        }
        copied
    }
}

/// Opens the views for writing; a file that is damaged or of another version is replaced by an empty one.
fn own_views(path: &Path) -> Result<Connection, Error> {
    let attempt = || -> Result<Connection, Error> {
        make_private(path)?;
        let mut connection = open(path, Access::Disposable)?;
        VIEWS.migrate(&mut connection, path)?;
        Ok(connection)
    };
    match attempt() {
        Err(e) if is_spoiled(&e) => {
            let why = match &e {
                Error::Newer { found, .. } | Error::Older { found, .. } => {
                    format!("schema {found}")
                }
                other => other.to_string(),
            };
            tracing::warn!(path = %path.display(), %why, "views are made anew from the journal");
            file::remove(path)?;
            attempt()
        }
        other => other,
    }
}

const fn is_spoiled(e: &Error) -> bool {
    matches!(e, Error::Newer { .. } | Error::Older { .. } | Error::Damaged { .. })
}

/// Opens the views for reading, where the owner has made them.
fn join_views(path: &Path) -> Result<Link, Error> {
    if !path.exists() {
        return Ok(Link::closed());
    }
    let connection = open(path, Access::Read)?;
    VIEWS.require(&connection, path)?;
    Link::to(connection)
}
