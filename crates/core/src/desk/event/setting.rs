//! What owners, followers and operators set, as events tell it.

use crate::copy::sleeve::StopCause;
use crate::copy::terms::CopyTerms;
use crate::words::id::InstrumentId;
use crate::words::money::{Money, Pct};
use crate::words::score::Score;
use crate::words::tier::{Tier, Tolerance};
use minicbor::{Decode, Encode};
use serde::Serialize;

/// One changed setting of an account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case", tag = "setting", content = "to")]
pub enum Setting {
    /// The tier.
    #[n(0)]
    Tier(#[n(0)] Tier),
    /// The appetite for risk.
    #[n(1)]
    Tolerance(#[n(0)] Tolerance),
    /// Limits stricter than the tier's.
    #[n(2)]
    OwnLimits(#[n(0)] OwnLimits),
    /// Do strategies trade for the account?
    #[n(3)]
    Autopilot(#[n(0)] bool),
    /// What shows that the owner may be charged a performance fee; empty takes that back.
    #[n(4)]
    Qualified(#[n(0)] String),
    /// The tier that the operator grants, whatever is subscribed to; none takes that back.
    #[n(5)]
    Granted(#[n(0)] Option<Grant>),
}

/// A tier that the operator granted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Grant {
    /// Which.
    #[n(0)]
    pub tier: Tier,
    /// Why, in the words of whoever did it.
    #[n(1)]
    pub reason: String,
}

/// Limits that a user sets below the tier's; what is not named stays the tier's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct OwnLimits {
    /// Percent of equity in one symbol.
    #[n(0)]
    pub max_position_pct: Option<Pct>,
    /// Percent lost in one day.
    #[n(1)]
    pub max_daily_loss_pct: Option<Pct>,
    /// Percent below the peak.
    #[n(2)]
    pub max_drawdown_pct: Option<Pct>,
    /// Positions at once.
    #[n(3)]
    pub max_open_positions: Option<u16>,
    /// Volatility score.
    #[n(4)]
    pub volatility_limit: Option<Score>,
    /// Dollars in one entry.
    #[n(5)]
    pub max_trade: Option<Money>,
    /// The only instruments that may be entered; none means all.
    #[n(6)]
    pub symbols: Option<Vec<InstrumentId>>,
}

/// What changes about a sleeve.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case", tag = "change", content = "to")]
pub enum CopyChange {
    /// Its terms.
    #[n(0)]
    Terms(#[n(0)] CopyTerms),
    /// It sells what it holds and then stops.
    #[n(1)]
    Stopping(#[n(0)] StopCause),
    /// It is empty, and remembers this loss below its mark.
    #[n(2)]
    Stopped(#[n(0)] Money),
}
