//! The triangle through desk, gates, ledger and books: two made coins and their pair, and orders that arrive late.

use super::*;
use crate::sim::fee::Fee;
use crate::sim::filling::Filling;
use crate::sim::latency::Latency;
use nija_core::desk::answer::{AccountView, Query, View};
use nija_core::words::money::Pct;
use nija_core::words::order::Ticket;
use nija_market::engine::crypto::arbitrage::Triangle;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const BTC: InstrumentId = InstrumentId(1);
const ETH: InstrumentId = InstrumentId(2);
const PAIR: InstrumentId = InstrumentId(3);
const CASH: Money = Money::whole(100_000);
const LATENCY: Span = Span::millis(50);
const CENT: i64 = 1_000_000;

fn row(id: InstrumentId) -> Instrument {
    let (symbol, lot) = match id {
        BTC => ("BTC-USD", 1_000),
        ETH => ("ETH-USD", 100_000),
        _ => ("ETH-BTC", 100_000),
    };
    let (symbol, lot) = (symbol.to_owned(), Qty::from_raw(lot));
    match id {
        PAIR => {
            let kind = Kind::Pair { base: ETH, quote: BTC };
            Instrument { id, symbol, lot, kind, tick: Price::from_raw(10), ..coin() }
        }
        _ => Instrument { id, symbol, lot, ..coin() },
    }
}

const ALL: [InstrumentId; 3] = [BTC, ETH, PAIR];

fn books() -> Exchange {
    let mut terms = Terms::frictionless(1);
    terms.latency = Latency::Fixed { span: LATENCY };
    let rate: Pct = "0.1".parse().unwrap();
    (terms.crypto.filling, terms.crypto.fee) = (Filling::Queue, Fee::Percent { rate });
    terms.crypto.minimum_notional = Money::whole(1);
    let mut exchange = Exchange::new(terms);
    ALL.into_iter().for_each(|id| exchange.list(row(id)));
    exchange
}

fn around() -> Trader {
    let mut setup = Setup::default();
    setup.crypto.triangles = vec![Triangle { pair: PAIR, base: ETH, quote: BTC }];
    Trader::new(Analyst::new(&setup))
}

async fn opened() -> (Backtest, Batches) {
    let tiers = TierTable::parse(DEFAULT_TABLE).unwrap();
    let plans = Plans::parse(DEFAULT_PLANS).unwrap();
    let desks = Partitions::new(1, &Arc::new(Rules::new(tiers, plans, Money::whole(10))));
    let batches = Batches::default();
    let kept = Arc::clone(&batches);
    let seen = Box::new(move |batch: &Batch| kept.lock().unwrap().push(batch.clone()));
    let mut run = Backtest::new(desks, books(), around(), Arc::new(Tape::default()), seen);
    let calm = Some(Score::points(20));
    let calm = Conditions { at: NOON, crypto_volatility: calm, ..Conditions::default() };
    let (tier, tolerance) = (Tier::Baller, Tolerance::Moderate);
    let open =
        Command::Open { user: UserId(1), tier, tolerance, day_starts: Span::ZERO, deposit: CASH };
    let announce = Input::Announce { node: "test".to_owned(), epoch: Epoch(1) };
    let list = ALL.map(|id| Input::List(row(id)));
    let begin = [announce].into_iter().chain(list).chain([Input::Conditions(calm), command(open)]);
    for input in begin {
        run.input(input, NOON).await.unwrap();
    }
    (run, batches)
}

fn quote(instrument: InstrumentId, at: i64, [bid, ask]: [i64; 2]) -> MarketEvent {
    let [bid, ask] = [bid, ask].map(Price::from_raw);
    // As much of the pair as of ether; of bitcoin more than either needs.
    let (bid_qty, ask_qty) = (Qty::whole(1), Qty::whole(1));
    let kind = feeds::Kind::Quote { instrument, bid, ask, bid_qty, ask_qty };
    MarketEvent { at: NOON.plus(Span(at)), kind }
}

