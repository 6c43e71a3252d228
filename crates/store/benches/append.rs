//! How many durable appends a second, and how long one takes: batches of 64 events of 100 bytes and other sizes.
//! Writes beside the build, on a real disk: run with `cargo bench -p nija-store`.

use nija_core::journal::{Batch, Head};
use nija_core::ports::{Clock, Journal};
use nija_core::words::id::{Epoch, PartitionId};
use nija_core::words::time::Timestamp;
use nija_store::sqlite::{Database, Mode};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }
}

fn append(journal: &dyn Journal, batches: &[Batch]) -> bool {
    let mut doing = journal.append(batches);
    let polled = doing.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    matches!(polled, Poll::Ready(Ok(())))
}

/// Appends `rounds` times one batch for each of `partitions`, and prints rate and percentiles.
fn measure(events: u32, partitions: u16, rounds: usize) -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let database = Database::open(folder.path().join("nija.db"), Mode::Owner, Arc::new(Still))?;
    let journal = database.journal();
    let mut heads = vec![Head::default(); usize::from(partitions)];
    let mut micros = Vec::with_capacity(rounds);
    let body: Vec<u8> = (0..events * 100).map(|n| n.to_le_bytes()[0]).collect();
    let began = Instant::now();
    for _ in 0..rounds {
        let mut batches = Vec::with_capacity(heads.len());
        for (partition, head) in (0..).map(PartitionId).zip(&mut heads) {
            let contents = (events, body.clone());
            let batch = Batch::chained(partition, Epoch(1), Timestamp(1), head, contents);
            *head = batch.follows(head)?;
            batches.push(batch);
        }
        let start = Instant::now();
        if !append(&*journal, &batches) {
            return Err("an append failed".into());
        }
        micros.push(start.elapsed().as_micros());
    }
    let seconds = began.elapsed().as_secs_f64();
    micros.sort_unstable();
    let rate = micros.len() as f64 / seconds;
    println!(
        "{events:>4} events x 100 B, {partitions:>2} partitions an append: {rate:>6.0} appends/s, \
         {:>8.0} events/s; p50 {} us, p99 {} us, max {} us",
        rate * f64::from(events) * f64::from(partitions),
        micros[micros.len() / 2],
        micros[micros.len() * 99 / 100],
        micros[micros.len() - 1],
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    measure(1, 1, 4_000)?;
    measure(64, 1, 4_000)?;
    measure(64, 8, 1_500)?;
    measure(640, 1, 2_000)?;
    measure(2_048, 1, 600)
}
