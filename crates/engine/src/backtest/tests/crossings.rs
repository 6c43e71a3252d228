//! Arbitrage through desk, gates, ledger and books: two made books around one price, whose orders arrive late.

use super::*;
use crate::sim::fee::Fee;
use crate::sim::filling::Filling;
use crate::sim::latency::Latency;
use nija_core::desk::answer::{AccountView, Query, View};
use nija_core::words::money::Pct;
use nija_core::words::order::Ticket;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const TICK: i64 = 1_000_000;
const PLACES: [InstrumentId; 2] = [InstrumentId(1), InstrumentId(2)];
const CASH: Money = Money::whole(100_000);
const LATENCY: Span = Span::millis(50);

fn place(id: InstrumentId) -> Instrument {
    Instrument { id, symbol: format!("COIN.{id}"), lot: Qty::from_raw(100_000), ..coin() }
}

fn books() -> Exchange {
    let mut terms = Terms::frictionless(1);
    terms.latency = Latency::Fixed { span: LATENCY };
    let rate: Pct = "0.1".parse().unwrap();
    (terms.crypto.filling, terms.crypto.fee) = (Filling::Queue, Fee::Percent { rate });
    let mut exchange = Exchange::new(terms);
    PLACES.into_iter().for_each(|id| exchange.list(place(id)));
    exchange
}

fn between() -> Trader {
    let mut setup = Setup::default();
    setup.crypto.crossing = vec![PLACES];
    setup.playbook.crypto_arbitrage.parameters.lot = 0.001;
    Trader::new(Analyst::new(&setup))
}

async fn opened() -> (Backtest, Batches) {
    let tiers = TierTable::parse(DEFAULT_TABLE).unwrap();
    let plans = Plans::parse(DEFAULT_PLANS).unwrap();
    let desks = Partitions::new(1, &Arc::new(Rules::new(tiers, plans, Money::whole(10))));
    let batches = Batches::default();
    let kept = Arc::clone(&batches);
    let seen = Box::new(move |batch: &Batch| kept.lock().unwrap().push(batch.clone()));
    let mut run = Backtest::new(desks, books(), between(), Arc::new(Tape::default()), seen);
    let calm = Some(Score::points(20));
    let calm = Conditions { at: NOON, crypto_volatility: calm, ..Conditions::default() };
    let (tier, tolerance) = (Tier::Baller, Tolerance::Moderate);
    let open =
        Command::Open { user: UserId(1), tier, tolerance, day_starts: Span::ZERO, deposit: CASH };
    let announce = Input::Announce { node: "test".to_owned(), epoch: Epoch(1) };
    let list = PLACES.map(|id| Input::List(place(id)));
    let begin = [announce].into_iter().chain(list).chain([Input::Conditions(calm), command(open)]);
    for input in begin {
        run.input(input, NOON).await.unwrap();
    }
    (run, batches)
}

fn quote(instrument: InstrumentId, at: i64, bid: i64, ask: i64) -> MarketEvent {
    let (bid, ask) = (Price::from_raw(bid * TICK), Price::from_raw(ask * TICK));
    let (bid_qty, ask_qty) = (Qty::whole(2), Qty::whole(2));
    let kind = feeds::Kind::Quote { instrument, bid, ask, bid_qty, ask_qty };
    MarketEvent { at: NOON.plus(Span(at)), kind }
}

/// Two places around one price of about $100. Once a second the second one is a percent dearer or cheaper, in turns:
/// the first two times for ten steps of 20 ms, so that there is something to sell, then for `lasts`.
fn pair(seed: u64, off: i64, lasts: i64) -> Vec<MarketEvent> {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let (mut fair, mut events) = (10_000i64, Vec::new());
    for n in 0..2_000i64 {
        let at = n * 20_000;
        let lasts = if n < 100 { 10 } else { lasts };
        let is_apart = n < 1_950 && n % 50 >= 40 && n % 50 < 40 + lasts;
        let off = if is_apart { off } else { 0 };
        let off = if n % 100 < 50 { off } else { -off };
        events.push(quote(PLACES[0], at, fair - 1, fair + 1));
        events.push(quote(PLACES[1], at + 1, fair + off - 1, fair + off + 1));
        // It stands still while they are apart.
        fair += if n % 50 < 36 { chance.random_range(-1..=1) } else { 0 };
    }
    events
}

fn view(run: &mut Backtest) -> AccountView {
    match run.partitions().unwrap().query(&Query::Account(ACCOUNT)) {
        View::Account(view) => *view,
        other => panic!("{other:?}"),
    }
}

fn held(run: &mut Backtest) -> Qty {
    let positions = view(run).positions;
    positions.iter().fold(Qty::ZERO, |sum, held| sum.saturating_add(held.qty))
}

/// How a run went: orders with what was filled of each, and cash by fills alone.
struct Story {
    orders: Vec<(Ticket, Qty)>,
    cash: Money,
}

