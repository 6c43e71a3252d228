//! One history: a seed's weather, a venue, a process, and everybody acting in it, step by step; then rest.

use crate::auditor::Auditor;
use crate::chance::Chance;
use crate::copying::errands_of;
use crate::disk::Disk;
use crate::fault::{Fault, Weather};
use crate::laws;
use crate::process::{Ground, PARTITIONS, Process, Turn};
use crate::street::{Asked, Street, Work, instruments};
use crate::truth::{Breach, Truth};
use crate::venue::Hostile;
use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::desk::Rules;
use nija_core::desk::answer::Answer;
use nija_core::desk::input::{Input, Key};
use nija_core::journal::Head;
use nija_core::ports::{Clock, Memory};
use nija_core::words::id::{AccountId, OrderId, PartitionId};
use nija_core::words::money::{Money, Pct};
use nija_core::words::order::{Purpose, Ticket};
use nija_core::words::tier::{DEFAULT_TABLE, TierTable};
use nija_core::words::time::{Span, Timestamp};
use nija_engine::sim;
use nija_engine::sim::filling::Filling;
use nija_engine::sim::latency::Latency;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long an idempotency key is surely remembered by the desk's clock.
const KEY_LIVES: Span = Span::seconds(23 * 3_600);
/// Rounds of a second in which everything must come to rest.
const ROUNDS: u32 = 400;

/// How a history went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Number and hash of the last batch of every partition: equal for equal histories.
    pub(crate) heads: Vec<Head>,
    pub(crate) breaches: Vec<Breach>,
    pub(crate) faults: BTreeMap<Fault, u64>,
    pub(crate) events: u64,
    pub(crate) orders: u64,
    pub(crate) late: u64,
    pub(crate) heard: u64,
    pub(crate) months: u64,
    pub(crate) starts: u64,
    pub(crate) lasted: Span,
}

struct History {
    ground: Ground,
    street: Street,
    process: Process,
    /// Where each partition stood when somebody was last told something.
    told: BTreeMap<PartitionId, Head>,
    /// What was answered under a key, and when by the desk's clock.
    keyed: BTreeMap<(AccountId, u64), (Key, Answer, Timestamp)>,
    sent: BTreeMap<OrderId, Timestamp>,
    starts: u64,
}

/// Lives the history of a seed: so many steps.
pub(crate) fn live(seed: u64, steps: u32, weather: Option<Weather>) -> Outcome {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(async {
        let mut chance = Chance::of(seed);
        let drawn = Weather::of(&mut chance);
        let memory = if chance.one_in(3) { Memory::Journal } else { Memory::Venue };
        let ground = ground(chance, weather.unwrap_or(drawn), memory);
        let Some(mut history) = History::begin(&ground).await else {
            return outcome(&ground, 0);
        };
        for _ in 0..steps {
            if !ground.truth.breaches().is_empty() || history.step().await.is_none() {
                break;
            }
        }
        if ground.truth.breaches().is_empty() {
            history.rest().await;
        }
        outcome(&ground, history.starts)
    })
}

fn ground(mut chance: Chance, weather: Weather, memory: Memory) -> Ground {
    let instruments = instruments();
    let venue_rules = venue_rules(&mut chance);
    let truth = Arc::new(Truth::of(chance, weather));
    let disk = Arc::new(Disk::of(Arc::clone(&truth)));
    let auditor = Auditor::of(Arc::clone(&truth), Arc::clone(&disk), &instruments);
    let auditor = Arc::new(Mutex::new(auditor));
    let (known, by) = (Arc::clone(&truth), Arc::clone(&auditor));
    let stopped = move |ticket: &Ticket| {
        let auditor = by.lock().unwrap();
        ticket.purpose == Purpose::Entry
            && known.pressed().into_iter().any(|scope| auditor.stops(scope, ticket))
    };
    let shared = (Arc::clone(&truth), Arc::clone(&disk));
    let venue = Hostile::open(memory, venue_rules, &instruments, shared, Box::new(stopped));
    let tiers = TierTable::parse(DEFAULT_TABLE).unwrap();
    let plans = Plans::parse(DEFAULT_PLANS).unwrap();
    let rules = Arc::new(Rules::new(tiers, plans, Money::whole(10)));
    Ground { truth, disk, venue: Arc::new(venue), auditor, rules, instruments }
}