/// Bitcoin about $50,000, ether about $2,500, and the pair at what that makes it. Once a second ether is `off`
/// hundredths of a percent dearer or cheaper, in turns: for ten steps of 20 ms at first, then for `lasts`.
fn walk(seed: u64, off: i64, lasts: i64) -> Vec<MarketEvent> {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let (mut btc, mut eth) = (50_000 * 100i64, 2_500 * 100i64);
    let mut events = Vec::new();
    for n in 0..2_000i64 {
        let at = n * 20_000;
        let lasts = if n < 300 { 10 } else { lasts };
        let is_apart = n < 1_950 && n % 50 >= 40 && n % 50 < 40 + lasts;
        let off = if n % 100 < 50 { off } else { -off };
        let dear = eth + if is_apart { eth * off / 10_000 } else { 0 };
        let pair = eth * 10_000_000 / btc * 10;
        events.push(quote(BTC, at, [btc * CENT, (btc + 100) * CENT]));
        events.push(quote(PAIR, at + 1, [pair - 1_000, pair + 1_000]));
        events.push(quote(ETH, at + 2, [(dear - 5) * CENT, (dear + 5) * CENT]));
        // Both stand still while something is apart.
        if n % 50 < 36 {
            btc += chance.random_range(-500..=500);
            eth += chance.random_range(-25..=25);
        }
    }
    events
}

fn view(run: &mut Backtest) -> AccountView {
    match run.partitions().unwrap().query(&Query::Account(ACCOUNT)) {
        View::Account(view) => *view,
        other => panic!("{other:?}"),
    }
}

fn held(run: &mut Backtest) -> [Qty; 2] {
    let positions = view(run).positions;
    [BTC, ETH].map(|of| {
        positions.iter().find(|held| held.instrument == of).map_or(Qty::ZERO, |held| held.qty)
    })
}

/// How a run went: orders with what was filled of each, and cash and coins by fills alone.
struct Story {
    orders: Vec<(Ticket, Qty)>,
    cash: Money,
    coins: [Qty; 2],
}

impl Story {
    fn of(batches: &Batches) -> Self {
        let mut story = Self { orders: Vec::new(), cash: CASH, coins: [Qty::ZERO; 2] };
        let batches = batches.lock().unwrap();
        for event in batches.iter().flat_map(|batch| batch.events().unwrap()) {
            match event {
                Event::Approved { ticket, .. } => story.orders.push((ticket, Qty::ZERO)),
                Event::Filled { order, fill, .. } => story.fill(order, fill),
                Event::Refused { refusal, wish, .. } => panic!("{refusal} {wish:?}"),
                _ => {}
            }
        }
        story
    }

    fn fill(&mut self, order: OrderId, fill: nija_core::words::order::Fill) {
        let known = self.orders.iter_mut().find(|(ticket, _)| ticket.id == order);
        let (ticket, filled) = known.unwrap();
        *filled = filled.checked_add(fill.qty).unwrap();
        let sign = if ticket.side == Side::Buy { 1 } else { -1 };
        let round = nija_core::words::fixed::Round::Down;
        let worth = coin().value(fill.price, fill.qty, round).unwrap();
        let (base, quote) = (sign * fill.qty.raw(), -sign * worth.raw());
        match ticket.instrument {
            PAIR => {
                // A thousandth of what it is worth in dollars, about 2,500 an ether.
                let rate = fill.fee.raw() / (fill.qty.raw() / 1_000);
                assert!((2_400..2_600).contains(&rate), "{rate}");
                let moved = [quote, base].map(Qty::from_raw);
                self.coins = [0, 1].map(|n: usize| self.coins[n].checked_add(moved[n]).unwrap());
            }
            of => {
                let n = usize::from(of == ETH);
                self.coins[n] = self.coins[n].checked_add(Qty::from_raw(base)).unwrap();
                self.cash = self.cash.checked_add(Money::from_raw(quote)).unwrap();
            }
        }
        self.cash = self.cash.checked_sub(fill.fee).unwrap();
    }

    fn count(&self, of: impl Fn(&Ticket) -> bool) -> usize {
        self.orders.iter().filter(|(ticket, _)| of(ticket)).count()
    }
    fn whole(&self) -> usize {
        let legs = self.orders.iter().filter(|(ticket, _)| ticket.crosses());
        legs.filter(|(ticket, filled)| *filled == ticket.qty).count()
    }
}

const fn hedges(ticket: &Ticket) -> bool {
    ticket.pair.is_none() && matches!(ticket.tif, TimeInForce::Gtc)
}

