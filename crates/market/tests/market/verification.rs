//! One harness over all twelve strategies, a row each: nothing said changes when the future is taken away; where
//! there is nothing to win they win nothing beside chance; where an edge is planted they find it.
//!
//! Gains are counted before costs and costs apart, so the null test reads: net of costs, expected profit is minus
//! the costs. Everything is seeded.

mod account;
mod candles;
mod rows;
mod streets;
mod subject;

use super::market::t_statistic;
use candles::{reverting, sessions};
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::Hours;
use nija_core::words::signal::StrategyName;
use nija_market::candle::{Candle, Timeframe};
use nija_market::engine::derivatives::{IndexScalping, Intraday};
use nija_market::engine::{Model, Seen};
use nija_market::playbook::Playbook;
use rows::{ROWS, Row};
use subject::{Episode, Subject, Word, hear};

/// Gains of all episodes, and what they cost.
fn played(row: &Row, seed: u64, planted: bool) -> (Vec<f64>, f64) {
    let episodes = (row.world)(row.make, seed, planted);
    let costs = episodes.iter().map(|episode| episode.costs).sum();
    (episodes.into_iter().flat_map(|episode| episode.gains).collect(), costs)
}

#[test]
fn the_table_has_all_twelve() {
    let missing = |name: &StrategyName| ROWS.iter().all(|row| row.name != *name);
    assert_eq!(StrategyName::ALL.into_iter().find(missing), None);
}

/// Are the words up to an instant the same when later events are taken away, and do events come in their time?
fn is_blind(make: &dyn Fn(&[Seen]) -> Box<dyn Subject>, events: &[Seen]) -> bool {
    let whole = hear(&mut *make(events), events);
    let cut = |part: usize| {
        let known = &events[..events.len() * part / 8];
        hear(&mut *make(known), known)[..] == whole[..known.len()]
    };
    events.is_sorted_by_key(Seen::known_at) && (1..8).all(cut)
}

#[test]
fn nobody_sees_the_future() {
    for row in &ROWS {
        let episodes = (row.world)(row.make, 70, true);
        let mut said = 0;
        for Episode { events, words, .. } in episodes.iter().take(3) {
            let most = events.len().min(40_000);
            let (events, words) = (&events[..most], &words[..most]);
            said += words.iter().flatten().count();
            assert!(is_blind(&|_| (row.make)(), events), "{} looks ahead", row.title);
            assert!(hear(&mut *(row.make)(), events)[..] == *words, "{} differs", row.title);
        }
        assert!(said >= 2, "{} said only {said}", row.title);
    }
}

/// Says what the next event will be: what the test above is there to catch.
struct Oracle(Vec<Seen>, usize);

impl Subject for Oracle {
    fn see(&mut self, _: &Seen) -> Option<Word> {
        self.1 += 1;
        self.0.get(self.1).map(|_| Word::Trade(Vec::new()))
    }
}

#[test]
fn an_oracle_is_caught() {
    let row = &ROWS[0];
    let events = &(row.world)(row.make, 70, false)[0].events[..100];
    assert!(!is_blind(&|events| Box::new(Oracle(events.to_vec(), 0)), events));
    assert!(is_blind(&|_| (row.make)(), events));
    let swapped = [events[1].clone(), events[0].clone()];
    assert!(!is_blind(&|_| (row.make)(), &swapped), "out of time");
}