/// Terms of the venue: with or without latency, whole fills or parts.
fn venue_rules(chance: &mut Chance) -> sim::Rules {
    let mut rules = sim::Rules { seed: chance.next(), ..sim::Rules::default() };
    if chance.one_in(2) {
        rules.latency = Latency::Uniform { least: Span::millis(5), most: Span::millis(900) };
    }
    if chance.one_in(2) {
        let filling = Filling::Participation { rate: Pct::whole(30) };
        (rules.crypto.filling, rules.equity.filling) = (filling, filling);
    }
    rules
}

fn outcome(ground: &Ground, starts: u64) -> Outcome {
    let auditor = ground.auditor.lock().unwrap();
    Outcome {
        heads: ground.disk.heads(),
        breaches: ground.truth.breaches(),
        faults: ground.truth.counts(),
        events: auditor.events,
        orders: auditor.orders.len() as u64,
        late: auditor.late,
        heard: auditor.copies.heard,
        months: auditor.copies.months,
        starts,
        lasted: ground.truth.now().since(Timestamp(1_718_204_400_000_000)),
    }
}

impl History {
    async fn begin(ground: &Ground) -> Option<Self> {
        let process = Process::start(ground).await?;
        let mut history = Self {
            ground: ground.clone(),
            street: Street::of(Arc::clone(&ground.truth)),
            process,
            told: BTreeMap::new(),
            keyed: BTreeMap::new(),
            sent: BTreeMap::new(),
            starts: 1,
        };
        // The opening is repeated until it is durable: every account must exist.
        let opening = history.street.opening();
        for input in opening {
            while !history.turn(vec![plain(input.clone())]).await? {}
        }
        Some(history)
    }

    /// One step: the market moves, reports come in, somebody acts, time passes.
    async fn step(&mut self) -> Option<()> {
        self.clock_jumps();
        let mut work = self.hear().await;
        if self.draw(3) > 0 {
            for (event, price) in self.street.market() {
                self.ground.venue.on_market(&event);
                work.push(plain(price));
            }
        }
        for _ in 0..self.draw(4) {
            work.push(self.street.act(&self.process.partitions));
        }
        self.turn(work).await?;
        if self.draw(3) > 0 {
            self.carry().await?;
        }
        self.wait().await?;
        if self.ground.truth.strikes(Fault::CrashAtRest) {
            self.restart().await?;
        }
        if self.draw(12) == 0 {
            let partition = PartitionId(u16::try_from(self.draw(2)).unwrap());
            self.process.save(partition).await;
        }
        self.check();
        Some(())
    }

    /// Time passes: mostly a second, now and then a minute of which nothing but reports is heard.
    async fn wait(&mut self) -> Option<()> {
        let rounds = if self.draw(25) == 0 { 12 } else { 1 };
        for round in 0..rounds {
            let ms = if rounds == 1 { 1 + self.draw(1_500) } else { 5_000 };
            tokio::time::sleep(Duration::from_millis(ms)).await;
            if round + 1 < rounds {
                let work = self.hear().await;
                self.turn(work).await?;
            }
        }
        Some(())
    }

    fn draw(&self, n: u64) -> u64 {
        self.ground.truth.draw(|chance| chance.below(n))
    }

    fn clock_jumps(&self) {
        let truth = &self.ground.truth;
        if truth.strikes(Fault::ClockForward) {
            let seconds = if self.draw(4) == 0 { 86_400 } else { 3_600 };
            truth.jump(Span::seconds(seconds));
        }
        if truth.strikes(Fault::ClockBack) {
            truth.jump(Span::seconds(-600));
        }
        if truth.strikes(Fault::ClockFrozen) {
            truth.freeze();
        }
        if truth.strikes(Fault::MonthEnds) {
            let now = Clock::now(&**truth);
            let next = Timestamp::of_month(now.month() + 1);
            truth.jump(next.plus(Span::seconds(1)).since(now));
        }
    }

    /// Carries parcels as the copier does. Where the process dies in between, the rest is carried another time.
    async fn carry(&mut self) -> Option<()> {
        for partition in (0..PARTITIONS).map(PartitionId) {
            for errand in errands_of(&self.process.partitions, partition) {
                if !self.turn(vec![plain(errand)]).await? {
                    return Some(());
                }
            }
        }
        Some(())
    }

