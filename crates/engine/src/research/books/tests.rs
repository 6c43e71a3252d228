//! Market making and arbitrage through the venues: made markets with and without something to win, what the future
//! may change, and the recorded minutes.

use super::crossing::Crossings;
use super::making::Making;
use super::*;
use crate::feeds::recording::{self, Reading, Recording};
use crate::feeds::steps::Steps;
use crate::feeds::{Feed, Kind};
use crate::sim::fee::Fee;
use crate::sim::filling::Filling;
use crate::sim::latency::Latency;
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::{AssetClass, Hours, Kind as Nature, VenueName};
use nija_core::words::money::Pct;
use nija_core::words::time::Span;
use nija_market::engine::crypto::{ArbitrageParameters, MakingParameters};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::path::PathBuf;

const TICK: i64 = 1_000_000;

fn plan(place: u32, fee: &str, latency: Span) -> Plan {
    let rate: Pct = fee.parse().unwrap();
    let mut rules = Rules::frictionless(3);
    rules.latency = Latency::Fixed { span: latency };
    (rules.crypto.filling, rules.crypto.fee) = (Filling::Queue, Fee::Percent { rate });
    let instrument = Instrument {
        id: InstrumentId(place + 1),
        symbol: format!("COIN.{place}"),
        class: AssetClass::Crypto,
        kind: Nature::Spot,
        hours: Hours::Always,
        tick: Price::from_raw(TICK),
        lot: Qty::from_raw(1_000),
        stale_after: Span::DAY,
        venue: VenueName::Paper,
    };
    Plan { instrument, rules, cash: Money::whole(100_000), units: Qty::whole(50) }
}

fn quote(place: u32, at: i64, bid: i64, ask: i64, qty: i32) -> MarketEvent {
    let (bid, ask) = (Price::from_raw(bid * TICK), Price::from_raw(ask * TICK));
    let (bid_qty, ask_qty) = (Qty::whole(qty), Qty::whole(qty));
    let kind = Kind::Quote { instrument: InstrumentId(place + 1), bid, ask, bid_qty, ask_qty };
    MarketEvent { at: Timestamp(at), kind }
}
fn trade(at: i64, price: i64, qty: i32, taker: Side) -> MarketEvent {
    let (price, qty) = (Price::from_raw(price * TICK), Qty::whole(qty));
    let kind = Kind::Trade { instrument: InstrumentId(1), price, qty, taker: Some(taker) };
    MarketEvent { at: Timestamp(at), kind }
}

fn making() -> MakingParameters {
    MakingParameters {
        gamma: 1e-6,
        k: 1e6,
        horizon_seconds: 1.0,
        volatility_seconds: 2.0,
        calm_seconds: 60.0,
        pause: 1e9,
        maker_fee: 0.0,
        adverse: 0.0,
        quote: 1.0,
        least_inventory: 0.0,
        most_inventory: 100.0,
        refresh_millis: 350,
        tick: 0.01,
        ..nija_market::playbook::Playbook::default().crypto_market_making.parameters
    }
}

/// A fair price that goes up or down a tick every tenth of a second, a book four ticks wide around it, and trades.
/// `fair`: everybody trades at what it is worth by then; else takers come from both sides alike and pay the book's
/// whole width, whatever the price does next.
fn street(seed: u64, is_fair: bool) -> Vec<MarketEvent> {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let (mut fair, mut events) = (10_000i64, Vec::new());
    for n in 0..3_000i64 {
        let at = n * 100_000;
        events.push(quote(0, at, fair - 4, fair + 4, 5));
        let (step, up) = (if chance.random_bool(0.5) { 1 } else { -1 }, chance.random_bool(0.5));
        let up = if is_fair { step > 0 } else { up };
        let (taker, price) = match (is_fair, up) {
            (true, true) => (Side::Buy, fair + 1),
            (true, false) => (Side::Sell, fair - 1),
            (false, true) => (Side::Buy, fair + 4),
            (false, false) => (Side::Sell, fair - 4),
        };
        events.push(trade(at + 50_000, price, 3, taker));
        fair += step;
    }
    events
}

fn make(events: &[MarketEvent], fee: &str, parameters: MakingParameters) -> making::Outcome {
    let mut run = Making::new(&plan(0, fee, Span::millis(10)), parameters);
    events.iter().for_each(|event| run.on_step(event.at, std::slice::from_ref(event)));
    run.finish().unwrap()
}

/// The parts are what the balances say, nothing is sold that is not held, and bounds hold.
fn holds(outcome: &making::Outcome, most: Qty) {
    let split = outcome.split;
    let parts = [split.spread, split.adverse, split.inventory, outcome.opening];
    let sum = parts.into_iter().fold(Money::ZERO, Money::saturating_add);
    let earned = sum.saturating_sub(outcome.account.fees());
    let off = outcome.end.saturating_sub(outcome.start).saturating_sub(earned).raw().abs();
    assert!(off <= outcome.fills as i64 + 8, "{off}: {outcome:?}");
    let (least, held) = outcome.counts.inventory;
    assert!(!least.is_negative() && held <= most, "{least} {held}");
    assert!(!outcome.account.cash().is_negative());
}