/// Stock of both coins as it was bought, but for less than a lot of bitcoin.
fn is_even(story: &Story) -> bool {
    let bought = |of| {
        let alone = story.orders.iter().filter(|(ticket, _)| {
            ticket.pair.is_none() && ticket.tif == TimeInForce::Ioc && ticket.instrument == of
        });
        alone.fold(0, |sum, (_, filled)| sum + filled.raw())
    };
    let off = [BTC, ETH].map(bought);
    (off[0] - story.coins[0].raw()).abs() < 40_000 && off[1] == story.coins[1].raw()
}

async fn play(events: &[MarketEvent]) -> (Backtest, Story) {
    let (mut run, batches) = opened().await;
    for event in events {
        run.step(event.at, std::slice::from_ref(event)).await.unwrap();
    }
    run.finish().await.unwrap();
    let story = Story::of(&batches);
    // Whatever happened, the books are what the fills say, to a step of each of them.
    let view = view(&mut run);
    let off = view.cash.checked_sub(story.cash).unwrap();
    assert!(off.abs() < Money::from_raw(1_000), "{off}");
    assert!(view.orders.is_empty());
    assert_eq!(held(&mut run), story.coins);
    let desks = run.partitions().unwrap().desks();
    assert_eq!(desks.iter().map(|desk| desk.trial_balance()).sum::<i128>(), 0);
    (run, story)
}

#[tokio::test]
async fn a_planted_edge_is_earned_if_it_outlives_the_latency() {
    let (mut run, story) = play(&walk(1, 100, 10)).await;
    let loops = story.count(Ticket::crosses) / 3;
    assert!(loops >= 30, "{loops}");
    assert_eq!(story.whole(), 3 * loops, "each leg filled whole");
    assert!(is_even(&story), "{:?}", story.coins);
    // About $1,500 around each time for a percent less three tenths of fees and some spread.
    let gained = view(&mut run).equity.checked_sub(CASH).unwrap();
    assert!(gained > Money::whole(200) && gained < Money::whole(450), "{gained}");
}

#[tokio::test]
async fn one_that_is_over_before_the_orders_arrive_is_hedged() {
    let (mut run, story) = play(&walk(1, 100, 2)).await;
    // The dollar legs of ether find nothing, the other two do; what that leaves is undone.
    assert!(story.count(hedges) >= 25, "{}", story.count(hedges));
    assert!(is_even(&story), "{:?}", story.coins);
    assert!(view(&mut run).equity < CASH);
}

#[tokio::test]
async fn a_walk_without_an_edge_is_left_alone() {
    for seed in 0..5 {
        let (mut run, story) = play(&walk(seed, 0, 10)).await;
        assert!(story.orders.is_empty());
        assert_eq!(view(&mut run).equity, CASH);
    }
}

/// What is said before an event does not depend on what comes after it.
#[tokio::test]
async fn a_run_that_is_cut_short_is_the_beginning_of_the_whole() {
    let events = walk(1, 100, 10);
    let orders = |story: Story| story.orders.into_iter().map(|(ticket, _)| ticket);
    let whole: Vec<Ticket> = orders(play(&events).await.1).collect();
    // Cut where nothing is under way.
    for cut in [4_560, 1_560, 960] {
        let part: Vec<Ticket> = orders(play(&events[..cut]).await.1).collect();
        assert!(!part.is_empty() && whole.starts_with(&part), "{cut}");
    }
}

/// The legs are with the venue when everything is restarted: it forgets orders that are for now.
#[tokio::test]
async fn a_restart_between_the_legs_leaves_both_coins_even() {
    let events = walk(1, 100, 10);
    let events = &events[..960];
    let mut restarts = 0;
    // Restarts at every step around the fourth dislocation, and no two in one run.
    for at in 565..600 {
        let (mut run, batches) = opened().await;
        for (n, event) in events.iter().enumerate() {
            if n == at {
                restarts += usize::from(!view(&mut run).orders.is_empty());
                run.begin_again(books(), around(), event.at).await.unwrap();
            }
            run.step(event.at, std::slice::from_ref(event)).await.unwrap();
        }
        run.finish().await.unwrap();
        let story = Story::of(&batches);
        assert!(view(&mut run).orders.is_empty());
        assert_eq!(held(&mut run), story.coins, "{at}");
        assert!(is_even(&story), "{at} {:?}", story.coins);
    }
    assert!(restarts >= 4, "{restarts}");
}
