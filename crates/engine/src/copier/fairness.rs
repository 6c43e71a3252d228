//! Who pays what when a market gives way: a thousand followers buy from the real exchange, order by order, while what
//! they take moves its price and its quotes are thin. A permutation test asks whether prices follow the tier or the
//! order of joining. All of it is drawn from seeds: the test gives the same answer each time.

use super::*;
use crate::feeds::{Kind, MarketEvent};
use crate::node::tests::{COIN, Disk, NOON, coin};
use crate::sim::filling::Filling;
use crate::sim::slippage::Slippage;
use crate::sim::{Exchange, Rules as Terms};
use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::commit::commit;
use nija_core::copy::master::{DISCLOSURE, MasterChange};
use nija_core::copy::terms::CopyTerms;
use nija_core::desk::Rules;
use nija_core::desk::event::{Event, Size, Wish};
use nija_core::desk::input::CopyAct;
use nija_core::words::conditions::Conditions;
use nija_core::words::fixed::Round;
use nija_core::words::id::{AccountNo, Epoch, OrderId, UserId};
use nija_core::words::money::{Money, Pct, Price, Qty};
use nija_core::words::order::{OrderType, Origin, Outcome, Side, Ticket, TimeInForce};
use nija_core::words::score::Score;
use nija_core::words::tier::{DEFAULT_TABLE, Tier, TierTable, Tolerance};
use nija_core::words::time::{Span, Timestamp};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

const PARTITIONS: u16 = 4;
const FOLLOWERS: usize = 1_000;
const PURCHASES: usize = 6;
const LEADER: AccountId = AccountId(1);
/// Orders between two quotes of the venue.
const BETWEEN: usize = 5;
/// Shuffles that what was found is held against.
const SHUFFLES: usize = 400;
const TIERS: [Tier; 4] = [Tier::Investor, Tier::Income, Tier::Livable, Tier::Baller];

struct World {
    desks: Partitions,
    exchange: Exchange,
    disk: Disk,
    at: Timestamp,
    /// What stands behind the best price.
    offered: Qty,
    /// The follower behind the account of a sleeve.
    sleeves: BTreeMap<(PartitionId, AccountNo), usize>,
}

/// A purchase for a follower: when it was sent, and what was paid, if it was filled.
struct Bought {
    follower: usize,
    turn: usize,
    price: Option<Price>,
    /// What was asked for, and what the venue sold.
    asked: Qty,
    got: Qty,
}

impl World {
    async fn begin() -> Self {
        let tiers = TierTable::parse(DEFAULT_TABLE).unwrap();
        let plans = Plans::parse(DEFAULT_PLANS).unwrap();
        let rules = Arc::new(Rules::new(tiers, plans, Money::whole(10)));
        let desks = Partitions::new(PARTITIONS, &rules);
        let mut terms = Terms::frictionless(1);
        terms.crypto.filling = Filling::Participation { rate: Pct::whole(50) };
        terms.crypto.slippage = Slippage::VolumeShare { impact: Pct::whole(1) };
        let mut exchange = Exchange::new(terms);
        exchange.list(coin());
        let (disk, at, sleeves) = (Disk::default(), NOON, BTreeMap::new());
        let mut world = Self { desks, exchange, disk, at, offered: Qty::whole(1_000), sleeves };
        let calm = Some(Score::points(20));
        let calm = Conditions { at: NOON, crypto_volatility: calm, ..Conditions::default() };
        world.take(Input::Announce { node: "test".to_owned(), epoch: Epoch(1) });
        world.take(Input::List(coin()));
        world.take(Input::Conditions(calm));
        world.take(Input::Mark { instrument: COIN, price: Price::whole(100) });
        world.open(LEADER, Tier::Baller);
        world.ask(LEADER, Command::Lead(MasterChange::Opened(DISCLOSURE)));
        for n in 0..FOLLOWERS {
            world.open(follower(n), TIERS[tier(n)]);
            let leader = Box::new(LeaderFacts {
                user: UserId(LEADER.0),
                leads: true,
                vetted: false,
                risk: None,
                last: 0,
                holds: Vec::new(),
            });
            let (amount, terms) = (Money::whole(10_000), CopyTerms::default());
            let act = CopyAct::Start { amount, terms, leader, open: false };
            world.ask(follower(n), Command::Copy { leader: LEADER, act });
        }
        world.seal().await;
        let known: BTreeMap<AccountId, usize> =
            (0..FOLLOWERS).map(|n| (follower(n).sleeve(LEADER), n)).collect();
        for batch in world.disk.batches() {
            for event in batch.events().unwrap() {
                if let Event::AccountOpened { id, no, .. } = event
                    && let Some(n) = known.get(&id)
                {
                    world.sleeves.insert((batch.partition, no), *n);
                }
            }
        }
        world
    }

