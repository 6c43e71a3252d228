//! The asset engines: each owns the strategies of its class, hands them the candles they want, and says by the
//! conditions which of them may enter now (the blueprint's strategy router). Exits are never held back.
//! Strategies see closed candles only, know no account, and speak on transitions, not on every bar.

pub mod crypto;
pub mod derivatives;
pub mod equity;
mod model;
mod routes;

pub use model::{Contract, Model, Seen, Sides, Stance};
pub use routes::Routes;

use crate::book::Book;
use crate::candle::{Candle, Timeframe};
use crate::chain::Chain;
use crate::earnings::Report;
use crate::learn::progress::Progress;
use crate::playbook::{Limits, Playbook};
use crate::rates::Rate;
use nija_core::words::conditions::Conditions;
use nija_core::words::id::InstrumentId;
use nija_core::words::insight::{Implied, Opinion};
use nija_core::words::money::Price;
use nija_core::words::signal::{Action, Quote, StrategyName};
use std::collections::{BTreeMap, BTreeSet};

/// A stream of candles that a strategy reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Want {
    /// Of which instrument.
    pub instrument: InstrumentId,
    /// How long each candle is.
    pub timeframe: Timeframe,
}

/// What a strategy is told beside the candle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// The latest reading of the market.
    pub conditions: Conditions,
    /// May it enter or grow? Exits need no leave.
    pub open: bool,
}

/// Rules that turn candles into statements that a desk can carry out. Deterministic; equal candles give equal
/// statements. What decides beyond that is a [`Model`], and no engine takes one.
pub trait Strategy: Send {
    /// Who is speaking.
    fn name(&self) -> StrategyName;
    /// Version of rules and parameters together.
    fn version(&self) -> u16;
    /// The candles it reads; none where it reads books alone.
    fn wants(&self) -> &[Want] {
        &[]
    }
    /// Takes a closed candle it wants; what it returns is about the candle's instrument.
    fn on_candle(&mut self, _candle: &Candle, _view: &View) -> Option<Action> {
        None
    }
    /// What a model thought of the statement just made; none where plain rules decide.
    fn opinion(&self) -> Option<Opinion> {
        None
    }
    /// What learns beside its plain rules, and whether it decides; none where there are plain rules alone.
    fn progress(&self) -> Option<Progress> {
        None
    }
    /// Learns that another month stands behind a series that it reads, and when that one ends. Most do not care.
    fn on_front(&mut self, _front: Contract) {}
    /// Learns about a company's report; what follows from it is said at a candle or a chain. Most do not care.
    fn on_report(&mut self, _report: &Report) {}
    /// Learns what cash earns from now on. Most do not care; what options are priced at stands in their chain.
    fn on_rate(&mut self, _rate: &Rate) {}
    /// Takes a picture of the options on an instrument that it reads; what it returns is about contracts of it.
    fn on_chain(&mut self, _chain: &Chain, _view: &View) -> Vec<Spoken> {
        Vec::new()
    }
    /// The instruments whose books it reads.
    fn books(&self) -> &[InstrumentId] {
        &[]
    }
    /// Takes how a book that it reads is displayed now; what it returns is about instruments of such books.
    fn on_book(&mut self, _book: &Book, _view: &View) -> Vec<Spoken> {
        Vec::new()
    }
}

/// A statement about another instrument than the one that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// About what.
    pub instrument: InstrumentId,
    /// Price it was decided on.
    pub mark: Price,
    /// What it wants.
    pub action: Action,
    /// What options said that led to it.
    pub implied: Option<Implied>,
}

/// A statement with its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// Who says it.
    pub strategy: StrategyName,
    /// Version of the rules.
    pub version: u16,
    /// About what, at which price, what it wants.
    pub spoken: Spoken,
    /// What a model thought of it.
    pub opinion: Option<Opinion>,
}

/// The strategies of one asset class.
pub struct Engine {
    routes: Routes,
    playbook: Playbook,
    strategies: Vec<Box<dyn Strategy>>,
    /// What each strategy has entered and not left.
    held: BTreeSet<(StrategyName, InstrumentId)>,
    /// Which strategies read which stream, in the order they were given.
    readers: BTreeMap<Want, Vec<usize>>,
    /// Which strategies read which book, in the order they were given.
    books: BTreeMap<InstrumentId, Vec<usize>>,
}

impl Engine {
    /// An engine over these strategies, each held by its limits in the playbook.
    #[must_use]
    pub fn new(routes: Routes, playbook: &Playbook, strategies: Vec<Box<dyn Strategy>>) -> Self {
        let mut readers: BTreeMap<Want, Vec<usize>> = BTreeMap::new();
        for (index, strategy) in strategies.iter().enumerate() {
            for want in strategy.wants() {
                let line = readers.entry(*want).or_default();
                if line.last() != Some(&index) {
                    line.push(index);
                }
            }
        }
        let mut books: BTreeMap<InstrumentId, Vec<usize>> = BTreeMap::new();
        for (index, strategy) in strategies.iter().enumerate() {
            strategy.books().iter().for_each(|book| books.entry(*book).or_default().push(index));
        }
        let (playbook, held) = (playbook.clone(), BTreeSet::new());
        Self { routes, playbook, strategies, held, readers, books }
    }

