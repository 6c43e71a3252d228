//! All strategies seen as one thing: something became known, something is said.

use nija_core::words::conditions::Conditions;
use nija_core::words::signal::Action;
use nija_market::engine::crypto::Quotes;
use nija_market::engine::crypto::arbitrage::Leg;
use nija_market::engine::{Model, Seen, Spoken, Stance, Strategy, View};

/// What was said, in any of the ways there are.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    Act(Action),
    Hold(Stance),
    Quote(Quotes),
    Trade(Vec<Leg>),
    Speak(Vec<Spoken>),
}

macro_rules! words {
    ($($word:ident($inner:ty);)*) => {$(
        impl From<$inner> for Word {
            fn from(inner: $inner) -> Self {
                Self::$word(inner)
            }
        }
    )*};
}

words! {
    Hold(Stance);
    Quote(Quotes);
    Trade(Vec<Leg>);
}

/// Anything that listens and speaks.
pub(super) trait Subject {
    fn see(&mut self, seen: &Seen) -> Option<Word>;
}

/// A strategy, with the door always open.
pub(super) struct Acting<S>(pub(super) S);

impl<S: Strategy> Subject for Acting<S> {
    fn see(&mut self, seen: &Seen) -> Option<Word> {
        let view = View { conditions: Conditions::default(), open: true };
        match seen {
            Seen::Candle(candle) => self.0.on_candle(candle, &view).map(Word::Act),
            Seen::Report(report) => {
                self.0.on_report(report);
                None
            }
            Seen::Rate(rate) => {
                self.0.on_rate(rate);
                None
            }
            Seen::Chain(chain) => {
                let spoken = self.0.on_chain(chain, &view);
                (!spoken.is_empty()).then_some(Word::Speak(spoken))
            }
            _ => None,
        }
    }
}

/// A model.
pub(super) struct Modeling<M>(pub(super) M);

impl<M: Model<Word: Into<Word>>> Subject for Modeling<M> {
    fn see(&mut self, seen: &Seen) -> Option<Word> {
        self.0.see(seen).map(Into::into)
    }
}

/// How a subject is made.
pub(super) type Make = fn() -> Box<dyn Subject>;

/// What happened, what was said to it, and what came of it.
pub(super) struct Episode {
    pub(super) events: Vec<Seen>,
    pub(super) words: Vec<Option<Word>>,
    /// Gains of its trades before costs, as parts of the capital.
    pub(super) gains: Vec<f64>,
    pub(super) costs: f64,
}

/// Everything a subject says to these events.
pub(super) fn hear(subject: &mut dyn Subject, events: &[Seen]) -> Vec<Option<Word>> {
    events.iter().map(|seen| subject.see(seen)).collect()
}