    fn take(&mut self, input: Input) -> Answer {
        self.desks.take(input, self.at).unwrap()
    }

    fn ask(&mut self, account: AccountId, command: Command) {
        assert_eq!(self.take(Input::Command { account, key: None, command }), Answer::Done);
    }

    fn open(&mut self, id: AccountId, tier: Tier) {
        let (tolerance, deposit) = (Tolerance::Moderate, Money::whole(100_000));
        let (user, day_starts) = (UserId(id.0), Span::ZERO);
        self.ask(id, Command::Open { user, tier, tolerance, day_starts, deposit });
    }

    /// Commits, and sends what leaves to the exchange in its order; every few orders the market answers.
    async fn seal(&mut self) -> Vec<Ticket> {
        let releases = commit(&self.disk, self.desks.seal()).await.unwrap();
        let mut sent = Vec::new();
        for release in releases {
            self.exchange.act(release.act(), self.at);
            sent.extend(release.ticket().cloned());
            if sent.len() % BETWEEN == 0 {
                self.quote(sent.len());
            }
        }
        self.quote(sent.len());
        sent
    }

    /// A quote, the dearer the more orders came before it.
    fn quote(&mut self, orders: usize) {
        let impact = Pct::from_raw(i64::try_from(orders).unwrap() * 200_000);
        let ask = Price::whole(100).moved(impact, Round::Up).unwrap().ceil_to(coin().tick);
        let (bid, bid_qty) = (Price::whole(99), Qty::whole(1_000_000));
        let kind = Kind::Quote { instrument: COIN, bid, ask, bid_qty, ask_qty: self.offered };
        self.at = self.at.plus(Span::millis(1));
        self.exchange.on_market(&MarketEvent { at: self.at, kind });
    }

    /// Brings what the exchange said, until nothing follows from it; gives what was paid and traded for each order.
    async fn report(&mut self) -> BTreeMap<OrderId, (Price, Qty)> {
        let mut paid = BTreeMap::new();
        loop {
            let reports = self.exchange.take_reports(usize::MAX);
            if reports.is_empty() {
                return paid;
            }
            for report in reports {
                if let Outcome::Filled(fill) = &report.outcome {
                    let (price, qty) = paid.entry(report.order).or_insert((fill.price, Qty::ZERO));
                    (*price, *qty) = (fill.price, qty.checked_add(fill.qty).unwrap());
                }
                self.take(Input::Report(report));
            }
            self.seal().await;
        }
    }

    /// The master trades in a deep market, and its lead is carried into a thin one.
    async fn trade(&mut self, side: Side, size: Size) -> Vec<Bought> {
        self.at = self.at.plus(Span::seconds(3_600));
        self.take(Input::Mark { instrument: COIN, price: Price::whole(100) });
        let (order_type, tif) = (OrderType::Market, TimeInForce::Gtc);
        let wish = Wish { instrument: COIN, side, size, order_type, tif, origin: Origin::User };
        let command = Command::Place(wish);
        let placed = self.take(Input::Command { account: LEADER, key: None, command });
        assert!(matches!(placed, Answer::Placed { .. }), "{placed:?}");
        self.seal().await;
        self.report().await;

        let home = LEADER.partition(PARTITIONS);
        let View::Outbox(parcels) = self.desks.query(&Query::Outbox(home)) else { panic!() };
        let mut bought = Vec::new();
        for errand in errands(home, &parcels) {
            self.take(errand);
            self.offered = Qty::whole(24);
            let sent = self.seal().await;
            let paid = self.report().await;
            self.offered = Qty::whole(1_000);
            let purchases = sent.into_iter().filter(|ticket| ticket.side == Side::Buy);
            bought.extend(purchases.enumerate().map(|(turn, ticket)| {
                let follower = self.sleeves[&(ticket.id.partition(), ticket.account)];
                let (price, got) = paid.get(&ticket.id).copied().unzip();
                let got = got.unwrap_or(Qty::ZERO);
                Bought { follower, turn, price, asked: ticket.qty, got }
            }));
        }
        bought
    }
}

/// What the books of a follower's sleeve hold.
fn held(desks: &Partitions, n: usize) -> Qty {
    let query = Query::Account(follower(n).sleeve(LEADER));
    let View::Account(view) = desks.query(&query) else { panic!() };
    view.positions.iter().fold(Qty::ZERO, |sum, one| sum.checked_add(one.qty).unwrap())
}