    /// The instruments whose books its strategies read.
    pub fn books(&self) -> impl Iterator<Item = InstrumentId> + '_ {
        self.books.keys().copied()
    }

    /// What learns beside the plain rules of its strategies.
    pub fn progress(&self) -> impl Iterator<Item = (StrategyName, Progress)> + '_ {
        self.strategies.iter().filter_map(|strategy| Some((strategy.name(), strategy.progress()?)))
    }

    /// The streams that its strategies read.
    pub fn wants(&self) -> impl Iterator<Item = Want> + '_ {
        self.readers.keys().copied()
    }

    /// Hands a closed candle to the strategies that read this stream.
    pub fn on_candle(
        &mut self,
        timeframe: Timeframe,
        candle: &Candle,
        conditions: &Conditions,
        mut hear: impl FnMut(Said),
    ) {
        let want = Want { instrument: candle.instrument, timeframe };
        let Some(line) = self.readers.get(&want) else {
            return;
        };
        for &index in line {
            let strategy = &mut self.strategies[index];
            let (name, version) = (strategy.name(), strategy.version());
            let hand = Hand { name, limits: self.playbook.limits(name), held: &mut self.held };
            let open = self.routes.admits(name, conditions) && hand.has_room(candle.instrument);
            let view = View { conditions: *conditions, open };
            let said = strategy.on_candle(candle, &view);
            let (instrument, mark) = (candle.instrument, candle.close);
            let spoken = said.map(|action| Spoken { instrument, mark, action, implied: None });
            if let Some(spoken) = spoken.and_then(|spoken| hand.hold(spoken)) {
                let opinion = strategy.opinion();
                hear(Said { strategy: name, version, spoken, opinion });
            }
        }
    }

    /// Hands a picture of a chain to the strategies that read its underlying day by day.
    pub fn on_chain(&mut self, chain: &Chain, conditions: &Conditions, mut hear: impl FnMut(Said)) {
        let want = Want { instrument: chain.instrument, timeframe: Timeframe::Day1 };
        for index in self.readers.get(&want).cloned().unwrap_or_default() {
            let room = |hand: &Hand| hand.has_room_for_legs();
            self.ask(index, (conditions, &room), &mut hear, |strategy, view| {
                strategy.on_chain(chain, view)
            });
        }
    }

    /// Hands a book to the strategies that read it.
    pub fn on_book(&mut self, book: &Book, conditions: &Conditions, mut hear: impl FnMut(Said)) {
        for index in self.books.get(&book.instrument).cloned().unwrap_or_default() {
            let room = |hand: &Hand| hand.has_room(book.instrument);
            self.ask(index, (conditions, &room), &mut hear, |strategy, view| {
                strategy.on_book(book, view)
            });
        }
    }

    /// Asks a strategy for statements about any instruments.
    fn ask(
        &mut self,
        index: usize,
        (conditions, has_room): (&Conditions, &dyn Fn(&Hand) -> bool),
        hear: &mut impl FnMut(Said),
        look: impl FnOnce(&mut dyn Strategy, &View) -> Vec<Spoken>,
    ) {
        let strategy = &mut self.strategies[index];
        let (name, version) = (strategy.name(), strategy.version());
        let limits = self.playbook.limits(name);
        let hand = Hand { name, limits, held: &mut self.held };
        let open = self.routes.admits(name, conditions) && has_room(&hand);
        for spoken in look(&mut **strategy, &View { conditions: *conditions, open }) {
            let hand = Hand { name, limits, held: &mut self.held };
            if let Some(spoken) = hand.hold(spoken) {
                hear(Said { strategy: name, version, spoken, opinion: None });
            }
        }
    }

    /// Tells the strategies that read a series which month stands behind it now, and names those that are in it.
    pub fn on_front(&mut self, front: Contract, mut holds: impl FnMut(StrategyName, u16)) {
        let series = front.instrument;
        for strategy in &mut self.strategies {
            if strategy.wants().iter().any(|want| want.instrument == series) {
                strategy.on_front(front);
                if self.held.contains(&(strategy.name(), series)) {
                    holds(strategy.name(), strategy.version());
                }
            }
        }
    }

    /// Tells every strategy about a company's report.
    pub fn on_report(&mut self, report: &Report) {
        for strategy in &mut self.strategies {
            strategy.on_report(report);
        }
    }

    /// Tells every strategy what cash earns from now on.
    pub fn on_rate(&mut self, rate: &Rate) {
        for strategy in &mut self.strategies {
            strategy.on_rate(rate);
        }
    }
}

/// What one strategy holds, and how much it may.
struct Hand<'a> {
    name: StrategyName,
    limits: Limits,
    held: &'a mut BTreeSet<(StrategyName, InstrumentId)>,
}

