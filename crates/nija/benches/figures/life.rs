//! The life of an order in memory: placed, through the gates, sealed, journalled, sent, filled by the
//! simulated exchange, reported, booked. Bought in one round and sold in the next.

use crate::figure::{Better, Figure, Goal};
use crate::meter::{Chance, Process, nanos_each};
use crate::scene::{self, BTC, NOON, bitcoin, block, desks, populate, quote, wish};
use crate::{RUNS, Scale};
use anyhow::{Result, ensure};
use nija_core::commit::commit;
use nija_core::desk::answer::Answer;
use nija_core::desk::event::Size;
use nija_core::desk::input::{Command, Input, Key};
use nija_core::ports::Journal;
use nija_core::words::id::{AccountId, AccountNo, OrderId, PartitionId};
use nija_core::words::instrument::VenueName;
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{OrderType, Origin, Purpose, Side, Ticket, TimeInForce};
use nija_core::words::time::{Span, Timestamp};
use nija_engine::partitions::Partitions;
use nija_engine::sim::{Exchange, Rules};
use std::sync::Arc;

/// Orders of one round.
const ROUND: usize = 1_000;
const ACCOUNTS: u32 = 10_000;

/// Desks, their journal and the exchange.
pub(crate) struct Life {
    pub(crate) desks: Partitions,
    accounts: Vec<AccountId>,
    exchange: Exchange,
    journal: Arc<dyn Journal>,
    pub(crate) at: Timestamp,
    next: usize,
    /// Places orders under keys of their own?
    keyed: bool,
    pub(crate) events: u64,
}

impl Life {
    /// Desks at noon with accounts of the highest tier.
    pub(crate) async fn new(
        journal: Arc<dyn Journal>,
        partitions: u16,
        accounts: u32,
        keyed: bool,
    ) -> Result<Self> {
        let mut desks = desks(partitions)?;
        let accounts = populate(&mut desks, accounts)?;
        let mut exchange = Exchange::new(Rules::default());
        exchange.list(bitcoin());
        exchange.on_market(&quote(NOON));
        let (at, next, events) = (NOON, 0, 0);
        let mut life = Self { desks, accounts, exchange, journal, at, next, keyed, events };
        life.settle().await?;
        Ok(life)
    }

    /// A round of buys, then a round of sales of the same accounts. Gives the number of orders.
    pub(crate) async fn round(&mut self) -> Result<u64> {
        let first = self.next;
        let mut placed = 0;
        for side in [Side::Buy, Side::Sell] {
            self.next = first;
            self.at = self.at.plus(Span::seconds(10));
            for _ in 0..ROUND {
                let n = self.next as u64;
                let account = self.accounts[self.next % self.accounts.len()];
                self.next += 1;
                let size = if side == Side::Sell { Size::All } else { wish(side, 100).size };
                let place =
                    Command::Place(nija_core::desk::event::Wish { size, ..wish(side, 100) });
                let key = Key { key: n * 2 + u64::from(side == Side::Buy), request: n };
                let key = self.keyed.then_some(key);
                match self.desks.command(account, key, place, self.at)? {
                    Answer::Placed { .. } => placed += 1,
                    other => anyhow::bail!("not placed: {other:?}"),
                }
            }
            self.settle().await?;
            self.exchange.on_market(&quote(self.at));
            self.settle().await?;
        }
        Ok(placed)
    }

    /// Takes accounts in another order than they were opened in.
    pub(crate) fn shuffle(&mut self) {
        let mut chance = Chance::new(11);
        for n in (1..self.accounts.len()).rev() {
            self.accounts.swap(n, chance.below(n + 1));
        }
    }

    /// Orders far too large for any account: all are refused. Gives their number.
    pub(crate) async fn refuse(&mut self, orders: usize) -> Result<u64> {
        for n in 0..orders {
            let account = self.accounts[(self.next + n) % self.accounts.len()];
            let place = Command::Place(wish(Side::Buy, 900_000));
            let answer = self.desks.command(account, None, place, self.at)?;
            ensure!(matches!(answer, Answer::Refused { .. }), "not refused: {answer:?}");
        }
        self.settle().await?;
        Ok(orders as u64)
    }