    /// What the venue and the gateway have said since. After a gap everything open is asked about.
    async fn hear(&mut self) -> Vec<Work> {
        let heard = self.ground.venue.hear();
        let mut reports = heard.reports;
        if heard.gap {
            reports.extend(self.process.ask_again().await);
        }
        reports.extend(self.process.take_reports());
        reports.into_iter().map(|report| plain(Input::Report(report))).collect()
    }

    /// Brings work to the process. False when it died of it and was started again; none when it cannot start.
    async fn turn(&mut self, work: Vec<Work>) -> Option<bool> {
        let (inputs, asked): (Vec<_>, Vec<_>) =
            work.into_iter().map(|w| (w.input, w.asked)).unzip();
        let Turn::Done(answers) = self.process.turn(inputs).await else {
            self.restart().await?;
            return Some(false);
        };
        self.told = self.process.heads();
        for (asked, answer) in asked.into_iter().zip(answers) {
            self.told_one(asked, answer);
        }
        Some(true)
    }

    /// Somebody hears an answer: from now on the world is held to it.
    fn told_one(&mut self, asked: Asked, answer: Answer) {
        let truth = &self.ground.truth;
        match asked {
            Asked::Kill(scope) => truth.press(scope),
            Asked::Rearm(scope) => truth.rearm(scope),
            Asked::Keyed(account, key) if !matches!(answer, Answer::Declined(_)) => {
                let now = self.desk_time();
                let before = self.keyed.get(&(account, key.key));
                if let Some((request, before, at)) = before
                    && *request == key
                    && now.since(*at) < KEY_LIVES
                    && *before != answer
                {
                    let what = format!("first {before:?}, then {answer:?}");
                    truth.breach("one key, one answer", what);
                }
                self.keyed.entry((account, key.key)).or_insert((key, answer, now));
            }
            Asked::Keyed(..) | Asked::Nothing => {}
        }
    }

    fn desk_time(&self) -> Timestamp {
        use nija_core::desk::answer::{Query, View};
        match self.process.partitions.query(&Query::Market) {
            View::Market(market) => market.now.max(Clock::now(&*self.ground.truth)),
            _ => Timestamp::EPOCH,
        }
    }

    /// The process dies and is started again; then the laws of recovery are held.
    async fn restart(&mut self) -> Option<()> {
        self.process.stop().await;
        self.process = Process::start(&self.ground).await?;
        self.starts += 1;
        laws::acknowledged_is_recovered(&self.ground.truth, &self.ground.disk, &self.told);
        laws::replay_agrees(&self.ground, &self.process).await;
        laws::snapshot_agrees(&self.ground, &self.process).await;
        Some(())
    }

    fn check(&mut self) {
        let ground = &self.ground;
        for (id, at) in ground.venue.arrivals() {
            self.sent.entry(id).or_insert(at);
        }
        laws::always(ground, &self.process);
        laws::nothing_stays_unknown(ground, &self.process, &self.sent);
    }

    /// Nothing goes wrong any more, nobody acts: everything must come to rest, and then agree.
    async fn rest(&mut self) {
        self.ground.truth.calm();
        let mut quiet = 0;
        for round in 0..=ROUNDS {
            if round == ROUNDS {
                self.ground.truth.breach("everything comes to rest", "it did not");
            }
            self.ground.venue.advance();
            tokio::time::sleep(Duration::from_secs(1)).await;
            let settled = self.process.is_settled().await && self.ground.venue.is_quiet();
            let work = self.hear().await;
            quiet = if settled && work.is_empty() { quiet + 1 } else { 0 };
            if self.turn(work).await.is_none() || self.carry().await.is_none() {
                return;
            }
            if quiet > 3 {
                break;
            }
        }
        self.check();
        laws::venue_and_journal_agree(&self.ground);
        laws::everything_has_arrived(&self.ground, &self.process);
        laws::replay_agrees(&self.ground, &self.process).await;
        laws::product_verifies(&self.ground).await;
    }
}

const fn plain(input: Input) -> Work {
    Work { input, asked: Asked::Nothing }
}