/// Judges every row, then tells of all that failed.
fn judge(seed: u64, planted: bool, fault: impl Fn(usize, f64, f64, f64) -> Option<&'static str>) {
    let mut faults = Vec::new();
    for row in &ROWS {
        let (gains, costs) = played(row, seed, planted);
        let (count, t) = (gains.len(), t_statistic(&gains));
        let gross = gains.iter().sum::<f64>();
        let told = format!("{}: t = {t:.2} over {count}, {gross:.3} less {costs:.3}", row.title);
        println!("{told}");
        faults.extend(fault(count, t, gross, costs).map(|what| format!("{told}: {what}")));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn on_a_random_walk_the_expected_profit_is_minus_the_costs() {
    judge(11, false, |count, t, _, costs| {
        if count < 40 {
            Some("too few trades to tell")
        } else if t.is_nan() || t.abs() >= 3.5 {
            Some("more than chance")
        } else {
            (costs <= 0.0).then_some("trading was free")
        }
    });
}

#[test]
fn a_planted_edge_is_found() {
    judge(21, true, |_, t, gross, costs| {
        if t.is_nan() || t <= 4.0 {
            Some("not more than chance")
        } else {
            (gross <= costs).then_some("costs eat it")
        }
    });
}

/// The pull that mean reversion and volatility capture are given: its half-life, estimated as Chan does from how a
/// deviation follows the one before, is the planted three days within two standard errors.
#[test]
fn the_planted_pull_has_its_half_life() {
    for (seed, rise) in [(21, 0.001), (22, 0.0)] {
        let logs = reverting(seed, 20_000, 0.01, rise);
        let off = |(n, log): (usize, &f64)| log - 4.0 - rise * (n % 2_500) as f64;
        let off: Vec<f64> = logs.iter().enumerate().map(off).collect();
        let squares = off.iter().map(|x| x * x).sum::<f64>();
        let follows = off.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / squares;
        let error = ((1.0 - follows * follows) / off.len() as f64).sqrt();
        let half_life = |follows: f64| 0.5f64.ln() / follows.ln();
        let (short, long) = (half_life(follows - 2.0 * error), half_life(follows + 2.0 * error));
        println!("half-life {:.3} days, between {short:.3} and {long:.3}", half_life(follows));
        assert!(short < 3.0 && 3.0 < long && long - short < 0.4, "{short} to {long}");
    }
}

/// Candles of a session of five minutes.
const SESSION: usize = 78;

/// The published rules of index scalping, written down a second time by whole days: the candles at which it turns.
fn as_published(candles: &[Candle]) -> Vec<(usize, i8)> {
    let days: Vec<&[Candle]> = candles.chunks(SESSION).collect();
    let moved =
        |day: usize, n: usize| (days[day][n].close_f64() / days[day][0].open_f64() - 1.0).abs();
    let (mut side, mut turns) = (0, Vec::new());
    for (d, day) in days.iter().enumerate() {
        let (mut paid, mut volume) = (0.0, 0.0);
        for (n, bar) in day.iter().enumerate() {
            let close = bar.close_f64();
            paid += bar.volume * (bar.bar().high + bar.bar().low + close) / 3.0;
            volume += bar.volume;
            let average = paid / volume;
            // Decided each half hour, flat before the last candle; fifteen closes make fourteen daily returns.
            let wanted = if n + 2 >= SESSION || d < 15 {
                0
            } else if (n + 1) % 6 != 0 {
                side
            } else {
                let noise = (d - 14..d).map(|past| moved(past, n)).sum::<f64>() / 14.0;
                let (open, before) = (day[0].open_f64(), days[d - 1][SESSION - 1].close_f64());
                let (upper, lower) =
                    (open.max(before) * (1.0 + noise), open.min(before) * (1.0 - noise));
                i8::from(close > upper.max(average)) - i8::from(close < lower.min(average))
            };
            if wanted != side {
                side = wanted;
                turns.push((d * SESSION + n, side));
            }
        }
    }
    turns
}

#[test]
fn index_scalping_is_what_was_published() {
    for (seed, planted) in [(31, false), (32, true)] {
        let events = sessions(seed, 120, planted);
        let (instrument, timeframe) = (InstrumentId(1), Timeframe::Minutes5);
        let market = Intraday { instrument, timeframe, hours: Hours::Nyse };
        let mut model = IndexScalping::new(market, Playbook::shipped().index_scalping.parameters);
        let side = |weight: f64| i8::from(weight > 0.0) - i8::from(weight < 0.0);
        let said = events.iter().enumerate();
        let said = said.filter_map(|(n, seen)| Some((n, side(model.see(seen)?.weight))));
        let said: Vec<(usize, i8)> = said.collect();
        let candles = events.iter().filter_map(|seen| match seen {
            Seen::Candle(candle) => Some(*candle),
            _ => None,
        });
        assert_eq!(said, as_published(&candles.collect::<Vec<_>>()));
        assert!(said.len() > 100, "only {} turns", said.len());
    }
}
