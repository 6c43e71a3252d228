//! The analyst: reads every market once for all accounts and says what the market is like and what the
//! strategies want. It knows no account, asks no clock and keeps state only for instruments of its setup.
//!
//! Hand in each candle when its `close_at` has passed, in the order of closing; what comes late, twice or
//! broken is ignored. Larger candles that somebody needs are built from smaller ones.

mod feed;

use crate::book::Book;
use crate::candle::{Candle, Timeframe};
use crate::chain::{Chain, Chains, Terms};
use crate::conditions::{Reader, Roles};
use crate::earnings::Report;
use crate::engine::{Engine, Routes, Said, Spoken, crypto, derivatives, equity};
use crate::learn::overfit::Judgment;
use crate::learn::progress::Progress;
use crate::learn::weighing::{self, Weighing};
use crate::playbook::Playbook;
use crate::rates::{Coming, Rate};
use crate::regime::{Detector, Thresholds};
use crate::roll::{Rolled, Rolls};
use feed::Feeds;
use nija_core::words::conditions::Conditions;
use nija_core::words::id::{InstrumentId, SignalId};
use nija_core::words::insight::Insight;
use nija_core::words::money::Price;
use nija_core::words::score::{Score, Strength};
use nija_core::words::signal::{Action, Signal, StrategyName};
use nija_core::words::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Everything the analyst needs to know before it starts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Setup {
    /// The leading markets.
    pub roles: Roles,
    /// Limits of the regime detector.
    pub thresholds: Thresholds,
    /// Liquidity that is taken for granted while no order book is read; none opens no share for derivatives.
    pub liquidity: Option<Score>,
    /// Limits of the strategy router.
    pub routes: Routes,
    /// The crypto engine.
    pub crypto: crypto::Setup,
    /// The equity engine.
    pub equity: equity::Setup,
    /// The derivatives engine.
    pub derivatives: derivatives::Setup,
    /// Parameters and limits of all strategies.
    pub playbook: Playbook,
    /// Companies' reports; each reaches the strategies when it is known, and not earlier.
    pub calendar: Vec<Report>,
    /// Rates of interest; each reaches strategies and chains when it is known, and not earlier.
    pub rates: Vec<Rate>,
    /// Learned weighting of strategies.
    pub weighing: weighing::Setup,
}

/// What one candle led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// New statements, in a fixed order.
    pub signals: Vec<Signal>,
    /// The conditions, when they changed.
    pub conditions: Option<Conditions>,
}

/// Reads markets; see the module.
pub struct Analyst {
    feeds: Feeds,
    reader: Reader,
    detector: Detector,
    engines: [Engine; 3],
    /// Reports that nobody may know yet, the soonest last.
    calendar: Vec<Report>,
    rates: Coming,
    /// What cash earns, as far as it is known.
    rate: Option<f64>,
    weighing: Weighing,
    chains: Chains,
    rolls: Rolls,
    conditions: Conditions,
    /// Latest close seen: what is known now.
    now: Timestamp,
    last_id: u64,
    /// Room for the candles of one turn, kept to spare allocations.
    turn: Vec<(Timeframe, Candle)>,
}

impl Analyst {
    /// An analyst that has seen nothing.
    #[must_use]
    pub fn new(setup: &Setup) -> Self {
        let (routes, playbook) = (setup.routes, &setup.playbook);
        let engines = [
            setup.crypto.engine(routes, playbook),
            setup.equity.engine(routes, playbook),
            setup.derivatives.engine(routes, playbook),
        ];
        let mut calendar = setup.calendar.clone();
        calendar.sort_by_key(|report| (report.known_at, report.instrument, report.period));
        calendar.reverse();
        let rolls = Rolls::new(&setup.derivatives.families);
        let wanted = engines.iter().flat_map(Engine::wants).flat_map(|want| rolls.wants(want));
        Self {
            feeds: Feeds::new(wanted, setup.roles.instruments()),
            reader: Reader::new(setup.roles),
            detector: Detector::new(setup.thresholds).assuming(setup.liquidity),
            engines,
            calendar,
            rates: Coming::new(setup.rates.clone()),
            rate: None,
            weighing: Weighing::new(setup.weighing),
            chains: Chains::default(),
            rolls,
            conditions: Conditions::default(),
            now: Timestamp(i64::MIN),
            last_id: 0,
            turn: Vec::new(),
        }
    }

    /// The latest conditions.
    #[must_use]
    pub const fn conditions(&self) -> Conditions {
        self.conditions
    }

    /// What the gate says of the learned weighting so far; none while too few trades have ended.
    #[must_use]
    pub const fn weighting(&self) -> Option<&Judgment> {
        self.weighing.judgment()
    }

    /// What learns beside the plain rules of strategies, and whether it decides.
    #[must_use]
    pub fn progress(&self) -> Vec<(StrategyName, Progress)> {
        self.engines.iter().flat_map(Engine::progress).collect()
    }

    /// Takes a closed candle. Conditions are read first, so signals of the same close already obey them.
    pub fn on_candle(&mut self, candle: &Candle) -> Output {
        let mut output = Output::default();
        if !self.feeds.take(candle, &mut self.turn) {
            return output;
        }
        self.now = self.now.max(candle.close_at);
        self.publish();
        let mut turn = core::mem::take(&mut self.turn);
        for (timeframe, closed) in &turn {
            self.read(*timeframe, closed, &mut output);
            self.ask(*timeframe, closed, &mut output.signals);
        }
        turn.clear();
        self.turn = turn;
        output
    }

