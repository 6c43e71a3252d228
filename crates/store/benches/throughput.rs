//! How many durable appends a second, how long one takes, and how fast their events become rows of the views.
//! Writes beside the build, on a real disk: run with `cargo bench -p nija-store`.

use nija_core::desk::event::{Event, Evidence, Remembered};
use nija_core::journal::{Batch, Head};
use nija_core::ledger::entry::{Entry, Unbalanced};
use nija_core::ports::views::Projection;
use nija_core::ports::{Clock, Journal};
use nija_core::risk::refusal::Level;
use nija_core::words::conditions::Regime;
use nija_core::words::id::{
    AccountId, AccountNo, Epoch, FillId, InstrumentId, OrderId, PartitionId, UserId,
};
use nija_core::words::instrument::{AssetClass, Hours, Instrument, Kind, VenueName};
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{Fill, OrderType, Origin, Purpose, Side, Ticket, TimeInForce};
use nija_core::words::score::Score;
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

/// Whole lives of orders over random accounts, in transactions of 2,000: approved, remembered, acknowledged,
/// filled. Microseconds on a processor for each.
fn project(orders: u64, accounts: u32) -> Result<f64, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let database = Database::open(folder.path().join("nija.db"), Mode::Owner, Arc::new(Still))?;
    let mut opening = vec![listed()];
    opening.extend((0..accounts).map(open));
    let mut passes = vec![batch(&Head::default(), &opening)?];
    let mut chance = 88_172_645_463_325_252u64;
    let ids: Vec<u64> = (1..=orders).collect();
    for some in ids.chunks(500) {
        let mut events = Vec::new();
        for &id in some {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            let account = AccountNo(u32::try_from(chance % u64::from(accounts))?);
            events.extend(life(id, account)?);
        }
        let head = passes.last().map(head_of).unwrap_or_default();
        passes.push(batch(&head, &events)?);
    }
    let projection = database.projection();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut began = 0.0;
    for (n, some) in [&passes[..1]].into_iter().chain(passes[1..].chunks(4)).enumerate() {
        // The first one opens the accounts.
        if n == 1 {
            began = cpu()?;
        }
        runtime.block_on(projection.project(some.to_vec()))?;
    }
    Ok((cpu()? - began) / orders as f64 / 1e3)
}

/// Nanoseconds on a processor of all threads: the views are written by one of their own.
fn cpu() -> Result<f64, Box<dyn std::error::Error>> {
    let mut sum = 0.0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
        sum += text.split(' ').next().unwrap_or_default().parse::<f64>()?;
    }
    Ok(sum)
}

const fn head_of(batch: &Batch) -> Head {
    Head { seq: batch.seq, epoch: batch.epoch, at: batch.at, hash: batch.hash }
}

fn batch(head: &Head, events: &[Event]) -> Result<Batch, Box<dyn std::error::Error>> {
    let mut body = Vec::new();
    for event in events {
        minicbor::encode(event, &mut body)?;
    }
    let contents = (u32::try_from(events.len())?, body);
    Ok(Batch::chained(PartitionId(0), Epoch(1), Timestamp(1), head, contents))
}

fn listed() -> Event {
    let instrument = Instrument {
        id: InstrumentId(1),
        symbol: "BTC-USD".to_owned(),
        class: AssetClass::Crypto,
        kind: Kind::Spot,
        hours: Hours::Always,
        tick: Price::from_raw(1_000_000),
        lot: Qty::from_raw(1),
        stale_after: Span::seconds(60),
        venue: VenueName::Paper,
    };
    Event::Listed { instrument }
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

fn life(id: u64, account: AccountNo) -> Result<[Event; 4], Unbalanced> {
    let (order, qty, level) =
        (OrderId::new(PartitionId(0), id), Qty::from_raw(200_000), Level::Safe);
    let ticket = Ticket {
        id: order,
        account,
        instrument: InstrumentId(1),
        side: Side::Buy,
        qty,
        order_type: OrderType::Market,
        tif: TimeInForce::Gtc,
        origin: Origin::User,
        purpose: Purpose::Entry,
        reserved: Money::whole(100),
        at: Timestamp(1_749_470_400_000_000),
        venue: VenueName::Paper,
        protect: None,
        pair: None,
        swap: None,
    };
    let evidence = Evidence {
        mark: Price::whole(50_000),
        mark_age: Span::millis(12),
        equity: Money::whole(10_000),
        volatility: Some(Score::points(45)),
        regime: Some(Regime::Ranging),
        level,
        insight: None,
    };
    let fill = Fill { id: FillId(id), qty, price: Price::whole(50_001), fee: Money::CENT };
    let outcome = Remembered::Order { order, purpose: Purpose::Entry, qty, level };
    let entry = Entry::bought(account, Money::whole(100), Money::CENT)?;
    Ok([
        Event::Approved { ticket, evidence },
        Event::Remembered {
            account,
            key: id.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            request: id,
            outcome,
        },
        Event::Acknowledged { order },
        Event::Filled { order, fill, entry },
    ])
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    measure(1, 1, 4_000)?;
    measure(64, 1, 4_000)?;
    measure(64, 8, 1_500)?;
    measure(640, 1, 2_000)?;
    measure(2_048, 1, 600)?;
    for accounts in [1_000, 50_000] {
        let micros = project(100_000, accounts)?;
        println!("projection: {micros:.2} us CPU an order, {accounts} accounts");
    }
    Ok(())
}
