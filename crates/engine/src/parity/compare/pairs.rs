//! Which decision of the paper run is which of the re-run: those about one subject at one instant; stops and what
//! follows from switches by their turn, since they come when something was filled; copies by the leader's order that
//! they copy, since they come when that was filled.

use super::SAME;
use crate::parity::story::{Account, Decision, Order, Story, Subject, Verdict, Whose};
use nija_core::copy::lead::CopySkip;
use nija_core::words::id::OrderId;
use nija_core::words::order::Side;
use nija_core::words::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// An order that others copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Led {
    /// One of the paper run, by its number there.
    Paper(OrderId),
    /// One that only the re-run has.
    Rerun(OrderId),
}

impl Led {
    pub(super) fn of(paper: Option<&Order>, rerun: Option<&Order>) -> Option<Self> {
        let (paper, rerun) = (paper.map(|of| of.ticket.id), rerun.map(|of| of.ticket.id));
        paper.map(Self::Paper).or(rerun.map(Self::Rerun))
    }
}

/// A decision in both runs, or in one of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<'a> {
    pub(super) paper: Option<&'a Decision>,
    pub(super) rerun: Option<&'a Decision>,
    /// The order that both copy.
    led: Option<Led>,
}

impl Pair<'_> {
    pub(super) fn at(&self) -> Timestamp {
        self.paper.or(self.rerun).map_or(Timestamp::EPOCH, |decision| decision.at)
    }

    /// Why one of both was not copied.
    fn skipped(&self) -> Option<CopySkip> {
        let why = |decision: &Decision| match decision.verdict {
            Verdict::Uncopied(why) => Some(why),
            _ => None,
        };
        self.paper.and_then(why).or(self.rerun.and_then(why))
    }
}

type Row<'a> = [Vec<&'a Decision>; 2];

/// All decisions in pairs.
pub(super) fn of<'a>(paper: &'a Story, rerun: &'a Story) -> Vec<Pair<'a>> {
    let (mut rows, mut copies) = (BTreeMap::<Subject, Row<'a>>::new(), Vec::new());
    for (n, story) in [paper, rerun].into_iter().enumerate() {
        for decision in &story.decisions {
            match decision.led {
                None => rows.entry(decision.subject).or_default()[n].push(decision),
                Some(order) => copies.push((n, order, decision)),
            }
        }
    }
    let mut pairs = Vec::new();
    for (subject, row) in rows {
        let by_turn = !matches!(subject.whose, Whose::User | Whose::Strategy(_));
        pair(row, (by_turn, None), &mut pairs);
    }
    let orders = pairs.iter().filter_map(|pair| pair.paper.and_then(approved).zip(pair.rerun));
    let orders = orders.filter_map(|(here, there)| Some((approved(there)?, here)));
    let same: BTreeMap<OrderId, OrderId> = orders.collect();
    let mut rows: BTreeMap<(Subject, Led), Row<'a>> = BTreeMap::new();
    for (n, order, decision) in copies {
        // What was open, or filled, before the span has one number in both.
        let is_new = || rerun.orders.get(&order).is_some_and(|order| !order.carried);
        let led = match same.get(&order) {
            _ if n == 0 => Led::Paper(order),
            Some(here) => Led::Paper(*here),
            None if is_new() => Led::Rerun(order),
            None => Led::Paper(order),
        };
        rows.entry((decision.subject, led)).or_default()[n].push(decision);
    }
    for ((_, led), row) in rows {
        pair(row, (true, Some(led)), &mut pairs);
    }
    pairs
}

fn approved(decision: &Decision) -> Option<OrderId> {
    match decision.verdict {
        Verdict::Approved { order, .. } => Some(order),
        _ => None,
    }
}

fn pair<'a>(
    [paper, rerun]: Row<'a>,
    (by_turn, led): (bool, Option<Led>),
    pairs: &mut Vec<Pair<'a>>,
) {
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
        pairs.push(Pair { paper, rerun, led });
    }
}

fn apart(a: &Decision, b: &Decision) -> bool {
    a.at.since(b.at).0.abs() > SAME.0
}

/// An order of the paper run beside that of the re-run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Orders<'a> {
    pub(super) subject: Subject,
    pub(super) paper: Option<&'a Order>,
    pub(super) rerun: Option<&'a Order>,
    /// The order that both copy.
    pub(super) led: Option<Led>,
    /// Why one of both was not copied.
    pub(super) skipped: Option<CopySkip>,
}

impl<'a> Orders<'a> {
    /// That of the paper run, else the other.
    pub(super) fn first(&self) -> Option<&'a Order> {
        self.paper.or(self.rerun)
    }
    fn at(&self) -> Option<Timestamp> {
        self.first().map(|order| order.ticket.at)
    }
}

/// Orders in pairs: those that were open when the span began by their number, the others as they were approved. In
/// order of time, but copies never before what they copy.
pub(super) fn orders<'a>(
    paper: &'a Story,
    rerun: &'a Story,
    pairs: &[Pair<'a>],
) -> Vec<Orders<'a>> {
    let carried = paper.orders.values().filter(|order| order.carried).map(|order| {
        let ticket = &order.ticket;
        let subject = Subject {
            account: Account::Of(order.account),
            whose: Whose::of(ticket.origin),
            instrument: Some(ticket.instrument),
            buys: Some(ticket.side == Side::Buy),
        };
        let (paper, rerun) = (Some(order), rerun.orders.get(&ticket.id));
        Orders { subject, paper, rerun, led: None, skipped: None }
    });
    let approved = pairs.iter().filter_map(|pair| {
        let subject = pair.paper.or(pair.rerun)?.subject;
        let find = |story: &'a Story, of: Option<&Decision>| story.orders.get(&approved(of?)?);
        let (one, other) = (find(paper, pair.paper), find(rerun, pair.rerun));
        let (led, skipped) = (pair.led, pair.skipped());
        one.or(other).map(|_| Orders { subject, paper: one, rerun: other, led, skipped })
    });
    let mut known = BTreeSet::new();
    let mut all: Vec<Orders<'a>> = carried.chain(approved).collect();
    all.retain(|of| {
        let key = (of.paper.map(|order| order.ticket.id), of.rerun.map(|order| order.ticket.id));
        known.insert(key)
    });
    let times = all.iter().map(|of| (Led::of(of.paper, of.rerun), of.at()));
    let times: BTreeMap<_, _> = times.collect();
    let led_at = |of: &Orders<'_>| times.get(&of.led).copied().flatten();
    all.sort_by_key(|of| (of.at().max(led_at(of)), of.led.is_some(), of.subject));
    all
}
