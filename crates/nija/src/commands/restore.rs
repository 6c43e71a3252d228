//! `nija restore`: puts a backup in the place of the database. Everything is verified before anything is replaced,
//! what stood there is kept aside, a database in use is left alone, and the views are made anew.

use super::backup::{self, COPY, Manifest, hex};
use super::database::{Place, block};
use anyhow::bail;
use nija_core::ports::{Clock, Journal};
use nija_core::words::id::{PartitionId, Seq};
use nija_engine::clock::Real;
use nija_engine::projector::Projector;
use nija_store::sqlite::{Database, Mode, install};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What to restore, and where to.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The folder that `nija backup` made.
    #[arg(value_name = "SOURCE")]
    from: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Take the place of the database that stands there; its files are kept, with the time behind
    /// their names.
    #[arg(long)]
    replace: bool,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let (from, to) = (&options.from, options.place.path()?);
    let manifest = backup::hold(from)?;
    let stands = to.exists();
    if stands && !options.replace {
        let more = newer(&to, &manifest).map_or_else(
            |why| format!("and cannot be compared: {why:#}"),
            |batches| format!("with {batches} batches that the backup lacks"),
        );
        bail!("{} exists, {more}; use --replace, which keeps it aside", to.display());
    }
    let aside = format!(".before-{}", Real.now().to_string().replace([':', '-'], ""));
    install(from.join(COPY), &manifest.fingerprint()?, &to, &aside)?;
    let database = Database::open(&to, Mode::Owner, Arc::new(Real))?;
    let views = Projector::new(database.journal(), database.projection());
    block(async { Ok(views.catch_up().await?) })?;
    let mut out = std::io::stdout().lock();
    manifest.lines().iter().try_for_each(|line| writeln!(out, "{line}"))?;
    if stands {
        writeln!(out, "the database before it is kept as {}{aside}", to.display())?;
    }
    writeln!(out, "restored to {}; views made anew; start the server", to.display())?;
    Ok(())
}

/// How many batches stand at `path` that the backup does not have.
fn newer(path: &Path, manifest: &Manifest) -> anyhow::Result<u64> {
    let database = Database::open(path, Mode::Reader, Arc::new(Real))?;
    let journal = database.journal();
    block(async {
        let mut batches = 0;
        for partition in journal.partitions().await? {
            let kept = manifest.partitions.iter().find(|p| PartitionId(p.partition) == partition);
            let after = match kept {
                // Another history has nothing in common with the backup.
                Some(kept) => match journal.at(partition, Seq(kept.last_batch)).await? {
                    Some(head) if hex(&head.hash) == kept.hash => kept.last_batch,
                    Some(_) => 0,
                    None => continue,
                },
                None => 0,
            };
            let (last, _) = journal.ends(partition).await?;
            batches += last.0.saturating_sub(after);
        }
        Ok(batches)
    })
}