    /// A contract of a chain is listed.
    pub fn on_contract(&mut self, terms: Terms) {
        self.chains.list(terms);
    }

    /// A contract is quoted: bid and ask.
    pub fn on_quote(&mut self, contract: InstrumentId, quote: (Price, Price), at: Timestamp) {
        self.chains.quote(contract, quote, at);
    }

    /// Takes a picture of the options on an instrument at this price: its contracts have been quoted. What is
    /// decided now trades on the day of the next session. Gives the picture, too.
    pub fn on_picture(
        &mut self,
        of: (InstrumentId, Price),
        next_session: i32,
        at: Timestamp,
    ) -> (Chain, Vec<Signal>) {
        self.now = self.now.max(at);
        self.publish();
        let chain = Chain { rate: self.rate, ..self.chains.picture(of, next_session, at) };
        let (now, mut signals) = (self.now, Vec::new());
        for engine in &mut self.engines {
            engine.on_chain(&chain, &self.conditions, |said| {
                signals.push(signal(&mut self.last_id, said, now));
            });
        }
        (chain, signals)
    }

    /// The instruments whose books its strategies read.
    #[must_use]
    pub fn books(&self) -> Vec<InstrumentId> {
        self.engines.iter().flat_map(Engine::books).collect()
    }

    /// Takes how a book is displayed now.
    pub fn on_book(&mut self, book: &Book) -> Vec<Signal> {
        self.now = self.now.max(book.at);
        self.publish();
        let (now, mut signals) = (self.now, Vec::new());
        for engine in &mut self.engines {
            engine.on_book(book, &self.conditions, |said| {
                signals.push(signal(&mut self.last_id, said, now));
            });
        }
        signals
    }

    /// Tells the engines what has become known.
    fn publish(&mut self) {
        while let Some(report) = self.calendar.pop_if(|report| report.known_at <= self.now) {
            self.engines.iter_mut().for_each(|engine| engine.on_report(&report));
        }
        while let Some(rate) = self.rates.next(self.now) {
            self.rate = Some(rate.yearly);
            self.engines.iter_mut().for_each(|engine| engine.on_rate(&rate));
        }
    }

    fn read(&mut self, timeframe: Timeframe, candle: &Candle, output: &mut Output) {
        if timeframe != Timeframe::Day1 || !self.reader.on_daily(candle) {
            return;
        }
        let fresh = self.detector.evaluate(&self.reader.readings(self.now));
        let changed = Conditions { at: self.conditions.at, ..fresh } != self.conditions;
        if changed {
            self.conditions = fresh;
            output.conditions = Some(fresh);
        }
    }

    /// Asks about what is read of a candle, then lets contracts roll that it was the close for.
    fn ask(&mut self, timeframe: Timeframe, candle: &Candle, signals: &mut Vec<Signal>) {
        if let Some(front) = self.rolls.pass(candle) {
            self.engines.iter_mut().for_each(|engine| engine.on_front(front, |_, _| ()));
        }
        if let Some(read) = self.rolls.read(candle) {
            let earlier = signals.len();
            self.ask_of(timeframe, &read, signals);
            signals[earlier..].iter_mut().for_each(|signal| self.rolls.say(signal, candle));
        }
        if timeframe == Timeframe::Day1 {
            self.roll(candle, signals);
        }
    }

    fn roll(&mut self, candle: &Candle, signals: &mut Vec<Signal>) {
        let (last_id, at) = (&mut self.last_id, self.now);
        let Some(Rolled { front, from, into, mark, moves }) = self.rolls.on_day(candle, at) else {
            return;
        };
        for engine in &mut self.engines {
            engine.on_front(front, |strategy, version| {
                let action = Action::Roll { from };
                let spoken = Spoken { instrument: into, mark, action, implied: None };
                let said = Said { strategy, version, spoken, opinion: None };
                if moves {
                    signals.push(signal(last_id, said, at));
                }
            });
        }
    }

    fn ask_of(&mut self, timeframe: Timeframe, candle: &Candle, signals: &mut Vec<Signal>) {
        let (last_id, at, conditions) = (&mut self.last_id, self.now, &self.conditions);
        let earlier = signals.len();
        for engine in &mut self.engines {
            engine.on_candle(timeframe, candle, conditions, |said: Said| {
                signals.push(signal(last_id, said, at));
            });
        }
        self.weighing.on_candle(candle);
        for signal in &mut signals[earlier..] {
            let opinion = signal.insight.and_then(|insight| insight.opinion);
            let weight = self.weighing.on_signal(signal, conditions);
            let weighed = weight.map(|weight| Insight { weight, opinion, implied: None });
            signal.insight = weighed.or(signal.insight);
        }
    }
}

/// A statement with its number and its time.
fn signal(last_id: &mut u64, said: Said, at: Timestamp) -> Signal {
    *last_id += 1;
    let Said { strategy, version, spoken, opinion } = said;
    let implied = spoken.implied;
    let is_known = opinion.is_some() || implied.is_some();
    Signal {
        id: SignalId(*last_id),
        strategy,
        version,
        instrument: spoken.instrument,
        action: spoken.action,
        mark: spoken.mark,
        at,
        insight: is_known.then_some(Insight { weight: Strength::FULL, opinion, implied }),
    }
}