fn dollars(money: Money) -> f64 {
    money.raw() as f64 / 1e8
}

/// Where takers come from both sides alike, the spread is earned; twice over half of it pays a small fee too.
#[test]
fn a_planted_spread_is_earned() {
    for (fee, least) in [("0", 10.0), ("0.002", 5.0)] {
        let outcome = make(&street(1, false), fee, making());
        holds(&outcome, Qty::whole(100));
        let earned =
            dollars(outcome.end.saturating_sub(outcome.start).saturating_sub(outcome.opening));
        assert!(outcome.fills > 1_000 && earned > least, "{fee}: {earned} {:?}", outcome.split);
        assert!(outcome.split.spread.is_positive());
    }
}

/// Where everybody trades at what it is worth, nothing is won before fees but by chance, and fees are lost.
#[test]
fn a_fair_street_gives_nothing_before_fees() {
    let gains: Vec<f64> = (0..40)
        .map(|seed| {
            let outcome = make(&street(seed, true), "0.005", making());
            holds(&outcome, Qty::whole(100));
            assert!(outcome.account.fees().is_positive());
            let net = outcome.end.saturating_sub(outcome.start).saturating_sub(outcome.opening);
            dollars(net.saturating_add(outcome.account.fees()))
        })
        .collect();
    let mean = gains.iter().sum::<f64>() / 40.0;
    let deviation = (gains.iter().map(|g| (g - mean) * (g - mean)).sum::<f64>() / 39.0).sqrt();
    let t = mean / (deviation / 40f64.sqrt());
    assert!(t.abs() < 4.0, "mean {mean}, t {t}");
}

/// Two places around one fair price; now and then the second is dearer for as long as `lasts` steps.
fn pair(seed: u64, dislocation: i64, lasts: i64) -> Vec<MarketEvent> {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let (mut fair, mut events) = (10_000i64, Vec::new());
    for n in 0..2_000i64 {
        let at = n * 20_000;
        let off = if n % 50 >= 40 && n % 50 < 40 + lasts { dislocation } else { 0 };
        let off = if n % 100 < 50 { off } else { -off };
        events.push(quote(0, at, fair - 1, fair + 1, 2));
        events.push(quote(1, at + 1, fair + off - 1, fair + off + 1, 2));
        // It stands still while they are apart.
        fair += if n % 50 < 36 { chance.random_range(-1..=1) } else { 0 };
    }
    events
}

fn cross(events: &[MarketEvent], fee: &str, latency: Span) -> crossing::Outcome {
    let parameters = ArbitrageParameters { lot: 0.001, ..shipped_arbitrage() };
    let mut run = Crossings::new([plan(0, fee, latency), plan(1, fee, latency)], parameters);
    events.iter().for_each(|event| run.on_step(event.at, std::slice::from_ref(event)));
    let outcome = run.finish().unwrap();
    assert!(outcome.accounts.iter().all(|a| !a.units().is_negative() && !a.cash().is_negative()));
    outcome
}

fn shipped_arbitrage() -> ArbitrageParameters {
    nija_market::playbook::Playbook::default().crypto_arbitrage.parameters
}

fn net(outcome: &crossing::Outcome) -> f64 {
    let fees = outcome.accounts.iter().map(|account| dollars(account.fees())).sum::<f64>();
    dollars(outcome.legs.earned.saturating_add(outcome.legs.hedges)) - fees
}

#[test]
fn a_planted_dislocation_is_earned_if_it_outlives_the_latency() {
    // One percent off, fees of a thousandth at both, ten steps of 20 ms against 50 ms.
    let outcome = cross(&pair(1, 100, 10), "0.1", Span::millis(50));
    assert!(outcome.legs.whole >= 30 && net(&outcome) > 10.0, "{outcome:?}");
    assert_eq!(outcome.residual, Qty::ZERO);
    // It ends before the orders arrive: legs lapse, and what one of them got is hedged; nothing is earned.
    let late = cross(&pair(1, 100, 2), "0.1", Span::millis(50));
    assert!(late.legs.missed + late.legs.hedged > 10, "{late:?}");
    assert!((late.legs.whole, late.residual) == (0, Qty::ZERO) && net(&late) <= 0.0, "{late:?}");
}

#[test]
fn equal_venues_give_nothing_to_cross() {
    let outcome = cross(&pair(2, 0, 10), "0.1", Span::millis(50));
    assert_eq!((outcome.fills, outcome.legs), (0, crossing::Legs::default()));
}

