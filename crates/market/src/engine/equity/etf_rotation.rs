//! ETF rotation by dual momentum (Antonacci, *Dual Momentum Investing*, 2014): once a month the fund with the best
//! return of the look-back is held if it beat cash, else the refuge, else nothing. By the gauge "first", as in his
//! GEM, it is the first fund that must beat cash. A fund without the full look-back does not compete.
//!
//! What cash returned over the look-back a fund of bills says; without one the rates that were known day by day; where
//! those do not reach back far enough, a parameter.
//!
//! No calendar is needed: the month's end is known at the first close of the next one, and the decision uses
//! the closes of the month's end. Selling comes first: a purchase waits until the sale has been stated.

use crate::candle::{Candle, Timeframe};
use crate::date::month_of;
use crate::engine::{Strategy, View, Want};
use crate::rates::{Lent, Rate};
use nija_core::words::id::InstrumentId;
use nija_core::words::score::Strength;
use nija_core::words::signal::{Action, StrategyName};
use serde::{Deserialize, Serialize};

/// Longest look-back in months that settings may ask for.
const LONGEST: usize = 120;

/// Settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Version of rules and parameters together.
    pub version: u16,
    /// Months that returns are compared over.
    pub look_back: usize,
    /// What cash returned over the look-back, as a fraction, where no fund of bills and no rates tell it.
    pub cash_return: f64,
    /// Which fund must beat cash.
    pub gauge: Gauge,
}

/// Which fund must beat cash before anything risky is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gauge {
    /// The strongest.
    Best,
    /// The first of the universe.
    First,
}

/// Rotates among funds.
#[derive(Clone, Debug)]
pub struct EtfRotation {
    wants: Vec<Want>,
    parameters: Parameters,
    look_back: i32,
    /// Those that compete, then bills and refuge where there are any.
    funds: Vec<Fund>,
    rivals: usize,
    bills: Option<usize>,
    refuge: Option<usize>,
    /// A dollar lent from day to day, and its worth at the ends of months.
    lent: Lent,
    cash: Ends,
    /// Month that the target is for.
    month: Option<i32>,
    target: Option<usize>,
    held: Option<usize>,
}

#[derive(Clone, Debug)]
struct Fund {
    instrument: InstrumentId,
    closes: Ends,
}

/// Last value of each month, in the place of the month's number modulo the length.
#[derive(Clone, Debug)]
struct Ends(Vec<Option<(i32, f64)>>);

impl Ends {
    /// Of a look-back and the months at both its ends.
    fn new(look_back: i32) -> Self {
        Self(vec![None; look_back as usize + 2])
    }

    fn of(&self, month: i32) -> Option<f64> {
        let place = month.rem_euclid(self.0.len() as i32) as usize;
        self.0[place].filter(|&(kept, _)| kept == month).map(|(_, value)| value)
    }

    fn keep(&mut self, month: i32, value: f64) {
        let place = month.rem_euclid(self.0.len() as i32) as usize;
        self.0[place] = (value > 0.0).then_some((month, value));
    }

    /// The return over the look-back before `month`.
    fn gained(&self, month: i32) -> Option<f64> {
        let look_back = self.0.len() as i32 - 2;
        Some(self.of(month - 1)? / self.of(month - 1 - look_back)? - 1.0)
    }
}

impl EtfRotation {
    /// Rotates among these funds.
    #[must_use]
    pub fn new(universe: &[InstrumentId], parameters: Parameters) -> Self {
        let look_back = parameters.look_back.clamp(1, LONGEST) as i32;
        let mut rotation = Self {
            wants: Vec::new(),
            parameters,
            look_back,
            funds: Vec::new(),
            rivals: universe.len(),
            bills: None,
            refuge: None,
            lent: Lent::default(),
            cash: Ends::new(look_back),
            month: None,
            target: None,
            held: None,
        };
        for &instrument in universe {
            rotation.follow(instrument);
        }
        rotation
    }

    /// With a fund of bills that says what cash returned, and one that is held when nothing risky is.
    #[must_use]
    pub fn sheltered(mut self, bills: Option<InstrumentId>, refuge: Option<InstrumentId>) -> Self {
        self.bills = bills.map(|instrument| self.follow(instrument));
        self.refuge = refuge.map(|instrument| self.follow(instrument));
        self
    }

