//! The order of a merged stream, and the sessions that are put into it.

use super::*;
use crate::feeds::instant;
use nija_core::words::money::{Price, Qty};
use proptest::prelude::*;
use std::collections::VecDeque;

/// A feed of events made by hand.
struct Row(VecDeque<MarketEvent>);

impl Feed for Row {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        Ok(self.0.pop_front())
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        Ok(self.0.front().map(|event| event.at))
    }
}

fn trade(at: i64, instrument: u32, qty: i32) -> MarketEvent {
    let instrument = InstrumentId(instrument);
    let kind =
        Kind::Trade { instrument, price: Price::whole(1), qty: Qty::whole(qty), taker: None };
    MarketEvent { at: Timestamp(at), kind }
}
fn open(at: Timestamp, instrument: u32) -> MarketEvent {
    let instrument = InstrumentId(instrument);
    MarketEvent { at, kind: Kind::BarOpened { instrument, price: Price::whole(1) } }
}
fn merged(rows: Vec<Vec<MarketEvent>>, hours: &[Hours]) -> Result<Vec<MarketEvent>, Error> {
    let sources = rows.into_iter().map(|row| Box::new(Row(row.into())) as Box<dyn Feed>);
    let mut merge = Merge::new(sources.collect(), hours);
    let mut all = Vec::new();
    while let Some(at) = merge.peek_time()? {
        let event = merge.next()?.unwrap();
        assert_eq!(event.at, at);
        all.push(event);
    }
    assert_eq!(merge.next()?, None);
    Ok(all)
}
fn at(text: &str) -> Timestamp {
    instant::read(text.as_bytes()).unwrap()
}

#[test]
fn sessions_stand_between_the_bars_they_concern() {
    let (friday, monday) = (at("2020-03-06T20:00:00Z"), at("2020-03-09T13:30:00Z"));
    let all = merged(vec![vec![open(friday, 1), open(monday, 1)]], &[Hours::Always, Hours::Nyse])
        .unwrap();
    let close = at("2020-03-06T21:00:00Z");
    let (hours, until) = (Hours::Nyse, Some(close));
    let end = Some(at("2020-03-09T20:00:00Z"));
    let said: Vec<_> = all.iter().map(|event| (event.at, event.kind)).collect();
    assert_eq!(
        said,
        [
            (friday, Kind::SessionOpened { hours: Hours::Always, until: None }),
            (friday, Kind::SessionOpened { hours, until }),
            (friday, open(friday, 1).kind),
            (close, Kind::SessionClosed { hours, until: Some(monday) }),
            (monday, Kind::SessionOpened { hours, until: end }),
            (monday, open(monday, 1).kind),
        ]
    );
}

#[test]
fn a_run_that_begins_at_night_says_so_first() {
    let night = at("2020-03-07T03:00:00Z");
    let all = merged(vec![vec![trade(night.0, 1, 1)]], &[Hours::Nyse]).unwrap();
    assert!(matches!(all[0].kind, Kind::SessionClosed { until: Some(until), .. }
        if until == at("2020-03-09T13:30:00Z")));
    assert_eq!(merged(vec![vec![]], &[Hours::Nyse]).unwrap(), []);
}

#[test]
fn a_source_that_goes_back_is_named() {
    let back = merged(vec![vec![trade(5, 9, 1), trade(4, 9, 1)]], &[]);
    let told = back.expect_err("backwards").to_string();
    assert!(told.contains("goes from") && told.contains("instrument 00000009"), "{told}");
}

proptest! {
    #[test]
    fn the_order_holds_nothing_is_lost_and_sources_may_be_listed_in_any_order(
        times in proptest::collection::vec(proptest::collection::vec(0i64..20, 0..30), 1..6),
        turn in 0usize..6,
    ) {
        let rows: Vec<Vec<_>> = times
            .iter()
            .zip(1u32..)
            .map(|(times, instrument)| {
                let mut times = times.clone();
                times.sort_unstable();
                times.iter().zip(0..).map(|(at, qty)| trade(*at, instrument, qty)).collect()
            })
            .collect();
        let all = merged(rows.clone(), &[]).unwrap();
        prop_assert!(all.is_sorted_by_key(MarketEvent::rank));
        prop_assert_eq!(all.len(), rows.iter().map(Vec::len).sum::<usize>());
        for (row, instrument) in rows.iter().zip(1u32..) {
            let own = all.iter().filter(|e| e.instrument() == Some(InstrumentId(instrument)));
            prop_assert!(own.eq(row.iter()), "a source keeps its own order");
        }
        let mut turned = rows.clone();
        turned.rotate_left(turn % rows.len());
        prop_assert_eq!(merged(turned, &[]).unwrap(), all);
    }
}
