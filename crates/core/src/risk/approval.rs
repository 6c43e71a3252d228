//! Where approvals are made: the gates in their order, and the one way for exits.
//!
//! [`Approved`] has private fields, no `Clone`, no `Default`, no conversion and no decoding: an order that has
//! one went through here.
//!
//! ```compile_fail
//! // A ticket alone is no approval.
//! fn forge(ticket: nija_core::words::order::Ticket) -> nija_core::risk::approval::Approved {
//!     nija_core::risk::approval::Approved { ticket }
//! }
//! ```
//! ```compile_fail
//! // An approval cannot be copied for a second order.
//! fn twice(one: nija_core::risk::approval::Approved) -> [nija_core::risk::approval::Approved; 2] {
//!     [one.clone(), one]
//! }
//! ```

use super::facts::Facts;
use super::refusal::{Change, Code, Gate, Level, Measure, Refusal};
use super::{capital, drawdown, execution, kill, volatility};
use crate::positions::Position;
use crate::words::fixed::Round;
use crate::words::money::{Money, Pct, Qty};
use crate::words::order::{Purpose, Side, Ticket};
use crate::words::time::Span;

/// One thing that stands against an order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Objection {
    pub(super) code: Code,
    pub(super) measured: Measure,
    pub(super) limit: Measure,
    pub(super) age: Span,
    pub(super) change: Change,
}

/// What has been found against an order so far. Empty and free of allocation on the way to a yes.
#[derive(Default)]
pub(super) struct Objections(Vec<Objection>);

impl Objections {
    #[cold]
    pub(super) fn push(&mut self, objection: Objection) {
        self.0.push(objection);
    }
}

/// The four gates, in the order in which every entry meets them. The kill switch stands before them.
const GATES: [(Gate, fn(&Facts, &mut Objections)); 4] = [
    (Gate::Capital, capital::gate),
    (Gate::Drawdown, drawdown::gate),
    (Gate::Volatility, volatility::gate),
    (Gate::Execution, execution::gate),
];

/// An order that passed: the only thing a release can be made of.
#[derive(Debug, PartialEq, Eq)]
pub struct Approved {
    ticket: Ticket,
}

impl Approved {
    /// The order.
    #[must_use]
    pub const fn ticket(&self) -> &Ticket {
        &self.ticket
    }
}

/// Judges facts without making anything: what a preview shows and an approval obeys.
///
/// # Errors
/// The [`Refusal`] with the first objection's evidence and the changes that answer all of them.
pub fn judge(facts: &Facts) -> Result<Level, Refusal> {
    let mut objections = Objections::default();
    if let Some(objection) = kill::gate(facts) {
        objections.push(objection);
    }
    for (_, gate) in GATES {
        gate(facts, &mut objections);
    }
    match objections.0.first() {
        None => Ok(level(facts)),
        Some(first) => Err(Refusal {
            code: first.code,
            measured: first.measured,
            limit: first.limit,
            age: first.age,
            changes: objections.0.iter().map(|o| o.change).collect(),
        }),
    }
}

/// Approves an entry: all gates, in order.
///
/// # Errors
/// See [`judge`].
pub fn approve(ticket: Ticket, facts: &Facts) -> Result<(Approved, Level), Refusal> {
    judge(facts).map(|level| (Approved { ticket }, level))
}

/// A quantity that a position certainly holds and no other open order sells: the proof that an order only
/// reduces risk.
#[derive(Debug, PartialEq, Eq)]
pub struct Exit {
    qty: Qty,
}

impl Exit {
    /// An exit of `qty`, if that much is held and not claimed by open exits.
    ///
    /// # Errors
    /// What could be sold at most.
    pub fn of(position: &Position, qty: Qty) -> Result<Self, Qty> {
        let available = position.available();
        if qty.is_positive() && qty <= available {
            Ok(Self { qty })
        } else {
            Err(available)
        }
    }
    /// How much.
    #[must_use]
    pub const fn qty(&self) -> Qty {
        self.qty
    }
}

/// Approves an exit. It passes in every state: whether the venue can take it now is the venue's word, and it
/// waits in the lane until it can. Side, purpose, quantity and reservation are the exit's, whatever `ticket` says.
#[must_use]
pub fn approve_exit(exit: Exit, mut ticket: Ticket) -> Approved {
    ticket.side = Side::Sell;
    ticket.purpose = Purpose::Exit;
    ticket.qty = exit.qty;
    ticket.reserved = Money::ZERO;
    Approved { ticket }
}

/// How much of the nearest limit is used.
fn level(facts: &Facts) -> Level {
    let limits = &facts.limits;
    let in_symbol = facts.in_symbol.saturating_add(facts.notional);
    let most = facts
        .equity
        .percent(limits.max_position_pct, Round::Down)
        .unwrap_or(Money::MAX);
    let score = facts.volatility.map_or(0, |s| i64::from(s.as_hundredths()));
    [
        used(in_symbol.raw(), most.raw()),
        used(
            drawdown::fall(facts.day_start, facts.equity).raw(),
            limits.max_daily_loss_pct.raw(),
        ),
        used(
            drawdown::fall(facts.peak, facts.equity).raw(),
            limits.max_drawdown_pct.raw(),
        ),
        used(score, i64::from(limits.volatility_limit.as_hundredths())),
    ]
    .into_iter()
    .max()
    .unwrap_or(Level::Safe)
}

/// The level at which an account stands without a new order.
#[must_use]
pub fn standing(day_loss: Pct, fallen: Pct, limits: &crate::words::tier::Limits) -> Level {
    used(day_loss.raw(), limits.max_daily_loss_pct.raw())
        .max(used(fallen.raw(), limits.max_drawdown_pct.raw()))
}

fn used(measured: i64, limit: i64) -> Level {
    let (measured, limit) = (i128::from(measured), i128::from(limit));
    if measured >= limit {
        Level::Critical
    } else if measured * 5 >= limit * 4 {
        Level::Danger
    } else if measured * 2 >= limit {
        Level::Warning
    } else {
        Level::Safe
    }
}
