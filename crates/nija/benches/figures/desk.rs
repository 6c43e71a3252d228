//! The whole decision of a desk: a command in, facts gathered, gates asked, events written, effects
//! held, batch sealed and hashed. No journal.

use crate::figure::Figure;
use crate::meter::{Chance, nanos_each};
use crate::scene::{NOON, desks, populate, wish};
use crate::{RUNS, Scale};
use anyhow::{Result, ensure};
use nija_core::desk::answer::{Answer, Query};
use nija_core::desk::input::{Command, Input, Key};
use nija_core::words::id::{AccountId, OrderId};
use nija_core::words::order::{Outcome, Report, Side};
use nija_core::words::time::{Span, Timestamp};
use nija_engine::partitions::Partitions;
use std::hint::black_box;
use std::time::{Duration, Instant};

const ACCOUNTS: u32 = 10_000;
/// Decisions in a batch.
const BATCH: usize = 1_000;
const PREVIEWS: u32 = 300_000;

/// How the orders of a run come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Without a key.
    Plain,
    /// Under a key of their own.
    Keyed,
    /// Too large for the tier: refused.
    Refused,
}

/// Desks that take orders batch by batch.
struct Bench {
    desks: Partitions,
    accounts: Vec<AccountId>,
    at: Timestamp,
    next: usize,
    open: Vec<OrderId>,
    bytes: u64,
    batches: u64,
}

impl Bench {
    fn new(accounts: u32) -> Result<Self> {
        let mut desks = desks(1)?;
        let accounts = populate(&mut desks, accounts)?;
        drop(desks.seal());
        let open = Vec::new();
        Ok(Self { desks, accounts, at: NOON, next: 0, open, bytes: 0, batches: 0 })
    }

    /// Decides a batch of orders and seals it; tells how long that took.
    fn batch(&mut self, way: Way) -> Result<Duration> {
        self.at = self.at.plus(Span::millis(1));
        let dollars = if way == Way::Refused { 900_000 } else { 100 };
        let mut answers = Vec::with_capacity(BATCH);
        let began = Instant::now();
        for _ in 0..BATCH {
            let n = self.next as u64;
            let account = self.accounts[self.next % self.accounts.len()];
            let key = (way == Way::Keyed).then_some(Key { key: n, request: n });
            self.next += 1;
            let place = Command::Place(wish(Side::Buy, dollars));
            answers.push(self.desks.command(account, key, place, self.at)?);
        }
        let held = self.desks.seal();
        let took = began.elapsed();
        self.batches += 1;
        self.bytes += held.iter().map(|h| h.batch().body.len() as u64).sum::<u64>();
        for answer in answers {
            match answer {
                Answer::Placed { order, .. } => self.open.push(order),
                Answer::Refused(_) if way == Way::Refused => {}
                other => anyhow::bail!("not what the bench is about: {other:?}"),
            }
        }
        Ok(took)
    }

    /// Asks what the gates would say, for accounts in random order: facts gathered and judged.
    fn previews(&self) -> Vec<f64> {
        let mut chance = Chance::new(3);
        let pick = |_| self.accounts[chance.below(self.accounts.len())];
        let order: Vec<AccountId> = (0..PREVIEWS).map(pick).collect();
        nanos_each(RUNS, PREVIEWS, || {
            for &account in &order {
                let wish = wish(Side::Buy, 100);
                black_box(self.desks.query(&Query::Preview { account, wish }));
            }
        })
    }

    /// Ends the open orders, so that every run finds the same desk.
    fn clear(&mut self) -> Result<()> {
        for order in std::mem::take(&mut self.open) {
            let outcome = Outcome::Lapsed { why: "the bench goes on" };
            let report = Report { order, outcome, at: self.at };
            self.desks.take(Input::Report(report), self.at)?;
        }
        drop(self.desks.seal());
        // Beyond the time within which the same order counts as a repeat.
        self.at = self.at.plus(Span::seconds(60));
        Ok(())
    }
}

pub(crate) fn decisions(scale: &Scale) -> Result<Vec<Figure>> {
    let mut bench = Bench::new(ACCOUNTS)?;
    let batches = scale.of(10) as usize;
    let mut figures = Vec::new();
    for (way, name) in [
        (Way::Plain, "order approved, take to sealed"),
        (Way::Keyed, "order approved under a key, take to sealed"),
        (Way::Refused, "order refused with its reasons, take to sealed"),
    ] {
        let mut values = Vec::with_capacity(RUNS);
        for _ in 0..=RUNS {
            let mut took = Duration::ZERO;
            for _ in 0..batches {
                took += bench.batch(way)?;
            }
            bench.clear()?;
            values.push(took.as_secs_f64() * 1e9 / (batches * BATCH) as f64);
        }
        // The first run warms up.
        values.remove(0);
        figures.push(Figure::new("desk", name, "ns", values));
    }
    ensure!(bench.desks.desks().iter().all(|desk| desk.trial_balance() == 0), "out of balance");
    let bytes = bench.bytes as f64 / (bench.batches * BATCH as u64) as f64;
    figures.push(Figure::new(
        "desk",
        "journal bytes a decision, all three kinds",
        "B",
        vec![bytes],
    ));
    drop(bench);
    let accounts = scale.of(1_000_000);
    let name = format!("preview, random over {accounts} accounts");
    let (many, one) = (Bench::new(accounts)?.previews(), Bench::new(1)?.previews());
    figures.push(Figure::new("desk", name, "ns", many).peer("one account", &one));
    Ok(figures)
}
