//! Families of contracts: the months of one future, one after the other, read as one series.
//!
//! Which month is in front is decided at daily closes, by what is known there: the next one takes over once more of it
//! was traded than of the front month at [`CROSSED`] closes in a row, and at the latest [`LATEST`] before the front
//! month ends. It does so at a close of both, so that their prices can be joined; not where a strategy has just
//! spoken about the series, for an order cannot move before it has met the market. A month that nobody quoted is passed
//! over once it has ended.
//!
//! Prices are joined by ratio and forwards: from a roll on, those of the new month count times what the old one's close
//! was in the new one's. Nothing that was read is changed later. At every instant this is the series that is adjusted
//! backwards from there, times one number, and whoever looks at returns decides the same on both.

use crate::candle::{Candle, Timeframe};
use crate::clamp;
use crate::engine::{Contract, Want};
use nija_core::words::catalog;
use nija_core::words::id::InstrumentId;
use nija_core::words::money::Price;
use nija_core::words::signal::{Action, Signal};
use nija_core::words::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many closes in a row the next month must have been traded more.
pub const CROSSED: u32 = 2;
/// So long before its end the front month is left in any case: five sessions, two before strategies leave a contract
/// that has no next month.
pub const LATEST: Span = Span(7 * Span::DAY.0);

/// The months of one contract. Strategies know all of them by the number of the first one to end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Family {
    /// All of them.
    pub months: Vec<Contract>,
}

impl From<&catalog::Family> for Family {
    fn from(named: &catalog::Family) -> Self {
        let month = |(instrument, expiry)| Contract { instrument, expiry };
        Self { months: named.months().map(month).collect() }
    }
}

/// What a close led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rolled {
    /// The series, and when the month that is now in front ends.
    pub(crate) front: Contract,
    /// The months that are left and taken up.
    pub(crate) from: InstrumentId,
    pub(crate) into: InstrumentId,
    /// Close of the one taken up.
    pub(crate) mark: Price,
    /// Can positions move? Not out of a month that is over.
    pub(crate) moves: bool,
}

/// All families.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rolls {
    chains: Vec<Chain>,
    /// Where each month stands: its family and its place there.
    places: BTreeMap<InstrumentId, (usize, usize)>,
}

/// One family as it stands.
#[derive(Clone, Debug)]
struct Chain {
    months: Vec<Month>,
    front: usize,
    /// What the front month's prices are multiplied by.
    factor: f64,
    /// Closes in a row at which the next month was traded more.
    crossed: u32,
    /// The last close that was looked at.
    judged: Timestamp,
    /// When a strategy spoke about it last.
    spoke: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Month {
    contract: Contract,
    last: Option<Candle>,
}

impl Rolls {
    /// Families that nothing is known of yet. Empty ones are none.
    pub(crate) fn new(families: &[Family]) -> Self {
        let mut rolls = Self::default();
        for family in families.iter().filter(|family| !family.months.is_empty()) {
            let mut months = family.months.clone();
            months.sort_by_key(|month| month.expiry);
            for (n, month) in months.iter().enumerate() {
                rolls.places.insert(month.instrument, (rolls.chains.len(), n));
            }
            let months = months.into_iter().map(|contract| Month { contract, last: None });
            rolls.chains.push(Chain {
                months: months.collect(),
                front: 0,
                factor: 1.0,
                crossed: 0,
                judged: Timestamp(i64::MIN),
                spoke: Timestamp(i64::MIN),
            });
        }
        rolls
    }

    /// The streams behind a stream: of a series those of all its months, and their days.
    pub(crate) fn wants(&self, want: Want) -> Vec<Want> {
        let Some((chain, 0)) = self.places.get(&want.instrument).copied() else {
            return vec![want];
        };
        let months = self.chains[chain].months.iter().map(|month| month.contract.instrument);
        let both = [want.timeframe, Timeframe::Day1];
        let each = |instrument| both.map(|timeframe| Want { instrument, timeframe });
        months.flat_map(each).collect()
    }

    /// Passes over months that had ended before anything was read of them: catalogs name what feeds no longer have.
    /// Gives the series, and when the month ends that this brings to the front.
    pub(crate) fn pass(&mut self, candle: &Candle) -> Option<Contract> {
        let (chain, _) = *self.places.get(&candle.instrument)?;
        self.chains[chain].pass(candle.close_at)
    }