    /// Follows a fund, if it does not yet; tells its place.
    fn follow(&mut self, instrument: InstrumentId) -> usize {
        if let Some(place) = self.place(instrument) {
            return place;
        }
        let closes = Ends::new(self.look_back);
        self.wants.push(Want { instrument, timeframe: Timeframe::Day1 });
        self.funds.push(Fund { instrument, closes });
        self.funds.len() - 1
    }

    fn place(&self, instrument: InstrumentId) -> Option<usize> {
        self.funds.iter().position(|fund| fund.instrument == instrument)
    }

    /// What a fund returned over the look-back before `month`.
    fn gained(&self, place: usize, month: i32) -> Option<f64> {
        self.funds.get(place)?.closes.gained(month)
    }

    /// What cash returned over it.
    fn cash(&self, month: i32) -> Option<f64> {
        match self.bills {
            Some(bills) => self.gained(bills, month),
            None => Some(self.cash.gained(month).unwrap_or(self.parameters.cash_return)),
        }
    }

    /// The fund to hold in `month`, by the closes of the month before.
    fn best(&self, month: i32) -> Option<usize> {
        let cash = self.cash(month);
        let floor = match self.parameters.gauge {
            Gauge::Best => cash?,
            Gauge::First if self.gained(0, month)? > cash? => f64::MIN,
            Gauge::First => return self.refuge,
        };
        let mut best: Option<(usize, f64)> = None;
        for place in 0..self.rivals {
            if let Some(gained) = self.gained(place, month)
                && gained > best.map_or(floor, |(_, most)| most)
            {
                best = Some((place, gained));
            }
        }
        best.map(|(place, _)| place).or(self.refuge)
    }
}

impl Strategy for EtfRotation {
    fn name(&self) -> StrategyName {
        StrategyName::EtfRotation
    }

    fn version(&self) -> u16 {
        self.parameters.version
    }

    fn wants(&self) -> &[Want] {
        &self.wants
    }

    fn on_candle(&mut self, candle: &Candle, view: &View) -> Option<Action> {
        let index = self.place(candle.instrument)?;
        let month = month_of(candle.open_at);
        if self.month.is_none_or(|known| month > known) {
            self.target = self.best(month);
            self.month = Some(month);
        }
        self.funds[index].closes.keep(month, candle.close_f64());
        if let Some(worth) = self.lent.worth(candle.close_at) {
            self.cash.keep(month, worth);
        }
        if self.held == Some(index) && self.target != Some(index) {
            self.held = None;
            return Some(Action::Exit);
        }
        if self.held.is_none() && self.target == Some(index) && view.open {
            self.held = Some(index);
            return Some(Action::Enter { strength: Strength::FULL, stop: None });
        }
        None
    }

