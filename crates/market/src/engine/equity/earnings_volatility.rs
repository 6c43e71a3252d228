//! Moves around earnings, in two forms: the drift after a surprise, which any account of the pool can trade, and the
//! straddle before it, for those that may hold options.

mod drift;
mod straddle;

pub use drift::{Drift, Parameters as DriftParameters, surprise};
pub use straddle::{Parameters as StraddleParameters, Straddle, earnings_deviation, expected_move};

use serde::{Deserialize, Serialize};

/// Settings of both forms.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// After the report.
    pub drift: DriftParameters,
    /// Before it.
    pub straddle: StraddleParameters,
}