    /// What strategies read of a candle: itself, or of a front month the series; nothing of another month.
    pub(crate) fn read(&self, candle: &Candle) -> Option<Candle> {
        let Some(&(chain, month)) = self.places.get(&candle.instrument) else {
            return Some(*candle);
        };
        let chain = &self.chains[chain];
        let scaled = |price| clamp::price(clamp::dollars(price) * chain.factor);
        (month == chain.front).then_some(())?;
        Some(Candle {
            instrument: chain.series(),
            open: scaled(candle.open)?,
            high: scaled(candle.high)?,
            low: scaled(candle.low)?,
            close: scaled(candle.close)?,
            ..*candle
        })
    }

    /// Turns what was said about a series into what it means of this candle's month.
    pub(crate) fn say(&mut self, signal: &mut Signal, candle: &Candle) {
        let Some(&(chain, _)) = self.places.get(&candle.instrument) else {
            return;
        };
        let chain = &mut self.chains[chain];
        chain.spoke = signal.at;
        (signal.instrument, signal.mark) = (candle.instrument, candle.close);
        if let Action::Enter { stop, .. } | Action::Short { stop, .. } = &mut signal.action {
            *stop = stop.and_then(|stop| clamp::price(clamp::dollars(stop) / chain.factor));
        }
    }

    /// Takes the close of a day, which is known now; another month may have come to the front.
    pub(crate) fn on_day(&mut self, candle: &Candle, now: Timestamp) -> Option<Rolled> {
        let (chain, month) = *self.places.get(&candle.instrument)?;
        self.chains[chain].on_day(month, candle, now)
    }
}

impl Chain {
    fn series(&self) -> InstrumentId {
        self.months[0].contract.instrument
    }

    /// The first month from here on of which something was read, or may still be.
    fn alive(&self, from: usize, at: Timestamp) -> Option<usize> {
        let is_alive = |month: &Month| month.last.is_some() || month.contract.expiry >= at;
        let later = self.months.get(from..)?;
        later.iter().position(is_alive).map(|n| from + n)
    }

    fn pass(&mut self, at: Timestamp) -> Option<Contract> {
        let front = self.alive(self.front, at).filter(|front| *front != self.front)?;
        self.front = front;
        Some(self.contract())
    }

    /// The series, and when it ends as things stand: with its front month.
    fn contract(&self) -> Contract {
        Contract { instrument: self.series(), ..self.months[self.front].contract }
    }

    fn on_day(&mut self, month: usize, candle: &Candle, now: Timestamp) -> Option<Rolled> {
        self.months[month].last = Some(*candle);
        let Month { contract: Contract { expiry, .. }, last: old } = self.months[self.front];
        let next = self.alive(self.front + 1, candle.close_at)?;
        let new = self.months[next].last?;
        if candle.close_at > expiry {
            // What is over has no close to come; its last one must do.
            return old.map(|old| self.join(next, [&old, &new], false));
        }
        let old = old.filter(|old| old.close_at == new.close_at && new.close_at > self.judged)?;
        self.judged = new.close_at;
        self.crossed = if new.volume > old.volume { self.crossed.saturating_add(1) } else { 0 };
        let is_due = self.crossed >= CROSSED || expiry.since(new.close_at) <= LATEST;
        (is_due && self.spoke != now).then(|| self.join(next, [&old, &new], true))
    }

