//! What a decision was made on, as one JSON object: the same for whoever asks the API, and for whoever reads the
//! journal. Values that a person and a program want differently are there twice: as words, and `exact`.

use super::word;
use nija_core::desk::event::{Event, Evidence, Skip, Wish};
use nija_core::risk::refusal::Refusal;
use nija_core::words::conditions::Regime;
use nija_core::words::insight::Insight;
use nija_core::words::instrument::AssetClass;
use nija_core::words::order::Ticket;
use nija_core::words::signal::{Grounds, Signal};
use serde_json::{Value, json};

/// The evidence of a decision; none for an event that is no decision.
#[must_use]
pub fn evidence(event: &Event) -> Option<Value> {
    Some(match event {
        Event::Approved { ticket, evidence } => approved(ticket, evidence),
        Event::Refused { wish, refusal, insight, .. } => refused(wish, refusal, insight.as_ref()),
        Event::Skipped { signal, why, .. } => skipped(signal, *why),
        Event::Signaled { signal, grounds, .. } => signaled(signal, grounds),
        Event::CopySkipped { lead, size, why, .. } => {
            json!({ "why": why, "lead": lead, "size": size })
        }
        Event::Halted { code, measured, limit, .. } => json!({
            "code": code.name(),
            "gate": code.gate().title(),
            "measured": measured.to_string(),
            "limit": limit.to_string(),
            "exact": { "measured": measured, "limit": limit },
        }),
        Event::Reallocated { split, regime, .. } => {
            let [crypto, equity, derivatives] = AssetClass::ALL.map(|class| split.class(class));
            json!({
                "crypto": crypto,
                "equity": equity,
                "derivatives": derivatives,
                "cash": split.cash(),
                "regime": regime.map(Regime::name),
            })
        }
        _ => return None,
    })
}

fn approved(ticket: &Ticket, evidence: &Evidence) -> Value {
    json!({
        "mark": evidence.mark,
        "mark_age_ms": evidence.mark_age.as_millis(),
        "equity": evidence.equity,
        "volatility": evidence.volatility.map(|score| score.to_string()),
        "regime": evidence.regime.map(Regime::name),
        "level": evidence.level.name(),
        "purpose": word::purpose(ticket.purpose),
        "terms": ticket.order_type,
        "origin": ticket.origin,
        "version": ticket.origin.version(),
        "reserved": ticket.reserved,
        "protect": ticket.protect,
        "venue": ticket.venue.name(),
        "insight": evidence.insight,
    })
}

fn refused(wish: &Wish, refusal: &Refusal, insight: Option<&Insight>) -> Value {
    let changes: Vec<String> = refusal.changes.iter().map(ToString::to_string).collect();
    json!({
        "code": refusal.code.name(),
        "gate": refusal.code.gate().title(),
        "measured": refusal.measured.to_string(),
        "limit": refusal.limit.to_string(),
        "age_ms": refusal.age.as_millis(),
        "changes": changes,
        "wish": wish,
        "version": wish.origin.version(),
        "exact": refusal,
        "insight": insight,
    })
}

fn skipped(signal: &Signal, why: Skip) -> Value {
    json!({
        "why": why,
        "signal": signal.id,
        "strategy": signal.strategy.name(),
        "version": signal.version,
        "wants": signal.action,
        "mark": signal.mark,
        "known_at": signal.at.to_string(),
        "insight": signal.insight,
    })
}

fn signaled(signal: &Signal, grounds: &Grounds) -> Value {
    json!({
        "signal": signal.id,
        "strategy": signal.strategy.name(),
        "wants": signal.action,
        "mark": signal.mark,
        "known_at": signal.at.to_string(),
        "model": grounds.model,
        "confidence": grounds.confidence.map(|score| score.to_string()),
        "reason": grounds.reason,
    })
}
