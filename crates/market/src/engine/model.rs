//! Decisions that go beyond what a desk carries out: both sides of a market, quotes, legs.
//! A [`Model`] is checked like a strategy but reaches no engine; only [`Sides`] makes one of it, of the part that a
//! desk can carry out.

use super::{Strategy, View, Want};
use crate::book::{Book, Fill};
use crate::candle::Candle;
use crate::chain::Chain;
use crate::clamp;
use crate::earnings::Report;
use crate::rates::Rate;
use nija_core::words::id::InstrumentId;
use nija_core::words::score::Strength;
use nija_core::words::signal::{Action, StrategyName};
use nija_core::words::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One thing that became known, with the instant it did.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// A candle closed.
    Candle(Candle),
    /// News about a company's report.
    Report(Report),
    /// What cash earns from now on.
    Rate(Rate),
    /// How an order book stands.
    Book(Book),
    /// How a chain of options is quoted.
    Chain(Chain),
    /// What became of an order of ours.
    Fill(Fill),
    /// The connection to a venue is lost: what rests there is unknown.
    Lost(Timestamp),
}

impl Seen {
    /// Nobody knows it earlier.
    #[must_use]
    pub const fn known_at(&self) -> Timestamp {
        match self {
            Self::Candle(candle) => candle.close_at,
            Self::Report(report) => report.known_at,
            Self::Rate(rate) => rate.known_at,
            Self::Book(book) => book.at,
            Self::Chain(chain) => chain.at,
            Self::Fill(fill) => fill.at,
            Self::Lost(at) => *at,
        }
    }
}

/// Rules that decide from what became known, one thing after the other. Deterministic, and silent while nothing
/// changes.
pub trait Model: Send {
    /// What it says.
    type Word;
    /// Which strategy it is.
    fn name(&self) -> StrategyName;
    /// Version of rules and parameters together.
    fn version(&self) -> u16;
    /// The candles it reads.
    fn wants(&self) -> &[Want];
    /// Takes what became known; what it returns is about the instrument of it.
    fn see(&mut self, seen: &Seen) -> Option<Self::Word>;
}

/// How much of an instrument to hold from now on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stance {
    /// Part of the capital; negative is short, zero is nothing, beyond 1 is leverage.
    pub weight: f64,
    /// Where the idea is wrong, dollars.
    pub stop: Option<f64>,
}

impl Stance {
    /// Holds nothing.
    pub const FLAT: Self = Self { weight: 0.0, stop: None };
}

/// Something that is agreed for a day to come, and may be held short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Which.
    pub instrument: InstrumentId,
    /// Its last instant of trading.
    pub expiry: Timestamp,
}

/// So long before its end a contract is left, and entered no more: by then others trade the next one.
const LEAVE: Span = Span(5 * Span::DAY.0);

/// Change of size, as a part of full size, that is worth a new statement.
const WORTH: f64 = 0.1;

/// The sides of a model that a desk can carry out: both of contracts, of everything else the long half, and never
/// more than full size. Where a model earns on the short side too, its long half earns less than its reference reports.
///
/// A turn from one side to the other is an exit first; the other side is entered at a later candle. A contract that
/// is about to end is left.
pub struct Sides<M> {
    model: M,
    /// When each of them ends.
    contracts: BTreeMap<InstrumentId, Timestamp>,
    /// Parts of full size, below zero short.
    held: BTreeMap<InstrumentId, f64>,
    /// What a turn has left to enter.
    turning: BTreeMap<InstrumentId, Stance>,
}

impl<M: Model<Word = Stance>> Sides<M> {
    /// The sides of this model; `contracts` may be held short.
    #[must_use]
    pub fn new(model: M, contracts: &[Contract]) -> Self {
        let contracts = contracts.iter().map(|of| (of.instrument, of.expiry)).collect();
        Self { model, contracts, held: BTreeMap::new(), turning: BTreeMap::new() }
    }

    fn act(&mut self, stance: Stance, candle: &Candle, open: bool) -> Option<Action> {
        let instrument = candle.instrument;
        let held = self.held.get(&instrument).copied().unwrap_or(0.0);
        let least = if self.contracts.contains_key(&instrument) { -1.0 } else { 0.0 };
        let size = stance.weight.clamp(least, 1.0);
        if size == 0.0 || size * held < 0.0 {
            if size != 0.0 {
                self.turning.insert(instrument, stance);
            }
            return self.held.remove(&instrument).map(|_| Action::Exit);
        }
        let strength = clamp::strength(size.abs());
        let action = if size.abs() >= held.abs() + WORTH || (held == 0.0 && open) {
            open.then(|| enter(size > 0.0, stance, strength, candle))
        } else {
            (size.abs() <= held.abs() - WORTH).then_some(Action::Trim { strength })
        };
        if action.is_some() {
            self.held.insert(instrument, size);
        }
        action
    }
}

/// An entry whose stop lies on the side where the idea is wrong.
fn enter(long: bool, stance: Stance, strength: Strength, candle: &Candle) -> Action {
    let stop = stance.stop.and_then(clamp::price);
    if long {
        Action::Enter { strength, stop: stop.filter(|stop| *stop < candle.close) }
    } else {
        Action::Short { strength, stop: stop.filter(|stop| *stop > candle.close) }
    }
}

impl<M: Model<Word = Stance>> Strategy for Sides<M> {
    fn name(&self) -> StrategyName {
        self.model.name()
    }

    fn version(&self) -> u16 {
        self.model.version()
    }

    fn wants(&self) -> &[Want] {
        self.model.wants()
    }