fn follower(n: usize) -> AccountId {
    AccountId((n as u128 + 100) * 0x1234_5678_9abc_def1)
}

fn tier(n: usize) -> usize {
    n * 7 % TIERS.len()
}

/// Ranks from the best price to the worst, ties in the middle, around zero; what was not filled is worst of all.
fn ranks(bought: &[Bought]) -> Vec<f64> {
    let paid = |one: &Bought| one.price.map_or(i64::MAX, Price::raw);
    let mut sorted: Vec<i64> = bought.iter().map(paid).collect();
    sorted.sort_unstable();
    let below = |price| sorted.partition_point(|other| *other < price);
    let until = |price| sorted.partition_point(|other| *other <= price);
    let middle = bought.len() as f64;
    let rank = |one: &Bought| (below(paid(one)) + until(paid(one))) as f64 - middle;
    bought.iter().map(rank).collect()
}

/// How often a shuffle of what followers are is at least as closely tied to their ranks as what they really are.
/// Followers of one partition have their turns together, so each shuffle is among those.
fn chance_of(samples: &[(usize, f64)], what: &[f64], random: &mut ChaCha8Rng) -> f64 {
    let tie = |what: &[f64]| samples.iter().map(|(n, rank)| rank * what[*n]).sum::<f64>().abs();
    let mut neighbors = BTreeMap::<PartitionId, Vec<usize>>::new();
    for n in 0..FOLLOWERS {
        neighbors.entry(follower(n).partition(PARTITIONS)).or_default().push(n);
    }
    let mut as_much = 1;
    for _ in 0..SHUFFLES {
        let mut shuffled = what.to_vec();
        for group in neighbors.values() {
            let mut others = group.clone();
            others.shuffle(random);
            group.iter().zip(others).for_each(|(n, other)| shuffled[*n] = what[other]);
        }
        as_much += usize::from(tie(&shuffled) >= tie(what));
    }
    as_much as f64 / (SHUFFLES + 1) as f64
}

#[tokio::test]
async fn what_followers_pay_does_not_follow_their_tier_or_when_they_joined() {
    let mut world = World::begin().await;
    let (mut samples, mut by_turn, mut unfilled) = (Vec::new(), (0.0, 0.0, 0.0), 0);
    for _ in 0..PURCHASES {
        let bought = world.trade(Side::Buy, Size::Dollars(Money::whole(2_000))).await;
        assert_eq!(bought.len(), FOLLOWERS);
        // What the venue sold is what followers hold, one by one, and so in sum.
        assert!(bought.iter().all(|one| one.got == held(&world.desks, one.follower)));
        assert!(bought.iter().all(|one| one.got <= one.asked));
        for (one, rank) in bought.iter().zip(ranks(&bought)) {
            samples.push((one.follower, rank));
            let turn = 2.0 * one.turn as f64 - FOLLOWERS as f64;
            by_turn = (by_turn.0 + rank * turn, by_turn.1 + rank * rank, by_turn.2 + turn * turn);
            unfilled += usize::from(one.price.is_none());
        }
        world.trade(Side::Sell, Size::All).await;
    }
    // The market does give way: who comes later pays more, and many come too late.
    let late = by_turn.0 / (by_turn.1 * by_turn.2).sqrt();
    assert!(late > 0.8 && unfilled > FOLLOWERS, "{late}, {unfilled} unfilled");

    let of = |what: fn(usize) -> usize| (0..FOLLOWERS).map(|n| what(n) as f64).collect::<Vec<_>>();
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let by_tier = chance_of(&samples, &of(tier), &mut random);
    let by_age = chance_of(&samples, &of(|n| n), &mut random);
    assert!(by_tier > 0.01 && by_age > 0.01, "tier {by_tier}, age {by_age}");
    // The same test finds a queue in which who joined first buys first.
    let queue: Vec<_> = samples.iter().map(|(n, rank)| (*n, rank + *n as f64 / 4.0)).collect();
    assert!(chance_of(&queue, &of(|n| n), &mut random) < 0.01);
}

#[test]
fn every_partition_is_first_as_often_as_any_other() {
    let lead = |no| Lead {
        leader: LEADER,
        no,
        order: OrderId(1),
        instrument: COIN,
        side: Side::Buy,
        share: Pct::whole(1),
        price: Price::whole(100),
        mark: Price::whole(100),
        at: NOON,
    };
    let mut firsts = [0; PARTITIONS as usize];
    (1..=1_000).for_each(|no| firsts[Partitions::first_of(&lead(no), firsts.len())] += 1);
    // Four standard deviations around 250.
    assert!(firsts.iter().all(|times| (195..=305).contains(times)), "{firsts:?}");
}