    /// Brings a later month to the front.
    fn join(&mut self, next: usize, [old, new]: [&Candle; 2], moves: bool) -> Rolled {
        let ratio = old.close_f64() / new.close_f64();
        // Oil once cost less than nothing.
        if ratio.is_finite() && ratio > 0.0 {
            self.factor *= ratio;
        }
        self.front = next;
        self.crossed = 0;
        Rolled {
            front: self.contract(),
            from: old.instrument,
            into: new.instrument,
            mark: new.close,
            moves,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::flat;

    const MAY: InstrumentId = InstrumentId(7);
    const JUNE: InstrumentId = InstrumentId(3);
    const JULY: InstrumentId = InstrumentId(5);

    fn expiry(day: i32) -> Timestamp {
        Timestamp::of_day(day, Span::ZERO)
    }

    /// Three months that end on days 30, 60 and 90.
    fn rolls() -> Rolls {
        let month = |(instrument, day)| Contract { instrument, expiry: expiry(day) };
        let months = [(JUNE, 60), (MAY, 30), (JULY, 90)].map(month).to_vec();
        Rolls::new(&[Family { months }, Family::default()])
    }

    fn candle(of: InstrumentId, day: i64, close: f64, volume: f64) -> Candle {
        Candle { volume, ..flat(of, day, close) }
    }

    /// Takes the days of two months in this order, each at the close of the day.
    fn days(rolls: &mut Rolls, day: i64, all: [(InstrumentId, f64, f64); 2]) -> Option<Rolled> {
        let mut rolled = None;
        for (of, close, volume) in all {
            let candle = candle(of, day, close, volume);
            rolled = rolls.on_day(&candle, candle.close_at).or(rolled);
        }
        rolled
    }

    #[test]
    fn the_next_month_comes_to_the_front_after_two_closes_with_more_volume_whoever_closes_first() {
        for order in [[0, 1], [1, 0]] {
            let mut rolls = rolls();
            let mut take = |day, volumes: [f64; 2]| {
                let both = [(MAY, 100.0, volumes[0]), (JUNE, 102.0, volumes[1])];
                days(&mut rolls, day, order.map(|n| both[n]))
            };
            assert_eq!(take(0, [9.0, 10.0]), None, "once is not enough");
            assert_eq!(take(1, [9.0, 9.0]), None, "no more is not more");
            assert_eq!(take(2, [9.0, 10.0]), None);
            let rolled = take(3, [9.0, 10.0]).unwrap();
            assert_eq!((rolled.from, rolled.into, rolled.moves), (MAY, JUNE, true));
            assert_eq!(rolled.mark, Price::whole(102));
            let front = Contract { instrument: MAY, expiry: expiry(60) };
            assert_eq!(rolled.front, front, "the series keeps its number and ends with its month");
            assert_eq!(take(4, [9.0, 10.0]), None, "what was left does not come back");
        }
    }

    #[test]
    fn the_series_has_no_jump_and_what_was_read_does_not_change() {
        let mut rolls = rolls();
        let read = |rolls: &Rolls, of, close| {
            let read = rolls.read(&candle(of, 0, close, 1.0))?;
            assert_eq!(read.instrument, MAY);
            Some(read.close_f64())
        };
        assert_eq!(read(&rolls, MAY, 100.0), Some(100.0));
        assert_eq!(read(&rolls, JUNE, 102.0), None);
        for day in 0..2 {
            days(&mut rolls, day, [(MAY, 100.0, 1.0), (JUNE, 125.0, 2.0)]);
        }
        assert_eq!(read(&rolls, MAY, 101.0), None);
        assert_eq!(read(&rolls, JUNE, 125.0), Some(100.0), "the price of the roll in both");
        assert_eq!(read(&rolls, JUNE, 126.25), Some(101.0), "one percent is one percent");
        for day in 2..4 {
            days(&mut rolls, day, [(JUNE, 126.25, 1.0), (JULY, 101.0, 2.0)]);
        }
        assert_eq!(read(&rolls, JULY, 202.0), Some(202.0));
        let other = flat(InstrumentId(1), 0, 5.0);
        assert_eq!(rolls.read(&other), Some(other), "what is in no family is read as it is");
    }

    #[test]
    fn without_volume_it_rolls_five_sessions_before_the_end() {
        let mut rolls = rolls();
        let mut take = |day| days(&mut rolls, day, [(MAY, 100.0, 0.0), (JUNE, 101.0, 0.0)]);
        // The candle of day 21 is known when day 22 begins: eight days before the end.
        assert_eq!((20..22).find_map(&mut take), None);
        assert!(take(22).is_some());
    }

    #[test]
    fn it_waits_for_a_close_of_both_and_for_a_strategy_that_just_spoke() {
        let mut rolls = rolls();
        let alone = candle(MAY, 25, 100.0, 1.0);
        assert_eq!(rolls.on_day(&alone, alone.close_at), None, "no price to join at");
        let spoken = candle(MAY, 26, 100.0, 1.0);
        let mut signal = Signal {
            id: nija_core::words::id::SignalId(1),
            strategy: nija_core::words::signal::StrategyName::MacroTrend,
            version: 1,
            instrument: MAY,
            action: Action::Exit,
            mark: Price::whole(100),
            at: spoken.close_at,
            insight: None,
        };
        rolls.say(&mut signal, &spoken);
        assert_eq!(days(&mut rolls, 26, [(MAY, 100.0, 1.0), (JUNE, 101.0, 1.0)]), None);
        assert!(days(&mut rolls, 27, [(MAY, 100.0, 1.0), (JUNE, 101.0, 1.0)]).is_some());
    }

    #[test]
    fn a_month_that_is_over_is_left_behind_and_moves_nothing() {
        let mut rolls = rolls();
        let last = candle(MAY, 29, 100.0, 1.0);
        assert_eq!(rolls.on_day(&last, last.close_at), None);
        let late = candle(JUNE, 30, 125.0, 1.0);
        let rolled = rolls.on_day(&late, late.close_at).unwrap();
        assert_eq!((rolled.into, rolled.moves), (JUNE, false));
        assert_eq!(rolls.read(&late).unwrap().close, Price::whole(100));
    }

    #[test]
    fn months_that_ended_before_anything_was_read_of_them_are_passed_over() {
        let mut rolls = rolls();
        let first = candle(JULY, 45, 125.0, 1.0);
        assert_eq!(rolls.pass(&first).map(|front| front.expiry), Some(expiry(60)), "not July yet");
        assert_eq!((rolls.pass(&first), rolls.read(&first)), (None, None));
        let read = rolls.read(&candle(JUNE, 45, 100.0, 1.0)).unwrap();
        assert_eq!((read.instrument, read.close), (MAY, Price::whole(100)), "the series is May's");
        assert_eq!(
            rolls.pass(&candle(JULY, 89, 125.0, 1.0)).map(|front| front.expiry),
            Some(expiry(90))
        );
        assert_eq!(rolls.pass(&candle(JULY, 99, 125.0, 1.0)), None, "there is no month behind it");
    }

    #[test]
    fn a_month_between_that_nobody_quotes_is_waited_for_until_it_has_ended() {
        let mut rolls = rolls();
        let close = |rolls: &mut Rolls, of, day, price| {
            let candle = candle(of, day, price, 1.0);
            assert_eq!(rolls.pass(&candle), None, "May was read");
            rolls.on_day(&candle, candle.close_at)
        };
        assert_eq!(close(&mut rolls, MAY, 29, 100.0), None);
        assert_eq!(close(&mut rolls, JULY, 40, 125.0), None, "June may still come");
        let rolled = close(&mut rolls, JULY, 60, 125.0).unwrap();
        assert_eq!((rolled.from, rolled.into, rolled.moves), (MAY, JULY, false));
        let late = rolls.read(&candle(JULY, 60, 125.0, 1.0)).unwrap();
        assert_eq!((late.instrument, late.close), (MAY, Price::whole(100)));
    }

    #[test]
    fn what_is_said_about_the_series_is_meant_for_the_month_at_its_own_prices() {
        let mut rolls = rolls();
        for day in 0..2 {
            days(&mut rolls, day, [(MAY, 100.0, 1.0), (JUNE, 125.0, 2.0)]);
        }
        let now = candle(JUNE, 2, 150.0, 1.0);
        let strength = nija_core::words::score::Strength::FULL;
        let mut signal = Signal {
            id: nija_core::words::id::SignalId(1),
            strategy: nija_core::words::signal::StrategyName::MacroTrend,
            version: 1,
            instrument: MAY,
            action: Action::Short { strength, stop: Some(Price::whole(128)) },
            mark: Price::whole(120),
            at: now.close_at,
            insight: None,
        };
        rolls.say(&mut signal, &now);
        assert_eq!((signal.instrument, signal.mark), (JUNE, Price::whole(150)));
        assert_eq!(signal.action, Action::Short { strength, stop: Some(Price::whole(160)) });
    }
}
