//! Samples of what strategies say, and of why it led to nothing.

use super::{AT, NO, OF, OTHER};
use crate::learned;
use nija_core::desk::event::{Event, Skip};
use nija_core::words::id::SignalId;
use nija_core::words::money::{Price, Qty};
use nija_core::words::order::Side;
use nija_core::words::score::{Score, Strength};
use nija_core::words::signal::{Action, Grounds, Loop, Quote, Signal, StrategyName};

pub(super) fn signals() -> Vec<Signal> {
    let actions = every!(Action:
        Action::Enter { .. } => Action::Enter { strength: Strength::parts(7_500), stop: Some(Price::whole(44)) },
        Action::Exit => Action::Exit,
        Action::Trim { .. } => Action::Trim { strength: Strength::parts(2_500) },
        Action::Straddle { .. } => Action::Straddle {
            put: OTHER,
            put_mark: Price::whole(4),
            strength: Strength::parts(5_000),
        },
        Action::Cross { .. } => Action::Cross {
            sell: OTHER,
            sell_limit: Price::whole(51),
            buy_limit: Price::whole(50),
            most: Qty::whole(3),
        },
        Action::Short { .. } => Action::Short { strength: Strength::parts(7_500), stop: Some(Price::whole(56)) },
        Action::Quote(_) => Action::Quote(Quote {
            bid: Some(Price::whole(49)),
            ask: None,
            lean: Price::whole(2),
            each: Strength::parts(2_500),
            most: Strength::FULL,
        }),
        Action::Roll { .. } => Action::Roll { from: OTHER },
        Action::Loop(_) => Action::Loop(Loop {
            side: Side::Sell,
            limit: Price::from_raw(5_000_000),
            buy_limit: Price::whole(500),
            sell_limit: Price::whole(10_100),
            base: Qty::whole(10),
            quote: Qty::from_raw(50_000_000),
        }),
    );
    let signal = |strategy, action| Signal {
        id: SignalId(99),
        strategy,
        version: 2,
        instrument: OF,
        action,
        mark: Price::whole(50),
        at: AT,
        insight: None,
    };
    let mut signals: Vec<Signal> =
        StrategyName::ALL.into_iter().map(|strategy| signal(strategy, Action::Exit)).collect();
    signals.push(signal(StrategyName::Own, Action::Exit));
    signals.extend(actions.into_iter().map(|action| signal(StrategyName::MacroTrend, action)));
    signals.extend(learned::signals(signal(StrategyName::EquityMomentumSwing, Action::Exit)));
    signals
}

pub(super) fn skips() -> Vec<Skip> {
    every!(Skip:
        Skip::NoBudget => Skip::NoBudget,
        Skip::BudgetSpent => Skip::BudgetSpent,
        Skip::TooSmall => Skip::TooSmall,
        Skip::AlreadyIn => Skip::AlreadyIn,
        Skip::ClassNotAllowed => Skip::ClassNotAllowed,
        Skip::OtherSide => Skip::OtherSide,
        Skip::NotShortable => Skip::NotShortable,
        Skip::NoStock => Skip::NoStock,
        Skip::AutopilotOff => Skip::AutopilotOff,
        Skip::NothingToClose => Skip::NothingToClose,
    )
}

pub(super) fn own_signals() -> Vec<Event> {
    let full = Grounds {
        model: "ridge-7".to_owned(),
        confidence: Some(Score::points(81)),
        reason: Some("breadth turned".to_owned()),
    };
    let bare = Grounds { model: "m".to_owned(), confidence: None, reason: None };
    let own = signals().into_iter().filter(|signal| signal.strategy == StrategyName::Own);
    let each = own.flat_map(|signal| [(signal, full.clone()), (signal, bare.clone())]);
    each.map(|(signal, grounds)| Event::Signaled { account: NO, signal, grounds }).collect()
}
