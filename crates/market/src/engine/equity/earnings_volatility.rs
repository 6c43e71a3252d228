//! Moves around earnings, in two forms: the drift after a surprise, which any desk can trade, and the straddle
//! before it, which needs options and is decision logic only.

mod drift;
mod straddle;

pub use drift::{Drift, Parameters as DriftParameters, surprise};
pub use straddle::{
    Chain, OptionQuote, Order as StraddleOrder, Parameters as StraddleParameters, Straddle,
    earnings_deviation, expected_move,
};

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