impl Story {
    fn of(batches: &Batches) -> Self {
        let mut story = Self { orders: Vec::new(), cash: CASH };
        let batches = batches.lock().unwrap();
        for event in batches.iter().flat_map(|batch| batch.events().unwrap()) {
            match event {
                Event::Approved { ticket, .. } => story.orders.push((ticket, Qty::ZERO)),
                Event::Filled { order, fill, .. } => {
                    let known = story.orders.iter_mut().find(|(ticket, _)| ticket.id == order);
                    let (ticket, filled) = known.unwrap();
                    *filled = filled.checked_add(fill.qty).unwrap();
                    let row = place(ticket.instrument);
                    let round = nija_core::words::fixed::Round::HalfEven;
                    let worth = row.value(fill.price, fill.qty, round).unwrap();
                    let worth = if ticket.side == Side::Buy { worth.negated() } else { worth };
                    story.cash = story.cash.checked_add(worth).unwrap();
                    story.cash = story.cash.checked_sub(fill.fee).unwrap();
                }
                Event::Refused { refusal, wish, .. } => panic!("{refusal} {wish:?}"),
                _ => {}
            }
        }
        story
    }

    fn sum(&self, of: impl Fn(&Ticket) -> bool) -> Qty {
        let orders = self.orders.iter().filter(|(ticket, _)| of(ticket));
        orders.fold(Qty::ZERO, |sum, (_, filled)| sum.checked_add(*filled).unwrap())
    }
    fn count(&self, of: impl Fn(&Ticket) -> bool) -> usize {
        self.orders.iter().filter(|(ticket, _)| of(ticket)).count()
    }
    /// What was bought to be sold later.
    fn stock(&self) -> Qty {
        self.sum(|ticket| ticket.pair.is_none() && ticket.tif == TimeInForce::Ioc)
    }
}

const fn hedges(ticket: &Ticket) -> bool {
    ticket.pair.is_none() && matches!(ticket.tif, TimeInForce::Gtc)
}

async fn play(events: &[MarketEvent]) -> (Backtest, Story) {
    let (mut run, batches) = opened().await;
    for event in events {
        run.step(event.at, std::slice::from_ref(event)).await.unwrap();
    }
    run.finish().await.unwrap();
    let story = Story::of(&batches);
    // Whatever happened, the books are what the fills say, and the account holds what it bought to sell.
    let view = view(&mut run);
    assert_eq!(view.cash, story.cash);
    assert!(view.orders.is_empty());
    assert_eq!(held(&mut run), story.stock());
    let desks = run.partitions().unwrap().desks();
    assert_eq!(desks.iter().map(|desk| desk.trial_balance()).sum::<i128>(), 0);
    (run, story)
}

#[tokio::test]
async fn a_planted_dislocation_is_earned_if_it_outlives_the_latency() {
    let (mut run, story) = play(&pair(1, 100, 10)).await;
    let (sold, bought) = [Side::Sell, Side::Buy]
        .map(|side| story.sum(|ticket| ticket.crosses() && ticket.side == side))
        .into();
    assert_eq!((sold, bought, story.count(hedges)), (bought, Qty::whole(76), 0));
    // 38 times two pieces at a percent, less two ticks of spread each time and a thousandth of both sides.
    let gained = view(&mut run).equity.checked_sub(CASH).unwrap();
    assert!(gained > Money::whole(56) && gained < Money::whole(61), "{gained}");
}

#[tokio::test]
async fn one_that_is_over_before_the_orders_arrive_is_missed_or_hedged() {
    let (mut run, story) = play(&pair(1, 100, 2)).await;
    // The first crossing was there long enough. From then on what is held is dear every other time, and all that the
    // other leg got is given back at a loss.
    assert_eq!((story.count(Ticket::crosses), story.count(hedges)), (2 + 2 * 19, 19));
    assert!(view(&mut run).equity < CASH);
}

#[tokio::test]
async fn consistent_books_are_left_alone() {
    let (mut run, story) = play(&pair(2, 0, 10)).await;
    assert!(story.orders.is_empty());
    assert_eq!(view(&mut run).equity, CASH);
}

/// The legs of a crossing are with the venue when everything is restarted: it forgets orders that are for now.
#[tokio::test]
async fn a_restart_between_the_legs_leaves_them_equal() {
    let events = pair(1, 100, 10);
    let events = &events[..760];
    let mut restarts = 0;
    // Restarts at every step around the third dislocation, and no two in one run.
    for at in 275..300 {
        let (mut run, batches) = opened().await;
        for (n, event) in events.iter().enumerate() {
            if n == at {
                restarts += usize::from(!view(&mut run).orders.is_empty());
                run.begin_again(books(), between(), event.at).await.unwrap();
            }
            run.step(event.at, std::slice::from_ref(event)).await.unwrap();
        }
        run.finish().await.unwrap();
        let story = Story::of(&batches);
        assert!(view(&mut run).orders.is_empty());
        assert_eq!((held(&mut run), view(&mut run).cash), (story.stock(), story.cash), "{at}");
    }
    assert!(restarts >= 4, "{restarts}");
}
