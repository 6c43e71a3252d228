//! `nija migrate`: creates the database or brings it to the newest schema. Doing it twice changes
//! nothing.

use super::database::Place;
use nija_store::sqlite::Mode;
use std::io::Write;

/// What to migrate.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let path = options.place.path()?;
    let before = path.exists();
    drop(options.place.open(Mode::Owner)?);
    let done = if before { "is" } else { "was created and is" };
    writeln!(std::io::stdout(), "{} {done} at the newest schema", path.display())?;
    Ok(())
}