    fn on_candle(&mut self, candle: &Candle, view: &View) -> Option<Action> {
        let turning = self.turning.remove(&candle.instrument);
        let stance = self.model.see(&Seen::Candle(*candle)).or(turning);
        let expiry = self.contracts.get(&candle.instrument);
        if expiry.is_some_and(|expiry| expiry.since(candle.close_at) <= LEAVE) {
            return self.held.remove(&candle.instrument).map(|_| Action::Exit);
        }
        self.act(stance?, candle, view.open)
    }

    fn on_front(&mut self, front: Contract) {
        self.contracts.insert(front.instrument, front.expiry);
    }

    fn on_report(&mut self, report: &Report) {
        // What a model says at a report waits for its next candle; none of today's says anything.
        let _ = self.model.see(&Seen::Report(*report));
    }

    fn on_rate(&mut self, rate: &Rate) {
        let _ = self.model.see(&Seen::Rate(*rate));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::flat;

    /// Says what it was given, one stance a candle.
    struct Script(Vec<Option<f64>>);

    impl Model for Script {
        type Word = Stance;
        fn name(&self) -> StrategyName {
            StrategyName::MacroTrend
        }
        fn version(&self) -> u16 {
            7
        }
        fn wants(&self) -> &[Want] {
            &[]
        }
        fn see(&mut self, _: &Seen) -> Option<Stance> {
            self.0.remove(0).map(|weight| Stance { weight, stop: Some(90.0) })
        }
    }

    #[test]
    fn the_long_half_enters_grows_trims_and_is_out_while_the_model_is_short() {
        let weights =
            [Some(-1.0), Some(0.3), Some(0.35), Some(2.0), None, Some(0.5), Some(-0.5), Some(0.0)];
        let mut half = Sides::new(Script(weights.to_vec()), &[]);
        let view = View { open: true, ..View::default() };
        let said: Vec<Option<(u16, bool)>> = (0..8)
            .map(|n| match half.on_candle(&flat(InstrumentId(1), n, 100.0), &view)? {
                Action::Enter { strength, stop } => Some((strength.as_parts(), stop.is_some())),
                Action::Trim { strength } => Some((strength.as_parts(), false)),
                _ => Some((0, false)),
            })
            .collect();
        let want = [
            None,
            Some((3_000, true)),
            None,
            Some((10_000, true)),
            None,
            Some((5_000, false)),
            Some((0, false)),
            None,
        ];
        assert_eq!(said, want);
    }

    #[test]
    fn contracts_are_held_on_both_sides_and_a_turn_leaves_first() {
        let of = InstrumentId(1);
        let weights =
            [Some(1.0), Some(-0.5), None, Some(-0.8), Some(-0.2), Some(0.3), None, None, Some(0.0)];
        let mut sides = Sides::new(Script(weights.to_vec()), &[contract(of, 1_000)]);
        let view = View { open: true, ..View::default() };
        let said: Vec<Option<(i32, bool)>> = (0..9)
            .map(|n| {
                // The stop lies at 90: below a price of 100, above one of 80.
                let close = if (2..5).contains(&n) { 80.0 } else { 100.0 };
                match sides.on_candle(&flat(of, n, close), &view)? {
                    Action::Enter { strength, stop } => {
                        Some((strength.as_parts().into(), stop.is_some()))
                    }
                    Action::Short { strength, stop } => {
                        Some((-i32::from(strength.as_parts()), stop.is_some()))
                    }
                    Action::Trim { strength } => Some((strength.as_parts().into(), false)),
                    Action::Exit => Some((0, false)),
                    _ => None,
                }
            })
            .collect();
        let want = [
            Some((10_000, true)),
            Some((0, false)),
            Some((-5_000, true)),
            Some((-8_000, true)),
            Some((2_000, false)),
            Some((0, false)),
            Some((3_000, true)),
            None,
            Some((0, false)),
        ];
        assert_eq!(said, want);
    }

    #[test]
    fn a_contract_is_left_before_it_ends_and_entered_no_more() {
        let of = InstrumentId(1);
        let script = vec![Some(-1.0), None, None, Some(1.0)];
        let mut sides = Sides::new(Script(script), &[contract(of, 8)]);
        let view = View { open: true, ..View::default() };
        let mut act = |n| sides.on_candle(&flat(of, n, 80.0), &view);
        assert!(matches!(act(0), Some(Action::Short { .. })));
        // The candle of day 2 closes when day 3 begins, five days before the end.
        assert_eq!([act(1), act(2), act(3)], [None, Some(Action::Exit), None]);
    }

    fn contract(instrument: InstrumentId, ends: i32) -> Contract {
        Contract { instrument, expiry: Timestamp::of_day(ends, Span::ZERO) }
    }

    #[test]
    fn a_turn_that_the_model_takes_back_enters_nothing() {
        let of = InstrumentId(1);
        let mut sides = Sides::new(
            Script(vec![Some(1.0), Some(-1.0), Some(0.0), None]),
            &[contract(of, 1_000)],
        );
        let view = View { open: true, ..View::default() };
        let mut act = |n| sides.on_candle(&flat(of, n, 100.0), &view);
        assert!(matches!(act(0), Some(Action::Enter { .. })));
        assert_eq!([act(1), act(2), act(3)], [Some(Action::Exit), None, None]);
    }

    #[test]
    fn a_closed_door_holds_entries_back_and_no_exit() {
        let mut half = Sides::new(Script(vec![Some(1.0), Some(1.0), Some(0.0)]), &[]);
        let mut act = |n, open| {
            let view = View { open, ..View::default() };
            half.on_candle(&flat(InstrumentId(1), n, 100.0), &view)
        };
        assert_eq!(act(0, false), None);
        assert!(matches!(act(1, true), Some(Action::Enter { .. })));
        assert_eq!(act(2, false), Some(Action::Exit));
    }
}
