//! What the gates said, in words a program and a person can use. Amounts are decimal strings.

use nija_core::risk::kill::{Pressed, Scope};
use nija_core::risk::refusal::{Change, Gate, Measure, Refusal};
use serde::Serialize;
use utoipa::ToSchema;

/// Why an order was refused, with the evidence.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusalBody {
    /// Stable code from a closed list, like `DAILY_LOSS`.
    code: &'static str,
    /// The gate that refused: `kill_switch`, `capital`, `drawdown`, `volatility`, `execution`.
    gate: &'static str,
    /// The gate's name for people.
    gate_title: &'static str,
    /// The whole refusal in one sentence.
    sentence: String,
    /// What was measured.
    measured: MeasureBody,
    /// What it was held against.
    limit: MeasureBody,
    /// How old the measurement's input was, milliseconds.
    age_ms: i64,
    /// The smallest changes that together would let the order pass.
    changes: Vec<ChangeBody>,
}

const fn gate_name(gate: Gate) -> &'static str {
    match gate {
        Gate::KillSwitch => "kill_switch",
        Gate::Capital => "capital",
        Gate::Drawdown => "drawdown",
        Gate::Volatility => "volatility",
        Gate::Execution => "execution",
    }
}

/// A value with its unit.
#[derive(Serialize, ToSchema)]
pub(crate) struct MeasureBody {
    /// `dollars`, `percent`, `count`, `score`, `price`, `quantity`, `milliseconds`, `instant` or
    /// `none`.
    unit: &'static str,
    /// The value; null where there is nothing to measure.
    value: Option<String>,
}

/// One change that removes one objection.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangeBody {
    /// Stable word, like `size_at_most`.
    change: &'static str,
    /// To what, where it takes a value.
    to: Option<String>,
    /// The change in words.
    sentence: String,
}

/// A kill switch that is pressed.
#[derive(Serialize, ToSchema)]
pub(crate) struct PressedBody {
    /// What it stops: `platform`, `venue`, `class`, `symbol`, `strategy`, `account`.
    scope: &'static str,
    /// Which one, where there are several.
    of: Option<String>,
    /// Why, in the words of whoever pressed it.
    reason: String,
    /// Since when, RFC 3339.
    at: String,
}

impl From<&Measure> for MeasureBody {
    fn from(measure: &Measure) -> Self {
        let (unit, value) = match measure {
            Measure::Dollars(v) => ("dollars", v.to_string()),
            Measure::Percent(v) => ("percent", v.to_string()),
            Measure::Count(v) => ("count", v.to_string()),
            Measure::Score(v) => ("score", v.to_string()),
            Measure::Price(v) => ("price", v.to_string()),
            Measure::Quantity(v) => ("quantity", v.to_string()),
            Measure::Micros(v) => ("milliseconds", v.as_millis().to_string()),
            Measure::Instant(v) => ("instant", v.to_string()),
            Measure::Absent => {
                return Self { unit: "none", value: None };
            }
        };
        Self { unit, value: Some(value) }
    }
}

impl From<&Change> for ChangeBody {
    fn from(change: &Change) -> Self {
        let (word, to) = match change {
            Change::SizeAtMost(v) => ("size_at_most", Some(v.to_string())),
            Change::SizeAtLeast(v) => ("size_at_least", Some(v.to_string())),
            Change::Deposit(v) => ("deposit", Some(v.to_string())),
            Change::ClosePositions(n) => ("close_positions", Some(n.to_string())),
            Change::VolatilityAtMost(v) => ("volatility_at_most", Some(v.to_string())),
            Change::After(at) => ("after", Some(at.to_string())),
            Change::LimitAtMost(v) => ("limit_at_most", Some(v.to_string())),
            Change::Rearm(scope) => ("rearm", Some(scope_words(scope).0.to_owned())),
            Change::MarkNoOlderThan(v) => {
                ("mark_no_older_than_ms", Some(v.as_millis().to_string()))
            }
            Change::QuantityAtMost(v) => ("quantity_at_most", Some(v.to_string())),
            Change::Upgrade => ("upgrade", None),
            Change::AllowSymbol => ("allow_symbol", None),
            Change::VenueUp => ("venue_up", None),
            Change::VolatilityKnown => ("volatility_known", None),
            Change::OtherInstrument => ("other_instrument", None),
            Change::MayWait => ("may_wait", None),
            Change::LimitAtLeast(v) => ("limit_at_least", Some(v.to_string())),
            Change::CloseOpposite(n) => ("close_opposite", Some(n.to_string())),
            Change::CloseOrders(n) => ("close_orders", Some(n.to_string())),
        };
        Self { change: word, to, sentence: change.to_string() }
    }
}

impl From<&Refusal> for RefusalBody {
    fn from(refusal: &Refusal) -> Self {
        let gate = refusal.code.gate();
        Self {
            code: refusal.code.name(),
            gate: gate_name(gate),
            gate_title: gate.title(),
            sentence: refusal.to_string(),
            measured: (&refusal.measured).into(),
            limit: (&refusal.limit).into(),
            age_ms: refusal.age.as_millis(),
            changes: refusal.changes.iter().map(Into::into).collect(),
        }
    }
}

/// The word of a scope and which one it is.
pub(crate) fn scope_words(scope: &Scope) -> (&'static str, Option<String>) {
    match scope {
        Scope::Platform => ("platform", None),
        Scope::Venue(venue) => ("venue", Some(venue.name().to_owned())),
        Scope::Class(class) => ("class", Some(class.name().to_owned())),
        Scope::Symbol(id) => ("symbol", Some(id.to_string())),
        Scope::Strategy(strategy) => ("strategy", Some(strategy.name().to_owned())),
        Scope::Account(_) => ("account", None),
    }
}

impl PressedBody {
    /// With the symbol in place of the instrument's number.
    pub(crate) fn of(app: &crate::state::App, pressed: &Pressed) -> Self {
        let (scope, mut of) = scope_words(&pressed.scope);
        if let Scope::Symbol(id) = pressed.scope {
            of = Some(app.doors.catalog.symbol(id));
        }
        Self { scope, of, reason: pressed.reason.clone(), at: pressed.at.to_string() }
    }
}
