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
use crate::words::id::InstrumentId;
use crate::words::money::{Money, Pct, Qty};
use crate::words::order::{Purpose, Side, Ticket};
use crate::words::score::Score;
use crate::words::tier::Limits;
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

/// Looks at facts and objects.
type Judge = fn(&Facts, &mut Objections);

/// The four gates, in the order in which every entry meets them. The kill switch stands before them.
const GATES: [(Gate, Judge); 4] = [
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
        Some(first) => Err(refusal(first, &objections.0)),
    }
}

/// The first objection's evidence with the changes that answer all of them, each kind once.
#[cold]
fn refusal(first: &Objection, all: &[Objection]) -> Refusal {
    let mut changes: Vec<Change> = Vec::with_capacity(all.len());
    for change in all.iter().map(|o| o.change) {
        let joined = changes.iter().position(|&c| c.join(change).is_some());
        match joined {
            Some(at) => changes[at] = changes[at].join(change).unwrap_or(change),
            None => changes.push(change),
        }
    }
    Refusal {
        code: first.code,
        measured: first.measured,
        limit: first.limit,
        age: first.age,
        changes,
    }
}

/// Approves an entry: all gates, in order.
///
/// # Errors
/// See [`judge`].
pub fn approve(ticket: Ticket, facts: &Facts) -> Result<(Approved, Level), Refusal> {
    judge(facts).map(|level| (Approved { ticket }, level))
}

/// A quantity that a position certainly holds, long or short, and no other open order closes: the proof that an
/// order only reduces risk. It never turns a position over.
#[derive(Debug, PartialEq, Eq)]
pub struct Exit {
    instrument: InstrumentId,
    side: Side,
    qty: Qty,
}

impl Exit {
    /// An exit of `qty`, if that much is held and not claimed by open exits.
    ///
    /// # Errors
    /// What could be closed at most.
    pub fn of(position: &Position, qty: Qty) -> Result<Self, Qty> {
        let available = position.available();
        if qty.is_positive() && qty <= available {
            let (instrument, side) = (position.instrument, position.exit_side());
            Ok(Self { instrument, side, qty })
        } else {
            Err(available)
        }
    }
    /// How much.
    #[must_use]
    pub const fn qty(&self) -> Qty {
        self.qty
    }
    /// The side that closes it.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.side
    }
}

/// Approves an exit. It passes in every state: whether the venue can take it now is the venue's word, and it
/// waits in the lane until it can. Instrument, side, purpose, quantity and reservation are the exit's, whatever
/// `ticket` says.
#[must_use]
pub fn approve_exit(exit: Exit, mut ticket: Ticket) -> Approved {
    ticket.instrument = exit.instrument;
    ticket.side = exit.side;
    ticket.purpose = Purpose::Exit;
    ticket.qty = exit.qty;
    ticket.reserved = Money::ZERO;
    ticket.protect = None;
    Approved { ticket }
}

/// How much of the nearest limit is used.
fn level(facts: &Facts) -> Level {
    let limits = &facts.limits;
    let hundred = i128::from(Pct::whole(100).raw());
    let wide = |m: Money| i128::from(m.raw());
    let part = |of: Money, pct: Pct| wide(of) * i128::from(pct.raw());
    let fallen = |from: Money| wide(from.saturating_sub(facts.equity).or_zero()) * hundred;
    let in_symbol = wide(facts.in_symbol.saturating_add(facts.notional)) * hundred;
    let score = facts.volatility.map_or(0, Score::as_hundredths);
    let volatility_limit = limits.volatility_limit.as_hundredths();
    [
        used(in_symbol, part(facts.equity, limits.max_position_pct)),
        used(fallen(facts.day_start), part(facts.day_start, limits.max_daily_loss_pct)),
        used(fallen(facts.peak), part(facts.peak, limits.max_drawdown_pct)),
        used(i128::from(score), i128::from(volatility_limit)),
    ]
    .into_iter()
    .max()
    .unwrap_or(Level::Safe)
}

/// The level at which an account stands without a new order.
#[must_use]
pub fn standing(day_loss: Pct, fallen: Pct, limits: &Limits) -> Level {
    let used = |measured: Pct, limit: Pct| used(measured.raw().into(), limit.raw().into());
    used(day_loss, limits.max_daily_loss_pct).max(used(fallen, limits.max_drawdown_pct))
}

fn used(measured: i128, limit: i128) -> Level {
    if measured >= limit && measured > 0 {
        Level::Critical
    } else if measured * 5 >= limit * 4 && measured > 0 {
        Level::Danger
    } else if measured * 2 >= limit && measured > 0 {
        Level::Warning
    } else {
        Level::Safe
    }
}
