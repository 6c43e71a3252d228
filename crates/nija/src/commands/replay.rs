//! `nija replay`: makes the views anew from the journal. The server must be stopped: one process
//! owns them.

use super::database::{Place, block};
use nija_core::ports::Journal;
use nija_core::ports::views::Projection;
use nija_engine::projector::Projector;
use nija_store::sqlite::Mode;
use std::io::Write;

/// What to make anew.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
    /// Which views.
    #[arg(long, value_enum, default_value_t = View::All)]
    view: View,
}

/// The views come from one pass over the journal, so they are made together.
#[derive(Clone, Copy, clap::ValueEnum)]
enum View {
    /// Orders, fills, decisions, equity and ledger lines.
    All,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let database = options.place.open(Mode::Owner)?;
    let View::All = options.view;
    let (journal, views) = (database.journal(), database.projection());
    let lines = block(async {
        views.reset().await?;
        Projector::new(journal.clone(), views.clone()).catch_up().await?;
        let mut lines = Vec::new();
        for partition in journal.partitions().await? {
            let last = views.checkpoint(partition).await?;
            lines.push(format!("partition {partition}: views made anew up to batch {}", last.0));
        }
        Ok(lines)
    })?;
    let mut out = std::io::stdout().lock();
    for line in &lines {
        writeln!(out, "{line}")?;
    }
    if lines.is_empty() {
        writeln!(out, "the journal is empty, and so are the views")?;
    }
    Ok(())
}
