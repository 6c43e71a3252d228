//! Why it traded and why it did not: one row per decision, with a sentence for people and its whole evidence.

use super::evidence::evidence;
use super::reader::{Reader, damaged};
use super::record::Record;
use super::word;
use crate::error::Fault;
use nija_core::allocation::Split;
use nija_core::desk::event::{Event, Evidence, Skip, Wish};
use nija_core::ports::views::DecisionRow;
use nija_core::risk::refusal::{Code, Measure, Refusal};
use nija_core::words::conditions::Regime;
use nija_core::words::id::{InstrumentId, OrderId};
use nija_core::words::instrument::AssetClass;
use nija_core::words::order::{Purpose, Side, Ticket};
use nija_core::words::score::Strength;
use nija_core::words::signal::{Action, Grounds, Loop, Signal};

/// A decision on its way into a row.
#[derive(Default)]
struct Decision {
    kind: &'static str,
    symbol: Option<String>,
    side: Option<&'static str>,
    size: Option<String>,
    origin: Option<&'static str>,
    order: Option<OrderId>,
    code: Option<Code>,
    /// The code of what no gate said.
    reason: Option<&'static str>,
    sentence: String,
}

/// The row of a decision.
pub(super) fn row(
    reader: &mut Reader<'_>,
    record: &Record,
    _: usize,
) -> Result<DecisionRow, Fault> {
    let symbol = |instrument| Ok::<_, Fault>(reader.listing(record, instrument)?.symbol);
    let decision = match &record.event {
        Event::Approved { ticket, evidence } => {
            approved(symbol(ticket.instrument)?, ticket, evidence)
        }
        Event::Refused { wish, refusal, .. } => refused(symbol(wish.instrument)?, wish, refusal),
        Event::Skipped { signal, why, .. } => skipped(symbol(signal.instrument)?, signal, *why),
        Event::Signaled { signal, grounds, .. } => {
            signaled(symbol(signal.instrument)?, signal, grounds)
        }
        Event::CopySkipped { .. } => not_copied(&record.event, symbol)?,
        Event::Halted { code, measured, limit, .. } => halted(*code, (*measured, *limit)),
        Event::Reallocated { split, regime, .. } => reallocated(split, *regime),
        _ => return Err(damaged("a decision is something else")),
    };
    Ok(DecisionRow {
        kind: decision.kind.to_owned(),
        symbol: decision.symbol,
        side: decision.side.map(str::to_owned),
        size: decision.size,
        origin: decision.origin.map(str::to_owned),
        order_id: decision.order.map(|id| id.to_string()),
        code: decision.code.map(Code::name).or(decision.reason).map(str::to_owned),
        gate: decision.code.map(|code| code.gate().title().to_owned()),
        sentence: decision.sentence,
        evidence: evidence(&record.event).unwrap_or_default().to_string(),
        at: record.at.now.to_string(),
    })
}

fn approved(symbol: String, ticket: &Ticket, evidence: &Evidence) -> Decision {
    let verdict = match ticket.purpose {
        Purpose::Entry => "All gates passed",
        Purpose::Exit => "Exits always pass",
    };
    let side = word::side(ticket.side);
    let (mark, level) = (evidence.mark, evidence.level.name());
    Decision {
        kind: "approved",
        side: Some(side),
        size: Some(format!("{} units", ticket.qty)),
        origin: Some(word::origin(ticket.origin)),
        order: Some(ticket.id),
        code: None,
        reason: None,
        sentence: format!(
            "{verdict}: {side} {} {symbol}, judged at {mark}; risk level {level}",
            ticket.qty
        ),
        symbol: Some(symbol),
    }
}

fn refused(symbol: String, wish: &Wish, refusal: &Refusal) -> Decision {
    Decision {
        kind: "refused",
        symbol: Some(symbol),
        side: Some(word::side(wish.side)),
        size: Some(word::size(wish.size)),
        origin: Some(word::origin(wish.origin)),
        order: None,
        code: Some(refusal.code),
        reason: None,
        sentence: refusal.to_string(),
    }
}

/// The side of what a signal wants.
const fn side(action: Action) -> Option<&'static str> {
    match action {
        Action::Enter { .. }
        | Action::Straddle { .. }
        | Action::Quote(_)
        | Action::Cross { .. }
        | Action::Loop(Loop { side: Side::Buy, .. }) => Some("buy"),
        Action::Loop(Loop { side: Side::Sell, .. })
        | Action::Exit
        | Action::Trim { .. }
        | Action::Short { .. } => Some("sell"),
        // Whichever side each account holds.
        Action::Roll { .. } => None,
    }
}

/// What an owner's model said; what came of it is the decision behind it, which names the same signal.
fn signaled(symbol: String, signal: &Signal, grounds: &Grounds) -> Decision {
    let strategy = signal.strategy.name();
    let part = |strength: Strength| {
        let (percent, rest) = (strength.as_parts() / 100, strength.as_parts() % 100);
        format!("{percent}.{rest:02}% of a full position")
    };
    let (wants, size) = match signal.action {
        Action::Enter { strength, .. } => ("enter", Some(part(strength))),
        Action::Short { strength, .. } => ("be short of", Some(part(strength))),
        Action::Trim { strength } => ("trim", Some(part(strength))),
        _ => ("leave", None),
    };
    let reason = grounds.reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    Decision {
        kind: "signaled",
        side: side(signal.action),
        origin: Some(strategy),
        sentence: format!("The model {} wants to {wants} {symbol}{reason}", grounds.model),
        size,
        symbol: Some(symbol),
        ..Decision::default()
    }
}

fn skipped(symbol: String, signal: &Signal, why: Skip) -> Decision {
    let strategy = signal.strategy.name();
    Decision {
        kind: "skipped",
        side: side(signal.action),
        origin: Some(strategy),
        sentence: format!(
            "The signal of {strategy} for {symbol} led to no order: {}",
            why.sentence()
        ),
        symbol: Some(symbol),
        ..Decision::default()
    }
}

fn not_copied(
    event: &Event,
    symbol: impl Fn(InstrumentId) -> Result<String, Fault>,
) -> Result<Decision, Fault> {
    let Event::CopySkipped { instrument, side, size, why, .. } = event else {
        return Err(damaged("a skipped copy is something else"));
    };
    let (symbol, side) = (symbol(*instrument)?, word::side(*side));
    Ok(Decision {
        kind: "skipped",
        side: Some(side),
        size: size.is_positive().then(|| format!("${size}")),
        origin: Some("copy"),
        reason: Some(why.name()),
        sentence: format!("The master's {side} of {symbol} was not copied: {}", why.sentence()),
        symbol: Some(symbol),
        ..Decision::default()
    })
}

fn halted(code: Code, (measured, limit): (Measure, Measure)) -> Decision {
    let (gate, name) = (code.gate().title(), code.name());
    Decision {
        kind: "halted",
        code: Some(code),
        sentence: format!(
            "{gate} stopped new entries ({name}): {measured} against a limit of {limit}"
        ),
        ..Decision::default()
    }
}

fn reallocated(split: &Split, regime: Option<Regime>) -> Decision {
    let [crypto, equity, derivatives] = AssetClass::ALL.map(|class| split.class(class));
    let cash = split.cash();
    let market = regime.map_or("no regime is known yet".to_owned(), |regime| {
        format!("the regime is {}", regime.name())
    });
    Decision {
        kind: "reallocated",
        sentence: format!(
            "Capital is split {crypto}% crypto, {equity}% equity, {derivatives}% derivatives \
             and {cash}% cash; {market}"
        ),
        ..Decision::default()
    }
}
