//! `nija journal`: the journal for people and for scripts, in order of time. Reads beside a running
//! server.
//!
//! Names come from the journal itself, so it is read from its first batch, whatever is shown.

mod lines;
mod names;
mod phrases;

use super::database::{Place, block};
use anyhow::{Context, ensure};
use lines::{KINDS, kind, words};
use names::Names;
use nija_core::desk::event::Event;
use nija_core::journal::Batch;
use nija_core::ports::Journal;
use nija_core::words::id::{PartitionId, Seq};
use nija_core::words::time::Timestamp;
use nija_store::sqlite::Mode;
use nija_store::views::evidence;
use serde_json::json;
use std::collections::VecDeque;
use std::io::{BufWriter, ErrorKind, Write};

/// Batches of a partition that are read at a time.
const STRIDE: usize = 64;

/// What to do with the journal.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Print events, oldest first, one a line: time, partition/batch/index, what happened.
    Show(Show),
}

#[derive(clap::Args)]
struct Show {
    #[command(flatten)]
    place: Place,
    /// Only this partition.
    #[arg(long, value_name = "N")]
    partition: Option<u16>,
    /// Only batches after this one.
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    after: u64,
    /// Stop after so many events.
    #[arg(long, value_name = "N", default_value_t = u64::MAX, hide_default_value = true)]
    limit: u64,
    /// Only events about this account: its id, or the first digits of it.
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Only these kinds of events, for example approved,refused,filled.
    #[arg(long, value_delimiter = ',', value_parser = KINDS)]
    kind: Vec<String>,
    /// Print one JSON object a line; decisions with their evidence.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let Action::Show(show) = &options.action;
    let database = show.place.open(Mode::Reader)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let done = block(show.print(&*database.journal(), &mut out));
    let flushed = done.and_then(|()| Ok(out.flush()?));
    match flushed {
        // Whoever listened has heard enough, as `head` does.
        Err(error) if is_broken_pipe(&error) => Ok(()),
        other => other,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe)
}

/// One partition, being read.
struct Row {
    partition: PartitionId,
    names: Names,
    after: Seq,
    ahead: VecDeque<Batch>,
}

/// Where an event stands.
struct Position {
    at: Timestamp,
    partition: PartitionId,
    seq: Seq,
    index: usize,
}

impl Row {
    /// When the next batch was written; none at the end.
    async fn peek(&mut self, journal: &dyn Journal) -> anyhow::Result<Option<Timestamp>> {
        if self.ahead.is_empty() {
            self.ahead = journal.read(self.partition, self.after, STRIDE).await?.into();
            if let Some(last) = self.ahead.back() {
                self.after = last.seq;
            }
        }
        Ok(self.ahead.front().map(|batch| batch.at))
    }
}

impl Show {
    async fn print(&self, journal: &dyn Journal, out: &mut impl Write) -> anyhow::Result<()> {
        let known = journal.partitions().await?;
        if let Some(partition) = self.partition {
            let found = known.contains(&PartitionId(partition));
            ensure!(found, "the journal has no partition {partition}; it has {}", known.len());
        }
        let wanted = |p: &PartitionId| self.partition.is_none_or(|only| only == p.0);
        let row = |partition| Row {
            partition,
            names: Names::default(),
            after: Seq(0),
            ahead: VecDeque::new(),
        };
        let mut rows: Vec<Row> = known.into_iter().filter(wanted).map(row).collect();
        let mut left = self.limit;
        while left > 0 {
            let mut first: Option<(Timestamp, usize)> = None;
            for (n, row) in rows.iter_mut().enumerate() {
                if let Some(at) = row.peek(journal).await?
                    && first.is_none_or(|(earliest, _)| at < earliest)
                {
                    first = Some((at, n));
                }
            }
            let Some(row) = first.and_then(|(_, n)| rows.get_mut(n)) else {
                break;
            };
            if let Some(batch) = row.ahead.pop_front() {
                self.batch(&batch, &mut row.names, &mut left, out)?;
            }
        }
        Ok(())
    }

    fn batch(
        &self,
        batch: &Batch,
        names: &mut Names,
        left: &mut u64,
        out: &mut impl Write,
    ) -> anyhow::Result<()> {
        let (partition, seq) = (batch.partition, batch.seq);
        let events = batch.events();
        let events = events.with_context(|| {
            format!("partition {partition}, batch {}: run `nija verify`", seq.0)
        })?;
        let mut at = batch.at;
        for (index, event) in events.iter().enumerate() {
            if let Event::Clock { at: moved } = event {
                at = *moved;
            }
            names.learn(event);
            if *left > 0 && seq.0 > self.after && self.shows(event, names) {
                *left -= 1;
                self.line(&Position { at, partition, seq, index }, event, names, out)?;
            }
            names.forget(event);
        }
        Ok(())
    }

    fn shows(&self, event: &Event, names: &Names) -> bool {
        let kind = kind(event);
        let of_kind = self.kind.is_empty() || self.kind.iter().any(|wanted| wanted == kind);
        let of_account = self.account.as_deref().is_none_or(|digits| {
            let digits = digits.to_ascii_lowercase();
            names.account_of(event).is_some_and(|id| id.to_string().starts_with(&digits))
        });
        of_kind && of_account
    }

    fn line(
        &self,
        position: &Position,
        event: &Event,
        names: &Names,
        out: &mut impl Write,
    ) -> anyhow::Result<()> {
        let Position { at, partition, seq, index } = position;
        let said = words(event, names);
        if self.json {
            let mut line = json!({
                "at": at.to_string(),
                "partition": partition.0,
                "batch": seq.0,
                "index": index,
                "kind": kind(event),
                "account": names.account_of(event),
                "words": said,
            });
            if let Some(evidence) = evidence(event) {
                line["evidence"] = evidence;
            }
            writeln!(out, "{line}")?;
        } else {
            writeln!(out, "{at} {}/{}/{index} {said}", partition.0, seq.0)?;
        }
        Ok(())
    }
}
