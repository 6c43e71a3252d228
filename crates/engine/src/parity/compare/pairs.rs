//! Which decision of the paper run is which of the re-run: those about one subject at one instant; stops and what
//! follows from switches by their turn, since they come when something was filled.

use super::SAME;
use crate::parity::story::{Account, Decision, Order, Story, Subject, Verdict, Whose};
use nija_core::words::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A decision in both runs, or in one of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<'a> {
    pub(super) paper: Option<&'a Decision>,
    pub(super) rerun: Option<&'a Decision>,
}

impl Pair<'_> {
    pub(super) fn at(&self) -> Timestamp {
        self.paper.or(self.rerun).map_or(Timestamp::EPOCH, |decision| decision.at)
    }
}

type Row<'a> = [Vec<&'a Decision>; 2];

/// All decisions about these accounts, in pairs.
pub(super) fn of<'a>(
    paper: &'a Story,
    rerun: &'a Story,
    compared: impl Fn(Account) -> bool,
) -> Vec<Pair<'a>> {
    let mut rows: BTreeMap<Subject, Row<'a>> = BTreeMap::new();
    for (n, story) in [paper, rerun].into_iter().enumerate() {
        for decision in story.decisions.iter().filter(|d| compared(d.subject.account)) {
            rows.entry(decision.subject).or_default()[n].push(decision);
        }
    }
    let mut pairs = Vec::new();
    for (subject, row) in rows {
        let by_turn =
            matches!(subject.whose, Whose::Protection(_) | Whose::KillSwitch | Whose::Desk);
        pair(row, by_turn, &mut pairs);
    }
    pairs
}

fn pair<'a>([paper, rerun]: Row<'a>, by_turn: bool, pairs: &mut Vec<Pair<'a>>) {
    let (mut here, mut there) = (paper.into_iter().peekable(), rerun.into_iter().peekable());
    loop {
        let (one, other) = (here.peek().copied(), there.peek().copied());
        let (takes_one, takes_other) = match (one, other) {
            (None, None) => return,
            (Some(a), Some(b)) if !by_turn && apart(a, b) => (a.at < b.at, b.at < a.at),
            (a, b) => (a.is_some(), b.is_some()),
        };
        let paper = if takes_one { here.next() } else { None };
        let rerun = if takes_other { there.next() } else { None };
        pairs.push(Pair { paper, rerun });
    }
}

fn apart(a: &Decision, b: &Decision) -> bool {
    a.at.since(b.at).0.abs() > SAME.0
}

/// An order of the paper run beside that of the re-run.
pub(super) type Orders<'a> = (Subject, Option<&'a Order>, Option<&'a Order>);

/// Orders in pairs, in order of time: those that were open when the span began by their number, the others as they were
/// approved.
pub(super) fn orders<'a>(
    paper: &'a Story,
    rerun: &'a Story,
    pairs: &[Pair<'a>],
) -> Vec<Orders<'a>> {
    let mut all: Vec<Orders<'a>> = Vec::new();
    for order in paper.orders.values().filter(|order| order.carried) {
        let ticket = &order.ticket;
        let subject = Subject {
            account: (ticket.id.partition(), ticket.account),
            whose: Whose::of(ticket.origin),
            instrument: Some(ticket.instrument),
            buys: Some(ticket.side == nija_core::words::order::Side::Buy),
        };
        if !paper.copying.contains(&subject.account) {
            all.push((subject, Some(order), rerun.orders.get(&ticket.id)));
        }
    }
    let mut known = BTreeSet::new();
    for pair in pairs {
        let find = |story: &'a Story, decision: Option<&Decision>| {
            let Verdict::Approved { order, .. } = decision?.verdict else { return None };
            story.orders.get(&order)
        };
        let (one, other) = (find(paper, pair.paper), find(rerun, pair.rerun));
        if let (Some(first), true) = (pair.paper.or(pair.rerun), one.or(other).is_some()) {
            all.push((first.subject, one, other));
        }
    }
    all.retain(|(_, one, other)| {
        let key = (one.map(|order| order.ticket.id), other.map(|order| order.ticket.id));
        known.insert(key)
    });
    all.sort_by_key(|(subject, one, other)| {
        (one.or(*other).map(|order| order.ticket.at), *subject)
    });
    all
}
