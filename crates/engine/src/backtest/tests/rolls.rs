//! Three months of one contract, reckoned by hand to the cent: what moves from month to month costs two trades, and
//! the jump between the months is no profit.

use super::*;
use crate::feeds::Error;
use crate::sim::fee::Fee;
use nija_core::desk::event::Event;
use nija_core::words::conditions::Regime;
use nija_core::words::money::Pct;
use nija_core::words::order::Purpose;
use nija_market::candle::Candle;
use nija_market::engine::{Contract, derivatives};
use nija_market::roll::Family;
use std::collections::VecDeque;

/// 28 January 2024: the trend speaks at the close of 1 February, the fourth day from here.
const START: i32 = 19_750;
const MONTHS: [InstrumentId; 3] = [InstrumentId(11), InstrumentId(12), InstrumentId(13)];
/// Days from the start on which the months end.
const ENDS: [i32; 3] = [25, 40, 70];

fn day(n: i32) -> Timestamp {
    Timestamp::of_day(START + n, Span::ZERO)
}

/// A month: five dollars a point, in hundredths.
fn month(n: usize) -> Instrument {
    Instrument {
        id: MONTHS[n],
        symbol: format!("M{n}"),
        class: AssetClass::Derivatives,
        kind: Kind::Future { multiplier: 5, expiry: day(ENDS[n]), maintenance: None },
        lot: Qty::from_raw(1_000_000),
        ..coin()
    }
}

struct Given(VecDeque<MarketEvent>);

impl Feed for Given {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        Ok(self.0.pop_front())
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        Ok(self.0.front().map(|event| event.at))
    }
}

/// Twenty-one days. The first month closes at 100 and moves by `step` a day; each later one costs ten more. Each
/// opens where it closed. The second month is traded more from day 7 on, the third from day 16 on.
fn street(step: i32) -> Given {
    let mut events = Vec::new();
    for n in 0..21 {
        for (of, &instrument) in MONTHS.iter().enumerate() {
            let close = |n: i32| Price::whole(100 + step * n + 10 * of as i32);
            let (open, close) = (close((n - 1).max(0)), close(n));
            let volume = match of {
                0 => 100.0,
                1 if n >= 7 => 200.0,
                2 if n >= 16 => 300.0,
                _ => 50.0,
            };
            let (open_at, close_at) = (day(n), day(n + 1));
            let (high, low) = (open.max(close), open.min(close));
            let candle = Candle { instrument, open_at, close_at, open, high, low, close, volume };
            let kind = feeds::Kind::BarOpened { instrument, price: open };
            events.push(MarketEvent { at: open_at, kind });
            let kind = feeds::Kind::BarClosed(candle);
            events.push(MarketEvent { at: close_at, kind });
        }
    }
    events.sort_by_key(MarketEvent::rank);
    Given(events.into())
}

/// An account of $100,000 before the first day, traded by a trend that holds half of full size: $1,500.
async fn begin() -> (Backtest, Batches) {
    let mut setup = Setup::default();
    let contracts: Vec<Contract> = MONTHS
        .iter()
        .zip(ENDS)
        .map(|(&instrument, end)| Contract { instrument, expiry: day(end) })
        .collect();
    let families = vec![Family { months: contracts.clone() }];
    let trend = vec![MONTHS[0]];
    setup.derivatives = derivatives::Setup { trend, contracts, families, ..Default::default() };
    let parameters = &mut setup.playbook.macro_trend.parameters;
    (parameters.look_back, parameters.center_of_mass, parameters.cash_return) = (3, 2, 0.0);
    (parameters.portfolio_volatility, parameters.most) = (1e9, 0.5);
    (parameters.target_volatility, parameters.version) = (1e6, 2);

    let mut terms = Terms::frictionless(1);
    terms.derivatives.fee = Fee::Percent { rate: Pct::from_raw(10_000_000) };
    let mut exchange = Exchange::new(terms);
    (0..3).for_each(|n| exchange.list(month(n)));
    let tiers = TierTable::parse(DEFAULT_TABLE).unwrap();
    let plans = Plans::parse(DEFAULT_PLANS).unwrap();
    let desks = Partitions::new(1, &Arc::new(Rules::new(tiers, plans, Money::whole(10))));
    let batches = Batches::default();
    let kept = Arc::clone(&batches);
    let seen = Box::new(move |batch: &Batch| kept.lock().unwrap().push(batch.clone()));
    let trader = Trader::new(Analyst::new(&setup));
    let mut run = Backtest::new(desks, exchange, trader, Arc::new(Tape::default()), seen);

    let calm = Some(Score::points(20));
    let conditions = Conditions {
        at: day(0),
        regime: Some(Regime::TrendingUp),
        crypto_volatility: calm,
        equity_volatility: calm,
        liquidity: Some(Score::MAX),
        ..Conditions::default()
    };
    let open = Command::Open {
        user: UserId(1),
        tier: Tier::Baller,
        tolerance: Tolerance::Moderate,
        day_starts: Span::ZERO,
        deposit: Money::whole(100_000),
    };
    let begins = Input::Announce { node: "test".to_owned(), epoch: Epoch(1) };
    let lists = (0..3).map(|n| Input::List(month(n)));
    let rest = [Input::Conditions(conditions), command(open)];
    for input in [begins].into_iter().chain(lists).chain(rest) {
        run.input(input, day(0)).await.unwrap();
    }
    (run, batches)
}

