//! Why it traded and why it did not: one row per decision, with a sentence for people and its whole evidence.
//! Evidence says every value twice where a person and a program want it differently: as words, and `exact`.

use super::{pass::Pass, word};
use crate::error::Fault;
use nija_core::allocation::Split;
use nija_core::desk::event::{Evidence, Skip, Wish};
use nija_core::risk::refusal::{Code, Measure, Refusal};
use nija_core::words::conditions::Regime;
use nija_core::words::id::{AccountNo, OrderId};
use nija_core::words::instrument::AssetClass;
use nija_core::words::order::{Purpose, Ticket};
use nija_core::words::signal::{Action, Signal};
use serde_json::{Value, json};

const DECIDE: &str = "INSERT INTO decision (account, number, kind, symbol, side, size, origin, order_id, code, \
     gate, sentence, evidence, at) \
     VALUES (?1, 1 + coalesce((SELECT max(number) FROM decision WHERE account = ?1), 0), \
     ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

/// A decision on its way into its row.
#[derive(Default)]
struct Decision<'a> {
    kind: &'static str,
    symbol: Option<&'a str>,
    side: Option<&'static str>,
    size: Option<String>,
    origin: Option<&'static str>,
    order: Option<OrderId>,
    code: Option<Code>,
    sentence: String,
    evidence: Value,
}

impl Pass<'_> {
    fn decide(&mut self, account: AccountNo, decision: Decision<'_>) -> Result<(), Fault> {
        let holder = self.holder(account)?;
        self.connection.prepare_cached(DECIDE)?.execute((
            holder.key,
            decision.kind,
            decision.symbol,
            decision.side,
            decision.size,
            decision.origin,
            decision.order.map(|id| id.0.cast_signed()),
            decision.code.map(Code::name),
            decision.code.map(|code| code.gate().title()),
            decision.sentence,
            decision.evidence.to_string(),
            self.at.now.0,
        ))?;
        Ok(())
    }

    pub(super) fn approved(&mut self, ticket: &Ticket, evidence: &Evidence) -> Result<(), Fault> {
        let listing = self.listing(ticket.instrument)?;
        let verdict = match ticket.purpose {
            Purpose::Entry => "All gates passed",
            Purpose::Exit => "Exits always pass",
        };
        let (side, symbol) = (word::side(ticket.side), listing.symbol.as_str());
        let (mark, level) = (evidence.mark, evidence.level.name());
        let decision = Decision {
            kind: "approved",
            symbol: Some(symbol),
            side: Some(side),
            size: Some(format!("{} units", ticket.qty)),
            origin: Some(word::origin(ticket.origin)),
            order: Some(ticket.id),
            code: None,
            sentence: format!(
                "{verdict}: {side} {} {symbol}, judged at {mark}; risk level {level}",
                ticket.qty
            ),
            evidence: json!({
                "mark": mark,
                "mark_age_ms": evidence.mark_age.as_millis(),
                "equity": evidence.equity,
                "volatility": evidence.volatility.map(|score| score.to_string()),
                "regime": evidence.regime.map(Regime::name),
                "level": level,
                "purpose": word::purpose(ticket.purpose),
                "terms": ticket.order_type,
                "origin": ticket.origin,
                "reserved": ticket.reserved,
                "protect": ticket.protect,
                "venue": ticket.venue.name(),
            }),
        };
        self.decide(ticket.account, decision)
    }

    pub(super) fn refused(
        &mut self,
        account: AccountNo,
        wish: &Wish,
        refusal: &Refusal,
    ) -> Result<(), Fault> {
        let listing = self.listing(wish.instrument)?;
        let changes: Vec<String> = refusal.changes.iter().map(ToString::to_string).collect();
        let decision = Decision {
            kind: "refused",
            symbol: Some(&listing.symbol),
            side: Some(word::side(wish.side)),
            size: Some(word::size(wish.size)),
            origin: Some(word::origin(wish.origin)),
            order: None,
            code: Some(refusal.code),
            sentence: refusal.to_string(),
            evidence: json!({
                "code": refusal.code.name(),
                "gate": refusal.code.gate().title(),
                "measured": refusal.measured.to_string(),
                "limit": refusal.limit.to_string(),
                "age_ms": refusal.age.as_millis(),
                "changes": changes,
                "wish": wish,
                "exact": refusal,
            }),
        };
        self.decide(account, decision)
    }

    pub(super) fn skipped(
        &mut self,
        account: AccountNo,
        signal: &Signal,
        why: Skip,
    ) -> Result<(), Fault> {
        let listing = self.listing(signal.instrument)?;
        let (strategy, symbol) = (signal.strategy.name(), listing.symbol.as_str());
        let decision = Decision {
            kind: "skipped",
            symbol: Some(symbol),
            side: Some(match signal.action {
                Action::Enter { .. } => "buy",
                Action::Exit => "sell",
            }),
            origin: Some(strategy),
            sentence: format!(
                "The signal of {strategy} for {symbol} led to no order: {}",
                why.sentence()
            ),
            evidence: json!({
                "why": why,
                "signal": signal.id,
                "strategy": strategy,
                "version": signal.version,
                "wants": signal.action,
                "mark": signal.mark,
                "known_at": signal.at.to_string(),
            }),
            ..Decision::default()
        };
        self.decide(account, decision)
    }

    pub(super) fn halted(
        &mut self,
        account: AccountNo,
        code: Code,
        (measured, limit): (Measure, Measure),
    ) -> Result<(), Fault> {
        let (gate, name) = (code.gate().title(), code.name());
        let decision = Decision {
            kind: "halted",
            code: Some(code),
            sentence: format!(
                "{gate} stopped new entries ({name}): {measured} against a limit of {limit}"
            ),
            evidence: json!({
                "code": name,
                "gate": gate,
                "measured": measured.to_string(),
                "limit": limit.to_string(),
                "exact": { "measured": measured, "limit": limit },
            }),
            ..Decision::default()
        };
        self.decide(account, decision)
    }

    pub(super) fn reallocated(
        &mut self,
        account: AccountNo,
        split: &Split,
        regime: Option<Regime>,
    ) -> Result<(), Fault> {
        let [crypto, equity, derivatives] = AssetClass::ALL.map(|class| split.class(class));
        let cash = split.cash();
        let market = regime.map_or("no regime is known yet".to_owned(), |regime| {
            format!("the regime is {}", regime.name())
        });
        let decision = Decision {
            kind: "reallocated",
            sentence: format!(
                "Capital is split {crypto}% crypto, {equity}% equity, {derivatives}% derivatives \
                 and {cash}% cash; {market}"
            ),
            evidence: json!({
                "crypto": crypto,
                "equity": equity,
                "derivatives": derivatives,
                "cash": cash,
                "regime": regime.map(Regime::name),
            }),
            ..Decision::default()
        };
        self.decide(account, decision)
    }
}
