//! `nija verify`: replays every partition from its first batch, holds it to its hash chain and its
//! snapshot, prints the trial balance, and has SQLite check the file. Runs beside a server and
//! changes nothing.

use super::backup::{self, hex};
use super::database::{Place, block};
use crate::config::Config;
use crate::wire;
use anyhow::bail;
use nija_core::desk::Rules;
use nija_core::ledger::chart::Book;
use nija_core::ports::{Journal, ReadError};
use nija_core::words::id::{PartitionId, Seq};
use nija_engine::recovery::{Verified, verify};
use nija_store::sqlite::{Database, Mode};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

/// Units of 10^-8 in a dollar.
const UNITS: u128 = 100_000_000;
/// What to do about damage.
const NEXT: &str = "stop the server, restore the newest backup that `nija verify` finds \
                    sound, and keep this file to find out what changed it";

/// What to verify.
#[derive(clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
    /// Verify a folder that `nija backup` made instead, without restoring it.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["database", "json"])]
    backup: Option<PathBuf>,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

/// What was found.
pub(super) struct Report {
    pub(super) sound: Vec<Verified>,
    /// Each with where it is.
    pub(super) faults: Vec<String>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    if let Some(folder) = &options.backup {
        let manifest = backup::hold(folder)?;
        let mut out = std::io::stdout().lock();
        manifest.lines().iter().try_for_each(|line| writeln!(out, "{line}"))?;
        writeln!(out, "sound: the backup is what was made, and every batch what was written")?;
        return Ok(());
    }
    let rules = wire::rules(&Config::read()?)?;
    let database = options.place.open(Mode::Reader)?;
    let report = block(check(&database, &rules))?;
    let mut out = std::io::stdout().lock();
    if options.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report.json())?)?;
    } else {
        report.lines().iter().try_for_each(|line| writeln!(out, "{line}"))?;
    }
    match report.faults.first() {
        None => Ok(()),
        Some(first) => bail!("{first}; {NEXT}"),
    }
}

/// Checks the journal first, because it names the batch, then the file.
pub(super) async fn check(database: &Database, rules: &Arc<Rules>) -> anyhow::Result<Report> {
    let journal = database.journal();
    let mut report = Report { sound: Vec::new(), faults: Vec::new() };
    match journal.partitions().await {
        Err(why) => report.faults.push(why.to_string()),
        Ok(partitions) => {
            let missing = (0..).map(PartitionId).zip(&partitions).find(|(n, found)| n != *found);
            if let Some((missing, _)) = missing {
                report.faults.push(format!("partition {missing} is missing, later ones are there"));
            }
            for partition in partitions {
                match verify(&*journal, partition, rules).await {
                    Ok(verified) => report.take(verified),
                    Err(ReadError::Damaged { partition, seq, damage }) => {
                        report
                            .faults
                            .push(format!("partition {partition}, batch {}: {damage}", seq.0));
                    }
                    Err(ReadError::Unavailable(why)) => {
                        report.faults.push(format!("partition {partition} cannot be read: {why}"));
                    }
                }
            }
        }
    }
    match database.integrity() {
        Ok(findings) => {
            report.faults.extend(findings.into_iter().map(|f| format!("the file: {f}")))
        }
        Err(why) => report.faults.push(why.to_string()),
    }
    Ok(report)
}

impl Report {
    fn take(&mut self, verified: Verified) {
        let partition = verified.partition;
        if verified.trial_balance != 0 {
            let off = dollars(verified.trial_balance);
            self.faults.push(format!("partition {partition}: the trial balance is off by {off}"));
        }
        if let Some((seq, false)) = verified.snapshot {
            let seq = seq.0;
            self.faults.push(format!(
                "partition {partition}: the snapshot of batch {seq} is another state"
            ));
        }
        self.sound.push(verified);
    }

    /// Sum of each book over all partitions that could be read, and of all books.
    fn totals(&self) -> ([i128; Book::ALL.len()], i128) {
        let mut totals = [0; Book::ALL.len()];
        for verified in &self.sound {
            totals.iter_mut().zip(verified.books).for_each(|(total, book)| *total += book);
        }
        (totals, totals.iter().sum())
    }

    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.sound.iter().map(line).collect();
        let (books, sum) = self.totals();
        let books: Vec<String> = Book::ALL
            .iter()
            .zip(books)
            .map(|(book, total)| format!("{} {}", book.name(), dollars(total)))
            .collect();
        lines.push(format!("trial balance: {}; sum {}", books.join(", "), dollars(sum)));
        lines.extend(self.faults.iter().map(|fault| format!("DAMAGED {fault}")));
        if self.faults.is_empty() {
            lines.push("sound: every batch is what was written, and the books balance".to_owned());
        }
        lines
    }

    fn json(&self) -> Value {
        let snapshot = |(seq, matches): (Seq, bool)| json!({"batch": seq.0, "matches": matches});
        let partition = |v: &Verified| {
            json!({
                "partition": v.partition,
                "last_batch": v.last.0,
                "accounts": v.accounts,
                "trial_balance": dollars(v.trial_balance),
                "state": hex(&v.state),
                "snapshot": v.snapshot.map(snapshot),
            })
        };
        let (books, sum) = self.totals();
        let books: serde_json::Map<String, Value> = Book::ALL
            .iter()
            .zip(books)
            .map(|(book, total)| (book.name().to_owned(), dollars(total).into()))
            .collect();
        json!({
            "sound": self.faults.is_empty(),
            "partitions": self.sound.iter().map(partition).collect::<Vec<_>>(),
            "books": books,
            "trial_balance": dollars(sum),
            "faults": self.faults,
        })
    }
}

fn line(verified: &Verified) -> String {
    let snapshot = match verified.snapshot {
        None => "no snapshot".to_owned(),
        Some((seq, true)) => format!("snapshot of batch {} matches", seq.0),
        Some((seq, false)) => format!("snapshot of batch {} DOES NOT MATCH", seq.0),
    };
    format!(
        "partition {}: {} batches, {} accounts, trial balance {}, state {}, {snapshot}",
        verified.partition,
        verified.last.0,
        verified.accounts,
        dollars(verified.trial_balance),
        hex(&verified.state[..4]),
    )
}

/// An amount in units of 10^-8, exactly.
fn dollars(units: i128) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let (whole, rest) = (units.unsigned_abs() / UNITS, units.unsigned_abs() % UNITS);
    let rest = format!("{rest:08}");
    let rest = rest.trim_end_matches('0');
    if rest.is_empty() { format!("{sign}${whole}") } else { format!("{sign}${whole}.{rest}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_beyond_the_range_of_money() {
        assert_eq!(dollars(0), "$0");
        assert_eq!(dollars(-150_000_000), "-$1.5");
        assert_eq!(dollars(i128::from(i64::MAX) * 2 + 1), "$184467440737.09551615");
    }
}