fn events(batches: &Batches) -> Vec<Event> {
    let batches = batches.lock().unwrap();
    batches.iter().flat_map(|batch| batch.events().unwrap()).collect()
}

/// What was filled: which month, bought or sold, at which price, and whether a roll asked for it.
fn fills(batches: &Batches) -> Vec<(usize, Side, Price, bool)> {
    let mut tickets = std::collections::BTreeMap::new();
    let mut fills = Vec::new();
    for event in events(batches) {
        match event {
            Event::Approved { ticket, .. } => drop(tickets.insert(ticket.id, ticket)),
            Event::Filled { order, fill, .. } => {
                let ticket = &tickets[&order];
                let of = MONTHS.iter().position(|id| *id == ticket.instrument).unwrap();
                let rolls = matches!(ticket.origin, Origin::Roll { .. });
                fills.push((of, ticket.side, fill.price, rolls));
            }
            _ => {}
        }
    }
    fills
}

fn equity(run: &mut Backtest) -> Money {
    let view = run.partitions().unwrap().desks()[0].query(&Query::Account(ACCOUNT));
    match view {
        View::Account(view) => view.equity,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn three_months_by_hand_to_the_cent() {
    use Side::{Buy, Sell};
    // Rising: 2.88 contracts at 104 (1,500 / 520), out at 108 and in at 118, out at 127 and in at 137, worth 140 at
    // the end: 5 x 2.88 x (4 + 9 + 3) = 230.40, which is what the contract moved by, 16 points. The fees are a
    // thousandth of 5 x 2.88 x (104 + 108 + 118 + 127 + 137) = 8,553.60.
    // Falling: 3.12 contracts sold at 96, back at 92, sold at 102, back at 93, sold at 103, worth 100 at the end:
    // 5 x 3.12 x 16 = 249.60; the fees are a thousandth of 5 x 3.12 x 486 = 7,581.60.
    for (step, (into, out), prices, wanted) in [
        (1, (Buy, Sell), [104, 108, 118, 127, 137], "100221.8464"),
        (-1, (Sell, Buy), [96, 92, 102, 93, 103], "100242.0184"),
    ] {
        let (mut run, batches) = begin().await;
        run.run(&mut street(step)).await.unwrap();
        let months =
            [(0, into, false), (0, out, true), (1, into, true), (1, out, true), (2, into, true)];
        let made = months.iter().zip(prices);
        let made: Vec<_> = made
            .map(|((of, side, rolls), price)| (*of, *side, Price::whole(price), *rolls))
            .collect();
        assert_eq!(fills(&batches), made);
        assert_eq!(equity(&mut run), wanted.parse().unwrap());
        assert_eq!(run.partitions().unwrap().desks()[0].trial_balance(), 0);
    }
}

#[tokio::test]
async fn where_the_entry_is_refused_the_account_is_flat_and_the_refusal_stands_in_the_journal() {
    let (mut run, batches) = begin().await;
    let kill = Input::Kill {
        scope: Scope::Symbol(MONTHS[1]),
        by: Actor::Platform,
        reason: "as a test".to_owned(),
        flatten: false,
    };
    run.input(kill, day(0)).await.unwrap();
    run.run(&mut street(1)).await.unwrap();
    let made = fills(&batches);
    assert_eq!(made.len(), 2, "{made:?}");
    let refused = events(&batches).into_iter().find_map(|event| match event {
        Event::Refused { wish, refusal, .. } => Some((wish, refusal.code)),
        _ => None,
    });
    let (wish, code) = refused.unwrap();
    assert_eq!((wish.instrument, code.name()), (MONTHS[1], "KILL_SWITCH"));
    assert!(matches!(wish.origin, Origin::Roll { from, .. } if from == MONTHS[0]));
    // 2.88 x 5 x 4 won, fees of 1.4976 and 1.5552.
    assert_eq!(equity(&mut run), "100054.5472".parse().unwrap());
    // What is left behind is not entered by the next roll either.
    let entries = events(&batches).into_iter().filter(
        |event| matches!(event, Event::Approved { ticket, .. } if ticket.purpose == Purpose::Entry),
    );
    assert_eq!(entries.count(), 1);
}

#[tokio::test]
async fn a_family_is_traded_the_same_as_far_as_it_is_known() {
    let (mut run, batches) = begin().await;
    run.run(&mut street(1)).await.unwrap();
    let whole = events(&batches);
    for days in [6, 9, 10, 18, 19] {
        let (mut run, batches) = begin().await;
        let mut street = street(1);
        street.0.retain(|event| event.at <= day(days));
        run.run(&mut street).await.unwrap();
        let part = events(&batches);
        assert!(part.len() > 10 && part[..] == whole[..part.len()], "{days} days");
    }
}