impl Hand<'_> {
    /// May it enter or grow here? Growing needs no further place.
    fn has_room(&self, instrument: InstrumentId) -> bool {
        self.held.contains(&(self.name, instrument))
            || self.places() < usize::from(self.limits.max_positions)
    }

    /// May it enter a call and a put?
    fn has_room_for_legs(&self) -> bool {
        self.places() + 2 <= usize::from(self.limits.max_positions)
    }

    fn places(&self) -> usize {
        let (first, last) = (InstrumentId(u32::MIN), InstrumentId(u32::MAX));
        self.held.range((self.name, first)..=(self.name, last)).count()
    }

    /// The statement as its limits leave it. An entry that was held back has no exit either.
    fn hold(self, spoken: Spoken) -> Option<Spoken> {
        let place = (self.name, spoken.instrument);
        let action = match spoken.action {
            Action::Enter { strength, stop } => {
                let strength = self.limits.fit(strength, spoken.mark, stop)?;
                self.held.insert(place);
                Action::Enter { strength, stop }
            }
            Action::Straddle { put, put_mark, strength } => {
                let strength = self.limits.fit(strength, spoken.mark, None)?;
                self.held.extend([place, (self.name, put)]);
                Action::Straddle { put, put_mark, strength }
            }
            Action::Short { strength, stop } => {
                let strength = self.limits.fit(strength, spoken.mark, stop)?;
                self.held.insert(place);
                Action::Short { strength, stop }
            }
            Action::Quote(quote) => {
                let most = self.limits.fit(quote.most, spoken.mark, None)?;
                if quote.bid.is_some() {
                    self.held.insert(place);
                }
                Action::Quote(Quote { each: quote.each.min(most), most, ..quote })
            }
            // Nothing is held for it: it is over at once.
            Action::Cross { .. } | Action::Loop(_) => spoken.action,
            Action::Trim { .. } => self.held.contains(&place).then_some(spoken.action)?,
            Action::Exit => self.held.remove(&place).then_some(spoken.action)?,
            // Families say it, not strategies.
            Action::Roll { .. } => return None,
        };
        Some(Spoken { action, ..spoken })
    }
}

/// A daily candle that stood still, for the tests of the strategies.
#[cfg(test)]
pub(crate) fn flat(instrument: InstrumentId, day: i64, close: f64) -> Candle {
    use nija_core::words::money::Price;
    use nija_core::words::time::{Span, Timestamp};
    let close = crate::clamp::price(close).unwrap_or(Price::STEP);
    Candle {
        instrument,
        open_at: Timestamp(day * Span::DAY.0),
        close_at: Timestamp((day + 1) * Span::DAY.0),
        open: close,
        high: close,
        low: close,
        close,
        volume: 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::candle::Timeframe::Day1;
    use nija_core::words::score::Strength;

    /// Enters at every candle up to 100 and wants out above.
    struct Eager([Want; 1]);

    impl Strategy for Eager {
        fn name(&self) -> StrategyName {
            StrategyName::EquityMeanReversion
        }
        fn version(&self) -> u16 {
            3
        }
        fn wants(&self) -> &[Want] {
            &self.0
        }
        fn on_candle(&mut self, candle: &Candle, view: &View) -> Option<Action> {
            let enter = Action::Enter { strength: Strength::FULL, stop: None };
            let wanted = if candle.close_f64() > 100.0 { Action::Exit } else { enter };
            (view.open || wanted.reduces()).then_some(wanted)
        }
    }

    #[test]
    fn limits_hold_whatever_a_strategy_says() {
        let mut playbook = Playbook::default();
        let limits = Limits { max_positions: 1, risk: 1.0, min_size: 0.1, max_size: 0.6 };
        playbook.equity_mean_reversion.limits = limits;
        let of = |n| Want { instrument: InstrumentId(n), timeframe: Day1 };
        let eager = |n| Box::new(Eager([of(n)])) as Box<dyn Strategy>;
        let mut engine = Engine::new(Routes::default(), &playbook, vec![eager(1), eager(2)]);
        let mut hear = |n: u32, day: i64, close: f64| {
            let mut said = None;
            let candle = flat(InstrumentId(n), day, close);
            engine.on_candle(Day1, &candle, &Conditions::default(), |s| said = Some(s));
            said.map(|said: Said| match said.spoken.action {
                Action::Enter { strength, .. } => strength.as_parts(),
                _ => 0,
            })
        };
        assert_eq!(hear(1, 0, 90.0), Some(6_000), "no larger than its limit");
        assert_eq!(hear(2, 0, 90.0), None, "one place, and it is taken");
        assert_eq!(hear(1, 1, 90.0), Some(6_000), "growing needs no further place");
        assert_eq!(hear(2, 1, 110.0), None, "what was never entered has no exit");
        assert_eq!(hear(1, 2, 110.0), Some(0));
        assert_eq!(hear(2, 2, 90.0), Some(6_000), "the place is free");
    }
}