    /// Commits, sends and takes reports until nothing more happens.
    async fn settle(&mut self) -> Result<()> {
        loop {
            for report in self.exchange.take_reports(usize::MAX) {
                self.desks.take(Input::Report(report), self.at)?;
            }
            let held = self.desks.seal();
            if held.is_empty() {
                return Ok(());
            }
            self.events += held.iter().map(|h| u64::from(h.batch().count)).sum::<u64>();
            for release in commit(&*self.journal, held).await? {
                self.exchange.act(release.act(), self.at);
            }
        }
    }

    /// Nothing may be open, and the books must balance.
    pub(crate) fn check(&self) -> Result<()> {
        let balanced = self.desks.desks().iter().all(|desk| desk.trial_balance() == 0);
        ensure!(balanced, "the books do not balance");
        ensure!(self.exchange.open_orders() == 0, "orders stayed open");
        Ok(())
    }

    /// Brings a price to every desk; what it changes is sealed with the next round.
    pub(crate) fn mark(&mut self) -> Result<()> {
        let price = Price::whole(50_000);
        self.desks.take(Input::Mark { instrument: BTC, price }, self.at)?;
        Ok(())
    }
}

/// Processor seconds of a fresh world that lives through so many orders, without its making.
async fn session(orders: u64) -> Result<f64> {
    let journal = scene::memory_journal();
    let mut life = Life::new(journal, scene::PARTITIONS, ACCOUNTS, false).await?;
    let process = Process::own();
    let before = process.cpu()?;
    let mut done = 0;
    while done < orders {
        done += life.round().await?;
    }
    let took = process.cpu()? - before;
    life.check()?;
    Ok(took / done as f64)
}

/// Nanoseconds an order through an exchange whose book holds so many others that are far from the market.
fn beside(resting: u32) -> Result<Vec<f64>> {
    const ORDERS: u32 = 10_000;
    let mut order = Ticket {
        id: OrderId(0),
        account: AccountNo(0),
        instrument: BTC,
        side: Side::Buy,
        qty: Qty::whole(1),
        order_type: OrderType::Market,
        tif: TimeInForce::Gtc,
        origin: Origin::User,
        purpose: Purpose::Entry,
        reserved: Money::ZERO,
        at: NOON,
        venue: VenueName::Paper,
        protect: None,
        pair: None,
        swap: None,
    };
    let mut exchange = Exchange::new(Rules::default());
    exchange.list(bitcoin());
    exchange.on_market(&quote(NOON));
    for n in 0..resting {
        let limit = Price::whole(10_000 + i32::try_from(n % 1_000)?);
        order.id = OrderId::new(PartitionId(1), n.into());
        order.order_type = OrderType::Limit { limit };
        exchange.place(&order, NOON);
    }
    order.order_type = OrderType::Market;
    let (mut at, mut next) = (NOON, 0);
    let each = nanos_each(RUNS, ORDERS, || {
        for _ in 0..ORDERS / 10 {
            for _ in 0..10 {
                next += 1;
                order.id = OrderId::new(PartitionId(2), next);
                exchange.place(&order, at);
            }
            at = at.plus(Span::seconds(1));
            exchange.on_market(&quote(at));
            let _ = exchange.take_reports(usize::MAX);
        }
    });
    ensure!(exchange.open_orders() == resting as usize, "an order stayed open");
    Ok(each)
}

pub(crate) fn life(scale: &Scale) -> Result<Vec<Figure>> {
    let (few, many) = (10_000, u64::from(scale.of(1_000_000)));
    block(async {
        session(few).await?;
        let (mut short, mut long) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            // A short session is over in milliseconds: the mean of several.
            let mut sum = 0.0;
            for _ in 0..10 {
                sum += session(few).await?;
            }
            short.push(sum / 10.0);
            long.push(session(many).await?);
        }
        let rate = long.iter().map(|each| 1.0 / each).collect();
        let nanos = |values: &[f64]| values.iter().map(|each| each * 1e9).collect::<Vec<_>>();
        let flat = Goal::ratio("P13", Better::Less, 1.2, 1.05);
        Ok(vec![
            Figure::new("life", format!("orders a CPU second, {many} in a session"), "1/s", rate)
                .goal(Goal::value("P12", Better::More, 500_000.0, 2_000_000.0)),
            Figure::new("life", format!("cost of an order among {many}"), "ns", nanos(&long))
                .peer("among 10000", &nanos(&short))
                .goal(flat),
            Figure::new("life", "an order beside 20000 that rest", "ns", beside(20_000)?)
                .peer("beside none", &beside(0)?),
        ])
    })?
}