/// The slower of two venues is where residuals come from; they are hedged, and orders went to their own venues.
#[test]
fn venues_have_fees_and_latencies_of_their_own() {
    let plans = [plan(0, "0.1", Span::ZERO), plan(1, "0.2", Span::millis(150))];
    let parameters = ArbitrageParameters { lot: 0.001, ..shipped_arbitrage() };
    let mut run = Crossings::new(plans, parameters);
    pair(3, 100, 3).iter().for_each(|event| run.on_step(event.at, std::slice::from_ref(event)));
    let outcome = run.finish().unwrap();
    assert!(outcome.legs.hedged > 5 && outcome.legs.whole == 0, "{outcome:?}");
    assert_eq!(outcome.residual, Qty::ZERO);
    for (place, rate) in [(0, 1_000), (1, 500)] {
        let of = outcome.dealt.iter().filter(|dealt| dealt.place == place);
        assert!(of.clone().all(|dealt| {
            let value =
                i128::from(dealt.fill.price.raw()) * i128::from(dealt.fill.qty.raw()) / 100_000_000;
            (value / rate - i128::from(dealt.fill.fee.raw())).abs() <= 2
        }));
    }
}

#[test]
fn what_comes_later_changes_nothing_before() {
    let events = street(5, false);
    let whole = make(&events, "0.005", making()).dealt;
    let apart = pair(5, 100, 10);
    let crossed = cross(&apart, "0.1", Span::millis(50)).dealt;
    assert!(whole.len() > 100 && crossed.len() > 20);
    for part in 1..8 {
        let known = &events[..events.len() * part / 8];
        let found = make(known, "0.005", making()).dealt;
        assert!(
            whole.starts_with(&found)
                && whole.get(found.len()).is_none_or(|next| next.at >= known[known.len() - 1].at)
        );
        let known = &apart[..apart.len() * part / 8];
        let found = cross(known, "0.1", Span::millis(50)).dealt;
        assert!(crossed.starts_with(&found));
    }
}

fn recorded(symbol: &str, place: u32) -> Recording {
    let ticks = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/ticks"));
    let reading = Reading { strict: true, ..Reading::default() };
    recording::open(&ticks.join(symbol), InstrumentId(place + 1), reading).unwrap()
}

/// The recorded minutes of spot bitcoin at no fee and at that of a small customer: the parts add up, and what the
/// strategy is worth there stands in docs/strategies.md.
#[test]
fn the_recorded_minutes_add_up() {
    let play = |fee: &str, maker_fee: f64| {
        let mut plan = plan(0, fee, Span::millis(50));
        (plan.instrument.lot, plan.units) = (Qty::from_raw(1_000), Qty::from_raw(5_000_000));
        let shipped = nija_market::playbook::Playbook::default().crypto_market_making.parameters;
        let mut run = Making::new(&plan, MakingParameters { maker_fee, ..shipped });
        let mut feed = recorded("BTC-USDT.BINANCE", 0);
        let mut steps = Steps::of(&mut feed);
        while let Some((at, events)) = steps.next_step().unwrap() {
            run.on_step(at, events);
        }
        run.finish().unwrap()
    };
    let free = play("0", 0.0);
    holds(&free, "0.1".parse().unwrap());
    assert!(free.fills > 0, "it trades");
    assert_eq!(free.account.fees(), Money::ZERO);
    // A quote that has to pay a thousandth stands so far away that these minutes hardly reach it.
    let dear = play("0.1", 0.001);
    holds(&dear, "0.1".parse().unwrap());
    assert!(dear.account.traded() < free.account.traded());
}

/// Spot against the perpetual of the same minutes: every residual is hedged, and nothing is earned after fees.
#[test]
fn the_recorded_pair_leaves_no_residual() {
    let play = |fee: &str| {
        let place = |place| {
            let mut plan = plan(place, fee, Span::millis(50));
            (plan.instrument.lot, plan.units) = (Qty::from_raw(100_000), Qty::from_raw(5_000_000));
            plan
        };
        let parameters = ArbitrageParameters { lot: 0.001, ..shipped_arbitrage() };
        let mut run = Crossings::new([place(0), place(1)], parameters);
        let feeds: [Box<dyn Feed>; 2] = [
            Box::new(recorded("BTC-USDT.BINANCE", 0)),
            Box::new(recorded("BTC-USDT-PERP.BINANCE", 1)),
        ];
        let mut feed = crate::feeds::merge::Merge::new(feeds.into(), &[]);
        let mut steps = Steps::of(&mut feed);
        while let Some((at, events)) = steps.next_step().unwrap() {
            run.on_step(at, events);
        }
        run.finish().unwrap()
    };
    assert_eq!(play("0.1").fills, 0, "the difference never pays two fees");
    let free = play("0");
    assert!(free.fills > 0 && free.residual == Qty::ZERO, "{free:?}");
}
