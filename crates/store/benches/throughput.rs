//! How many durable appends a second, how long one takes, and how fast their events become rows of the views.
//! Writes beside the build, on a real disk: run with `cargo bench -p nija-store`.

use nija_core::desk::event::Event;
use nija_core::journal::{Batch, Head};
use nija_core::ledger::entry::{Entry, Unbalanced};
use nija_core::ports::views::Projection;
use nija_core::ports::{Clock, Journal};
use nija_core::words::id::{AccountId, AccountNo, Epoch, PartitionId, UserId};
use nija_core::words::money::Money;
use nija_core::words::tier::{Tier, Tolerance};
use nija_core::words::time::{Span, Timestamp};
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

/// Deposits as transfers: one event and two ledger lines each, over 1000 accounts.
fn project(batches: u32, events: u32) -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let database = Database::open(folder.path().join("nija.db"), Mode::Owner, Arc::new(Still))?;
    let (mut head, mut made) = (Head::default(), Vec::new());
    for number in 0..=batches {
        let mut body = Vec::new();
        let count = if number == 0 { 1_000 } else { events };
        for index in 0..count {
            let account = AccountNo((number * events + index) % 1_000);
            let event = if number == 0 { open(index) } else { deposit(account)? };
            minicbor::encode(event, &mut body)?;
        }
        let batch = Batch::chained(PartitionId(0), Epoch(1), Timestamp(1), &head, (count, body));
        head = batch.follows(&head)?;
        made.push(batch);
    }
    let projection = database.projection();
    let began = Instant::now();
    for some in made.chunks(16) {
        let mut doing = projection.project(some);
        let polled = doing.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if !matches!(polled, Poll::Ready(Ok(()))) {
            return Err("a projection failed".into());
        }
    }
    let rate = f64::from(batches * events) / began.elapsed().as_secs_f64();
    println!("projection: {rate:.0} events/s, {:.0} rows/s", rate * 2.0);
    Ok(())
}

fn open(no: u32) -> Event {
    Event::AccountOpened {
        id: AccountId(u128::from(no)),
        no: AccountNo(no),
        user: UserId(u128::from(no)),
        tier: Tier::Paper,
        tolerance: Tolerance::Moderate,
        day_starts: Span::ZERO,
    }
}

fn deposit(account: AccountNo) -> Result<Event, Unbalanced> {
    let entry = Entry::transfer(account, Money::CENT)?;
    Ok(Event::Transferred { account, amount: Money::CENT, entry })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    measure(1, 1, 4_000)?;
    measure(64, 1, 4_000)?;
    measure(64, 8, 1_500)?;
    measure(640, 1, 2_000)?;
    measure(2_048, 1, 600)?;
    project(2_000, 64)
}
