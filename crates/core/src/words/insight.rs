//! What was learned and speaks along with a signal: how much of it to follow, and what a model thought.
//! It travels with the signal into the evidence of each order that came of it, and of each that did not.

use super::money::{Pct, Price};
use super::score::{Score, Strength};
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// What learning adds to a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Insight {
    /// Part of the signal's strength that learned weighting follows.
    #[n(0)]
    pub weight: Strength,
    /// What a model said; none where plain rules decided alone.
    #[n(1)]
    pub opinion: Option<Opinion>,
    /// What options said of a report that is awaited; none where none were asked.
    #[n(2)]
    pub implied: Option<Implied>,
}

/// What the options of a share say of its next report, and what that was worked out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Implied {
    /// Price of the share.
    #[n(0)]
    pub spot: Price,
    /// Implied volatility of the nearer expiry behind the report, percent a year.
    #[n(1)]
    pub near: Pct,
    /// Days to it.
    #[n(2)]
    pub near_days: u16,
    /// Implied volatility of the expiry behind that, percent a year.
    #[n(3)]
    pub far: Pct,
    /// Days to it.
    #[n(4)]
    pub far_days: u16,
    /// The move at the report that both imply, percent of the price.
    #[n(5)]
    pub implied: Pct,
    /// Median move at the last reports, percent of the price.
    #[n(6)]
    pub usual: Pct,
    /// Interest that was reckoned with, percent a year.
    #[n(7)]
    pub rate: Pct,
}

/// A model's word on one instrument at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Opinion {
    /// Version of the model: the day, counted from 1970, on which it was trained.
    #[n(0)]
    pub model: u32,
    /// Its score.
    #[n(1)]
    pub score: Score,
    /// What it looked at, in thousandths, in the order that its documentation lists.
    #[n(2)]
    pub features: [i16; 8],
}
