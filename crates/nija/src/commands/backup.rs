//! `nija backup`: a folder with a copy of journal and control data and a manifest, made beside a running server.
//! It is whole or not there, and was verified by replaying every batch. The views are left out: they are made anew.

mod manifest;

use super::database::{Place, block};
use super::verify;
use crate::check::folder_of;
use crate::wire;
use anyhow::{Context, bail, ensure};
pub(super) use manifest::{Manifest, hex};
use nija_core::ports::Clock;
use nija_engine::clock::Real;
use nija_store::sqlite::{Database, Mode, fingerprint};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The copy within the folder.
pub(super) const COPY: &str = "nija.db";

/// What to back up, and where to.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The folder to make; it must not exist.
    #[arg(value_name = "DEST")]
    to: PathBuf,
    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let to = &options.to;
    ensure!(!to.exists(), "{} exists already; name a new folder", to.display());
    let database = options.place.open(Mode::Reader)?;
    let mut name: OsString = to.as_os_str().to_owned();
    name.push(".partial");
    let partial = PathBuf::from(name);
    if partial.exists() {
        fs::remove_dir_all(&partial)
            .with_context(|| format!("cannot remove {}", partial.display()))?;
    }
    let made = fs::DirBuilder::new().mode(0o700).create(&partial);
    made.with_context(|| format!("cannot make {}; does its folder exist?", partial.display()))?;
    let manifest = fill(&database, &partial)?;
    fs::rename(&partial, to).with_context(|| format!("cannot make {}", to.display()))?;
    sync(&folder_of(to))?;
    let mut out = std::io::stdout().lock();
    manifest.lines().iter().try_for_each(|line| writeln!(out, "{line}"))?;
    writeln!(out, "backed up to {}; verified batch by batch", to.display())?;
    Ok(())
}

fn fill(database: &Database, folder: &Path) -> anyhow::Result<Manifest> {
    let at = Real.now();
    let copy = folder.join(COPY);
    database.back_up(&copy)?;
    let found = replay(&copy)?;
    let manifest = Manifest::of(at, &fingerprint(&copy)?, &found);
    manifest.write(folder)?;
    sync(folder)?;
    Ok(manifest)
}

/// Replays every batch of a copy; one that is not sound is no backup.
fn replay(copy: &Path) -> anyhow::Result<Vec<nija_engine::recovery::Verified>> {
    let rules = wire::rules(&crate::config::Config::read()?)?;
    let database = Database::open(copy, Mode::Reader, Arc::new(Real))?;
    let report = block(verify::check(&database, &rules))?;
    match report.faults.first() {
        None => Ok(report.sound),
        Some(fault) => bail!("{}: {fault}; run `nija verify` on the database", copy.display()),
    }
}

/// Holds a backup to its manifest: its bytes, then every batch.
pub(super) fn hold(folder: &Path) -> anyhow::Result<Manifest> {
    let manifest = Manifest::read(folder)?;
    let copy = folder.join(COPY);
    manifest.hold_bytes(&fingerprint(&copy)?)?;
    manifest.hold_state(&replay(&copy)?)?;
    Ok(manifest)
}

/// Makes the names in a folder survive a power cut.
fn sync(folder: &Path) -> anyhow::Result<()> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.with_context(|| format!("cannot sync {}", folder.display()))
}
