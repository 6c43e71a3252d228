//! ETF rotation by dual momentum (Antonacci): once a month the fund with the best return of the look-back is
//! held if it beat cash, else nothing. A fund without the full look-back does not compete.
//!
//! No calendar is needed: the month's end is known at the first close of the next one, and the decision uses
//! the closes of the month's end. Selling comes first: a purchase waits until the sale has been stated.

use crate::candle::{Candle, Timeframe};
use crate::engine::{Strategy, View, Want};
use nija_core::words::id::InstrumentId;
use nija_core::words::score::Strength;
use nija_core::words::signal::{Action, StrategyName};
use nija_core::words::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Longest look-back in months that settings may ask for.
const LONGEST: usize = 120;

/// Settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// Months that returns are compared over.
    pub look_back: usize,
    /// What cash returned over the look-back, as a fraction: the best fund must beat it.
    pub cash_return: f64,
}

impl Default for Parameters {
    /// Twelve months, and 2 % for cash.
    fn default() -> Self {
        Self { look_back: 12, cash_return: 0.02 }
    }
}

/// Rotates among funds.
#[derive(Clone, Debug)]
pub struct EtfRotation {
    wants: Vec<Want>,
    look_back: i32,
    cash_return: f64,
    funds: Vec<Fund>,
    /// Month that the target is for.
    month: Option<i32>,
    target: Option<usize>,
    held: Option<usize>,
}

#[derive(Clone, Debug)]
struct Fund {
    instrument: InstrumentId,
    /// Last close of each month, in the place of the month's number modulo the length.
    closes: Vec<Option<(i32, f64)>>,
}

impl Fund {
    fn close_of(&self, month: i32) -> Option<f64> {
        let place = month.rem_euclid(self.closes.len() as i32) as usize;
        self.closes[place].filter(|&(kept, _)| kept == month).map(|(_, close)| close)
    }

    fn keep(&mut self, month: i32, close: f64) {
        let place = month.rem_euclid(self.closes.len() as i32) as usize;
        self.closes[place] = (close > 0.0).then_some((month, close));
    }
}

impl EtfRotation {
    /// Rotates among these funds.
    #[must_use]
    pub fn new(universe: &[InstrumentId], parameters: Parameters) -> Self {
        let look_back = parameters.look_back.clamp(1, LONGEST);
        let fund = |&instrument| Fund { instrument, closes: vec![None; look_back + 2] };
        let want = |&instrument| Want { instrument, timeframe: Timeframe::Day1 };
        Self {
            wants: universe.iter().map(want).collect(),
            look_back: look_back as i32,
            cash_return: parameters.cash_return,
            funds: universe.iter().map(fund).collect(),
            month: None,
            target: None,
            held: None,
        }
    }

    /// The fund to hold in `month`, by the closes of the month before.
    fn best(&self, month: i32) -> Option<usize> {
        let mut best: Option<(usize, f64)> = None;
        for (index, fund) in self.funds.iter().enumerate() {
            let end = fund.close_of(month - 1);
            let start = fund.close_of(month - 1 - self.look_back);
            if let (Some(end), Some(start)) = (end, start) {
                let gained = end / start - 1.0;
                if gained > best.map_or(self.cash_return, |(_, most)| most) {
                    best = Some((index, gained));
                }
            }
        }
        best.map(|(index, _)| index)
    }
}

impl Strategy for EtfRotation {
    fn name(&self) -> StrategyName {
        StrategyName::EtfRotation
    }

    fn version(&self) -> u16 {
        1
    }

    fn wants(&self) -> &[Want] {
        &self.wants
    }

    fn on_candle(&mut self, candle: &Candle, view: &View) -> Option<Action> {
        let index = self.funds.iter().position(|fund| fund.instrument == candle.instrument)?;
        let month = month_of(candle.open_at);
        if self.month.is_none_or(|known| month > known) {
            self.target = self.best(month);
            self.month = Some(month);
        }
        self.funds[index].keep(month, candle.close_f64());
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
}

/// Months since January of year 0 (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn month_of(at: Timestamp) -> i32 {
    let shifted = i64::from(at.day(Span::ZERO)) + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let since_march = (5 * of_year + 2) / 153;
    ((era * 400 + year) * 12 + since_march + 2) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::flat;

    #[test]
    fn months_follow_the_calendar() {
        let month = |day: i32| month_of(Timestamp::of_day(day, Span::ZERO));
        assert_eq!(month(0), 1970 * 12);
        assert_eq!(month(30), 1970 * 12);
        assert_eq!(month(31), 1970 * 12 + 1);
        assert_eq!(month(-1), 1969 * 12 + 11);
        assert_eq!(month(11_016), 2000 * 12 + 1);
        assert_eq!(month(11_017), 2000 * 12 + 2);
    }

    /// Two funds, look-back of one month, 30-day steps checked by hand on a toy table.
    #[test]
    fn holds_the_best_sells_first_and_leaves_for_cash() {
        let universe = [InstrumentId(1), InstrumentId(2)];
        let parameters = Parameters { look_back: 1, cash_return: 0.0 };
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