    fn on_rate(&mut self, rate: &Rate) {
        self.lent.hear(rate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::flat;
    use nija_core::words::time::{Span, Timestamp};

    /// Two funds, look-back of one month, 30-day steps checked by hand on a toy table.
    #[test]
    fn holds_the_best_sells_first_and_leaves_for_cash() {
        let universe = [InstrumentId(1), InstrumentId(2)];
        let parameters = Parameters { look_back: 1, cash_return: 0.0, ..Parameters::default() };
        let mut rotation = EtfRotation::new(&universe, parameters);
        let view = View { open: true, ..View::default() };
        // Month ends 1970: January, February, March, April, May; then June to speak about May.
        let table = [(100.0, 100.0), (110.0, 105.0), (111.0, 120.0), (100.0, 110.0)];
        let mut said = Vec::new();
        for (step, (a, b)) in table.into_iter().chain([(1.0, 1.0)]).enumerate() {
            for day in [10, 20] {
                for (instrument, close) in universe.into_iter().zip([a, b]) {
                    let n = step as i64 * 31 + day;
                    let action = rotation.on_candle(&flat(instrument, n, close), &view);
                    said.extend(action.map(|a| (step, day, instrument.0, a == Action::Exit)));
                }
            }
        }
        // March: fund 1 (10 % against 5 %). April: fund 2 (14 % against 1 %). May: both fell: cash.
        assert_eq!(
            said,
            [(2, 10, 1, false), (3, 10, 1, true), (3, 10, 2, false), (4, 10, 2, true)]
        );
    }

    /// GEM by hand over 24 months, look-back 12: shares at home, shares abroad, bills, and bonds as the refuge.
    #[test]
    fn the_toy_table_of_global_equities_momentum() {
        let [home, abroad, bills, bonds] = [1, 2, 3, 4].map(InstrumentId);
        let parameters = Parameters { gauge: Gauge::First, ..Parameters::default() };
        let mut gem =
            EtfRotation::new(&[home, abroad], parameters).sheltered(Some(bills), Some(bonds));
        let view = View { open: true, ..View::default() };
        // Month ends 0 to 12 stand at 100. Then for twelve months:
        let home_ends = [101, 103, 104, 104, 101, 99, 98, 99, 103, 105, 108, 110];
        let abroad_ends = [103, 104, 103, 101, 104, 105, 107, 107, 103, 102, 101, 99];
        let mut said = Vec::new();
        for month in 0..26usize {
            let of = |ends: &[i32; 12]| match month {
                0..=12 => 100.0,
                13..=24 => f64::from(ends[month - 13]),
                _ => 100.0,
            };
            let prices =
                [of(&home_ends), of(&abroad_ends), if month < 13 { 100.0 } else { 102.0 }, 50.0];
            for of_month in [8, 20] {
                // Months of 1970, 1971 and 1972 begin 30.4 days apart, near enough for the 8th and 20th.
                let n = (month as f64 * 30.44) as i64 + of_month;
                for (instrument, close) in [home, abroad, bills, bonds].into_iter().zip(prices) {
                    if let Some(action) = gem.on_candle(&flat(instrument, n, close), &view) {
                        said.push((month, instrument.0, action != Action::Exit));
                    }
                }
            }
        }
        // Twelve-month returns at the ends of months 13 to 24 against bills of 2 %, told one month later:
        // 13: home 1 % does not beat bills: bonds. 14: home 3, abroad 4: abroad. 15: 4 against 3: home.
        // 16: 4 against 1: home. 17: 1: bonds. 18 to 20: negative: bonds. 21: 3 and 3: the first. 22 to 24: home.
        // At the end of month 12 nothing gained and bills neither: bonds.
        let (enter, leave) = (true, false);
        assert_eq!(
            said,
            [
                (13, 4, enter),
                (15, 4, leave),
                (15, 2, enter),
                (16, 2, leave),
                (16, 1, enter),
                (18, 1, leave),
                (18, 4, enter),
                (22, 4, leave),
                (22, 1, enter),
            ]
        );
    }

    /// A fund that gains one percent a month against cash at 6 % a year, half a percent a month, that rises to 24 %.
    #[test]
    fn cash_returns_what_was_known_day_by_day() {
        let universe = [InstrumentId(1)];
        let parameters = Parameters { look_back: 1, ..Parameters::default() };
        let left = |rises: Option<i64>| {
            let mut rotation = EtfRotation::new(&universe, parameters);
            let view = View { open: true, ..View::default() };
            let day = |n: i64| Timestamp(n * Span::DAY.0);
            rotation.on_rate(&Rate { known_at: day(0), yearly: 0.06 });
            let mut said = Vec::new();
            for n in 0..240 {
                if rises == Some(n) {
                    rotation.on_rate(&Rate { known_at: day(n), yearly: 0.24 });
                }
                let months = month_of(day(n)) - 1970 * 12;
                let candle = flat(universe[0], n, 100.0 * 1.01f64.powi(months));
                said.extend(rotation.on_candle(&candle, &view).map(|a| (n, a == Action::Exit)));
            }
            said
        };
        // The constant, two percent a month, would have held nothing. March begins with day 59.
        assert_eq!(left(None), [(59, false)]);
        // Known since the first of May, day 120: at the first close of June, day 151, not before.
        assert_eq!(left(Some(120)), [(59, false), (151, true)]);
        // Known for five days of May, in which cash earned 0.7 percent: out a month later.
        assert_eq!(left(Some(146)), [(59, false), (181, true)]);
    }

    #[test]
    fn without_the_whole_look_back_nothing_is_said() {
        let mut rotation = EtfRotation::new(&[InstrumentId(1)], Parameters::default());
        let view = View { open: true, ..View::default() };
        let day = |n: i64| flat(InstrumentId(1), n, 100.0 + n as f64);
        let first = (0..1000).find(|&n| rotation.on_candle(&day(n), &view).is_some());
        // The first month end is January 1970, twelve months later is January 1971: said on 1 February 1971.
        assert_eq!(first, Some(365 + 31));
    }
}
